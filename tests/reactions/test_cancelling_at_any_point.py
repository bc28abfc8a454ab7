"""An order is cancelled, or a pick withdrawn, at any point of its way, whatever goes wrong.

Events are delivered in any order, again and again, as long as something stands in their way;
workers die with an answer in their hands, or sleep through their lease while others go on. At the
end nothing is left in PRO that is not told.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sandbox.faults import FaultKind
from service.events.amending import OrderAmendmentApplied, OrderAmendmentRejected
from service.events.cancelling import (
    ConsignmentCancelled,
    OrderCancellationApplied,
    OrderCancellationRejected,
    PickWithdrawalApplied,
    PickWithdrawalRejected,
)
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentCreated,
    ConsignmentManifested,
    OrderRecorded,
    OrderRejected,
    PickRejected,
)
from service.events.said import Event
from service.ledger.leases import LeaseHeld
from service.ledger.operation import AwaitingLookup, Superseded
from service.operations import StillMoving, TooEarly
from service.pro.problems import Ambiguous, Retryable, Throttled

from .goods import amended, cancelled, item, manifest, picked, placed, withdrawn
from .world import World, read_back, world_of

IN_THE_WAY = (
    AwaitingLookup,
    LeaseHeld,
    StillMoving,
    Superseded,
    TooEarly,
    Ambiguous,
    Retryable,
    Throttled,
    asyncio.CancelledError,
)
CALLS = (
    "createOrder",
    "packOrder",
    "allocateDefaultRules",
    "getLabelsInFormat",
    "updateOrder",
    "updateConsignment",
    "setReadyToShip",
    "manifestFromQuery",
    "setNotReadyToShip",
    "deallocateConsignments",
    "cancelConsignments",
    "getConsignmentStatus",
)
LOST = (FaultKind.DROP_AFTER_COMMIT, FaultKind.DROP_BEFORE_COMMIT)
ELSEWHERE = {"shipping_location_reference": "BRISTOL_WH"}
FROM_OTHERS: tuple[Event, ...] = (
    placed("WEB-1", item(quantity=3)),
    picked("P-1"),
    picked("P-2", **ELSEWHERE),
    picked("P-3", generate_return=True),
    amended(1, tags=["Fragile"]),
    withdrawn("P-1"),
    manifest("M-1"),
    manifest("M-2", "BRISTOL_WH"),
    cancelled(),
)
Turn = tuple[int, str, Any]
TURNS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 30), st.just("react"), st.none()),
        st.tuples(st.integers(0, 30), st.just("die"), st.none()),
        st.tuples(st.integers(0, 30), st.just("sleep"), st.integers(0, 30)),
        st.tuples(
            st.integers(0, 30),
            st.just("fault"),
            st.tuples(st.sampled_from(CALLS), st.sampled_from(LOST)),
        ),
        st.tuples(st.sampled_from([1, 3, 6, 40, 130]), st.just("wait"), st.none()),
    ),
    min_size=4,
    max_size=30,
)


@dataclass
class Delivery:
    """Events that are delivered, and what was said."""

    world: World
    inbox: list[Event] = field(default_factory=lambda: list(FROM_OTHERS))
    said: dict[str, Event] = field(default_factory=dict)

    async def take(self, turn: Turn) -> None:
        number, what, more = turn
        if what == "wait":
            self.world.clock.forward(number)
            await self.do_timed_work()
            return
        if what == "fault":
            self.world.fault(more[0], more[1])
        elif what == "die":
            self._at_the_next_answer(self._die)
        elif what == "sleep":
            self._at_the_next_answer(lambda: self._oversleep(more))
        await self.deliver(self.inbox[number % len(self.inbox)])

    async def deliver(self, event: Event) -> bool:
        """Deliver an event, which stays in the inbox if something is in its way."""
        try:
            performed = await self.world.perform(event, id=str(self.inbox.index(event)))
        except IN_THE_WAY:
            return False
        await self.world.publication.acknowledged(performed.operation_key)
        for announcement in performed.announcements:
            outcome = read_back(announcement)
            assert self.said.setdefault(announcement.id, outcome) == outcome
            if isinstance(outcome, ConsignmentCreated | ConsignmentAllocated):
                self.inbox.append(outcome)
        return True

    async def do_timed_work(self) -> None:
        try:
            for event in await self.world.do_timed_work():
                self.said.setdefault(repr(event), event)
        except IN_THE_WAY:
            pass  # it comes back by itself

    async def drain(self) -> None:
        """Deliver all until nothing is in the way of any."""
        self.world.state.faults.clear()
        stuck = self.inbox
        for _ in range(12):
            stuck = [event for event in list(self.inbox) if not await self.deliver(event)]
            if not stuck:
                break
            self.world.clock.forward(130)
            await self.do_timed_work()
        assert not stuck, f"still in the way: {stuck}"
        for _ in range(3):
            self.world.clock.forward(1000)
            await self.do_timed_work()

    def _at_the_next_answer(self, happen: Any) -> None:
        journal = self.world.journal
        settle = type(journal).settle.__get__(journal)

        async def settling(*given: Any, **named: Any) -> Any:
            journal.settle = settle  # type: ignore[method-assign]
            await happen()
            return await settle(*given, **named)

        journal.settle = settling  # type: ignore[method-assign]

    async def _die(self) -> None:
        raise asyncio.CancelledError

    async def _oversleep(self, number: int) -> None:
        self.world.clock.forward(70)
        await self.deliver(self.inbox[number % len(self.inbox)])

    def heard(self, *kinds: type[Event]) -> list[Any]:
        return [event for event in self.said.values() if isinstance(event, kinds)]


def run(test: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner() as runner:
        runner.run(test)


PLACE, PICK, PICK_ELSEWHERE, PICK_WITH_RETURN = range(4)
WITHDRAW, MANIFEST, CANCEL = 5, 6, 8
FIRST_OUTCOME = len(FROM_OTHERS)


def react(*numbers: int) -> list[Turn]:
    return [(number, "react", None) for number in numbers]


def lost(number: int, call: str, how: FaultKind) -> Turn:
    return (number, "fault", (call, how))


@given(TURNS)
@example([*react(PLACE), lost(PICK_WITH_RETURN, "packOrder", LOST[0]), *react(CANCEL)])
@example([*react(PLACE), lost(PICK_WITH_RETURN, "packOrder", LOST[1]), *react(CANCEL)])
@example([*react(PLACE), lost(PICK, "packOrder", LOST[0]), *react(WITHDRAW, CANCEL)])
@example([*react(PLACE), lost(PICK_ELSEWHERE, "updateConsignment", LOST[1]), *react(CANCEL)])
@example([*react(PLACE), (PICK_WITH_RETURN, "die", None), *react(CANCEL)])
@example([*react(PLACE), (PICK_WITH_RETURN, "sleep", CANCEL)])
@example([(PLACE, "sleep", CANCEL)])
@example([*react(PLACE, PICK), (FIRST_OUTCOME, "sleep", CANCEL)])
@example([*react(PLACE, PICK), (FIRST_OUTCOME, "sleep", WITHDRAW)])
@example([*react(PLACE, PICK, FIRST_OUTCOME, FIRST_OUTCOME + 1), *react(MANIFEST, CANCEL)])
@example([*react(PLACE, PICK_WITH_RETURN), lost(CANCEL, "cancelConsignments", LOST[0])])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_is_left_that_is_not_told(turns: list[Turn]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with world_of(Path(folder)) as world:
                delivery = Delivery(world)
                for turn in turns:
                    await delivery.take(turn)
                await delivery.drain()
                await check(delivery)

    run(play())


async def check(delivery: Delivery) -> None:
    world, heard = delivery.world, delivery.heard
    (whole,) = heard(OrderCancellationApplied, OrderCancellationRejected)
    created = {one.consignment_reference for one in heard(ConsignmentCreated)}
    told = {one.consignment_reference for one in heard(ConsignmentCancelled)}
    stays = {
        detail.target
        for one in heard(OrderCancellationRejected, PickWithdrawalRejected)
        for detail in one.rejection.details
    }
    assert told | stays == created, "each consignment that was announced is told cancelled or late"
    assert not told & stays
    assert {one.reference for one in world.alive()} == stays
    assert isinstance(whole, OrderCancellationRejected) == bool(stays)
    manifested = {one.consignment_reference for one in heard(ConsignmentManifested)}
    assert manifested == stays, "what is too late is what was manifested, and that is told too"

    answered = {one.pick_reference for one in heard(ConsignmentCreated)}
    rejected = {one.pick_reference for one in heard(PickRejected)}
    assert answered | rejected == {"P-1", "P-2", "P-3"}
    assert not answered & rejected
    assert heard(OrderRecorded, OrderRejected)
    assert len(heard(OrderAmendmentApplied, OrderAmendmentRejected)) == 1
    assert len(heard(PickWithdrawalApplied, PickWithdrawalRejected)) == 1

    for reference in told:
        assert (await world.consignment(reference)).pro_state == "Cancelled"
    order = await world.order()
    held = {one.pick_reference for one in heard(ConsignmentManifested)}
    assert sum(line.picked for line in order.lines) == len(held)
