"""The line of one order in the ledger: who waits, who is woken, and who runs."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.ledger.dead_letters import Decision
from service.ledger.parked import TURN_SECONDS
from service.ledger.parked_rows import Origin, ParkedEvent, Reason, Subject, line_of

from .ledgers import Ledger, on_postgresql, record

CLAIM = 120.0
SOMEBODY = Decision("ada", "looked into it")


@pytest.fixture
async def on_two_connections(postgresql_url: str) -> AsyncIterator[Ledger]:
    """A ledger that more than one connection works on at once."""
    made = await on_postgresql(postgresql_url)
    yield made
    await made.database.close()


def pick(number: int) -> tuple[Origin, Subject]:
    return Origin("stock.picked", 2, number), Subject("stock.picked", f"event-{number}", "WEB-1")


async def park(ledger: Ledger, number: int, why: str = "retryable") -> ParkedEvent:
    origin, subject = pick(number)
    return await ledger.parked.park(
        record(number, topic=origin.topic),
        subject,
        attempt=1,
        reason=Reason(why, "not now"),
        due_in_seconds=5.0,
    )


async def park_behind(ledger: Ledger, number: int) -> ParkedEvent | None:
    origin, subject = pick(number)
    found = record(number, topic=origin.topic)
    return await ledger.parked.park_behind(found, subject, TURN_SECONDS)


async def test_one_that_runs_is_not_woken_again_by_what_comes_to_stand_behind_it(
    ledger: Ledger,
) -> None:
    head = await park(ledger, 1)
    await park_behind(ledger, 2)
    await ledger.parked.let_go(head)
    assert await ledger.parked.start(pick(2)[0], CLAIM) is not None
    await park_behind(ledger, 3)
    assert await ledger.parked.start(pick(2)[0], CLAIM) is None, "started twice"
    assert await ledger.parked.overdue(2, 10) == []


@pytest.mark.postgresql
async def test_whoever_leaves_the_line_sees_who_comes_to_stand_behind_it_at_that_moment(
    on_two_connections: Ledger,
) -> None:
    """Two connections at once: the one behind is told, or finds that nobody is ahead."""
    ledger = on_two_connections
    ends = []
    for number in range(0, 80, 2):
        head = await park(ledger, number)
        leaving = asyncio.create_task(ledger.parked.let_go(head)) if number % 4 else None
        standing = asyncio.create_task(park_behind(ledger, number + 1))
        leaving = leaving or asyncio.create_task(ledger.parked.let_go(head))
        woken, behind = await leaving, await standing
        ends.append(behind is None)
        if behind is not None:
            assert [one.row.sequence for one in woken] == [behind.sequence]
            (row,) = await ledger.parked.of_order("WEB-1")
            assert row.seconds_until_due < 0
            await ledger.parked.let_go(row)
        assert await ledger.parked.of_order("WEB-1") == []
    assert False in ends, "nobody ever came in time to stand behind"


@pytest.mark.postgresql
async def test_one_that_comes_to_stand_behind_while_another_leaves_waits_for_the_lock(
    on_two_connections: Ledger,
) -> None:
    ledger = on_two_connections
    head = await park(ledger, 1)
    async with ledger.database.begin() as tx:
        await line_of(tx, "WEB-1", lock=True)
        leaving = asyncio.create_task(ledger.parked.let_go(head))
        standing = asyncio.create_task(park_behind(ledger, 2))
        await asyncio.sleep(0.2)
        assert not leaving.done()
        assert not standing.done()
    woken, behind = await leaving, await standing
    assert [one.row.sequence for one in woken] == ([] if behind is None else [behind.sequence])
