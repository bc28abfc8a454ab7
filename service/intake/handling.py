"""The one path of every event: react, publish, and where that can't be done, decide what then.

Reactions and the PRO client say what happened, by their exceptions; only here it is decided to
repeat, to park or to give up.
"""

import asyncio
import hashlib
import random
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from structlog.contextvars import bound_contextvars

from service.clock import utc_now
from service.events.envelope import Envelope, Received
from service.events.malformed import Malformed
from service.events.said import Event
from service.events.topics import EventType
from service.intake.announcing import Announcer
from service.intake.arrivals import Arrival
from service.intake.gate import Closed, Gate
from service.intake.ladder import GiveUp, Ladder, Park, Why
from service.intake.parking import Parking, Trouble
from service.ledger import standing
from service.ledger.database import Contended, Database, LedgerDown, LedgerNotReady
from service.ledger.leases import LeaseHeld
from service.ledger.operation import AwaitingLookup, ContentConflict, Superseded
from service.ledger.parked import ParkedEvent
from service.ledger.tables import ParkedState
from service.metrics import Metrics, Name
from service.operations import Performed, StillMoving, TooEarly
from service.pro.problems import Ambiguous, Refused, Retryable, Scope, Throttled, Unauthorised

Reaction = Callable[[Event, Envelope], Awaitable[Performed]]


@dataclass(frozen=True)
class HandlingPolicy:
    """Patience in place, before an event is parked (seconds)."""

    quick_tries: int = 2
    quick_wait: float = 0.2
    lease_patience: float = 2.0
    lease_wait: float = 0.1
    moving_wait: float = 2.0
    """How soon to look again at what PRO is still working on."""
    claim: float = 120.0
    """How long a parked event that was started is nobody else's; longer than an order's lease."""
    step_off: float = 600.0
    """How soon to see whether a step that is switched off here is on again."""


class _Patience:
    """How long to try again in place before an event is put aside."""

    def __init__(self, policy: HandlingPolicy) -> None:
        self._policy = policy
        self._quick_tries = 0
        self._since = time.monotonic()

    def wait_for(self, error: Exception) -> float | None:
        """Give the seconds to wait before the next try in place; None to put the event aside."""
        jitter = 0.5 + random.random()  # noqa: S311 - no secret
        match error:
            case Superseded():
                return 0.0
            case Contended():
                return self._policy.lease_wait * jitter
            case LeaseHeld() if time.monotonic() - self._since <= self._policy.lease_patience:
                return self._policy.lease_wait * jitter
            case Retryable() if self._quick_tries < self._policy.quick_tries:
                self._quick_tries += 1
                return self._policy.quick_wait * self._quick_tries * jitter
            case _:
                return None


class Handling:
    """Settles arrivals."""

    def __init__(
        self,
        reactions: Mapping[EventType, Reaction],
        announcer: Announcer,
        parking: Parking,
        database: Database,
        ladder: Ladder,
        gate: Gate,
        policy: HandlingPolicy,
        metrics: Metrics,
    ) -> None:
        self._reactions = reactions
        self._announcer = announcer
        self._parking = parking
        self._database = database
        self._ladder = ladder
        self._gate = gate
        self._policy = policy
        self._metrics = metrics
        self._log = structlog.get_logger("intake")

    async def settle(self, arrived: Arrival) -> None:
        """Return when the event is settled, parked or given up: its offset may be let go."""
        started = time.monotonic()
        content = arrived.content
        with bound_contextvars(event_id=arrived.event_id, event_type=arrived.type):
            if isinstance(content, Malformed):
                await self._parking.give_up_unreadable(arrived, content)
                ending = "dead_letter"
            else:
                with bound_contextvars(key=arrived.lane):
                    ending = await self._settle(arrived, content)
        self._metrics.count(Name.EVENTS_FINISHED, type=arrived.type, ending=ending)
        self._metrics.observe(Name.EVENT_SECONDS, time.monotonic() - started, type=arrived.type)

    async def _settle(self, arrived: Arrival, received: Received) -> str:
        started: list[ParkedEvent] = []
        while True:
            await self._gate.wait_open()
            try:
                return await self._settle_once(arrived, received, started)
            except (LedgerDown, LedgerNotReady):
                self._gate.close(Closed.LEDGER_DOWN)
            except Contended:
                await asyncio.sleep(self._policy.lease_wait)
            except KafkaError as error:
                self._log.warning("outcome not acknowledged yet", error=type(error).__name__)
                await asyncio.sleep(1.0)

    async def _settle_once(
        self, arrived: Arrival, received: Received, started: list[ParkedEvent]
    ) -> str:
        """Settle it, or put it aside. `started` keeps the row that an earlier try has started."""
        row: ParkedEvent | None
        if started:
            row = started[0]
        elif not arrived.is_back:
            row = await self._parking.find(arrived)
            if row is not None:
                return await self._resume(arrived, row)
        else:
            row = await self._parking.start(arrived, self._policy.claim)
            if row is not None:
                started.append(row)
            else:
                left = await self._parking.find(arrived)
                if left is not None:
                    return await self._leave(arrived, left)
                if not await self._is_forgotten(arrived):
                    return "skipped"
        trouble = await self._try(arrived, received)
        if trouble is None:
            if row is not None:
                await self._parking.let_go(arrived)
            return "settled"
        return await self._put_aside(arrived, received, row, trouble)

    async def _leave(self, arrived: Arrival, row: ParkedEvent) -> str:
        """Leave an event to its row: it is not due, runs elsewhere, or waits for a person."""
        if row.state is not ParkedState.DEAD:
            return "skipped"
        await self._parking.bury_again(arrived, row)  # its letter may not have left
        return "dead_letter"

    async def _is_forgotten(self, arrived: Arrival) -> bool:
        """Tell whether the ledger lost the row of an event that comes back.

        No row means that it is settled, and only its message was left, unless it was parked before
        the ledger was made or restored.
        """
        if arrived.parked_since is None:
            return False
        async with self._database.begin() as tx:
            return arrived.parked_since < await standing.trusted_from(tx)

    async def _resume(self, arrived: Arrival, row: ParkedEvent) -> str:
        """Take a redelivery of a parked event: it never runs beside its row."""
        if row.state is ParkedState.DEAD:
            return await self._leave(arrived, row)
        decision = self._ladder.decide(
            Why.BUSY, failed_attempts=row.attempt, failing_for=0, wait=row.seconds_until_due
        )
        if isinstance(decision, Park):
            await self._parking.wake_later(arrived.record, row, decision)
        return "resumed"

    async def _try(self, arrived: Arrival, received: Received) -> Trouble | None:
        """React and publish; None when the event is settled."""
        reaction = self._reactions.get(received.envelope.type)
        if reaction is None:
            return Trouble(Why.STEP_OFF, "its step is switched off here", self._policy.step_off)
        # The earlier of both: a fast clock of a sender must not make an old event look new.
        time_said = min(received.envelope.time, arrived.record.timestamp)
        cause = replace(received.envelope, time=time_said)
        patience = _Patience(self._policy)
        while True:
            try:
                performed = await reaction(received.event, cause)
                await self._announcer.announce(performed)
            except MessageSizeTooLargeError as error:
                return self._trouble(error)  # it never will be smaller
            except (LedgerDown, LedgerNotReady, KafkaError):
                raise
            except Unauthorised as refused:
                if refused.scope is not Scope.EVERYTHING:
                    return Trouble(Why.RETRYABLE, str(refused))
                self._gate.close(Closed.KEY_REFUSED)
                await self._gate.wait_open()
            except Exception as error:  # noqa: BLE001 - every failure has its defined way on
                wait = patience.wait_for(error)
                if wait is None:
                    return self._trouble(error)
                await asyncio.sleep(wait)
            else:
                return None

    def _trouble(self, error: Exception) -> Trouble:
        match error:
            case LeaseHeld():
                return Trouble(Why.BUSY, str(error), wait=_seconds_until(error.until))
            case Retryable() | Refused():  # what is refused and no outcome is a read
                return Trouble(Why.RETRYABLE, str(error))
            case TooEarly():
                return Trouble(Why.TOO_EARLY, str(error))
            case ContentConflict():
                return Trouble(Why.CONFLICT, str(error))
            case Throttled():
                return Trouble(Why.THROTTLED, str(error), wait=error.retry_after)
            case Ambiguous():
                return Trouble(Why.UNKNOWN, str(error))
            case StillMoving():
                return Trouble(Why.AWAITING_LOOKUP, str(error), wait=self._policy.moving_wait)
            case AwaitingLookup():
                return Trouble(Why.AWAITING_LOOKUP, str(error), wait=_seconds_until(error.due_at))
            case _:
                places = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
                digest = hashlib.sha256("\n".join(places).encode()).hexdigest()[:12]
                # The message may quote a customer's data: the places alone are logged.
                self._log.error("a bug", error=type(error).__name__, digest=digest, places=places)
                return Trouble(Why.BUG, f"{type(error).__name__}, traceback {digest}")

    async def _put_aside(
        self, arrived: Arrival, received: Received, row: ParkedEvent | None, trouble: Trouble
    ) -> str:
        failing_for = 0.0
        if row is not None:
            failing_for = (row.due_at - row.first_failed_at).total_seconds()
            failing_for -= row.seconds_until_due
        decision = self._ladder.decide(
            trouble.why,
            failed_attempts=row.attempt if row else 0,
            failing_for=failing_for,
            wait=trouble.wait,
        )
        if isinstance(decision, GiveUp):
            holds = trouble.why is not Why.CONFLICT
            await self._parking.give_up(arrived, received, decision.attempt, trouble, holds=holds)
            return "dead_letter"
        await self._parking.park(arrived, received, decision, trouble)
        return "parked"


def _seconds_until(due_at: datetime | None) -> float:
    """Seconds until a time of the ledger; a second when it is not known.

    Our clock and the ledger's may differ a little: coming too early costs one more wait.
    """
    if due_at is None:
        return 1.0
    return max(0.2, (due_at - utc_now()).total_seconds() + 0.05)
