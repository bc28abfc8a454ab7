"""Orders and consignments are found by any of their names, and read page by page."""

from typing import Any

import pytest

from service.ledger import consignments, orders, overview
from service.ledger.database import Tx
from service.ledger.overview import Behind
from service.ledger.tables import OrderState

from .ledgers import Ledger


async def add(tx: Tx, reference: str, order: str, *tracking: str) -> None:
    await consignments.add(
        tx,
        consignment_reference=reference,
        order_reference=order,
        pick_reference="P-1",
        customer_reference=f"{order}-P-1-XYZ",
        direction="outbound",
        shipping_location_reference="LEEDS_DC",
    )
    if tracking:
        await consignments.allocate(
            tx,
            reference,
            carrier_reference="NORTHLINE",
            carrier_service_reference="NL_ECO",
            tracking_references=tracking,
        )


async def fill(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        await ledger.place(f"WEB-{number}", 1)
        await ledger.forward(1)
    async with ledger.database.begin() as tx:
        await orders.reserve(tx, "WEB-2", "PICK-2", "WEB-2-PICK-2-ABC", {0: 1})
        await add(tx, "EC-1", "WEB-1")
        await add(tx, "EC-3", "WEB-3", 'T"1%', "T2")


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("WEB-1", ["WEB-1"]),
        ("EO-WEB-2", ["WEB-2"]),
        ("PICK-2", ["WEB-2"]),
        ("WEB-2-PICK-2-ABC", ["WEB-2"]),
        ("EC-3", ["WEB-3"]),
        ("WEB-3-P-1-XYZ", ["WEB-3"]),
        ("T2", ["WEB-3"]),
        ('T"1%', ["WEB-3"]),
        ("T", []),
        ("nothing", []),
        ("' OR 1=1", []),
        ("", []),
    ],
)
async def test_an_order_is_found_by_any_name(
    ledger: Ledger, reference: str, found: list[str]
) -> None:
    await fill(ledger)
    async with ledger.database.begin() as tx:
        lines = await overview.find_orders(tx, 9, reference=reference)
    assert [line.order_reference for line in lines] == found


async def test_orders_are_read_newest_first_page_by_page(ledger: Ledger) -> None:
    await fill(ledger)
    await ledger.place("WEB-3b", 1)
    await ledger.place("WEB-3a", 1)
    paged: list[str] = []
    behind: Behind | None = None
    async with ledger.database.begin() as tx:
        while page := await overview.find_orders(tx, 2, behind=behind, state=OrderState.RECORDED):
            paged += [line.order_reference for line in page]
            behind = Behind(page[-1].placed_at, page[-1].order_reference)
        assert await overview.find_orders(tx, 9, state=OrderState.REJECTED) == []
    assert paged[2:] == ["WEB-3", "WEB-2", "WEB-1"]
    assert sorted(paged[:2]) == ["WEB-3a", "WEB-3b"]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ({}, ["EC-3", "EC-1"]),
        ({"reference": "T2"}, ["EC-3"]),
        ({"reference": "WEB-1"}, ["EC-1"]),
        ({"state": "Unallocated"}, ["EC-1"]),
        ({"state": "Allocated", "carrier": "NORTHLINE", "location": "LEEDS_DC"}, ["EC-3"]),
        ({"carrier": "OTHER"}, []),
        ({"location": "YORK"}, []),
    ],
)
async def test_consignments_are_found_by_what_they_are(
    ledger: Ledger, which: dict[str, Any], found: list[str]
) -> None:
    await fill(ledger)
    async with ledger.database.begin() as tx:
        lines = await overview.find_consignments(tx, 9, **which)
    assert sorted(line.consignment_reference for line in lines) == sorted(found)


async def test_consignments_are_read_page_by_page(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    async with ledger.database.begin() as tx:
        for number in range(5):
            await add(tx, f"EC-{number}", "WEB-1")
        paged: list[str] = []
        behind: Behind | None = None
        while page := await overview.find_consignments(tx, 2, behind=behind):
            paged += [line.consignment_reference for line in page]
            behind = Behind(page[-1].created_at, page[-1].consignment_reference)
    assert sorted(paged) == [f"EC-{number}" for number in range(5)]


async def test_what_was_asked_of_pro_is_read_with_what_can_be_done_again(ledger: Ledger) -> None:
    await fill(ledger)
    operation = await ledger.operation()
    await ledger.journal().claim(operation)
    async with ledger.database.begin() as tx:
        (known,) = await overview.operations_of(tx, "WEB-1")
        (pick,) = await overview.picks_of(tx, "WEB-2")
    assert (known.key, known.state, known.is_event_kept) == (operation.key, "started", False)
    assert (pick.pick_reference, pick.state) == ("PICK-2", "reserved")
