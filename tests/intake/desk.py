"""Intake around a reaction that does as it is told: a real ledger, a topic that is a list."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from service.events.envelope import Envelope, Incoming, Outgoing
from service.events.said import Event
from service.events.topics import EventType, Topics
from service.intake.announcing import Announcer
from service.intake.arrivals import Arrival, arrival, resumed
from service.intake.counting import Counting, CountingPolicy
from service.intake.ending import Ending
from service.intake.gate import Closed, Gate, GatePolicy
from service.intake.handling import Handling, HandlingPolicy
from service.intake.ladder import Ladder, LadderPolicy
from service.intake.limits import Limits, LimitsPolicy
from service.intake.parking import Parking
from service.intake.pick_times import PickTimes
from service.intake.step_guard import GuardPolicy, StepGuard
from service.intake.sweeper import Sweeper, SweepPolicy
from service.intake.troubles import PatiencePolicy
from service.ledger.attention import Attention
from service.ledger.attention_kinds import AttentionPolicy
from service.ledger.database import Database, DatabasePolicy
from service.ledger.dead_letters import DeadLetters
from service.ledger.operation import Announcement
from service.ledger.outcomes import OutcomeStore
from service.ledger.parked import ParkedEvents
from service.ledger.parked_rows import Origin, ParkedEvent, Subject, Woken
from service.ledger.publication import Publication
from service.ledger.sealing import Seal
from service.ledger.tables import ParkedState
from service.ledger.upgrade import upgrade
from service.ledger.waiting import OnTheirWay
from service.metrics import Metrics, Name
from service.operations import Performed

TOPICS = Topics()
TIERS = [tier.topic for tier in TOPICS.retry_tiers]
CANARY = "Quintessa Featherstonehaugh"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PICKED = {
    "order_reference": "WEB-1",
    "pick_reference": "P-1",
    "items": [{"sku": "TEA-POT-01", "quantity": 1}],
    "metadata": [{"key": "Gift", "string_value": CANARY}],
}
DONE = Performed(
    "pack:WEB-1:P-1",
    (
        Announcement(
            type="consignment.created",
            id="0" * 32,
            time=START,
            traceparent=None,
            data={
                "order_reference": "WEB-1",
                "sequence": 1,
                "pick_reference": "P-1",
                "consignment_reference": "EC-1",
                "pro_order_reference": "EO-1",
                "consignment_reference_provided_by_customer": "WEB-1-P-1",
                "direction": "outbound",
            },
        ),
    ),
)


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Clock:
    """The ledger's time."""

    now: datetime = START

    def __call__(self) -> int:
        return int(self.now.timestamp() * 1_000_000)

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Desk:
    """Intake, and what a test wants to see of it."""

    clock: Clock
    parked: ParkedEvents
    metrics: Metrics
    ends: deque[Exception | Performed] = field(default_factory=deque)
    """What the reaction ends in, one time after the other; afterwards it works."""
    does: list[Callable[[], Performed]] = field(default_factory=list)
    """What the reaction does before that, one time after the other."""
    may_react: asyncio.Event = field(default_factory=asyncio.Event)
    reacted: int = 0
    seen: list[str] = field(default_factory=list)
    """The picks that the reaction was asked for ("P-7" lay at offset 7), or "order"."""
    published: list[Outgoing] = field(default_factory=list)
    on_publish: Callable[[Outgoing], None] = lambda _: None
    probe: Callable[[], None] = lambda: None
    probed: int = 0
    woken: list[Woken] = field(default_factory=list)
    handling: Handling = field(init=False)
    gate: Gate = field(init=False)
    limits: Limits = field(init=False)
    guard: StepGuard = field(init=False)
    letters: DeadLetters = field(init=False)
    sweeper: Sweeper = field(init=False)

    async def react(self, said: Event, _cause: Envelope) -> Performed:
        self.reacted += 1
        self.seen.append(getattr(said, "pick_reference", "order"))
        await self.may_react.wait()
        if self.does:
            return self.does.pop(0)()
        end = self.ends.popleft() if self.ends else DONE
        if isinstance(end, Exception):
            raise end
        return end

    async def publish(self, record: Outgoing) -> None:
        self.on_publish(record)
        self.published.append(record)

    async def check(self) -> None:
        self.probed += 1
        self.probe()

    async def arrive(self, record: Incoming | None = None) -> Ending:
        """Settle an event of its own topic."""
        return await self.handling.settle(read(record or event()))

    def start(self, record: Incoming) -> asyncio.Task[Ending]:
        """Settle an event of its own topic beside others."""
        return asyncio.create_task(self.arrive(record))

    async def come_back(self) -> Ending:
        """Settle the event of the latest retry message, when it is due."""
        row = await self.row()
        if row is not None:
            self.clock.forward(max(0.0, row.seconds_until_due))
        return await self.handling.settle(read(self.retry_message()))

    async def take_up(self, woken: Woken) -> Ending:
        """Settle an event that the ledger woke."""
        since = woken.row.first_failed_at
        return await self.handling.settle(resumed(woken.record, since, TOPICS, 1_000_000))

    async def drain(self) -> list[Ending]:
        """Take up what the ledger has woken, and what that wakes."""
        endings = []
        while self.woken:
            endings.append(await self.take_up(self.woken.pop(0)))
        return endings

    async def sweep(self, after: float) -> list[Ending]:
        """Sweep so many seconds later, and take up what that wakes."""
        self.clock.forward(after)
        await self.sweeper.sweep()
        return await self.drain()

    async def state(self, offset: int) -> ParkedState | None:
        """How an event stands in the ledger; None when it is not in it."""
        row = await self.row(offset)
        return None if row is None else row.state

    def retry_message(self) -> Incoming:
        """The latest record of a retry tier."""
        sent = [record for record in self.published if record.topic in TIERS][-1]
        return Incoming(sent.topic, 0, 1, sent.key, sent.value, tuple(sent.headers), START)

    async def row(self, offset: int = 7) -> ParkedEvent | None:
        subject = Subject("stock.picked", "any", "WEB-1")
        row, _ = await self.parked.look(Origin("stock.picked", 0, offset), subject)
        return row

    @property
    def topics(self) -> list[str]:
        """The topics that were published to, in order."""
        return [record.topic for record in self.published]

    def counted(self, name: Name, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name.value, labels) or 0.0


def event(
    offset: int = 7, data: Any = None, topic: str = "stock.picked", order: str = "WEB-1"
) -> Incoming:
    """A record of an event topic, by default a pick of WEB-1."""
    pick = PICKED | {"order_reference": order, "pick_reference": f"P-{offset}"}
    said = data if data is not None else pick
    value = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Incoming(topic, 0, offset, order.encode(), value, (), START)


async def quiet(tasks: Sequence[asyncio.Task[Ending]]) -> list[Ending]:
    """Wait until all are settled."""
    async with asyncio.timeout(10):
        return await asyncio.gather(*tasks)


def read(record: Incoming) -> Arrival:
    return arrival(record, TOPICS, 1_000_000)


@asynccontextmanager
async def desk_of(path: Path) -> AsyncIterator[Desk]:
    clock = Clock()
    database = Database(DatabasePolicy(f"sqlite+aiosqlite:///{path}"), clock)
    await upgrade(database)
    seal = Seal([Fernet.generate_key().decode()])
    metrics = Metrics()
    desk = Desk(clock, ParkedEvents(database, seal), metrics)
    desk.may_react.set()
    desk.limits = Limits(LimitsPolicy(), metrics)
    desk.guard = StepGuard(GuardPolicy(try_every=0.05), metrics, [EventType.STOCK_PICKED])
    desk.letters = DeadLetters(database, seal)
    desk.gate = Gate(GatePolicy(probe_every=0.005), dict.fromkeys(Closed, desk.check), metrics)
    publication = Publication(database, OutcomeStore(seal))
    announcer = Announcer(desk.publish, publication, TOPICS, "test", metrics)
    parking = Parking(desk.parked, desk.publish, desk.woken.append, TOPICS, metrics)
    on_their_way = OnTheirWay(database)
    pick_times = PickTimes(on_their_way, metrics)
    attention = Attention(database, AttentionPolicy())
    desk.sweeper = Sweeper(
        database,
        publication,
        desk.parked,
        Counting(desk.parked, attention, on_their_way, pick_times, CountingPolicy(), metrics),
        pick_times,
        {},
        announcer,
        parking,
        desk.woken.append,
        desk.gate,
        desk.limits,
        SweepPolicy(),
        metrics,
    )
    desk.handling = Handling(
        {EventType.ORDER_PLACED: desk.react, EventType.STOCK_PICKED: desk.react},
        announcer,
        parking,
        database,
        Ladder(LadderPolicy(TOPICS.retry_tiers)),
        desk.gate,
        desk.limits,
        desk.guard,
        HandlingPolicy(PatiencePolicy(quick_wait=0.001, lease_patience=0.5, lease_wait=0.005)),
        pick_times,
        metrics,
    )
    yield desk
    await desk.gate.stop()
    await database.close()
