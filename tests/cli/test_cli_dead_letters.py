"""Dead letters from the command line: looked at, tried again, given up."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from service.events.envelope import Incoming
from service.ledger.database import Database, DatabasePolicy
from service.ledger.parked import ParkedEvents
from service.ledger.parked_rows import ParkedEvent, Reason, Subject
from service.ledger.sealing import Seal
from service.ledger.tables import ParkedState

from .commands import Run

KEY = Fernet.generate_key().decode()
CANARY = "Quintessa Featherstonehaugh"
BUG = Reason("bug", "ValueError, traceback 0123456789ab")


class Ledger:
    """The ledger that the commands find."""

    def __init__(self, url: str) -> None:
        self._url = url

    def do(self, work: Callable[[ParkedEvents], Awaitable[object]]) -> object:
        async def run() -> object:
            database = Database(DatabasePolicy(self._url))
            try:
                return await work(ParkedEvents(database, Seal([KEY])))
            finally:
                await database.close()

        return asyncio.run(run())

    def bury(self, order: str | None, offset: int, reason: Reason = BUG) -> int:
        """Make a dead letter; gives its number."""
        event_type = "stock.picked" if order else "unreadable"
        subject = Subject(event_type, f"event-{offset}", order)

        async def bury(parked: ParkedEvents) -> int:
            record = _record(offset)
            row = await parked.bury(
                record, subject, attempt=4, reason=reason, holds=order is not None
            )
            return row.sequence

        number = self.do(bury)
        assert isinstance(number, int)
        return number

    def queue(self, order: str, offset: int) -> None:
        """Have another event of an order wait."""
        subject = Subject("stock.picked", f"event-{offset}", order)
        self.do(lambda parked: parked.park_behind(_record(offset), subject, 60.0))

    def line(self, order: str) -> list[ParkedEvent]:
        found = self.do(lambda parked: parked.of_order(order))
        assert isinstance(found, list)
        return found


def _record(offset: int) -> Incoming:
    value = json.dumps({"order_reference": "WEB-1", "note": CANARY}).encode()
    return Incoming("stock.picked", 0, offset, b"WEB-1", value, (), datetime.now(UTC))


@pytest.fixture
def ledger(orderflex: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    url = f"sqlite+aiosqlite:///{tmp_path}/ledger.sqlite"
    monkeypatch.setenv("ORDERFLEX_LEDGER_URL", url)
    monkeypatch.setenv("ORDERFLEX_PAYLOAD_KEYS", KEY)
    assert orderflex("ledger", "upgrade").code == 0
    return Ledger(url)


def test_a_list_says_what_died_why_and_what_it_holds(orderflex: Run, ledger: Ledger) -> None:
    number = ledger.bury("WEB-1", 1)
    ledger.bury(None, 2, Reason("schema", "the data must be a JSON object"))
    ended = orderflex("dead-letters", "list")
    assert ended.code == 0
    assert f"{number} stock.picked WEB-1 holds its order bug: ValueError" in ended.said
    assert "unreadable stock.picked/0/2 schema: the data must be a JSON object" in ended.said
    assert CANARY not in ended.said


def test_a_list_is_narrowed_and_may_be_json(orderflex: Run, ledger: Ledger) -> None:
    ledger.bury("WEB-1", 1)
    ledger.bury("WEB-2", 2, Reason("retryable", "create_order: away"))
    ended = orderflex("dead-letters", "list", "--reason", "retryable", "--json")
    (only,) = [json.loads(line) for line in ended.out.splitlines()]
    assert (only["order_reference"], only["reason"], only["holds"]) == ("WEB-2", "retryable", True)
    for narrowed in (["--order", "WEB-2"], ["--type", "stock.picked", "--order", "WEB-2"]):
        assert "WEB-1" not in orderflex("dead-letters", "list", *narrowed).said
    assert orderflex("dead-letters", "list", "--older-than", "1h").said == "Nothing died."


@pytest.mark.parametrize(
    ("wrong", "hint"), [(["--older-than", "soon"], "30m"), (["--type", "nonsense"], "stock.picked")]
)
def test_a_filter_that_is_none_is_told(
    orderflex: Run, ledger: Ledger, wrong: list[str], hint: str
) -> None:
    ended = orderflex("dead-letters", "list", *wrong)
    assert ended.code == 2
    assert hint in ended.said


def test_one_is_shown_with_those_behind_it_and_its_content_only_when_asked_for(
    orderflex: Run, ledger: Ledger
) -> None:
    number = str(ledger.bury("WEB-1", 1))
    ledger.queue("WEB-1", 2)
    ended = orderflex("dead-letters", "show", number)
    assert "behind it: stock.picked event-2" in ended.said
    assert "dead letter" in ended.said
    assert CANARY not in ended.said
    assert CANARY in orderflex("dead-letters", "show", number, "--payload").said


def test_a_dry_run_changes_nothing(orderflex: Run, ledger: Ledger) -> None:
    ledger.bury("WEB-1", 1)
    for verb in (["replay"], ["discard", "--because", "a test"]):
        ended = orderflex("dead-letters", *verb, "--order", "WEB-1", "--dry-run")
        assert (ended.code, "1 would be" in ended.said) == (0, True)
    assert [row.state for row in ledger.line("WEB-1")] == [ParkedState.DEAD]


@pytest.mark.parametrize("given", [(), ("--by", " ")], ids=["none", "blank"])
def test_where_the_account_has_no_name_nobody_decides_unnamed(
    orderflex: Run, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...]
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(getpass, "getuser", nameless)
    number = str(ledger.bury("WEB-1", 1))
    asked = ("dead-letters", "discard", number, "--because", "a test")
    ended = orderflex(*asked, *given)
    assert ended.code == 2
    assert "this account has no name" in ended.said
    assert "add --by YOUR_NAME" in ended.said
    assert [row.state for row in ledger.line("WEB-1")] == [ParkedState.DEAD]
    assert orderflex(*asked, "--by", "ada").code == 0


def test_a_replayed_letter_is_due_at_once_before_those_behind_it(
    orderflex: Run, ledger: Ledger
) -> None:
    ledger.bury("WEB-1", 1)
    ledger.queue("WEB-1", 2)
    ended = orderflex("dead-letters", "replay", "--order", "WEB-1", "--by", "ada", "--because", "x")
    assert "1 behind it" in ended.said
    assert "1 replayed." in ended.said
    first, second = ledger.line("WEB-1")
    assert (first.state, first.replays, first.remark) == (
        ParkedState.PARKED,
        1,
        "replayed by ada: x",
    )
    assert first.seconds_until_due < 0
    assert second.place.is_behind
    assert orderflex("dead-letters", "replay", "--order", "WEB-1").said == "0 replayed."
    assert "replayed" in orderflex("order", "show", "WEB-1").said


def test_a_letter_is_replayed_only_so_often_unless_forced(orderflex: Run, ledger: Ledger) -> None:
    number = str(ledger.bury("WEB-1", 1))
    assert orderflex("dead-letters", "replay", number, max_replays="1").code == 0
    ledger.bury("WEB-1", 1)
    ended = orderflex("dead-letters", "replay", number, max_replays="1")
    assert ended.code == 1
    assert "find out why it dies, or force it" in ended.said
    assert orderflex("dead-letters", "replay", number, "--force", max_replays="1").code == 0


def test_a_discarded_letter_loses_its_content_and_lets_those_behind_it_go(
    orderflex: Run, ledger: Ledger
) -> None:
    number = str(ledger.bury("WEB-1", 1))
    ledger.queue("WEB-1", 2)
    ended = orderflex("dead-letters", "discard", number, "--because", "ordered by mistake")
    assert ended.code == 0
    gone, next_one = ledger.line("WEB-1")
    assert gone.state is ParkedState.DISCARDED
    assert next_one.seconds_until_due < 0
    shown = orderflex("dead-letters", "show", number, "--payload").said
    assert "ordered by mistake" in shown
    assert "Its content is gone." in shown
    assert number in orderflex("dead-letters", "list", "--state", "discarded").said


def test_nothing_named_is_nothing_done(orderflex: Run, ledger: Ledger) -> None:
    ledger.bury("WEB-1", 1)
    for verb in (["replay"], ["discard", "--because", "x"]):
        ended = orderflex("dead-letters", *verb)
        assert ended.code == 2
        assert "--all" in ended.said
    assert orderflex("dead-letters", "discard", "--all").code == 2, "a reason is needed"
    assert orderflex("dead-letters", "discard", "--all", "--because", " ").code == 2
    assert [row.state for row in ledger.line("WEB-1")] == [ParkedState.DEAD]


def test_a_number_that_is_none_is_told_and_the_others_are_done(
    orderflex: Run, ledger: Ledger
) -> None:
    number = str(ledger.bury("WEB-1", 1))
    ended = orderflex("dead-letters", "replay", "999", number)
    assert ended.code == 1
    assert "there is no dead letter 999" in ended.said
    assert "1 replayed." in ended.said
    assert orderflex("dead-letters", "show", "999").code == 1
