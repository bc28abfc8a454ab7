"""Hostile addresses and forms, over either ledger: no page answers with an error of ours."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from service.ledger.database import Database, DatabasePolicy
from service.ledger.upgrade import upgrade
from service.page.routes import ACTIONS, PAGES
from tests.page.visitor import BROWSER, Visitor, visitor_of
from tests.reactions.world import world_of

from .test_hostile_requests import CURSORS, TEXTS

NAMES = (
    *("reference", "number", "order", "consignment", "pick", "item", "after", "kind", "stage"),
    *("location", "carrier", "ask_pro", "nonsense"),
)
WORST = ("a\x00b", "\ud800", "\U0001f4e6", "9" * 400, "x" * 4_000)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def visitor(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Visitor]:
    """Somebody who is signed in, and a dead letter."""
    async with world_of(tmp_path) as world:
        own = world.database
        if request.param == "postgresql":
            world.database = Database(DatabasePolicy(request.getfixturevalue("postgresql_url")))
            await upgrade(world.database)
        async with visitor_of(world) as made:
            await made.sign_in()
            await made.bury("WEB-1")
            yield made
        if world.database is not own:
            await world.database.close()


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


async def test_no_address_breaks_a_page(visitor: Visitor) -> None:
    for path in (*PAGES, *ACTIONS):
        await _try_all(path, visitor)


async def _try_all(path: str, visitor: Visitor) -> None:
    for name in NAMES:
        for text in (*WORST, *(CURSORS if name == "after" else ())):
            asked = f"{path}?{name}={_quoted(text)}"
            assert (await visitor.client.get(asked)).status_code < 500, asked
    for text in TEXTS:
        all_of_them = "&".join(f"{name}={_quoted(text)}" for name in NAMES)
        assert (await visitor.client.get(f"{path}?{all_of_them}")).status_code < 500, all_of_them
    for query in ("&&=", "reference", "reference=1&reference=2", "reference[]=1", "a=1&" * 2_000):
        assert (await visitor.client.get(f"{path}?{query}")).status_code < 500, query
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "EAT"):
        assert (await visitor.client.request(method, path)).status_code in (404, 405)


@pytest.mark.parametrize(
    ("path", "field"),
    [("/order/cancel?order=WEB-1", "reason"), ("/dead-letter/discard?number=1", "reason")],
)
async def test_no_form_breaks_an_action(path: str, field: str, visitor: Visitor) -> None:
    for text in TEXTS:
        page = await visitor.client.get(path)
        if page.status_code != 200:  # it is done
            break
        shown = await visitor.look(path)
        for name in {field, *shown.forms[-1]}:
            said = shown.forms[-1] | {field: "x", name: ""}
            body = "&".join(f"{key}={quote_plus(value)}" for key, value in said.items())
            body = body.replace(f"{name}=", f"{name}={_quoted(text)}", 1)
            headers = BROWSER | {"content-type": "application/x-www-form-urlencoded"}
            answer = await visitor.client.post(path, content=body, headers=headers)
            assert answer.status_code < 500, (name, text)
    for body in ("", "&" * 5_000, "a=%", "=", "\x00", "a=" + "x" * 100_000, "a=1&" * 5_000):
        answer = await visitor.client.post(path, content=body, headers=BROWSER)
        assert answer.status_code < 500, body[:40]
