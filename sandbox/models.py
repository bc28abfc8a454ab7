"""The parts that requests and answers are made of, field by field as in the contract.

One model serves both ways: what came in is kept and read back. A null is an absent field, as the
contract says. Names are PascalCase on the wire; unknown ones are read over, as PRO does.
"""

import re
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_pascal

from sandbox.countries import COUNTRIES
from sandbox.dates import OffsetDateTime
from sandbox.words import (
    AddressType,
    BarcodeType,
    CategoryType,
    ShippingTerms,
)


def _no_text(value: Any) -> Any:
    if isinstance(value, str | bool):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic wants a ValueError
    return value


Int32 = Annotated[int, BeforeValidator(_no_text), Field(ge=-(2**31), lt=2**31)]
Number = Annotated[float, BeforeValidator(_no_text)]
"""Text that looks like a number is none, as the contract has it."""
KILOGRAMS = {"kg": 1.0, "g": 0.001, "lb": 0.45359237}
CENTIMETRES = {"cm": 1.0, "mm": 0.1, "m": 100.0, "in": 2.54}


class Model(BaseModel):
    """A part of the contract; read by its wire names only, built here by its Python names."""

    model_config = ConfigDict(
        alias_generator=to_pascal,
        validate_by_alias=True,
        validate_by_name=True,
        extra="ignore",
        allow_inf_nan=False,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None}
        return data


def _known_unit(units: dict[str, float]) -> AfterValidator:
    def check(unit: str) -> str:
        if unit.casefold() not in units:
            raise ValueError(f"must be one of {', '.join(units)}")
        return unit

    return AfterValidator(check)


class IsoCode(Model):
    """Country codes; the two-letter one is sent, all three are answered."""

    two_letter_code: str | None = None
    three_letter_code: str | None = None
    numeric_code: str | None = None


class Country(Model):
    """A country; its name is free on input and PRO's own on output (RULES 3.2)."""

    name: str | None = None
    iso_code: IsoCode | None = None

    @model_validator(mode="after")
    def _rewrite(self) -> Self:
        code = self.code
        if code in COUNTRIES:
            known = COUNTRIES[code]
            self.name = known.name
            self.iso_code = IsoCode(
                two_letter_code=code,
                three_letter_code=known.three_letter_code,
                numeric_code=known.numeric_code,
            )
        return self

    @property
    def code(self) -> str:
        """The two letters in upper case, or empty text."""
        return ((self.iso_code and self.iso_code.two_letter_code) or "").upper()


def country(code: str) -> Country:
    """The country of a two-letter code, written out."""
    return Country(iso_code=IsoCode(two_letter_code=code))


def _currency_letters(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        raise ValueError("must be three letters such as GBP")
    return code.upper()


_CURRENCIES = {"GBP": "Pound Sterling", "EUR": "Euro", "USD": "US Dollar"}


class Currency(Model):
    """A currency."""

    name: str | None = None
    iso_code: Annotated[str, AfterValidator(_currency_letters)]

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        self.name = _CURRENCIES.get(self.iso_code, self.name)
        return self


class Money(Model):
    """An amount with its currency."""

    amount: Annotated[Number, Field(ge=0)]
    currency: Currency | None = None


class Weight(Model):
    """A weight; every sample is in Kg."""

    value: Annotated[Number, Field(ge=0)]
    unit: Annotated[str, _known_unit(KILOGRAMS)] = "Kg"

    @property
    def kilograms(self) -> float:
        """The weight in Kg."""
        return self.value * KILOGRAMS[self.unit.casefold()]


class Dimensions(Model):
    """Size of a box; every sample is in Cm."""

    unit: Annotated[str, _known_unit(CENTIMETRES)] = "Cm"
    width: Annotated[Number, Field(ge=0)]
    length: Annotated[Number, Field(ge=0)]
    height: Annotated[Number, Field(ge=0)]

    @property
    def longest_centimetres(self) -> float:
        """The longest side in Cm."""
        longest = max(self.width, self.length, self.height)
        return longest * CENTIMETRES[self.unit.casefold()]


class Barcode(Model):
    """A barcode."""

    code: str | None = None
    barcode_type: BarcodeType = BarcodeType.UNKNOWN


class LatLong(Model):
    """Position on earth."""

    latitude: Number
    longitude: Number


class Contact(Model):
    """A person at an address."""

    reference: str | None = None
    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    position: str | None = None
    telephone: str | None = None
    mobile: str | None = None
    land_line: str | None = None
    email: str | None = None


class Address(Model):
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
    is_cached: StrictBool = False


class MetaData(Model):
    """A custom field; at most one value of each kind."""

    key_value: Annotated[str, Field(min_length=1)]
    string_value: str | None = None
    int_value: Int32 | None = None
    decimal_value: Number | None = None
    date_time_value: OffsetDateTime | None = None
    bool_value: StrictBool | None = None


class DeliveryWindow(Model):
    """Time of day window."""

    start: Annotated[str, Field(pattern=r"^\d{2}:\d{2}:\d{2}(\.\d+)?$")] | None = None
    end: Annotated[str, Field(pattern=r"^\d{2}:\d{2}:\d{2}(\.\d+)?$")] | None = None
    utc_offset: str | None = None


class RequestedDeliveryDate(Model):
    """A wanted delivery day."""

    date: OffsetDateTime
    delivery_window: DeliveryWindow | None = None
    is_to_be_exactly_on_the_date_specified: StrictBool = False


class CustomsDocumentation(Model):
    """Facts printed on customs papers."""

    designated_person_responsible: str | None = None
    importers_vat_number: str | None = None
    category_type: CategoryType = CategoryType.NONE
    shipper_customs_reference: str | None = None
    importers_tax_code: str | None = None
    importers_telephone: str | None = None
    importers_fax: str | None = None
    importers_email: str | None = None
    cn23_comments: str | None = Field(default=None, alias="CN23Comments")
    references_of_attached_invoices: list[str] | None = None
    references_of_attached_certificates: list[str] | None = None
    references_of_attached_licences: list[str] | None = None
    category_type_explanation: str | None = None
    declaration_date: OffsetDateTime | None = None
    office_of_posting: str | None = None
    reason_for_export: str | None = None
    shipping_terms: ShippingTerms = ShippingTerms.NONE
    shippers_vat_number: str | None = None
    receivers_tax_code: str | None = None
    receivers_vat_number: str | None = None
    invoice_date: OffsetDateTime | None = None
    receivers_shipping_cost: Number | None = None

    @model_serializer(mode="wrap")
    def _leave_out_missing_dates(self, print_: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # The contract has no null for these two: they are left out when there is none.
        printed: dict[str, Any] = print_(self)
        for name in ("DeclarationDate", "InvoiceDate"):
            if name in printed and printed[name] is None:
                del printed[name]
        return printed
