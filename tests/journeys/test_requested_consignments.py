"""A consignment without an order: requested, and from there on the way of all consignments."""

from typing import Any

import pytest

from .world import World, manifest, order, pick

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

REFERENCE = "REPAIR-1"


def request(reference: str = REFERENCE, **more: object) -> dict[str, Any]:
    goods = {k: v for k, v in order("none", ("HAT", 1)).items() if k != "order_reference"}
    return {"consignment_reference_provided_by_customer": reference, **goods, **more}


async def started(world: World) -> None:
    """Start the service."""
    world.start_service()
    await world.ready()


async def test_the_whole_way_under_its_own_reference(world: World) -> None:
    await started(world)
    await world.say("consignment.requested", request(), times=2)
    await world.until_outcomes("consignment.labelled", 1)
    await world.say("manifest.requested", manifest("M-1"))
    await world.until_outcomes("consignment.manifested", 1)
    told = world.outcomes()
    assert [said.type for said in told] == [
        "consignment.created",
        "consignment.allocated",
        "consignment.labelled",
        "consignment.manifested",
    ]
    for number, said in enumerate(told, start=1):
        assert said.key == REFERENCE
        assert said.data["consignment_reference_provided_by_customer"] == REFERENCE
        assert "order_reference" not in said.data
        assert "pick_reference" not in said.data
        assert said.data["sequence"] == number
    assert [len(made) for made in (await world.consignments_of_picks()).values()] == [1]


@pytest.mark.parametrize("kind", ["drop_after_commit", "drop_before_commit", "garbage"])
async def test_a_lost_answer_makes_no_second_one(world: World, kind: str) -> None:
    await started(world)
    world.fault(kind, "createConsignment", times=1)
    await world.say("consignment.requested", request())
    await world.until_outcomes("consignment.labelled", 1)
    assert await world.consignments_of_picks() == {
        REFERENCE: [world.outcomes("consignment.created")[0].data["consignment_reference"]]
    }


@pytest.mark.parametrize("point", ["after_claim", "after_answer", "after_settle", "after_publish"])
async def test_one_consignment_and_every_outcome_though_killed(world: World, point: str) -> None:
    marks = world.folder / "marks"
    marks.mkdir()
    async with world.kept_running(KILL_AT=point, KILL_MARKS=str(marks)):
        await world.say("consignment.requested", request(), times=2)
        await world.until_outcomes("consignment.labelled", 1)
    deaths = {mark.name for mark in marks.iterdir()}  # by operation, later by outcome
    assert deaths & {"create_consignment", "consignment.created"}, f"it died only at {deaths}"
    assert [len(made) for made in (await world.consignments_of_picks()).values()] == [1]
    assert len(world.outcomes("consignment.created")) == 1


async def test_a_late_commit_makes_a_stray_that_is_cancelled_and_never_ships(
    world: World,
) -> None:
    world.environment["ORDERFLEX_STRAY_SEARCH_AFTER"] = "5,8"
    await started(world)
    world.fault("late_commit", "createConsignment", times=1, seconds=4)
    await world.say("consignment.requested", request())
    await world.until_outcomes("consignment.labelled", 1)
    ours = world.outcomes("consignment.created")[0].data["consignment_reference"]

    def states() -> dict[str, str]:
        world.pro.state.settle()
        return {one.reference: str(one.state) for one in world.pro.state.consignments.values()}

    await world.until(lambda: "Cancelled" in states().values(), "the stray is cancelled")
    assert states()[ours] == "Allocated"
    assert [state for one, state in states().items() if one != ours] == ["Cancelled"]


async def test_what_pro_refuses_is_told_and_its_reference_is_free(world: World) -> None:
    await started(world)
    await world.say("consignment.requested", request(origin="NOWHERE"))
    (rejected,) = await world.until_outcomes("consignment.rejected", 1)
    assert rejected.key == REFERENCE
    assert rejected.data["rejection"]["source"] == "pro"
    await world.say("consignment.requested", request())
    await world.until_outcomes("consignment.labelled", 1)


async def test_a_reference_that_is_an_orders_is_a_conflict_that_holds_nobody(world: World) -> None:
    await started(world)
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.until_outcomes("order.recorded", 1)
    await world.say("consignment.requested", request("WEB-1"))
    await world.until(lambda: len(world.dead_letters) == 1, "the conflict is a dead letter")
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1)

    await world.say("consignment.requested", request())
    await world.until_outcomes("consignment.created", 1, order_reference=None)
    await world.say("order.placed", order(REFERENCE, ("HAT", 1)))
    await world.until(lambda: len(world.dead_letters) == 2, "the other conflict too")
    assert {letter.headers["orderflex_error_class"] for letter in world.dead_letters} == {
        "conflict"
    }
    details = [letter.headers["orderflex_error_detail"] for letter in world.dead_letters]
    assert "is the reference of an order already" in details[0]
    assert "is the reference of a consignment without an order already" in details[1]
    assert len(await world.calls("createConsignment")) == 1
    assert len(await world.calls("createOrder")) == 1
