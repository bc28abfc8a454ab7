"""What PRO remembers: an order, and a consignment with its state and history."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from sandbox.goods import ConsignmentLeg, Item, Package
from sandbox.models import (
    Address,
    CustomsDocumentation,
    MetaData,
    Money,
    RequestedDeliveryDate,
    Weight,
)
from sandbox.reference_data import CARRIERS, SERVICES, Carrier, CarrierService
from sandbox.states import ConsignmentState
from sandbox.words import AddressType, Direction, EventKind, Source

ServiceByReference = Annotated[
    CarrierService,
    PlainValidator(SERVICES.__getitem__),
    PlainSerializer(lambda service: service.reference, return_type=str),
]
"""A service of the catalogue; in a file that keeps the state only its reference is written."""


@dataclass(slots=True)
class Order:
    """Goods for one destination. It has no state (RULES 3.1)."""

    reference: str
    created: datetime
    customer_reference: str | None
    addresses: list[Address]
    packages: list[Package]
    direction: Direction
    source: Source
    required_delivery_date: RequestedDeliveryDate | None
    shipping_date: datetime | None
    customs_documentation: CustomsDocumentation | None
    meta_data: list[MetaData] | None
    tags: list[str] | None
    delivery_option: str | None = None
    """The EDO- reference of the option that it was made from."""
    delivery_between: tuple[datetime, datetime] | None = None
    """The option's window."""
    consignments: list[tuple[str, str | None]] = field(default_factory=list)
    """Each pack's consignment and, when one was generated, its return."""

    @property
    def lines(self) -> list[Item]:
        """The item lines of all packages."""
        return [item for package in self.packages for item in package.items]


@dataclass(frozen=True, slots=True)
class Allocated:
    """The carrier service a consignment was given."""

    service: ServiceByReference
    date: datetime
    legs: list[ConsignmentLeg]
    expected_delivery: datetime
    group: str | None = None
    """The service group that was asked for."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an allocation or a manifest failed, and when."""

    date: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What a carrier saw of a consignment, and when."""

    date: datetime
    code: str
    """The state that it led to."""
    description: str
    location: str | None = None
    signed_by: str | None = None
    leg: int = 1


@dataclass(frozen=True, slots=True)
class Event:
    """What was done to a consignment, other than taking it into a state."""

    date: datetime
    kind: EventKind
    detail: str


@dataclass(slots=True)
class Consignment:
    """Packages with one origin, one destination, one service."""

    reference: str
    order_reference: str
    """Never answered: PRO does not name the order on a consignment (RULES 10).

    Empty when it was made without an order.
    """
    created: datetime
    customer_reference: str
    addresses: list[Address]
    packages: list[Package]
    direction: Direction
    source: Source
    requested_delivery_date: RequestedDeliveryDate | None
    shipping_date: datetime | None
    customs_documentation: CustomsDocumentation | None
    meta_data: list[MetaData] | None
    tags: list[str]
    state: ConsignmentState = ConsignmentState.UNALLOCATED
    history: list[tuple[datetime, ConsignmentState]] = field(default_factory=list)
    allocation: Allocated | None = None
    failed_allocation: Failure | None = None
    """Stays after a later success (RULES 5)."""
    failed_manifest: Failure | None = None
    allocation_count: int = 0
    manifest_count: int = 0
    """How often the carrier was told of it: more than once is a fault of the caller."""
    label_count: int = 0
    labels_first_printed: datetime | None = None
    scans: list[Scan] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def address(self, kind: AddressType) -> Address | None:
        """The address that plays a part, if there is one."""
        return next((each for each in self.addresses if each.address_type is kind), None)

    @property
    def shipping_location(self) -> str | None:
        """The location it belongs to: its origin's, else (a return) its destination's."""
        for kind in (AddressType.ORIGIN, AddressType.DESTINATION):
            address = self.address(kind)
            if address is not None and address.shipping_location_reference:
                return address.shipping_location_reference
        return None

    def entered(self, state: ConsignmentState) -> datetime | None:
        """When it was last taken into a state; None for never."""
        return next((when for when, each in reversed(self.history) if each is state), None)

    @property
    def kilograms(self) -> float:
        """Weight of all packages."""
        return round(sum(package.weight.kilograms for package in self.packages), 4)


@dataclass(slots=True)
class DeliveryOption:
    """A day, a window and a service on offer for goods that are not recorded yet."""

    reference: str
    consignment: Consignment
    """What it was reckoned for, with an EPC- reference; it is none of PRO's consignments yet."""
    addresses: list[Address]
    """As they were sent: an order does not write locations out (RULES 3.2)."""
    service: ServiceByReference
    opens: datetime
    closes: datetime
    """The window in which the goods arrive."""
    cut_off: datetime
    """After this the option is dead."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A carrier service's offer."""

    reference: str
    consignment: str | None
    """Whose it is; None for goods that are not recorded."""
    service: ServiceByReference
    created: datetime
    expires: datetime
    """Of no use after this."""


@dataclass(slots=True)
class ManifestFile:
    """What one carrier was told in one go of what it collects at one location."""

    reference: str
    """32 hex digits."""
    carrier: Annotated[
        Carrier,
        PlainValidator(CARRIERS.__getitem__),
        PlainSerializer(lambda carrier: carrier.reference, return_type=str),
    ]
    location: str | None
    created: datetime
    bookings: int = 0
    """How many consignments; which ones is not told (RULES 8)."""
    packages: int = 0
    kilograms: float = 0.0


def total_weight(packages: list[Package]) -> Weight:
    """The sum over packages, in Kg."""
    return Weight(value=round(sum(each.weight.kilograms for each in packages), 4), unit="Kg")


def total_value(packages: list[Package]) -> Money:
    """The sum over packages, in the currency of the first that has one."""
    currency = next((each.value.currency for each in packages if each.value.currency), None)
    amount = round(sum(each.value.amount for each in packages), 4)
    return Money(amount=amount, currency=currency)
