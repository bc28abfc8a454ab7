"""Event files are checked as the service would read them, and put on their topics."""

import json
import uuid
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from demo.broker import Broker
from service.events.topics import RECEIVED_FROM_OTHERS

from .commands import ROOT, Run

EXAMPLES = ROOT / "docs" / "events" / "examples"
CANARY = "CANARY7f3a"


@pytest.mark.parametrize(
    "name",
    [
        f"{event}.{size}.json"
        for event in ("order.placed", "stock.picked", "manifest.requested")
        for size in ("minimum", "full")
    ],
)
def test_the_examples_are_good(orderflex: Run, name: str) -> None:
    ended = orderflex("publish", "--dry-run", str(EXAMPLES / name))
    assert ended.code == 0
    assert ended.out.endswith(f"is a good {'.'.join(name.split('.')[:2])}.\n")


def test_a_structured_event_needs_no_type(orderflex: Run, tmp_path: Path) -> None:
    data = json.loads((EXAMPLES / "stock.picked.minimum.json").read_text())
    event = {"specversion": "1.0", "id": "1", "source": "urn:t", "type": "stock.picked"}
    (tmp_path / "event.json").write_text(json.dumps({**event, "data": data}))
    ended = orderflex("publish", "--dry-run", "event.json")
    assert (ended.code, ended.out) == (0, "event.json is a good stock.picked.\n")


def test_what_does_not_fit_is_named_without_its_values(orderflex: Run, tmp_path: Path) -> None:
    order = json.loads((EXAMPLES / "order.placed.minimum.json").read_text())
    order["items"][0]["quantity"] = CANARY
    order["destination"]["town"] = 7
    (tmp_path / "order.placed.json").write_text(json.dumps(order))
    ended = orderflex("publish", "--dry-run", "order.placed.json")
    assert ended.code == 1
    assert "order.placed.json does not fit the contract: schema" in ended.err
    assert "items[0].quantity" in ended.err
    assert "destination.town" in ended.err
    assert CANARY not in ended.out + ended.err


def test_what_is_no_json(orderflex: Run, tmp_path: Path) -> None:
    (tmp_path / "order.placed.json").write_text('{"order_reference": "WEB-1", ')
    ended = orderflex("publish", "--dry-run", "order.placed.json")
    assert ended.code == 1
    assert "truncated" in ended.err


def test_plain_data_needs_its_type(orderflex: Run, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_bytes((EXAMPLES / "stock.picked.minimum.json").read_bytes())
    ended = orderflex("publish", "--dry-run", "data.json")
    assert ended.code == 2
    assert "plain data needs --type" in ended.said
    assert orderflex("publish", "--dry-run", "--type", "stock.picked", "data.json").code == 0


def test_the_type_is_one_that_others_send(orderflex: Run) -> None:
    ended = orderflex("publish", "--type", "order.recorded", "any.json")
    assert ended.code in (1, 2)
    example = str(EXAMPLES / "stock.picked.minimum.json")
    ended = orderflex("publish", "--type", "order.recorded", example)
    assert ended.code == 2
    assert f"one of {', '.join(RECEIVED_FROM_OTHERS[:3])}" in ended.said


def test_a_file_that_is_not_there(orderflex: Run) -> None:
    ended = orderflex("publish", "order.placed.json")
    assert ended.code == 1
    assert ended.err == "order.placed.json: No such file or directory\n"


def test_no_broker(orderflex_apart: Run) -> None:
    example = str(EXAMPLES / "stock.picked.minimum.json")
    ended = orderflex_apart("publish", example, kafka_bootstrap_servers="127.0.0.1:1")
    assert ended.code == 1
    assert "not published" in ended.err
    assert "127.0.0.1:1" in ended.err
    assert "Traceback" not in ended.err


def test_a_manifest_needs_a_location(orderflex: Run) -> None:
    ended = orderflex("manifest", "request", "")
    assert ended.code == 2
    assert "shipping_location_reference" in ended.said


@pytest.mark.kafka
async def test_published_events_are_on_their_topics(broker: Broker, orderflex_apart: Run) -> None:
    prefix = f"cli{uuid.uuid4().hex[:8]}."
    settings = {
        "kafka_bootstrap_servers": broker.bootstrap_servers,
        "kafka_topic_prefix": prefix,
    }
    topics = [f"{prefix}stock.picked", f"{prefix}manifest.requested"]
    await broker.create_topics(topics, partitions=1)
    example = EXAMPLES / "stock.picked.minimum.json"
    assert orderflex_apart("publish", str(example), **settings).code == 0
    ended = orderflex_apart("manifest", "request", "LEEDS_DC", "--reference", "M-1", **settings)
    assert ended.code == 0
    assert f"manifest.requested LEEDS_DC is on {prefix}manifest.requested" in ended.out
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        records = [await consumer.getone() for _ in topics]
    finally:
        await consumer.stop()
    picked, asked = sorted(records, key=lambda record: topics.index(record.topic))
    assert picked.key == b"WEB-204817"
    assert dict(picked.headers)["ce_type"] == b"stock.picked"
    assert json.loads(picked.value)["pick_reference"] == "pick-1"
    assert asked.key == b"LEEDS_DC"
    assert json.loads(asked.value)["manifest_reference"] == "M-1"
