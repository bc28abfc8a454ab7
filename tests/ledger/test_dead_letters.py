"""Dead letters in people's hands: found, shown, replayed and discarded, each of it once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.ledger.dead_letters import (
    DeadLetters,
    Decision,
    NoSuchLetter,
    TooManyReplays,
    Which,
)
from service.ledger.parked import TURN_SECONDS
from service.ledger.parked_rows import Origin, ParkedEvent, Reason, Subject
from service.ledger.tables import ParkedState

from .ledgers import Ledger, on_postgresql, record

ADA = Decision("ada", "PRO's rule is mended")
BUG, LATE = Reason("bug", "ValueError, traceback 1"), Reason("too_early", "no order")


@pytest.fixture
async def on_two_connections(postgresql_url: str) -> AsyncIterator[Ledger]:
    """A ledger that more than one connection works on at once."""
    made = await on_postgresql(postgresql_url)
    yield made
    await made.database.close()


def letters(ledger: Ledger) -> DeadLetters:
    return DeadLetters(ledger.database, ledger.seal)


def subject(number: int, order: str | None = "WEB-1", consignment: str | None = None) -> Subject:
    kind = "consignment.created" if consignment else "stock.picked"
    return Subject(kind, f"event-{number}", order, consignment)


async def bury(
    ledger: Ledger, number: int, about: Subject | None = None, reason: Reason = BUG
) -> ParkedEvent:
    found = record(number, value=b'{"name": "Ada"}', topic="stock.picked")
    about = about or subject(number)
    return await ledger.parked.bury(found, about, attempt=4, reason=reason, holds=True)


async def stand_behind(ledger: Ledger, number: int, about: Subject | None = None) -> ParkedEvent:
    found = record(number, topic="stock.picked")
    row = await ledger.parked.park_behind(found, about or subject(number), TURN_SECONDS)
    assert row is not None
    return row


async def found(ledger: Ledger, which: Which, limit: int | None = None) -> list[str]:
    return [row.event_id for row in await letters(ledger).find(which, limit)]


async def test_letters_are_found_by_what_is_asked_for_the_oldest_first(ledger: Ledger) -> None:
    first = await bury(ledger, 1)
    await bury(ledger, 2, subject(2, "WEB-2"), LATE)
    await ledger.forward(100)
    await bury(ledger, 3, subject(3, "WEB-2", "EC-1"))
    await stand_behind(ledger, 4)
    assert await found(ledger, Which()) == ["event-1", "event-2", "event-3"]
    assert await found(ledger, Which(), 2) == ["event-1", "event-2"]
    assert await found(ledger, Which(sequences=(first.sequence,))) == ["event-1"]
    assert await found(ledger, Which(order_reference="WEB-2")) == ["event-2", "event-3"]
    assert await found(ledger, Which(event_type="consignment.created")) == ["event-3"]
    assert await found(ledger, Which(error_class="too_early")) == ["event-2"]
    assert await found(ledger, Which(older_than_seconds=60)) == ["event-1", "event-2"]
    assert await found(ledger, Which(order_reference="WEB-2", error_class="bug")) == ["event-3"]
    assert await found(ledger, Which(state=ParkedState.DISCARDED)) == []


async def test_it_shows_who_waits_behind_a_letter_and_nobody_else(ledger: Ledger) -> None:
    letter = await bury(ledger, 1, subject(1, consignment="EC-1"))
    other = await bury(ledger, 2, subject(2, consignment="EC-2"))
    await stand_behind(ledger, 3, subject(3, consignment="EC-1"))
    await stand_behind(ledger, 4, subject(4, consignment="EC-2"))
    behind = [row.event_id for row in await letters(ledger).behind(letter)]
    assert behind == ["event-3"]
    assert [row.event_id for row in await letters(ledger).behind(other)] == ["event-4"]
    alone = await bury(ledger, 5, Subject("unreadable", "s.p/2/5"))
    assert await letters(ledger).behind(alone) == []


async def test_it_shows_the_event_until_it_is_discarded(ledger: Ledger) -> None:
    letter = await bury(ledger, 1)
    shown = await letters(ledger).payload(letter)
    assert shown == record(1, value=b'{"name": "Ada"}', topic="stock.picked")
    await letters(ledger).discard(letter.sequence, ADA)
    assert await letters(ledger).payload(letter) is None


async def test_what_was_decided_is_kept_with_who_and_why(ledger: Ledger) -> None:
    letter = await bury(ledger, 1)
    replayed = await letters(ledger).replay(letter.sequence, ADA, 3)
    assert (replayed.replays, replayed.attempt, replayed.sequence) == (1, 0, letter.sequence)
    assert replayed.remark == "replayed by ada: PRO's rule is mended"
    await bury(ledger, 1)
    await letters(ledger).discard(letter.sequence, ADA)
    (row,) = await letters(ledger).find(Which(state=ParkedState.DISCARDED))
    assert row.remark == "discarded by ada: PRO's rule is mended"
    told = [(one.what, one.details.get("by")) for one in await letters(ledger).timeline(letter)]
    assert told == [
        ("dead letter", None),
        ("replayed", "ada"),
        ("dead letter", None),
        ("discarded", "ada"),
    ]


async def test_a_letter_without_an_order_has_a_history_of_its_own(ledger: Ledger) -> None:
    letter = await bury(ledger, 1, Subject("manifest.requested", "event-1"))
    assert [one.what for one in await letters(ledger).timeline(letter)] == ["dead letter"]
    assert await ledger.history() == []


async def test_it_is_replayed_so_many_times_and_more_only_when_forced(ledger: Ledger) -> None:
    letter = await bury(ledger, 1)
    for _ in range(2):
        await letters(ledger).replay(letter.sequence, ADA, 2)
        await bury(ledger, 1)
    with pytest.raises(TooManyReplays, match="2 times"):
        await letters(ledger).replay(letter.sequence, ADA, 2)
    forced = await letters(ledger).replay(letter.sequence, ADA, None)
    assert forced.replays == 3


async def test_what_is_no_dead_letter_any_more_is_neither_replayed_nor_discarded(
    ledger: Ledger,
) -> None:
    letter = await bury(ledger, 1)
    await letters(ledger).replay(letter.sequence, ADA, 5)
    with pytest.raises(NoSuchLetter):
        await letters(ledger).replay(letter.sequence, ADA, 5)
    for number in (letter.sequence, 99_999):
        with pytest.raises(NoSuchLetter):
            await letters(ledger).discard(number, ADA)
    waiting = await stand_behind(ledger, 2)
    with pytest.raises(NoSuchLetter):
        await letters(ledger).discard(waiting.sequence, ADA)


async def test_replayed_it_is_due_before_those_behind_it(ledger: Ledger) -> None:
    letter = await bury(ledger, 1)
    behind = await stand_behind(ledger, 2)
    await ledger.forward(100)
    await letters(ledger).replay(letter.sequence, ADA, 5)
    assert await ledger.parked.start(behind.origin, 120) is None
    row = await ledger.parked.start(letter.origin, 120)
    assert row is not None
    assert [one.row.origin for one in await ledger.parked.let_go(row)] == [behind.origin]


@pytest.mark.postgresql
async def test_two_people_at_once_decide_once(on_two_connections: Ledger) -> None:
    ledger = on_two_connections
    for number in range(15):
        letter = await bury(ledger, number, subject(number, f"WEB-{number}"))
        ends = await asyncio.gather(
            letters(ledger).replay(letter.sequence, ADA, 5),
            letters(ledger).discard(letter.sequence, ADA),
            letters(ledger).replay(letter.sequence, ADA, 5),
            return_exceptions=True,
        )
        assert sum(isinstance(end, ParkedEvent) for end in ends) == 1
        assert sum(isinstance(end, NoSuchLetter) for end in ends) == 2


@pytest.mark.postgresql
async def test_who_comes_to_stand_behind_a_letter_that_is_discarded_at_that_moment_goes_on(
    on_two_connections: Ledger,
) -> None:
    ledger = on_two_connections
    for number in range(0, 60, 2):
        order = f"WEB-{number}"
        letter = await bury(ledger, number, subject(number, order))
        about = subject(number + 1, order)
        _, behind = await asyncio.gather(
            letters(ledger).discard(letter.sequence, ADA),
            ledger.parked.park_behind(
                record(number + 1, topic="stock.picked"), about, TURN_SECONDS
            ),
        )
        if behind is not None:
            _, row = await ledger.parked.of_order(order)
            assert row.seconds_until_due < 0
            assert await ledger.parked.start(Origin("stock.picked", 2, number + 1), 120)


@pytest.mark.postgresql
async def test_of_two_that_start_the_same_event_at_once_one_has_it(
    on_two_connections: Ledger,
) -> None:
    ledger = on_two_connections
    for number in range(20):
        letter = await bury(ledger, number, subject(number, f"WEB-{number}"))
        await letters(ledger).replay(letter.sequence, ADA, 5)
        started = await asyncio.gather(*(ledger.parked.start(letter.origin, 120) for _ in range(3)))
        assert sum(row is not None for row in started) == 1
