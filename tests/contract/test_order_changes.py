"""Update Order and its addresses: what is wiped, kept, not read, refused (RULES 3.3)."""

from typing import Any

import pytest

from .caller import Caller, changed, targets
from .goods import RETURN_ADDRESS
from .samples import ORDER

WIPED: dict[str, Any] = {
    "OrderReferenceProvidedByCustomer": None,
    "RequiredDeliveryDate": None,
    "ShippingDate": None,
    "CustomsDocumentation": None,
    "MetaData": None,
}
KEPT = ["Addresses", "Direction", "Tags"]
TO_BRISTOL = {"AddressType": "Origin", "ShippingLocationReference": "BRISTOL_WH"}
AT_HOME = ORDER["Addresses"][1]


async def _full(pro: Caller) -> dict[str, Any]:
    reference = await pro.order(
        ShippingDate="2026-03-04T00:00:00", CustomsDocumentation={"CategoryType": "Gift"}
    )
    return await _read(pro, reference)


async def _read(pro: Caller, reference: str) -> dict[str, Any]:
    order: dict[str, Any] = await pro.good("GET", f"/orders/{reference}")
    return order


async def _update(pro: Caller, order: dict[str, Any], **changes: Any) -> dict[str, Any]:
    await pro.good("PUT", f"/orders/{order['OrderReference']}", changed(order, changes))
    return await _read(pro, order["OrderReference"])


@pytest.mark.parametrize("name", [*WIPED, *KEPT])
async def test_absent(pro: Caller, name: str) -> None:
    before = await _full(pro)
    after = await _update(pro, before, **{name: ...})
    assert after == (before | {name: WIPED[name]} if name in WIPED else before)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OrderReferenceProvidedByCustomer", "WEB-204817-B"),
        ("ShippingDate", "2026-03-05T00:00:00"),
        ("Direction", "Inbound"),
        ("Tags", []),
    ],
)
async def test_present_replaces(pro: Caller, name: str, value: Any) -> None:
    before = await _full(pro)
    assert await _update(pro, before, **{name: value}) == before | {name: value}


async def test_lists_are_replaced_whole(pro: Caller) -> None:
    before = await _full(pro)
    meta_data = [{"KeyValue": "Channel", "StringValue": "shop"}]
    addresses = [TO_BRISTOL, AT_HOME | {"Town": "Cromer"}]
    after = await _update(pro, before, MetaData=meta_data, Addresses=addresses)
    assert [each["KeyValue"] for each in after["MetaData"]] == ["Channel"]
    assert after["Addresses"][0]["ShippingLocationReference"] == "BRISTOL_WH"
    assert after["Addresses"][1]["Town"] == "Cromer"


async def test_packages_and_source_are_not_read(pro: Caller) -> None:
    before = await _full(pro)
    other = [ORDER["Packages"][0] | {"Description": "Something else"}]
    assert await _update(pro, before, Packages=other, Source="Web") == before


async def test_what_was_packed_before_stays(pro: Caller) -> None:
    order = await pro.order()
    early = await pro.pack(order)
    before = await pro.read(early)
    body = await _read(pro, order) | {"Addresses": [TO_BRISTOL, AT_HOME], "Tags": []}
    await pro.good("PUT", f"/orders/{order}", body)
    assert await pro.read(early) == before
    late = await pro.read(await pro.pack(order))
    assert (late["Addresses"][0]["Town"], late["Tags"]) == ("Bristol", [])


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"OrderReference": ...}, "OrderReference"),
        ({"OrderReference": "EO-000-000-000"}, "OrderReference"),
        ({"Addresses": []}, "Addresses"),
        ({"Addresses": [TO_BRISTOL]}, "Addresses"),
        ({"Addresses": [AT_HOME, AT_HOME | {"AddressType": "Origin"}]}, "Addresses"),
        ({"Direction": "Sideways"}, "Direction"),
        ({"RequiredDeliveryDate": {"Date": "soon"}}, "RequiredDeliveryDate.Date"),
    ],
)
async def test_a_refused_change_changes_nothing(
    pro: Caller, changes: dict[str, Any], target: str
) -> None:
    before = await _full(pro)
    response = await pro.call(
        "PUT", f"/orders/{before['OrderReference']}", changed(before, changes)
    )
    assert target in targets(response)
    assert await _read(pro, before["OrderReference"]) == before


async def test_add_an_address(pro: Caller) -> None:
    order = await pro.order()
    response = await pro.call("POST", f"/orders/{order}/address", RETURN_ADDRESS)
    assert (response.status_code, response.content) == (201, b"")
    kinds = [each["AddressType"] for each in (await _read(pro, order))["Addresses"]]
    assert kinds == ["Origin", "Destination", "Return"]


async def test_replace_an_address(pro: Caller) -> None:
    order = await pro.order()
    other = AT_HOME | {"Town": "Cromer", "Contact": None}
    response = await pro.call("PUT", f"/orders/{order}/address", other)
    assert (response.status_code, response.content) == (200, b"")
    address = (await _read(pro, order))["Addresses"][1]
    assert (address["Town"], address["Contact"]) == ("Cromer", None)


@pytest.mark.parametrize(
    ("verb", "body", "target"),
    [
        ("POST", TO_BRISTOL, "AddressType"),
        ("PUT", RETURN_ADDRESS, "AddressType"),
        ("POST", RETURN_ADDRESS | {"AddressType": "Elsewhere"}, "AddressType"),
        (
            "POST",
            RETURN_ADDRESS | {"ShippingLocationReference": "ATLANTIS"},
            "ShippingLocationReference",
        ),
        ("PUT", changed(AT_HOME, {"AddressLine1": ...}), "AddressLine1"),
        ("PUT", AT_HOME | {"AddressType": "Origin"}, "ShippingLocationReference"),
    ],
)
async def test_a_refused_address_changes_nothing(
    pro: Caller, verb: str, body: dict[str, Any], target: str
) -> None:
    order = await pro.order()
    before = await _read(pro, order)
    assert target in targets(await pro.call(verb, f"/orders/{order}/address", body))
    assert await _read(pro, order) == before


@pytest.mark.parametrize(("verb", "path"), [("PUT", ""), ("POST", "/address"), ("PUT", "/address")])
async def test_unknown_order(pro: Caller, verb: str, path: str) -> None:
    body = RETURN_ADDRESS | {"OrderReference": "EO-000-000-000"}
    response = await pro.call(verb, f"/orders/EO-000-000-000{path}", body)
    assert (response.status_code, response.json()["Code"]) == (404, "NotFound")
