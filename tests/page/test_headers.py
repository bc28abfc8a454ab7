"""What goes with each answer: nothing is loaded from elsewhere, run, framed, or kept."""

import re

import pytest

from service.ledger.database import LedgerDown
from service.page.rendering import STATIC
from service.page.routes import ACTIONS, PAGES
from tests.api.desk import CANARY

from .html import read
from .visitor import Visitor


def directives(policy: str) -> dict[str, str]:
    return {
        name: value
        for name, _, value in (part.strip().partition(" ") for part in policy.split(";"))
    }


async def test_every_answer_is_guarded(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    number = await visitor.bury("WEB-1")
    for path in (*PAGES, *ACTIONS, "/sign-in", "/nothing", "/static/nothing"):
        answer = await visitor.client.get(
            path,
            params={
                "reference": reference if "consignment" in path else "WEB-1",
                "consignment": reference,
                "number": "0" if path == "/paper" else str(number),
                "stage": "to_be_manifested",
            },
        )
        said = answer.headers
        assert said["x-content-type-options"] == "nosniff"
        assert said["referrer-policy"] == "no-referrer"
        assert said["cache-control"] == "no-store"
        assert said["x-frame-options"] == "DENY"
        assert said["cross-origin-opener-policy"] == "same-origin"
        assert said["cross-origin-resource-policy"] == "same-origin"
        policy = directives(said["content-security-policy"])
        for name in ("default-src", "base-uri", "frame-ancestors"):
            assert policy[name] == "'none'", path
        assert policy["form-action"] == ("'none'" if path == "/paper" else "'self'")
        assert "unsafe" not in said["content-security-policy"]
        assert "server" not in said


@pytest.mark.parametrize("path", ["/", "/search", "/order?reference=WEB-1", "/dead-letters"])
async def test_a_page_needs_nothing_but_itself_and_its_sheet(visitor: Visitor, path: str) -> None:
    await visitor.labelled()
    text = (await visitor.client.get(path)).text
    assert "script" not in read(text).tags
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", text)
    for address in re.findall(r'(?:src|href|action)="([^"]*)"', text):
        assert address.startswith(("/", "#")), address
        assert not address.startswith("//")


@pytest.mark.parametrize("name", STATIC)
async def test_the_sheet_is_there_for_everybody_and_may_be_kept(
    visitor: Visitor, name: str
) -> None:
    visitor.client.cookies.clear()
    answer = await visitor.client.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(STATIC[name])
    assert "immutable" in answer.headers["cache-control"]
    assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")
    assert "url(" not in answer.text


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/..%2fapp.py", "/static/page.css/", "/static/"]
)
async def test_nothing_else_lies_there(visitor: Visitor, path: str) -> None:
    assert (await visitor.client.get(path)).status_code == 404


async def test_a_ledger_that_is_down_is_said_calmly_and_a_bug_without_a_word_of_it(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, status, told in (
        (LedgerDown("away"), 503, "The ledger can’t be asked now"),
        (ValueError(CANARY), 500, "That is a fault of this service, not yours."),
    ):

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr("service.people.reading.overview.find_orders", fail)
        visitor.reasons["paused"] = ["ledger_down"]
        answer = await visitor.client.get("/search")
        assert answer.status_code == status
        assert told in read(answer.text).text
        assert "Intake: paused" in read(answer.text).text
        assert CANARY not in answer.text
        assert ("retry-after" in answer.headers) is (status == 503)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/", 405),
        ("DELETE", "/order", 405),
        ("GET", "/sign-out", 405),
        ("GET", "/order/", 404),
        ("GET", "//evil.example", 404),
    ],
)
async def test_what_is_not_there_is_a_page_too(
    visitor: Visitor, method: str, path: str, status: int
) -> None:
    answer = await visitor.client.request(method, f"https://page.example{path}")
    assert answer.status_code == status
    assert read(answer.text).heading
    if status == 405:
        assert "allow" in answer.headers
