"""What makes the platform change its mind in a run: it cancels, withdraws, allocates anew.

All of it is decided by dice of its own, so that the rest of a scenario stays as it is.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.proof.facts import Account

ELSEWHERE = "BRISTOL_WH"
NOWHERE = "ATLANTIS"
"""PRO knows no such location."""
_FITTING = (
    [{"way": "default_rules"}],
    [{"way": "carrier_service", "reference": "NL_P48"}],
    [{"way": "service_group", "reference": "UK_STANDARD"}],
)
_UNFIT = (
    [{"way": "carrier_service", "reference": "KW_INT"}],
    [{"way": "service_group", "reference": "WORLD"}],
    [
        {"way": "carrier_service", "reference": "KW_EXP"},
        {"way": "service_group", "reference": "RETURNS"},
    ],
)
"""None of them takes a parcel within the country."""

CANCELLED, TWICE, UNSEEN = "cancelled", "cancelled twice", "cancelled before it was placed"
WITHDRAWN = "pick withdrawn"
FROM_ELSEWHERE = "pick from elsewhere"
ANEW = "allocated anew on request"
REQUESTED = "requested without an order"
FALLS_BACK = "plan with fall-backs"
ASKED = (CANCELLED, TWICE, UNSEEN, WITHDRAWN, FROM_ELSEWHERE, ANEW, REQUESTED, FALLS_BACK)
"""What the platform asks for."""
TOLD = (
    "order.cancellation_applied",
    "order.cancellation_rejected",
    "pick.withdrawal_applied",
    "pick.withdrawal_rejected",
    "consignment.cancelled",
    "consignment.reallocation_started",
    "consignment.reallocation_rejected",
    "consignment.rejected",
)
"""What it has to hear of that now and then."""
CORRECTED, FELL_BACK, FITTED = "origin corrected", "fell back", "picked what was withdrawn"
OF_MINDS = frozenset({*ASKED, *TOLD, CORRECTED, FELL_BACK, FITTED})


@dataclass(frozen=True)
class Change:
    """An event that calls something off, or asks for it again, so many seconds after another."""

    kind: str
    after: float
    topic: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Anew:
    """A wish to have a pick's consignment allocated anew, as soon as it is told of."""

    at: float
    key: str
    pick: str | None
    request: str
    allocation: list[dict[str, str]] | None


def plan(dice: random.Random) -> dict[str, Any]:
    """Give, now and then, the ways to allocate that an event names."""
    likely = dice.random()
    if likely < 0.8:
        return {}
    ways = dice.choice(_UNFIT) if likely < 0.95 else []
    falls_back = not ways or dice.random() < 0.85
    return {"allocation": [*ways, *(dice.choice(_FITTING) if falls_back else [])]}


def place(dice: random.Random) -> dict[str, Any]:
    """Give, now and then, the location that a pick leaves from, which is not its order's."""
    likely = dice.random()
    if likely < 0.8:
        return {}
    return {"shipping_location_reference": ELSEWHERE if likely < 0.97 else NOWHERE}


def of_order(dice: random.Random, order: str) -> Iterator[Change]:
    """Cancel an order, now and then; times count from its placing."""
    if dice.random() < 0.2:
        after = dice.choice((dice.uniform(-15, 0), dice.uniform(0, 40), dice.uniform(40, 130)))
        topic, data = "order.cancelled", {"order_reference": order}
        yield Change(UNSEEN if after < 0 else CANCELLED, after, topic, data)
        if dice.random() < 0.3:
            again = after + dice.uniform(0, 60)
            yield Change(TWICE, again, topic, {**data, "reason": "the customer said so again"})


def of_pick(dice: random.Random, order: str, pick: str) -> Iterator[Change]:
    """Withdraw a pick, or cancel its order, now and then; times count from its event."""
    if dice.random() < 0.15:
        yield Change(CANCELLED, dice.uniform(0, 12), "order.cancelled", {"order_reference": order})
    if dice.random() < 0.2:
        after = dice.choice((dice.uniform(-6, 2), dice.uniform(0, 12), dice.uniform(0, 90)))
        data = {"order_reference": order, "pick_reference": pick}
        yield Change(WITHDRAWN, after, "pick.withdrawn", data)
        if dice.random() < 0.25:
            yield Change(WITHDRAWN, after + dice.uniform(0, 60), "pick.withdrawn", data)


def of_lost(dice: random.Random, order: str, pick: str | None) -> Iterator[Change]:
    """Call off what PRO's answer to is being lost; times count from its event."""
    after = dice.uniform(0.5, 40)
    if pick is None or dice.random() < 0.6:
        yield Change(CANCELLED, after, "order.cancelled", {"order_reference": order})
    else:
        data = {"order_reference": order, "pick_reference": pick}
        yield Change(WITHDRAWN, after, "pick.withdrawn", data)


def anew(dice: random.Random, at: float, key: str, pick: str | None) -> Iterator[Anew]:
    """Wish a consignment to be allocated anew, now and then."""
    for number in range(dice.choice((0, 0, 0, 0, 1, 1, 2))):
        ways = plan(dice).get("allocation") or dice.choice((None, dice.choice(_FITTING)))
        yield Anew(at + dice.uniform(0, 90), key, pick, f"R-{number + 1}", ways)


def kinds_of(topic: str, data: dict[str, Any]) -> tuple[str, ...]:
    """Name what is special about an event."""
    special = {
        REQUESTED: topic == "consignment.requested",
        FROM_ELSEWHERE: data.get("shipping_location_reference") and topic == "stock.picked",
        FALLS_BACK: len(data.get("allocation", ())) > 1,
    }
    return tuple(kind for kind, is_so in special.items() if is_so)


def told(account: Account) -> Counter[str]:
    """Count what came of it."""
    heard = {h.id: h for h in account.heard}.values()
    counts = Counter(h.type for h in heard if h.type in TOLD)
    located = [h for h in heard if h.data.get("shipping_location_reference") == ELSEWHERE]
    counts[CORRECTED] = sum(h.type == "consignment.created" for h in located)
    created = {
        (h.data.get("order_reference"), h.data.get("pick_reference"))
        for h in heard
        if h.type == "consignment.created"
    }
    counts[FITTED] = len(account.must_fit & created)
    return +counts
