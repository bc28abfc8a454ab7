"""The events that people's wishes become. Pure."""

import uuid

from service.events.allocation import Ways
from service.events.cancelling import OrderCancelled, PickWithdrawn
from service.events.reallocation import ConsignmentReallocationRequested
from service.events.said import MAX_TEXT
from service.ledger.consignments import KnownConsignment


def order_cancelled(order_reference: str, reason: str) -> OrderCancelled:
    """Nothing more of the order is to leave."""
    return OrderCancelled(order_reference=order_reference, reason=_one_line(reason))


def consignment_cancelled(known: KnownConsignment, reason: str) -> OrderCancelled | PickWithdrawn:
    """The consignment is not to leave: its pick is withdrawn, with the return that belongs to it.

    One that was requested without an order is cancelled as an order is, by its reference.
    """
    if known.pick_reference is None:
        return order_cancelled(known.order_reference, reason)
    return PickWithdrawn(
        order_reference=known.order_reference,
        pick_reference=known.pick_reference,
        reason=_one_line(reason),
    )


def reallocation_requested(
    known: KnownConsignment, reason: str, ways: Ways | None, wish: str | None
) -> ConsignmentReallocationRequested:
    """The consignment is to be allocated again, in these ways or as before; once for each wish."""
    names = known.names
    return ConsignmentReallocationRequested(
        order_reference=names["order_reference"],
        consignment_reference_provided_by_customer=names[
            "consignment_reference_provided_by_customer"
        ],
        consignment_reference=known.consignment_reference,
        request_reference=wish or uuid.uuid4().hex[:16],
        allocation=ways,
        reason=_one_line(reason),
    )


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_TEXT]
