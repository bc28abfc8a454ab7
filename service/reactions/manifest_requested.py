"""manifest.requested → Set Ready To Ship, Manifest From Query → (manifest_confirmation.py)

Manifest From Query takes whatever matches when it runs. So the batch is closed first: what is ready
is named in the ledger and set ReadyToShip, and the query asks for that state. The query only
queues: how each consignment ended is read, and said, as timed work.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.clock import utc_now
from service.events.envelope import Envelope
from service.events.received import ManifestRequested
from service.ledger import consignments, timed_work
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key
from service.ledger.timed_work import WorkKind
from service.operations import Operations, Performed, StillMoving, operation_on
from service.pro import states
from service.pro.client import ProClient
from service.pro.contract import ManifestFromQueryRequest
from service.pro.problems import Ambiguous, Problem, Refused, Retryable, Throttled
from service.pro.results import Done, Failed
from service.strays import Strays

FIRST_LOOK_SECONDS = 2.0
AGAIN = "again"
"""What failed before goes to PRO by name."""
QUERY = "query"
"""What is ready goes to PRO by query."""


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
            await self.strays.search_if_unknown(member.order_reference, member.pick_reference)
        await self._queue_again(event, cause, batch)
        return await self._queue(event, cause, batch)

    async def _make_ready(self, event: ManifestRequested, cause: Envelope) -> None:
        work = _operation(event, cause, "ready", OperationKind.SET_READY_TO_SHIP)
        batch: list[KnownConsignment] = []

        async def close(tx: Tx) -> None:
            location, carriers = event.shipping_location_reference, event.carriers
            if await consignments.are_being_announced(tx, location, carriers, cause.time):
                raise StillMoving("labels that were asked to go with it are being announced")
            batch[:] = await consignments.close_batch(
                tx, event.shipping_location_reference, event.manifest_reference, event.carriers
            )

        async def ask() -> Settlement:
            to_set = [c.consignment_reference for c in batch if c.pro_state == states.ALLOCATED]
            results = await self.pro.set_ready_to_ship(to_set) if to_set else {}
            moved = {
                reference: states.READY_TO_SHIP
                if isinstance(result, Done)
                else await self._state_after(reference)
                for reference, result in results.items()
            }
            return _made_ready(event, moved)

        async def look() -> Settlement | None:
            left = await self._in_state(event, batch, states.ALLOCATED)
            if left:
                return None
            was_allocated = [c for c in batch if c.pro_state == states.ALLOCATED]
            return _made_ready(
                event, {c.consignment_reference: states.READY_TO_SHIP for c in was_allocated}
            )

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            return Settlement(refused=True, result={"code": problem.code})

        await self.operations.perform(work, ask=ask, look=look, refuse=refuse, prepare=close)

    async def _state_after(self, reference: str) -> str:
        """Read a state after a refusal about it. The call has acted: in doubt it is unknown."""
        try:
            return await self.pro.get_consignment_status(reference)
        except (Refused, Retryable, Throttled) as doubt:
            raise Ambiguous("set_ready_to_ship", f"a state can't be read ({doubt})") from doubt

    async def _in_state(
        self, event: ManifestRequested, batch: Sequence[KnownConsignment], state: str
    ) -> set[str]:
        """Search which of a batch PRO shows in a state."""
        references = {member.consignment_reference for member in batch}
        search = self.pro.search_consignments(
            shipping_location_reference=event.shipping_location_reference, states=(state,)
        )
        return {line.reference async for line in search if line.reference in references}

    async def _queue_again(
        self, event: ManifestRequested, cause: Envelope, batch: Sequence[KnownConsignment]
    ) -> None:
        """Manifest by name what failed before: a query for that state would take others' too."""
        failed = [m for m in batch if m.pro_state == states.MANIFEST_FAILED]
        work = _operation(event, cause, "manifest-again", OperationKind.MANIFEST)

        async def ask() -> Settlement:
            references = [member.consignment_reference for member in failed]
            results = await self.pro.manifest_consignments(references)
            refused = [r for r, result in results.items() if isinstance(result, Failed)]
            return _queued(event, cause, failed, refused, AGAIN)

        async def look() -> Settlement | None:
            left = await self._in_state(event, failed, states.MANIFEST_FAILED)
            # All of them may have failed again since: then asking once more does no harm.
            return None if len(left) == len(failed) else _queued(event, cause, failed, (), AGAIN)

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            everything = [member.consignment_reference for member in failed]
            return _queued(event, cause, failed, everything, AGAIN, code=problem.code)

        if failed:
            await self.operations.perform(work, ask=ask, look=look, refuse=refuse)

    async def _queue(
        self, event: ManifestRequested, cause: Envelope, batch: Sequence[KnownConsignment]
    ) -> Performed:
        ready = [m for m in batch if m.pro_state == states.READY_TO_SHIP]
        work = _operation(event, cause, "manifest", OperationKind.MANIFEST)
        request = ManifestFromQueryRequest(
            shipping_location_references=(event.shipping_location_reference,),
            states=("ReadyToShip",),
            carriers=event.carriers or None,
        )

        async def ask() -> Settlement:
            if not ready:
                return Settlement(result={"consignments": 0})
            queued = await self.pro.manifest_from_query(request)
            return _queued(event, cause, ready, queued.failed, QUERY)

        async def look() -> Settlement | None:
            left = await self._in_state(event, ready, states.READY_TO_SHIP)
            return None if len(left) == len(ready) else _queued(event, cause, ready, (), QUERY)

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            everything = [member.consignment_reference for member in ready]
            return _queued(event, cause, ready, everything, QUERY, code=problem.code)

        return await self.operations.perform(work, ask=ask, look=look, refuse=refuse)


def _operation(
    event: ManifestRequested, cause: Envelope, action: str, kind: OperationKind
) -> Operation:
    location = event.shipping_location_reference
    key = operation_key(action, location, event.manifest_reference)
    return operation_on(f"location:{location}", key, kind, None, event, cause)


def _made_ready(event: ManifestRequested, moved: dict[str, str]) -> Settlement:
    """Settle Set Ready To Ship, by the state in which PRO left each."""

    async def store(tx: Tx) -> None:
        for reference, state in moved.items():
            await consignments.move_in_manifest(tx, event.manifest_reference, reference, state)

    return Settlement(effects=store, result={"consignments": len(moved)})


def _queued(
    event: ManifestRequested,
    cause: Envelope,
    batch: Sequence[KnownConsignment],
    not_queued: Sequence[str],
    way: str,
    code: str = "not_queued",
) -> Settlement:
    """Settle what was to be manifested; `not_queued` are left out by PRO, `code` says why."""
    location, reference = event.shipping_location_reference, event.manifest_reference

    async def store(tx: Tx) -> None:
        for member in batch:
            if member.consignment_reference not in not_queued:
                await consignments.move_in_manifest(
                    tx, reference, member.consignment_reference, "Manifesting"
                )
        await timed_work.add(
            tx,
            operation_key("confirm", location, reference, way),
            WorkKind.MANIFEST_CONFIRMATION,
            {
                "location": location,
                "manifest_reference": reference,
                "consignments": [member.consignment_reference for member in batch],
                "queued_at": utc_now().isoformat(),
                "not_queued": list(not_queued),
                "code": code,
                "failed_before": way == AGAIN,
                "event_id": cause.id,
                "source": cause.source,
                "traceparent": cause.traceparent,
            },
            FIRST_LOOK_SECONDS,
        )

    return Settlement(
        effects=store, result={"consignments": len(batch), "not_queued": len(not_queued)}
    )
