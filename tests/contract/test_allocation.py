"""Allocation by default rules (RULES 5)."""

from typing import Any

import pytest

from sandbox.faults import FaultKind, FaultRule, Match
from sandbox.options import SandboxOptions

from .caller import Caller, Clock
from .document import Contract
from .samples import ORDER, PACK


def _packed(kilograms: float, **changes: Any) -> dict[str, Any]:
    package = PACK["Packages"][0] | {"Weight": {"Value": kilograms, "Unit": "Kg"}} | changes
    return {"Packages": [package]}


def _to(code: str) -> list[dict[str, Any]]:
    country = {"IsoCode": {"TwoLetterCode": code}}
    return [ORDER["Addresses"][0], ORDER["Addresses"][1] | {"Country": country}]


SMALL = {"Unit": "Cm", "Width": 10, "Length": 20, "Height": 5}
CUP = [{"Sku": "TEA-CUP-04", "Quantity": 1}]


@pytest.mark.parametrize(
    ("order", "pack", "service"),
    [
        ({}, _packed(1.5, Items=CUP) | {"Tags": []}, "PP_ECO"),
        ({}, _packed(2.5) | {"Tags": []}, "NL_P48"),
        ({}, _packed(1.5, Items=CUP, Dimensions=SMALL | {"Length": 50}) | {"Tags": []}, "NL_P48"),
        ({}, _packed(1.5, Items=[{"Sku": "TEA-POT-01", "Quantity": 2}]) | {"Tags": []}, "NL_P48"),
        ({}, _packed(2.5), "NL_P24"),
        ({}, _packed(30.5) | {"Tags": []}, "NL_2MAN"),
        ({"Addresses": _to("FR")}, _packed(2) | {"Tags": []}, "KW_INT"),
        ({"Addresses": _to("fr")}, _packed(2), "KW_EXP"),
        (
            {
                "RequiredDeliveryDate": {
                    "Date": "2026-03-06T00:00:00+00:00",
                    "IsToBeExactlyOnTheDateSpecified": True,
                }
            },
            _packed(2.5) | {"Tags": []},
            "NL_P24",
        ),
    ],
)
async def test_the_cheapest_that_fits(
    pro: Caller, order: dict[str, Any], pack: dict[str, Any], service: str
) -> None:
    reference = await pro.pack(await pro.order(**order), **pack)
    (summary,) = await pro.allocate(reference)
    assert summary["CarrierServiceReference"] == service
    allocation = (await pro.read(reference))["Allocation"]
    assert allocation["MpdCarrierServiceReference"] == service
    assert allocation["Price"]["Net"] > 0


async def test_two_legs_and_a_tracking_reference_for_each_package(pro: Caller) -> None:
    packages = [PACK["Packages"][0], PACK["Packages"][0]]
    order = await pro.order(Addresses=_to("DE"))
    reference = await pro.pack(order, Packages=packages, Tags=[])
    (summary,) = await pro.allocate(reference)
    assert [leg["Leg"] for leg in summary["ConsignmentLegs"]] == [1, 2]
    tracking = [each for leg in summary["ConsignmentLegs"] for each in leg["TrackingReferences"]]
    assert len(set(tracking)) == 4
    consignment = await pro.read(reference)
    assert consignment["ConsignmentLegs"] == summary["ConsignmentLegs"]
    own = [leg["TrackingReferences"] for leg in consignment["Packages"][1]["ConsignmentLegs"]]
    assert own == [[tracking[1]], [tracking[3]]]


async def test_one_bad_never_fails_the_rest(pro: Caller) -> None:
    first, last = await pro.pack(), await pro.pack()
    heavy = await pro.pack(**_packed(500))
    done = await pro.allocated()
    summaries = await pro.allocate(first, heavy, "EC-000-000-000", done, first, last)
    assert [each["StatusCode"] for each in summaries] == [200, 400, 404, 400, 400, 200]
    assert [await pro.state_of(each) for each in (first, heavy, done, last)] == [
        "Allocated",
        "AllocationFailed",
        "Allocated",
        "Allocated",
    ]
    assert all(each["ConsignmentLegs"] == [] for each in summaries[1:5])


async def test_the_reason_of_a_failure_stays_after_a_success(pro: Caller) -> None:
    reference = await pro.pack(Tags=["Nobody"])
    await pro.allocate(reference)
    failed = await pro.read(reference)
    assert failed["ConsignmentState"] == "AllocationFailed"
    assert failed["Allocation"] is None
    assert "NL_P24: lacks the tags Nobody" in failed["FailedAllocation"]["Message"]
    await pro.good("PUT", "/consignments", failed | {"Tags": []})
    assert (await pro.allocate(reference))[0]["StatusCode"] == 200
    (line,) = (await pro.good("GET", "/consignments/1/0"))["ConsignmentSummaries"]
    assert line["State"] == "Allocated"
    assert "Nobody" in line["FailedAllocationMessage"]


async def test_a_return_goes_by_a_return_service(pro: Caller) -> None:
    outbound = await pro.pack(GenerateReturn=True)
    (back,) = (each for each in pro.state.consignments if each != outbound)
    summaries = await pro.allocate(outbound, back)
    assert [each["CarrierServiceReference"] for each in summaries] == ["NL_P24", "NL_RET"]


async def test_a_fault_of_one_item(pro: Caller) -> None:
    good, bad = await pro.pack(), await pro.pack(OrderReferenceProvidedByCustomer="bad-one")
    pro.state.faults.add(
        FaultRule(
            kind=FaultKind.BULK_ITEM_FAILURE, match=Match(customer_reference="bad-"), status=503
        )
    )
    summaries = await pro.allocate(good, bad)
    assert [each["StatusCode"] for each in summaries] == [200, 503]
    assert await pro.state_of(bad) == "Unallocated"


async def test_taken_up_and_settled_later(contract: Contract, clock: Clock) -> None:
    pro = Caller(contract, SandboxOptions(clock=clock, allocation_seconds=2))
    async with pro.client:
        reference = await pro.pack()
        body = {"ConsignmentReferences": [reference]}
        response = await pro.call("PUT", "/allocation/allocate", body)
        assert (response.status_code, response.json()[0]["StatusCode"]) == (202, 202)
        assert await pro.state_of(reference) == "Allocating"
        assert (await pro.allocate(reference))[0]["StatusCode"] == 400
        clock.forward(2)
        assert await pro.state_of(reference) == "Allocated"


@pytest.mark.parametrize("body", [{}, {"ConsignmentReferences": []}, ["EC-000-000-000"]])
async def test_refused(pro: Caller, body: Any) -> None:
    assert (await pro.call("PUT", "/allocation/allocate", body)).status_code == 400


async def test_a_named_service_takes_all_it_can_and_fails_the_others(pro: Caller) -> None:
    order = await pro.order()
    fits = await pro.pack(order, **_packed(2) | {"Tags": []})
    too_heavy = await pro.pack(order, **_packed(200) | {"Tags": []})
    body = {"ConsignmentReferences": [fits, too_heavy], "MpdCarrierServiceReference": "NL_P24"}
    answer = await pro.call("PUT", "/allocation/allocatewithcarrierservice", body)
    assert [each["StatusCode"] for each in answer.json()] == [200, 400]
    assert answer.json()[0]["CarrierServiceReference"] == "NL_P24"
    assert (await pro.read(too_heavy))["ConsignmentState"] == "AllocationFailed"


async def test_an_unknown_service_is_refused_and_nothing_is_tried(pro: Caller) -> None:
    reference = await pro.pack(await pro.order(), **_packed(2))
    body = {"ConsignmentReferences": [reference], "MpdCarrierServiceReference": "NOBODY"}
    answer = await pro.call("PUT", "/allocation/allocatewithcarrierservice", body)
    assert answer.status_code == 400
    assert (await pro.read(reference))["ConsignmentState"] == "Unallocated"
