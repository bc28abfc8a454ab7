"""How an operation runs, so that PRO is asked once however often its event is delivered.

    1 look the key up: settled before → say its outcomes again, done
    2 claim it under the order's lease and commit
    3 look in PRO first where an earlier attempt may have acted; then ask PRO
    4 store the answer with all it changes
    5 publish the outcomes          (intake)
    6 let the input offset go       (intake)

A verdict about the call leaves as an exception once the journal has taken note of it; whether to
repeat, park or give up the event is intake's business alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import structlog

from service.clock import utc_now
from service.events.content import DIGEST_VERSION, content_digest
from service.events.envelope import Envelope, outcome_id
from service.events.published import Outcome
from service.events.said import Event
from service.events.topics import RECEIVED_FROM_OTHERS
from service.ledger import turns
from service.ledger.database import Contended, LedgerDown
from service.ledger.journal import Journal
from service.ledger.leases import LeaseHeld
from service.ledger.lookups import OperationKind
from service.ledger.operation import (
    NO_CONTENT,
    Announcement,
    Asked,
    Claim,
    Effects,
    NotWanted,
    Operation,
    Settled,
    Settlement,
    Superseded,
    Unnumbered,
    no_effects,
)
from service.pro.problems import Ambiguous, Problem, Refused, Retryable, Throttled, Unauthorised
from service.tracing.traced import current
from service.tracing.words import Attribute, Moment

T = TypeVar("T")

Ask = Callable[[], Awaitable[Settlement]]
"""Calls PRO and makes of its answer what the ledger has to store. May raise a verdict."""
Look = Callable[[], Awaitable[Settlement | None]]
"""Reads in PRO whether it was done: the settlement, or None. May raise a verdict or StillMoving.
An operation without one has to do no harm when it is asked again after its look-up time."""
Refuse = Callable[[Problem, int], Settlement]
"""Makes a refusal (of this attempt) what the ledger has to store."""


WAITS_TO_STORE = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between the tries to store an answer, which was hard to come by: the database may give
way to another transaction, or change over to its standby."""


class TooEarly(Exception):
    """What the event builds on is not there yet; the text says what it waits for."""

    error_class = turns.TOO_EARLY
    """The word under which it is parked."""


class StillMoving(Exception):
    """PRO is still at it (Allocating, Manifesting, Cancelling): look again later."""


@dataclass(frozen=True)
class Performed:
    """A step that is settled: its outcomes are to be published, then marked as published."""

    operation_key: str
    announcements: tuple[Announcement, ...]
    is_repeated: bool = field(default=False, compare=False)
    """Whether the broker has had these outcomes before."""


Say = Callable[[Performed], Awaitable[None]]
"""Publishes the outcomes of a settled operation."""

NOTHING_TO_SAY = Performed("", ())
"""What a step gives that had nothing to do."""


def operation_on_order(
    key: str, kind: OperationKind, order_reference: str, event: Event, cause: Envelope
) -> Operation:
    """Name an operation of an order, as an event asks for it; its lease is the order's."""
    return operation_on(f"order:{order_reference}", key, kind, order_reference, event, cause)


def operation_on(
    subject: str,
    key: str,
    kind: OperationKind,
    order_reference: str | None,
    event: Event,
    cause: Envelope,
) -> Operation:
    """Name an operation, as an event asks for it, under the lease of a subject.

    What others ask for an order is kept while it is refused, so that it can be done again.
    """
    is_kept = order_reference is not None and event.event_type in RECEIVED_FROM_OTHERS
    return Operation(
        key=key,
        kind=kind,
        subject=subject,
        order_reference=order_reference,
        content_digest=content_digest(event),
        digest_version=DIGEST_VERSION,
        event_id=cause.id,
        event_time=cause.time,
        again=None if cause.again is None else dict(cause.again).get(key, 0),
        asked=Asked(event, cause) if is_kept else None,
    )


def operation_by_key(
    key: str, kind: OperationKind, order_reference: str, event_id: str, event_time: datetime
) -> Operation:
    """Name an operation of an order that no event asks for: its key says all there is to say."""
    return Operation(
        key=key,
        kind=kind,
        subject=f"order:{order_reference}",
        order_reference=order_reference,
        content_digest=NO_CONTENT,
        digest_version=DIGEST_VERSION,
        event_id=event_id,
        event_time=event_time,
    )


def announce(
    cause: Envelope,
    operation_key: str,
    order_reference: str,
    outcome: Callable[[int], Outcome],
    *,
    refused_attempt: int | None = None,
    nth: int = 0,
) -> Unnumbered:
    """Make an outcome of an operation that `cause` asked for.

    Its id depends on the operation alone (and, for a refusal, on the attempt): published twice,
    it has the same id. `nth` tells several outcomes of one operation apart.
    """
    now = utc_now()

    def make(sequence: int) -> Announcement:
        said = outcome(sequence)
        key = operation_key if nth == 0 else f"{operation_key}#{nth}"
        return Announcement(
            type=said.event_type.value,
            id=outcome_id(said.event_type, key, refused_attempt),
            time=now,
            traceparent=current().outcome(cause.traceparent),
            data=said.model_dump(mode="json", exclude_none=True),
        )

    return Unnumbered(order_reference, make)


class Operations:
    """Carries operations out under the journal."""

    def __init__(self, journal: Journal, call_deadline: float) -> None:
        self._journal = journal
        self._call_deadline = call_deadline

    async def perform(
        self,
        operation: Operation,
        *,
        ask: Ask,
        refuse: Refuse,
        look: Look | None = None,
        prepare: Effects = no_effects,
    ) -> Performed:
        """Carry an operation out, or give the stored outcomes of one settled before.

        `prepare` may raise NotWanted: then there is nothing to do, nor to say. So it is, too, where
        other content was taken up since a person had this done again.
        Raises the verdicts of pro.problems; LeaseHeld, AwaitingLookup, ContentConflict,
        Superseded, Contended, LedgerDown; and what `prepare` raises. None loses the operation.
        """
        try:
            held = await self._journal.claim(operation, prepare)
        except NotWanted:
            return NOTHING_TO_SAY
        if isinstance(held, Settled):
            return Performed(operation.key, held.announcements, is_repeated=held.is_published)
        _tell(Moment.CLAIMED, held)
        settlement: Settlement | None = None
        if held.must_look:
            settlement = await self._look_first(held, look) if look else None
            if settlement is None:
                await self._check_lease(held)
                held = await self._journal.ask_again(held)
        if settlement is None:
            settlement = await self._ask(held, ask, look, refuse)
        return await self._settle(held, settlement)

    async def conclude(
        self,
        operation: Operation,
        settlement: Callable[[int], Settlement],
        look: Look | None = None,
        prepare: Effects = no_effects,
    ) -> Performed:
        """Settle without asking PRO, by what is known already; `settlement` is given the attempt.

        `look` tells whether an earlier attempt has done it all the same; `prepare` may raise
        NotWanted.
        Raises LeaseHeld, AwaitingLookup, ContentConflict, Superseded, Contended, LedgerDown, and
        the verdicts of a read.
        """
        try:
            held = await self._journal.claim(operation, prepare, asks=False)
        except NotWanted:
            return NOTHING_TO_SAY
        if isinstance(held, Settled):
            return Performed(operation.key, held.announcements, is_repeated=held.is_published)
        _tell(Moment.CLAIMED, held)
        found = await self._look_first(held, look) if held.must_look and look else None
        return await self._settle(held, found or settlement(held.attempt))

    async def _look_first(self, held: Claim, look: Look) -> Settlement | None:
        """Look whether it was done; None after the last look. Raises AwaitingLookup before."""
        _tell(Moment.LOOKED, held)
        try:
            settlement = await reading(look())
        except BaseException:
            await self._release(held)
            raise
        if settlement is None:
            waiting = await self._journal.looked_in_vain(held)
            if waiting is not None:
                raise waiting
        return settlement

    async def _ask(self, held: Claim, ask: Ask, look: Look | None, refuse: Refuse) -> Settlement:
        await self._check_lease(held)
        try:
            async with asyncio.timeout(self._call_deadline):
                return await ask()
        except TimeoutError as late:
            # Of several calls one may have acted, and the next could outlive the lease.
            await self._lose(held)
            raise Ambiguous(held.operation.kind.value, "not done within the deadline") from late
        except (Retryable, Throttled, Unauthorised):
            await self._release(held)
            raise
        except Refused as refusal:
            # A refusal may be the answer to what an earlier attempt has already done.
            done = await self._look_after_refusal(held, look)
            return done or refuse(refusal.problem, held.attempt)
        except BaseException:
            # A time-out, a lost answer, our own death or a bug while reading: PRO may have acted.
            await self._lose(held)
            raise

    async def _look_after_refusal(self, held: Claim, look: Look | None) -> Settlement | None:
        if look is None:
            return None
        try:
            return await reading(look())
        except BaseException:
            await self._lose(held)
            raise

    async def _settle(self, held: Claim, settlement: Settlement) -> Performed:
        """Store an answer, even while we are being stopped: it was hard to come by."""
        try:
            stored = await asyncio.shield(self._store(held, settlement))
        except (Superseded, Contended, LedgerDown, asyncio.CancelledError):
            raise
        except Exception:
            await self._lose(held)
            raise
        _tell(Moment.SETTLED, held)
        return Performed(held.operation.key, stored)

    async def _store(self, held: Claim, settlement: Settlement) -> tuple[Announcement, ...]:
        may_be_stored = False
        for wait in WAITS_TO_STORE:
            try:
                return await self._journal.settle(held, settlement, again=may_be_stored)
            except Contended:
                await asyncio.sleep(wait)
            except LedgerDown:  # perhaps only its answer was lost
                may_be_stored = True
                if held.seconds_left() <= wait:
                    raise
                await asyncio.sleep(wait)
        return await self._journal.settle(held, settlement, again=may_be_stored)

    async def _lose(self, held: Claim) -> None:
        _tell(Moment.UNKNOWN, held)
        await self._note(self._journal.lose(held))

    async def _release(self, held: Claim) -> None:
        _tell(Moment.RELEASED, held)
        await self._note(self._journal.release(held))

    async def _note(self, taking: Coroutine[object, object, None]) -> None:
        """Have the journal take note. Where it can't, the lease's end says the same, later."""
        try:
            await asyncio.shield(taking)
        except Exception as error:  # noqa: BLE001 - what is being raised matters more
            structlog.get_logger("operations").warning("not noted", error=type(error).__name__)

    async def _check_lease(self, held: Claim) -> None:
        """Give up rather than have a call under way when the lease ends."""
        if held.seconds_left() < self._call_deadline:
            await self._release(held)
            raise LeaseHeld(held.operation.subject, None)


async def reading(read: Awaitable[T]) -> T:
    """Read in PRO; what PRO refuses to show (a new one may be missing for a while) is no answer."""
    try:
        return await read
    except Refused as refusal:
        raise Retryable(refusal.operation, refusal.why) from refusal


def _tell(moment: Moment, held: Claim) -> None:
    """Tell the trace how an operation goes on."""
    operation = held.operation
    current().note(
        moment,
        {
            Attribute.OPERATION: operation.kind.value,
            Attribute.OPERATION_KEY: operation.key,
            Attribute.ATTEMPT: held.attempt,
        },
    )
