"""Packages and the items in them, as they are sent, kept and answered."""

from typing import Annotated

from pydantic import AfterValidator, Field

from sandbox.models import (
    Barcode,
    Country,
    Dimensions,
    Int32,
    MetaData,
    Model,
    Money,
    Weight,
)
from sandbox.words import ContentClassification, ContentClassificationDetails, Word


def _flags(words: type[Word]) -> AfterValidator:
    # A flags enum in .NET: several words may stand in one text, comma and space between.
    def check(text: str) -> str:
        return ", ".join(words(word.strip()).value for word in text.split(","))

    return AfterValidator(check)


class Item(Model):
    """Goods inside a package. Weight and value are those of one unit."""

    sku: str | None = None
    reference: str | None = None
    model: str | None = None
    description: str | None = None
    country_of_origin: Country | None = None
    harmonisation_code: str | None = None
    weight: Weight
    dimensions: Dimensions
    value: Money
    item_reference_provided_by_customer: str | None = None
    barcode: Barcode | None = None
    meta_data: list[MetaData] | None = None
    quantity: Annotated[Int32, Field(ge=1)] = 1
    unit: str | None = None
    harmonisation_key_words: list[str] | None = None
    status: str | None = None
    content_classification: Annotated[str, _flags(ContentClassification)] | None = None
    content_classification_details: Annotated[str, _flags(ContentClassificationDetails)] | None = (
        None
    )


class PackageInput(Model):
    """A package as it is sent; weight and dimensions, or a package size, are checked later."""

    reference: str | None = None
    package_reference_provided_by_customer: str | None = None
    weight: Weight | None = None
    dimensions: Dimensions | None = None
    description: Annotated[str, Field(min_length=1)]
    value: Money
    package_size_reference: str | None = None
    barcode: Barcode | None = None
    meta_data: list[MetaData] | None = None
    items: list[Item] = Field(default_factory=list)


class OrderPackageInput(Model):
    """A package that is to be of an order: what it lacks comes from its items."""

    reference: str | None = None
    package_reference_provided_by_customer: str | None = None
    weight: Weight | None = None
    dimensions: Dimensions | None = None
    description: str | None = None
    value: Money | None = None
    package_size_reference: str | None = None
    barcode: Barcode | None = None
    meta_data: list[MetaData] | None = None
    items: list[Item] = Field(default_factory=list)


class ConsignmentLeg(Model):
    """A stretch of the journey with one carrier."""

    leg: int
    tracking_references: list[str]
    carrier_reference: str | None = None
    carrier_service_reference: str | None = None
    carrier_name: str | None = None


class Package(Model):
    """A package as it is kept and answered."""

    reference: str
    package_reference_provided_by_customer: str = ""
    weight: Weight
    dimensions: Dimensions
    description: str | None = None
    value: Money
    package_size_reference: str | None = None
    barcode: Barcode | None = None
    meta_data: list[MetaData] | None = None
    items: list[Item] = Field(default_factory=list)
    consignment_legs: list[ConsignmentLeg] = Field(default_factory=list)
