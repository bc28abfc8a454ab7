"""Every page keeps to axe's rules: light and dark, on a wide screen and at 360 px."""

import json
from typing import Any

import pytest
from playwright.async_api import Page

from tests.page.scene import SHOWN
from tests.page.serving import AXE, a_page

from .conftest import Served, Watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"wide": {"width": 1180, "height": 860}, "phone": {"width": 360, "height": 740}}


async def violations(page: Page) -> list[str]:
    """What axe finds against a page in the light, and against its colours in the dark.

    Nothing moves meanwhile: halfway between two colours any contrast is found.
    """
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = await _run(page, {"type": "tag", "values": RULES})
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    return found + await _run(page, {"type": "rule", "values": ["color-contrast"]})


async def _run(page: Page, only: dict[str, Any]) -> list[str]:
    # Through the tools of the browser, which a page's policy against scripts does not bind.
    found: dict[str, Any] = await page.evaluate(
        f"{AXE}\n;axe.run(document, {json.dumps({'runOnly': only, 'resultTypes': ['violations']})})"
    )
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


async def _pages(watched: Watched, letter: int) -> dict[str, str]:
    await watched.open(f"/order?reference={SHOWN}")
    link = watched.page.get_by_role("link", name="EC-").first
    consignment = str(await link.get_attribute("href")).partition("reference=")[2]
    return {
        "attention": "/",
        "one kind": "/?kind=order_rejected",
        "search": "/search",
        "nothing found": "/search?reference=nobody",
        "several found": "/search?reference=P-1",
        "order": f"/order?reference={SHOWN}",
        "order refused": "/order?reference=WEB-204803",
        "order gone": "/order?reference=nobody",
        "consignment": f"/consignment?reference={consignment}",
        "with PRO": f"/consignment?reference={consignment}&ask_pro=yes",
        "letters": "/dead-letters",
        "letters, narrowed": "/dead-letters?state=discarded&type=stock.picked",
        "letter": f"/dead-letter?number={letter}",
        "unshipped": "/unshipped",
        "group": "/unshipped/group?stage=to_be_allocated&location=LEEDS_DC",
        "cancel": f"/order/cancel?reference={SHOWN}",
        "again": "/order/again?reference=WEB-204803",
        "again, nothing": f"/order/again?reference={SHOWN}",
        "reallocate": f"/consignment/reallocate?reference={consignment}",
        "replay": f"/dead-letter/replay?number={letter}",
        "discard": f"/dead-letter/discard?number={letter}",
    }


@pytest.mark.parametrize("size", SIZES)
async def test_no_page_breaks_a_rule(served: Served, size: str) -> None:
    async with a_page(served.browser, viewport=SIZES[size]) as page:
        watched = Watched(page, served.address)
        await watched.open("/")
        found = {"sign in": await violations(page)}
        await watched.sign_in()
        for name, path in (await _pages(watched, served.letter)).items():
            await watched.open(path)
            if name in ("order", "letter"):
                for details in await page.locator("details").all():
                    await details.locator("summary").click()
            found[name] = await violations(page)
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= SIZES[size]["width"], f"{name} is wider than the screen"
        await watched.open(f"/dead-letter/discard?number={served.letter}")
        await page.get_by_role("button", name="Discard it").click()
        await page.get_by_text("There is something to mend").wait_for()
        found["a form to mend"] = await violations(page)
    assert {name: broken for name, broken in found.items() if broken} == {}
    assert watched.foreign == []


async def test_letters_as_large_as_one_likes_still_fit(watched: Watched, served: Served) -> None:
    await watched.page.set_viewport_size({"width": 320, "height": 640})
    await watched.sign_in()
    for path in ("/", f"/order?reference={SHOWN}", "/unshipped", "/dead-letters"):
        await watched.open(path)
        width = await watched.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, path


async def test_who_wants_nothing_to_move_sees_nothing_move(
    watched: Watched, served: Served
) -> None:
    await watched.page.emulate_media(reduced_motion="reduce")
    await watched.sign_in()
    moving = await watched.page.evaluate(
        "[...document.querySelectorAll('*')].filter(each => "
        "parseFloat(getComputedStyle(each).transitionDuration) > 0).length"
    )
    assert moving == 0
