"""Every query of every dashboard, asked of a real Prometheus that watched a real run.

The run has what a day has: orders that go the whole way, an answer of PRO that was lost, PRO busy,
a pick that is too early and one of too much, and an event that nobody can read.
"""

import asyncio
import math
from pathlib import Path

import pytest

from demo.broker import Broker
from tests.journeys.world import World, created, manifest, order, pick

from .boards import asked, files
from .prometheus import Prometheus, scraping, there_or_skip

pytestmark = [pytest.mark.kafka, pytest.mark.prometheus]

GRAFANAS = {"$__rate_interval": "15s", "$__range": "10m", "$namespace": ".*", "$job": ".*"}
"""What Grafana puts in place of its variables."""


def as_asked(expr: str) -> str:
    """A query as Grafana sends it."""
    for variable, value in GRAFANAS.items():
        expr = expr.replace(variable, value)
    assert "$" not in expr
    return expr


def lacking(prometheus: Prometheus) -> list[str]:
    """The queries that gave not one value at any time."""
    return [
        str(one)
        for path in files()
        for one in asked(path)
        if not any(math.isfinite(value) for value in prometheus.values(as_asked(one.expr)))
    ]


async def carried(world: World, first: int, last: int) -> None:
    """Have orders carried the whole way, with their numbers."""
    for number in range(first, last + 1):
        await world.say("order.placed", order(f"WEB-{number}", ("HAT", 1)))
    await world.until_outcomes("order.recorded", last)
    for number in range(first, last + 1):
        await world.say("stock.picked", pick(f"WEB-{number}", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", last)
    await world.say("manifest.requested", manifest(f"M-{last}"))
    await world.until_outcomes("consignment.manifested", last)


async def a_day(world: World) -> None:
    """Have happen what may happen."""
    await carried(world, 1, 3)
    await world.say("stock.picked", pick("WEB-90", "P-1", [("HAT", 1)]))
    await world.say("order.placed", None, raw=b"no JSON")
    await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 99)]))
    await world.until_outcomes("pick.rejected", 1)
    world.fault("drop_after_commit", "packOrder", times=1)
    world.fault("status", "packOrder", times=1, status=429, retry_after=1)
    await asyncio.sleep(2)  # a series counts from its first value on
    await carried(world, 4, 7)
    await world.until(lambda: len(world.dead_letters) >= 1, "a dead letter")


@pytest.mark.timeout(300)
async def test_every_query_gives_data_of_a_day_with_its_troubles(
    broker: Broker, tmp_path: Path
) -> None:
    there_or_skip("prometheus")
    async with created(broker, tmp_path) as world:
        world.start_service(ORDERFLEX_ATTENTION_EVERY="1")
        await world.ready()
        with scraping(world.port, tmp_path) as prometheus:
            await a_day(world)
            await asyncio.sleep(3)  # what happened last is scraped twice
            found = lacking(prometheus)
            misspelt = prometheus.values("sum (orderflex_event_received_total)")
    assert found == []
    assert misspelt == []
