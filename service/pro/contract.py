"""What we ask of PRO, in PRO's own words (openapi.yaml, RULES sections 3, 5 and 8).

Made of the parts in `parts.py`; filled in by `mapping.py` and the reactions.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from service.pro.parts import (
    Address,
    CustomsDocumentation,
    Dimensions,
    Direction,
    MetaData,
    Package,
    RequiredDeliveryDate,
    Sent,
    Weight,
)


class CreateOrderRequest(Sent):
    """`POST /orders`"""

    order_reference_provided_by_customer: str
    required_delivery_date: RequiredDeliveryDate | None = None
    source: Literal["Api"] = "Api"
    shipping_date: datetime | None = None
    packages: tuple[Package, ...]
    customs_documentation: CustomsDocumentation | None = None
    addresses: tuple[Address, ...]
    meta_data: tuple[MetaData, ...] | None = None
    direction: Direction
    tags: tuple[str, ...] | None = None


class PackItem(Sent):
    """Goods of the order, by one of three references."""

    sku: str | None = None
    reference: str | None = None
    item_reference_provided_by_customer: str | None = None
    quantity: int


class PackPackage(Sent):
    """A packed box."""

    dimensions: Dimensions | None = None
    weight: Weight | None = None
    package_size_reference: str | None = None
    items: tuple[PackItem, ...]


class PackOrderRequest(Sent):
    """`POST /orders/{orderReference}/pack`. The customer reference becomes the consignment's own
    and is the only handle to find it by after a lost answer."""

    order_reference: str
    order_reference_provided_by_customer: str
    generate_return: bool
    packages: tuple[PackPackage, ...]
    meta_data: tuple[MetaData, ...] | None = None
    customs_documentation: CustomsDocumentation | None = None
    tags: tuple[str, ...] | None = None


class SelectDeliveryOption(Sent):
    """A delivery option (`EDO-…`) that shall become an order."""

    reference: str
    order_reference_provided_by_customer: str
    meta_data: tuple[MetaData, ...] | None = None


class SelectOrderRequest(Sent):
    """`POST /deliveryoptions/selectorder`"""

    delivery_options: tuple[SelectDeliveryOption, ...]


class CreateConsignmentRequest(Sent):
    """`POST /consignments`. The customer reference is the only handle to find it by after a lost
    answer. The wanted day is named RequestedDeliveryDate when read back."""

    consignment_reference_provided_by_customer: str
    source: Literal["Api"] = "Api"
    required_delivery_date: RequiredDeliveryDate | None = None
    shipping_date: datetime | None = None
    packages: tuple[Package, ...]
    customs_documentation: CustomsDocumentation | None = None
    addresses: tuple[Address, ...]
    meta_data: tuple[MetaData, ...] | None = None
    direction: Direction
    tags: tuple[str, ...] | None = None


class ConsignmentReferencesRequest(Sent):
    """`PUT /allocation/allocate`"""

    consignment_references: tuple[str, ...]


class AllocateWithCarrierServiceRequest(Sent):
    """`PUT /allocation/allocatewithcarrierservice`"""

    consignment_references: tuple[str, ...]
    mpd_carrier_service_reference: str


class ShippingDateRange(Sent):
    """First and last shipping date; either may be open."""

    start_date: datetime | None = None
    end_date: datetime | None = None


ManifestState = Literal["Allocated", "ManifestFailed", "ReadyToShip"]


class ManifestFromQueryRequest(Sent):
    """`POST /consignments/manifestFromQuery`; all criteria must match, one of each list.

    `carriers` are carrier references. PRO takes one range in spite of the plural name, and does not
    say whether fetching a label makes it printed: try `labels_printed` out before relying on it.
    """

    shipping_location_references: tuple[str, ...] | None = None
    states: Annotated[tuple[ManifestState, ...], Field(min_length=1)]
    carriers: tuple[str, ...] | None = None
    labels_printed: bool | None = None
    shipping_date: datetime | None = None
    shipping_date_ranges: ShippingDateRange | None = None
