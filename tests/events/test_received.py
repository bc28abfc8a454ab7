"""What an event must say, what it may leave out, and how a fault is named."""

from decimal import Decimal
from typing import Any

import pytest

from service.events.malformed import Malformed
from service.events.measures import Dimensions, Weight
from service.events.received import PickedPackage
from service.events.topics import EventType
from tests.events.shaping import Data, changed, event, example, picked, placed

ORDER = example("order.placed.minimum")
PICK = example("stock.picked.minimum")


def faults(event_type: EventType, data: Data) -> dict[str, str]:
    with pytest.raises(Malformed) as caught:
        event(event_type, data)
    return {fault.path: fault.message for fault in caught.value.fields}


def with_item(**fields: Any) -> Data:
    return changed(ORDER, "items.0", ORDER["items"][0] | fields)


def test_plain_items_make_one_package() -> None:
    found = placed(ORDER)
    assert found.items == ()
    assert len(found.packages) == 1
    assert [line.sku for line in found.lines] == ["TEA-POT-01"]
    packages = {k: v for k, v in ORDER.items() if k != "items"} | {
        "packages": [{"items": ORDER["items"]}]
    }
    assert placed(packages) == found


def test_what_a_package_leaves_out_comes_from_its_items() -> None:
    items = [
        ORDER["items"][0] | {"description": "Pot"},
        {
            "sku": "CUP",
            "quantity": 4,
            "weight": {"value": 200, "unit": "g"},
            "dimensions": {"length": 90, "width": 250, "height": 80, "unit": "mm"},
            "value": {"amount": 4.25, "currency": "GBP"},
        },
    ]
    (package,) = placed(changed(ORDER, "items", items)).packages
    assert package.full_weight == Weight(value=Decimal("2.2"), unit="kg")
    assert package.full_value.amount == Decimal("49.5")
    assert package.full_description == "Pot, CUP"
    assert package.full_dimensions == Dimensions(
        length=Decimal(24), width=Decimal(25), height=Decimal(48), unit="cm"
    )


def test_a_package_size_stands_in_for_weight_and_dimensions() -> None:
    data = {k: v for k, v in ORDER.items() if k != "items"} | {
        "packages": [{"package_size_reference": "BOX-M", "items": ORDER["items"]}]
    }
    (package,) = placed(data).packages
    assert (package.full_weight, package.full_dimensions) == (None, None)


def test_a_made_up_description_is_cut() -> None:
    items = [ORDER["items"][0] | {"sku": f"SKU-{n:060}"} for n in range(3)]
    (package,) = placed(changed(ORDER, "items", items)).packages
    assert len(package.full_description) == 100
    assert package.full_description.endswith("…")


@pytest.mark.parametrize(
    ("said", "kilograms"),
    [
        ({"value": 1400, "unit": "g"}, "1.4"),
        ({"value": 1.400, "unit": "kg"}, "1.4"),
        ({"value": 0.001, "unit": "g"}, "0.000001"),
    ],
)
def test_weights_are_kept_in_kg_exactly(said: Data, kilograms: str) -> None:
    weight = placed(with_item(weight=said)).lines[0].weight
    assert (weight.value, weight.unit) == (Decimal(kilograms), "kg")


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("order_reference", ..., "order_reference"),
        ("order_reference", "", "order_reference"),
        ("order_reference", "x" * 101, "order_reference"),
        ("order_reference", " WEB-1", "order_reference"),
        ("order_reference", "WEB\n1", "order_reference"),
        ("order_reference", "WEB\ud800", "order_reference"),
        ("order_reference", 17, "order_reference"),
        ("origin", ..., "origin"),
        ("origin", 5, "origin"),
        ("origin", {"town": "Leeds"}, "origin"),
        ("destination", ..., "destination"),
        ("destination.country", "Britain", "destination.country.code"),
        ("destination.town", "a\x00b", "destination.town"),
        ("direction", "Outbound", "direction"),
        ("items", [], "event"),
        ("items", ..., "event"),
        ("items", {"0": {}}, "items"),
        ("items.0.sku", ..., "items[0]"),
        ("items.0.quantity", ..., "items[0].quantity"),
        ("items.0.quantity", 0, "items[0].quantity"),
        ("items.0.quantity", -1, "items[0].quantity"),
        ("items.0.quantity", "1", "items[0].quantity"),
        ("items.0.quantity", True, "items[0].quantity"),
        ("items.0.quantity", 1.5, "items[0].quantity"),
        ("items.0.weight", ..., "items[0].weight"),
        ("items.0.weight.value", 0, "items[0].weight.value"),
        ("items.0.weight.value", -1, "items[0].weight.value"),
        ("items.0.weight.value", "1.4", "items[0].weight.value"),
        ("items.0.weight.value", True, "items[0].weight.value"),
        ("items.0.weight.value", 1e20, "items[0].weight.value"),
        ("items.0.weight.value", 1e-12, "items[0].weight.value"),
        ("items.0.weight.unit", "lb", "items[0].weight.unit"),
        ("items.0.weight.unit", "Kg", "items[0].weight.unit"),
        ("items.0.dimensions.height", 0, "items[0].dimensions.height"),
        ("items.0.dimensions.unit", "in", "items[0].dimensions.unit"),
        ("items.0.value.amount", -0.01, "items[0].value.amount"),
        ("items.0.value.currency", "gbp", "items[0].value.currency"),
        ("shipping_date", "2026-03-04T08:00:00", "shipping_date"),
        ("shipping_date", "2026-03-04", "shipping_date"),
        ("shipping_date", "2026-02-30T08:00:00Z", "shipping_date"),
        ("shipping_date", 1772000000, "shipping_date"),
        ("required_delivery_date", {"date": "2026-03-04T00:00:00"}, "required_delivery_date.date"),
        ("metadata", [{"key": "Empty"}], "metadata[0]"),
        ("metadata", [{"key": "Big", "int_value": 2**31}], "metadata[0].int_value"),
        ("tags", ["x"] * 51, "tags"),
        ("tags", "Fragile", "tags"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: object, named: str) -> None:
    assert named in faults(EventType.ORDER_PLACED, changed(ORDER | {"tags": []}, path, value))


def test_nothing_naive_is_guessed_and_the_text_says_what_to_do() -> None:
    found = faults(EventType.ORDER_PLACED, ORDER | {"shipping_date": "2026-03-04T08:00:00"})
    assert "close it with Z" in found["shipping_date"]


@pytest.mark.parametrize("null", ["direction", "shipping_date", "metadata", "tags", "addresses"])
def test_null_is_the_same_as_left_out(null: str) -> None:
    assert placed(ORDER | {null: None}) == placed(ORDER)


def test_unknown_fields_are_let_through() -> None:
    data = changed(ORDER | {"loyalty_points": 12}, "items.0", ORDER["items"][0] | {"colour": "red"})
    assert placed(data) == placed(ORDER)


def test_one_end_must_be_a_shipping_location() -> None:
    found = faults(EventType.ORDER_PLACED, ORDER | {"origin": ORDER["destination"]})
    assert "shipping_location_reference" in found["event"]
    swapped = ORDER | {"origin": ORDER["destination"], "destination": ORDER["origin"]}
    assert placed(swapped | {"direction": "inbound"}).destination.shipping_location_reference


def test_a_destination_needs_somebody_who_opens_the_door() -> None:
    found = faults(EventType.ORDER_PLACED, changed(ORDER, "destination.contact", ...))
    assert "contact" in found["event"]


def test_packages_and_items_at_once_are_refused() -> None:
    both = ORDER | {"packages": [{"items": ORDER["items"]}]}
    assert "keep one" in faults(EventType.ORDER_PLACED, both)["event"]


def test_an_item_reference_is_unique_in_the_order() -> None:
    item = ORDER["items"][0] | {"item_reference": "L1"}
    data = {k: v for k, v in ORDER.items() if k != "items"} | {
        "packages": [{"items": [item]}, {"items": [item | {"sku": "OTHER"}]}]
    }
    message = faults(EventType.ORDER_PLACED, data)["event"]
    assert "packages[1].items[0]" in message
    assert "packages[0].items[0]" in message


def test_different_currencies_need_a_value_of_the_package() -> None:
    euros = ORDER["items"][0] | {"value": {"amount": 1, "currency": "EUR"}}
    items = [ORDER["items"][0], euros]
    assert "currencies" in str(faults(EventType.ORDER_PLACED, changed(ORDER, "items", items)))
    data = {k: v for k, v in ORDER.items() if k != "items"} | {
        "packages": [{"items": items, "value": {"amount": 40, "currency": "GBP"}}]
    }
    assert placed(data).packages[0].full_value.amount == 40


def test_too_many_packages_or_items_are_refused() -> None:
    package = {"items": ORDER["items"]}
    rest = {k: v for k, v in ORDER.items() if k != "items"}
    assert "packages" in faults(EventType.ORDER_PLACED, rest | {"packages": [package] * 101})
    assert "items" in faults(EventType.ORDER_PLACED, changed(ORDER, "items", ORDER["items"] * 1001))
    spread = [{"items": ORDER["items"] * 501}] * 2
    assert "1000 items" in faults(EventType.ORDER_PLACED, rest | {"packages": spread})["event"]


def test_an_address_type_stands_once() -> None:
    returns = {"type": "return", "shipping_location_reference": "LEEDS_RETURNS"}
    data = ORDER | {"addresses": [returns, returns]}
    assert "same type" in faults(EventType.ORDER_PLACED, data)["event"]


def test_who_somebody_is_stays_out_of_logs() -> None:
    assert "Okafor" not in repr(placed(ORDER))
    assert "Norwich" not in str(placed(ORDER))


def test_a_pick_of_plain_items_is_one_package() -> None:
    measured = PICK | {
        "weight": {"value": 1500, "unit": "g"},
        "dimensions": {"length": 30, "width": 20, "height": 10, "unit": "cm"},
    }
    (package,) = picked(measured).packages
    assert package.is_complete
    assert picked(measured).weight is None
    assert not picked(PICK).packages[0].is_complete
    assert picked(PICK | {"package_size_reference": "BOX-S"}).packages[0].is_complete


def test_with_packages_each_says_its_own_weight() -> None:
    data = {
        "order_reference": "WEB-1",
        "pick_reference": "P1",
        "packages": [{"items": PICK["items"]}],
        "package_size_reference": "BOX",
    }
    assert "its own" in faults(EventType.STOCK_PICKED, data)["event"]


def test_a_completed_pick_is_the_same_pick() -> None:
    pick = picked(PICK)
    full = PickedPackage(
        items=pick.packages[0].items,
        weight=Weight(value=Decimal("1.4"), unit="kg"),
        dimensions=Dimensions(length=Decimal(1), width=Decimal(1), height=Decimal(1), unit="cm"),
    )
    completed = pick.with_packages([full])
    assert completed.packages == (full,)
    assert completed.lines == pick.lines
    assert completed.pick_reference == pick.pick_reference


@pytest.mark.parametrize("name", ["sku", "item_reference", "pro_reference"])
def test_a_picked_line_has_one_of_three_names(name: str) -> None:
    assert picked(PICK | {"items": [{name: "X", "quantity": 1}]}).lines[0].quantity == 1


def test_a_picked_line_without_a_name_is_refused() -> None:
    assert "items[0]" in faults(EventType.STOCK_PICKED, PICK | {"items": [{"quantity": 1}]})


def test_no_tags_and_empty_tags_differ_in_a_pick() -> None:
    assert picked(PICK).tags is None
    assert picked(PICK | {"tags": None}).tags is None
    assert picked(PICK | {"tags": []}).tags == ()
