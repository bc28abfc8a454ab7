"""An event loop in virtual time: it never sleeps, and each replica in it can be killed or stalled.

When nothing is ready, time jumps to the next timer. Whatever runs on behalf of a replica carries
the replica's `Fate` in its context: a killed one runs nothing more (no `finally`, no `except`: as
with SIGKILL), a stalled one runs later what it should have run now.
"""

import asyncio
import collections
import contextlib
import contextvars
import heapq
import time
import warnings
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from unittest import mock

START = 1_772_438_400.0
"""2 March 2026, 08:00 UTC, in seconds since 1970: when every run begins."""

T = TypeVar("T")


@dataclass
class Fate:
    """What is to become of a replica's process. Times by the loop's clock."""

    name: str
    is_dead: bool = False
    stalled_until: float = 0.0


current_fate: contextvars.ContextVar[Fate | None] = contextvars.ContextVar("fate", default=None)
"""Whose code runs; None outside of the replicas (the brokers, PRO, the platform)."""


class NothingLeft(Exception):
    """Everything waits for something that will never come."""


class _NoSelector:
    """Nothing is ever read from outside."""

    def select(self, _timeout: float | None) -> list[Any]:
        return []

    def close(self) -> None:
        """There is nothing to close."""


class _Task(asyncio.Task[Any]):
    """A task whose hash is its number, so that sets of tasks have the same order in every run."""

    number = 0

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs everything in one thread at once, in virtual time."""

    _ready: "collections.deque[Any]"
    _scheduled: list[Any]
    _stopping: bool
    _timer_cancelled_count: int

    def __init__(self) -> None:
        super().__init__()
        self._selector = _NoSelector()
        self._now = 0.0
        self._deferred: dict[str, list[asyncio.Handle]] = {}
        self._outside: list[float] = []
        self.tasks: list[_Task] = []
        """Every task ever made: one that is killed must not be collected, that would run it."""
        self.set_task_factory(self._make_task)  # type: ignore[arg-type]

    def _make_task(
        self, _loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **named: Any
    ) -> _Task:
        task = _Task(coro, loop=self, **named)
        task.number = len(self.tasks)
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        self.tasks.append(task)
        return task

    def time(self) -> float:
        """Seconds since the run began."""
        return self._now

    def forward_to(self, when: float) -> None:
        """Let time jump: what was due meanwhile runs now, in the order in which it was due."""
        self._now = max(self._now, when)

    def outside(self, seconds: float, job: Callable[..., object], *arguments: Any) -> None:
        """Do something later that belongs to no replica, so that no fate can stop it."""
        heapq.heappush(self._outside, self._now + seconds)
        self.call_later(seconds, job, *arguments, context=contextvars.Context())

    def next_outside(self) -> float | None:
        """When the next such thing is due."""
        while self._outside and self._outside[0] <= self._now:
            heapq.heappop(self._outside)
        return self._outside[0] if self._outside else None

    async def run_in_executor(self, _executor: Any, func: Callable[..., T], *args: Any) -> T:  # type: ignore[override]
        """Run it here and now: there are no threads."""
        return func(*args)

    def _process_events(self, _events: Any) -> None:
        """Nothing comes from outside."""

    def _write_to_self(self) -> None:
        """There are no other threads."""

    def _run_once(self) -> None:
        scheduled, ready = self._scheduled, self._ready
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False
            self._timer_cancelled_count -= 1
        if not ready and not self._stopping:
            if not scheduled:
                raise NothingLeft
            self._now = max(self._now, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self._now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            ready.append(handle)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            fate = handle._context.get(current_fate)
            if fate is not None:
                if fate.is_dead:
                    continue
                if fate.stalled_until > self._now:
                    self._defer(fate, handle)
                    continue
            handle._run()

    def _defer(self, fate: Fate, handle: asyncio.Handle) -> None:
        waiting = self._deferred.setdefault(fate.name, [])
        waiting.append(handle)
        if len(waiting) == 1:
            outside = contextvars.Context()
            self.call_at(fate.stalled_until, self._resume, fate, context=outside)

    def _resume(self, fate: Fate) -> None:
        if fate.stalled_until > self._now:  # it was stalled again meanwhile
            outside = contextvars.Context()
            self.call_at(fate.stalled_until, self._resume, fate, context=outside)
            return
        self._ready.extend(self._deferred.pop(fate.name, []))

    def end(self) -> None:
        """Close every coroutine that still waits; nothing of it can be seen any more."""
        self._ready = collections.deque()
        self._scheduled = []
        with warnings.catch_warnings():
            # Some were never begun, others have something to say about being closed.
            warnings.simplefilter("ignore")
            for task in self.tasks:
                if not task.done():
                    coro = task.get_coro()
                    with contextlib.suppress(BaseException):
                        coro.close()
        self.tasks.clear()
        self.close()


def _wall_clock(loop: VirtualLoop) -> float:
    return START + loop.time()


@contextlib.contextmanager
def virtual_time() -> Iterator[VirtualLoop]:
    """Make a loop, and have this machine's clocks show its time."""
    loop = VirtualLoop()
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    with (
        mock.patch.object(time, "time", partial(_wall_clock, loop)),
        mock.patch.object(time, "monotonic", loop.time),
    ):
        try:
            yield loop
        finally:
            asyncio.set_event_loop(None)
            loop.end()
