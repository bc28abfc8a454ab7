"""Quotes: the cheapest first, and why a service makes none (RULES 5)."""

import uuid
from typing import Any

import pytest

from .caller import Caller, changed, targets
from .goods import CONSIGNMENT


async def _quotes(pro: Caller, **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await pro.good("POST", "/quotes", changed(CONSIGNMENT, changes))
    return answer


async def test_offers_for_goods_that_are_not_recorded(pro: Caller) -> None:
    answer = await _quotes(pro)
    services = [each["MpdCarrierServiceReference"] for each in answer["Quotes"]]
    assert services == ["NL_P24", "NL_2MAN"]
    first = answer["Quotes"][0]
    assert first["Price"]["Net"] == 5.2
    assert (first["CreationDate"][:10], first["ExpiryDate"][:10]) == ("2026-03-02", "2026-03-03")
    assert first["EarliestDeliveryDate"] == "2026-03-03T00:00:00"
    assert first["ConsignmentReference"] is None
    assert first["OriginAddress"]["Town"] == "Leeds"
    assert "AddressType" not in first["DestinationAddress"]
    references = [answer["QuoteRequestReference"], *(q["QuoteReference"] for q in answer["Quotes"])]
    assert len({uuid.UUID(each) for each in references}) == 3
    assert pro.state.consignments == {}


async def test_each_unfit_service_is_named_with_its_reason(pro: Caller) -> None:
    unfit = {
        each["MpdCarrierServiceReference"]: each["ExclusionReason"]
        for each in (await _quotes(pro))["UnqualifiedServices"]
    }
    assert unfit["NL_P48"] == "lacks the tags Fragile"
    assert unfit["KW_INT"] == "does not serve the country" or "tags" in unfit["KW_INT"]
    services = await pro.good("GET", "/carrierservices")
    assert len(unfit) == len(services["MpdCarrierServices"]) - 2


async def test_nobody_makes_an_offer(pro: Caller) -> None:
    answer = await _quotes(pro, Tags=["Explosive"])
    assert (answer["Quotes"], answer["Message"]) == ([], "No service can take the consignment.")


async def test_quotes_say_why_an_allocation_failed(pro: Caller) -> None:
    reference = await pro.pack(Tags=["Explosive"])
    await pro.allocate(reference)
    answer = await pro.good("GET", f"/quotes/consignment/{reference}")
    assert answer["Quotes"] == []
    assert all(each["ExclusionReason"] for each in answer["UnqualifiedServices"])
    assert await pro.state_of(reference) == "AllocationFailed"


async def test_a_quote_for_a_consignment_names_it(pro: Caller) -> None:
    reference = await pro.pack()
    first = (await pro.good("GET", f"/quotes/consignment/{reference}"))["Quotes"][0]
    assert first["ConsignmentReference"] == reference
    kept = pro.state.quotes[first["QuoteReference"]]
    assert (kept.consignment, kept.service.reference) == (reference, "NL_P24")


async def test_offers_by_service_group(pro: Caller) -> None:
    body = changed(CONSIGNMENT, {"Tags": []})
    groups = {
        each["Reference"]: each for each in await pro.good("POST", "/quotes/serviceGroups", body)
    }
    standard, abroad = groups["UK_STANDARD"], groups["WORLD"]
    services = [each["MpdCarrierServiceReference"] for each in standard["Quotes"]]
    assert services == ["NL_P48", "NL_P24"]
    assert standard["CheapestQuote"] == standard["Quotes"][0]
    unfit = [each["MpdCarrierServiceReference"] for each in standard["UnqualifiedServices"]]
    assert unfit == ["PP_ECO"]
    assert (abroad["Quotes"], abroad["CheapestQuote"]) == ([], None)
    assert set(standard["Quotes"][0]) == set((await _quotes(pro))["Quotes"][0])
    assert targets(await pro.call("POST", "/quotes/serviceGroups", {})) == ["Packages", "Addresses"]


async def test_a_group_s_quote_can_be_used(pro: Caller) -> None:
    groups = await pro.good("POST", "/quotes/serviceGroups", CONSIGNMENT)
    quote = next(each["CheapestQuote"] for each in groups if each["CheapestQuote"])
    path = f"/allocation/{await pro.pack()}/allocatewithquote/{quote['QuoteReference']}"
    (summary,) = await pro.good("PUT", path)
    assert summary["CarrierServiceReference"] == quote["MpdCarrierServiceReference"]


async def test_unknown_consignment(pro: Caller) -> None:
    response = await pro.call("GET", "/quotes/consignment/EC-000-000-000")
    assert targets(response) == ["consignmentReference"]
    assert response.json()["Code"] == "NotFound"


@pytest.mark.parametrize("name", ["Packages", "Addresses"])
async def test_goods_are_checked(pro: Caller, name: str) -> None:
    body = changed(CONSIGNMENT, {name: ...})
    assert name in targets(await pro.call("POST", "/quotes", body))
