"""The engine over a consumer of our own: what is taken up, in which order, and what is committed.

The real consumer is tried in tests/journeys.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from service.events.envelope import Incoming
from service.events.malformed import Malformed, MalformedReason
from service.events.topics import EventType, Topics
from service.intake.arrivals import Arrival
from service.intake.ending import Ending
from service.intake.engine import Engine, EnginePolicy
from service.intake.gate import Closed, Gate, GatePolicy
from service.intake.step_guard import GuardPolicy, StepGuard
from service.ledger.parked_rows import Origin
from service.metrics import Metrics, Name

ORDERS = TopicPartition("order.placed", 0)
PICKS = TopicPartition("stock.picked", 0)


@dataclass
class Consumer:
    """A consumer whose records lie in lists."""

    log: dict[TopicPartition, list[str]]
    positions: dict[TopicPartition, int] = field(default_factory=lambda: defaultdict(int))
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    looking_away: set[TopicPartition] = field(default_factory=set)
    on_commit: Callable[[TopicPartition, int], None] = lambda _partition, _offset: None

    def assignment(self) -> set[TopicPartition]:
        return set(self.log)

    def paused(self) -> set[TopicPartition]:
        return set(self.looking_away)

    def pause(self, *partitions: TopicPartition) -> None:
        self.looking_away |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.looking_away -= set(partitions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = offset

    async def commit(self, offsets: dict[TopicPartition, Any]) -> None:
        self.committed |= {partition: meta.offset for partition, meta in offsets.items()}
        for partition, offset in self.committed.items():
            self.on_commit(partition, offset)

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[TopicPartition, Any]:
        await asyncio.sleep(min(timeout_ms, 1) / 1000)
        found = {}
        for partition in self.assignment() - self.looking_away:
            start = self.positions[partition]
            keys = self.log[partition][start : start + max_records]
            if keys:
                found[partition] = [
                    _record(partition, start + i, key) for i, key in enumerate(keys)
                ]
                self.positions[partition] = start + len(keys)
        return found


def _record(partition: TopicPartition, offset: int, key: str) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(
        partition.topic, partition.partition, offset, 0, 0, key.encode(), b"", None, 0, 0, ()
    )


@dataclass(frozen=True)
class Keyed(Arrival):
    """An arrival whose lane is its key."""

    @property
    def lane(self) -> str:
        return (self.record.key or b"").decode()


def read(record: Incoming) -> Arrival:
    origin = Origin(record.topic, record.partition, record.offset)
    return Keyed(record, Malformed(MalformedReason.EMPTY, "no matter"), origin)


@dataclass
class Bench:
    """An engine, its consumer, and a settler that waits for the word."""

    consumer: Consumer
    engine: Engine
    gate: Gate
    metrics: Metrics
    started: list[tuple[str, int]]
    held: dict[str, asyncio.Event]
    failing: dict[str, int]
    guard: StepGuard
    forbidden: dict[tuple[str, int], int]
    """How often PRO refuses which event (topic and offset) before it lets it be."""
    settled: list[tuple[str, str, int]]
    """Topic, key and offset."""

    async def until(self, told: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not told():  # noqa: ASYNC110 - many things may make it so
                await asyncio.sleep(0.002)


@asynccontextmanager
async def bench(
    log: dict[TopicPartition, list[str]],
    until_due: Callable[[Incoming], float] = lambda _: 0.0,
    try_every: float = 0.02,
    **policy: Any,
) -> AsyncIterator[Bench]:
    metrics = Metrics()
    started: list[tuple[str, int]] = []
    held: dict[str, asyncio.Event] = {}
    failing: dict[str, int] = {}
    forbidden: dict[tuple[str, int], int] = {}
    settled: list[tuple[str, str, int]] = []
    guard = StepGuard(GuardPolicy(try_every=try_every), metrics, list(EventType))

    async def settle(arrived: Arrival) -> Ending:
        started.append((arrived.lane, arrived.origin.offset))
        if failing.get(arrived.lane, 0) > 0:
            failing[arrived.lane] -= 1
            raise ValueError("a bug")
        if arrived.lane in held:
            await held[arrived.lane].wait()
        event_type = EventType(arrived.origin.topic)
        left = forbidden.get((event_type, arrived.origin.offset), 0)
        if left > 0:
            forbidden[event_type, arrived.origin.offset] = left - 1
            guard.forbidden(event_type)
            return Ending.GIVEN_BACK
        guard.settled(event_type)
        settled.append((event_type, arrived.lane, arrived.origin.offset))
        return Ending.SETTLED

    async def well() -> None:
        return

    gate = Gate(GatePolicy(probe_every=0.01), dict.fromkeys(Closed, well), metrics)
    quick = {"poll_timeout": 0.01, "paused_poll_timeout": 0.002, "commit_every": 0.01}
    engine = Engine(
        settle,
        read,
        until_due,
        Topics().type_of,
        gate,
        guard,
        EnginePolicy(**(quick | {"settle_again": 0.01, "drain_timeout": 0.2} | policy)),
        metrics,
    )
    made = Bench(
        Consumer(log), engine, gate, metrics, started, held, failing, guard, forbidden, settled
    )
    running = asyncio.create_task(engine.run(made.consumer))
    try:
        yield made
    finally:
        for event in held.values():
            event.set()
        await engine.stop()
        await running
        await gate.stop()


async def test_a_slow_order_holds_its_commit_and_nobody_else() -> None:
    async with bench({ORDERS: ["A", "B", "C"], PICKS: ["B"]}) as made:
        made.held["A"] = asyncio.Event()
        await made.until(lambda: made.consumer.committed.get(PICKS) == 1)
        assert {key for key, _ in made.started} == {"A", "B", "C"}
        assert made.consumer.committed.get(ORDERS, 0) == 0
        made.held["A"].set()
        await made.until(lambda: made.consumer.committed.get(ORDERS) == 3)


async def test_events_of_one_order_run_one_after_the_other() -> None:
    async with bench({ORDERS: ["A", "A", "A"]}) as made:
        made.held["A"] = asyncio.Event()
        await made.until(lambda: made.started == [("A", 0)])
        await asyncio.sleep(0.03)
        assert made.started == [("A", 0)]
        made.held["A"].set()
        await made.until(lambda: made.started == [("A", 0), ("A", 1), ("A", 2)])


async def test_a_settling_that_breaks_off_is_started_again_and_not_committed_before() -> None:
    async with bench({ORDERS: ["A"]}) as made:
        made.failing["A"] = 3
        await made.until(lambda: made.consumer.committed.get(ORDERS) == 1)
        assert made.started == [("A", 0)] * 4
    counted = made.metrics.registry.get_sample_value(
        Name.SETTLING_FAILED.value, {"type": "unreadable"}
    )
    assert counted == 3


async def test_no_more_is_held_in_memory_than_the_window() -> None:
    async with bench({ORDERS: [f"K{n}" for n in range(50)]}, window=10) as made:
        made.held |= {f"K{n}": asyncio.Event() for n in range(50)}
        await made.until(lambda: len(made.started) == 10)
        await asyncio.sleep(0.05)
        assert len(made.started) == 10
        for event in made.held.values():
            event.set()
        await made.until(lambda: made.consumer.committed.get(ORDERS) == 50)


async def test_while_the_gate_is_closed_nothing_is_taken_up() -> None:
    async with bench({ORDERS: []}) as made:
        made.gate.close(Closed.LEDGER_DOWN)
        made.consumer.log[ORDERS].append("A")
        await made.until(lambda: ORDERS in made.consumer.looking_away or bool(made.started))
        await made.until(lambda: made.gate.is_open)
        await made.until(lambda: made.consumer.committed.get(ORDERS) == 1)


async def test_a_retry_message_that_is_not_due_stays_on_its_topic_and_others_go_on() -> None:
    due = asyncio.Event()

    def until_due(record: Incoming) -> float:
        return 0.0 if due.is_set() or record.topic != "stock.picked" else 0.02

    async with bench({ORDERS: ["A"], PICKS: ["B"]}, until_due) as made:
        await made.until(lambda: made.consumer.committed.get(ORDERS) == 1)
        assert made.started == [("A", 0)]
        assert made.consumer.committed.get(PICKS) is None
        due.set()
        await made.until(lambda: made.consumer.committed.get(PICKS) == 1)


async def test_a_revoked_partition_is_committed_only_as_far_as_it_is_finished() -> None:
    async with bench({ORDERS: ["A", "B", "B"]}) as made:
        made.held["B"] = asyncio.Event()
        await made.until(lambda: len(made.started) == 2)
        await made.engine.on_partitions_revoked({ORDERS})
        assert made.consumer.committed == {ORDERS: 1}
        made.held["B"].set()
        made.consumer.positions[ORDERS] = 1
        await made.engine.on_partitions_assigned({ORDERS})
        await made.until(lambda: made.consumer.committed == {ORDERS: 3})
        assert made.started == [("A", 0), ("B", 1), ("B", 1), ("B", 2)]


async def test_an_event_that_is_woken_twice_waits_once() -> None:
    async with bench({ORDERS: ["A"]}) as made:
        made.held["A"] = asyncio.Event()
        await made.until(lambda: len(made.started) == 1)
        record = Incoming("stock.picked", 0, 7, b"A", b"", (), datetime(2026, 3, 3, tzinfo=UTC))
        for _ in range(3):
            made.engine.submit(read(record))
        made.held["A"].set()
        await made.until(lambda: made.started == [("A", 0), ("A", 7)])
        await asyncio.sleep(0.02)
        assert made.started == [("A", 0), ("A", 7)]
