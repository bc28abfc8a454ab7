"""The circuit: when most calls to PRO fail, intake pauses until a read works again. Pure state."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from service.pro.problems import Verdict

FAILED = frozenset({Verdict.RETRYABLE, Verdict.AMBIGUOUS})
"""PRO was not reached, did not answer, or answered with an error of its own."""
ANSWERED = frozenset({Verdict.OK, Verdict.REFUSED})
"""PRO works."""


@dataclass(frozen=True)
class CircuitPolicy:
    """When most calls fail."""

    calls: int = 20
    """Looked at: so many calls at the most, the latest."""
    least: int = 8
    """Fewer calls than that tell nothing."""
    seconds: float = 60.0
    """Older calls than that tell nothing."""
    share: float = 0.5
    """The circuit opens when more than this share has failed."""


class Circuit:
    """Looks at the verdicts of calls; `on_open` is told when most fail."""

    def __init__(self, policy: CircuitPolicy, on_open: Callable[[], None]) -> None:
        self._policy = policy
        self._on_open = on_open
        self._calls: deque[tuple[float, bool]] = deque(maxlen=policy.calls)

    def saw(self, verdict: Verdict) -> None:
        """Take note of how a call ended."""
        now = time.monotonic()
        if verdict not in FAILED | ANSWERED:
            return
        self._calls.append((now, verdict in FAILED))
        while self._calls and self._calls[0][0] < now - self._policy.seconds:
            self._calls.popleft()
        failed = sum(1 for _, has_failed in self._calls if has_failed)
        if len(self._calls) < self._policy.least or failed <= len(self._calls) * self._policy.share:
            return
        self._calls.clear()
        self._on_open()
