"""Two processes at once on one order, on a real PostgreSQL."""

import pytest

from sandbox.faults import FaultKind, FaultRule

from .racing import overlapping, racing

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


async def test_two_picks_of_one_order_are_packed_one_after_the_other(postgresql_url: str) -> None:
    async with racing(postgresql_url) as race:
        race.pro.state.faults.add(
            FaultRule(operation="packOrder", kind=FaultKind.LATENCY, seconds=0.05)
        )
        for number in range(10):
            await race.place(f"WEB-{number}", 2)
            told = await race.both(f"WEB-{number}", ["P-1", "P-2"])
            assert not overlapping(told)
            consignments, picked, fully_packed = await race.known(f"WEB-{number}")
            assert (len(consignments), picked, fully_packed) == (2, [2], True)


async def test_leases_by_operation_would_be_seen(postgresql_url: str) -> None:
    async with racing(postgresql_url, lease_by_operation=True) as race:
        race.pro.state.faults.add(
            FaultRule(operation="packOrder", kind=FaultKind.LATENCY, seconds=0.05)
        )
        seen = []
        for number in range(10):
            await race.place(f"WEB-{number}", 2)
            seen.append(overlapping(await race.both(f"WEB-{number}", ["P-1", "P-2"])))
        assert any(seen)
