"""Whatever goes wrong, and in whatever order: nothing is allocated with the wrong origin, a pick is
packed once, and it ends as one live consignment or as none and a rejection."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.faults import FaultKind
from sandbox.states import ConsignmentState
from sandbox.words import AddressType, Direction
from service.events.published import ConsignmentCreated, PickRejected
from service.events.received import StockPicked
from service.events.said import Event
from service.ledger.operation import AwaitingLookup
from service.operations import StillMoving
from service.pro.problems import Ambiguous, Retryable, Throttled

from .goods import picked, placed
from .world import World, world_of

ELSEWHERE = "BRISTOL_WH"
SETBACKS = (Ambiguous, Retryable, Throttled, AwaitingLookup, StillMoving)
FAULTS = st.tuples(
    st.sampled_from(
        [
            "packOrder",
            "updateConsignment",
            "getConsignment",
            "getConsignmentStatus",
            "cancelConsignment",
            "searchConsignments",
        ]
    ),
    st.sampled_from(
        [
            FaultKind.DROP_BEFORE_COMMIT,
            FaultKind.DROP_AFTER_COMMIT,
            FaultKind.LATE_COMMIT,
            FaultKind.STATUS,
        ]
    ),
)
TURNS = st.lists(
    st.one_of(FAULTS, st.just("event"), st.just("search"), st.just("time")), max_size=12
)


async def deliver(world: World, event: Event) -> list[Event]:
    if isinstance(event, PickRejected):
        return []  # nobody here listens to it
    try:
        return await world.react(event)
    except SETBACKS:
        return []


def misplaced(world: World) -> list[str]:
    """What PRO has ever allocated although it leaves from, or returns to, the wrong location."""
    wrong = []
    for one in world.state.consignments.values():
        inbound = one.direction is Direction.INBOUND
        kind = AddressType.DESTINATION if inbound else AddressType.ORIGIN
        there = [a.shipping_location_reference for a in one.addresses if a.address_type is kind]
        ever = {state for _, state in one.history} | {one.state}
        if ConsignmentState.ALLOCATED in ever and there != [ELSEWHERE]:
            wrong.append(one.reference)
    return wrong


async def play(world: World, turns: list[object], event: StockPicked) -> list[Event]:
    """Deliver the event among faults, then until it has ended; gives its outcomes."""
    await world.react(placed())
    for turn in turns:
        match turn:
            case "event":
                for said in await deliver(world, event):
                    await deliver(world, said)
            case "search":
                await deliver_search(world)
            case "time":
                world.clock.forward(40)
            case (str(operation), FaultKind() as kind):
                world.fault(operation, kind, seconds=15, status=503)
        world.state.settle()
        assert misplaced(world) == []
    world.state.faults.clear()
    for _ in range(12):
        world.clock.forward(130)
        outcomes = await deliver(world, event)
        if outcomes:
            return outcomes
    raise AssertionError("the pick never ended")


async def deliver_search(world: World) -> None:
    try:
        await world.strays.search("WEB-1", "P-1")
    except SETBACKS:
        return


@pytest.mark.parametrize(("location", "is_good"), [(ELSEWHERE, True), ("NOWHERE", False)])
@given(turns=TURNS, with_return=st.booleans())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_never_allocated_with_the_wrong_origin(
    location: str, is_good: bool, turns: list[object], with_return: bool
) -> None:
    event = picked("P-1", shipping_location_reference=location, generate_return=with_return)

    async def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with world_of(Path(folder)) as world:
                outcomes = await play(world, turns, event)
                for said in outcomes:
                    await deliver(world, said)
                world.clock.forward(90_000)
                await world.do_timed_work()
                await world.strays.search("WEB-1", "P-1")
                assert misplaced(world) == []
                outbound = [o for o in world.alive() if o.direction is Direction.OUTBOUND]
                assert len(outbound) == (1 if is_good else 0)
                kind = ConsignmentCreated if is_good else PickRejected
                assert all(isinstance(said, kind) for said in outcomes)
                assert (await world.order()).lines[0].picked == (1 if is_good else 0)

    asyncio.run(whole())
