"""What was aimed at, and whether it was reached."""

from collections.abc import Iterator

from bench.engine import Consumed
from bench.results import Results
from bench.service import Throughput

Judged = tuple[str, str, str]
"""The aim, what was measured, and the verdict."""


def judged(results: Results) -> list[Judged]:
    """Judge each aim whose figures were measured."""
    found: list[Judged] = []
    if results.engine:
        found += _engine(results.engine.consumed)
    if results.service:
        found += _throughput(results.service.throughput)
        found += [
            _at_most(
                f"added latency at half of the ceiling, p99, {one.ledger}",
                1000 * one.p99,
                50,
                "ms",
            )
            for one in results.service.added
        ]
    if results.calls:
        most = max(one.most_packs_of_a_pick for one in results.calls.calls)
        found.append(
            _verdict("exactly one Pack Order for a pick", f"at most {most}", met=most == 1)
        )
        best = min(one.per_order.get("allocate_default_rules", 0) for one in results.calls.calls)
        found.append(_at_most("allocation calls a consignment, batched", best, 0.1, ""))
    return found


def _engine(consumed: list[Consumed]) -> Iterator[Judged]:
    ours = {one.workload: one for one in consumed if one.consumer == "our engine"}
    naive = {one.workload: one for one in consumed if one.consumer == "FastStream, naive"}
    for workload, seconds in (("0-5 ms, 1,000 keys", 2.1), ("0-5 ms, 20 keys", 2.3)):
        if workload in ours and ours[workload].messages == 10_000:
            name = f"10,000 messages of {workload}"
            yield _at_most(name, ours[workload].seconds, seconds, "s")
    gains = [
        naive[name].seconds / one.seconds
        for name, one in ours.items()
        if name in naive and "Zipf 0.6" in name
    ]
    if gains:
        yield _at_least("times as fast as naive FastStream, Zipf 0.6", min(gains), 10, "")


def _throughput(throughput: list[Throughput]) -> Iterator[Judged]:
    empty = [
        one
        for one in throughput
        if one.ledger == "postgresql" and not one.whole_way and not one.orders_before
    ]
    single = {one.latency: one for one in empty if one.replicas == 1}
    for latency, share in ((0.05, 80), (0.1, 95), (0.2, 95)):
        if latency in single:
            name = f"of the ceiling with PRO at {1000 * latency:.0f} ms, PostgreSQL"
            yield _at_least(name, 100 * single[latency].share_of_ceiling, share, "%")
    if 0.1 in single:
        cpu = single[0.1].cpu_ms_per_event["service"]
        yield _at_most("CPU of the service for an event, PostgreSQL", cpu, 3, "ms")
    few, many = (
        next((o for o in throughput if o.orders_before == n and not o.whole_way), None)
        for n in (10_000, 1_000_000)
    )
    if few and many:
        change = 100 * (many.events_per_second / few.events_per_second - 1)
        name = "change of events/s from 10,000 to 1,000,000 orders in the ledger: ±10 %"
        yield _verdict(name, f"{change:+.1f} %", met=abs(change) <= 10)
    for one in empty:
        if one.replicas == 2 and one.latency in single:
            name = f"two replicas instead of one, PRO at {1000 * one.latency:.0f} ms: times"
            gain = one.events_per_second / single[one.latency].events_per_second
            yield _at_least(name, gain, 1.8, "")


def _at_most(name: str, value: float, limit: float, unit: str) -> Judged:
    text = f"{value:.3g} {unit}".strip()
    return _verdict(f"{name}: at most {limit:g} {unit}".strip(), text, met=value <= limit)


def _at_least(name: str, value: float, limit: float, unit: str) -> Judged:
    text = f"{value:.3g} {unit}".strip()
    return _verdict(f"{name}: at least {limit:g} {unit}".strip(), text, met=value >= limit)


def _verdict(name: str, text: str, *, met: bool) -> Judged:
    return name, text, "met" if met else "**missed**"
