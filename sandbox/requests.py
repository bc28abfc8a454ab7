"""Request bodies, as the contract lists them."""

from typing import Annotated

from pydantic import Field, StrictBool

from sandbox.dates import LooseDateTime, OffsetDateTime
from sandbox.goods import OrderPackageInput, PackageInput
from sandbox.models import (
    Address,
    CustomsDocumentation,
    Dimensions,
    Int32,
    MetaData,
    Model,
    RequestedDeliveryDate,
    Weight,
)
from sandbox.states import ConsignmentState
from sandbox.words import Direction, EventKind, Source


class CreateOrderRequest(Model):
    """A new order (RULES 3.2)."""

    order_reference_provided_by_customer: str | None = None
    required_delivery_date: RequestedDeliveryDate | None = None
    source: Source = Source.API
    shipping_date: LooseDateTime | None = None
    packages: Annotated[list[PackageInput], Field(min_length=1)]
    customs_documentation: CustomsDocumentation | None = None
    addresses: list[Address]
    meta_data: list[MetaData] | None = None
    direction: Direction = Direction.OUTBOUND
    tags: list[str] | None = None


class UpdateOrderRequest(Model):
    """Changes to an order (RULES 3.3). Source and Packages may stand there and are not read."""

    order_reference: str
    order_reference_provided_by_customer: str | None = None
    required_delivery_date: RequestedDeliveryDate | None = None
    shipping_date: LooseDateTime | None = None
    customs_documentation: CustomsDocumentation | None = None
    addresses: list[Address] | None = None
    meta_data: list[MetaData] | None = None
    direction: Direction | None = None
    tags: list[str] | None = None


class PackItem(Model):
    """Names goods of the order; which of the three names is given is checked later."""

    sku: str | None = None
    reference: str | None = None
    item_reference_provided_by_customer: str | None = None
    # Absent would read as 0 in .NET, which packs nothing: refused.
    quantity: Annotated[Int32, Field(ge=1)]


class PackPackage(Model):
    """A box packed for the consignment."""

    dimensions: Dimensions | None = None
    weight: Weight | None = None
    package_size_reference: str | None = None
    items: Annotated[list[PackItem], Field(min_length=1)]


class PackOrderRequest(Model):
    """Makes one consignment, or two, out of goods of an order (RULES 3.4)."""

    order_reference: str
    order_reference_provided_by_customer: str | None = None
    generate_return: StrictBool = False
    packages: Annotated[list[PackPackage], Field(min_length=1)]
    meta_data: list[MetaData] | None = None
    customs_documentation: CustomsDocumentation | None = None
    tags: list[str] | None = None


class OrderConsignmentsRequest(Model):
    """Orders whose consignments are wanted."""

    order_references: Annotated[list[str], Field(min_length=1)]


class OrderPackagesRequest(Model):
    """Packages to add to an order, or to change."""

    order_reference: str
    order_packages: Annotated[list[OrderPackageInput], Field(min_length=1)]


class DeleteOrderPackagesRequest(Model):
    """Packages to delete from an order."""

    order_reference: str
    order_package_references: Annotated[list[str], Field(min_length=1)]


class SelectedOption(Model):
    """A delivery option that is to become an order."""

    reference: str
    order_reference_provided_by_customer: str | None = None
    meta_data: list[MetaData] | None = None


class SelectOrderRequest(Model):
    """Delivery options to turn into orders."""

    delivery_options: Annotated[list[SelectedOption], Field(min_length=1)]


class CreateConsignmentRequest(Model):
    """A new consignment made without an order (RULES 4.2)."""

    consignment_reference_provided_by_customer: str | None = None
    source: Source = Source.API
    required_delivery_date: RequestedDeliveryDate | None = None
    shipping_date: LooseDateTime | None = None
    packages: Annotated[list[PackageInput], Field(min_length=1)]
    customs_documentation: CustomsDocumentation | None = None
    addresses: list[Address]
    meta_data: list[MetaData] | None = None
    direction: Direction = Direction.OUTBOUND
    tags: list[str] | None = None


class DeliveryOptionsRequest(CreateConsignmentRequest):
    """Goods and addresses to find options for."""

    delivery_date: LooseDateTime | None = None
    guaranteed_only: StrictBool = False


class UpdateConsignmentRequest(Model):
    """Full replacement of a consignment's editable fields (RULES 4.3)."""

    reference: str
    shipping_date: LooseDateTime | None = None
    requested_delivery_date: RequestedDeliveryDate | None = None
    consignment_reference_provided_by_customer: str | None = None
    customs_documentation: CustomsDocumentation | None = None
    addresses: list[Address] | None = None
    meta_data: list[MetaData] | None = None
    packages: list[PackageInput] | None = None
    tags: list[str] | None = None


class CustomerReferenceRequest(Model):
    """A reference of the customer's; empty text takes it away."""

    reference: str


class ConsignmentReferencesRequest(Model):
    """Consignments to act on."""

    consignment_references: Annotated[list[str], Field(min_length=1)]


class AllocateWithCarrierServiceRequest(ConsignmentReferencesRequest):
    """Consignments to allocate, and the service to use."""

    mpd_carrier_service_reference: Annotated[str, Field(min_length=1)]


class AllocateWithServiceGroupRequest(ConsignmentReferencesRequest):
    """Consignments to allocate, and the service group to choose from."""

    mpd_carrier_service_group_reference: Annotated[str, Field(min_length=1)]


class AllocationFilters(Model):
    """Limits for the choice of a service; what is absent limits nothing."""

    service_direction: Direction | None = None
    is_pickup: StrictBool | None = None
    is_drop_off: StrictBool | None = None


class AllocateWithFiltersRequest(ConsignmentReferencesRequest):
    """Consignments to allocate, and limits."""

    filters: AllocationFilters = AllocationFilters()


class ShippingDateRange(Model):
    """First and last shipping date."""

    start_date: LooseDateTime | None = None
    end_date: LooseDateTime | None = None


class ManifestFromQueryRequest(Model):
    """Which consignments to manifest; criteria are combined (RULES 8)."""

    shipping_location_references: list[str] | None = None
    states: Annotated[list[str], Field(min_length=1)]
    carriers: list[str] | None = None
    labels_printed: StrictBool | None = None
    shipping_date: LooseDateTime | None = None
    shipping_date_ranges: ShippingDateRange | None = None


class Period(Model):
    """From when to when; both are included."""

    start: OffsetDateTime
    end: OffsetDateTime


class ConsignmentEventRequest(Period):
    """Events wanted."""

    event_types: list[EventKind]


class ConsignmentStateEventRequest(Period):
    """State changes wanted."""

    consignment_states: list[ConsignmentState]
