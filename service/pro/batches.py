"""Many asks, one call: where PRO takes many references at once, those who ask together share it.

Who wants to ask takes a seat first, before claiming anything, and waits there a moment for others;
then each claims its own operation. The call leaves when everybody at the table has asked or gone
away, so nobody waits for somebody who found that there was nothing to ask.
"""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.pro.problems import Ambiguous, Refused, Retryable
from service.tracing.traced import Traced, current, shared

T = TypeVar("T")

BulkCall = Callable[[Sequence[str]], Awaitable[Mapping[str, T]]]
"""One call for many references, giving a result for each."""


@dataclass(frozen=True)
class BatchPolicy:
    """How many share a call, and how long is waited (seconds)."""

    size: int = 50
    linger: float = 0.02
    """How long a table waits for more to come, nobody holding a lease yet."""
    patience: float = 0.5
    """How long those who have asked wait for those who still claim."""


class Batches(Generic[T]):
    """Seats those who ask."""

    def __init__(self, call: BulkCall[T], policy: BatchPolicy) -> None:
        self._call = call
        self._policy = policy
        self._table: _Table[T] | None = None
        self._to_sit_alone: set[str] = set()

    @asynccontextmanager
    async def seat(self, reference: str) -> AsyncIterator[Callable[[], Awaitable[T]]]:
        """Take a seat and wait for others; gives the function that asks for this reference.

        It raises what the call raises, for each who asked. Where a call for several is refused, or
        its answer is lost, each asks alone the next time: one bad reference must not fail the
        others for ever. A refusal of several is Retryable: it is the verdict of none.
        """
        table = self._table_for(reference)
        table.sit_down(reference)
        try:
            await table.wait_for_others()
            if self._table is table:
                self._table = None
            yield lambda: table.ask(reference)
        finally:
            table.leave(reference)

    def _table_for(self, reference: str) -> "_Table[T]":
        if reference in self._to_sit_alone:
            self._to_sit_alone.discard(reference)
            alone = self._new_table()
            alone.close()
            return alone
        if self._table is None or not self._table.has_room_for(reference):
            self._table = self._new_table()
        return self._table

    def _new_table(self) -> "_Table[T]":
        return _Table(self._call, self._policy, self._to_sit_alone)


class _Table(Generic[T]):
    """Those who share one call."""

    def __init__(self, call: BulkCall[T], policy: BatchPolicy, to_sit_alone: set[str]) -> None:
        self._call = call
        self._policy = policy
        self._to_sit_alone = to_sit_alone
        self._seated: set[str] = set()
        self._asking: dict[str, asyncio.Future[T]] = {}
        self._askers: list[Traced] = []
        self._complete = asyncio.Event()
        self._is_open = True
        self._sending: asyncio.Task[None] | None = None
        self._all_asked = asyncio.Event()

    def has_room_for(self, reference: str) -> bool:
        return (
            self._is_open
            and len(self._seated) < self._policy.size
            and (reference not in self._seated)
        )

    def close(self) -> None:
        """Wait for nobody."""
        self._complete.set()

    def sit_down(self, reference: str) -> None:
        self._seated.add(reference)
        if len(self._seated) >= self._policy.size:
            self._complete.set()

    async def wait_for_others(self) -> None:
        try:
            async with asyncio.timeout(self._policy.linger):
                await self._complete.wait()
        except TimeoutError:
            self._complete.set()
        self._is_open = False

    async def ask(self, reference: str) -> T:
        if self._sending is not None and self._all_asked.is_set():
            return await self._alone(reference)  # the call has left
        asked: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asking[reference] = asked
        self._askers.append(current())
        if self._sending is None:
            self._sending = asyncio.create_task(self._send(), name="batch")
        self._look_round()
        return await asked

    def leave(self, reference: str) -> None:
        self._seated.discard(reference)
        self._look_round()

    def _look_round(self) -> None:
        if self._asking and self._seated <= self._asking.keys():
            self._all_asked.set()

    async def _send(self) -> None:
        try:
            async with asyncio.timeout(self._policy.patience):
                await self._all_asked.wait()
        except TimeoutError:
            self._all_asked.set()
        asked = {name: future for name, future in self._asking.items() if not future.done()}
        if not asked:
            return
        try:
            with shared(self._askers):
                results = await self._call(list(asked))
        except BaseException as error:  # noqa: BLE001 - it is theirs who asked
            _pass_on(self._verdict(error, asked), asked.values())
        else:
            for name, future in asked.items():
                if not future.done():
                    future.set_result(results[name])

    def _verdict(self, error: BaseException, asked: Collection[str]) -> BaseException:
        """Say what the end of a call is to each who asked."""
        if len(asked) > 1 and isinstance(error, Refused | Ambiguous):
            self._to_sit_alone.update(asked)
            if isinstance(error, Refused):
                return Retryable(error.operation, "PRO refused a call for several")
        return error

    async def _alone(self, reference: str) -> T:
        return (await self._call([reference]))[reference]


def _pass_on(error: BaseException, asked: Iterable[asyncio.Future[T]]) -> None:
    for future in asked:
        if future.done():
            continue
        if isinstance(error, asyncio.CancelledError):
            future.cancel()
        else:
            future.set_exception(error)
