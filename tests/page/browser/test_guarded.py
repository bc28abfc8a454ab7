"""In a real browser the page keeps others out: their forms, their frames, their scripts."""

import asyncio
import contextlib
from urllib.parse import quote

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.page.serving import on_a_port

from .conftest import Served, Watched

pytestmark = [pytest.mark.browser]


def another_site(page: str) -> Starlette:
    """A site that means no good."""

    async def show(_request: Request) -> Response:
        return HTMLResponse(page)

    return Starlette(routes=[Route("/", show)])


async def test_the_form_of_another_site_does_nothing(served: Served, watched: Watched) -> None:
    await watched.sign_in()
    target = f"{watched.address}/dead-letter/discard?number={served.letter}"
    form = (
        f'<form method="post" action="{target}"><input name="because" value="x">'
        '<input name="form_token" value="x"><button>Win</button></form>'
    )
    async with on_a_port(another_site(form)) as elsewhere:
        await watched.page.goto(elsewhere.replace("localhost", "127.0.0.1"))
        async with watched.page.expect_navigation():
            await watched.page.get_by_role("button").click()
        await expect(watched.page.get_by_role("heading", level=1)).to_have_text("Not done")
    assert "discarded" not in await served.visitor.world.history("WEB-204817")
    watched.errors.clear()
    watched.foreign.clear()


async def test_another_site_can_not_frame_it(served: Served, watched: Watched) -> None:
    await watched.sign_in()
    frame = f'<iframe src="{watched.address}/" width="800" height="600"></iframe>'
    async with on_a_port(another_site(frame)) as elsewhere:
        await watched.page.goto(elsewhere)
        await asyncio.sleep(0.3)
        inside = watched.page.frames[1]
        assert "Needs attention" not in await inside.content()
    assert any("frame-ancestors" in error for error in watched.errors)
    watched.errors.clear()
    watched.foreign.clear()


async def test_no_script_runs_whatever_is_looked_for(served: Served, watched: Watched) -> None:
    await watched.sign_in()
    name = "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>"
    await served.visitor.bury(name, 77)
    for path in ("/", f"/search?reference={quote(name + '!')}", f"/order?reference={quote(name)}"):
        await watched.open(path)
        assert await watched.page.title() != "owned"
        assert name[:40] in await watched.page.locator("body").inner_text()


async def test_the_labels_open_in_the_browser(served: Served, watched: Watched) -> None:
    await watched.sign_in()
    await watched.open("/order?reference=WEB-204817")
    await watched.page.get_by_role("link", name="EC-").first.click()
    async with watched.page.expect_response("**/paper?**") as answered:
        with contextlib.suppress(PlaywrightError):  # without a window a PDF is saved, not shown
            await watched.page.get_by_role("link", name="Open the labels").click()
    answer = await answered.value
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    watched.errors.clear()
    watched.foreign.clear()  # the browser's own part that shows a PDF


async def test_an_order_from_a_link_elsewhere_is_one_click_away(
    served: Served, watched: Watched
) -> None:
    await watched.sign_in()
    link = f'<a href="{watched.address}/order?reference=WEB-204817">the order</a>'
    async with on_a_port(another_site(link)) as elsewhere:
        await watched.page.goto(elsewhere.replace("localhost", "127.0.0.1"))
        await watched.page.get_by_role("link").click()
        await watched.page.get_by_role("link", name="Go on to the page").click()
        await expect(watched.page.get_by_role("heading", level=1)).to_have_text("WEB-204817")
    watched.errors.clear()  # the other site has no picture of its own
    watched.foreign.clear()
