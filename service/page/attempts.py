"""How often a wrong token may be tried: guessing one is hopeless, and should not be a load."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

MOST_KNOWN = 1_000
"""Addresses that are remembered; the one that was quiet for the longest is forgotten first."""


@dataclass(frozen=True)
class AttemptsPolicy:
    """So many wrong tokens in so many seconds, from one address and from all together."""

    of_one: int = 10
    of_all: int = 100
    seconds: float = 60.0


class Attempts:
    """Counts wrong tokens."""

    def __init__(self, policy: AttemptsPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._all: deque[float] = deque()
        self._of: dict[str, deque[float]] = {}

    def seconds_to_wait(self, address: str) -> float:
        """Say how long an address has to wait before it may try again; 0 for not at all."""
        since = self._clock() - self._policy.seconds
        waits = [0.0]
        limits = ((self._of.get(address), self._policy.of_one), (self._all, self._policy.of_all))
        for tried, most in limits:
            while tried and tried[0] <= since:
                tried.popleft()
            if tried and len(tried) >= most:
                waits.append(tried[0] - since)
        return max(waits)

    def failed(self, address: str) -> None:
        """Count a wrong token."""
        tried = self._of.pop(address, deque())
        self._of[address] = tried  # the latest stands last
        tried.append(self._clock())
        self._all.append(self._clock())
        while len(self._of) > MOST_KNOWN:
            del self._of[next(iter(self._of))]
