"""What arrives: a record of a topic or of a retry tier, read once, with where it first lay."""

from dataclasses import dataclass
from datetime import UTC, datetime

from service.events.envelope import Incoming, Received, read
from service.events.malformed import Malformed
from service.events.topics import Topics
from service.ledger.parked import Origin

# Headers that a parked event carries on its way through the retry topics and dead letters.
ORIGINAL_TOPIC = "orderflex_original_topic"
ORIGINAL_PARTITION = "orderflex_original_partition"
ORIGINAL_OFFSET = "orderflex_original_offset"
ATTEMPT = "orderflex_attempt"
FIRST_FAILED_AT = "orderflex_first_failed_at"
DUE_AT = "orderflex_due_at"
ERROR_CLASS = "orderflex_error_class"
ERROR_DETAIL = "orderflex_error_detail"
OUR_HEADERS = frozenset(
    {
        ORIGINAL_TOPIC,
        ORIGINAL_PARTITION,
        ORIGINAL_OFFSET,
        ATTEMPT,
        FIRST_FAILED_AT,
        DUE_AT,
        ERROR_CLASS,
        ERROR_DETAIL,
    }
)


@dataclass(frozen=True)
class Arrival:
    """One event that asks to be settled."""

    record: Incoming
    """As it first lay on its topic."""
    content: Received | Malformed
    origin: Origin
    retry_attempt: int | None
    """The attempt its retry message stands for; None when it comes from its own topic."""

    @property
    def lane(self) -> str:
        """The key whose events run one after the other."""
        if isinstance(self.content, Malformed):
            return f"{self.origin.topic}/{self.origin.partition}/{self.origin.offset}"
        return self.content.event.kafka_key

    @property
    def type(self) -> str:
        """The event's type, for metrics: a closed set of words."""
        if isinstance(self.content, Malformed):
            return "unreadable"
        return self.content.envelope.type.value

    @property
    def event_id(self) -> str:
        """The event's id, or where it lay."""
        if isinstance(self.content, Malformed):
            return self.lane
        return self.content.envelope.id


def arrival(record: Incoming, topics: Topics, max_bytes: int) -> Arrival:
    """Read a record of an event topic or of a retry tier.

    On an event topic our headers mean nothing: a dead letter that was copied back is a new event.
    """
    parked = None if topics.type_of(record.topic) else _parked_as(_headers(record))
    if parked is None:
        return first_arrival(record, topics, max_bytes)
    origin, attempt = parked
    original = Incoming(
        topic=origin.topic,
        partition=origin.partition,
        offset=origin.offset,
        key=record.key,
        value=record.value,
        headers=tuple((name, value) for name, value in record.headers if name not in OUR_HEADERS),
        timestamp=record.timestamp,
    )
    return resumed(original, attempt, topics, max_bytes)


def first_arrival(record: Incoming, topics: Topics, max_bytes: int) -> Arrival:
    """Read a record of an event topic."""
    return Arrival(record, _read(record, topics, max_bytes), _origin(record), None)


def resumed(original: Incoming, attempt: int, topics: Topics, max_bytes: int) -> Arrival:
    """Read an event that comes back from parking; `original` is as it first lay."""
    content = _read(original, topics, max_bytes)
    return Arrival(original, content, _origin(original), attempt)


def seconds_until_due(record: Incoming, now: datetime) -> float:
    """Seconds until a retry message is due; 0 or less when it is, or has no due time."""
    headers = _headers(record)
    if headers.get(ORIGINAL_TOPIC, record.topic) == record.topic:
        return 0.0  # no retry message, whatever else it says
    try:
        return (datetime.fromisoformat(headers[DUE_AT]) - now).total_seconds()
    except (KeyError, ValueError, TypeError):
        return 0.0


def utc_now() -> datetime:
    """This machine's clock, for due times on retry topics."""
    return datetime.now(UTC)


def _read(record: Incoming, topics: Topics, max_bytes: int) -> Received | Malformed:
    try:
        return read(record, topics, max_bytes)
    except Malformed as malformed:
        return malformed


def _origin(record: Incoming) -> Origin:
    return Origin(record.topic, record.partition, record.offset)


def _parked_as(headers: dict[str, str]) -> tuple[Origin, int] | None:
    """Where a retry message's event first lay, and its attempt; None when it does not say."""
    try:
        origin = Origin(
            headers[ORIGINAL_TOPIC], int(headers[ORIGINAL_PARTITION]), int(headers[ORIGINAL_OFFSET])
        )
        return origin, int(headers[ATTEMPT])
    except (KeyError, ValueError):
        return None


def _headers(record: Incoming) -> dict[str, str]:
    return {
        name: value.decode("utf-8", "replace")
        for name, value in record.headers
        if name in OUR_HEADERS
    }
