"""The flow, in one table: event in → reaction → PRO operation → outcomes. Open this first.

Each step stands alone: it is retried, scaled and switched off without the others, because the
service consumes its own outcome events for the later steps.
"""

from dataclasses import dataclass

from service.events.topics import EventType
from service.reactions.consignment_allocated import FetchPapers
from service.reactions.consignment_created import AllocateConsignment
from service.reactions.consignment_requested import CreateConsignment
from service.reactions.manifest_requested import ManifestLocation
from service.reactions.order_amended import AmendOrder
from service.reactions.order_cancelled import CancelOrder
from service.reactions.order_placed import RecordOrder
from service.reactions.pick_withdrawn import WithdrawPick
from service.reactions.reallocation_requested import ReallocateConsignment
from service.reactions.stock_picked import PackPick


@dataclass(frozen=True)
class Step:
    """One step of the flow."""

    event: EventType
    reaction: type
    pro_operation: str
    outcomes: tuple[EventType, ...]


FLOW: tuple[Step, ...] = (
    Step(
        EventType.ORDER_PLACED,
        RecordOrder,
        "Create Order or Select Option As Order",
        (EventType.ORDER_RECORDED, EventType.ORDER_REJECTED),
    ),
    Step(
        EventType.ORDER_AMENDED,
        AmendOrder,
        "Update Order, Update Consignment",
        (EventType.ORDER_AMENDMENT_APPLIED, EventType.ORDER_AMENDMENT_REJECTED),
    ),
    Step(
        EventType.ORDER_CANCELLED,
        CancelOrder,
        "Cancel Consignments",
        (
            EventType.ORDER_CANCELLATION_APPLIED,
            EventType.ORDER_CANCELLATION_REJECTED,
            EventType.CONSIGNMENT_CANCELLED,
        ),
    ),
    Step(
        EventType.STOCK_PICKED,
        PackPick,
        "Pack Order, Update Consignment",
        (EventType.CONSIGNMENT_CREATED, EventType.PICK_REJECTED),
    ),
    Step(
        EventType.PICK_WITHDRAWN,
        WithdrawPick,
        "Cancel Consignments",
        (
            EventType.PICK_WITHDRAWAL_APPLIED,
            EventType.PICK_WITHDRAWAL_REJECTED,
            EventType.CONSIGNMENT_CANCELLED,
        ),
    ),
    Step(
        EventType.CONSIGNMENT_REQUESTED,
        CreateConsignment,
        "Create Consignment",
        (EventType.CONSIGNMENT_CREATED, EventType.CONSIGNMENT_REJECTED),
    ),
    Step(
        EventType.CONSIGNMENT_CREATED,
        AllocateConsignment,
        "Allocate: default rules, group or service",
        (EventType.CONSIGNMENT_ALLOCATED, EventType.CONSIGNMENT_ALLOCATION_FAILED),
    ),
    Step(
        EventType.CONSIGNMENT_REALLOCATION_REQUESTED,
        ReallocateConsignment,
        "Set Not Ready To Ship, Deallocate",
        (
            EventType.CONSIGNMENT_REALLOCATION_STARTED,
            EventType.CONSIGNMENT_REALLOCATION_REJECTED,
        ),
    ),
    Step(
        EventType.CONSIGNMENT_REALLOCATION_STARTED,
        AllocateConsignment,
        "Allocate: default rules, group or service",
        (EventType.CONSIGNMENT_ALLOCATED, EventType.CONSIGNMENT_ALLOCATION_FAILED),
    ),
    Step(
        EventType.CONSIGNMENT_ALLOCATED,
        FetchPapers,
        "Get Labels in Format, Get Customs Documents",
        (EventType.CONSIGNMENT_LABELLED,),
    ),
    Step(
        EventType.MANIFEST_REQUESTED,
        ManifestLocation,
        "Set Ready To Ship, Manifest From Query",
        (EventType.CONSIGNMENT_MANIFESTED, EventType.CONSIGNMENT_MANIFEST_FAILED),
    ),
)
