"""(a) The engine alone, beside FastStream's own ways to consume, on work that only sleeps."""

import asyncio
import contextlib
import gc
import uuid
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from bench.consumers import CONSUMERS, Place
from bench.workload import Doing, Workload, put, readme_shape, zipf_shape
from demo.broker import Broker

LOOK_EVERY = 0.1
"""Seconds between two looks at the committed offsets."""
NAIVE_SECONDS = 6.0
"""The serial consumer gets about so much of a workload; its time is scaled up."""


@dataclass(frozen=True)
class Consumed:
    """How one way to consume did on one workload."""

    consumer: str
    workload: str
    keys: str
    messages: int
    """In the whole workload."""
    measured_on: int
    """Messages that were really consumed; the seconds are scaled from them to all."""
    seconds: float
    """From the beginning of the first message's work to the end of the last one's."""
    ideal_seconds: float
    cpu_ms_per_message: float
    most_at_once: int
    out_of_order: int
    committed_too_early: bool
    """A committed offset was seen to stand after a message that was not finished."""

    @property
    def per_second(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def share_of_ceiling(self) -> float:
        """1 is all that the work's length, the keys and the number in flight allow."""
        return self.ideal_seconds / self.seconds


def workloads(*, short: bool) -> list[Workload]:
    """Name what is measured, in the order of the report."""
    if short:
        return [readme_shape(20, 300), zipf_shape(10, messages=100)]
    return [
        *(readme_shape(keys) for keys in (1, 5, 20, 1_000)),
        zipf_shape(10, messages=25_000),
        zipf_shape(50, messages=8_000),
        zipf_shape(100, messages=4_000),
        zipf_shape(50, messages=4_000, exponent=1.0),
    ]


async def compare(broker: Broker, workload: Workload) -> list[Consumed]:
    """Measure every way to consume on a workload."""
    return [await consume(broker, name, workload) for name in CONSUMERS]


def in_words(one: Consumed) -> str:
    """Give one result in a line."""
    return (
        f"{one.workload:<18} {one.consumer:<24} {one.seconds:7.2f} s {one.per_second:7.0f}/s "
        f"{one.share_of_ceiling:7.1%} of the ceiling, {one.cpu_ms_per_message:.3f} ms CPU, "
        f"{one.out_of_order} out of order"
        f"{', committed too early' if one.committed_too_early else ''}"
    )


async def consume(broker: Broker, name: str, workload: Workload) -> Consumed:
    """Measure one way to consume on one workload."""
    serial_seconds = sum(message.seconds for message in workload.messages)
    share = min(1.0, NAIVE_SECONDS / serial_seconds) if name == "FastStream, naive" else 1.0
    done = workload.first(share)
    doing = Doing(done)
    place = Place(broker.bootstrap_servers, f"bench-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex)
    await broker.create_topics([place.topic], partitions=workload.partitions)
    await put(done, broker.bootstrap_servers, place.topic)
    gc.collect()
    watching = asyncio.create_task(_sees_early_commit(place, doing))
    async with asyncio.timeout(180):
        await CONSUMERS[name](place, doing)
    early = watching.done() and watching.result()
    watching.cancel()
    scale = len(workload.messages) / len(done.messages)
    return Consumed(
        consumer=name,
        workload=workload.name,
        keys=workload.keys,
        messages=len(workload.messages),
        measured_on=len(done.messages),
        seconds=(doing.ended - doing.began) * scale,
        ideal_seconds=workload.ideal_seconds,
        cpu_ms_per_message=1000 * doing.cpu_seconds / len(done.messages),
        most_at_once=doing.most_at_once,
        out_of_order=doing.out_of_order,
        committed_too_early=early,
    )


async def _sees_early_commit(place: Place, doing: Doing) -> bool:
    """Look at the committed offsets until one stands after a message that is not finished."""
    admin = AIOKafkaAdminClient(bootstrap_servers=place.bootstrap_servers)
    await admin.start()
    checked: dict[int, int] = {}
    try:
        while True:
            offsets = {}
            with contextlib.suppress(KafkaError):  # no coordinator for a new group yet
                offsets = await admin.list_consumer_group_offsets(place.group)
            for partition, committed in offsets.items():
                finished = doing.finished.get(partition.partition, set())
                begin = checked.get(partition.partition, 0)
                if not finished.issuperset(range(begin, committed.offset)):
                    return True
                checked[partition.partition] = max(begin, committed.offset)
            await asyncio.sleep(LOOK_EVERY)
    finally:
        await admin.close()
