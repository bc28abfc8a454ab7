"""Parking and giving up: the row first, then the message, then the offset (by the engine)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from service.clock import utc_now
from service.events.envelope import Incoming, Outgoing
from service.events.malformed import Malformed, MalformedReason
from service.events.topics import EventType, Topics
from service.intake.announcing import Publish, until_acknowledged
from service.intake.arrivals import (
    ATTEMPT,
    DUE_AT,
    ERROR_CLASS,
    ERROR_DETAIL,
    FIRST_FAILED_AT,
    ORIGINAL_OFFSET,
    ORIGINAL_PARTITION,
    ORIGINAL_TIMESTAMP,
    ORIGINAL_TOPIC,
    Arrival,
)
from service.intake.ladder import Park
from service.intake.troubles import MAX_DETAIL, Trouble
from service.ledger.parked import TURN_SECONDS, ParkedEvents
from service.ledger.parked_rows import ParkedEvent, Reason, Subject, Woken
from service.metrics import Metrics, Name
from service.tracing.traced import current
from service.tracing.words import Attribute, Moment

Wake = Callable[[Woken], None]
"""Takes up an event whose turn has come."""


class Parking:
    """Puts events aside so that nothing is lost and nothing else waits for them."""

    def __init__(
        self, parked: ParkedEvents, publish: Publish, wake: Wake, topics: Topics, metrics: Metrics
    ) -> None:
        self._parked = parked
        self._publish = publish
        self._wake = wake
        self._topics = topics
        self._metrics = metrics
        self._log = structlog.get_logger("intake")

    async def look(self, arrived: Arrival) -> tuple[ParkedEvent | None, ParkedEvent | None]:
        """Read the event's own row, and the row that it has to wait behind."""
        return await self._parked.look(arrived.origin, subject_of(arrived))

    async def start(self, arrived: Arrival, seconds: float) -> ParkedEvent | None:
        """Start a parked event that is due, see `ParkedEvents.start`."""
        return await self._parked.start(arrived.origin, seconds)

    async def let_go(self, row: ParkedEvent) -> None:
        """Remove the row of an event that is settled; whose turn has come is taken up at once."""
        for woken in await self._parked.let_go(row):
            self._wake(woken)

    async def park(self, arrived: Arrival, park: Park, why: Trouble) -> None:
        """Park an event: its row is stored, then its retry message acknowledged."""
        row = await self._parked.park(
            arrived.record,
            subject_of(arrived),
            attempt=park.attempt,
            reason=why.reason,
            due_in_seconds=park.seconds,
        )
        await self.wake_later(arrived.record, row, park)
        self._parked_for(arrived, row, park.tier.topic, park.seconds)

    async def park_behind(self, arrived: Arrival) -> ParkedEvent | None:
        """Put an event in the line of its order; None when nobody is ahead of it any more."""
        row = await self._parked.park_behind(arrived.record, subject_of(arrived), TURN_SECONDS)
        if row is not None and row.place.is_behind:
            self._parked_for(arrived, row, "line", TURN_SECONDS)
        return row

    def _parked_for(self, arrived: Arrival, row: ParkedEvent, tier: str, seconds: float) -> None:
        reason = row.reason.error_class
        self._metrics.count(Name.EVENTS_PARKED, type=arrived.type, tier=tier, reason=reason)
        current().note(
            Moment.PARKED,
            {
                Attribute.REASON: reason,
                Attribute.ATTEMPT: row.attempt,
                Attribute.TIER: tier,
                Attribute.DUE_AT: row.due_at.isoformat(),
            },
        )
        self._log.info(
            "parked",
            type=arrived.type,
            key=arrived.lane,
            event_id=arrived.event_id,
            reason=reason,
            detail=row.reason.detail,
            attempt=row.attempt,
            seconds=round(seconds, 1),
        )

    async def wake_later(self, record: Incoming, row: ParkedEvent, park: Park) -> None:
        """Send the retry message of a parked row (again); without one, the sweeper wakes it."""
        due_at = utc_now() + timedelta(seconds=max(0.0, row.seconds_until_due))
        headers = {
            **_headers(row),
            ORIGINAL_TIMESTAMP: record.timestamp.isoformat(),
            DUE_AT: due_at.isoformat(),
        }
        await until_acknowledged(
            self._publish,
            Outgoing(
                park.tier.topic, record.key or b"", _with(record, headers), record.value or b""
            ),
        )

    async def give_up(self, arrived: Arrival, attempt: int, why: Trouble, *, holds: bool) -> None:
        """Make a well-formed event a dead letter; with `holds`, its order waits for a person."""
        row = await self._parked.bury(
            arrived.record, subject_of(arrived), attempt=attempt, reason=why.reason, holds=holds
        )
        await self.send_letter(arrived.record, row)

    async def give_up_unreadable(self, arrived: Arrival, malformed: Malformed) -> None:
        """Make an event that can't be read (any more) a dead letter; it holds nobody."""
        record = kept(arrived)
        reason = Reason(malformed.reason.value, malformed.detail[:MAX_DETAIL])
        row = await self._parked.bury(
            record, subject_of(arrived), attempt=1, reason=reason, holds=False
        )
        await self.send_letter(record, row)

    async def send_letter(self, record: Incoming, row: ParkedEvent) -> None:
        """Write the dead letter of a row to its topic, and remember that it is there."""
        key, said = record.key or b"", _with(record, _headers(row))
        letter = Outgoing(self._topics.dead_letters, key, said, record.value or b"")
        if not await until_acknowledged(self._publish, letter):
            await until_acknowledged(self._publish, replace(letter, value=b""))
        await self._parked.letter_sent(row.origin)
        self._metrics.count(Name.DEAD_LETTERS, type=row.event_type, reason=row.reason.error_class)
        reason = row.reason.error_class
        current().note(
            Moment.DEAD_LETTER, {Attribute.REASON: reason, Attribute.ATTEMPT: row.attempt}
        )
        current().failed(reason)
        self._log.error(
            "dead letter",
            type=row.event_type,
            topic=row.origin.topic,
            partition=row.origin.partition,
            offset=row.origin.offset,
            event_id=row.event_id,
            reason=row.reason.error_class,
            detail=row.reason.detail,
        )


def kept(arrived: Arrival) -> Incoming:
    """Give an event as its row and its letter keep it: one that is too large without its body."""
    content = arrived.content
    if isinstance(content, Malformed) and content.reason is MalformedReason.TOO_LARGE:
        return replace(arrived.record, value=b"")
    return arrived.record


def subject_of(arrived: Arrival) -> Subject:
    """Say what an event is about, as far as its row has to know."""
    content = arrived.content
    if isinstance(content, Malformed):
        return Subject(arrived.type, arrived.event_id)
    event, kind = content.event, content.envelope.type
    return Subject(
        arrived.type,
        arrived.event_id,
        None if kind is EventType.MANIFEST_REQUESTED else event.kafka_key,
        getattr(event, "consignment_reference", None),
    )


def _headers(row: ParkedEvent) -> dict[str, str]:
    return {
        ORIGINAL_TOPIC: row.origin.topic,
        ORIGINAL_PARTITION: str(row.origin.partition),
        ORIGINAL_OFFSET: str(row.origin.offset),
        ATTEMPT: str(row.attempt),
        FIRST_FAILED_AT: row.first_failed_at.isoformat(),
        ERROR_CLASS: row.reason.error_class,
        ERROR_DETAIL: row.reason.detail,
    }


def _with(record: Incoming, headers: dict[str, str]) -> list[tuple[str, bytes]]:
    return [*record.headers, *((name, text.encode()) for name, text in headers.items())]
