"""PRO is down: most calls fail, intake pauses, and no event is worse off for it."""

import asyncio
from collections.abc import Callable

import pytest

from service.intake import circuit as module
from service.intake.circuit import Circuit, CircuitPolicy
from service.intake.ending import Ending
from service.intake.gate import Closed
from service.operations import Performed
from service.pro.problems import Retryable, Verdict

from .desk import DONE, Desk, event, quiet
from .stopped_time import Time, stopped

POLICY = CircuitPolicy(calls=10, least=4, seconds=60.0, share=0.5)
GOOD, BAD = Verdict.OK, Verdict.RETRYABLE
OUTCOME = "consignment.created"
DOWN = Retryable("pack_order", "no connection to PRO")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return stopped(monkeypatch, module)


@pytest.fixture
def seen(time: Time) -> Callable[..., int]:
    """Shows verdicts to one circuit; gives how often it has opened."""
    opened: list[float] = []
    circuit = Circuit(POLICY, lambda: opened.append(time.now))

    def see(*verdicts: Verdict) -> int:
        for verdict in verdicts:
            circuit.saw(verdict)
        return len(opened)

    return see


Seen = Callable[..., int]


def test_it_opens_when_most_calls_fail(seen: Seen) -> None:
    assert seen(GOOD, GOOD, BAD, BAD) == 0, "half is not most"
    assert seen(BAD) == 1


@pytest.mark.parametrize("verdict", [Verdict.RETRYABLE, Verdict.AMBIGUOUS])
def test_no_answer_and_errors_of_its_own_are_failures(seen: Seen, verdict: Verdict) -> None:
    assert seen(*[verdict] * 4) == 1


@pytest.mark.parametrize("verdict", [Verdict.OK, Verdict.REFUSED])
def test_an_answer_is_an_answer_a_refusal_too(seen: Seen, verdict: Verdict) -> None:
    assert seen(*[verdict] * 5, *[BAD] * 5) == 0


@pytest.mark.parametrize("verdict", [Verdict.THROTTLED, Verdict.UNAUTHORISED])
def test_busy_and_unauthorised_have_ways_of_their_own_and_count_for_nothing(
    seen: Seen, verdict: Verdict
) -> None:
    assert seen(*[verdict] * 20) == 0
    assert seen(BAD, BAD, BAD, *[verdict] * 20) == 0
    assert seen(BAD) == 1


def test_a_few_calls_tell_nothing(seen: Seen) -> None:
    assert seen(BAD, BAD, BAD) == 0
    assert seen(BAD) == 1


def test_old_calls_tell_nothing(seen: Seen, time: Time) -> None:
    seen(BAD, BAD, BAD)
    time.now += 61
    assert seen(BAD) == 0
    assert seen(BAD, BAD) == 0
    assert seen(BAD) == 1


def test_only_the_latest_calls_count(seen: Seen) -> None:
    assert seen(*[GOOD] * 100, *[BAD] * 5) == 0
    assert seen(BAD) == 1


def test_it_starts_over_once_it_has_opened(seen: Seen) -> None:
    assert seen(*[BAD] * 4) == 1
    assert seen(*[BAD] * 3) == 1
    assert seen(BAD) == 2


async def test_while_pro_is_down_an_event_is_neither_parked_nor_does_it_use_its_tries_up(
    desk: Desk,
) -> None:
    """More failures than the tries in place and the attempts of a bug together."""

    def fails_and_opens() -> Performed:
        desk.gate.close(Closed.PRO_DOWN)
        raise DOWN

    desk.does = [fails_and_opens] * 8
    assert await desk.arrive() is Ending.SETTLED
    assert desk.topics == [OUTCOME]
    assert (desk.reacted, desk.probed) == (9, 8)


async def test_it_opens_again_by_a_probe_that_works_and_not_before(desk: Desk) -> None:
    reacted: list[int] = []

    def probe() -> None:
        reacted.append(desk.reacted)
        if desk.probed < 5:
            raise DOWN

    def fails_and_opens() -> Performed:
        desk.gate.close(Closed.PRO_DOWN)
        raise DOWN

    desk.probe = probe
    desk.does = [fails_and_opens]
    await desk.arrive()
    assert reacted == [1] * 5, "only probes while it is open"
    assert desk.topics == [OUTCOME]


async def test_who_waits_for_a_turn_when_pro_goes_down_waits_for_the_probe_too(
    desk: Desk,
) -> None:
    desk.limits.start_slowly()
    seen_open: list[bool] = []

    def fails_and_opens() -> Performed:
        desk.gate.close(Closed.PRO_DOWN)
        raise DOWN

    def looks() -> Performed:
        seen_open.append(desk.gate.is_open)
        return DONE

    desk.does = [fails_and_opens, *[looks] * 4]
    desk.may_react.clear()
    settling = [desk.start(event(offset=n, order=f"WEB-{n}")) for n in range(4)]
    await asyncio.sleep(0.1)
    assert desk.reacted == 1
    desk.may_react.set()
    assert await quiet(settling) == [Ending.SETTLED] * 4
    assert seen_open == [True] * 4
