"""Joining the group: the broker is waited for, and a static member keeps its partitions."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener

from demo.broker import Broker
from service.intake.broker import Broker as Connection
from service.intake.broker import BrokerPolicy

pytestmark = pytest.mark.kafka
TIMEOUT = 30


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells how often partitions moved."""

    def __init__(self) -> None:
        self.assigned = asyncio.Event()
        self.rebalances = 0

    async def on_partitions_revoked(self, revoked: object) -> None:
        self.rebalances += bool(revoked)

    async def on_partitions_assigned(self, assigned: object) -> None:
        if assigned:
            self.assigned.set()


def connection(broker: Broker, group: str, instance: str | None = None) -> Connection:
    return Connection(
        BrokerPolicy(
            bootstrap_servers=(broker.bootstrap_servers,),
            group=group,
            instance=instance,
            session_timeout=10.0,
            rebalance_timeout=15.0,
            request_timeout=5.0,
            max_record_bytes=1_000_000,
            partitions=2,
            replication=1,
            create_topics=True,
        )
    )


async def poll(consumer: AIOKafkaConsumer) -> None:
    while True:
        await consumer.getmany(timeout_ms=100)


async def test_a_broker_that_goes_away_at_start_up_is_waited_for(own_broker: Broker) -> None:
    topic = f"joining-{uuid.uuid4()}"
    await own_broker.create_topics([topic], partitions=2)
    await asyncio.to_thread(own_broker.stop)
    joining, listener = connection(own_broker, f"group-{uuid.uuid4()}"), Listener()
    started = asyncio.create_task(joining.start([topic], listener))
    await asyncio.sleep(1.5)
    assert not started.done(), "it did not wait"
    await asyncio.to_thread(own_broker.start)
    async with asyncio.timeout(TIMEOUT):
        polling = asyncio.create_task(poll(await started))
        await listener.assigned.wait()
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    await joining.stop()


@asynccontextmanager
async def member(
    broker: Broker, topic: str, group: str, name: str, listener: Listener
) -> AsyncIterator[None]:
    """A static member of the group, for as long as it runs."""
    joined = connection(broker, group, name)
    polling = asyncio.create_task(poll(await joined.start([topic], listener)))
    try:
        async with asyncio.timeout(TIMEOUT):
            await listener.assigned.wait()
        yield
    finally:
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        await joined.stop()


async def test_a_static_member_that_restarts_moves_no_partition(broker: Broker) -> None:
    topic, group = f"static-{uuid.uuid4()}", f"group-{uuid.uuid4()}"
    await broker.create_topics([topic], partitions=2)
    stays = Listener()
    async with member(broker, topic, group, "replica-0", stays):
        async with member(broker, topic, group, "replica-1", Listener()):
            await asyncio.sleep(1.0)
            before = stays.rebalances
        async with member(broker, topic, group, "replica-1", Listener()):
            await asyncio.sleep(1.0)
            assert stays.rebalances == before
