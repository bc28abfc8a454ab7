"""Parking loses nothing, wherever the process ends, and runs nothing beside its row."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from service.events.envelope import Incoming, Outgoing
from service.intake import arrivals
from service.intake.ending import Ending
from service.intake.gate import Closed
from service.ledger.operation import ContentConflict
from service.ledger.tables import ParkedState
from service.ledger.upgrade import restored
from service.operations import TooEarly
from service.pro.problems import Retryable

from .desk import START, TIERS, TOPICS, Crash, Desk, event, read

EARLY = TooEarly("its order is not known yet")
LETTERS = "orderflex.dead-letters"
OUTCOME = "consignment.created"
BROKEN = Retryable("pack_order", "no connection to PRO")


def crash_on(*topics: str) -> Callable[[Outgoing], None]:
    def crash(record: Outgoing) -> None:
        if record.topic in topics:
            raise Crash

    return crash


async def test_the_row_is_stored_before_the_retry_message(desk: Desk) -> None:
    desk.ends.append(EARLY)
    desk.on_publish = crash_on(*TIERS)
    with pytest.raises(Crash):
        await desk.arrive()
    row = await desk.row()
    assert row is not None
    assert (row.state, row.attempt) == (ParkedState.PARKED, 1)


async def test_after_a_crash_in_between_the_redelivery_sends_the_message_and_runs_nothing(
    desk: Desk,
) -> None:
    desk.ends.append(EARLY)
    desk.on_publish = crash_on(*TIERS)
    with pytest.raises(Crash):
        await desk.arrive()
    desk.on_publish = crash_on()
    await desk.arrive()
    assert (desk.reacted, desk.topics) == (1, [TIERS[0]])
    await desk.come_back()
    assert desk.topics == [TIERS[0], OUTCOME]
    assert await desk.row() is None


async def test_a_redelivery_of_a_parked_event_runs_nothing_and_keeps_its_row(desk: Desk) -> None:
    desk.ends += [BROKEN] * 3
    await desk.arrive()
    before = await desk.row()
    for _ in range(3):
        await desk.arrive()
    after = await desk.row()
    assert before is not None
    assert after is not None
    assert (after.sequence, after.attempt, after.due_at) == (
        before.sequence,
        before.attempt,
        before.due_at,
    )
    assert desk.reacted == 3


async def test_a_retry_message_carries_the_event_as_it_first_lay(desk: Desk) -> None:
    desk.ends.append(EARLY)
    record = replace(event(), headers=(("traceparent", b"00-x"), ("mine", b"\x01")))
    await desk.arrive(record)
    came_back = read(desk.retry_message())
    assert came_back.record == record
    assert came_back.origin == read(record).origin
    assert came_back.lane == "WEB-1"
    assert came_back.parked_since == START


async def test_a_retry_message_whose_event_was_settled_is_skipped(desk: Desk) -> None:
    desk.ends.append(EARLY)
    await desk.arrive()
    await desk.come_back()
    await desk.come_back()
    assert (desk.reacted, desk.topics) == (2, [TIERS[0], OUTCOME])


async def test_a_retry_message_of_an_event_that_another_has_started_is_skipped(
    desk: Desk,
) -> None:
    desk.ends.append(EARLY)
    await desk.arrive()
    desk.clock.forward(10)
    origin = read(event()).origin
    assert await desk.parked.start(origin, 120) is not None
    await desk.handling.settle(read(desk.retry_message()))
    assert desk.reacted == 1
    desk.clock.forward(121)
    await desk.handling.settle(read(desk.retry_message()))
    assert (desk.reacted, await desk.row()) == (2, None)


async def test_a_retry_message_whose_row_was_lost_with_the_ledger_is_run(desk: Desk) -> None:
    desk.ends.append(EARLY)
    await desk.arrive()
    row = await desk.row()
    assert row is not None
    await desk.parked.let_go(row)
    desk.clock.forward(3600)
    await restored(desk.parked._database)
    await desk.handling.settle(read(desk.retry_message()))
    assert desk.topics == [TIERS[0], OUTCOME]


async def test_a_retry_message_of_an_event_that_was_put_off_since_is_skipped(desk: Desk) -> None:
    desk.ends.append(EARLY)
    await desk.arrive()
    await desk.handling.settle(read(desk.retry_message()))
    assert desk.reacted == 1


async def test_a_dead_letter_is_run_by_no_message(desk: Desk) -> None:
    desk.ends += [ValueError()] * 4
    await desk.arrive()
    for _ in range(3):
        await desk.come_back()
    row = await desk.row()
    assert row is not None
    assert row.state is ParkedState.DEAD
    await desk.come_back()
    await desk.arrive()
    assert desk.reacted == 4


async def test_a_crash_before_the_dead_letter_leaves_it_to_the_sweeper_if_no_message_runs_it(
    desk: Desk,
) -> None:
    desk.ends += [ValueError()] * 4
    await desk.arrive()
    for _ in range(2):
        await desk.come_back()
    desk.on_publish = crash_on(LETTERS)
    with pytest.raises(Crash):
        await desk.come_back()
    desk.on_publish = crash_on()
    assert await desk.come_back() is Ending.SKIPPED
    assert LETTERS not in desk.topics
    desk.clock.forward(61)
    await desk.sweeper.sweep()
    assert desk.topics.count(LETTERS) == 1


async def test_while_pro_is_away_letters_are_sent_and_parked_events_sleep(desk: Desk) -> None:
    desk.ends.append(ContentConflict("pack:WEB-1:P-1"))
    desk.on_publish = crash_on(LETTERS)
    with pytest.raises(Crash):
        await desk.arrive()
    desk.on_publish = crash_on()
    desk.ends.append(EARLY)
    await desk.arrive(event(8, order="WEB-2"))

    def away() -> None:
        raise OSError

    desk.probe = away
    desk.gate.close(Closed.PRO_DOWN)
    desk.clock.forward(3600)
    sweeping = asyncio.create_task(desk.sweeper.run())
    async with asyncio.timeout(10):
        while LETTERS not in desk.topics:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert desk.woken == []
    desk.probe = lambda: None
    async with asyncio.timeout(10):
        while not desk.woken:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)


async def test_a_crash_before_the_letter_of_a_conflict_leaves_it_to_one_redelivery(
    desk: Desk,
) -> None:
    desk.ends.append(ContentConflict("pack:WEB-1:P-1"))
    desk.on_publish = crash_on(LETTERS)
    with pytest.raises(Crash):
        await desk.arrive()
    desk.on_publish = crash_on()
    for _ in range(3):
        assert await desk.arrive() is Ending.RESUMED
    assert (desk.reacted, desk.topics) == (1, [LETTERS])
    row = await desk.row()
    assert row is not None
    assert (row.state, row.is_letter_sent) == (ParkedState.DEAD, True)


async def test_a_retry_message_too_large_for_the_broker_leaves_the_row_to_be_woken(
    desk: Desk,
) -> None:
    def refuse(record: Outgoing) -> None:
        if record.topic in TIERS:
            raise MessageSizeTooLargeError

    desk.on_publish = refuse
    desk.ends.append(EARLY)
    await desk.arrive()
    desk.clock.forward(10)
    (woken,) = await desk.parked.overdue(2, 10)
    await desk.take_up(woken)
    assert desk.topics == [OUTCOME]
    assert await desk.row() is None


async def test_a_dead_letter_too_large_for_the_broker_goes_without_its_body(desk: Desk) -> None:
    def refuse(record: Outgoing) -> None:
        if record.value:
            raise MessageSizeTooLargeError

    desk.on_publish = refuse
    desk.ends.append(ContentConflict("pack:WEB-1:P-1"))
    await desk.arrive()
    assert [(record.topic, record.value) for record in desk.published] == [(LETTERS, b"")]


def marked(record: Incoming, **headers: str) -> Incoming:
    """A record with headers as a retry message has them."""
    ours = tuple((f"orderflex_{name}", text.encode()) for name, text in headers.items())
    return replace(record, headers=ours)


async def test_a_dead_letter_copied_to_its_own_topic_is_an_event_again(desk: Desk) -> None:
    desk.ends.append(ContentConflict("pack:WEB-1:P-1"))
    await desk.arrive()
    (letter,) = desk.published
    copied = Incoming("stock.picked", 0, 99, letter.key, letter.value, tuple(letter.headers), START)
    await desk.arrive(copied)
    assert desk.topics == [LETTERS, OUTCOME]


@pytest.mark.parametrize("topic", ["stock.picked", TIERS[0]])
@pytest.mark.parametrize(
    "headers",
    [
        {"original_topic": "stock.picked"},
        {"original_topic": "t", "original_partition": "x", "original_offset": "1", "attempt": "1"},
        {"due_at": "tomorrow"},
        {"due_at": "2026-03-02T08:00:00"},
    ],
)
async def test_headers_that_say_nothing_sensible_stop_nobody(
    desk: Desk, topic: str, headers: dict[str, str]
) -> None:
    record = marked(event(topic=topic), **headers)
    assert arrivals.seconds_until_due(record, TOPICS, START) <= 0
    await desk.arrive(record)
    assert desk.topics == [OUTCOME if topic == "stock.picked" else LETTERS]
