"""Kinds of values that settings take."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

T = TypeVar("T")


def _comma_separated(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _growing(value: tuple[float, ...]) -> tuple[float, ...]:
    if not value or value[0] <= 0 or list(value) != sorted(set(value)):
        raise ValueError("must be seconds above 0, each more than the one before")
    return value


def _with_scheme(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("must open with https:// or http://")
    return value


Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=0, le=65535)]
"""0 takes a free one."""
Url = Annotated[str, AfterValidator(_with_scheme)]
Listed = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_comma_separated)]
"""Comma-separated."""
Growing = Annotated[Listed[float], AfterValidator(_growing)]
"""Seconds, comma-separated, each more than the one before."""
