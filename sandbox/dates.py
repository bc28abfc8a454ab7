"""Dates as PRO reads and prints them (RULES 2: up to seven fractional digits, offset or none)."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, PlainSerializer, TypeAdapter

_LOOSE = re.compile(
    r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)


def stamp(moment: datetime) -> str:
    """`moment` in PRO's way: seven fractional digits when there are any, offset when known."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}0"
    return text + offset_of(moment)


def offset_of(moment: datetime) -> str:
    """Such as +00:00; empty when it is not known."""
    return moment.isoformat()[19:].lstrip(".0123456789")


def _as_text(value: Any) -> Any:
    # Numbers would otherwise be read as seconds since 1970.
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _LOOSE.fullmatch(value):
        raise ValueError("must be a timestamp such as 2026-03-02T08:15:30+00:00")
    return value


LooseDateTime = Annotated[
    datetime, BeforeValidator(_as_text), PlainSerializer(stamp, return_type=str)
]
"""A timestamp whose offset may be missing; a bare day is midnight."""

OffsetDateTime = Annotated[
    AwareDatetime, BeforeValidator(_as_text), PlainSerializer(stamp, return_type=str)
]
"""A timestamp with an offset or Z."""

_LOOSE_ADAPTER: TypeAdapter[datetime] = TypeAdapter(LooseDateTime)


def read_loose(text: str) -> datetime:
    """Reads a date of a query; raises ValueError when it is none."""
    return _LOOSE_ADAPTER.validate_python(text)
