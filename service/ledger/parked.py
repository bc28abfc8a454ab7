"""Parked events: the rows are the truth, the retry topics only wake them.

A row is keyed by where its event first lay (topic, partition, offset), so a redelivery resumes its
row and never queues behind itself. A settled event has no row: a retry message that finds none is
skipped. The rows of one order form a line, see turns.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select, update

from service.events.envelope import Incoming
from service.ledger import history
from service.ledger.clock import microseconds, now_plus
from service.ledger.database import Database, Tx, upsert
from service.ledger.history import What
from service.ledger.parked_rows import (
    COLUMNS,
    Origin,
    ParkedEvent,
    Reason,
    Subject,
    Woken,
    line_of,
    origin_of,
    packed,
    parked,
    place_of,
    row_ahead,
    row_at,
    unpacked,
    wake_line,
)
from service.ledger.parked_statements import (
    COUNTS,
    HASTEN,
    LETTER_SENT,
    LETTERS_MISSING,
    OLDEST,
    ORDERS_HELD,
    OVERDUE,
    REMOVE,
    START,
    WAIT_BEHIND,
)
from service.ledger.sealing import Seal, SealBroken
from service.ledger.tables import ParkedState, parked_events
from service.ledger.turns import BEHIND, InLine

TURN_SECONDS = 60.0
"""How soon an event behind others looks by itself whether its turn has come: nobody may have told
it, for whoever went out of the line may have died."""


@dataclass(frozen=True)
class Standing:
    """How much waits, and how long already."""

    counts: Mapping[ParkedState, int]
    oldest_seconds: float
    """Since the event that is parked the longest first failed; 0 when none is parked."""
    orders_held: int
    orders_parked: int


class ParkedEvents:
    """Parks events, wakes them, and lets them go."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def look(
        self, origin: Origin, subject: Subject
    ) -> tuple[ParkedEvent | None, ParkedEvent | None]:
        """Read an event's own row, and the row that it has to wait behind."""
        async with self._database.each() as tx:
            rows = await line_of(tx, subject.order_reference, origin)
        mine = row_at(origin, rows)
        before = rows if mine is None else [row for row in rows if row.sequence < mine.sequence]
        return mine, row_ahead(InLine(subject.event_type, subject.consignment_reference), before)

    async def park(
        self,
        record: Incoming,
        subject: Subject,
        *,
        attempt: int,
        reason: Reason,
        due_in_seconds: float,
    ) -> ParkedEvent:
        """Store an event with its payload, or its next due time if it is there already."""
        async with self._database.begin() as tx:
            line = await line_of(tx, subject.order_reference, origin_of(record), lock=True)
            return await self._put(
                tx, line, record, subject, ParkedState.PARKED, attempt, reason, due_in_seconds
            )

    async def park_behind(
        self, record: Incoming, subject: Subject, due_in_seconds: float
    ) -> ParkedEvent | None:
        """Store an event behind those of its order; None when there is none any more.

        Where another delivery of it has a row meanwhile, gives that as it is.

        The line is locked meanwhile: whoever goes out of it sees who has come to stand behind.
        """
        async with self._database.begin() as tx:
            origin = origin_of(record)
            line = await line_of(tx, subject.order_reference, origin, lock=True)
            mine = row_at(origin, line)
            if mine is not None:
                return mine
            ahead = row_ahead(InLine(subject.event_type, subject.consignment_reference), line)
            if ahead is None:
                return None
            reason = Reason(BEHIND, _waits_behind(ahead))
            return await self._put(
                tx, line, record, subject, ParkedState.PARKED, 0, reason, due_in_seconds
            )

    async def bury(
        self, record: Incoming, subject: Subject, *, attempt: int, reason: Reason, holds: bool
    ) -> ParkedEvent:
        """Store an event as a dead letter, which waits for a person; `letter_sent` comes after."""
        async with self._database.begin() as tx:
            line = await line_of(tx, subject.order_reference, origin_of(record), lock=True)
            return await self._put(
                tx, line, record, subject, ParkedState.DEAD, attempt, reason, 0.0, holds=holds
            )

    async def _put(
        self,
        tx: Tx,
        line: Sequence[ParkedEvent],
        record: Incoming,
        subject: Subject,
        state: ParkedState,
        attempt: int,
        reason: Reason,
        due_in_seconds: float,
        *,
        holds: bool = True,
    ) -> ParkedEvent:
        """Store a row of this line, which is locked; the history tells only of a new reason."""
        origin = origin_of(record)
        changing = {
            "order_reference": subject.order_reference,
            "consignment_reference": subject.consignment_reference,
            "event_type": subject.event_type,
            "event_id": subject.event_id,
            "state": state.value,
            "holds": holds,
            "attempt": attempt,
            "error_class": reason.error_class,
            "error_detail": reason.detail,
            "due_at": now_plus(due_in_seconds),
            "letter_at": None,
        }
        known = row_at(origin, line)
        if known and known.place.is_behind and reason.error_class != BEHIND:
            changing["first_failed_at"] = now_plus()  # waiting for its turn was no failure
        stored = await tx.execute(
            upsert(tx, parked_events)
            .values(
                {
                    "topic": origin.topic,
                    "partition": origin.partition,
                    "offset": origin.offset,
                    "first_failed_at": now_plus(),
                    "payload": self._seal.close(packed(record)),
                    **changing,
                }
            )
            .on_conflict_do_update(
                index_elements=[
                    parked_events.c.topic,
                    parked_events.c.partition,
                    parked_events.c.offset,
                ],
                set_=changing,
            )
            .returning(*COLUMNS)
        )
        row = parked(stored.one())
        if known is None or (known.state, known.reason.error_class) != (state, reason.error_class):
            is_dead = state is ParkedState.DEAD
            await history.note(
                tx,
                subject.order_reference or str(origin),
                What.DEAD_LETTER if is_dead else What.PARKED,
                subject.event_id,
                event=subject.event_type,
                reason=reason.error_class,
                detail=reason.detail,
                attempt=attempt,
                due_in_seconds=None if is_dead else round(due_in_seconds, 1),
            )
            await wake_line(tx, line, [row if one.origin == origin else one for one in line])
        return row

    async def letter_sent(self, origin: Origin) -> None:
        """Store that the broker has the letter of a dead letter."""
        async with self._database.each() as tx:
            await tx.run(LETTER_SENT, **place_of(origin))

    async def start(self, origin: Origin, seconds: float) -> ParkedEvent | None:
        """Start a parked event that is due, so that nobody else does for so many seconds.

        None when it has no row, is not due (within two seconds), is not next in the line of its
        order, or waits for a person.
        """
        async with self._database.begin() as tx:
            started = await tx.run(START, **place_of(origin), length=microseconds(seconds))
            found = started.one_or_none()
            if found is None:
                return None
            row = parked(found)
            line = await line_of(tx, row.order_reference)
            ahead = row_ahead(row.place.event, [one for one in line if one.sequence < row.sequence])
            if ahead is None:
                return row
            await tx.run(
                WAIT_BEHIND,
                **place_of(origin),
                length=microseconds(TURN_SECONDS),
                detail=_waits_behind(ahead),
            )
            return None

    async def let_go(self, row: ParkedEvent) -> list[Woken]:
        """Remove the row of an event that is settled, its payload with it.

        Gives those of its order whose turn has come.
        """
        async with self._database.begin() as tx:
            line = await line_of(tx, row.order_reference, row.origin, lock=True)
            await tx.run(REMOVE, **place_of(row.origin))
            woken = await wake_line(tx, line, [one for one in line if one.origin != row.origin])
            return await self._opened(tx, woken)

    async def overdue(self, by_seconds: float, limit: int) -> list[Woken]:
        """Wake events whose retry message seems lost: due that long ago and still parked.

        Each is given out once in `by_seconds`. One whose payload can't be opened is left out.
        """
        async with self._database.begin() as tx:
            due = await tx.run(OVERDUE, since=microseconds(-by_seconds), most=limit)
            woken = due.scalars()
            if not woken:
                return []
            await tx.execute(
                update(parked_events)
                .where(parked_events.c.sequence.in_(woken))
                .values(due_at=now_plus())
            )
            return await self._opened(tx, woken)

    async def letters_missing(self, older_than_seconds: float, limit: int) -> list[Woken]:
        """Read dead letters that were stored so long ago and whose letter never left."""
        async with self._database.each() as tx:
            found = await tx.run(
                LETTERS_MISSING, since=microseconds(-older_than_seconds), most=limit
            )
            return await self._opened(tx, found.scalars())

    async def of_order(self, order_reference: str) -> list[ParkedEvent]:
        """Read the events of an order that wait or were discarded, in order."""
        async with self._database.begin() as tx:
            return await line_of(tx, order_reference)

    async def standing(self) -> Standing:
        """Count what waits."""
        async with self._database.each() as tx:
            found = {ParkedState(state): count for state, count in await tx.run(COUNTS)}
            held = await tx.run(ORDERS_HELD)
            now, since, orders_parked = (await tx.run(OLDEST)).one()
        return Standing(
            {state: found.get(state, 0) for state in ParkedState},
            (now - since).total_seconds() if since else 0.0,
            held.scalar_one(),
            orders_parked,
        )

    async def _opened(self, tx: Tx, sequences: Sequence[int]) -> list[Woken]:
        """Read rows with their events; one whose payload can't be opened is left out."""
        if not sequences:
            return []
        rows = await tx.execute(
            select(*COLUMNS, parked_events.c.payload)
            .where(parked_events.c.sequence.in_(sequences))
            .order_by(parked_events.c.sequence)
        )
        found = []
        for row in rows.all():
            try:
                found.append(Woken(parked(row), unpacked(self._seal, row)))
            except SealBroken as broken:
                structlog.get_logger("ledger").error(
                    "parked event left out", sequence=row.sequence, error=str(broken)
                )
        return found


def _waits_behind(ahead: ParkedEvent) -> str:
    return f"waits behind {ahead.event_type} {ahead.event_id}"


async def hasten(tx: Tx, order_reference: str, error_class: str) -> None:
    """Make an order's parked events due that wait for what has just come."""
    await tx.run(HASTEN, reference=order_reference, of_class=error_class)
