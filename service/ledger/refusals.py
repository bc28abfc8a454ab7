"""What is kept of an event while what it asked for stands refused, so that it can be done again."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from service.events.envelope import Attempts
from service.ledger.database import Tx
from service.ledger.operation import Asked
from service.ledger.outcomes import OutcomeStore
from service.ledger.statements import Statement
from service.ledger.tables import OperationState, operations

_meant = operations.alias("meant")
_STAND_REFUSED = Statement(
    lambda _: (
        select(operations.c.operation_key, operations.c.attempt, operations.c.event)
        .join(
            _meant,
            (_meant.c.order_reference == operations.c.order_reference)
            & (_meant.c.content_digest == operations.c.content_digest),
        )
        .where(
            _meant.c.operation_key == bindparam("key"),
            _meant.c.state == OperationState.REFUSED.value,
            operations.c.state == OperationState.REFUSED.value,
        )
        .order_by(operations.c.operation_key)
    )
)
"""One event may ask for several operations: its content tells them."""


@dataclass(frozen=True)
class Refusal:
    """What stands refused of one event."""

    attempts: Attempts
    asked: Asked | None
    """None where it was not kept: no event of others asks for it, or an older version refused it.
    """


async def read(tx: Tx, outcomes: OutcomeStore, operation_key: str) -> Refusal | None:
    """Read what stands refused of the event that asked for an operation; None when this one does
    not (any more).

    Raises SealBroken, and Malformed where the event fits the contract no more.
    """
    rows = (await tx.run(_STAND_REFUSED, key=operation_key)).all()
    if not rows:
        return None
    kept = next((row.event for row in rows if row.event), None)
    return Refusal(
        tuple((row.operation_key, row.attempt) for row in rows),
        outcomes.kept(kept) if kept else None,
    )
