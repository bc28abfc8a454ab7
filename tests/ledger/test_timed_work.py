"""Timed work: done once, by anyone, and never lost."""

import asyncio

from service.ledger import timed_work
from service.ledger.timed_work import Work, WorkKind

from .ledgers import Ledger


async def add(ledger: Ledger, key: str, due_in_seconds: float = 0.0) -> None:
    async with ledger.database.begin() as tx:
        await timed_work.add(tx, key, WorkKind.STRAY_SEARCH, {"operation_key": key}, due_in_seconds)


async def claim(ledger: Ledger, limit: int = 10) -> list[Work]:
    async with ledger.database.begin() as tx:
        return await timed_work.claim(tx, limit, 120)


async def test_work_is_given_out_when_it_is_due(ledger: Ledger) -> None:
    await add(ledger, "soon", 60)
    assert await claim(ledger) == []
    await ledger.forward(61)
    assert await claim(ledger) == [
        Work("soon", WorkKind.STRAY_SEARCH, {"operation_key": "soon"}, tries=1)
    ]


async def test_two_claimants_never_get_the_same_work(ledger: Ledger) -> None:
    for number in range(40):
        await add(ledger, f"work-{number}")
    claimed = await asyncio.gather(*(claim(ledger) for _ in range(8)))
    keys = [work.key for works in claimed for work in works]
    assert len(keys) == len(set(keys)) == 40
    assert max(len(works) for works in claimed) <= 10


async def test_work_of_a_claimant_that_died_comes_back(ledger: Ledger) -> None:
    await add(ledger, "work")
    assert len(await claim(ledger)) == 1
    await ledger.forward(119)
    assert await claim(ledger) == []
    await ledger.forward(2)
    (again,) = await claim(ledger)
    assert again.tries == 2


async def test_work_given_back_is_due_when_it_was_said(ledger: Ledger) -> None:
    await add(ledger, "work")
    (work,) = await claim(ledger)
    async with ledger.database.begin() as tx:
        await timed_work.again(tx, work, 10)
    assert await claim(ledger) == []
    await ledger.forward(11)
    assert [work.tries for work in await claim(ledger)] == [2]


async def test_finished_work_is_gone(ledger: Ledger) -> None:
    await add(ledger, "work")
    (work,) = await claim(ledger)
    async with ledger.database.begin() as tx:
        await timed_work.done(tx, work)
    await ledger.forward(1000)
    assert await claim(ledger) == []


async def test_a_claimant_whose_claim_has_ended_ends_nobody_elses(ledger: Ledger) -> None:
    await add(ledger, "work")
    (late,) = await claim(ledger)
    await ledger.forward(121)
    (mine,) = await claim(ledger)
    async with ledger.database.begin() as tx:
        await timed_work.done(tx, late)
        await timed_work.again(tx, late, 0)
    assert await claim(ledger) == []
    async with ledger.database.begin() as tx:
        await timed_work.done(tx, mine)
    await ledger.forward(1000)
    assert await claim(ledger) == []


async def test_work_that_is_there_already_stays_as_it_is(ledger: Ledger) -> None:
    await add(ledger, "work", 60)
    await add(ledger, "work", 0)
    assert await claim(ledger) == []
