"""Where a parcel starts and ends, and who is there."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from service.events.said import Lines, Number, Reference, Said, Text, refuse


class Personal(Said):
    """May tell who somebody is or where they live: its repr, which ends in logs, tells nothing."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__


class Country(Said):
    """A country by its ISO 3166 two-letter code; a plain "GB" is read as the code."""

    code: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    name: Text | None = None


def _country(value: object) -> object:
    return {"code": value} if isinstance(value, str) else value


CountryOrCode = Annotated[
    Country, BeforeValidator(_country, json_schema_input_type=Country | Annotated[str, Field()])
]


class Contact(Personal):
    """A person at an address. Carriers want at least one of the three telephone numbers."""

    title: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    position: Text | None = None
    telephone: Text | None = None
    mobile: Text | None = None
    land_line: Text | None = None
    email: Text | None = None


class LatLong(Personal):
    """A position on earth, in degrees."""

    latitude: Annotated[Number, Field(ge=-90, le=90)]
    longitude: Annotated[Number, Field(ge=-180, le=180)]


class Address(Personal):
    """A place: either one set up in PRO (`shipping_location_reference`) or written out.

    Written out it needs at least `address_line_1` and `country`.
    """

    shipping_location_reference: Reference | None = None
    shop_location_reference: Reference | None = None
    contact: Contact | None = None
    company_name: Text | None = None
    customer_name: Text | None = None
    address_line_1: Text | None = None
    address_line_2: Text | None = None
    address_line_3: Text | None = None
    town: Text | None = None
    region: Text | None = None
    postcode: Text | None = None
    country: CountryOrCode | None = None
    region_code: Text | None = None
    special_instructions: Lines | None = None
    lat_long: LatLong | None = None

    @model_validator(mode="after")
    def _says_where(self) -> "Address":
        if self.shipping_location_reference is None and not (self.address_line_1 and self.country):
            raise refuse(
                "address",
                "needs shipping_location_reference, or address_line_1 and country",
            )
        return self


def _place(value: object) -> object:
    return {"shipping_location_reference": value} if isinstance(value, str) else value


Place = Annotated[
    Address, BeforeValidator(_place, json_schema_input_type=Address | Annotated[str, Field()])
]
"""An address; a plain text is read as a shipping location reference."""


class OtherAddress(Address):
    """An address beside origin and destination, with the part it plays."""

    type: Literal["return", "sender", "recipient", "importer"]
