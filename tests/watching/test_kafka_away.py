"""That Kafka is away is seen also while nothing waits, and a restart is not what is asked for."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from service.health import create_app
from service.intake.gate import Closed
from service.intake.lag import Lag, LagPolicy
from service.lifetime import not_ready
from service.metrics import Metrics, Name
from tests.intake.test_engine import ORDERS, bench

AWAY_AFTER = 0.4
"""Seconds; much longer than a round of measuring here."""


@dataclass
class Broker:
    """The consumer of a broker that can be away, or not answer at all."""

    partitions: set[TopicPartition] = field(default_factory=lambda: {ORDERS})
    is_away: bool = False
    is_silent: bool = False
    has_bug: bool = False

    def assignment(self) -> set[TopicPartition]:
        return self.partitions

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        await self._answer()
        return dict.fromkeys(partitions, 1)

    async def topics(self) -> set[str]:
        await self._answer()
        return {ORDERS.topic}

    async def position(self, _partition: TopicPartition) -> int:
        return 1

    async def _answer(self) -> None:
        if self.has_bug:
            raise ValueError("a bug")
        if self.is_away:
            raise KafkaConnectionError
        if self.is_silent:
            await asyncio.sleep(60)


@asynccontextmanager
async def measuring(broker: Broker, metrics: Metrics) -> AsyncIterator[Lag]:
    """Have the lag measured, quickly."""
    lag = Lag({}.get, LagPolicy(every=0.005, timeout=0.02, away_after=AWAY_AFTER), metrics)
    task = asyncio.create_task(lag.run(broker))
    try:
        await until(lambda: measured_at(metrics) > 0)
        yield lag
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(told: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not told():  # noqa: ASYNC110 - time alone may make it so
            await asyncio.sleep(0.005)


def measured_at(metrics: Metrics) -> float:
    """What the gauge says, as Unix time."""
    return metrics.registry.get_sample_value(Name.LAG_MEASURED) or 0.0


@pytest.mark.parametrize("partitions", [{ORDERS}, set()], ids=["with partitions", "without any"])
@pytest.mark.parametrize("how", ["is_away", "is_silent", "has_bug"])
async def test_a_broker_without_an_answer_is_away_after_a_while_until_it_answers(
    how: str, partitions: set[TopicPartition]
) -> None:
    metrics, broker = Metrics(), Broker(partitions)
    began = time.time()
    async with measuring(broker, metrics) as lag:
        assert lag.broker_away() is None
        assert began <= measured_at(metrics) <= time.time()
        setattr(broker, how, True)
        await asyncio.sleep(AWAY_AFTER / 4)
        assert lag.broker_away() is None
        await until(lambda: lag.broker_away() is not None)
        last = measured_at(metrics)
        assert (lag.broker_away() or 0.0) > AWAY_AFTER
        assert time.time() - last > AWAY_AFTER
        setattr(broker, how, False)
        await until(lambda: lag.broker_away() is None)
        assert measured_at(metrics) > last


def test_what_has_not_begun_to_measure_calls_nobody_away() -> None:
    metrics = Metrics()
    lag = Lag({}.get, LagPolicy(away_after=-1.0), metrics)
    assert lag.broker_away() is None
    assert measured_at(metrics) == 0


async def test_readyz_says_that_the_broker_is_away_and_healthz_asks_for_no_restart() -> None:
    broker = Broker()
    async with bench({ORDERS: []}) as made, measuring(broker, made.metrics) as lag:
        app = create_app(
            made.metrics,
            lambda: made.engine.last_poll,
            5.0,
            partial(not_ready, made.engine, made.gate, lag),
            dict,
        )
        way = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=way, base_url="http://replica") as client:
            assert (await client.get("/readyz")).json() == {"ready": True}
            broker.is_away = True
            await until(lambda: lag.broker_away() is not None)
            told = await client.get("/readyz")
            assert told.status_code == 503
            assert told.json() == {"ready": False, "broker_away": ["no answer for 0 s"]}
            assert (await client.get("/healthz")).status_code == 200
            made.gate.close(Closed.PRO_DOWN)
            assert set((await client.get("/readyz")).json()) == {"ready", "broker_away", "paused"}
