"""Consignments that are made without an order (RULES 4.2, 4.3)."""

from typing import Any

import pytest

from .caller import Caller, changed, last_segment, targets
from .goods import CONSIGNMENT


async def _made(pro: Caller, **changes: Any) -> str:
    links = await pro.good("POST", "/consignments", changed(CONSIGNMENT, changes))
    assert [each["Rel"] for each in links] == ["Link"]
    return last_segment(links)


async def test_it_reads_back(pro: Caller) -> None:
    reference = await _made(pro)
    told = await pro.read(reference)
    assert reference.startswith("EC-")
    assert told["ConsignmentState"] == "Unallocated"
    assert told["ConsignmentReferenceProvidedByCustomer"] == "SOLO-1"
    assert told["RequestedDeliveryDate"]["Date"] == CONSIGNMENT["RequiredDeliveryDate"]["Date"]
    assert told["Addresses"][0]["Town"] == "Leeds"
    assert (told["Tags"], told["Direction"]) == (["Fragile"], "Outbound")
    assert told["Packages"][0]["Reference"].startswith("EP-")


async def test_the_same_flow_goes_on(pro: Caller, clock: Any) -> None:
    reference = await _made(pro)
    assert (await pro.allocate(reference))[0]["StatusCode"] == 200
    assert (await pro.good("GET", f"/labels/{reference}"))["ContentType"] == "application/pdf"
    await pro.good("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    clock.forward(5)
    assert await pro.state_of(reference) == "Manifested"


async def test_it_is_found_by_its_reference(pro: Caller) -> None:
    reference = await _made(pro)
    page = await pro.good("GET", "/consignments/10/0?referenceProvidedByCustomer=SOLO-1")
    assert [each["Reference"] for each in page["ConsignmentSummaries"]] == [reference]


async def test_the_same_call_twice_makes_two(pro: Caller) -> None:
    assert await _made(pro) != await _made(pro)


async def test_without_a_reference_of_ours(pro: Caller) -> None:
    reference = await _made(pro, ConsignmentReferenceProvidedByCustomer=..., Tags=...)
    told = await pro.read(reference)
    assert (told["ConsignmentReferenceProvidedByCustomer"], told["Tags"]) == ("", [])


async def test_the_list_of_consignments_names_no_order(pro: Caller) -> None:
    reference = await _made(pro)
    (told,) = (await pro.good("GET", "/_sandbox/consignments"))["consignments"]
    assert (told["consignment_reference"], told["order_reference"]) == (reference, None)
    (call,) = (await pro.good("GET", "/_sandbox/calls"))["calls"]
    assert call["customer_references"] == ["SOLO-1"]
    assert call["consignment_references"] == [reference]


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"Packages": ...}, "Packages"),
        ({"Packages": []}, "Packages"),
        ({"Packages": [CONSIGNMENT["Packages"][0] | {"Items": []}]}, "Packages[0].Items"),
        ({"Addresses": CONSIGNMENT["Addresses"][:1]}, "Addresses"),
        ({"Direction": "Sideways"}, "Direction"),
    ],
)
async def test_refused(pro: Caller, changes: dict[str, Any], target: str) -> None:
    response = await pro.call("POST", "/consignments", changed(CONSIGNMENT, changes))
    assert target in targets(response)
    assert pro.state.consignments == {}
