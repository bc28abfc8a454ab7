"""The parts that requests to PRO are made of, in PRO's own words (openapi.yaml: schemas).

Field names are snake_case here and PascalCase on the wire; what is None is left out. Numbers are
Decimals and travel digit by digit.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from service.events import exact_json

KG: Literal["Kg"] = "Kg"
CM: Literal["Cm"] = "Cm"


class Sent(BaseModel):
    """A part of a request."""

    model_config = ConfigDict(
        alias_generator=to_pascal,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    def to_json(self) -> bytes:
        """The exact body to send."""
        return exact_json.dumps(self.model_dump(by_alias=True, exclude_none=True)).encode("ascii")


class Weight(Sent):
    """In `unit`; we send Kg only, as every sample does."""

    value: Decimal
    unit: Literal["Kg"] = KG


class Dimensions(Sent):
    """In `unit`; we send Cm only, as every sample does."""

    unit: Literal["Cm"] = CM
    width: Decimal
    length: Decimal
    height: Decimal


class Currency(Sent):
    """ISO 4217 letters."""

    iso_code: str


class Money(Sent):
    """An amount with its currency."""

    amount: Decimal
    currency: Currency


class IsoCode(Sent):
    """ISO 3166 alpha-2."""

    two_letter_code: str


class Country(Sent):
    """A country; PRO rewrites the name on output."""

    name: str | None = None
    iso_code: IsoCode


class Personal(Sent):
    """May tell who somebody is or where they live: its repr, which ends in logs, tells nothing."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__


class Contact(Personal):
    """A person at an address."""

    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    position: str | None = None
    telephone: str | None = None
    mobile: str | None = None
    land_line: str | None = None
    email: str | None = None


class LatLong(Personal):
    """Degrees."""

    latitude: Decimal
    longitude: Decimal


AddressType = Literal["Origin", "Destination", "Return", "Sender", "Recipient", "Importer"]
Direction = Literal["Outbound", "Inbound"]


class Address(Personal):
    """An address with the part it plays."""

    address_type: AddressType
    shop_location_reference: str | None = None
    contact: Contact | None = None
    company_name: str | None = None
    shipping_location_reference: str | None = None
    customer_name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    town: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: Country | None = None
    region_code: str | None = None
    special_instructions: str | None = None
    lat_long: LatLong | None = None
    is_cached: bool | None = None


class MetaData(Sent):
    """A custom field; `key_value` is its name, not its value."""

    key_value: str
    string_value: str | None = None
    int_value: int | None = None
    decimal_value: Decimal | None = None
    date_time_value: datetime | None = None
    bool_value: bool | None = None


class Barcode(Sent):
    """A barcode."""

    code: str
    barcode_type: str


class DeliveryWindow(Sent):
    """HH:MM:SS to HH:MM:SS."""

    start: str
    end: str
    utc_offset: str | None = None


class RequiredDeliveryDate(Sent):
    """The wanted day."""

    date: datetime
    delivery_window: DeliveryWindow | None = None
    is_to_be_exactly_on_the_date_specified: bool


class CustomsDocumentation(Sent):
    """Facts for customs papers."""

    designated_person_responsible: str | None = None
    importers_vat_number: str | None = None
    category_type: str | None = None
    shipper_customs_reference: str | None = None
    importers_tax_code: str | None = None
    importers_telephone: str | None = None
    importers_fax: str | None = None
    importers_email: str | None = None
    cn23_comments: str | None = Field(default=None, alias="CN23Comments")
    references_of_attached_invoices: tuple[str, ...] | None = None
    references_of_attached_certificates: tuple[str, ...] | None = None
    references_of_attached_licences: tuple[str, ...] | None = None
    category_type_explanation: str | None = None
    declaration_date: datetime | None = None
    office_of_posting: str | None = None
    reason_for_export: str | None = None
    shipping_terms: str | None = None
    shippers_vat_number: str | None = None
    receivers_tax_code: str | None = None
    receivers_vat_number: str | None = None
    invoice_date: datetime | None = None
    receivers_shipping_cost: Decimal | None = None


class Item(Sent):
    """A line of goods; weight, dimensions and value are one unit's."""

    sku: str | None = None
    model: str | None = None
    description: str | None = None
    country_of_origin: Country | None = None
    harmonisation_code: str | None = None
    weight: Weight
    dimensions: Dimensions
    value: Money
    item_reference_provided_by_customer: str | None = None
    barcode: Barcode | None = None
    meta_data: tuple[MetaData, ...] | None = None
    quantity: int
    unit: str | None = None
    harmonisation_key_words: tuple[str, ...] | None = None
    content_classification: str | None = None
    content_classification_details: str | None = None


class Package(Sent):
    """A box of an order."""

    package_reference_provided_by_customer: str | None = None
    weight: Weight | None = None
    dimensions: Dimensions | None = None
    description: str
    value: Money
    package_size_reference: str | None = None
    barcode: Barcode | None = None
    meta_data: tuple[MetaData, ...] | None = None
    items: tuple[Item, ...]
