"""A consignment is to be allocated again: what asks for it, and what comes of it."""

from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, model_validator

from service.events.allocation import SaidWays
from service.events.published import ConsignmentOutcome, Rejection
from service.events.published import Text as TheirText
from service.events.said import Event, Reference, Text, refuse
from service.events.topics import EventType


class ConsignmentReallocationRequested(Event):
    """Take a consignment's allocation back and allocate it again.
    `consignment.reallocation_requested`, key: `order_reference`, without an order
    `consignment_reference_provided_by_customer`.

    `request_reference` names this one request of the consignment. `allocation` names the ways to
    try; left out, those of before are tried again.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["order_reference"]},
                {"required": ["consignment_reference_provided_by_customer"]},
            ]
        }
    )
    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_REALLOCATION_REQUESTED

    order_reference: Reference | None = None
    consignment_reference_provided_by_customer: Reference | None = Field(
        default=None, description="Needed of a consignment without an order."
    )
    consignment_reference: Reference
    request_reference: Reference
    allocation: SaidWays | None = None
    reason: Text | None = Field(default=None, description="For people; no personal data.")

    @model_validator(mode="after")
    def _has_a_key(self) -> "ConsignmentReallocationRequested":
        if not self.kafka_key:
            raise refuse(
                "order_reference",
                "needs order_reference, or for a consignment without an order "
                "consignment_reference_provided_by_customer",
            )
        return self

    @property
    def kafka_key(self) -> str:
        """`order_reference`, without an order `consignment_reference_provided_by_customer`"""
        return self.order_reference or self.consignment_reference_provided_by_customer or ""


class ConsignmentReallocationStarted(ConsignmentOutcome):
    """The consignment has no allocation any more and is being allocated again.

    `allocation_number` is the one its new allocation will carry. The labels and tracking references
    of the old one are void: a label that was printed must not be used.
    """

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_REALLOCATION_STARTED
    request_reference: Reference
    reason: TheirText | None = None
    void_tracking_references: Annotated[tuple[TheirText, ...], Field(strict=False)] = ()


class ConsignmentReallocationRejected(ConsignmentOutcome):
    """It could not be allocated again; its allocation is as it was."""

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_REALLOCATION_REJECTED
    request_reference: Reference
    rejection: Rejection
