"""stock.picked from another location → Pack Order → Update Consignment → consignment.created"""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from sandbox.faults import FaultKind
from sandbox.records import Consignment
from sandbox.states import ConsignmentState
from sandbox.words import AddressType, Direction
from service.events.published import ConsignmentAllocated, ConsignmentCreated, PickRejected
from service.events.reallocation import ConsignmentReallocationStarted
from service.events.received import StockPicked
from service.events.topics import EventType
from service.ledger import refusals
from service.ledger.operation import AwaitingLookup
from service.ledger.outcomes import OutcomeStore
from service.ledger.upgrade import restored
from service.operations import NOTHING_TO_SAY, Performed, TooEarly
from service.pro.problems import Ambiguous, Retryable, Throttled
from service.reactions.stock_picked import PackPick

from .goods import item, manifest, picked, placed, reallocation
from .world import World, only

ELSEWHERE = "BRISTOL_WH"


class Died(Exception):
    """The process, between two calls."""


def from_elsewhere(location: str = ELSEWHERE, **other: Any) -> StockPicked:
    return picked("P-1", shipping_location_reference=location, **other)


def places(world: World) -> list[tuple[str | None, str | None]]:
    """Where the consignments in PRO that are not cancelled leave from and go to."""

    def location(made: Consignment, kind: AddressType) -> str | None:
        (found,) = (a for a in made.addresses if a.address_type is kind)
        return found.shipping_location_reference

    return [
        (location(made, AddressType.ORIGIN), location(made, AddressType.DESTINATION))
        for made in world.alive()
    ]


async def dies_after_packing(world: World, event: StockPicked) -> None:
    """Pack, and die before the origin is asked to be corrected."""

    class Dying:
        async def __call__(self, *_: object) -> Performed:
            raise Died

    whole = world.reactions[EventType.STOCK_PICKED]
    assert isinstance(whole, PackPick)
    world.reactions[EventType.STOCK_PICKED] = replace(whole, origins=Dying())  # type: ignore[arg-type]
    with pytest.raises(Died):
        await world.react(event)
    world.reactions[EventType.STOCK_PICKED] = whole


async def test_the_origin_is_corrected_before_anything_is_said(world: World) -> None:
    await world.react(placed())
    created = only(ConsignmentCreated, await world.react(from_elsewhere()))
    (made,) = world.alive()
    assert places(world) == [(ELSEWHERE, None)]
    assert created.shipping_location_reference == ELSEWHERE
    assert made.customer_reference == created.consignment_reference_provided_by_customer
    assert (created.pick_reference, created.sequence) == ("P-1", 2)
    known = await world.consignment(made.reference)
    assert (known.shipping_location_reference, known.allocation_number) == (ELSEWHERE, 1)
    assert (await world.order()).fully_packed
    only(ConsignmentAllocated, await world.react(created))
    assert (world.calls("packOrder"), world.calls("updateConsignment")) == (1, 1)


async def test_goods_and_addresses_stay_as_they_were(world: World) -> None:
    await world.react(placed(tags=["Fragile"], shipping_date="2026-03-04T08:00:00Z"))
    await dies_after_packing(world, from_elsewhere())
    (made,) = world.alive()
    before = {
        "packages": [p.model_dump() for p in made.packages],
        "tags": list(made.tags),
        "shipping_date": made.shipping_date,
        "destination": [a for a in made.addresses if a.address_type is AddressType.DESTINATION],
    }
    await world.react(from_elsewhere())
    assert before == {
        "packages": [p.model_dump() for p in made.packages],
        "tags": list(made.tags),
        "shipping_date": made.shipping_date,
        "destination": [a for a in made.addresses if a.address_type is AddressType.DESTINATION],
    }


async def test_the_orders_own_origin_named_again_asks_for_nothing_more(world: World) -> None:
    await world.react(placed())
    created = only(ConsignmentCreated, await world.react(from_elsewhere("LEEDS_DC")))
    assert created.shipping_location_reference == "LEEDS_DC"
    assert world.calls("updateConsignment") == 0


async def test_a_redelivery_says_the_same_and_asks_pro_nothing(world: World) -> None:
    await world.react(placed())
    first = await world.perform(from_elsewhere())
    again = await world.perform(from_elsewhere())
    assert again.announcements == first.announcements
    assert (world.calls("packOrder"), world.calls("updateConsignment")) == (1, 1)


async def test_a_return_goes_back_to_where_the_pick_left(world: World) -> None:
    await world.react(placed())
    made = await world.react(from_elsewhere(generate_return=True))
    told = [each for each in made if isinstance(each, ConsignmentCreated)]
    assert [each.direction for each in told] == ["outbound", "inbound"]
    assert {each.shipping_location_reference for each in told} == {ELSEWHERE}
    assert sorted(places(world), key=str) == [(ELSEWHERE, None), (None, ELSEWHERE)]
    for each in told:
        only(ConsignmentAllocated, await world.react(each))
    directions = {each.direction for each in world.alive()}
    assert directions == {Direction.OUTBOUND, Direction.INBOUND}


async def test_whoever_dies_between_both_leaves_what_nobody_allocates(world: World) -> None:
    await world.react(placed())
    await dies_after_packing(world, from_elsewhere())
    (made,) = world.alive()
    ours = made.customer_reference
    forged = ConsignmentCreated(
        order_reference="WEB-1",
        pick_reference="P-1",
        sequence=9,
        consignment_reference=made.reference,
        consignment_reference_provided_by_customer=ours,
        direction="outbound",
    )
    assert await world.perform(forged) == NOTHING_TO_SAY
    with pytest.raises(TooEarly, match="origin is still to be corrected"):
        await world.perform(reallocation(consignment_reference=made.reference))
    for location in ("LEEDS_DC", ELSEWHERE):
        await world.react(manifest(f"M-{location}", location))
    world.clock.forward(3601)
    await world.strays.search("WEB-1", "P-1")
    assert await world.publication.missing(0, 10) == []
    assert made.state is ConsignmentState.UNALLOCATED

    created = only(ConsignmentCreated, await world.react(from_elsewhere()))
    assert created.consignment_reference == made.reference
    assert places(world) == [(ELSEWHERE, None)]
    assert world.calls("packOrder") == 1


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.DROP_BEFORE_COMMIT,
        FaultKind.DROP_AFTER_COMMIT,
        FaultKind.LATE_COMMIT,
    ],
)
async def test_a_lost_answer_is_read_back_before_it_is_asked_again(
    world: World, kind: FaultKind
) -> None:
    await world.react(placed())
    world.fault("updateConsignment", kind, seconds=60)
    with pytest.raises(Ambiguous):
        await world.react(from_elsewhere())
    with pytest.raises(AwaitingLookup):
        await world.react(from_elsewhere())
    world.clock.forward(2.1)
    created = only(ConsignmentCreated, await world.react(from_elsewhere()))
    was_done = kind is FaultKind.DROP_AFTER_COMMIT
    assert world.calls("updateConsignment") == (1 if was_done else 2)
    only(ConsignmentAllocated, await world.react(created))
    world.clock.forward(61)
    assert places(world) == [(ELSEWHERE, None)]
    assert world.calls("packOrder") == 1


async def test_a_lost_answer_to_the_pack_is_found_and_corrected(world: World) -> None:
    await world.react(placed())
    world.fault("packOrder", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(from_elsewhere())
    world.clock.forward(5.1)
    only(ConsignmentCreated, await world.react(from_elsewhere()))
    assert places(world) == [(ELSEWHERE, None)]
    assert world.calls("packOrder") == 1


async def test_a_ledger_that_was_lost_finds_both_and_does_neither_again(world: World) -> None:
    await world.react(placed())
    event_time = world.clock.now
    await world.react(from_elsewhere())
    async with world.database.begin() as tx:
        await tx.execute(text("DELETE FROM operations WHERE kind != 'create_order'"))
        await tx.execute(text("DELETE FROM consignments"))
        await tx.execute(text("DELETE FROM picks"))
        await tx.execute(text("UPDATE order_lines SET picked = 0"))
    world.clock.forward(60)
    await restored(world.database)
    created = only(ConsignmentCreated, await world.react(from_elsewhere(), time=event_time))
    assert [each.reference for each in world.alive()] == [created.consignment_reference]
    assert (world.calls("packOrder"), world.calls("updateConsignment")) == (1, 1)


async def test_where_pro_refuses_the_origin_the_pick_is_taken_back_and_free(world: World) -> None:
    await world.react(placed())
    wrong = from_elsewhere("NOWHERE")
    rejected = only(PickRejected, await world.react(wrong))
    assert rejected.rejection.source == "pro"
    assert "NOWHERE is not a shipping location" in str(rejected.rejection)
    assert (rejected.pick_reference, rejected.sequence) == ("P-1", 2)
    assert world.alive() == []
    assert (await world.order()).lines[0].picked == 0
    assert only(PickRejected, await world.react(wrong)) == rejected
    assert (world.calls("packOrder"), world.calls("updateConsignment")) == (1, 1)

    created = only(ConsignmentCreated, await world.react(from_elsewhere()))
    assert [each.reference for each in world.alive()] == [created.consignment_reference]
    assert places(world) == [(ELSEWHERE, None)]
    assert (await world.order()).fully_packed


async def test_a_pick_that_was_refused_twice_is_told_twice(world: World) -> None:
    await world.react(placed())
    first = await world.perform(from_elsewhere("NOWHERE"))
    second = await world.perform(from_elsewhere("NOR_THERE"))
    ids = {each.id for performed in (first, second) for each in performed.announcements}
    assert len(ids) == 2
    assert world.alive() == []
    assert world.calls("packOrder") == 2


async def test_what_was_taken_back_is_not_found_for_the_corrected_pick(world: World) -> None:
    await world.react(placed())
    await world.react(from_elsewhere("NOWHERE"))
    world.fault("packOrder", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(from_elsewhere())
    for seconds in (5.1, 25, 90):
        with pytest.raises(AwaitingLookup):
            await world.react(from_elsewhere())
        world.clock.forward(seconds)
    created = only(ConsignmentCreated, await world.react(from_elsewhere()))
    assert [each.reference for each in world.alive()] == [created.consignment_reference]


async def test_a_return_whose_origin_is_refused_is_taken_back_with_its_outbound(
    world: World,
) -> None:
    await world.react(placed())
    only(PickRejected, await world.react(from_elsewhere("NOWHERE", generate_return=True)))
    assert world.alive() == []


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE_COMMIT, FaultKind.DROP_AFTER_COMMIT])
async def test_nothing_is_said_before_it_is_certainly_taken_back(
    world: World, kind: FaultKind
) -> None:
    await world.react(placed())
    wrong = from_elsewhere("NOWHERE")
    world.fault("cancelConsignment", kind)
    world.fault("cancelConsignments", kind)
    with pytest.raises(Ambiguous):
        await world.react(wrong)
    assert await world.publication.missing(0, 10) == []
    assert (await world.order()).lines[0].picked == 1
    world.clock.forward(2.1)
    rejected = only(PickRejected, await world.react(wrong))
    assert "NOWHERE is not a shipping location" in str(rejected.rejection)
    assert world.alive() == []
    assert (await world.order()).lines[0].picked == 0


async def test_what_pro_does_not_take_back_is_not_said_to_be_rejected(world: World) -> None:
    await world.react(placed())
    refusal = {"status": 400, "body": '{"Code": "No", "Message": "No."}', "times": 4}
    for operation in ("cancelConsignment", "cancelConsignments"):
        world.fault(operation, FaultKind.STATUS, **refusal)
    with pytest.raises(Retryable, match="stays Unallocated"):
        await world.react(from_elsewhere("NOWHERE"))
    assert (await world.order()).lines[0].picked == 1
    assert len(world.alive()) == 1


async def test_other_picks_of_the_order_do_not_mind(world: World) -> None:
    await world.react(placed("WEB-1", item(quantity=2)))
    await dies_after_packing(world, from_elsewhere())
    only(ConsignmentCreated, await world.react(picked("P-2")))
    only(ConsignmentCreated, await world.react(from_elsewhere()))
    assert (await world.order()).fully_packed
    assert sorted(places(world)) == [(ELSEWHERE, None), ("LEEDS_DC", None)]


async def test_a_pick_whose_origin_was_refused_is_done_again_whole(world: World) -> None:
    """Each operation of the event has its own count of attempts: Pack Order was throttled once."""
    await world.react(placed())
    world.fault("packOrder", FaultKind.STATUS, status=429)
    with pytest.raises(Throttled):
        await world.react(from_elsewhere())
    world.fault("updateConsignment", FaultKind.STATUS, status=400)
    only(PickRejected, await world.react(from_elsewhere()))
    outcomes = OutcomeStore(world.seal)
    async with world.database.begin() as tx:
        refusal = await refusals.read(tx, outcomes, "pack:WEB-1:P-1")
    assert refusal
    assert refusal.asked
    assert refusal.asked.event == from_elsewhere()
    assert dict(refusal.attempts) == {
        "pack:WEB-1:P-1": 2,
        "relocate:WEB-1:P-1": 1,
        "unpack:WEB-1:P-1": 1,
    }
    again = {"again": refusal.attempts}
    created = only(ConsignmentCreated, await world.react(refusal.asked.event, **again))
    assert places(world) == [(ELSEWHERE, None)]
    assert only(ConsignmentCreated, await world.react(from_elsewhere(), **again)) == created
    assert len(world.alive()) == 1


async def test_what_is_kept_back_is_not_allocated_by_asking_for_it(world: World) -> None:
    await world.react(placed())
    await dies_after_packing(world, from_elsewhere())
    (made,) = world.alive()
    asked = reallocation(consignment_reference=made.reference)
    with pytest.raises(TooEarly):
        await world.react(asked)
    only(ConsignmentCreated, await world.react(from_elsewhere()))
    only(ConsignmentReallocationStarted, await world.react(asked))
    assert places(world) == [(ELSEWHERE, None)]


async def test_done_again_after_other_content_was_packed_it_takes_nothing_back(
    world: World,
) -> None:
    await world.react(placed("WEB-1", item(quantity=3)))
    world.fault("updateConsignment", FaultKind.STATUS, status=400)
    only(PickRejected, await world.react(from_elsewhere()))
    async with world.database.begin() as tx:
        refusal = await refusals.read(tx, OutcomeStore(world.seal), "pack:WEB-1:P-1")
    assert refusal
    other = from_elsewhere(tags=["Fragile"])
    await dies_after_packing(world, other)
    assert await world.react(from_elsewhere(), again=refusal.attempts) == []
    only(ConsignmentCreated, await world.react(other))
    assert places(world) == [(ELSEWHERE, None)]
