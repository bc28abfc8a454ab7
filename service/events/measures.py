"""Weights, sizes and money: exact, with their unit written out, always in one unit afterwards.

A weight may be said in kg or g and is kept in kg; a size in cm, mm or m and is kept in cm. Both
conversions are exact, so 1400 g and 1.4 kg are the same event.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from service.events.said import (
    MAX_DECIMAL_PLACES,
    Amount,
    PositiveNumber,
    Said,
    plain_number,
    refuse,
)

_TO_KG = {"kg": Decimal(1), "g": Decimal("0.001")}
_TO_CM = {"cm": Decimal(1), "mm": Decimal("0.1"), "m": Decimal(100)}


def _converted(value: Decimal, factor: Decimal, unit: str) -> Decimal:
    """Exact: 15 digits times a power of ten fit Decimal's 28 easily."""
    converted = plain_number(value * factor)
    if -int(converted.as_tuple().exponent) > MAX_DECIMAL_PLACES:
        raise refuse("number_size", f"has more than {MAX_DECIMAL_PLACES} decimals in {unit}")
    return converted


class Weight(Said):
    """How heavy. Said in kg or g; `value` is in kg and `unit` is "kg" once read."""

    value: PositiveNumber
    unit: Literal["kg", "g"]

    @model_validator(mode="after")
    def _in_kg(self) -> "Weight":
        object.__setattr__(self, "value", _converted(self.value, _TO_KG[self.unit], "kg"))
        object.__setattr__(self, "unit", "kg")
        return self


class Dimensions(Said):
    """The outer size of a box or a unit. Said in cm, mm or m; kept in cm."""

    length: PositiveNumber
    width: PositiveNumber
    height: PositiveNumber
    unit: Literal["cm", "mm", "m"]

    @model_validator(mode="after")
    def _in_cm(self) -> "Dimensions":
        for side in ("length", "width", "height"):
            centimetres = _converted(getattr(self, side), _TO_CM[self.unit], "cm")
            object.__setattr__(self, side, centimetres)
        object.__setattr__(self, "unit", "cm")
        return self


class Money(Said):
    """An amount of a currency, ISO 4217 (GBP)."""

    amount: Amount
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


def weight_of_units(units: Iterable[tuple[Weight, int]]) -> Weight:
    """The weight (kg) of all units together; each pair is one unit's weight and how many."""
    total = sum((weight.value * count for weight, count in units), Decimal(0))
    return Weight.model_construct(value=plain_number(total), unit="kg")


def box_of_units(units: Iterable[tuple[Dimensions, int]]) -> Dimensions:
    """A box (cm) that surely holds all units: as long as the longest, as wide as the widest, and
    as high as all of them stacked. It is never too small and often too large: send real sizes
    where the price depends on them. Raises ValueError without units."""
    counted = list(units)
    if not counted:
        raise ValueError("a box for nothing has no size")
    return Dimensions.model_construct(
        length=max(size.length for size, _ in counted),
        width=max(size.width for size, _ in counted),
        height=plain_number(sum((size.height * count for size, count in counted), Decimal(0))),
        unit="cm",
    )


def value_of_units(units: Iterable[tuple[Money, int]]) -> Money:
    """The value of all units together. Raises ValueError when their currencies differ."""
    counted = list(units)
    currencies = {value.currency for value, _ in counted}
    if len(currencies) != 1:
        raise ValueError("units in different currencies have no common value")
    total = sum((value.amount * count for value, count in counted), Decimal(0))
    return Money.model_construct(amount=plain_number(total), currency=currencies.pop())
