"""Words are planted in every personal field, everything goes wrong, and then one searches."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest
from pydantic import SecretStr

from service.api.access import Access
from service.api.app import create_app
from service.api.endpoints import ENDPOINTS, Desk
from service.from_settings import asking_of, attention_of, reading_of, seal_of
from service.intake.arrivals import OUR_HEADERS
from service.intake.ending import Ending
from service.ledger.dead_letters import DeadLetters
from service.people import views
from tests.api.desk import TOKEN
from tests.cli.commands import here
from tests.fuzz.mutated import type_of
from tests.fuzz.stand import CameOf, Sent, Stand, standing
from tests.simulation.replica import SETTINGS

from .planted import example, planted, words_in

ORDER, PICK = "order.placed.full", "stock.picked.full"


class Echo(httpx.AsyncBaseTransport):
    """PRO, which now and then says back what it was told, as an error may."""

    def __init__(self) -> None:
        self.pro: httpx.AsyncBaseTransport
        self.answers: list[Callable[[httpx.Request], httpx.Response]] = []
        self.told: set[str] = set()
        self.breaks_reads = False
        """Whether a read ends in an error of ours, whose message quotes what was told before."""
        self._last = b""

    def between(self, pro: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """Stand between the service and PRO."""
        self.pro = pro
        return self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.told |= words_in(request.content)
        self._last = request.content or self._last
        if self.breaks_reads and request.method == "GET":
            raise ValueError(self._last.decode())
        if self.answers and request.method != "GET":
            return self.answers.pop(0)(request)
        return await self.pro.handle_async_request(request)


def refusal(request: httpx.Request) -> httpx.Response:
    """A 400 that quotes the request in every part of its body."""
    quoted = request.content.decode()[:900]
    detail = {"Code": quoted, "Target": quoted, "Message": quoted}
    body = {"Code": quoted, "Message": quoted, "CorrelationId": "1", "Details": [detail]}
    return httpx.Response(400, json=body, request=request)


def garbage(request: httpx.Request) -> httpx.Response:
    """A 200 that is no answer, and quotes the request."""
    return httpx.Response(200, content=b"<p>" + request.content, request=request)


def breakdown(request: httpx.Request) -> httpx.Response:
    """A 500 that quotes the request."""
    return httpx.Response(500, content=request.content, request=request)


class Story:
    """Everything that may happen to an event with personal data in it."""

    def __init__(self, stand: Stand, pro: Echo) -> None:
        self.stand, self.pro = stand, pro
        self.planted: set[str] = set()

    def say(
        self, name: str, data: dict[str, Any], *answers: Any, raw: bytes | None = None
    ) -> CameOf:
        """Publish an event with words planted in it; PRO's next answers may be others."""
        self.pro.answers = list(answers)
        named = data.get("order_reference") or data["consignment_reference_provided_by_customer"]
        value = raw or json.dumps(planted(data, f"{name} {named} {len(self.planted)}")).encode()
        self.planted |= words_in(value)
        return self.stand.take(Sent(type_of(name).value, named.encode(), value))

    def tell(self) -> None:
        """Tell it from the beginning to the end."""
        settled, dead = Ending.SETTLED, Ending.DEAD_LETTER
        assert self.say(ORDER, example(ORDER)).ending == settled
        assert self.say(ORDER, example(ORDER)) == CameOf(dead, "conflict")
        amended = example("order.amended.full", order_reference="WEB-204818", version=3)
        assert self.say("order.amended.full", amended).ending == settled
        assert self.say("order.amended.full", amended | {"version": 4}, refusal).ending == settled
        assert self.say(PICK, _pick("pick-1")).ending == settled
        assert self.say(PICK, _pick("pick-2"), refusal).ending == settled
        for answer in (garbage, breakdown):
            name = f"WEB-{answer.__name__}"
            assert self.say(ORDER, example(ORDER, order_reference=name), answer).ending != dead
        refused = example(ORDER, order_reference="WEB-refused")
        assert self.say(ORDER, refused, refusal).ending == settled
        request = example("consignment.requested.full")
        assert self.say("consignment.requested.full", request).ending == settled
        own = {"consignment_reference_provided_by_customer": "REPAIR-refused"}
        assert self.say("consignment.requested.full", request | own, refusal).ending == settled
        self.pro.breaks_reads = True
        assert self.say(PICK, _pick("pick-3")).ending != dead
        assert self.stand.rest() == []
        self.pro.breaks_reads = False
        early = _pick("pick-9") | {"order_reference": "WEB-nobody"}
        assert self.say(PICK, early).ending == Ending.PARKED
        self._malformed()
        for name in ("WEB-204818", "WEB-garbage"):
            cancelled = {"order_reference": name, "reason": "ordered twice"}
            self.say("order.cancelled.full", cancelled)
        assert self.stand.rest() == []

    def _malformed(self) -> None:
        whole = example(ORDER, order_reference="WEB-malformed")
        words = json.dumps(planted(whole, "malformed")).encode()
        for wrong in (
            words[:-40],
            words.replace(b'"GB"', b'"Qz00000001z"'),
            words.replace(b'"quantity": 1', b'"quantity": "Qz00000002z"'),
            words.replace(b'"direction": "outbound"', b'"direction": "Qz00000003z"'),
            words.replace(b'"Qz', b'"\\u0000Qz'),
            b'{"Qz00000004z": 1, "Qz00000004z": 2}',
            b"Qz00000005z",
            b'["Qz00000006z"]',
            words.replace(b"WEB-malformed", b"WEB-another"),
        ):
            assert self.say(ORDER, whole, raw=wrong).ending == Ending.DEAD_LETTER


def _pick(reference: str) -> dict[str, Any]:
    pick = example(PICK, pick_reference=reference)
    pick["packages"] = [
        {"weight": {"value": 1, "unit": "kg"}, "items": [{"sku": "TEA-CUP-04", "quantity": 1}]}
        | {"dimensions": {"length": 9, "width": 9, "height": 9, "unit": "cm"}}
    ]
    return pick


@pytest.fixture(scope="module")
def told() -> Iterator[Story]:
    """The story, told once for all that search."""
    lines = _Lines()
    root = logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    pro = Echo()
    try:
        with standing(pro.between) as stand:
            story = Story(stand, pro)
            story.tell()
            stand.logged.entries.extend({"event": line} for line in lines.said)
            yield story
    finally:
        root.removeHandler(lines)
        root.setLevel(level)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.getMessage()} {record.exc_info}")


def test_the_words_went_to_pro_and_to_the_dead_letters_at_all(told: Story) -> None:
    assert len(told.planted) > 500
    assert len(told.pro.told & told.planted) > 300
    letters = told.stand.heard("orderflex.dead-letters")
    assert {dict(one.headers)["orderflex_error_class"] for one in letters} >= {
        *(b"conflict", b"schema", b"truncated", b"not_json", b"key_mismatch", b"bug", b"too_early")
    }
    assert any(words_in(one.value or b"") for one in letters), "a letter is the whole event"


def test_no_word_lies_in_the_ledger_as_it_is(told: Story) -> None:
    assert words_in(told.stand.world.ledger.raw.serialize()) == set()
    tables = [name for (name,) in told.stand.world.ledger.rows(TABLES)]
    rows = [row for name in tables for row in told.stand.world.ledger.rows(f"SELECT * FROM {name}")]  # noqa: S608
    assert len(rows) > 50
    assert words_in(repr(rows)) == set()


TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def test_no_word_is_logged_at_any_level(told: Story) -> None:
    assert any(line.get("event") == "a bug" for line in told.stand.logged.entries)
    assert {line.get("log_level") for line in told.stand.logged.entries} >= {"info", "error"}
    assert words_in(repr(told.stand.logged.entries)) == set()


def test_no_word_is_a_metrics_label(told: Story) -> None:
    assert words_in(generate_latest(told.stand.metrics.registry)) == set()


def test_no_word_stands_in_a_header_that_we_add(told: Story) -> None:
    topics = [topic for topic in told.stand.world.kafka.logs if topic.startswith("orderflex.")]
    said = [header for topic in topics for one in told.stand.heard(topic) for header in one.headers]
    ours = [value for name, value in said if name in OUR_HEADERS]
    assert ours
    assert words_in(b"\n".join(ours)) == set()


def test_outcomes_say_words_only_where_pro_says_no(told: Story) -> None:
    kafka = told.stand.world.kafka
    outcomes = [one for topic in kafka.logs for one in told.stand.heard(topic) if _is_ours(one)]
    assert len(outcomes) > 8
    rejections = 0
    for one in outcomes:
        data = json.loads(one.value)
        rejection = data.pop("rejection", {})
        rejections += bool(words_in(json.dumps(rejection)))
        assert words_in(repr((data, one.key, one.headers, rejection.get("code")))) == set()
    assert rejections >= 4, "PRO's own words are told"


def _is_ours(record: Any) -> bool:
    return ("ce_source", b"urn:orderflex") in record.headers


def test_no_word_is_answered_by_the_operations_api(told: Story) -> None:
    stand = told.stand
    database, seal = stand.world.ledger.database(), seal_of(SETTINGS)

    async def in_pro(_: str) -> views.InPro:
        raise AssertionError("PRO is not asked")

    async def publish(_: object) -> None:
        """Nobody reads it."""

    desk = Desk(
        reading_of(SETTINGS, database, seal, in_pro),
        asking_of(SETTINGS, database, seal, publish),
        attention_of(SETTINGS, database),
        DeadLetters(database, seal),
        3,
    )
    app = create_app(desk, Access({"ada": SecretStr(TOKEN)}))
    answers: list[str] = []

    async def ask() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://x",
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as client:
            for path in _paths(stand):
                answers.append((await client.get(path)).text)  # noqa: PERF401
            for order in ("WEB-refused", "REPAIR-refused"):
                body = {"because": "it is mended", "dry_run": True}
                answers.append((await client.post(f"/orders/{order}/again", json=body)).text)

    stand.run(ask)
    assert sum(len(answer) > 200 for answer in answers) > 20
    assert words_in("\n".join(answers)) == set()


def _paths(stand: Stand) -> Iterator[str]:
    orders = stand.world.ledger.rows("SELECT order_reference FROM history")
    letters = stand.world.ledger.rows("SELECT sequence FROM parked_events")
    made = stand.world.ledger.rows("SELECT consignment_reference FROM consignments")
    names = {"order_reference": orders, "number": letters, "consignment_reference": made}
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            opening, _, rest = endpoint.path.partition("{")
            name, _, closing_part = rest.partition("}")
            known = {str(one) for (one,) in names[name]} if name else {""}
            yield from (opening + one.replace("/", "%2F") + closing_part for one in known)


def test_no_word_is_said_by_the_command_line_without_payload(
    told: Story,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as copied:
        told.stand.world.ledger.raw.backup(copied)
    for table in ("seen_rows",):
        with closing(sqlite3.connect(file)) as copied:
            for (name,) in copied.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                copied.execute(f"DROP TRIGGER {name}")
            copied.execute(f"DROP TABLE {table}")
            copied.commit()
    run = here(monkeypatch, capsys)
    settings = {
        "ledger_url": f"sqlite+aiosqlite:///{file}",
        "payload_keys": SETTINGS.payload_keys[0].get_secret_value(),
        "pro_key": "x",
    }
    (letter,) = told.stand.world.ledger.rows(
        "SELECT max(sequence) FROM parked_events WHERE state = 'dead' AND error_class = 'conflict'"
    )
    silent = [
        ("attention",),
        ("dead-letters", "list"),
        ("dead-letters", "show", str(letter[0])),
        ("order", "show", "WEB-204818"),
        ("order", "show", "WEB-refused"),
        ("order", "search"),
        ("consignment", "search"),
    ]
    for arguments in silent:
        ended = run(*arguments, **settings)
        assert (ended.code, len(ended.out) > 40) == (0, True), (arguments, ended)
        assert words_in(ended.out + ended.err) == set(), arguments
    shown = run("dead-letters", "show", str(letter[0]), "--payload", **settings)
    assert words_in(shown.out), "with --payload it is shown"
