"""When it fails: each row of the table of failures."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.errors import KafkaConnectionError
from structlog.typing import EventDict

from service.events.envelope import Outgoing
from service.events.topics import EventType
from service.intake.ending import Ending
from service.intake.gate import Closed
from service.intake.step_guard import Paused
from service.ledger.database import LedgerDown, LedgerNotReady
from service.ledger.leases import LeaseHeld
from service.ledger.operation import AwaitingLookup, ContentConflict, Superseded
from service.ledger.tables import ParkedState
from service.metrics import Name
from service.operations import NOTHING_TO_SAY, StillMoving, TooEarly
from service.pro.problems import Ambiguous, Retryable, Scope, Throttled, Unauthorised, Untrusted

from .desk import CANARY, START, TIERS, Desk, event

FIVE, MINUTE, TEN = TIERS
LETTERS = "orderflex.dead-letters"
OUTCOME = "consignment.created"
BROKEN = Retryable("pack_order", "no connection to PRO")


async def parked_as(desk: Desk) -> tuple[str, int, float]:
    """Why the event is parked, at which attempt, for how many seconds."""
    row = await desk.row()
    assert row is not None
    assert row.state is ParkedState.PARKED
    return row.reason.error_class, row.attempt, round(row.seconds_until_due, 1)


async def test_what_works_is_published_and_leaves_nothing_behind(desk: Desk) -> None:
    await desk.arrive()
    assert desk.topics == [OUTCOME]
    assert await desk.row() is None
    assert desk.counted(Name.EVENTS_FINISHED, type="stock.picked", ending="settled") == 1


async def test_a_step_with_nothing_to_do_says_nothing(desk: Desk) -> None:
    desk.ends.append(NOTHING_TO_SAY)
    await desk.arrive()
    assert desk.topics == []


@pytest.mark.parametrize(
    "value", [b"", b"{", b'"text"', b'{"order_reference": "WEB-1"}', b"\xff\xfe{}"]
)
async def test_what_cannot_be_read_is_a_dead_letter_with_a_row_at_once_and_holds_nobody(
    desk: Desk, value: bytes
) -> None:
    await desk.arrive(event(data=value))
    assert desk.topics == [LETTERS]
    assert desk.published[0].value == value
    assert desk.reacted == 0
    row = await desk.row()
    assert row is not None
    assert (row.state, row.holds, row.is_letter_sent) == (ParkedState.DEAD, False, True)
    await desk.arrive(event(offset=8))
    assert desk.topics == [LETTERS, OUTCOME]


async def test_an_oversized_event_is_a_dead_letter_without_its_body(desk: Desk) -> None:
    await desk.arrive(event(data=b" " * 1_000_001))
    assert desk.topics == [LETTERS]
    assert desk.published[0].value == b""


async def test_a_lease_held_elsewhere_is_waited_for(desk: Desk) -> None:
    desk.ends += [LeaseHeld("order:WEB-1", None)] * 3
    await desk.arrive()
    assert desk.topics == [OUTCOME]
    assert desk.reacted == 4


async def test_a_lease_held_for_long_parks_the_event_without_an_attempt(desk: Desk) -> None:
    desk.ends += [LeaseHeld("order:WEB-1", None)] * 1000
    await desk.arrive()
    assert await parked_as(desk) == ("busy", 0, 1.0)
    assert desk.topics == [FIVE]
    desk.ends.clear()
    await desk.come_back()
    assert desk.topics == [FIVE, OUTCOME]
    assert await desk.row() is None


async def test_an_operation_that_another_took_over_is_started_over(desk: Desk) -> None:
    desk.ends.append(Superseded("pack:WEB-1:P-1"))
    await desk.arrive()
    assert desk.topics == [OUTCOME]


async def test_a_look_up_to_come_parks_the_event_until_then_without_an_attempt(
    desk: Desk,
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=30)
    desk.ends.append(AwaitingLookup("pack:WEB-1:P-1", due))
    await desk.arrive()
    why, attempt, seconds = await parked_as(desk)
    assert (why, attempt, desk.topics) == ("awaiting_lookup", 0, [MINUTE])
    assert 25 < seconds < 31


async def test_what_pro_is_still_at_is_looked_at_again_without_an_attempt(desk: Desk) -> None:
    desk.ends.append(StillMoving("EC-1 is Allocating"))
    await desk.arrive()
    assert await parked_as(desk) == ("awaiting_lookup", 0, 2.0)


async def test_what_certainly_did_not_happen_is_tried_twice_more_in_place(desk: Desk) -> None:
    desk.ends += [BROKEN] * 2
    await desk.arrive()
    assert desk.topics == [OUTCOME]
    assert desk.reacted == 3


async def test_then_it_climbs_the_tiers_until_its_deadline_and_holds_its_order(
    desk: Desk,
) -> None:
    desk.ends += [BROKEN] * 1000
    await desk.arrive()
    assert await parked_as(desk) == ("retryable", 1, 5.0)
    await desk.come_back()
    assert await parked_as(desk) == ("retryable", 2, 60.0)
    await desk.come_back()
    assert await parked_as(desk) == ("retryable", 3, 600.0)
    assert desk.topics == [FIVE, MINUTE, TEN]
    while LETTERS not in desk.topics:
        await desk.come_back()
    assert set(desk.topics[3:-1]) == {TEN}
    assert desk.clock.now - START >= timedelta(days=1)
    row = await desk.row()
    assert row is not None
    assert row.state is ParkedState.DEAD
    assert [each.state for each in await desk.parked.of_order("WEB-1")] == [ParkedState.DEAD]


async def test_a_busy_pro_is_left_alone_as_long_as_it_says(desk: Desk) -> None:
    desk.ends.append(Throttled("pack_order", 42.0))
    await desk.arrive()
    assert await parked_as(desk) == ("throttled", 0, 42.0)
    assert desk.topics == [MINUTE]


async def test_a_busy_pro_that_does_not_say_is_left_alone_for_the_first_tier(desk: Desk) -> None:
    desk.ends.append(Throttled("pack_order", None))
    await desk.arrive()
    assert await parked_as(desk) == ("throttled", 0, 5.0)


async def test_a_busy_pro_is_left_alone_by_the_events_of_all_orders(desk: Desk) -> None:
    desk.ends.append(Throttled("pack_order", 42.0))
    await desk.arrive()
    assert 41 < desk.limits.busy_seconds <= 42
    other = desk.start(event(offset=8, order="WEB-2"))
    await asyncio.sleep(0.05)
    assert desk.seen == ["P-7"]
    other.cancel()


async def test_a_lost_answer_comes_back_to_be_looked_up_and_is_not_tried_in_place(
    desk: Desk,
) -> None:
    desk.ends.append(Ambiguous("pack_order", "no answer before the deadline"))
    await desk.arrive()
    assert await parked_as(desk) == ("unknown", 1, 2.0)
    assert desk.reacted == 1


async def test_an_event_too_early_waits_until_its_deadline(desk: Desk) -> None:
    desk.ends += [TooEarly("its order is not known yet")] * 1000
    await desk.arrive()
    assert await parked_as(desk) == ("too_early", 1, 5.0)
    while desk.clock.now - START < timedelta(hours=23, minutes=40):
        await desk.come_back()
    assert LETTERS not in desk.topics
    for _ in range(3):
        if LETTERS not in desk.topics:
            await desk.come_back()
    assert desk.topics.count(LETTERS) == 1


async def test_an_event_too_early_is_settled_when_its_time_has_come(desk: Desk) -> None:
    desk.ends += [TooEarly("its order is not known yet")] * 3
    await desk.arrive()
    for _ in range(3):
        await desk.come_back()
    assert desk.topics == [FIVE, MINUTE, TEN, OUTCOME]
    assert await desk.row() is None


async def test_other_content_is_a_dead_letter_with_a_row_that_holds_nobody(desk: Desk) -> None:
    desk.ends.append(ContentConflict("pack:WEB-1:P-1"))
    await desk.arrive()
    assert desk.topics == [LETTERS]
    row = await desk.row()
    assert row is not None
    assert (row.state, row.holds) == (ParkedState.DEAD, False)
    await desk.arrive(event(offset=8))
    assert desk.topics == [LETTERS, OUTCOME]
    headers = dict(desk.published[0].headers)
    assert headers["orderflex_error_class"] == b"conflict"
    assert b"new reference" in headers["orderflex_error_detail"]


async def test_a_bug_is_tried_a_few_times_then_a_dead_letter_and_names_nobody(
    desk: Desk, logs: list[EventDict]
) -> None:
    desk.ends += [ValueError(CANARY)] * 1000
    await desk.arrive()
    for _ in range(3):
        await desk.come_back()
    assert desk.topics == [FIVE, MINUTE, TEN, LETTERS]
    assert desk.reacted == 4
    row = await desk.row()
    assert row is not None
    assert row.state is ParkedState.DEAD
    assert row.reason.detail.startswith("ValueError, traceback ")
    assert CANARY not in repr(row) + repr(logs)
    assert CANARY not in repr([record.headers for record in desk.published])


async def test_a_refused_key_closes_the_gate_and_the_event_goes_on_after_the_probe(
    desk: Desk,
) -> None:
    closed: list[bool] = []

    def probe() -> None:
        closed.append(not desk.gate.is_open)
        if desk.probed < 3:
            raise Unauthorised("get_shipping_locations", Scope.EVERYTHING)

    desk.probe = probe
    desk.ends.append(Unauthorised("pack_order", Scope.EVERYTHING))
    await desk.arrive()
    assert closed == [True, True, True]
    assert desk.topics == [OUTCOME]
    assert desk.reacted == 2


async def test_who_can_not_show_that_it_is_pro_is_not_asked_and_no_event_is_put_aside(
    desk: Desk,
) -> None:
    def probe() -> None:
        assert desk.gate.reasons == (Closed.PRO_DOWN,)
        if desk.probed < 3:
            raise Untrusted("get_shipping_locations", "the certificate is not trusted")

    desk.probe = probe
    desk.ends.append(Untrusted("pack_order", "the certificate is not trusted"))
    await desk.arrive()
    assert desk.probed == 3
    assert desk.topics == [OUTCOME]
    assert await desk.row() is None


async def test_a_key_refused_for_one_operation_gives_the_event_back_and_closes_no_gate(
    desk: Desk,
) -> None:
    desk.ends.append(Unauthorised("pack_order", Scope.OPERATION))
    assert await desk.arrive() is Ending.GIVEN_BACK
    assert (desk.probed, desk.topics, await desk.row()) == (0, [], None)
    assert desk.guard.paused == {EventType.STOCK_PICKED: Paused.FORBIDDEN}


@pytest.mark.parametrize("down", [LedgerDown("OperationalError"), LedgerNotReady()])
async def test_without_the_ledger_the_event_waits_and_nothing_is_given_up(
    desk: Desk, down: Exception
) -> None:
    def probe() -> None:
        assert desk.gate.reasons == (Closed.LEDGER_DOWN,)
        if desk.probed < 3:
            raise down

    desk.probe = probe
    desk.ends += [down, down]
    await desk.arrive()
    assert desk.probed >= 3
    assert desk.topics == [OUTCOME]


async def test_while_the_gate_is_closed_no_reaction_runs(desk: Desk) -> None:
    def probe() -> None:
        assert desk.reacted == 0

    desk.probe = probe
    desk.gate.close(Closed.LEDGER_DOWN)
    await desk.arrive()
    assert (desk.probed, desk.reacted) == (1, 1)


async def test_an_outcome_without_an_acknowledgement_is_published_again(desk: Desk) -> None:
    refusals = [KafkaConnectionError()]

    def refuse_once(_: Outgoing) -> None:
        if refusals:
            raise refusals.pop()

    desk.on_publish = refuse_once
    began = time.monotonic()
    await desk.arrive()
    assert time.monotonic() > began
    assert desk.topics == [OUTCOME]
    assert await desk.row() is None


async def test_events_are_counted_by_how_they_ended(desk: Desk) -> None:
    desk.ends += [BROKEN] * 3
    await desk.arrive()
    await desk.arrive(event(offset=8, order="WEB-2"))
    assert desk.counted(Name.EVENTS_FINISHED, type="stock.picked", ending="parked") == 1
    assert desk.counted(Name.EVENTS_FINISHED, type="stock.picked", ending="settled") == 1
    assert desk.counted(Name.EVENTS_PARKED, type="stock.picked", tier=FIVE, reason="retryable") == 1
