"""How many calls to PRO may be under way, how many a second, and not before when.

All waiting happens here, before an operation is claimed: nobody waits while holding a lease.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service.metrics import Metrics, Name


@dataclass(frozen=True)
class LimitsPolicy:
    """Ceilings."""

    max_calls: int = 64
    """Reactions under way at once; each has at most one call to PRO under way."""
    calls_per_second: float | None = None
    """No limit when None. Up to one second's worth may come in a burst."""
    busy_seconds: float = 1.0
    """How long PRO is spared after a 429 that names no time."""
    longest_busy: float = 60.0
    """However much longer a Retry-After is, PRO is tried again after so many seconds."""


class Limits:
    """Gives turns to call PRO."""

    def __init__(self, policy: LimitsPolicy, metrics: Metrics) -> None:
        self._policy = policy
        self._metrics = metrics
        self._ceiling = policy.max_calls
        self._running = 0
        self._line = asyncio.Lock()
        self._freed = asyncio.Event()
        self._tokens = self._burst = max(1.0, policy.calls_per_second or 0.0)
        self._prepaid = 0  # calls that turns under way have paid for and not made yet
        self._filled_at = time.monotonic()
        self._busy_until = 0.0
        self._show()
        metrics.follow(Name.PRO_BUSY, lambda: float(self.busy_seconds > 0))

    @property
    def busy_seconds(self) -> float:
        """How long PRO is still spared because it said that it is busy; 0 when it is not."""
        return max(0.0, self._busy_until - time.monotonic())

    @property
    def ceiling(self) -> int:
        """How many may be under way at this moment."""
        return self._ceiling

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it. Who came first is first."""
        async with self._line:
            await self._wait()
            self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            if (unused := self._prepaid - self._running) > 0:
                self._prepaid -= unused
                self._tokens += unused
            self._freed.set()

    def called(self, *, answered: bool) -> None:
        """Take note of a call. Every answer lets one more be under way, up to the ceiling."""
        if self._prepaid > 0:
            self._prepaid -= 1
        elif self._policy.calls_per_second is not None:
            self._tokens -= 1
        if answered and self._ceiling < self._policy.max_calls:
            self._ceiling += 1
            self._freed.set()
            self._show()

    def busy(self, seconds: float | None) -> None:
        """Spare PRO: it said that it is busy, for so many seconds if it said how long."""
        wanted = self._policy.busy_seconds if seconds is None else seconds
        until = time.monotonic() + min(wanted, self._policy.longest_busy)
        self._busy_until = max(self._busy_until, until)

    def start_slowly(self) -> None:
        """Let one call be under way, and one more for each that is answered."""
        self._ceiling = 1
        self._show()

    async def _wait(self) -> None:
        while True:
            if (seconds := max(self.busy_seconds, self._seconds_to_token())) > 0:
                await asyncio.sleep(seconds)
            elif self._running >= self._ceiling:
                self._freed.clear()
                await self._freed.wait()
            else:
                break
        if self._policy.calls_per_second is not None:
            self._tokens -= 1
            self._prepaid += 1

    def _seconds_to_token(self) -> float:
        rate = self._policy.calls_per_second
        if rate is None:
            return 0.0
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        return max(0.0, (1 - self._tokens) / rate)

    def _show(self) -> None:
        self._metrics.set(Name.CALL_CEILING, self._ceiling)
