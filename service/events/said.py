"""How we read what is said: the strict scalars every event model is made of.

Nothing is guessed: "1" is no number, true is no quantity, a time without an offset is no time.
`null` says the same as a field left out. Unknown fields are let through.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from service.events.topics import EventType

MAX_DIGITS = 15
MAX_DECIMAL_PLACES = 9
FIRST_YEAR, LAST_YEAR = 1970, 9000
"""Of a time; beyond them other systems' calendars, and sums of times, give way."""
MAX_REFERENCE = 100
MAX_TEXT = 500

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?(?P<offset>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Said(BaseModel):
    """A part of an event: strict, immutable, and silent about its values when it refuses them."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", hide_input_in_errors=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: object) -> object:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


class Event(Said):
    """A whole event's data. `event_type` is its CloudEvents type."""

    event_type: ClassVar[EventType]

    @property
    def kafka_key(self) -> str:
        """What events are kept in order by; the text of the Kafka key."""
        raise NotImplementedError


def refuse(name: str, message: str) -> PydanticCustomError:
    """An error for pydantic to collect; the message must not repeat what the sender wrote."""
    return PydanticCustomError(name, message.replace("{", "(").replace("}", ")"))


def plain_number(number: Decimal) -> Decimal:
    """The same number without closing zeros and without an exponent (1.50 → 1.5, 1E+2 → 100)."""
    sign, digits, exponent = number.as_tuple()
    if not number or not isinstance(exponent, int):
        return Decimal(0)
    while exponent > 0:
        digits, exponent = (*digits, 0), exponent - 1
    while exponent < 0 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    return Decimal((sign, digits, exponent))


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise refuse("number", "must be a JSON number")
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() >= MAX_DIGITS:
        raise refuse("number_size", f"must have at most {MAX_DIGITS} digits")
    plain = plain_number(number)
    _, digits, exponent = plain.as_tuple()
    if len(digits) > MAX_DIGITS or -int(exponent) > MAX_DECIMAL_PLACES:
        raise refuse(
            "number_size",
            f"must have at most {MAX_DIGITS} digits, {MAX_DECIMAL_PLACES} of them decimals",
        )
    return plain


def _time(value: object) -> datetime:
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str) and (match := _RFC3339.fullmatch(value)):
        if match["offset"] is None:
            raise refuse("time_offset", "has no offset from UTC: close it with Z or such as +01:00")
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError:
            raise refuse("time", "is no date or time that exists") from None
    else:
        raise refuse("time", "must be an RFC 3339 time such as 2026-03-06T09:30:00+00:00")
    if moment.tzinfo is None:
        raise refuse("time_offset", "has no offset from UTC: close it with Z or such as +01:00")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise refuse("time", f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
    return moment


def _printable(text: str) -> str:
    if not text.isprintable():
        raise refuse("printable", "must hold printable characters only")
    if text != text.strip():
        raise refuse("printable", "must not open or close with a space")
    return text


def _one_line(text: str) -> str:
    if any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise refuse("one_line", "must not hold control characters")
    return text


def _lines(text: str) -> str:
    _one_line(text.replace("\r\n", " ").replace("\n", " ").replace("\t", " "))
    return text


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise refuse("day", "is no day that exists") from None
    raise refuse("day", "must be a day such as 2026-03-06")


Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
"""Any exact number of up to 15 digits, 9 of them decimals."""

PositiveNumber = Annotated[
    Decimal,
    BeforeValidator(_number),
    Field(gt=0),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]

Amount = Annotated[
    Decimal, BeforeValidator(_number), Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})
]

Time = Annotated[
    datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""RFC 3339 with an offset; the offset is kept as it was said."""

Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A calendar day, YYYY-MM-DD."""

Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_REFERENCE), AfterValidator(_printable)
]
"""A name that systems compare letter by letter: printable, no outer spaces, 1 to 100 characters."""

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(_one_line)]
"""One line for people, up to 500 characters."""

Lines = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_lines)]
"""Some lines for people, up to 2000 characters."""

Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
"""How many units of a line."""
