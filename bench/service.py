"""(b) The whole service: real broker, real ledger, a stand-in of PRO at a set latency."""

import asyncio
import contextlib
import statistics
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from bench.past import fill
from bench.stage import Deployment, LedgerKind, Stage
from bench.traffic import RECORDED, STEP_DONE, Sample, Traffic, traffic

MAX_IN_FLIGHT = 64
"""The service's default for each replica."""
BUSY = 300
"""Orders kept unfinished for each replica: several times what runs at once."""
BUSY_SHORT = 40
"""In the smoke form, where what is left at the end must soon be done."""
HALF_LOAD_AT = 0.1
"""PRO's latency (seconds) at which the added latency is measured."""
SETTLING_IN = 0.25
"""This share of a run is not counted: connections open, code gets warm, the window fills."""


@dataclass(frozen=True)
class Throughput:
    """What the service took when there was always more to do."""

    ledger: LedgerKind
    whole_way: bool
    """The whole way of an order (four events), or `order.placed` alone."""
    latency: float
    """Of PRO, seconds."""
    replicas: int
    orders_before: int
    """In the ledger."""
    events_per_second: float
    ceiling: float
    """Events a second if the service cost nothing: events in flight over PRO's latency."""
    cpu_ms_per_event: dict[str, float]
    """By part."""
    cpu_share: dict[str, float]
    """By part; 1 is one core."""

    @property
    def share_of_ceiling(self) -> float:
        """1 is all that PRO's latency allows."""
        return self.events_per_second / self.ceiling


@dataclass(frozen=True)
class AddedLatency:
    """What the service adds to PRO's latency at a set load, from the intended time of sending."""

    ledger: LedgerKind
    latency: float
    rate: float
    events: int
    p50: float
    p99: float
    longest: float


def _steady(samples: Sequence[Sample]) -> tuple[Sample, Sample]:
    first, last = samples[0], samples[-1]
    from_then = first.at + SETTLING_IN * (last.at - first.at)
    return next(s for s in samples if s.at >= from_then), last


async def throughput(
    stage: Stage,
    deployment: Deployment,
    made: Traffic,
    *,
    ledger: LedgerKind,
    latency: float,
    seconds: float,
    busy: int = BUSY,
    whole_way: bool = False,
    orders_before: int = 0,
) -> Throughput:
    """Measure what a deployment takes when there is always more to do."""
    stage.pro.set_latency(latency)
    replicas = len(deployment.replicas)
    samples = await made.keep_busy(
        seconds, busy * replicas, stage.parts(deployment), whole_way=whole_way
    )
    first, last = _steady(samples)
    steps = STEP_DONE if whole_way else (RECORDED,)
    events = sum(last.heard[step] - first.heard[step] for step in steps)
    took = last.at - first.at
    cpu = {part: used - first.cpu[part] for part, used in last.cpu.items()}
    return Throughput(
        ledger=ledger,
        whole_way=whole_way,
        latency=latency,
        replicas=replicas,
        orders_before=orders_before,
        events_per_second=events / took,
        ceiling=MAX_IN_FLIGHT * replicas / latency,
        cpu_ms_per_event={part: 1000 * used / max(1, events) for part, used in cpu.items()},
        cpu_share={part: used / took for part, used in cpu.items()},
    )


async def added_latency(
    stage: Stage, made: Traffic, *, ledger: LedgerKind, latency: float, rate: float, seconds: float
) -> AddedLatency:
    """Measure what is added to PRO's latency while orders are placed at a rate."""
    stage.pro.set_latency(latency)
    added = [took - latency for took in await made.at_rate(rate, seconds)]
    cuts = statistics.quantiles(added, n=100)
    return AddedLatency(ledger, latency, rate, len(added), cuts[49], cuts[98], max(added))


async def warm_up(made: Traffic, stage: Stage, deployment: Deployment, *, busy: int = BUSY) -> None:
    """See some orders through, so that every connection is open."""
    stage.pro.set_latency(0.01)
    await made.keep_busy(1.0, busy // 2, stage.parts(deployment), whole_way=True)


Measured = Throughput | AddedLatency


@dataclass(frozen=True)
class _Bench:
    """A deployment that is measured."""

    stage: Stage
    deployment: Deployment
    ledger: LedgerKind
    short: bool

    @property
    def seconds(self) -> float:
        return 3.0 if self.short else 12.0

    @property
    def busy(self) -> int:
        return BUSY_SHORT if self.short else BUSY

    @contextlib.asynccontextmanager
    async def warm(self) -> AsyncIterator[Traffic]:
        servers = self.stage.broker.bootstrap_servers
        async with traffic(servers, self.deployment.prefix) as made:
            await warm_up(made, self.stage, self.deployment, busy=self.busy)
            yield made

    async def throughput(
        self, made: Traffic, latency: float, *, whole_way: bool = False, orders_before: int = 0
    ) -> Throughput:
        return await throughput(
            self.stage,
            self.deployment,
            made,
            ledger=self.ledger,
            latency=latency,
            seconds=self.seconds,
            busy=self.busy,
            whole_way=whole_way,
            orders_before=orders_before,
        )


def measure(stage: Stage, *, short: bool) -> Iterator[Measured]:
    """Measure everything, one after the other."""
    ledgers: tuple[LedgerKind, ...] = ("postgresql", "sqlite")
    for ledger in ledgers:
        with stage.deployed(stage.new_ledger(ledger)) as deployment:
            yield from asyncio.run(_empty_ledger(_Bench(stage, deployment, ledger, short)))
    ledger_url = stage.new_ledger("postgresql")
    with stage.deployed(ledger_url) as deployment:
        bench = _Bench(stage, deployment, "postgresql", short)
        yield from asyncio.run(_full_ledger(bench, ledger_url))
    with stage.deployed(stage.new_ledger("postgresql"), replicas=2) as deployment:
        yield from asyncio.run(_replicas(_Bench(stage, deployment, "postgresql", short)))


async def _empty_ledger(bench: _Bench) -> list[Measured]:
    found: list[Measured] = []
    async with bench.warm() as made:
        latencies = (HALF_LOAD_AT,) if bench.short else (0.05, HALF_LOAD_AT, 0.2)
        alone = {latency: await bench.throughput(made, latency) for latency in latencies}
        added = await added_latency(
            bench.stage,
            made,
            ledger=bench.ledger,
            latency=HALF_LOAD_AT,
            rate=alone[HALF_LOAD_AT].events_per_second / 2,
            seconds=2 * bench.seconds,
        )
        found += [*alone.values(), added]
        found.append(await bench.throughput(made, 0.1, whole_way=True))
    return found


async def _full_ledger(bench: _Bench, ledger_url: str) -> list[Measured]:
    found: list[Measured] = []
    async with bench.warm() as made:
        pattern = next(iter(made.labelled_at))
        filled = 0
        for orders in (1_000,) if bench.short else (10_000, 1_000_000):
            await fill(ledger_url, pattern, filled + 1, orders)
            filled = orders
            for whole_way in (False, True):
                one = await bench.throughput(made, 0.1, whole_way=whole_way, orders_before=orders)
                found.append(one)
    return found


async def _replicas(bench: _Bench) -> list[Measured]:
    async with bench.warm() as made:
        latencies = (0.2,) if bench.short else (0.1, 0.2)
        return [await bench.throughput(made, latency) for latency in latencies]
