"""The connection to the ledger's database: SQLite embedded, PostgreSQL in production."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, event, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from service.ledger.clock import SQLITE_CLOCK_FUNCTION, Microseconds, system_microseconds
from service.ledger.tables import ledger_info

Tx = AsyncConnection
"""One open transaction on the ledger."""


def upsert(tx: Tx, table: Table) -> Any:
    """Make an insert that can say `on_conflict_…`, in the dialect of the database."""
    insert = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    return insert(table)


class Contended(Exception):
    """The database gave way to another transaction; nothing was stored, try again at once."""


class LedgerDown(Exception):
    """The ledger can't be reached or answered with an error of its own; nothing was stored."""


class LedgerNotReady(Exception):
    """The database answers but its tables are missing: `orderflex ledger upgrade` makes them."""


_GAVE_WAY = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialisation failure and of a deadlock."""
_NOT_OUR_FAULT = frozenset({"08", "28", "3D", "53", "57", "58", "XX"})
"""SQLSTATE classes: connection, log-in, no such database, resources, operator, system, internal."""
_READ_ONLY = "25006"
"""SQLSTATE of writing to a database that was demoted to a replica."""


@dataclass(frozen=True)
class DatabasePolicy:
    """Where the ledger is and how patient we are with it (times in seconds)."""

    url: str
    """SQLAlchemy URL: `sqlite+aiosqlite:///PATH` or `postgresql+asyncpg://…`. May hold a password:
    never print it."""
    pool_size: int = 10
    pool_timeout: float = 30.0
    statement_timeout: float = 15.0


class Database:
    """Opens transactions. One per process; `close()` it."""

    def __init__(self, policy: DatabasePolicy, clock: Microseconds = system_microseconds) -> None:
        self.is_sqlite = make_url(policy.url).get_backend_name() == "sqlite"
        self.engine = _sqlite(policy, clock) if self.is_sqlite else _postgresql(policy)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Open a transaction: committed at the end, rolled back on an error.

        Raises LedgerDown or Contended for what is the database's fault; a fault of ours (a value
        that it can't take, say) stays what it is.
        """
        try:
            async with self.engine.begin() as tx:
                yield tx
        except DBAPIError as error:
            state = str(getattr(error.orig, "sqlstate", None) or "")
            if state in _GAVE_WAY:
                raise Contended(state) from error
            if _is_down(error, state):
                raise LedgerDown(_without_values(error)) from error
            raise
        except (PoolTimeout, OSError, ConnectionError, TimeoutError) as error:
            raise LedgerDown(_without_values(error)) from error

    async def check(self) -> None:
        """Answer with nothing when the ledger can be used.

        Raises LedgerDown, or LedgerNotReady when its tables are missing.
        """
        try:
            async with self.engine.connect() as connection:
                await connection.execute(select(ledger_info.c.trusted_from))
        except DBAPIError as error:
            if "no such table" in str(error) or "does not exist" in str(error):
                raise LedgerNotReady(
                    "the ledger has no tables yet: run `orderflex ledger upgrade`"
                ) from error
            raise LedgerDown(_without_values(error)) from error
        except (SQLAlchemyError, OSError, ConnectionError) as error:
            raise LedgerDown(_without_values(error)) from error

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _is_down(error: DBAPIError, state: str) -> bool:
    """Tell the database's fault from ours, such as a value that it can't take."""
    if error.connection_invalidated or state[:2] in _NOT_OUR_FAULT or state == _READ_ONLY:
        return True
    if state or isinstance(getattr(error.orig, "__cause__", None), ValueError):
        return False
    return isinstance(error, OperationalError | InterfaceError | InternalError)


def _without_values(error: BaseException) -> str:
    """Name a database error without the statement's values."""
    origin = getattr(error, "orig", None) or error
    return f"{type(origin).__name__}"


def _postgresql(policy: DatabasePolicy) -> AsyncEngine:
    return create_async_engine(
        policy.url,
        pool_size=policy.pool_size,
        max_overflow=0,
        pool_timeout=policy.pool_timeout,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "timeout": policy.statement_timeout,
            "command_timeout": policy.statement_timeout,
            "server_settings": {"application_name": "orderflex", "synchronous_commit": "on"},
        },
    )


def _sqlite(policy: DatabasePolicy, clock: Microseconds) -> AsyncEngine:
    # One connection: SQLite has one writer, and a queue before the pool is fair where SQLite's
    # own busy-waiting is not.
    engine = create_async_engine(
        policy.url,
        pool_size=1,
        max_overflow=0,
        pool_timeout=policy.pool_timeout,
        hide_parameters=True,
        connect_args={"timeout": policy.statement_timeout},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        # The driver's own "begin" comes too late to take the write lock at once: we say it.
        connection.isolation_level = None
        connection.create_function(SQLITE_CLOCK_FUNCTION, 0, clock)
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
