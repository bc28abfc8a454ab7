"""The retry ladder: how long an event waits after which failure, and when it is given up. Pure.

What certainly changed nothing is tried quickly twice in place, then tier by tier, in the last tier
until the deadline. Waiting for a lease, a look-up or PRO's own Retry-After is no attempt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.events.topics import RetryTier
from service.ledger import turns
from service.operations import TooEarly


class Why(StrEnum):
    """Why an event can't be settled now: the closed list of error classes."""

    TOO_EARLY = TooEarly.error_class
    """What it builds on is not there yet."""
    THROTTLED = "throttled"
    """PRO is busy and said so (429)."""
    RETRYABLE = "retryable"
    """Nothing happened for certain, or a read failed."""
    UNKNOWN = "unknown"
    """PRO may have acted; it is looked up before PRO is asked again."""
    AWAITING_LOOKUP = "awaiting_lookup"
    """The next look-up in PRO is not due yet."""
    BUSY = "busy"
    """Another worker holds the lease."""
    STEP_OFF = turns.STEP_OFF
    """Its step is switched off here, since it was parked."""
    FORBIDDEN = "forbidden"
    """PRO refuses the operation to our key (403)."""
    BEHIND = turns.BEHIND
    """Another event of its order comes first."""
    REPLAYED = turns.REPLAYED
    """It was a dead letter, and a person has it tried again."""
    CONFLICT = "conflict"
    """The same reference with other content."""
    BUG = "bug"
    """An error of ours."""


@dataclass(frozen=True)
class Park:
    """Park for so many seconds, on this tier's topic."""

    tier: RetryTier
    seconds: float
    attempt: int


@dataclass(frozen=True)
class GiveUp:
    """Write it to the dead letters."""

    attempt: int


@dataclass(frozen=True)
class LadderPolicy:
    """Seconds and numbers of the ladder."""

    tiers: Sequence[RetryTier]
    deadline: float = 86_400.0
    """How long an event may keep failing before it is given up, counted from its first failure."""
    attempts_for_bug: int = 4
    least_wait: float = 0.2
    look_again: float = 2.0
    """How soon to come back to an operation whose answer was just lost: its look-up time is then
    known."""


WAITING = frozenset(
    {Why.AWAITING_LOOKUP, Why.BUSY, Why.THROTTLED, Why.STEP_OFF, Why.FORBIDDEN, Why.BEHIND}
)
"""These are no attempts."""


_NEVER_GIVEN_UP = frozenset({Why.STEP_OFF, Why.FORBIDDEN})
"""Not the event is at fault, and somebody has to change a setting."""


@dataclass(frozen=True)
class Ladder:
    """Decides what becomes of an event that could not be settled."""

    policy: LadderPolicy

    def decide(
        self, why: Why, *, failed_attempts: int, failing_for: float, wait: float | None = None
    ) -> Park | GiveUp:
        """Decide after a failure.

        `failed_attempts` before this one, `failing_for` seconds since the first failure, `wait`
        the seconds that whoever refused us asked for, if any.
        """
        attempt = failed_attempts + (0 if why in WAITING else 1)
        if failing_for >= self.policy.deadline and why not in _NEVER_GIVEN_UP:
            return GiveUp(attempt)
        if why is Why.BUG and attempt >= self.policy.attempts_for_bug:
            return GiveUp(attempt)
        if why is Why.CONFLICT:
            return GiveUp(attempt)
        if wait is not None:
            seconds = max(self.policy.least_wait, wait)
            return Park(self._tier_for(seconds), seconds, attempt)
        if why is Why.UNKNOWN:
            return Park(self.policy.tiers[0], self.policy.look_again, attempt)
        rung = min(max(attempt, 1), len(self.policy.tiers)) - 1
        tier = self.policy.tiers[rung]
        return Park(tier, tier.delay_seconds, attempt)

    def _tier_for(self, seconds: float) -> RetryTier:
        """Give the smallest tier that is long enough, else the longest."""
        for tier in self.policy.tiers:
            if seconds <= tier.delay_seconds:
                return tier
        return self.policy.tiers[-1]
