"""Events to start a test from, as JSON-like data."""

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from service.events import exact_json
from service.events.envelope import Incoming, parse
from service.events.received import OrderPlaced, StockPicked
from service.events.said import Event
from service.events.topics import EventType

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "events" / "examples"

Data = dict[str, Any]


def example(name: str) -> Data:
    """One of the published examples: order.placed.full"""
    data: Data = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return data


def event(event_type: EventType, data: Mapping[str, Any]) -> Event:
    """Read data the way a record's value is read."""
    return parse(event_type, exact_json.loads(json.dumps(data).encode()))


def placed(data: Mapping[str, Any]) -> OrderPlaced:
    """An `order.placed`."""
    return cast("OrderPlaced", event(EventType.ORDER_PLACED, data))


def picked(data: Mapping[str, Any]) -> StockPicked:
    """A `stock.picked`."""
    return cast("StockPicked", event(EventType.STOCK_PICKED, data))


def changed(data: Data, path: str, value: object) -> Data:
    """A copy with the field at items.0.weight set; the value `...` deletes it."""
    copy: Any = deepcopy(data)
    *parents, last = path.split(".")
    place = copy
    for step in parents:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is ...:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    result: Data = copy
    return result


def record(data: object, topic: str = "order.placed", **other: Any) -> Incoming:
    """A Kafka record with this data as its JSON value."""
    fields: Data = {
        "topic": topic,
        "partition": 3,
        "offset": 42,
        "key": None,
        "value": data if isinstance(data, bytes) else json.dumps(data).encode(),
        "headers": (),
        "timestamp": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
    }
    return Incoming(**(fields | other))
