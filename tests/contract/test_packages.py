"""Packages one by one, of consignments and of orders (RULES 4.2, 4.3; 11, 18)."""

from typing import Any

import pytest

from .caller import Caller, changed, targets
from .samples import ORDER

BOX = ORDER["Packages"][0]


async def _add(pro: Caller, reference: str, **changes: Any) -> dict[str, Any]:
    path = f"/consignments/{reference}/addpackage"
    package: dict[str, Any] = await pro.good("POST", path, changed(BOX, changes))
    return package


async def test_add_to_a_consignment(pro: Caller) -> None:
    reference = await pro.pack()
    package = await _add(pro, reference, PackageSizeReference="SMALL", Weight=..., Dimensions=...)
    assert package["Reference"].startswith("EP-")
    assert package["Weight"]["Value"] == 0.8
    after = await pro.read(reference)
    assert after["Packages"][1] == package
    assert after["Weight"]["Value"] == 3.1


async def test_delete_from_a_consignment(pro: Caller) -> None:
    reference = await pro.pack()
    first = (await pro.read(reference))["Packages"][0]["Reference"]
    second = await _add(pro, reference)
    response = await pro.call("DELETE", f"/packages/{first}")
    assert (response.status_code, response.content) == (200, b"")
    assert (await pro.read(reference))["Packages"] == [second]
    assert pro.state.calls[-2].consignments == [reference]
    last = await pro.call("DELETE", f"/packages/{second['Reference']}")
    assert targets(last) == ["packageReference"]
    assert (await pro.read(reference))["Packages"] == [second]


async def test_unknown(pro: Caller) -> None:
    assert (await pro.call("DELETE", "/packages/EP-000-000-000")).status_code == 404
    path = "/consignments/EC-000-000-000/addpackage"
    assert (await pro.call("POST", path, BOX)).status_code == 404
    order = await pro.good("GET", f"/orders/{await pro.order()}")
    # A package of an order is none of a consignment.
    path = f"/packages/{order['Packages'][0]['Reference']}"
    assert (await pro.call("DELETE", path)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"Description": ...}, "Description"),
        ({"Value": ...}, "Value"),
        ({"Weight": ...}, "Weight"),
        ({"Items": []}, "Items"),
        ({"PackageSizeReference": "HUGE"}, "PackageSizeReference"),
    ],
)
async def test_refused(pro: Caller, changes: dict[str, Any], target: str) -> None:
    path = f"/consignments/{await pro.pack()}/addpackage"
    assert targets(await pro.call("POST", path, changed(BOX, changes))) == [target]


async def _order(pro: Caller, packages: int = 1) -> dict[str, Any]:
    reference = await pro.order(Packages=[BOX] * packages)
    order: dict[str, Any] = await pro.good("GET", f"/orders/{reference}")
    return order


async def _again(pro: Caller, order: dict[str, Any]) -> dict[str, Any]:
    again: dict[str, Any] = await pro.good("GET", f"/orders/{order['OrderReference']}")
    return again


async def _of_order(
    pro: Caller, verb: str, order: dict[str, Any], packages: list[dict[str, Any]]
) -> Any:
    body = {"OrderReference": order["OrderReference"], "OrderPackages": packages}
    path = "addorderpackages" if verb == "POST" else "updateorderpackages"
    return await pro.call(verb, f"/orders/{path}", body)


async def test_add_to_an_order(pro: Caller) -> None:
    order = await _order(pro)
    bare = changed(BOX, {"Weight": ..., "Value": ..., "Description": ...})
    response = await _of_order(pro, "POST", order, [bare])
    assert (response.status_code, response.json()) == (201, True)
    first, second = (await _again(pro, order))["Packages"]
    assert [first] == order["Packages"]
    # Derived from the items: 1.4 Kg and four times 0.2 Kg; 32.50 and four times 4.
    assert second["Weight"]["Value"] == 2.2
    assert second["Value"]["Amount"] == 48.5
    assert second["Description"] == "Stoneware pot"


async def test_change_a_package_of_an_order(pro: Caller) -> None:
    order = await _order(pro, packages=2)
    changed_one = order["Packages"][1] | {"Description": "Replaced"}
    response = await _of_order(pro, "PUT", order, [changed_one])
    assert (response.status_code, response.json()) == (200, True)
    assert (await _again(pro, order))["Packages"] == [order["Packages"][0], changed_one]


async def test_delete_packages_of_an_order(pro: Caller) -> None:
    order = await _order(pro, packages=2)
    references = [each["Reference"] for each in order["Packages"]]
    body = {"OrderReference": order["OrderReference"], "OrderPackageReferences": references}
    path = "/orders/deleteorderpackages"
    assert targets(await pro.call("POST", path, body)) == ["OrderPackageReferences"]
    body["OrderPackageReferences"] = references[:1]
    assert await pro.good("POST", path, body) is True
    assert (await _again(pro, order))["Packages"] == order["Packages"][1:]
    assert pro.state.calls[-2].order_references == [order["OrderReference"]]


async def test_what_was_packed_stays(pro: Caller) -> None:
    order = await _order(pro)
    reference = await pro.pack(order["OrderReference"])
    before = await pro.read(reference)
    await _of_order(pro, "PUT", order, [order["Packages"][0] | {"Description": "Replaced"}])
    assert await pro.read(reference) == before


@pytest.mark.parametrize(
    ("verb", "changes", "target"),
    [
        ("POST", {"Reference": "EP-000-000-000"}, "OrderPackages[0].Reference"),
        ("POST", {"Dimensions": ...}, "OrderPackages[0].Dimensions"),
        ("POST", {"Items": []}, "OrderPackages[0].Items"),
        ("PUT", {}, "OrderPackages[0].Reference"),
        ("PUT", {"Reference": "EP-000-000-000"}, "OrderPackages[0].Reference"),
    ],
)
async def test_refused_for_an_order(
    pro: Caller, verb: str, changes: dict[str, Any], target: str
) -> None:
    order = await _order(pro)
    response = await _of_order(pro, verb, order, [changed(BOX, changes)])
    assert target in targets(response)
    assert await _again(pro, order) == order


async def test_the_same_package_twice_is_refused(pro: Caller) -> None:
    order = await _order(pro)
    response = await _of_order(pro, "PUT", order, order["Packages"] * 2)
    assert targets(response) == ["OrderPackages[1].Reference"]


@pytest.mark.parametrize(
    ("verb", "path", "field", "value"),
    [
        ("POST", "addorderpackages", "OrderPackages", [BOX]),
        ("PUT", "updateorderpackages", "OrderPackages", [BOX]),
        ("POST", "deleteorderpackages", "OrderPackageReferences", ["EP-000-000-000"]),
    ],
)
async def test_unknown_order(pro: Caller, verb: str, path: str, field: str, value: Any) -> None:
    body = {"OrderReference": "EO-000-000-000", field: value}
    assert (await pro.call(verb, f"/orders/{path}", body)).status_code == 404
