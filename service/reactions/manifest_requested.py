"""manifest.requested → Set Ready To Ship, Manifest From Query → (manifest_confirmation.py)

Manifest From Query takes whatever matches when it runs. So the batch is closed first: what is ready
is named in the ledger and set ReadyToShip, and the query asks for that state. What the query can't
find, or could take too much of, goes by name: returns, which leave from elsewhere, and what failed
before. Both ways only queue: how each consignment ended is read, and said, as timed work.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from service.clock import utc_now
from service.events.envelope import Envelope
from service.events.received import ManifestRequested
from service.ledger import manifests, timed_work
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key
from service.ledger.timed_work import WorkKind
from service.operations import Operations, Performed, StillMoving, operation_on
from service.pro import states, words
from service.pro.client import ProClient
from service.pro.contract import ManifestFromQueryRequest, ShippingDateRange
from service.pro.problems import Ambiguous, Problem, Refused, Retryable, Throttled
from service.pro.results import Done, Failed
from service.strays import Strays

FIRST_LOOK_SECONDS = 2.0
BY_NAME = "again"
"""What goes to PRO by name; the word stands in the ledger's keys."""
QUERY = "query"
"""What goes to PRO by query."""


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
            batch = await manifests.batch_of(tx, location, reference)
        for member in batch:
            await self.strays.search_if_unknown(member.order_reference, member.pick_reference)
        await self._queue_by_name(
            event, cause, [member for member in batch if _goes_by_name(member)]
        )
        return await self._queue(event, cause, batch)

    async def _make_ready(self, event: ManifestRequested, cause: Envelope) -> None:
        work = _operation(event, cause, "ready", OperationKind.SET_READY_TO_SHIP)
        batch: list[KnownConsignment] = []
        seen = await self._matching(event)

        async def close(tx: Tx) -> None:
            location, carriers = event.shipping_location_reference, event.carriers
            if await manifests.are_being_announced(tx, location, carriers, cause.time):
                raise StillMoving("labels that were asked to go with it are being announced")
            batch[:] = await manifests.close_batch(
                tx, location, event.manifest_reference, carriers, seen
            )

        async def ask() -> Settlement:
            to_set = _references(
                member
                for member in batch
                if member.pro_state == states.ALLOCATED and not _goes_by_name(member)
            )
            results = await self.pro.set_ready_to_ship(to_set) if to_set else {}
            moved = {
                reference: states.READY_TO_SHIP
                if isinstance(result, Done)
                else await self._state_after(reference)
                for reference, result in results.items()
            }
            return _made_ready(event, moved)

        async def look() -> Settlement | None:
            by_query = [member for member in batch if not _goes_by_name(member)]
            left = await self._in_state(event, by_query, states.ALLOCATED)
            if left:
                return None
            was_allocated = [c for c in by_query if c.pro_state == states.ALLOCATED]
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

    async def _matching(self, event: ManifestRequested) -> dict[str, str] | None:
        """Search what matches the limits that only PRO can judge: states by reference.

        None when the request has no such limit.
        """
        limits = (event.labels_printed, event.shipping_date_from, event.shipping_date_until)
        if not event.states and limits == (None, None, None):
            return None
        wanted = event.states or ("allocated", "ready_to_ship", "manifest_failed")
        search = self.pro.search_consignments(
            shipping_location_reference=event.shipping_location_reference,
            states=[words.pascal(state) for state in wanted],
            labels_printed=event.labels_printed,
            ships_from=event.shipping_date_from,
            ships_until=event.shipping_date_until,
        )
        return {line.reference: line.state async for line in search}

    async def _in_state(
        self, event: ManifestRequested, batch: Sequence[KnownConsignment], state: str
    ) -> set[str]:
        """Search which of a batch PRO shows in a state."""
        references = {member.consignment_reference for member in batch}
        search = self.pro.search_consignments(
            shipping_location_reference=event.shipping_location_reference, states=(state,)
        )
        return {line.reference async for line in search if line.reference in references}

    async def _queue_by_name(
        self, event: ManifestRequested, cause: Envelope, members: Sequence[KnownConsignment]
    ) -> None:
        work = _operation(event, cause, "manifest-again", OperationKind.MANIFEST)
        references = _references(members)

        async def ask() -> Settlement:
            return _queued(event, cause, members, await self._send_named(references), BY_NAME)

        async def look() -> Settlement | None:
            for member in members:
                state = await self.pro.get_consignment_status(member.consignment_reference)
                if state != member.pro_state:
                    return _queued(event, cause, members, (), BY_NAME)
            # Those that failed may all have failed again since: asking once more does no harm.
            return None

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            return _queued(event, cause, members, references, BY_NAME, code=problem.code)

        if members:
            await self.operations.perform(work, ask=ask, look=look, refuse=refuse)

    async def _queue(
        self, event: ManifestRequested, cause: Envelope, batch: Sequence[KnownConsignment]
    ) -> Performed:
        members = [member for member in batch if not _goes_by_name(member)]
        ready = [member for member in members if member.pro_state == states.READY_TO_SHIP]
        not_ready = _references(member for member in members if member not in ready)
        work = _operation(event, cause, "manifest", OperationKind.MANIFEST)
        request = ManifestFromQueryRequest(
            shipping_location_references=(event.shipping_location_reference,),
            states=("ReadyToShip",),
            carriers=event.carriers or None,
            labels_printed=event.labels_printed,
            shipping_date_ranges=_range(event.shipping_date_from, event.shipping_date_until),
        )

        async def ask() -> Settlement:
            if not members:
                return Settlement(result={"consignments": 0})
            failed = await self._send(event, request, _references(ready)) if ready else []
            return _queued(event, cause, members, [*failed, *not_ready], QUERY)

        async def look() -> Settlement | None:
            left = await self._in_state(event, ready, states.READY_TO_SHIP)
            if len(left) == len(ready):
                return None
            return _queued(event, cause, members, not_ready, QUERY)

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            return _queued(event, cause, members, _references(members), QUERY, code=problem.code)

        return await self.operations.perform(work, ask=ask, look=look, refuse=refuse)

    async def _send(
        self, event: ManifestRequested, request: ManifestFromQueryRequest, ready: Sequence[str]
    ) -> list[str]:
        """Ask by query; by name where the query would take others' too. Gives what PRO left out."""
        location = event.shipping_location_reference
        async with self.database.each() as tx:
            by_name = await manifests.are_others_ready(tx, location, event.manifest_reference)
        if not by_name:
            return list((await self.pro.manifest_from_query(request)).failed)
        return await self._send_named(ready)

    async def _send_named(self, references: Sequence[str]) -> list[str]:
        results = await self.pro.manifest_consignments(references)
        return [r for r, result in results.items() if isinstance(result, Failed)]


def _references(members: Iterable[KnownConsignment]) -> list[str]:
    return [member.consignment_reference for member in members]


def _goes_by_name(member: KnownConsignment) -> bool:
    """A query by location finds what leaves from there, and one for failures others' too."""
    return member.direction == "inbound" or member.pro_state == states.MANIFEST_FAILED


def _range(first: date | None, last: date | None) -> ShippingDateRange | None:
    if first is None and last is None:
        return None
    return ShippingDateRange(start_date=_midnight(first), end_date=_midnight(last))


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


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
            await manifests.move(tx, event.manifest_reference, reference, state)

    return Settlement(effects=store, result={"consignments": len(moved)})


def _queued(
    event: ManifestRequested,
    cause: Envelope,
    batch: Sequence[KnownConsignment],
    not_queued: Sequence[str],
    way: str,
    code: str = "not_queued",
) -> Settlement:
    """Settle what was to be manifested; `not_queued` were left out, `code` says why."""
    location, reference = event.shipping_location_reference, event.manifest_reference

    async def store(tx: Tx) -> None:
        for member in batch:
            if member.consignment_reference not in not_queued:
                await manifests.move(tx, reference, member.consignment_reference, "Manifesting")
        await timed_work.add(
            tx,
            operation_key("confirm", location, reference, way),
            WorkKind.MANIFEST_CONFIRMATION,
            {
                "location": location,
                "manifest_reference": reference,
                "consignments": _references(batch),
                "queued_at": utc_now().isoformat(),
                "not_queued": list(not_queued),
                "code": code,
                "failed_before": _references(
                    member for member in batch if member.pro_state == states.MANIFEST_FAILED
                ),
                "made_from": min(member.created_at for member in batch).isoformat(),
                "event_id": cause.id,
                "source": cause.source,
                "traceparent": cause.traceparent,
            },
            FIRST_LOOK_SECONDS,
        )

    return Settlement(
        effects=store, result={"consignments": len(batch), "not_queued": len(not_queued)}
    )
