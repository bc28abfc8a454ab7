"""Consignments are taken back by the state in which PRO shows them, however often it is asked."""

import json

import pytest

from sandbox.faults import FaultKind
from sandbox.states import ConsignmentState
from service.events.published import ConsignmentCreated
from service.operations import StillMoving
from service.pro import states
from service.pro.problems import Ambiguous, Retryable, Throttled
from service.undoing import NotUndone, Undoing, Undone

from .goods import item, picked, placed
from .world import World, only

S = ConsignmentState
STEPS = {
    S.UNALLOCATED: [],
    S.ALLOCATION_FAILED: [],
    S.ALLOCATED: ["deallocateConsignments"],
    S.MANIFEST_FAILED: ["deallocateConsignments"],
    S.READY_TO_SHIP: ["setNotReadyToShip", "deallocateConsignments"],
}
CALLS = ("setNotReadyToShip", "deallocateConsignments", "cancelConsignments")
PASSING = (S.ALLOCATING, S.MANIFESTING, S.CANCELLING)


async def made(world: World, *in_states: ConsignmentState) -> list[str]:
    """Make a consignment in each of these states; gives their references."""
    await world.react(placed("WEB-1", item(quantity=len(in_states))))
    references = []
    for number, state in enumerate(in_states):
        created = only(ConsignmentCreated, await world.react(picked(f"P-{number}")))
        references.append(created.consignment_reference)
        world.state.consignments[created.consignment_reference].state = state
    return references


def asked(world: World) -> list[str]:
    """The changing calls, in order."""
    return [call.operation for call in world.state.calls if call.operation in CALLS]


def state_of(world: World, reference: str) -> ConsignmentState:
    return world.state.consignments[reference].state


@pytest.mark.parametrize("state", STEPS)
async def test_each_state_has_its_way_back(world: World, state: ConsignmentState) -> None:
    first, second = await made(world, state, state)
    undoing = Undoing(world.pro)
    assert await undoing.deallocate([first]) == {first: Undone(first)}
    assert asked(world) == STEPS[state]
    assert state_of(world, first) in (S.UNALLOCATED, S.ALLOCATION_FAILED)
    world.state.calls.clear()
    assert await undoing.cancel([second]) == {second: Undone(second)}
    assert asked(world) == [*STEPS[state], "cancelConsignments"]
    assert state_of(world, second) is S.CANCELLED


@pytest.mark.parametrize("state", sorted(set(S) - set(STEPS) - set(PASSING) - {S.CANCELLED}))
async def test_what_the_carrier_was_told_of_stays(world: World, state: ConsignmentState) -> None:
    (reference,) = await made(world, state)
    for undo in (Undoing(world.pro).deallocate, Undoing(world.pro).cancel):
        stays = (await undo([reference]))[reference]
        assert isinstance(stays, NotUndone)
        assert (stays.state, stays.problem.code) == (state.value, "too_late")
        assert state.value in stays.problem.message
    assert asked(world) == []


async def test_what_is_cancelled_is_cancelled_and_can_not_be_deallocated(world: World) -> None:
    (reference,) = await made(world, S.CANCELLED)
    undoing = Undoing(world.pro)
    assert await undoing.cancel([reference]) == {reference: Undone(reference)}
    assert isinstance((await undoing.deallocate([reference]))[reference], NotUndone)
    assert asked(world) == []


@pytest.mark.parametrize("state", PASSING)
async def test_while_one_moves_the_others_are_taken_back_and_it_is_waited_for(
    world: World, state: ConsignmentState
) -> None:
    moving, other = await made(world, state, S.ALLOCATED)
    with pytest.raises(StillMoving, match=f"{moving} is {state.value}"):
        await Undoing(world.pro).cancel([moving, other])
    assert state_of(world, other) is S.CANCELLED
    world.state.consignments[moving].state = S.UNALLOCATED
    done = await Undoing(world.pro).cancel([moving, other])
    assert set(done.values()) == {Undone(moving), Undone(other)}


async def test_many_in_different_states_share_the_calls(world: World) -> None:
    every = await made(world, *STEPS, S.MANIFESTED, S.CANCELLED)
    results = await Undoing(world.pro).cancel(every)
    stays = [reference for reference, one in results.items() if isinstance(one, NotUndone)]
    assert [state_of(world, reference) for reference in stays] == [S.MANIFESTED]
    assert asked(world) == list(CALLS)


@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER_COMMIT, FaultKind.DROP_BEFORE_COMMIT])
@pytest.mark.parametrize("call", CALLS)
async def test_after_a_lost_answer_it_is_done_again_by_the_states(
    world: World, call: str, fault: FaultKind
) -> None:
    references = await made(world, S.READY_TO_SHIP, S.ALLOCATED, S.UNALLOCATED)
    world.fault(call, fault)
    with pytest.raises(Ambiguous):
        await Undoing(world.pro).cancel(references)
    done = await Undoing(world.pro).cancel(references)
    assert set(done.values()) == {Undone(reference) for reference in references}
    assert {state_of(world, reference) for reference in references} == {S.CANCELLED}


async def test_what_pro_refuses_of_one_is_told_of_that_one(world: World) -> None:
    bad, good = await made(world, S.ALLOCATED, S.ALLOCATED)
    world.fault(
        "deallocateConsignments",
        FaultKind.BULK_ITEM_FAILURE,
        match={"consignment_reference": bad},
        times=None,
        body="The carrier says no.",
    )
    results = await Undoing(world.pro).cancel([bad, good])
    assert results[good] == Undone(good)
    stays = results[bad]
    assert isinstance(stays, NotUndone)
    assert (stays.state, stays.problem.message) == ("Allocated", "The carrier says no.")


async def test_a_call_that_is_refused_as_a_whole_is_asked_for_each_alone(world: World) -> None:
    references = await made(world, S.UNALLOCATED, S.ALLOCATION_FAILED)
    refusal = json.dumps({"Code": "No", "Message": "No."})
    world.fault("cancelConsignments", FaultKind.STATUS, status=400, body=refusal, times=2)
    results = await Undoing(world.pro).cancel(references)
    refused = results[references[0]]
    assert isinstance(refused, NotUndone)
    assert (refused.state, refused.problem.code) == ("Unallocated", "No")
    assert results[references[1]] == Undone(references[1])


async def test_what_moves_between_reading_and_asking_is_taken_from_where_it_is_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (reference,) = await made(world, S.UNALLOCATED)
    really, moves = world.pro.cancel_consignments, iter([S.ALLOCATED, S.READY_TO_SHIP])

    async def cancel(references: list[str]) -> object:
        world.state.consignments[reference].state = next(moves, S.UNALLOCATED)
        return await really(references)

    monkeypatch.setattr(world.pro, "cancel_consignments", cancel)
    assert await Undoing(world.pro).cancel([reference]) == {reference: Undone(reference)}
    assert state_of(world, reference) is S.CANCELLED


async def test_what_others_move_for_ever_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (reference,) = await made(world, S.UNALLOCATED)
    really = world.pro.cancel_consignments

    async def cancel(references: list[str]) -> object:
        world.state.consignments[reference].state = S.READY_TO_SHIP
        return await really(references)

    monkeypatch.setattr(world.pro, "cancel_consignments", cancel)
    with pytest.raises(StillMoving, match="somebody else"):
        await Undoing(world.pro).cancel([reference])


async def test_only_before_anything_was_changed_it_certainly_did_nothing(world: World) -> None:
    (reference,) = await made(world, S.ALLOCATED)
    world.fault("getConsignmentStatus", FaultKind.STATUS, status=503)
    with pytest.raises(Retryable):
        await Undoing(world.pro).cancel([reference])
    world.fault("deallocateConsignments", FaultKind.STATUS, status=429)
    with pytest.raises(Throttled):
        await Undoing(world.pro).cancel([reference])
    world.fault("cancelConsignments", FaultKind.STATUS, status=429)
    with pytest.raises(Ambiguous):
        await Undoing(world.pro).cancel([reference])
    assert state_of(world, reference) is S.UNALLOCATED


async def test_a_state_that_we_do_not_know_proves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (reference,) = await made(world, S.UNALLOCATED)

    async def new_word(_reference: str) -> str:
        return "Teleported"

    monkeypatch.setattr(world.pro, "get_consignment_status", new_word)
    stays = (await Undoing(world.pro).cancel([reference]))[reference]
    assert isinstance(stays, NotUndone)
    assert stays.problem.code == "state_not_known"
    assert asked(world) == []


def test_every_word_of_the_contract_has_one_way() -> None:
    ways = [
        states.CANCEL_AT_ONCE,
        states.CANCEL_AFTER_DEALLOCATION,
        states.CANCEL_AFTER_NOT_READY,
        states.TOO_LATE_TO_CANCEL,
        states.PASSING,
        {states.CANCELLED},
    ]
    assert sorted(word for way in ways for word in way) == sorted(states.KNOWN)
