"""How many calls to PRO may be under way, how many a second, and not before when."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from service.intake import limits as module
from service.intake.limits import Limits, LimitsPolicy
from service.metrics import Metrics, Name


@dataclass
class Time:
    """A clock that moves only when all that can run has run and something sleeps."""

    now: float = 1000.0
    sleeping: list[tuple[float, asyncio.Future[None]]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sleeping.append((self.now + seconds, waiting))
        await waiting

    async def pass_until(self, moment: float) -> None:
        """Let time go by, waking who sleeps at its moment, the longest asleep first."""
        await quiet()
        while due := sorted((each for each in self.sleeping if each[0] <= moment), key=_when):
            self.sleeping.remove(due[0])
            self.now = max(self.now, due[0][0])
            if not due[0][1].done():
                due[0][1].set_result(None)
            await quiet()
        self.now = moment


def _when(sleeper: tuple[float, Any]) -> float:
    return sleeper[0]


async def quiet() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The time of the limits; that of the test is its own."""
    made = Time()

    class Asyncio:
        Event, Lock, sleep = asyncio.Event, asyncio.Lock, staticmethod(made.sleep)

    monkeypatch.setattr(module, "time", made)
    monkeypatch.setattr(module, "asyncio", Asyncio)
    return made


@dataclass
class Callers:
    """Reactions that each have a turn, and what became of them."""

    limits: Limits
    time: Time
    under_way: int = 0
    most: int = 0
    began: list[tuple[int, float]] = field(default_factory=list)
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    done: dict[int, asyncio.Event] = field(default_factory=dict)

    def come(self, *numbers: int, calls: int = 1) -> None:
        for number in numbers:
            self.done[number] = asyncio.Event()
            self.tasks[number] = asyncio.create_task(self._react(number, calls))

    async def _react(self, number: int, calls: int) -> None:
        async with self.limits.turn():
            self.began.append((number, self.time.now))
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await self.done[number].wait()
            for _ in range(calls):
                self.limits.called(answered=True)
            self.under_way -= 1

    async def finish(self, *numbers: int) -> None:
        for number in numbers:
            self.done[number].set()
        await quiet()

    @property
    def numbers(self) -> list[int]:
        return [number for number, _ in self.began]

    @property
    def moments(self) -> list[float]:
        return [round(moment - 1000.0, 6) for _, moment in self.began]


@pytest.fixture
async def open_for(time: Time) -> AsyncIterator[Callable[..., Callers]]:
    """Makes limits with a policy, and callers of them."""
    made: list[Callers] = []

    def make(**policy: Any) -> Callers:
        made.append(Callers(Limits(LimitsPolicy(**policy), Metrics()), time))
        return made[-1]

    yield make
    for callers in made:
        for task in callers.tasks.values():
            task.cancel()
        await asyncio.gather(*callers.tasks.values(), return_exceptions=True)


OpenFor = Callable[..., Callers]


async def test_no_more_are_under_way_than_the_ceiling(open_for: OpenFor) -> None:
    callers = open_for(max_calls=2)
    callers.come(1, 2, 3, 4)
    await quiet()
    assert callers.numbers == [1, 2]
    await callers.finish(1)
    assert callers.numbers == [1, 2, 3]
    await callers.finish(2, 3, 4)
    assert (callers.numbers, callers.most) == ([1, 2, 3, 4], 2)


async def test_who_fails_gives_the_turn_back(open_for: OpenFor) -> None:
    callers = open_for(max_calls=1)
    with pytest.raises(ValueError, match="no"):
        async with callers.limits.turn():
            raise ValueError("no")
    callers.come(1)
    await quiet()
    callers.tasks[1].cancel()
    callers.come(2)
    await quiet()
    assert callers.numbers == [1, 2]


async def test_who_waits_the_longest_is_next_whoever_comes_meanwhile(open_for: OpenFor) -> None:
    callers = open_for(max_calls=1)
    callers.come(*range(5))
    await quiet()
    for number in range(5, 15):
        callers.done[number - 5].set()
        callers.come(number)
        await quiet()
    assert callers.numbers == list(range(11))


async def test_after_the_circuit_one_and_one_more_for_each_answer(open_for: OpenFor) -> None:
    callers = open_for(max_calls=4)
    callers.limits.start_slowly()
    callers.come(*range(10))
    await quiet()
    assert (callers.limits.ceiling, callers.numbers) == (1, [0])
    await callers.finish(0)
    assert (callers.limits.ceiling, callers.under_way) == (2, 2)
    await callers.finish(1, 2)
    assert (callers.limits.ceiling, callers.under_way) == (4, 4)
    await callers.finish(3, 4, 5, 6)
    assert callers.limits.ceiling == 4


async def test_a_call_without_an_answer_lets_no_more_be_under_way(open_for: OpenFor) -> None:
    callers = open_for(max_calls=4)
    callers.limits.start_slowly()
    callers.limits.called(answered=False)
    assert callers.limits.ceiling == 1


async def test_the_ceiling_is_shown(open_for: OpenFor) -> None:
    limits = open_for(max_calls=4).limits

    def shown() -> float | None:
        return limits._metrics.registry.get_sample_value(Name.CALL_CEILING.value)

    assert shown() == 4
    limits.start_slowly()
    assert shown() == 1


async def test_a_busy_pro_is_spared_as_long_as_it_says_by_everybody(
    open_for: OpenFor, time: Time
) -> None:
    callers = open_for()
    callers.limits.busy(30.0)
    assert callers.limits.busy_seconds == 30
    callers.come(1, 2)
    await time.pass_until(1029.9)
    assert callers.numbers == []
    await time.pass_until(1030.1)
    assert callers.numbers == [1, 2]
    assert callers.limits.busy_seconds == 0


async def test_a_busy_pro_that_does_not_say_is_spared_a_moment(
    open_for: OpenFor, time: Time
) -> None:
    callers = open_for(busy_seconds=1.0)
    callers.limits.busy(None)
    callers.come(1)
    await time.pass_until(1002)
    assert callers.moments == [1.0]


async def test_a_shorter_wait_takes_nothing_from_a_longer_one(
    open_for: OpenFor, time: Time
) -> None:
    callers = open_for()
    callers.limits.busy(30.0)
    callers.come(1)
    await time.pass_until(1010)
    callers.limits.busy(50.0)
    callers.limits.busy(1.0)
    await time.pass_until(1100)
    assert callers.moments == [60.0]


async def test_however_long_a_wait_is_asked_for_it_is_tried_after_the_longest(
    open_for: OpenFor, time: Time
) -> None:
    callers = open_for(longest_busy=60.0)
    callers.limits.busy(7200.0)
    callers.come(1)
    await time.pass_until(1100)
    assert callers.moments == [60.0]


async def test_so_many_a_second_and_no_more(open_for: OpenFor, time: Time) -> None:
    callers = open_for(calls_per_second=2.0)
    callers.come(*range(8))
    for number in range(8):
        callers.done[number].set()
    await time.pass_until(1010)
    assert callers.moments == [0, 0, 0.5, 1, 1.5, 2, 2.5, 3], "a second's worth, then one by one"
    assert callers.numbers == list(range(8)), "in the order they came"


async def test_less_than_one_a_second_is_possible(open_for: OpenFor, time: Time) -> None:
    callers = open_for(calls_per_second=0.5)
    callers.come(*range(3))
    for number in range(3):
        callers.done[number].set()
    await time.pass_until(1010)
    assert callers.moments == [0, 2, 4]


async def test_every_call_of_a_reaction_counts_towards_the_rate(
    open_for: OpenFor, time: Time
) -> None:
    callers = open_for(calls_per_second=2.0)
    callers.come(0, calls=3)
    callers.done[0].set()
    await quiet()
    callers.come(1)
    await time.pass_until(1010)
    assert callers.moments == [0, 1.0], "three calls for two a second: the next after a second"


async def test_turns_without_a_call_save_nothing_up_for_later(
    open_for: OpenFor, time: Time
) -> None:
    callers = open_for(calls_per_second=2.0)
    callers.come(*range(20), calls=0)
    for number in range(20):
        callers.done[number].set()
    await time.pass_until(1100)
    assert len(callers.numbers) == 20
    callers.began.clear()
    callers.come(*range(20, 30), calls=3)
    for number in range(20, 30):
        callers.done[number].set()
    await time.pass_until(1200)
    calls_by_second_ten = 3 * sum(moment <= 110 for moment in callers.moments)
    assert calls_by_second_ten <= 2 * 10 + 2 + 2, "two a second, and a second's worth at once"
