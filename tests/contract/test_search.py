"""Searching consignments (RULES 4.4)."""

from typing import Any

import pytest

from .caller import Caller, Clock
from .samples import ORDER, PACK


async def _found(pro: Caller, query: str) -> set[str]:
    page = await pro.good("GET", f"/consignments/50/0?{query}")
    bare = await pro.good("GET", f"/consignments/getConsignmentReferences?{query}")
    found = [line["Reference"] for line in page["ConsignmentSummaries"]]
    assert found == bare
    assert page["Count"] == len(found)
    return set(found)


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("referenceProvidedByCustomer=A-1", {"a", "back"}),
        ("REFERENCEPROVIDEDBYCUSTOMER=A-1", {"a", "back"}),
        ("ReferenceProvidedByCustomer=A-1&Direction=Inbound", {"back"}),
        ("referenceProvidedByCustomer=A", set()),
        ("referenceProvidedByCustomer=Z-1", set()),
        ("state=Allocated", {"b"}),
        ("state=Unallocated&direction=Outbound", {"a"}),
        ("state=NoSuchState", set()),
        ("shippingLocationReference=BRISTOL_WH", {"b"}),
        ("shippingLocationReference=LEEDS_DC", {"a", "back"}),
        ("carriers=NORTHLINE", {"b"}),
        ("carriers=KESTREL", set()),
        ("carriers=KESTREL,NORTHLINE", {"b"}),
        ("carrierService=NL_P24", {"b"}),
        ("labelsPrinted=true", {"b"}),
        ("labelsPrinted=False", {"a", "back"}),
        ("destinationCountryCode=GB", {"a", "b", "back"}),
        ("destinationRegion=Norfolk", {"a", "b"}),
        ("postCode=nr11aa", {"a", "b", "back"}),
        ("createdDateFrom=2026-03-02&createdDateTo=2026-03-02", {"a", "b", "back"}),
        ("createdDateFrom=2026-03-03", set()),
        ("shippingDateTo=2026-03-04", {"b"}),
        ("weightInKgFrom=2&weightInKgTo=3", {"a", "b", "back"}),
        ("weightInGramsFrom=2400", set()),
        ("somethingElse=1", {"a", "b", "back"}),
        ("state=", {"a", "b", "back"}),
    ],
)
async def test_criteria(pro: Caller, query: str, hits: set[str]) -> None:
    a = await pro.pack(OrderReferenceProvidedByCustomer="A-1", GenerateReturn=True)
    (back,) = (each for each in pro.state.consignments if each != a)
    origin = {"AddressType": "Origin", "ShippingLocationReference": "BRISTOL_WH"}
    order = await pro.order(
        Addresses=[origin, ORDER["Addresses"][1]], ShippingDate="2026-03-04T09:00:00"
    )
    b = await pro.pack(order, OrderReferenceProvidedByCustomer="B-1")
    await pro.allocate(b)
    await pro.good("GET", f"/labels/{b}")
    names = {a: "a", b: "b", back: "back"}
    assert {names[each] for each in await _found(pro, query)} == hits
    if hits == {"b"}:
        assert await _found(pro, f"{query}&reference={b}") == {b}
        assert await _found(pro, f"{query}&reference={a}") == set()


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("valueFrom=48.5", {"gone"}),
        ("valueTo=48.4", {"here"}),
        ("shippedDateFrom=2026-03-02", {"gone"}),
        ("shippedDateTo=2026-03-01", set()),
        ("scheduledDeliveryDateFrom=2026-03-03&scheduledDeliveryDateTo=2026-03-03", {"gone"}),
        ("scheduledDeliveryDateFrom=2026-03-04", set()),
        ("searchTerm=okafor", {"gone", "here"}),
        ("searchTerm=second", {"here"}),
        ("searchTerm=nr1", {"gone", "here"}),
        ("searchTerm=nobody", set()),
    ],
)
async def test_what_people_look_for(pro: Caller, clock: Clock, query: str, hits: set[str]) -> None:
    gone = await pro.allocated()
    one = [PACK["Packages"][0] | {"Items": [{"Sku": "TEA-CUP-04", "Quantity": 1}]}]
    here = await pro.pack(OrderReferenceProvidedByCustomer="second", Packages=one)
    named = {"ConsignmentReferences": [gone]}
    await pro.good("PUT", "/consignments/manifest", named)
    clock.forward(5)
    await pro.good("PUT", "/consignments/Dispatch", named)
    names = {gone: "gone", here: "here"}
    assert {names[each] for each in await _found(pro, query)} == hits


async def test_by_its_numbers(pro: Caller) -> None:
    first, second = await pro.allocated(), await pro.pack()
    told = await pro.read(first)
    tracking = told["ConsignmentLegs"][0]["TrackingReferences"][0]
    package = told["Packages"][0]["Reference"]
    for query in (
        f"consignmentNumber={first}",
        f"packageNumber={package}",
        f"searchTerm={tracking}",
    ):
        assert await _found(pro, query) == {first}
    assert await _found(pro, f"searchTerm={second}") == {second}


async def test_pages_meet(pro: Caller) -> None:
    order = await pro.order()
    made = {await pro.pack(order) for _ in range(5)}
    pages = [await pro.good("GET", f"/consignments/2/{skip}") for skip in (0, 2, 4, 6)]
    sizes = [len(page["ConsignmentSummaries"]) for page in pages]
    assert sizes == [2, 2, 1, 0]
    assert {line["Reference"] for page in pages for line in page["ConsignmentSummaries"]} == made
    assert {page["Count"] for page in pages} == {5}


async def test_what_is_made_meanwhile_shifts_the_pages(pro: Caller) -> None:
    order = await pro.order()
    first, second = await pro.pack(order), await pro.pack(order)
    page = await pro.good("GET", "/consignments/1/0")
    assert page["ConsignmentSummaries"][0]["Reference"] == second
    await pro.pack(order)
    again = await pro.good("GET", "/consignments/1/1")
    assert again["ConsignmentSummaries"][0]["Reference"] == second
    last = await pro.good("GET", "/consignments/1/2")
    assert last["ConsignmentSummaries"][0]["Reference"] == first


@pytest.mark.parametrize("path", ["0/0", "10/0?createdDateFrom=yesterday", "10/0?labelsPrinted=x"])
async def test_unreadable(pro: Caller, path: str) -> None:
    await pro.pack()
    assert (await pro.call("GET", f"/consignments/{path}")).status_code == 400


async def test_the_collision_of_paths(pro: Caller) -> None:
    reference = await pro.pack()
    assert await pro.state_of(reference) == "Unallocated"
    # Digits are a reference where a literal follows, and a page where digits follow.
    assert (await pro.call("GET", "/consignments/10/status")).status_code == 404
    assert pro.state.calls[-1].operation == "getConsignmentStatus"
    await pro.good("GET", "/CONSIGNMENTS/10/0")
    assert pro.state.calls[-1].operation == "searchConsignments"
    assert (await pro.call("GET", "/consignments/docs/10")).status_code == 404
    assert pro.state.calls[-1].operation == "getCustomsDocuments"
    assert (await pro.call("GET", f"/consignments/{reference}/x")).status_code == 404
    assert pro.state.calls[-1].operation is None


async def test_by_client_reference(pro: Caller) -> None:
    reference = await pro.pack(OrderReferenceProvidedByCustomer="a/b c")
    path = "/consignments/clientReference/a%2Fb%20c"
    assert (await pro.good("GET", path))["Reference"] == reference
    assert (await pro.good("GET", f"{path}/status"))["Status"] == "Unallocated"
    assert (await pro.call("GET", "/consignments/clientreference/none")).status_code == 404


async def test_a_just_made_consignment_is_missing_for_a_while(pro: Caller, clock: Clock) -> None:
    await pro.good("POST", "/_sandbox/search-lag", {"seconds": 3})
    reference = await pro.pack()
    query = "referenceProvidedByCustomer=WEB-204817-P1"
    by_reference = "/consignments/clientReference/WEB-204817-P1"
    assert await _found(pro, query) == set()
    assert (await pro.call("GET", by_reference)).status_code == 404
    assert await pro.state_of(reference) == "Unallocated"
    clock.forward(3)
    assert await _found(pro, query) == {reference}
    assert (await pro.good("GET", by_reference))["Reference"] == reference


async def test_a_line_names_its_state_state(pro: Caller) -> None:
    reference = await pro.allocated()
    (line,) = (await pro.good("GET", "/consignments/1/0"))["ConsignmentSummaries"]
    wanted: dict[str, Any] = {
        "Reference": reference,
        "State": "Allocated",
        "MpdCarrierReference": "NORTHLINE",
        "MpdCarrierServiceReference": "NL_P24",
        "DestinationAddressCountry": "GB",
        "RequestedDeliveryDate": "2026-03-06T00:00:00+00:00",
    }
    assert {name: line[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "query",
    [
        "createdDateFrom=yesterday",
        "labelsPrinted=x",
        "weightInKgFrom=heavy",
        "valueTo=nan",
        "weightInGramsTo=1.5",
        "creference=A-1",
        "pageSize=many",
    ],
)
async def test_unreadable_although_there_is_nothing_to_search(pro: Caller, query: str) -> None:
    path = f"/consignments/getConsignmentReferences?{query}"
    assert (await pro.call("GET", path)).status_code == 400
