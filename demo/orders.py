"""The demo's orders: made by a seed, so that the same seed gives the same orders and troubles."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demo.cases import CASES, Case
from demo.shop import (
    BRACELET,
    BRISTOL,
    COAT,
    FIRST_NAMES,
    GOODS,
    HAT,
    LAST_NAMES,
    LEEDS,
    LIGHT_GOODS,
    NECKLACE,
    NOWHERE,
    PLACES,
    STREETS,
    TOWNS,
    TOWNS_ABROAD,
    Good,
    Place,
)
from demo.troubles import TROUBLES, Trouble

FIRST_NUMBER = 41_001
SHARE_OF_TROUBLE = 0.12
SHARE_OF_CASES = 0.15
"""Both of the orders after those that show each case and each trouble once."""


@dataclass(frozen=True)
class Line:
    """So many of one good."""

    good: Good
    quantity: int


@dataclass(frozen=True)
class Pick:
    """What leaves the shelf together; `called_off`: it goes back there."""

    reference: str
    lines: Sequence[Line]
    elsewhere: Place | None = None
    """Where it leaves, if that is not the order's origin."""
    with_return: bool = False
    called_off: bool = False

    def data(self, order_reference: str, *, factor: int = 1) -> dict[str, Any]:
        """Give the data of `stock.picked`; a `factor` picks that many times too much."""
        items = [{"sku": line.good.sku, "quantity": line.quantity * factor} for line in self.lines]
        said: dict[str, Any] = {
            "order_reference": order_reference,
            "pick_reference": self.reference,
            "items": items,
        }
        if self.elsewhere is not None:
            said["shipping_location_reference"] = self.elsewhere.reference
        if self.with_return:
            said["generate_return"] = True
        return said


@dataclass(frozen=True)
class Order:
    """One order of the shop, how it is picked, what it asks for, and what goes wrong with it.

    That of `Case.WITHOUT_ORDER` is a consignment without one: its only pick has no reference.
    """

    reference: str
    first_name: str
    last_name: str
    street: str
    town: str
    postcode: str
    country: str
    mobile: str
    origin: Place
    lines: Sequence[Line]
    picks: Sequence[Pick]
    trouble: Trouble = Trouble.NONE
    case: Case = Case.ORDINARY

    @property
    def ships(self) -> bool:
        """Whether its picks are to become consignments."""
        return self.trouble is not Trouble.REFUSED

    @property
    def is_order(self) -> bool:
        """Whether PRO is to know an order, not only a consignment."""
        return self.case is not Case.WITHOUT_ORDER

    @property
    def leaving(self) -> int:
        """How many consignments are to leave in the end, returns included."""
        picks = [pick for pick in self.picks if self.ships and not pick.called_off]
        return len(picks) + sum(pick.with_return for pick in picks)

    @property
    def called_off(self) -> int:
        """How many consignments are to be made and then cancelled."""
        return sum(pick.called_off for pick in self.picks)

    @property
    def service(self) -> str:
        """The carrier service that has to carry it, by PRO's reference; empty: PRO chooses."""
        return CASES[self.case].service if self.case in CASES else ""

    @property
    def event_type(self) -> str:
        """What says it to the service."""
        return "order.placed" if self.is_order else "consignment.requested"

    @property
    def about(self) -> str:
        """What is special about it, in words; of an ordinary one, the goods."""
        if self.trouble in TROUBLES:
            return TROUBLES[self.trouble].words
        return CASES[self.case].words if self.case in CASES else self.goods

    @property
    def goods(self) -> str:
        """What was ordered, in words."""
        names = [
            f"{line.quantity} × {line.good.name}" if line.quantity > 1 else line.good.name
            for line in self.lines
        ]
        return ", ".join([names[0], *(name[:1].lower() + name[1:] for name in names[1:])])

    def place_of(self, pick: Pick) -> Place:
        """Where a pick leaves."""
        return pick.elsewhere or self.origin

    def data(self, delivery_option: str = "") -> dict[str, Any]:
        """Give the data of its event, of a delivery option if one is named."""
        named = "order_reference" if self.is_order else "consignment_reference_provided_by_customer"
        said: dict[str, Any] = {
            named: self.reference,
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
                "country": self.country,
            },
            "items": [_item(line) for line in self.lines],
        }
        if self.case in CASES and CASES[self.case].allocation:
            said["allocation"] = list(CASES[self.case].allocation)
        if self.case is Case.ABROAD:
            said["customs_documentation"] = _customs()
        if delivery_option:
            said["delivery_option_reference"] = delivery_option
        return said


def _item(line: Line) -> dict[str, Any]:
    length, width, height = line.good.size
    return {
        "sku": line.good.sku,
        "description": line.good.name,
        "quantity": line.quantity,
        "weight": {"value": line.good.kilograms, "unit": "kg"},
        "dimensions": {"length": length, "width": width, "height": height, "unit": "cm"},
        "value": {"amount": line.good.pounds, "currency": "GBP"},
        "country_of_origin": "GB",
        "harmonisation_code": line.good.harmonisation_code,
    }


def _customs() -> Mapping[str, str]:
    return {
        "category_type": "other",
        "reason_for_export": "Sale",
        "shipping_terms": "dap",
        "shippers_vat_number": "GB123456789",
    }


def make_orders(count: int, seed: int) -> list[Order]:
    """Make `count` orders: one for each case, one for each trouble, and the rest.

    Among the rest a share meets a trouble or asks for something special by chance.
    """
    dice = random.Random(seed)  # noqa: S311 - the same seed has to make the same orders
    kinds: list[tuple[Case, Trouble]] = [
        *((case, Trouble.NONE) for case in CASES),
        *((Case.ORDINARY, trouble) for trouble in TROUBLES),
    ]
    while len(kinds) < count:
        kinds.append(_by_chance(dice))
    return [_order(number, *kind, dice) for number, kind in enumerate(kinds[:count])]


def _by_chance(dice: random.Random) -> tuple[Case, Trouble]:
    thrown = dice.random()
    if thrown < SHARE_OF_TROUBLE:
        weights = [told.weight for told in TROUBLES.values()]
        return Case.ORDINARY, dice.choices(list(TROUBLES), weights)[0]
    if thrown < SHARE_OF_TROUBLE + SHARE_OF_CASES:
        weights = [asked.weight for asked in CASES.values()]
        return dice.choices(list(CASES), weights)[0], Trouble.NONE
    return Case.ORDINARY, Trouble.NONE


def _order(number: int, case: Case, trouble: Trouble, dice: random.Random) -> Order:
    town, postcode, country = (
        dice.choice(TOWNS_ABROAD) if case is Case.ABROAD else (*dice.choice(TOWNS), "GB")
    )
    origin = NOWHERE if trouble is Trouble.REFUSED else dice.choice(PLACES)
    among = GOODS if case is Case.ORDINARY else LIGHT_GOODS
    goods = dice.sample(among, k=dice.choice((1, 1, 2, 3)))
    lines = [Line(good, 1 if good.kilograms > 3 else dice.choice((1, 1, 1, 2))) for good in goods]
    if case is Case.TWO_WAREHOUSES:
        origin = LEEDS
        lines = [Line(good, 1) for good in (NECKLACE, BRACELET, COAT, HAT)]
    return Order(
        reference=f"WEB-{FIRST_NUMBER + number}",
        first_name=dice.choice(FIRST_NAMES),
        last_name=dice.choice(LAST_NAMES),
        street=f"{dice.randint(1, 180)} {dice.choice(STREETS)}",
        town=town,
        postcode=postcode,
        country=country,
        mobile=f"07700900{dice.randint(100, 999)}",
        origin=origin,
        lines=lines,
        picks=_picks(case, lines),
        trouble=trouble,
        case=case,
    )


def _picks(case: Case, lines: Sequence[Line]) -> Sequence[Pick]:
    match case:
        case Case.TWO_WAREHOUSES:
            return Pick("P1", lines[:2]), Pick("P2", lines[2:], elsewhere=BRISTOL)
        case Case.RETURN:
            return (Pick("P1", lines, with_return=True),)
        case Case.WITHOUT_ORDER:
            return (Pick("", lines),)
        case Case.WITHDRAWN:
            return Pick("P1", lines, called_off=True), Pick("P2", lines)
        case Case.CANCELLED:
            return (Pick("P1", lines, called_off=True),)
        case _:
            return (Pick("P1", lines),)
