"""Only a form that one of our own pages made, for this session, is taken; and once."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from service.ledger.database import LedgerDown
from service.page import forms
from service.page.headers import OF_PAGES
from service.page.routes import ACTIONS

from .html import read
from .visitor import BROWSER, HOST, Visitor

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def discarding(visitor: Visitor) -> tuple[str, dict[str, str]]:
    """A form that is about to discard a dead letter."""
    number = await visitor.bury("WEB-1")
    path = f"/dead-letter/discard?number={number}"
    return path, (await visitor.look(path)).forms[-1] | {"because": "by mistake"}


async def is_done(visitor: Visitor) -> bool:
    return "discarded" in await visitor.world.history()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site", "origin": f"https://{HOST}"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": f"https://{HOST}.evil.example"},
        {"origin": f"https://{HOST}:8443"},
        {"origin": f"https://{HOST}/"},
        {"origin": HOST},
        {"origin": "https://["},
    ],
)
async def test_a_form_from_elsewhere_does_nothing(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    path, form = await discarding(visitor)
    answer = await visitor.client.post(path, data=form, headers=headers)
    assert answer.status_code == 403
    assert "Nothing was done." in read(answer.text).text
    assert not await is_done(visitor)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin", "origin": "null"},  # as no-referrer has browsers say it
        {"origin": f"https://{HOST}"},
    ],
)
async def test_a_form_of_ours_is_taken(visitor: Visitor, headers: dict[str, str]) -> None:
    path, form = await discarding(visitor)
    assert (await visitor.client.post(path, data=form, headers=headers)).status_code == 303
    assert await is_done(visitor)


@pytest.mark.parametrize("token", [None, "", "x", "ü", "\ud800"])
async def test_a_form_without_the_sessions_own_word_does_nothing(
    visitor: Visitor, token: str | None
) -> None:
    path, form = await discarding(visitor)
    form.pop("form_token")
    if token is not None:
        form["form_token"] = token.encode("utf-8", "replace").decode()
    assert (await visitor.client.post(path, data=form, headers=BROWSER)).status_code == 403
    assert not await is_done(visitor)


async def test_the_word_of_another_session_is_worth_nothing(visitor: Visitor) -> None:
    path, form = await discarding(visitor)
    await visitor.sign_in("bo")
    assert (await visitor.client.post(path, data=form, headers=BROWSER)).status_code == 403
    assert not await is_done(visitor)


async def test_signing_in_and_out_from_elsewhere_does_nothing(visitor: Visitor) -> None:
    elsewhere = {"sec-fetch-site": "cross-site"}
    token = (await visitor.look("/")).forms[0]["form_token"]
    out = await visitor.client.post("/sign-out", data={"form_token": token}, headers=elsewhere)
    assert out.status_code == 403
    assert (await visitor.client.post("/sign-out", headers=BROWSER)).status_code in (403, 415)
    await visitor.look("/")
    visitor.client.cookies.clear()
    assert (await visitor.sign_in(**elsewhere)).status_code == 403


async def test_a_form_that_is_sent_twice_is_taken_once(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    path = f"/consignment/reallocate?reference={reference}"
    form = (await visitor.look(path)).forms[-1] | {"because": "the van broke down"}
    first = await visitor.client.post(path, data=form, headers=BROWSER)
    second = await visitor.client.post(path, data=form, headers=BROWSER)
    assert (first.status_code, second.status_code) == (303, 409)
    assert len(visitor.published) == 1


async def test_a_form_that_two_replicas_take_is_one_reallocation(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_REMEMBERED", 0)  # as a replica that was not sent it
    path = f"/consignment/reallocate?reference={await visitor.labelled()}"
    form = (await visitor.look(path)).forms[-1]
    anew = (await visitor.look(path)).forms[-1]
    for sent in (form, form, anew, form | {"way": "default_rules"}):
        because = {"because": "the van broke down"}
        await visitor.client.post(path, data=sent | because, headers=BROWSER)
    wishes = [json.loads(out.value)["request_reference"] for out in visitor.published]
    assert wishes[0] == wishes[1]
    assert len(wishes) == 4
    assert len(set(wishes)) == 3


async def test_a_form_that_had_something_to_mend_may_be_sent_again(visitor: Visitor) -> None:
    path, form = await discarding(visitor)
    first = await visitor.client.post(path, data=form | {"because": ""}, headers=BROWSER)
    assert first.status_code == 400
    assert (await visitor.client.post(path, data=form, headers=BROWSER)).status_code == 303
    assert await is_done(visitor)


async def test_a_form_that_the_ledger_did_not_take_may_be_sent_again(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = await visitor.labelled()
    path = f"/consignment/reallocate?reference={reference}"
    form = (await visitor.look(path)).forms[-1] | {"because": "the van broke down"}

    async def fail(*_: object, **__: object) -> None:
        raise LedgerDown("away")

    with monkeypatch.context() as away:
        away.setattr("service.people.asking.history.note", fail)
        first = await visitor.client.post(path, data=form, headers=BROWSER)
    assert (first.status_code, visitor.published) == (503, [])
    assert (await visitor.client.post(path, data=form, headers=BROWSER)).status_code == 303
    assert len(visitor.published) == 1


async def test_a_form_that_kafka_may_have_taken_is_not_taken_again(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    path = f"/consignment/reallocate?reference={reference}"
    form = (await visitor.look(path)).forms[-1] | {"because": "the van broke down"}
    visitor.trouble.append(TimeoutError())
    first = await visitor.client.post(path, data=form, headers=BROWSER)
    second = await visitor.client.post(path, data=form, headers=BROWSER)
    assert (first.status_code, second.status_code) == (503, 409)
    assert "Look at the timeline for what came of it." in read(second.text).text


async def test_looking_at_what_would_be_done_does_nothing(visitor: Visitor) -> None:
    await visitor.labelled()
    number = await visitor.bury("WEB-1")
    before = await visitor.world.history()
    asked = {"reference": "WEB-1", "number": str(number), "because": "x"}
    for path in ACTIONS:
        for method in ("GET", "HEAD"):
            await visitor.client.request(method, path, params=asked)
    assert visitor.published == []
    assert await visitor.world.history() == before


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"because=" + b"x" * 20_000, FORM, 413),
        (b'{"because": "x"}', {"content-type": "application/json"}, 415),
        (b"because=x", {"content-type": "text/plain"}, 415),
        (b"because=x", {}, 415),
        (b"because=x&because=y", FORM, 400),
        (b"because=%ff", FORM, 400),
        ("because=ü".encode(), FORM, 400),
        (b"&".join(b"a%d=1" % number for number in range(30)), FORM, 400),
    ],
)
async def test_what_is_no_form_of_ours_is_refused_calmly(
    visitor: Visitor, content: bytes, headers: dict[str, str], status: int
) -> None:
    for path in ("/order/cancel?reference=WEB-1", "/sign-in"):
        answer = await visitor.client.post(path, content=content, headers=BROWSER | headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == OF_PAGES["content-security-policy"]
        assert read(answer.text).heading


async def test_a_body_without_end_is_not_read_to_its_end(visitor: Visitor) -> None:
    read_so_far = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read_so_far
        for _ in range(10_000):
            read_so_far += 1_000
            yield b"x" * 1_000

    answer = await visitor.client.post(
        "/order/cancel?reference=WEB-1",
        content=endless(),
        headers=BROWSER | FORM,
    )
    assert answer.status_code == 413
    assert read_so_far < 30_000


@pytest.mark.parametrize("path", ["/sign-in", "/order/cancel?reference=WEB-1"])
async def test_a_form_that_does_not_arrive_is_not_waited_for_for_ever(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(forms, "BODY_SECONDS", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b"because="
        await asyncio.sleep(60)

    sending = visitor.client.post(path, content=slow(), headers=BROWSER | FORM)
    answer = await asyncio.wait_for(sending, 5)
    assert answer.status_code == 408
    assert "The form took too long to arrive." in read(answer.text).text


async def test_a_form_that_breaks_off_is_no_bug(visitor: Visitor) -> None:
    headers = BROWSER | FORM | {"host": HOST}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "https",
        "method": "POST",
        "path": "/sign-in",
        "raw_path": b"/sign-in",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": (HOST, 443),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    with capture_logs() as logs:
        await visitor.app(scope, receive, send)
    assert (sent[0]["status"], logs) == (400, [])
