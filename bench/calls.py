"""(c) How many calls to PRO a consignment costs when nothing goes wrong."""

import asyncio
from collections import Counter
from dataclasses import dataclass

from bench.service import BUSY, BUSY_SHORT, warm_up
from bench.stage import Deployment, Stage
from bench.traffic import LABELLED, traffic

BATCH = "ORDERFLEX_ALLOCATION_BATCH"
LINGER = "ORDERFLEX_ALLOCATION_LINGER"


@dataclass(frozen=True)
class Calls:
    """Calls to PRO over many orders of one pick each."""

    allocation_batch: int
    allocation_linger: float
    orders: int
    per_order: dict[str, float]
    """Calls of each operation for one order that went the whole way."""
    most_packs_of_a_pick: int
    """1 is right; more made a second parcel."""
    events_per_second: float


def measure(stage: Stage, *, short: bool) -> list[Calls]:
    """Measure without batching, with the defaults, and with a larger, slower batch."""
    ways = [(50, 0.02)] if short else [(1, 0.0), (50, 0.02), (100, 0.2)]
    return [_with(stage, batch, linger, short=short) for batch, linger in ways]


def _with(stage: Stage, batch: int, linger: float, *, short: bool) -> Calls:
    ledger = stage.new_ledger("postgresql")
    with stage.deployed(ledger, settings={BATCH: str(batch), LINGER: str(linger)}) as deployment:
        return asyncio.run(_measured(stage, deployment, batch, linger, short=short))


async def _measured(
    stage: Stage, deployment: Deployment, batch: int, linger: float, *, short: bool
) -> Calls:
    busy, seconds = (BUSY_SHORT, 3.0) if short else (BUSY, 10.0)
    async with traffic(stage.broker.bootstrap_servers, deployment.prefix) as made:
        await warm_up(made, stage, deployment, busy=busy)
        stage.pro.set_latency(0.1)
        before, labelled = Counter(stage.pro.counts()["calls"]), made.heard[LABELLED]
        samples = await made.keep_busy(seconds, busy, stage.parts(deployment), whole_way=True)
        after = stage.pro.counts()
        orders = made.heard[LABELLED] - labelled
    calls = Counter(after["calls"]) - before
    took = samples[-1].at - samples[0].at
    events = sum((samples[-1].heard - samples[0].heard).values())
    return Calls(
        allocation_batch=batch,
        allocation_linger=linger,
        orders=orders,
        per_order={operation: count / orders for operation, count in sorted(calls.items())},
        most_packs_of_a_pick=after["most_packs_of_a_pick"],
        events_per_second=events / took,
    )
