"""Parking and giving up: the row first, then the message, then the offset (by the engine)."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from service.clock import utc_now
from service.events.envelope import Incoming, Outgoing, Received
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
from service.intake.ladder import Park, Why
from service.ledger.parked import ParkedEvent, ParkedEvents, Reason
from service.metrics import Metrics, Name

MAX_DETAIL = 500


@dataclass(frozen=True)
class Trouble:
    """Why an event can't be settled now; the text names no person."""

    why: Why
    detail: str
    wait: float | None = None
    """Seconds that whoever refused us asked for."""

    @property
    def reason(self) -> Reason:
        """As the ledger keeps it."""
        return Reason(self.why.value, self.detail[:MAX_DETAIL])


class Parking:
    """Puts events aside so that nothing is lost and nothing waits for them."""

    def __init__(
        self, parked: ParkedEvents, publish: Publish, topics: Topics, metrics: Metrics
    ) -> None:
        self._parked = parked
        self._publish = publish
        self._topics = topics
        self._metrics = metrics
        self._log = structlog.get_logger("intake")

    async def find(self, arrived: Arrival) -> ParkedEvent | None:
        """Read the event's row."""
        return await self._parked.find(arrived.origin)

    async def start(self, arrived: Arrival, seconds: float) -> ParkedEvent | None:
        """Start a parked event that is due, see `ParkedEvents.start`."""
        return await self._parked.start(arrived.origin, seconds)

    async def let_go(self, arrived: Arrival) -> None:
        """Remove the row of an event that is settled."""
        await self._parked.let_go(arrived.origin)

    async def park(self, arrived: Arrival, received: Received, park: Park, why: Trouble) -> None:
        """Park an event: its row is stored, then its retry message acknowledged."""
        row = await self._parked.park(
            arrived.record,
            order_reference=_order(received),
            event_type=arrived.type,
            event_id=arrived.event_id,
            attempt=park.attempt,
            reason=why.reason,
            due_in_seconds=park.seconds,
        )
        await self.wake_later(arrived.record, row, park)
        self._metrics.count(
            Name.EVENTS_PARKED, type=arrived.type, tier=park.tier.topic, reason=why.why.value
        )
        self._log.info(
            "parked",
            type=arrived.type,
            key=arrived.lane,
            event_id=arrived.event_id,
            reason=why.why.value,
            detail=why.detail,
            attempt=park.attempt,
            seconds=round(park.seconds, 1),
        )

    async def wake_later(self, record: Incoming, row: ParkedEvent, park: Park) -> None:
        """Send the retry message of a parked row (again); without one, the sweeper wakes it."""
        due_at = utc_now() + timedelta(seconds=max(0.0, row.seconds_until_due))
        headers = {
            **_row_headers(row),
            ORIGINAL_TIMESTAMP: record.timestamp.isoformat(),
            DUE_AT: due_at.isoformat(),
        }
        await until_acknowledged(
            self._publish,
            Outgoing(
                park.tier.topic, record.key or b"", _with(record, headers), record.value or b""
            ),
        )

    async def give_up(
        self, arrived: Arrival, received: Received, attempt: int, why: Trouble, *, holds: bool
    ) -> None:
        """Write a well-formed event to the dead letters; with `holds` its row stays."""
        headers = _plain_headers(arrived, attempt, why.why.value, why.detail)
        if holds:
            row = await self._parked.park(
                arrived.record,
                order_reference=_order(received),
                event_type=arrived.type,
                event_id=arrived.event_id,
                attempt=attempt,
                reason=why.reason,
                due_in_seconds=0.0,
                dead=True,
            )
            headers = _row_headers(row)
        await self._bury(arrived, headers, arrived.record.value, why.why.value, why.detail)
        if not holds:
            # After its letter: until then its row alone tells a redelivery that it is not settled.
            await self._parked.let_go(arrived.origin)

    async def give_up_unreadable(self, arrived: Arrival, malformed: Malformed) -> None:
        """Write an event that can't be read (any more) to the dead letters; it holds nobody."""
        headers = _plain_headers(arrived, 1, malformed.reason.value, malformed.detail)
        too_large = malformed.reason is MalformedReason.TOO_LARGE
        value = b"" if too_large else arrived.record.value
        await self._bury(arrived, headers, value, malformed.reason.value, malformed.detail)
        if arrived.is_back:
            await self._parked.let_go(arrived.origin)

    async def bury_again(self, arrived: Arrival, row: ParkedEvent) -> None:
        """Write the dead letter of a row again, whose first letter may not have left."""
        reason = row.reason
        await self._bury(
            arrived, _row_headers(row), arrived.record.value, reason.error_class, reason.detail
        )

    async def _bury(
        self,
        arrived: Arrival,
        headers: dict[str, str],
        value: bytes | None,
        reason: str,
        detail: str,
    ) -> None:
        record, topic = arrived.record, self._topics.dead_letters
        said = _with(record, headers)
        letter = Outgoing(topic, record.key or b"", said, value or b"")
        if not await until_acknowledged(self._publish, letter):
            await until_acknowledged(self._publish, Outgoing(topic, record.key or b"", said, b""))
        self._metrics.count(Name.DEAD_LETTERS, type=arrived.type, reason=reason)
        self._log.error(
            "dead letter",
            type=arrived.type,
            topic=arrived.origin.topic,
            partition=arrived.origin.partition,
            offset=arrived.origin.offset,
            event_id=arrived.event_id,
            reason=reason,
            detail=detail,
        )


def _order(received: Received) -> str | None:
    if received.envelope.type is EventType.MANIFEST_REQUESTED:
        return None
    return received.event.kafka_key


def _row_headers(row: ParkedEvent) -> dict[str, str]:
    return {
        ORIGINAL_TOPIC: row.origin.topic,
        ORIGINAL_PARTITION: str(row.origin.partition),
        ORIGINAL_OFFSET: str(row.origin.offset),
        ATTEMPT: str(row.attempt),
        FIRST_FAILED_AT: row.first_failed_at.isoformat(),
        ERROR_CLASS: row.reason.error_class,
        ERROR_DETAIL: row.reason.detail,
    }


def _plain_headers(arrived: Arrival, attempt: int, reason: str, detail: str) -> dict[str, str]:
    return {
        ORIGINAL_TOPIC: arrived.origin.topic,
        ORIGINAL_PARTITION: str(arrived.origin.partition),
        ORIGINAL_OFFSET: str(arrived.origin.offset),
        ATTEMPT: str(attempt),
        FIRST_FAILED_AT: utc_now().isoformat(),
        ERROR_CLASS: reason,
        ERROR_DETAIL: detail[:MAX_DETAIL],
    }


def _with(record: Incoming, headers: dict[str, str]) -> list[tuple[str, bytes]]:
    return [*record.headers, *((name, text.encode()) for name, text in headers.items())]
