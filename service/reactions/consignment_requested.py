"""consignment.requested → Create Consignment → consignment.created | consignment.rejected"""

from dataclasses import dataclass

from service.allocation_plans import NO_RULES, OTHERWISE, AllocationPlans, Chosen
from service.events.cancelling import because_cancelled
from service.events.envelope import Envelope
from service.events.published import ConsignmentCreated, ConsignmentRejected, Rejection
from service.events.requested import ConsignmentRequested
from service.ledger import cancellations, consignments, orders, standing
from service.ledger.cancellations import OrderCancelled
from service.ledger.database import Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement
from service.ledger.tables import OperationState
from service.operations import Operations, Performed, announce, operation_on_order
from service.pro.client import ProClient
from service.pro.mapping import create_consignment_request, rejection_from
from service.pro.problems import Problem
from service.strays import Strays, making_key


def operation(event: ConsignmentRequested, cause: Envelope) -> Operation:
    """Name the one Create Consignment that a request ever needs."""
    reference = event.consignment_reference_provided_by_customer
    key = making_key(reference, None)
    return operation_on_order(key, OperationKind.CREATE_CONSIGNMENT, reference, event, cause)


def location(event: ConsignmentRequested) -> str | None:
    """Give the shipping location it leaves from; of an inbound one, where it goes."""
    place = event.destination if event.direction == "inbound" else event.origin
    return place.shipping_location_reference


@dataclass(frozen=True)
class CreateConsignment:
    """Has PRO make a consignment without an order, once."""

    operations: Operations
    pro: ProClient
    database: Database
    strays: Strays
    plans: AllocationPlans = NO_RULES

    async def __call__(self, event: ConsignmentRequested, cause: Envelope) -> Performed:
        """React; raises what `Operations.perform` raises."""
        work = operation(event, cause)
        request = create_consignment_request(event)
        reference = event.consignment_reference_provided_by_customer
        plan = self.plans.for_shipment(event, location(event))
        async with self.database.each() as tx:
            state = await standing.state_of(tx, work.key)
        if state is OperationState.REFUSED:
            # What a lost answer left of the refused content must not be taken for the new one's.
            await self.strays.search_if_unknown(reference, None)

        async def place(tx: Tx) -> None:
            await cancellations.check_order(tx, reference)
            await orders.place_without_order(tx, reference, location(event))

        async def ask() -> Settlement:
            made = await self.pro.create_consignment(request)
            return _created(event, cause, work.key, made, plan)

        async def look() -> Settlement | None:
            lines = await self.strays.candidates(reference, reference)
            # The reference is the sender's: PRO may know it from a time before this request.
            found = [line for line in lines if line.was_created_since(cause.time)]
            if not found:
                return None
            return _created(event, cause, work.key, found[0].reference, plan)

        def refuse(problem: Problem, attempt: int) -> Settlement:
            return _rejected(event, cause, work.key, rejection_from(problem), attempt)

        def stop(attempt: int) -> Settlement:
            return _rejected(event, cause, work.key, because_cancelled(), attempt)

        try:
            return await self.operations.perform(
                work, ask=ask, look=look, refuse=refuse, prepare=place
            )
        except OrderCancelled:
            return await self.operations.conclude(work, stop, look)


def _created(
    event: ConsignmentRequested,
    cause: Envelope,
    key: str,
    consignment_reference: str,
    plan: Chosen,
) -> Settlement:
    reference = event.consignment_reference_provided_by_customer

    async def store(tx: Tx) -> None:
        await consignments.add(
            tx,
            consignment_reference=consignment_reference,
            order_reference=reference,
            pick_reference=None,
            customer_reference=reference,
            direction=event.direction,
            shipping_location_reference=location(event),
            allocation_ways=plan.ways,
            traceparent=cause.traceparent,
        )

    def created(sequence: int) -> ConsignmentCreated:
        return ConsignmentCreated(
            sequence=sequence,
            consignment_reference=consignment_reference,
            consignment_reference_provided_by_customer=reference,
            direction=event.direction,
            shipping_location_reference=location(event),
        )

    return Settlement(
        outcomes=[announce(cause, key, reference, created)],
        effects=store,
        result={"consignments": [consignment_reference]}
        | ({} if plan.by == OTHERWISE else {"allocation_chosen_by": [plan.by]}),
    )


def _rejected(
    event: ConsignmentRequested, cause: Envelope, key: str, rejection: Rejection, attempt: int
) -> Settlement:
    reference = event.consignment_reference_provided_by_customer

    def rejected(sequence: int) -> ConsignmentRejected:
        return ConsignmentRejected(
            consignment_reference_provided_by_customer=reference,
            sequence=sequence,
            rejection=rejection,
        )

    return Settlement(
        outcomes=[announce(cause, key, reference, rejected, refused_attempt=attempt)],
        refused=True,
        result={"code": rejection.code},
    )
