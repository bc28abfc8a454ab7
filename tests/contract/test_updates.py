"""Update Consignment: absent field against present field (RULES 4.3)."""

from typing import Any

import pytest

from .caller import Caller, changed, targets
from .samples import ORDER

WIPED: dict[str, Any] = {
    "ShippingDate": None,
    "RequestedDeliveryDate": None,
    "ConsignmentReferenceProvidedByCustomer": "",
    "CustomsDocumentation": None,
    "Addresses": [],
    "MetaData": [],
}


async def _full(pro: Caller) -> str:
    customs = {"CategoryType": "Gift"}
    order = await pro.order(ShippingDate="2026-03-04", CustomsDocumentation=customs)
    return await pro.pack(order)


@pytest.mark.parametrize("name", [*WIPED, "Packages", "Tags"])
async def test_absent(pro: Caller, name: str) -> None:
    reference = await _full(pro)
    before = await pro.read(reference)
    await pro.good("PUT", "/consignments", changed(before, {name: ...}))
    expected = before | {name: WIPED[name]} if name in WIPED else before
    assert await pro.read(reference) == expected


async def test_read_change_send_back(pro: Caller) -> None:
    """What a pick that left from another warehouse needs: only the Origin is another."""
    reference = await _full(pro)
    before = await pro.read(reference)
    origin = {"AddressType": "Origin", "ShippingLocationReference": "BRISTOL_WH"}
    body = changed(before, {"Addresses": [origin, before["Addresses"][1]]})
    (link,) = await pro.good("PUT", "/consignments", body)
    assert link["Rel"] == "Link"
    after = await pro.read(reference)
    assert after["Addresses"][0]["Town"] == "Bristol"
    assert changed(after, {"Addresses": ...}) == changed(before, {"Addresses": ...})


async def test_a_trailing_slash_as_the_reference_writes_it(pro: Caller) -> None:
    await pro.good("PUT", "/consignments/", await pro.read(await pro.pack()))


async def test_packages_are_replaced_whole(pro: Caller) -> None:
    reference = await _full(pro)
    body = await pro.read(reference)
    new = ORDER["Packages"][0] | {"Description": "Replaced"}
    await pro.good("PUT", "/consignments", changed(body, {"Packages": [new]}))
    (package,) = (await pro.read(reference))["Packages"]
    assert package["Description"] == "Replaced"
    assert package["Reference"] != body["Packages"][0]["Reference"]


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"Reference": ...}, "Reference"),
        ({"Packages": []}, "Packages"),
        ({"Addresses": []}, "Addresses"),
        (
            {"Packages": [ORDER["Packages"][0] | {"Reference": "EP-000-000-000"}]},
            "Packages[0].Reference",
        ),
        (
            {"Addresses": [{"AddressType": "Origin", "ShippingLocationReference": "ATLANTIS"}]},
            "Addresses[0].ShippingLocationReference",
        ),
    ],
)
async def test_refused(pro: Caller, changes: dict[str, Any], target: str) -> None:
    before = await pro.read(await _full(pro))
    response = await pro.call("PUT", "/consignments", changed(before, changes))
    assert target in targets(response)
    assert await pro.read(before["Reference"]) == before


async def test_one_object_is_wanted(pro: Caller) -> None:
    response = await pro.call("PUT", "/consignments", [await pro.read(await pro.pack())])
    assert response.status_code == 400


async def test_unknown_consignment(pro: Caller) -> None:
    body = changed(await pro.read(await pro.pack()), {"Reference": "EC-000-000-000"})
    assert (await pro.call("PUT", "/consignments", body)).status_code == 404


async def test_without_addresses_no_service_is_found(pro: Caller) -> None:
    reference = await pro.pack()
    await pro.good("PUT", "/consignments", {"Reference": reference})
    assert (await pro.allocate(reference))[0]["StatusCode"] == 400
