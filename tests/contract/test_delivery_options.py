"""Delivery options: what is on offer, and orders made of them (RULES 3.1)."""

from typing import Any

import pytest

from sandbox.faults import FaultKind, FaultRule, Match

from .caller import Caller, Clock, changed, targets
from .goods import CONSIGNMENT, chosen, options
from .samples import ORDER

# The clock of the sandbox under test stands on Monday, 2 March 2026, 08:15.
_EXACTLY = {"Date": "2026-03-06T00:00:00+00:00", "IsToBeExactlyOnTheDateSpecified": True}


def _days(found: list[dict[str, Any]], service: str) -> list[str]:
    return [
        each["EstimatedDeliveryDate"]["Date"][:10]
        for each in found
        if each["CarrierServiceReference"] == service
    ]


async def test_days_and_services_that_can_take_the_goods(pro: Caller) -> None:
    found = await options(pro)
    # The goods are fragile: only two services at home have that tag.
    assert {each["CarrierServiceReference"] for each in found} == {"NL_P24", "NL_2MAN"}
    assert _days(found, "NL_P24") == [f"2026-03-0{day}" for day in range(3, 8)]
    first = found[0]
    assert first["EstimatedDeliveryDate"] == {
        "Date": "2026-03-03T00:00:00+00:00",
        "Guaranteed": True,
        "DayOfWeek": "Tuesday",
    }
    window = {"Start": "08:00:00", "End": "18:00:00", "UtcOffset": "+00:00"}
    assert first["DeliveryWindow"] == window
    assert first["AllocationCutOff"] == "2026-03-02T17:00:00+00:00"
    assert first["Reference"].startswith("EDO-")
    assert len({each["Reference"] for each in found}) == len(found)


async def test_after_the_cut_off_the_goods_leave_a_day_later(pro: Caller, clock: Clock) -> None:
    clock.forward(10 * 3600)
    assert _days(await options(pro), "NL_P24")[0] == "2026-03-04"


async def test_a_shipping_date_moves_the_first_day(pro: Caller) -> None:
    found = await options(pro, ShippingDate="2026-03-10")
    assert _days(found, "NL_P24")[0] == "2026-03-11"


@pytest.mark.parametrize(
    "wanted", [{"DeliveryDate": "2026-03-06"}, {"RequiredDeliveryDate": _EXACTLY}]
)
async def test_a_day_that_is_asked_for(pro: Caller, wanted: dict[str, Any]) -> None:
    found = await options(pro, Tags=[], **wanted)
    assert {each["EstimatedDeliveryDate"]["Date"][:10] for each in found} == {"2026-03-06"}


async def test_two_days_at_once_cannot_be(pro: Caller) -> None:
    both = {"DeliveryDate": "2026-03-05", "RequiredDeliveryDate": _EXACTLY}
    assert await options(pro, **both) == []


async def test_guaranteed_only(pro: Caller) -> None:
    body = changed(CONSIGNMENT, {"Tags": []})
    every = await pro.good("POST", "/deliveryoptions", body)
    assert every["NonGuaranteedDeliveryOption"] is None
    promises = {each["EstimatedDeliveryDate"]["Guaranteed"] for each in every["DeliveryOptions"]}
    assert promises == {True, False}
    some = await pro.good("POST", "/deliveryoptions", body | {"GuaranteedOnly": True})
    assert all(each["EstimatedDeliveryDate"]["Guaranteed"] for each in some["DeliveryOptions"])
    assert some["NonGuaranteedDeliveryOption"]["EstimatedDeliveryDate"]["Guaranteed"] is False


async def test_nothing_can_take_it(pro: Caller) -> None:
    assert await options(pro, Tags=["Explosive"]) == []
    body = changed(CONSIGNMENT, {"Tags": ["Explosive"]})
    summary = await pro.good("POST", "/deliveryoptions/summary", body)
    assert summary == {
        "Reference": None,
        "DeliveryOptions": [],
        "TimeSlots": [],
        "PickUp": [],
        "DropOff": [],
    }


async def test_days_in_short(pro: Caller) -> None:
    summary = await pro.good("POST", "/deliveryoptions/summary", CONSIGNMENT)
    assert summary["Reference"].startswith("EPC-")
    assert summary["DeliveryOptions"][0] == "2026-03-03T00:00:00+00:00"
    assert summary["DeliveryOptions"] == sorted(set(summary["DeliveryOptions"]))


async def test_an_option_reads_back(pro: Caller) -> None:
    found = (await options(pro))[0]
    answer = await pro.good("GET", f"/deliveryoptions/details/{found['Reference']}")
    assert answer["DeliveryOption"] == found
    assert answer["ConsignmentDetail"]["ConsignmentReferenceProvidedByCustomer"] == "SOLO-1"
    assert answer["ConsignmentDetail"]["Addresses"][0]["Town"] == "Leeds"
    assert (await pro.call("GET", "/deliveryoptions/details/EDO-0")).status_code == 404


async def test_nothing_is_recorded_by_asking(pro: Caller) -> None:
    await options(pro)
    assert (pro.state.orders, pro.state.consignments) == ({}, {})


@pytest.mark.parametrize("path", ["/deliveryoptions", "/deliveryoptions/summary"])
@pytest.mark.parametrize("name", ["Packages", "Addresses"])
async def test_goods_are_checked_as_those_of_an_order(pro: Caller, path: str, name: str) -> None:
    assert name in targets(await pro.call("POST", path, changed(CONSIGNMENT, {name: ...})))


async def test_an_order_of_an_option(pro: Caller) -> None:
    option = (await options(pro, RequiredDeliveryDate=...))[1]
    more = {"KeyValue": "Channel", "StringValue": "app"}
    reference = await chosen(
        pro, option["Reference"], OrderReferenceProvidedByCustomer="WEB-1", MetaData=[more]
    )
    order = await pro.good("GET", f"/orders/{reference}")
    assert order["DeliveryOptionReference"] == option["Reference"]
    assert order["OrderReferenceProvidedByCustomer"] == "WEB-1"
    assert order["EarliestDeliveryDate"] == "2026-03-04T08:00:00+00:00"
    assert order["LatestDeliveryDate"] == "2026-03-04T18:00:00+00:00"
    assert order["RequiredDeliveryDate"]["DeliveryWindow"] == option["DeliveryWindow"]
    assert order["RequiredDeliveryDate"]["Date"] == "2026-03-04T00:00:00+00:00"
    assert {each["KeyValue"]: each["StringValue"] for each in order["MetaData"]} == {
        "Channel": "app",
        "Basket": None,
    }
    # As of an order that was created: a location is not written out.
    assert order["Addresses"][0]["Town"] is None
    packed = await pro.read(await pro.pack(reference))
    assert packed["Addresses"][0]["Town"] == "Leeds"
    assert packed["ConsignmentState"] == "Unallocated"
    assert len(packed["Packages"][0]["Items"]) == len(ORDER["Packages"][0]["Items"])


async def test_without_an_order_reference_the_goods_own_one_serves(pro: Caller) -> None:
    reference = await chosen(pro, (await options(pro))[0]["Reference"])
    order = await pro.good("GET", f"/orders/{reference}")
    assert order["OrderReferenceProvidedByCustomer"] == "SOLO-1"


async def test_the_same_option_twice_makes_two_orders(pro: Caller) -> None:
    option = (await options(pro))[0]["Reference"]
    first, second = await chosen(pro, option), await chosen(pro, option)
    assert first != second
    packages = {order.packages[0].reference for order in pro.state.orders.values()}
    assert len(packages) == 2


async def test_some_became_orders(pro: Caller) -> None:
    option = (await options(pro))[0]["Reference"]
    body = {"DeliveryOptions": [{"Reference": "EDO-000-000-000"}, {"Reference": option}]}
    response = await pro.call("POST", "/deliveryoptions/selectorder", body)
    assert response.status_code == 207
    missing, made = response.json()["SelectOrderResults"]
    assert (missing["Status"], missing["OrderReference"], missing["Links"]) == (404, None, [])
    assert (made["Status"], made["Message"]) == (201, None)
    assert made["Links"][0]["Href"].endswith(f"/orders/{made['OrderReference']}")
    assert pro.state.calls[-1].order_references == [made["OrderReference"]]


async def test_none_became_an_order(pro: Caller, clock: Clock) -> None:
    option = (await options(pro))[0]["Reference"]
    clock.forward(24 * 3600)
    body = {"DeliveryOptions": [{"Reference": "EDO-0"}, {"Reference": option}]}
    response = await pro.call("POST", "/deliveryoptions/selectorder", body)
    assert targets(response) == ["DeliveryOptions[0].Reference", "DeliveryOptions[1].Reference"]
    assert [each["Code"] for each in response.json()["Details"]] == ["NotFound", "Expired"]
    assert pro.state.orders == {}


@pytest.mark.parametrize("body", [{}, {"DeliveryOptions": []}, {"DeliveryOptions": [{}]}])
async def test_options_are_wanted(pro: Caller, body: dict[str, Any]) -> None:
    assert (await pro.call("POST", "/deliveryoptions/selectorder", body)).status_code == 400


async def test_one_of_two_goes_wrong_inside_pro(pro: Caller) -> None:
    kind = FaultKind.BULK_ITEM_FAILURE
    match = Match(order_reference_provided_by_customer="WEB-1")
    rule = FaultRule(kind=kind, operation="selectDeliveryOptionAsOrder", match=match)
    pro.state.faults.add(rule)
    option = (await options(pro))[0]["Reference"]
    chosen_two = [
        {"Reference": option, "OrderReferenceProvidedByCustomer": name}
        for name in ("WEB-1", "WEB-2")
    ]
    path = "/deliveryoptions/selectorder"
    response = await pro.call("POST", path, {"DeliveryOptions": chosen_two})
    assert response.status_code == 207
    assert [each["Status"] for each in response.json()["SelectOrderResults"]] == [500, 201]
    alone = await pro.call("POST", path, {"DeliveryOptions": chosen_two[:1]})
    assert (alone.status_code, len(pro.state.orders)) == (207, 1)
