"""The proof: what PRO holds and what is stored, held against the orders. `judge` is pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from demo.cases import Case
from demo.stage import Stage, read_json, read_text
from demo.ways import Way

LOOK_UP = "searchConsignments"


@dataclass(frozen=True)
class InPro:
    """One consignment, as PRO tells it."""

    reference: str
    customer_reference: str
    order_reference: str
    """The shop's; without an order the consignment's own customer reference."""
    state: str
    direction: str = "outbound"
    place: str = ""
    """The shipping location that it leaves, or as a return comes to."""
    service: str = ""
    manifests: int = 1
    """How often its carrier was told."""

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
    calls: Sequence[Call]
    metrics: Mapping[str, float]
    """Sums over all labels, by name, and for some by `name{label}`."""
    papers: Mapping[str, str]
    """The SHA-256 of every stored paper, by its address."""

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

    due: int
    """Consignments that were to leave."""
    consignments: int
    """Those in PRO that can reach a customer."""
    doubles: Sequence[str]
    missing: Sequence[str]
    other: Sequence[str]

    @property
    def is_good(self) -> bool:
        """Whether every pick has its consignment and everything ended as it should."""
        return not (self.doubles or self.missing or self.other)


def judge(ways: Iterable[Way], facts: Facts) -> Verdict:
    """Hold PRO's consignments and the stored papers against the orders."""
    wanted = list(ways)
    live = [each for each in facts.consignments if each.is_live]
    doubles = _doubles(live)
    of_order: dict[str, list[InPro]] = defaultdict(list)
    for each in live:
        of_order[each.order_reference].append(each)
    missing: list[str] = []
    other: list[str] = []
    for way in wanted:
        reference, due = way.order.reference, way.order.leaving
        there = of_order.pop(reference, [])
        named = {(each.customer_reference, each.direction) for each in there}
        if way.order.called_off and len(there) > due:
            other.append(f"{reference}: {len(there) - due} that were called off are alive")
        elif len(there) > due and len(named) == len(there):
            doubles.append(f"{reference} has {len(there)} consignments where {due} were due")
        if len(there) < due:
            missing.append(f"{reference}: {len(there)} of {due} consignments in PRO")
        other += [
            f"{each.reference} ({reference}) {w}" for each in there for w in _wrong(each, way)
        ]
        other += [f"{reference}: {w}" for w in _wrong_papers(way, facts.papers)]
        other += _unfinished(way)
    other += [f"nobody ordered {c.reference}" for each in of_order.values() for c in each]
    return Verdict(
        due=sum(way.order.leaving for way in wanted),
        consignments=len(live),
        doubles=doubles,
        missing=missing,
        other=other,
    )


def _doubles(live: Iterable[InPro]) -> list[str]:
    """Say which pick has two of one direction: a pick and its return share their reference."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in live:
        found[each.customer_reference, each.direction].append(each.reference)
    return [
        f"{reference} has {len(two)}: {', '.join(two)}"
        for (reference, _), two in found.items()
        if len(two) > 1
    ]


def _wrong(there: InPro, way: Way) -> list[str]:
    """Say what is not as ordered with one of an order's consignments in PRO."""
    found = [] if there.state == "Manifested" else [f"is {there.state}"]
    if there.manifests > 1:
        found.append(f"was manifested {there.manifests} times")
    told = way.parcels.get(there.reference)
    pick = next((pick for pick in way.order.picks if told and pick.reference == told.pick), None)
    if pick is not None and there.place != way.order.place_of(pick).reference:
        found.append(f"is at {there.place or 'no place'}, not {way.order.place_of(pick).reference}")
    if way.order.service and there.service != way.order.service:
        found.append(f"goes by {there.service or 'nobody'}, not {way.order.service}")
    if told is not None and told.service_reference != there.service:
        found.append(f"was told to go by {told.service_reference}, PRO says {there.service}")
    return found


def _wrong_papers(way: Way, stored: Mapping[str, str]) -> list[str]:
    found = []
    for parcel in way.leaving:
        kinds = Counter(paper.kind for paper in parcel.papers)
        declarations = kinds["cn22"] + kinds["cn23"]
        due = int(way.order.case is Case.ABROAD)
        if parcel.papers and (declarations, kinds["commercial_invoice"]) != (due, due):
            found.append(f"{parcel.consignment} has {declarations} CN22 or CN23, {due} due")
        found += [
            f"{paper.kind} of {parcel.consignment} is not what was told"
            for paper in parcel.papers
            if stored.get(paper.address) != paper.sha256
        ]
    return found


def _unfinished(way: Way) -> list[str]:
    """Say what the events lack, of an order that PRO may well have carried out."""
    reference = way.order.reference
    lacks = [f"{reference}: {failure}" for failure in way.failures]
    if not way.order.ships:
        return lacks if way.rejection else [*lacks, f"{reference}: was not rejected"]
    if way.rejection:
        lacks.append(f"{reference}: rejected {way.rejection}")
    elif way.order.is_order and not way.pro_reference:
        lacks.append(f"{reference}: no order.recorded was heard")
    if way.is_amended != (way.order.case is Case.AMENDED):
        lacks.append(f"{reference}: no order.amendment_applied was heard")
    due = way.order.leaving
    for step, count in (
        ("created", len(way.leaving)),
        ("labelled", way.labelled),
        ("manifested", way.manifested),
    ):
        if count != due:
            lacks.append(f"{reference}: {count} of {due} consignment.{step} were heard")
            break
    cancelled = len(way.parcels) - len(way.leaving)
    if cancelled != way.order.called_off or way.is_called_off != bool(way.order.called_off):
        lacks.append(f"{reference}: {cancelled} of {way.order.called_off} were called off")
    letters = len(way.dead_letters) - way.expected_dead_letters
    if letters:
        off = "many" if letters > 0 else "few"
        lacks.append(f"{reference}: {abs(letters)} dead letters too {off}")
    return lacks


def read_facts(stage: Stage) -> Facts:
    """Ask PRO's stand-in what it holds, and the service for its metrics."""
    inspect = f"{stage.sandbox_url}/_sandbox"
    return Facts(
        consignments=[
            InPro(
                told["consignment_reference"],
                told["customer_reference"],
                told["order_reference_provided_by_customer"] or told["customer_reference"],
                told["state"],
                told["direction"],
                told["shipping_location_reference"] or "",
                told["carrier_service_reference"] or "",
                told["manifest_count"],
            )
            for told in read_json(f"{inspect}/consignments")["consignments"]
        ],
        calls=[_call(told) for told in read_json(f"{inspect}/calls")["calls"]],
        metrics=_metrics(read_text(f"{stage.service_url}/metrics")),
        papers={
            path.as_uri(): sha256(path.read_bytes()).hexdigest()
            for path in stage.papers.rglob("*")
            if path.is_file()
        },
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
