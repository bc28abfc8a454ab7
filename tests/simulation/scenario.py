"""What the platform says in a run, and which trouble is made: pure data, decided by the seed."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LOCATION = "LEEDS_DC"
SKUS = ("HAT", "SCARF", "BOOT")


@dataclass(frozen=True)
class Saying:
    """An event that the platform publishes at a time (seconds)."""

    at: float
    topic: str
    key: str
    value: bytes


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong, from a time on, for a while (seconds)."""

    at: float
    kind: str
    seconds: float = 0.0
    strength: float = 0.0
    """How likely each single call or publication goes wrong."""
    which: int = 0
    """Picks the replica, by its place among those alive."""
    commits: int = 0
    """If not 0, it befalls the replica directly after so many more commits to the ledger."""
    only_claims: bool = False
    """Whether only those commits count that took a lease."""
    faults: tuple[str, ...] = ()
    """Of PRO, while it lasts."""


@dataclass
class Scenario:
    """One run."""

    replicas: int
    partitions: int
    sayings: list[Saying] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


PRO_FAULTS = (
    "connect refused",
    "time-out before commit",
    "time-out after commit",
    "dropped after commit",
    "5xx",
    "5xx after commit",
    "429",
    "garbage",
    "late commit",
    "latency",
)
"""What may befall a call to PRO."""
WINDOWS = (
    "publish faults",
    "broker away",
    "ledger down",
    "commits not heard of",
    "pro faults",
    "pro away",
    "key refused",
    "bug",
)
"""Trouble that lasts."""
MOMENTS = ("kill", "kill", "stall", "stall", "join", "leave", "rewind", "operator")
"""Trouble that happens to a replica, or to the group, at once. Often named, often made."""


def scenario(seed: int) -> Scenario:
    """Make the scenario of a seed."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    made = Scenario(replicas=dice.choice((1, 2, 2, 3)), partitions=dice.choice((1, 2, 3)))
    for number in range(dice.choice((2, 2, 2, 2, 3, 3, 4, 8))):
        made.sayings += _order(dice, f"WEB-{number + 1}")
    made.sayings += _manifests(dice)
    made.sayings += _malformed(dice)
    made.sayings.sort(key=lambda saying: saying.at)
    for _ in range(dice.choice((1, 2, 2, 3, 4))):
        made.troubles.append(_trouble(dice))
    made.troubles.sort(key=lambda trouble: trouble.at)
    return made


def _order(dice: random.Random, reference: str) -> Iterator[Saying]:
    placed_at = dice.uniform(0, 25)
    lines = [(sku, dice.randint(2, 4)) for sku in dice.sample(SKUS, dice.randint(1, 2))]
    kg = 400.0 if dice.random() < 0.06 else 0.4
    if dice.random() < 0.95:
        yield _said(placed_at, "order.placed", reference, _placed(reference, lines, kg))
    if dice.random() < 0.12:
        again = placed_at + dice.uniform(0, 40)
        yield _said(again, "order.placed", reference, _placed(reference, lines, kg))
    if dice.random() < 0.06:
        other = _placed(reference, [(lines[0][0], 9)], kg)
        yield _said(placed_at + dice.uniform(1, 40), "order.placed", reference, other)
    for number in range(dice.choice((1, 1, 1, 2, 3))):
        yield from _pick(dice, reference, f"P-{number + 1}", lines, placed_at)


def _pick(
    dice: random.Random, order: str, name: str, lines: list[tuple[str, int]], placed_at: float
) -> Iterator[Saying]:
    early = dice.random() < 0.2
    at = max(0.0, placed_at + (dice.uniform(-6, 0) if early else dice.uniform(0.5, 30)))
    sku, _ = dice.choice(lines)
    if dice.random() < 0.06:
        sku = "ANVIL"  # nobody ordered one
    quantity = 9 if dice.random() < 0.05 else 1
    more = {"generate_return": True} if dice.random() < 0.15 else {}
    content = _picked(order, name, sku, quantity, more)
    yield _said(at, "stock.picked", order, content)
    if dice.random() < 0.2:
        yield _said(at + dice.uniform(0, 60), "stock.picked", order, content)
    if dice.random() < 0.1:
        other = _picked(order, name, lines[0][0], 2, {})
        yield _said(at + dice.uniform(0, 60), "stock.picked", order, other)


def _manifests(dice: random.Random) -> Iterator[Saying]:
    for number in range(dice.choice((0, 1, 1, 2))):
        reference = f"M-{number + 1}"
        data = {"manifest_reference": reference, "shipping_location_reference": LOCATION}
        at = dice.uniform(20, 110)
        yield _said(at, "manifest.requested", LOCATION, data)
        if dice.random() < 0.15:
            yield _said(at + dice.uniform(0, 20), "manifest.requested", LOCATION, data)


def _malformed(dice: random.Random) -> Iterator[Saying]:
    if dice.random() < 0.3:
        broken = dice.choice((b"{", b"\xff\xfe", b'{"order_reference": 7}', b"[]"))
        yield Saying(dice.uniform(0, 60), "stock.picked", "WEB-1", broken)


def _trouble(dice: random.Random) -> Trouble:
    at = dice.uniform(0, 80)
    if dice.random() < 0.5:
        kind = dice.choice(MOMENTS)
        seconds = dice.choice((dice.uniform(1, 8), dice.uniform(12, 90)))
        commits, claims = dice.choice(((0, False), (dice.randint(1, 20), False), (1, True)))
        which = dice.randrange(6)
        return Trouble(at, kind, seconds, which=which, commits=commits, only_claims=claims)
    kind = dice.choice((*WINDOWS, *["pro faults"] * 6))
    seconds = dice.uniform(2, 40)
    if kind == "pro faults":
        faults = tuple(dice.sample(PRO_FAULTS, dice.choice((1, 2, len(PRO_FAULTS)))))
        return Trouble(at, kind, seconds, dice.choice((0.1, 0.4, 0.8)), faults=faults)
    if kind == "bug":
        seconds = dice.choice((seconds, dice.uniform(60, 1200)))
    return Trouble(at, kind, seconds, dice.choice((0.1, 0.3, 0.6)), dice.randrange(6))


def _said(at: float, topic: str, key: str, data: dict[str, Any]) -> Saying:
    return Saying(at, topic, key, json.dumps(data).encode())


def _placed(reference: str, lines: list[tuple[str, int]], kg: float) -> dict[str, Any]:
    return {
        "order_reference": reference,
        "origin": LOCATION,
        "destination": {
            "contact": {"first_name": "Ada", "last_name": "Okafor", "mobile": "07700900123"},
            "address_line_1": "4 Quarry Lane",
            "town": "Norwich",
            "postcode": "NR1 1AA",
            "country": "GB",
        },
        "items": [
            {
                "sku": sku,
                "quantity": quantity,
                "weight": {"value": kg, "unit": "kg"},
                "dimensions": {"length": 20, "width": 12, "height": 6, "unit": "cm"},
                "value": {"amount": 25, "currency": "GBP"},
            }
            for sku, quantity in lines
        ],
    }


def _picked(order: str, name: str, sku: str, quantity: int, more: dict[str, Any]) -> dict[str, Any]:
    items = [{"sku": sku, "quantity": quantity}]
    return {"order_reference": order, "pick_reference": name, "items": items, **more}
