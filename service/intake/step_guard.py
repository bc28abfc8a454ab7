"""One guard for each step: it pauses the step's topic when going on would only do harm.

- *forbidden*: PRO says that our key may not do this (403). Going on would park every event.
- *flooding*: well-formed events become dead letters one after the other. Something is wrong with
  us, not with them; going on would empty the topic into the dead letters.

While a step is paused one event at a time is let through, now and then: if it is settled, the step
goes on by itself.
"""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from service.events.topics import EventType
from service.metrics import Metrics, Name


class Paused(StrEnum):
    """Why a step is paused."""

    FORBIDDEN = "forbidden"
    """PRO refuses this operation to our key (403)."""
    FLOODING = "flooding"
    """Too many of its events became dead letters."""


@dataclass(frozen=True)
class GuardPolicy:
    """When a step floods the dead letters, and how often a paused one is tried."""

    in_a_row: int = 20
    of_the_last: int = 100
    share: float = 0.5
    """Of the last `of_the_last`, once there are so many."""
    try_every: float = 30.0
    """Seconds between the events that are let through."""


@dataclass
class _Step:
    endings: deque[bool]
    """Whether each of the last events became a dead letter."""
    in_a_row: int = 0
    paused: Paused | None = None
    next_try: float = 0.0
    is_tried: bool = False
    """Whether an event was let through since it was paused."""


@dataclass
class StepGuard:
    """Watches how the events of each step end."""

    policy: GuardPolicy
    metrics: Metrics
    steps: Iterable[EventType]
    _steps: dict[EventType, _Step] = field(init=False)

    def __post_init__(self) -> None:
        self._steps = {event: _Step(deque(maxlen=self.policy.of_the_last)) for event in self.steps}
        for event in self._steps:
            self._show(event, None)
        self._log = structlog.get_logger("intake")

    @property
    def paused(self) -> dict[EventType, Paused]:
        """The steps that are paused, and why."""
        return {event: step.paused for event, step in self._steps.items() if step.paused}

    def is_paused(self, event: EventType | None) -> bool:
        """Tell whether the step of an event is paused, and it is not time to try one."""
        step = self._step(event)
        return step is not None and step.paused is not None and time.monotonic() < step.next_try

    def take(self, event: EventType | None) -> bool:
        """Tell whether an event may be taken up; of a paused step, one at a time."""
        step = self._step(event)
        if step is None or step.paused is None:
            return True
        now = time.monotonic()
        if now < step.next_try:
            return False
        step.next_try = now + self.policy.try_every
        step.is_tried = True
        return True

    def settled(self, event: EventType) -> None:
        """Take note of an event that was settled.

        A paused step works again, unless the event was under way when it was paused.
        """
        step = self._step(event)
        if step is None:
            return
        step.endings.append(False)
        step.in_a_row = 0
        if step.paused and step.is_tried:
            self._log.info("step resumed", step=event.value, reason=step.paused.value)
            self._resume(event, step)

    def died(self, event: EventType) -> None:
        """Take note of an event that became a dead letter."""
        step = self._step(event)
        if step is None:
            return
        step.endings.append(True)
        step.in_a_row += 1
        full = len(step.endings) == self.policy.of_the_last
        most = full and sum(step.endings) > self.policy.share * self.policy.of_the_last
        if step.in_a_row >= self.policy.in_a_row or most:
            self._pause(event, step, Paused.FLOODING)

    def forbidden(self, event: EventType) -> None:
        """Take note that PRO refuses a step's operation to our key."""
        step = self._step(event)
        if step is not None:
            self._pause(event, step, Paused.FORBIDDEN)

    def _step(self, event: EventType | None) -> _Step | None:
        return None if event is None else self._steps.get(event)

    def _pause(self, event: EventType, step: _Step, reason: Paused) -> None:
        step.next_try = time.monotonic() + self.policy.try_every
        step.is_tried = False
        if step.paused is reason:
            return
        step.paused = reason
        self._show(event, reason)
        self._log.error("step paused", step=event.value, reason=reason.value)

    def _resume(self, event: EventType, step: _Step) -> None:
        step.paused = None
        step.endings.clear()
        self._show(event, None)

    def _show(self, event: EventType, now: Paused | None) -> None:
        for reason in Paused:
            value = 1 if reason is now else 0
            self.metrics.set(Name.STEP_PAUSED, value, step=event.value, reason=reason.value)
