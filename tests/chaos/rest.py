"""At rest: nothing is parked, open, unpublished, due or unread any more."""

import asyncio
import time

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from .schedule import Chronicle
from .stage import Stage

CONSUMED = (
    "order.placed",
    "order.cancelled",
    "stock.picked",
    "pick.withdrawn",
    "manifest.requested",
    "consignment.created",
    "consignment.allocated",
    "orderflex.retry.5s",
    "orderflex.retry.1m",
    "orderflex.retry.10m",
)
_LEFT = {
    "parked events": "SELECT count(*) FROM parked_events WHERE state <> 'dead'",
    "open operations": "SELECT count(*) FROM operations WHERE state IN ('started', 'unknown')",
    "unpublished outcomes": (
        "SELECT count(*) FROM operations WHERE outcomes IS NOT NULL AND published_at IS NULL"
    ),
    "timed work": "SELECT count(*) FROM timed_work",
}
_OPEN = """
SELECT operation_key, state FROM operations
WHERE state IN ('started', 'unknown') ORDER BY operation_key LIMIT 20
"""
_HASTEN = """
UPDATE timed_work SET due_at = clock_timestamp()
WHERE due_at > clock_timestamp() + interval '3 seconds'
"""
"""Stray searches are due hours later: here the hours pass at once."""


class NoRest(Exception):
    """The world did not come to rest; the text says what was left."""


async def come(stage: Stage, patience: float, chronicle: Chronicle) -> float:
    """Wait until nothing is left to be done; gives the seconds it took.

    Raises NoRest when so many seconds bring no change, or ten times as many no rest.
    """
    began = changed = time.monotonic()
    before: tuple[int, dict[str, int]] | None = None
    while True:
        left = {**await _left_in_ledger(stage), **await unread(stage)}
        now, seen = time.monotonic(), (len(stage.pro.state.calls), left)
        if seen == before and not any(left.values()):
            return now - began
        changed = changed if seen == before else now
        before = seen
        told = ", ".join(f"{count} {what}" for what, count in left.items() if count)
        chronicle.note("rest", told or "one more look")
        if now - changed > patience or now - began > 10 * patience:
            told = told or "PRO is still called"
            raise NoRest(f"not at rest after {now - began:.0f} s: {told}{await _open(stage)}")
        await asyncio.sleep(1.0)


async def _left_in_ledger(stage: Stage) -> dict[str, int]:
    connection = await asyncpg.connect(stage.ledger_url.replace("+asyncpg", ""))
    try:
        await connection.execute(_HASTEN)
        return {what: int(await connection.fetchval(query)) for what, query in _LEFT.items()}
    finally:
        await connection.close()


async def _open(stage: Stage) -> str:
    """Name the operations that are open, with their states."""
    connection = await asyncpg.connect(stage.ledger_url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(_OPEN)
    finally:
        await connection.close()
    return "".join(f"; {row['operation_key']} is {row['state']}" for row in rows)


async def unread(stage: Stage) -> dict[str, int]:
    """Count the events of each topic above what the group has committed."""
    ends = await ends_of(stage, [stage.prefix + name for name in CONSUMED])
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.broker.bootstrap_servers)
    await admin.start()
    try:
        committed = await admin.list_consumer_group_offsets(stage.group)
    finally:
        await admin.close()
    left: dict[str, int] = {}
    for partition, end in ends.items():
        known = committed.get(partition)
        name = f"unread of {partition.topic.removeprefix(stage.prefix)}"
        left[name] = left.get(name, 0) + end - (known.offset if known else 0)
    return left


async def ends_of(stage: Stage, topics: list[str]) -> dict[TopicPartition, int]:
    """Give the end of every partition of some topics."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stage.broker.bootstrap_servers)
    await consumer.start()
    try:
        partitions = []
        for topic in topics:
            await consumer._client.add_topic(topic)
            await consumer._client.force_metadata_update()
            numbers = consumer.partitions_for_topic(topic) or set()
            partitions += [TopicPartition(topic, number) for number in sorted(numbers)]
        found: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return found
    finally:
        await consumer.stop()
