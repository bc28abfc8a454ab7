"""What we tell others: one model for each outcome event.

Each carries `sequence`, which grows with every outcome of an order; what can happen again (an
allocation and all that follows from it) carries its `allocation_number`. We consume some of our
own outcomes for the next step, so these models read as well as they write.
"""

from typing import Annotated, ClassVar, Literal, TypedDict

from pydantic import Field

from service.events.said import Event, Reference, Said
from service.events.topics import EventType

Direction = Literal["outbound", "inbound"]
Text = Annotated[str, Field(max_length=10_000)]
"""Other systems' words, not ours to refuse."""
Count = Annotated[int, Field(ge=1)]


class RejectionDetail(Said):
    """One of the problems of a rejection; `target` is the field at fault, in the source's words."""

    code: Text | None = None
    target: Text | None = None
    message: Text | None = None


class Rejection(Said):
    """Why something was refused. `source` says by whom; `correlation_id` is for PRO's support."""

    source: Literal["pro", "orderflex"]
    code: Text
    message: Text
    details: Annotated[tuple[RejectionDetail, ...], Field(strict=False)] = ()
    correlation_id: Text | None = None


class Outcome(Event):
    """What every outcome says. `sequence` grows within an order."""

    sequence: Annotated[int, Field(ge=0)]

    @property
    def subject(self) -> str:
        """What the event is about (CloudEvents `subject`): the order or a consignment."""
        return self.kafka_key


class OrderOutcome(Outcome):
    """What every outcome of an order says."""

    order_reference: Reference

    @property
    def kafka_key(self) -> str:
        """`order_reference`"""
        return self.order_reference


class OrderRecorded(OrderOutcome):
    """PRO knows the order, under its own `EO-…` reference."""

    event_type: ClassVar[EventType] = EventType.ORDER_RECORDED
    pro_order_reference: Reference


class OrderRejected(OrderOutcome):
    """PRO refused the order; the same reference with new content is a new attempt."""

    event_type: ClassVar[EventType] = EventType.ORDER_REJECTED
    rejection: Rejection


class PickRejected(OrderOutcome):
    """The pick was refused, by PRO or by us; nothing was packed."""

    event_type: ClassVar[EventType] = EventType.PICK_REJECTED
    pick_reference: Reference
    rejection: Rejection


class ConsignmentRejected(Outcome):
    """PRO refused a consignment without an order; the same reference with new content is a new
    attempt."""

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_REJECTED
    consignment_reference_provided_by_customer: Reference
    rejection: Rejection

    @property
    def kafka_key(self) -> str:
        """`consignment_reference_provided_by_customer`"""
        return self.consignment_reference_provided_by_customer


class ConsignmentNames(TypedDict):
    """How a consignment is named, whichever outcome speaks of it."""

    order_reference: str | None
    pick_reference: str | None
    consignment_reference: str
    consignment_reference_provided_by_customer: str


class ConsignmentOutcome(Outcome):
    """What every outcome of a consignment (`EC-…`) says.

    `consignment_reference_provided_by_customer` is the reference that PRO was given for it; a
    return has the same one. One that was requested without an order has no `order_reference` and
    no `pick_reference`.
    """

    order_reference: Reference | None = None
    pick_reference: Reference | None = None
    consignment_reference: Reference
    consignment_reference_provided_by_customer: Reference
    allocation_number: Count = 1

    @property
    def kafka_key(self) -> str:
        """`order_reference`, without an order `consignment_reference_provided_by_customer`"""
        return self.order_reference or self.consignment_reference_provided_by_customer

    @property
    def names(self) -> ConsignmentNames:
        """Its names, for the outcomes that follow."""
        return {
            "order_reference": self.order_reference,
            "pick_reference": self.pick_reference,
            "consignment_reference": self.consignment_reference,
            "consignment_reference_provided_by_customer": (
                self.consignment_reference_provided_by_customer
            ),
        }

    @property
    def subject(self) -> str:
        """The consignment."""
        return self.consignment_reference


class ConsignmentCreated(ConsignmentOutcome):
    """A pick, or a request without an order, became a consignment (with a return: two events, told
    apart by `direction`).

    `allocation_number` is the one its allocation will carry. `shipping_location_reference` is where
    it leaves from; of an inbound one, where it goes.
    """

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_CREATED
    pro_order_reference: Reference | None = None
    direction: Direction
    shipping_location_reference: Reference | None = None


class Named(Said):
    """A carrier or a carrier service: PRO's reference and the name people know."""

    reference: Text | None = None
    name: Text | None = None


class ConsignmentAllocated(ConsignmentOutcome):
    """A carrier service has the consignment."""

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_ALLOCATED
    carrier: Named
    carrier_service: Named
    tracking_references: Annotated[tuple[Text, ...], Field(strict=False)] = ()


class ConsignmentAllocationFailed(ConsignmentOutcome):
    """No carrier service took the consignment; it waits for a person."""

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_ALLOCATION_FAILED
    rejection: Rejection


class PaperFacts(TypedDict):
    """What is told of every stored paper."""

    content_type: str
    sha256: str
    size_bytes: int
    address: str
    content_base64: str | None


class StoredPaper(Said):
    """A stored file: where it is, and how to be sure that it is that one.

    `content_base64` is the file itself, when that is switched on and all papers are small.
    """

    content_type: Text
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size_bytes: Annotated[int, Field(ge=0)]
    address: Text
    content_base64: str | None = None


class Labels(StoredPaper):
    """A file of labels."""

    format: Text


class PackageLabel(Labels):
    """The label of one package (`EP-…`)."""

    package_reference: Reference


class CustomsDocument(StoredPaper):
    """A customs paper. A CN22 or CN23 is one package's, which is named where PRO tells.

    `file_name` is the name that PRO gave the file.
    """

    kind: Literal["commercial_invoice", "cn22", "cn23"]
    package_reference: Reference | None = None
    file_name: Text | None = None


class ConsignmentLabelled(ConsignmentOutcome):
    """The labels of all packages are stored as one file, and so are the customs papers needed.

    `package_labels`: each package's label as a file of its own, when that is switched on.
    """

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_LABELLED
    labels: Labels
    package_labels: Annotated[tuple[PackageLabel, ...], Field(strict=False)] = ()
    customs_documents: Annotated[tuple[CustomsDocument, ...], Field(strict=False)] = ()


class ManifestOutcome(ConsignmentOutcome):
    """What both ends of a manifest say."""

    manifest_reference: Reference
    shipping_location_reference: Reference
    carrier_reference: Text | None = None


class ConsignmentManifested(ManifestOutcome):
    """The carrier has the data and will come."""

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_MANIFESTED


class ConsignmentManifestFailed(ManifestOutcome):
    """The carrier could not be told; it may be asked for again."""

    event_type: ClassVar[EventType] = EventType.CONSIGNMENT_MANIFEST_FAILED
    rejection: Rejection
