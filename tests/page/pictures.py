"""Takes the pictures of the operator page for the docs: `python -m tests.page.pictures [FOLDER]`.

The orders and people are invented; what they are shown as comes of the service itself.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page

from tests.promises.pages import DOCS
from tests.reactions.world import world_of

from .scene import SHOWN, play
from .serving import a_page, chromium, on_a_port
from .visitor import TOKENS, visitor_of

WIDE = {"width": 1180, "height": 860}
PHONE = {"width": 390, "height": 844}


async def take(folder: Path) -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as scratch:
        async with world_of(Path(scratch)) as world, visitor_of(world) as visitor:
            await play(visitor)
            async with on_a_port(visitor.app) as address, chromium() as browser:
                async with a_page(browser, viewport=WIDE, color_scheme="light") as page:
                    await _sign_in(page, address)
                    await _shoot(page, folder / "page-attention.png")
                    await page.set_viewport_size({"width": WIDE["width"], "height": 1500})
                    await page.goto(f"{address}/order?reference={SHOWN}")
                    await _shoot(page, folder / "page-order.png")
                async with a_page(
                    browser, viewport=PHONE, color_scheme="dark", device_scale_factor=1.5
                ) as page:
                    await _sign_in(page, address)
                    await page.goto(f"{address}/order?reference={SHOWN}")
                    await _shoot(page, folder / "page-phone.png")


async def _sign_in(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_label("Your token").fill(TOKENS["ada"])
    await page.get_by_role("button", name="Sign in").click()


async def _shoot(page: Page, file: Path) -> None:
    await page.screenshot(path=file, full_page=False)


def main() -> None:
    """Take the pictures into docs/pictures, or another folder."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(folder))


if __name__ == "__main__":
    main()
