"""One way to allocate, tried: its operation, and what each of PRO's answers means.

A way that failed and has a fall-back is settled in silence: what it would have said is kept, and
told by the failure of the last.
"""

from dataclasses import dataclass

from service.events.allocation import Way
from service.events.envelope import Envelope
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentAllocationFailed,
    ConsignmentCreated,
    Named,
    Rejection,
    RejectionDetail,
)
from service.events.reallocation import ConsignmentReallocationStarted
from service.ledger import consignments
from service.ledger.database import Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key
from service.operations import Performed, StillMoving, announce, operation_on_order
from service.pro import states
from service.pro.answers import Consignment
from service.pro.mapping import rejection_from
from service.pro.problems import Problem
from service.pro.results import Allocated, allocated_in

ToAllocate = ConsignmentCreated | ConsignmentReallocationStarted


def attempt_key(consignment_reference: str, allocation_number: int, position: int) -> str:
    """Name the operation of the way at a position (from 0) of an allocation's plan."""
    named = [consignment_reference, str(allocation_number)]
    return operation_key("allocate", *named, *([str(position + 1)] if position else []))


def why_it_failed(performed: Performed, way: Way) -> RejectionDetail | None:
    """Give the reason of an attempt that failed; None of one that worked."""
    for said in performed.announcements:
        if said.type == ConsignmentAllocationFailed.event_type.value:
            rejection = Rejection.model_validate(said.data["rejection"])
            return RejectionDetail(code=rejection.code, target=str(way), message=rejection.message)
    return None


@dataclass(frozen=True)
class Attempt:
    """One way to allocate, tried for one allocation of a consignment."""

    event: ToAllocate
    cause: Envelope
    way: Way
    position: int
    """In the plan, from 0."""
    is_last: bool
    reasons: tuple[RejectionDetail, ...]
    """Why the ways before this one failed."""

    @property
    def operation(self) -> Operation:
        """The one operation that this attempt needs."""
        event = self.event
        key = attempt_key(event.consignment_reference, event.allocation_number, self.position)
        return operation_on_order(key, OperationKind.ALLOCATE, event.kafka_key, event, self.cause)

    def found(self, found: Consignment) -> Settlement | None:
        """Settle by the state that PRO shows; None when that tells nothing of this attempt."""
        state = found.consignment_state
        if state in states.PASSING:
            raise StillMoving(f"{found.reference} is {state}")
        if state in states.IS_ALLOCATED:
            return self.allocated(allocated_in(found))
        is_first = self.position == 0 and self.event.allocation_number == 1
        if state == states.ALLOCATION_FAILED and is_first:  # else perhaps an earlier one's failure
            said = found.failed_allocation.message if found.failed_allocation else None
            return self.failed(Problem(400, "allocation_failed", said or "PRO gave no reason."))
        return None

    def allocated(self, given: Allocated) -> Settlement:
        """Settle it as allocated."""
        event = self.event

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
            outcomes=[announce(self.cause, self.operation.key, event.kafka_key, allocated)],
            effects=store,
            result={
                "consignment": event.consignment_reference,
                "way": str(self.way),
                "carrier": given.carrier_reference,
                "carrier_service": given.carrier_service_reference,
            },
        )

    def failed(self, problem: Problem) -> Settlement:
        """Settle it as failed; in silence where another way is left."""
        event, rejection = self.event, rejection_from(problem)
        if self.reasons:
            last = RejectionDetail(
                code=rejection.code, target=str(self.way), message=rejection.message
            )
            every = (*self.reasons, last, *rejection.details)
            rejection = rejection.model_copy(update={"details": every})

        async def store(tx: Tx) -> None:
            await consignments.move(tx, event.consignment_reference, states.ALLOCATION_FAILED)

        def failed(sequence: int) -> ConsignmentAllocationFailed:
            return ConsignmentAllocationFailed(
                **event.names,
                sequence=sequence,
                allocation_number=event.allocation_number,
                rejection=rejection,
            )

        return Settlement(
            outcomes=[announce(self.cause, self.operation.key, event.kafka_key, failed)],
            effects=store,
            refused=True,
            is_silent=not self.is_last,
            result={
                "consignment": event.consignment_reference,
                "way": str(self.way),
                "code": problem.code,
            },
        )
