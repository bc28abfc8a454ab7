"""One run: a stream of events, chaos beside it, rest, and the account."""

import asyncio
import random
import time
from dataclasses import dataclass, field

from tests.proof.account import broken
from tests.proof.facts import Account

from . import rest
from .blows import coming_and_going, on_a_replica, on_pro, on_what_it_stands_on
from .evidence import bugs_logged, gathered
from .replica import NotDrained, Replica
from .schedule import Chronicle, Track, dealt, never_happened, rage
from .stage import GRACE, Stage
from .stream import Platform

EXPECTED_LETTERS = frozenset(
    {"conflict", "empty", "truncated", "not_json", "wrong_encoding", "schema"}
)
"""Why an event of this stream may be a dead letter; for all else time and another try is enough."""


@dataclass(frozen=True)
class Plan:
    """How long and how hard."""

    seed: int
    seconds: float
    """Chaos goes on for so long, and longer until each kind has happened."""
    orders_per_second: float = 3.0
    rest_seconds: float = 90.0
    """The world may take so long for its next step on the way to rest."""


@dataclass
class Findings:
    """What a run has shown."""

    plan: Plan
    chronicle: Chronicle
    traits: dict[str, int]
    account: Account = field(default_factory=Account)
    chaos_seconds: float = 0.0
    rest_seconds: float = 0.0
    broken: list[str] = field(default_factory=list)


async def run(stage: Stage, plan: Plan) -> Findings:
    """Run it all; the findings name every broken promise."""
    chronicle = Chronicle()
    replicas = [stage.add_replica() for _ in range(3)]
    platform = Platform(stage.say, plan.seed, plan.orders_per_second, stage.backlog)
    findings = Findings(plan, chronicle, platform.counts)
    stop = asyncio.Event()
    for replica in replicas[:2]:
        await replica.start()
    speaking = asyncio.create_task(platform.run(stop))
    tracks = _tracks(stage, replicas, plan.seed)
    try:
        await rage(tracks, plan.seed, plan.seconds, chronicle)
    finally:
        stop.set()
        await speaking
    findings.chaos_seconds = time.monotonic() - chronicle.began
    chronicle.note("end", "all faults are over")
    stage.pro.state.faults.clear()
    try:
        findings.rest_seconds = await rest.come(stage, plan.rest_seconds, chronicle)
        for number, place in enumerate(("LEEDS_DC", "BRISTOL_WH", "GLASGOW_STORE")):
            platform.manifest(f"M-last-{number}", place)
        await platform.silent()
        findings.rest_seconds += await rest.come(stage, plan.rest_seconds, chronicle)
    except rest.NoRest as error:
        findings.broken.append(str(error))
    chronicle.note("end", "at rest")
    await _end(replicas, chronicle)
    findings.account = await gathered(stage)
    findings.broken += _verdict(stage, tracks, findings)
    return findings


def _tracks(stage: Stage, replicas: list[Replica], seed: int) -> list[Track]:
    """The replicas share what may befall one; the last of them comes and goes besides."""
    dice = random.Random(f"deal {seed}")  # noqa: S311
    first, second, third = dealt([on_a_replica(replica) for replica in replicas], dice)
    joins, leaves = coming_and_going(replicas[-1]).items()
    return [
        Track(replicas[0].name, first),
        Track(replicas[1].name, second),
        Track(replicas[2].name, dict([joins, *third.items(), leaves]), in_turn=True),
        Track("broker and PostgreSQL", on_what_it_stands_on(stage)),
        Track("PRO", on_pro(stage)),
    ]


async def _end(replicas: list[Replica], chronicle: Chronicle) -> None:
    """End what still runs, in good order."""
    for replica in replicas:
        if replica.running:
            try:
                await replica.end(GRACE)
            except NotDrained as error:
                chronicle.faults.append(str(error))


def _verdict(stage: Stage, tracks: list[Track], findings: Findings) -> list[str]:
    account = findings.account
    names = {said.place: said for said in account.said}
    strange = [
        f"unexpected dead letter: {letter.origin} {letter.reason}"
        for letter in account.dead_letters
        if letter.reason not in EXPECTED_LETTERS or letter.origin not in names
    ]
    return [
        *(f"never happened: {name}" for name in never_happened(tracks, findings.chronicle)),
        *findings.chronicle.faults,
        *([] if findings.broken else broken(account)),  # an account presupposes rest
        *strange,
        *(f"an error of ours: {line}" for line in bugs_logged(stage)),
    ]
