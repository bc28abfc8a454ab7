"""What needs attention, and what can be done about it, in a few words each. Pure."""

from collections.abc import Mapping

from service.ledger.attention_kinds import Action, Kind
from service.page.rendering import link
from service.people.views import Item

KINDS: Mapping[Kind, str] = {
    Kind.ORDER_REJECTED: "Order refused",
    Kind.ORDER_NOT_RECORDED: "Order not recorded",
    Kind.AMENDMENT_REJECTED: "Amendment refused",
    Kind.CANCELLATION_REJECTED: "Cancellation refused",
    Kind.PICK_REJECTED: "Pick refused",
    Kind.CONSIGNMENT_REJECTED: "Consignment refused",
    Kind.REALLOCATION_REJECTED: "New allocation refused",
    Kind.ALLOCATION_FAILED: "Allocation failed",
    Kind.MANIFEST_FAILED: "Manifest failed",
    Kind.NOT_ALLOCATED: "Not allocated",
    Kind.NOT_LABELLED: "No papers",
    Kind.NOT_MANIFESTED: "Not manifested",
    Kind.NOT_CONFIRMED: "Manifest not confirmed",
    Kind.HELD: "On hold",
    Kind.DEAD_LETTER: "Dead letter",
    Kind.WAITING_LONG: "Waiting long",
    Kind.UNKNOWN_LONG: "Answer lost",
    Kind.RETURN_MISSING: "Return missing",
    Kind.STRAY_LEFT: "Stray consignment",
}

ACTIONS: Mapping[Action, str] = {
    Action.AGAIN: "Do it again",
    Action.REALLOCATE: "Allocate again",
    Action.CANCEL: "Cancel the order",
    Action.REPLAY: "Replay",
    Action.DISCARD: "Discard",
    Action.SEEN: "Mark as seen to",
}


def address_of(action: Action, item: Item) -> str | None:
    """Say where an action on an item begins; None where the item lacks what it is about."""
    match action:
        case Action.AGAIN if item.order_reference:
            pick = item.pick_reference
            return link("/order/again", reference=item.order_reference, pick=pick)
        case Action.CANCEL if item.order_reference:
            return link("/order/cancel", reference=item.order_reference)
        case Action.REALLOCATE if item.consignment_reference:
            return link("/consignment/reallocate", reference=item.consignment_reference)
        case Action.REPLAY if item.dead_letter is not None:
            return link("/dead-letter/replay", number=item.dead_letter)
        case Action.DISCARD if item.dead_letter is not None:
            return link("/dead-letter/discard", number=item.dead_letter)
        case Action.SEEN:
            return link("/attention/seen", item=item.item, order=item.order_reference)
    return None


def about(item: Item) -> tuple[str, str | None]:
    """Say what an item is about, and where that is shown; None where it has no page."""
    if item.dead_letter is not None:
        named = item.order_reference or f"dead letter {item.dead_letter}"
        return named, link("/dead-letter", number=item.dead_letter)
    if item.consignment_reference is not None and item.order_reference is None:
        return item.consignment_reference, link(
            "/consignment", reference=item.consignment_reference
        )
    if item.order_reference is not None:
        return item.order_reference, link("/order", reference=item.order_reference)
    return item.item, None
