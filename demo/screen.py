"""What is seen while the demo runs: a live table on a terminal, plain lines in a pipe."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from demo.script import FEW
from demo.ways import Notice, Way, Ways

WIDEST = 100
SAID_IN_FULL = ("dead letter", "cancelled")
EVERY = 5.0
"""Seconds between two lines of counts in a pipe."""


class Screen:
    """Speaks to the person who runs the demo."""

    def __init__(self) -> None:
        console = Console(highlight=False)
        self.console = Console(highlight=False, width=min(console.width, WIDEST))
        self._last: dict[str, Notice] = {}
        self._notices: deque[Notice] = deque(maxlen=6)
        self._ways: Ways | None = None
        self._last_counts = 0.0

    def heading(self, text: str) -> None:
        """Open a chapter."""
        self.console.print()
        self.console.print(Text(text, style="bold"))

    def line(self, text: str | Text, indent: int = 2) -> None:
        """Say one thing; what does not fit is continued below, indented."""
        said = text if isinstance(text, Text) else Text(text)
        for part in said.wrap(self.console, self.console.width - indent):
            part.rstrip()
            self.console.print(Text(" " * indent) + part, no_wrap=True, overflow="ellipsis")

    def row(self, name: str, said: str) -> None:
        """Say one thing under its name."""
        for line in self._hanging(Text(f"  {name:<16}", style="dim"), said):
            self.console.print(line)

    def started(self, name: str, what: str, seconds: float) -> None:
        """Tell of a part that runs."""
        row = Text.assemble(("  ✓ ", "green"), f"{name:<9}", f"{seconds:5.1f} s  ", (what, "dim"))
        self.console.print(row, no_wrap=True, overflow="ellipsis")

    def noticed(self, notice: Notice) -> None:
        """Take something up that just happened."""
        self._last[notice.about] = notice
        few = self._ways is not None and len(self._ways.of) <= FEW
        if few or notice.style in ("yellow", "red"):
            self._notices.append(notice)
        if self.console.is_terminal or self._ways is None:
            return
        if few:
            for line in self._as_lines(notice):
                self.console.print(line)
        elif time.monotonic() - self._last_counts > EVERY:
            self._last_counts = time.monotonic()
            self.console.print(_as_counts(self._ways), no_wrap=True, overflow="ellipsis")

    @contextmanager
    def following(self, ways: Ways) -> Iterator[None]:
        """Show how the orders get on while the context lasts."""
        self._ways = ways
        self._last_counts = time.monotonic()
        if not self.console.is_terminal:
            yield
            if len(ways.of) > FEW:
                self.console.print(_as_counts(ways), no_wrap=True, overflow="ellipsis")
            return
        with Live(
            get_renderable=self._now, console=self.console, refresh_per_second=8, transient=False
        ):
            yield

    def _now(self) -> RenderableType:
        ways = self._ways
        if ways is None:
            return Text("")
        if len(ways.of) <= FEW:
            return self._few(ways)
        bars = Table.grid(padding=(0, 2))
        for name, done, total in _counts(ways):
            bar = ProgressBar(total=max(1, total), completed=done, width=40)
            bars.add_row(f"  {name}", bar, f"{done} of {total}")
        notices = [line for notice in self._notices for line in self._as_lines(notice)]
        return Group(_as_counts(ways), _as_rate(ways), Text(""), bars, Text(""), *notices)

    def _few(self, ways: Ways) -> RenderableType:
        table = Table(box=None, pad_edge=False, padding=(0, 1), expand=True)
        table.add_column("")
        table.add_column("order", no_wrap=True)
        for step in ("rec", "pack", "alloc", "label", "manif"):
            table.add_column(Text(step, style="dim"), justify="center", no_wrap=True)
        table.add_column("", ratio=1, no_wrap=True, overflow="ellipsis")
        for way in ways.of.values():
            table.add_row("", way.order.reference, *_dots(way), self._remark(way))
        return table

    def _as_lines(self, notice: Notice) -> list[Text]:
        head = Text.assemble(
            (f"  {notice.at:5.1f} s  ", "dim"),
            f"{notice.about:<9}  ",
            (f"{notice.what:<11}  ", notice.style),
        )
        return self._hanging(head, notice.text)

    def _hanging(self, head: Text, said: str) -> list[Text]:
        """Set a text beside its head; what does not fit is continued below the text."""
        parts = Text(said).wrap(self.console, self.console.width - len(head))
        for part in parts:
            part.rstrip()
        return [(head if n == 0 else Text(" " * len(head))) + part for n, part in enumerate(parts)]

    def _remark(self, way: Way) -> Text:
        last = self._last.get(way.order.reference)
        if last is None:
            return Text(way.order.about, style="dim")
        if last.style not in ("yellow", "red"):
            return Text(last.text, style="dim")
        told = f"{last.what}, {last.text}" if last.what in SAID_IN_FULL else last.text
        return Text(told, style=last.style)


def _dots(way: Way) -> list[Text]:
    if way.rejection:
        return [Text("✗", style="yellow"), *[Text("")] * 4]
    recorded = _dot(int(bool(way.pro_reference)), 1) if way.order.is_order else Text("")
    if way.is_called_off and not way.order.leaving:
        return [recorded, Text("✗", style="yellow"), *[Text("")] * 3]
    total = way.order.leaving or len(way.order.picks)
    reached = (
        len(way.leaving),
        sum(1 for parcel in way.leaving if parcel.service),
        way.labelled,
        way.manifested,
    )
    return [recorded, *(_dot(done, total) for done in reached)]


def _dot(done: int, total: int) -> Text:
    return Text("●" * done + "·" * (total - done), style="green" if done == total else "dim")


def _counts(ways: Ways) -> list[tuple[str, int, int]]:
    all_ways = ways.of.values()
    due = sum(way.order.leaving for way in all_ways)
    orders = sum(1 for way in all_ways if way.order.is_order)
    return [
        ("recorded", sum(1 for way in all_ways if way.pro_reference), orders),
        ("packed", sum(len(way.leaving) for way in all_ways), due),
        ("labelled", sum(way.labelled for way in all_ways), due),
        ("manifested", sum(way.manifested for way in all_ways), due),
    ]


def _as_rate(ways: Ways) -> Text:
    """How many orders a second have come as far as their labels."""
    done = [way.labelled_at for way in ways.of.values() if way.labelled_at]
    seconds = max(done, default=ways.begun) - ways.begun
    rate = len(done) / seconds if seconds else 0.0
    return Text(f"           {rate:.1f} orders labelled a second", style="dim")


def _as_counts(ways: Ways) -> Text:
    seconds = max(0.001, time.monotonic() - ways.begun)
    counts = {name: done for name, done, _ in _counts(ways)}
    trouble: Counter[str] = Counter()
    for way in ways.of.values():
        trouble["parked"] += way.parked.total()
        trouble["dead"] += len(way.dead_letters)
    told = [f"{done} {name}" for name, done in (*counts.items(), *trouble.items())]
    return Text(f"  {seconds:5.1f} s  {' · '.join(told)}")
