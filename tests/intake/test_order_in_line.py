"""The events of an order wait for one another; nobody waits for another order."""

import json
from pathlib import Path

import pytest

from service.events.envelope import Incoming
from service.intake.ending import Ending
from service.ledger.dead_letters import Decision, NoSuchLetter
from service.ledger.operation import ContentConflict
from service.ledger.tables import ParkedState
from service.operations import TooEarly
from service.pro.problems import Retryable

from .desk import START, TIERS, Crash, Desk, event
from .test_parking import crash_on

EXAMPLES = Path(__file__).parents[2] / "docs" / "events" / "examples"
LETTERS = "orderflex.dead-letters"
OUTCOME = "consignment.created"
EARLY = TooEarly("its order is not known yet")
BROKEN = Retryable("pack_order", "no connection to PRO")
SOMEBODY = Decision("ada", "looked into it")
PARKED, DEAD, DISCARDED = ParkedState.PARKED, ParkedState.DEAD, ParkedState.DISCARDED


def order_placed() -> Incoming:
    data = json.loads((EXAMPLES / "order.placed.minimum.json").read_text())
    value = json.dumps(data | {"order_reference": "WEB-1"}).encode()
    return Incoming("order.placed", 0, 3, b"WEB-1", value, (), START)


async def fail_until_dead(desk: Desk, offset: int = 7) -> int:
    """Make an event of WEB-1 a dead letter; gives its number."""
    desk.ends += [ValueError()] * 4
    await desk.arrive(event(offset=offset))
    while await desk.state(offset) is not DEAD:
        await desk.sweep(700)
    row = await desk.row(offset)
    assert row is not None
    return row.sequence


async def test_events_behind_a_parked_one_wait_unseen_and_drain_in_order_one_waking_the_next(
    desk: Desk,
) -> None:
    desk.ends.append(EARLY)
    await desk.arrive()
    for offset in (8, 9, 10):
        assert await desk.arrive(event(offset=offset)) is Ending.PARKED
    assert desk.seen == ["P-7"]
    assert await desk.sweep(10) == [Ending.SETTLED] * 4, "one sweep, the rest at once"
    assert desk.seen == ["P-7", "P-7", "P-8", "P-9", "P-10"]
    assert await desk.parked.of_order("WEB-1") == []


async def test_another_order_does_not_wait(desk: Desk) -> None:
    await fail_until_dead(desk)
    assert await desk.arrive(event(offset=8, order="WEB-2")) is Ending.SETTLED


async def test_what_comes_while_the_line_drains_stands_at_its_end(desk: Desk) -> None:
    desk.ends.append(EARLY)
    await desk.arrive()
    await desk.arrive(event(offset=8))
    desk.clock.forward(10)
    await desk.sweeper.sweep()
    (first,) = desk.woken
    desk.woken.clear()
    await desk.take_up(first)
    assert await desk.arrive(event(offset=9)) is Ending.PARKED
    assert await desk.drain() == [Ending.SETTLED] * 2
    assert desk.seen == ["P-7", "P-7", "P-8", "P-9"]


async def test_one_that_fails_in_its_turn_keeps_those_behind_it_waiting(desk: Desk) -> None:
    desk.ends += [EARLY, *[BROKEN] * 3]
    await desk.arrive()
    await desk.arrive(event(offset=8))
    assert await desk.sweep(10) == [Ending.PARKED]
    await desk.sweep(10)
    assert "P-8" not in desk.seen
    await desk.sweep(100)
    assert desk.seen == ["P-7"] * 5 + ["P-8"]
    assert await desk.parked.of_order("WEB-1") == []


async def test_one_that_waits_for_its_turn_is_run_by_no_message_of_its_own(desk: Desk) -> None:
    await fail_until_dead(desk)
    assert await desk.arrive(event(offset=8)) is Ending.PARKED
    for _ in range(3):
        assert await desk.come_back() is Ending.SKIPPED
        assert await desk.sweep(700) in ([], [Ending.SKIPPED])
    assert (desk.seen, await desk.state(8)) == (["P-7"] * 4, PARKED)


async def test_after_a_crash_behind_another_the_redelivery_keeps_its_place(desk: Desk) -> None:
    desk.ends.append(EARLY)
    await desk.arrive()
    desk.on_publish = crash_on(*TIERS)
    with pytest.raises(Crash):
        await desk.arrive(event(offset=8))
    desk.on_publish = crash_on()
    assert await desk.arrive(event(offset=9)) is Ending.PARKED
    assert await desk.arrive(event(offset=8)) is Ending.RESUMED
    await desk.sweep(10)
    assert desk.seen == ["P-7", "P-7", "P-8", "P-9"]


async def test_a_dead_letter_holds_its_order_until_it_is_replayed_then_all_drain(
    desk: Desk,
) -> None:
    number = await fail_until_dead(desk)
    for offset in (8, 9):
        assert await desk.arrive(event(offset=offset)) is Ending.PARKED
    await desk.sweep(90_000)
    assert (await desk.parked.standing()).orders_held == 1
    desk.seen.clear()
    await desk.letters.replay(number, SOMEBODY, 5)
    assert await desk.sweep(1) == [Ending.SETTLED] * 3
    assert desk.seen == ["P-7", "P-8", "P-9"]
    assert desk.topics.count(LETTERS) == 1
    assert (await desk.parked.standing()).orders_held == 0


async def test_a_replay_that_fails_again_dies_again_and_says_so_in_a_letter_of_its_own(
    desk: Desk,
) -> None:
    number = await fail_until_dead(desk)
    await desk.arrive(event(offset=8))
    await desk.letters.replay(number, SOMEBODY, 5)
    desk.ends += [ValueError()] * 4
    while await desk.state(7) is not DEAD:
        await desk.sweep(700)
    assert desk.topics.count(LETTERS) == 2
    row = await desk.row(7)
    assert row is not None
    assert (row.sequence, row.replays, await desk.state(8)) == (number, 1, PARKED)


async def test_discarded_it_lets_those_behind_go_on_and_its_redelivery_is_skipped(
    desk: Desk,
) -> None:
    number = await fail_until_dead(desk)
    await desk.arrive(event(offset=8))
    desk.seen.clear()
    await desk.letters.discard(number, SOMEBODY)
    assert await desk.sweep(1) == [Ending.SETTLED]
    published = len(desk.published)
    assert await desk.arrive() is Ending.RESUMED
    assert await desk.arrive(event(offset=9)) is Ending.SETTLED
    assert desk.seen == ["P-8", "P-9"]
    assert desk.topics[published:] == [OUTCOME]
    assert await desk.state(7) is DISCARDED
    with pytest.raises(NoSuchLetter):
        await desk.letters.replay(number, SOMEBODY, 5)


async def test_a_pick_too_early_does_not_hold_its_order_placed_up_nor_do_those_behind_it(
    desk: Desk,
) -> None:
    desk.ends.append(EARLY)
    await desk.arrive()
    assert await desk.arrive(event(offset=8)) is Ending.PARKED
    assert await desk.arrive(order_placed()) is Ending.SETTLED
    assert await desk.sweep(10) == [Ending.SETTLED] * 2
    assert desk.seen == ["P-7", "order", "P-7", "P-8"]


async def test_an_order_placed_that_fails_holds_its_picks_up(desk: Desk) -> None:
    desk.ends += [BROKEN] * 3
    assert await desk.arrive(order_placed()) is Ending.PARKED
    assert await desk.arrive() is Ending.PARKED
    await desk.sweep(10)
    assert desk.seen == ["order"] * 4 + ["P-7"]


async def test_waiting_for_its_turn_counts_towards_no_deadline(desk: Desk) -> None:
    number = await fail_until_dead(desk)
    await desk.arrive(event(offset=8))
    await desk.sweep(3 * 86_400)
    await desk.letters.discard(number, SOMEBODY)
    desk.ends += [BROKEN] * 3
    assert await desk.sweep(1) == [Ending.PARKED]
    assert await desk.state(8) is PARKED
    desk.ends += [BROKEN] * 1000
    began = desk.clock.now
    while await desk.state(8) is not DEAD:
        await desk.sweep(700)
    assert 86_400 <= (desk.clock.now - began).total_seconds() < 86_400 + 1500


async def test_the_sweeper_sends_exactly_the_letters_that_are_missing_and_each_once(
    desk: Desk,
) -> None:
    desk.ends += [ContentConflict(key) for key in "abc"]
    await desk.arrive(event(offset=7))
    desk.on_publish = crash_on(LETTERS)
    for offset in (8, 9):
        with pytest.raises(Crash):
            await desk.arrive(event(offset=offset))
    desk.on_publish = crash_on()
    await desk.arrive(event(offset=9))
    assert desk.topics.count(LETTERS) == 2
    await desk.sweep(50)
    assert desk.topics.count(LETTERS) == 2, "somebody may be at it"
    for _ in range(3):
        await desk.sweep(11)
    letters = [record for record in desk.published if record.topic == LETTERS]
    assert len(letters) == 3
    assert dict(letters[-1].headers)["orderflex_original_offset"] == b"8"
    assert json.loads(letters[-1].value or b"")["pick_reference"] == "P-8"


@pytest.mark.parametrize(
    "record",
    [event(), event(data=b"{"), event(data=b" " * 1_000_001)],
    ids=["conflict", "unreadable", "oversized"],
)
async def test_after_a_crash_a_redelivery_sends_the_letter_as_it_would_have_been_sent(
    desk: Desk, record: Incoming
) -> None:
    desk.ends.append(ContentConflict("pack:WEB-1:P-7"))
    desk.on_publish = crash_on(LETTERS)
    with pytest.raises(Crash):
        await desk.arrive(record)
    desk.on_publish = crash_on()
    for _ in range(2):
        assert await desk.arrive(record) is Ending.RESUMED
    (letter,) = desk.published
    whole = record.value or b""
    assert letter.value == (b"" if len(whole) > 1_000_000 else whole)
    await desk.sweep(120)
    assert desk.topics == [LETTERS]
