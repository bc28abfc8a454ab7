"""Pack Order (RULES 3.4)."""

import copy
from typing import Any

import pytest

from sandbox.faults import FaultKind, FaultRule

from .caller import Caller, changed, made, targets
from .samples import ORDER, PACK


def _items(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return [PACK["Packages"][0] | {"Items": list(items)}]


async def _response(pro: Caller, order: str, **changes: Any) -> Any:
    body = changed(PACK, {"OrderReference": order} | changes)
    return await pro.call("POST", f"/orders/{order}/pack", body)


async def test_packing_twice_makes_two_consignments(pro: Caller) -> None:
    order = await pro.order()
    first, second = await pro.pack(order), await pro.pack(order)
    assert first != second
    assert len(pro.state.consignments) == 2
    # Nor is the quantity held against the order's.
    await pro.pack(order, Packages=_items({"Sku": "TEA-CUP-04", "Quantity": 400}))


@pytest.mark.parametrize(
    ("of_pack", "of_order", "expected"),
    [
        ("P-1", "O-1", "P-1"),
        ("P-1", None, "P-1"),
        (None, "O-1", "O-1"),
        ("", "O-1", "O-1"),
        (None, None, ""),
    ],
)
async def test_the_customer_reference(
    pro: Caller, of_pack: str | None, of_order: str | None, expected: str
) -> None:
    order = await pro.order(OrderReferenceProvidedByCustomer=of_order)
    reference = await pro.pack(order, OrderReferenceProvidedByCustomer=of_pack)
    consignment = await pro.read(reference)
    assert consignment["ConsignmentReferenceProvidedByCustomer"] == expected
    assert consignment["ConsignmentState"] == "Unallocated"


@pytest.mark.parametrize("name", ["Sku", "Reference", "ItemReferenceProvidedByCustomer"])
async def test_goods_are_named_in_three_ways(pro: Caller, name: str) -> None:
    order = await pro.order()
    line = (await pro.good("GET", f"/orders/{order}"))["Packages"][0]["Items"][1]
    reference = await pro.pack(order, Packages=_items({name: line[name], "Quantity": 3}))
    (item,) = (await pro.read(reference))["Packages"][0]["Items"]
    assert (item["Description"], item["Quantity"]) == ("Stoneware cup", 3)
    refused = await _response(pro, order, Packages=_items({name: "nothing", "Quantity": 1}))
    assert targets(refused) == [f"Packages[0].Items[0].{name}"]


async def test_two_lines_with_one_sku_are_told_apart_by_the_customers_reference(
    pro: Caller,
) -> None:
    packages = copy.deepcopy(ORDER["Packages"])
    packages[0]["Items"][1]["Sku"] = packages[0]["Items"][0]["Sku"]
    order = await pro.order(Packages=packages)
    named = {"Sku": "TEA-POT-01", "ItemReferenceProvidedByCustomer": "WEB-204817-2"}
    reference = await pro.pack(order, Packages=_items(named | {"Quantity": 1}))
    (item,) = (await pro.read(reference))["Packages"][0]["Items"]
    assert item["Description"] == "Stoneware cup"


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"Packages": []}, "Packages"),
        ({"Packages": _items()}, "Packages[0].Items"),
        ({"Packages": _items({"Quantity": 1})}, "Packages[0].Items[0]"),
        ({"Packages": _items({"Sku": "", "Quantity": 1})}, "Packages[0].Items[0]"),
        ({"Packages": _items({"Sku": "TEA-CUP-04"})}, "Packages[0].Items[0].Quantity"),
        (
            {"Packages": _items({"Sku": "TEA-CUP-04", "Quantity": 0})},
            "Packages[0].Items[0].Quantity",
        ),
        (
            {"Packages": [{"Items": [{"Sku": "TEA-CUP-04", "Quantity": 1}]}]},
            "Packages[0].Weight",
        ),
        ({"OrderReference": ...}, "OrderReference"),
        ({"OrderReference": "EO-000-000-000"}, "OrderReference"),
        ({"GenerateReturn": "perhaps"}, "GenerateReturn"),
    ],
)
async def test_refused(pro: Caller, changes: dict[str, Any], target: str) -> None:
    response = await _response(pro, await pro.order(), **changes)
    assert target in targets(response)
    assert not pro.state.consignments


async def test_an_unknown_order_is_a_400(pro: Caller) -> None:
    response = await _response(pro, "EO-000-000-000")
    assert targets(response) == ["OrderReference"]


async def test_a_package_size_and_empty_text_for_none(pro: Caller) -> None:
    sized = {"PackageSizeReference": "SMALL", "Items": [{"Sku": "TEA-CUP-04", "Quantity": 1}]}
    empty = PACK["Packages"][0] | {"PackageSizeReference": ""}
    consignment = await pro.read(await pro.pack(Packages=[sized, empty]))
    weights = [package["Weight"]["Value"] for package in consignment["Packages"]]
    assert weights == [0.8, 2.3]


async def test_weight_and_value_of_items_are_those_of_one_unit(pro: Caller) -> None:
    consignment = await pro.read(await pro.pack())
    assert consignment["Packages"][0]["Value"]["Amount"] == 32.5 + 4 * 4
    assert consignment["Packages"][0]["Items"][1]["Value"]["Amount"] == 4
    assert consignment["Packages"][0]["Weight"]["Value"] == 2.3


@pytest.mark.parametrize(
    ("of_pack", "expected"), [(None, ["Fragile"]), ([], []), (["Signature"], ["Signature"])]
)
async def test_tags(pro: Caller, of_pack: list[str] | None, expected: list[str]) -> None:
    assert (await pro.read(await pro.pack(Tags=of_pack)))["Tags"] == expected


async def test_metadata_of_the_order_fills_what_the_pack_lacks(pro: Caller) -> None:
    eori = {"KeyValue": "ShippersEORI", "StringValue": "GB123456789000"}
    order = await pro.order(MetaData=[eori, {"KeyValue": "PickId", "StringValue": "order's"}])
    entries = (await pro.read(await pro.pack(order)))["MetaData"]
    values = {each["KeyValue"]: each["StringValue"] for each in entries}
    assert values == {"PickId": "pick-1", "ShippersEORI": "GB123456789000"}
    bare = (await pro.read(await pro.pack(order, MetaData=None)))["MetaData"]
    assert {each["KeyValue"] for each in bare} == {"PickId", "ShippersEORI"}


async def test_what_a_pack_lacks_comes_from_the_order(pro: Caller) -> None:
    customs = {"CategoryType": "Gift", "ShippersVatNumber": "GB999"}
    order = await pro.order(CustomsDocumentation=customs, ShippingDate="2026-03-04")
    consignment = await pro.read(await pro.pack(order))
    assert consignment["CustomsDocumentation"]["CategoryType"] == "Gift"
    assert consignment["ShippingDate"] == "2026-03-04T00:00:00"
    assert consignment["RequestedDeliveryDate"]["Date"] == "2026-03-06T00:00:00+00:00"
    own = await pro.pack(order, CustomsDocumentation={"CategoryType": "Documents"})
    assert (await pro.read(own))["CustomsDocumentation"]["CategoryType"] == "Documents"


async def test_a_location_is_written_out_on_a_consignment(pro: Caller) -> None:
    origin = (await pro.read(await pro.pack()))["Addresses"][0]
    assert origin["AddressLine1"] == "Unit 7, Aire Valley Park"
    assert origin["Country"]["IsoCode"]["ThreeLetterCode"] == "GBR"
    assert origin["Contact"]["LastName"] == "Nair"


async def test_generate_return_makes_two_with_one_customer_reference(pro: Caller) -> None:
    order = await pro.order()
    answer = (await _response(pro, order, GenerateReturn=True)).json()
    outbound = await pro.read(made(answer, "ConsignmentCreated"))
    back = await pro.read(made(answer, "ReturnConsignmentCreated"))
    assert (outbound["Direction"], back["Direction"]) == ("Outbound", "Inbound")
    name = "ConsignmentReferenceProvidedByCustomer"
    assert outbound[name] == back[name] == "WEB-204817-P1"
    towns = {each["AddressType"]: each["Town"] for each in back["Addresses"]}
    assert towns == {"Destination": "Leeds", "Origin": "Norwich"}
    assert back["Packages"][0]["Reference"] != outbound["Packages"][0]["Reference"]


async def test_a_201_can_hide_a_failed_return(pro: Caller) -> None:
    pro.state.faults.add(FaultRule(kind=FaultKind.BULK_ITEM_FAILURE, operation="packOrder"))
    response = await _response(pro, await pro.order(), GenerateReturn=True)
    assert response.status_code == 201
    words = {each["Result"] for each in response.json()["Results"]}
    assert words == {"ConsignmentCreated", "ReturnConsignmentCreationFailed"}
    assert len(pro.state.consignments) == 1
