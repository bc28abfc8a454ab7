"""The connection to the ledger's database: SQLite embedded, PostgreSQL in production."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
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


class Ended(StrEnum):
    """How a transaction may end."""

    DONE = "done"
    UNDONE = "undone"
    """Rolled back by us: there was nothing to do after all, or an error of ours."""
    CONTENDED = "contended"
    """The database gave way to another; it is tried again."""
    DOWN = "down"
    """The database can't be reached, or answered with an error of its own."""


OnEnded = Callable[[Ended, float], None]
"""Told after every transaction: how it ended, and the seconds it took."""


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
        self.on_ended: OnEnded = lambda _ended, _seconds: None
        self.certificates = [policy.tls] if policy.tls is not None else []
        self.connect_arguments: dict[str, Any] = {}
        """What a connection takes beside the URL."""
        self._driver: Driver
        if self.is_sqlite:
            self._driver = Sqlite(policy, clock, in_a_thread)
        else:
            self._driver = postgresql = Postgresql(policy)
            self.url = self.url.set(query={})
            self.connect_arguments = postgresql.arguments

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Open a transaction: committed at the end, rolled back on an error.

        Raises LedgerDown or Contended for what is the database's fault; a fault of ours (a value
        that it can't take, say) is StatementRefused.
        """
        with self._told():
            async with self._driver.transaction() as session:
                yield Tx(session, self._driver.name)

    @asynccontextmanager
    async def each(self) -> AsyncIterator[Tx]:
        """Have each statement be a transaction of its own, which saves two trips to the database.

        For reads that need not agree with each other, or a single change. Raises as `begin` does.
        """
        with self._told():
            async with self._driver.alone() as session:
                yield Tx(session, self._driver.name)

    @contextmanager
    def _told(self) -> Iterator[None]:
        started, ended = time.monotonic(), Ended.UNDONE
        try:
            yield
            ended = Ended.DONE
        except Contended:
            ended = Ended.CONTENDED
            raise
        except (LedgerDown, LedgerNotReady):
            ended = Ended.DOWN
            raise
        finally:
            self.on_ended(ended, time.monotonic() - started)

    async def reach(self) -> None:
        """Answer with nothing when somebody lets us in. Raises LedgerDown."""
        async with self._driver.alone():
            pass

    async def check(self) -> None:
        """Answer with nothing when the ledger can be used.

        Raises LedgerDown, or LedgerNotReady when tables or columns of this version are missing.
        """
        async with self.each() as tx:
            for statement in _EVERY_COLUMN:
                await tx.run(statement)
            if (await tx.run(_TRUSTED_FROM)).one_or_none() is None:
                raise LedgerNotReady

    def use_password(self, password: str) -> None:
        """Log in with another password from now on; SQLite has none."""
        if isinstance(self._driver, Postgresql):
            self._driver.use_password(password)

    async def close(self) -> None:
        """Close every connection."""
        await self._driver.close()


def _all_columns(table: Table) -> Statement:
    return Statement(lambda _: select(table).where(false()))


_TRUSTED_FROM = Statement(lambda _: select(ledger_info.c.trusted_from))
_EVERY_COLUMN = [_all_columns(table) for table in metadata.sorted_tables]
