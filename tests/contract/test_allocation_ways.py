"""Allocation by service group, quote, filters: what is chosen, and what is refused (RULES 5)."""

from typing import Any

import pytest

from .caller import Caller, Clock
from .carrier_turns import package_of


def _services(summaries: Any) -> list[str | None]:
    return [each["CarrierServiceReference"] for each in summaries]


async def test_a_group_gives_the_cheapest_of_its_services_and_is_read_back(pro: Caller) -> None:
    reference = await pro.pack(Tags=[])
    path = f"/allocation/{reference}/allocatewithservicegroup/UK_STANDARD"
    assert _services(await pro.good("PUT", path)) == ["NL_P48"]
    allocation = (await pro.read(reference))["Allocation"]
    assert allocation["CarrierServiceGroupReference"] == "UK_STANDARD"
    assert allocation["MpdCarrierServiceGroupName"] == "United Kingdom, standard"


async def test_a_group_without_a_fitting_service_fails_the_allocation_with_the_reason(
    pro: Caller,
) -> None:
    reference = await pro.pack()
    (summary,) = await pro.good("PUT", f"/allocation/{reference}/allocatewithservicegroup/WORLD")
    assert summary["StatusCode"] == 400
    assert await pro.state_of(reference) == "AllocationFailed"
    assert (
        "does not serve the country" in (await pro.read(reference))["FailedAllocation"]["Message"]
    )
    path = f"/allocation/{reference}/allocatewithservicegroup/UK_NEXT_DAY"
    assert _services(await pro.good("PUT", path)) == ["NL_P24"]


async def test_many_with_a_group_have_a_summary_each(pro: Caller) -> None:
    one, other = await pro.pack(), await pro.allocated()
    body = {
        "ConsignmentReferences": [one, other, "EC-000-000-000"],
        "MpdCarrierServiceGroupReference": "UK_NEXT_DAY",
    }
    summaries = await pro.good("PUT", "/allocation/allocatewithservicegroup", body)
    assert [each["StatusCode"] for each in summaries] == [200, 400, 404]


@pytest.mark.parametrize("group", ["NOBODY", "NL_P24"])
async def test_an_unknown_group_is_refused_and_nothing_is_tried(pro: Caller, group: str) -> None:
    reference = await pro.pack()
    path = f"/allocation/{reference}/allocatewithservicegroup/{group}"
    refused = await pro.call("PUT", path)
    assert refused.status_code == 400
    assert group in refused.json()["Message"]
    assert await pro.state_of(reference) == "Unallocated"


async def test_a_quote_gives_its_service_though_another_is_cheaper(pro: Caller) -> None:
    reference = await pro.pack(Tags=[])
    quotes = (await pro.good("GET", f"/quotes/consignment/{reference}"))["Quotes"]
    dearest = max(quotes, key=lambda each: each["Price"]["Net"])
    path = f"/allocation/{reference}/allocatewithquote/{dearest['QuoteReference']}"
    assert _services(await pro.good("PUT", path)) == [dearest["MpdCarrierServiceReference"]]


async def test_a_quote_of_another_consignment_or_of_yesterday_is_refused(
    pro: Caller, clock: Clock
) -> None:
    one, other = await pro.pack(), await pro.pack()
    quotes = (await pro.good("GET", f"/quotes/consignment/{one}"))["Quotes"]
    quote = quotes[0]["QuoteReference"]
    refused = await pro.call("PUT", f"/allocation/{other}/allocatewithquote/{quote}")
    assert refused.status_code == 400
    clock.forward(2 * 86_400)
    refused = await pro.call("PUT", f"/allocation/{one}/allocatewithquote/{quote}")
    assert refused.status_code == 400
    assert "expired" in refused.json()["Message"]


async def test_filters_limit_the_choice(pro: Caller) -> None:
    reference = await pro.pack()
    body = {"ConsignmentReferences": [reference], "Filters": {"ServiceDirection": "Inbound"}}
    path = "/allocation/allocateConsignmentsWithServiceFilters"
    (summary,) = await pro.good("PUT", path, body)
    assert summary["StatusCode"] == 400
    (summary,) = await pro.good("PUT", path, {"ConsignmentReferences": [reference]})
    assert summary["StatusCode"] == 200


async def test_one_package_has_its_label_and_a_strange_one_none(pro: Caller) -> None:
    reference = await pro.allocated()
    path = f"/labels/package/{reference}"
    label = await pro.good("GET", f"{path}/{package_of(pro, reference)}/PDF")
    assert label["ContentType"] == "application/pdf"
    assert (await pro.call("GET", f"{path}/EP-000-000-000/PDF")).status_code == 404
    unallocated = await pro.pack()
    path = f"/labels/package/{unallocated}/{package_of(pro, unallocated)}"
    assert (await pro.call("GET", path)).status_code == 404


async def test_the_cheapest_quote_is_taken(pro: Caller) -> None:
    reference = await pro.pack(Tags=[])
    quotes = (await pro.good("GET", f"/quotes/consignment/{reference}"))["Quotes"]
    cheapest = min(quotes, key=lambda each: float(each["Price"]["Net"]))
    path = f"/allocation/{reference}/allocatewithcheapestquote"
    assert _services(await pro.good("PUT", path)) == [cheapest["MpdCarrierServiceReference"]]
