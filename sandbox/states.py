"""The states of a consignment and what is allowed in each, as data (RULES 4.1, 4.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ConsignmentState(StrEnum):
    """Wire names, every one in the contract."""

    UNALLOCATED = "Unallocated"
    ALLOCATING = "Allocating"
    ALLOCATION_FAILED = "AllocationFailed"
    ALLOCATED = "Allocated"
    MANIFESTING = "Manifesting"
    MANIFESTED = "Manifested"
    MANIFEST_FAILED = "ManifestFailed"
    DISPATCHED = "Dispatched"
    AT_DROP_OFF_POINT = "AtDropOffPoint"
    COLLECTED = "Collected"
    COLLECTION_FAILED = "CollectionFailed"
    IN_TRANSIT = "InTransit"
    DELAYED = "Delayed"
    OUT_FOR_DELIVERY = "OutForDelivery"
    DELIVERY_FAILED = "DeliveryFailed"
    DELIVERY_FAILED_CARD_LEFT = "DeliveryFailedCardLeft"
    DELIVERED = "Delivered"
    PARTIALLY_DELIVERED = "PartiallyDelivered"
    AT_COLLECTION_POINT = "AtCollectionPoint"
    RETURN_TO_SENDER = "ReturnToSender"
    ACTION_REQUIRED = "ActionRequired"
    MISSING = "Missing"
    LOST = "Lost"
    DAMAGED = "Damaged"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    IN_TRANSIT_WAITING = "InTransitWaiting"
    HELD_BY_CARRIER = "HeldByCarrier"
    EXCHANGE_FAILED = "ExchangeFailed"
    AT_CUSTOMS = "AtCustoms"
    CARRIER_UNABLE_TO_COLLECT = "CarrierUnableToCollect"
    DELIVERED_DAMAGED = "DeliveredDamaged"
    READY_TO_SHIP = "ReadyToShip"


class Action(StrEnum):
    """What can be asked of a consignment."""

    UPDATE = "updated"
    ALLOCATE = "allocated"
    SET_READY_TO_SHIP = "set ready to ship"
    SET_NOT_READY_TO_SHIP = "set not ready to ship"
    DEALLOCATE = "deallocated"
    GET_LABELS = "labelled"
    GET_CUSTOMS_DOCUMENTS = "given customs papers"
    MANIFEST = "manifested"
    DISPATCH = "dispatched"
    RENAME = "given another reference"
    CANCEL = "cancelled"


@dataclass(frozen=True, slots=True)
class Transition:
    """From where an action is allowed, the state it passes through, the ones it may end in."""

    allowed: frozenset[ConsignmentState]
    passes: ConsignmentState | None = None
    ends: tuple[ConsignmentState, ...] = ()
    """Empty: the action leaves the state as it is."""


_S = ConsignmentState

PASSING = frozenset({_S.ALLOCATING, _S.MANIFESTING, _S.CANCELLING})
"""States that admit no action at all; the caller waits and reads again (RULES 4.1)."""

BY_CARRIERS = frozenset(
    {
        *(_S.AT_DROP_OFF_POINT, _S.COLLECTED, _S.COLLECTION_FAILED, _S.CARRIER_UNABLE_TO_COLLECT),
        *(_S.EXCHANGE_FAILED, _S.IN_TRANSIT, _S.IN_TRANSIT_WAITING, _S.DELAYED, _S.AT_CUSTOMS),
        *(_S.HELD_BY_CARRIER, _S.ACTION_REQUIRED, _S.MISSING, _S.LOST, _S.DAMAGED),
        *(_S.OUT_FOR_DELIVERY, _S.AT_COLLECTION_POINT, _S.DELIVERY_FAILED),
        *(_S.DELIVERY_FAILED_CARD_LEFT, _S.DELIVERED, _S.PARTIALLY_DELIVERED),
        *(_S.DELIVERED_DAMAGED, _S.RETURN_TO_SENDER),
    }
)
"""States that a consignment is taken into by a carrier's scan, by nothing that is asked of PRO."""

SCANNED_FROM = BY_CARRIERS | {_S.MANIFESTED, _S.DISPATCHED}
"""States in which a carrier has the consignment, or is told to fetch it."""

_NO_LABEL_YET = frozenset({_S.UNALLOCATED, _S.ALLOCATION_FAILED, _S.CANCELLED}) | PASSING

TRANSITIONS: Mapping[Action, Transition] = MappingProxyType(
    {
        # RULES 11, 10: nothing can be edited once allocated.
        Action.UPDATE: Transition(frozenset({_S.UNALLOCATED, _S.ALLOCATION_FAILED})),
        Action.ALLOCATE: Transition(
            frozenset({_S.UNALLOCATED, _S.ALLOCATION_FAILED}),
            passes=_S.ALLOCATING,
            ends=(_S.ALLOCATED, _S.ALLOCATION_FAILED),
        ),
        Action.SET_READY_TO_SHIP: Transition(frozenset({_S.ALLOCATED}), ends=(_S.READY_TO_SHIP,)),
        Action.SET_NOT_READY_TO_SHIP: Transition(
            frozenset({_S.READY_TO_SHIP}), ends=(_S.ALLOCATED,)
        ),
        # RULES 11, 11: the three. ReadyToShip goes back to Allocated first (RULES 4.2).
        Action.DEALLOCATE: Transition(
            frozenset({_S.ALLOCATED, _S.MANIFESTED, _S.MANIFEST_FAILED}),
            ends=(_S.UNALLOCATED,),
        ),
        # RULES 4.2 calls labels in ReadyToShip likely but unsure; they are given here.
        Action.GET_LABELS: Transition(frozenset(_S) - _NO_LABEL_YET),
        Action.GET_CUSTOMS_DOCUMENTS: Transition(frozenset(_S) - _NO_LABEL_YET),
        # RULES 11, 6: with ReadyToShip.
        Action.MANIFEST: Transition(
            frozenset({_S.ALLOCATED, _S.MANIFEST_FAILED, _S.READY_TO_SHIP}),
            passes=_S.MANIFESTING,
            ends=(_S.MANIFESTED, _S.MANIFEST_FAILED),
        ),
        Action.RENAME: Transition(frozenset(_S) - PASSING - {_S.CANCELLED}),
        Action.DISPATCH: Transition(frozenset({_S.MANIFESTED}), ends=(_S.DISPATCHED,)),
        # RULES 11, 7 to 9: the sure ground only; whoever copes with this copes with more.
        Action.CANCEL: Transition(
            frozenset({_S.UNALLOCATED, _S.ALLOCATION_FAILED}),
            passes=_S.CANCELLING,
            ends=(_S.CANCELLED,),
        ),
    }
)

DISPUTED_CANCEL = frozenset(_S) - (
    TRANSITIONS[Action.CANCEL].allowed
    | PASSING
    | {
        _S.CANCELLED,
        _S.READY_TO_SHIP,
        _S.IN_TRANSIT_WAITING,
        _S.PARTIALLY_DELIVERED,
        _S.DELIVERED,
        _S.DELIVERY_FAILED,
    }
)
"""States in which some pages allow a cancel and others do not; see `lenient_cancel`."""


def is_allowed(action: Action, state: ConsignmentState, *, lenient_cancel: bool = False) -> bool:
    """Whether PRO takes up `action` for a consignment in `state`."""
    if action is Action.CANCEL and lenient_cancel and state in DISPUTED_CANCEL:
        return True
    return state in TRANSITIONS[action].allowed
