"""An order is cancelled, or a pick withdrawn, at any moment; nothing is left that is not told."""

from typing import Any

import pytest

from .killable import POINTS
from .world import World, manifest, order, pick

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def cancel(reference: str, **more: object) -> dict[str, object]:
    return {"order_reference": reference, **more}


def withdraw(reference: str, pick_reference: str) -> dict[str, object]:
    return {"order_reference": reference, "pick_reference": pick_reference}


def states_in_pro(world: World) -> list[str]:
    """PRO's state of each consignment."""
    world.pro.state.settle()
    return sorted(one.state.value for one in world.pro.state.consignments.values())


def references(world: World, event: str, **wanted: object) -> set[str]:
    return {one.data["consignment_reference"] for one in world.outcomes(event, **wanted)}


async def test_what_was_packed_and_labelled_is_cancelled_and_nothing_follows(
    world: World,
) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 3)))
    for number in (1, 2):
        await world.say("stock.picked", pick("WEB-1", f"P-{number}", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 2)
    await world.say("order.cancelled", cancel("WEB-1", reason="ordered twice"), times=2)
    (applied,) = await world.until_outcomes("order.cancellation_applied", 1)
    assert len(world.outcomes("consignment.cancelled", reason="ordered twice")) == 2
    assert references(world, "consignment.cancelled") == set(applied.data["consignments"])
    assert set(states_in_pro(world)) == {"Cancelled"}
    assert len(await world.calls("cancelConsignments")) == 1
    await world.say("stock.picked", pick("WEB-1", "P-3", [("HAT", 1)]))
    (rejected,) = await world.until_outcomes("pick.rejected", 1)
    assert rejected.data["rejection"]["code"] == "order_cancelled"
    said = world.outcomes()
    assert {outcome.key for outcome in said} == {"WEB-1"}
    assert sorted(one.data["sequence"] for one in said) == list(range(1, len(said) + 1))
    assert world.dead_letters == []


async def test_a_cancellation_before_its_order_wins(world: World) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.cancelled", cancel("WEB-1"))
    await world.until_outcomes("order.cancellation_applied", 1)
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    (rejected,) = await world.until_outcomes("order.rejected", 1)
    assert rejected.data["rejection"]["code"] == "order_cancelled"
    assert await world.calls("createOrder") == []


async def test_a_cancellation_passes_a_hold(world: World) -> None:
    world.start_service(ORDERFLEX_DEADLINE="1.5")
    await world.ready()
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until(lambda: len(world.dead_letters) == 1, "the pick is given up")
    await world.say("order.placed", order("WEB-1", ("HAT", 2)))
    await world.until_outcomes("order.recorded", 1)
    await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 1)]))
    await world.say("order.cancelled", cancel("WEB-1"))
    await world.until_outcomes("order.cancellation_applied", 1)
    assert await world.calls("packOrder") == []


async def test_what_a_lost_pack_made_is_found_told_and_cancelled(world: World) -> None:
    world.start_service(ORDERFLEX_LOOKUPS_AFTER="2,3,4")
    await world.ready()
    world.fault("drop_after_commit", "packOrder", times=1)
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until(lambda: bool(world.pro.state.consignments), "PRO has packed it")
    await world.say("order.cancelled", cancel("WEB-1"))
    await world.until_outcomes("order.cancellation_applied", 1)
    assert references(world, "consignment.created") == references(world, "consignment.cancelled")
    assert set(states_in_pro(world)) == {"Cancelled"}
    assert len(await world.calls("packOrder")) == 1
    assert world.outcomes("consignment.allocated") == []


async def test_a_pack_that_never_arrived_is_rejected_and_not_repeated(world: World) -> None:
    world.start_service(ORDERFLEX_LOOKUPS_AFTER="1,2,3")
    await world.ready()
    world.fault("drop_before_commit", "packOrder", times=1)
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until(
        lambda: any(call.operation == "packOrder" for call in world.pro.state.calls), "it is asked"
    )
    await world.say("order.cancelled", cancel("WEB-1"))
    await world.until_outcomes("order.cancellation_applied", 1)
    (rejected,) = world.outcomes("pick.rejected")
    assert rejected.data["rejection"]["code"] == "order_cancelled"
    assert len(await world.calls("packOrder")) == 1


async def test_what_is_manifested_is_too_late_and_told(world: World) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 2)))
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1)
    await world.say("manifest.requested", manifest("M-1"))
    await world.until_outcomes("consignment.manifested", 1)
    await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 2)
    await world.say("order.cancelled", cancel("WEB-1"))
    (rejected,) = await world.until_outcomes("order.cancellation_rejected", 1)
    (detail,) = rejected.data["rejection"]["details"]
    assert {detail["target"]} == references(world, "consignment.manifested")
    assert references(world, "consignment.cancelled") == set(rejected.data["consignments"])
    assert states_in_pro(world) == ["Cancelled", "Manifested"]


async def test_a_withdrawn_pick_is_picked_again_under_a_new_reference(world: World) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.say("pick.withdrawn", withdraw("WEB-1", "P-1"))  # it waits for its pick
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("pick.withdrawal_applied", 1)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))  # a repetition
    await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1, pick_reference="P-2")
    await world.say("manifest.requested", manifest("M-1"))
    (manifested,) = await world.until_outcomes("consignment.manifested", 1)
    assert manifested.data["pick_reference"] == "P-2"
    assert states_in_pro(world) == ["Cancelled", "Manifested"]
    assert len(await world.calls("packOrder")) == 2
    assert world.dead_letters == []


@pytest.mark.parametrize("point", POINTS)
async def test_it_is_cancelled_once_and_told_though_killed(world: World, point: str) -> None:
    marks = world.folder / "marks"
    marks.mkdir()
    async with world.kept_running(KILL_AT=point, KILL_MARKS=str(marks)):
        await world.say("order.placed", order("WEB-1", ("HAT", 2)), times=2)
        await world.say("order.placed", order("WEB-2", ("HAT", 1)), times=2)
        await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]), times=2)
        await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 1)]), times=2)
        await world.say("stock.picked", pick("WEB-2", "P-1", [("HAT", 1)]), times=2)
        await world.until(
            lambda: len(world.outcomes("consignment.labelled")) == 3, "all labelled", seconds=80
        )
        await world.say("order.cancelled", cancel("WEB-1"), times=2)
        await world.say("pick.withdrawn", withdraw("WEB-2", "P-1"), times=2)
        await world.until(
            lambda: bool(
                world.outcomes("order.cancellation_applied")
                and world.outcomes("pick.withdrawal_applied")
            ),
            "both are told",
            seconds=80,
        )
    deaths = {mark.name for mark in marks.iterdir()}
    assert deaths & {"cancel", "consignment.cancelled"}, f"it died only at {deaths}"
    assert references(world, "consignment.cancelled") == references(world, "consignment.created")
    assert len(world.outcomes("consignment.cancelled")) == 3
    assert set(states_in_pro(world)) == {"Cancelled"}
    assert world.dead_letters == []


@pytest.mark.postgresql
async def test_whenever_it_is_cancelled_nothing_is_left_that_is_not_told(
    world_on_postgresql: World,
) -> None:
    """Cancellations meet each step of their orders, on two replicas."""
    world, count = world_on_postgresql, 12
    world.start_service()
    await world.ready()
    world.start_service(ORDERFLEX_HTTP_PORT="0")
    world.fault("latency", "*", seconds=0.05)
    world.fault("drop_after_commit", "packOrder", probability=0.2)
    world.fault("drop_after_commit", "allocateDefaultRules", probability=0.2)
    for number in range(count):
        await world.say("order.placed", order(f"WEB-{number}", ("HAT", 2)))
        await world.say("stock.picked", pick(f"WEB-{number}", "P-1", [("HAT", 1)]))
        await world.say("stock.picked", pick(f"WEB-{number}", "P-2", [("HAT", 1)]))
        if number >= 4:  # so each is met at another step
            await world.say("order.cancelled", cancel(f"WEB-{number - 4}"))
    for number in range(count - 4, count):
        await world.say("order.cancelled", cancel(f"WEB-{number}"))
    await world.until(
        lambda: len(world.outcomes("order.cancellation_applied")) == count,
        "all are cancelled",
        seconds=90,
    )
    await world.until(
        lambda: (
            len({(o.data["order_reference"], o.data["pick_reference"]) for o in answers(world)})
            == 2 * count
        ),
        "each pick is answered",
        seconds=60,
    )
    created = references(world, "consignment.created")
    assert references(world, "consignment.cancelled") == created
    assert set(states_in_pro(world)) <= {"Cancelled"}
    assert world.dead_letters == []


def answers(world: World) -> list[Any]:
    return [*world.outcomes("consignment.created"), *world.outcomes("pick.rejected")]
