"""An operation of several calls: one deadline for all, and no look where a repeat is safe."""

import asyncio

import pytest

from service.ledger.lookups import OperationKind
from service.ledger.operation import AwaitingLookup, Operation, Settlement
from service.operations import Operations, operation_by_key
from service.pro.problems import Ambiguous, Problem

from .world import World


def operation(world: World) -> Operation:
    return operation_by_key("cancel:WEB-1", OperationKind.CANCEL, "WEB-1", "id", world.clock.now)


def refuse(_problem: Problem, _attempt: int) -> Settlement:
    raise AssertionError("nothing is refused here")


async def test_calls_that_take_longer_together_than_the_deadline_are_given_up(
    world: World,
) -> None:
    finished: list[bool] = []

    async def calls() -> Settlement:
        await asyncio.sleep(5)
        finished.append(True)
        return Settlement()

    work = operation(world)
    with pytest.raises(Ambiguous, match="deadline"):
        await Operations(world.journal, 0.05).perform(work, ask=calls, refuse=refuse)
    with pytest.raises(AwaitingLookup):
        await Operations(world.journal, 0.05).perform(work, ask=calls, refuse=refuse)
    assert finished == []


async def test_what_may_be_repeated_is_asked_again_after_its_look_up_time(world: World) -> None:
    asked: list[int] = []

    async def calls() -> Settlement:
        asked.append(1)
        if len(asked) == 1:
            raise Ambiguous("cancel", "the answer was lost")
        return Settlement()

    operations, work = Operations(world.journal, 1.0), operation(world)
    with pytest.raises(Ambiguous):
        await operations.perform(work, ask=calls, refuse=refuse)
    world.clock.forward(3)
    for _ in range(2):
        await operations.perform(work, ask=calls, refuse=refuse)
    assert len(asked) == 2
    assert await world.history() == ["asked PRO", "answer lost", "asked PRO again", "finished"]
