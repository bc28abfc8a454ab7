"""What happened to each order, for people. Holds references, codes and numbers, never addresses."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, insert, select

from service.ledger.clock import now_plus
from service.ledger.database import Tx
from service.ledger.statements import Statement
from service.ledger.tables import history

_NOTE = Statement(
    lambda _: insert(history).values(
        order_reference=bindparam("order_reference"),
        at=now_plus(),
        what=bindparam("what"),
        event_id=bindparam("event_id"),
        details=bindparam("details"),
    )
)


class What(StrEnum):
    """The kinds of history entries, in the words a person reads."""

    ASKED = "asked PRO"
    SETTLED = "finished"
    REFUSED = "refused"
    NOTHING_HAPPENED = "PRO was not reached"
    UNKNOWN = "answer lost"
    LOOKED_UP = "looked up in PRO"
    FOUND = "found in PRO"
    ASKED_AGAIN = "asked PRO again"
    POSSIBLE_ORPHAN = "possible orphan order in PRO"
    LATE_RESULT = "a result came late"
    STRAY_FOUND = "stray consignment found"
    LEFT = "left to another system"
    RETURN_MISSING = "return consignment missing"
    PARKED = "parked"
    DEAD_LETTER = "dead letter"
    CANCELLED = "order cancelled"
    REPLAYED = "replayed"
    DISCARDED = "discarded"
    SEEN_TO = "seen to"
    AGAIN = "asked to be done again"
    ASKED_FOR = "asked for by a person"


@dataclass(frozen=True)
class Entry:
    """One line of an order's history."""

    at: datetime
    what: str
    event_id: str | None
    details: dict[str, Any]


async def note(
    tx: Tx, order_reference: str | None, what: What, event_id: str | None = None, **details: Any
) -> None:
    """Add a line to an order's history; nothing when there is no order to hang it on.

    What belongs to no order (an unreadable event) hangs on where it lay: `topic/partition/offset`.
    """
    if order_reference is None:
        return
    await tx.run(
        _NOTE,
        order_reference=order_reference,
        what=what.value,
        event_id=event_id,
        details={name: value for name, value in details.items() if value is not None},
    )


async def of_order(tx: Tx, order_reference: str) -> list[Entry]:
    """Read an order's history, oldest first."""
    rows = await tx.execute(
        select(history.c.at, history.c.what, history.c.event_id, history.c.details)
        .where(history.c.order_reference == order_reference)
        .order_by(history.c.entry)
    )
    return [Entry(*row) for row in rows]
