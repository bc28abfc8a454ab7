"""What is set up in PRO's user interface: locations, carriers and services, package sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandbox.countries import COUNTRIES
from sandbox.models import Contact, Dimensions, LatLong, Money, Weight, country
from sandbox.words import Direction

COMPANY = "6f1d2c3b-8a49-4f0e-9c57-2b7d5e1a0c44"
"""`CustomerReference` in answers: the company, not a reference of an order (RULES 1)."""


@dataclass(frozen=True, slots=True)
class ShippingLocation:
    """A place set up in PRO, with its full address."""

    id: int
    reference: str
    name: str
    kind: str
    company_name: str
    address_line1: str
    town: str
    region: str
    postcode: str
    contact: Contact
    lat_long: LatLong
    country_code: str = "GB"
    default_for_returns: bool = False


@dataclass(frozen=True, slots=True)
class PackageSize:
    """A box size, with the weight it is reckoned at, in Cm and Kg."""

    reference: str
    description: str
    length: float
    width: float
    height: float
    weight: float
    is_default: bool = False

    @property
    def as_weight(self) -> Weight:
        """The weight as packages carry it."""
        return Weight(value=self.weight, unit="Kg")

    @property
    def as_dimensions(self) -> Dimensions:
        """The dimensions as packages carry them."""
        return Dimensions(unit="Cm", width=self.width, length=self.length, height=self.height)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier; `prefix` begins its tracking references."""

    reference: str
    name: str
    prefix: str


@dataclass(frozen=True, slots=True)
class CarrierService:
    """A service that a consignment can be allocated to, with its rules (RULES 5)."""

    reference: str
    name: str
    description: str
    carriers: tuple[Carrier, ...]
    """One for each leg of the journey, in order."""
    countries: frozenset[str]
    """Countries of the end that is not the shipper's."""
    price: float
    max_kilograms: float
    max_longest_centimetres: float = 150.0
    max_value: Money | None = None
    tags: frozenset[str] = frozenset()
    days: int = 2
    nominated_day: bool = False
    direction: Direction = Direction.OUTBOUND
    is_pickup: bool = True
    """The carrier fetches it; else it is brought."""
    is_drop_off: bool = False
    """It is left at a shop, where the customer fetches it."""

    @property
    def carrier(self) -> Carrier:
        """The carrier that the consignment is given to."""
        return self.carriers[0]


LOCATIONS: Mapping[str, ShippingLocation] = MappingProxyType(
    {
        location.reference: location
        for location in (
            ShippingLocation(
                1,
                "LEEDS_DC",
                "Leeds distribution centre",
                "DistributionCentre",
                "Marlow & Finch Ltd",
                "Unit 7, Aire Valley Park",
                "Leeds",
                "West Yorkshire",
                "LS9 0PS",
                Contact(first_name="Priya", last_name="Nair", telephone="01134960101"),
                LatLong(latitude=53.783, longitude=-1.503),
                default_for_returns=True,
            ),
            ShippingLocation(
                2,
                "BRISTOL_WH",
                "Bristol warehouse",
                "Warehouse",
                "Marlow & Finch Ltd",
                "21 Avonmouth Way",
                "Bristol",
                "Bristol",
                "BS11 9YA",
                Contact(first_name="Owen", last_name="Pritchard", telephone="01174960102"),
                LatLong(latitude=51.512, longitude=-2.679),
            ),
            ShippingLocation(
                3,
                "GLASGOW_STORE",
                "Glasgow store",
                "Store",
                "Marlow & Finch Ltd",
                "118 Buchanan Street",
                "Glasgow",
                "Glasgow City",
                "G1 2NF",
                Contact(first_name="Isla", last_name="Baird", telephone="01414960103"),
                LatLong(latitude=55.861, longitude=-4.254),
            ),
        )
    }
)

ACCOUNT = "0f2ce8a1-7d3b-4c65-9e10-5b8f4a6d2c71"
ACCOUNT_NAME = "Sandbox user"
"""The one user, whose keys are let in."""
ASSIGNED_LOCATIONS = frozenset({"LEEDS_DC", "BRISTOL_WH"})
"""The places the user works for; the others are the company's all the same."""

PACKAGE_SIZES: Mapping[str, PackageSize] = MappingProxyType(
    {
        size.reference: size
        for size in (
            PackageSize("SMALL", "Small box", 20, 15, 10, 0.8),
            PackageSize("MEDIUM", "Medium box", 40, 30, 20, 4, is_default=True),
            PackageSize("LARGE", "Large box", 60, 50, 40, 12),
        )
    }
)

NORTHLINE = Carrier("NORTHLINE", "Northline", "NL")
PENNYPOST = Carrier("PENNYPOST", "Penny Post", "PP")
KESTREL = Carrier("KESTREL", "Kestrel Worldwide", "KW")
CARRIERS: Mapping[str, Carrier] = MappingProxyType(
    {carrier.reference: carrier for carrier in (NORTHLINE, PENNYPOST, KESTREL)}
)

_UK = frozenset({"GB", "IM", "JE", "GG"})
_EVERYWHERE = frozenset(COUNTRIES)

SERVICES: Mapping[str, CarrierService] = MappingProxyType(
    {
        service.reference: service
        for service in (
            CarrierService(
                "NL_P24",
                "Parcel 24",
                "Next working day",
                (NORTHLINE,),
                _UK,
                price=5.2,
                max_kilograms=30,
                tags=frozenset({"Fragile", "Signature"}),
                days=1,
                nominated_day=True,
            ),
            CarrierService(
                "NL_P48",
                "Parcel 48",
                "Two to three working days",
                (NORTHLINE,),
                _UK,
                price=4.1,
                max_kilograms=30,
            ),
            CarrierService(
                "NL_2MAN",
                "Two-Man",
                "Heavy goods to the room",
                (NORTHLINE,),
                frozenset({"GB"}),
                price=38.0,
                max_kilograms=120,
                max_longest_centimetres=250,
                tags=frozenset({"Fragile", "TwoMan"}),
                days=4,
                nominated_day=True,
            ),
            CarrierService(
                "PP_ECO",
                "Economy",
                "Untimed post for small things",
                (PENNYPOST,),
                _UK,
                price=2.6,
                max_kilograms=2,
                max_longest_centimetres=45,
                max_value=Money(amount=60.0),
                days=4,
            ),
            CarrierService(
                "KW_INT",
                "International Tracked",
                "Abroad by road and air, handed over in the United Kingdom",
                (KESTREL, NORTHLINE),
                _EVERYWHERE - _UK,
                price=14.5,
                max_kilograms=20,
                days=6,
            ),
            CarrierService(
                "KW_EXP",
                "International Express",
                "Abroad by air",
                (KESTREL,),
                _EVERYWHERE - _UK,
                price=31.0,
                max_kilograms=30,
                tags=frozenset({"Fragile", "Signature"}),
                nominated_day=True,
            ),
            CarrierService(
                "NL_RET",
                "Return 48",
                "From the customer's door",
                (NORTHLINE,),
                _UK,
                price=3.9,
                max_kilograms=30,
                tags=frozenset({"Fragile", "Signature"}),
                direction=Direction.INBOUND,
            ),
            CarrierService(
                "KW_RET",
                "International Return",
                "From abroad",
                (KESTREL,),
                _EVERYWHERE - _UK,
                price=17.0,
                max_kilograms=30,
                tags=frozenset({"Fragile", "Signature"}),
                days=7,
                direction=Direction.INBOUND,
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class ServiceGroup:
    """Services among which the cheapest is taken."""

    reference: str
    name: str
    services: tuple[CarrierService, ...]


SERVICE_GROUPS: Mapping[str, ServiceGroup] = MappingProxyType(
    {
        reference: ServiceGroup(reference, name, tuple(SERVICES[each] for each in services))
        for reference, name, services in (
            ("UK_NEXT_DAY", "United Kingdom, next day", ("NL_P24",)),
            ("UK_STANDARD", "United Kingdom, standard", ("NL_P24", "NL_P48", "PP_ECO")),
            ("UK_HEAVY", "United Kingdom, heavy goods", ("NL_2MAN",)),
            ("WORLD", "Abroad", ("KW_INT", "KW_EXP")),
            ("RETURNS", "Returns", ("NL_RET", "KW_RET")),
        )
    }
)


def location_fields(location: ShippingLocation) -> dict[str, object]:
    """The fields that an address takes over from a location."""
    return {
        "contact": location.contact,
        "company_name": location.company_name,
        "address_line1": location.address_line1,
        "town": location.town,
        "region": location.region,
        "postcode": location.postcode,
        "country": country(location.country_code),
        "lat_long": location.lat_long,
    }
