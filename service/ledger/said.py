"""What an operation said when it was finished. Read only."""

from sqlalchemy import select

from service.ledger.database import Tx
from service.ledger.operation import Announcement
from service.ledger.outcomes import OutcomeStore
from service.ledger.tables import OperationState, operations


async def said_by(tx: Tx, outcomes: OutcomeStore, operation_key: str) -> tuple[Announcement, ...]:
    """Read what a finished operation said; nothing of any other. Raises SealBroken."""
    rows = await tx.execute(
        select(operations.c.outcomes).where(
            operations.c.operation_key == operation_key,
            operations.c.state == OperationState.FINISHED.value,
        )
    )
    row = rows.one_or_none()
    return outcomes.open(row.outcomes) if row else ()
