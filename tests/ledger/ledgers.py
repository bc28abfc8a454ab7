"""A ledger whose time a test moves, on SQLite or on a real PostgreSQL."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import select, text

from service.events.envelope import Incoming
from service.ledger import history, orders, standing
from service.ledger.clock import now_plus
from service.ledger.database import Database, DatabasePolicy
from service.ledger.history import Entry
from service.ledger.journal import Journal
from service.ledger.lookups import LookupPolicy, OperationKind
from service.ledger.operation import (
    Announcement,
    Effects,
    Operation,
    Settlement,
    Unnumbered,
    no_effects,
)
from service.ledger.orders import Line
from service.ledger.outcomes import OutcomeStore
from service.ledger.parked import ParkedEvents
from service.ledger.publication import Publication
from service.ledger.sealing import Seal
from service.ledger.tables import operations
from service.ledger.upgrade import upgrade
from service.metrics import Metrics, Name

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

# PostgreSQL finds this function before its own, which is then behind it in the search path.
_MOVABLE_TIME = """
CREATE SCHEMA testing;
CREATE TABLE testing.moved (by interval NOT NULL);
INSERT INTO testing.moved VALUES (interval '0');
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
  'SELECT pg_catalog.clock_timestamp() + by FROM testing.moved';
"""


@dataclass
class Clock:
    """Microseconds since 1970 that stand still until a test moves them."""

    now: datetime = START

    def __call__(self) -> int:
        return int(self.now.timestamp()) * 1_000_000 + self.now.microsecond

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Ledger:
    """A database with its tables, and what the service makes of it."""

    database: Database
    forward: Callable[[float], Awaitable[None]]
    """Moves the database's clock on by so many seconds."""
    seal: Seal = field(default_factory=lambda: Seal([Fernet.generate_key().decode()]))
    metrics: Metrics = field(default_factory=Metrics)

    def journal(self, lookups: LookupPolicy | None = None, lease_seconds: float = 60.0) -> Journal:
        """A worker's journal; two of them are two workers."""
        return Journal(
            self.database,
            OutcomeStore(self.seal),
            self.metrics,
            lookups or LookupPolicy(),
            lease_seconds,
        )

    @property
    def publication(self) -> Publication:
        return Publication(self.database, OutcomeStore(self.seal))

    async def was_ever_unknown(self, key: str) -> bool:
        async with self.database.begin() as tx:
            return await standing.was_ever_unknown(tx, key)

    @property
    def parked(self) -> ParkedEvents:
        return ParkedEvents(self.database, self.seal)

    async def now(self) -> datetime:
        async with self.database.begin() as tx:
            found: datetime = (await tx.execute(select(now_plus()))).scalar_one()
        return found

    async def row(self, key: str) -> Any:
        """The row of an operation."""
        async with self.database.begin() as tx:
            found = await tx.execute(select(operations).where(operations.c.operation_key == key))
            return found.one()._asdict()

    async def history(self, order_reference: str = "WEB-1") -> list[Entry]:
        async with self.database.begin() as tx:
            return await history.of_order(tx, order_reference)

    async def place(self, order_reference: str = "WEB-1", *quantities: int) -> None:
        """Place an order with so many units on each line, and have PRO know it."""
        async with self.database.begin() as tx:
            await orders.place(tx, order_reference, "LEEDS_DC", lines(*(quantities or (1,))))
            await orders.record(tx, order_reference, f"EO-{order_reference}")

    async def operation(self, key: str = "pack:WEB-1:P-1", **changes: Any) -> Operation:
        """An operation that is asked for now, by the ledger's clock."""
        values: dict[str, Any] = {
            "key": key,
            "kind": OperationKind.PACK_ORDER,
            "subject": "order:WEB-1",
            "order_reference": "WEB-1",
            "content_digest": "one teapot",
            "digest_version": 1,
            "event_id": "event-1",
            "event_time": await self.now(),
        }
        return Operation(**(values | changes))

    def counted(self, name: Name, **labels: str) -> float:
        """The value of a counter."""
        return self.metrics.registry.get_sample_value(name.value, labels) or 0.0


def lines(*quantities: int) -> list[Line]:
    """Lines of an order: SKU-0, SKU-1, … with so many units each."""
    return [
        Line(
            line=number,
            sku=f"SKU-{number}",
            item_reference=None,
            quantity=quantity,
            picked=0,
            weight_kg=Decimal("1.4"),
            length_cm=Decimal(24),
            width_cm=Decimal(18),
            height_cm=Decimal(16),
        )
        for number, quantity in enumerate(quantities)
    ]


def saying(
    *ids: str, order_reference: str = "WEB-1", refused: bool = False, effects: Effects = no_effects
) -> Settlement:
    """A settlement with an outcome for each id."""

    def make(outcome_id: str) -> Callable[[int], Announcement]:
        return lambda sequence: Announcement(
            type="consignment.created",
            id=outcome_id,
            time=START,
            traceparent=None,
            data={"order_reference": order_reference, "sequence": sequence},
        )

    return Settlement(
        outcomes=[Unnumbered(order_reference, make(outcome_id)) for outcome_id in ids],
        effects=effects,
        refused=refused,
        result={"consignments": list(ids)},
    )


def record(offset: int = 7, value: bytes = b'{"name": "Ada"}', topic: str = "s.p") -> Incoming:
    """A record as Kafka delivered it."""
    return Incoming(
        topic=topic,
        partition=2,
        offset=offset,
        key=b"WEB-1",
        value=value,
        headers=(("ce_id", b"event-1"), ("traceparent", b"00-x")),
        timestamp=START,
    )


async def on_sqlite(path: Path) -> Ledger:
    """A ledger in a file, its tables made."""
    clock = Clock()

    async def forward(seconds: float) -> None:
        clock.forward(seconds)

    ledger = Ledger(Database(DatabasePolicy(f"sqlite+aiosqlite:///{path}"), clock), forward)
    await upgrade(ledger.database)
    return ledger


async def on_postgresql(url: str) -> Ledger:
    """A ledger in an empty database, its tables made; the clock of this database can be moved."""
    preparing = Database(DatabasePolicy(url, pool_size=1))
    async with preparing.begin() as tx:
        for statement in filter(str.strip, _MOVABLE_TIME.split(";\n")):
            await tx.execute(text(statement))
        name = (await tx.execute(text("SELECT current_database()"))).scalar_one()
        await tx.execute(text(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog'))
    await preparing.close()
    database = Database(DatabasePolicy(url))

    async def forward(seconds: float) -> None:
        async with database.begin() as tx:
            await tx.execute(
                text(
                    "UPDATE testing.moved SET by = by + make_interval(secs => :seconds)"
                ).bindparams(seconds=float(seconds))
            )

    await upgrade(database)
    return Ledger(database, forward)
