"""CloudEvents in three forms in, in one form out; what can't be read says why, without values."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.events.catalogue import MODELS
from service.events.envelope import (
    Incoming,
    Outgoing,
    outcome_id,
    read,
    write,
)
from service.events.malformed import Malformed, MalformedReason
from service.events.published import ConsignmentCreated, OrderRecorded
from service.events.received import ManifestRequested, OrderPlaced
from service.events.topics import EventType, Topics
from tests.events.shaping import EXAMPLES, changed, event, example, record

TOPICS = Topics()
LIMIT = 1_000_000
ORDER = example("order.placed.minimum")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BINARY = {
    "ce_specversion": "1.0",
    "ce_id": "e-1",
    "ce_source": "urn:shop",
    "ce_type": "order.placed",
    "ce_time": "2026-03-01T10:00:00+01:00",
    "content-type": "application/json; charset=utf-8",
}
STRUCTURED = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "urn:shop",
    "type": "order.placed",
    "time": "2026-03-01T09:00:00Z",
    "data": ORDER,
}
STRUCTURED_HEADERS = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)


def headers(*left_out: str, **other: str) -> tuple[tuple[str, bytes], ...]:
    merged = {k: v for k, v in BINARY.items() if k not in left_out} | other
    return tuple((name, text.encode()) for name, text in merged.items())


def reason(incoming: Incoming, topics: Topics = TOPICS) -> MalformedReason:
    with pytest.raises(Malformed) as caught:
        read(incoming, topics, LIMIT)
    return caught.value.reason


def test_the_three_forms_say_the_same() -> None:
    plain = read(record(ORDER), TOPICS, LIMIT)
    binary = read(record(ORDER, headers=headers()), TOPICS, LIMIT)
    structured = read(record(STRUCTURED, headers=STRUCTURED_HEADERS), TOPICS, LIMIT)
    assert plain.event == binary.event == structured.event
    assert isinstance(plain.event, OrderPlaced)
    assert [r.envelope.form for r in (plain, binary, structured)] == [
        "plain",
        "binary",
        "structured",
    ]
    assert binary.envelope.id == structured.envelope.id == "e-1"
    assert binary.envelope.time == structured.envelope.time == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_a_plain_body_gets_its_id_and_time_from_its_place() -> None:
    first = read(record(ORDER), TOPICS, LIMIT).envelope
    assert first == read(record(ORDER), TOPICS, LIMIT).envelope
    assert first.id != read(record(ORDER, offset=43), TOPICS, LIMIT).envelope.id
    assert first.time == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert first.type is EventType.ORDER_PLACED


def test_a_missing_time_is_the_records() -> None:
    envelope = read(record(ORDER, headers=headers("ce_time")), TOPICS, LIMIT).envelope
    assert envelope.time == record(ORDER).timestamp


@pytest.mark.parametrize(
    ("sent", "kept"), [(TRACE, TRACE), ("00-zz", None), (TRACE.replace("00-4", "ff-4"), None)]
)
def test_the_trace_context_is_kept_where_it_is_valid(sent: str, kept: str | None) -> None:
    for name in ("traceparent", "ce_traceparent"):
        found = read(record(ORDER, headers=headers(**{name: sent})), TOPICS, LIMIT)
        assert found.envelope.traceparent == kept
    structured = record(STRUCTURED | {"traceparent": sent}, headers=STRUCTURED_HEADERS)
    assert read(structured, TOPICS, LIMIT).envelope.traceparent == kept
    plain = record(ORDER, headers=(("traceparent", sent.encode()),))
    assert read(plain, TOPICS, LIMIT).envelope.traceparent == kept


STRUCTURED_FAULTS = [
    (changed(STRUCTURED, "data", ...), MalformedReason.BAD_ENVELOPE),
    (changed(STRUCTURED, "id", 7), MalformedReason.BAD_ENVELOPE),
    (changed(STRUCTURED, "id", ...), MalformedReason.BAD_ENVELOPE),
    (changed(STRUCTURED, "specversion", "0.3"), MalformedReason.BAD_ENVELOPE),
    (changed(STRUCTURED, "time", "yesterday"), MalformedReason.BAD_ENVELOPE),
    (changed(STRUCTURED, "time", "2026-03-01T09:00:00"), MalformedReason.BAD_ENVELOPE),
    (STRUCTURED | {"data_base64": "e30="}, MalformedReason.BAD_ENVELOPE),
    (STRUCTURED | {"datacontenttype": "text/xml"}, MalformedReason.BAD_ENVELOPE),
    ([STRUCTURED], MalformedReason.BAD_ENVELOPE),
    (changed(STRUCTURED, "data", "text"), MalformedReason.SCHEMA),
    (changed(STRUCTURED, "type", "order.unplaced"), MalformedReason.UNKNOWN_TYPE),
    (changed(STRUCTURED, "type", "stock.picked"), MalformedReason.WRONG_TYPE_FOR_TOPIC),
]


@pytest.mark.parametrize(("body", "expected"), STRUCTURED_FAULTS)
def test_structured_faults(body: object, expected: MalformedReason) -> None:
    assert reason(record(body, headers=STRUCTURED_HEADERS)) is expected


RECORD_FAULTS: list[tuple[dict[str, Any], MalformedReason]] = [
    ({"value": None}, MalformedReason.EMPTY),
    ({"value": b""}, MalformedReason.EMPTY),
    ({"value": b" " * (LIMIT + 1)}, MalformedReason.TOO_LARGE),
    ({"value": gzip.compress(b"{}")}, MalformedReason.WRONG_ENCODING),
    ({"value": json.dumps(ORDER).encode("utf-16")}, MalformedReason.WRONG_ENCODING),
    ({"value": b"<order/>"}, MalformedReason.NOT_JSON),
    ({"value": json.dumps(ORDER).encode()[:-20]}, MalformedReason.TRUNCATED),
    ({"value": b'{"order_reference": "A", "order_reference": "B"}'}, MalformedReason.NOT_JSON),
    ({"value": b"[]"}, MalformedReason.SCHEMA),
    ({"value": b"null"}, MalformedReason.SCHEMA),
    ({"value": b"{}"}, MalformedReason.SCHEMA),
    ({"topic": "payments"}, MalformedReason.UNKNOWN_TYPE),
    ({"topic": "orderflex.retry.5s"}, MalformedReason.UNKNOWN_TYPE),
    ({"topic": "stock.picked"}, MalformedReason.SCHEMA),
    ({"key": b"WEB-1"}, MalformedReason.KEY_MISMATCH),
    ({"key": b""}, MalformedReason.KEY_MISMATCH),
    ({"key": b'"WEB-204817"'}, MalformedReason.KEY_MISMATCH),
    ({"headers": headers("ce_id")}, MalformedReason.BAD_ENVELOPE),
    ({"headers": headers("ce_source")}, MalformedReason.BAD_ENVELOPE),
    ({"headers": headers("ce_specversion")}, MalformedReason.BAD_ENVELOPE),
    ({"headers": headers("ce_type")}, MalformedReason.BAD_ENVELOPE),
    ({"headers": headers(ce_specversion="2.0")}, MalformedReason.BAD_ENVELOPE),
    ({"headers": headers(ce_id="a\nb")}, MalformedReason.BAD_ENVELOPE),
    ({"headers": headers(ce_id="x" * 501)}, MalformedReason.BAD_ENVELOPE),
    ({"headers": headers(ce_time="2026-03-01T10:00:00")}, MalformedReason.BAD_ENVELOPE),
    ({"headers": (*headers(), ("ce_id", b"e-2"))}, MalformedReason.BAD_ENVELOPE),
    ({"headers": (*headers("ce_id"), ("ce_id", b"\xff"))}, MalformedReason.BAD_ENVELOPE),
    ({"headers": headers(ce_type="shop.ping")}, MalformedReason.UNKNOWN_TYPE),
    ({"headers": headers(ce_type="order.recorded")}, MalformedReason.WRONG_TYPE_FOR_TOPIC),
    ({"headers": headers(**{"content-type": "text/xml"})}, MalformedReason.WRONG_ENCODING),
    ({"headers": headers(**{"content-type": "application/avro"})}, MalformedReason.WRONG_ENCODING),
    (
        {"headers": headers(**{"content-type": "application/json; charset=latin-1"})},
        MalformedReason.WRONG_ENCODING,
    ),
    (
        {"headers": headers(**{"content-type": "application/cloudevents-batch+json"})},
        MalformedReason.BAD_ENVELOPE,
    ),
]


@pytest.mark.parametrize(("fields", "expected"), RECORD_FAULTS)
def test_record_faults(fields: dict[str, Any], expected: MalformedReason) -> None:
    assert reason(record(ORDER, **fields)) is expected


def test_every_reason_is_reached() -> None:
    reached = {expected for _, expected in (*RECORD_FAULTS, *STRUCTURED_FAULTS)}
    assert reached == set(MalformedReason)


def test_a_matching_key_is_accepted() -> None:
    found = read(record(ORDER, key=b"WEB-204817"), TOPICS, LIMIT)
    assert isinstance(found.event, OrderPlaced)
    request = example("manifest.requested.minimum")
    found = read(record(request, topic="manifest.requested", key=b"LEEDS_DC"), TOPICS, LIMIT)
    assert isinstance(found.event, ManifestRequested)


def test_a_malformed_record_names_paths_and_never_values() -> None:
    secret = "Zebedee Quux"
    data = changed(ORDER, "destination.contact.first_name", [secret])
    data = changed(data, "destination.country", secret)
    data = changed(data, "items.0.quantity", secret)
    data = changed(data, "items.0.weight.unit", secret)
    data = changed(data, "order_reference", secret + "\n")
    data = changed(data, "origin", {"town": secret})
    with pytest.raises(Malformed) as caught:
        read(record(data), TOPICS, LIMIT)
    told = str(caught.value) + repr(caught.value.fields) + repr(caught.value)
    assert "items[0].quantity" in told
    assert "order.placed:v1" in told
    assert "Zebedee" not in told
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_long_list_of_faults_is_cut() -> None:
    data = changed(ORDER, "items", [{}] * 100)
    with pytest.raises(Malformed) as caught:
        read(record(data), TOPICS, LIMIT)
    assert len(caught.value.fields) == 20
    assert "more" in caught.value.detail


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
paths = st.sampled_from(
    [
        "order_reference",
        "origin",
        "destination",
        "destination.contact",
        "destination.country",
        "items",
        "items.0",
        "items.0.quantity",
        "items.0.weight",
        "items.0.weight.value",
    ]
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(paths, json_values)
def test_no_payload_crashes_the_reader(path: str, value: object) -> None:
    for name in ("order.placed.minimum", "order.placed.full"):
        data = example(name) | {"items": ORDER["items"]}
        try:
            read(record(changed(data, path, value)), TOPICS, LIMIT)
        except Malformed as malformed:
            assert malformed.reason in MalformedReason  # noqa: PT017 - both ends are fine


def written(**other: Any) -> Outgoing:
    fields: dict[str, Any] = {
        "event_id": "abc",
        "source": "urn:orderflex",
        "time": datetime(2026, 3, 2, 9, 0, tzinfo=UTC) + timedelta(microseconds=5),
        "traceparent": TRACE,
        "topics": TOPICS,
    }
    return write(event(EventType.CONSIGNMENT_CREATED, CREATED), **(fields | other))


CREATED = example("consignment.created")


def test_an_outcome_is_written_in_binary_mode() -> None:
    outgoing = written()
    assert outgoing.topic == "consignment.created"
    assert outgoing.key == b"WEB-204817"
    assert dict(outgoing.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"abc",
        "ce_source": b"urn:orderflex",
        "ce_type": b"consignment.created",
        "ce_time": b"2026-03-02T09:00:00.000005Z",
        "ce_subject": b"EC-000-07C-2HX",
        "ce_dataschema": b"urn:orderflex:event:consignment.created:v1",
        "content-type": b"application/json",
        "traceparent": TRACE.encode(),
    }
    assert json.loads(outgoing.value) == CREATED


def test_no_trace_context_leaves_no_header() -> None:
    assert "traceparent" not in dict(written(traceparent=None).headers)


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.json")))
def test_what_we_write_we_can_read(name: str) -> None:
    kinds = ("", ".minimum", ".full", ".option")
    event_type = next(each for each in MODELS if name in {each + kind for kind in kinds})
    said = event(event_type, example(name))
    outgoing = write(
        said, event_id="1", source="urn:x", time=datetime.now(UTC), traceparent=None, topics=TOPICS
    )
    incoming = record(
        outgoing.value, topic=outgoing.topic, key=outgoing.key, headers=tuple(outgoing.headers)
    )
    assert read(incoming, TOPICS, LIMIT).event == said


def test_an_outcome_published_again_has_the_same_id() -> None:
    first = outcome_id(EventType.CONSIGNMENT_CREATED, "pack:WEB-1:P1", 1)
    assert first == outcome_id(EventType.CONSIGNMENT_CREATED, "pack:WEB-1:P1", 1)
    others = {
        outcome_id(EventType.CONSIGNMENT_CREATED, "pack:WEB-1:P1", 2),
        outcome_id(EventType.CONSIGNMENT_CREATED, "pack:WEB-1:P1", None),
        outcome_id(EventType.CONSIGNMENT_CREATED, "pack:WEB-1:P2", 1),
        outcome_id(EventType.PICK_REJECTED, "pack:WEB-1:P1", 1),
    }
    assert len(others | {first}) == 5
    assert len(first) == 32


def test_an_outcome_says_its_defaults() -> None:
    created = event(EventType.CONSIGNMENT_CREATED, changed(CREATED, "allocation_number", ...))
    assert isinstance(created, ConsignmentCreated)
    outgoing = write(
        created, event_id="1", source="s", time=datetime.now(UTC), traceparent=None, topics=TOPICS
    )
    assert json.loads(outgoing.value)["allocation_number"] == 1


def test_outcomes_can_be_made_in_code() -> None:
    recorded = OrderRecorded(order_reference="A", sequence=1, pro_order_reference="EO-1")
    assert (recorded.kafka_key, recorded.subject) == ("A", "A")


def test_an_event_that_is_done_again_names_what_was_refused() -> None:
    refused = (("pack:WEB 1/a:P%2C1", 3), ("relocate:WEB-1:P-1", 1))
    said = written(again=refused)
    assert dict(said.headers)["ce_orderflexagain"] == (b"pack:WEB 1/a:P%2C1@3,relocate:WEB-1:P-1@1")
    back = record(said.value, topic=said.topic, key=said.key, headers=tuple(said.headers))
    assert read(back, TOPICS, LIMIT).envelope.again == refused
    assert read(record(ORDER, headers=headers()), TOPICS, LIMIT).envelope.again is None


@pytest.mark.parametrize(
    "wrong", ["", "a", "a@", "@1", "a@0", "a@-1", "a@1,", "a@٣", "a@" + "1" * 20]
)
def test_what_names_no_attempt_is_refused(wrong: str) -> None:
    told = record(ORDER, headers=headers(ce_orderflexagain=wrong))
    assert reason(told) is MalformedReason.BAD_ENVELOPE
