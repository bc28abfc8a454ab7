"""manifest.requested → Set Ready To Ship, Manifest From Query → (manifest_confirmation)

Manifest From Query takes whatever matches when it runs. So the batch is closed first: what is ready
is named in the ledger and set ReadyToShip, and the query asks for that state. The query only
queues: how each consignment ended is read, and said, as timed work.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.events.content import DIGEST_VERSION, content_digest
from service.events.envelope import Envelope
from service.events.received import ManifestRequested
from service.ledger import consignments, timed_work
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key
from service.ledger.timed_work import WorkKind
from service.operations import Operations, Performed
from service.pro import states
from service.pro.client import ProClient
from service.pro.contract import ManifestFromQueryRequest
from service.pro.problems import Problem
from service.pro.results import Done
from service.strays import Strays

FIRST_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class ManifestLocation:
    """Has PRO tell the carriers of what is ready at a location."""

    operations: Operations
    pro: ProClient
    database: Database
    strays: Strays

    async def __call__(self, event: ManifestRequested, cause: Envelope) -> Performed:
        """React; raises what `Operations.perform` raises."""
        await self._make_ready(event, cause)
        location, reference = event.shipping_location_reference, event.manifest_reference
        async with self.database.begin() as tx:
            batch = await consignments.of_manifest(tx, location, reference)
        for member in batch:
            await self.strays.search_if_unknown(
                member.order_reference, member.pick_reference, member.customer_reference
            )
        return await self._queue(event, cause, batch)

    async def _make_ready(self, event: ManifestRequested, cause: Envelope) -> None:
        work = _operation(event, cause, "ready", OperationKind.SET_READY_TO_SHIP)
        batch: list[KnownConsignment] = []

        async def close(tx: Tx) -> None:
            batch[:] = await consignments.close_batch(
                tx, event.shipping_location_reference, event.manifest_reference, event.carriers
            )

        async def ask() -> Settlement:
            to_set = [c.consignment_reference for c in batch if c.pro_state == states.ALLOCATED]
            moved: dict[str, str] = {}
            results = await self.pro.set_ready_to_ship(to_set) if to_set else {}
            for reference, result in results.items():
                # A refusal about state is no verdict until the state is read.
                moved[reference] = (
                    states.READY_TO_SHIP
                    if isinstance(result, Done)
                    else await self.pro.get_consignment_status(reference)
                )
            return _made_ready(moved)

        async def look() -> Settlement | None:
            moved: dict[str, str] = {}
            for member in batch:
                reference = member.consignment_reference
                moved[reference] = await self.pro.get_consignment_status(reference)
                if moved[reference] == states.ALLOCATED:
                    return None
            return _made_ready(moved)

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            return Settlement(refused=True, result={"code": problem.code})

        await self.operations.perform(work, ask=ask, look=look, refuse=refuse, prepare=close)

    async def _queue(
        self, event: ManifestRequested, cause: Envelope, batch: Sequence[KnownConsignment]
    ) -> Performed:
        work = _operation(event, cause, "manifest", OperationKind.MANIFEST)
        again = any(c.pro_state == states.MANIFEST_FAILED for c in batch)
        request = ManifestFromQueryRequest(
            shipping_location_references=(event.shipping_location_reference,),
            states=("ReadyToShip", "ManifestFailed") if again else ("ReadyToShip",),
            carriers=event.carriers or None,
        )

        async def ask() -> Settlement:
            if not batch:
                return Settlement(result={"consignments": 0})
            queued = await self.pro.manifest_from_query(request)
            return _queued(event, cause, batch, queued.failed)

        async def look() -> Settlement | None:
            for member in batch:
                state = await self.pro.get_consignment_status(member.consignment_reference)
                if state == "Manifesting" or state in states.IS_MANIFESTED:
                    return _queued(event, cause, batch, ())
            return None

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            everything = [member.consignment_reference for member in batch]
            return _queued(event, cause, batch, everything, code=problem.code)

        return await self.operations.perform(work, ask=ask, look=look, refuse=refuse)


def _operation(
    event: ManifestRequested, cause: Envelope, action: str, kind: OperationKind
) -> Operation:
    location = event.shipping_location_reference
    return Operation(
        key=operation_key(action, location, event.manifest_reference),
        kind=kind,
        subject=f"location:{location}",
        order_reference=None,
        content_digest=content_digest(event),
        digest_version=DIGEST_VERSION,
        event_id=cause.id,
        event_time=cause.time,
    )


def _made_ready(moved: dict[str, str]) -> Settlement:
    """Settle Set Ready To Ship, by the state in which PRO left each."""

    async def store(tx: Tx) -> None:
        for reference, state in moved.items():
            await consignments.move(tx, reference, state)

    return Settlement(effects=store, result={"consignments": len(moved)})


def _queued(
    event: ManifestRequested,
    cause: Envelope,
    batch: Sequence[KnownConsignment],
    not_queued: Sequence[str],
    code: str = "not_queued",
) -> Settlement:
    """Settle Manifest From Query; `not_queued` are left out by PRO, `code` says why."""
    location, reference = event.shipping_location_reference, event.manifest_reference

    async def store(tx: Tx) -> None:
        for member in batch:
            if member.consignment_reference not in not_queued:
                await consignments.move(tx, member.consignment_reference, "Manifesting")
        await timed_work.add(
            tx,
            operation_key("confirm", location, reference),
            WorkKind.MANIFEST_CONFIRMATION,
            {
                "location": location,
                "not_queued": list(not_queued),
                "code": code,
                "event_id": cause.id,
                "source": cause.source,
                "traceparent": cause.traceparent,
            },
            FIRST_LOOK_SECONDS,
        )

    return Settlement(
        effects=store, result={"consignments": len(batch), "not_queued": len(not_queued)}
    )
