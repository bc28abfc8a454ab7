"""consignment.reallocation_requested → deallocated → …reallocation_started → allocated anew"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from sandbox.faults import FaultKind
from sandbox.states import ConsignmentState
from service.events.allocation import Way
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentAllocationFailed,
    ConsignmentCreated,
    ConsignmentLabelled,
    ConsignmentManifested,
)
from service.events.reallocation import (
    ConsignmentReallocationRejected,
    ConsignmentReallocationStarted,
)
from service.events.topics import EventType
from service.ledger import consignments, standing
from service.ledger.operation import AwaitingLookup, ContentConflict
from service.operations import NOTHING_TO_SAY, TooEarly
from service.pro.problems import Ambiguous, Throttled
from service.reactions.consignment_allocated import FetchPapers

from .goods import item, manifest, picked, placed, reallocation
from .world import Meanwhile, World, only

S = ConsignmentState
HEAVY = {"value": 500, "unit": "kg"}
ECO = {"way": "carrier_service", "reference": "PP_ECO"}
INBOUND_ONLY = {"way": "carrier_service", "reference": "NL_RET"}
UNDOING = ("setNotReadyToShip", "deallocateConsignments")


async def created(world: World, *ways: dict[str, Any], **order: Any) -> ConsignmentCreated:
    await world.react(placed("WEB-1", item(**order)))
    return only(ConsignmentCreated, await world.react(picked(allocation=list(ways) or None)))


async def labelled(world: World) -> ConsignmentLabelled:
    """A consignment that is allocated and has its labels."""
    allocated = only(ConsignmentAllocated, await world.react(await created(world)))
    return only(ConsignmentLabelled, await world.react(allocated))


def undone(world: World) -> list[str]:
    return [call.operation for call in world.state.calls if call.operation in UNDOING]


async def test_it_is_allocated_anew_and_goes_all_the_way_on(world: World) -> None:
    before = await labelled(world)
    reference = before.consignment_reference
    old = await world.consignment(reference)
    asked = reallocation(consignment_reference=reference, allocation=[ECO], reason="van broken")
    started = only(ConsignmentReallocationStarted, await world.react(asked))
    assert (started.allocation_number, started.reason) == (2, "van broken")
    assert started.sequence == before.sequence + 1
    assert started.void_tracking_references == old.tracking_references
    between = await world.consignment(reference)
    assert (between.pro_state, between.allocation_number) == ("Unallocated", 2)
    assert between.allocation_ways == (Way.model_validate(ECO),)
    assert (between.label_sha256, between.label_address) == (None, None)
    assert (between.carrier_service_reference, between.tracking_references) == (None, ())
    allocated = only(ConsignmentAllocated, await world.react(started))
    assert (allocated.allocation_number, allocated.carrier_service.reference) == (2, "PP_ECO")
    assert not set(allocated.tracking_references) & set(old.tracking_references)
    again = only(ConsignmentLabelled, await world.react(allocated))
    assert again.allocation_number == 2
    assert again.labels.address != before.labels.address
    await world.react(manifest())
    world.clock.forward(10)
    assert only(ConsignmentManifested, await world.do_timed_work()).allocation_number == 2


async def test_delivered_again_it_is_said_again_and_nothing_is_done(world: World) -> None:
    before = await labelled(world)
    asked = reallocation(consignment_reference=before.consignment_reference)
    started = only(ConsignmentReallocationStarted, await world.react(asked))
    allocated = only(ConsignmentAllocated, await world.react(started))
    assert only(ConsignmentReallocationStarted, await world.react(asked)) == started
    assert only(ConsignmentAllocated, await world.react(started)) == allocated
    assert undone(world) == ["deallocateConsignments"]
    with pytest.raises(ContentConflict):
        await world.react(asked.model_copy(update={"allocation": (Way(way="none"),)}))


async def test_what_is_said_of_the_old_allocation_is_not_acted_on(world: World) -> None:
    made = await created(world)
    old = only(ConsignmentAllocated, await world.react(made))
    asked = reallocation(consignment_reference=made.consignment_reference)
    started = only(ConsignmentReallocationStarted, await world.react(asked))
    assert await world.perform(old) == NOTHING_TO_SAY
    assert await world.perform(made) == NOTHING_TO_SAY
    next_one = reallocation("R-2", consignment_reference=made.consignment_reference)
    third = only(ConsignmentReallocationStarted, await world.react(next_one))
    assert await world.perform(started) == NOTHING_TO_SAY
    assert only(ConsignmentAllocated, await world.react(third)).allocation_number == 3


async def test_what_failed_or_was_never_tried_just_starts(world: World) -> None:
    made = await created(world, INBOUND_ONLY)
    only(ConsignmentAllocationFailed, await world.react(made))
    reference = made.consignment_reference
    asked = reallocation(consignment_reference=reference, allocation=[{"way": "none"}])
    left = only(ConsignmentReallocationStarted, await world.react(asked))
    assert await world.react(left) == []
    asked = reallocation("R-2", consignment_reference=reference, allocation=[ECO])
    started = only(ConsignmentReallocationStarted, await world.react(asked))
    assert only(ConsignmentAllocated, await world.react(started)).allocation_number == 3
    assert undone(world) == []


async def test_a_lost_failure_of_a_later_allocation_is_asked_again(world: World) -> None:
    made = await created(world, weight=HEAVY)
    only(ConsignmentAllocationFailed, await world.react(made))
    asked = reallocation(consignment_reference=made.consignment_reference)
    started = only(ConsignmentReallocationStarted, await world.react(asked))
    world.fault("allocateDefaultRules", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(started)
    world.clock.forward(3)
    failed = only(ConsignmentAllocationFailed, await world.react(started))
    assert failed.allocation_number == 2
    assert world.calls("allocateDefaultRules") == 3


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER_COMMIT, FaultKind.DROP_BEFORE_COMMIT])
async def test_a_lost_answer_is_read_from_the_state(world: World, kind: FaultKind) -> None:
    before = await labelled(world)
    asked = reallocation(consignment_reference=before.consignment_reference)
    world.fault("deallocateConsignments", kind)
    with pytest.raises(Ambiguous):
        await world.react(asked)
    with pytest.raises(AwaitingLookup):
        await world.react(asked)
    world.clock.forward(3)
    started = only(ConsignmentReallocationStarted, await world.react(asked))
    assert started.allocation_number == 2
    allocated = only(ConsignmentAllocated, await world.react(started))
    assert world.state.consignments[before.consignment_reference].allocation_count == 2
    assert allocated.allocation_number == 2


async def test_a_death_between_the_deallocation_and_its_outcome(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await labelled(world)
    asked = reallocation(consignment_reference=before.consignment_reference)

    async def die(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(world.journal, "settle", die)
        dying.setattr(world.journal, "lose", die)
        with pytest.raises(asyncio.CancelledError):
            await world.react(asked)
    known = await world.consignment(before.consignment_reference)
    assert (known.allocation_number, known.label_sha256) == (1, before.labels.sha256)
    assert (
        world.state.consignments[before.consignment_reference].state is ConsignmentState.UNALLOCATED
    )
    world.clock.forward(70)
    started = only(ConsignmentReallocationStarted, await world.react(asked))
    assert started.allocation_number == 2
    assert undone(world) == ["deallocateConsignments"]


async def test_ready_to_ship_leaves_its_batch_and_joins_the_next(world: World) -> None:
    before = await labelled(world)
    reference = before.consignment_reference
    world.fault("manifestFromQuery", FaultKind.STATUS, status=429)
    with pytest.raises(Throttled):
        await world.react(manifest("M-1"))
    assert world.state.consignments[reference].state is S.READY_TO_SHIP
    asked = reallocation(consignment_reference=reference)
    started = only(ConsignmentReallocationStarted, await world.react(asked))
    assert undone(world) == ["setNotReadyToShip", "deallocateConsignments"]
    assert (await world.consignment(reference)).manifest_reference is None
    await world.react(manifest("M-1"))
    allocated = only(ConsignmentAllocated, await world.react(started))
    await world.react(manifest("M-2"))
    assert (await world.consignment(reference)).manifest_reference is None
    await world.react(allocated)
    await world.react(manifest("M-3"))
    world.clock.forward(10)
    assert only(ConsignmentManifested, await world.do_timed_work()).manifest_reference == "M-3"


async def test_while_it_is_being_manifested_the_request_waits(world: World) -> None:
    before = await labelled(world)
    reference = before.consignment_reference
    asked = reallocation(consignment_reference=reference)
    await world.react(manifest())
    with pytest.raises(TooEarly):
        await world.react(asked)
    world.clock.forward(10)
    await world.do_timed_work()
    rejected = only(ConsignmentReallocationRejected, await world.react(asked))
    assert rejected.rejection.code == "too_late"
    assert rejected.allocation_number == 1
    assert only(ConsignmentReallocationRejected, await world.react(asked)) == rejected
    assert (await world.consignment(reference)).label_sha256 == before.labels.sha256
    assert undone(world) == []


async def test_what_is_queued_for_its_manifest_stays_though_pro_has_not_begun(world: World) -> None:
    before = await labelled(world)
    await world.react(manifest())
    world.state.consignments[before.consignment_reference].state = S.READY_TO_SHIP
    with pytest.raises(TooEarly):
        await world.react(reallocation(consignment_reference=before.consignment_reference))
    assert undone(world) == []


@pytest.mark.parametrize("operation", ["setReadyToShip", "manifestFromQuery"])
async def test_while_a_manifest_is_in_doubt_its_consignments_stay(
    world: World, operation: str
) -> None:
    before = await labelled(world)
    asked = reallocation(consignment_reference=before.consignment_reference)
    world.fault(operation, FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(manifest())
    with pytest.raises(TooEarly):
        await world.react(asked)
    assert undone(world) == []


async def test_a_failed_manifest_lets_it_go(world: World) -> None:
    before = await labelled(world)
    reference = before.consignment_reference
    rule = {"match": {"consignment_reference": reference}}
    world.fault("manifestFromQuery", FaultKind.MANIFEST_FAILURE, **rule)
    await world.react(manifest())
    world.clock.forward(10)
    await world.do_timed_work()
    asked = reallocation(consignment_reference=reference)
    only(ConsignmentReallocationStarted, await world.react(asked))
    assert undone(world) == ["deallocateConsignments"]


@pytest.mark.parametrize("state", [S.MANIFESTED, S.DISPATCHED, S.DELIVERED, S.CANCELLED])
async def test_what_left_without_our_knowing_stays(world: World, state: ConsignmentState) -> None:
    before = await labelled(world)
    world.state.consignments[before.consignment_reference].state = state
    asked = reallocation(consignment_reference=before.consignment_reference)
    rejected = only(ConsignmentReallocationRejected, await world.react(asked))
    assert rejected.rejection.code == "too_late"
    assert state.value in rejected.rejection.message


async def test_what_is_cancelled_stays_cancelled(world: World) -> None:
    made = await created(world)
    async with world.database.begin() as tx:
        await consignments.move(tx, made.consignment_reference, "Cancelled")
    asked = reallocation(consignment_reference=made.consignment_reference)
    rejected = only(ConsignmentReallocationRejected, await world.react(asked))
    assert rejected.rejection.code == "cancelled"


async def test_what_pro_does_not_know_can_not_be_allocated(world: World) -> None:
    made = await created(world)
    del world.state.consignments[made.consignment_reference]
    asked = reallocation(consignment_reference=made.consignment_reference)
    rejected = only(ConsignmentReallocationRejected, await world.react(asked))
    assert rejected.rejection.code == "unknown_to_pro"


async def test_what_pro_refuses_is_told_and_may_be_manifested_all_the_same(world: World) -> None:
    before = await labelled(world)
    reference = before.consignment_reference
    world.fault("manifestFromQuery", FaultKind.STATUS, status=429)
    with pytest.raises(Throttled):
        await world.react(manifest("M-1"))
    rule = {"match": {"consignment_reference": reference}, "status": 400, "body": "Not now."}
    world.fault("deallocateConsignments", FaultKind.BULK_ITEM_FAILURE, **rule)
    asked = reallocation(consignment_reference=reference)
    rejected = only(ConsignmentReallocationRejected, await world.react(asked))
    assert "Not now." in rejected.rejection.message
    known = await world.consignment(reference)
    assert (known.pro_state, known.manifest_reference) == ("Allocated", None)
    await world.react(manifest("M-2"))
    world.clock.forward(10)
    assert only(ConsignmentManifested, await world.do_timed_work()).allocation_number == 1


async def test_what_was_refused_may_be_asked_for_again_by_a_person(world: World) -> None:
    before = await labelled(world)
    reference = before.consignment_reference
    rule = {"match": {"consignment_reference": reference}, "status": 400, "body": "Not now."}
    world.fault("deallocateConsignments", FaultKind.BULK_ITEM_FAILURE, times=2, **rule)
    asked = reallocation(consignment_reference=reference)
    first = await world.perform(asked)
    again = {"again": ((first.operation_key, 1),)}
    second = await world.perform(asked, **again)
    assert [said.type for said in second.announcements] == ["consignment.reallocation_rejected"]
    assert first.announcements[0].id != second.announcements[0].id
    again = {"again": ((first.operation_key, 2),)}
    only(ConsignmentReallocationStarted, await world.react(asked, **again))


async def test_it_waits_while_the_present_allocation_is_in_doubt(world: World) -> None:
    made = await created(world, INBOUND_ONLY, {"way": "default_rules"})
    asked = reallocation(consignment_reference=made.consignment_reference)
    world.fault("allocateDefaultRules", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(made)
    with pytest.raises(TooEarly):
        await world.react(asked)
    world.clock.forward(3)
    only(ConsignmentAllocated, await world.react(made))
    only(ConsignmentReallocationStarted, await world.react(asked))


async def test_a_state_that_passes_is_waited_out(world: World) -> None:
    made = await created(world)
    world.state.consignments[made.consignment_reference].state = S.ALLOCATING
    asked = reallocation(consignment_reference=made.consignment_reference)
    with pytest.raises(TooEarly, match="Allocating"):
        await world.react(asked)
    assert "answer lost" not in await world.history()


async def test_only_the_ledgers_consignments_and_under_their_own_key(world: World) -> None:
    made = await created(world)
    with pytest.raises(TooEarly):
        await world.react(reallocation(consignment_reference="EC-unknown"))
    other = reallocation(consignment_reference=made.consignment_reference, order_reference="WEB-2")
    with pytest.raises(ContentConflict):
        await world.react(other)


async def test_papers_of_an_allocation_that_is_given_up_meanwhile_are_not_fetched(
    world: World,
) -> None:
    allocated = only(ConsignmentAllocated, await world.react(await created(world)))
    asked = reallocation(consignment_reference=allocated.consignment_reference)
    fetch = world.reactions[EventType.CONSIGNMENT_ALLOCATED]
    assert isinstance(fetch, FetchPapers)
    slow = Meanwhile(fetch.operations, [asked], world)
    world.reactions[EventType.CONSIGNMENT_ALLOCATED] = replace(fetch, operations=slow)  # type: ignore[arg-type]
    assert await world.react(allocated) == []
    assert world.calls("getLabels") == 0
    assert (await world.consignment(allocated.consignment_reference)).label_sha256 is None


async def test_papers_whose_fetching_was_broken_off_are_not_waited_for(world: World) -> None:
    allocated = only(ConsignmentAllocated, await world.react(await created(world)))
    world.fault("getLabelsInFormat", FaultKind.LATENCY, seconds=5)
    fetching = asyncio.create_task(world.react(allocated))
    await asyncio.sleep(0.3)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    reference = allocated.consignment_reference
    only(
        ConsignmentReallocationStarted,
        await world.react(reallocation(consignment_reference=reference)),
    )
    async with world.database.begin() as tx:
        assert not await standing.is_any_open(tx, [f"labels:{reference}:1"])
