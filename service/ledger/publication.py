"""Which stored outcomes the broker has acknowledged, and which it seems it never has."""

import structlog
from sqlalchemy import Integer, bindparam, func, select, update

from service.ledger.clock import distance, microseconds, now_plus
from service.ledger.database import Database
from service.ledger.operation import Announcement
from service.ledger.outcomes import OutcomeStore
from service.ledger.sealing import SealBroken
from service.ledger.statements import Statement
from service.ledger.tables import operations

_ACKNOWLEDGED = Statement(
    lambda _: (
        update(operations)
        .where(
            operations.c.operation_key == bindparam("key"),
            operations.c.published_at.is_(None),
        )
        .values(published_at=now_plus())
    )
)


_MISSING = Statement(
    lambda _: (
        select(operations.c.operation_key, operations.c.outcomes)
        .where(
            operations.c.outcomes.is_not(None),
            operations.c.published_at.is_(None),
            operations.c.settled_at <= now_plus(distance("since")),
        )
        .order_by(func.random())  # one that can't be sent must not keep others back
        .limit(bindparam("most", type_=Integer()))
    )
)


class Publication:
    """Remembers acknowledgements."""

    def __init__(self, database: Database, outcomes: OutcomeStore) -> None:
        self._database = database
        self._outcomes = outcomes

    async def acknowledged(self, operation_key: str) -> bool:
        """Store that the broker has the outcomes of an operation; tells whether it is news."""
        async with self._database.each() as tx:
            return (await tx.run(_ACKNOWLEDGED, key=operation_key)).rowcount == 1

    async def missing(
        self, older_than_seconds: float, limit: int
    ) -> list[tuple[str, tuple[Announcement, ...]]]:
        """Read outcomes, by operation, that were stored so long ago and never acknowledged.

        Those that can't be opened are left out.
        """
        async with self._database.each() as tx:
            rows = await tx.run(_MISSING, since=microseconds(-older_than_seconds), most=limit)
        found = []
        for row in rows:
            try:
                found.append((row.operation_key, self._outcomes.open(row.outcomes)))
            except SealBroken as broken:
                structlog.get_logger("ledger").error(
                    "outcomes left out", operation=row.operation_key, error=str(broken)
                )
        return found
