"""One quick look at the whole service while it is being tuned; nothing is kept.

    python -m bench look --ledger postgresql --latency 0.1 --seconds 10

It prints the service's process ids before it starts, for a profiler to be attached.
"""

import asyncio

from bench.service import AddedLatency, Throughput, added_latency, throughput, warm_up
from bench.stage import Deployment, LedgerKind, Stage, running_stage
from bench.traffic import traffic


def look(ledger: LedgerKind, latency: float, seconds: float, replicas: int) -> None:
    """Measure `order.placed` alone, its added latency at half of that, and the whole way."""
    with (
        running_stage() as stage,
        stage.deployed(stage.new_ledger(ledger), replicas=replicas) as deployment,
    ):
        pids = ", ".join(str(replica.pid) for replica in deployment.replicas)
        print(f"service: process {pids}; {stage.broker.description}", flush=True)
        asyncio.run(_look(stage, deployment, ledger, latency, seconds))
        print(stage.pro.counts())


async def _look(
    stage: Stage, deployment: Deployment, ledger: LedgerKind, latency: float, seconds: float
) -> None:
    async with traffic(stage.broker.bootstrap_servers, deployment.prefix) as made:
        await warm_up(made, stage, deployment)
        alone = await throughput(
            stage, deployment, made, ledger=ledger, latency=latency, seconds=seconds
        )
        print(in_words(alone), flush=True)
        added = await added_latency(
            stage,
            made,
            ledger=ledger,
            latency=latency,
            rate=alone.events_per_second / 2,
            seconds=seconds,
        )
        print(added_in_words(added), flush=True)
        whole = await throughput(
            stage, deployment, made, ledger=ledger, latency=latency, seconds=seconds, whole_way=True
        )
        print(in_words(whole), flush=True)


def in_words(measured: Throughput) -> str:
    """Give a throughput with what each part used."""
    what = "whole way" if measured.whole_way else "order.placed"
    head = (
        f"{what}, {measured.ledger}, {measured.orders_before} orders before, PRO "
        f"{1000 * measured.latency:g} ms, {measured.replicas} replica(s): "
        f"{measured.events_per_second:.0f} events/s, "
        f"{measured.share_of_ceiling:.1%} of the ceiling {measured.ceiling:.0f}"
    )
    lines = [
        f"  {part:<20} {ms:6.2f} ms CPU an event   {measured.cpu_share[part]:5.2f} cores"
        for part, ms in measured.cpu_ms_per_event.items()
    ]
    return "\n".join([head, *lines])


def added_in_words(measured: AddedLatency) -> str:
    """Give what is added to PRO's latency."""
    return (
        f"added at {measured.rate:.0f} events/s ({measured.events} events): "
        f"p50 {1000 * measured.p50:.0f} ms, p99 {1000 * measured.p99:.0f} ms, "
        f"longest {1000 * measured.longest:.0f} ms"
    )
