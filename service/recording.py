"""What it means that an order is recorded, or is not: to the ledger, and to those who are told."""

from service.events.envelope import Envelope
from service.events.published import OrderRecorded, OrderRejected, Rejection
from service.events.received import OrderPlaced
from service.ledger import orders, parked
from service.ledger.database import Tx
from service.ledger.operation import Effects, Settlement, no_effects
from service.operations import TooEarly, announce


def recorded(event: OrderPlaced, cause: Envelope, key: str, pro_order_reference: str) -> Settlement:
    """Settle an order that PRO knows as its event says."""
    reference = event.order_reference

    async def record(tx: Tx) -> None:
        await orders.record(tx, reference, pro_order_reference)
        await parked.hasten(tx, reference, TooEarly.error_class)

    def told(sequence: int) -> OrderRecorded:
        return OrderRecorded(
            order_reference=reference, sequence=sequence, pro_order_reference=pro_order_reference
        )

    return Settlement(
        outcomes=[announce(cause, key, reference, told)],
        effects=record,
        result={"pro_order_reference": pro_order_reference},
    )


def rejected(
    event: OrderPlaced,
    cause: Envelope,
    key: str,
    rejection: Rejection,
    attempt: int,
    also: Effects = no_effects,
) -> Settlement:
    """Settle an order that is refused, with what `also` changes beside."""
    reference = event.order_reference

    async def reject(tx: Tx) -> None:
        await orders.reject(tx, reference)
        await also(tx)

    def told(sequence: int) -> OrderRejected:
        return OrderRejected(order_reference=reference, sequence=sequence, rejection=rejection)

    return Settlement(
        outcomes=[announce(cause, key, reference, told, refused_attempt=attempt)],
        effects=reject,
        refused=True,
        result={"code": rejection.code},
    )
