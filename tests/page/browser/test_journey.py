"""An operator at the page of a running service, on real Kafka: a hold is found and let go."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, expect

from demo.broker import Broker
from demo.processes import free_port
from tests.journeys.world import World, created, order, pick
from tests.page.serving import a_page, chromium

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.timeout(300)]

TOKEN = "a-token-of-a-fulfilment-desk"


@pytest.fixture
async def kafka_world(broker: Broker, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose ledger is an SQLite file."""
    async with created(broker, tmp_path) as made:
        yield made


async def opened(page: Page, address: str) -> None:
    """Open the first page as soon as the service serves it, and sign in."""
    for _ in range(100):
        try:
            await page.goto(address)
        except PlaywrightError:
            await page.wait_for_timeout(200)
        else:
            break
    await page.get_by_label("Your token").fill(TOKEN)
    await page.get_by_role("button", name="Sign in").click()


async def test_an_operator_finds_a_hold_and_lets_the_order_go_on(kafka_world: World) -> None:
    world, port = kafka_world, free_port()
    world.start_service(
        ORDERFLEX_DEADLINE="1.5",
        ORDERFLEX_PAGE_TOKENS=f"desk={TOKEN}",
        ORDERFLEX_PAGE_PORT=str(port),
    )
    await world.ready()
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until(lambda: len(world.dead_letters) == 1, "the pick is given up")
    await world.say("order.placed", order("WEB-1", ("HAT", 2)))
    await world.until_outcomes("order.recorded", 1)
    await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 1)]))

    async with chromium() as browser, a_page(browser) as page:
        await opened(page, f"http://localhost:{port}/")
        await expect(page.get_by_text("Intake is running.")).to_be_visible()
        held = page.get_by_role("listitem").filter(has_text="On hold").last
        await expect(held).to_contain_text("WEB-1")
        await page.get_by_role("link", name="WEB-1", exact=True).click()
        await expect(page.get_by_text("what it builds on is not there yet").first).to_be_visible()
        await page.get_by_role("link", name="Replay").click()
        await expect(page.get_by_text("Nothing of it has been done yet.")).to_be_visible()
        await page.get_by_label("Why", exact=True).fill("its order is there now")
        await page.get_by_role("button", name="Replay it").click()
        await expect(page.get_by_role("status")).to_contain_text("is tried again")

        await world.until_outcomes("consignment.labelled", 2)
        assert len(await world.calls("packOrder")) == 2
        await page.reload()
        await expect(page.get_by_text("desk had stock.picked replayed", exact=True)).to_be_visible()
        await expect(page.get_by_text("its order is there now").first).to_be_visible()
        await expect(page.get_by_text("All of it is packed.")).to_be_visible()
        await page.get_by_role("link", name="Attention").click()
        await expect(page.get_by_text("Nothing needs you right now.")).to_be_visible()
        await page.get_by_role("link", name="Waiting").click()
        await expect(page.get_by_role("row").filter(has_text="LEEDS_DC")).to_contain_text("2")
