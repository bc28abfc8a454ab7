"""Two workers, in processes of their own, on one PostgreSQL and one PRO."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from cryptography.fernet import Fernet
from pydantic import SecretStr

from sandbox.options import SandboxOptions
from sandbox.server import RunningSandbox, running
from sandbox.states import ConsignmentState
from service.events import exact_json
from service.events.envelope import Envelope, parse
from service.events.received import OrderPlaced
from service.events.topics import EventType
from service.ledger import consignments, orders, timed_work
from service.ledger.database import Database, DatabasePolicy
from service.ledger.journal import Journal
from service.ledger.lookups import LookupPolicy
from service.ledger.operation import operation_key
from service.ledger.sealing import Seal
from service.ledger.upgrade import upgrade
from service.metrics import Metrics
from service.operations import Operations, Performed
from service.option_orders import OptionOrders
from service.picks import customer_reference
from service.pro.client import ProClient
from service.pro.policy import ProPolicy
from service.reactions.order_placed import RecordOrder
from service.strays import Strays

from .ledgers import Ledger

ROOT = Path(__file__).parents[2]
DEADLINE = 1.3
LEASE = 1.8
LOOKS = (0.2, 0.4, 0.6)


@dataclass
class Racer:
    """A worker's process."""

    process: asyncio.subprocess.Process

    async def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            line = await self.process.stdout.readline()
        assert line, "the worker died"
        said: dict[str, Any] = json.loads(line)
        return said

    def tell(self, told: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(told).encode() + b"\n")

    def stop(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)


@dataclass
class Race:
    """The workers, and what they work on."""

    ledger: Ledger
    pro: RunningSandbox
    client: ProClient
    racers: list[Racer] = field(default_factory=list)

    @property
    def journal(self) -> Journal:
        return self.ledger.journal(LookupPolicy(), 60.0)

    async def place(self, order_reference: str, quantity: int) -> None:
        """Have PRO and the ledger know an order of so many teapots."""
        data = _order(order_reference, quantity)
        event = parse(EventType.ORDER_PLACED, exact_json.loads(json.dumps(data).encode()))
        operations = Operations(self.journal, DEADLINE)
        options = OptionOrders(operations, self.client, Metrics())
        record = RecordOrder(operations, self.client, options)
        await record(cast("OrderPlaced", event), _cause(order_reference))

    def pick(
        self, racer: Racer, order_reference: str, pick_reference: str, start: float = 0.0
    ) -> None:
        """Tell a worker of a pick of one teapot; it begins at `start`."""
        event = {
            "order_reference": order_reference,
            "pick_reference": pick_reference,
            "items": [{"sku": "TEA-POT-01", "quantity": 1}],
        }
        self._tell(racer, EventType.STOCK_PICKED, event, f"e-{pick_reference}", start)

    def allocate(self, racer: Racer, created: str, start: float = 0.0) -> None:
        """Tell a worker of a consignment.created, as a worker has said it."""
        event = json.loads(created)
        reference = event["consignment_reference"]
        self._tell(racer, EventType.CONSIGNMENT_CREATED, event, f"e-{reference}", start)

    def _tell(
        self, racer: Racer, kind: EventType, event: dict[str, Any], event_id: str, start: float
    ) -> None:
        now = datetime.now(UTC).isoformat()
        told = {"type": kind.value, "event": event, "id": event_id, "time": now, "start": start}
        racer.tell(told)

    async def both(self, order_reference: str, picks: Sequence[str]) -> list[dict[str, Any]]:
        """Tell each worker of its pick, to begin at the same moment."""
        start = time.time() + 0.01
        for racer, pick_reference in zip(self.racers, picks, strict=True):
            self.pick(racer, order_reference, pick_reference, start)
        return [await racer.line() for racer in self.racers]

    def packs(self, order_reference: str, pick_reference: str) -> int:
        """How often PRO was asked to pack a pick."""
        ours = customer_reference(order_reference, pick_reference)
        return sum(
            call.operation == "packOrder" and ours in call.customer_references
            for call in self.pro.state.calls
        )

    def alive(self, order_reference: str, pick_reference: str) -> list[str]:
        """The consignments of a pick in PRO that are not cancelled."""
        self.pro.state.settle()
        ours = customer_reference(order_reference, pick_reference)
        return [
            each.reference
            for each in self.pro.state.consignments_of(ours)
            if each.state is not ConsignmentState.CANCELLED
        ]

    async def known(self, order_reference: str) -> tuple[list[str], list[int], bool]:
        """What the ledger has of an order: consignments, picked of each line, fully packed."""
        async with self.ledger.database.begin() as tx:
            order = await orders.find(tx, order_reference)
            found = await consignments.of_order(tx, order_reference)
        assert order is not None
        picked = [line.picked for line in order.lines]
        return [each.consignment_reference for each in found], picked, order.fully_packed

    async def state(self, order_reference: str, pick_reference: str) -> str:
        """The state of the Pack Order of a pick."""
        row = await self.ledger.row(operation_key("pack", order_reference, pick_reference))
        return str(row["state"])

    async def search_strays(self) -> None:
        """Do the timed work that is due."""
        operations = Operations(self.journal, DEADLINE)
        database, metrics = self.ledger.database, self.ledger.metrics
        strays = Strays(database, operations, self.client, metrics)

        async def nothing_to_say(_: Performed) -> None:
            raise AssertionError

        async with database.begin() as tx:
            due = await timed_work.claim(tx, 10, 0.5)
        for work in due:
            await strays(work, nothing_to_say)
            async with database.begin() as tx:
                await timed_work.done(tx, work)


@asynccontextmanager
async def racing(
    url: str, *, workers: int = 2, lease_by_operation: bool = False, stop_first: bool = False
) -> AsyncIterator[Race]:
    """Workers that are ready. With `stop_first` the first stops itself before its first call."""
    key = Fernet.generate_key().decode()
    database = Database(DatabasePolicy(url))
    await upgrade(database)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        pro = await stack.enter_async_context(running(SandboxOptions()))
        client = await stack.enter_async_context(
            ProClient(ProPolicy(pro.url, SecretStr("sandbox-key")))
        )
        ledger = Ledger(database, _no_forward, Seal([key]), Metrics())
        race = Race(ledger, pro, client)
        for number in range(workers):
            setup = {
                "ledger": url,
                "pro": pro.url,
                "key": key,
                "deadline": DEADLINE,
                "lease": LEASE,
                "looks": LOOKS,
                "lease_by_operation": lease_by_operation,
                "stop_before_call": stop_first and number == 0,
            }
            race.racers.append(await stack.enter_async_context(_racer(setup)))
        for racer in race.racers:
            await racer.line()
        yield race


@asynccontextmanager
async def _racer(setup: dict[str, Any]) -> AsyncIterator[Racer]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("race_driver.py")),
        json.dumps(setup),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield Racer(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        transport = process._transport  # type: ignore[attr-defined]
        transport.close()


async def _no_forward(_: float) -> None:
    raise AssertionError("in a race time goes by itself")


def _cause(order_reference: str) -> Envelope:
    return Envelope(
        id=f"placed-{order_reference}",
        source="test",
        type=EventType.ORDER_PLACED,
        time=datetime.now(UTC),
        traceparent=None,
        form="binary",
    )


def _order(order_reference: str, quantity: int) -> dict[str, Any]:
    return {
        "order_reference": order_reference,
        "origin": "LEEDS_DC",
        "destination": {
            "contact": {"first_name": "Ada", "last_name": "Okafor", "mobile": "07700900123"},
            "address_line_1": "4 Quarry Lane",
            "town": "Norwich",
            "postcode": "NR1 1AA",
            "country": "GB",
        },
        "items": [
            {
                "sku": "TEA-POT-01",
                "quantity": quantity,
                "weight": {"value": 1.4, "unit": "kg"},
                "dimensions": {"length": 24, "width": 18, "height": 16, "unit": "cm"},
                "value": {"amount": 32.5, "currency": "GBP"},
            }
        ],
    }


def overlapping(told: Sequence[dict[str, Any]]) -> bool:
    """Whether two workers had PRO change something at the same time."""
    (first, second) = (one["changing"] for one in told)
    return any(a[0] < b[1] and b[0] < a[1] for a in first for b in second)
