"""The ways to consume that are compared: three of FastStream's own, and the service's engine."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from bench.workload import Doing
from service.clock import utc_now
from service.events.envelope import Incoming
from service.events.malformed import Malformed, MalformedReason
from service.events.topics import Topics
from service.intake.arrivals import Arrival, seconds_until_due
from service.intake.broker import Broker, BrokerPolicy
from service.intake.ending import Ending
from service.intake.engine import Engine, EnginePolicy
from service.intake.gate import Gate, GatePolicy
from service.intake.step_guard import GuardPolicy, StepGuard
from service.ledger.parked_rows import Origin
from service.metrics import Metrics

AUTO_COMMIT_MS = 500
"""As often as our engine commits; aiokafka's default of 5 s would outlast most runs."""


@dataclass(frozen=True)
class Place:
    """Where the messages lie, and who reads them."""

    bootstrap_servers: str
    topic: str
    group: str


Consume = Callable[[Place, Doing], Awaitable[None]]
"""Consumes until all is done, then leaves."""


async def naive(place: Place, doing: Doing) -> None:
    """FastStream as its first page shows it: one message after the other, acknowledged after."""
    broker = KafkaBroker(place.bootstrap_servers, logger=None)

    @broker.subscriber(
        place.topic,
        group_id=place.group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK,
    )
    async def handle(body: bytes, message: KafkaMessage) -> None:
        await _do(doing, message, body)

    await _until_done(broker, doing)


async def workers(place: Place, doing: Doing) -> None:
    """FastStream with `max_workers`: it takes only ACK_FIRST with it."""
    broker = KafkaBroker(place.bootstrap_servers, logger=None)

    @broker.subscriber(
        place.topic,
        group_id=place.group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK_FIRST,
        auto_commit_interval_ms=AUTO_COMMIT_MS,
        max_workers=doing.workload.max_in_flight,
    )
    async def handle(body: bytes, message: KafkaMessage) -> None:
        await _do(doing, message, body)

    await _until_done(broker, doing)


async def batches(place: Place, doing: Doing) -> None:
    """FastStream in batches: the keys of a batch side by side in a TaskGroup, then the next."""
    broker = KafkaBroker(place.bootstrap_servers, logger=None)

    @broker.subscriber(
        place.topic,
        group_id=place.group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK,
        batch=True,
        max_records=doing.workload.max_in_flight,
    )
    async def handle(bodies: list[bytes], message: KafkaMessage) -> None:
        records = message.raw_message
        assert isinstance(records, tuple)  # noqa: S101 - it is a batch
        lanes: dict[bytes | None, list[tuple[bytes, int, int]]] = {}
        for body, record in zip(bodies, records, strict=True):
            lanes.setdefault(record.key, []).append((body, record.partition, record.offset))

        async def run(lane: list[tuple[bytes, int, int]]) -> None:
            for body, partition, offset in lane:
                await doing.do(body, partition, offset)

        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(run(lane))

    await _until_done(broker, doing)


async def _do(doing: Doing, message: KafkaMessage, body: bytes) -> None:
    record = message.raw_message
    assert not isinstance(record, tuple)  # noqa: S101 - it is no batch
    await doing.do(body, record.partition, record.offset)


async def _until_done(broker: KafkaBroker, doing: Doing) -> None:
    async with broker:
        await broker.start()
        await doing.all_done.wait()


_NOT_READ = Malformed(MalformedReason.EMPTY, "the benchmark of the engine reads no events")
_TOPICS = Topics()


@dataclass(frozen=True)
class _Work(Arrival):
    """An arrival whose lane is its Kafka key."""

    @property
    def lane(self) -> str:
        return (self.record.key or b"").decode()

    @property
    def type(self) -> str:
        return "work"


def _read(record: Incoming) -> Arrival:
    return _Work(record, _NOT_READ, Origin(record.topic, record.partition, record.offset))


async def engine(place: Place, doing: Doing) -> None:
    """The service's engine, driving the consumer of the service's broker."""
    metrics = Metrics()

    async def settle(arrived: Arrival) -> Ending:
        record = arrived.record
        await doing.do(record.value or b"", record.partition, record.offset)
        return Ending.SETTLED

    driven = Engine(
        settle,
        _read,
        lambda record: seconds_until_due(record, _TOPICS, utc_now()),
        _TOPICS.type_of,
        Gate(GatePolicy(), {}, metrics),
        StepGuard(GuardPolicy(), metrics, []),
        EnginePolicy(max_in_flight=doing.workload.max_in_flight),
        metrics,
    )
    broker = Broker(
        BrokerPolicy(
            bootstrap_servers=(place.bootstrap_servers,),
            instance=None,
            group=place.group,
            session_timeout=45,
            rebalance_timeout=65,
            request_timeout=20,
            max_record_bytes=1_000_000,
            partitions=doing.workload.partitions,
            replication=1,
            create_topics=False,
        )
    )
    polling = asyncio.create_task(driven.run(await broker.start([place.topic], driven)))
    try:
        await doing.all_done.wait()
        await driven.stop()
        await polling
    finally:
        polling.cancel()
        await broker.stop()


CONSUMERS: dict[str, Consume] = {
    "FastStream, naive": naive,
    "FastStream, max_workers": workers,
    "FastStream, batches": batches,
    "our engine": engine,
}
