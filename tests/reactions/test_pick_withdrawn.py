"""pick.withdrawn → Cancel Consignments → consignment.cancelled, pick.withdrawal_applied | …"""

import pytest

from sandbox.faults import FaultKind
from sandbox.states import ConsignmentState
from service.events.cancelling import (
    ConsignmentCancelled,
    OrderCancellationApplied,
    PickWithdrawalApplied,
    PickWithdrawalRejected,
)
from service.events.published import ConsignmentCreated, PickRejected
from service.ledger.operation import AwaitingLookup, ContentConflict
from service.ledger.standing import Stand
from service.ledger.tables import OperationState, OrderState
from service.operations import NOTHING_TO_SAY, TooEarly
from service.pro.problems import Ambiguous
from service.reactions.pick_withdrawn import CancelIt, Reject, Wait, decide

from .goods import cancelled, item, picked, placed, withdrawn
from .world import World, only

PACK = "packOrder"


@pytest.mark.parametrize(
    ("state", "order", "decision"),
    [
        (OperationState.FINISHED, OrderState.RECORDED, CancelIt),
        (OperationState.FINISHED, OrderState.CANCELLED, CancelIt),
        (OperationState.REFUSED, OrderState.RECORDED, Reject),
        (OperationState.REFUSED, OrderState.CANCELLED, CancelIt),
        (OperationState.STARTED, OrderState.RECORDED, Wait),
        (OperationState.UNKNOWN, OrderState.CANCELLED, Wait),
        (OperationState.RELEASED, OrderState.RECORDED, Wait),
        (OperationState.RELEASED, OrderState.CANCELLED, CancelIt),
        (None, OrderState.RECORDED, Wait),
        (None, OrderState.CANCELLED, CancelIt),
        (None, None, Wait),
    ],
)
def test_what_is_decided(
    state: OperationState | None, order: OrderState | None, decision: type
) -> None:
    assert isinstance(decide(Stand(state, 1) if state else None, order), decision)


async def test_its_consignment_is_cancelled_and_its_quantities_are_free_again(
    world: World,
) -> None:
    await world.react(placed("WEB-1", item(quantity=1)))
    made = only(ConsignmentCreated, await world.react(picked()))
    told, applied = await world.react(withdrawn(reason="damaged"))
    assert isinstance(told, ConsignmentCancelled)
    assert (told.consignment_reference, told.reason) == (made.consignment_reference, "damaged")
    assert isinstance(applied, PickWithdrawalApplied)
    assert (applied.pick_reference, applied.consignments) == ("P-1", (made.consignment_reference,))
    order = await world.order()
    assert (order.lines[0].picked, order.fully_packed) == (0, False)
    only(ConsignmentCreated, await world.react(picked("P-2")))
    assert (await world.order()).fully_packed
    assert len(world.alive()) == 1


async def test_other_picks_of_the_order_stay(world: World) -> None:
    await world.react(placed("WEB-1", item(quantity=2)))
    await world.react(picked())
    other = only(ConsignmentCreated, await world.react(picked("P-2")))
    await world.react(withdrawn())
    assert [each.reference for each in world.alive()] == [other.consignment_reference]
    assert (await world.order()).lines[0].picked == 1


async def test_a_withdrawn_pick_stays_withdrawn(world: World) -> None:
    await world.react(placed())
    made = only(ConsignmentCreated, await world.react(picked()))
    await world.react(withdrawn())
    assert only(ConsignmentCreated, await world.react(picked())) == made
    with pytest.raises(ContentConflict):
        await world.react(picked(package_size_reference="SMALL"))
    assert await world.perform(made) is NOTHING_TO_SAY
    assert world.alive() == []
    assert (await world.order()).lines[0].picked == 0
    assert world.calls(PACK) == 1


async def test_it_is_said_again_and_done_once(world: World) -> None:
    await world.react(placed())
    await world.react(picked())
    first = await world.perform(withdrawn())
    assert await world.perform(withdrawn(reason="again")) == first
    assert world.calls("cancelConsignments") == 1


async def test_what_is_manifested_is_too_late(world: World) -> None:
    await world.react(placed())
    made = only(ConsignmentCreated, await world.react(picked()))
    world.state.consignments[made.consignment_reference].state = ConsignmentState.MANIFESTED
    rejected = only(PickWithdrawalRejected, await world.react(withdrawn()))
    (detail,) = rejected.rejection.details
    assert (detail.target, detail.code) == (made.consignment_reference, "too_late")
    assert (await world.order()).lines[0].picked == 1


async def test_a_pick_that_is_not_known_is_waited_for(world: World) -> None:
    with pytest.raises(TooEarly, match="not known"):
        await world.react(withdrawn())
    await world.react(placed())
    with pytest.raises(TooEarly, match="not known"):
        await world.react(withdrawn())
    await world.react(picked())
    _, applied = await world.react(withdrawn())
    assert isinstance(applied, PickWithdrawalApplied)


async def test_a_pick_whose_packing_is_in_doubt_is_waited_for(world: World) -> None:
    await world.react(placed())
    world.fault(PACK, FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    with pytest.raises(TooEarly, match="not settled"):
        await world.react(withdrawn())
    world.clock.forward(5.1)
    await world.react(picked())
    _, applied = await world.react(withdrawn())
    assert isinstance(applied, PickWithdrawalApplied)
    assert world.alive() == []


async def test_a_rejected_pick_is_not_withdrawn_but_the_corrected_one_can_be(
    world: World,
) -> None:
    await world.react(placed())
    only(PickRejected, await world.react(picked("P-1", {"sku": "X", "quantity": 1})))
    rejected = only(PickWithdrawalRejected, await world.react(withdrawn()))
    assert rejected.rejection.code == "pick_rejected"
    only(ConsignmentCreated, await world.react(picked()))
    _, applied = await world.react(withdrawn())
    assert isinstance(applied, PickWithdrawalApplied)
    assert world.alive() == []


@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER_COMMIT, FaultKind.DROP_BEFORE_COMMIT])
async def test_a_lost_answer_is_repeated_by_the_states(world: World, fault: FaultKind) -> None:
    await world.react(placed())
    made = only(ConsignmentCreated, await world.react(picked()))
    await world.react(made)
    world.fault("deallocateConsignments", fault)
    with pytest.raises(Ambiguous):
        await world.react(withdrawn())
    with pytest.raises(AwaitingLookup):
        await world.react(withdrawn())
    world.clock.forward(3)
    _, applied = await world.react(withdrawn())
    assert isinstance(applied, PickWithdrawalApplied)
    assert world.alive() == []


async def test_of_a_cancelled_order_nothing_is_left_to_withdraw(world: World) -> None:
    await world.react(placed("WEB-1", item(quantity=2)))
    await world.react(picked())
    *_, done = await world.react(cancelled())
    assert isinstance(done, OrderCancellationApplied)
    for pick in ("P-1", "P-never-heard-of"):
        applied = only(PickWithdrawalApplied, await world.react(withdrawn(pick)))
        assert applied.consignments == ()
    assert (await world.order()).lines[0].picked == 0


async def test_a_withdrawn_pick_is_not_cancelled_twice_with_its_order(world: World) -> None:
    await world.react(placed("WEB-1", item(quantity=2)))
    await world.react(picked())
    await world.react(withdrawn())
    applied = only(OrderCancellationApplied, await world.react(cancelled()))
    assert applied.consignments == ()
    assert (await world.order()).lines[0].picked == 0


async def test_a_refused_withdrawal_done_again_leaves_a_pick_that_was_packed_since(
    world: World,
) -> None:
    await world.react(placed())
    only(PickRejected, await world.react(picked("P-1", {"sku": "X", "quantity": 1})))
    only(PickWithdrawalRejected, await world.react(withdrawn()))
    only(ConsignmentCreated, await world.react(picked()))
    await world.react(withdrawn(), again=(("withdraw:WEB-1:P-1:1", 1),))
    assert len(world.alive()) == 1


async def test_a_refused_withdrawal_delivered_again_leaves_a_pick_that_was_packed_since(
    world: World,
) -> None:
    await world.react(placed())
    only(PickRejected, await world.react(picked("P-1", {"sku": "X", "quantity": 1})))
    rejected = only(PickWithdrawalRejected, await world.react(withdrawn(), id="event-1"))
    only(ConsignmentCreated, await world.react(picked()))
    assert await world.react(withdrawn(), id="event-1") == [rejected]
    assert len(world.alive()) == 1
