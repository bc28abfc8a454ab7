"""`make chaos`: a run of a few minutes on a broker and a PostgreSQL of its own."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from demo.broker import running_broker
from demo.postgresql import running_postgresql

from .report import report, timeline
from .running import Findings, Plan, run
from .stage import built


def main() -> int:
    """Run, report, and fail when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long chaos goes on")
    parser.add_argument("--seed", type=int, default=None, help="default: another each time")
    parser.add_argument("--orders-per-second", type=float, default=3.0)
    given = parser.parse_args()
    seed = random.randrange(10**6) if given.seed is None else given.seed  # noqa: S311
    plan = Plan(seed, given.seconds, given.orders_per_second)
    folder = Path(tempfile.mkdtemp(prefix="orderflex-chaos-"))
    print(f"Chaos for {plan.seconds:g} s, seed {seed}; logs in {folder}", flush=True)  # noqa: T201
    findings = staged(plan, folder)
    text = report(findings, folder)
    (folder / "timeline.txt").write_text(timeline(findings), encoding="utf-8")
    print(text)  # noqa: T201
    return 1 if findings.broken else 0


def staged(plan: Plan, folder: Path) -> Findings:
    """Run on a broker and a PostgreSQL of its own."""

    async def on_stage() -> Findings:
        async with built(broker, postgresql, folder) as stage:
            return await run(stage, plan)

    with (
        running_broker(kinds=["jars"], log_dir=folder) as broker,
        running_postgresql(use_given=False, log_dir=None) as postgresql,
    ):
        return asyncio.run(on_stage())


if __name__ == "__main__":
    sys.exit(main())
