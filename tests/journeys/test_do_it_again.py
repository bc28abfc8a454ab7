"""PRO refuses; a person mends the cause and has it done again: one order, one consignment."""

import asyncio
import json
import sys

import httpx
import pytest

from .world import World, order, pick

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


async def orderflex(world: World, *arguments: str) -> tuple[int, str]:
    """Run a command as a person would; gives its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service",
        *arguments,
        env={**world.environment, "COLUMNS": "250", "PATH": "/usr/bin:/bin"},
        cwd=world.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, said.decode()


def refuse_until_mended(world: World, operation: str) -> None:
    """Have PRO refuse an operation until `mend`."""
    world.fault("status", operation, status=400)


def mend(world: World) -> None:
    """Set up in PRO what was missing."""
    world.pro.state.faults.clear()


async def test_a_refused_order_and_a_refused_pick_are_done_again_after_their_cause_is_mended(
    world: World,
) -> None:
    world.start_service()
    await world.ready()
    refuse_until_mended(world, "createOrder")
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.until_outcomes("order.rejected", 1)
    await world.say("order.placed", order("WEB-1", ("HAT", 1)), times=2)  # a repetition is no try
    code, said = await orderflex(world, "attention")
    assert code == 0
    assert "order_rejected  WEB-1" in said
    assert "orderflex order again WEB-1" in said

    mend(world)
    asks = ("order", "again", "WEB-1", "--by", "ada", "--because", "is set up")
    await asyncio.gather(orderflex(world, *asks), orderflex(world, *asks))  # two people at once
    await world.until_outcomes("order.recorded", 1)

    refuse_until_mended(world, "packOrder")
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("pick.rejected", 1)
    mend(world)
    code, said = await orderflex(world, "order", "again", "WEB-1", "--pick", "P-1")
    assert code == 0, said
    await world.until_outcomes("consignment.labelled", 1)

    assert len(world.pro.state.orders) == 1
    assert [len(made) for made in (await world.consignments_of_picks()).values()] == [1]
    assert len(world.outcomes("order.rejected")) == len(world.outcomes("pick.rejected")) == 1
    assert world.dead_letters == []
    (_, left), (_, shown) = await asyncio.gather(
        orderflex(world, "attention"), orderflex(world, "order", "show", "WEB-1")
    )
    assert left == "Nothing needs attention.\n"
    assert "by=ada  reason=is set up" in shown


async def test_an_action_that_is_delivered_five_times_is_one_new_attempt(world: World) -> None:
    world.start_service()
    await world.ready()
    refuse_until_mended(world, "createOrder")
    placed = order("WEB-1", ("HAT", 1))
    await world.say("order.placed", placed)
    await world.until_outcomes("order.rejected", 1)
    again = {
        "ce_specversion": "1.0",
        "ce_id": "event-1",
        "ce_source": "urn:shop",
        "ce_type": "order.placed",
        "ce_orderflexagain": "record:WEB-1@1",
    }
    for _ in range(5):
        await world.producer.send_and_wait(
            world.prefix + "order.placed",
            json.dumps(placed).encode(),
            key=b"WEB-1",
            headers=[(name, value.encode()) for name, value in again.items()],
        )
    async with asyncio.timeout(30):
        while await finished(world) < 6:  # noqa: ASYNC110 - another process, nothing to wait on
            await asyncio.sleep(0.1)
    assert len(await world.calls("createOrder")) == 2
    assert len(world.outcomes("order.rejected")) == 2


async def finished(world: World) -> float:
    """How many order.placed the service has settled."""
    async with httpx.AsyncClient() as client:
        page = (await client.get(f"http://127.0.0.1:{world.port}/metrics")).text
    name = "orderflex_events_finished_total"
    lines = [line for line in page.splitlines() if line.startswith(name) and "order.placed" in line]
    return sum(float(line.rpartition(" ")[2]) for line in lines if "settled" in line)
