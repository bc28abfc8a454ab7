"""What an amendment may change of an order, given what the ledger knows: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.events.amending import OrderAmended
from service.events.cancelling import because_cancelled
from service.events.published import Rejection, RejectionDetail
from service.ledger.consignments import CANCELLED, KnownConsignment
from service.ledger.orders import KnownOrder
from service.ledger.tables import OrderState
from service.pro import states


@dataclass(frozen=True)
class Packed:
    """A consignment to amend with its order."""

    consignment_reference: str
    is_return: bool
    """Its ends are the order's ends the other way round."""
    follows_origin: bool
    """It leaves from where the order leaves from, and not from the pick's own location."""


@dataclass(frozen=True)
class Amend:
    """Ask PRO to amend the order and what is packed of it."""

    order: KnownOrder
    packed: tuple[Packed, ...]


@dataclass(frozen=True)
class Reject:
    """Refuse the amendment without asking PRO."""

    rejection: Rejection


@dataclass(frozen=True)
class Wait:
    """Its order is not there yet."""

    reason: str


def decide(
    event: OrderAmended,
    order: KnownOrder | None,
    applied: int | None,
    of_order: Sequence[KnownConsignment],
) -> Amend | Reject | Wait:
    """Decide what to do with an amendment; `applied` is the version that was applied last."""
    if order is None:
        return Wait("its order is not known yet")
    if order.state is OrderState.PLACED:
        return Wait("its order is not recorded yet")
    if order.state is OrderState.CANCELLED:
        return Reject(because_cancelled())
    if order.state is not OrderState.RECORDED:
        return Reject(_because("no_order", f"there is no order to amend: {order.state.value}"))
    if applied is not None and event.version < applied:
        message = f"version {applied} was applied before"
        return Reject(_because("older_version", message))
    if event.fixed:
        return Reject(_fixed(event.fixed, "can't be amended: PRO would ignore it"))
    alive = [one for one in of_order if one.pro_state != CANCELLED]
    locked = [one for one in alive if one.pro_state not in states.CAN_BE_UPDATED]
    if locked:
        return Reject(locked_by((one.consignment_reference, one.pro_state) for one in locked))
    if alive and event.direction is not None:
        return Reject(_fixed(("direction",), "can't be amended once something is packed"))
    return Amend(order, tuple(_packed(one, order) for one in alive))


def _packed(one: KnownConsignment, order: KnownOrder) -> Packed:
    return Packed(
        one.consignment_reference,
        is_return=one.direction == "inbound",
        follows_origin=one.shipping_location_reference == order.shipping_location_reference,
    )


def _because(code: str, message: str, details: Sequence[RejectionDetail] = ()) -> Rejection:
    return Rejection(source="orderflex", code=code, message=message, details=tuple(details))


def _fixed(names: Sequence[str], message: str) -> Rejection:
    details = [RejectionDetail(code="fixed", target=name, message=message) for name in names]
    return _because("fixed", f"{', '.join(names)} {message}", details)


def locked_by(states_of: Iterable[tuple[str, str]]) -> Rejection:
    """Say which consignments, by their states, can't be changed any more."""
    details = [
        RejectionDetail(code="locked", target=reference, message=f"It is {state} in PRO.")
        for reference, state in states_of
    ]
    message = "what is allocated can't be amended: cancel it, or allocate it again after"
    return _because("locked", message, details)
