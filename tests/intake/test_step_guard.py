"""A step pauses when going on would only do harm, and goes on by itself."""

import asyncio
from collections.abc import Callable

import pytest

from service.events.topics import EventType
from service.intake import step_guard as module
from service.intake.ending import Ending
from service.intake.step_guard import GuardPolicy, Paused, StepGuard
from service.ledger.operation import ContentConflict
from service.ledger.tables import ParkedState
from service.metrics import Metrics, Name
from service.operations import NOTHING_TO_SAY, TooEarly
from service.pro.problems import Scope, Unauthorised

from .desk import Desk, event, read
from .stopped_time import Time, stopped

PICK, ORDER, OFF = EventType.STOCK_PICKED, EventType.ORDER_PLACED, EventType.MANIFEST_REQUESTED
POLICY = GuardPolicy(in_a_row=20, of_the_last=100, share=0.5, try_every=30.0)
FORBIDDEN = Unauthorised("pack_order", Scope.OPERATION)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return stopped(monkeypatch, module)


@pytest.fixture
def guard(time: Time) -> StepGuard:
    return StepGuard(POLICY, Metrics(), [PICK, ORDER])


def shown(guard: StepGuard, reason: Paused) -> float | None:
    return guard.metrics.registry.get_sample_value(
        Name.STEP_PAUSED.value, {"step": PICK.value, "reason": reason.value}
    )


def end(guard: StepGuard, *died: bool) -> None:
    for one in died:
        (guard.died if one else guard.settled)(PICK)


def test_it_lets_all_through_while_all_is_well(guard: StepGuard) -> None:
    end(guard, False, True, True, False)
    assert all(guard.take(PICK) for _ in range(1000))
    assert guard.paused == {}
    assert (shown(guard, Paused.FLOODING), shown(guard, Paused.FORBIDDEN)) == (0, 0)


def test_so_many_dead_letters_in_a_row_are_a_flood(guard: StepGuard) -> None:
    end(guard, *[True] * 19, False, *[True] * 19)
    assert guard.paused == {}
    end(guard, True)
    assert guard.paused == {PICK: Paused.FLOODING}
    assert shown(guard, Paused.FLOODING) == 1
    assert not guard.take(PICK)


def test_more_than_half_of_the_last_hundred_are_a_flood(guard: StepGuard) -> None:
    end(guard, *[True, False] * 49, True)
    assert guard.paused == {}, "of 99 events nothing is said yet"
    end(guard, False)
    assert guard.paused == {}, "half is not more than half"
    end(guard, False, True)
    assert guard.paused == {}
    end(guard, True, True)
    assert guard.paused == {PICK: Paused.FLOODING}


def test_before_there_are_a_hundred_only_so_many_in_a_row_are_a_flood(guard: StepGuard) -> None:
    end(guard, *[*[True] * 19, False] * 4)
    assert guard.paused == {}
    end(guard, *[True] * 19, False, True)
    assert guard.paused == {PICK: Paused.FLOODING}


def test_a_step_that_goes_on_is_not_blamed_for_what_was_before(
    guard: StepGuard, time: Time
) -> None:
    end(guard, *[*[True] * 19, False] * 5, True)
    assert guard.paused == {PICK: Paused.FLOODING}
    time.now += POLICY.try_every
    assert guard.take(PICK)
    end(guard, False, True)
    assert guard.paused == {}


def test_what_lies_longer_back_counts_for_nothing(guard: StepGuard) -> None:
    for _ in range(10):
        end(guard, *[True] * 19, False)
        end(guard, *[False] * 180)
    assert guard.paused == {}


def test_only_the_step_concerned_is_paused(guard: StepGuard) -> None:
    guard.forbidden(PICK)
    assert (guard.is_paused(PICK), guard.is_paused(ORDER), guard.is_paused(None)) == (
        True,
        False,
        False,
    )
    assert guard.take(ORDER)
    assert guard.take(None)


def test_a_step_that_is_off_is_nothing_to_guard(guard: StepGuard) -> None:
    guard.forbidden(OFF)
    for _ in range(30):
        guard.died(OFF)
    guard.settled(OFF)
    assert guard.take(OFF)
    assert guard.paused == {}


@pytest.mark.parametrize("reason", Paused)
def test_of_a_paused_step_one_event_at_a_time_is_let_through(
    guard: StepGuard, time: Time, reason: Paused
) -> None:
    pause(guard, reason)
    for _ in range(3):
        assert not guard.take(PICK)
        time.now += 29.9
        assert guard.is_paused(PICK)
        assert not guard.take(PICK)
        time.now += 0.2
        assert not guard.is_paused(PICK)
        assert guard.take(PICK)
        assert guard.is_paused(PICK)


@pytest.mark.parametrize("reason", Paused)
def test_it_goes_on_when_the_one_that_was_let_through_is_settled(
    guard: StepGuard, time: Time, reason: Paused
) -> None:
    pause(guard, reason)
    time.now += 31
    assert guard.take(PICK)
    guard.settled(PICK)
    assert all(guard.take(PICK) for _ in range(100))
    assert (guard.paused, shown(guard, reason)) == ({}, 0)
    end(guard, *[True] * 19)
    assert guard.paused == {}, "it starts over"


@pytest.mark.parametrize("again", [StepGuard.died, StepGuard.forbidden])
@pytest.mark.parametrize("reason", Paused)
def test_it_stays_paused_when_the_one_that_was_let_through_fares_no_better(
    guard: StepGuard, time: Time, reason: Paused, again: Callable[[StepGuard, EventType], None]
) -> None:
    pause(guard, reason)
    time.now += 31
    assert guard.take(PICK)
    time.now += 10
    again(guard, PICK)
    assert PICK in guard.paused
    time.now += 20.1
    assert (again is StepGuard.died and reason is Paused.FORBIDDEN) == guard.take(PICK)


def pause(guard: StepGuard, reason: Paused) -> None:
    if reason is Paused.FORBIDDEN:
        guard.forbidden(PICK)
    else:
        end(guard, *[True] * POLICY.in_a_row)


def test_one_reason_is_shown_at_a_time(guard: StepGuard) -> None:
    pause(guard, Paused.FLOODING)
    pause(guard, Paused.FORBIDDEN)
    assert guard.paused == {PICK: Paused.FORBIDDEN}
    assert (shown(guard, Paused.FLOODING), shown(guard, Paused.FORBIDDEN)) == (0, 1)


# With the desk: what of an event's end the guard is told


async def test_dead_letters_of_well_formed_events_are_a_flood(desk: Desk) -> None:
    desk.ends += [ValueError("a bug")] * 80
    for offset in range(20):
        assert desk.guard.paused == {}
        record = event(offset=offset, order=f"WEB-{offset}")
        endings = [await desk.arrive(record)]
        for _ in range(3):
            desk.clock.forward(600)
            endings.append(await desk.handling.settle(read(desk.retry_message())))
        assert endings[-1] is Ending.DEAD_LETTER
    assert desk.guard.paused == {PICK: Paused.FLOODING}


async def test_conflicts_are_the_senders_and_no_flood(desk: Desk) -> None:
    desk.ends += [ContentConflict("pack:WEB-1:P-1")] * 25
    for offset in range(25):
        assert await desk.arrive(event(offset=offset)) is Ending.DEAD_LETTER
    assert desk.guard.paused == {}


async def test_events_that_cannot_be_read_are_no_flood(desk: Desk) -> None:
    for offset in range(25):
        assert await desk.arrive(event(offset=offset, data=b"{")) is Ending.DEAD_LETTER
    assert desk.guard.paused == {}


def test_what_was_under_way_at_the_pause_says_nothing_about_the_step(
    guard: StepGuard, time: Time
) -> None:
    guard.forbidden(PICK)
    end(guard, False, False)
    assert guard.paused == {PICK: Paused.FORBIDDEN}
    time.now += POLICY.try_every
    assert guard.take(PICK)
    end(guard, False)
    assert guard.paused == {}


async def let_through(desk: Desk) -> None:
    """Do as the engine does with the first event that may be tried."""
    await asyncio.sleep(desk.guard.policy.try_every)
    assert desk.guard.take(PICK)


async def test_a_forbidden_event_is_left_on_its_topic_and_settled_when_it_is_read_again(
    desk: Desk,
) -> None:
    desk.ends.append(FORBIDDEN)
    assert await desk.arrive() is Ending.GIVEN_BACK
    assert (await desk.row(), desk.topics) == (None, [])
    await let_through(desk)
    assert await desk.arrive() is Ending.SETTLED
    assert desk.guard.paused == {}


async def test_an_event_with_nothing_to_say_is_settled_too(desk: Desk) -> None:
    desk.guard.forbidden(PICK)
    await let_through(desk)
    desk.ends.append(NOTHING_TO_SAY)
    await desk.arrive()
    assert desk.guard.paused == {}


async def test_an_event_that_is_parked_says_nothing_about_its_step(desk: Desk) -> None:
    desk.guard.forbidden(PICK)
    desk.ends.append(TooEarly("its order is not known yet"))
    await desk.arrive()
    await desk.arrive(event(offset=8))
    assert desk.guard.paused == {PICK: Paused.FORBIDDEN}


async def test_a_parked_event_that_is_forbidden_stays_parked_without_an_attempt(
    desk: Desk,
) -> None:
    desk.ends += [TooEarly("its order is not known yet"), FORBIDDEN]
    await desk.arrive()
    assert await desk.sweep(10) == [Ending.PARKED]
    row = await desk.row()
    assert row is not None
    assert (row.reason.error_class, row.attempt) == ("forbidden", 1)
    assert row.seconds_until_due == 60
    assert desk.guard.paused == {PICK: Paused.FORBIDDEN}


async def test_while_its_step_is_paused_a_parked_event_is_put_off_and_not_tried(
    desk: Desk, time: Time
) -> None:
    desk.ends.append(TooEarly("its order is not known yet"))
    await desk.arrive()
    desk.guard.forbidden(PICK)
    assert await desk.sweep(10) == [Ending.POSTPONED]
    row = await desk.row()
    assert row is not None
    assert (desk.reacted, row.attempt, row.seconds_until_due) == (1, 1, 60)
    assert await desk.sweep(10) == []
    time.now += 31
    assert await desk.sweep(60) == [Ending.SETTLED]
    assert desk.guard.paused == {}
    assert await desk.state(7) is not ParkedState.PARKED
