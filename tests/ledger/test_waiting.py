"""What is on its way is counted by what it waits for, the same in whichever replica asks."""

from typing import Any

import pytest
from sqlalchemy import update

from service.ledger import consignments, orders
from service.ledger.operation import Claim
from service.ledger.parked_rows import Origin, Reason, Subject
from service.ledger.tables import consignments as rows
from service.ledger.waiting import OnTheirWay, Open, Stage

from .ledgers import Ledger, lines, record

EARLY = Reason("too_early", "its order is not known yet")


@pytest.fixture
def on_their_way(ledger: Ledger) -> OnTheirWay:
    return OnTheirWay(ledger.database)


async def consignment(ledger: Ledger, reference: str, **columns: Any) -> None:
    """Have the ledger know a consignment in this state."""
    async with ledger.database.begin() as tx:
        await consignments.add(
            tx,
            consignment_reference=reference,
            order_reference="WEB-1",
            pick_reference="P-1",
            customer_reference=f"{reference}-ours",
            direction="outbound",
            shipping_location_reference="LEEDS_DC",
        )
        await tx.execute(
            update(rows)
            .where(rows.c.consignment_reference == reference)
            .values(**{"pro_state": "Unallocated", **columns})
        )


async def park(
    ledger: Ledger, offset: int, event_id: str, event_type: str = "stock.picked"
) -> None:
    subject = Subject(event_type, event_id, "WEB-1")
    await ledger.parked.park(
        record(offset, topic=event_type), subject, attempt=1, reason=EARLY, due_in_seconds=5.0
    )


async def test_everything_that_is_on_its_way_waits_at_one_stage(
    ledger: Ledger, on_their_way: OnTheirWay
) -> None:
    await ledger.place()
    await consignment(ledger, "EC-1")
    await consignment(ledger, "EC-2", pro_state="Allocating")
    await consignment(ledger, "EC-3", pro_state="AllocationFailed")
    await consignment(ledger, "EC-4", pro_state="Allocated")
    await consignment(ledger, "EC-5", pro_state="Allocated", label_sha256="0" * 64)
    await consignment(ledger, "EC-6", pro_state="ReadyToShip", label_sha256="0" * 64)
    await consignment(ledger, "EC-7", pro_state="Manifesting", manifest_reference="M-1")
    await consignment(ledger, "EC-8", pro_state="ManifestFailed", label_sha256="0" * 64)
    await consignment(ledger, "EC-9", pro_state="Manifested", manifest_reference="M-1")
    await consignment(ledger, "EC-10", pro_state="Cancelled")
    async with ledger.database.begin() as tx:
        await orders.place(tx, "WEB-2", "LEEDS_DC", lines(1))
    found = {stage: waiting.count for stage, waiting in (await on_their_way.stages()).items()}
    assert found == {
        Stage.TO_BE_RECORDED: 1,
        Stage.TO_BE_ALLOCATED: 2,
        Stage.ALLOCATION_FAILED: 1,
        Stage.TO_BE_LABELLED: 1,
        Stage.TO_BE_MANIFESTED: 2,
        Stage.IN_MANIFEST: 1,
        Stage.MANIFEST_FAILED: 1,
    }


async def test_the_oldest_of_a_stage_tells_since_when_it_has_not_moved(
    ledger: Ledger, on_their_way: OnTheirWay
) -> None:
    await ledger.place()
    await consignment(ledger, "EC-1")
    await ledger.forward(600)
    await consignment(ledger, "EC-2")
    stages = await on_their_way.stages()
    assert 600 <= stages[Stage.TO_BE_ALLOCATED].oldest_seconds < 660
    assert stages[Stage.TO_BE_MANIFESTED].oldest_seconds == 0


async def test_an_operation_is_open_until_it_is_settled(
    ledger: Ledger, on_their_way: OnTheirWay
) -> None:
    await ledger.place("WEB-1", 9)
    journal = ledger.journal(lease_seconds=60)
    claims = []
    for order in ("WEB-1", "WEB-2"):
        operation = await ledger.operation(f"pack:{order}:P-1", subject=f"order:{order}")
        claims.append(await journal.claim(operation))
    assert await on_their_way.open_operations() == {
        Open.STARTED: 2,
        Open.ABANDONED: 0,
        Open.UNKNOWN: 0,
    }
    assert isinstance(claims[0], Claim)
    await journal.lose(claims[0])
    await ledger.forward(61)
    assert await on_their_way.open_operations() == {
        Open.STARTED: 0,
        Open.ABANDONED: 1,
        Open.UNKNOWN: 1,
    }


async def test_a_parked_pick_is_late_once(ledger: Ledger, on_their_way: OnTheirWay) -> None:
    await park(ledger, 1, "event-1")
    await ledger.forward(119)
    await park(ledger, 2, "event-2")
    assert await on_their_way.newly_late(120) == 0
    await ledger.forward(2)
    assert await on_their_way.newly_late(120) == 1
    await ledger.forward(120)
    assert [await on_their_way.newly_late(120) for _ in range(2)] == [1, 0]
    row, _ = await ledger.parked.look(Origin("stock.picked", 2, 1), Subject("s", "e", "WEB-1"))
    assert row is not None
    assert row.counted_late


async def test_an_event_that_is_no_pick_or_came_twice_is_no_late_pick(
    ledger: Ledger, on_their_way: OnTheirWay
) -> None:
    await park(ledger, 1, "event-1")
    await park(ledger, 2, "event-1")
    await park(ledger, 3, "event-3", event_type="order.placed")
    subject = Subject("stock.picked", "event-4", "WEB-1")
    await ledger.parked.bury(
        record(4, topic="stock.picked"), subject, attempt=1, reason=EARLY, holds=False
    )
    await ledger.forward(121)
    assert await on_their_way.newly_late(120) == 1


async def test_the_first_sight_of_a_pick_is_its_first_claim(
    ledger: Ledger, on_their_way: OnTheirWay
) -> None:
    await ledger.journal().claim(await ledger.operation("pack:WEB-1:P-1"))
    await ledger.forward(30)
    seconds = await on_their_way.seconds_since_first_sight("WEB-1", "P-1")
    assert seconds is not None
    assert 30 <= seconds < 60
    assert await on_their_way.seconds_since_first_sight("WEB-1", "P-2") is None


async def test_parked_orders_count_once(ledger: Ledger) -> None:
    await park(ledger, 1, "event-1")
    await park(ledger, 2, "event-2")
    assert (await ledger.parked.standing()).orders_parked == 1
