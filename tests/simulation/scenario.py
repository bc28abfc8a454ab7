"""What the platform says in a run, and which trouble is made: pure data, decided by the seed."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from . import turns_of_mind as mind

LOCATION = "LEEDS_DC"
SKUS = ("HAT", "SCARF", "BOOT")


@dataclass(frozen=True)
class Saying:
    """An event that the platform publishes at a time (seconds)."""

    at: float
    topic: str
    key: str
    value: bytes
    kinds: tuple[str, ...] = ()
    """What is to be counted of it."""


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
    anew: list[mind.Anew] = field(default_factory=list)
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
ANSWER_LOST = tuple(f for f in PRO_FAULTS if "after commit" in f or f in ("garbage", "late commit"))
"""Those of them after which PRO may have acted."""
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
    moods = random.Random(f"moods {seed}")  # noqa: S311 - no secret
    made = Scenario(replicas=dice.choice((1, 2, 2, 3)), partitions=dice.choice((1, 2, 3)))
    for number in range(dice.choice((2, 2, 2, 2, 3, 3, 4, 8))):
        made.sayings += _order(dice, moods, made, f"WEB-{number + 1}")
    made.sayings += _without_order(moods, made)
    made.sayings += _manifests(dice, LOCATION)
    made.sayings += _manifests(moods, mind.ELSEWHERE)
    if moods.random() < 0.4:
        _snag(moods, made)
    made.sayings += _malformed(dice)
    made.sayings.sort(key=lambda saying: saying.at)
    for _ in range(dice.choice((1, 2, 2, 3, 4))):
        made.troubles.append(_trouble(dice))
    made.troubles.sort(key=lambda trouble: trouble.at)
    return made


def _order(
    dice: random.Random, moods: random.Random, made: Scenario, reference: str
) -> Iterator[Saying]:
    placed_at = dice.uniform(0, 25)
    lines = [(sku, dice.randint(2, 4)) for sku in dice.sample(SKUS, dice.randint(1, 2))]
    kg = 400.0 if dice.random() < 0.06 else 0.4
    plan = mind.plan(moods)
    if dice.random() < 0.95:
        yield _said(placed_at, "order.placed", reference, _placed(reference, lines, kg, plan))
    if dice.random() < 0.12:
        again = placed_at + dice.uniform(0, 40)
        yield _said(again, "order.placed", reference, _placed(reference, lines, kg, plan))
    if dice.random() < 0.06:
        other = _placed(reference, [(lines[0][0], 9)], kg, plan)
        yield _said(placed_at + dice.uniform(1, 40), "order.placed", reference, other)
    for number in range(dice.choice((1, 1, 1, 2, 3))):
        yield from _pick(dice, moods, made, reference, f"P-{number + 1}", lines, placed_at)
    for change in mind.of_order(moods, reference):
        yield _changed(placed_at, reference, change)


def _pick(
    dice: random.Random,
    moods: random.Random,
    made: Scenario,
    order: str,
    name: str,
    lines: list[tuple[str, int]],
    placed_at: float,
) -> Iterator[Saying]:
    early = dice.random() < 0.2
    at = max(0.0, placed_at + (dice.uniform(-6, 0) if early else dice.uniform(0.5, 30)))
    sku, _ = dice.choice(lines)
    if dice.random() < 0.06:
        sku = "ANVIL"  # nobody ordered one
    quantity = 9 if dice.random() < 0.05 else 1
    more = {"generate_return": True} if dice.random() < 0.15 else {}
    content = picked(order, name, sku, quantity, more | mind.place(moods) | mind.plan(moods))
    yield _said(at, "stock.picked", order, content)
    if dice.random() < 0.2:
        yield _said(at + dice.uniform(0, 60), "stock.picked", order, content)
    if dice.random() < 0.1:
        other = picked(order, name, lines[0][0], 2, {})
        yield _said(at + dice.uniform(0, 60), "stock.picked", order, other)
    for change in mind.of_pick(moods, order, name):
        yield _changed(at, order, change)
    made.anew += mind.anew(moods, at, order, name)


def _without_order(moods: random.Random, made: Scenario) -> Iterator[Saying]:
    for number in range(moods.choice((0, 0, 0, 1, 1, 2))):
        reference, at = f"REPAIR-{number + 1}", moods.uniform(0, 50)
        content = _requested(reference, mind.plan(moods))
        yield _said(at, "consignment.requested", reference, content)
        if moods.random() < 0.2:
            yield _said(at + moods.uniform(0, 60), "consignment.requested", reference, content)
        for change in mind.of_order(moods, reference):
            yield _changed(at, reference, change)
        made.anew += mind.anew(moods, at, reference, None)


def _changed(since: float, key: str, change: mind.Change) -> Saying:
    at = max(0.0, since + change.after)
    value = json.dumps(change.data).encode()
    return Saying(at, change.topic, key, value, (change.kind,))


def _snag(moods: random.Random, made: Scenario) -> None:
    """Lose PRO's answer to a pick, and have it called off while nobody knows what came of it."""
    making = [one for one in made.sayings if one.topic in ("stock.picked", "consignment.requested")]
    if making:
        said = moods.choice(making)
        for change in mind.of_lost(moods, said.key, json.loads(said.value).get("pick_reference")):
            made.sayings.append(_changed(said.at, said.key, change))
        made.troubles.append(Trouble(said.at, "pro faults", 8.0, 0.7, faults=ANSWER_LOST))


def _manifests(dice: random.Random, location: str) -> Iterator[Saying]:
    for number in range(dice.choice((0, 1, 1, 2))):
        reference = f"M-{number + 1}"
        data = {"manifest_reference": reference, "shipping_location_reference": location}
        at = dice.uniform(20, 110)
        yield _said(at, "manifest.requested", location, data)
        if dice.random() < 0.15:
            yield _said(at + dice.uniform(0, 20), "manifest.requested", location, data)


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
    return Saying(at, topic, key, json.dumps(data).encode(), mind.kinds_of(topic, data))


def _placed(
    reference: str, lines: list[tuple[str, int]], kg: float, more: dict[str, Any]
) -> dict[str, Any]:
    return {"order_reference": reference, **_goods(lines, kg), **more}


def _requested(reference: str, more: dict[str, Any]) -> dict[str, Any]:
    own = {"consignment_reference_provided_by_customer": reference}
    return {**own, **_goods([(SKUS[0], 1)], 0.4), **more}


def _goods(lines: list[tuple[str, int]], kg: float) -> dict[str, Any]:
    return {
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


def picked(order: str, name: str, sku: str, quantity: int, more: dict[str, Any]) -> dict[str, Any]:
    items = [{"sku": sku, "quantity": quantity}]
    return {"order_reference": order, "pick_reference": name, "items": items, **more}
