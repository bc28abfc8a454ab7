"""What is said at the end: each order's way, what went wrong and how it ended, and the proof."""

import os
import shutil
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from demo.cases import Case
from demo.parcels import Parcel
from demo.screen import Screen
from demo.script import FEW
from demo.shop import PLACES
from demo.stage import Stage
from demo.troubles import TROUBLES, Trouble
from demo.verdict import LOOK_UP, Facts, Verdict
from demo.ways import Way, Ways

MOST_FAULTS = 20
TOWNS = {place.reference: place.town for place in PLACES}
KINDS = {"commercial_invoice": "invoice", "cn22": "CN22", "cn23": "CN23"}
WAITS = {
    "too_early": "ahead of its order",
    "throttled": "PRO busy",
    "unknown": "PRO may have acted",
    "awaiting_lookup": "looked up in vain",
    "retryable": "PRO not reached",
    "busy": "order at work elsewhere",
}


def tell_summary(
    screen: Screen, stage: Stage, ways: Ways, facts: Facts, verdict: Verdict, seconds: float | None
) -> None:
    """Say everything, the verdict last."""
    every = list(ways.of.values())
    if len(every) <= FEW:
        _tell_ways(screen, every)
    _tell_troubles(screen, every, facts)
    _tell_figures(screen, stage, every, facts, seconds)
    _tell_where_next(screen, stage, every)
    tell_verdict(screen, verdict, every)


def _tell_ways(screen: Screen, every: Sequence[Way]) -> None:
    """Say how those went that met no trouble."""
    screen.heading("Each order's way")
    for way in every:
        if way.order.trouble is not Trouble.NONE:
            continue
        head = Text.assemble(
            (f"  {way.order.reference}", "bold"),
            (f"  {way.pro_reference:<14}  ", "cyan"),
            way.order.about,
        )
        screen.console.print(head, no_wrap=True, overflow="ellipsis")
        for parcel in sorted(way.parcels.values(), key=lambda each: (each.pick, each.consignment)):
            screen.console.print(_as_line(parcel), no_wrap=True, overflow="ellipsis")
        if not way.parcels:
            screen.line(Text("no consignment", style="red"), indent=4)


def _as_line(parcel: Parcel) -> Text:
    town = TOWNS.get(parcel.place, parcel.place)
    where = f"{town} →" if parcel.direction == "outbound" else f"→ {town}"
    head = f"    {parcel.pick:<4}{parcel.consignment:<16}{where:<10}{parcel.service:<22}"
    if parcel.is_cancelled:
        return Text.assemble((head, "dim"), ("cancelled", "yellow"))
    papers = ", ".join(KINDS.get(paper.kind, paper.kind) for paper in parcel.papers)
    end = (" ✓", "green") if parcel.manifest else (" not manifested", "red")
    return Text.assemble((head, "dim"), (papers or "no label", "dim"), end)


def _tell_troubles(screen: Screen, every: Sequence[Way], facts: Facts) -> None:
    troubled = [way for way in every if way.order.trouble is not Trouble.NONE]
    if not troubled:
        return
    screen.heading("What went wrong on the way, and how it ended")
    counts = Counter(way.order.trouble for way in troubled)
    for trouble, words in TROUBLES.items():
        way = next((way for way in troubled if way.order.trouble is trouble), None)
        if way is None:
            continue
        often = f"{counts[trouble]} ×, such as " if counts[trouble] > 1 else ""
        screen.line(Text.assemble(often, (way.order.reference, "bold"), f": {words.words}"))
        screen.line(Text(_ending(way, facts), style="dim"), indent=4)


def _ending(way: Way, facts: Facts) -> str:
    packs = facts.calls_of("packOrder", way)
    looks = facts.calls_of(LOOK_UP, way)
    said = [f"order rejected by {way.rejection}"] if way.rejection else []
    said += [f"pick refused: {why}" for why in way.rejected_picks]
    said += [f"dead letter of {letter}" for letter in way.dead_letters]
    said += [f"parked {count} ×: {WAITS.get(why, why)}" for why, count in way.parked.items()]
    said += ["what it led to is said again, with the same ids"] if way.said_again else []
    said += [f"{packs} × Pack Order"] if packs else []
    said += [f"looked up {looks} ×"] if looks else []
    count = len(way.leaving)
    end = f"{count} consignment{'' if count == 1 else 's'}"
    end += ", manifested" if way.manifested == count else ", not manifested"
    return "; ".join(said) + (f" → {end}" if count else "")


def _tell_figures(
    screen: Screen, stage: Stage, every: Sequence[Way], facts: Facts, seconds: float | None
) -> None:
    screen.heading("Figures")
    taken_up = int(facts.metrics.get("orderflex_events_received_total", 0))
    published = int(facts.metrics.get("orderflex_outcomes_published_total", 0))
    parked = sum((way.parked for way in every), Counter[str]())
    letters = Counter(letter.partition(":")[0] for way in every for letter in way.dead_letters)
    packs = facts.calls_of("packOrder")
    rows = [
        ("Calls to PRO", f"{len(facts.calls)}, {facts.made_to_fail} of them made to fail"),
        ("Pack Order", f"{packs} calls; picks in doubt were looked up {facts.look_ups} ×"),
        ("Events", f"{taken_up} taken up, {published} outcomes published"),
        ("Events parked", _listed(parked)),
        ("Dead letters", _listed(letters)),
        ("Papers", _papers(stage.papers)),
    ]
    took = sorted(
        way.labelled_at - way.placed_at for way in every if way.labelled_at and way.placed_at
    )
    if took:
        most = took[min(len(took) - 1, int(len(took) * 0.95))]
        told = f"median {statistics.median(took):.1f} s, 95 % within {most:.1f} s"
        rows.append(("Order to label", told))
    if seconds and len(every) > FEW:
        done = sum(1 for way in every if way.is_ready)
        rows.append(("Rate", f"{done} orders in {seconds:.1f} s, {done / seconds:.1f} a second"))
    for name, told in rows:
        screen.row(name, told)


def _listed(counts: Counter[str]) -> str:
    parts = [f"{count} × {WAITS.get(why, why)}" for why, count in counts.most_common()]
    return f"{counts.total()}" + (f": {'; '.join(parts)}" if parts else "")


def _papers(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return f"{len(files)} files, {size / 1024:.0f} KiB, in {short(folder)}"


def _tell_where_next(screen: Screen, stage: Stage, every: Sequence[Way]) -> None:
    screen.heading("Where to look next")
    way = next((w for w in every if w.order.trouble is not Trouble.NONE), every[0])
    installed = shutil.which("orderflex")
    orderflex = "orderflex" if installed else short(Path(sys.executable).parent / "orderflex")
    screen.line("One order's whole story, from the ledger of this run:")
    show = f"{orderflex} order show {way.order.reference}"
    command = f"    (set -a; . {short(stage.env_file)}; {show})"
    screen.console.print(command, soft_wrap=True, markup=False)
    screen.line(f"{short(stage.folder)} keeps the ledger, the papers and all logs.")
    screen.line("README.md tells how to go on; docs/ holds the event contract and more.")


def tell_where_to_look(screen: Screen, stage: Stage) -> None:
    """Say what can be opened while everything runs."""
    screen.heading("Everything still runs: look around, Ctrl-C ends it")
    screen.row("Operator page", f"{stage.page_url}  token: {stage.page_token}")
    screen.row("Metrics", f"{stage.service_url}/metrics")
    screen.row("What PRO holds", f"{stage.sandbox_url}/sandbox")


def tell_verdict(screen: Screen, verdict: Verdict, every: Sequence[Way]) -> None:
    """Say whether all is well, and if not, everything that is not."""
    screen.console.print()
    mark, style = ("✓", "bold green") if verdict.is_good else ("✗", "bold red")
    ending = "A PICK HAS MORE THAN ONE" if verdict.doubles else "no pick has two"
    said = f"{mark} {verdict.due} consignments due, {verdict.consignments} in PRO, {ending}."
    screen.line(Text(said, style=style), indent=0)
    if verdict.is_good:
        screen.line(_all_as_it_should_be(every))
    for name, faults in (
        ("TWO PARCELS", verdict.doubles),
        ("missing", verdict.missing),
        ("not as it should be", verdict.other),
    ):
        more = [f"and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
        for fault in [*faults[:MOST_FAULTS], *more]:
            screen.line(Text(f"{name}: {fault}", style="red"))


def _all_as_it_should_be(every: Sequence[Way]) -> str:
    """Say what the verdict has looked at, counted."""
    picks = [(way, pick) for way in every if way.order.ships for pick in way.order.picks]
    counts = (
        (sum(pick.elsewhere is not None for _, pick in picks), "from another warehouse"),
        (sum(bool(way.order.service) for way, _ in picks), "by the carrier service asked for"),
        (sum(way.order.case is Case.ABROAD for way, _ in picks), "abroad with customs documents"),
        (sum(pick.with_return for _, pick in picks), "with a return"),
        (sum(pick.called_off for _, pick in picks), "called off, none of them alive"),
    )
    told = [f"{count} {what}" for count, what in counts if count]
    every_one = "Each manifested once from the right place, its papers stored as told"
    return f"{every_one}; {', '.join(told)}." if told else f"{every_one}."


def short(path: Path) -> str:
    """Name a path as one would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
