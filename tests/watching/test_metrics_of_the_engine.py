"""Gauges of what is going on: they follow it up and down, and nothing stays that is over."""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from service.intake.lag import Lag, LagPolicy
from service.intake.watched import watch_connections
from service.ledger.database import Contended, Database, DatabasePolicy, Ended, LedgerDown
from service.ledger.upgrade import upgrade
from service.ledger.waiting import OnTheirWay
from service.metrics import Metrics, Name
from tests.intake.desk import Desk, desk_of
from tests.intake.test_engine import ORDERS, PICKS, bench
from tests.pro.raw_server import Request, answer, client_of, serving


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """What a metric shows; None where it shows nothing."""
    return metrics.registry.get_sample_value(name, labels)


async def test_an_event_that_does_not_end_is_the_oldest_unfinished_until_it_ends() -> None:
    async with bench({ORDERS: ["A", "A", "B"]}) as made:
        made.held["A"] = asyncio.Event()
        await made.until(lambda: ("B", 2) in made.started)
        await asyncio.sleep(0.05)
        assert (value(made.metrics, Name.OLDEST_UNFINISHED) or 0) >= 0.05
        assert made.engine.unfinished_from(ORDERS) == 0
        made.held["A"].set()
        await made.until(lambda: made.consumer.committed.get(ORDERS) == 3)
        assert value(made.metrics, Name.OLDEST_UNFINISHED) == 0
        assert made.engine.unfinished_from(ORDERS) == 3


async def test_what_was_never_taken_up_has_no_unfinished_event() -> None:
    async with bench({ORDERS: []}) as made:
        assert made.engine.unfinished_from(ORDERS) is None


@dataclass
class Broker:
    """The consumer, as far as the lag asks it."""

    ends: dict[TopicPartition, int]
    positions: dict[TopicPartition, int] = field(default_factory=dict)

    def assignment(self) -> set[TopicPartition]:
        return set(self.ends)

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {partition: self.ends[partition] for partition in partitions}

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]


async def test_lag_counts_from_the_lowest_unfinished_event_and_grows_without_a_fetch() -> None:
    metrics, broker = Metrics(), Broker({ORDERS: 10, PICKS: 7}, {PICKS: 7})
    lag = Lag({ORDERS: 4}.get, LagPolicy(), metrics)
    await lag.measure(broker)
    broker.ends[ORDERS] = 110
    assert value(metrics, Name.CONSUMER_LAG, topic="order.placed", partition="0") == 6
    assert value(metrics, Name.CONSUMER_LAG, topic="stock.picked", partition="0") == 0
    await lag.measure(broker)
    assert value(metrics, Name.CONSUMER_LAG, topic="order.placed", partition="0") == 106


async def test_a_partition_that_moved_away_has_no_lag_here() -> None:
    metrics, broker = Metrics(), Broker({ORDERS: 10, PICKS: 7})
    lag = Lag({ORDERS: 4, PICKS: 7}.get, LagPolicy(), metrics)
    await lag.measure(broker)
    del broker.ends[ORDERS]
    await lag.measure(broker)
    assert value(metrics, Name.CONSUMER_LAG, topic="order.placed", partition="0") is None
    assert value(metrics, Name.CONSUMER_LAG, topic="stock.picked", partition="0") == 0


async def test_a_broker_that_does_not_answer_ends_nothing() -> None:
    class Silent(Broker):
        async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
            await asyncio.sleep(60)
            return await super().end_offsets(partitions)

    lag = Lag({}.get, LagPolicy(every=0.001, timeout=0.001), Metrics())
    measuring = asyncio.create_task(lag.run(Silent({ORDERS: 1})))
    await asyncio.sleep(0.05)
    assert not measuring.done()
    measuring.cancel()
    await asyncio.gather(measuring, return_exceptions=True)


async def test_an_error_of_ours_ends_no_measuring() -> None:
    class Odd(Broker):
        asked = 0

        async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
            self.asked += 1
            if self.asked == 1:
                raise AssertionError
            return await super().end_offsets(partitions)

    metrics = Metrics()
    lag = Lag({ORDERS: 4}.get, LagPolicy(every=0.001), metrics)
    measuring = asyncio.create_task(lag.run(Odd({ORDERS: 10})))
    await asyncio.sleep(0.05)
    measuring.cancel()
    await asyncio.gather(measuring, return_exceptions=True)
    assert value(metrics, Name.CONSUMER_LAG, topic="order.placed", partition="0") == 6


async def end_in(database: Database, error: Exception | None) -> None:
    """Have a transaction end in an error, or well."""
    async with database.begin():
        if error is not None:
            raise error


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (None, Ended.DONE),
        (ValueError("a bug"), Ended.UNDONE),
        (Contended(), Ended.CONTENDED),
        (LedgerDown(), Ended.DOWN),
    ],
)
async def test_a_transaction_is_timed_by_how_it_ended(
    tmp_path: Path, error: Exception | None, ending: Ended
) -> None:
    database, metrics = Database(DatabasePolicy(f"sqlite+aiosqlite:///{tmp_path}/l.db")), Metrics()
    await upgrade(database)
    async with serving(answer(200)) as server, client_of(server) as pro:
        watch_connections(metrics, database, pro)
        with nullcontext() if error is None else pytest.raises(type(error)):
            await end_in(database, error)
    assert value(metrics, f"{Name.LEDGER_SECONDS}_count", ending=ending.value) == 1
    await database.close()


async def test_a_call_is_in_flight_while_pro_is_asked(tmp_path: Path) -> None:
    database, metrics = Database(DatabasePolicy(f"sqlite+aiosqlite:///{tmp_path}/l.db")), Metrics()
    seen: list[float | None] = []

    async def look(_: Request, writer: asyncio.StreamWriter) -> None:
        seen.append(value(metrics, Name.PRO_CALLS_IN_FLIGHT))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")

    async with serving(look) as server, client_of(server) as pro:
        watch_connections(metrics, database, pro)
        await pro.get_shipping_locations()
        assert seen == [1]
        assert value(metrics, Name.PRO_CALLS_IN_FLIGHT) == 0
    await database.close()


async def test_the_sweeper_shows_when_it_came_round(tmp_path: Path) -> None:
    async with desk_of(tmp_path / "ledger.db") as desk:
        assert value(desk.metrics, Name.LAST_SWEEP, loop="tidy") is None
        sweeping = asyncio.create_task(desk.sweeper.run())
        await until_shown(desk, "tidy")
        await until_shown(desk, "work")
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)


async def until_shown(desk: Desk, loop: str) -> None:
    async with asyncio.timeout(5):
        while not value(desk.metrics, Name.LAST_SWEEP, loop=loop):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_count_that_takes_too_long_pauses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_long(_self: object) -> None:
        raise LedgerDown("TimeoutError")

    monkeypatch.setattr(OnTheirWay, "stages", too_long)
    async with desk_of(tmp_path / "ledger.db") as desk:
        await desk.sweeper.tidy()
        assert desk.gate.is_open
        assert desk.counted(Name.SWEEPS_FAILED, work="count_waiting") == 1
        assert desk.metrics.registry.get_sample_value(Name.ORDERS_HELD) == 0, "others are counted"
