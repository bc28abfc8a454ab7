"""The one path of every event: react, publish, and where that can't be done, decide what then.

Reactions and the PRO client say what happened, by their exceptions; only here it is decided to
repeat, to park or to give up.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from structlog.contextvars import bound_contextvars

from service.events.envelope import Envelope, Received
from service.events.malformed import Malformed
from service.events.said import Event
from service.events.topics import EventType
from service.intake.announcing import Announcer
from service.intake.arrivals import Arrival
from service.intake.ending import Ending
from service.intake.gate import Closed, Gate
from service.intake.ladder import GiveUp, Ladder, Park, Why
from service.intake.limits import Limits
from service.intake.parking import Parking, kept
from service.intake.pick_times import PickTimes
from service.intake.step_guard import StepGuard
from service.intake.tracing import FAILURES, attempt_at, ended
from service.intake.troubles import Patience, PatiencePolicy, Trouble, trouble_of
from service.ledger import standing
from service.ledger.database import Contended, Database, LedgerDown, LedgerNotReady
from service.ledger.parked_rows import ParkedEvent
from service.ledger.tables import ParkedState
from service.metrics import Metrics, Name
from service.operations import Performed
from service.pro.problems import Retryable, Scope, Throttled, Unauthorised, Untrusted
from service.tracing.traced import NO_TRACING, Tracing, current
from service.tracing.words import Moment

Reaction = Callable[[Event, Envelope], Awaitable[Performed]]


@dataclass(frozen=True)
class HandlingPolicy:
    """Times in seconds."""

    patience: PatiencePolicy = field(default_factory=PatiencePolicy)
    moving_wait: float = 2.0
    """How soon to look again at what PRO is still working on."""
    claim: float = 120.0
    """How long a parked event that was started is nobody else's; longer than an order's lease."""
    step_off: float = 600.0
    """How soon to see whether a step that is switched off here is on again."""
    step_paused: float = 60.0
    """How soon a parked event whose step is paused is tried again."""


class _GiveBack(Exception):
    """The event is to stay on its topic."""


@dataclass(frozen=True)
class Handling:
    """Settles arrivals."""

    reactions: Mapping[EventType, Reaction]
    announcer: Announcer
    parking: Parking
    database: Database
    ladder: Ladder
    gate: Gate
    limits: Limits
    guard: StepGuard
    policy: HandlingPolicy
    pick_times: PickTimes
    metrics: Metrics
    tracing: Tracing = NO_TRACING

    async def settle(self, arrived: Arrival) -> Ending:
        """Return when the event's offset may be let go, or (GIVEN_BACK) is to be read again."""
        started = time.monotonic()
        with (
            attempt_at(self.tracing, arrived) as work,
            bound_contextvars(
                event_id=arrived.event_id, event_type=arrived.type, **work.log_fields
            ),
        ):
            ending = await self._settle(arrived)
            ended(work, ending)
            if isinstance(arrived.content, Received) and ending is Ending.SETTLED:
                self.guard.settled(arrived.content.envelope.type)
            self.metrics.count(Name.EVENTS_FINISHED, type=arrived.type, ending=ending.value)
            self.metrics.observe(Name.EVENT_SECONDS, time.monotonic() - started, type=arrived.type)
        return ending

    async def _settle(self, arrived: Arrival) -> Ending:
        """Settle an event, however long the ledger or the broker are away."""
        log = structlog.get_logger("intake")
        started: list[ParkedEvent] = []
        while True:
            await self.gate.wait_open()
            try:
                if arrived.is_back:
                    return await self._settle_parked(arrived, started)
                return await self._settle_fresh(arrived)
            except (LedgerDown, LedgerNotReady):
                current().note(Moment.LEDGER_AWAY)
                self.gate.close(Closed.LEDGER_DOWN)
            except Contended:
                await asyncio.sleep(self.policy.patience.lease_wait)
            except KafkaError as error:
                log.warning("not acknowledged yet", error=type(error).__name__)
                await asyncio.sleep(1.0)
            except _GiveBack:
                return Ending.GIVEN_BACK

    async def _settle_fresh(self, arrived: Arrival) -> Ending:
        """Settle an event of its own topic, or put it in the line of its order."""
        row, ahead = await self.parking.look(arrived)
        if row is not None:
            return await self._resume(arrived, row)
        if ahead is not None:
            row = await self.parking.park_behind(arrived)
            if row is not None:
                resumed = await self._resume(arrived, row)
                return Ending.PARKED if row.place.is_behind else resumed
        return await self._run(arrived, None)

    async def _settle_parked(self, arrived: Arrival, started: list[ParkedEvent]) -> Ending:
        """Settle an event that comes back. `started` keeps the row that an earlier try started."""
        if not started:
            content = arrived.content
            event_type = content.envelope.type if isinstance(content, Received) else None
            if self.guard.is_paused(event_type):
                # Started, so that nobody else takes it up so long; and left.
                await self.parking.start(arrived, self.policy.step_paused)
                return Ending.POSTPONED
            row = await self.parking.start(arrived, self.policy.claim)
            if row is not None:
                if not self.guard.take(event_type):
                    return Ending.POSTPONED  # until the claim ends
                started.append(row)
            elif not await self._is_forgotten(arrived):
                return Ending.SKIPPED
        return await self._run(arrived, started[0] if started else None)

    async def _run(self, arrived: Arrival, row: ParkedEvent | None) -> Ending:
        current().attempt = row.attempt + 1 if row else 1
        if isinstance(arrived.content, Malformed):
            await self.parking.give_up_unreadable(arrived, arrived.content)
            return Ending.DEAD_LETTER
        trouble = await self._try(arrived, arrived.content, row)
        if trouble is not None:
            return await self._put_aside(arrived, row, trouble)
        if row is not None:
            await self.parking.let_go(row)
        return Ending.SETTLED

    async def _resume(self, arrived: Arrival, row: ParkedEvent) -> Ending:
        """Leave a redelivery to its row: it never runs beside it.

        The row's message is sent again, which may not have left before.
        """
        if row.state is ParkedState.PARKED:
            await self._wake_later(arrived, row)
        elif row.state is ParkedState.DEAD and not row.is_letter_sent:
            await self.parking.send_letter(kept(arrived), row)
        return Ending.RESUMED

    async def _wake_later(self, arrived: Arrival, row: ParkedEvent) -> None:
        decision = self.ladder.decide(
            Why.BUSY, failed_attempts=row.attempt, failing_for=0, wait=row.seconds_until_due
        )
        if isinstance(decision, Park):
            await self.parking.wake_later(arrived.record, row, decision)

    async def _is_forgotten(self, arrived: Arrival) -> bool:
        """Tell whether the ledger lost the row of an event that comes back.

        Where there is no row, the event is settled and only its message was left, unless it was
        parked before the ledger was made or restored.
        """
        row, _ = await self.parking.look(arrived)
        if row is not None or arrived.parked_since is None:
            return False
        async with self.database.begin() as tx:
            return arrived.parked_since < await standing.trusted_from(tx)

    async def _try(
        self, arrived: Arrival, received: Received, row: ParkedEvent | None
    ) -> Trouble | None:
        """React and publish; None when the event is settled."""
        reaction = self.reactions.get(received.envelope.type)
        if reaction is None:
            return Trouble(Why.STEP_OFF, "its step is switched off here", self.policy.step_off)
        # The earlier of both: a fast clock of a sender must not make an old event look new.
        time_said = min(received.envelope.time, arrived.record.timestamp)
        traceparent = current().traceparent_or(received.envelope.traceparent)
        cause = replace(received.envelope, time=time_said, traceparent=traceparent)
        patience = Patience(self.policy.patience)
        while True:
            try:
                performed = await self._react(reaction, received.event, cause)
                await self._announce(received.event, cause, performed, row)
            except MessageSizeTooLargeError as error:
                return trouble_of(error, self.policy.moving_wait)  # it never will be smaller
            except (LedgerDown, LedgerNotReady, KafkaError):
                raise
            except Unauthorised as refused:
                if refused.scope is Scope.OPERATION:
                    return self._forbidden(arrived, received, refused)
                self.gate.close(Closed.KEY_REFUSED)
            except Exception as error:  # noqa: BLE001 - every failure has its defined way on
                wait = self._wait_in_place(error, patience)
                if wait is None:
                    return trouble_of(error, self.policy.moving_wait)
                current().trying_again(type(error).__name__)
                await asyncio.sleep(wait)
            else:
                return None

    async def _announce(
        self, event: Event, cause: Envelope, performed: Performed, row: ParkedEvent | None
    ) -> None:
        if await self.announcer.announce(performed):
            await self.pick_times.answered(event, cause, performed, row)

    async def _react(self, reaction: Reaction, event: Event, cause: Envelope) -> Performed:
        """React once intake is open and there is a turn to call PRO."""
        asked_at = time.monotonic()
        while True:
            await self.gate.wait_open()
            async with self.limits.turn():
                if self.gate.is_open:  # it may have closed while the turn was waited for
                    current().waited(time.monotonic() - asked_at)
                    return await reaction(event, cause)

    def _wait_in_place(self, error: Exception, patience: Patience) -> float | None:
        """Give the seconds to wait before the next try in place; None to put the event aside."""
        if isinstance(error, Throttled):
            self.limits.busy(error.retry_after)
        if isinstance(error, Untrusted) and self.gate.is_open:  # nor will any other event do better
            structlog.get_logger("intake").error("PRO is not asked", reason=error.why)
            self.gate.close(Closed.PRO_DOWN)
        if isinstance(error, Retryable) and not self.gate.is_open:
            return 0.0  # PRO is down, which is no failure of this event: the gate is waited for
        return patience.wait_for(error)

    def _forbidden(self, arrived: Arrival, received: Received, refused: Unauthorised) -> Trouble:
        """Pause the step; a fresh event stays on its topic."""
        self.guard.forbidden(received.envelope.type)
        if not arrived.is_back:
            raise _GiveBack
        return Trouble(Why.FORBIDDEN, str(refused), self.policy.step_paused)

    async def _put_aside(
        self, arrived: Arrival, row: ParkedEvent | None, trouble: Trouble
    ) -> Ending:
        if trouble.why in FAILURES:
            current().failed(trouble.why.value)
        decision = self.ladder.decide(
            trouble.why,
            failed_attempts=row.attempt if row else 0,
            failing_for=row.seconds_failing if row else 0.0,
            wait=trouble.wait,
        )
        if isinstance(decision, GiveUp):
            holds = trouble.why is not Why.CONFLICT
            await self.parking.give_up(arrived, decision.attempt, trouble, holds=holds)
            if holds:  # a conflict is the sender's
                self.guard.died(EventType(arrived.type))
            return Ending.DEAD_LETTER
        await self.parking.park(arrived, decision, trouble)
        return Ending.PARKED
