"""timed: states of a manifest's consignments → consignment.manifested | …manifest_failed

Manifest From Query only queues. Until PRO says of each consignment how it ended, this work comes
back, as a row that any replica sweeps.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from service.events.envelope import Envelope
from service.events.published import ConsignmentManifested, ConsignmentManifestFailed
from service.events.topics import EventType
from service.ledger import consignments
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key
from service.ledger.timed_work import Work
from service.operations import Operations, Performed, Say, announce
from service.pro import states
from service.pro.client import ProClient
from service.pro.mapping import rejection_from
from service.pro.problems import Problem

LONGEST_WAIT = 60.0
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


def decide(seen: Seen, not_queued_code: str | None) -> Manifested | NotManifested | Pending:
    """Decide how a consignment ended; the code says why PRO left it out of the query, if it did."""
    if seen.state in states.IS_MANIFESTED:
        return Manifested()
    if not_queued_code is not None and seen.state in states.CAN_BE_MANIFESTED:
        message = seen.message or "PRO did not take it into the manifest."
        return NotManifested(Problem(200, not_queued_code, message))
    if seen.state == states.MANIFEST_FAILED:
        return NotManifested(Problem(200, "manifest_failed", seen.message or "PRO gave no reason."))
    if seen.state == states.READY_TO_SHIP or seen.state in states.PASSING:
        return Pending()
    return NotManifested(Problem(200, "left_the_manifest", f"It is {seen.state} in PRO."))


@dataclass(frozen=True)
class ConfirmManifest:
    """Reads how the consignments of a location's manifests ended, and says it."""

    operations: Operations
    pro: ProClient
    database: Database

    async def __call__(self, work: Work, say: Say) -> float | None:
        """Do one round; gives the seconds until the next, None when all are settled."""
        location = str(work.details["location"])
        not_queued = set(work.details["not_queued"])
        async with self.database.begin() as tx:
            unsettled = [
                known
                for known in await consignments.unsettled_at(tx, location)
                # Others are in a manifest that PRO was not asked for yet: they are not ours to end.
                if known.pro_state == "Manifesting" or known.consignment_reference in not_queued
            ]
        seen = await self._read(location, [known.consignment_reference for known in unsettled])
        pending = 0
        for known in unsettled:
            reference = known.consignment_reference
            left_out = reference in not_queued
            ending = decide(seen[reference], str(work.details["code"]) if left_out else None)
            if isinstance(ending, Pending):
                pending += 1
            else:
                await say(await self._settle(_cause(work), known, seen[reference].state, ending))
        return min(LONGEST_WAIT, 2.0 * work.tries) if pending else None

    async def _read(self, location: str, wanted: Sequence[str]) -> Mapping[str, Seen]:
        """Read the states by search; those that it does not show, one by one."""
        seen: dict[str, Seen] = {}
        if wanted:
            search = self.pro.search_consignments(
                shipping_location_reference=location, states=SEARCHED
            )
            async with aclosing(search) as lines:
                async for line in lines:
                    if line.reference in wanted:
                        seen[line.reference] = Seen(line.state, line.failed_manifest_message)
                    if len(seen) == len(wanted):
                        break
        for reference in wanted:
            if reference not in seen:
                seen[reference] = Seen(await self.pro.get_consignment_status(reference))
        return seen

    async def _settle(
        self,
        cause: Envelope,
        known: KnownConsignment,
        state: str,
        ending: Manifested | NotManifested,
    ) -> Performed:
        manifest = known.manifest_reference or ""
        reference = known.consignment_reference
        key = operation_key("confirm", reference, manifest)

        async def store(tx: Tx) -> None:
            if isinstance(ending, Manifested):
                await consignments.move(tx, reference, states.MANIFESTED)
            else:
                await consignments.leave_manifest(tx, reference, state)

        return await self.operations.conclude(
            Operation(
                key=key,
                kind=OperationKind.CONFIRM_MANIFEST,
                subject=f"order:{known.order_reference}",
                order_reference=known.order_reference,
                content_digest=manifest,
                digest_version=1,
                event_id=cause.id,
                event_time=cause.time,
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
                result={"consignment": reference, "manifest": manifest, "state": state},
            ),
        )


def _cause(work: Work) -> Envelope:
    """Give the manifest.requested that this work goes back to."""
    return Envelope(
        id=str(work.details["event_id"]),
        source=str(work.details["source"]),
        type=EventType.MANIFEST_REQUESTED,
        time=datetime.now(UTC),
        traceparent=work.details["traceparent"],
        form="binary",
    )


def _outcome(
    known: KnownConsignment, sequence: int, ending: Manifested | NotManifested
) -> ConsignmentManifested | ConsignmentManifestFailed:
    common = {
        "order_reference": known.order_reference,
        "sequence": sequence,
        "pick_reference": known.pick_reference,
        "consignment_reference": known.consignment_reference,
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
