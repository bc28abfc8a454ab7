"""What was seen of a run, as an account that can be checked."""

import json
from typing import Any

from sandbox.words import Direction
from tests.proof.account import Account
from tests.proof.facts import Consignment, Data, DeadLetter, Heard, Held, Place, Row, Said
from tests.proof.outcomes import ANSWERS, NEXT_STEP

from .kafka import Record
from .world import World

FROM_OTHERS = frozenset({"order.placed", "stock.picked", "manifest.requested"})
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
            order_reference=world.pro.state.orders[made.order_reference].customer_reference or "",
            direction="Inbound" if made.direction is Direction.INBOUND else "Outbound",
            state=made.state.value,
            manifest_count=made.manifest_count,
            states=tuple(state.value for _, state in made.history),
        )
        for made in world.pro.state.consignments.values()
    ]
    account.pack_calls = world.pro.pack_calls
    account.commits = world.kafka.commits
    account.settled = _settled(world, account)
    account.let_go = _let_go(world, account)
    account.held = [
        Held(f"{order} on {topic}", place, sequence)
        for step, topic, partition, offset, sequence, order in world.ledger.rows(
            'SELECT step, topic, "partition", "offset", sequence, order_reference FROM seen_rows '
            "WHERE kind = 'stored' AND error_class = 'behind'"
        )
        # What was settled before is only delivered again.
        if step < account.settled.get(place := Place(topic, partition, offset), float("inf"))
        and topic in FROM_OTHERS
    ]
    return account


def _settled(world: World, account: Account) -> dict[Place, float]:
    """When each event was settled first: its row was removed, or it was let go without one.

    What ended as a dead letter that holds nobody was never in anybody's way: it is left out.
    """
    settled = dict(world.settled)
    removed = 'SELECT topic, "partition", "offset", step FROM seen_rows WHERE kind = \'removed\''
    for topic, partition, offset, step in world.ledger.rows(removed):
        place = Place(topic, partition, offset)
        settled[place] = min(step, settled.get(place, step))
    free = {letter.origin for letter in account.dead_letters if letter.reason == "conflict"}
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
    answered: dict[tuple[str, Any], float] = {}
    for heard in account.heard:
        step = world.kafka.appended[heard.place.topic, heard.place.partition, heard.place.offset]
        for subject in _subjects(heard.data):
            answered.setdefault((heard.type, subject), step)
    data: dict[Place, tuple[str, Any]] = {s.place: (s.type, s.data) for s in account.said}
    data |= {h.place: (h.type, h.data) for h in account.heard}
    put_aside = {row.origin for row in account.rows} | {d.origin for d in account.dead_letters}
    parked = {
        Place(*place)
        for place in world.ledger.rows('SELECT topic, "partition", "offset" FROM seen_rows')
    }
    let_go = {}
    for place, returned in world.returned.items():
        kind, said = data[place]
        wanted = ANSWERS.get(kind, ()) + NEXT_STEP.get(kind, ())
        if wanted and said is not None and place not in put_aside | parked:
            keys = [(each, _subjects(said)[-1]) for each in wanted]
            told = [answered[key] for key in keys if key in answered]
            returned = max(returned, min(told, default=float("inf")))
        let_go[place] = returned
    return let_go


def _subjects(data: Data) -> list[Any]:
    """Give all by which an answer may belong to an event, the most exact one last."""
    found: list[Any] = [("order", data.get("order_reference"))]
    if "pick_reference" in data:
        found = [("pick", data.get("order_reference"), data["pick_reference"])]
    if "consignment_reference" in data:
        found.append(("consignment", data["consignment_reference"]))
    return found
