"""consignment.requested → Create Consignment → consignment.created | consignment.rejected"""

import pytest

from sandbox.faults import FaultKind
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentCreated,
    ConsignmentLabelled,
    ConsignmentRejected,
    PickRejected,
)
from service.events.said import Event
from service.ledger.operation import AwaitingLookup, ContentConflict, ReferenceTaken
from service.ledger.tables import OrderState
from service.ledger.upgrade import restored
from service.metrics import Name
from service.pro.mapping import create_consignment_request
from service.pro.problems import Ambiguous

from .goods import item, picked, placed, requested, shipment
from .world import World, only

REFERENCE = "REPAIR-1"


async def test_a_request_becomes_a_consignment_that_names_no_order(world: World) -> None:
    created = only(ConsignmentCreated, await world.react(requested(tags=["Fragile"])))
    (made,) = world.alive()
    assert (made.reference, made.customer_reference) == (created.consignment_reference, REFERENCE)
    assert made.tags == ["Fragile"]
    assert (created.order_reference, created.pick_reference) == (None, None)
    assert (created.kafka_key, created.sequence) == (REFERENCE, 1)
    assert created.shipping_location_reference == "LEEDS_DC"
    assert (await world.order(REFERENCE)).state is OrderState.NO_ORDER


async def test_it_goes_the_way_of_all_consignments(world: World) -> None:
    created = only(ConsignmentCreated, await world.react(requested()))
    allocated = only(ConsignmentAllocated, await world.react(created))
    labelled = only(ConsignmentLabelled, await world.react(allocated))
    for outcome in (allocated, labelled):
        assert outcome.names == created.names
        assert outcome.kafka_key == REFERENCE
    assert [created.sequence, allocated.sequence, labelled.sequence] == [1, 2, 3]


async def test_an_inbound_one_stands_at_the_location_it_goes_to(world: World) -> None:
    customer = shipment()["destination"]
    inbound = requested(origin=customer, destination="LEEDS_DC", direction="inbound")
    created = only(ConsignmentCreated, await world.react(inbound))
    assert (created.direction, created.shipping_location_reference) == ("inbound", "LEEDS_DC")


async def test_a_redelivery_says_the_same_and_asks_pro_nothing(world: World) -> None:
    first = await world.perform(requested())
    again = await world.perform(requested())
    assert again.announcements == first.announcements
    assert world.calls("createConsignment") == 1


async def test_other_content_under_the_same_reference_is_a_conflict(world: World) -> None:
    await world.react(requested())
    with pytest.raises(ContentConflict, match="other content"):
        await world.react(requested(REFERENCE, item(quantity=2)))
    assert world.calls("createConsignment") == 1


async def test_a_refusal_is_said_in_pros_words_and_frees_the_reference(world: World) -> None:
    wrong = requested(origin="NOWHERE")
    rejected = only(ConsignmentRejected, await world.react(wrong))
    assert rejected.rejection.source == "pro"
    assert rejected.kafka_key == REFERENCE
    assert only(ConsignmentRejected, await world.react(wrong)) == rejected
    assert world.calls("createConsignment") == 1
    only(ConsignmentCreated, await world.react(requested()))
    assert len(world.alive()) == 1


async def test_a_lost_answer_is_found_again_by_look_up(world: World) -> None:
    world.fault("createConsignment", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(requested())
    with pytest.raises(AwaitingLookup):
        await world.react(requested())
    world.clock.forward(5.1)
    created = only(ConsignmentCreated, await world.react(requested()))
    assert [each.reference for each in world.alive()] == [created.consignment_reference]
    assert world.calls("createConsignment") == 1


async def test_a_call_that_never_arrived_is_repeated_after_the_last_look(world: World) -> None:
    world.fault("createConsignment", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(requested())
    for seconds in (5.1, 25, 90):
        with pytest.raises(AwaitingLookup):
            await world.react(requested())
        assert world.calls("createConsignment") == 1
        world.clock.forward(seconds)
    only(ConsignmentCreated, await world.react(requested()))
    assert len(world.alive()) == 1
    assert world.calls("createConsignment") == 2


async def made_twice(world: World) -> ConsignmentCreated:
    """Request a consignment that PRO commits after the last look, when it was asked again."""
    world.fault("createConsignment", FaultKind.LATE_COMMIT, seconds=300)
    with pytest.raises(Ambiguous):
        await world.react(requested())
    for seconds in (5.1, 25, 90):
        with pytest.raises(AwaitingLookup):
            await world.react(requested())
        world.clock.forward(seconds)
    created = only(ConsignmentCreated, await world.react(requested()))
    world.clock.forward(300)
    return created


async def test_what_pro_commits_after_the_last_look_is_cancelled_as_a_stray(world: World) -> None:
    created = await made_twice(world)
    assert len(world.alive()) == 2
    only(ConsignmentAllocated, await world.react(created))
    assert [each.reference for each in world.alive()] == [created.consignment_reference]
    assert world.counted(Name.STRAYS, ending="cancelled") == 1


async def test_a_lost_answer_to_the_cancellation_of_a_stray_is_settled_by_the_next_search(
    world: World,
) -> None:
    created = await made_twice(world)
    world.fault("cancelConsignment", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(created)
    assert len(world.alive()) == 1
    world.clock.forward(3)
    only(ConsignmentAllocated, await world.react(created))
    assert world.counted(Name.STRAYS, ending="cancelled") == 1
    assert world.calls("cancelConsignment") == 1


async def test_strays_are_searched_again_as_timed_work(world: World) -> None:
    world.fault("createConsignment", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(requested())
    world.clock.forward(6)
    created = only(ConsignmentCreated, await world.react(requested()))
    before = world.calls("searchConsignments")
    for seconds in (3601, 86400):
        world.clock.forward(seconds)
        await world.do_timed_work()
    assert world.calls("searchConsignments") >= before + 2
    assert [each.reference for each in world.alive()] == [created.consignment_reference]


async def test_what_pro_knew_by_the_senders_reference_long_before_is_no_stray(
    world: World,
) -> None:
    old = await world.pro.create_consignment(create_consignment_request(requested()))
    world.clock.forward(3 * 86_400)
    world.fault("createConsignment", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(requested())
    world.clock.forward(6)
    created = only(ConsignmentCreated, await world.react(requested()))
    only(ConsignmentAllocated, await world.react(created))
    assert {each.reference for each in world.alive()} == {old, created.consignment_reference}


async def test_a_request_older_than_the_ledger_is_looked_up_and_not_made_again(
    world: World,
) -> None:
    event_time = world.clock.now
    made = await world.pro.create_consignment(create_consignment_request(requested()))
    world.clock.forward(60)
    await restored(world.database)
    created = only(ConsignmentCreated, await world.react(requested(), time=event_time))
    assert created.consignment_reference == made
    assert world.calls("createConsignment") == 1


async def test_a_reference_is_an_orders_or_a_consignments_and_never_both(world: World) -> None:
    await world.react(placed("WEB-1"))
    with pytest.raises(ReferenceTaken, match="is the reference of an order already"):
        await world.react(requested("WEB-1"))
    await world.react(requested())
    with pytest.raises(ReferenceTaken, match="of a consignment without an order already"):
        await world.react(placed(REFERENCE))
    assert (world.calls("createOrder"), world.calls("createConsignment")) == (1, 1)
    assert (await world.order("WEB-1")).state is OrderState.RECORDED
    assert (await world.order(REFERENCE)).state is OrderState.NO_ORDER


async def test_nothing_can_be_picked_from_a_consignment_without_an_order(world: World) -> None:
    await world.react(requested())
    rejected = only(PickRejected, await world.react(picked(order=REFERENCE)))
    assert rejected.rejection.code == "no_order"
    assert world.calls("packOrder") == 0


async def test_an_old_consignment_of_the_same_name_is_not_taken_for_what_was_lost(
    world: World,
) -> None:
    """A reference may have been used in PRO before us, or by hand."""
    old = await world.pro.create_consignment(create_consignment_request(requested()))
    world.clock.forward(30 * 86_400)
    world.fault("createConsignment", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(requested())
    said: list[Event] = []
    for _ in range(8):
        world.clock.forward(60)
        try:
            said = await world.react(requested())
            break
        except AwaitingLookup:
            continue
    created = only(ConsignmentCreated, said)
    assert created.consignment_reference != old
