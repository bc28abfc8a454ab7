"""A worker that stands still past its lease end, and wakes when another went on."""

import asyncio

import pytest

from sandbox.faults import FaultKind, FaultRule

from .racing import Race, Racer, racing

pytestmark = pytest.mark.postgresql


async def called(race: Race, order: str, pick: str, times: int = 1) -> None:
    """Wait until PRO has calls for a pick."""
    for _ in range(1000):
        if race.packs(order, pick) == times:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("PRO was not called")


async def one_left(race: Race, order: str, pick: str) -> list[str]:
    """Search strays until one consignment of a pick is left, within reason."""
    for _ in range(100):
        await race.search_strays()
        if len(race.alive(order, pick)) == 1:
            break
        await asyncio.sleep(0.05)
    return race.alive(order, pick)


async def stopped_inside_its_call(race: Race, *, call_seconds: float) -> tuple[Racer, Racer]:
    """Stop one worker while PRO works on its call, and give the other the same pick."""
    sleeper, other = race.racers
    await race.place("WEB-1", 1)
    race.pro.state.faults.add(
        FaultRule(operation="packOrder", kind=FaultKind.LATENCY, seconds=call_seconds, times=1)
    )
    race.pick(sleeper, "WEB-1", "P-1")
    await called(race, "WEB-1", "P-1")
    sleeper.stop()
    race.pick(other, "WEB-1", "P-1")
    return sleeper, other


async def test_stopped_inside_its_call_its_consignment_is_found_by_the_other(
    postgresql_url: str,
) -> None:
    async with racing(postgresql_url) as race:
        sleeper, other = await stopped_inside_its_call(race, call_seconds=0.3)
        found = await other.line()
        sleeper.wake()
        assert (await sleeper.line())["outcomes"] == found["outcomes"]
        assert race.packs("WEB-1", "P-1") == 1
        ((_, _, consignment),) = found["outcomes"]
        assert race.alive("WEB-1", "P-1") == [consignment]
        assert await race.known("WEB-1") == ([consignment], [1], True)
        assert await race.state("WEB-1", "P-1") == "finished"


async def test_stopped_before_its_call_what_it_makes_later_is_cancelled(
    postgresql_url: str,
) -> None:
    async with racing(postgresql_url, stop_first=True) as race:
        sleeper, other = race.racers
        await race.place("WEB-1", 1)
        race.pick(sleeper, "WEB-1", "P-1")
        assert await sleeper.line() == {"stopped": True}
        race.pick(other, "WEB-1", "P-1")
        made = await other.line()
        assert race.packs("WEB-1", "P-1") == 1
        sleeper.wake()
        assert (await sleeper.line())["outcomes"] == made["outcomes"]
        await called(race, "WEB-1", "P-1", times=2)
        ((_, _, consignment),) = made["outcomes"]
        assert await one_left(race, "WEB-1", "P-1") == [consignment]
        assert await race.known("WEB-1") == ([consignment], [1], True)
        notes = [entry.what for entry in await race.ledger.history("WEB-1")]
        assert "asked PRO again" in notes


async def test_stopped_inside_a_call_that_pro_commits_late_the_stray_is_cancelled(
    postgresql_url: str,
) -> None:
    async with racing(postgresql_url) as race:
        sleeper, other = await stopped_inside_its_call(race, call_seconds=4.0)
        made = await other.line()
        ((_, _, consignment),) = made["outcomes"]
        for _ in range(1000):
            if len(race.alive("WEB-1", "P-1")) == 2:
                break
            await asyncio.sleep(0.01)
        assert len(race.alive("WEB-1", "P-1")) == 2, "PRO did not commit late"
        sleeper.wake()
        assert (await sleeper.line())["outcomes"] == made["outcomes"]
        assert await one_left(race, "WEB-1", "P-1") == [consignment]
        assert await race.known("WEB-1") == ([consignment], [1], True)
