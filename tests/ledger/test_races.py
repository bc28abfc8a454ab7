"""Two processes at once on one order, on a real PostgreSQL."""

import time
from collections.abc import Awaitable, Callable

import pytest

from sandbox.faults import FaultKind, FaultRule

from .racing import Race, overlapping, racing

ROUNDS = 40

pytestmark = pytest.mark.postgresql


async def test_the_same_pick_at_once_makes_one_consignment(postgresql_url: str) -> None:
    async with racing(postgresql_url) as race:
        for number in range(ROUNDS):
            order = f"WEB-{number}"
            await race.place(order, 1)
            one, other = await race.both(order, ["P-1", "P-1"])
            assert one["outcomes"] == other["outcomes"]
            ((kind, _, consignment),) = one["outcomes"]
            assert kind == "consignment.created"
            assert race.packs(order, "P-1") == 1
            assert race.alive(order, "P-1") == [consignment]
            assert await race.known(order) == ([consignment], [1], True)
            assert await race.state(order, "P-1") == "finished"


async def test_the_last_item_is_packed_for_one_of_two_picks(postgresql_url: str) -> None:
    async with racing(postgresql_url) as race:
        for number in range(ROUNDS):
            order = f"WEB-{number}"
            await race.place(order, 1)
            told = await race.both(order, ["P-1", "P-2"])
            ends = {
                pick: one["outcomes"][0] for pick, one in zip(("P-1", "P-2"), told, strict=True)
            }
            assert sorted(end[0] for end in ends.values()) == [
                "consignment.created",
                "pick.rejected",
            ]
            winner = next(pick for pick, end in ends.items() if end[0] == "consignment.created")
            (loser,) = {"P-1", "P-2"} - {winner}
            assert race.alive(order, winner) == [ends[winner][2]]
            assert race.packs(order, loser) == 0
            assert await race.known(order) == ([ends[winner][2]], [1], True)
            assert await race.state(order, loser) == "refused"


def slow_pro(race: Race) -> None:
    """Have each changing call take long enough to be seen beside another."""
    for operation in ("packOrder", "allocateDefaultRules"):
        race.pro.state.faults.add(
            FaultRule(operation=operation, kind=FaultKind.LATENCY, seconds=0.05)
        )


async def two_picks_one_after_the_other(race: Race) -> None:
    """Have both workers pack for one order at once, over and over."""
    slow_pro(race)
    for number in range(10):
        await race.place(f"WEB-{number}", 2)
        told = await race.both(f"WEB-{number}", ["P-1", "P-2"])
        assert not overlapping(told), "two picks of one order were packed at the same time"
        consignments, picked, fully_packed = await race.known(f"WEB-{number}")
        assert (len(consignments), picked, fully_packed) == (2, [2], True)


async def packed_and_allocated_one_after_the_other(race: Race) -> None:
    """Have one worker allocate for an order for which the other packs, over and over."""
    slow_pro(race)
    packer, allocator = race.racers
    for number in range(10):
        await race.place(f"WEB-{number}", 2)
        race.pick(packer, f"WEB-{number}", "P-1")
        (created,) = (await packer.line())["created"]
        start = time.time() + 0.01
        race.pick(packer, f"WEB-{number}", "P-2", start)
        race.allocate(allocator, created, start)
        told = [await packer.line(), await allocator.line()]
        assert [one["outcomes"][0][0] for one in told] == [
            "consignment.created",
            "consignment.allocated",
        ]
        assert not overlapping(told), "an order was packed and allocated for at the same time"


ONE_AFTER_THE_OTHER = [two_picks_one_after_the_other, packed_and_allocated_one_after_the_other]


@pytest.mark.parametrize("story", ONE_AFTER_THE_OTHER)
async def test_pro_is_asked_for_one_order_one_thing_after_the_other(
    postgresql_url: str, story: Callable[[Race], Awaitable[None]]
) -> None:
    async with racing(postgresql_url) as race:
        await story(race)


@pytest.mark.parametrize("story", ONE_AFTER_THE_OTHER)
async def test_a_lease_for_each_operation_instead_of_each_order_is_caught(
    postgresql_url: str, story: Callable[[Race], Awaitable[None]]
) -> None:
    async with racing(postgresql_url, lease_by_operation=True) as race:
        with pytest.raises(AssertionError, match="at the same time"):
            await story(race)
