"""What is kept of an operation while it is refused: the event that asked for it."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from service.ledger.database import Tx
from service.ledger.operation import Asked
from service.ledger.outcomes import OutcomeStore
from service.ledger.statements import Statement
from service.ledger.tables import OperationState, operations

_KEPT = Statement(
    lambda _: select(operations.c.attempt, operations.c.event).where(
        operations.c.operation_key == bindparam("key"),
        operations.c.state == OperationState.REFUSED.value,
    )
)


@dataclass(frozen=True)
class Refusal:
    """The refused attempt of an operation, and what asked for it."""

    attempt: int
    asked: Asked | None
    """None where nothing was kept: no event of others asks for it, or an older version refused it.
    """


async def read(tx: Tx, outcomes: OutcomeStore, operation_key: str) -> Refusal | None:
    """Read the last refusal of an operation; None when it does not stand refused (any more).

    Raises SealBroken, and Malformed where the event fits the contract no more.
    """
    row = (await tx.run(_KEPT, key=operation_key)).one_or_none()
    if row is None:
        return None
    return Refusal(row.attempt, outcomes.kept(row.event) if row.event else None)
