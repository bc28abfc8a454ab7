"""Who asks together shares a call; nobody fails for another, nobody waits for ever."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from service.pro.batches import Batches, BatchPolicy
from service.pro.problems import Ambiguous, Problem, Refused, Retryable

POLICY = BatchPolicy(size=3, linger=0.02, patience=0.05)


@dataclass
class Pro:
    """Answers with the reference in capitals; keeps the calls."""

    calls: list[list[str]] = field(default_factory=list)
    fails: Callable[[Sequence[str]], Exception | None] = lambda _: None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answering.set()

    async def call(self, references: Sequence[str]) -> Mapping[str, str]:
        self.calls.append(sorted(references))
        self.asked.set()
        await self.answering.wait()
        error = self.fails(references)
        if error is not None:
            raise error
        return {reference: reference.upper() for reference in references}


async def asking(
    batches: Batches[str], reference: str, before: Awaitable[object] | None = None
) -> str:
    async with batches.seat(reference) as ask:
        if before is not None:
            await before
        return await ask()


async def test_those_who_come_together_share_a_call_up_to_its_size() -> None:
    pro = Pro()
    batches = Batches(pro.call, POLICY)
    answers = await asyncio.gather(*(asking(batches, name) for name in "abcd"))
    assert answers == ["A", "B", "C", "D"]
    assert pro.calls == [["a", "b", "c"], ["d"]]


async def test_nobody_waits_for_one_who_finds_nothing_to_ask() -> None:
    pro = Pro()
    batches = Batches(pro.call, BatchPolicy(size=2, linger=1, patience=60))

    async def leaves() -> None:
        async with batches.seat("b"):
            pass

    async with asyncio.timeout(5):
        answer, _ = await asyncio.gather(asking(batches, "a"), leaves())
    assert (answer, pro.calls) == ("A", [["a"]])


async def test_one_who_comes_too_late_to_the_call_asks_alone() -> None:
    pro = Pro()
    batches = Batches(pro.call, POLICY)
    answers = await asyncio.gather(
        asking(batches, "a"), asking(batches, "b", asyncio.sleep(POLICY.patience * 3))
    )
    assert list(answers) == ["A", "B"]
    assert pro.calls == [["a"], ["b"]]


async def test_the_same_reference_twice_is_two_calls() -> None:
    pro = Pro()
    batches = Batches(pro.call, POLICY)
    answers = await asyncio.gather(asking(batches, "a"), asking(batches, "a"))
    assert list(answers) == ["A", "A"]
    assert pro.calls == [["a"], ["a"]]


@pytest.mark.parametrize("lost", [False, True])
async def test_a_bad_one_fails_the_others_once_and_then_alone(lost: bool) -> None:
    refusal = Refused("allocate", Problem(400, "bad", "no such consignment"))
    error = Ambiguous("allocate", "an error of PRO's") if lost else refusal
    pro = Pro(fails=lambda asked: error if "bad" in asked else None)
    batches = Batches(pro.call, POLICY)

    async def ask() -> list[object]:
        return await asyncio.gather(
            *(asking(batches, name) for name in ("a", "bad", "c")), return_exceptions=True
        )

    together = await ask()
    assert {type(answer) for answer in together} == {Ambiguous if lost else Retryable}
    assert await ask() == ["A", error, "C"]
    assert pro.calls[0] == ["a", "bad", "c"]
    assert sorted(pro.calls[1:]) == [["a"], ["bad"], ["c"]]
    pro.fails = lambda _: None
    assert await ask() == ["A", "BAD", "C"]
    assert pro.calls[4:] == [["a", "bad", "c"]]


async def test_a_refusal_of_one_is_its_verdict_and_not_asked_again() -> None:
    refusal = Refused("allocate", Problem(400, "bad", "no such consignment"))
    pro = Pro(fails=lambda _: refusal)
    with pytest.raises(Refused):
        await asking(Batches(pro.call, POLICY), "bad")
    assert pro.calls == [["bad"]]


async def test_one_who_goes_away_while_waiting_for_others_spoils_nothing() -> None:
    pro = Pro()
    batches = Batches(pro.call, BatchPolicy(size=4, linger=0.1, patience=1))
    gone = asyncio.create_task(asking(batches, "a"))
    await asyncio.sleep(0)
    gone.cancel()
    answers = await asyncio.gather(*(asking(batches, name) for name in "bcd"))
    assert list(answers) == ["B", "C", "D"]
    assert pro.calls == [["b", "c", "d"]]


async def test_a_call_that_does_not_work_is_told_to_each_who_asked() -> None:
    pro = Pro(fails=lambda _: Retryable("allocate", "away"))
    batches = Batches(pro.call, POLICY)
    answers = await asyncio.gather(*(asking(batches, n) for n in "ab"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Retryable, Retryable]
    assert pro.calls == [["a", "b"]]


async def test_one_who_is_stopped_takes_nobody_along() -> None:
    pro = Pro()
    pro.answering.clear()
    batches = Batches(pro.call, POLICY)
    stopped, stays = (asyncio.create_task(asking(batches, name)) for name in "ab")
    await pro.asked.wait()
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    pro.answering.set()
    assert await stays == "B"
    assert pro.calls == [["a", "b"]]
