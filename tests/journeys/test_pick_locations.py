"""Picks that left another location than their order: never allocated with the wrong origin."""

from typing import Any

import pytest

from sandbox.records import Consignment
from sandbox.states import ConsignmentState
from sandbox.words import AddressType, Direction

from .killable import POINTS
from .world import World, order, pick

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

ELSEWHERE = "BRISTOL_WH"


def from_elsewhere(name: str, location: str = ELSEWHERE, **more: object) -> dict[str, Any]:
    return pick("WEB-1", name, [("HAT", 1)], shipping_location_reference=location, **more)


async def recorded(world: World, **settings: str) -> None:
    """Start the service and have an order of three hats recorded."""
    world.start_service(**settings)
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 3)))
    await world.until_outcomes("order.recorded", 1)


def place(made: Consignment) -> str | None:
    """Where it leaves from; of a return, where it goes."""
    kind = AddressType.DESTINATION if made.direction is Direction.INBOUND else AddressType.ORIGIN
    (found,) = (each for each in made.addresses if each.address_type is kind)
    return found.shipping_location_reference


def allocated(world: World) -> list[Consignment]:
    """What PRO has ever allocated."""
    world.pro.state.settle()
    made = world.pro.state.consignments.values()
    return [one for one in made if any(s is ConsignmentState.ALLOCATED for _, s in one.history)]


async def test_two_warehouses_pick_for_one_order(world: World) -> None:
    await recorded(world)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.say("stock.picked", from_elsewhere("P-2"))
    labelled = await world.until_outcomes("consignment.labelled", 2)
    created = {
        said.data["pick_reference"]: said.data for said in world.outcomes("consignment.created")
    }
    assert created["P-1"]["shipping_location_reference"] == "LEEDS_DC"
    assert created["P-2"]["shipping_location_reference"] == ELSEWHERE
    assert {said.data["pick_reference"] for said in labelled} == {"P-1", "P-2"}
    assert sorted(str(place(one)) for one in allocated(world)) == [ELSEWHERE, "LEEDS_DC"]
    assert len(await world.calls("updateConsignment")) == 1


@pytest.mark.parametrize("point", POINTS)
async def test_one_pack_and_the_right_origin_though_killed(world: World, point: str) -> None:
    marks = world.folder / "marks"
    marks.mkdir()
    async with world.kept_running(KILL_AT=point, KILL_MARKS=str(marks)):
        await world.say("order.placed", order("WEB-1", ("HAT", 3)), times=2)
        await world.say("stock.picked", from_elsewhere("P-1", generate_return=True), times=2)
        await world.until(
            lambda: len(world.outcomes("consignment.labelled")) == 2, "both labelled", seconds=100
        )
    deaths = {mark.name for mark in marks.iterdir()}  # by operation, later by outcome
    assert deaths & {"update_consignment", "consignment.created"}, f"it died only at {deaths}"
    assert len(await world.calls("packOrder")) == 1
    assert [len(made) for made in (await world.consignments_of_picks()).values()] == [2]
    assert [place(one) for one in allocated(world)] == [ELSEWHERE] * 2
    assert len(world.outcomes("consignment.created")) == 2
    assert world.dead_letters == []


@pytest.mark.parametrize("kind", ["drop_before_commit", "drop_after_commit", "late_commit"])
async def test_a_lost_answer_to_the_correction_delays_and_never_ships_from_elsewhere(
    world: World, kind: str
) -> None:
    await recorded(world)
    world.fault(kind, "updateConsignment", times=1, seconds=1)
    await world.say("stock.picked", from_elsewhere("P-1"))
    await world.until_outcomes("consignment.labelled", 1)
    assert [place(one) for one in allocated(world)] == [ELSEWHERE]
    assert len(await world.calls("packOrder")) == 1


async def test_a_location_that_pro_refuses_rejects_the_pick_and_leaves_nothing(
    world: World,
) -> None:
    await recorded(world)
    await world.say("stock.picked", from_elsewhere("P-1", "NOWHERE"))
    (rejected,) = await world.until_outcomes("pick.rejected", 1)
    assert "NOWHERE is not a shipping location" in str(rejected.data["rejection"])
    await world.say("stock.picked", from_elsewhere("P-1"))
    await world.until_outcomes("consignment.labelled", 1)
    assert [place(one) for one in allocated(world)] == [ELSEWHERE]
    states = [one.state for one in world.pro.state.consignments.values()]
    assert sorted(states) == [ConsignmentState.ALLOCATED, ConsignmentState.CANCELLED]
    assert world.dead_letters == []


async def test_killed_after_the_refusal_the_pick_is_taken_back_all_the_same(world: World) -> None:
    marks = world.folder / "marks"
    marks.mkdir()
    world.fault("drop_after_commit", "cancelConsignment", times=1)
    async with world.kept_running(KILL_AT="after_settle", KILL_MARKS=str(marks)):
        await world.say("order.placed", order("WEB-1", ("HAT", 3)))
        await world.say("stock.picked", from_elsewhere("P-1", "NOWHERE"), times=2)
        await world.until_outcomes("pick.rejected", 1)
    assert {"update_consignment", "cancel"} <= {mark.name for mark in marks.iterdir()}
    assert [one.state for one in world.pro.state.consignments.values()] == [
        ConsignmentState.CANCELLED
    ]
    assert len(world.outcomes("pick.rejected")) == 1
    assert world.outcomes("consignment.created") == []
