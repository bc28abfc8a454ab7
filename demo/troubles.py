"""What goes wrong in the demo, each in plain words, with the fault that PRO's stand-in is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Trouble(StrEnum):
    """What befalls an order: at most one thing each."""

    NONE = "none"
    LOST_ANSWER = "lost_answer"
    EARLY_PICK = "early_pick"
    UNAVAILABLE = "unavailable"
    TWICE = "twice"
    LATE_COMMIT = "late_commit"
    THROTTLED = "throttled"
    REFUSED = "refused"
    TOO_MANY = "too_many"
    OTHER_CONTENT = "other_content"
    TRUNCATED = "truncated"


@dataclass(frozen=True)
class Told:
    """A trouble in words, its fault rule if PRO is to fail, and how often it comes by chance."""

    words: str
    fault: Mapping[str, Any] | None = None
    weight: int = 1


TROUBLES: Mapping[Trouble, Told] = {
    Trouble.LOST_ANSWER: Told(
        "PRO makes the consignment, and its answer is lost",
        {"operation": "packOrder", "kind": "drop_after_commit", "times": 1},
        weight=4,
    ),
    Trouble.EARLY_PICK: Told("the pick arrives before its order", weight=4),
    Trouble.UNAVAILABLE: Told(
        "PRO answers Pack Order twice with 503",
        {"operation": "packOrder", "kind": "status", "status": 503, "times": 2},
        weight=2,
    ),
    Trouble.TWICE: Told("the pick's event is delivered twice", weight=4),
    Trouble.LATE_COMMIT: Told(
        "its answer is lost, and PRO makes the consignment later",
        {
            "operation": "packOrder",
            "kind": "late_commit",
            "hold_seconds": 0.2,
            "seconds": 1.2,
            "times": 1,
        },
        weight=2,
    ),
    Trouble.THROTTLED: Told(
        "PRO is busy at the allocation: 429, come back in 2 s",
        {
            "operation": "allocateDefaultRules",
            "kind": "status",
            "status": 429,
            "retry_after": 2,
            "times": 1,
        },
        weight=4,
    ),
    Trouble.REFUSED: Told("its shipping location is unknown to PRO"),
    Trouble.TOO_MANY: Told("more is picked than was ordered; then the pick is corrected"),
    Trouble.OTHER_CONTENT: Told("the same pick comes again with another content"),
    Trouble.TRUNCATED: Told("its event is cut off in the middle; then it comes whole"),
}


def fault_for(trouble: Trouble, order_reference: str) -> dict[str, Any] | None:
    """Give the rule that has PRO's stand-in fail for this one order; None when PRO is well."""
    told = TROUBLES.get(trouble)
    if told is None or told.fault is None:
        return None
    return {**told.fault, "match": {"order_reference_provided_by_customer": order_reference}}
