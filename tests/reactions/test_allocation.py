"""consignment.created → allocate → consignment.allocated | consignment.allocation_failed"""

from dataclasses import replace

import pytest

from sandbox.faults import FaultKind
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentAllocationFailed,
    ConsignmentCreated,
)
from service.ledger.operation import AwaitingLookup
from service.metrics import Name
from service.operations import NOTHING_TO_SAY, StillMoving, TooEarly
from service.pro.problems import Ambiguous

from .goods import item, picked, placed
from .world import World, only

HEAVY = {"value": 500, "unit": "kg"}


@pytest.fixture
async def created(world: World) -> ConsignmentCreated:
    """A consignment that waits for its allocation."""
    await world.react(placed())
    return only(ConsignmentCreated, await world.react(picked()))


async def test_a_consignment_is_given_a_carrier_service(
    world: World, created: ConsignmentCreated
) -> None:
    allocated = only(ConsignmentAllocated, await world.react(created))
    assert allocated.carrier.reference
    assert allocated.carrier_service.name
    assert allocated.tracking_references
    assert allocated.sequence == created.sequence + 1
    known = await world.consignment(created.consignment_reference)
    assert known.pro_state == "Allocated"
    assert known.tracking_references == allocated.tracking_references
    await world.react(created)
    assert world.calls("allocateDefaultRules") == 1


async def test_without_a_service_that_takes_it_the_allocation_failed(world: World) -> None:
    await world.react(placed("WEB-1", item(weight=HEAVY)))
    created = only(ConsignmentCreated, await world.react(picked()))
    failed = only(ConsignmentAllocationFailed, await world.react(created))
    assert "No service can take" in failed.rejection.message
    known = await world.consignment(created.consignment_reference)
    assert known.pro_state == "AllocationFailed"
    assert only(ConsignmentAllocationFailed, await world.react(created)) == failed


async def test_a_lost_answer_is_read_from_the_consignments_state(
    world: World, created: ConsignmentCreated
) -> None:
    world.fault("allocateDefaultRules", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(created)
    with pytest.raises(AwaitingLookup):
        await world.react(created)
    world.clock.forward(3)
    allocated = only(ConsignmentAllocated, await world.react(created))
    (made,) = world.alive()
    assert made.allocation is not None
    assert allocated.carrier_service.reference == made.allocation.service.reference
    assert world.calls("allocateDefaultRules") == 1
    assert made.allocation_count == 1


async def test_a_lost_failure_is_read_from_the_consignments_state(world: World) -> None:
    await world.react(placed("WEB-1", item(weight=HEAVY)))
    created = only(ConsignmentCreated, await world.react(picked()))
    world.fault("allocateDefaultRules", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(created)
    world.clock.forward(3)
    only(ConsignmentAllocationFailed, await world.react(created))
    assert world.calls("allocateDefaultRules") == 1


async def test_an_allocation_that_takes_its_time_is_waited_out(
    world: World, created: ConsignmentCreated
) -> None:
    world.state.options = replace(world.state.options, allocation_seconds=10)
    with pytest.raises(Ambiguous, match="taken it up"):
        await world.react(created)
    world.clock.forward(3)
    with pytest.raises(StillMoving):
        await world.react(created)
    world.clock.forward(10)
    only(ConsignmentAllocated, await world.react(created))
    assert world.calls("allocateDefaultRules") == 1


async def test_only_what_the_ledger_knows_is_allocated(
    world: World, created: ConsignmentCreated
) -> None:
    unknown = created.model_copy(update={"consignment_reference": "EC-unknown"})
    with pytest.raises(TooEarly):
        await world.react(unknown)
    other = created.model_copy(update={"allocation_number": 2})
    assert await world.perform(other) == NOTHING_TO_SAY
    assert world.calls("allocateDefaultRules") == 0


async def with_a_stray(world: World) -> ConsignmentCreated:
    """A pick that PRO packed again, late, after it had been asked again."""
    await world.react(placed())
    world.fault("packOrder", FaultKind.LATE_COMMIT, seconds=600)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    world.clock.forward(300)
    created = only(ConsignmentCreated, await world.react(picked()))
    world.clock.forward(600)
    assert len(world.alive()) == 2
    return created


async def test_strays_are_cancelled_before_the_allocation(world: World) -> None:
    created = await with_a_stray(world)
    only(ConsignmentAllocated, await world.react(created))
    assert [each.reference for each in world.alive()] == [created.consignment_reference]
    assert world.counted(Name.STRAYS, ending="cancelled") == 1
    await world.react(created)
    assert world.calls("cancelConsignment") == 1


async def test_strays_are_cancelled_by_the_search_after_an_hour(world: World) -> None:
    created = await with_a_stray(world)
    world.clock.forward(3600)
    assert await world.do_timed_work() == []
    assert [each.reference for each in world.alive()] == [created.consignment_reference]


async def test_a_stray_that_somebody_allocated_is_shown_and_left(world: World) -> None:
    created = await with_a_stray(world)
    (stray,) = [e for e in world.alive() if e.reference != created.consignment_reference]
    await world.pro.allocate_default_rules([stray.reference])
    only(ConsignmentAllocated, await world.react(created))
    assert len(world.alive()) == 2
    assert world.counted(Name.STRAYS, ending="left") == 1
    assert "stray consignment found" in await world.history()
