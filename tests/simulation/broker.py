"""A replica's connection to the Kafka in memory: stands in for `service.intake.broker.Broker`.

It behaves as aiokafka does: a rebalance runs beside the poll loop, `getmany` gives nothing while
partitions move, a member that was put out learns it with its next heartbeat and goes on with what
it had until then.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaTimeoutError
from aiokafka.structs import OffsetAndMetadata

from service.events.envelope import Outgoing
from service.intake.broker import Broker
from service.intake.broker_security import BrokerSecurity

from .kafka import Joined, Kafka, Record
from .trace import Trace


@dataclass
class PublishFaults:
    """How likely a publication fails, each from 0 to 1."""

    before: float = 0.0
    """The broker has not taken the record."""
    after: float = 0.0
    """The broker has taken it, the acknowledgement is lost."""
    slow: float = 0.0


class SimulatedConsumer:
    """The consumer that the engine drives."""

    def __init__(
        self, name: str, kafka: Kafka, topics: Sequence[str], listener: ConsumerRebalanceListener
    ) -> None:
        self.name = name
        self.generation = -1
        self._kafka = kafka
        self._topics = list(topics)
        self._listener = listener
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._told_to_join = asyncio.Event()
        self._woken = asyncio.Event()
        self._is_moving = True
        self._moved = asyncio.Event()
        self._coordinating: asyncio.Task[None] | None = None
        self.delivered: dict[tuple[str, int, int], int] = {}

    async def start(self) -> None:
        """Join the group; returns before partitions are assigned, as aiokafka does."""
        self._coordinating = asyncio.create_task(self._coordinate())
        self._told_to_join.set()

    async def stop(self) -> None:
        """Leave the group."""
        if self._coordinating is not None:
            self._coordinating.cancel()
            await asyncio.gather(self._coordinating, return_exceptions=True)
        self._kafka.leave(self.name, "it left")

    def rejoin(self) -> None:
        """Be told to join again."""
        self._told_to_join.set()

    def wake(self) -> None:
        """Be told that there is something to fetch."""
        self._woken.set()

    async def _coordinate(self) -> None:
        while True:
            await self._told_to_join.wait()
            self._told_to_join.clear()
            self._is_moving = True
            self._moved.clear()
            if self._positions:
                await self._listener.on_partitions_revoked(set(self._positions))
            await self._kafka.until_back()
            self._take(await self._kafka.join(self, self._topics))
            await self._listener.on_partitions_assigned(set(self._positions))
            self._is_moving = False
            self._moved.set()
            self._woken.set()

    def _take(self, joined: Joined) -> None:
        self.generation = joined.generation
        self._positions = dict(joined.positions)
        self._paused.clear()

    async def getmany(
        self, *_: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Record]]:
        """Give what there is; waits so long for the first records."""
        if self._is_moving:
            await self._moved.wait()
        found = self._fetch(max_records or 500)
        if found or timeout_ms <= 0:
            return found
        self._woken.clear()
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await self._woken.wait()
                await asyncio.sleep(0.002)
        except TimeoutError:
            return {}
        if self._is_moving:
            await self._moved.wait()
        return self._fetch(max_records or 500)

    def _fetch(self, limit: int) -> dict[TopicPartition, list[Record]]:
        found: dict[TopicPartition, list[Record]] = {}
        for tp, position in self._positions.items():
            if tp in self._paused or limit <= 0:
                continue
            records = self._kafka.records(tp, position, limit)
            if records:
                found[tp] = list(records)
                self._positions[tp] = position + len(records)
                limit -= len(records)
        return found

    def assignment(self) -> set[TopicPartition]:
        """Its partitions."""
        return set(self._positions)

    def paused(self) -> set[TopicPartition]:
        """Those of them that it looks away from."""
        return set(self._paused)

    def pause(self, *tps: TopicPartition) -> None:
        """Look away from some."""
        self._require(tps)
        self._paused.update(tps)

    def resume(self, *tps: TopicPartition) -> None:
        """Look at some again."""
        self._require(tps)
        self._paused.difference_update(tps)
        self._woken.set()

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Go on at an offset."""
        self._require((tp,))
        self._positions[tp] = offset

    async def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """Commit offsets. Raises IllegalStateError, CommitFailedError."""
        self._require(offsets)
        await asyncio.sleep(0.002)
        await self._kafka.until_back()
        self._kafka.commit(self, {tp: each.offset for tp, each in offsets.items()})
        await asyncio.sleep(0.002)

    def _require(self, tps: Any) -> None:
        if not self._positions.keys() >= set(tps):
            raise IllegalStateError("a partition that is not assigned")


class SimulatedBroker(Broker):
    """Publishes and consumes. One for each replica."""

    def __init__(
        self,
        name: str,
        kafka: Kafka,
        dice: random.Random,
        faults: PublishFaults,
        trace: Trace,
        request_timeout: float,
    ) -> None:
        self._name = name
        self._memory = kafka
        self._dice = dice
        self._faults = faults
        self._trace = trace
        self._request_timeout = request_timeout
        self.consumer: SimulatedConsumer | None = None
        self.security = BrokerSecurity()

    async def wait_until_there(self, _topics: Sequence[str]) -> None:
        """Wait for the broker."""
        await self._memory.until_back()

    async def start(self, topics: Sequence[str], listener: ConsumerRebalanceListener) -> Any:
        """Join the group, and give the consumer to drive."""
        self.consumer = SimulatedConsumer(self._name, self._memory, topics, listener)
        await self.consumer.start()
        return self.consumer

    async def connect(self) -> None:
        """There is nothing to connect."""

    async def stop(self) -> None:
        """Leave the group."""
        if self.consumer is not None:
            await self.consumer.stop()

    async def publish(self, record: Outgoing) -> None:
        """Publish a record; returns when the broker has it. Raises KafkaError."""
        await asyncio.sleep(self._dice.uniform(0.001, 0.01))
        fault = self._dice.random()
        if self._memory.is_away or fault < self._faults.before:
            self._trace.trouble("publication lost", self._name, record.topic)
            await asyncio.sleep(self._request_timeout if self._memory.is_away else 0.05)
            raise KafkaTimeoutError
        if self._dice.random() < self._faults.slow:
            self._trace.trouble("publication slow", self._name, record.topic)
            await asyncio.sleep(self._dice.uniform(0.5, 8.0))
        self._memory.append(record.topic, record.key, record.value, list(record.headers))
        await asyncio.sleep(self._dice.uniform(0.001, 0.01))
        if self._dice.random() < self._faults.after:
            self._trace.trouble("acknowledgement lost", self._name, record.topic)
            raise KafkaTimeoutError
