"""What a run says at its end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from .running import Findings

MOST_SHOWN = 5


def report(findings: Findings, folder: Path) -> str:
    """Tell the run; after a failure with the timeline of chaos and where the logs are."""
    account, plan = findings.account, findings.plan
    letters = len({letter.origin for letter in account.dead_letters})
    cancelled = sum(made.state == "Cancelled" for made in account.consignments)
    lines = [
        f"Chaos for {findings.chaos_seconds:.0f} s, seed {plan.seed}",
        "",
        *(f"{count:>6}  {what}" for what, count in sorted(findings.chronicle.counts.items())),
        "",
        *(f"{count:>6}  {what}" for what, count in sorted(findings.traits.items())),
        "",
        f"{len(account.said):>6}  events published",
        f"{len({h.id for h in account.heard}):>6}  outcomes in {len(account.heard)} records",
        f"{letters:>6}  dead letters",
        f"{len(account.consignments):>6}  consignments in PRO, {cancelled} of them cancelled",
        f"{len(account.commits):>6}  commits witnessed",
        "",
        f"At rest {findings.rest_seconds:.1f} s after the last fault.",
    ]
    if not findings.broken:
        return "\n".join([*lines, "Every promise was kept."])
    lines += ["", *_broken(findings.broken)]
    lines += ["", timeline(findings)]
    lines += ["", f"The logs are in {folder}", f"Again with: make chaos CHAOS_SEED={plan.seed}"]
    return "\n".join(lines)


def _broken(broken: Sequence[str]) -> Iterator[str]:
    """Name broken promises, the first few of each kind: a kind is what stands before the colon."""
    yield "1 broken promise:" if len(broken) == 1 else f"{len(broken)} broken promises:"
    shown: Counter[str] = Counter()
    for line in broken:
        kind = line.partition(":")[0]
        shown[kind] += 1
        if shown[kind] <= MOST_SHOWN:
            yield f"  - {line}"
    for kind, count in shown.items():
        if count > MOST_SHOWN:
            yield f"  and {count - MOST_SHOWN} more of: {kind}"


def timeline(findings: Findings) -> str:
    """Tell what happened when."""
    entries = findings.chronicle.entries
    lines = [f"{entry.at:8.2f}  {entry.track}: {entry.text}" for entry in entries]
    return "\n".join(["What happened when (seconds):", *lines])
