"""The ways to allocate a consignment, named alike by events, rules and the ledger."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from service.events.said import Reference, Said, refuse

MAX_WAYS = 10


class Way(Said):
    """One way to allocate.

    `service_group` and `carrier_service` name theirs by PRO's `reference`; `default_rules` leaves
    the choice to PRO; `none` leaves the consignment to another system.
    """

    way: Literal["default_rules", "service_group", "carrier_service", "none"]
    reference: Reference | None = None

    @model_validator(mode="after")
    def _names_what_it_needs(self) -> "Way":
        needs = self.way in ("service_group", "carrier_service")
        if needs and self.reference is None:
            raise refuse("allocation", f"{self.way} needs a reference")
        if not needs and self.reference is not None:
            raise refuse("allocation", f"{self.way} takes no reference")
        return self

    def __str__(self) -> str:
        return self.way if self.reference is None else f"{self.way} {self.reference}"


Ways = tuple[Way, ...]
"""Tried in order: each is the fall-back of the one before."""


def _fit_together(ways: Ways) -> Ways:
    if len(ways) > 1 and any(way.way == "none" for way in ways):
        raise refuse("allocation", "none stands alone: there is nothing to fall back from or to")
    if len(set(ways)) != len(ways):
        raise refuse("allocation", "names the same way twice")
    return ways


SaidWays = Annotated[
    Ways,
    Field(strict=False, min_length=1, max_length=MAX_WAYS),
    AfterValidator(_fit_together),
]
"""How an event or a rule says it."""

BY_DEFAULT_RULES: Ways = (Way(way="default_rules"),)


def as_json(ways: Ways) -> list[dict[str, str]]:
    """Say ways as the ledger keeps them."""
    return [way.model_dump(exclude_none=True) for way in ways]


def from_json(kept: Sequence[Any] | None) -> Ways:
    """Read ways that the ledger kept; where it kept none, PRO's default rules."""
    return tuple(Way.model_validate(way) for way in kept) if kept else BY_DEFAULT_RULES
