"""What arrives: a record of a topic or of a retry tier, read once, with where it first lay."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.events.envelope import Incoming, Received, read
from service.events.malformed import Malformed, MalformedReason
from service.events.topics import RetryTier, Topics
from service.ledger.parked_rows import Origin, origin_of

# Headers that a parked event carries on its way through the retry topics and dead letters.
ORIGINAL_TOPIC = "orderflex_original_topic"
ORIGINAL_PARTITION = "orderflex_original_partition"
ORIGINAL_OFFSET = "orderflex_original_offset"
ORIGINAL_TIMESTAMP = "orderflex_original_timestamp"
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
        ORIGINAL_TIMESTAMP,
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
    parked_since: datetime | None = None
    """When it first failed, if it comes back from parking; None when it comes from its topic."""

    @property
    def is_back(self) -> bool:
        """Whether it comes back from parking."""
        return self.parked_since is not None

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
    """Read a record of an event topic or of a retry tier; never raises.

    On an event topic our headers mean nothing: a dead letter that was copied back is a new event.
    """
    if tier_of(record, topics) is None:
        return first_arrival(record, topics, max_bytes)
    try:
        original, parked_since = _parked_as(record, topics)
    except (KeyError, ValueError):
        detail = "a message on a retry topic that does not say where its event first lay"
        broken = Malformed(MalformedReason.BAD_ENVELOPE, detail)
        return Arrival(record, broken, origin_of(record))
    return resumed(original, parked_since, topics, max_bytes)


def first_arrival(record: Incoming, topics: Topics, max_bytes: int) -> Arrival:
    """Read a record of an event topic."""
    return Arrival(record, _read(record, topics, max_bytes), origin_of(record))


def resumed(original: Incoming, parked_since: datetime, topics: Topics, max_bytes: int) -> Arrival:
    """Read an event that comes back from parking; `original` is as it first lay."""
    content = _read(original, topics, max_bytes)
    return Arrival(original, content, origin_of(original), parked_since)


def tier_of(record: Incoming, topics: Topics) -> RetryTier | None:
    """Give the retry tier that a record lies on; None on an event topic."""
    return next((tier for tier in topics.retry_tiers if tier.topic == record.topic), None)


def seconds_until_due(record: Incoming, topics: Topics, now: datetime) -> float:
    """Seconds until a retry message is due; 0 or less when it is, or is none.

    At most the tier's delay: what is due later is woken by its row.
    """
    tier = tier_of(record, topics)
    if tier is None:
        return 0.0
    try:
        due = datetime.fromisoformat(_headers(record)[DUE_AT])
        latest = record.timestamp + timedelta(seconds=tier.delay_seconds)
        return (min(due, latest) - now).total_seconds()
    except (KeyError, ValueError, TypeError, OverflowError):
        return 0.0


def _parked_as(record: Incoming, topics: Topics) -> tuple[Incoming, datetime]:
    """Read a retry message: its event as it first lay, and since when it is parked."""
    headers = _headers(record)
    parked_since = datetime.fromisoformat(headers[FIRST_FAILED_AT])
    timestamp = datetime.fromisoformat(headers[ORIGINAL_TIMESTAMP])
    if parked_since.tzinfo is None or timestamp.tzinfo is None:
        raise ValueError("a time without an offset")
    partition, offset = int(headers[ORIGINAL_PARTITION]), int(headers[ORIGINAL_OFFSET])
    known = topics.type_of(headers[ORIGINAL_TOPIC]) is not None
    if not (known and 0 <= partition < 2**31 and 0 <= offset < 2**63):
        raise ValueError("not a place on one of our topics")
    original = Incoming(
        topic=headers[ORIGINAL_TOPIC],
        partition=partition,
        offset=offset,
        key=record.key,
        value=record.value,
        headers=tuple((name, value) for name, value in record.headers if name not in OUR_HEADERS),
        timestamp=timestamp,
    )
    return original, parked_since


def _read(record: Incoming, topics: Topics, max_bytes: int) -> Received | Malformed:
    try:
        return read(record, topics, max_bytes)
    except Malformed as malformed:
        return malformed


def _headers(record: Incoming) -> dict[str, str]:
    return {
        name: value.decode("utf-8", "replace")
        for name, value in record.headers
        if name in OUR_HEADERS
    }
