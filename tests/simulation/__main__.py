"""`python -m tests.simulation --seeds 0:2000 [--jobs 2]`: play many seeds, or show one.

Ends with 1 when a promise broke, or when a kind of trouble that was to be made never happened.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator

from .kinds import EVERY_KIND
from .run import Result, run, settle_down

ENOUGH_SEEDS = 500
"""From so many seeds on every kind of trouble must have happened."""
WORST_SHOWN = 5


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0:200", help="first:last (the last is left out)")
    parser.add_argument("--seed", type=int, help="play only this one")
    parser.add_argument("--verbose", action="store_true", help="with --seed: the whole trace")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    chosen = parser.parse_args(arguments)
    if chosen.seed is not None:
        return _one(chosen.seed, whole=chosen.verbose)
    first, last = (int(part) for part in chosen.seeds.split(":"))
    return _many(range(first, last), chosen.jobs)


def _one(seed: int, *, whole: bool) -> int:
    result = run(seed, whole_trace=whole)
    _say("\n".join(result.trace))
    _say(f"seed {seed}: {dict(result.happened)}, {result.seconds:.0f} s, trace {result.digest}")
    _complain(result)
    return 1 if result.broken else 0


def _many(seeds: range, jobs: int) -> int:
    began = time.perf_counter()
    happened: Counter[str] = Counter()
    runs_with: Counter[str] = Counter()
    broken: list[Result] = []
    for result in _results(seeds, jobs):
        happened += result.happened
        runs_with.update(result.happened.keys())
        if result.broken:
            broken.append(result)
            _say(f"seed {result.seed} broke: {result.broken[0]}")
    took = time.perf_counter() - began
    _say(f"{len(seeds)} schedules in {took:.0f} s, {len(seeds) / took * 60:.0f} a minute")
    _say(f"{'what was done to them':<32}{'times':>8}{'schedules':>11}")
    for kind in sorted(EVERY_KIND | happened.keys()):
        _say(f"  {kind:<30}{happened[kind]:>8}{runs_with[kind]:>11}")
    for result in broken[:WORST_SHOWN]:
        _say("\n".join(["", *result.trace]))
        _complain(result)
    missing = sorted(EVERY_KIND - happened.keys()) if len(seeds) >= ENOUGH_SEEDS else []
    if missing:
        _say(f"never happened: {', '.join(missing)}")
    _say(f"{len(broken)} of {len(seeds)} schedules broke a promise")
    return 1 if broken or missing else 0


def _results(seeds: Iterable[int], jobs: int) -> Iterator[Result]:
    if jobs == 1:
        settle_down()
        yield from map(run, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, settle_down) as pool:
        yield from pool.imap_unordered(run, seeds, chunksize=10)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _complain(result: Result) -> None:
    for line in result.broken:
        _say(f"seed {result.seed}: {line}")
    if result.broken:
        _say(f"again with: python -m tests.simulation --seed {result.seed} --verbose")


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Nothing should depend on it; but a trace is worth more if nothing can.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])  # noqa: S606
    sys.exit(main())
