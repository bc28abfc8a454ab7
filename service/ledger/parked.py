"""Parked events: the rows are the truth, the retry topics only wake them.

A row is keyed by where its event first lay (topic, partition, offset), so a redelivery resumes its
row and never queues behind itself. A settled event has no row: a retry message that finds none is
skipped.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, delete, func, select, update

from service.events.envelope import Incoming
from service.ledger import history
from service.ledger.clock import now_plus
from service.ledger.database import Database, Tx, upsert
from service.ledger.history import What
from service.ledger.sealing import Seal, SealBroken
from service.ledger.tables import ParkedState, parked_events

EARLY_SECONDS = 2.0
"""A retry message may come so much before its row is due: clocks differ."""

HASTENED_SECONDS = 60.0
"""How overdue a hastened event is: the next sweep wakes it."""


@dataclass(frozen=True)
class Origin:
    """Where an event first lay."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class Reason:
    """Why an event waits or was given up: a closed word, and a text without personal data."""

    error_class: str
    detail: str


@dataclass(frozen=True)
class ParkedEvent:
    """One row. `attempt` counts failed attempts; waiting for a look-up or a lease is none."""

    origin: Origin
    sequence: int
    order_reference: str | None
    event_type: str
    event_id: str
    state: ParkedState
    attempt: int
    reason: Reason
    first_failed_at: datetime
    due_at: datetime
    seconds_until_due: float
    """By the database's clock, when the row was read; negative when overdue."""


class ParkedEvents:
    """Parks events, wakes them, and lets them go."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def find(self, origin: Origin) -> ParkedEvent | None:
        """Read an event's row."""
        async with self._database.begin() as tx:
            row = (await tx.execute(_rows().where(_at(origin)))).one_or_none()
            return _parked(row) if row else None

    async def park(
        self,
        record: Incoming,
        *,
        order_reference: str | None,
        event_type: str,
        event_id: str,
        attempt: int,
        reason: Reason,
        due_in_seconds: float,
        dead: bool = False,
    ) -> ParkedEvent:
        """Store an event with its payload, or its next due time if it is there already.

        With `dead`, it waits for a person. The history tells only of a new reason.
        """
        origin = Origin(record.topic, record.partition, record.offset)
        state = ParkedState.DEAD if dead else ParkedState.PARKED
        changing = {
            "state": state.value,
            "attempt": attempt,
            "error_class": reason.error_class,
            "error_detail": reason.detail,
            "due_at": now_plus(due_in_seconds),
        }
        async with self._database.begin() as tx:
            known = await tx.execute(
                select(parked_events.c.state, parked_events.c.error_class).where(_at(origin))
            )
            news = known.one_or_none() != (state.value, reason.error_class)
            await tx.execute(
                upsert(tx, parked_events)
                .values(
                    topic=origin.topic,
                    partition=origin.partition,
                    offset=origin.offset,
                    order_reference=order_reference,
                    event_type=event_type,
                    event_id=event_id,
                    first_failed_at=now_plus(),
                    payload=self._seal.close(_packed(record)),
                    **changing,
                )
                .on_conflict_do_update(
                    index_elements=[
                        parked_events.c.topic,
                        parked_events.c.partition,
                        parked_events.c.offset,
                    ],
                    set_=changing,
                )
            )
            await history.note(
                tx,
                order_reference if news else None,
                What.DEAD_LETTER if dead else What.PARKED,
                event_id,
                event=event_type,
                reason=reason.error_class,
                detail=reason.detail,
                attempt=attempt,
                due_in_seconds=None if dead else round(due_in_seconds, 1),
            )
            return _parked((await tx.execute(_rows().where(_at(origin)))).one())

    async def start(self, origin: Origin, seconds: float) -> ParkedEvent | None:
        """Start a parked event that is due, so that nobody else does for so many seconds.

        None when it has no row, is not due (within two seconds), or waits for a person.
        """
        async with self._database.begin() as tx:
            started = await tx.execute(
                update(parked_events)
                .where(
                    _at(origin),
                    parked_events.c.state == ParkedState.PARKED.value,
                    parked_events.c.due_at <= now_plus(EARLY_SECONDS),
                )
                .values(due_at=now_plus(seconds))
                .returning(parked_events.c.sequence)
            )
            if started.scalar_one_or_none() is None:
                return None
            return _parked((await tx.execute(_rows().where(_at(origin)))).one())

    async def let_go(self, origin: Origin) -> None:
        """Remove the row of an event that is settled, its payload with it."""
        async with self._database.begin() as tx:
            await tx.execute(delete(parked_events).where(_at(origin)))

    async def overdue(self, by_seconds: float, limit: int) -> list[tuple[ParkedEvent, Incoming]]:
        """Wake events whose retry message seems lost: due that long ago and still parked.

        Each is given out once in `by_seconds`. One whose payload can't be opened is left out.
        """
        async with self._database.begin() as tx:
            due = (
                select(parked_events.c.sequence)
                .where(
                    parked_events.c.state == ParkedState.PARKED.value,
                    parked_events.c.due_at <= now_plus(-by_seconds),
                )
                .order_by(parked_events.c.due_at)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            woken = (await tx.execute(due)).scalars().all()
            if not woken:
                return []
            await tx.execute(
                update(parked_events)
                .where(parked_events.c.sequence.in_(woken))
                .values(due_at=now_plus())
            )
            rows = (
                await tx.execute(
                    _rows()
                    .where(parked_events.c.sequence.in_(woken))
                    .order_by(parked_events.c.sequence)
                )
            ).all()
        found = []
        for row in rows:
            try:
                found.append((_parked(row), self._unpacked(row)))
            except SealBroken as broken:
                structlog.get_logger("ledger").error(
                    "parked event left out", sequence=row.sequence, error=str(broken)
                )
        return found

    async def of_order(self, order_reference: str) -> list[ParkedEvent]:
        """Read the events of an order that wait, in order."""
        async with self._database.begin() as tx:
            rows = await tx.execute(
                _rows()
                .where(parked_events.c.order_reference == order_reference)
                .order_by(parked_events.c.sequence)
            )
            return [_parked(row) for row in rows]

    async def counts(self) -> dict[ParkedState, int]:
        """Count the rows by state."""
        async with self._database.begin() as tx:
            rows = await tx.execute(
                select(parked_events.c.state, func.count()).group_by(parked_events.c.state)
            )
            found = {ParkedState(state): count for state, count in rows}
        return {state: found.get(state, 0) for state in ParkedState}

    def _unpacked(self, row: Row[Any]) -> Incoming:
        packed = self._seal.open(row.payload)
        return Incoming(
            topic=row.topic,
            partition=row.partition,
            offset=row.offset,
            key=_bytes(packed["key"]),
            value=_bytes(packed["value"]),
            headers=tuple((name, _bytes(value) or b"") for name, value in packed["headers"]),
            timestamp=datetime.fromisoformat(packed["timestamp"]),
        )


async def hasten(tx: Tx, order_reference: str, error_class: str) -> None:
    """Make an order's parked events due that wait for what has just come."""
    await tx.execute(
        update(parked_events)
        .where(
            parked_events.c.order_reference == order_reference,
            parked_events.c.state == ParkedState.PARKED.value,
            parked_events.c.error_class == error_class,
            parked_events.c.due_at > now_plus(),
        )
        .values(due_at=now_plus(-HASTENED_SECONDS))
    )


def _rows() -> Any:
    return select(
        parked_events,
        now_plus().label("read_at"),
    )


def _at(origin: Origin) -> Any:
    return (
        (parked_events.c.topic == origin.topic)
        & (parked_events.c.partition == origin.partition)
        & (parked_events.c.offset == origin.offset)
    )


def _parked(row: Row[Any]) -> ParkedEvent:
    return ParkedEvent(
        origin=Origin(row.topic, row.partition, row.offset),
        sequence=row.sequence,
        order_reference=row.order_reference,
        event_type=row.event_type,
        event_id=row.event_id,
        state=ParkedState(row.state),
        attempt=row.attempt,
        reason=Reason(row.error_class, row.error_detail),
        first_failed_at=row.first_failed_at,
        due_at=row.due_at,
        seconds_until_due=(row.due_at - row.read_at).total_seconds(),
    )


def _packed(record: Incoming) -> dict[str, Any]:
    return {
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": [[name, _text(value)] for name, value in record.headers],
        "timestamp": record.timestamp.isoformat(),
    }


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
