"""(b) The whole service: real broker, real ledger, a stand-in of PRO at a set latency."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.stage import Deployment, LedgerKind, Stage
from bench.traffic import RECORDED, STEP_DONE, Sample, Traffic

MAX_IN_FLIGHT = 64
"""The service's default for each replica."""
BUSY = 300
"""Orders kept unfinished for each replica: several times what runs at once."""
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
    cpu_ms_per_event: Mapping[str, float]
    """By part."""
    cpu_share: Mapping[str, float]
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
    whole_way: bool = False,
    orders_before: int = 0,
) -> Throughput:
    """Measure what a deployment takes when there is always more to do."""
    stage.pro.set_latency(latency)
    replicas = len(deployment.replicas)
    samples = await made.keep_busy(
        seconds, BUSY * replicas, stage.parts(deployment), whole_way=whole_way
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


async def warm_up(made: Traffic, stage: Stage, deployment: Deployment) -> None:
    """See one round of orders through, so that every connection is open."""
    stage.pro.set_latency(0.01)
    await made.keep_busy(1.0, 200, stage.parts(deployment), whole_way=True)
