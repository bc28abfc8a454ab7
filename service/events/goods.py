"""Goods and where they go: what an order and a consignment without one are both made of."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from service.events.allocation import SaidWays
from service.events.details import (
    Barcode,
    ContentClassification,
    ContentClassificationDetails,
    CustomsDocumentation,
    MetadataList,
    RequiredDeliveryDate,
)
from service.events.measures import (
    Dimensions,
    Money,
    Weight,
    box_of_units,
    value_of_units,
    weight_of_units,
)
from service.events.parties import Address, CountryOrCode, OtherAddress, Place
from service.events.said import Event, Quantity, Reference, Said, Text, Time, refuse

MAX_PACKAGES = 100
MAX_ITEMS = 1000
MAX_DESCRIPTION = 100
"""Characters of a description that we make up from the items."""

Tags = Annotated[tuple[Reference, ...], Field(strict=False, max_length=50)]


class Item(Said):
    """One line of an order: `quantity` equal units. Weight, dimensions and value are one unit's.

    Needs `sku` or `item_reference` (the line's own name, unique in the order).
    """

    sku: Reference | None = None
    item_reference: Reference | None = None
    quantity: Quantity
    weight: Weight
    dimensions: Dimensions
    value: Money
    description: Text | None = None
    model: Text | None = None
    unit: Text | None = None
    country_of_origin: CountryOrCode | None = None
    harmonisation_code: Text | None = None
    harmonisation_keywords: Annotated[tuple[Text, ...], Field(strict=False, max_length=50)] = ()
    barcode: Barcode | None = None
    content_classification: ContentClassification | None = None
    content_classification_details: ContentClassificationDetails | None = None
    metadata: MetadataList = ()

    @model_validator(mode="after")
    def _has_a_name(self) -> "Item":
        if self.sku is None and self.item_reference is None:
            raise refuse("item", "needs sku or item_reference")
        return self


Items = Annotated[tuple[Item, ...], Field(strict=False, max_length=MAX_ITEMS)]


class Package(Said):
    """A box of an order. What it leaves out is worked out from its items, see the `full_` names."""

    package_reference: Reference | None = None
    description: Text | None = None
    value: Money | None = None
    weight: Weight | None = None
    dimensions: Dimensions | None = None
    package_size_reference: Reference | None = None
    barcode: Barcode | None = None
    metadata: MetadataList = ()
    items: Annotated[Items, Field(min_length=1)]

    @model_validator(mode="after")
    def _value_can_be_told(self) -> "Package":
        if self.value is None and len({item.value.currency for item in self.items}) > 1:
            raise refuse(
                "package_value", "holds items in different currencies: give the package its value"
            )
        return self

    @property
    def full_description(self) -> str:
        """As said, else the items' descriptions (or SKUs) in a row, cut at 100 characters."""
        if self.description:
            return self.description
        names = (i.description or i.sku or i.item_reference or "" for i in self.items)
        text = ", ".join(dict.fromkeys(names))
        return text if len(text) <= MAX_DESCRIPTION else text[: MAX_DESCRIPTION - 1] + "…"

    @property
    def full_value(self) -> Money:
        """As said, else the sum over all units."""
        return self.value or value_of_units((i.value, i.quantity) for i in self.items)

    @property
    def full_weight(self) -> Weight | None:
        """As said, else the sum over all units; None when a package size stands in for it."""
        if self.weight is not None or self.package_size_reference is not None:
            return self.weight
        return weight_of_units((i.weight, i.quantity) for i in self.items)

    @property
    def full_dimensions(self) -> Dimensions | None:
        """As said, else a box that surely holds all units; None when a package size is named."""
        if self.dimensions is not None or self.package_size_reference is not None:
            return self.dimensions
        return box_of_units((i.dimensions, i.quantity) for i in self.items)


class Shipment(Event):
    """Goods that have to get from one place to another, and all that PRO is told about it."""

    origin: Place
    destination: Place
    addresses: Annotated[tuple[OtherAddress, ...], Field(strict=False, max_length=4)] = ()
    packages: Annotated[tuple[Package, ...], Field(strict=False, max_length=MAX_PACKAGES)] = ()
    items: Items = Field(default=(), description="Instead of packages: they make one package.")
    direction: Literal["outbound", "inbound"] = "outbound"
    required_delivery_date: RequiredDeliveryDate | None = None
    shipping_date: Time | None = None
    customs_documentation: CustomsDocumentation | None = None
    metadata: MetadataList = ()
    tags: Tags = ()
    allocation: SaidWays | None = None

    @model_validator(mode="before")
    @classmethod
    def _not_too_much(cls, data: object) -> object:
        return with_few_items(data)

    @model_validator(mode="after")
    def _normal_form(self) -> "Shipment":
        one_of(packages=bool(self.packages), items=bool(self.items))
        if self.items:
            object.__setattr__(self, "packages", (Package(items=self.items),))
            object.__setattr__(self, "items", ())
        _unique_item_references(self.packages)
        self._check_places()
        return self

    def _check_places(self) -> None:
        places: tuple[Address, ...] = (self.origin, self.destination)
        if all(place.shipping_location_reference is None for place in places):
            raise refuse(
                "shipping_location",
                "origin, destination or both need a shipping_location_reference (PRO's rule)",
            )
        if not self.destination.shipping_location_reference and not self.destination.contact:
            raise refuse("contact", "destination needs a contact: the person who gets the parcel")
        types = [address.type for address in self.addresses]
        if len(types) != len(set(types)):
            raise refuse("addresses", "addresses names the same type twice")

    @property
    def lines(self) -> tuple[Item, ...]:
        """All items of all packages, in the order they were said."""
        return tuple(item for package in self.packages for item in package.items)


def with_few_items(data: object) -> object:
    """Refuse data with too many items before each of them is looked at: that would take long."""
    packages = data.get("packages") if isinstance(data, dict) else None
    said = packages if isinstance(packages, list | tuple) else ()
    items = [package.get("items") for package in said if isinstance(package, dict)]
    if sum(len(each) for each in items if isinstance(each, list | tuple)) > MAX_ITEMS:
        raise refuse("items", f"has more than {MAX_ITEMS} items in all its packages")
    return data


def one_of(*, packages: bool, items: bool) -> None:
    """Refuse what says its goods twice, or not at all."""
    if packages == items:
        raise refuse(
            "packages",
            "gives both packages and items: keep one"
            if packages
            else "needs packages with items, or plain items",
        )


def _unique_item_references(packages: tuple[Package, ...]) -> None:
    seen: dict[str, str] = {}
    for path, item in _located(packages):
        if item.item_reference is None:
            continue
        first = seen.setdefault(item.item_reference, path)
        if first != path:
            raise refuse("item_reference", f"{path} has the item_reference of {first}")


def _located(packages: tuple[Package, ...]) -> Iterator[tuple[str, Item]]:
    for p, package in enumerate(packages):
        for i, item in enumerate(package.items):
            yield f"packages[{p}].items[{i}]", item
