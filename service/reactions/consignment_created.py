"""consignment.created → Allocate (many in one call) → consignment.allocated | …_failed"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from service.events.envelope import Envelope
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentAllocationFailed,
    ConsignmentCreated,
    Named,
)
from service.ledger import consignments
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import ContentConflict, Operation, Settlement, operation_key
from service.operations import (
    NOTHING_TO_SAY,
    Operations,
    Performed,
    StillMoving,
    TooEarly,
    announce,
    operation_on_order,
)
from service.pro import states
from service.pro.answers import Consignment
from service.pro.batches import Batches
from service.pro.client import ProClient
from service.pro.mapping import rejection_from
from service.pro.problems import Ambiguous, Problem, Refused
from service.pro.results import Allocated, AllocationResult, NotAllocated, allocated_in
from service.strays import Strays


def is_current(event: ConsignmentCreated, known: KnownConsignment) -> bool:
    """Tell whether this is still the allocation that the consignment waits for."""
    return event.allocation_number == known.allocation_number


def operation(event: ConsignmentCreated, cause: Envelope) -> Operation:
    """Name the one allocation of this number that a consignment needs."""
    key = operation_key("allocate", event.consignment_reference, str(event.allocation_number))
    return operation_on_order(key, OperationKind.ALLOCATE, event.kafka_key, event, cause)


@dataclass(frozen=True)
class AllocateConsignment:
    """Has PRO choose a carrier service for a consignment that the ledger knows."""

    operations: Operations
    pro: ProClient
    allocations: Batches[AllocationResult]
    database: Database
    strays: Strays

    async def __call__(self, event: ConsignmentCreated, cause: Envelope) -> Performed:
        """React; raises TooEarly and what `Operations.perform` raises."""
        async with self.database.each() as tx:
            known = await consignments.find(tx, event.consignment_reference)
        if known is None:
            raise TooEarly("the ledger does not know this consignment; only known ones ship")
        if event.kafka_key != known.order_reference:
            raise ContentConflict(operation(event, cause).key)
        if not is_current(event, known):
            return NOTHING_TO_SAY
        await self.strays.search_if_unknown(known.order_reference, known.pick_reference)
        async with self.allocations.seat(event.consignment_reference) as ask_pro:
            return await self._allocate(event, cause, ask_pro)

    async def _allocate(
        self,
        event: ConsignmentCreated,
        cause: Envelope,
        ask_pro: Callable[[], Awaitable[AllocationResult]],
    ) -> Performed:
        work = operation(event, cause)
        reference = event.consignment_reference

        async def ask() -> Settlement:
            match await ask_pro():
                case Allocated() as given:
                    return _allocated(event, cause, work.key, given)
                case NotAllocated(_, problem):
                    raise Refused("allocate", problem)
                case _:
                    raise Ambiguous("allocate", "PRO has taken it up, no more")

        async def look() -> Settlement | None:
            return _found(event, cause, work.key, await self.pro.get_consignment(reference))

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            return _failed(event, cause, work.key, problem)

        return await self.operations.perform(work, ask=ask, look=look, refuse=refuse)


def _found(
    event: ConsignmentCreated, cause: Envelope, key: str, found: Consignment
) -> Settlement | None:
    """Settle by the state that PRO shows; None when it was not allocated, nor tried."""
    state = found.consignment_state
    if state in states.PASSING:
        raise StillMoving(f"{found.reference} is {state}")
    if state in states.IS_ALLOCATED:
        return _allocated(event, cause, key, allocated_in(found))
    if state == states.ALLOCATION_FAILED:
        said = found.failed_allocation.message if found.failed_allocation else None
        problem = Problem(400, "allocation_failed", said or "PRO gave no reason.")
        return _failed(event, cause, key, problem)
    return None


def _allocated(
    event: ConsignmentCreated, cause: Envelope, key: str, given: Allocated
) -> Settlement:
    async def store(tx: Tx) -> None:
        await consignments.allocate(
            tx,
            event.consignment_reference,
            carrier_reference=given.carrier_reference,
            carrier_service_reference=given.carrier_service_reference,
            tracking_references=given.tracking_references,
        )

    def allocated(sequence: int) -> ConsignmentAllocated:
        return ConsignmentAllocated(
            **event.names,
            sequence=sequence,
            allocation_number=event.allocation_number,
            carrier=Named(reference=given.carrier_reference, name=given.carrier_name),
            carrier_service=Named(
                reference=given.carrier_service_reference, name=given.carrier_service_name
            ),
            tracking_references=given.tracking_references,
        )

    return Settlement(
        outcomes=[announce(cause, key, event.kafka_key, allocated)],
        effects=store,
        result={
            "consignment": event.consignment_reference,
            "carrier": given.carrier_reference,
            "carrier_service": given.carrier_service_reference,
        },
    )


def _failed(event: ConsignmentCreated, cause: Envelope, key: str, problem: Problem) -> Settlement:
    async def store(tx: Tx) -> None:
        await consignments.move(tx, event.consignment_reference, states.ALLOCATION_FAILED)

    def failed(sequence: int) -> ConsignmentAllocationFailed:
        return ConsignmentAllocationFailed(
            **event.names,
            sequence=sequence,
            allocation_number=event.allocation_number,
            rejection=rejection_from(problem),
        )

    return Settlement(
        outcomes=[announce(cause, key, event.kafka_key, failed)],
        effects=store,
        refused=True,
        result={"consignment": event.consignment_reference, "code": problem.code},
    )
