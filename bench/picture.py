"""Draws the results as SVG: messages a second by consumer, and where an event's CPU goes."""

from collections.abc import Iterator, Sequence
from html import escape

from bench.engine import Consumed
from bench.results import Results
from bench.service import Throughput

WIDTH, BAR, GAP, LEFT, RIGHT = 920, 18, 7, 230, 215
HEADING = 46
SHOWN = ("0-5 ms, 20 keys", "0-5 ms, 1,000 keys", "50 ms, Zipf 0.6")
"""The workloads of the engine that are drawn; the page's table has all."""
_PARTS = ("#0969da", "#1a7f37", "#9a6700", "#8250df", "#57606a")
_STYLE = """
    text { fill: #1f2328; font: 13px ui-sans-serif, system-ui, sans-serif }
    .title { font-weight: 600 }
    .dim { fill: #57606a }
    .ours { fill: #0969da } .other { fill: #8c959f }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .dim { fill: #8b949e } }
"""


def drawn(results: Results) -> str:
    """Give the picture."""
    parts: list[str] = []
    top = 0.0
    if results.engine:
        for workload in SHOWN:
            same = [one for one in results.engine.consumed if one.workload == workload]
            if same:
                parts += _consumers(workload, same, top)
                top += HEADING + len(same) * (BAR + GAP)
    if results.service:
        shown = [one for one in results.service.throughput if one.replicas == 1]
        parts += _cpu(shown, top)
        top += 2 * HEADING + len(shown) * (BAR + GAP)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 10:.0f}" role="img" '
        f'aria-labelledby="t">\n<title id="t">Results of the benchmarks</title>\n'
        f"<style>{_STYLE}</style>\n{body}\n</svg>\n"
    )


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _rect(x: float, y: float, width: float, paint: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.0f}" width="{max(width, 0.5):.1f}" height="{BAR}" {paint}/>'


def _consumers(workload: str, consumed: Sequence[Consumed], top: float) -> Iterator[str]:
    most = max(one.per_second for one in consumed)
    yield _text(10, top + 30, f"{workload}: messages a second", "title")
    for row, one in enumerate(consumed):
        y = top + HEADING + row * (BAR + GAP)
        width = (WIDTH - LEFT - RIGHT) * one.per_second / most
        kind = "ours" if one.consumer == "our engine" else "other"
        broken = " (order broken)" if one.out_of_order else ""
        yield _text(LEFT - 8, y + 14, one.consumer, "", "end")
        yield _rect(LEFT, y, width, f'class="{kind}"')
        yield _text(LEFT + width + 6, y + 14, f"{one.per_second:,.0f}{broken}", "dim")


def _cpu(throughput: Sequence[Throughput], top: float) -> Iterator[str]:
    most = max(sum(one.cpu_ms_per_event.values()) for one in throughput)
    names = list(dict.fromkeys(part for one in throughput for part in one.cpu_ms_per_event))
    yield _text(10, top + 30, "The whole service: CPU of an event, by part (ms)", "title")
    for n, name in enumerate(names):
        left = 10 + n * 180
        yield _rect(left, top + HEADING, 14, f'fill="{_PARTS[n % len(_PARTS)]}"')
        yield _text(left + 20, top + HEADING + 14, name, "dim")
    for row, one in enumerate(throughput):
        y = top + 2 * HEADING + row * (BAR + GAP)
        what = "whole way" if one.whole_way else "order.placed"
        before = f", {one.orders_before:,} before" if one.orders_before else ""
        label = f"{one.ledger}, {what}, {1000 * one.latency:.0f} ms"
        yield _text(LEFT - 8, y + 14, label, "", "end")
        x = float(LEFT)
        for n, name in enumerate(names):
            ms = one.cpu_ms_per_event.get(name, 0.0)
            width = (WIDTH - LEFT - RIGHT) * ms / most
            yield _rect(x, y, width, f'fill="{_PARTS[n % len(_PARTS)]}"')
            x += width
        total = sum(one.cpu_ms_per_event.values())
        yield _text(x + 6, y + 14, f"{total:.1f} at {one.events_per_second:.0f}/s{before}", "dim")
