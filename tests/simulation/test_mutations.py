"""The simulation finds planted bugs, each within so many seeds; without them these are clean."""

import pytest

from .mutations import MUTATIONS
from .run import Result, run


def first_broken(seeds: range, opening: str) -> Result | None:
    """Give the first result of which a line opens so."""
    for seed in seeds:
        result = run(seed)
        if any(line.startswith(opening) for line in result.broken):
            return result
    return None


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_planted_bug_is_found(name: str) -> None:
    planted = MUTATIONS[name]
    with planted.make():
        found = first_broken(planted.seeds, planted.opening)
    assert found is not None, f"{name}: nothing found in {planted.seeds}"
    assert run(found.seed).broken == [], "the service itself breaks on this seed"
