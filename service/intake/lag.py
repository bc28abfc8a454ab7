"""Consumer lag, measured beside the engine: also while intake is paused and nothing is fetched.

The client raises nothing while Kafka is away: a fetch merely stays empty. Whether the brokers
answer is therefore known from here alone.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from service.metrics import Metrics, Name

UnfinishedFrom = Callable[[TopicPartition], int | None]
"""Gives a partition's lowest unfinished offset; None where nothing was taken up of it yet."""


@dataclass(frozen=True)
class LagPolicy:
    """Times in seconds."""

    every: float = 5.0
    timeout: float = 5.0
    away_after: float = 60.0
    """Without an answer for so long, the broker counts as away: an election takes less."""


class Lag:
    """Asks the broker once in a while where the partitions of this replica end."""

    def __init__(
        self, unfinished_from: UnfinishedFrom, policy: LagPolicy, metrics: Metrics
    ) -> None:
        self._unfinished_from = unfinished_from
        self._policy = policy
        self._metrics = metrics
        self._log = structlog.get_logger("lag")
        self._answered_at: float | None = None

    def broker_away(self) -> float | None:
        """Seconds since the broker answered last, where it counts as away; else None."""
        if self._answered_at is None:
            return None  # not measuring yet
        silent = time.monotonic() - self._answered_at
        return silent if silent > self._policy.away_after else None

    async def run(self, consumer: AIOKafkaConsumer) -> None:
        """Measure for ever; while the broker does not answer, the last values stand."""
        self._answered_at = time.monotonic()  # it has just let us in
        while True:
            try:
                async with asyncio.timeout(self._policy.timeout):
                    await self.measure(consumer)
            except (KafkaError, TimeoutError):
                pass  # the broker is away, or partitions are moving
            except Exception as error:  # noqa: BLE001 - measuring breaks nothing
                self._log.warning("lag not measured", error=type(error).__name__)
            await asyncio.sleep(self._policy.every)

    async def measure(self, consumer: AIOKafkaConsumer) -> None:
        """Show the lag of every partition that is ours, and of no other."""
        partitions = list(consumer.assignment())
        if partitions:
            ends = await consumer.end_offsets(partitions)
        else:
            ends = {}
            await consumer.topics()  # asked only to see whether the broker answers
        lags = {}
        for partition, end in ends.items():
            position = self._unfinished_from(partition)
            if position is None:
                position = await consumer.position(partition)
            lags[partition] = max(0, end - position)
        self._metrics.forget(Name.CONSUMER_LAG)
        for (topic, number), lag in lags.items():
            self._metrics.set(Name.CONSUMER_LAG, lag, topic=topic, partition=str(number))
        self._answered_at = time.monotonic()
        self._metrics.set(Name.LAG_MEASURED, time.time())
