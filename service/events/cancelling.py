"""What is called off: `order.cancelled`, `pick.withdrawn`, and what came of it."""

from typing import Annotated, ClassVar

from pydantic import Field

from service.events.published import ConsignmentOutcome, OrderOutcome, Rejection
from service.events.said import Event, Reference, Text
from service.events.topics import EventType

References = Annotated[tuple[Reference, ...], Field(strict=False)]


class OrderCancelled(Event):
    """Nothing more of the order is to leave. `order.cancelled`, key: `order_reference`.

    It may come before `order.placed` and wins all the same. `reason` is for people.
    """

    event_type: ClassVar[EventType] = EventType.ORDER_CANCELLED

    order_reference: Reference
    reason: Text | None = None

    @property
    def kafka_key(self) -> str:
        """`order_reference`"""
        return self.order_reference


class PickWithdrawn(Event):
    """What was picked goes back on the shelf. `pick.withdrawn`, key: `order_reference`.

    The pick stays withdrawn; what it took can be picked again, under a new `pick_reference`.
    """

    event_type: ClassVar[EventType] = EventType.PICK_WITHDRAWN

    order_reference: Reference
    pick_reference: Reference
    reason: Text | None = None

    @property
    def kafka_key(self) -> str:
        """`order_reference`"""
        return self.order_reference


def because_cancelled() -> Rejection:
    """Say that something was refused because its order is cancelled."""
    return Rejection(
        source="orderflex",
        code="order_cancelled",
        message="the order is cancelled: nothing more of it is recorded, packed or changed",
    )


class ConsignmentCancelled(ConsignmentOutcome):
    """The consignment is cancelled in PRO, for good; its labels are void."""

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_CANCELLED
    reason: Text | None = None


class OrderCancellationApplied(OrderOutcome):
    """Nothing of the order leaves. `consignments` were cancelled for it, each with an outcome of
    its own; those that were cancelled before are not named."""

    event_type: ClassVar[EventType] = EventType.ORDER_CANCELLATION_APPLIED
    consignments: References = ()


class OrderCancellationRejected(OrderOutcome):
    """Nothing more of the order is packed, but something leaves: the details name each consignment
    that could not be cancelled (`target`), and why. `consignments` were cancelled all the same."""

    event_type: ClassVar[EventType] = EventType.ORDER_CANCELLATION_REJECTED
    consignments: References = ()
    rejection: Rejection


class PickWithdrawalApplied(OrderOutcome):
    """The pick's consignments are cancelled; what it took can be picked again."""

    event_type: ClassVar[EventType] = EventType.PICK_WITHDRAWAL_APPLIED
    pick_reference: Reference
    consignments: References = ()


class PickWithdrawalRejected(OrderOutcome):
    """The pick was rejected before, or something of it leaves: the details name each consignment
    that could not be cancelled (`target`), and why. `consignments` were cancelled all the same."""

    event_type: ClassVar[EventType] = EventType.PICK_WITHDRAWAL_REJECTED
    pick_reference: Reference
    consignments: References = ()
    rejection: Rejection
