"""What one event may cost to read is bounded, whatever stands in it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from service.events import exact_json
from service.events.envelope import MAX_FAULTS_SORTED, Incoming, parse, read
from service.events.malformed import Malformed, MalformedReason
from service.events.topics import EventType, Topics
from tests.events.shaping import example

FEW = {"order_reference": "WEB-1", "origin": "LEEDS_DC", "destination": "LEEDS_DC"}
PICK = {"order_reference": "WEB-1", "pick_reference": "P-1"}


def refused(kind: EventType, data: dict[str, Any]) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(kind, exact_json.loads(json.dumps(data).encode()))
    assert caught.value.reason is MalformedReason.SCHEMA
    return caught.value


@pytest.mark.parametrize(
    ("kind", "start"), [(EventType.ORDER_PLACED, FEW), (EventType.STOCK_PICKED, PICK)]
)
def test_too_many_items_are_one_fault_and_none_of_them_is_looked_at(
    kind: EventType, start: dict[str, Any]
) -> None:
    told = refused(kind, start | {"packages": [{"items": [{}] * 1000}] * 100})
    assert len(told.fields) == 1
    assert "more than 1000 items" in told.detail


def test_very_many_faults_are_counted_and_not_written_out() -> None:
    wrong = {"metadata": [{}] * 100, "harmonisation_keywords": [1] * 50}
    told = refused(EventType.ORDER_PLACED, FEW | {"items": [wrong] * 1000})
    assert told.fields == ()
    assert "154000 places of it do not fit" in told.detail


def test_many_faults_are_named_up_to_twenty() -> None:
    told = refused(EventType.ORDER_PLACED, FEW | {"items": [{}] * (MAX_FAULTS_SORTED // 4)})
    assert len(told.fields) == 20
    assert "and 1980 more" in told.detail


@pytest.mark.parametrize("depth", [101, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_json_is_nested_so_deep_and_no_deeper(depth: int, opening: str, closing: str) -> None:
    for levels in (100, depth):
        text = f'{{"packages": {opening * (levels - 1)}1{closing * (levels - 1)}}}'
        if levels == 100:
            exact_json.loads(text.encode())
            continue
        with pytest.raises(exact_json.BadJson, match="deeper than 100 levels"):
            exact_json.loads(text.encode())


def test_text_with_many_brackets_is_not_nested() -> None:
    flat = [{"a": list[int]()} for _ in range(200)]
    assert exact_json.loads(json.dumps(flat).encode()) == flat


def test_json_holds_so_many_values_and_no_more() -> None:
    with pytest.raises(exact_json.BadJson, match="more than 1000000 values"):
        exact_json.loads(b"[" + b"0," * 1_000_000 + b"0]")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_time_of_an_event_is_one_that_can_be_reckoned_with(time: str) -> None:
    named = {"specversion": "1.0", "id": "1", "source": "x", "type": "order.placed", "time": time}
    record = Incoming(
        topic="order.placed",
        partition=0,
        offset=0,
        key=None,
        value=json.dumps(example("order.placed.minimum")).encode(),
        headers=tuple((f"ce_{name}", said.encode()) for name, said in named.items()),
        timestamp=datetime(2026, 3, 2, tzinfo=UTC),
    )
    with pytest.raises(Malformed, match="between the years 1970 and 9000"):
        read(record, Topics(), 1_000_000)
