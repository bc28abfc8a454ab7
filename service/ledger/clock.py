"""The ledger's time is the database's clock, so that replicas need not agree on theirs.

PostgreSQL keeps `timestamptz` and answers with `clock_timestamp()`. SQLite serves one process on
one machine: instants are whole microseconds since 1970 and the clock is a function registered on
each connection, which a test may replace.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, BindParameter, DateTime, Dialect, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import expression
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SQLITE_CLOCK_FUNCTION = "ledger_now"
"""Name of the SQL function that answers with the microseconds since 1970 (SQLite only)."""

Microseconds = Callable[[], int]


def system_microseconds() -> int:
    """Answer with the microseconds since 1970 by this machine's clock."""
    return time.time_ns() // 1000


class Instant(TypeDecorator[datetime]):
    """An aware `datetime` in UTC: `timestamptz` on PostgreSQL, microseconds on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger takes only times with an offset")
        if dialect.name == "sqlite":
            return (value - EPOCH) // timedelta(microseconds=1)
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return EPOCH + timedelta(microseconds=int(value))
        found: datetime = value
        return found.astimezone(UTC)


def microseconds(seconds: float) -> int:
    """Give the value of a `distance`."""
    return round(seconds * 1_000_000)


def distance(name: str) -> BindParameter[int]:
    """Name a parameter of a statement that tells how far from now."""
    return bindparam(name, type_=BigInteger())


class now_plus(expression.ColumnElement[datetime]):  # noqa: N801 - reads as a SQL function
    """The database's present time plus `seconds` (a float, may be negative or 0)."""

    type = Instant()
    inherit_cache = True
    _traverse_internals = [("microseconds", InternalTraversal.dp_clauseelement)]  # noqa: RUF012

    def __init__(self, seconds: float | BindParameter[int] = 0.0) -> None:
        """`seconds`, or a parameter that is given `microseconds` when the statement is run."""
        if not isinstance(seconds, BindParameter):
            seconds = bindparam(None, microseconds(seconds), type_=BigInteger(), unique=True)
        self.microseconds = seconds


@compiles(now_plus, "postgresql")
def _postgresql_now(element: now_plus, compiler: SQLCompiler, **more: Any) -> str:
    distance = compiler.process(element.microseconds, **more)
    return f"(clock_timestamp() + {distance} * interval '1 microsecond')"


@compiles(now_plus, "sqlite")
def _sqlite_now(element: now_plus, compiler: SQLCompiler, **more: Any) -> str:
    return f"({SQLITE_CLOCK_FUNCTION}() + {compiler.process(element.microseconds, **more)})"
