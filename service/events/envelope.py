"""CloudEvents 1.0 over Kafka, read in three forms and written in one.

Read: binary mode (`ce_*` headers beside the data), structured mode (content type
`application/cloudevents+json`), and a plain JSON body whose topic gives the type. Written: binary
mode. A record that can't be read is `Malformed`, with a text for the person who mends the sender;
it names paths and never repeats what the payload says, since that may be about a customer.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

from pydantic import ValidationError

from service.events import exact_json
from service.events.catalogue import MODELS, schema_id
from service.events.malformed import Fault, Malformed, MalformedReason
from service.events.published import Outcome
from service.events.said import FIRST_YEAR, LAST_YEAR, Event
from service.events.topics import EventType, Topics
from service.tracing.traceparent import place_in

SPEC_VERSION = "1.0"
HEADER_PREFIX = "ce_"
CONTENT_TYPE = "content-type"
TRACEPARENT = "traceparent"
AGAIN = "orderflexagain"
"""The extension attribute of an event that a person has done again: what stands refused of it, each
operation with the number of its attempt (`pack:WEB-1:P-1@2`), comma-separated."""
MAX_AGAIN = 20
"""So many operations of one event can be done again."""
STRUCTURED = "application/cloudevents+json"
MAX_ATTRIBUTE = 500
MAX_FAULTS_NAMED = 20
"""A malformed event names at most so many of its faults."""
MAX_FAULTS_SORTED = 2_000
"""One with more faults is only told how many: to name a few, all have to be written out."""

_ATTEMPT = re.compile(r"(?P<operation>[^@,]{1,1000})@(?P<attempt>[1-9][0-9]{0,8})", re.ASCII)

Form = Literal["binary", "structured", "plain"]
Attempts = tuple[tuple[str, int], ...]
"""Operations by their keys, each with the number of the attempt that was refused."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as Kafka delivered it. `timestamp` is the record's, aware."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around the data. `source` and `id` together name one event."""

    id: str
    source: str
    type: EventType
    time: datetime
    traceparent: str | None
    form: Form
    again: Attempts | None = None
    """What a person has done again (binary mode only); None for an event as its sender sent it."""


@dataclass(frozen=True, slots=True)
class Received:
    """A record that was understood."""

    envelope: Envelope
    event: Event


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to publish."""

    topic: str
    key: bytes
    headers: list[tuple[str, bytes]]
    value: bytes


def read(record: Incoming, topics: Topics, max_bytes: int) -> Received:
    """Understand a record. `max_bytes` bounds its value. Raises Malformed."""
    value = record.value
    if value is None or not value:
        raise Malformed(MalformedReason.EMPTY, "the record has no value: send the event as JSON")
    if len(value) > max_bytes:
        raise Malformed(
            MalformedReason.TOO_LARGE,
            f"the value has {len(value)} bytes, at most {max_bytes} are read",
        )
    headers = _headers(record)
    content_type = headers.get(CONTENT_TYPE, "").lower()
    if content_type.startswith("application/cloudevents"):
        envelope, data = _structured(record, topics, headers, content_type)
    elif any(name.startswith(HEADER_PREFIX) for name in headers):
        envelope, data = _binary(record, topics, headers, content_type)
    else:
        envelope, data = _plain(record, topics, headers, content_type)
    event = parse(envelope.type, data)
    if record.key is not None and record.key != event.kafka_key.encode():
        raise Malformed(
            MalformedReason.KEY_MISMATCH,
            "the Kafka key differs from the reference in the data: events of one order must "
            "have its order_reference as key (consignment.requested: "
            "consignment_reference_provided_by_customer, manifest.requested: "
            "shipping_location_reference)",
        )
    return Received(envelope, event)


def parse(event_type: EventType, data: object) -> Event:
    """Validate data (as `exact_json.loads` reads it) as an event. Raises Malformed."""
    if not isinstance(data, dict):
        raise Malformed(MalformedReason.SCHEMA, "the data must be a JSON object")
    try:
        return MODELS[event_type].model_validate(data)
    except ValidationError as error:
        if error.error_count() > MAX_FAULTS_SORTED:
            count = f"{error.error_count()} places of it do not fit"
            raise Malformed(
                MalformedReason.SCHEMA, f"{count} (schema {schema_id(event_type)})"
            ) from None
        found = error.errors(include_url=False, include_context=False, include_input=False)
    faults = tuple(Fault(_path(fault["loc"]), fault["msg"]) for fault in found)
    shown = faults[:MAX_FAULTS_NAMED]
    text = "; ".join(f"{fault.path}: {fault.message}" for fault in shown)
    rest = f"; and {len(faults) - len(shown)} more" if len(faults) > len(shown) else ""
    raise Malformed(MalformedReason.SCHEMA, f"{text}{rest} (schema {schema_id(event_type)})", shown)


def _path(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "event"


def _headers(record: Incoming) -> dict[str, str]:
    """The headers that concern us, by lower-case name."""
    found: dict[str, str] = {}
    for name, raw in record.headers:
        lower = name.lower()
        if lower not in (CONTENT_TYPE, TRACEPARENT) and not lower.startswith(HEADER_PREFIX):
            continue
        if lower in found:
            raise _bad_envelope(f"the header {lower[:40]!r} is there twice")
        try:
            found[lower] = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise _bad_envelope(f"the header {lower[:40]!r} is not UTF-8") from None
    return found


def _bad_envelope(detail: str) -> Malformed:
    return Malformed(MalformedReason.BAD_ENVELOPE, detail)


def _json(value: bytes | None, content_type: str) -> object:
    media_type, _, parameters = content_type.partition(";")
    media_type = media_type.strip()
    is_json = media_type in ("", "application/json") or media_type.endswith("+json")
    charset = parameters.replace(" ", "").replace('"', "")
    if not is_json or (charset.startswith("charset=") and charset != "charset=utf-8"):
        raise Malformed(
            MalformedReason.WRONG_ENCODING,
            "the content type is not UTF-8 JSON: send application/json",
        )
    try:
        return exact_json.loads(value or b"")
    except exact_json.BadJson as error:
        raise Malformed(MalformedReason(error.fault), error.detail) from None


def _structured(
    record: Incoming, topics: Topics, headers: Mapping[str, str], content_type: str
) -> tuple[Envelope, object]:
    if content_type.partition(";")[0].strip() != STRUCTURED:
        raise _bad_envelope(f"of the structured forms only {STRUCTURED} is read, no batches")
    whole = _json(record.value, content_type)
    if not isinstance(whole, dict):
        raise _bad_envelope("a structured CloudEvent is a JSON object")
    if "data_base64" in whole:
        raise _bad_envelope("data_base64 is not read: put the JSON into data")
    data_type = whole.get("datacontenttype", "application/json")
    if data_type != "application/json":
        raise _bad_envelope("datacontenttype must be application/json")
    if "data" not in whole:
        raise _bad_envelope("the attribute data is missing")
    attributes = {
        name: text
        for name, text in whole.items()
        if name in ("specversion", "id", "source", "type", "time", TRACEPARENT) and text is not None
    }
    if not all(isinstance(text, str) for text in attributes.values()):
        raise _bad_envelope("CloudEvents attributes must be texts")
    named = cast("dict[str, str]", attributes)
    return _envelope(record, topics, named, headers, "structured"), whole["data"]


def _binary(
    record: Incoming, topics: Topics, headers: Mapping[str, str], content_type: str
) -> tuple[Envelope, object]:
    attributes = {
        name.removeprefix(HEADER_PREFIX): text
        for name, text in headers.items()
        if name.startswith(HEADER_PREFIX)
    }
    envelope = _envelope(record, topics, attributes, headers, "binary")
    return envelope, _json(record.value, content_type)


def _plain(
    record: Incoming, topics: Topics, headers: Mapping[str, str], content_type: str
) -> tuple[Envelope, object]:
    event_type = topics.type_of(record.topic)
    if event_type is None:
        raise Malformed(
            MalformedReason.UNKNOWN_TYPE,
            "a plain JSON body gets its type from its topic, and this topic has none: "
            "send ce_* headers, or use the type's own topic",
        )
    place = f"{record.topic}/{record.partition}/{record.offset}"
    envelope = Envelope(
        id=hashlib.sha256(place.encode()).hexdigest()[:32],
        source=f"urn:kafka:{record.topic}",
        type=event_type,
        time=record.timestamp,
        traceparent=_valid_traceparent(headers.get(TRACEPARENT)),
        form="plain",
    )
    return envelope, _json(record.value, content_type)


def _envelope(
    record: Incoming,
    topics: Topics,
    attributes: Mapping[str, str],
    headers: Mapping[str, str],
    form: Form,
) -> Envelope:
    for name in ("specversion", "id", "source", "type"):
        text = attributes.get(name, "")
        if not text.strip() or len(text) > MAX_ATTRIBUTE or not text.isprintable():
            raise _bad_envelope(
                f"the attribute {name} must be there, printable and at most {MAX_ATTRIBUTE} long"
            )
    if attributes["specversion"] != SPEC_VERSION:
        raise _bad_envelope(f"specversion must be {SPEC_VERSION}")
    traceparent = headers.get(TRACEPARENT) or attributes.get(TRACEPARENT)
    return Envelope(
        id=attributes["id"],
        source=attributes["source"],
        type=_known_type(attributes["type"], record.topic, topics),
        time=_event_time(attributes.get("time"), record.timestamp),
        traceparent=_valid_traceparent(traceparent),
        form=form,
        again=_attempts(attributes.get(AGAIN)),
    )


def _attempts(text: str | None) -> Attempts | None:
    if text is None:
        return None
    found = [_ATTEMPT.fullmatch(part) for part in text.split(",", MAX_AGAIN)]
    attempts = tuple((match["operation"], int(match["attempt"])) for match in found if match)
    if len(attempts) < len(found):
        raise _bad_envelope(f"the attribute {AGAIN} must name operations, each with its attempt")
    return attempts


def _known_type(text: str, topic: str, topics: Topics) -> EventType:
    try:
        event_type = EventType(text)
    except ValueError:
        raise Malformed(
            MalformedReason.UNKNOWN_TYPE, "its type is none of the types in the event contract"
        ) from None
    expected = topics.type_of(topic)
    if expected is not None and expected is not event_type:
        raise Malformed(
            MalformedReason.WRONG_TYPE_FOR_TOPIC,
            f"{event_type.value} was sent to the topic of {expected.value}; "
            f"its own is {topics.topic_of(event_type)}",
        )
    return event_type


def _event_time(text: str | None, otherwise: datetime) -> datetime:
    if text is None:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _bad_envelope("the attribute time must be an RFC 3339 time") from None
    if moment.tzinfo is None:
        raise _bad_envelope("the attribute time needs an offset from UTC")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _bad_envelope(
            f"the attribute time must lie between the years {FIRST_YEAR} and {LAST_YEAR}"
        )
    return moment


def _valid_traceparent(text: str | None) -> str | None:
    """A broken trace context is dropped, never a reason to refuse an order (W3C says so too)."""
    return text if place_in(text) else None


def outcome_id(event_type: EventType, operation_key: str, attempt: int | None) -> str:
    """The id (32 hex digits) of an outcome: the same outcome published again has the same id."""
    named = f"{event_type.value}\n{operation_key}\n{'' if attempt is None else attempt}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def write(
    event: Event,
    *,
    event_id: str,
    source: str,
    time: datetime,
    traceparent: str | None,
    topics: Topics,
    again: Attempts | None = None,
) -> Outgoing:
    """The record of an event in binary mode. `time` is aware; the key is `event.kafka_key`.

    `again` names what of it is to be done again.
    """
    headers = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": event_id,
        "ce_source": source,
        "ce_type": event.event_type.value,
        "ce_time": time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_subject": event.subject if isinstance(event, Outcome) else event.kafka_key,
        "ce_dataschema": schema_id(event.event_type),
        CONTENT_TYPE: "application/json",
    }
    if again is not None:
        headers[HEADER_PREFIX + AGAIN] = ",".join(f"{key}@{attempt}" for key, attempt in again)
    if traceparent is not None:
        headers[TRACEPARENT] = traceparent
    return Outgoing(
        topic=topics.topic_of(event.event_type),
        key=event.kafka_key.encode(),
        headers=[(name, text.encode()) for name, text in headers.items()],
        value=data_of(event),
    )


def data_of(event: Event) -> bytes:
    """The event's data as exact JSON; reading it gives an equal event."""
    said = event.model_dump(mode="python", exclude_none=True, exclude_defaults=True)
    if isinstance(event, Outcome):
        said = event.model_dump(mode="python", exclude_none=True)
    return exact_json.dumps(said).encode("ascii")
