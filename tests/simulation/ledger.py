"""The ledger on SQLite in memory, without threads, shared by all replicas of a run.

Tables, pragmas, statements and clock are the service's own; only the connection is one for all, and
nothing is done in threads. A transaction takes no time in itself; coming to the database and
hearing from it does.
"""

import asyncio
import contextlib
import random
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.ledger import sqlite as service_sqlite
from service.ledger.database import Database, DatabasePolicy
from service.ledger.driver import LedgerDown
from service.ledger.upgrade import upgrade

from .loop import START, VirtualLoop, current_fate
from .trace import Trace

URL = "sqlite+aiosqlite:///:memory:"
OBSERVED = """
CREATE TABLE seen_rows (
  step REAL, kind TEXT, topic TEXT, "partition" INTEGER, "offset" INTEGER,
  sequence INTEGER, state TEXT, error_class TEXT, order_reference TEXT
);
"""
_SEEN = """
CREATE TRIGGER row_{kind} AFTER {event} ON parked_events BEGIN
  INSERT INTO seen_rows VALUES (
    note_row('{kind}', {row}.topic, {row}."partition", {row}."offset", {row}.state,
             {row}.error_class),
    '{kind}', {row}.topic, {row}."partition", {row}."offset", {row}.sequence, {row}.state,
    {row}.error_class, {row}.order_reference);
END;
"""
_LEASE = """
CREATE TRIGGER lease_{event} AFTER {event} ON leases BEGIN SELECT note_lease(new.subject); END;
"""
OBSERVED += _LEASE.format(event="INSERT") + _LEASE.format(event="UPDATE")
OBSERVED += _SEEN.format(kind="stored", event="INSERT", row="new")
OBSERVED += _SEEN.format(kind="changed", event="UPDATE OF state, error_class", row="new")
OBSERVED += _SEEN.format(kind="removed", event="DELETE", row="old")


class InTransaction(Exception):
    """The service waits for something else while it holds a transaction open."""


@dataclass
class Armed:
    """Something that befalls a replica after so many more commits, or only claims."""

    left: int
    only_claims: bool
    fall: Callable[[], None]


@dataclass
class LedgerPorts:
    """The way to the database and back, for all replicas."""

    loop: VirtualLoop
    dice: random.Random
    trace: Trace
    is_down: bool = False
    lost_commits: float = 0.0
    """How likely a commit is answered by an error though it was done."""
    lease_holders: dict[str, str] = field(default_factory=dict)
    """Who took the lease of each subject last."""
    armed: dict[str, Armed] = field(default_factory=dict)
    """What is to befall a replica directly after a commit of its own."""
    _has_claimed: bool = False

    def note_row(self, kind: str, *row: Any) -> float:
        """Write down what becomes of a parked row; gives the step."""
        topic, partition, offset, state, error_class = row
        return self.trace.note(
            _who(), f"row {kind}: {topic}/{partition}/{offset} {state} ({error_class})"
        )

    def note_lease(self, subject: str) -> None:
        """Remember who takes a lease."""
        self.lease_holders[subject] = _who()
        self._has_claimed = True

    async def reach(self) -> None:
        """Take a moment to reach it. Raises what a driver raises that can't."""
        await asyncio.sleep(self.dice.uniform(0.0005, 0.01))
        if self.is_down:
            self.trace.trouble("ledger down", _who())
            raise LedgerDown("it is down")

    async def hear(self) -> None:
        """Take a moment to hear of a commit, or never hear of it."""
        self._befall(_who())
        if self.lost_commits and self.dice.random() < self.lost_commits:
            self.trace.trouble("commit not heard of", _who())
            raise LedgerDown("lost")
        await asyncio.sleep(self.dice.uniform(0.0005, 0.01))

    def _befall(self, who: str) -> None:
        has_claimed, self._has_claimed = self._has_claimed, False
        armed = self.armed.get(who)
        if armed is not None and (has_claimed or not armed.only_claims):
            armed.left -= 1
            if armed.left == 0:
                del self.armed[who]
                armed.fall()


class _Driver:
    """Stands in for `service.ledger.sqlite.Sqlite`."""

    name = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._is_open = False
        self.ports: LedgerPorts | None = None

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """Open a transaction: committed at the end, rolled back on an error."""
        async with self._way():
            if self._is_open:
                raise InTransaction
            self._connection.execute("BEGIN IMMEDIATE")
            self._is_open = True
            try:
                yield service_sqlite._Session(self._connection)
                self._connection.execute("COMMIT")
            finally:
                self._is_open = False
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[Any]:
        """Open a session in which each statement is a transaction of its own."""
        async with self._way():
            yield service_sqlite._Session(self._connection)

    @contextlib.asynccontextmanager
    async def _way(self) -> AsyncIterator[None]:
        assert self.ports is not None
        await self.ports.reach()
        yield
        await self.ports.hear()

    async def close(self) -> None:
        """All share it: it stays."""

    def start_anew(self, ports: LedgerPorts) -> None:
        """Forget what the last run left open."""
        self.ports = ports
        self._is_open = False
        if self._connection.in_transaction:
            self._connection.rollback()


class Ledger:
    """One database in memory, made once and set back for every run."""

    def __init__(self) -> None:
        self._now: Callable[[], float] = lambda: 0.0
        self._template = _migrated(self._microseconds)
        real = service_sqlite.Sqlite(DatabasePolicy(URL), self._microseconds, _never)
        self.raw = real._open()
        self._driver = _Driver(self.raw)
        self._database = Database(DatabasePolicy(URL))
        self._database._driver = self._driver

    def _microseconds(self) -> int:
        return int((START + self._now()) * 1_000_000)

    def fresh(self, ports: LedgerPorts) -> None:
        """Set it back to empty tables, for a run."""
        self._now = ports.loop.time
        self._driver.start_anew(ports)
        self._template.backup(self.raw)
        self.raw.create_function("note_row", 6, ports.note_row)
        self.raw.create_function("note_lease", 1, ports.note_lease)
        # SQLite's own dice, by which unpublished outcomes are chosen.
        self.raw.create_function("random", 0, lambda: ports.dice.getrandbits(62))

    def database(self) -> Database:
        """Give the connection that all replicas have."""
        return self._database

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into it from outside."""
        return self.raw.execute(query, values).fetchall()


def _migrated(clock: Callable[[], int]) -> sqlite3.Connection:
    """Make the tables in a file, once for the whole process; gives them in memory."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite"
        database = Database(DatabasePolicy(f"sqlite+aiosqlite:///{file}"), clock)

        async def make() -> None:
            await upgrade(database)
            await database.close()

        asyncio.run(make())
        template = sqlite3.connect(":memory:", check_same_thread=False)
        with contextlib.closing(sqlite3.connect(file)) as made:
            made.backup(template)
    template.executescript(OBSERVED)
    return template


async def _never(_work: Callable[[], Any]) -> Any:
    raise AssertionError("there are no threads here")


def _who() -> str:
    fate = current_fate.get()
    return fate.name if fate else "world"
