"""Ten thousand events that went wrong, through the whole service: none breaks it, none is lost."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from service.intake.ending import Ending
from service.metrics import Name

from .budget import EVENTS
from .mutated import records
from .stand import UNREADABLE, Sent, standing
from .story import Story

PARTS = 8
ENDS: dict[Ending, set[str | None]] = {
    Ending.SETTLED: {None},
    Ending.PARKED: {"too_early", "behind", "awaiting_lookup"},
    Ending.DEAD_LETTER: {"conflict", *UNREADABLE},
    Ending.SKIPPED: {None},
}
"""How an event may end, and with which word in its row; PRO does its part without fault here."""


@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_sent_is_accounted_for_and_the_rest_goes_on(part: int) -> None:
    ends: Counter[tuple[str, str | None]] = Counter()
    with standing() as stand:
        story = Story(stand)

        @seed(part)
        @settings(
            max_examples=EVENTS // PARTS,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(records())
        def taken(drawn: tuple[str, Sent]) -> None:
            came_of = story.tell(*drawn)
            ends[came_of.ending, came_of.reason] += 1
            assert not stand.bugs(), drawn
            assert came_of.reason in ENDS[Ending(came_of.ending)], (came_of, drawn)

        taken()
        assert stand.rest() == []
        assert not stand.bugs()
        assert stand.world.kafka.uncommitted() == 0
        assert stand.counted(Name.SETTLING_FAILED) == 0
    for ending in (Ending.SETTLED, Ending.PARKED, Ending.DEAD_LETTER):
        assert any(seen == ending for seen, _ in ends), ends
