"""The connection to the ledger's database: SQLite embedded, PostgreSQL in production."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Executable, Table, false, select
from sqlalchemy.engine import make_url

from service.ledger.clock import Microseconds, system_microseconds
from service.ledger.driver import (
    Contended,
    DatabasePolicy,
    Driver,
    LedgerDown,
    LedgerNotReady,
    Session,
    StatementRefused,
)
from service.ledger.postgresql import Postgresql
from service.ledger.sqlite import Sqlite, in_a_thread
from service.ledger.statements import INSERTS, Result, Statement, prepare
from service.ledger.tables import ledger_info, metadata

__all__ = [
    "Contended",
    "Database",
    "DatabasePolicy",
    "LedgerDown",
    "LedgerNotReady",
    "StatementRefused",
    "Tx",
    "upsert",
]


class Tx:
    """One open transaction on the ledger."""

    def __init__(self, session: Session, database: str) -> None:
        self._session = session
        self.database = database
        """`postgresql` or `sqlite`."""

    async def run(self, statement: Statement, **values: Any) -> Result:
        """Run one of our statements with these values."""
        prepared = statement.prepared(self.database)
        return await self._session.run(prepared, prepared.arguments(values))

    async def run_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run one of our statements once for each set of values."""
        prepared = statement.prepared(self.database)
        await self._session.run_many(prepared, [prepared.arguments(values) for values in rows])

    async def execute(self, statement: Executable) -> Result:
        """Run a statement that is made for this once, which costs more."""
        prepared = prepare(statement, self.database)
        return await self._session.run(prepared, prepared.arguments({}))


def upsert(tx: Tx, table: Table) -> Any:
    """Make an insert that can say `on_conflict_…`, in the dialect of the database."""
    return INSERTS[tx.database](table)


class Database:
    """Opens transactions. One per process; `close()` it."""

    def __init__(
        self,
        policy: DatabasePolicy,
        clock: Microseconds = system_microseconds,
    ) -> None:
        """`clock` is SQLite's."""
        self.url = make_url(policy.url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._driver: Driver = (
            Sqlite(policy, clock, in_a_thread) if self.is_sqlite else Postgresql(policy)
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Open a transaction: committed at the end, rolled back on an error.

        Raises LedgerDown or Contended for what is the database's fault; a fault of ours (a value
        that it can't take, say) is StatementRefused.
        """
        async with self._driver.transaction() as session:
            yield Tx(session, self._driver.name)

    @asynccontextmanager
    async def each(self) -> AsyncIterator[Tx]:
        """Have each statement be a transaction of its own, which saves two trips to the database.

        For reads that need not agree with each other, or a single change. Raises as `begin` does.
        """
        async with self._driver.alone() as session:
            yield Tx(session, self._driver.name)

    async def check(self) -> None:
        """Answer with nothing when the ledger can be used.

        Raises LedgerDown, or LedgerNotReady when tables or columns of this version are missing.
        """
        async with self.each() as tx:
            for statement in _EVERY_COLUMN:
                await tx.run(statement)
            if (await tx.run(_TRUSTED_FROM)).one_or_none() is None:
                raise LedgerNotReady

    async def close(self) -> None:
        """Close every connection."""
        await self._driver.close()


def _all_columns(table: Table) -> Statement:
    return Statement(lambda _: select(table).where(false()))


_TRUSTED_FROM = Statement(lambda _: select(ledger_info.c.trusted_from))
_EVERY_COLUMN = [_all_columns(table) for table in metadata.sorted_tables]
