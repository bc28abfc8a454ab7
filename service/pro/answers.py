"""What we read of PRO's answers, in PRO's own words (openapi.yaml, RULES sections 1, 4, 5 and 9).

Reading is tolerant: unknown fields and unknown enum words are kept out of the way, an empty text
means none, times come with up to seven fractional digits or without an offset. Only what we decide
by is required.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_pascal

MAX_TEXT = 2_000
"""Characters of a text for people that are kept."""
MAX_WORD = 100
MAX_REFERENCE = 100


def _clean(text: str) -> str:
    """What no database and no UTF-8 can hold is left out: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


def _empty_is_none(value: object) -> object:
    if not isinstance(value, str):
        return value
    return _clean(value)[:MAX_TEXT] or None


def null_is_empty(value: object) -> object:
    """A list that is null has nothing in it."""
    return () if value is None else value


def _as_text(value: object) -> object:
    """Enum words may travel as numbers (RULES 2): keep them readable."""
    return _clean(str(value))[:MAX_WORD] if isinstance(value, int | str) else value


def _loose_time(value: object) -> object:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def is_reference(text: str) -> bool:
    """Tell whether a text can be the name of something of PRO's, as our own events take it."""
    return 0 < len(text) <= MAX_REFERENCE and text.isprintable() and text == text.strip()


def _reference_or_none(value: object) -> object:
    return value if isinstance(value, str) and is_reference(value) else None


def _country_code(value: object) -> object:
    """The two letters of a Country; None for anything else that stands there."""
    held = value.get("IsoCode") if isinstance(value, dict) else None
    code = held.get("TwoLetterCode") if isinstance(held, dict) else None
    if not isinstance(code, str) or not re.fullmatch("[A-Za-z]{2}", code):
        return None
    return code.upper()


OptionalText = Annotated[str | None, BeforeValidator(_empty_is_none)]
OptionalReference = Annotated[str | None, BeforeValidator(_reference_or_none)]
Word = Annotated[str, BeforeValidator(_as_text)]
LooseTime = Annotated[datetime | None, BeforeValidator(_loose_time)]
"""None when unreadable; naive when PRO sent no offset (then local to the shipping location)."""

CLOCKS_APART = timedelta(days=1)
"""PRO tells when it made a consignment by its own clock, at places without an offset."""


class Read(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(
        alias_generator=to_pascal,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )


class ApiLink(Read):
    """A link; only the last path segment of its address means anything."""

    rel: OptionalText = None
    href: str

    @property
    def reference(self) -> str | None:
        """The last path segment; None when there is none. The host is never followed."""
        try:
            path = urlsplit(self.href).path
        except ValueError:
            return None
        last = unquote(path.rstrip("/").rpartition("/")[2])
        usable = is_reference(last) and last not in (".", "..") and "/" not in last
        return last if usable else None


Links = Annotated[tuple[ApiLink, ...], BeforeValidator(null_is_empty)]
LINKS = TypeAdapter(tuple[ApiLink, ...])


class ErrorDetail(Read):
    """One problem inside an error."""

    code: OptionalText = None
    target: OptionalText = None
    message: OptionalText = None


class ApiError(Read):
    """PRO's error body; any part may be missing."""

    code: OptionalText = None
    message: OptionalText = None
    correlation_id: Annotated[str | None, BeforeValidator(_as_text)] = None
    details: Annotated[tuple[ErrorDetail, ...], BeforeValidator(null_is_empty)] = ()


class StringResult(Read):
    """Outcome for one reference of a bulk call; the reference is in `data`."""

    is_success: bool
    message: OptionalText = None
    data: OptionalText = None
    api_links: Links = ()


STRING_RESULTS = TypeAdapter(tuple[StringResult, ...])


class PackOrderResult(Read):
    """Outcome for one consignment of a Pack Order."""

    result: Word
    message: OptionalText = None
    api_links: Links = ()


class PackOrderResponse(Read):
    """One result, or more with a return."""

    results: tuple[PackOrderResult, ...]


class ConsignmentLeg(Read):
    """A stretch of the journey with one carrier."""

    leg: int | None = None
    tracking_references: Annotated[tuple[OptionalText, ...], BeforeValidator(null_is_empty)] = ()
    carrier_reference: OptionalText = None
    carrier_service_reference: OptionalText = None
    carrier_name: OptionalText = None


Legs = Annotated[tuple[ConsignmentLeg, ...], BeforeValidator(null_is_empty)]


class AllocationSummary(Read):
    """Outcome of an allocation for one consignment, which only its links name."""

    status_code: int
    api_links: Links = ()
    description: OptionalText = None
    consignment_legs: Legs = ()
    carrier_reference: OptionalText = None
    carrier_name: OptionalText = None
    carrier_service_reference: OptionalText = None
    carrier_service_name: OptionalText = None


ALLOCATION_SUMMARIES = TypeAdapter(tuple[AllocationSummary, ...])


class ReadAddress(Read):
    """The part an address plays, the shipping location it is, and its country's two letters."""

    address_type: Word
    shipping_location_reference: OptionalReference = None
    country: Annotated[str | None, BeforeValidator(_country_code)] = None


Addresses = Annotated[tuple[ReadAddress, ...], BeforeValidator(null_is_empty)]


class ReadPackage(Read):
    """A package, under PRO's own reference (`EP-…`)."""

    reference: OptionalReference = None


class Allocation(Read):
    """The carrier service a consignment was given."""

    mpd_carrier_service_reference: OptionalText = None
    mpd_carrier_service_name: OptionalText = None
    allocation_date: LooseTime = None


class FailedAllocation(Read):
    """Why the last allocation failed; stays behind after a later success."""

    message: OptionalText = None
    attempted_allocation_date: LooseTime = None


class Consignment(Read):
    """`GET /consignments/{ref}`; it does not name its order."""

    reference: str
    consignment_state: Word
    consignment_reference_provided_by_customer: OptionalText = None
    date_created: LooseTime = None
    direction: OptionalText = None
    addresses: Addresses = ()
    packages: Annotated[tuple[ReadPackage, ...], BeforeValidator(null_is_empty)] = ()
    consignment_legs: Legs = ()
    allocation: Allocation | None = None
    failed_allocation: FailedAllocation | None = None

    @property
    def origin(self) -> str | None:
        """The shipping location it leaves from, where PRO names one."""
        return next(
            (a.shipping_location_reference for a in self.addresses if a.address_type == "Origin"),
            None,
        )

    def country(self, address_type: str) -> str | None:
        """The two letters of the country of its address of a type; None when it is not told."""
        return next((a.country for a in self.addresses if a.address_type == address_type), None)


class ConsignmentStatus(Read):
    """`GET /consignments/{ref}/status`"""

    status: Word
    consignment_reference: OptionalText = Field(
        default=None, alias="ConsignmentReferenceForAllLegsAssignedByMpd"
    )


class ConsignmentSummary(Read):
    """A line of a search answer. It does not tell the direction."""

    reference: str
    state: Word
    consignment_reference_provided_by_customer: OptionalText = None
    date_created: LooseTime = None
    shipping_date: LooseTime = None
    mpd_carrier_reference: OptionalText = None
    mpd_carrier_service_reference: OptionalText = None
    failed_allocation_message: OptionalText = None
    failed_manifest_message: OptionalText = None
    labels_printed: bool | None = None

    def was_created_since(self, moment: datetime | None) -> bool:
        """Tell whether it may have been made since an aware moment (None: any): by PRO's clock, or
        PRO does not say when."""
        created = self.date_created
        if created is None or moment is None:
            return True
        return (created if created.tzinfo else created.replace(tzinfo=UTC)) >= moment - CLOCKS_APART


class MatchingConsignments(Read):
    """A page of a search. Whether `count` counts all matches or this page is not said."""

    count: int
    consignment_summaries: tuple[ConsignmentSummary, ...]


NO_MATCHES = MatchingConsignments.model_validate({"Count": 0, "ConsignmentSummaries": []})


class LabelsAnswer(Read):
    """A label file in base64."""

    file: str
    content_type: str


class ManifestFromQueryResponse(Read):
    """A sentence with three counts (found, queued, failed), and the references that failed."""

    message: str
    failed_consignments: Annotated[tuple[str, ...], BeforeValidator(null_is_empty)] = ()


class ShippingLocation(Read):
    """A place goods ship from."""

    reference: str
    name: OptionalText = None


SHIPPING_LOCATIONS = TypeAdapter(tuple[ShippingLocation, ...])
