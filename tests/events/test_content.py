"""The same content has the same digest however it is spelt; other content has another."""

import json
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.events import exact_json
from service.events.content import content_digest
from service.events.envelope import data_of, parse
from service.events.topics import EventType
from tests.events.shaping import Data, changed, event, example

ORDER = example("order.placed.full")
PICK = example("stock.picked.full")


def respelt(value: Any, random: Random) -> Any:
    """The same content in other words: key order, nulls, units, number spelling."""
    if isinstance(value, dict):
        if value.get("unit") == "kg" and random.random() < 0.5:
            value = {"unit": "g", "value": float(Decimal(str(value["value"])) * 1000)}
        elif value.get("unit") == "cm" and random.random() < 0.5:
            value = {
                side: size if side == "unit" else float(Decimal(str(size)) * 10)
                for side, size in (value | {"unit": "mm"}).items()
            }
        pairs = [(key, respelt(inner, random)) for key, inner in value.items()]
        pairs += [("unknown_field", random.random())] * random.randint(0, 1)
        random.shuffle(pairs)
        return dict(pairs)
    if isinstance(value, list):
        return [respelt(inner, random) for inner in value]
    if isinstance(value, str) and "T" in value and value.endswith("+00:00"):
        return random.choice([value, value.replace("+00:00", "Z")])
    return value


def number_spelt(text: str, random: Random) -> str:
    """`"amount": 4` as `"amount": 4.00`"""
    closing = random.choice(["", ".0", ".00"])
    return text.replace('"amount": 4}', f'"amount": 4{closing}}}').replace(
        '"amount": 4,', f'"amount": 4{closing},'
    )


@given(st.integers(0, 2**32))
def test_spelling_does_not_matter(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a spelling, not a secret
    for event_type, data in ((EventType.ORDER_PLACED, ORDER), (EventType.STOCK_PICKED, PICK)):
        text = number_spelt(json.dumps(respelt(data, random)), random)
        again = parse(event_type, exact_json.loads(text.encode()))
        assert content_digest(again) == content_digest(event(event_type, data))


def test_times_of_another_offset_are_the_same_time() -> None:
    other = changed(ORDER, "shipping_date", "2026-03-04T09:00:00.000+01:00")
    same = event(EventType.ORDER_PLACED, other)
    assert content_digest(same) == content_digest(event(EventType.ORDER_PLACED, ORDER))


def test_plain_items_and_one_package_are_the_same() -> None:
    plain = example("order.placed.minimum")
    packed = {k: v for k, v in plain.items() if k != "items"}
    packed |= {
        "packages": [{"items": plain["items"]}],
        "origin": {"shipping_location_reference": plain["origin"]},
        "tags": [],
        "direction": "outbound",
    }
    assert content_digest(event(EventType.ORDER_PLACED, plain)) == content_digest(
        event(EventType.ORDER_PLACED, packed)
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("packages.0.items.0.quantity", 2),
        ("packages.0.items.0.weight.value", 1401),
        ("packages.0.items.0.value.amount", 32.51),
        ("packages.0.items.0.sku", "TEA-POT-02"),
        ("destination.postcode", "NR1 1AB"),
        ("destination.contact.mobile", ...),
        ("shipping_date", "2026-03-05T08:00:00Z"),
        ("tags", []),
        ("direction", "inbound"),
        ("required_delivery_date.exactly_on_date", False),
        ("metadata.1.int_value", 91823),
        ("order_reference", "WEB-204819"),
    ],
)
def test_other_content_has_another_digest(path: str, value: object) -> None:
    other = event(EventType.ORDER_PLACED, changed(ORDER, path, value))
    assert content_digest(other) != content_digest(event(EventType.ORDER_PLACED, ORDER))


def test_keeping_tags_and_clearing_them_differ() -> None:
    def digest(data: Data) -> str:
        return content_digest(event(EventType.STOCK_PICKED, data))

    assert digest(changed(PICK, "tags", ...)) != digest(PICK)


def test_the_digest_of_version_1_never_changes() -> None:
    """Stored digests are compared with it: a change here needs a new DIGEST_VERSION."""
    placed = event(EventType.ORDER_PLACED, example("order.placed.minimum"))
    assert (
        content_digest(placed) == "209783a3a8a66812ad11fd9d85200518434a33da6ca95be1a3b8dc1935a2ee77"
    )
    picked = event(EventType.STOCK_PICKED, example("stock.picked.minimum"))
    assert (
        content_digest(picked) == "dab566a896001c6e449c004cfbeb06bfead9604af666eb687139563d9f3b2753"
    )


def test_an_event_written_and_read_again_is_the_same_content() -> None:
    placed = event(EventType.ORDER_PLACED, ORDER)
    again = parse(EventType.ORDER_PLACED, exact_json.loads(data_of(placed)))
    assert content_digest(again) == content_digest(placed)
