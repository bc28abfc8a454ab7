"""Dead letters in people's hands: listed, shown, replayed and discarded.

A replay gives the event its place in the line of its order back: it runs first, those behind it
follow. Every action is conditional on the row's state: two people, or one twice, do it once.
"""

from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, select, true, update

from service.events.envelope import Incoming
from service.ledger import history
from service.ledger.clock import now_plus
from service.ledger.database import Database, Tx
from service.ledger.history import Entry, What
from service.ledger.parked_rows import (
    COLUMNS,
    HASTENED_SECONDS,
    ParkedEvent,
    line_of,
    parked,
    unpacked,
    wake_line,
)
from service.ledger.sealing import Seal
from service.ledger.tables import ParkedState, parked_events
from service.ledger.turns import REPLAYED, ahead_of


class NoSuchLetter(Exception):
    """There is no dead letter of this number; it was replayed or discarded, or never was."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"there is no dead letter {sequence}: replayed, discarded, or never there")


class TooManyReplays(Exception):
    """It was replayed as often as is allowed."""

    def __init__(self, sequence: int, replays: int) -> None:
        super().__init__(
            f"dead letter {sequence} was replayed {replays} times already: find out why it dies, "
            "or force it"
        )


@dataclass(frozen=True)
class Which:
    """Which dead letters are meant; what is left out narrows nothing."""

    sequences: tuple[int, ...] = ()
    order_reference: str | None = None
    event_type: str | None = None
    error_class: str | None = None
    older_than_seconds: float | None = None
    state: ParkedState = ParkedState.DEAD
    holds: bool | None = None
    """Only those that hold up what comes after them, or only those that hold nobody."""


@dataclass(frozen=True)
class Decision:
    """Who decides what is to become of a dead letter, and why; both are kept in the history."""

    by: str
    reason: str


class DeadLetters:
    """Reads dead letters and carries out what people decide."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def find(
        self, which: Which, limit: int | None = None, *, behind: int | None = None
    ) -> list[ParkedEvent]:
        """Read dead letters, oldest first; `behind` is the number after which a page begins."""
        wanted = select(*COLUMNS).where(_matching(which)).order_by(parked_events.c.sequence)
        if behind is not None:
            wanted = wanted.where(parked_events.c.sequence > behind)
        async with self._database.begin() as tx:
            rows = await tx.execute(wanted if limit is None else wanted.limit(limit))
            return [parked(row) for row in rows]

    async def behind(self, letter: ParkedEvent) -> list[ParkedEvent]:
        """Read the events that wait behind a dead letter."""
        if letter.order_reference is None:
            return []
        async with self._database.begin() as tx:
            line = await line_of(tx, letter.order_reference)
        return [
            row
            for row in line
            if row.sequence > letter.sequence
            and row.place.is_behind
            and ahead_of(row.place.event, [letter.place]) is not None
        ]

    async def payload(self, letter: ParkedEvent) -> Incoming | None:
        """Read a dead letter's event as it first lay: it holds personal data. None when it is gone.

        Raises SealBroken.
        """
        async with self._database.begin() as tx:
            found = await tx.execute(
                select(*COLUMNS, parked_events.c.payload).where(
                    parked_events.c.sequence == letter.sequence
                )
            )
            row = found.one_or_none()
        return unpacked(self._seal, row) if row and row.payload else None

    async def timeline(self, letter: ParkedEvent) -> list[Entry]:
        """Read the history of what a dead letter belongs to."""
        async with self._database.begin() as tx:
            return await history.of_order(tx, letter.order_reference or str(letter.origin))

    async def replay(self, sequence: int, decision: Decision, most: int | None) -> ParkedEvent:
        """Have a dead letter tried again, at most so many times (None: as often as wanted).

        Raises NoSuchLetter, TooManyReplays.
        """
        async with self._database.begin() as tx:
            replayed = await tx.execute(
                update(parked_events)
                .where(
                    parked_events.c.sequence == sequence,
                    parked_events.c.state == ParkedState.DEAD.value,
                    parked_events.c.replays < most if most is not None else true(),
                )
                .values(
                    state=ParkedState.PARKED.value,
                    attempt=0,
                    replays=parked_events.c.replays + 1,
                    error_class=REPLAYED,
                    error_detail="waits to be tried again",
                    remark=f"replayed by {decision.by}: {decision.reason}",
                    first_failed_at=now_plus(),
                    due_at=now_plus(-HASTENED_SECONDS),
                    letter_at=None,
                )
                .returning(*COLUMNS)
            )
            found = replayed.one_or_none()
            if found is None:
                raise await _why_not(tx, sequence)
            row = parked(found)
            await _note(tx, row, What.REPLAYED, decision)
            return row

    async def discard(self, sequence: int, decision: Decision) -> ParkedEvent:
        """Give a dead letter up for good: its payload is deleted, those behind it go on.

        Its row stays, so that a redelivery of the event is skipped. Raises NoSuchLetter.
        """
        dead = (parked_events.c.sequence == sequence) & (
            parked_events.c.state == ParkedState.DEAD.value
        )
        async with self._database.begin() as tx:
            found = (await tx.execute(select(*COLUMNS).where(dead))).one_or_none()
            if found is not None:  # the whole line first, in order, as everybody locks it
                row = parked(found)
                await line_of(tx, row.order_reference, row.origin, lock=True)
            discarded = await tx.execute(
                update(parked_events)
                .where(dead)
                .values(
                    state=ParkedState.DISCARDED.value,
                    payload=b"",
                    remark=f"discarded by {decision.by}: {decision.reason}",
                )
                .returning(*COLUMNS)
            )
            found = discarded.one_or_none()
            if found is None:
                raise NoSuchLetter(sequence)
            row = parked(found)
            await _note(tx, row, What.DISCARDED, decision)
            line = await line_of(tx, row.order_reference, row.origin)
            before = [
                replace(one, state=ParkedState.DEAD) if one.sequence == sequence else one
                for one in line
            ]
            await wake_line(tx, before, line)
            return row


async def _why_not(tx: Tx, sequence: int) -> Exception:
    found = await tx.execute(
        select(parked_events.c.replays).where(
            parked_events.c.sequence == sequence, parked_events.c.state == ParkedState.DEAD.value
        )
    )
    replays = found.scalar_one_or_none()
    return NoSuchLetter(sequence) if replays is None else TooManyReplays(sequence, replays)


async def _note(tx: Tx, row: ParkedEvent, what: What, decision: Decision) -> None:
    await history.note(
        tx,
        row.order_reference or str(row.origin),
        what,
        row.event_id,
        event=row.event_type,
        by=decision.by,
        reason=decision.reason,
    )


def _matching(which: Which) -> ColumnElement[bool]:
    wanted = parked_events.c.state == which.state.value
    if which.sequences:
        wanted &= parked_events.c.sequence.in_(which.sequences)
    if which.order_reference is not None:
        wanted &= parked_events.c.order_reference == which.order_reference
    if which.event_type is not None:
        wanted &= parked_events.c.event_type == which.event_type
    if which.error_class is not None:
        wanted &= parked_events.c.error_class == which.error_class
    if which.holds is not None:
        wanted &= parked_events.c.holds if which.holds else ~parked_events.c.holds
    if which.older_than_seconds is not None:
        wanted &= parked_events.c.due_at <= now_plus(-which.older_than_seconds)
    return wanted
