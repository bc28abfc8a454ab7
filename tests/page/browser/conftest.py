"""A real browser, and what it looked at."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, Page

from tests.page.scene import play
from tests.page.serving import CHROMIUM, a_page, chromium, on_a_port
from tests.page.visitor import TOKENS, Visitor
from tests.reactions.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where none is, and say so at the end (`-ra`)."""
    if CHROMIUM.exists():
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=f"NOT LOOKED AT: there is no {CHROMIUM}"))


@dataclass
class Served:
    """The page on a real port, with a day's events in its ledger."""

    visitor: Visitor
    address: str
    browser: Browser
    letter: int
    """The number of the dead letter that holds the order of the scene."""


@dataclass
class Watched:
    """A page of the browser, of which nothing may be said or asked that is not ours."""

    page: Page
    address: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._see(request.url))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.errors.append(text)

    def _see(self, url: str) -> None:
        if not url.startswith(self.address):
            self.foreign.append(url)

    async def open(self, path: str) -> None:
        """Open a page of ours."""
        await self.page.goto(self.address + path)

    async def sign_in(self) -> None:
        """Sign in by a token."""
        await self.open("/")
        await self.page.get_by_label("Your token").fill(TOKENS["ada"])
        await self.page.get_by_role("button", name="Sign in").click()


@pytest.fixture
async def served(visitor: Visitor) -> AsyncIterator[Served]:
    """The page, served, and a browser beside it."""
    letter = await play(visitor)
    async with on_a_port(visitor.app) as address, chromium() as browser:
        yield Served(visitor, address, browser, letter)


@pytest.fixture
async def watched(served: Served, world: World) -> AsyncIterator[Watched]:
    """A fresh page of the browser, on a desktop; nothing foreign may have happened in it."""
    async with a_page(served.browser, viewport={"width": 1180, "height": 860}) as page:
        watching = Watched(page, served.address)
        yield watching
        assert watching.errors == []
        assert watching.foreign == []
