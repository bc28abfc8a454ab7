"""What was ordered can be picked once, and not more of it."""

import asyncio

import pytest

from service.ledger import orders
from service.ledger.orders import NotEnoughLeft

from .ledgers import Ledger, lines


async def reserve(ledger: Ledger, pick: str, *quantities: int) -> None:
    async with ledger.database.begin() as tx:
        await orders.reserve(tx, "WEB-1", pick, f"ours-{pick}", dict(enumerate(quantities)))


async def pack(ledger: Ledger, pick: str) -> None:
    async with ledger.database.begin() as tx:
        await orders.pack(tx, "WEB-1", pick)


async def give_back(ledger: Ledger, pick: str) -> None:
    async with ledger.database.begin() as tx:
        await orders.give_back(tx, "WEB-1", pick)


async def known(ledger: Ledger) -> orders.KnownOrder:
    async with ledger.database.begin() as tx:
        found = await orders.find(tx, "WEB-1")
    assert found is not None
    return found


async def picked(ledger: Ledger) -> list[int]:
    return [line.picked for line in (await known(ledger)).lines]


async def test_an_order_is_read_back_as_it_was_placed(ledger: Ledger) -> None:
    async with ledger.database.begin() as tx:
        await orders.place(tx, "WEB-1", "LEEDS_DC", lines(2, 3))
    found = await known(ledger)
    assert found.lines == tuple(lines(2, 3))
    assert (found.state, found.pro_order_reference) == ("placed", None)
    assert found.shipping_location_reference == "LEEDS_DC"


async def test_a_rejected_order_is_placed_anew_with_its_new_content(ledger: Ledger) -> None:
    async with ledger.database.begin() as tx:
        await orders.place(tx, "WEB-1", "LEEDS_DC", lines(2, 3))
        await orders.reject(tx, "WEB-1")
    assert (await known(ledger)).state == "rejected"
    async with ledger.database.begin() as tx:
        await orders.place(tx, "WEB-1", None, lines(7))
    found = await known(ledger)
    assert (found.state, found.lines) == ("placed", tuple(lines(7)))
    assert found.shipping_location_reference is None


async def test_the_last_item_goes_to_one_pick_only(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    ended = await asyncio.gather(
        reserve(ledger, "P-1", 1), reserve(ledger, "P-2", 1), return_exceptions=True
    )
    (lack,) = [one for one in ended if one is not None]
    assert isinstance(lack, NotEnoughLeft)
    assert (lack.line, lack.wanted, lack.left) == (0, 1, 0)
    assert await picked(ledger) == [1]


async def test_a_pick_that_takes_too_much_of_one_line_takes_nothing_of_any(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 5, 1)
    with pytest.raises(NotEnoughLeft):
        await reserve(ledger, "P-1", 3, 2)
    assert await picked(ledger) == [0, 0]
    await reserve(ledger, "P-1", 3, 1)
    assert await picked(ledger) == [3, 1]


async def test_the_same_pick_reserves_nothing_twice(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 3)
    await reserve(ledger, "P-1", 2)
    await reserve(ledger, "P-1", 2)
    assert await picked(ledger) == [2]
    await pack(ledger, "P-1")
    await reserve(ledger, "P-1", 2)
    assert await picked(ledger) == [2]


async def test_a_rejected_pick_gives_back_what_it_held_once(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 3)
    await reserve(ledger, "P-1", 2)
    await give_back(ledger, "P-1")
    await give_back(ledger, "P-1")
    assert await picked(ledger) == [0]
    await reserve(ledger, "P-1", 3)
    assert await picked(ledger) == [3]
    await give_back(ledger, "P-unknown")
    assert await picked(ledger) == [3]


async def test_a_packed_pick_gives_nothing_back(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 3)
    await reserve(ledger, "P-1", 2)
    await pack(ledger, "P-1")
    await give_back(ledger, "P-1")
    assert await picked(ledger) == [2]


async def test_the_last_pick_marks_the_order_fully_packed(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 2, 1)
    await reserve(ledger, "P-1", 2)
    await pack(ledger, "P-1")
    assert not (await known(ledger)).fully_packed
    async with ledger.database.begin() as tx:
        await orders.reserve(tx, "WEB-1", "P-2", "ours-P-2", {1: 1})
    assert not (await known(ledger)).fully_packed
    await pack(ledger, "P-2")
    assert (await known(ledger)).fully_packed


async def test_an_order_is_not_fully_packed_while_a_pick_is_only_reserved(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 2)
    await reserve(ledger, "P-1", 1)
    await reserve(ledger, "P-2", 1)
    await pack(ledger, "P-2")
    assert not (await known(ledger)).fully_packed
    await pack(ledger, "P-1")
    assert (await known(ledger)).fully_packed


async def test_the_customer_reference_of_a_pick_is_remembered(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 2)
    await reserve(ledger, "P-1", 1)
    async with ledger.database.begin() as tx:
        assert await orders.customer_reference(tx, "WEB-1", "P-1") == "ours-P-1"
        assert await orders.customer_reference(tx, "WEB-1", "P-2") is None
