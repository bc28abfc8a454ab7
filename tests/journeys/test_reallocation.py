"""A consignment is allocated again on request, through Kafka, whatever dies in between."""

from typing import Any

import pytest

from .world import Heard, World, manifest, order, pick

pytestmark = [pytest.mark.kafka]

SERVICE = {"way": "carrier_service", "reference": "PP_ECO"}
RETURNS = {"way": "carrier_service", "reference": "NL_RET"}


async def labelled(world: World, **picked: object) -> Heard:
    """A consignment with its labels."""
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)], **picked))
    return (await world.until_outcomes("consignment.labelled", 1))[0]


async def reallocate(world: World, of: Heard, request: str = "R-1", **more: Any) -> None:
    await world.say(
        "consignment.reallocation_requested",
        {
            "order_reference": "WEB-1",
            "consignment_reference": of.data["consignment_reference"],
            "request_reference": request,
            **more,
        },
    )


async def test_it_is_allocated_labelled_and_manifested_anew(world: World) -> None:
    world.start_service()
    await world.ready()
    first = await labelled(world)
    await reallocate(world, first, allocation=[SERVICE], reason="the van broke down")
    (second,) = await world.until_outcomes("consignment.labelled", 1, allocation_number=2)
    assert second.data["labels"]["address"] != first.data["labels"]["address"]
    (started,) = world.outcomes("consignment.reallocation_started")
    old, new = world.outcomes("consignment.allocated")
    assert started.data["void_tracking_references"] == old.data["tracking_references"]
    assert new.data["carrier_service"]["reference"] == "PP_ECO"
    await world.say("manifest.requested", manifest("M-1"))
    (manifested,) = await world.until_outcomes("consignment.manifested", 1)
    assert manifested.data["allocation_number"] == 2
    await reallocate(world, first, "R-2")
    (rejected,) = await world.until_outcomes("consignment.reallocation_rejected", 1)
    assert rejected.data["rejection"]["code"] == "too_late"
    sequences = [one.data["sequence"] for one in world.outcomes()]
    assert sorted(sequences) == list(range(1, len(sequences) + 1))


async def test_an_allocation_that_failed_is_tried_in_another_way(world: World) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)], allocation=[RETURNS]))
    (failed,) = await world.until_outcomes("consignment.allocation_failed", 1)
    await reallocate(world, failed, allocation=[SERVICE])
    await world.until_outcomes("consignment.labelled", 1, allocation_number=2)
    assert await world.calls("deallocateConsignments") == []


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_at_the_deallocation_it_starts_once(world: World, when: str) -> None:
    async with world.kept_running():
        await world.ready()
        first = await labelled(world)
        world.fault(f"timeout_{when}_commit", "deallocateConsignments", times=1, seconds=5)
        await reallocate(world, first)
        await world.until(
            lambda: any(f.fired for f in world.pro.state.faults.listing()), "it is deallocated"
        )
        world.services[-1].kill()
        await world.until_outcomes("consignment.labelled", 1, allocation_number=2)
    assert len(world.outcomes("consignment.reallocation_started")) == 1
    (made,) = world.pro.state.consignments.values()
    assert made.allocation_count == 2
    assert world.dead_letters == []


async def test_a_request_ahead_of_its_consignment_waits_and_holds_nobody(world: World) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 2)))
    await world.until_outcomes("order.recorded", 1)
    request = {
        "order_reference": "WEB-1",
        "consignment_reference": "EC-nowhere",
        "request_reference": "R-0",
    }
    await world.say("consignment.reallocation_requested", request)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1)
    assert world.outcomes("consignment.reallocation_rejected") == []
    assert world.dead_letters == []
