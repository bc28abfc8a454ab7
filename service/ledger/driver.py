"""What the ledger asks of a database, whichever it is, and how it may fail."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from service.ledger.statements import Prepared, Result
from service.tls import ClientTls

TlsMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
"""As libpq's sslmode. Only the last two verify who answers."""


class Contended(Exception):
    """The database gave way to another transaction; nothing was stored, try again at once."""


class LedgerDown(Exception):
    """The ledger can't be reached or answered with an error of its own; nothing was stored."""


class StatementRefused(Exception):
    """The database refuses what we ask of it: a fault of ours. Names the kind, never a value."""


class LedgerNotReady(Exception):
    """The database answers but its tables are missing: `orderflex ledger upgrade` makes them."""

    def __init__(self) -> None:
        super().__init__("the ledger lacks tables of this version: run `orderflex ledger upgrade`")


@dataclass(frozen=True)
class DatabasePolicy:
    """Where the ledger is and how patient we are with it (times in seconds)."""

    url: str = field(repr=False)
    """SQLAlchemy URL: `sqlite+aiosqlite:///PATH` or `postgresql+asyncpg://…`. May hold a password:
    never print it."""
    pool_size: int = 10
    pool_timeout: float = 30.0
    statement_timeout: float = 15.0
    tls_mode: TlsMode | None = None
    """Of PostgreSQL; None encrypts where the server can, and verifies nothing."""
    tls: ClientTls | None = None
    """Of PostgreSQL, where it is verified."""


InThread = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Does blocking work without blocking the event loop."""


class Session(Protocol):
    """A driver's connection, as far as we use it. Its errors are ours already."""

    async def run(self, prepared: Prepared, arguments: Sequence[Any]) -> Result:
        """Run a statement."""

    async def run_many(self, prepared: Prepared, arguments: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each set of arguments."""


class Driver(Protocol):
    """One kind of database. Everything raises LedgerDown or Contended for what is its fault."""

    name: str

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """Open a transaction: committed at the end, rolled back on an error."""

    def alone(self) -> AbstractAsyncContextManager[Session]:
        """Open a session in which each statement is a transaction of its own."""

    async def close(self) -> None:
        """Close every connection."""
