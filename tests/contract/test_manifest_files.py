"""Manifest files: what a carrier was told of a location in one go (RULES 8)."""

import base64
import io

from pypdf import PdfReader

from sandbox.faults import FaultKind, FaultRule, Match

from .caller import Caller, Clock
from .carrier_turns import TO_FRANCE, abroad
from .samples import ORDER

LIST = "/consignments/customer/manifests"


async def _from_bristol(pro: Caller) -> str:
    origin = {"AddressType": "Origin", "ShippingLocationReference": "BRISTOL_WH"}
    reference = await pro.pack(await pro.order(Addresses=[origin, ORDER["Addresses"][1]]))
    await pro.allocate(reference)
    return reference


async def _manifest(pro: Caller, clock: Clock, *references: str) -> None:
    body = {"ConsignmentReferences": list(references)}
    await pro.good("PUT", "/consignments/manifest", body)
    clock.forward(5)


async def test_one_for_each_carrier_and_location(pro: Caller, clock: Clock) -> None:
    first, second = await pro.allocated(), await pro.allocated()
    await _manifest(pro, clock, first, second, await _from_bristol(pro), await abroad(pro))
    files = await pro.good("GET", LIST)
    assert [
        (each["CarrierName"], each["ShippingLocationReference"], each["BookingsCount"])
        for each in files
    ] == [
        ("Northline", "LEEDS_DC", 2),
        ("Northline", "BRISTOL_WH", 1),
        ("Kestrel Worldwide", "LEEDS_DC", 1),
    ]
    assert files[0]["Created"] == "2026-03-02T08:15:35.1234560+00:00"
    assert files[1]["ShippingLocationName"] == "Bristol warehouse"
    only = await pro.good("GET", f"{LIST}?shippingLocationReference=BRISTOL_WH")
    assert only == [files[1]]
    assert await pro.good("GET", f"{LIST}?shippingLocationReference=GLASGOW_STORE") == []


async def test_each_go_has_its_own(pro: Caller, clock: Clock) -> None:
    await _manifest(pro, clock, await pro.allocated())
    await pro.allocated()
    await pro.good("POST", "/consignments/manifestFromQuery", {"States": ["Allocated"]})
    clock.forward(5)
    files = await pro.good("GET", LIST)
    assert [each["BookingsCount"] for each in files] == [1, 1]


async def test_only_what_the_carrier_took_is_counted(pro: Caller, clock: Clock) -> None:
    good, bad = await pro.allocated(), await pro.allocated()
    match = Match(consignment_reference=bad)
    pro.state.faults.add(FaultRule(kind=FaultKind.MANIFEST_FAILURE, match=match))
    await _manifest(pro, clock, good, bad)
    (file,) = await pro.good("GET", LIST)
    assert file["BookingsCount"] == 1


async def test_the_file_counts_and_does_not_list(pro: Caller, clock: Clock) -> None:
    reference = await pro.pack(await pro.order(Addresses=TO_FRANCE), Tags=[])
    await pro.allocate(reference)
    await _manifest(pro, clock, reference)
    (file,) = await pro.good("GET", LIST)
    path = f"/consignments/customer/manifest/{file['ManifestReference']}"
    content = base64.b64decode(await pro.good("GET", path), validate=True)
    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    for told in ("Kestrel Worldwide", "Leeds distribution centre", "Consignments: 1", "2.3 Kg"):
        assert told in text
    assert reference not in text


async def test_none_yet_and_an_unknown_one(pro: Caller) -> None:
    assert await pro.good("GET", LIST) == []
    response = await pro.call("GET", "/consignments/customer/manifest/nothing")
    assert response.status_code == 404
