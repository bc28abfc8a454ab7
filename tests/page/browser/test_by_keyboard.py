"""Everything can be done by the keyboard alone, and is seen in the timeline."""

import pytest
from playwright.async_api import Page, expect

from tests.page.scene import SHOWN
from tests.page.visitor import TOKENS

from .conftest import Served, Watched

pytestmark = [pytest.mark.browser]

MOST_STEPS = 60


async def focused(page: Page) -> str:
    """What has the focus, as a screen reader names it."""
    named: str = await page.evaluate(
        "(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()"
    )
    return " ".join(named.split())


async def tab_to(page: Page, name: str) -> None:
    """Go on with the tab key until that has the focus, which has to be seen."""
    seen = []
    for _ in range(MOST_STEPS):
        if (await focused(page)).startswith(name):
            outline = await page.evaluate(
                "getComputedStyle(document.activeElement).outlineStyle + "
                "getComputedStyle(document.activeElement).outlineWidth"
            )
            assert outline == "solid3px", f"nobody sees that {name} has the focus: {outline}"
            return
        await page.keyboard.press("Tab")
        seen.append(await focused(page))
    raise AssertionError(f"the tab key never comes to {name}: {seen}")


async def test_from_the_door_to_a_replayed_dead_letter(served: Served, watched: Watched) -> None:
    page, keys = watched.page, watched.page.keyboard
    await watched.open("/")
    await tab_to(page, "Your token")
    await keys.type(TOKENS["ada"])
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()

    await keys.press("Tab")
    assert await focused(page) == "Skip to the content"
    await keys.press("Enter")
    await tab_to(page, "Find an order")
    await keys.type(SHOWN)
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name=SHOWN, level=1)).to_be_visible()
    await expect(page.get_by_text("On hold").first).to_be_visible()

    await tab_to(page, "Replay")
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="What would be done")).to_be_visible()
    await tab_to(page, "Why")
    await keys.type("the mapping was mended in 0.2.1")
    await tab_to(page, "Replay it")
    await keys.press("Enter")

    await expect(page.get_by_role("status")).to_contain_text("is tried again")
    await expect(page.get_by_text("ada had stock.picked replayed", exact=True)).to_be_visible()
    await expect(page.get_by_text("the mapping was mended in 0.2.1").first).to_be_visible()
    (note,) = [e for e in await served.visitor.world.entries(SHOWN) if e.what == "replayed"]
    assert note.details["by"] == "ada"


async def test_what_is_missing_in_a_form_leads_to_its_field(
    served: Served, watched: Watched
) -> None:
    page, keys = watched.page, watched.page.keyboard
    await watched.sign_in()
    await watched.open(f"/dead-letter/discard?number={served.letter}")
    await tab_to(page, "Discard it")
    await keys.press("Enter")
    link = page.get_by_role("link", name="Say why, for those who ask later")
    await expect(link).to_be_visible()
    watched.errors.clear()  # the browser tells the 400 itself
    await tab_to(page, "Say why")
    await keys.press("Enter")
    await keys.press("Tab")
    await keys.press("Shift+Tab")
    await expect(page.get_by_label("Why", exact=True)).to_be_focused()


async def test_signing_out_by_keyboard_and_back_by_the_back_key_shows_nothing(
    watched: Watched,
) -> None:
    page, keys = watched.page, watched.page.keyboard
    await watched.sign_in()
    await watched.open(f"/order?reference={SHOWN}")
    await tab_to(page, "Sign out")
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert SHOWN not in await page.locator("body").inner_text()
