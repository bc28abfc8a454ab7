"""The demo's orders: made by a seed, so that the same seed gives the same orders and troubles."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from demo.shop import (
    BRACELET,
    COAT,
    FIRST_NAMES,
    GOODS,
    HAT,
    LAST_NAMES,
    LEEDS,
    NECKLACE,
    NOWHERE,
    PLACES,
    STREETS,
    TOWNS,
    Good,
    Place,
)
from demo.troubles import TROUBLES, Trouble

FIRST_NUMBER = 41_001
SHARE_OF_TROUBLE = 0.12
"""Of the orders after those that show each trouble once."""


@dataclass(frozen=True)
class Line:
    """So many of one good."""

    good: Good
    quantity: int


@dataclass(frozen=True)
class Pick:
    """What leaves the shelf together."""

    reference: str
    lines: Sequence[Line]

    def data(self, order_reference: str, *, factor: int = 1) -> dict[str, Any]:
        """Give the data of `stock.picked`; a `factor` picks that many times too much."""
        items = [{"sku": line.good.sku, "quantity": line.quantity * factor} for line in self.lines]
        return {
            "order_reference": order_reference,
            "pick_reference": self.reference,
            "items": items,
        }


@dataclass(frozen=True)
class Order:
    """One order of the shop, how it is picked, and what goes wrong with it."""

    reference: str
    first_name: str
    last_name: str
    street: str
    town: str
    postcode: str
    mobile: str
    origin: Place
    lines: Sequence[Line]
    picks: Sequence[Pick]
    trouble: Trouble = Trouble.NONE

    @property
    def ships(self) -> bool:
        """Whether its picks are to become consignments."""
        return self.trouble is not Trouble.REFUSED

    @property
    def goods(self) -> str:
        """What was ordered, in words."""
        names = [
            f"{line.quantity} × {line.good.name}" if line.quantity > 1 else line.good.name
            for line in self.lines
        ]
        return ", ".join([names[0], *(name[:1].lower() + name[1:] for name in names[1:])])

    def data(self) -> dict[str, Any]:
        """Give the data of `order.placed`."""
        return {
            "order_reference": self.reference,
            "origin": self.origin.reference,
            "destination": {
                "contact": {
                    "first_name": self.first_name,
                    "last_name": self.last_name,
                    "mobile": self.mobile,
                    "email": f"{self.first_name}.{self.last_name}@example.com".lower(),
                },
                "address_line_1": self.street,
                "town": self.town,
                "postcode": self.postcode,
                "country": "GB",
            },
            "items": [_item(line) for line in self.lines],
        }


def _item(line: Line) -> dict[str, Any]:
    length, width, height = line.good.size
    return {
        "sku": line.good.sku,
        "description": line.good.name,
        "quantity": line.quantity,
        "weight": {"value": line.good.kilograms, "unit": "kg"},
        "dimensions": {"length": length, "width": width, "height": height, "unit": "cm"},
        "value": {"amount": line.good.pounds, "currency": "GBP"},
    }


def make_orders(count: int, seed: int) -> list[Order]:
    """Make `count` orders: the necklace-bracelet-coat-hat order, one for each trouble, the rest.

    Among the rest a share meets a trouble by chance.
    """
    dice = random.Random(seed)  # noqa: S311 - the same seed has to make the same orders
    each_once = list(TROUBLES)
    weights = [TROUBLES[trouble].weight for trouble in each_once]
    orders = []
    for number in range(count):
        trouble = Trouble.NONE
        if 1 <= number <= len(each_once):
            trouble = each_once[number - 1]
        elif number > len(each_once) and dice.random() < SHARE_OF_TROUBLE:
            trouble = dice.choices(each_once, weights)[0]
        orders.append(_order(number, trouble, dice))
    return orders


def _order(number: int, trouble: Trouble, dice: random.Random) -> Order:
    reference = f"WEB-{FIRST_NUMBER + number}"
    town, postcode = dice.choice(TOWNS)
    origin = NOWHERE if trouble is Trouble.REFUSED else dice.choice(PLACES)
    goods = dice.sample(GOODS, k=dice.choice((1, 1, 2, 3)))
    lines = [Line(good, 1 if good.kilograms > 3 else dice.choice((1, 1, 1, 2))) for good in goods]
    picks = [Pick("P1", lines)]
    if number == 0:
        origin = LEEDS
        lines = [Line(good, 1) for good in (NECKLACE, BRACELET, COAT, HAT)]
        picks = [Pick("P1", lines[:2]), Pick("P2", lines[2:])]
    return Order(
        reference=reference,
        first_name=dice.choice(FIRST_NAMES),
        last_name=dice.choice(LAST_NAMES),
        street=f"{dice.randint(1, 180)} {dice.choice(STREETS)}",
        town=town,
        postcode=postcode,
        mobile=f"07700900{dice.randint(100, 999)}",
        origin=origin,
        lines=lines,
        picks=picks,
        trouble=trouble,
    )
