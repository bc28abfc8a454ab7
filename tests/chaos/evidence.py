"""The account of a run: what lies on Kafka, in the ledger and in PRO, and what witnesses say."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from service.intake.ending import Ending
from tests.journeys.world import OUTCOMES
from tests.proof.facts import (
    Account,
    Commit,
    Consignment,
    DeadLetter,
    Heard,
    Place,
    Row,
    Said,
)

from .replica import Replica
from .rest import ends_of
from .stage import UNREADABLE, Stage

EVENTS = (
    "order.placed",
    "order.cancelled",
    "stock.picked",
    "pick.withdrawn",
    "manifest.requested",
)
DEAD_LETTERS = "orderflex.dead-letters"


async def gathered(stage: Stage) -> Account:
    """Gather the account of a run that is at rest."""
    account = Account(hearing_is_ordered=False)
    for event in EVENTS:
        account.said += [_said(record, event) for record in await _records(stage, event)]
    for outcome in OUTCOMES:
        account.heard += [_heard(record, outcome) for record in await _records(stage, outcome)]
    account.dead_letters = [_letter(record) for record in await _records(stage, DEAD_LETTERS)]
    account.rows = await _rows(stage)
    account.consignments = list(_consignments(stage))
    account.pack_calls = Counter(
        reference
        for call in stage.pro.state.calls
        if call.operation == "packOrder"
        for reference in call.customer_references
    )
    await asyncio.to_thread(_hear_witnesses, stage, account)
    return account


async def _records(stage: Stage, name: str) -> list[ConsumerRecord[bytes, bytes]]:
    """Read a topic from its beginning to its present end."""
    ends = await ends_of(stage, [stage.prefix + name])
    found: list[ConsumerRecord[bytes, bytes]] = []
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stage.broker.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign(list(ends))
        await consumer.seek_to_beginning()
        async with asyncio.timeout(30):
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += batch
    finally:
        await consumer.stop()
    return found


def _place(record: ConsumerRecord[bytes, bytes]) -> Place:
    return Place(record.topic, record.partition, record.offset)


def _said(record: ConsumerRecord[bytes, bytes], event: str) -> Said:
    readable = UNREADABLE not in dict(record.headers)
    data = json.loads(record.value) if readable else None
    return Said(_place(record), event, record.key.decode() if record.key else None, data)


def _heard(record: ConsumerRecord[bytes, bytes], outcome: str) -> Heard:
    headers = {name: value.decode() for name, value in record.headers}
    key = record.key.decode() if record.key else None
    return Heard(_place(record), outcome, headers["ce_id"], key, json.loads(record.value))


def _letter(record: ConsumerRecord[bytes, bytes]) -> DeadLetter:
    headers = {name: value.decode() for name, value in record.headers}
    origin = Place(
        headers["orderflex_original_topic"],
        int(headers["orderflex_original_partition"]),
        int(headers["orderflex_original_offset"]),
    )
    return DeadLetter(origin, headers["orderflex_error_class"])


async def _rows(stage: Stage) -> list[Row]:
    connection = await asyncpg.connect(stage.ledger_url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(
            'SELECT topic, partition, "offset", state FROM parked_events ORDER BY sequence'
        )
    finally:
        await connection.close()
    return [Row(Place(topic, part, offset), state) for topic, part, offset, state in rows]


def _consignments(stage: Stage) -> Iterator[Consignment]:
    state = stage.pro.state
    state.settle()
    for each in state.consignments.values():
        yield Consignment(
            reference=each.reference,
            customer_reference=each.customer_reference,
            order_reference=state.orders[each.order_reference].customer_reference or "",
            direction=each.direction.value,
            state=each.state.value,
            manifest_count=each.manifest_count,
            states=tuple(entered.value for _, entered in each.history),
        )


def _hear_witnesses(stage: Stage, account: Account) -> None:
    let_go: dict[Place, float] = {}
    settled: dict[Place, float] = {}
    unseen: set[Place] = set()
    for replica in stage.replicas:
        under_way: set[tuple[int, Place]] = set()
        for line in _witnessed(replica):
            at = line["at"]
            for topic, partition, offset in line.get("commit", ()):
                account.commits.append(Commit(topic, partition, offset, at))
            if "begun" in line:
                under_way.add((line["life"], Place(*line["begun"])))
            if "ended" in line:
                place = Place(*line["ended"])
                under_way.discard((line["life"], place))
                if line["ending"] != Ending.GIVEN_BACK:  # else it stays on its topic
                    _earliest(let_go, place, at)
                if line["ending"] == Ending.SETTLED:
                    _earliest(settled, place, at)
        unseen |= {place for _, place in under_way}
    # What was under way at a death may have been settled then: nobody knows when it was first.
    account.settled = {place: at for place, at in settled.items() if place not in unseen}
    account.let_go = let_go


def _earliest(times: dict[Place, float], place: Place, at: float) -> None:
    times[place] = min(at, times.get(place, at))


def _witnessed(replica: Replica) -> Iterator[dict[str, Any]]:
    if replica.witness_file.exists():
        for line in replica.witness_file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def bugs_logged(stage: Stage) -> list[str]:
    """Errors of our own that a service has logged: they may heal, but they are none of the plan."""
    found: Counter[str] = Counter()
    for replica in stage.replicas:
        if replica.log_file.exists():
            for line in replica.log_file.read_text(encoding="utf-8").splitlines():
                if '"a bug"' in line or "Traceback" in line:
                    found[f"{replica.name}: {_in_short(line)}"] += 1
    return [f"{line} ({count} times)" for line, count in found.items()]


def _in_short(line: str) -> str:
    try:
        logged = json.loads(line)
    except ValueError:
        return line
    return f"{logged.get('event')}: {logged.get('error')} at {logged.get('places')}"
