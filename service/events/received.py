"""What other systems tell us: `order.placed`, `stock.picked`, `manifest.requested`.

Each model holds everything that PRO's Create Order or Pack Order can take, in our own words.
Validation ends in one normal form: `packages` is always filled (plain `items` become one package),
weights are in kg and sizes in cm, `null` is gone.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from service.events.allocation import SaidWays
from service.events.details import CustomsDocumentation, MetadataList
from service.events.goods import MAX_ITEMS, MAX_PACKAGES, Shipment, Tags, one_of, with_few_items
from service.events.measures import Dimensions, Weight
from service.events.said import Day, Event, Quantity, Reference, Said, refuse
from service.events.topics import EventType


class OrderPlaced(Shipment):
    """An order to deliver. `order.placed`, key: `order_reference`.

    `allocation` is for all its picks that name none. `delivery_option_reference` (`EDO-…`) has PRO
    make the order of this option: then its days are the option's, and its goods have to be those
    that the option was made for.
    """

    event_type: ClassVar[EventType] = EventType.ORDER_PLACED

    order_reference: Reference
    delivery_option_reference: Reference | None = None

    @model_validator(mode="after")
    def _days_are_the_options(self) -> "OrderPlaced":
        if self.delivery_option_reference is not None:
            for name in ("required_delivery_date", "shipping_date"):
                if getattr(self, name) is not None:
                    raise refuse(name, f"{name} comes with the delivery option: leave it out")
        return self

    @property
    def kafka_key(self) -> str:
        """`order_reference`"""
        return self.order_reference


class PickedItem(Said):
    """`quantity` units of an order's line, named by one of three references.

    Where two lines share a SKU, name the line by `item_reference`.
    """

    sku: Reference | None = None
    item_reference: Reference | None = None
    pro_reference: Reference | None = None
    quantity: Quantity

    @model_validator(mode="after")
    def _has_a_name(self) -> "PickedItem":
        if not (self.sku or self.item_reference or self.pro_reference):
            raise refuse("item", "needs sku, item_reference or pro_reference")
        return self


PickedItems = Annotated[tuple[PickedItem, ...], Field(strict=False, max_length=MAX_ITEMS)]


class PickedPackage(Said):
    """A box that was really packed. Weight and dimensions left out are worked out from the order's
    lines before PRO is asked (see `StockPicked.with_packages`)."""

    weight: Weight | None = None
    dimensions: Dimensions | None = None
    package_size_reference: Reference | None = None
    items: Annotated[PickedItems, Field(min_length=1)]

    @property
    def is_complete(self) -> bool:
        """Whether PRO can be asked: a package size, or both weight and dimensions."""
        measured = self.weight is not None and self.dimensions is not None
        return measured or self.package_size_reference is not None


class StockPicked(Event):
    """Items of an order left one location together. `stock.picked`, key: `order_reference`.

    `pick_reference` is unique within the order. `shipping_location_reference` is the location they
    left, where that is not the order's origin. `tags` None keeps the order's tags, a list (even an
    empty one) replaces them; `allocation` names the ways to allocate its consignments.
    """

    event_type: ClassVar[EventType] = EventType.STOCK_PICKED

    order_reference: Reference
    pick_reference: Reference
    shipping_location_reference: Reference | None = None
    packages: Annotated[
        tuple[PickedPackage, ...], Field(strict=False, max_length=MAX_PACKAGES)
    ] = ()
    items: PickedItems = Field(default=(), description="Instead of packages: one package.")
    weight: Weight | None = Field(default=None, description="Of the one package, with items.")
    dimensions: Dimensions | None = Field(default=None, description="As weight.")
    package_size_reference: Reference | None = Field(default=None, description="As weight.")
    generate_return: bool = False
    metadata: MetadataList = ()
    customs_documentation: CustomsDocumentation | None = None
    tags: Tags | None = None
    allocation: SaidWays | None = None

    @model_validator(mode="before")
    @classmethod
    def _not_too_much(cls, data: object) -> object:
        return with_few_items(data)

    @model_validator(mode="after")
    def _normal_form(self) -> "StockPicked":
        one_of(packages=bool(self.packages), items=bool(self.items))
        measures = ("weight", "dimensions", "package_size_reference")
        given = {name: getattr(self, name) for name in measures}
        if self.items:
            package = PickedPackage(items=self.items, **given)
            object.__setattr__(self, "packages", (package,))
            object.__setattr__(self, "items", ())
            for name in measures:
                object.__setattr__(self, name, None)
        elif any(measure is not None for measure in given.values()):
            raise refuse("package", "with packages, each package says its own weight and size")
        return self

    def with_packages(self, packages: Iterable[PickedPackage]) -> "StockPicked":
        """The same pick with its packages completed."""
        return self.model_copy(update={"packages": tuple(packages)})

    @property
    def lines(self) -> tuple[PickedItem, ...]:
        """All items of all packages, in the order they were said."""
        return tuple(item for package in self.packages for item in package.items)

    @property
    def kafka_key(self) -> str:
        """`order_reference`"""
        return self.order_reference


ManifestableState = Literal["allocated", "ready_to_ship", "manifest_failed"]


class ManifestRequested(Event):
    """Send a location's ready consignments to their carriers. `manifest.requested`, key:
    `shipping_location_reference`.

    `manifest_reference` names this one request. The rest limits what is taken, each to what PRO
    says of a consignment when the request is read; what is left out limits nothing. `carriers`
    are their references; the shipping dates are both included.
    """

    event_type: ClassVar[EventType] = EventType.MANIFEST_REQUESTED

    manifest_reference: Reference
    shipping_location_reference: Reference
    carriers: Annotated[tuple[Reference, ...], Field(strict=False, max_length=100)] = ()
    states: Annotated[tuple[ManifestableState, ...], Field(strict=False)] = ()
    labels_printed: bool | None = None
    shipping_date_from: Day | None = None
    shipping_date_until: Day | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> "ManifestRequested":
        first, last = self.shipping_date_from, self.shipping_date_until
        if first is not None and last is not None and first > last:
            raise refuse("shipping_date_from", "shipping_date_from is after shipping_date_until")
        return self

    @property
    def kafka_key(self) -> str:
        """`shipping_location_reference`"""
        return self.shipping_location_reference
