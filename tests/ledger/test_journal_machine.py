"""The journal of one pick, whatever happens in whatever order: one live consignment, one outcome.

PRO is a few lines here: it makes a consignment for each call that it commits, at once or late, and
finds what it has committed. Workers ask as `Operations` would have them ask.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from service.ledger import orders, timed_work
from service.ledger.database import Tx
from service.ledger.leases import LeaseHeld
from service.ledger.operation import (
    Announcement,
    AwaitingLookup,
    Claim,
    Operation,
    Settled,
    Settlement,
    Superseded,
)
from service.ledger.orders import KnownOrder

from .ledgers import Clock, Ledger, on_sqlite, saying

LEASE = 60.0
LAST_LOOK = 120.0
T = TypeVar("T")
KEY = "pack:WEB-1:P-1"


@dataclass
class Pro:
    """What PRO has made, and will make yet."""

    clock: Clock
    made: list[str] = field(default_factory=list)
    late: list[tuple[float, str]] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    calls: int = 0

    def seconds(self) -> float:
        return self.clock() / 1_000_000

    def pack(self, delay: float | None) -> str:
        """Take a call up; commit it now (0), later, or never (None)."""
        self.calls += 1
        reference = f"EC-{self.calls}"
        if delay == 0:
            self.made.append(reference)
        elif delay is not None:
            self.late.append((self.seconds() + delay, reference))
        return reference

    def settle(self) -> None:
        for due, reference in list(self.late):
            if due <= self.seconds():
                self.late.remove((due, reference))
                self.made.append(reference)

    def alive(self) -> list[str]:
        self.settle()
        return [reference for reference in self.made if reference not in self.cancelled]


class JournalOfOnePick(RuleBasedStateMachine):
    """Two workers and PRO, with the same event delivered again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.ledger: Ledger = self.run(on_sqlite(Path(self.folder.name) / "ledger.db"))
        self.clock = Clock()
        self.held: list[Claim | None] = [None, None]
        self.said: list[tuple[Announcement, ...]] = []
        self.late_commits = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.run(self.ledger.database.close())
        self.runner.close()
        self.folder.cleanup()

    def forward(self, seconds: float) -> None:
        async def both() -> None:
            self.clock.forward(seconds)
            await self.ledger.forward(seconds)

        self.run(both())

    @initialize()
    def begin(self) -> None:
        self.pro = Pro(self.clock)
        self.journals = [self.ledger.journal(lease_seconds=LEASE) for _ in range(2)]
        self.run(self.ledger.place("WEB-1", 2))
        self.operation: Operation = self.run(self.ledger.operation(KEY))

    # What a worker does

    async def reserve(self, tx: Tx) -> None:
        await orders.reserve(tx, "WEB-1", "P-1", "ours", {0: 2})

    def found(self, reference: str) -> Settlement:
        async def pack(tx: Tx) -> None:
            await orders.pack(tx, "WEB-1", "P-1")

        return saying(reference, effects=pack)

    def deliver(self, worker: int) -> Claim | None:
        """Deliver the event: claim, and look where it has to be looked; a claim is one to ask."""
        journal = self.journals[worker]
        try:
            held = self.run(journal.claim(self.operation, self.reserve))
        except (LeaseHeld, AwaitingLookup):
            return None
        if isinstance(held, Settled):
            self.hear(held.announcements)
            return None
        if not held.must_look:
            return held
        seen = self.pro.alive()
        try:
            if seen:
                self.settle(worker, held, self.found(min(seen)))
                return None
            if self.run(journal.looked_in_vain(held)) is not None:
                return None
            return self.run(journal.ask_again(held))
        except Superseded:
            return None

    def settle(self, worker: int, held: Claim, settlement: Settlement) -> None:
        try:
            said = self.run(self.journals[worker].settle(held, settlement))
        except Superseded:
            return
        if not settlement.refused:
            self.hear(said)

    def hear(self, said: tuple[Announcement, ...]) -> None:
        if said not in self.said:
            self.said.append(said)

    def finished(self) -> bool:
        return bool(self.said)

    # What may happen

    @rule(worker=st.integers(0, 1))
    def claims(self, worker: int) -> None:
        before, was_finished = self.pro.calls, self.finished()
        if self.held[worker] is None:
            self.held[worker] = self.deliver(worker)
        if was_finished:
            assert self.held[worker] is None or before == self.pro.calls

    def calling(self, worker: int, delay: float | None) -> tuple[Claim, str] | None:
        """Call PRO, unless the lease has less left than a call takes (`Operations` looks)."""
        held, self.held[worker] = self.held[worker], None
        assert held is not None
        row = self.run(self.ledger.row(KEY))
        in_time = row["lease_until"] > self.clock.now and row["attempt"] == held.attempt
        if not in_time:
            self.run(self.journals[worker].release(held))
            return None
        assert row["state"] != "finished", "a finished operation was about to be asked again"
        return held, self.pro.pack(delay)

    @precondition(lambda self: any(self.held))
    @rule(worker=st.integers(0, 1), takes=st.sampled_from([0, 0, 0, 61, 70, 100, 200]))
    def asks_and_is_answered(self, worker: int, takes: float) -> None:
        """PRO commits and answers; the worker may be away when the answer comes."""
        if self.held[worker] is None or (call := self.calling(worker, 0)) is None:
            return
        held, reference = call
        if takes:
            other = 1 - worker
            self.forward(takes)
            if self.held[other] is None:
                self.held[other] = self.deliver(other)
        self.settle(worker, held, self.found(reference))

    @precondition(lambda self: any(self.held))
    @rule(
        worker=st.integers(0, 1),
        commits=st.sampled_from([None, 0, 0, 4, 20, 100, 119]),
        crashes=st.booleans(),
    )
    def asks_and_the_answer_is_lost(
        self, worker: int, commits: float | None, crashes: bool
    ) -> None:
        if self.held[worker] is None or (call := self.calling(worker, commits)) is None:
            return
        if not crashes:
            self.run(self.journals[worker].lose(call[0]))

    @precondition(lambda self: any(self.held))
    @rule(worker=st.integers(0, 1), seconds=st.sampled_from([130, 400, 4000]))
    def asks_and_pro_commits_after_the_last_look(self, worker: int, seconds: float) -> None:
        if self.held[worker] is None or (call := self.calling(worker, seconds + LEASE)) is None:
            return
        self.late_commits += 1
        self.run(self.journals[worker].lose(call[0]))

    @precondition(lambda self: any(self.held))
    @rule(worker=st.integers(0, 1))
    def is_refused(self, worker: int) -> None:
        if self.held[worker] is None or (call := self.calling(worker, None)) is None:
            return
        if self.pro.alive() or self.pro.late:
            self.run(self.journals[worker].lose(call[0]))  # PRO refuses what is there already
            return
        self.run(self.journals[worker].release(call[0]))

    @precondition(lambda self: any(self.held))
    @rule(worker=st.integers(0, 1))
    def dies_before_it_asks(self, worker: int) -> None:
        self.held[worker] = None

    @rule(seconds=st.sampled_from([1, 6, 31, 61, 125, 700]))
    def time_passes(self, seconds: float) -> None:
        self.forward(seconds)

    # What holds always

    @invariant()
    def one_live_consignment_unless_pro_was_too_late(self) -> None:
        if not hasattr(self, "pro"):
            return
        alive = self.pro.alive()
        if len(alive) > 1:
            assert self.late_commits, f"{alive} without any late commit"
            assert self.run(self.ledger.was_ever_unknown(KEY)), "a stray nobody searches"

    @invariant()
    def one_outcome_however_often_it_is_said(self) -> None:
        assert len(self.said) <= 1
        for announcements in self.said:
            assert len(announcements) == 1

    @invariant()
    def no_more_is_picked_than_was_ordered(self) -> None:
        if not hasattr(self, "pro"):
            return
        order = self.run(self.order())
        assert order.lines[0].picked in (0, 2)
        assert order.fully_packed == self.finished()

    async def order(self) -> KnownOrder:
        async with self.ledger.database.begin() as tx:
            found = await orders.find(tx, "WEB-1")
        assert found is not None
        return found


class EndsWell(JournalOfOnePick):
    """As above; at the end everything comes to rest."""

    def teardown(self) -> None:
        try:
            if hasattr(self, "pro"):
                self.come_to_rest()
        finally:
            super().teardown()

    def come_to_rest(self) -> None:
        for _ in range(12):
            self.forward(LEASE + LAST_LOOK)
            held = self.deliver(0)
            if held is not None:
                self.settle(0, held, self.found(self.pro.pack(0)))
        assert len(self.said) == 1, "the pick was forgotten"
        self.forward(90_000)
        if len(self.pro.alive()) > 1:
            assert self.run(self.searches()), "no search for the stray"

    async def searches(self) -> list[timed_work.Work]:
        async with self.ledger.database.begin() as tx:
            return await timed_work.claim(tx, 10, 60)


TestJournalOfOnePick = EndsWell.TestCase
TestJournalOfOnePick.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
