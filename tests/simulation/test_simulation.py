"""Some hundred schedules; `python -m tests.simulation` plays as many as one likes."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from .run import run
from .scenario import scenario
from .turns_of_mind import ANEW, ASKED

SEEDS = 200
IN_ONE_TEST = 25


@pytest.mark.parametrize("first", range(0, SEEDS, IN_ONE_TEST))
def test_no_schedule_breaks_a_promise(first: int) -> None:
    happened: Counter[str] = Counter()
    for seed in range(first, first + IN_ONE_TEST):
        result = run(seed)
        assert not result.broken, "\n".join([*result.trace, f"seed {seed}:", *result.broken])
        happened += result.happened
    assert happened, "no trouble was made at all"


def test_a_seed_is_one_schedule_for_ever() -> None:
    seeds = (3, 8, 10)
    digests = [run(seed).digest for seed in seeds]
    assert [run(seed).digest for seed in reversed(seeds)] == digests[::-1]
    assert len(set(digests)) == len(seeds)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_it_does_not_depend_on_the_order_of_sets(hash_seed: str) -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tests.simulation.run import run\nfor seed in (3, 8, 10): print(run(seed).digest)",
        ],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == [run(seed).digest for seed in (3, 8, 10)]


def test_schedules_differ_in_what_is_said_and_in_what_goes_wrong() -> None:
    many = [scenario(seed) for seed in range(200)]
    assert {one.replicas for one in many} == {1, 2, 3}
    assert {len({s.key for s in one.sayings if s.key.startswith("WEB")}) for one in many} >= {2, 8}
    asked = {kind for one in many for saying in one.sayings for kind in saying.kinds}
    assert asked | {ANEW} == set(ASKED)
    assert any(one.anew for one in many)
    assert len({trouble.kind for one in many for trouble in one.troubles}) >= 14
