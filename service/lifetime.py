"""The service's life: it waits for what it needs, takes events up, drains, and leaves."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
import uvicorn
from starlette.applications import Starlette

from service.api.limits import limited
from service.events.topics import EventType, Topics
from service.intake.broker import Broker
from service.intake.engine import Engine
from service.intake.gate import Gate
from service.intake.lag import Lag
from service.intake.limits import Limits
from service.intake.step_guard import StepGuard
from service.intake.sweeper import Sweeper
from service.ledger.database import Database, LedgerDown, LedgerNotReady
from service.pro.client import ProClient
from service.reactions.collection_due import CollectionDue
from service.tracing.traced import Tracing

LEAVING = 5.0
"""Seconds to leave the group: a broker that is away would keep us until we are killed."""
LAST_SPANS_AT_LEAST, LAST_SPANS_AT_MOST = 1.0, 5.0
"""Seconds for the last spans to leave: what is left of the drain time, within these."""


class Rotating(Protocol):
    """Takes replaced secrets and certificates up."""

    def look(self) -> None:
        """Take up what is new since the last look."""

    async def run(self) -> None:
        """Look until cancelled."""


class PortTaken(Exception):
    """The address of /metrics and the probes can't be opened."""


@dataclass
class Service:
    """The running service and its parts, for the CLI and for tests."""

    topics: Topics
    database: Database
    pro: ProClient
    broker: Broker
    engine: Engine
    sweeper: Sweeper
    lag: Lag
    collections: CollectionDue
    gate: Gate
    tracing: Tracing
    drain: float
    """Seconds."""
    steps_on: Sequence[EventType]
    http: "Http"
    api: "Http | None"
    page: "Http | None"
    rotation: "Rotating"
    _drains_until: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain, commit and leave."""
        log = structlog.get_logger("service")
        # From the beginning: what is waited for may be the right password.
        rotating = asyncio.create_task(self.rotation.run(), name="rotation")
        try:
            await self.http.start()
            for served in (self.api, self.page):
                if served is not None:
                    await served.start()
            if not await _unless(stop, self._start()):
                return
            consumed = [self.topics.topic_of(event) for event in self.steps_on]
            consumed += [tier.topic for tier in self.topics.retry_tiers]
            joining = asyncio.create_task(self.broker.start(consumed, self.engine))
            if not await _unless(stop, joining):
                return
            consumer = joining.result()
            log.info("taking up events", steps=[event.value for event in self.steps_on])
            polling = asyncio.create_task(self.engine.run(consumer), name="engine")
            sweeping = asyncio.create_task(self.sweeper.run(), name="sweeper")
            measuring = asyncio.create_task(self.lag.run(consumer), name="lag")
            stopped = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait({polling, sweeping, stopped}, return_when=asyncio.FIRST_COMPLETED)
            log.info("draining")
            self._drains_until = time.monotonic() + self.drain
            await self.engine.stop()
            running = (polling, sweeping, measuring)
            for task in (*running, stopped):
                task.cancel()
            for ended in await asyncio.gather(*running, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended
        finally:
            rotating.cancel()
            await asyncio.gather(rotating, return_exceptions=True)
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
                await self.collections.plan()
            except (LedgerDown, LedgerNotReady) as error:
                if str(error) != said:
                    log.warning("waiting for the ledger", error=str(error))
                said = str(error)
                await asyncio.sleep(1.0)
            else:
                return

    async def close(self) -> None:
        """Close every connection."""
        await self.gate.stop()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(LEAVING):
                await self.broker.stop()
        for served in (self.api, self.page):
            if served is not None:
                await served.stop()
        await self.pro.aclose()
        await self.database.close()
        left = (self._drains_until or time.monotonic()) - time.monotonic()
        await self.tracing.close(min(max(left, LAST_SPANS_AT_LEAST), LAST_SPANS_AT_MOST))
        await self.http.stop()


def not_ready(engine: Engine, gate: Gate, lag: Lag) -> Mapping[str, Sequence[str]]:
    """Why events are not taken up; empty when they are."""
    reasons: dict[str, Sequence[str]] = {}
    if not engine.is_running:
        reasons["not_running"] = ["starting (waiting for the broker or the ledger) or stopping"]
    elif (silent := lag.broker_away()) is not None:
        reasons["broker_away"] = [f"no answer for {silent:.0f} s"]
    if not gate.is_open:
        reasons["paused"] = [reason.value for reason in gate.reasons]
    return reasons


def slowed(guard: StepGuard, limits: Limits) -> Mapping[str, Sequence[str]]:
    """What keeps events waiting though intake runs: paused steps, and PRO being busy."""
    found: dict[str, Sequence[str]] = {}
    if guard.paused:
        found["steps_paused"] = [f"{e.value}: {r.value}" for e, r in guard.paused.items()]
    if limits.busy_seconds > 0:
        found["pro_busy"] = [f"spared for {limits.busy_seconds:.0f} s more"]
    return found


async def _unless(stop: asyncio.Event, work: Any) -> bool:
    """Do some work unless we are stopped first; tells whether it was done."""
    working, stopped = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
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


class Http:
    """Serves an application on a port; `setting` names the port where it can't be opened."""

    def __init__(self, app: Starlette, host: str, port: int, setting: str) -> None:
        self._app, self._host, self._port, self._setting = app, host, port, setting
        self._server: _QuietServer | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        try:
            listening = socket.create_server((self._host, self._port))
        except OSError as error:
            raise PortTaken(
                f"{self._setting}: {self._host}:{self._port} can't be opened ({error.strerror})"
            ) from None
        # Who asks is who is connected: what a header says of that is for the application to judge.
        self._server = _QuietServer(limited(self._app))
        self._serving = asyncio.create_task(self._server.serve([listening]), name="http")

    async def stop(self) -> None:
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
