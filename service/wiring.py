"""The composition root: everything is put together here, and only here, from the settings."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import structlog
import uvicorn
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.events.envelope import Incoming
from service.events.topics import EventType, RetryTier, Topics
from service.flow import FLOW
from service.health import create_app
from service.intake.announcing import Announcer
from service.intake.arrivals import Arrival, arrival, seconds_until_due, utc_now
from service.intake.broker import Broker, BrokerPolicy
from service.intake.engine import Engine, EnginePolicy
from service.intake.gate import Closed, Gate, GatePolicy
from service.intake.handling import Handling, HandlingPolicy, Reaction
from service.intake.ladder import Ladder, LadderPolicy
from service.intake.parking import Parking
from service.intake.sweeper import Sweeper, SweepPolicy
from service.ledger.database import Database, DatabasePolicy, LedgerDown, LedgerNotReady
from service.ledger.journal import Journal
from service.ledger.lookups import LookupPlan, LookupPolicy, OperationKind
from service.ledger.outcomes import OutcomeStore
from service.ledger.parked import ParkedEvents
from service.ledger.sealing import Seal
from service.ledger.timed_work import WorkKind
from service.metrics import Metrics, Name
from service.operations import Operations
from service.papers import LabelFolder
from service.pro.client import ProClient
from service.pro.policy import ProPolicy
from service.pro.problems import Verdict
from service.reactions.consignment_allocated import FetchLabels
from service.reactions.consignment_created import AllocateConsignment
from service.reactions.manifest_confirmation import ConfirmManifest
from service.reactions.manifest_requested import ManifestLocation
from service.reactions.order_placed import RecordOrder
from service.reactions.stock_picked import PackPick
from service.settings import BadSettings, Settings
from service.strays import Strays


def topics_of(settings: Settings) -> Topics:
    """Name the topics in force."""
    names = [tier.topic for tier in Topics().retry_tiers]
    return Topics(
        prefix=settings.kafka_topic_prefix,
        retry_tiers=tuple(
            RetryTier(name, delay) for name, delay in zip(names, settings.retry_tiers, strict=True)
        ),
    )


def _ledger_url(settings: Settings) -> URL:
    try:
        url = make_url(settings.ledger_url.get_secret_value())
        if url.get_driver_name() in ("aiosqlite", "asyncpg"):
            return url
    except (ArgumentError, ValueError, ImportError):
        pass
    raise BadSettings(
        "ORDERFLEX_LEDGER_URL: must be sqlite+aiosqlite:///PATH or "
        "postgresql+asyncpg://USER:PASSWORD@HOST/NAME"
    )


def database_of(settings: Settings) -> Database:
    """Open the ledger's database; an SQLite file gets its folder."""
    url = _ledger_url(settings)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    return Database(
        DatabasePolicy(
            url=url.render_as_string(hide_password=False),
            pool_size=settings.ledger_pool_size,
            statement_timeout=settings.ledger_timeout,
        )
    )


def seal_of(settings: Settings) -> Seal:
    """Make the seal; raises BadSettings without a usable key."""
    if not settings.payload_keys:
        raise BadSettings(
            "ORDERFLEX_PAYLOAD_KEYS: missing; make a key with `orderflex ledger new-key`"
        )
    try:
        return Seal([key.get_secret_value() for key in settings.payload_keys])
    except ValueError:
        raise BadSettings(
            "ORDERFLEX_PAYLOAD_KEYS: not a Fernet key; make one with `orderflex ledger new-key`"
        ) from None


def broker_of(settings: Settings) -> Broker:
    """Make the connection to Kafka, still unconnected."""
    return Broker(
        BrokerPolicy(
            bootstrap_servers=tuple(settings.kafka_bootstrap_servers.split(",")),
            group=settings.kafka_group,
            session_timeout=settings.kafka_session_timeout,
            rebalance_timeout=settings.kafka_session_timeout + settings.drain,
            request_timeout=settings.kafka_request_timeout,
            max_record_bytes=settings.max_event_bytes + 65_536,
            partitions=settings.kafka_partitions,
            replication=settings.kafka_replication,
            create_topics=settings.kafka_create_topics,
        )
    )


def _pro_of(settings: Settings, metrics: Metrics) -> ProClient:
    if not settings.pro_key.get_secret_value():
        raise BadSettings("ORDERFLEX_PRO_KEY: missing; PRO refuses every call without its key")

    def on_call(operation: str, verdict: Verdict, seconds: float) -> None:
        metrics.observe(Name.PRO_CALL_SECONDS, seconds, operation=operation, verdict=verdict.value)

    return ProClient(
        ProPolicy(
            base_url=settings.pro_base_url,
            api_key=settings.pro_key,
            connect_timeout=settings.pro_connect_timeout,
            pool_timeout=settings.pro_pool_timeout,
            read_timeout=settings.pro_read_timeout,
            total_deadline=settings.pro_deadline,
            max_connections=settings.pro_max_connections,
            keepalive_seconds=settings.pro_keepalive,
            ca_file=settings.pro_ca_file,
            label_format=settings.label_format,
        ),
        on_call,
    )


def _steps_on(settings: Settings) -> list[EventType]:
    known = {step.event for step in FLOW}
    unknown = sorted(set(settings.steps_off) - {event.value for event in known})
    if unknown:
        raise BadSettings(
            f"ORDERFLEX_STEPS_OFF: {', '.join(unknown)} is no step; "
            f"steps are {', '.join(step.event.value for step in FLOW)}"
        )
    return [step.event for step in FLOW if step.event.value not in settings.steps_off]


@dataclass
class Service:
    """The running service and its parts, for the CLI and for tests."""

    settings: Settings
    metrics: Metrics
    topics: Topics
    database: Database
    journal: Journal
    pro: ProClient
    broker: Broker
    engine: Engine
    sweeper: Sweeper
    gate: Gate
    steps_on: Sequence[EventType]
    http: "_Http"

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain, commit and leave."""
        log = structlog.get_logger("service")
        try:
            await self.http.start()
            if not await _unless(stop, self._start()):
                return
            consumed = [self.topics.topic_of(event) for event in self.steps_on]
            consumed += [tier.topic for tier in self.topics.retry_tiers]
            consumer = await self.broker.start(consumed, self.engine)
            log.info("taking up events", steps=[event.value for event in self.steps_on])
            polling = asyncio.create_task(self.engine.run(consumer), name="engine")
            sweeping = asyncio.create_task(self.sweeper.run(), name="sweeper")
            stopped = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait({polling, sweeping, stopped}, return_when=asyncio.FIRST_COMPLETED)
            log.info("draining")
            await self.engine.stop()
            for task in (polling, sweeping, stopped):
                task.cancel()
            for ended in await asyncio.gather(polling, sweeping, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended
        finally:
            await self.close()
            log.info("stopped")

    async def _start(self) -> None:
        await self._wait_for_ledger()
        await self.broker.wait_until_there(
            [
                *self.topics.names.values(),
                *(t.topic for t in self.topics.retry_tiers),
                self.topics.dead_letters,
            ]
        )

    async def _wait_for_ledger(self) -> None:
        log = structlog.get_logger("service")
        said = ""
        while True:
            try:
                await self.database.check()
            except (LedgerDown, LedgerNotReady) as error:
                if str(error) != said:
                    log.warning("waiting for the ledger", error=str(error))
                said = str(error)
                await asyncio.sleep(1.0)
            else:
                return

    def not_ready(self) -> Mapping[str, Sequence[str]]:
        """Why events are not taken up; empty when they are."""
        reasons: dict[str, Sequence[str]] = {}
        if not self.engine.is_running:
            reasons["starting"] = ["waiting for the broker or the ledger"]
        if not self.gate.is_open:
            reasons["paused"] = [reason.value for reason in self.gate.reasons]
        return reasons

    async def close(self) -> None:
        """Close every connection."""
        await self.gate.stop()
        with contextlib.suppress(Exception):
            await self.broker.stop()
        await self.pro.aclose()
        await self.database.close()
        await self.http.stop()


async def _unless(stop: asyncio.Event, work: Any) -> bool:
    """Do some work unless we are stopped first; tells whether it was done."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not working.done():
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return False
    working.result()
    return True


class _QuietServer(uvicorn.Server):
    """Leaves the signals to the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Http:
    """Serves /metrics, /healthz and /readyz."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._server: _QuietServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self.app: Any = None

    async def start(self) -> None:
        try:
            listening = socket.create_server((self._host, self._port))
        except OSError as error:
            raise BadSettings(
                f"ORDERFLEX_HTTP_PORT: {self._host}:{self._port} can't be opened ({error.strerror})"
            ) from None
        config = uvicorn.Config(self.app, log_config=None, access_log=False)
        self._server = _QuietServer(config)
        self._serving = asyncio.create_task(self._server.serve([listening]), name="http")

    async def stop(self) -> None:
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)


def _stuck_after(settings: Settings) -> float:
    """Seconds without a turn of the poll loop after which /healthz says that we are stuck.

    A rebalance (drain, then join) and a commit are no sign of trouble.
    """
    return settings.drain + 2 * settings.kafka_session_timeout + settings.kafka_request_timeout


def build(settings: Settings) -> Service:
    """Put the service together; raises BadSettings."""
    metrics = Metrics()
    topics = topics_of(settings)
    seal = seal_of(settings)
    steps_on = _steps_on(settings)
    pro = _pro_of(settings, metrics)
    database = database_of(settings)
    broker = broker_of(settings)
    plans = dict(LookupPolicy().plans)
    plans[OperationKind.PACK_ORDER] = LookupPlan(settings.lookups_after)
    lookups = LookupPolicy(plans, settings.stray_search_after)
    journal = Journal(database, OutcomeStore(seal), metrics, lookups, settings.lease)
    operations = Operations(journal, settings.pro_deadline)
    strays = Strays(database, journal, operations, pro, metrics)
    folder = LabelFolder(settings.label_folder)
    reactions = {
        EventType.ORDER_PLACED: RecordOrder(operations, pro),
        EventType.STOCK_PICKED: PackPick(operations, pro, database, metrics),
        EventType.CONSIGNMENT_CREATED: AllocateConsignment(operations, pro, database, strays),
        EventType.CONSIGNMENT_ALLOCATED: FetchLabels(
            operations, pro, database, folder, settings.label_format
        ),
        EventType.MANIFEST_REQUESTED: ManifestLocation(operations, pro, database, strays),
    }
    parked = ParkedEvents(database, seal)

    async def probe_pro() -> None:
        await pro.get_shipping_locations()

    gate = Gate(
        GatePolicy(settings.probe_every),
        {Closed.KEY_REFUSED: probe_pro, Closed.LEDGER_DOWN: database.check},
        metrics,
    )
    announcer = Announcer(broker.publish, journal, topics, settings.event_source, metrics)
    handling = Handling(
        cast("Mapping[EventType, Reaction]", {event: reactions[event] for event in steps_on}),
        announcer,
        Parking(parked, broker.publish, topics, metrics),
        journal,
        Ladder(LadderPolicy(topics.retry_tiers, settings.deadline)),
        gate,
        HandlingPolicy(claim=settings.lease),
        metrics,
    )

    def read(record: Incoming) -> Arrival:
        return arrival(record, topics, settings.max_event_bytes)

    def until_due(record: Incoming) -> float:
        return seconds_until_due(record, topics, utc_now())

    engine = Engine(
        handling.settle,
        read,
        until_due,
        gate,
        EnginePolicy(
            max_in_flight=settings.max_in_flight,
            window=settings.window,
            drain_timeout=settings.drain,
        ),
        metrics,
    )
    sweeper = Sweeper(
        database,
        journal,
        parked,
        {
            WorkKind.STRAY_SEARCH: strays,
            WorkKind.MANIFEST_CONFIRMATION: ConfirmManifest(operations, pro, database),
        },
        announcer,
        engine.submit,
        topics,
        settings.max_event_bytes,
        gate,
        SweepPolicy(
            every=settings.sweep_every, work_lease=settings.lease, unpublished=settings.lease
        ),
        metrics,
    )
    service = Service(
        settings=settings,
        metrics=metrics,
        topics=topics,
        database=database,
        journal=journal,
        pro=pro,
        broker=broker,
        engine=engine,
        sweeper=sweeper,
        gate=gate,
        steps_on=steps_on,
        http=_Http(settings.http_host, settings.http_port),
    )
    service.http.app = create_app(
        metrics,
        lambda: engine.last_poll if engine.is_running else time.monotonic(),
        _stuck_after(settings),
        service.not_ready,
    )
    return service
