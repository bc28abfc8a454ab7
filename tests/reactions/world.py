"""The reactions over a real ledger and the stand-in of PRO, with a clock that a test moves."""

import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import delete, insert

from sandbox.faults import FaultKind, FaultRule, Match
from sandbox.options import SandboxOptions
from sandbox.records import Consignment
from sandbox.server import running
from sandbox.state import SandboxState
from sandbox.states import ConsignmentState
from service.amending import Amending
from service.cancelling import Cancelling
from service.events import exact_json
from service.events.catalogue import MODELS
from service.events.envelope import Envelope, parse
from service.events.requested import ConsignmentRequested
from service.events.said import Event
from service.events.topics import EventType
from service.ledger import consignments, history, orders, timed_work
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, DatabasePolicy
from service.ledger.history import Entry
from service.ledger.journal import Journal
from service.ledger.lookups import LookupPolicy
from service.ledger.operation import Announcement
from service.ledger.orders import KnownOrder
from service.ledger.outcomes import OutcomeStore
from service.ledger.publication import Publication
from service.ledger.sealing import Seal
from service.ledger.tables import ParkedState, parked_events
from service.ledger.timed_work import WorkKind
from service.ledger.upgrade import upgrade
from service.metrics import Metrics, Name
from service.operations import Operations, Performed
from service.option_orders import OptionOrders
from service.origins import Origins
from service.papers.folder import PaperFolder
from service.pro.allocations import Allocations
from service.pro.batches import BatchPolicy
from service.pro.client import ProClient
from service.pro.mapping import create_consignment_request
from service.pro.papers import PapersWanted
from service.pro.policy import ProPolicy
from service.reactions.consignment_allocated import FetchPapers
from service.reactions.consignment_created import AllocateConsignment
from service.reactions.consignment_requested import CreateConsignment
from service.reactions.manifest_confirmation import ConfirmManifest
from service.reactions.manifest_requested import ManifestLocation
from service.reactions.order_amended import AmendOrder
from service.reactions.order_cancelled import CancelOrder
from service.reactions.order_placed import RecordOrder
from service.reactions.pick_withdrawn import WithdrawPick
from service.reactions.reallocation_requested import ReallocateConsignment
from service.reactions.stock_picked import PackPick
from service.strays import Strays
from service.undoing import Undoing

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
E = TypeVar("E", bound=Event)


@dataclass
class Clock:
    """The time of the ledger and of PRO."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def microseconds(self) -> int:
        return int(self.now.timestamp() * 1_000_000)

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class World:
    """Everything, ready to react."""

    clock: Clock
    state: SandboxState
    database: Database
    pro: ProClient
    journal: Journal
    seal: Seal
    publication: Publication
    metrics: Metrics
    papers: Path
    reactions: dict[EventType, Callable[..., Any]]
    confirm: ConfirmManifest
    strays: Strays
    url: str
    """Of the stand-in of PRO."""

    async def react(self, event: Event, **envelope: Any) -> list[Event]:
        """React to an event and announce its outcomes, which it gives."""
        performed = await self.perform(event, **envelope)
        await self.publication.acknowledged(performed.operation_key)
        return [read_back(each) for each in performed.announcements]

    async def perform(self, event: Event, **envelope: Any) -> Performed:
        """React to an event; gives what the reaction gave."""
        values: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "source": "test",
            "type": event.event_type,
            "time": self.clock.now,
            "traceparent": None,
            "form": "binary",
        }
        cause = Envelope(**(values | envelope))
        performed: Performed = await self.reactions[event.event_type](event, cause)
        return performed

    async def do_timed_work(self) -> list[Event]:
        """Do what is due; gives what it said."""
        said: list[Event] = []

        async def say(performed: Performed) -> None:
            said.extend(read_back(each) for each in performed.announcements)

        async with self.database.begin() as tx:
            due = await timed_work.claim(tx, 50, 60)
        for work in due:
            worker = self.strays if work.kind is WorkKind.STRAY_SEARCH else self.confirm
            again = await worker(work, say)
            async with self.database.begin() as tx:
                if again is None:
                    await timed_work.done(tx, work)
                else:
                    await timed_work.again(tx, work, again)
        return said

    async def hold(self, order_reference: str) -> Callable[[], Any]:
        """Put an order on hold by a dead letter; gives what lets it go."""
        async with self.database.begin() as tx:
            await tx.execute(
                insert(parked_events).values(
                    topic="stock.picked",
                    partition=0,
                    offset=0,
                    order_reference=order_reference,
                    event_type="stock.picked",
                    event_id="dead",
                    state=ParkedState.DEAD.value,
                    attempt=4,
                    error_class="bug",
                    error_detail="ValueError",
                    first_failed_at=self.clock.now,
                    due_at=self.clock.now,
                    payload=b"sealed",
                )
            )

        async def let_go() -> None:
            async with self.database.begin() as tx:
                await tx.execute(delete(parked_events))

        return let_go

    def fault(self, operation: str, kind: FaultKind, **rule: Any) -> None:
        """Have PRO go wrong, once unless told otherwise."""
        match = Match(**rule.pop("match", {}))
        rule = {"times": 1} | rule
        self.state.faults.add(FaultRule(operation=operation, kind=kind, match=match, **rule))

    def calls(self, operation: str) -> int:
        """How often an operation of PRO was called."""
        return sum(call.operation == operation for call in self.state.calls)

    def alive(self) -> list[Consignment]:
        """The consignments in PRO that are not cancelled."""
        self.state.settle()
        found = self.state.consignments.values()
        return [each for each in found if each.state is not ConsignmentState.CANCELLED]

    async def offered(self, event: ConsignmentRequested) -> str:
        """Ask PRO for delivery options, as a checkout does; gives the first."""
        async with httpx.AsyncClient(
            base_url=self.url, headers={"ocp-apim-subscription-key": "sandbox-key"}
        ) as checkout:
            answer = await checkout.post(
                "/deliveryoptions",
                content=create_consignment_request(event).to_json(),
                headers={"content-type": "application/json", "electio-api-version": "1.1"},
            )
        answer.raise_for_status()
        reference: str = answer.json()["DeliveryOptions"][0]["Reference"]
        return reference

    async def order(self, order_reference: str = "WEB-1") -> KnownOrder:
        async with self.database.begin() as tx:
            found = await orders.find(tx, order_reference)
        assert found is not None
        return found

    async def consignment(self, reference: str) -> KnownConsignment:
        async with self.database.begin() as tx:
            found = await consignments.find(tx, reference)
        assert found is not None
        return found

    async def entries(self, order_reference: str = "WEB-1") -> list[Entry]:
        async with self.database.begin() as tx:
            return await history.of_order(tx, order_reference)

    async def history(self, order_reference: str = "WEB-1") -> list[str]:
        return [entry.what for entry in await self.entries(order_reference)]

    def counted(self, name: Name, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name.value, labels) or 0.0


@dataclass(frozen=True)
class Meanwhile:
    """Operations that let something else happen first, once: between a read and the claim."""

    operations: Operations
    happens: list[Event]
    world: World

    async def perform(self, *given: Any, **more: Any) -> Performed:
        while self.happens:
            await self.world.react(self.happens.pop(0))
        return await self.operations.perform(*given, **more)


def read_back(said: Announcement) -> Event:
    """An outcome as a consumer reads it."""
    return MODELS[EventType(said.type)].model_validate(said.data)


def only(kind: type[E], events: list[Event]) -> E:
    """The one outcome, which is of that kind."""
    (event,) = events
    assert isinstance(event, kind)
    return event


def event_of(kind: type[E], data: dict[str, Any]) -> E:
    """Read data as intake would."""
    event = parse(kind.event_type, exact_json.loads(json.dumps(data).encode()))
    assert isinstance(event, kind)
    return event


@asynccontextmanager
async def world_of(folder: Path) -> AsyncIterator[World]:
    clock = Clock()
    url = f"sqlite+aiosqlite:///{folder}/ledger.db"
    database = Database(DatabasePolicy(url), clock.microseconds)
    await upgrade(database)
    metrics = Metrics()
    options = SandboxOptions(clock=clock, manifest_seconds=5)
    async with running(options) as sandbox:
        policy = ProPolicy(sandbox.url, SecretStr("sandbox-key"), total_deadline=15.0)
        async with ProClient(policy) as pro:
            seal = Seal([Fernet.generate_key().decode()])
            journal = Journal(database, OutcomeStore(seal), metrics, LookupPolicy(), 60.0)
            operations = Operations(journal, policy.total_deadline)
            cancelling = Cancelling(operations, Undoing(pro))
            strays = Strays(database, operations, pro, metrics)
            papers = folder / "papers"
            allocations = Allocations(pro, BatchPolicy(linger=0.001))
            allocate = AllocateConsignment(operations, pro, allocations, database, strays)
            yield World(
                clock,
                sandbox.state,
                database,
                pro,
                journal,
                seal,
                Publication(database, OutcomeStore(seal)),
                metrics,
                papers,
                {
                    EventType.ORDER_PLACED: RecordOrder(
                        operations, pro, OptionOrders(operations, pro, metrics)
                    ),
                    EventType.ORDER_CANCELLED: CancelOrder(database, cancelling),
                    EventType.ORDER_AMENDED: AmendOrder(operations, Amending(pro)),
                    EventType.PICK_WITHDRAWN: WithdrawPick(operations, database, cancelling),
                    EventType.STOCK_PICKED: PackPick(
                        operations,
                        pro,
                        database,
                        strays,
                        Origins(operations, pro, Undoing(pro)),
                        metrics,
                    ),
                    EventType.CONSIGNMENT_REQUESTED: CreateConsignment(
                        operations, pro, database, strays
                    ),
                    EventType.CONSIGNMENT_CREATED: allocate,
                    EventType.CONSIGNMENT_REALLOCATION_REQUESTED: ReallocateConsignment(
                        operations, pro, database, Undoing(pro)
                    ),
                    EventType.CONSIGNMENT_REALLOCATION_STARTED: allocate,
                    EventType.CONSIGNMENT_ALLOCATED: FetchPapers(
                        operations, pro, database, PaperFolder(papers), PapersWanted(), 0
                    ),
                    EventType.MANIFEST_REQUESTED: ManifestLocation(
                        operations, pro, database, strays
                    ),
                },
                ConfirmManifest(operations, pro, database),
                strays,
                sandbox.url,
            )
    await database.close()
