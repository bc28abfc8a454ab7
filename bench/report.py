"""Writes the results into docs/benchmarks.md, between its markers, and draws the picture."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench import aims, picture
from bench.calls import Calls
from bench.engine import Consumed
from bench.results import Taken, load
from bench.service import AddedLatency, Throughput
from demo.broker import project_folder

DOCS = project_folder() / "docs"
_BLOCK = re.compile(r"(<!-- results: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write(results: Path, folder: Path | None) -> list[Path]:
    """Write page and picture from the results; into `folder` instead of docs/ if one is given."""
    measured = load(results)
    page = (DOCS / "benchmarks.md").read_text()
    blocks = {
        "aims": _table(("aim", "measured", ""), aims.judged(measured)),
        "engine": "",
        "service": "",
        "latency": "",
        "calls": "",
    }
    if measured.engine:
        blocks["engine"] = _taken(measured.engine.taken) + _engine(measured.engine.consumed)
    if measured.service:
        blocks["service"] = _taken(measured.service.taken) + _service(measured.service.throughput)
        blocks["latency"] = _latency(measured.service.added)
    if measured.calls:
        blocks["calls"] = _taken(measured.calls.taken) + _calls(measured.calls.calls)
    text = _BLOCK.sub(lambda block: f"{block[1]}\n{blocks[block[2]]}\n{block[3]}", page)
    return list(_written(text, picture.drawn(measured), folder))


def _written(page: str, drawn: str, folder: Path | None) -> Iterator[Path]:
    for path, text in ((DOCS / "benchmarks.md", page), (DOCS / "pictures/benchmarks.svg", drawn)):
        target = path if folder is None else folder / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        yield target


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _taken(taken: Taken) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in taken.versions.items())
    parts = "; ".join(_without_address(text) for text in taken.parts.values())
    return (
        f"{taken.date}, commit `{taken.commit}`, {taken.machine}, {taken.cores} cores, "
        f"Python {taken.python}, {versions}; {parts}. Load average before: "
        f"{taken.load_before:.1f}. Took {taken.minutes:.0f} minutes.\n\n"
    )


def _without_address(text: str) -> str:
    return re.sub(r" at [\w.]+:\d+", "", text)


def _engine(consumed: Sequence[Consumed]) -> str:
    head = (
        "work",
        "keys",
        "consumer",
        "all done in",
        "messages/s",
        "of the ceiling",
        "CPU ms a message",
        "begun out of order",
        "commits",
    )
    rows = []
    for one in consumed:
        scaled = "" if one.measured_on == one.messages else f" (from {one.measured_on:,})"
        rows.append(
            (
                one.workload,
                one.keys,
                one.consumer,
                f"{one.seconds:.1f} s{scaled}",
                f"{one.per_second:,.0f}",
                f"{one.share_of_ceiling:.1%}",
                f"{one.cpu_ms_per_message:.3f}",
                f"{one.out_of_order:,}",
                "too early" if one.committed_too_early else "never seen too early",
            )
        )
    return _table(head, rows)


def _service(throughput: Sequence[Throughput]) -> str:
    parts = list(dict.fromkeys(part for one in throughput for part in one.cpu_ms_per_event))
    head = (
        "ledger",
        "orders in it",
        "events",
        "PRO",
        "replicas",
        "events/s",
        "of the ceiling",
        *(f"{part}: CPU ms an event (cores)" for part in parts),
    )
    rows = [
        (
            one.ledger,
            f"{one.orders_before:,}",
            "whole way" if one.whole_way else "`order.placed`",
            f"{1000 * one.latency:.0f} ms",
            str(one.replicas),
            f"{one.events_per_second:.0f}",
            f"{one.share_of_ceiling:.0%} of {one.ceiling:,.0f}",
            *(
                f"{one.cpu_ms_per_event.get(part, 0):.2f} ({one.cpu_share.get(part, 0):.2f})"
                for part in parts
            ),
        )
        for one in throughput
    ]
    return _table(head, rows)


def _latency(added: Sequence[AddedLatency]) -> str:
    head = ("ledger", "PRO", "events/s sent", "events", "p50", "p99", "longest")
    rows = [
        (
            one.ledger,
            f"{1000 * one.latency:.0f} ms",
            f"{one.rate:.0f}",
            f"{one.events:,}",
            *(f"{1000 * seconds:.0f} ms" for seconds in (one.p50, one.p99, one.longest)),
        )
        for one in added
    ]
    return _table(head, rows)


def _calls(calls: Sequence[Calls]) -> str:
    operations = list(dict.fromkeys(name for one in calls for name in one.per_order))
    head = (
        "batch",
        "linger",
        "orders",
        *(f"`{name}` an order" for name in operations),
        "most packs of a pick",
    )
    rows = [
        (
            str(one.allocation_batch),
            f"{1000 * one.allocation_linger:.0f} ms",
            f"{one.orders:,}",
            *(f"{one.per_order.get(name, 0):.3g}" for name in operations),
            str(one.most_packs_of_a_pick),
        )
        for one in calls
    ]
    return _table(head, rows)
