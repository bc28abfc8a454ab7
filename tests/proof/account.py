"""Which promises an account breaks. Pure data and a checker: no I/O.

Whoever makes trouble (a simulation, a real broker whose replicas are killed) writes down what was
said and heard, what PRO holds and what the ledger still keeps; `broken` reads it at the end, when
everything has come to rest.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from tests.proof.calling_off import CALLING_OFF
from tests.proof.chains import CHAINS
from tests.proof.facts import Account, Data, Heard, Place, Said
from tests.proof.outcomes import ANSWERS, NEXT_STEP, REJECTIONS, WAS_ALLOCATED
from tests.proof.subjects import order_of, step_of, subject_of


def broken(account: Account) -> list[str]:
    """Name every broken promise, one line each; empty when all were kept."""
    return [line for check in PROMISES for line in check(account)]


# 1. Every event is accounted for: its outcome, a dead letter, or a row.


def _forgotten(account: Account) -> Iterator[str]:
    """Events with no trace, both the platform's and our own that ask for a next step."""
    kept = _kept(account)
    answered = {(h.type, subject_of(h.type, h.data)) for h in account.heard}
    for said in account.said:
        if said.place in kept or _is_answered(said, answered):
            continue
        must_be_answered = said.type in ANSWERS or said.data is None
        if must_be_answered or (account.let_go is not None and said.place not in account.let_go):
            lacks = "no outcome, dead letter or row"
            yield f"forgotten: {said.type} {said.key} at {said.place} has {lacks}"
    yield from _without_next_step(account, kept)
    told = {subject_of(h.type, h.data) for h in account.heard if h.type == "consignment.manifested"}
    for made in account.consignments:
        if made.state == "Manifested" and made.reference not in told:
            yield f"forgotten: {made.reference} is Manifested in PRO and nobody was told"


def _without_next_step(account: Account, kept: set[Place]) -> Iterator[str]:
    """Outcomes that ask for a next step, which neither came nor was made void."""
    followed = {(h.type, step_of(h)) for h in account.heard}
    latest: dict[Hashable, int] = {}
    over: set[Hashable] = set()
    steps: dict[str, list[Heard]] = {}
    for heard in account.heard:
        reference = heard.data.get("consignment_reference")
        if heard.type == "consignment.cancelled":
            over.add(reference)
        if heard.type == "consignment.reallocation_started":
            number = int(heard.data["allocation_number"])
            latest[reference] = max(number, latest.get(reference, 1))
        if heard.type in NEXT_STEP:
            steps.setdefault(heard.id, []).append(heard)
    for copies in steps.values():
        first = copies[0]
        reference, number = step_of(first)
        is_void = reference in over or number < latest.get(reference, 1)
        is_followed = any((kind, (reference, number)) in followed for kind in NEXT_STEP[first.type])
        if not (is_void or is_followed or any(copy.place in kept for copy in copies)):
            what = f"{first.type} of {reference} at {first.place}"
            yield f"forgotten: {what} was followed by nothing"


def _is_answered(said: Said, answered: set[tuple[str, Hashable]]) -> bool:
    data = said.data
    if data is None:
        return False
    return any((kind, subject_of(kind, data)) in answered for kind in ANSWERS.get(said.type, ()))


def _kept(account: Account) -> set[Place]:
    return {d.origin for d in account.dead_letters} | {r.origin for r in account.rows}


def _swallowed_conflicts(account: Account) -> Iterator[str]:
    """Other content under a reference that was finished: it must end as a dead letter."""
    kept = _kept(account)
    contents: dict[tuple[str, Hashable], set[str]] = {}
    for said in account.said:
        if said.type in ANSWERS and said.data is not None and said.place not in kept:
            about = (said.type, subject_of(ANSWERS[said.type][0], said.data))
            contents.setdefault(about, set()).add(repr(_canonical(_what_counts(said))))
    for (kind, subject), different in contents.items():
        refusals = {
            h.id
            for h in account.heard
            if h.type in REJECTIONS and subject_of(h.type, h.data) == subject
        }
        if len(different) > 1 + len(refusals):
            yield f"swallowed: {kind} {subject} came with {len(different)} contents, no dead letter"


def _what_counts(said: Said) -> Data:
    """Give what an event asks for; the reason for which something is called off is for people."""
    data = said.data or {}
    is_call_off = said.type in ("order.cancelled", "pick.withdrawn")
    return {name: data[name] for name in data if not (is_call_off and name == "reason")}


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return sorted((key, _canonical(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    return value


# 2. One live outbound consignment for each pick, and nothing ships that was not announced.


def _parcels(account: Account) -> Iterator[str]:
    """Parcels too many, and parcels of nobody."""
    announced = {h.data.get("consignment_reference") for h in _created(account)}
    live: dict[str, list[str]] = {}
    for made in account.consignments:
        if made.is_live_outbound:
            live.setdefault(made.customer_reference, []).append(made.reference)
        if made.reference not in announced and {made.state, *made.states} & WAS_ALLOCATED:
            yield f"unannounced: {made.reference} was allocated, never announced ({made.state})"
        if made.manifest_count > 1:
            yield f"manifested twice: {made.reference} {made.manifest_count} times"
    for pick, references in live.items():
        if len(references) > 1:
            asked = account.pack_calls.get(pick)
            calls = "" if asked is None else f" (PRO was asked {asked} times)"
            yield f"two parcels: {pick} has {', '.join(references)}{calls}"


def _announced_twice(account: Account) -> Iterator[str]:
    """Picks that others were told of as more than one outbound consignment."""
    outbound: dict[Hashable, set[str]] = {}
    for heard in _created(account):
        if heard.data.get("direction") == "outbound":
            subject = subject_of(heard.type, heard.data)
            outbound.setdefault(subject, set()).add(str(heard.data["consignment_reference"]))
    for pick, told in outbound.items():
        if len(told) > 1:
            yield f"two parcels: {pick} was announced as {', '.join(sorted(told))}"


def _created(account: Account) -> list[Heard]:
    return [heard for heard in account.heard if heard.type == "consignment.created"]


# 3. No overtaking within an order; its outcomes are numbered without gaps, one id one content.


def _overtaken(account: Account) -> Iterator[str]:
    """Events of one lane and partition that were settled in another order than they lie."""
    everything: Iterable[Said | Heard] = [*account.said, *account.heard]
    lanes: dict[Hashable, dict[Place, float]] = {}
    for event in everything:
        if event.place in account.settled and event.data is not None:
            lane = _lane(event.type, event.data)
            if lane is not None:
                here = (event.place.topic, event.place.partition, lane)
                lanes.setdefault(here, {})[event.place] = account.settled[event.place]
    for (_, _, lane), times in lanes.items():  # type: ignore[misc]
        for (early, first), (late, second) in pairwise(sorted(times.items())):
            if second < first:
                yield f"overtaken: {late} of {lane} was settled before {early}"


def _lane(kind: str, data: Data) -> Hashable:
    if kind == "order.cancelled":
        return None  # it waits behind nobody
    if kind == "consignment.requested":
        return order_of(data)
    if kind.startswith("consignment."):
        return data.get("consignment_reference")
    return data.get("order_reference")


def _numbers(account: Account) -> Iterator[str]:
    """Outcomes that are missing, doubled, or change what they say."""
    contents: dict[str, Heard] = {}
    numbers: dict[Any, dict[int, set[str]]] = {}
    for heard in account.heard:
        first = contents.setdefault(heard.id, heard)
        if (first.type, first.key, first.data) != (heard.type, heard.key, heard.data):
            yield f"two contents: outcome {heard.id} ({heard.type}) at {first.place}, {heard.place}"
        numbers.setdefault(order_of(heard.data), {}).setdefault(
            int(heard.data["sequence"]), set()
        ).add(heard.id)
    for order, ids in numbers.items():
        missing = sorted(set(range(1, max(ids) + 1)) - ids.keys())
        if missing:
            yield f"a gap: outcomes {missing} of {order} were never heard, {max(ids)} was"
        for number, same in ids.items():
            if len(same) > 1:
                yield f"one number twice: outcome {number} of {order} is {', '.join(sorted(same))}"


# 4. No commit past a gap.


def _commits(account: Account) -> Iterator[str]:
    """Commits that let an event go which was neither settled, parked nor given up by then."""
    if account.let_go is None:
        return
    events: dict[tuple[str, int], list[Place]] = {}
    steps = [h.place for h in account.heard if h.type in NEXT_STEP]
    for place in [*(said.place for said in account.said), *steps]:
        events.setdefault((place.topic, place.partition), []).append(place)
    told: set[Place] = set()
    for commit in account.commits:
        for place in events.get((commit.topic, commit.partition), ()):
            late = account.let_go.get(place, float("inf")) > commit.at
            if place.offset < commit.offset and late and place not in told:
                told.add(place)
                where = f"{commit.topic}/{commit.partition}"
                yield f"past a gap: {commit.offset} of {where} committed before {place} was let go"


# 5. What waits behind a hold drains in the order in which it was parked.


def _drains(account: Account) -> Iterator[str]:
    """Queues behind a hold that did not drain in order."""
    lanes: dict[str, dict[Place, None]] = {}
    for held in sorted(account.held, key=lambda held: held.sequence):
        if held.origin in account.settled:
            # One that is delivered and parked once more counts by its first place.
            lanes.setdefault(held.lane, {}).setdefault(held.origin)
    for lane, queue in lanes.items():
        for early, late in pairwise(queue):
            if account.settled[late] < account.settled[early]:
                yield f"drained out of order: {late} of {lane} before {early}"


PROMISES = (
    _forgotten,
    _swallowed_conflicts,
    _parcels,
    _announced_twice,
    _overtaken,
    _numbers,
    _commits,
    _drains,
    *CHAINS,
    *CALLING_OFF,
)
