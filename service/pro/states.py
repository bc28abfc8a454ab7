"""The states of a consignment (RULES 4.1, 4.2; openapi: ConsignmentState), and what each proves.

PRO's list grew once already, so a state stays a plain text when read and is compared with these
groups. A word that is in none of them proves nothing: neither success nor failure.
"""

UNALLOCATED = "Unallocated"
ALLOCATION_FAILED = "AllocationFailed"
ALLOCATED = "Allocated"
READY_TO_SHIP = "ReadyToShip"
MANIFESTED = "Manifested"
MANIFEST_FAILED = "ManifestFailed"
CANCELLED = "Cancelled"

PASSING = frozenset({"Allocating", "Manifesting", "Cancelling"})
"""They admit no action at all: wait and read again."""

AFTER_MANIFEST = frozenset(
    {
        "Dispatched",
        "AtDropOffPoint",
        "Collected",
        "CollectionFailed",
        "CarrierUnableToCollect",
        "ExchangeFailed",
        "InTransit",
        "InTransitWaiting",
        "Delayed",
        "AtCustoms",
        "HeldByCarrier",
        "ActionRequired",
        "Missing",
        "Lost",
        "Damaged",
        "OutForDelivery",
        "AtCollectionPoint",
        "DeliveryFailed",
        "DeliveryFailedCardLeft",
        "Delivered",
        "PartiallyDelivered",
        "DeliveredDamaged",
        "ReturnToSender",
    }
)
"""The carrier has it, or is on the way."""

IS_MANIFESTED = AFTER_MANIFEST | {MANIFESTED}
"""Manifested, or a state that only a manifested consignment reaches."""

IS_READY_TO_SHIP = IS_MANIFESTED | {READY_TO_SHIP, "Manifesting", MANIFEST_FAILED}
"""ReadyToShip or later."""

IS_ALLOCATED = IS_READY_TO_SHIP | {ALLOCATED}
"""Allocated or later: a carrier service has it."""

CAN_BE_ALLOCATED = frozenset({UNALLOCATED, ALLOCATION_FAILED})
CAN_BE_UPDATED = CAN_BE_ALLOCATED
"""Also: a package added or taken away."""
CAN_BE_DEALLOCATED = frozenset({ALLOCATED, MANIFESTED, MANIFEST_FAILED})
CAN_BE_MANIFESTED = frozenset({ALLOCATED, MANIFEST_FAILED, READY_TO_SHIP})

# To cancel (RULES 4.2; 11, 7 to 9: where the documents disagree, the careful side). Each state is
# in one of these, in PASSING, or CANCELLED.
CANCEL_AT_ONCE = CAN_BE_ALLOCATED
CANCEL_AFTER_DEALLOCATION = frozenset({ALLOCATED, MANIFEST_FAILED})
CANCEL_AFTER_NOT_READY = frozenset({READY_TO_SHIP})
"""Set not ready to ship first: then it is Allocated, and to be deallocated."""
TOO_LATE_TO_CANCEL = IS_MANIFESTED
"""The carrier will come, or has it. PRO would still deallocate what is Manifested."""

KNOWN = IS_ALLOCATED | CAN_BE_ALLOCATED | PASSING | {CANCELLED}
"""Every word of the contract."""
