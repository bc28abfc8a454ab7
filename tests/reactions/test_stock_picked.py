"""stock.picked → Pack Order → consignment.created | pick.rejected"""

import pytest
from sqlalchemy import text

from sandbox.faults import FaultKind
from sandbox.words import Direction
from service.events.published import ConsignmentCreated, PickRejected
from service.ledger.operation import AwaitingLookup
from service.ledger.upgrade import restored
from service.metrics import Name
from service.operations import TooEarly
from service.picks import customer_reference
from service.pro.problems import Ambiguous, Retryable

from .goods import item, picked, placed
from .world import World, only

TWO = [{"sku": "TEA-POT-01", "quantity": 2}]


async def test_a_pick_becomes_a_consignment(world: World) -> None:
    await world.react(placed())
    created = only(ConsignmentCreated, await world.react(picked()))
    (made,) = world.alive()
    assert created.consignment_reference == made.reference
    assert created.consignment_reference_provided_by_customer == made.customer_reference
    assert made.customer_reference == customer_reference("WEB-1", "P-1")
    assert (created.direction, created.sequence) == ("outbound", 2)
    assert (await world.consignment(made.reference)).pro_state == "Unallocated"
    order = await world.order()
    assert (order.fully_packed, order.lines[0].picked) == (True, 1)


async def test_a_pick_before_its_order_is_too_early(world: World) -> None:
    with pytest.raises(TooEarly, match="not known"):
        await world.react(picked())
    await world.react(placed(origin="NOWHERE"))
    with pytest.raises(TooEarly, match="rejected"):
        await world.react(picked())
    assert world.calls("packOrder") == 0


async def test_a_redelivered_pick_is_packed_once(world: World) -> None:
    await world.react(placed())
    first = await world.perform(picked())
    for _ in range(3):
        again = await world.perform(picked())
        assert again.announcements == first.announcements
    assert world.calls("packOrder") == 1


async def test_more_than_remains_is_rejected_without_asking_pro(world: World) -> None:
    await world.react(placed("WEB-1", item(quantity=2)))
    await world.react(picked("P-1"))
    rejected = only(PickRejected, await world.react(picked("P-2", *TWO)))
    assert rejected.rejection.source == "orderflex"
    assert rejected.rejection.code == "more_than_remains"
    assert "2 picked of TEA-POT-01, 1 of 2 left" in rejected.rejection.message
    assert world.calls("packOrder") == 1
    only(ConsignmentCreated, await world.react(picked("P-3")))
    assert (await world.order()).fully_packed


async def test_an_item_that_was_not_ordered_is_rejected_without_asking_pro(world: World) -> None:
    await world.react(placed())
    rejected = only(PickRejected, await world.react(picked("P-1", {"sku": "X", "quantity": 1})))
    assert rejected.rejection.code == "item_not_on_order"
    assert world.calls("packOrder") == 0


async def test_what_pro_refuses_is_rejected_and_its_items_are_free_again(world: World) -> None:
    await world.react(placed())
    wrong = picked("P-1", package_size_reference="HUGE")
    rejected = only(PickRejected, await world.react(wrong))
    assert rejected.rejection.source == "pro"
    assert (await world.order()).lines[0].picked == 0
    assert only(PickRejected, await world.react(wrong)) == rejected
    assert world.calls("packOrder") == 1
    only(ConsignmentCreated, await world.react(picked("P-1")))
    assert (await world.order()).fully_packed


async def test_a_lost_answer_is_found_again_by_look_up(world: World) -> None:
    await world.react(placed())
    world.fault("packOrder", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    with pytest.raises(AwaitingLookup):
        await world.react(picked())
    world.clock.forward(5.1)
    created = only(ConsignmentCreated, await world.react(picked()))
    assert [each.reference for each in world.alive()] == [created.consignment_reference]
    assert world.calls("packOrder") == 1
    assert "found in PRO" in await world.history()
    assert world.counted(Name.OPERATIONS_UNKNOWN, kind="pack_order") == 1


async def test_a_call_that_never_arrived_is_repeated_after_the_last_look(world: World) -> None:
    await world.react(placed())
    world.fault("packOrder", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    for seconds in (5.1, 25, 90):
        with pytest.raises(AwaitingLookup):
            await world.react(picked())
        assert world.calls("packOrder") == 1
        world.clock.forward(seconds)
    created = only(ConsignmentCreated, await world.react(picked()))
    assert [each.reference for each in world.alive()] == [created.consignment_reference]
    assert world.calls("packOrder") == 2


async def test_what_pro_commits_late_is_found_by_a_later_look(world: World) -> None:
    await world.react(placed())
    world.fault("packOrder", FaultKind.LATE_COMMIT, seconds=20)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    world.clock.forward(6)
    with pytest.raises(AwaitingLookup):
        await world.react(picked())
    world.clock.forward(25)
    only(ConsignmentCreated, await world.react(picked()))
    assert len(world.alive()) == 1
    assert world.calls("packOrder") == 1


async def test_an_unreadable_answer_is_looked_up_too(world: World) -> None:
    await world.react(placed())
    world.fault("packOrder", FaultKind.GARBAGE)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    world.clock.forward(6)
    only(ConsignmentCreated, await world.react(picked()))
    assert world.calls("packOrder") == 1


async def test_a_search_that_fails_is_no_proof_that_nothing_is_there(world: World) -> None:
    await world.react(placed())
    world.fault("packOrder", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    world.clock.forward(500)
    world.fault("searchConsignments", FaultKind.STATUS, status=404, body="", times=1)
    world.fault("searchConsignments", FaultKind.STATUS, status=503, times=1)
    for _ in range(2):
        with pytest.raises(Retryable):
            await world.react(picked())
    only(ConsignmentCreated, await world.react(picked()))
    assert world.calls("packOrder") == 1


async def directions(world: World) -> dict[str, str]:
    """The direction of each consignment in PRO."""
    words = {Direction.OUTBOUND: "outbound", Direction.INBOUND: "inbound"}
    return {each.reference: words[each.direction] for each in world.alive()}


@pytest.mark.parametrize("lost", [False, True])
async def test_a_pick_with_a_return_makes_two_consignments_told_apart(
    world: World, lost: bool
) -> None:
    await world.react(placed())
    asked = picked(generate_return=True)
    if lost:
        world.fault("packOrder", FaultKind.DROP_AFTER_COMMIT)
        with pytest.raises(Ambiguous):
            await world.react(asked)
        world.clock.forward(6)
    performed = await world.perform(asked)
    made = await world.react(asked)
    found = {
        each.consignment_reference: each.direction
        for each in made
        if isinstance(each, ConsignmentCreated)
    }
    assert found == await directions(world)
    assert sorted(found.values()) == ["inbound", "outbound"]
    assert len({each.id for each in performed.announcements}) == 2
    for reference, direction in found.items():
        known = await world.consignment(reference)
        assert known.direction == direction
        assert known.shipping_location_reference == "LEEDS_DC"
    assert world.calls("packOrder") == 1


async def test_a_missing_return_is_shown_and_pack_is_not_repeated(world: World) -> None:
    await world.react(placed())
    world.fault("packOrder", FaultKind.BULK_ITEM_FAILURE)
    created = only(ConsignmentCreated, await world.react(picked(generate_return=True)))
    assert created.direction == "outbound"
    assert world.counted(Name.MISSING_RETURNS) == 1
    assert "return consignment missing" in await world.history()
    await world.react(picked(generate_return=True))
    assert world.calls("packOrder") == 1


async def test_a_pick_older_than_the_ledger_is_looked_up_and_not_packed_again(
    world: World,
) -> None:
    await world.react(placed())
    ours = customer_reference("WEB-1", "P-1")
    world.fault("packOrder", FaultKind.DROP_AFTER_COMMIT, match={"customer_reference": ours})
    with pytest.raises(Ambiguous):
        await world.react(picked())
    (made,) = world.alive()

    async with world.database.begin() as tx:
        await tx.execute(text("DELETE FROM operations WHERE kind = 'pack_order'"))
        await tx.execute(text("DELETE FROM picks"))
        await tx.execute(text("UPDATE order_lines SET picked = 0"))
    event_time = world.clock.now
    world.clock.forward(60)
    await restored(world.database)
    created = only(ConsignmentCreated, await world.react(picked(), time=event_time))
    assert created.consignment_reference == made.reference
    assert world.calls("packOrder") == 1


async def test_what_a_lost_answer_left_of_a_refused_pick_is_not_taken_for_the_corrected_one(
    world: World,
) -> None:
    await world.react(placed())
    world.fault("packOrder", FaultKind.LATE_COMMIT, seconds=300)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    for seconds in (5.1, 25, 90):
        with pytest.raises(AwaitingLookup):
            await world.react(picked())
        world.clock.forward(seconds)
    world.fault("packOrder", FaultKind.STATUS, status=400, body='{"Code": "No", "Message": "No."}')
    only(PickRejected, await world.react(picked()))
    world.clock.forward(300)
    (stray,) = world.alive()

    corrected = picked(package_size_reference="SMALL")
    world.fault("packOrder", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(corrected)
    for seconds in (5.1, 25, 90):
        with pytest.raises(AwaitingLookup):
            await world.react(corrected)
        world.clock.forward(seconds)
    created = only(ConsignmentCreated, await world.react(corrected))
    assert created.consignment_reference != stray.reference
    assert [each.reference for each in world.alive()] == [created.consignment_reference]
