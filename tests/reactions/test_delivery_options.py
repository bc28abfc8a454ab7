"""order.placed with a delivery option → Select Option As Order, Update Order → order.recorded"""

from typing import Any

import pytest

from sandbox.faults import FaultKind
from sandbox.records import Order
from sandbox.words import AddressType
from service.events.malformed import Malformed
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentCreated,
    OrderRecorded,
    OrderRejected,
)
from service.events.received import OrderPlaced
from service.ledger import refusals
from service.ledger.operation import AwaitingLookup, ContentConflict
from service.ledger.outcomes import OutcomeStore
from service.ledger.tables import OrderState
from service.metrics import Name
from service.operations import TooEarly
from service.pro.problems import Ambiguous

from .goods import item, picked, placed, requested
from .world import World, only


async def chosen(world: World, *items: dict[str, Any], **other: Any) -> OrderPlaced:
    """An order of one of the options that the checkout was offered for the same goods."""
    option = await world.offered(requested("basket", *items))
    return placed("WEB-1", *items, delivery_option_reference=option, **other)


def in_pro(world: World) -> Order:
    (order,) = world.state.orders.values()
    return order


async def test_an_option_becomes_the_order_that_its_event_says(world: World) -> None:
    event = await chosen(
        world,
        tags=["Gift"],
        metadata=[{"key": "Channel", "string_value": "web"}],
        customs_documentation={"category_type": "gift"},
        addresses=[{"type": "return", "shipping_location_reference": "BRISTOL_WH"}],
    )
    recorded = only(OrderRecorded, await world.react(event))
    order = in_pro(world)
    assert recorded.pro_order_reference == order.reference
    assert (order.customer_reference, order.delivery_option) == (
        "WEB-1",
        event.delivery_option_reference,
    )
    assert (order.tags, [m.string_value for m in order.meta_data or ()]) == (["Gift"], ["web"])
    assert order.customs_documentation is not None
    assert order.required_delivery_date is not None, "the option's day"
    kinds = {each.address_type for each in order.addresses}
    assert kinds == {AddressType.ORIGIN, AddressType.DESTINATION, AddressType.RETURN}
    assert (await world.order()).state is OrderState.RECORDED
    assert (world.calls("createOrder"), world.calls("selectDeliveryOptionAsOrder")) == (0, 1)


async def test_what_the_customer_said_after_the_checkout_reaches_pro(world: World) -> None:
    event = await chosen(world)
    there = event.destination.model_copy(update={"address_line_1": "5 Quarry Lane"})
    await world.react(event.model_copy(update={"destination": there}))
    lines = {a.address_type: a.address_line1 for a in in_pro(world).addresses}
    assert lines[AddressType.DESTINATION] == "5 Quarry Lane"


async def test_its_picks_are_held_to_the_event_and_go_the_whole_way(world: World) -> None:
    await world.react(await chosen(world, item(quantity=2)))
    created = only(ConsignmentCreated, await world.react(picked()))
    only(ConsignmentAllocated, await world.react(created))
    assert (await world.order()).lines[0].picked == 1


async def test_a_redelivery_says_the_same_and_asks_pro_nothing(world: World) -> None:
    event = await chosen(world)
    first = await world.perform(event)
    again = await world.perform(event)
    assert again.announcements == first.announcements
    assert (world.calls("selectDeliveryOptionAsOrder"), world.calls("updateOrder")) == (1, 1)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"items": [item(quantity=3)]}, "TEA-POT-01 2 in the option, 3 in the order"),
        ({"items": [item("TEA-CUP-04", 2)]}, "TEA-CUP-04 0 in the option, 2 in the order"),
        ({"items": [item(quantity=2, item_reference="L-1")]}, "L-1 0 in the option"),
        ({"items": [item(quantity=2), item("X")]}, "items 2 units in the option, 3 in the order"),
        (
            {"items": [item(quantity=2)], "direction": "inbound"},
            "direction is outbound in the option, inbound in the order",
        ),
    ],
)
async def test_an_option_for_something_else_is_refused_by_name(
    world: World, said: dict[str, Any], named: str
) -> None:
    option = await world.offered(requested("basket", item(quantity=2)))
    event = placed(delivery_option_reference=option, **said)
    rejected = only(OrderRejected, await world.react(event))
    assert rejected.rejection.source == "orderflex"
    assert rejected.rejection.code == "option_differs"
    assert named in rejected.rejection.message
    assert world.calls("updateOrder") == 0
    assert world.counted(Name.POSSIBLE_ORPHANS) == 1
    with pytest.raises(TooEarly, match="rejected"):
        await world.react(picked())
    assert only(OrderRejected, await world.react(event)) == rejected

    only(OrderRecorded, await world.react(placed("WEB-1", item(quantity=2))))


async def test_an_option_that_is_dead_or_unknown_is_refused_in_pros_words(world: World) -> None:
    event = await chosen(world)
    world.clock.forward(10 * 3600)
    rejected = only(OrderRejected, await world.react(event))
    assert rejected.rejection.source == "pro"
    assert "cut-off" in str(rejected.rejection)
    unknown = placed(delivery_option_reference="EDO-000-000-000")
    only(OrderRejected, await world.react(unknown))
    assert world.state.orders == {}
    assert world.counted(Name.POSSIBLE_ORPHANS) == 0


async def test_an_address_that_pro_refuses_rejects_the_order_and_frees_it(world: World) -> None:
    event = await chosen(world, origin="NOWHERE")
    rejected = only(OrderRejected, await world.react(event))
    assert "NOWHERE is not a shipping location" in str(rejected.rejection)
    assert world.counted(Name.POSSIBLE_ORPHANS) == 1
    only(OrderRecorded, await world.react(await chosen(world)))
    assert (await world.order()).state is OrderState.RECORDED


async def test_an_order_that_was_refused_is_done_again_whole(world: World) -> None:
    event = await chosen(world)
    world.fault("updateOrder", FaultKind.STATUS, status=400)
    only(OrderRejected, await world.react(event))
    async with world.database.begin() as tx:
        refusal = await refusals.read(tx, OutcomeStore(world.seal), "record:WEB-1")
    assert refusal
    assert refusal.asked
    again = {"again": refusal.attempts}
    recorded = only(OrderRecorded, await world.react(refusal.asked.event, **again))
    assert only(OrderRecorded, await world.react(event, **again)) == recorded
    assert (await world.order()).state is OrderState.RECORDED


async def test_a_lost_answer_to_the_choice_is_repeated_and_the_orphan_counted(
    world: World,
) -> None:
    event = await chosen(world)
    world.fault("selectDeliveryOptionAsOrder", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(event)
    recorded = only(OrderRecorded, await world.react(event))
    assert len(world.state.orders) == 2
    assert (await world.order()).pro_order_reference == recorded.pro_order_reference
    assert world.counted(Name.POSSIBLE_ORPHANS) == 1


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE_COMMIT, FaultKind.DROP_AFTER_COMMIT])
async def test_a_lost_answer_to_the_update_is_asked_again_and_nothing_said_before(
    world: World, kind: FaultKind
) -> None:
    event = await chosen(world, tags=["Gift"])
    world.fault("updateOrder", kind)
    with pytest.raises(Ambiguous):
        await world.react(event)
    with pytest.raises(TooEarly, match="placed, not recorded"):
        await world.react(picked())
    with pytest.raises(AwaitingLookup):
        await world.react(event)
    world.clock.forward(2.1)
    only(OrderRecorded, await world.react(event))
    assert in_pro(world).tags == ["Gift"]
    assert world.calls("selectDeliveryOptionAsOrder") == 1


async def test_with_and_without_the_option_is_other_content(world: World) -> None:
    event = await chosen(world)
    await world.react(event)
    with pytest.raises(ContentConflict):
        await world.react(placed())
    assert world.calls("createOrder") == 0


@pytest.mark.parametrize(
    "field",
    [
        {"shipping_date": "2026-03-04T08:00:00Z"},
        {"required_delivery_date": {"date": "2026-03-06T00:00:00Z"}},
    ],
)
def test_a_day_beside_an_option_is_refused_by_name(field: dict[str, Any]) -> None:
    (name,) = field
    with pytest.raises(Malformed, match=f"{name} comes with the delivery option"):
        placed(delivery_option_reference="EDO-1", **field)
