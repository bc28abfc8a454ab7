"""Allocating one consignment and getting its labels in the same answer (RULES 5)."""

import base64
from collections.abc import Callable

import pytest

from sandbox.faults import FaultKind, FaultRule
from sandbox.options import SandboxOptions

from .caller import Caller, Clock, made, targets
from .document import Contract


async def test_the_label_is_the_one_that_is_fetched(pro: Caller) -> None:
    reference = await pro.pack()
    (entry,) = (await pro.good("PUT", f"/allocation/{reference}/labels/pdf"))["Responses"]
    assert (entry["LabelType"], entry["Result"]) == ("Consignment", "ConsignmentAllocated")
    assert (entry["StatusCode"], entry["LabelFileType"]) == (200, "application/pdf")
    assert base64.b64decode(entry["LabelContent"]).startswith(b"%PDF-")
    consignment = await pro.read(reference)
    assert consignment["ConsignmentState"] == "Allocated"
    assert consignment["LabelsPrinted"]
    zpl = (await pro.good("GET", f"/labels/{reference}/zpl"))["File"]
    tracking = entry["ConsignmentLegs"][0]["TrackingReferences"][0]
    assert tracking in base64.b64decode(zpl).decode()


@pytest.mark.parametrize(
    ("way", "service"),
    [
        ("carrierservice/NL_2MAN/", "NL_2MAN"),
        ("servicegroup/UK_NEXT_DAY/", "NL_P24"),
        ("", "NL_P48"),
    ],
)
async def test_each_way_takes_its_service(pro: Caller, way: str, service: str) -> None:
    reference = await pro.pack(Tags=[])
    (entry,) = (await pro.good("PUT", f"/allocation/{reference}/{way}labels/zpl"))["Responses"]
    assert entry["CarrierServiceReference"] == service


async def test_a_quote_is_its_consignments(pro: Caller) -> None:
    reference, other = await pro.pack(), await pro.pack()
    quotes = (await pro.good("GET", f"/quotes/consignment/{reference}"))["Quotes"]
    way = f"quote/{quotes[-1]['QuoteReference']}/labels/pdf"
    refused = await pro.call("PUT", f"/allocation/{other}/{way}")
    assert refused.status_code == 400
    (entry,) = (await pro.good("PUT", f"/allocation/{reference}/{way}"))["Responses"]
    assert entry["CarrierServiceReference"] == quotes[-1]["MpdCarrierServiceReference"]


@pytest.mark.parametrize("way", ["", "carrierservice/NL_P24/"])
async def test_a_return_goes_with_it(pro: Caller, way: str) -> None:
    order = await pro.order()
    body = {
        "OrderReference": order,
        "GenerateReturn": True,
        "Packages": [{"PackageSizeReference": "SMALL", "Items": [_cup()]}],
    }
    packed = await pro.good("POST", f"/orders/{order}/pack", body)
    outbound = made(packed, "ConsignmentCreated")
    inbound = made(packed, "ReturnConsignmentCreated")
    both = (await pro.good("PUT", f"/allocation/{outbound}/{way}labels/pdf"))["Responses"]
    assert [(each["LabelType"], each["Result"]) for each in both] == [
        ("Consignment", "ConsignmentAllocated"),
        ("Return", "ReturnConsignmentAllocated"),
    ]
    assert both[0]["LabelContent"] != both[1]["LabelContent"]
    assert both[1]["ApiLinks"][0]["Href"].endswith(inbound)
    assert await pro.state_of(inbound) == "Allocated"


def _cup() -> dict[str, object]:
    return {"Sku": "TEA-CUP-04", "Quantity": 1}


async def test_a_failed_allocation_has_no_label(pro: Caller) -> None:
    reference = await pro.pack(Tags=["NobodyHasThis"])
    (entry,) = (await pro.good("PUT", f"/allocation/{reference}/labels/pdf"))["Responses"]
    assert (entry["StatusCode"], entry["Result"]) == (400, "ConsignmentAllocationFailed")
    assert entry["LabelContent"] is None
    assert entry["LabelFileType"] is None
    assert await pro.state_of(reference) == "AllocationFailed"


async def test_what_is_allocated_is_not_allocated_again(pro: Caller) -> None:
    reference = await pro.allocated()
    (entry,) = (await pro.good("PUT", f"/allocation/{reference}/labels/pdf"))["Responses"]
    assert (entry["StatusCode"], entry["LabelContent"]) == (400, None)
    assert pro.state.consignments[reference].allocation_count == 1


async def test_a_fault_befalls_it_as_any_allocation(pro: Caller) -> None:
    reference = await pro.pack()
    pro.state.faults.add(FaultRule(kind=FaultKind.BULK_ITEM_FAILURE, body="No."))
    (entry,) = (await pro.good("PUT", f"/allocation/{reference}/labels/pdf"))["Responses"]
    assert (entry["StatusCode"], entry["Message"]) == (500, "No.")
    assert await pro.state_of(reference) == "Unallocated"


async def test_it_does_not_wait(contract: Contract, clock: Clock) -> None:
    pro = Caller(contract, SandboxOptions(clock=clock, allocation_seconds=5))
    async with pro.client:
        (entry,) = (await pro.good("PUT", f"/allocation/{await pro.pack()}/labels/pdf"))[
            "Responses"
        ]
    assert entry["Result"] == "ConsignmentAllocated"


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (lambda reference: f"{reference}/labels/gif", ["labelFormat"]),
        (lambda reference: f"{reference}/carrierservice/NO/labels/pdf", []),
        (lambda reference: f"{reference}/servicegroup/NO/labels/pdf", []),
        (lambda reference: f"{reference}/quote/NO/labels/pdf", []),
        (lambda _: "EC-000-000-000/labels/pdf", ["consignmentReference"]),
    ],
)
async def test_refused(pro: Caller, path: Callable[[str], str], named: list[str]) -> None:
    reference = await pro.pack()
    assert targets(await pro.call("PUT", f"/allocation/{path(reference)}")) == named
    assert await pro.state_of(reference) == "Unallocated"
