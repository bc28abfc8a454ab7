"""The ledger on PostgreSQL: asyncpg's pool, and whose fault an error is."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from service.ledger.driver import (
    Contended,
    DatabasePolicy,
    LedgerDown,
    LedgerNotReady,
    StatementRefused,
)
from service.ledger.postgresql_url import connect_arguments
from service.ledger.statements import Prepared, Result
from service.tls import failed_handshake

_GAVE_WAY = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialisation failure and of a deadlock."""
_NOT_OUR_FAULT = frozenset({"08", "25", "28", "3D", "53", "57", "58", "XX"})
"""SQLSTATE classes: connection, transaction (read-only, or ended), log-in, no such database,
resources, operator, system, internal."""
_NOT_MADE = frozenset({"42P01", "42703"})
"""SQLSTATE of a table and of a column that is not there: `ledger upgrade` was not run."""
_PLAN_CHANGED = "0A000"
"""SQLSTATE of a prepared statement whose table was changed since."""
_PATIENCE = 2.0
"""Seconds to roll back, or to close; then the connection is dropped, which does the same."""


class Postgresql:
    """Any number of processes may share it. See database.Driver."""

    name = "postgresql"

    def __init__(self, policy: DatabasePolicy) -> None:
        self._policy = policy
        url = make_url(policy.url)
        self._password = url.password
        self.arguments = connect_arguments(url, policy.tls_mode, policy.tls, lambda: self._password)
        """asyncpg's, for a connection."""
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    def use_password(self, password: str) -> None:
        """Log in with another password from now on; connections that are open stay open."""
        self._password = password

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["_Session"]:
        async with self._connection() as connection:
            try:
                await connection.execute("BEGIN")
                yield _Session(connection)
                await _commit(connection)
            except BaseException:
                await _roll_back(connection)
                raise

    @asynccontextmanager
    async def alone(self) -> AsyncIterator["_Session"]:
        async with self._connection() as connection:
            yield _Session(connection)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        with _our_words():
            pool = self._pool or await self._open()
            async with asyncio.timeout(self._policy.pool_timeout):
                connection = await pool.acquire()
            try:
                yield connection
            finally:
                await pool.release(connection)

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    **self.arguments,
                    min_size=0,
                    max_size=self._policy.pool_size,
                    init=_set_up,
                    reset=_leave_as_it_is,
                    timeout=self._policy.statement_timeout,
                    command_timeout=self._policy.statement_timeout,
                    server_settings={"application_name": "orderflex", "synchronous_commit": "on"},
                )
            return self._pool

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


class _Session:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def run(self, prepared: Prepared, arguments: Sequence[Any]) -> Result:
        if prepared.make_row is None:
            status = await self._connection.execute(prepared.sql, *arguments)
            last = status.rpartition(" ")[2]
            return Result([], int(last) if last.isdigit() else -1)
        return Result(prepared.rows(await self._connection.fetch(prepared.sql, *arguments)), -1)

    async def run_many(self, prepared: Prepared, arguments: Sequence[Sequence[Any]]) -> None:
        await self._connection.executemany(prepared.sql, arguments)


async def _set_up(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=str, decoder=json.loads, schema="pg_catalog", format="text"
    )


async def _leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """We leave nothing in a session that would have to be tidied up."""


async def _commit(connection: asyncpg.Connection) -> None:
    if await connection.execute("COMMIT") != "COMMIT":
        raise Contended("rolled back")


async def _roll_back(connection: asyncpg.Connection) -> None:
    """Roll back, even while we are being stopped; a connection that can't is dropped."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await connection.execute("ROLLBACK")
    except asyncio.CancelledError:
        connection.terminate()
        raise
    except Exception:  # noqa: BLE001 - what is being raised matters more
        connection.terminate()


@contextmanager
def _our_words() -> Iterator[None]:
    """Tell the database's fault from ours, and name it without the statement's values."""
    try:
        yield
    except asyncpg.PostgresError as error:
        state = error.sqlstate or ""
        if state in _GAVE_WAY or state == _PLAN_CHANGED:
            raise Contended(state) from None
        if state in _NOT_MADE:
            raise LedgerNotReady from None
        if state[:2] in _NOT_OUR_FAULT:
            raise LedgerDown(type(error).__name__) from None
        raise StatementRefused(f"{type(error).__name__} {state}") from None  # its text holds values
    except asyncpg.InterfaceError as error:
        # One class for a connection that is gone and for arguments that asyncpg won't take.
        kind = StatementRefused if "argument" in str(error) else LedgerDown
        raise kind(type(error).__name__) from None
    except (asyncpg.InternalClientError, OSError, TimeoutError) as error:
        raise LedgerDown(why_down(error)) from None


def why_down(error: BaseException) -> str:
    """Say why there is no connection, in words that hold nothing secret."""
    handshake = failed_handshake(error)
    if handshake is not None:
        return f"{handshake}, see sslmode and sslrootcert"
    if isinstance(error, ConnectionError) and "rejected SSL" in str(error):
        return "the server speaks no TLS, see sslmode"
    return type(error).__name__
