"""The journal: the intent is stored before PRO is called, the result after.

    claim ──► STARTED ──► settle ──► FINISHED | REFUSED      an answer was read
                 │
                 ├──────► release ─► RELEASED                certainly nothing happened
                 └──────► lose ────► UNKNOWN                 PRO may have acted: look, then settle,
                                                             or ask again after the last look

A row left STARTED by a worker that died is UNKNOWN as soon as its lease has ended. Every write is
conditional on the attempt, so a worker that wakes late overwrites nothing.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import update

from service.ledger import history, leases, standing, timed_work
from service.ledger.clock import now_plus
from service.ledger.database import Database, Tx
from service.ledger.history import What
from service.ledger.lookups import MAKES_CONSIGNMENTS, MAKES_ORDERS, LookupPlan, LookupPolicy
from service.ledger.operation import (
    Announcement,
    AwaitingLookup,
    Claim,
    ContentConflict,
    Effects,
    NotWanted,
    Operation,
    Settled,
    Settlement,
    Superseded,
    no_effects,
    references_in,
)
from service.ledger.operation_rows import (
    FIRST,
    NOW,
    NUMBER,
    OPEN,
    RELEASE,
    ROW,
    SETTLE,
    SETTLE_IN_SILENCE,
)
from service.ledger.outcomes import OutcomeStore
from service.ledger.tables import OperationState, operations
from service.ledger.timed_work import WorkKind
from service.metrics import Metrics, Name
from service.tracing.traced import current

_DONE = (OperationState.FINISHED, OperationState.REFUSED)


@dataclass(frozen=True)
class _Lease:
    """A lease just taken, with the moment it was asked for."""

    owner: str
    until: datetime
    ends: float


class Journal:
    """Claims, settles and remembers operations."""

    def __init__(
        self,
        database: Database,
        outcomes: OutcomeStore,
        metrics: Metrics,
        lookups: LookupPolicy,
        lease_seconds: float,
    ) -> None:
        self._database = database
        self._outcomes = outcomes
        self._metrics = metrics
        self._lookups = lookups
        self._lease_seconds = lease_seconds

    async def claim(
        self, operation: Operation, prepare: Effects = no_effects, *, asks: bool = True
    ) -> Claim | Settled:
        """Claim an operation, in one transaction with the changes that `prepare` makes.

        `asks` tells whether PRO is going to be asked.
        Raises LeaseHeld, AwaitingLookup, ContentConflict, NotWanted, LedgerDown, and what `prepare`
        raises; PRO must not be called then.
        """
        asked_at = time.monotonic()
        async with self._database.begin() as tx:
            owner, until = await leases.take(tx, operation.subject, self._lease_seconds)
            lease = _Lease(owner, until, asked_at + self._lease_seconds)
            granted = await self._open(tx, operation, lease)
            if not isinstance(granted, Claim):
                await leases.give_up(tx, operation.subject, owner)
            else:
                await prepare(tx)
                if granted.may_orphan:
                    await self._count_orphan(tx, operation)
                if asks and not granted.must_look:
                    await _note(tx, operation, What.ASKED, attempt=granted.attempt)
        if isinstance(granted, AwaitingLookup):
            raise granted
        return granted

    async def _open(
        self, tx: Tx, operation: Operation, lease: _Lease
    ) -> Claim | Settled | AwaitingLookup:
        trusted_from = await self._insert(tx, operation, lease)
        if trusted_from is not None:
            return await self._first(tx, operation, lease, trusted_from)
        row = await _row(tx, operation.key)
        state = OperationState(row.state)
        same_content = row.content_digest == operation.content_digest
        if operation.again is not None and not same_content:
            raise NotWanted(operation.key)  # other content was taken up since
        is_again = state is OperationState.REFUSED and operation.again == row.attempt
        if state in _DONE and same_content and not is_again:
            return Settled(self._outcomes.open(row.outcomes), row.published_at is not None)
        if state is not OperationState.REFUSED and not same_content:
            raise ContentConflict(operation.key)
        if state in (OperationState.RELEASED, OperationState.REFUSED):
            return await self._start_again(tx, operation, row, lease)
        return await self._reconcile(tx, operation, row, lease)

    async def _insert(self, tx: Tx, operation: Operation, lease: _Lease) -> datetime | None:
        """Store it, if it is the first time; gives since when this ledger is trusted then."""
        stored = await tx.run(
            FIRST,
            key=operation.key,
            kind=operation.kind.value,
            subject=operation.subject,
            order_reference=operation.order_reference,
            content_digest=operation.content_digest,
            digest_version=operation.digest_version,
            lease_until=lease.until,
        )
        row = stored.one_or_none()
        return row.trusted_from if row else None

    async def _first(
        self, tx: Tx, operation: Operation, lease: _Lease, trusted_from: datetime
    ) -> Claim:
        """Claim what is asked for the first time, as far as this ledger remembers.

        A ledger that was lost or restored must not repeat its past: what an event older than
        `trusted_from` asks for may have been done already.
        """
        if operation.event_time >= trusted_from:
            return Claim(operation, 1, lease.owner, lease.ends)
        if self._plan(operation) is None:
            return Claim(operation, 1, lease.owner, lease.ends, may_orphan=True)
        await self._mark_unknown(tx, operation, trusted_from, trusted_from)
        return Claim(operation, 1, lease.owner, lease.ends, must_look=True)

    async def _start_again(self, tx: Tx, operation: Operation, row: Any, lease: _Lease) -> Claim:
        """Claim what certainly did not happen, unless that was said before a restoration."""
        trusted_from = await standing.trusted_from(tx)
        if row.lease_until >= trusted_from or self._plan(operation) is None:
            return await self._start(tx, operation, row.attempt, lease)
        claim = await self._start(tx, operation, row.attempt, lease)
        await self._mark_unknown(tx, operation, trusted_from, trusted_from)
        return replace(claim, must_look=True)

    async def _reconcile(
        self, tx: Tx, operation: Operation, row: Any, lease: _Lease
    ) -> Claim | AwaitingLookup:
        """Go on with an operation that is UNKNOWN, or was left STARTED by a worker that died."""
        plan = self._plan(operation)
        if plan is None:
            claim = await self._start(tx, operation, row.attempt, lease)
            return replace(claim, may_orphan=True)
        due = row.next_lookup_at
        if row.state == OperationState.STARTED.value:
            due = plan.next_due(row.lease_until, None)
            await self._mark_unknown(tx, operation, row.lease_until, due)
        if due is not None and due > await _now(tx):
            return AwaitingLookup(operation.key, due)
        return Claim(operation, row.attempt, lease.owner, lease.ends, must_look=True)

    async def _start(self, tx: Tx, operation: Operation, attempt: int, lease: _Lease) -> Claim:
        await tx.execute(
            update(operations)
            .where(operations.c.operation_key == operation.key)
            .values(
                state=OperationState.STARTED.value,
                attempt=attempt + 1,
                content_digest=operation.content_digest,
                digest_version=operation.digest_version,
                lease_until=lease.until,
                outcomes=None,
                published_at=None,
            )
        )
        return Claim(operation, attempt + 1, lease.owner, lease.ends)

    async def ask_again(self, claim: Claim) -> Claim:
        """Turn the claim after a last look in vain into one to ask PRO again.

        Raises Superseded when another worker was quicker.
        """
        operation = claim.operation
        async with self._database.begin() as tx:
            asked = await tx.execute(
                _where(claim, OperationState.UNKNOWN).values(
                    state=OperationState.STARTED.value,
                    attempt=claim.attempt + 1,
                    lease_until=now_plus(claim.seconds_left()),
                )
            )
            if asked.rowcount != 1:
                raise Superseded(operation.key)
            await _note(tx, operation, What.ASKED_AGAIN, attempt=claim.attempt + 1)
        return Claim(operation, claim.attempt + 1, claim.owner, claim.lease_ends)

    async def looked_in_vain(self, claim: Claim) -> AwaitingLookup | None:
        """Store that PRO has (still) no trace of it, and give the lease up unless it was the last.

        Gives the exception to raise until the next look is due; None after the last look.
        """
        plan = self._plan(claim.operation)
        async with self._database.begin() as tx:
            row, now = await _row(tx, claim.operation.key), await _now(tx)
            due = plan.next_due(row.lookup_from, now) if plan else None
            await tx.execute(_where(claim, OperationState.UNKNOWN).values(next_lookup_at=due))
            await _note(tx, claim.operation, What.LOOKED_UP, found="nothing")
            if due is None:
                return None
            await leases.give_up(tx, claim.operation.subject, claim.owner)
        return AwaitingLookup(claim.operation.key, due)

    async def settle(
        self, claim: Claim, settlement: Settlement, *, again: bool = False
    ) -> tuple[Announcement, ...]:
        """Store an answer with all it changes, in one transaction.

        `again`: it may have been stored, and the database's own answer lost; then what is stored is
        given. Raises Superseded when another worker has asked again since; the late result is
        noted and strays are searched.
        """
        try:
            async with self._database.begin() as tx:
                return await self._settle(tx, claim, settlement)
        except Superseded:
            stored = await self._stored(claim) if again else None
            if stored is not None:
                return stored
            if not claim.must_look:
                await self._store_late(claim, settlement)
            raise

    async def _settle(
        self, tx: Tx, claim: Claim, settlement: Settlement
    ) -> tuple[Announcement, ...]:
        operation = claim.operation
        announcements = await self._number(tx, settlement)
        state = OperationState.REFUSED if settlement.refused else OperationState.FINISHED
        stored = await tx.run(
            SETTLE_IN_SILENCE if settlement.is_silent or not announcements else SETTLE,
            key=operation.key,
            at_attempt=claim.attempt,
            new_state=state.value,
            new_result=dict(settlement.result),
            new_outcomes=self._outcomes.close(announcements),
            new_event=self._outcomes.keep(operation.asked) if settlement.refused else None,
        )
        if stored.rowcount != 1:
            raise Superseded(operation.key)
        await settlement.effects(tx)
        what = What.FOUND if claim.must_look else What.SETTLED
        what = What.REFUSED if settlement.refused else what
        await _note(tx, operation, what, **settlement.result)
        await leases.give_up(tx, operation.subject, claim.owner)
        return announcements

    async def _number(self, tx: Tx, settlement: Settlement) -> tuple[Announcement, ...]:
        """Give each outcome that is published the next sequence number of its order."""
        announcements = []
        for outcome in settlement.outcomes:
            if settlement.is_silent:
                announcements.append(outcome.make(0))
                continue
            number = await tx.run(NUMBER, reference=outcome.order_reference)
            announcements.append(outcome.make(number.scalar_one()))
        return tuple(announcements)

    async def _stored(self, claim: Claim) -> tuple[Announcement, ...] | None:
        """Give the outcomes of an operation that was settled at this very attempt."""
        async with self._database.each() as tx:
            row = await _row(tx, claim.operation.key)
        if row.attempt != claim.attempt or OperationState(row.state) not in _DONE:
            return None
        return self._outcomes.open(row.outcomes)

    async def _store_late(self, claim: Claim, settlement: Settlement) -> None:
        """Keep a result that nobody waits for any more, and have strays searched at once."""
        operation = claim.operation
        self._metrics.count(Name.OPERATIONS_LATE, kind=operation.kind.value)
        async with self._database.begin() as tx:
            await _note(tx, operation, What.LATE_RESULT, **settlement.result)
            await tx.execute(
                update(operations)
                .where(operations.c.operation_key == operation.key)
                .values(ever_unknown=True)
            )
            if operation.kind in MAKES_CONSIGNMENTS:
                await _search_strays_late(tx, claim, 0.0)

    async def release(self, claim: Claim) -> None:
        """Give a claim back: certainly nothing happened in PRO."""
        async with self._database.begin() as tx:
            if not claim.must_look:
                await tx.run(RELEASE, key=claim.operation.key, at_attempt=claim.attempt)
                await _note(tx, claim.operation, What.NOTHING_HAPPENED)
            await leases.give_up(tx, claim.operation.subject, claim.owner)

    async def lose(self, claim: Claim) -> None:
        """Store that PRO may have acted: it is looked up before it is asked again.

        Where another worker went on with it since, what PRO may have made of our call is searched
        as a stray, once PRO has had its time.
        """
        operation, plan = claim.operation, self._plan(claim.operation)
        async with self._database.begin() as tx:
            now = await _now(tx)
            due = plan.next_due(now, None) if plan else None
            mine = await self._mark_unknown(tx, operation, now, due, claim.attempt)
            if not mine and plan and operation.kind in MAKES_CONSIGNMENTS:
                await _search_strays_late(tx, claim, plan.after[-1])
            await leases.give_up(tx, operation.subject, claim.owner)

    async def _mark_unknown(
        self,
        tx: Tx,
        operation: Operation,
        since: datetime,
        due: datetime | None,
        attempt: int | None = None,
    ) -> bool:
        """Tell whether it was still ours to mark."""
        mine = operations.c.operation_key == operation.key
        if attempt is not None:
            mine &= (operations.c.attempt == attempt) & operations.c.state.in_(OPEN)
        marked = await tx.execute(
            update(operations)
            .where(mine)
            .values(
                state=OperationState.UNKNOWN.value,
                ever_unknown=True,
                lookup_from=since,
                next_lookup_at=due,
            )
        )
        if marked.rowcount != 1:
            return False
        self._metrics.count(Name.OPERATIONS_UNKNOWN, kind=operation.kind.value)
        await _note(tx, operation, What.UNKNOWN, next_look=due.isoformat() if due else None)
        if operation.kind in MAKES_CONSIGNMENTS:
            for seconds in self._lookups.stray_search_after:
                await timed_work.add(
                    tx,
                    f"stray:{operation.key}:{seconds:g}",
                    WorkKind.STRAY_SEARCH,
                    _made_by(operation.key),
                    seconds,
                )
        return True

    def _plan(self, operation: Operation) -> LookupPlan | None:
        return self._lookups.plans.get(operation.kind)

    async def _count_orphan(self, tx: Tx, operation: Operation) -> None:
        if operation.kind in MAKES_ORDERS:
            self._metrics.count(Name.POSSIBLE_ORPHANS)
            await _note(tx, operation, What.POSSIBLE_ORPHAN)


def _where(claim: Claim, state: OperationState | None = None) -> Any:
    """An update of the claim's own row, if it is still at this attempt (and in this state)."""
    states = OPEN if state is None else (state.value,)
    return update(operations).where(
        operations.c.operation_key == claim.operation.key,
        operations.c.attempt == claim.attempt,
        operations.c.state.in_(states),
    )


async def _search_strays_late(tx: Tx, claim: Claim, seconds: float) -> None:
    """Have strays searched of an attempt that was overtaken."""
    key = claim.operation.key
    await timed_work.add(
        tx,
        f"stray:{key}:late:{claim.attempt}",
        WorkKind.STRAY_SEARCH,
        _made_by(key),
        seconds,
    )


def _made_by(key: str) -> dict[str, str | None]:
    """Name what an operation that makes consignments was asked for: the work that searches its
    strays goes by it."""
    reference, *pick = references_in(key)
    made_by = {"order_reference": reference, "pick_reference": pick[0] if pick else None}
    traceparent = current().traceparent_or(None)
    return made_by | ({"traceparent": traceparent} if traceparent else {})


async def _row(tx: Tx, operation_key: str) -> Any:
    return (await tx.run(ROW, key=operation_key)).one()


async def _now(tx: Tx) -> datetime:
    now: datetime = (await tx.run(NOW)).scalar_one()
    return now


async def _note(tx: Tx, operation: Operation, what: What, **details: Any) -> None:
    await history.note(
        tx,
        operation.order_reference,
        what,
        operation.event_id,
        operation=operation.kind.value,
        **details,
    )
