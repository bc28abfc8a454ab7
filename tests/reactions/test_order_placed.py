"""order.placed → Create Order → order.recorded | order.rejected"""

import pytest

from sandbox.faults import FaultKind
from service.events.published import OrderRecorded, OrderRejected
from service.ledger.operation import ContentConflict
from service.ledger.tables import OrderState
from service.metrics import Name
from service.pro.problems import Ambiguous, Throttled

from .goods import item, placed
from .world import World, only


async def test_an_order_is_recorded_with_pros_reference(world: World) -> None:
    recorded = only(OrderRecorded, await world.react(placed("WEB-1", item(), item("CUP", 6))))
    assert recorded.pro_order_reference in world.state.orders
    assert recorded.sequence == 1
    order = await world.order()
    assert (order.state, order.pro_order_reference) == ("recorded", recorded.pro_order_reference)
    assert [(line.sku, line.quantity) for line in order.lines] == [("TEA-POT-01", 1), ("CUP", 6)]


async def test_a_redelivery_says_the_same_and_asks_pro_nothing(world: World) -> None:
    first = await world.perform(placed())
    again = await world.perform(placed())
    assert again.announcements == first.announcements
    assert world.calls("createOrder") == 1


async def test_other_content_under_the_same_reference_is_a_conflict(world: World) -> None:
    await world.react(placed())
    with pytest.raises(ContentConflict):
        await world.react(placed("WEB-1", item(quantity=2)))
    assert world.calls("createOrder") == 1


async def test_a_refusal_is_said_in_pros_words_and_frees_the_reference(world: World) -> None:
    wrong = placed(origin="NOWHERE")
    refused = await world.perform(wrong)
    rejected = only(OrderRejected, await world.react(wrong))
    assert rejected.rejection.source == "pro"
    assert rejected.rejection.details
    assert (await world.order()).state == "rejected"
    recorded = only(OrderRecorded, await world.react(placed()))
    assert recorded.sequence == rejected.sequence + 1
    refused_again = await world.perform(placed("WEB-2", origin="NOWHERE"))
    assert refused_again.announcements[0].id != refused.announcements[0].id


async def test_a_lost_answer_is_asked_again_and_the_possible_orphan_counted(world: World) -> None:
    world.fault("createOrder", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(placed())
    recorded = only(OrderRecorded, await world.react(placed()))
    assert len(world.state.orders) == 2
    assert (await world.order()).pro_order_reference == recorded.pro_order_reference
    assert world.counted(Name.POSSIBLE_ORPHANS) == 1
    assert "possible orphan order in PRO" in await world.history()


async def test_a_busy_pro_leaves_the_order_to_be_asked_again(world: World) -> None:
    world.fault("createOrder", FaultKind.STATUS, status=429, retry_after=3)
    with pytest.raises(Throttled) as caught:
        await world.react(placed())
    assert caught.value.retry_after == 3
    only(OrderRecorded, await world.react(placed()))
    assert len(world.state.orders) == 1
    assert world.counted(Name.POSSIBLE_ORPHANS) == 0


async def test_what_was_refused_is_done_again_only_when_a_person_says_so(world: World) -> None:
    world.fault("createOrder", FaultKind.STATUS, status=400)
    rejected = only(OrderRejected, await world.react(placed()))
    assert only(OrderRejected, await world.react(placed())) == rejected, "a repetition"
    again = {"again": (("record:WEB-1", 1),)}
    recorded = only(OrderRecorded, await world.react(placed(), **again))
    assert only(OrderRecorded, await world.react(placed(), **again)) == recorded
    assert world.calls("createOrder") == 2
    assert (await world.order()).state == "recorded"


async def test_done_again_after_other_content_was_recorded_it_changes_nothing(
    world: World,
) -> None:
    refused, corrected = placed(), placed(tags=["Fragile"])
    world.fault("createOrder", FaultKind.STATUS, status=400)
    only(OrderRejected, await world.react(refused))
    only(OrderRecorded, await world.react(corrected))
    assert await world.react(refused, again=(("record:WEB-1", 1),)) == []
    assert world.calls("updateOrder") == 0
    assert (await world.order()).state is OrderState.RECORDED
