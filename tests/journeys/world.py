"""A whole world for one journey: real broker, stand-in of PRO, service processes, and ears.

Everything is done as the platform would do it: events go onto Kafka, outcomes are read from Kafka,
and PRO's truth is asked of the stand-in.
"""

import asyncio
import contextlib
import json
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from cryptography.fernet import Fernet

from demo.broker import Broker
from demo.processes import ManagedProcess, free_port
from sandbox.faults import FaultRule
from sandbox.options import SandboxOptions
from sandbox.server import RunningSandbox, running

ROOT = Path(__file__).parents[2]
KILLABLE = Path(__file__).with_name("killable.py")
OUTCOMES = (
    "order.recorded",
    "order.rejected",
    "order.amendment_applied",
    "order.amendment_rejected",
    "order.cancellation_applied",
    "order.cancellation_rejected",
    "consignment.created",
    "pick.rejected",
    "pick.withdrawal_applied",
    "pick.withdrawal_rejected",
    "consignment.cancelled",
    "consignment.rejected",
    "consignment.allocated",
    "consignment.allocation_failed",
    "consignment.reallocation_started",
    "consignment.reallocation_rejected",
    "consignment.labelled",
    "consignment.manifested",
    "consignment.manifest_failed",
)
OTHERS = (
    "order.placed",
    "order.amended",
    "order.cancelled",
    "stock.picked",
    "pick.withdrawn",
    "consignment.requested",
    "consignment.reallocation_requested",
    "manifest.requested",
    "orderflex.retry.5s",
    "orderflex.retry.1m",
    "orderflex.retry.10m",
    "orderflex.dead-letters",
)


@dataclass(frozen=True)
class Heard:
    """A record read from an outcome topic or the dead letters."""

    topic: str
    key: str | None
    headers: Mapping[str, str]
    value: bytes

    @property
    def type(self) -> str:
        """The outcome's type."""
        return self.headers.get("ce_type", "")

    @property
    def id(self) -> str:
        """The outcome's id."""
        return self.headers.get("ce_id", "")

    @property
    def data(self) -> dict[str, Any]:
        """The outcome's data."""
        found: dict[str, Any] = json.loads(self.value)
        return found


@dataclass
class World:
    """One journey's world. `prefix` keeps its topics apart from other tests'."""

    broker: Broker
    pro: RunningSandbox
    folder: Path
    prefix: str
    port: int
    environment: dict[str, str]
    producer: AIOKafkaProducer
    heard: list[Heard] = field(default_factory=list)
    services: list[ManagedProcess] = field(default_factory=list)

    def start_service(self, **settings: str) -> ManagedProcess:
        """Start `orderflex serve` (again)."""
        number = len(self.services) + 1
        process = ManagedProcess(
            [sys.executable, str(KILLABLE), "serve", "--upgrade-ledger"],
            log_file=self.folder / f"service-{number}.log",
            name=f"service {number}",
            env={**self.environment, **settings},
            cwd=self.folder,
        )
        process.start()
        self.services.append(process)
        return process

    @contextlib.asynccontextmanager
    async def kept_running(self, **settings: str) -> AsyncIterator[None]:
        """Restart the service whenever it dies."""

        async def keep() -> None:
            process = self.start_service(**settings)
            while True:
                await asyncio.sleep(0.05)
                if not process.running:
                    process = self.start_service(**settings)

        keeper = asyncio.create_task(keep())
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def ready(self) -> None:
        """Wait until the service takes events up."""

        async def asked() -> bool:
            async with httpx.AsyncClient() as client:
                try:
                    answer = await client.get(f"http://127.0.0.1:{self.port}/readyz")
                except httpx.TransportError:
                    return False
                return answer.status_code == 200

        async with asyncio.timeout(30):
            while not await asked():  # noqa: ASYNC110 - another process, nothing to wait on
                await asyncio.sleep(0.05)

    async def say(
        self, event: str, data: object, *, times: int = 1, raw: bytes | None = None
    ) -> None:
        """Publish a plain JSON event (`raw` says other bytes), as often as told."""
        value = raw if raw is not None else json.dumps(data).encode()
        for _ in range(times):
            await self.producer.send_and_wait(self.prefix + event, value, key=_key_of(data))

    async def take_records_up_to(self, event: str, size: int) -> None:
        """Have the broker take larger records on an event's topic than it does by default."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap_servers)
        await admin.start()
        try:
            await admin.alter_configs(
                [
                    ConfigResource(
                        ConfigResourceType.TOPIC,
                        self.prefix + event,
                        configs={"max.message.bytes": str(size)},
                    )
                ]
            )
        finally:
            await admin.close()

    def outcomes(self, event: str | None = None, **wanted: object) -> list[Heard]:
        """What was heard of one type, each id once, in order of arrival."""
        seen: dict[str, Heard] = {}
        for said in self.heard:
            if said.type in OUTCOMES and (event is None or said.type == event):
                data = said.data
                if all(data.get(name) == value for name, value in wanted.items()):
                    seen.setdefault(said.id, said)
        return list(seen.values())

    @property
    def dead_letters(self) -> list[Heard]:
        """What was heard on the dead letters."""
        return [h for h in self.heard if h.topic == f"{self.prefix}orderflex.dead-letters"]

    async def until(self, told: Callable[[], bool], what: str, *, seconds: float = 45.0) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(seconds):
                while not told():  # noqa: ASYNC110 - other processes, nothing to wait on
                    await asyncio.sleep(0.05)
        except TimeoutError:
            logs = "\n".join(process.tail(15) for process in self.services[-2:])
            heard = [(h.topic.removeprefix(self.prefix), h.key) for h in self.heard]
            raise AssertionError(f"never: {what}\nheard: {heard}\n{logs}") from None

    async def until_outcomes(self, event: str, count: int, **wanted: object) -> list[Heard]:
        """Wait until so many outcomes of a type were heard."""
        await self.until(
            lambda: len(self.outcomes(event, **wanted)) >= count,
            f"{count} {event} {wanted or ''}; there are {len(self.outcomes(event, **wanted))}",
        )
        return self.outcomes(event, **wanted)

    def fault(self, kind: str, operation: str, **more: Any) -> None:
        """Have PRO misbehave."""
        self.pro.state.faults.add(
            FaultRule.model_validate({"kind": kind, "operation": operation, **more})
        )

    async def inspect(self, what: str) -> Any:
        """Ask the stand-in's inspection endpoint."""
        async with httpx.AsyncClient(base_url=self.pro.url) as client:
            return (await client.get(f"/_sandbox/{what}")).json()

    async def consignments_of_picks(self) -> dict[str, list[str]]:
        """PRO's consignments by the reference that we gave their pick."""
        found: dict[str, list[str]] = await self.inspect("consignments/by-customer-reference")
        return found

    async def calls(self, operation: str) -> list[dict[str, Any]]:
        """The calls of one operation that PRO has seen."""
        answer = await self.inspect(f"calls?operation={operation}")
        found: list[dict[str, Any]] = answer["calls"]
        return found


def environment_of_a_service(broker: Broker, prefix: str, folder: Path) -> dict[str, str]:
    """Settings of a service on a broker, with times short enough for tests; PRO's address is left.

    Its files stand in `folder`, its ledger too.
    """
    return {
        "PYTHONPATH": str(ROOT),  # this checkout's service, whatever is installed
        "ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "ORDERFLEX_KAFKA_TOPIC_PREFIX": prefix,
        "ORDERFLEX_KAFKA_GROUP": f"{prefix}orderflex",
        "ORDERFLEX_KAFKA_SESSION_TIMEOUT": "6" if broker.kind == "given" else "1.5",
        "ORDERFLEX_PRO_KEY": "sandbox-key",
        "ORDERFLEX_PRO_CONNECT_TIMEOUT": "0.5",
        "ORDERFLEX_PRO_POOL_TIMEOUT": "0.5",
        "ORDERFLEX_PRO_READ_TIMEOUT": "2",
        "ORDERFLEX_PRO_DEADLINE": "2.1",
        "ORDERFLEX_LEASE": "4.5",
        "ORDERFLEX_LOOKUPS_AFTER": "0.2,0.5,1",
        "ORDERFLEX_RETRY_TIERS": "0.5,1,2",
        "ORDERFLEX_PROBE_EVERY": "0.3",
        "ORDERFLEX_SWEEP_EVERY": "0.3",
        "ORDERFLEX_DRAIN": "5",
        "ORDERFLEX_LEDGER_URL": f"sqlite+aiosqlite:///{folder}/ledger.sqlite",
        "ORDERFLEX_PAYLOAD_KEYS": Fernet.generate_key().decode(),
        "ORDERFLEX_PAPERS_STORE": str(folder / "papers"),
        "ORDERFLEX_LOG_FORMAT": "json",
    }


@contextlib.asynccontextmanager
async def created(
    broker: Broker,
    folder: Path,
    ledger_url: str | None = None,
    options: SandboxOptions | None = None,
) -> AsyncIterator[World]:
    """Make a world; what it started is stopped at its end."""
    prefix = f"t{uuid.uuid4().hex[:8]}."
    port = free_port()
    await broker.create_topics([prefix + name for name in (*OUTCOMES, *OTHERS)], partitions=4)
    environment = environment_of_a_service(broker, prefix, folder)
    environment["ORDERFLEX_HTTP_PORT"] = str(port)
    if ledger_url is not None:
        environment["ORDERFLEX_LEDGER_URL"] = ledger_url
    async with contextlib.AsyncExitStack() as stack:
        pro = await stack.enter_async_context(running(options or SandboxOptions()))
        environment["ORDERFLEX_PRO_URL"] = pro.url
        producer = AIOKafkaProducer(
            bootstrap_servers=broker.bootstrap_servers, max_request_size=6_000_000
        )
        await producer.start()
        stack.push_async_callback(producer.stop)
        world = World(broker, pro, folder, prefix, port, environment, producer)
        listener = AIOKafkaConsumer(
            *(prefix + name for name in (*OUTCOMES, "orderflex.dead-letters")),
            bootstrap_servers=broker.bootstrap_servers,
            auto_offset_reset="earliest",
        )
        await listener.start()
        stack.push_async_callback(listener.stop)
        listening = asyncio.create_task(_listen(listener, world))
        try:
            yield world
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            for process in world.services:
                await asyncio.to_thread(process.stop)
            await listener.stop()  # it would ask for its topics for ever
            await _delete_topics(broker, prefix)


async def _delete_topics(broker: Broker, prefix: str) -> None:
    """Delete the topics of a world: a broker that keeps those of all tests runs out of memory."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    try:
        await admin.start()
        own = [topic for topic in await admin.list_topics() if topic.startswith(prefix)]
        await admin.delete_topics(own)
    except KafkaError:
        pass  # a broker that was stopped by its test has nothing to be spared
    finally:
        await admin.close()


async def _listen(listener: AIOKafkaConsumer, world: World) -> None:
    async for record in listener:
        world.heard.append(
            Heard(
                record.topic,
                record.key.decode("utf-8", "replace") if record.key else None,
                {name: value.decode("utf-8", "replace") for name, value in record.headers},
                record.value,
            )
        )


def order(
    reference: str, *items: tuple[str, int], location: str = "LEEDS_DC", kg: float = 0.4
) -> dict[str, Any]:
    """Make an order of some items (SKU and quantity) for an invented customer."""
    return {
        "order_reference": reference,
        "origin": location,
        "destination": {
            "contact": {"first_name": "Ada", "last_name": "Okafor", "mobile": "07700900123"},
            "address_line_1": "4 Quarry Lane",
            "town": "Norwich",
            "postcode": "NR1 1AA",
            "country": "GB",
        },
        "items": [
            {
                "sku": sku,
                "quantity": quantity,
                "weight": {"value": kg, "unit": "kg"},
                "dimensions": {"length": 20, "width": 12, "height": 6, "unit": "cm"},
                "value": {"amount": 25, "currency": "GBP"},
            }
            for sku, quantity in items
        ],
    }


def pick(
    order_reference: str, pick_reference: str, items: Sequence[tuple[str, int]], **more: object
) -> dict[str, Any]:
    """Make a pick of some items (SKU and quantity)."""
    return {
        "order_reference": order_reference,
        "pick_reference": pick_reference,
        "items": [{"sku": sku, "quantity": quantity} for sku, quantity in items],
        **more,
    }


def manifest(reference: str, location: str = "LEEDS_DC") -> dict[str, Any]:
    """Make a request to manifest a location."""
    return {"manifest_reference": reference, "shipping_location_reference": location}


def _key_of(data: object) -> bytes | None:
    """The Kafka key that the event contract asks for; None where the data has none to give."""
    names = (
        "order_reference",
        "consignment_reference_provided_by_customer",
        "shipping_location_reference",
    )
    if not isinstance(data, Mapping):
        return None
    return next((str(data[name]).encode() for name in names if name in data), None)
