"""timed: states of a manifest's consignments → consignment.manifested | …manifest_failed

Manifest From Query only queues. Until PRO says of each consignment how it ended, this work comes
back, as a row that any replica sweeps.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from service.clock import utc_now
from service.events.envelope import Envelope
from service.events.published import ConsignmentManifested, ConsignmentManifestFailed
from service.events.topics import EventType
from service.ledger import consignments, manifests
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Contended, Database, Tx
from service.ledger.leases import LeaseHeld
from service.ledger.lookups import OperationKind
from service.ledger.operation import (
    AwaitingLookup,
    Settlement,
    operation_key,
)
from service.ledger.timed_work import Work
from service.operations import Operations, Performed, Say, announce, operation_by_key
from service.pro import states
from service.pro.answers import CLOCKS_APART
from service.pro.client import ProClient
from service.pro.mapping import rejection_from
from service.pro.problems import Problem, Refused
from service.tracing.traced import current

LONGEST_WAIT = 60.0
NOT_TAKEN_AFTER = 900.0
"""Seconds after the query from which a consignment that PRO has not moved counts as not taken."""
FAILED_AGAIN_AFTER = 60.0
"""Seconds after which a failure of what had failed before counts as a new one."""
NO_REASON = "PRO gave no reason."
SEARCHED = ("Manifesting", states.MANIFEST_FAILED, states.MANIFESTED)


@dataclass(frozen=True)
class Seen:
    """How PRO speaks of one consignment."""

    state: str
    message: str | None = None


@dataclass(frozen=True)
class Manifested:
    """The carrier was told."""


@dataclass(frozen=True)
class NotManifested:
    """The carrier was not told; another manifest may take it if its state allows."""

    problem: Problem


@dataclass(frozen=True)
class Pending:
    """PRO has not said yet."""


def decide(
    seen: Seen,
    not_queued_code: str | None,
    seconds_since_query: float,
    *,
    failed_before: bool = False,
) -> Manifested | NotManifested | Pending:
    """Decide how a consignment ended; the code says why PRO left it out of the query, if it did.

    A state word that we don't know proves nothing.
    """
    if seen.state in states.IS_MANIFESTED:
        return Manifested()
    if seen.state == states.MANIFEST_FAILED:
        if failed_before and not_queued_code is None and seconds_since_query < FAILED_AGAIN_AFTER:
            return Pending()  # perhaps still the old failure
        return NotManifested(Problem(200, "manifest_failed", seen.message or NO_REASON))
    if seen.state in states.CAN_BE_ALLOCATED or seen.state == states.CANCELLED:
        return NotManifested(Problem(200, "left_the_manifest", f"It is {seen.state} in PRO."))
    if not_queued_code is not None and seen.state in states.CAN_BE_MANIFESTED:
        return NotManifested(Problem(200, not_queued_code, seen.message or NO_REASON))
    if seen.state != "Manifesting" and seconds_since_query > NOT_TAKEN_AFTER:
        return NotManifested(Problem(200, "not_taken", "PRO has not taken it into the manifest."))
    return Pending()


@dataclass(frozen=True)
class ConfirmManifest:
    """Reads how the consignments of a manifest ended, and says it."""

    operations: Operations
    pro: ProClient
    database: Database

    async def __call__(self, work: Work, say: Say) -> float | None:
        """Do one round; gives the seconds until the next, None when all are settled."""
        details = work.details
        async with self.database.begin() as tx:
            batch = await manifests.batch_of(
                tx, str(details["location"]), str(details["manifest_reference"])
            )
        asked = set(details["consignments"])
        unsettled = [
            known
            for known in batch
            if known.consignment_reference in asked and known.pro_state != states.MANIFESTED
        ]
        wanted = [known.consignment_reference for known in unsettled]
        made_from = datetime.fromisoformat(str(details["made_from"]))
        seen = await self._read(str(details["location"]), wanted, made_from)
        since = utc_now() - datetime.fromisoformat(str(details["queued_at"]))
        pending = 0
        for known in unsettled:
            reference = known.consignment_reference
            code = str(details["code"]) if reference in details["not_queued"] else None
            ending = decide(
                seen[reference],
                code,
                since.total_seconds(),
                failed_before=reference in details["failed_before"],
            )
            if isinstance(ending, Pending):
                pending += 1
            else:
                # Its outcome belongs to the trace of its order, not to that of the manifest.
                cause = _cause(work)
                belongs_to = known.traceparent or cause.traceparent
                with current().on_behalf_of(belongs_to, "confirm manifest"):
                    try:
                        await say(await self._settle(cause, known, seen[reference], ending))
                    except (LeaseHeld, AwaitingLookup, Contended):
                        pending += 1  # its order is being worked on
        return min(LONGEST_WAIT, 2.0 * work.tries) if pending else None

    async def _read(
        self, location: str, wanted: Sequence[str], made_from: datetime
    ) -> Mapping[str, Seen]:
        """Read the states by search; those that it does not show, one by one."""
        seen: dict[str, Seen] = {}
        if wanted:
            search = self.pro.search_consignments(
                shipping_location_reference=location,
                states=SEARCHED,
                created_from=(made_from - CLOCKS_APART).date(),
            )
            async with aclosing(search) as lines:
                async for line in lines:
                    if line.reference in wanted:
                        seen[line.reference] = Seen(line.state, line.failed_manifest_message)
                    if len(seen) == len(wanted):
                        break
        for reference in wanted:
            if reference not in seen:
                seen[reference] = await self._read_one(reference)
        return seen

    async def _read_one(self, reference: str) -> Seen:
        try:
            return Seen(await self.pro.get_consignment_status(reference))
        except Refused:
            return Seen("unreadable")  # PRO may show it later; it must not keep others waiting

    async def _settle(
        self,
        cause: Envelope,
        known: KnownConsignment,
        seen: Seen,
        ending: Manifested | NotManifested,
    ) -> Performed:
        manifest = known.manifest_reference or ""
        reference = known.consignment_reference
        key = operation_key("confirm", reference, manifest)

        async def is_in_it(tx: Tx) -> None:
            await manifests.check_holds(tx, reference, manifest)

        async def store(tx: Tx) -> None:
            if isinstance(ending, Manifested):
                await consignments.move(tx, reference, states.MANIFESTED)
            else:
                # A word that lets no manifest take it again is not kept: the next one reads it.
                is_kept = seen.state in states.KNOWN - states.PASSING
                await manifests.leave(tx, reference, seen.state if is_kept else states.ALLOCATED)

        return await self.operations.conclude(
            operation_by_key(
                key, OperationKind.CONFIRM_MANIFEST, known.order_reference, cause.id, cause.time
            ),
            lambda _attempt: Settlement(
                outcomes=[
                    announce(
                        cause,
                        key,
                        known.order_reference,
                        lambda sequence: _outcome(known, sequence, ending),
                    )
                ],
                effects=store,
                refused=isinstance(ending, NotManifested),
                result={"consignment": reference, "manifest": manifest, "state": seen.state}
                | ({"code": ending.problem.code} if isinstance(ending, NotManifested) else {}),
            ),
            prepare=is_in_it,
        )


def _cause(work: Work) -> Envelope:
    """Give the manifest.requested that this work goes back to."""
    return Envelope(
        id=str(work.details["event_id"]),
        source=str(work.details["source"]),
        type=EventType.MANIFEST_REQUESTED,
        time=utc_now(),
        traceparent=work.details["traceparent"],
        form="binary",
    )


def _outcome(
    known: KnownConsignment, sequence: int, ending: Manifested | NotManifested
) -> ConsignmentManifested | ConsignmentManifestFailed:
    common = {
        **known.names,
        "sequence": sequence,
        "allocation_number": known.allocation_number,
        "manifest_reference": known.manifest_reference,
        "shipping_location_reference": known.shipping_location_reference,
        "carrier_reference": known.carrier_reference,
    }
    if isinstance(ending, Manifested):
        return ConsignmentManifested.model_validate(common)
    return ConsignmentManifestFailed.model_validate(
        {**common, "rejection": rejection_from(ending.problem)}
    )
