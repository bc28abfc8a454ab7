"""Which model belongs to which event type. Everything that walks over all events starts here."""

from collections.abc import Mapping
from types import MappingProxyType

from service.events.amending import (
    OrderAmended,
    OrderAmendmentApplied,
    OrderAmendmentRejected,
)
from service.events.cancelling import (
    ConsignmentCancelled,
    OrderCancellationApplied,
    OrderCancellationRejected,
    OrderCancelled,
    PickWithdrawalApplied,
    PickWithdrawalRejected,
    PickWithdrawn,
)
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentAllocationFailed,
    ConsignmentCreated,
    ConsignmentLabelled,
    ConsignmentManifested,
    ConsignmentManifestFailed,
    ConsignmentRejected,
    OrderRecorded,
    OrderRejected,
    PickRejected,
)
from service.events.reallocation import (
    ConsignmentReallocationRejected,
    ConsignmentReallocationRequested,
    ConsignmentReallocationStarted,
)
from service.events.received import ManifestRequested, OrderPlaced, StockPicked
from service.events.requested import ConsignmentRequested
from service.events.said import Event
from service.events.topics import EventType

_EVENTS: tuple[type[Event], ...] = (
    OrderPlaced,
    OrderAmended,
    OrderCancelled,
    StockPicked,
    PickWithdrawn,
    ConsignmentRequested,
    ConsignmentReallocationRequested,
    ManifestRequested,
    OrderRecorded,
    OrderRejected,
    OrderAmendmentApplied,
    OrderAmendmentRejected,
    OrderCancellationApplied,
    OrderCancellationRejected,
    ConsignmentCreated,
    PickRejected,
    PickWithdrawalApplied,
    PickWithdrawalRejected,
    ConsignmentRejected,
    ConsignmentCancelled,
    ConsignmentAllocated,
    ConsignmentAllocationFailed,
    ConsignmentReallocationStarted,
    ConsignmentReallocationRejected,
    ConsignmentLabelled,
    ConsignmentManifested,
    ConsignmentManifestFailed,
)

MODELS: Mapping[EventType, type[Event]] = MappingProxyType({m.event_type: m for m in _EVENTS})
"""The model of each event type, complete."""


def schema_id(event_type: EventType) -> str:
    """The `dataschema` of an event type: an id, not an address."""
    return f"urn:orderflex:event:{event_type.value}:v1"
