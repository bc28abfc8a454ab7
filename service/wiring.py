"""The composition root: everything is put together here, and only here, from the settings."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import cast

import httpx

from service.amending import Amending
from service.cancelling import Cancelling
from service.clock import utc_now
from service.events.envelope import Incoming, Outgoing
from service.events.topics import EventType
from service.flow import FLOW
from service.from_settings import (
    allocation_plans_of,
    attention_of,
    broker_of,
    client_of,
    database_of,
    papers_of,
    papers_wanted_of,
    seal_of,
    topics_of,
    tracing_of,
)
from service.frontends import Served, api_of, page_of, ways_in_of
from service.health import create_app
from service.intake.announcing import Announcer
from service.intake.arrivals import Arrival, arrival, resumed, seconds_until_due
from service.intake.broker import Broker
from service.intake.circuit import ANSWERED, Circuit, CircuitPolicy
from service.intake.counting import Counting, CountingPolicy
from service.intake.engine import Engine, EnginePolicy
from service.intake.gate import Closed, Gate, GatePolicy
from service.intake.handling import Handling, HandlingPolicy, Reaction
from service.intake.ladder import Ladder, LadderPolicy
from service.intake.lag import Lag, LagPolicy
from service.intake.limits import Limits, LimitsPolicy
from service.intake.parking import Parking
from service.intake.pick_times import PickTimes
from service.intake.step_guard import GuardPolicy, StepGuard
from service.intake.sweeper import Sweeper, SweepPolicy
from service.intake.watched import begin_at_zero, watch_connections
from service.ledger.database import Database
from service.ledger.journal import Journal
from service.ledger.lookups import MAKES_CONSIGNMENTS, LookupPlan, LookupPolicy
from service.ledger.outcomes import OutcomeStore
from service.ledger.parked import ParkedEvents
from service.ledger.parked_rows import Woken
from service.ledger.publication import Publication
from service.ledger.timed_work import WorkKind
from service.ledger.waiting import OnTheirWay
from service.lifetime import Http, Service, not_ready, slowed
from service.metrics import Metrics, Name
from service.operations import Operations
from service.option_orders import OptionOrders
from service.origins import Origins
from service.people.asking import NotServing
from service.pro import probes
from service.pro.allocations import Allocations
from service.pro.batches import BatchPolicy
from service.pro.problems import Verdict
from service.reactions.collection_due import CollectionDue
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
from service.replaceable import Holders
from service.rotation import Rotation
from service.settings import BadSettings, Settings
from service.strays import Strays
from service.tracing.traced import exemplar
from service.undoing import Undoing


def _steps_on(settings: Settings) -> list[EventType]:
    known = {step.event for step in FLOW}
    unknown = sorted(set(settings.steps_off) - {event.value for event in known})
    if unknown:
        raise BadSettings(
            f"ORDERFLEX_STEPS_OFF: {', '.join(unknown)} is no step; "
            f"steps are {', '.join(step.event.value for step in FLOW)}"
        )
    return [step.event for step in FLOW if step.event.value not in settings.steps_off]


def _stuck_after(settings: Settings) -> float:
    """Seconds without a turn of the poll loop after which /healthz says that we are stuck.

    A rebalance (drain, then join) and a commit are no sign of trouble.
    """
    return settings.drain + 2 * settings.kafka_session_timeout + settings.kafka_request_timeout


def build(settings: Settings) -> Service:
    """Put the service together; raises BadSettings."""
    return assemble(settings, database_of(settings), broker_of(settings))


def assemble(
    settings: Settings,
    database: Database,
    broker: Broker,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """Put the service together around its connections; raises BadSettings.

    `transport` stands in for the network to PRO.
    """
    topics, seal, steps_on = topics_of(settings), seal_of(settings), _steps_on(settings)
    if not settings.pro_key.get_secret_value():
        raise BadSettings("ORDERFLEX_PRO_KEY: missing; PRO refuses every call without its key")
    metrics = Metrics(exemplar)
    begin_at_zero(metrics, steps_on)
    tracing = tracing_of(settings, partial(metrics.count, Name.SPANS_DROPPED))
    limits = Limits(LimitsPolicy(settings.pro_max_calls, settings.pro_calls_per_second), metrics)
    guard = StepGuard(GuardPolicy(try_every=settings.step_try_every), metrics, steps_on)

    def on_call(operation: str, verdict: Verdict, seconds: float) -> None:
        metrics.observe(Name.PRO_CALL_SECONDS, seconds, operation=operation, verdict=verdict.value)
        limits.called(answered=verdict in ANSWERED)
        if gate.is_open:
            circuit.saw(verdict)

    pro = client_of(settings, on_call, transport)
    watch_connections(metrics, database, pro)

    gate = Gate(
        GatePolicy(settings.probe_every),
        {
            Closed.KEY_REFUSED: partial(probes.accepts_key, pro),
            Closed.PRO_DOWN: partial(probes.is_there, pro),
            Closed.LEDGER_DOWN: database.check,
        },
        metrics,
    )

    def pro_is_down() -> None:
        limits.start_slowly()
        gate.close(Closed.PRO_DOWN)

    circuit = Circuit(CircuitPolicy(), pro_is_down)
    looks = dict(LookupPolicy().plans)
    looks |= dict.fromkeys(MAKES_CONSIGNMENTS, LookupPlan(settings.lookups_after))
    lookups = LookupPolicy(looks, settings.stray_search_after)
    outcomes = OutcomeStore(seal)
    publication = Publication(database, outcomes)
    journal = Journal(database, outcomes, metrics, lookups, settings.lease)
    operations = Operations(journal, settings.pro_deadline + BatchPolicy.patience)
    batch = BatchPolicy(settings.allocation_batch, settings.allocation_linger)
    allocations, plans = Allocations(pro, batch), allocation_plans_of(settings)
    undoing = Undoing(pro)
    cancelling = Cancelling(operations, undoing)
    strays = Strays(database, operations, pro, metrics)
    origins = Origins(operations, pro, undoing)
    options = OptionOrders(operations, pro, metrics)
    papers, ways_in = papers_of(settings), ways_in_of(settings)
    allocate = AllocateConsignment(operations, pro, allocations, database, strays)
    reactions = {
        EventType.ORDER_PLACED: RecordOrder(operations, pro, options, plans),
        EventType.ORDER_AMENDED: AmendOrder(operations, Amending(pro), plans),
        EventType.ORDER_CANCELLED: CancelOrder(database, cancelling),
        EventType.PICK_WITHDRAWN: WithdrawPick(operations, database, cancelling),
        EventType.STOCK_PICKED: PackPick(
            operations, pro, database, strays, origins, metrics, plans
        ),
        EventType.CONSIGNMENT_REQUESTED: CreateConsignment(
            operations, pro, database, strays, plans
        ),
        EventType.CONSIGNMENT_CREATED: allocate,
        EventType.CONSIGNMENT_REALLOCATION_REQUESTED: ReallocateConsignment(
            operations, pro, database, undoing
        ),
        EventType.CONSIGNMENT_REALLOCATION_STARTED: allocate,
        EventType.CONSIGNMENT_ALLOCATED: FetchPapers(
            operations,
            pro,
            database,
            papers,
            papers_wanted_of(settings),
            settings.papers_inline_bytes,
        ),
        EventType.MANIFEST_REQUESTED: ManifestLocation(operations, pro, database, strays),
    }

    collections = CollectionDue(
        settings.collections, database, broker.publish, topics, settings.event_source
    )

    def wake(woken: Woken) -> None:
        engine.submit(
            resumed(woken.record, woken.row.first_failed_at, topics, settings.max_event_bytes)
        )

    def read(record: Incoming) -> Arrival:
        return arrival(record, topics, settings.max_event_bytes)

    def until_due(record: Incoming) -> float:
        return seconds_until_due(record, topics, utc_now())

    parked = ParkedEvents(database, seal)
    parking = Parking(parked, broker.publish, wake, topics, metrics)
    announcer = Announcer(broker.publish, publication, topics, settings.event_source, metrics)
    on_their_way = OnTheirWay(database)
    pick_times = PickTimes(on_their_way, metrics)
    handling = Handling(
        cast("Mapping[EventType, Reaction]", {event: reactions[event] for event in steps_on}),
        announcer,
        parking,
        database,
        Ladder(LadderPolicy(topics.retry_tiers, settings.deadline)),
        gate,
        limits,
        guard,
        HandlingPolicy(claim=settings.lease),
        pick_times,
        metrics,
        tracing,
    )
    engine = Engine(
        handling.settle,
        read,
        until_due,
        topics.type_of,
        gate,
        guard,
        EnginePolicy(
            max_in_flight=settings.max_in_flight,
            window=settings.window,
            max_gap=settings.max_gap,
            drain_timeout=settings.drain,
        ),
        metrics,
    )
    sweeper = Sweeper(
        database,
        publication,
        parked,
        Counting(
            parked,
            attention_of(settings, database),
            on_their_way,
            pick_times,
            CountingPolicy(attention_every=settings.attention_every),
            metrics,
        ),
        pick_times,
        {
            WorkKind.STRAY_SEARCH: strays,
            WorkKind.MANIFEST_CONFIRMATION: ConfirmManifest(operations, pro, database),
            WorkKind.COLLECTION: collections,
        },
        announcer,
        parking,
        wake,
        gate,
        limits,
        SweepPolicy(
            every=settings.sweep_every,
            work_lease=settings.lease,
            unpublished=settings.lease,
        ),
        metrics,
        tracing,
    )

    async def publish(record: Outgoing) -> None:
        if not engine.is_running:
            raise NotServing
        async with asyncio.timeout(settings.kafka_request_timeout * 2):
            await broker.publish(record)

    lag = Lag(engine.unfinished_from, LagPolicy(), metrics)
    reasons = (partial(not_ready, engine, gate, lag), partial(slowed, guard, limits))
    app = create_app(
        metrics,
        lambda: engine.last_poll if engine.is_running else time.monotonic(),
        _stuck_after(settings),
        *reasons,
    )
    holders = Holders(pro, seal, database, broker, papers, ways_in)
    served = Served(settings, database, seal, papers, pro, publish, ways_in, *reasons)
    api = api_of(served) if settings.api_tokens else None
    page = page_of(served) if settings.has_page else None
    return Service(
        topics=topics,
        database=database,
        pro=pro,
        broker=broker,
        engine=engine,
        sweeper=sweeper,
        lag=lag,
        collections=collections,
        gate=gate,
        tracing=tracing,
        drain=settings.drain,
        steps_on=steps_on,
        http=Http(app, settings.http_host, settings.http_port, "ORDERFLEX_HTTP_PORT"),
        api=api,
        page=page,
        rotation=Rotation(settings, holders.replaceable),
    )
