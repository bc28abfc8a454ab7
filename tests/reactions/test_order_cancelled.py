"""order.cancelled → Cancel Consignments → consignment.cancelled, order.cancellation_applied | …"""

from typing import Any

import pytest

from sandbox.faults import FaultKind
from sandbox.states import ConsignmentState
from service.events.cancelling import (
    ConsignmentCancelled,
    OrderCancellationApplied,
    OrderCancellationRejected,
)
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentCreated,
    ConsignmentManifested,
    ConsignmentRejected,
    OrderRecorded,
    OrderRejected,
    PickRejected,
)
from service.events.reallocation import ConsignmentReallocationRejected
from service.events.said import Event
from service.ledger import leases
from service.ledger.leases import LeaseHeld
from service.ledger.operation import AwaitingLookup, Superseded
from service.ledger.tables import OrderState
from service.metrics import Name
from service.operations import NOTHING_TO_SAY, StillMoving
from service.pro.problems import Ambiguous, Retryable

from .goods import cancelled, item, manifest, picked, placed, reallocation, requested
from .world import World, only

CREATE, PACK, ALLOCATE = "createOrder", "packOrder", "allocateDefaultRules"


async def created(world: World, quantity: int = 1) -> ConsignmentCreated:
    """An order and its first consignment."""
    await world.react(placed("WEB-1", item(quantity=quantity)))
    return only(ConsignmentCreated, await world.react(picked()))


async def labelled(world: World, made: ConsignmentCreated) -> ConsignmentAllocated:
    """Allocate a consignment and fetch its labels."""
    allocated = only(ConsignmentAllocated, await world.react(made))
    await world.react(allocated)
    return allocated


def of(kind: type[Event], said: list[Event]) -> list[Event]:
    return [event for event in said if isinstance(event, kind)]


async def test_each_consignment_and_the_order_are_told(world: World) -> None:
    first = await created(world, quantity=3)
    second = only(ConsignmentCreated, await world.react(picked("P-2")))
    await labelled(world, first)
    *gone, applied = await world.react(cancelled(reason="changed her mind"))
    assert isinstance(applied, OrderCancellationApplied)
    names = (first.consignment_reference, second.consignment_reference)
    assert applied.consignments == names
    assert [type(event) for event in gone] == [ConsignmentCancelled] * 2
    for told in gone:
        assert isinstance(told, ConsignmentCancelled)
        known = await world.consignment(told.consignment_reference)
        assert (known.pro_state, known.label_sha256, known.tracking_references) == (
            "Cancelled",
            None,
            (),
        )
        assert (told.order_reference, told.reason) == ("WEB-1", "changed her mind")
    assert sorted(told.consignment_reference for told in gone) == sorted(names)  # type: ignore[attr-defined]
    assert world.alive() == []
    order = await world.order()
    assert (order.state, order.lines[0].picked, order.fully_packed) == ("cancelled", 0, False)
    assert world.calls("cancelConsignments") == 1
    assert "order cancelled" in await world.history()


async def test_it_is_said_again_whatever_the_reason_and_pro_is_not_asked_again(
    world: World,
) -> None:
    await created(world)
    first = await world.perform(cancelled())
    again = await world.perform(cancelled(reason="twice"))
    assert again == first
    assert len({said.id for said in first.announcements}) == 2
    assert world.calls("cancelConsignments") == 1


async def test_an_order_without_consignments_is_cancelled_without_asking_pro(
    world: World,
) -> None:
    await world.react(placed())
    before = len(world.state.calls)
    applied = only(OrderCancellationApplied, await world.react(cancelled()))
    assert applied.consignments == ()
    assert len(world.state.calls) == before


async def test_a_cancellation_before_its_order_wins(world: World) -> None:
    only(OrderCancellationApplied, await world.react(cancelled()))
    for content in (placed(), placed("WEB-1", item(quantity=2))):
        rejected = only(OrderRejected, await world.react(content))
        assert (rejected.rejection.source, rejected.rejection.code) == (
            "orderflex",
            "order_cancelled",
        )
    pick = only(PickRejected, await world.react(picked()))
    assert pick.rejection.code == "order_cancelled"
    assert world.calls(CREATE) == world.calls(PACK) == 0


async def test_what_was_recorded_is_still_said_so_after_the_cancellation(world: World) -> None:
    recorded = only(OrderRecorded, await world.react(placed()))
    await world.react(cancelled())
    assert only(OrderRecorded, await world.react(placed())) == recorded
    assert (await world.order()).state is OrderState.CANCELLED


async def test_nothing_more_is_packed(world: World) -> None:
    made = await created(world, quantity=2)
    await world.react(cancelled())
    rejected = only(PickRejected, await world.react(picked("P-2")))
    assert rejected.rejection.code == "order_cancelled"
    assert only(ConsignmentCreated, await world.react(picked())) == made
    assert world.calls(PACK) == 1


async def test_its_consignments_are_not_allocated_labelled_or_manifested(world: World) -> None:
    made = await created(world, quantity=2)
    other = only(ConsignmentCreated, await world.react(picked("P-2")))
    allocated = await labelled(world, other)
    world.state.consignments[other.consignment_reference].state = ConsignmentState.MANIFESTED
    await world.react(cancelled())
    assert await world.perform(made) is NOTHING_TO_SAY
    assert await world.perform(other) != NOTHING_TO_SAY  # it was allocated before: said again
    await world.react(manifest())
    assert world.calls(ALLOCATE) == 1
    assert world.calls("manifestFromQuery") == 0
    labels = world.calls("getLabelsInFormat")
    await world.perform(allocated)
    assert world.calls("getLabelsInFormat") == labels


async def test_what_is_too_late_is_told_one_by_one(world: World) -> None:
    first = await created(world, quantity=3)
    gone = only(ConsignmentCreated, await world.react(picked("P-2")))
    third = only(ConsignmentCreated, await world.react(picked("P-3")))
    for made in (first, third):
        world.state.consignments[made.consignment_reference].state = ConsignmentState.MANIFESTED
    told, rejected = await world.react(cancelled())
    assert isinstance(told, ConsignmentCancelled)
    assert isinstance(rejected, OrderCancellationRejected)
    assert told.consignment_reference == gone.consignment_reference
    assert rejected.consignments == (gone.consignment_reference,)
    assert [(each.target, each.code) for each in rejected.rejection.details] == [
        (first.consignment_reference, "too_late"),
        (third.consignment_reference, "too_late"),
    ]
    assert all("Manifested" in (each.message or "") for each in rejected.rejection.details)
    order = await world.order()
    assert (order.state, order.lines[0].picked) == ("cancelled", 2)
    only(PickRejected, await world.react(picked("P-4")))


async def test_a_manifest_that_runs_is_waited_for_and_its_end_is_told(world: World) -> None:
    made = await created(world)
    await labelled(world, made)
    await world.react(manifest())
    with pytest.raises(StillMoving):
        await world.react(cancelled())
    assert (await world.order()).state is OrderState.CANCELLED
    world.clock.forward(10)
    rejected = only(OrderCancellationRejected, await world.react(cancelled()))
    assert rejected.rejection.details[0].target == made.consignment_reference
    only(ConsignmentManifested, await world.do_timed_work())


async def test_what_was_set_ready_for_a_manifest_is_cancelled_and_leaves_it(world: World) -> None:
    made = await created(world)
    await labelled(world, made)
    world.fault("manifestFromQuery", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(manifest())
    await world.react(cancelled())
    assert world.alive() == []
    world.clock.forward(10)
    await world.react(manifest())
    world.clock.forward(1000)
    assert await world.do_timed_work() == []


async def test_a_manifest_that_meets_the_cancellation_half_way_says_nothing_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await created(world)
    await labelled(world, made)
    await world.react(manifest())
    state = world.state.consignments[made.consignment_reference]
    world.clock.forward(10)
    world.state.settle()
    state.state = ConsignmentState.READY_TO_SHIP  # PRO left it out
    really = world.confirm._read

    async def read_then_cancel(*asked: Any) -> object:
        seen = await really(*asked)
        await world.react(cancelled())
        return seen

    monkeypatch.setattr(type(world.confirm), "_read", lambda _self, *a: read_then_cancel(*a))
    world.clock.forward(1000)
    assert await world.do_timed_work() == []
    assert (await world.consignment(made.consignment_reference)).pro_state == "Cancelled"


async def test_a_pack_whose_answer_was_lost_is_looked_up_stored_and_then_cancelled(
    world: World,
) -> None:
    await world.react(placed())
    world.fault(PACK, FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    with pytest.raises(AwaitingLookup, match="pack"):
        await world.react(cancelled())
    assert (await world.order()).state is OrderState.CANCELLED
    world.clock.forward(5.1)
    made = only(ConsignmentCreated, await world.react(picked()))
    told, _ = await world.react(cancelled())
    assert isinstance(told, ConsignmentCancelled)
    assert told.consignment_reference == made.consignment_reference
    assert world.alive() == []
    assert world.calls(PACK) == 1


async def test_a_pack_that_never_arrived_is_not_repeated_for_a_cancelled_order(
    world: World,
) -> None:
    await world.react(placed())
    world.fault(PACK, FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    for seconds in (5.1, 25, 90):
        with pytest.raises(AwaitingLookup):
            await world.react(cancelled())
        with pytest.raises(AwaitingLookup):
            await world.react(picked())
        world.clock.forward(seconds)
    rejected = only(PickRejected, await world.react(picked()))
    assert rejected.rejection.code == "order_cancelled"
    only(OrderCancellationApplied, await world.react(cancelled()))
    assert world.calls(PACK) == 1
    assert (await world.order()).lines[0].picked == 0


async def test_what_a_rejected_pick_made_after_all_is_a_stray_and_cancelled(world: World) -> None:
    await world.react(placed())
    world.fault(PACK, FaultKind.LATE_COMMIT, seconds=600)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    with pytest.raises(AwaitingLookup):
        await world.react(cancelled())
    for seconds in (5.1, 25, 90):
        with pytest.raises(AwaitingLookup):
            await world.react(picked())
        world.clock.forward(seconds)
    only(PickRejected, await world.react(picked()))
    only(OrderCancellationApplied, await world.react(cancelled()))
    world.clock.forward(3600)
    assert len(world.alive()) == 1
    await world.do_timed_work()
    assert world.alive() == []
    assert world.counted(Name.STRAYS, ending="cancelled") == 1


async def test_an_order_whose_recording_is_in_doubt_is_not_recorded_again(world: World) -> None:
    world.fault(CREATE, FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(placed())
    only(OrderCancellationApplied, await world.react(cancelled()))
    rejected = only(OrderRejected, await world.react(placed()))
    assert rejected.rejection.code == "order_cancelled"
    assert world.calls(CREATE) == 1
    assert world.counted(Name.POSSIBLE_ORPHANS) == 1


@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER_COMMIT, FaultKind.DROP_BEFORE_COMMIT])
async def test_an_allocation_in_doubt_is_taken_back_and_looked_up_no_more(
    world: World, fault: FaultKind
) -> None:
    made = await created(world)
    world.fault(ALLOCATE, fault)
    with pytest.raises(Ambiguous):
        await world.react(made)
    told, _ = await world.react(cancelled())
    assert isinstance(told, ConsignmentCancelled)
    world.clock.forward(10)
    assert (await world.perform(made)).announcements == ()
    assert world.calls(ALLOCATE) == 1
    assert world.alive() == []


async def test_an_allocation_that_comes_too_late_to_be_stored_is_not_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that slept through its lease stores nothing over a cancellation."""
    made = await created(world)
    settle = world.journal.settle

    async def slept(claim: object, settlement: object, **how: object) -> object:
        monkeypatch.setattr(world.journal, "settle", settle)
        world.clock.forward(100)
        await world.react(cancelled())
        return await settle(claim, settlement, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(world.journal, "settle", slept)
    with pytest.raises(Superseded):
        await world.react(made)
    assert (await world.perform(made)).announcements == ()
    assert (await world.consignment(made.consignment_reference)).pro_state == "Cancelled"


@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER_COMMIT, FaultKind.DROP_BEFORE_COMMIT])
async def test_a_cancellation_whose_answer_was_lost_is_repeated_by_the_states(
    world: World, fault: FaultKind
) -> None:
    made = await created(world)
    await labelled(world, made)
    world.fault("cancelConsignments", fault)
    with pytest.raises(Ambiguous):
        await world.react(cancelled())
    with pytest.raises(AwaitingLookup):
        await world.react(cancelled())
    world.clock.forward(3)
    told, applied = await world.react(cancelled())
    assert isinstance(told, ConsignmentCancelled)
    assert isinstance(applied, OrderCancellationApplied)
    assert world.alive() == []
    assert [each.sequence for each in (told, applied)] == [5, 6]


async def test_what_pro_refuses_is_told_and_can_be_taken_up_by_people(world: World) -> None:
    made = await created(world)
    world.fault("cancelConsignments", FaultKind.BULK_ITEM_FAILURE, times=None, body="Not today.")
    rejected = only(OrderCancellationRejected, await world.react(cancelled()))
    (detail,) = rejected.rejection.details
    assert (detail.target, detail.message) == (made.consignment_reference, "Not today.")
    assert await world.perform(made) is NOTHING_TO_SAY
    assert (await world.order()).lines[0].picked == 1


async def test_a_return_is_cancelled_with_what_goes_out(world: World) -> None:
    await world.react(placed())
    assert len(await world.react(picked(generate_return=True))) == 2
    said = await world.react(cancelled())
    assert len(of(ConsignmentCancelled, said)) == 2
    assert world.alive() == []
    assert (await world.order()).lines[0].picked == 0


async def test_it_waits_for_whoever_holds_the_order(world: World) -> None:
    await world.react(placed())
    async with world.database.begin() as tx:
        await leases.take(tx, "order:WEB-1", 60)
    with pytest.raises(LeaseHeld):
        await world.react(cancelled())
    assert (await world.order()).state is OrderState.RECORDED
    world.clock.forward(61)
    only(OrderCancellationApplied, await world.react(cancelled()))


async def test_a_consignment_without_an_order_is_cancelled_by_its_own_reference(
    world: World,
) -> None:
    made = only(ConsignmentCreated, await world.react(requested("SAMPLE-1")))
    told, applied = await world.react(cancelled("SAMPLE-1"))
    assert isinstance(told, ConsignmentCancelled)
    assert isinstance(applied, OrderCancellationApplied)
    assert (told.order_reference, told.kafka_key) == (None, "SAMPLE-1")
    assert told.consignment_reference == made.consignment_reference
    assert world.alive() == []
    assert only(ConsignmentCreated, await world.react(requested("SAMPLE-1"))) == made


async def test_a_consignment_without_an_order_that_was_cancelled_before_is_not_made(
    world: World,
) -> None:
    await world.react(cancelled("SAMPLE-1"))
    rejected = only(ConsignmentRejected, await world.react(requested("SAMPLE-1")))
    assert rejected.rejection.code == "order_cancelled"
    assert world.alive() == []


async def test_a_pick_from_elsewhere_whose_origin_is_not_corrected_yet_is_taken_back(
    world: World,
) -> None:
    await world.react(placed())
    world.fault("updateConsignment", FaultKind.DROP_BEFORE_COMMIT)
    elsewhere = picked(shipping_location_reference="BRISTOL_WH")
    with pytest.raises(Ambiguous):
        await world.react(elsewhere)
    with pytest.raises(AwaitingLookup):
        await world.react(cancelled())
    world.clock.forward(3)
    rejected = only(PickRejected, await world.react(elsewhere))
    assert rejected.rejection.code == "order_cancelled"
    assert world.alive() == []
    applied = only(OrderCancellationApplied, await world.react(cancelled()))
    assert applied.consignments == ()
    assert only(PickRejected, await world.react(elsewhere)) == rejected
    assert (await world.order()).lines[0].picked == 0
    assert world.calls("updateConsignment") == 1


async def test_a_pick_from_elsewhere_that_was_announced_is_cancelled(world: World) -> None:
    await world.react(placed())
    made = only(
        ConsignmentCreated, await world.react(picked(shipping_location_reference="BRISTOL_WH"))
    )
    told, _ = await world.react(cancelled())
    assert isinstance(told, ConsignmentCancelled)
    assert told.consignment_reference == made.consignment_reference
    assert (await world.order()).lines[0].picked == 0


async def test_what_a_delivery_option_became_is_not_recorded_for_a_cancelled_order(
    world: World,
) -> None:
    option = await world.offered(requested("basket"))
    event = placed(delivery_option_reference=option)
    world.fault("getOrder", FaultKind.STATUS, status=503)
    with pytest.raises(Retryable):
        await world.react(event)
    only(OrderCancellationApplied, await world.react(cancelled()))
    rejected = only(OrderRejected, await world.react(event))
    assert rejected.rejection.code == "order_cancelled"
    assert only(OrderRejected, await world.react(event)) == rejected
    assert world.calls("updateOrder") == 0
    assert world.counted(Name.POSSIBLE_ORPHANS) == 1


async def test_what_could_not_be_cancelled_is_not_allocated_anew(world: World) -> None:
    made = await created(world)
    await labelled(world, made)
    world.fault("deallocateConsignments", FaultKind.BULK_ITEM_FAILURE, times=None, body="No.")
    await world.react(cancelled())
    world.state.faults.clear()
    again = reallocation(
        order_reference="WEB-1",
        pick_reference="P-1",
        consignment_reference=made.consignment_reference,
    )
    rejected = only(ConsignmentReallocationRejected, await world.react(again))
    assert rejected.rejection.code == "order_cancelled"
    assert world.calls(ALLOCATE) == 1


async def test_a_rejected_cancellation_can_be_done_again_under_ids_of_its_own(
    world: World,
) -> None:
    await created(world, quantity=2)
    second = only(ConsignmentCreated, await world.react(picked("P-2")))
    world.fault(
        "cancelConsignments",
        FaultKind.BULK_ITEM_FAILURE,
        times=2,
        match={"consignment_reference": second.consignment_reference},
    )
    said = [await world.perform(cancelled())]
    said += [
        await world.perform(cancelled(), again=(("cancel:WEB-1", attempt),)) for attempt in (1, 2)
    ]
    kinds = [[one.type for one in performed.announcements] for performed in said]
    assert kinds == [
        ["consignment.cancelled", "order.cancellation_rejected"],
        ["order.cancellation_rejected"],
        ["consignment.cancelled", "order.cancellation_applied"],
    ]
    ids = [one.id for performed in said for one in performed.announcements]
    assert len(set(ids)) == 5
    assert world.alive() == []
