"""The sweeper: work that is due by the clock, not by an event. Every replica runs one.

It does timed work, wakes parked events whose retry message is lost or late, and publishes outcomes
and dead letters that were stored but never acknowledged.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from aiokafka.errors import KafkaError
from structlog.contextvars import bound_contextvars

from service.intake.announcing import Announcer
from service.intake.counting import Counting
from service.intake.gate import Closed, Gate
from service.intake.limits import Limits
from service.intake.parking import Parking, Wake
from service.intake.pick_times import PickTimes
from service.ledger import timed_work
from service.ledger.database import Contended, Database, LedgerDown, LedgerNotReady
from service.ledger.leases import LeaseHeld
from service.ledger.operation import AwaitingLookup
from service.ledger.parked import ParkedEvents
from service.ledger.publication import Publication
from service.ledger.timed_work import Work, WorkKind
from service.metrics import Metrics, Name
from service.operations import Performed, Say, StillMoving
from service.pro.problems import Scope, Throttled, Unauthorised
from service.tracing.traced import NO_TRACING, Tracing, current

Worker = Callable[[Work, Say], Awaitable[float | None]]
"""Does one round; gives the seconds until the next, None when the work is done."""


@dataclass(frozen=True)
class SweepPolicy:
    """Times in seconds."""

    every: float = 1.0
    at_once: int = 20
    work_lease: float = 120.0
    retry_after: float = 10.0
    """How soon timed work that failed is tried again."""
    overdue: float = 2.0
    """How long after its due time a parked event is woken without its retry message."""
    unpublished: float = 60.0
    """How long after it was stored an outcome or a letter without an ack is published again."""


class Sweeper:
    """Sweeps until it is stopped."""

    def __init__(
        self,
        database: Database,
        publication: Publication,
        parked: ParkedEvents,
        counting: Counting,
        pick_times: PickTimes,
        workers: Mapping[WorkKind, Worker],
        announcer: Announcer,
        parking: Parking,
        wake: Wake,
        gate: Gate,
        limits: Limits,
        policy: SweepPolicy,
        metrics: Metrics,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._database = database
        self._publication = publication
        self._parked = parked
        self._counting = counting
        self._pick_times = pick_times
        self._workers = workers
        self._announcer = announcer
        self._parking = parking
        self._wake = wake
        self._gate = gate
        self._limits = limits
        self._policy = policy
        self._metrics = metrics
        self._tracing = tracing
        self._log = structlog.get_logger("sweeper")

    async def run(self) -> None:
        """Sweep for ever; timed work, which calls PRO, keeps nothing else waiting."""
        async with asyncio.TaskGroup() as together:
            together.create_task(
                self._again_and_again("tidy", self.tidy, lambda: self._has_ledger), name="tidy"
            )
            together.create_task(
                self._again_and_again("work", self.work, lambda: self._gate.is_open), name="work"
            )

    async def _again_and_again(
        self, loop: str, rounds: Callable[[], Awaitable[None]], may: Callable[[], bool]
    ) -> None:
        while True:
            if may():
                await rounds()
                self._metrics.set(Name.LAST_SWEEP, time.time(), loop=loop)
            await asyncio.sleep(self._policy.every)

    @property
    def _has_ledger(self) -> bool:
        return Closed.LEDGER_DOWN not in self._gate.reasons

    async def sweep(self) -> None:
        """Do one round of everything."""
        await self.tidy()
        await self.work()

    async def tidy(self) -> None:
        """Do one round of what needs only the ledger and the broker; PRO may be away."""
        await self._each_of(
            *([self._wake_parked] if self._gate.is_open else []),
            self._publish_unpublished,
            self._send_letters,
        )
        if self._has_ledger:
            await self._count()

    async def work(self) -> None:
        """Do the timed work that is due."""
        await self._each_of(self._do_timed_work)

    async def _each_of(self, *jobs: Callable[[], Awaitable[None]]) -> None:
        """Do some jobs; one that fails keeps no other from being done."""
        for job in jobs:
            try:
                await job()
            except (LedgerDown, LedgerNotReady):
                self._gate.close(Closed.LEDGER_DOWN)
                return
            except Exception as error:  # noqa: BLE001 - see above
                self._failed(job.__name__.strip("_"), error)

    async def _count(self) -> None:
        """Count; a count that takes too long is no sign that the ledger is away."""
        for job in self._counting.jobs:
            try:
                await job()
            except Exception as error:  # noqa: BLE001 - counting breaks nothing
                self._failed(job.__name__, error)

    def _failed(self, job: str, error: Exception) -> None:
        self._metrics.count(Name.SWEEPS_FAILED, work=job)
        self._log.error("a sweep failed", work=job, error=type(error).__name__)

    async def _wake_parked(self) -> None:
        for woken in await self._parked.overdue(self._policy.overdue, self._policy.at_once):
            self._wake(woken)

    async def _send_letters(self) -> None:
        left = await self._parked.letters_missing(self._policy.unpublished, self._policy.at_once)
        for woken in left:
            await self._parking.send_letter(woken.record, woken.row)

    async def _do_timed_work(self) -> None:
        """Do it one after the other, each claimed when it is its turn, while intake is open."""
        for _ in range(self._policy.at_once):
            if not self._gate.is_open:
                return
            async with self._limits.turn():
                async with self._database.begin() as tx:
                    claimed = await timed_work.claim(tx, 1, self._policy.work_lease)
                if not claimed:
                    return
                await self._do(claimed[0])

    async def _do(self, work: Work) -> None:
        belongs_to = work.details.get("traceparent")
        with (
            self._tracing.timed(work.kind.value, belongs_to) as traced,
            bound_contextvars(**traced.log_fields),
        ):
            await self._do_round(work)

    async def _do_round(self, work: Work) -> None:
        again: float | None = self._policy.retry_after
        try:
            again = await self._workers[work.kind](work, self._say)
        except (LedgerDown, LedgerNotReady):
            raise
        except Throttled as busy:
            self._limits.busy(busy.retry_after)
        except (LeaseHeld, AwaitingLookup, StillMoving, Contended):
            pass  # nothing is wrong, it is only not its time
        except Exception as error:  # noqa: BLE001 - the row keeps the work until it is done
            if isinstance(error, Unauthorised) and error.scope is Scope.EVERYTHING:
                self._gate.close(Closed.KEY_REFUSED)
            current().failed(type(error).__name__)
            self._failed(work.kind.value, error)
        async with self._database.begin() as tx:
            if again is None:
                await timed_work.done(tx, work)
            else:
                await timed_work.again(tx, work, again)

    async def _say(self, performed: Performed) -> None:
        if await self._announcer.announce(performed):
            await self._pick_times.by_the_clock(performed)

    async def _publish_unpublished(self) -> None:
        left = await self._publication.missing(self._policy.unpublished, self._policy.at_once)
        for key, announcements in left:
            belongs_to = announcements[0].traceparent if announcements else None
            with self._tracing.timed("publish_unpublished", belongs_to):
                try:
                    await self._say(Performed(key, announcements))
                except (KafkaError, ValueError) as error:
                    self._failed("publish_unpublished", error)
