"""What becomes of an event that can't be settled now, as a table."""

import pytest

from service.events.topics import Topics
from service.intake.ladder import GiveUp, Ladder, LadderPolicy, Park, Why

TIERS = Topics().retry_tiers
LADDER = Ladder(LadderPolicy(TIERS, deadline=86_400, attempts_for_bug=4, look_again=2))
FIVE, MINUTE, TEN = TIERS


def park(tier: int, seconds: float, attempt: int) -> Park:
    return Park(TIERS[tier], seconds, attempt)


@pytest.mark.parametrize(
    ("why", "failed", "failing_for", "wait", "expected"),
    [
        # nothing happened for certain: tier by tier, then the last one until the deadline
        (Why.RETRYABLE, 0, 0, None, park(0, 5, 1)),
        (Why.RETRYABLE, 1, 5, None, park(1, 60, 2)),
        (Why.RETRYABLE, 2, 65, None, park(2, 600, 3)),
        (Why.RETRYABLE, 90, 80_000, None, park(2, 600, 91)),
        (Why.RETRYABLE, 90, 86_400, None, GiveUp(91)),
        # too early: the same
        (Why.TOO_EARLY, 0, 0, None, park(0, 5, 1)),
        (Why.TOO_EARLY, 7, 86_399, None, park(2, 600, 8)),
        (Why.TOO_EARLY, 7, 86_400, None, GiveUp(8)),
        # PRO is busy: as long as it says, on the smallest tier that is long enough; no attempt
        (Why.THROTTLED, 0, 0, 0.0, park(0, 0.2, 0)),
        (Why.THROTTLED, 0, 0, 5.0, park(0, 5, 0)),
        (Why.THROTTLED, 2, 0, 5.1, park(1, 5.1, 2)),
        (Why.THROTTLED, 0, 0, 61, park(2, 61, 0)),
        (Why.THROTTLED, 0, 0, 7200, park(2, 7200, 0)),
        (Why.THROTTLED, 0, 0, None, park(0, 5, 0)),
        (Why.THROTTLED, 0, 86_400, 1.0, GiveUp(0)),
        # waiting for a look-up or a lease is no attempt
        (Why.AWAITING_LOOKUP, 3, 0, 25.0, park(1, 25, 3)),
        (Why.AWAITING_LOOKUP, 0, 0, -3.0, park(0, 0.2, 0)),
        (Why.STEP_OFF, 2, 0, 600.0, park(2, 600, 2)),
        (Why.BUSY, 1, 0, 1.0, park(0, 1, 1)),
        (Why.BUSY, 1, 86_400, 1.0, GiveUp(1)),
        # PRO may have acted: back soon, to learn when to look
        (Why.UNKNOWN, 0, 0, None, park(0, 2, 1)),
        (Why.UNKNOWN, 8, 0, None, park(0, 2, 9)),
        # a bug: a few tries
        (Why.BUG, 0, 0, None, park(0, 5, 1)),
        (Why.BUG, 2, 65, None, park(2, 600, 3)),
        (Why.BUG, 3, 665, None, GiveUp(4)),
        # no retry makes these better
        (Why.CONFLICT, 0, 0, None, GiveUp(1)),
    ],
)
def test_what_becomes_of_it(
    why: Why, failed: int, failing_for: float, wait: float | None, expected: Park | GiveUp
) -> None:
    decided = LADDER.decide(why, failed_attempts=failed, failing_for=failing_for, wait=wait)
    assert decided == expected


@pytest.mark.parametrize("why", list(Why))
def test_only_what_waits_for_a_setting_is_parked_beyond_its_deadline(why: Why) -> None:
    decided = LADDER.decide(why, failed_attempts=0, failing_for=1e9, wait=1.0)
    assert isinstance(decided, Park if why in (Why.STEP_OFF, Why.FORBIDDEN) else GiveUp)
