"""One run: replicas of the service between a Kafka, a ledger and a PRO, all in one virtual time."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from service.from_settings import seal_of
from service.intake.arrivals import Arrival
from service.intake.ending import Ending
from service.ledger.parked_rows import Origin
from service.wiring import assemble
from tests.proof.facts import Place

from .broker import PublishFaults, SimulatedBroker
from .bugs import Bugs
from .kafka import Kafka
from .ledger import Ledger, LedgerPorts
from .loop import Fate, VirtualLoop, current_fate
from .operator import Operator
from .pace import Pace
from .platform import Platform
from .pro import FaultyTransport, Pro
from .replica import SETTINGS, NoCounting, NoHttp, NoLag, Replica
from .scenario import Scenario
from .trace import Trace
from .troubles import Troubles
from .watch import Watch

GLANCE = 0.4
"""How often it is looked whether time may jump, in seconds."""
SWEEP_ANYWAY = 60.0
"""Seconds after which a replica sweeps even if nothing seems due."""
MOST_STEPS = 20_000
"""Steps after the last trouble within which everything must be settled."""
OPERATOR_ROUNDS = 3
"""How often an operator goes through the dead letters at the end."""
REST_WITHIN = 4 * 86_400.0
"""Seconds after the last trouble within which everything must be settled."""


class World:
    """Everything in a run. The replicas are what is tried; the rest stands in for others."""

    def __init__(self, seed: int, scenario: Scenario, ledger: Ledger, loop: VirtualLoop) -> None:
        self.loop, self.scenario, self.ledger = loop, scenario, ledger
        self.dice = random.Random(seed + 1)  # noqa: S311 - no secret
        self.trace = Trace(loop.time)
        timeout = SETTINGS.kafka_session_timeout + SETTINGS.drain
        self.kafka = Kafka(loop, self.dice, self.trace, scenario.partitions, timeout)
        self.ports = LedgerPorts(loop, self.dice, self.trace)
        self.sent = Watch(ledger, self.ports, self.kafka, self.trace)
        self.pro = Pro(loop, self.dice, self.trace, SETTINGS.pro_read_timeout, self.sent.look)
        self.publishing = PublishFaults()
        self.bugs = Bugs(self.dice, self.trace)
        self.operator = Operator(ledger.database(), seal_of(SETTINGS), self.trace)
        self.replicas: list[Replica] = []
        self.returned: dict[Place, float] = {}
        self.settled: dict[Place, float] = {}
        self.died: list[str] = []
        self.platform = Platform(loop, self.kafka, ledger, self.trace)
        self.pace = Pace(self)
        self.troubles = Troubles(self)
        self._made = 0

    # Replicas

    def start_replica(self) -> None:
        """Start one more replica."""
        self._made += 1
        name = f"replica-{self._made}"
        fate = Fate(name)
        token = current_fate.set(fate)
        try:
            broker = SimulatedBroker(
                name,
                self.kafka,
                self.dice,
                self.publishing,
                self.trace,
                SETTINGS.kafka_request_timeout,
            )
            way_to_pro = FaultyTransport(self.pro)
            service = assemble(SETTINGS, self.ledger.database(), broker, way_to_pro)
            service.http = NoHttp()  # type: ignore[assignment]
            engine = service.engine
            engine._settle = self._observed(name, engine._settle)
            engine._policy = replace(engine._policy, poll_timeout=1.0, paused_poll_timeout=0.25)
            service.sweeper._counting = NoCounting()  # type: ignore[assignment]
            service.lag = NoLag()  # type: ignore[assignment]
            sweeper = service.sweeper
            sweeper.tidy = self._rarer(sweeper.tidy)  # type: ignore[method-assign]
            sweeper.work = self._rarer(sweeper.work)  # type: ignore[method-assign]
            replica = Replica(name, service, broker, fate)
            replica.running = asyncio.create_task(self._live(replica))
        finally:
            current_fate.reset(token)
        self.replicas.append(replica)
        self.trace.note(name, "starts")

    async def _live(self, replica: Replica) -> None:
        try:
            await replica.service.run(replica.stop)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self.died.append(f"{replica.name} died of {error!r}")
        if not replica.stop.is_set():
            self.died.append(f"{replica.name} ended by itself")

    def _rarer(self, sweep: Callable[[], Any]) -> Callable[[], Any]:
        """Leave most sweeps out that would find nothing: they cost more than all the rest."""
        last = -SWEEP_ANYWAY

        async def sweeping() -> None:
            nonlocal last
            due, now = self.pace.due_in_ledger(), self.loop.time()
            if now - last >= SWEEP_ANYWAY or (due is not None and due <= now):
                last = now
                await sweep()

        return sweeping

    def _observed(self, name: str, settle: Callable[[Arrival], Any]) -> Callable[[Arrival], Any]:
        async def settling(arrival: Arrival) -> Any:
            origin = arrival.origin
            self.trace.note(name, f"takes up {_text(origin)}{' again' * arrival.is_back}")
            try:
                ending = await settle(arrival)
            except Exception as error:
                self.trace.note(name, f"settling {_text(origin)} broke off: {error!r}")
                raise
            if ending is not Ending.GIVEN_BACK:
                self._let_go(name, origin, ending)
            return ending

        return settling

    def _let_go(self, name: str, origin: Origin, ending: Ending) -> None:
        place = Place(origin.topic, origin.partition, origin.offset)
        row = self.ledger.rows(
            'SELECT state FROM parked_events WHERE topic=? AND "partition"=? AND "offset"=?',
            place.topic,
            place.partition,
            place.offset,
        )
        said = row[0][0] if row else "no row"
        step = self.trace.note(name, f"lets go of {_text(origin)} ({ending}, {said})")
        self.returned.setdefault(place, step)
        if not row:
            self.settled.setdefault(place, step)

    def alive(self) -> list[Replica]:
        """Give the replicas that run, even if they are stalled."""
        return [r for r in self.replicas if not r.fate.is_dead and not r.stop.is_set()]

    # Time

    async def play(self) -> list[str]:
        """Play the scenario to its end; gives what never came to rest."""
        for _ in range(self.scenario.replicas):
            self.start_replica()
        sayings, troubles = self.scenario.sayings, self.scenario.troubles
        acts = [(saying.at, partial(self.platform.say, saying)) for saying in sayings]
        acts += [(wish.at, partial(self.platform.ask_anew, wish)) for wish in self.scenario.anew]
        acts += [(trouble.at, partial(self.troubles.make, trouble)) for trouble in troubles]
        for at, act in sorted(acts, key=lambda each: each[0]):
            await self._until(at)
            act()
        await self._until(max((t.at + t.seconds for t in troubles), default=0.0) + 1.0)
        left = await self._rest()
        for _ in range(OPERATOR_ROUNDS):
            if left or not await self.operator.look_through(self.dice):
                break
            left = await self._rest()
        if not left and self.platform.pick_the_rest():
            left = await self._rest()
        return left

    async def _until(self, at: float) -> None:
        while (now := self.loop.time()) < at:
            await asyncio.sleep(min(at - now, GLANCE))
            self.pace.hurry(at)

    async def _rest(self) -> list[str]:
        self.trace.note("world", "all trouble is over")
        until = self.loop.time() + REST_WITHIN
        most = self.trace.step + MOST_STEPS
        while self.loop.time() < until and self.trace.step < most:
            await asyncio.sleep(GLANCE)
            if self.pace.is_at_rest():
                return []
            self.pace.hurry()
        return [f"never came to rest: {self.pace.what_is_left()}"]


def _text(origin: Origin) -> str:
    return f"{origin.topic}/{origin.partition}/{origin.offset}"
