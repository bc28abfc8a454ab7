"""What is packed and has not left is counted by stage, location and carrier, and read in pages."""

from service.ledger import consignments, manifests, unshipped
from service.ledger.database import Tx
from service.ledger.overview import Behind
from service.ledger.waiting import Stage

from .ledgers import Ledger


async def add(tx: Tx, number: int, location: str | None = "LEEDS_DC") -> str:
    reference = f"EC-{number}"
    await consignments.add(
        tx,
        consignment_reference=reference,
        order_reference="WEB-1",
        pick_reference=f"P-{number}",
        customer_reference=f"WEB-1-P-{number}",
        direction="outbound",
        shipping_location_reference=location,
    )
    return reference


async def allocated(tx: Tx, number: int, carrier: str | None = "NORTHLINE") -> str:
    reference = await add(tx, number)
    await consignments.allocate(
        tx,
        reference,
        carrier_reference=carrier,
        carrier_service_reference="NL_ECO",
        tracking_references=(),
    )
    return reference


async def labelled(tx: Tx, number: int) -> str:
    reference = await allocated(tx, number)
    await consignments.label(tx, reference, "0" * 64, f"file:///papers/{reference}")
    return reference


async def test_each_stands_in_the_group_of_what_it_waits_for(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    async with ledger.database.begin() as tx:
        await add(tx, 1)
        await add(tx, 2, None)
        await allocated(tx, 3)
        await allocated(tx, 4, None)
        for number in (5, 6):
            await labelled(tx, number)
        await manifests.close_batch(tx, "LEEDS_DC", "M-1", ())
        await labelled(tx, 7)
        gone = await labelled(tx, 8)
        await manifests.close_batch(tx, "LEEDS_DC", "M-2", (), {gone: "Allocated"})
        await manifests.move(tx, "M-2", gone, "Manifested")
        found = await unshipped.groups(tx)
    assert {(g.stage, g.location, g.carrier, g.count) for g in found} == {
        (Stage.TO_BE_ALLOCATED, "LEEDS_DC", None, 1),
        (Stage.TO_BE_ALLOCATED, None, None, 1),
        (Stage.TO_BE_LABELLED, "LEEDS_DC", "NORTHLINE", 1),
        (Stage.TO_BE_LABELLED, "LEEDS_DC", None, 1),
        (Stage.TO_BE_MANIFESTED, "LEEDS_DC", "NORTHLINE", 1),
        (Stage.IN_MANIFEST, "LEEDS_DC", "NORTHLINE", 2),
    }
    assert [g.stage for g in found] == sorted((g.stage for g in found), key=list(Stage).index)


async def test_the_longest_waiting_come_first_page_by_page(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    for number in range(3):
        async with ledger.database.begin() as tx:
            await add(tx, number)
        await ledger.forward(1)
    async with ledger.database.begin() as tx:
        await add(tx, 8, None)
        await consignments.label(tx, "EC-0", "0" * 64, "file:///x")  # it moved: now it is the last
        (group, nowhere) = sorted(await unshipped.groups(tx), key=lambda g: g.location or "~")
        assert (group.count, nowhere.count) == (3, 1)
        paged: list[str] = []
        behind: Behind | None = None
        while page := await unshipped.find(
            tx, 2, Stage.TO_BE_ALLOCATED, location="LEEDS_DC", carrier=None, behind=behind
        ):
            paged += [known.consignment_reference for known, _ in page]
            behind = Behind(page[-1][1], paged[-1])
            assert group.since <= page[0][1]
    assert paged == ["EC-1", "EC-2", "EC-0"]
