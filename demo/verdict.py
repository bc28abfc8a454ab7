"""The proof: what PRO holds, held against what was picked. `judge` is pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from demo.stage import Stage, read_json, read_text
from demo.ways import Way

LOOK_UP = "searchConsignments"


@dataclass(frozen=True)
class InPro:
    """One consignment, as PRO tells it."""

    reference: str
    customer_reference: str
    order_reference: str
    state: str

    @property
    def is_live(self) -> bool:
        """Whether it can still reach a customer."""
        return self.state != "Cancelled"


@dataclass(frozen=True)
class Call:
    """One call that PRO got."""

    operation: str
    status: str
    fault: str | None
    customer_references: Sequence[str]
    orders: Sequence[str]


@dataclass(frozen=True)
class Facts:
    """PRO's truth and the service's own figures, read once at the end."""

    consignments: Sequence[InPro]
    by_customer_reference: Mapping[str, Sequence[str]]
    calls: Sequence[Call]
    metrics: Mapping[str, float]
    """Sums over all labels, by name, and for some by `name{label}`."""

    def calls_of(self, operation: str, way: Way | None = None) -> int:
        """Count the calls of an operation; with a way, those for this order."""
        ours = {parcel.customer_reference for parcel in way.parcels.values()} if way else set()
        return sum(
            1
            for call in self.calls
            if call.operation == operation
            and (
                way is None
                or way.order.reference in call.orders
                or ours.intersection(call.customer_references)
            )
        )

    @property
    def made_to_fail(self) -> int:
        """Calls that a fault rule spoilt."""
        return sum(1 for call in self.calls if call.fault)

    @property
    def look_ups(self) -> int:
        """Searches for one pick's consignment."""
        return sum(
            1 for call in self.calls if call.operation == LOOK_UP and call.customer_references
        )


@dataclass(frozen=True)
class Verdict:
    """What was wanted, what is there, and everything that is not as it should be."""

    picks: int
    consignments: int
    doubles: Sequence[str]
    missing: Sequence[str]
    other: Sequence[str]

    @property
    def is_good(self) -> bool:
        """Whether every pick has one consignment and everything ended as it should."""
        return not (self.doubles or self.missing or self.other)


def judge(ways: Iterable[Way], facts: Facts) -> Verdict:
    """Hold PRO's consignments against the picks."""
    wanted = list(ways)
    live = {each.reference: each for each in facts.consignments if each.is_live}
    doubles = [
        f"{customer_reference} has {len(found)}: {', '.join(found)}"
        for customer_reference, references in facts.by_customer_reference.items()
        if len(found := [reference for reference in references if reference in live]) > 1
    ]
    of_order: dict[str, list[InPro]] = defaultdict(list)
    for each in live.values():
        of_order[each.order_reference].append(each)
    missing: list[str] = []
    other: list[str] = []
    for way in wanted:
        reference, picks = way.order.reference, way.order.picks if way.order.ships else ()
        there = of_order.pop(reference, [])
        if len(there) > len(picks) and len({c.customer_reference for c in there}) == len(there):
            doubles.append(f"{reference} has {len(there)} consignments for {len(picks)} picks")
        if len(there) < len(picks):
            missing.append(f"{reference}: {len(there)} of {len(picks)} consignments in PRO")
        other += [f"{c.reference} ({reference}) is {c.state}" for c in there if not _left(c)]
        other += _unfinished(way)
    other += [f"nobody ordered {c.reference}" for each in of_order.values() for c in each]
    return Verdict(
        picks=sum(len(way.order.picks) for way in wanted if way.order.ships),
        consignments=len(live),
        doubles=doubles,
        missing=missing,
        other=other,
    )


def _left(consignment: InPro) -> bool:
    return consignment.state == "Manifested"


def _unfinished(way: Way) -> list[str]:
    """Say what the events lack, of an order that PRO may well have carried out."""
    reference = way.order.reference
    lacks = [f"{reference}: {failure}" for failure in way.failures]
    if not way.order.ships:
        return lacks if way.rejection else [*lacks, f"{reference}: was not rejected"]
    if way.rejection:
        lacks.append(f"{reference}: rejected {way.rejection}")
    elif not way.pro_reference:
        lacks.append(f"{reference}: no order.recorded was heard")
    lacks += [
        f"{reference} {pick.reference}: no consignment.{step} was heard"
        for pick in way.order.picks
        for step in _steps_missing(way, pick.reference)
    ]
    letters = len(way.dead_letters) - way.expected_dead_letters
    if letters:
        off = "many" if letters > 0 else "few"
        lacks.append(f"{reference}: {abs(letters)} dead letters too {off}")
    return lacks


def _steps_missing(way: Way, pick_reference: str) -> list[str]:
    parcel = way.parcels.get(pick_reference)
    if parcel is None:
        return ["created"]
    if not parcel.label:
        return ["labelled"]
    return [] if parcel.manifest else ["manifested"]


def read_facts(stage: Stage) -> Facts:
    """Ask PRO's stand-in what it holds, and the service for its metrics."""
    inspect = f"{stage.sandbox_url}/_sandbox"
    return Facts(
        consignments=[
            InPro(
                told["consignment_reference"],
                told["customer_reference"],
                told["order_reference_provided_by_customer"],
                told["state"],
            )
            for told in read_json(f"{inspect}/consignments")["consignments"]
        ],
        by_customer_reference=read_json(f"{inspect}/consignments/by-customer-reference"),
        calls=[_call(told) for told in read_json(f"{inspect}/calls")["calls"]],
        metrics=_metrics(read_text(f"{stage.service_url}/metrics")),
    )


def _call(told: dict[str, Any]) -> Call:
    return Call(
        told["operation"] or "?",
        str(told["status"]),
        told["fault"],
        told["customer_references"],
        told["order_references_provided_by_customer"],
    )


def _metrics(text: str) -> dict[str, float]:
    sums: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] += int(sample.value)
            if "reason" in sample.labels:
                sums[f"{sample.name}{{{sample.labels['reason']}}}"] += int(sample.value)
    return dict(sums)
