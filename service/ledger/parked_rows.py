"""Rows of parked events: what they hold, and the line that those of one order form."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from service.events.envelope import Incoming
from service.ledger.clock import now_plus
from service.ledger.database import Tx
from service.ledger.sealing import Seal
from service.ledger.statements import Statement
from service.ledger.tables import ParkedState, parked_events
from service.ledger.turns import InLine, Place, ahead_of, may_run

HASTENED_SECONDS = 60.0
"""How overdue a hastened event is: the next sweep wakes it."""


@dataclass(frozen=True)
class Origin:
    """Where an event first lay."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


def origin_of(record: Incoming) -> Origin:
    """Say where a record lies."""
    return Origin(record.topic, record.partition, record.offset)


@dataclass(frozen=True)
class Reason:
    """Why an event waits or was given up: a closed word, and a text without personal data."""

    error_class: str
    detail: str


@dataclass(frozen=True)
class ParkedEvent:
    """One row. `attempt` counts failed attempts; waiting for a look-up, a lease, a turn is none."""

    origin: Origin
    sequence: int
    order_reference: str | None
    consignment_reference: str | None
    event_type: str
    event_id: str
    state: ParkedState
    holds: bool
    """Whether, as a dead letter, it holds up the events behind it."""
    attempt: int
    replays: int
    reason: Reason
    remark: str | None
    """The last word of a person on it."""
    first_failed_at: datetime
    due_at: datetime
    is_letter_sent: bool
    counted_late: bool
    """Whether, as a pick, it is counted as one without its consignment in time."""
    seconds_until_due: float
    """By the database's clock, when the row was read; negative when overdue."""

    @property
    def seconds_failing(self) -> float:
        """For how long it has failed; waiting for its turn is no failure."""
        if self.place.is_behind:
            return 0.0
        return (self.due_at - self.first_failed_at).total_seconds() - self.seconds_until_due

    @property
    def place(self) -> Place:
        """Its place in the line of its order."""
        event = InLine(self.event_type, self.consignment_reference)
        return Place(self.sequence, event, self.state, self.reason.error_class, self.holds)


@dataclass(frozen=True)
class Subject:
    """What a parked event is about."""

    event_type: str
    event_id: str
    order_reference: str | None = None
    """Whose line it stands in; None for an event that belongs to no order."""
    consignment_reference: str | None = None


@dataclass(frozen=True)
class Woken:
    """A parked event as it first lay, with its row."""

    row: ParkedEvent
    record: Incoming


COLUMNS: tuple[Any, ...] = (
    *(column for column in parked_events.c if column.name != "payload"),
    now_plus().label("read_at"),
)


IS_IT = (
    (parked_events.c.topic == bindparam("topic"))
    & (parked_events.c.partition == bindparam("partition"))
    & (parked_events.c.offset == bindparam("offset"))
)
"""The row of `place_of` an event."""

_IN_LINE = (parked_events.c.order_reference == bindparam("reference")) | IS_IT
_LINE = Statement(lambda _: select(*COLUMNS).where(_IN_LINE).order_by(parked_events.c.sequence))
_LOCK_LINE = Statement(
    lambda _: (
        select(parked_events.c.sequence)
        .where(_IN_LINE)
        .order_by(parked_events.c.sequence)
        .with_for_update()
    )
)
_NOWHERE = Origin("", -1, -1)


async def line_of(
    tx: Tx, order_reference: str | None, origin: Origin | None = None, *, lock: bool = False
) -> list[ParkedEvent]:
    """Read the line of an order by sequence, and the row of `origin` whatever its order.

    It is read after it is locked: what came to stand in it meanwhile is there.
    """
    asked = {"reference": order_reference, **place_of(origin or _NOWHERE)}
    if lock:
        await tx.run(_LOCK_LINE, **asked)
    return [parked(row) for row in await tx.run(_LINE, **asked)]


def row_ahead(event: InLine, line: Sequence[ParkedEvent]) -> ParkedEvent | None:
    place = ahead_of(event, [row.place for row in line])
    return next((row for row in line if place and row.sequence == place.sequence), None)


def row_at(origin: Origin, line: Sequence[ParkedEvent]) -> ParkedEvent | None:
    """Give an event's own row."""
    return next((row for row in line if row.origin == origin), None)


async def wake_line(
    tx: Tx, before: Sequence[ParkedEvent], after: Sequence[ParkedEvent]
) -> list[int]:
    """Make due those whose turn has come by a change of the line; gives their numbers.

    One whose turn it was before is due already, or it runs and must not be started again.
    """
    turn = sorted(_turns(after) - _turns(before))
    if turn:
        await tx.execute(
            update(parked_events)
            .where(parked_events.c.sequence.in_(turn), parked_events.c.due_at > now_plus())
            .values(due_at=now_plus(-HASTENED_SECONDS))
        )
    return turn


def _turns(line: Sequence[ParkedEvent]) -> set[int]:
    """Give those that only waited for their turn and whose turn it is."""
    places = [row.place for row in line]
    return {row.sequence for row in line if row.place.is_behind and may_run(row.place, places)}


def place_of(origin: Origin) -> dict[str, Any]:
    """Name where an event first lay, for a statement."""
    return {"topic": origin.topic, "partition": origin.partition, "offset": origin.offset}


def parked(row: Any) -> ParkedEvent:
    return ParkedEvent(
        origin=Origin(row.topic, row.partition, row.offset),
        sequence=row.sequence,
        order_reference=row.order_reference,
        consignment_reference=row.consignment_reference,
        event_type=row.event_type,
        event_id=row.event_id,
        state=ParkedState(row.state),
        holds=row.holds,
        attempt=row.attempt,
        replays=row.replays,
        reason=Reason(row.error_class, row.error_detail),
        remark=row.remark,
        first_failed_at=row.first_failed_at,
        due_at=row.due_at,
        is_letter_sent=row.letter_at is not None,
        counted_late=row.counted_late,
        seconds_until_due=(row.due_at - row.read_at).total_seconds(),
    )


def packed(record: Incoming) -> dict[str, Any]:
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


def unpacked(seal: Seal, row: Any) -> Incoming:
    """Open the payload of a row. Raises SealBroken."""
    packed = seal.open(row.payload)
    return Incoming(
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        key=_bytes(packed["key"]),
        value=_bytes(packed["value"]),
        headers=tuple((name, _bytes(value) or b"") for name, value in packed["headers"]),
        timestamp=datetime.fromisoformat(packed["timestamp"]),
    )
