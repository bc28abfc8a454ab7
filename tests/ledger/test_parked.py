"""Parked events: the rows are the truth."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from service.ledger import consignments, manifests
from service.ledger.operation import Claim
from service.ledger.outcomes import OutcomeStore
from service.ledger.parked_rows import Origin, ParkedEvent, Reason, Subject
from service.ledger.sealing import Seal, SealBroken
from service.ledger.tables import ParkedState, metadata

from .ledgers import START, Ledger, record, saying

ORIGIN = Origin("stock.picked", 2, 7)
PICK = Subject("stock.picked", "event-1", "WEB-1")
EARLY = Reason("too_early", "its order is not known yet")
CANARY = "Quintessa Featherstonehaugh"


async def park(ledger: Ledger, origin: Origin = ORIGIN, **changes: Any) -> ParkedEvent:
    values: dict[str, Any] = {
        "attempt": 1,
        "reason": EARLY,
        "due_in_seconds": 60.0,
        "subject": PICK,
    }
    values |= changes
    found = record(origin.offset, values.pop("value", b'{"name": "Ada"}'), origin.topic)
    return await ledger.parked.park(found, **values)


async def bury(
    ledger: Ledger, origin: Origin = ORIGIN, subject: Subject = PICK, *, holds: bool = True
) -> ParkedEvent:
    found = record(origin.offset, topic=origin.topic)
    return await ledger.parked.bury(found, subject, attempt=1, reason=EARLY, holds=holds)


async def find(ledger: Ledger, origin: Origin = ORIGIN) -> ParkedEvent | None:
    row, _ = await ledger.parked.look(origin, PICK)
    return row


async def test_a_parked_event_is_found_where_it_first_lay(ledger: Ledger) -> None:
    row = await park(ledger)
    found = await find(ledger)
    assert found is not None
    assert replace(found, seconds_until_due=0.0) == replace(row, seconds_until_due=0.0)
    assert 59 < found.seconds_until_due <= 60
    assert (found.state, found.attempt, found.reason) == (ParkedState.PARKED, 1, EARLY)
    assert await find(ledger, Origin("stock.picked", 2, 8)) is None


async def test_parking_again_resumes_the_row_and_never_queues_behind_itself(
    ledger: Ledger,
) -> None:
    first = await park(ledger)
    behind = await park(ledger, Origin("stock.picked", 2, 8))
    await ledger.forward(60)
    again = await park(ledger, attempt=2, reason=Reason("retryable", "no connection"))
    assert again.sequence == first.sequence < behind.sequence
    assert again.first_failed_at == first.first_failed_at
    assert (again.attempt, again.reason.error_class) == (2, "retryable")
    assert again.due_at > first.due_at
    assert [row.sequence for row in await ledger.parked.of_order("WEB-1")] == [
        first.sequence,
        behind.sequence,
    ]


async def test_a_settled_event_has_no_row(ledger: Ledger) -> None:
    row = await park(ledger)
    assert await ledger.parked.let_go(row) == []
    assert await find(ledger) is None
    async with ledger.database.begin() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM parked_events"))).scalar_one() == 0
    assert await ledger.parked.let_go(row) == []


async def test_an_overdue_event_is_woken_as_it_first_lay(ledger: Ledger) -> None:
    await park(ledger, value=b"\xff\x00 whatever")
    await ledger.forward(61)
    assert await ledger.parked.overdue(2, 10) == []
    await ledger.forward(2)
    (woken,) = await ledger.parked.overdue(2, 10)
    assert woken.row.origin == ORIGIN
    assert woken.record == replace(record(7, b"\xff\x00 whatever"), topic="stock.picked")


async def test_an_overdue_event_is_given_out_once_until_it_is_overdue_again(
    ledger: Ledger,
) -> None:
    await park(ledger)
    await ledger.forward(63)
    assert len(await ledger.parked.overdue(2, 10)) == 1
    assert await ledger.parked.overdue(2, 10) == []
    await ledger.forward(2.5)
    assert len(await ledger.parked.overdue(2, 10)) == 1


async def test_overdue_events_come_in_their_order_and_not_all_at_once(ledger: Ledger) -> None:
    for offset in range(5):
        await park(ledger, Origin("stock.picked", 2, offset), due_in_seconds=5.0 - offset)
    await ledger.forward(60)
    woken = [one.row.origin.offset for one in await ledger.parked.overdue(2, 3)]
    assert woken == [2, 3, 4], "the three that are due longest, in the order they were parked"
    assert [one.row.origin.offset for one in await ledger.parked.overdue(2, 3)] == [0, 1]


async def test_a_due_event_is_started_by_one_worker_until_its_time_is_up(ledger: Ledger) -> None:
    await park(ledger)
    assert await ledger.parked.start(ORIGIN, 120) is None, "started before it was due"
    await ledger.forward(61)
    row = await ledger.parked.start(ORIGIN, 120)
    assert row is not None
    assert await ledger.parked.start(ORIGIN, 120) is None
    assert await ledger.parked.overdue(2, 10) == []
    await ledger.forward(123)
    assert len(await ledger.parked.overdue(2, 10)) == 1, "its worker died"
    again = await ledger.parked.start(ORIGIN, 120)
    assert again is not None
    await ledger.parked.let_go(again)
    assert await ledger.parked.start(ORIGIN, 120) is None


async def test_an_event_whose_key_is_gone_keeps_no_other_from_waking(ledger: Ledger) -> None:
    await park(ledger)
    ledger.seal = Seal([_key()])
    await park(ledger, Origin("stock.picked", 2, 8))
    await ledger.forward(100)
    woken = [one.row.origin.offset for one in await ledger.parked.overdue(2, 10)]
    assert woken == [8]
    assert await find(ledger) is not None


async def test_a_dead_letter_waits_for_a_person(ledger: Ledger) -> None:
    await park(ledger)
    row = await bury(ledger)
    assert row.state is ParkedState.DEAD
    await ledger.forward(100_000)
    assert await ledger.parked.overdue(2, 10) == []
    assert await ledger.parked.start(ORIGIN, 120) is None
    standing = await ledger.parked.standing()
    assert standing.counts == {
        ParkedState.PARKED: 0,
        ParkedState.DEAD: 1,
        ParkedState.DISCARDED: 0,
    }
    assert (standing.oldest_seconds, standing.orders_held) == (0, 1)
    assert [entry.what for entry in await ledger.history()] == ["parked", "dead letter"]


async def test_a_dead_letter_keeps_its_orders_consignments_from_the_manifest(
    ledger: Ledger,
) -> None:
    for order in ("WEB-1", "WEB-2"):
        await ledger.place(order)
        async with ledger.database.begin() as tx:
            await consignments.add(
                tx,
                consignment_reference=f"EC-{order}",
                order_reference=order,
                pick_reference="P-1",
                customer_reference=order,
                direction="outbound",
                shipping_location_reference="LEEDS_DC",
            )
            await consignments.label(tx, f"EC-{order}", "0" * 64, "file:///x")
            await consignments.move(tx, f"EC-{order}", "Allocated")
    row = await bury(ledger)
    async with ledger.database.begin() as tx:
        batch = await manifests.close_batch(tx, "LEEDS_DC", "M-1", ())
    assert [each.order_reference for each in batch] == ["WEB-2"]
    await ledger.parked.let_go(row)
    async with ledger.database.begin() as tx:
        again = await manifests.close_batch(tx, "LEEDS_DC", "M-1", ())
        later = await manifests.close_batch(tx, "LEEDS_DC", "M-2", ())
    assert [each.order_reference for each in again] == ["WEB-2"]
    assert [each.order_reference for each in later] == ["WEB-1"]


async def test_an_event_without_an_order_holds_nobody(ledger: Ledger) -> None:
    row = await bury(ledger, subject=Subject("manifest.requested", "event-1"))
    assert row.order_reference is None
    assert await ledger.parked.of_order("WEB-1") == []
    assert await ledger.history() == []


async def test_no_name_is_stored_in_the_clear(
    ledger: Ledger, ledger_url: str | None, tmp_path: Path
) -> None:
    await ledger.place()
    await park(ledger, value=f'{{"name": "{CANARY}"}}'.encode())
    journal = ledger.journal()
    held = await journal.claim(await ledger.operation())
    assert isinstance(held, Claim)
    await journal.settle(held, replace(saying(CANARY), result={"code": "x"}))
    async with ledger.database.begin() as tx:
        for table in metadata.sorted_tables:
            rows = [str(tuple(row)) for row in await tx.execute(table.select())]
            assert CANARY not in "".join(rows), table.name
    if ledger_url is None:
        assert b"Quintessa" not in _whole(tmp_path)
    await ledger.forward(100)
    (woken,) = await ledger.parked.overdue(2, 1)
    assert CANARY.encode() in (woken.record.value or b"")
    assert (await ledger.publication.missing(1, 1))[0][1][0].id == CANARY


def test_what_an_older_key_sealed_opens_behind_a_newer_one() -> None:
    old, new = _key(), _key()
    sealed = Seal([old]).close({"name": CANARY})
    assert Seal([new, old]).open(sealed) == {"name": CANARY}
    resealed = Seal([new, old]).close({"name": CANARY})
    assert Seal([new]).open(resealed) == {"name": CANARY}


def test_what_no_key_opens_is_broken_and_says_what_to_do() -> None:
    sealed = Seal([_key()]).close({"name": CANARY})
    for broken in (sealed, b"", b"not sealed at all"):
        with pytest.raises(SealBroken, match="put it back") as caught:
            Seal([_key()]).open(broken)
        assert CANARY not in str(caught.value)


def test_outcomes_survive_sealing() -> None:
    store = OutcomeStore(Seal([_key()]))
    said = tuple(outcome.make(3) for outcome in saying("a", "b").outcomes)
    assert store.open(store.close(said)) == said
    assert said[0].time == START
    assert store.close(()) is None
    assert store.open(None) == ()


def _whole(folder: Path) -> bytes:
    """All that SQLite wrote, its log included."""
    written = b"".join(file.read_bytes() for file in folder.glob("ledger.db*"))
    assert b"stock.picked" in written
    return written


def _key() -> str:
    return Fernet.generate_key().decode()
