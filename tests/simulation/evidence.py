"""What was seen of a run, as an account that can be checked."""

import json
from collections import Counter
from collections.abc import Hashable
from typing import Any

from sandbox.records import Consignment as Made
from sandbox.words import Direction
from tests.proof.facts import Account, Consignment, Data, DeadLetter, Heard, Held, Place, Row, Said
from tests.proof.outcomes import ANSWERS, NEXT_STEP
from tests.proof.subjects import step_of, subject_of

from .kafka import Record
from .turns_of_mind import FELL_BACK
from .world import World

FROM_OTHERS = frozenset({*ANSWERS, "manifest.requested"})
DEAD_LETTERS = "orderflex.dead-letters"


def account_of(world: World) -> Account:
    """Write the account of a run."""
    account = Account()
    for record in world.kafka.all_records():
        _read(record, account)
    account.rows = [
        Row(Place(*place), state)
        for *place, state in world.ledger.rows(
            'SELECT topic, "partition", "offset", state FROM parked_events'
        )
    ]
    world.pro.state.settle()
    account.consignments = [
        Consignment(
            reference=made.reference,
            customer_reference=made.customer_reference,
            order_reference=_order_of(world, made),
            direction="Inbound" if made.direction is Direction.INBOUND else "Outbound",
            state=made.state.value,
            manifest_count=made.manifest_count,
            states=tuple(state.value for _, state in made.history),
        )
        for made in world.pro.state.consignments.values()
    ]
    account.pack_calls = world.pro.pack_calls
    account.allocated_from = world.pro.allocated_from
    account.must_fit = world.platform.must_fit
    account.commits = world.kafka.commits
    account.settled = _settled(world, account)
    account.let_go = _let_go(world, account)
    account.held = [
        # By when it came: SQLite gives the sequence of a row that is gone to another again.
        Held(f"{order} on {topic}", place, int(step))
        for step, topic, partition, offset, order in world.ledger.rows(
            'SELECT step, topic, "partition", "offset", order_reference FROM seen_rows '
            "WHERE kind = 'stored' AND error_class = 'behind'"
        )
        # What was settled before is only delivered again.
        if step < account.settled.get(place := Place(topic, partition, offset), float("inf"))
        and topic in FROM_OTHERS
    ]
    return account


def fallen_back(world: World) -> Counter[str]:
    """Count the allocations of which a later way of the plan worked."""
    found = world.ledger.rows(
        "SELECT 1 FROM operations WHERE state = 'finished' AND operation_key LIKE 'allocate:%:%:%'"
    )
    return +Counter({FELL_BACK: len(found)})


def _order_of(world: World, made: Made) -> str:
    """Name the order of a consignment as the shop does; one without stands for itself."""
    order = world.pro.state.orders.get(made.order_reference)
    return (order.customer_reference if order else made.customer_reference) or ""


def _settled(world: World, account: Account) -> dict[Place, float]:
    """When each event was settled first: its row was removed, or it was let go without one.

    What ended as a dead letter that holds nobody, or was a withdrawal that came too early, was
    never in anybody's way: it is left out.
    """
    settled = dict(world.settled)
    removed = 'SELECT topic, "partition", "offset", step FROM seen_rows WHERE kind = \'removed\''
    for topic, partition, offset, step in world.ledger.rows(removed):
        place = Place(topic, partition, offset)
        settled[place] = min(step, settled.get(place, step))
    free = {letter.origin for letter in account.dead_letters if letter.reason == "conflict"}
    early = 'SELECT topic, "partition", "offset" FROM seen_rows WHERE error_class = \'too_early\''
    free |= {Place(*each) for each in world.ledger.rows(early) if each[0] == "pick.withdrawn"}
    return {place: step for place, step in settled.items() if place not in free}


def _read(record: Record, account: Account) -> None:
    place = Place(record.topic, record.partition, record.offset)
    headers = {name: value.decode() for name, value in record.headers}
    key = record.key.decode() if record.key else None
    if record.topic == DEAD_LETTERS:
        origin = Place(
            headers["orderflex_original_topic"],
            int(headers["orderflex_original_partition"]),
            int(headers["orderflex_original_offset"]),
        )
        account.dead_letters.append(DeadLetter(origin, headers["orderflex_error_class"]))
    elif record.topic in FROM_OTHERS:
        account.said.append(Said(place, record.topic, key, _data(record.value)))
    elif "ce_id" in headers and ".retry." not in record.topic:
        data = json.loads(record.value or b"")
        account.heard.append(Heard(place, headers["ce_type"], headers["ce_id"], key, data))


def _data(value: bytes | None) -> dict[str, Any] | None:
    """Read an event as far as the checker needs it; None for one that nobody can read."""
    try:
        data = json.loads(value or b"")
    except ValueError:
        return None
    readable = isinstance(data, dict) and isinstance(data.get("order_reference", ""), str)
    return data if readable else None


def _let_go(world: World, account: Account) -> dict[Place, float]:
    """When each event could be let go: not before its answer lay on Kafka."""
    answered: dict[tuple[str, Hashable], float] = {}
    for one in account.heard:
        step = world.kafka.appended[one.place.topic, one.place.partition, one.place.offset]
        for about in (subject_of(one.type, one.data), step_of(one)):
            answered.setdefault((one.type, about), step)
    heard = {h.place: h for h in account.heard}
    data: dict[Place, tuple[str, Data | None]] = {s.place: (s.type, s.data) for s in account.said}
    data |= {h.place: (h.type, h.data) for h in account.heard}
    put_aside = {row.origin for row in account.rows} | {d.origin for d in account.dead_letters}
    parked = {
        Place(*place)
        for place in world.ledger.rows('SELECT topic, "partition", "offset" FROM seen_rows')
    }
    let_go = {}
    for place, returned in world.returned.items():
        kind, said = data[place]
        if kind in ANSWERS and said is not None and place not in put_aside | parked:
            subject = subject_of(kind, said)
            told = [
                answered[each, subject] for each in ANSWERS[kind] if (each, subject) in answered
            ]
            returned = max(returned, min(told, default=float("inf")))
        elif kind in NEXT_STEP and place not in put_aside | parked:
            # With nothing told it is void by then, which is somebody else's to tell.
            steps = [answered.get((each, step_of(heard[place]))) for each in NEXT_STEP[kind]]
            returned = max(returned, *(step for step in steps if step is not None), 0.0)
        let_go[place] = returned
    return let_go
