"""What is called off stays so, on both databases, whoever is at work on it at that moment."""

import asyncio
from functools import partial

import pytest

from service.ledger import (
    amendments,
    cancellations,
    consignments,
    history,
    leases,
    manifests,
    orders,
    standing,
)
from service.ledger.cancellations import OrderCancelled
from service.ledger.database import Contended, Tx
from service.ledger.leases import LeaseHeld
from service.ledger.lookups import OperationKind
from service.ledger.operation import AwaitingLookup, Claim, NotWanted, Superseded, operation_key
from service.ledger.tables import OperationState, OrderState

from .ledgers import Ledger, lines, saying


async def cancel(ledger: Ledger, order: str = "WEB-1") -> None:
    async with ledger.database.begin() as tx:
        await cancellations.cancel_order(tx, order, "event-9")


async def state_of(ledger: Ledger, order: str = "WEB-1") -> OrderState:
    async with ledger.database.begin() as tx:
        found = await orders.find(tx, order)
    assert found is not None
    return found.state


async def packed(ledger: Ledger, *, keep_back: bool = False) -> None:
    """Store a pick with its consignment."""
    await ledger.place("WEB-1", 2)
    async with ledger.database.begin() as tx:
        await orders.reserve(tx, "WEB-1", "P-1", "ours", {0: 2})
        await orders.pack(tx, "WEB-1", "P-1")
        await consignments.add(
            tx,
            consignment_reference="EC-1",
            order_reference="WEB-1",
            pick_reference="P-1",
            customer_reference="ours",
            direction="outbound",
            shipping_location_reference="LEEDS_DC",
            keep_back=keep_back,
        )


@pytest.mark.parametrize("before", ["nothing", "placed", "recorded", "rejected", "cancelled"])
async def test_an_order_in_any_state_is_cancelled_for_ever(ledger: Ledger, before: str) -> None:
    if before in ("placed", "rejected"):
        async with ledger.database.begin() as tx:
            await orders.place(tx, "WEB-1", "LEEDS_DC", lines(1))
            if before == "rejected":
                await orders.reject(tx, "WEB-1")
    elif before == "recorded":
        await ledger.place()
    elif before == "cancelled":
        await cancel(ledger)
    await cancel(ledger)
    async with ledger.database.begin() as tx:
        await orders.record(tx, "WEB-1", "EO-1")
        await orders.reject(tx, "WEB-1")
    assert await state_of(ledger) is OrderState.CANCELLED
    async with ledger.database.begin() as tx:
        with pytest.raises(OrderCancelled):
            await cancellations.check_order(tx, "WEB-1")
        await cancellations.check_order(tx, "WEB-2")
        noted = [one.what for one in await history.of_order(tx, "WEB-1")]
    assert noted.count("order cancelled") == 1


async def test_it_is_marked_while_nobody_works_on_the_order(ledger: Ledger) -> None:
    await ledger.place()
    claim = await ledger.journal().claim(await ledger.operation())
    assert isinstance(claim, Claim)
    with pytest.raises(LeaseHeld):
        await cancel(ledger)
    assert await state_of(ledger) is OrderState.RECORDED
    await ledger.journal().settle(claim, saying("made"))
    await cancel(ledger)
    assert await state_of(ledger) is OrderState.CANCELLED
    async with ledger.database.begin() as tx:
        await leases.take(tx, "order:WEB-1", 1)  # it was given up


async def test_who_claims_and_who_cancels_at_once_come_one_after_the_other(
    ledger: Ledger,
) -> None:
    """Either the claim is seen as unsettled by the cancellation, or the claim sees it."""
    for number in range(20):
        order = f"WEB-{number}"
        await ledger.place(order)
        work = await ledger.operation(
            f"pack:{order}:P-1", subject=f"order:{order}", order_reference=order
        )
        check = partial(cancellations.check_order, order_reference=order)
        claimed, marked = await asyncio.gather(
            ledger.journal().claim(work, check), cancel(ledger, order), return_exceptions=True
        )
        for ended in (claimed, marked):
            if isinstance(ended, BaseException):
                assert isinstance(ended, OrderCancelled | LeaseHeld | Contended), ended
        if isinstance(claimed, Claim) and marked is None:
            raise AssertionError("both went through")


@pytest.mark.parametrize("kind", [OperationKind.PACK_ORDER, OperationKind.CREATE_CONSIGNMENT])
async def test_what_makes_consignments_is_waited_for_until_it_is_settled(
    ledger: Ledger, kind: OperationKind
) -> None:
    await ledger.place()
    journal = ledger.journal()
    claim = await journal.claim(await ledger.operation(kind=kind))
    assert isinstance(claim, Claim)
    async with ledger.database.begin() as tx:
        with pytest.raises(AwaitingLookup) as started:
            await cancellations.check_makers(tx, "WEB-1")
        await cancellations.check_makers(tx, "WEB-2")
    now = await ledger.now()
    assert (started.value.due_at - now).total_seconds() == pytest.approx(60, abs=1)
    await journal.lose(claim)
    async with ledger.database.begin() as tx:
        with pytest.raises(AwaitingLookup) as unknown:
            await cancellations.check_makers(tx, "WEB-1")
    assert (unknown.value.due_at - now).total_seconds() == pytest.approx(5, abs=1)
    for late, wait in ((1, 5), (100, 100), (5000, 600)):
        await ledger.forward((unknown.value.due_at - await ledger.now()).total_seconds() + late)
        async with ledger.database.begin() as tx:
            with pytest.raises(AwaitingLookup) as overdue:
                await cancellations.check_makers(tx, "WEB-1")
        waits = (overdue.value.due_at - await ledger.now()).total_seconds()
        assert waits == pytest.approx(wait, abs=2), "as long as it is late already"
    await journal.settle(claim, saying("made"))
    async with ledger.database.begin() as tx:
        await cancellations.check_makers(tx, "WEB-1")


async def test_what_is_kept_back_is_waited_for(ledger: Ledger) -> None:
    await packed(ledger, keep_back=True)
    async with ledger.database.begin() as tx:
        with pytest.raises(AwaitingLookup, match="EC-1"):
            await cancellations.check_makers(tx, "WEB-1")
        await cancellations.cancel_consignment(tx, "EC-1")
        await cancellations.check_makers(tx, "WEB-1")


async def test_nothing_moves_a_cancelled_consignment(ledger: Ledger) -> None:
    await packed(ledger)
    async with ledger.database.begin() as tx:
        await consignments.label(tx, "EC-1", "0" * 64, "file:///labels")
        await cancellations.check_consignment(tx, "EC-1")
        await cancellations.cancel_consignment(tx, "EC-1")
        await consignments.move(tx, "EC-1", "AllocationFailed")
        await manifests.leave(tx, "EC-1", "Allocated")
        found = await consignments.find(tx, "EC-1")
        with pytest.raises(NotWanted):
            await cancellations.check_consignment(tx, "EC-1")
    assert found is not None
    assert (found.pro_state, found.label_sha256, found.label_address) == ("Cancelled", None, None)


async def test_the_consignments_of_a_cancelled_order_are_not_wanted(ledger: Ledger) -> None:
    await packed(ledger)
    await cancel(ledger)
    async with ledger.database.begin() as tx:
        with pytest.raises(NotWanted):
            await cancellations.check_consignment(tx, "EC-1")
        await consignments.label(tx, "EC-1", "0" * 64, "file:///labels")
        await consignments.move(tx, "EC-1", "Allocated")
        assert await manifests.close_batch(tx, "LEEDS_DC", "M-1", ()) == []


async def test_what_a_withdrawn_pick_took_is_free_again(ledger: Ledger) -> None:
    await packed(ledger)
    for _ in range(2):
        async with ledger.database.begin() as tx:
            await orders.withdraw(tx, "WEB-1", "P-1")
            order = await orders.find(tx, "WEB-1")
        assert order is not None
        assert (order.lines[0].picked, order.fully_packed) == (0, False)
    async with ledger.database.begin() as tx:
        await orders.reserve(tx, "WEB-1", "P-2", "others", {0: 2})


async def test_a_step_that_is_called_off_stores_nothing_any_more(ledger: Ledger) -> None:
    await packed(ledger)
    journal = ledger.journal()
    claims = {}
    for name in ("EC-1", "EC-2"):
        work = await ledger.operation(
            operation_key("allocate", name, "1"), kind=OperationKind.ALLOCATE, subject=name
        )
        claims[name] = await journal.claim(work)
    async with ledger.database.begin() as tx:
        keys = await cancellations.steps_of(tx, "WEB-1", ["EC-1"])
        assert keys == ["allocate:EC-1:1"]
        await cancellations.call_off(tx, keys)
    stored: list[str] = []

    async def store(_tx: Tx) -> None:
        stored.append("late")

    gone, other = claims["EC-1"], claims["EC-2"]
    assert isinstance(gone, Claim)
    assert isinstance(other, Claim)
    with pytest.raises(Superseded):
        await journal.settle(gone, saying("late", effects=store))
    await journal.settle(other, saying("in time", effects=store))
    assert stored == ["late"]
    row = await ledger.row("allocate:EC-1:1")
    assert (row["state"], row["next_lookup_at"]) == (OperationState.FINISHED, None)
    async with ledger.database.begin() as tx:
        assert (await standing.state_of(tx, "allocate:EC-2:1")) is OperationState.FINISHED


async def test_what_an_event_was_told_is_found_by_its_id(ledger: Ledger) -> None:
    await ledger.place()
    journal = ledger.journal()
    claim = await journal.claim(await ledger.operation("withdraw:WEB-1:P-1:1"))
    assert isinstance(claim, Claim)
    said = saying("applied")
    settlement = type(said)(outcomes=said.outcomes, result={"asked_by": "event-1"})
    await journal.settle(claim, settlement)
    async with ledger.database.begin() as tx:
        keys = ["withdraw:WEB-1:P-1:0", "withdraw:WEB-1:P-1:1"]
        assert await standing.settled_of(tx, keys, "event-1") == keys[1]
        assert await standing.settled_of(tx, keys, "event-2") is None


async def test_an_amended_order_remembers_version_facts_and_place(ledger: Ledger) -> None:
    await packed(ledger)
    async with ledger.database.begin() as tx:
        assert await amendments.version_of(tx, "WEB-1") is None
        await amendments.amend(tx, "WEB-1", 3, {"tags": ["A"]})
        await amendments.relocate(tx, "WEB-1", "BRISTOL_WH", ["EC-1"])
    async with ledger.database.begin() as tx:
        assert await amendments.version_of(tx, "WEB-1") == 3
        order, found = await orders.find(tx, "WEB-1"), await consignments.find(tx, "EC-1")
    assert order is not None
    assert found is not None
    assert (order.facts, order.shipping_location_reference) == ({"tags": ["A"]}, "BRISTOL_WH")
    assert found.shipping_location_reference == "BRISTOL_WH"
