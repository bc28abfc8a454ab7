"""The broker, the ledger or PRO goes away in the middle and comes back: nothing lost or doubled."""

import asyncio
from pathlib import Path

import pytest

from demo.broker import Broker
from demo.postgresql import Postgresql
from demo.processes import free_port
from sandbox.options import SandboxOptions
from sandbox.server import running

from .world import World, created, manifest, order, pick

pytestmark = [pytest.mark.kafka]

ORDERS = 12


async def place_and_pick(world: World) -> None:
    """Place some orders, each with one pick."""
    for number in range(ORDERS):
        await world.say("order.placed", order(f"WEB-{number}", ("HAT", 1)))
        await world.say("stock.picked", pick(f"WEB-{number}", "P-1", [("HAT", 1)]))


async def all_arrive(world: World) -> None:
    """Wait for the end of the way, and count parcels."""
    await world.until_outcomes("consignment.labelled", ORDERS)
    await world.say("manifest.requested", manifest("M-1"))
    await world.until_outcomes("consignment.manifested", ORDERS)
    by_pick = await world.consignments_of_picks()
    assert [len(made) for made in by_pick.values()] == [1] * ORDERS
    assert world.dead_letters == []


async def test_the_broker_stops_and_starts_again(own_broker: Broker, tmp_path: Path) -> None:
    async with created(own_broker, tmp_path) as world:
        world.start_service()
        await world.ready()
        await place_and_pick(world)
        await world.until_outcomes("order.recorded", 3)
        await asyncio.to_thread(own_broker.stop)
        await asyncio.to_thread(own_broker.start)
        await all_arrive(world)


@pytest.mark.postgresql
async def test_the_ledger_dies_and_starts_again(
    broker: Broker, own_postgresql: Postgresql, tmp_path: Path
) -> None:
    url = await asyncio.to_thread(own_postgresql.create_database)
    async with created(broker, tmp_path, ledger_url=url) as world:
        world.start_service()
        await world.ready()
        await place_and_pick(world)
        await world.until_outcomes("order.recorded", 3)
        await asyncio.to_thread(own_postgresql.kill)
        calls = len(world.pro.state.calls)
        await asyncio.sleep(1.0)
        assert len(world.pro.state.calls) - calls <= 64, "PRO is called without the ledger"
        await asyncio.to_thread(own_postgresql.start)
        await all_arrive(world)


async def test_pro_is_away_at_first(broker: Broker, tmp_path: Path) -> None:
    port = free_port()
    async with created(broker, tmp_path) as world:
        world.start_service(ORDERFLEX_PRO_URL=f"http://127.0.0.1:{port}")
        await world.ready()
        await place_and_pick(world)
        await asyncio.sleep(1.5)
        async with running(SandboxOptions(), port=port) as pro:
            world.pro = pro
            await all_arrive(world)
            assert len(await world.calls("createOrder")) == ORDERS
            for service in world.services:
                await asyncio.to_thread(service.stop)
