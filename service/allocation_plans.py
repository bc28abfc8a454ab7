"""Which ways to allocate a consignment are tried: as its event says, else by the first rule that
fits, else as the rules say for all others.

Pure: what is known of a consignment goes in, the ways come out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from typing import Any

from service.events.allocation import BY_DEFAULT_RULES, Ways, as_json, from_json
from service.events.details import Metadata
from service.events.goods import Shipment
from service.events.parties import Address
from service.events.published import Direction

EVENT = "event"
"""The plan was named in an event."""
OTHERWISE = "otherwise"
"""No rule fitted."""


@dataclass(frozen=True)
class Facts:
    """What rules can ask of a consignment. What isn't known is None, and fits no condition."""

    destination_country: str | None = None
    shipping_location: str | None = None
    direction: Direction = "outbound"
    tags: frozenset[str] = frozenset()
    weight_kg: Decimal | None = None
    """Of all its packages."""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Conditions:
    """When a rule fits: every condition that it has is met."""

    destination_country: frozenset[str] = frozenset()
    """One of these."""
    shipping_location: frozenset[str] = frozenset()
    """One of these."""
    direction: Direction | None = None
    tags: frozenset[str] = frozenset()
    """All of these."""
    weight_from: Decimal | None = None
    weight_below: Decimal | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Each of these keys with this value."""

    def fit(self, facts: Facts) -> bool:
        """Tell whether all are met."""
        return (
            _is_among(facts.destination_country, self.destination_country)
            and _is_among(facts.shipping_location, self.shipping_location)
            and self.direction in (None, facts.direction)
            and self.tags <= facts.tags
            and self._fit_weight(facts.weight_kg)
            and all(facts.metadata.get(key) == value for key, value in self.metadata.items())
        )

    def _fit_weight(self, weight: Decimal | None) -> bool:
        if self.weight_from is None and self.weight_below is None:
            return True
        if weight is None:
            return False
        enough = self.weight_from is None or weight >= self.weight_from
        return enough and (self.weight_below is None or weight < self.weight_below)


def _is_among(value: str | None, wanted: frozenset[str]) -> bool:
    return not wanted or value in wanted


@dataclass(frozen=True)
class Rule:
    """What fits `when` is allocated so."""

    name: str
    when: Conditions
    allocate: Ways


@dataclass(frozen=True)
class Chosen:
    """The ways for a consignment, and what chose them: EVENT, OTHERWISE, or a rule's name."""

    ways: Ways
    by: str


@dataclass(frozen=True)
class AllocationPlans:
    """The rules, the first that fits decides, and the ways for all that no rule fits."""

    rules: tuple[Rule, ...] = ()
    otherwise: Ways = BY_DEFAULT_RULES

    def choose(self, named: Ways | None, facts: Facts) -> Chosen:
        """Choose the ways for a consignment; `named` are those of its event, if it names any."""
        if named is not None:
            return Chosen(named, EVENT)
        for rule in self.rules:
            if rule.when.fit(facts):
                return Chosen(rule.allocate, rule.name)
        return Chosen(self.otherwise, OTHERWISE)

    def for_shipment(self, shipment: Shipment, shipping_location: str | None) -> Chosen:
        """Choose the ways for a consignment that is asked for without an order."""
        facts = self.facts_of(
            self.facts_to_keep(shipment),
            shipping_location=shipping_location,
            direction=shipment.direction,
            tags=None,
            weight_kg=_weight_kg(shipment),
            metadata=(),
        )
        return self.choose(shipment.allocation, facts)

    def facts_to_keep(self, order: Shipment) -> dict[str, Any]:
        """Give what the ledger has to keep of an order for `facts_of`, as JSON.

        Of the metadata only what rules ask for: the rest may name people.
        """
        country = order.destination.country
        kept: dict[str, Any] = {
            "destination_country": country.code if country else None,
            "tags": list(order.tags),
            "metadata": self.asked_for(order.metadata),
            "allocation": as_json(order.allocation) if order.allocation else None,
        }
        return {name: value for name, value in kept.items() if value}

    def facts_amended(
        self,
        kept: Mapping[str, Any],
        destination: Address | None,
        tags: Sequence[str] | None,
        metadata: Sequence[Metadata] | None,
    ) -> dict[str, Any]:
        """Give what the ledger keeps of an order that is amended; None is what stays as it was."""
        changed = dict(kept)
        if destination is not None:
            changed["destination_country"] = destination.country and destination.country.code
        if tags is not None:
            changed["tags"] = list(tags)
        if metadata is not None:
            changed["metadata"] = self.asked_for(metadata)
        return {name: value for name, value in changed.items() if value}

    def asked_for(self, metadata: Sequence[Metadata]) -> dict[str, str]:
        """Give the metadata that rules ask for, as text."""
        keys = {key for rule in self.rules for key in rule.when.metadata}
        return {one.key: text_of(one) for one in metadata if one.key in keys}

    def facts_of(
        self,
        kept: Mapping[str, Any],
        *,
        shipping_location: str | None,
        direction: Direction,
        tags: Sequence[str] | None,
        weight_kg: Decimal | None,
        metadata: Sequence[Metadata],
    ) -> Facts:
        """Put together what is known of a pick's consignment.

        `kept` is what the ledger kept of its order; tags and metadata of the pick replace the
        order's: `tags` as a whole unless None, the metadata key by key.
        """
        return Facts(
            destination_country=kept.get("destination_country"),
            shipping_location=shipping_location,
            direction=direction,
            tags=frozenset(kept.get("tags", ()) if tags is None else tags),
            weight_kg=weight_kg,
            metadata={**kept.get("metadata", {}), **self.asked_for(metadata)},
        )


NO_RULES = AllocationPlans()
"""PRO's default rules, but for what its event names otherwise."""


def named_for_order(kept: Mapping[str, Any]) -> Ways | None:
    """Give the ways that an order named for all its picks."""
    named = kept.get("allocation")
    return from_json(named) if named else None


def text_of(metadata: Metadata) -> str:
    """Give a custom field's value as rules name it: true, 12, 2.5, a time in UTC, or its text."""
    if metadata.string_value is not None:
        return metadata.string_value
    if metadata.bool_value is not None:
        return str(metadata.bool_value).lower()
    if metadata.int_value is not None:
        return str(metadata.int_value)
    if metadata.decimal_value is not None:
        return format(metadata.decimal_value, "f")
    moment = metadata.date_time_value
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else ""


def _weight_kg(shipment: Shipment) -> Decimal:
    """Give the weight of all packages; of one that names a package size instead, its items'."""
    total = Decimal(0)
    for package in shipment.packages:
        said = package.full_weight
        items = (item.weight.value * item.quantity for item in package.items)
        total += said.value if said else sum(items, Decimal(0))
    return total
