"""99 % of picks have their consignment within 2 minutes: which picks are due, which in time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from service.clock import utc_now
from service.events.cancelling import because_cancelled
from service.events.envelope import Envelope, Incoming
from service.events.published import ConsignmentCreated, PickRejected
from service.events.received import StockPicked
from service.events.said import Event
from service.events.topics import EventType
from service.intake.ending import Ending
from service.ledger import orders
from service.ledger.database import StatementRefused
from service.ledger.journal import Journal
from service.ledger.lookups import LookupPolicy
from service.ledger.operation import Announcement, ContentConflict, Settlement
from service.ledger.outcomes import OutcomeStore
from service.ledger.sealing import Seal
from service.ledger.tables import ParkedState
from service.ledger.waiting import OnTheirWay
from service.metrics import PICK_IN_TIME, Name
from service.operations import Operations, Performed, TooEarly, announce
from service.reactions.stock_picked import operation
from tests.intake.desk import Crash, Desk, desk_of, event
from tests.ledger.ledgers import lines

EARLY = TooEarly("its order is not known yet")
IN_TIME = PICK_IN_TIME - 20
TOO_LATE = PICK_IN_TIME + 20
BINARY = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"one"),
    ("ce_type", b"stock.picked"),
    ("ce_source", b"wms"),
    ("ce_time", b"2026-03-02T08:00:00Z"),
)


@dataclass
class Picks:
    """Intake whose picks are packed under the journal, by a PRO that always can."""

    desk: Desk
    operations: Operations
    refuses: bool = False

    async def pack(self, said: Event, cause: Envelope) -> Performed:
        """React to a pick as the service does, unless the desk says otherwise."""
        assert isinstance(said, StockPicked)
        await self.desk.react(said, cause)
        work = operation(said, cause)

        def outcome(sequence: int) -> ConsignmentCreated | PickRejected:
            names = {
                "order_reference": said.order_reference,
                "pick_reference": said.pick_reference,
                "sequence": sequence,
            }
            if self.refuses:
                return PickRejected.model_validate({**names, "rejection": because_cancelled()})
            return ConsignmentCreated.model_validate(
                {
                    **names,
                    "pro_order_reference": "EO-1",
                    "consignment_reference": f"EC-{said.pick_reference}",
                    "consignment_reference_provided_by_customer": said.pick_reference,
                    "direction": "outbound",
                }
            )

        return await self.operations.conclude(
            work,
            lambda _attempt: Settlement(
                outcomes=[announce(cause, work.key, said.order_reference, outcome)],
                refused=self.refuses,
            ),
        )

    async def picked(self, seconds_ago: float = 0.0, offset: int = 7) -> Ending:
        """Have a pick arrive that was made so long ago."""
        return await self.desk.arrive(self.record(seconds_ago, offset))

    def record(self, seconds_ago: float, offset: int = 7) -> Incoming:
        made_at = utc_now() - timedelta(seconds=seconds_ago)
        return replace(event(offset), timestamp=made_at)

    async def time_passes(self, seconds: float) -> None:
        """Let parked events wait, and have the sweeper count."""
        self.desk.clock.forward(seconds)
        await self.desk.handling.pick_times.count_late()

    @property
    def due_and_in_time(self) -> tuple[float, float]:
        return self.desk.counted(Name.PICKS_DUE), self.desk.counted(Name.PICKS_IN_TIME)

    @property
    def timed(self) -> float:
        return self.desk.metrics.registry.get_sample_value(f"{Name.PICK_TO_CONSIGNMENT}_count") or 0


@pytest.fixture
async def picks(tmp_path: Path) -> AsyncIterator[Picks]:
    """An order with enough to pick."""
    async with desk_of(tmp_path / "ledger.db") as desk:
        desk.clock.now = utc_now()
        database = desk.handling.database
        outcomes = OutcomeStore(Seal([Fernet.generate_key().decode()]))
        journal = Journal(database, outcomes, desk.metrics, LookupPolicy(), 60.0)
        made = Picks(desk, Operations(journal, 1.0))
        desk.handling = replace(desk.handling, reactions={EventType.STOCK_PICKED: made.pack})
        async with database.begin() as tx:
            await orders.place(tx, "WEB-1", "LEEDS_DC", lines(9))
            await orders.record(tx, "WEB-1", "EO-1")
        yield made


async def test_a_pick_that_has_its_consignment_at_once_is_due_and_in_time(picks: Picks) -> None:
    assert await picks.picked() is Ending.SETTLED
    assert (picks.due_and_in_time, picks.timed) == ((1, 1), 1)


async def test_a_pick_that_was_on_its_topic_for_too_long_is_due_and_late(picks: Picks) -> None:
    await picks.picked(seconds_ago=TOO_LATE)
    assert (picks.due_and_in_time, picks.timed) == ((1, 0), 1)


async def test_however_often_it_is_delivered_it_counts_once(picks: Picks) -> None:
    for _ in range(3):
        await picks.picked()
    assert (picks.due_and_in_time, picks.timed) == ((1, 1), 1)


async def test_a_crash_before_the_offset_was_committed_counts_once(picks: Picks) -> None:
    def crash(_record: object) -> None:
        raise Crash

    picks.desk.on_publish = crash
    with pytest.raises(Crash):
        await picks.picked()
    picks.desk.on_publish = lambda _record: None
    await picks.picked(offset=7)
    assert (picks.due_and_in_time, picks.timed) == ((1, 1), 1)


async def test_a_pick_that_is_parked_and_comes_back_in_time_is_in_time(picks: Picks) -> None:
    picks.desk.ends.append(EARLY)
    assert await picks.picked() is Ending.PARKED
    await picks.time_passes(IN_TIME)
    assert picks.due_and_in_time == (0, 0)
    await picks.desk.come_back()
    assert (picks.due_and_in_time, picks.timed) == ((1, 1), 1)


async def test_a_pick_that_is_parked_for_too_long_counts_before_it_ends_and_not_again(
    picks: Picks,
) -> None:
    picks.desk.ends.append(EARLY)
    await picks.picked(seconds_ago=TOO_LATE)
    await picks.time_passes(TOO_LATE)
    await picks.time_passes(TOO_LATE)
    assert picks.due_and_in_time == (1, 0)
    await picks.desk.come_back()
    assert await picks.desk.row() is None
    assert (picks.due_and_in_time, picks.timed) == ((1, 0), 1)


async def test_a_pick_that_becomes_late_while_it_is_settled_counts_once(picks: Picks) -> None:
    picks.desk.ends.append(EARLY)
    await picks.picked(seconds_ago=TOO_LATE)
    picks.desk.clock.forward(TOO_LATE)
    picks.desk.may_react.clear()
    settling = picks.desk.start(picks.desk.retry_message())
    while picks.desk.reacted < 2:  # noqa: ASYNC110 - until it waits in its reaction
        await asyncio.sleep(0)
    await picks.time_passes(0)
    picks.desk.may_react.set()
    assert await settling is Ending.SETTLED
    assert picks.due_and_in_time == (1, 0)


async def test_a_pick_that_can_not_be_timed_is_settled_all_the_same(
    picks: Picks, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object) -> bool:
        raise StatementRefused("a fault of ours")

    monkeypatch.setattr(OnTheirWay, "counts_late", refused)
    picks.desk.ends.append(EARLY)
    await picks.picked(seconds_ago=TOO_LATE)
    picks.desk.clock.forward(TOO_LATE)
    assert await picks.desk.come_back() is Ending.SETTLED
    assert await picks.desk.row() is None


async def test_several_replicas_count_a_late_pick_once(picks: Picks) -> None:
    picks.desk.ends.append(EARLY)
    await picks.picked()
    picks.desk.clock.forward(TOO_LATE)
    replicas = [OnTheirWay(picks.desk.handling.database) for _ in range(3)]
    assert [await one.newly_late(PICK_IN_TIME) for one in replicas] == [1, 0, 0]


async def test_the_same_event_sent_twice_while_it_waits_is_one_late_pick(picks: Picks) -> None:
    first = replace(picks.record(0), headers=BINARY)
    picks.desk.ends.append(EARLY)
    await picks.desk.arrive(first)
    await picks.desk.arrive(replace(first, offset=8))
    assert await picks.desk.state(8) is ParkedState.PARKED
    await picks.time_passes(TOO_LATE)
    assert picks.due_and_in_time == (1, 0)


async def test_a_pick_that_never_gets_a_consignment_is_due_and_late(picks: Picks) -> None:
    bug = [ValueError("a bug")] * 20
    picks.desk.ends += bug
    await picks.picked()
    while await picks.desk.state(7) is not ParkedState.DEAD:
        await picks.desk.come_back()
    await picks.time_passes(TOO_LATE)
    assert picks.due_and_in_time == (1, 0)


async def test_a_pick_behind_a_dead_letter_of_its_order_is_due_and_late(picks: Picks) -> None:
    picks.desk.ends += [ValueError("a bug")] * 20
    await picks.picked(offset=7)
    while await picks.desk.state(7) is not ParkedState.DEAD:
        await picks.desk.come_back()
    await picks.picked(offset=8)
    await picks.time_passes(TOO_LATE)
    assert picks.due_and_in_time == (2, 0)


async def test_a_pick_that_is_refused_in_time_was_answered(picks: Picks) -> None:
    picks.refuses = True
    assert await picks.picked() is Ending.SETTLED
    assert (picks.due_and_in_time, picks.timed) == ((0, 0), 0)


async def test_a_pick_that_is_refused_too_late_is_due_and_late(picks: Picks) -> None:
    picks.refuses = True
    assert await picks.picked(seconds_ago=TOO_LATE) is Ending.SETTLED
    assert (picks.due_and_in_time, picks.timed) == ((1, 0), 0)


async def test_other_content_under_a_packed_reference_is_no_pick(picks: Picks) -> None:
    picks.desk.ends.append(ContentConflict("pack:WEB-1:P-1"))
    assert await picks.picked() is Ending.DEAD_LETTER
    await picks.time_passes(TOO_LATE)
    assert picks.due_and_in_time == (0, 0)


async def test_what_a_person_has_done_again_is_not_timed(picks: Picks) -> None:
    record = picks.record(TOO_LATE)
    headers = (*BINARY, ("ce_orderflexagain", b"pack:WEB-1:P-7@1"))
    picks.refuses = True
    await picks.picked()
    picks.refuses = False
    assert await picks.desk.arrive(replace(record, offset=8, headers=headers)) is (Ending.SETTLED)
    assert (picks.due_and_in_time, picks.timed) == ((0, 0), 0)


async def test_a_manifested_consignment_is_timed_from_the_first_sight_of_its_pick(
    picks: Picks,
) -> None:
    await picks.picked()
    picks.desk.clock.forward(1800)
    said = Announcement(
        type="consignment.manifested",
        id="1" * 32,
        time=utc_now(),
        traceparent=None,
        data={"order_reference": "WEB-1", "pick_reference": "P-7"},
    )
    await picks.desk.handling.pick_times.by_the_clock(Performed("confirm:EC-1:M-1", (said,)))
    sample = picks.desk.metrics.registry.get_sample_value
    assert sample(f"{Name.PICK_TO_MANIFESTED}_sum") == pytest.approx(1800, abs=5)
