"""A real service in real trouble, and what the people on call are told about it, to its end."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.broker import Broker
from tests.journeys.world import World, created, order, pick

from .alerts import RUNBOOK_BASE
from .chain import Heard, Message, watched
from .prometheus import there_or_skip

pytestmark = [pytest.mark.prometheus, pytest.mark.kafka, pytest.mark.timeout(240)]


@pytest.fixture
async def world(broker: Broker, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose service is not started yet."""
    for program in ("prometheus", "prometheus-alertmanager"):
        there_or_skip(program)
    async with created(broker, tmp_path) as made:
        yield made


@pytest.fixture
async def heard(world: World, tmp_path: Path) -> AsyncIterator[Heard]:
    """What people are told of the world's service."""
    async with watched(tmp_path / "watching", f"127.0.0.1:{world.port}") as listening:
        yield listening


def assert_it_wakes_somebody(told: Message) -> None:
    """It went to who is on call, with the page that says what to do."""
    assert told.receiver == "on-call"
    assert told.labels["severity"] == "page"
    assert told.annotations["runbook_url"] == f"{RUNBOOK_BASE}{told.name}.md"


async def test_a_key_that_pro_refuses_until_it_is_accepted_again(
    world: World, heard: Heard
) -> None:
    world.start_service()
    await world.ready()
    world.pro.state.keys.clear()
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    told = await heard.until("OrderflexKeyRefused", "firing")
    assert_it_wakes_somebody(told)
    assert told.annotations["description"].startswith("PRO answers 401 to 1 replica(s).")
    world.pro.state.keys.add("sandbox-key")
    await heard.until("OrderflexKeyRefused", "resolved")
    await world.until_outcomes("order.recorded", 1)
    assert await heard.rules_that_fail() == []


async def test_picks_that_had_to_wait_for_ten_minutes(world: World, heard: Heard) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 6)))
    await world.until_outcomes("order.recorded", 1)
    await heard.has_seen_it()
    for number in range(6):
        await world.producer.send_and_wait(
            f"{world.prefix}stock.picked",
            json.dumps(pick("WEB-1", f"P-{number}", [("HAT", 1)])).encode(),
            key=b"WEB-1",
            timestamp_ms=int((time.time() - 600) * 1000),
        )
    told = await heard.until("OrderflexPicksLateFast", "firing")
    assert_it_wakes_somebody(told)
    assert told.annotations["description"].startswith("100% of the latest picks")


async def test_a_step_that_pro_forbids_until_it_allows_it(world: World, heard: Heard) -> None:
    world.start_service(ORDERFLEX_STEP_TRY_EVERY="0.5")
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.until_outcomes("order.recorded", 1)
    world.fault("status", "packOrder", status=403)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    told = await heard.until("OrderflexStepForbidden", "firing")
    assert_it_wakes_somebody(told)
    assert told.labels["step"] == "stock.picked"
    world.pro.state.faults.clear()
    await heard.until("OrderflexStepForbidden", "resolved")
    await world.until_outcomes("consignment.created", 1)


async def test_a_service_that_dies_until_it_is_started_again(world: World, heard: Heard) -> None:
    service = world.start_service()
    await world.ready()
    await heard.has_seen_it()
    await asyncio.to_thread(service.kill)
    assert_it_wakes_somebody(await heard.until("OrderflexDown", "firing"))
    world.start_service()
    await heard.until("OrderflexDown", "resolved")


async def test_an_order_on_hold_until_somebody_decides(world: World, heard: Heard) -> None:
    world.start_service(ORDERFLEX_DEADLINE="1.2")
    await world.ready()
    await world.say("stock.picked", pick("NOBODY", "P-1", [("HAT", 1)]))
    told = await heard.until("OrderflexOrdersOnHold", "firing")
    assert (told.receiver, told.labels["severity"]) == ("tickets", "ticket")
    assert told.annotations["summary"].startswith("1 order(s)")
    decided = ("--by", "ada", "--because", "never placed")
    orderflex(world, "dead-letters", "discard", "--order", "NOBODY", *decided)
    await heard.until("OrderflexOrdersOnHold", "resolved")


def orderflex(world: World, *arguments: str) -> str:
    """Run a command as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        env=world.environment,
        cwd=world.folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
