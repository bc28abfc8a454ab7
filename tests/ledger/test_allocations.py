"""What the ledger keeps of allocations: facts, ways, numbers, and what stands in the way."""

from dataclasses import replace

from service.events.allocation import BY_DEFAULT_RULES, Way, Ways
from service.ledger import consignments, manifests, orders, standing
from service.ledger.consignments import KnownConsignment
from service.ledger.lookups import OperationKind
from service.ledger.operation import Claim, Settled, Settlement

from .ledgers import Ledger, lines, saying

WAYS: Ways = (Way(way="service_group", reference="WORLD"), Way(way="default_rules"))


async def add(ledger: Ledger, *, ways: Ways = BY_DEFAULT_RULES) -> None:
    await ledger.place()
    async with ledger.database.begin() as tx:
        await consignments.add(
            tx,
            consignment_reference="EC-1",
            order_reference="WEB-1",
            pick_reference="P-1",
            customer_reference="WEB-1-P-1",
            direction="outbound",
            shipping_location_reference="LEEDS_DC",
            allocation_ways=ways,
        )


async def known(ledger: Ledger) -> KnownConsignment:
    async with ledger.database.begin() as tx:
        found = await consignments.find(tx, "EC-1")
    assert found is not None
    return found


async def test_facts_of_an_order_are_those_of_its_last_content(ledger: Ledger) -> None:
    for facts in ({"destination_country": "GB", "tags": ["Fragile"]}, {"metadata": {"a": "b"}}):
        async with ledger.database.begin() as tx:
            await orders.place(tx, "WEB-1", "LEEDS_DC", lines(1), facts)
            found = await orders.find(tx, "WEB-1")
        assert found is not None
        assert found.facts == facts


async def test_ways_are_kept_until_a_new_allocation_brings_its_own(ledger: Ledger) -> None:
    await add(ledger, ways=WAYS)
    assert (await known(ledger)).allocation_ways == WAYS
    async with ledger.database.begin() as tx:
        await consignments.allocate(
            tx,
            "EC-1",
            carrier_reference="KW",
            carrier_service_reference="KW_INT",
            tracking_references=["T-1"],
        )
        await consignments.label(tx, "EC-1", "0" * 64, "file:///x")
        (batch,) = await manifests.close_batch(tx, "LEEDS_DC", "M-1", ())
        assert batch.manifest_reference == "M-1"
        await consignments.start_allocation(tx, "EC-1", 2, BY_DEFAULT_RULES)
    anew = await known(ledger)
    assert (anew.pro_state, anew.allocation_number) == ("Unallocated", 2)
    assert anew.allocation_ways == BY_DEFAULT_RULES
    assert anew.tracking_references == ()
    gone = (
        anew.carrier_reference,
        anew.carrier_service_reference,
        anew.label_sha256,
        anew.label_address,
        anew.manifest_reference,
    )
    assert gone == (None,) * 5


async def test_what_is_kept_in_silence_has_no_number_and_is_not_published(ledger: Ledger) -> None:
    await ledger.place()
    journal = ledger.journal()
    work = await ledger.operation("allocate:EC-1:1", kind=OperationKind.ALLOCATE)
    claim = await journal.claim(work)
    assert isinstance(claim, Claim)
    silent = replace(saying("failed", refused=True), is_silent=True)
    (kept,) = await journal.settle(claim, silent)
    assert kept.data["sequence"] == 0
    assert await ledger.publication.missing(-1, 10) == []
    assert await journal.claim(work) == Settled((kept,))
    last = await ledger.operation("allocate:EC-1:1:2", kind=OperationKind.ALLOCATE)
    claim = await journal.claim(last)
    assert isinstance(claim, Claim)
    (told,) = await journal.settle(claim, saying("told"))
    assert told.data["sequence"] == 1


async def test_what_is_under_way_or_lost_is_open_until_it_is_settled(ledger: Ledger) -> None:
    await ledger.place()
    journal = ledger.journal()
    keys = ["ready:LEEDS_DC:M-1", "manifest:LEEDS_DC:M-1"]

    async def is_open() -> tuple[bool, bool, bool]:
        async with ledger.database.begin() as tx:
            return (
                await standing.is_any_open(tx, keys),
                await standing.is_manifesting(tx, "LEEDS_DC"),
                await standing.is_manifesting(tx, "YORK_DC"),
            )

    assert await is_open() == (False, False, False)
    work = await ledger.operation(keys[1], subject="location:LEEDS_DC", order_reference=None)
    claim = await journal.claim(work)
    assert isinstance(claim, Claim)
    assert await is_open() == (True, True, False)
    await journal.lose(claim)
    assert await is_open() == (True, True, False)
    await ledger.forward(300)
    again = await journal.claim(work)
    assert isinstance(again, Claim)
    await journal.settle(again, Settlement())
    assert await is_open() == (False, False, False)
