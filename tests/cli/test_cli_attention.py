"""What needs a person, on the command line; and having it done again, cancelled, seen to."""

import asyncio
import json
import shlex
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from cryptography.fernet import Fernet

from service import from_settings
from service.cli.attention import command_of
from service.events import exact_json
from service.events.content import content_digest
from service.events.envelope import Envelope, Outgoing, parse
from service.events.topics import EventType
from service.ledger import history, orders
from service.ledger.attention import Item
from service.ledger.attention_kinds import Action, Kind
from service.ledger.database import Database, DatabasePolicy
from service.ledger.history import What
from service.ledger.journal import Journal
from service.ledger.lookups import LookupPolicy, OperationKind
from service.ledger.operation import Asked, Claim, Operation, Settlement
from service.ledger.outcomes import OutcomeStore
from service.ledger.sealing import Seal
from service.metrics import Metrics

from .commands import Run

KEY = Fernet.generate_key().decode()
CANARY = "Quintessa Featherstonehaugh"
TIME = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class Ledger:
    """The ledger that the commands find."""

    def __init__(self, url: str) -> None:
        self._url = url

    def do(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            database = Database(DatabasePolicy(self._url))
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def refuse(self, order: str = "WEB-1", pick: str = "P-1", *, kept: bool = True) -> None:
        """Have PRO refuse a pick."""

        async def refuse(database: Database) -> None:
            asked = _pick(order, pick)
            operation = Operation(
                key=f"pack:{order}:{pick}",
                kind=OperationKind.PACK_ORDER,
                subject=f"order:{order}",
                order_reference=order,
                content_digest=content_digest(asked.event),
                digest_version=1,
                event_id=asked.cause.id,
                event_time=datetime.now(UTC),
                asked=asked if kept else None,
            )
            store = OutcomeStore(Seal([KEY]))
            journal = Journal(database, store, Metrics(), LookupPolicy(), 60.0)
            claim = await journal.claim(operation)
            assert isinstance(claim, Claim)
            settlement = Settlement(refused=True, result={"code": "no_such_location"})
            await journal.settle(claim, settlement)

        self.do(refuse)

    def note(self, what: What) -> None:
        async def note(database: Database) -> None:
            async with database.begin() as tx:
                await history.note(tx, "WEB-1", what, None, consignment="EC-9", state="Allocated")

        self.do(note)

    def place(self) -> None:
        async def place(database: Database) -> None:
            async with database.begin() as tx:
                await orders.place(tx, "WEB-1", "LEEDS_DC", [])

        self.do(place)


def _pick(order: str, pick: str) -> Asked:
    data = {
        "order_reference": order,
        "pick_reference": pick,
        "items": [{"sku": "TEA-POT-01", "quantity": 1}],
        "metadata": [{"key": "packed for", "string_value": CANARY}],
    }
    event = parse(EventType.STOCK_PICKED, exact_json.loads(json.dumps(data).encode()))
    cause = Envelope(f"event-{pick}", "urn:wms", EventType.STOCK_PICKED, TIME, None, "plain")
    return Asked(event, cause)


class FakeBroker:
    """Kafka, as far as the commands see it."""

    def __init__(self) -> None:
        self.published: list[Outgoing] = []
        self.is_down = False

    async def connect(self) -> None:
        if self.is_down:
            raise KafkaConnectionError

    async def trouble(self) -> str | None:
        return "127.0.0.1:9092: nobody listens there" if self.is_down else None

    async def publish(self, record: Outgoing) -> None:
        self.published.append(record)

    async def stop(self) -> None:
        pass


@pytest.fixture
def ledger(orderflex: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    url = f"sqlite+aiosqlite:///{tmp_path}/ledger.sqlite"
    monkeypatch.setenv("ORDERFLEX_LEDGER_URL", url)
    monkeypatch.setenv("ORDERFLEX_PAYLOAD_KEYS", KEY)
    assert orderflex("ledger", "upgrade").code == 0
    return Ledger(url)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> FakeBroker:
    made = FakeBroker()
    monkeypatch.setattr(from_settings, "broker_of", lambda _settings: made)
    return made


def test_nothing_needs_attention(orderflex: Run, ledger: Ledger) -> None:
    ended = orderflex("attention")
    assert (ended.code, ended.out) == (0, "Nothing needs attention.\n")
    assert orderflex("attention", "--json").out == ""


def test_the_list_says_what_why_since_when_and_what_can_be_done(
    orderflex: Run, ledger: Ledger
) -> None:
    ledger.refuse()
    ledger.note(What.STRAY_FOUND)
    ended = orderflex("attention")
    assert ended.code == 0
    assert "pick_rejected WEB-1 P-1 since 20" in ended.said
    assert "A pick was refused (no_such_location)" in ended.said
    assert "orderflex order again WEB-1 --pick P-1" in ended.said
    assert "stray_left WEB-1 EC-9" in ended.said
    assert "orderflex seen stray_left:" in ended.said
    assert CANARY not in ended.said
    assert "pick_rejected" not in orderflex("attention", "--kind", "stray_left").said
    assert orderflex("attention", "--order", "WEB-2").said == "Nothing needs attention."
    assert "--limit 10" in orderflex("attention", "--limit", "1").said


def test_every_action_names_a_command_that_is_there(orderflex: Run) -> None:
    item = Item(
        item="held:1",
        kind=Kind.HELD,
        since=TIME,
        order_reference="WEB 1",
        pick_reference="P-1",
        consignment_reference="EC-1",
        shipping_location_reference=None,
        operation=None,
        dead_letter=1,
        why="",
        do="",
        actions=(),
    )
    for action in Action:
        words = shlex.split(command_of(action, item).replace("…", "because"))
        assert words[0] == "orderflex"
        ended = orderflex(*words[1:], "--help")
        assert (ended.code, "Usage: " in ended.said) == (0, True), words


def test_the_list_as_json(orderflex: Run, ledger: Ledger) -> None:
    ledger.refuse()
    (item,) = [json.loads(line) for line in orderflex("attention", "--json").out.splitlines()]
    assert (item["kind"], item["order_reference"], item["pick_reference"]) == (
        "pick_rejected",
        "WEB-1",
        "P-1",
    )
    assert item["actions"] == ["again", "cancel", "seen"]


def test_it_needs_no_payload_keys(orderflex: Run, ledger: Ledger) -> None:
    assert orderflex("attention", payload_keys="").code == 0


def test_an_order_that_stands_still_for_the_time_that_is_set(
    orderflex: Run, ledger: Ledger
) -> None:
    ledger.place()
    assert orderflex("attention").said == "Nothing needs attention."
    assert "order_not_recorded WEB-1" in orderflex("attention", attention_after="0.000001").said


def test_what_was_seen_to_leaves_the_list(orderflex: Run, ledger: Ledger) -> None:
    ledger.note(What.RETURN_MISSING)
    (item,) = [json.loads(line) for line in orderflex("attention", "--json").out.splitlines()]
    assert orderflex("seen", item["item"]).code == 2, "a reason is needed"
    ended = orderflex("seen", item["item"], "--because", "made by hand", "--by", "ada")
    assert ended.code == 0
    assert orderflex("attention").said == "Nothing needs attention."
    shown = orderflex("order", "show", "WEB-1").said
    assert "seen to" in shown
    assert "by=ada reason=made by hand" in shown
    again = orderflex("seen", item["item"], "--because", "x")
    assert (again.code, "can't be marked" in again.err) == (1, True)


def test_again_publishes_the_event_as_it_first_came_with_the_refused_attempt(
    orderflex: Run, ledger: Ledger, broker: FakeBroker
) -> None:
    ledger.refuse()
    ended = orderflex("order", "again", "WEB-1", "--because", "the location is there", "--by", "bo")
    assert ended.code == 0
    assert "published stock.picked event-P-1" in ended.said
    assert CANARY not in ended.said
    (record,) = broker.published
    headers = {name: value.decode() for name, value in record.headers}
    assert record.topic == "stock.picked"
    assert headers["ce_id"] == "event-P-1"
    assert headers["ce_source"] == "urn:wms"
    assert headers["ce_time"] == "2026-03-02T09:30:00Z"
    assert headers["ce_orderflexagain"] == "pack:WEB-1:P-1@1"
    assert CANARY in record.value.decode()
    shown = orderflex("order", "show", "WEB-1").said
    assert "asked to be done again" in shown
    assert "by=bo reason=the location is there" in shown


def test_again_can_be_narrowed_to_a_pick(
    orderflex: Run, ledger: Ledger, broker: FakeBroker
) -> None:
    ledger.refuse(pick="P-1")
    ledger.refuse(pick="P-2")
    assert orderflex("order", "again", "WEB-1", "--pick", "P-2").code == 0
    assert len(broker.published) == 1
    assert orderflex("order", "again", "WEB-1").code == 0
    assert len(broker.published) == 3
    ended = orderflex("order", "again", "WEB-1", "--pick", "P-3")
    assert (ended.code, ended.err) == (1, "nothing of pick P-3 of WEB-1 stands refused\n")


def test_a_dry_run_publishes_nothing_and_notes_nothing(
    orderflex: Run, ledger: Ledger, broker: FakeBroker
) -> None:
    ledger.refuse()
    ended = orderflex("order", "again", "WEB-1", "--dry-run")
    assert (ended.code, "would publish stock.picked" in ended.said) == (0, True)
    assert broker.published == []
    assert "asked to be done again" not in orderflex("order", "show", "WEB-1").said


def test_what_was_not_kept_is_told(orderflex: Run, ledger: Ledger, broker: FakeBroker) -> None:
    ledger.refuse(kept=False)
    ended = orderflex("order", "again", "WEB-1")
    assert (ended.code, "publish it anew" in ended.said) == (1, True)
    assert broker.published == []


def test_a_broker_that_is_not_there_is_told(
    orderflex: Run, ledger: Ledger, broker: FakeBroker
) -> None:
    ledger.refuse()
    broker.is_down = True
    ended = orderflex("order", "again", "WEB-1")
    assert (ended.code, "(KafkaConnectionError): 127.0.0.1:9092: nobody" in ended.err) == (1, True)


def test_an_order_of_which_nothing_was_refused(
    orderflex: Run, ledger: Ledger, broker: FakeBroker
) -> None:
    ended = orderflex("order", "again", "WEB-7")
    assert (ended.code, ended.err) == (1, "nothing of WEB-7 stands refused\n")


def test_a_key_that_is_gone_is_told(orderflex: Run, ledger: Ledger, broker: FakeBroker) -> None:
    ledger.refuse()
    other = Fernet.generate_key().decode()
    ended = orderflex("order", "again", "WEB-1", payload_keys=other)
    assert (ended.code, "ORDERFLEX_PAYLOAD_KEYS" in ended.err) == (1, True)
