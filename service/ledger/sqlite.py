"""The ledger on SQLite: one connection, whose users queue.

SQLite has one writer, and a queue in front of it is fair where SQLite's own busy-waiting is not. A
statement takes microseconds and runs where it is asked for; opening a transaction may wait for
another process and committing waits for the disk: these two run in a thread.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy.engine import make_url

from service.ledger.clock import SQLITE_CLOCK_FUNCTION, Microseconds
from service.ledger.driver import (
    DatabasePolicy,
    InThread,
    LedgerDown,
    LedgerNotReady,
    StatementRefused,
)
from service.ledger.statements import Prepared, Result

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


class Sqlite:
    """One process has it. See database.Driver."""

    name = "sqlite"

    def __init__(self, policy: DatabasePolicy, clock: Microseconds, in_thread: InThread) -> None:
        self._policy = policy
        self._clock = clock
        self._in_thread = in_thread
        self._connection: sqlite3.Connection | None = None
        self._queue = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["_Session"]:
        async with self._turn() as connection:
            try:
                await self._in_thread(lambda: connection.execute("BEGIN IMMEDIATE"))
                yield _Session(connection)
                await self._in_thread(lambda: connection.execute("COMMIT"))
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @asynccontextmanager
    async def alone(self) -> AsyncIterator["_Session"]:
        async with self._turn() as connection:
            yield _Session(connection, self._in_thread)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[sqlite3.Connection]:
        with _our_words():
            async with asyncio.timeout(self._policy.pool_timeout):
                await self._queue.acquire()
            try:
                if self._connection is None:
                    self._connection = await self._in_thread(self._open)
                yield self._connection
            finally:
                self._queue.release()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            make_url(self._policy.url).database or ":memory:",
            timeout=self._policy.statement_timeout,
            isolation_level=None,  # we say BEGIN ourselves, to have the write lock at once
            check_same_thread=False,
            cached_statements=512,
        )
        equip(connection, self._clock)
        return connection

    async def close(self) -> None:
        """Close the connection."""
        async with self._queue:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def equip(connection: Any, clock: Microseconds) -> None:
    """Give a new connection the ledger's clock and its pragmas."""
    connection.create_function(SQLITE_CLOCK_FUNCTION, 0, clock)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


class _Session:
    def __init__(self, connection: sqlite3.Connection, in_thread: InThread | None = None) -> None:
        """`in_thread`: where statements run that are transactions of their own."""
        self._connection = connection
        self._in_thread = in_thread

    async def run(self, prepared: Prepared, arguments: Sequence[Any]) -> Result:
        if self._in_thread is not None and not prepared.only_reads:
            result: Result = await self._in_thread(lambda: self._run(prepared, arguments))
            return result
        return self._run(prepared, arguments)

    def _run(self, prepared: Prepared, arguments: Sequence[Any]) -> Result:
        cursor = self._connection.execute(prepared.sql, arguments)
        if cursor.description is None:
            return Result([], cursor.rowcount)
        return Result(prepared.rows(cursor.fetchall()), -1)

    async def run_many(self, prepared: Prepared, arguments: Sequence[Sequence[Any]]) -> None:
        self._connection.executemany(prepared.sql, arguments)


async def in_a_thread(work: Callable[[], Any]) -> Any:
    """Do it in a thread, to its end even while we are being stopped."""
    job = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        await asyncio.wait({job})
        raise


@contextmanager
def _our_words() -> Iterator[None]:
    """Tell the database's fault from ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "no such column" in str(error):
            raise LedgerNotReady from None
        raise LedgerDown(type(error).__name__) from None
    except (sqlite3.InternalError, OSError, TimeoutError) as error:
        raise LedgerDown(type(error).__name__) from None
    except sqlite3.Error as error:
        raise StatementRefused(type(error).__name__) from None
