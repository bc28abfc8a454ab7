"""The stage of a run: a broker, a PostgreSQL, a PRO behind a door, and replicas of the service."""

import asyncio
import contextlib
import logging
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from demo.broker import Broker
from demo.postgresql import Postgresql
from demo.processes import ManagedProcess
from sandbox.options import SandboxOptions
from sandbox.server import RunningSandbox, running
from sandbox.states import ConsignmentState
from tests.journeys.world import KILLABLE, OTHERS, OUTCOMES, environment_of_a_service

from .door import Door
from .replica import Replica
from .stream import Utterance

UNREADABLE = "chaos_unreadable"
"""A header of ours on events that nobody can read; the service has no eye for it."""
SESSION = 1.5
LEASE = 4.5
DRAIN = 5.0
GRACE = DRAIN + 10.0
"""Seconds from SIGTERM to the end, as a deployment would give them."""


@dataclass
class Stage:
    """Everything that takes part. Only what is ours to break: no broker or database given."""

    broker: Broker
    postgresql: Postgresql
    pro: RunningSandbox
    door: Door
    ledger_url: str
    folder: Path
    prefix: str
    environment: dict[str, str]
    producer: AIOKafkaProducer
    replicas: list[Replica] = field(default_factory=list)

    @property
    def group(self) -> str:
        """The service's consumer group."""
        return self.environment["ORDERFLEX_KAFKA_GROUP"]

    def add_replica(self) -> Replica:
        """Make another replica, not started."""
        name = f"replica-{len(self.replicas) + 1}"
        replica = Replica(name, self.folder, self.environment)
        self.replicas.append(replica)
        return replica

    def backlog(self, orders: int) -> int:
        """Count, of so many orders, those that PRO lacks, and the consignments not allocated."""
        known = {each.customer_reference for each in self.pro.state.orders.values()}
        waiting = sum(
            each.state is ConsignmentState.UNALLOCATED
            for each in self.pro.state.consignments.values()
        )
        return orders - len(known) + waiting

    async def say(self, said: Utterance) -> None:
        """Publish an event; returns when the broker has it, however long it is away."""
        while True:
            try:
                await self.producer.send_and_wait(
                    self.prefix + said.type,
                    said.value,
                    key=said.key.encode(),
                    headers=[] if said.readable else [(UNREADABLE, b"yes")],
                )
            except KafkaError:
                await asyncio.sleep(0.5)  # it may be there already: then it is delivered twice
            else:
                return


@contextlib.asynccontextmanager
async def built(broker: Broker, postgresql: Postgresql, folder: Path) -> AsyncIterator[Stage]:
    """Build a stage without replicas; what was started on it is stopped at the end."""
    prefix = f"c{uuid.uuid4().hex[:8]}."
    await broker.create_topics([prefix + name for name in (*OUTCOMES, *OTHERS)], partitions=4)
    ledger_url = await asyncio.to_thread(postgresql.create_database)
    environment = environment_of_a_service(broker, prefix, folder)
    environment |= {
        "ORDERFLEX_LEDGER_URL": ledger_url,
        "ORDERFLEX_KAFKA_SESSION_TIMEOUT": str(SESSION),
        "ORDERFLEX_LEASE": str(LEASE),
        "ORDERFLEX_DRAIN": str(DRAIN),
        "ORDERFLEX_ALLOCATION_LINGER": "0.2",  # orders are few here: so they share calls at all
    }
    await asyncio.to_thread(_upgrade_ledger, environment, folder)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_quiet("aiokafka"))
        pro = await stack.enter_async_context(running(SandboxOptions()))
        door = Door(int(pro.url.rpartition(":")[2]))
        await door.open()
        stack.push_async_callback(door.shut)
        environment["ORDERFLEX_PRO_URL"] = door.url
        producer = AIOKafkaProducer(
            bootstrap_servers=broker.bootstrap_servers,
            enable_idempotence=True,
            retry_backoff_ms=500,  # without it the producer spins while the broker is away
        )
        await producer.start()
        stack.push_async_callback(_leave, producer)
        stage = Stage(
            broker, postgresql, pro, door, ledger_url, folder, prefix, environment, producer
        )
        try:
            yield stage
        finally:
            await asyncio.gather(*(replica.remove() for replica in stage.replicas))


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Hear no complaints of a library about what is away on purpose."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


async def _leave(producer: AIOKafkaProducer) -> None:
    """Close a producer, whose broker may be gone for good."""
    with contextlib.suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(5):
            await producer.stop()


def _upgrade_ledger(environment: dict[str, str], folder: Path) -> None:
    upgrade = ManagedProcess(
        [sys.executable, str(KILLABLE), "ledger", "upgrade"],
        log_file=folder / "upgrade.log",
        name="orderflex ledger upgrade",
        env=environment,
        cwd=folder,
    )
    with upgrade:
        if upgrade.wait(60) != 0:
            raise upgrade.failed(f"ended with code {upgrade.returncode}")
