"""The database goes away for a moment just when PRO has answered: its answer is not thrown away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from service.events.published import OrderRecorded
from service.ledger.database import Database, LedgerDown, Tx

from .goods import placed
from .world import World, only


@pytest.mark.parametrize("stored", [False, True], ids=["not stored", "stored, but not heard of"])
@pytest.mark.parametrize("times", [1, 3])
async def test_an_answer_is_stored_once_the_ledger_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch, stored: bool, times: int
) -> None:
    begin, begun = Database.begin, 0

    @asynccontextmanager
    async def flaky(database: Database) -> AsyncIterator[Tx]:
        nonlocal begun
        begun += 1
        is_settling = 2 <= begun < 2 + times  # the first is the claim
        if is_settling and not stored:
            raise LedgerDown("away")
        async with begin(database) as tx:
            yield tx
        if is_settling:
            raise LedgerDown("the answer to COMMIT is lost")

    monkeypatch.setattr(Database, "begin", flaky)
    recorded = only(OrderRecorded, await world.react(placed("WEB-1")))
    monkeypatch.undo()
    assert [call.operation for call in world.state.calls] == ["createOrder"]
    assert (recorded.order_reference, recorded.sequence) == ("WEB-1", 1)
    assert only(OrderRecorded, await world.react(placed("WEB-1"))) == recorded
