"""What we read of PRO's answers about orders (openapi.yaml: Order; RULES 3).

As tolerant as `answers.py`. An order has no state and does not name its consignments.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from service.pro.answers import Links, OptionalText, Read, ReadAddress, null_is_empty


class ReadWeight(Read):
    """A weight; every sample is in Kg."""

    value: Decimal
    unit: OptionalText = None


class ReadDimensions(Read):
    """The size of a box; every sample is in Cm."""

    width: Decimal
    length: Decimal
    height: Decimal
    unit: OptionalText = None


class ReadCurrency(Read):
    """ISO 4217 letters."""

    iso_code: str


class ReadMoney(Read):
    """An amount; PRO may leave the currency out."""

    amount: Decimal
    currency: ReadCurrency | None = None


class OrderItem(Read):
    """A line of an order; a pick names it by one of its three references."""

    sku: OptionalText = None
    reference: OptionalText = None
    """PRO's own, 32 hex digits."""
    item_reference_provided_by_customer: OptionalText = None
    quantity: int | None = None
    description: OptionalText = None
    harmonisation_code: OptionalText = None
    weight: ReadWeight | None = None
    dimensions: ReadDimensions | None = None
    value: ReadMoney | None = None


OrderItems = Annotated[tuple[OrderItem, ...], BeforeValidator(null_is_empty)]


class OrderPackage(Read):
    """A box of an order."""

    reference: OptionalText = None
    package_reference_provided_by_customer: OptionalText = None
    description: OptionalText = None
    package_size_reference: OptionalText = None
    weight: ReadWeight | None = None
    dimensions: ReadDimensions | None = None
    value: ReadMoney | None = None
    items: OrderItems = ()


class Order(Read):
    """`GET /orders/{ref}`"""

    order_reference: str
    order_reference_provided_by_customer: OptionalText = None
    delivery_option_reference: OptionalText = None
    direction: OptionalText = None
    addresses: tuple[ReadAddress, ...]
    packages: Annotated[tuple[OrderPackage, ...], BeforeValidator(null_is_empty)] = ()
    tags: Annotated[tuple[str, ...], BeforeValidator(null_is_empty)] = ()

    @property
    def address_types(self) -> frozenset[str]:
        """Which addresses it has: these are updated, others are added (RULES 3.3)."""
        return frozenset(address.address_type for address in self.addresses)


class SelectOrderResult(Read):
    """Outcome for one delivery option; `status` is an HTTP status for it alone."""

    delivery_option_reference: str
    order_reference: OptionalText = None
    status: int
    message: OptionalText = None
    links: Links = ()


class SelectOrderResponse(Read):
    """`POST /deliveryoptions/selectorder`"""

    select_order_results: tuple[SelectOrderResult, ...]
