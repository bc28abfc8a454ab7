"""Faults on demand: rules that make a call, or one item of a call, go wrong.

Not PRO's: a means to test what a client does when PRO, or the way to it, fails.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class FaultKind(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"
    """Waits `seconds`, then goes on as if nothing had happened."""
    STATUS = "status"
    """Answers `status` with `body`, `retry_after`; acts first when `acts` is true."""
    TIMEOUT_BEFORE_COMMIT = "timeout_before_commit"
    """Never acts; holds the connection `seconds`, then drops it."""
    TIMEOUT_AFTER_COMMIT = "timeout_after_commit"
    """Acts, holds the connection `seconds`, then drops it."""
    DROP_BEFORE_COMMIT = "drop_before_commit"
    """Never acts; closes the connection at once."""
    DROP_AFTER_COMMIT = "drop_after_commit"
    """Acts; closes the connection at once."""
    LATE_COMMIT = "late_commit"
    """Holds the connection `hold_seconds` and drops it; acts `seconds` after the call."""
    GARBAGE = "garbage"
    """Acts, answers the good status with a body that cannot be read."""
    BULK_ITEM_FAILURE = "bulk_item_failure"
    """The matching consignment fails inside the answer of a bulk call."""
    MANIFEST_FAILURE = "manifest_failure"
    """The matching consignment ends in ManifestFailed."""


ITEM_KINDS = frozenset({FaultKind.BULK_ITEM_FAILURE, FaultKind.MANIFEST_FAILURE})
"""Kinds that befall one consignment of a call; the others befall the whole call."""


class Match(BaseModel):
    """Which calls or consignments a rule is for: each text given must be part of the value."""

    model_config = ConfigDict(extra="forbid")

    customer_reference: str | None = None
    """Of the consignment (in a Pack Order: the one it would get)."""
    order_reference_provided_by_customer: str | None = None
    consignment_reference: str | None = None
    order_reference: str | None = None


class FaultRule(BaseModel):
    """A rule as it is posted."""

    model_config = ConfigDict(extra="forbid")

    operation: str = "*"
    """An operationId of the contract, or * for all."""
    kind: FaultKind
    times: Annotated[int, Field(ge=1)] | None = None
    """How often it may fire; null for ever."""
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    match: Match = Match()
    seconds: Annotated[float, Field(ge=0)] = 30.0
    hold_seconds: Annotated[float, Field(ge=0)] = 0.0
    retry_after: Annotated[int, Field(ge=0)] | str | None = None
    """Value of Retry-After: seconds, or a date as text."""
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    body: Any = None
    """Null: PRO's error body. Text: sent as it stands, empty text as an empty body."""
    acts: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call or an item of it is about."""

    customer_reference: str = ""
    order_reference_provided_by_customer: str = ""
    consignment_reference: str = ""
    order_reference: str = ""

    def matches(self, match: Match) -> bool:
        """Whether every text of the match is part of this."""
        return all(
            wanted in getattr(self, name)
            for name, wanted in match.model_dump(exclude_none=True).items()
        )


@dataclass(slots=True)
class ActiveFault:
    """A rule with the count of how often it fired."""

    id: int
    rule: FaultRule
    fired: int = 0

    def as_json(self) -> dict[str, Any]:
        """As the listing shows it."""
        return {"id": self.id, "fired": self.fired, **self.rule.model_dump(mode="json")}


@dataclass(frozen=True, slots=True)
class FaultsKept:
    """The rules in force as they are kept over a restart; the dice are thrown anew."""

    last_id: int
    active: list[ActiveFault]


class Faults:
    """The rules in force."""

    def __init__(self, operations: frozenset[str], dice: random.Random) -> None:
        self._operations = operations
        self._dice = dice
        self._active: list[ActiveFault] = []
        self._last_id = 0

    def add(self, rule: FaultRule) -> ActiveFault:
        """Puts a rule in force; a ValueError for an operation that does not exist."""
        if rule.operation != "*" and rule.operation not in self._operations:
            # A mistyped name would never fire and the test would prove nothing.
            raise ValueError(f"no operation {rule.operation}")
        self._last_id += 1
        self._active.append(ActiveFault(self._last_id, rule))
        return self._active[-1]

    def clear(self) -> None:
        """Takes all rules out of force."""
        self._active.clear()

    def kept(self) -> FaultsKept:
        """Everything but the dice."""
        return FaultsKept(self._last_id, self.listing())

    def restore(self, kept: FaultsKept) -> None:
        """Puts in force what was."""
        self._last_id = kept.last_id
        self._active = list(kept.active)

    def listing(self) -> list[ActiveFault]:
        """All rules, also those that fired as often as they may."""
        return [*self._active]

    def jitter(self, most: float) -> float:
        """A random wait."""
        return self._dice.uniform(0, most) if most > 0 else 0.0

    def for_call(self, operation: str, subjects: Collection[Subject]) -> list[FaultRule]:
        """The faults that befall a call: waits first, then at most one of the others."""
        waits: list[FaultRule] = []
        other: list[FaultRule] = []
        for fault in self._active:
            kind = fault.rule.kind
            if kind in ITEM_KINDS or (other and kind is not FaultKind.LATENCY):
                continue
            if self._fires(fault, operation, subjects):
                (waits if kind is FaultKind.LATENCY else other).append(fault.rule)
        return waits + other

    def for_item(self, kind: FaultKind, operation: str, subject: Subject) -> FaultRule | None:
        """The fault of that kind that befalls one consignment of a call."""
        for fault in self._active:
            if fault.rule.kind is kind and self._fires(fault, operation, (subject,)):
                return fault.rule
        return None

    def _fires(self, fault: ActiveFault, operation: str, subjects: Collection[Subject]) -> bool:
        rule = fault.rule
        if rule.operation not in ("*", operation):
            return False
        if rule.times is not None and fault.fired >= rule.times:
            return False
        if not any(subject.matches(rule.match) for subject in subjects or (Subject(),)):
            return False
        if rule.probability < 1 and self._dice.random() >= rule.probability:
            return False
        fault.fired += 1
        return True
