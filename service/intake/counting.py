"""What the ledger knows of what waits, shown as gauges: the same in every replica."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from service.intake.pick_times import PickTimes
from service.ledger.attention import Attention
from service.ledger.parked import ParkedEvents
from service.ledger.waiting import OnTheirWay
from service.metrics import Metrics, Name


@dataclass(frozen=True)
class CountingPolicy:
    """Times in seconds."""

    parked_every: float = 5.0
    attention_every: float = 60.0
    """How often what needs attention and what is on its way is counted, which reads more."""


class _Every:
    """Says when it is time again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = float("-inf")

    def is_time(self) -> bool:
        now = time.monotonic()
        if now - self._last <= self._seconds:
            return False
        self._last = now
        return True


class Counting:
    """Counts once in a while; a count that fails keeps its old value and leaves as it came."""

    def __init__(
        self,
        parked: ParkedEvents,
        attention: Attention,
        on_their_way: OnTheirWay,
        pick_times: PickTimes,
        policy: CountingPolicy,
        metrics: Metrics,
    ) -> None:
        self._parked = parked
        self._attention = attention
        self._on_their_way = on_their_way
        self._pick_times = pick_times
        self._metrics = metrics
        self._parked_due = _Every(policy.parked_every)
        self._attention_due = _Every(policy.attention_every)
        self._waiting_due = _Every(policy.attention_every)

    @property
    def jobs(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """Each counts if it is time for it."""
        return (self.count_parked, self.count_attention, self.count_waiting)

    async def count_parked(self) -> None:
        """Count what is parked, and the picks of it whose time is over."""
        if not self._parked_due.is_time():
            return
        found = await self._parked.standing()
        for state, count in found.counts.items():
            self._metrics.set(Name.PARKED, count, state=state.value)
        self._metrics.set(Name.OLDEST_PARKED, found.oldest_seconds)
        self._metrics.set(Name.ORDERS_HELD, found.orders_held)
        self._metrics.set(Name.PARKED_ORDERS, found.orders_parked)
        if any(found.counts.values()):
            await self._pick_times.count_late()

    async def count_attention(self) -> None:
        """Count what needs a person's attention."""
        if self._attention_due.is_time():
            for kind, count in (await self._attention.counts()).items():
                self._metrics.set(Name.NEEDS_ATTENTION, count, kind=kind.value)

    async def count_waiting(self) -> None:
        """Count what is on its way, and the operations that are not settled."""
        if not self._waiting_due.is_time():
            return
        for stage, waiting in (await self._on_their_way.stages()).items():
            self._metrics.set(Name.WAITING, waiting.count, stage=stage.value)
            self._metrics.set(Name.OLDEST_WAITING, waiting.oldest_seconds, stage=stage.value)
        for how, count in (await self._on_their_way.open_operations()).items():
            self._metrics.set(Name.OPERATIONS_OPEN, count, state=how.value)
