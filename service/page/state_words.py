"""Where an order or a consignment is, in plain words. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.ledger.tables import OperationState, OrderState, ParkedState, PickState
from service.ledger.waiting import Stage
from service.people.views import Consignment, Order
from service.pro import states


@dataclass(frozen=True)
class Chip:
    """A state as a word; its tone only underlines it."""

    word: str
    tone: str = "plain"
    """plain, good, wait or bad."""


ORDERS: Mapping[OrderState | None, Chip] = {
    None: Chip("Not placed yet", "wait"),
    OrderState.PLACED: Chip("Placed", "wait"),
    OrderState.RECORDED: Chip("Recorded", "good"),
    OrderState.REJECTED: Chip("Refused", "bad"),
    OrderState.CANCELLED: Chip("Cancelled"),
    OrderState.NO_ORDER: Chip("Without an order"),
}
PICKS: Mapping[PickState, Chip] = {
    PickState.RESERVED: Chip("Being packed", "wait"),
    PickState.PACKED: Chip("Packed", "good"),
    PickState.REJECTED: Chip("Refused", "bad"),
    PickState.WITHDRAWN: Chip("Withdrawn"),
}
OPERATIONS: Mapping[OperationState, Chip] = {
    OperationState.STARTED: Chip("Under way", "wait"),
    OperationState.UNKNOWN: Chip("Answer lost", "wait"),
    OperationState.RELEASED: Chip("Not done yet", "wait"),
    OperationState.FINISHED: Chip("Done", "good"),
    OperationState.REFUSED: Chip("Refused", "bad"),
}
PARKED: Mapping[ParkedState, Chip] = {
    ParkedState.PARKED: Chip("Waits", "wait"),
    ParkedState.DEAD: Chip("Dead letter", "bad"),
    ParkedState.DISCARDED: Chip("Discarded"),
}
STAGES: Mapping[Stage, tuple[str, str]] = {
    Stage.TO_BE_ALLOCATED: ("Waiting for a carrier", "Packed; no carrier service has it yet."),
    Stage.ALLOCATION_FAILED: ("No carrier took it", "It needs a person, or another way."),
    Stage.TO_BE_LABELLED: ("Waiting for papers", "Allocated; its labels are to come."),
    Stage.TO_BE_MANIFESTED: (
        "Waiting for a manifest",
        "It has its papers; the location’s next manifest takes it.",
    ),
    Stage.IN_MANIFEST: ("In a manifest", "PRO has yet to say how it ended."),
    Stage.MANIFEST_FAILED: (
        "Manifest failed",
        "The carrier could not be told; the location’s next manifest takes it again.",
    ),
}
"""What each stage of a consignment is called, and what it means."""


_IN_TROUBLE = {
    states.ALLOCATION_FAILED,
    states.MANIFEST_FAILED,
    "CollectionFailed",
    "CarrierUnableToCollect",
    "ExchangeFailed",
    "ActionRequired",
    "Missing",
    "Lost",
    "Damaged",
    "DeliveryFailed",
    "DeliveryFailedCardLeft",
    "DeliveredDamaged",
    "ReturnToSender",
}
_HELD_UP = {"InTransitWaiting", "Delayed", "AtCustoms", "HeldByCarrier", "PartiallyDelivered"}


def of_consignment(state: str) -> Chip:
    """Say PRO's state of a consignment in separate words."""
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", state).capitalize()
    if state in _IN_TROUBLE:
        return Chip(word, "bad")
    if state in states.IS_MANIFESTED - _HELD_UP:
        return Chip(word, "good")
    return Chip(word, "plain" if state == states.CANCELLED else "wait")


@dataclass(frozen=True)
class Step:
    """A step of a consignment's life."""

    name: str
    is_done: bool
    is_next: bool = False


def way_of(one: Consignment) -> Sequence[Step]:
    """Say how far a consignment has come; nothing of one that was cancelled."""
    if one.state == states.CANCELLED:
        return ()
    done = [
        ("Packed", True),
        ("Allocated", one.state in states.IS_ALLOCATED),
        ("Papers", one.labels_address is not None),
        ("Manifested", one.state in states.IS_MANIFESTED),
    ]
    following = next((name for name, is_done in done if not is_done), None)
    return [Step(name, is_done, name == following) for name, is_done in done]


def where_is(order: Order) -> str:
    """Say in a sentence where an order is."""
    match order.state:
        case None:
            return "Nobody has placed it yet: only events of it are here."
        case OrderState.PLACED:
            return "It is placed, and PRO has not recorded it yet."
        case OrderState.REJECTED:
            return "It was refused: nothing of it is on its way."
        case OrderState.CANCELLED:
            return _of_cancelled(order)
        case OrderState.NO_ORDER:
            return _of_consignments(order) or "A consignment was asked for without an order."
    ordered, picked = (
        sum(line.quantity for line in order.lines),
        sum(line.picked for line in order.lines),
    )
    there = _of_consignments(order)
    if not there:
        return "PRO has recorded it. It waits for stock to be picked."
    if order.fully_packed:
        return f"All of it is packed. {there}"
    return f"{picked} of {ordered} items are packed. {there}"


def _of_cancelled(order: Order) -> str:
    left = [one for one in order.consignments if one.state != states.CANCELLED]
    if not left:
        return "It is cancelled: nothing of it leaves."
    return f"It is cancelled, and {_count(len(left))} of it {_is(len(left))} not."


def _of_consignments(order: Order) -> str:
    alive = [one for one in order.consignments if one.state != states.CANCELLED]
    if not alive:
        return ""
    waiting = [one for one in alive if one.state not in states.IS_MANIFESTED]
    if not waiting:
        return "The carrier has been told of everything that is packed."
    without_carrier = [one for one in waiting if one.state not in states.IS_ALLOCATED]
    allocated = [one for one in waiting if one.state in states.IS_ALLOCATED]
    told = (
        (without_carrier, "for a carrier"),
        ([one for one in allocated if not one.labels_address], "for papers"),
        ([one for one in allocated if one.labels_address], "for a manifest"),
    )
    sentence = ", ".join(
        f"{_count(len(some))} wait{'s' if len(some) == 1 else ''} {what}"
        for some, what in told
        if some
    )
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _count(number: int) -> str:
    return "one consignment" if number == 1 else f"{number} consignments"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
