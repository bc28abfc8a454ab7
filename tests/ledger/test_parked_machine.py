"""The line of one order, whatever happens in whatever order: nothing lost, everybody in turn.

Two replicas deliver, start, settle, park and bury its events, die in between, and people replay
and discard, as `Handling` and the commands do it.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from service.events.topics import EventType
from service.ledger.dead_letters import DeadLetters, Decision
from service.ledger.parked import TURN_SECONDS
from service.ledger.parked_rows import Origin, ParkedEvent, Reason, Subject
from service.ledger.tables import ParkedState
from service.ledger.turns import TOO_EARLY, may_run

from .ledgers import Ledger, on_sqlite, record
from .line_world import Known, Running, World

T = TypeVar("T")
CLAIM = 120.0
LETTER_AFTER = 60.0
KINDS = [
    (EventType.ORDER_PLACED, None),
    (EventType.STOCK_PICKED, None),
    (EventType.CONSIGNMENT_CREATED, "EC-1"),
    (EventType.CONSIGNMENT_CREATED, "EC-2"),
    (EventType.CONSIGNMENT_ALLOCATED, "EC-1"),
]
SOMEBODY = Decision("ada", "looked into it")
REPLICAS = st.integers(0, 1)


class LineOfOneOrder(RuleBasedStateMachine):
    """Two replicas, people, and the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.ledger: Ledger = self.run(on_sqlite(Path(self.folder.name) / "ledger.db"))
        self.parked = self.ledger.parked
        self.letters = DeadLetters(self.ledger.database, self.ledger.seal)
        self.world = World()
        self.line: list[ParkedEvent] = []
        """As it stood after the last step."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        try:
            self.come_to_rest()
        finally:
            self.run(self.ledger.database.close())
            self.runner.close()
            self.folder.cleanup()

    def rows(self) -> list[ParkedEvent]:
        return self.run(self.parked.of_order("WEB-1"))

    def dead(self) -> list[ParkedEvent]:
        return [row for row in self.line if row.state is ParkedState.DEAD]

    def forward(self, seconds: float) -> None:
        async def pass_by() -> None:
            await self.ledger.forward(seconds)

        self.world.seconds += seconds
        self.run(pass_by())
        for replica, running in enumerate(self.world.running):
            if running and running.row and running.known.started_until <= self.world.seconds:
                self.world.running[replica] = None  # it did not live so long

    # What a replica does

    @initialize(
        kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4),
        why=st.sampled_from(["retryable", TOO_EARLY]),
    )
    def begin(self, kinds: list[tuple[EventType, str | None]], why: str) -> None:
        """The first is parked already; those that have to wait behind it do."""
        first, *others = kinds
        self.arrives(first, dies=False)
        self.parks(0, why, 5.0, dies=False)
        for kind in others:
            if None in self.world.running:
                self.arrives(kind, dies=False)

    @precondition(lambda self: None in self.world.running)
    @rule(kind=st.sampled_from(KINDS), dies=st.booleans())
    def arrives(self, kind: tuple[EventType, str | None], dies: bool) -> None:
        number = len(self.world.events)
        subject = Subject(kind[0].value, f"event-{number}", "WEB-1", kind[1])
        self.world.events.append(Known(subject, Origin(kind[0].value, 2, number)))
        self.deliver(self.world.events[-1], dies=dies)

    @precondition(lambda self: None in self.world.running)
    @rule(data=st.data(), dies=st.booleans())
    def is_delivered_again(self, data: st.DataObject, dies: bool) -> None:
        waiting = [
            one for one in self.world.events if one.is_on_topic and not self.world.is_run(one)
        ]
        if waiting:
            self.deliver(data.draw(st.sampled_from(waiting)), dies=dies)

    def deliver(self, known: Known, *, dies: bool) -> None:
        """Take up an event of its own topic; the replica may die before it lets the offset go."""
        mine, ahead = self.run(self.parked.look(known.origin, known.subject))
        if mine is None and ahead is None:
            self.world.running[self.world.running.index(None)] = Running(known, None)
            return
        if mine is None:
            mine = self.run(
                self.parked.park_behind(self.record_of(known), known.subject, TURN_SECONDS)
            )
            assert mine is not None
            assert mine.place.is_behind
        known.is_on_topic = dies

    @precondition(lambda self: None in self.world.running)
    @rule(data=st.data(), swept=st.booleans())
    def starts(self, data: st.DataObject, swept: bool) -> None:
        """Take up an event that the sweeper or its retry message wakes."""
        if swept:
            woken = [one.row.origin for one in self.run(self.parked.overdue(2.0, 1))]
        else:
            woken = [row.origin for row in self.rows() if row.seconds_until_due <= 2]
        if woken:
            self.start(data.draw(st.sampled_from(woken)))

    @precondition(lambda self: None in self.world.running)
    @rule(data=st.data(), ends=st.sampled_from(["settles", "parks", "buries"]))
    def one_runs_to_its_end(self, data: st.DataObject, ends: str) -> None:
        self.forward(10)
        due = [
            row.origin
            for row in self.rows()
            if row.state is ParkedState.PARKED and row.seconds_until_due <= 2
        ]
        if not due or (running := self.start(data.draw(st.sampled_from(due)))) is None:
            return
        replica = self.world.running.index(running)
        if ends == "settles":
            self.settles(replica, dies=False)
        elif ends == "parks":
            why = data.draw(st.sampled_from(["retryable", TOO_EARLY]))
            self.parks(replica, why, 5.0, dies=False)
        else:
            self.buries(replica, holds=True, dies=False)

    def start(self, origin: Origin) -> Running | None:
        row = self.run(self.parked.start(origin, CLAIM))
        if row is None:
            return None
        known = self.world.at(origin)
        assert known.started_until <= self.world.seconds, "two run the same event"
        assert not known.is_settled, "settled and parked"
        for other in self.rows():
            if other.sequence < row.sequence and other.state is ParkedState.PARKED:
                assert (other.event_type, other.consignment_reference) != (
                    row.event_type,
                    row.consignment_reference,
                ), "overtaken"
        known.started_until = self.world.seconds + CLAIM
        running = Running(known, row)
        if None in self.world.running:
            self.world.running[self.world.running.index(None)] = running
        return running

    def take(self, replica: int) -> Running | None:
        running, self.world.running[replica] = self.world.running[replica], None
        return running

    @precondition(lambda self: any(self.world.running))
    @rule(replica=REPLICAS, dies=st.sampled_from([False, False, False, True]))
    def settles(self, replica: int, dies: bool) -> None:
        """Publish what comes of an event, then let it go; the replica may die in between."""
        running = self.take(replica)
        if running is None or dies:
            return
        self.settle(running)

    def settle(self, running: Running) -> None:
        known = running.known
        if running.row is not None:
            before = {row.origin for row in self.turns(self.rows())}
            woken = self.run(self.parked.let_go(running.row))
            known.started_until = 0.0
            after = {row.origin for row in self.turns(self.rows())}
            assert {one.row.origin for one in woken} == after - before
        known.is_settled, known.is_on_topic = True, False

    @precondition(lambda self: any(self.world.running))
    @rule(
        replica=REPLICAS,
        why=st.sampled_from(["retryable", TOO_EARLY, "throttled"]),
        seconds=st.sampled_from([0.2, 5.0, 600.0]),
        dies=st.booleans(),
    )
    def parks(self, replica: int, why: str, seconds: float, dies: bool) -> None:
        running = self.take(replica)
        if running is None:
            return
        self.run(
            self.parked.park(
                self.record_of(running.known),
                running.known.subject,
                attempt=1,
                reason=Reason(why, "not now"),
                due_in_seconds=seconds,
            )
        )
        running.known.started_until = 0.0
        if running.row is None:
            running.known.is_on_topic = dies

    @precondition(lambda self: any(self.world.running))
    @rule(replica=REPLICAS, holds=st.booleans(), dies=st.booleans())
    def buries(self, replica: int, holds: bool, dies: bool) -> None:
        """Store a dead letter, then send it; the replica may die in between."""
        running = self.take(replica)
        if running is None:
            return
        known = running.known
        self.run(
            self.parked.bury(
                self.record_of(known),
                known.subject,
                attempt=4,
                reason=Reason("bug", "no"),
                holds=holds,
            )
        )
        known.started_until = 0.0
        if not dies:
            self.run(self.parked.letter_sent(known.origin))
        if running.row is None:
            known.is_on_topic = dies

    @rule()
    def sends_the_letters_that_are_missing(self) -> None:
        missing = {row.origin for row in self.dead() if not row.is_letter_sent}
        self.forward(LETTER_AFTER)
        found = self.run(self.parked.letters_missing(LETTER_AFTER, 100))
        assert {one.row.origin for one in found} == missing
        for one in found:
            self.run(self.parked.letter_sent(one.row.origin))

    # What people do, and time

    @precondition(lambda self: self.dead())
    @rule(data=st.data())
    def is_replayed(self, data: st.DataObject) -> None:
        letter = data.draw(st.sampled_from(self.dead()))
        row = self.run(self.letters.replay(letter.sequence, SOMEBODY, None))
        assert row.seconds_until_due < 0
        assert row.sequence == letter.sequence

    @precondition(lambda self: self.dead())
    @rule(data=st.data())
    def is_discarded(self, data: st.DataObject) -> None:
        letter = data.draw(st.sampled_from(self.dead()))
        self.run(self.letters.discard(letter.sequence, SOMEBODY))

    @rule(seconds=st.sampled_from([1, 10, 61, 125, 700]))
    def time_passes(self, seconds: float) -> None:
        self.forward(seconds)

    # What holds always

    @invariant()
    def no_event_is_lost_and_none_is_settled_and_parked(self) -> None:
        self.line = self.rows()
        rows = {row.origin for row in self.line}
        for known in self.world.events:
            assert known.is_on_topic or known.is_settled or known.origin in rows, "lost"
            assert not (known.is_settled and known.origin in rows), "settled and parked"

    @invariant()
    def whose_turn_it_is_need_not_wait_and_who_runs_is_left_alone(self) -> None:
        """Whoever goes out of the line makes the next due."""
        turns = self.turns(self.line)
        for row in self.line:
            left = self.world.at(row.origin).started_until - self.world.seconds
            if left > 0:
                assert row.seconds_until_due == left, "would be started a second time"
            elif row in turns:
                assert row.seconds_until_due <= 0, "nobody has told it"

    @staticmethod
    def turns(line: list[ParkedEvent]) -> list[ParkedEvent]:
        """Those that only waited for their turn and whose turn it is."""
        places = [row.place for row in line]
        return [row for row in line if row.place.is_behind and may_run(row.place, places)]

    def come_to_rest(self) -> None:
        """Everything works again: all that is parked is settled, those of a kind in turn."""
        self.world.running = [None, None]
        self.line = self.rows()
        for letter in self.dead():
            self.run(self.letters.replay(letter.sequence, SOMEBODY, None))
        drained: list[ParkedEvent] = []
        for _ in range(len(self.world.events) + 1):
            self.forward(700)
            for woken in self.run(self.parked.overdue(2.0, 100)):
                if (running := self.start(woken.row.origin)) is not None:
                    assert running.row is not None
                    self.settle(running)
                    drained.append(running.row)
            self.world.running = [None, None]
        left = [row for row in self.rows() if row.state is not ParkedState.DISCARDED]
        assert left == [], "forgotten"
        for event_type, consignment in KINDS:
            of_kind = [
                row.sequence
                for row in drained
                if (row.event_type, row.consignment_reference) == (event_type, consignment)
            ]
            assert of_kind == sorted(of_kind)

    @staticmethod
    def record_of(known: Known) -> Any:
        return record(known.origin.offset, topic=known.origin.topic)


TestLineOfOneOrder = LineOfOneOrder.TestCase
TestLineOfOneOrder.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes longer than a test may
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
