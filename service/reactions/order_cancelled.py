"""order.cancelled → Cancel Consignments → consignment.cancelled, order.cancellation_applied | …"""

from dataclasses import dataclass

from service.cancelling import Cancelling
from service.events.cancelling import (
    OrderCancellationApplied,
    OrderCancellationRejected,
    OrderCancelled,
)
from service.events.envelope import Envelope
from service.events.published import Rejection
from service.ledger import cancellations, consignments
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, operation_key
from service.operations import Performed, operation_on_order

Outcome = OrderCancellationApplied | OrderCancellationRejected


def operation(event: OrderCancelled, cause: Envelope) -> Operation:
    """Name the one cancellation of an order: whatever its reason, it is the same."""
    key = operation_key("cancel", event.order_reference)
    content = event.model_copy(update={"reason": None})
    return operation_on_order(key, OperationKind.CANCEL, event.order_reference, content, cause)


@dataclass(frozen=True)
class CancelOrder:
    """Stops an order at once, then takes back what has not left."""

    database: Database
    cancelling: Cancelling

    async def __call__(self, event: OrderCancelled, cause: Envelope) -> Performed:
        """React; raises what `Operations.perform` raises, AwaitingLookup also while an operation
        that makes consignments is unsettled."""
        reference = event.order_reference
        async with self.database.begin() as tx:
            await cancellations.cancel_order(tx, reference, cause.id)

        async def collect(tx: Tx) -> list[KnownConsignment]:
            await cancellations.check_makers(tx, reference)
            of_order = await consignments.of_order(tx, reference)
            return [one for one in of_order if one.pro_state != consignments.CANCELLED]

        def whole(gone: tuple[str, ...], rejection: Rejection | None, sequence: int) -> Outcome:
            if rejection is None:
                return OrderCancellationApplied(
                    order_reference=reference, sequence=sequence, consignments=gone
                )
            return OrderCancellationRejected(
                order_reference=reference, sequence=sequence, consignments=gone, rejection=rejection
            )

        return await self.cancelling(operation(event, cause), cause, collect, whole, event.reason)
