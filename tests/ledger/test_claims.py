"""Who may call PRO, and what has to be looked up first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.ledger.journal import Journal
from service.ledger.leases import LeaseHeld
from service.ledger.lookups import LookupPlan, OperationKind
from service.ledger.operation import (
    AwaitingLookup,
    Claim,
    ContentConflict,
    Operation,
    Settled,
    Superseded,
)
from service.ledger.upgrade import restored
from service.metrics import Name

from .ledgers import START, Ledger, saying


async def claimed(journal: Journal, operation: Operation) -> Claim:
    held = await journal.claim(operation)
    assert isinstance(held, Claim)
    return held


async def test_a_fresh_operation_is_claimed_to_be_asked(ledger: Ledger) -> None:
    await ledger.place()
    operation = await ledger.operation()
    held = await claimed(ledger.journal(), operation)
    assert (held.attempt, held.must_look) == (1, False)
    assert 0 < held.seconds_left() <= 60
    assert (await ledger.row(operation.key))["state"] == "started"
    assert [entry.what for entry in await ledger.history()] == ["asked PRO"]


async def test_while_one_worker_holds_the_lease_no_other_gets_it(ledger: Ledger) -> None:
    operation = await ledger.operation()
    held = await claimed(ledger.journal(), operation)
    with pytest.raises(LeaseHeld) as caught:
        await ledger.journal().claim(operation)
    assert caught.value.until == (await ledger.row(operation.key))["lease_until"]
    assert (await ledger.row(operation.key))["attempt"] == held.attempt


async def test_the_lease_is_the_orders_whatever_is_to_be_done_with_it(ledger: Ledger) -> None:
    await claimed(ledger.journal(), await ledger.operation("pack:WEB-1:P-1"))
    with pytest.raises(LeaseHeld):
        await ledger.journal().claim(await ledger.operation("pack:WEB-1:P-2"))
    await claimed(ledger.journal(), await ledger.operation("pack:W:P", subject="order:W"))


async def test_what_a_claim_prepares_is_stored_with_it_or_not_at_all(ledger: Ledger) -> None:
    async def fail(_tx: object) -> None:
        raise ZeroDivisionError

    operation = await ledger.operation()
    with pytest.raises(ZeroDivisionError):
        await ledger.journal().claim(operation, fail)
    held = await claimed(ledger.journal(), operation)
    assert held.attempt == 1


async def test_a_worker_that_died_leaves_an_operation_to_be_looked_up(ledger: Ledger) -> None:
    operation = await ledger.operation()
    await claimed(ledger.journal(), operation)
    lease_end = (await ledger.row(operation.key))["lease_until"]
    await ledger.forward(59)
    with pytest.raises(LeaseHeld):
        await ledger.journal().claim(operation)
    await ledger.forward(1.5)
    with pytest.raises(AwaitingLookup) as caught:
        await ledger.journal().claim(operation)
    assert caught.value.due_at == lease_end + timedelta(seconds=5)
    row = await ledger.row(operation.key)
    assert (row["state"], row["ever_unknown"], row["attempt"]) == ("unknown", True, 1)
    assert ledger.counted(Name.OPERATIONS_UNKNOWN, kind="pack_order") == 1


async def test_waiting_for_a_look_up_holds_no_lease(ledger: Ledger) -> None:
    journal = ledger.journal()
    operation = await ledger.operation()
    await journal.lose(await claimed(journal, operation))
    with pytest.raises(AwaitingLookup):
        await journal.claim(operation)
    await claimed(journal, await ledger.operation("pack:WEB-1:P-2"))


async def test_an_unknown_operation_is_looked_up_three_times_then_asked_again(
    ledger: Ledger,
) -> None:
    journal = ledger.journal()
    operation = await ledger.operation()
    await claimed(journal, operation)
    lease_end = (await ledger.row(operation.key))["lease_until"]
    await ledger.forward(60.5)
    for look, next_look in ((5, 30), (30, 120)):
        with pytest.raises(AwaitingLookup):
            await journal.claim(operation)
        await ledger.forward((lease_end - await ledger.now()).total_seconds() + look + 0.1)
        held = await claimed(journal, operation)
        assert held.must_look
        waiting = await journal.looked_in_vain(held)
        assert waiting is not None
        assert waiting.due_at == lease_end + timedelta(seconds=next_look)
    await ledger.forward(90)
    held = await claimed(journal, operation)
    assert held.must_look
    assert await journal.looked_in_vain(held) is None
    again = await journal.ask_again(held)
    assert (again.attempt, again.must_look) == (2, False)
    row = await ledger.row(operation.key)
    assert (row["state"], row["attempt"]) == ("started", 2)


async def test_looks_that_are_overdue_count_as_one(ledger: Ledger) -> None:
    journal = ledger.journal()
    operation = await ledger.operation()
    await journal.lose(await claimed(journal, operation))
    await ledger.forward(45)
    waiting = await journal.looked_in_vain(await claimed(journal, operation))
    assert waiting is not None
    assert 74 < (waiting.due_at - await ledger.now()).total_seconds() <= 75
    await ledger.forward(600)
    assert await journal.looked_in_vain(await claimed(journal, operation)) is None


async def test_an_answer_lost_again_starts_the_looks_afresh(ledger: Ledger) -> None:
    journal = ledger.journal()
    operation = await ledger.operation()
    await journal.lose(await claimed(journal, operation))
    await ledger.forward(600)
    held = await claimed(journal, operation)
    await journal.looked_in_vain(held)
    await journal.lose(await journal.ask_again(held))
    with pytest.raises(AwaitingLookup) as caught:
        await journal.claim(operation)
    assert 4 < (caught.value.due_at - await ledger.now()).total_seconds() <= 5


async def test_only_one_of_two_workers_asks_again(ledger: Ledger) -> None:
    slow, quick = ledger.journal(), ledger.journal()
    operation = await ledger.operation()
    await slow.lose(await claimed(slow, operation))
    await ledger.forward(600)
    late = await claimed(slow, operation)
    await slow.looked_in_vain(late)
    await ledger.forward(61)
    held = await claimed(quick, operation)
    await quick.looked_in_vain(held)
    await quick.ask_again(held)
    with pytest.raises(Superseded):
        await slow.ask_again(late)


async def test_what_certainly_did_not_happen_is_asked_without_a_look(ledger: Ledger) -> None:
    journal = ledger.journal()
    operation = await ledger.operation()
    await journal.release(await claimed(journal, operation))
    assert (await ledger.row(operation.key))["state"] == "released"
    held = await claimed(journal, operation)
    assert (held.attempt, held.must_look) == (2, False)


async def test_a_look_that_failed_leaves_the_operation_unknown(ledger: Ledger) -> None:
    journal = ledger.journal()
    operation = await ledger.operation()
    await journal.lose(await claimed(journal, operation))
    await ledger.forward(6)
    await journal.release(await claimed(journal, operation))
    assert (await claimed(journal, operation)).must_look


async def test_a_worker_that_wakes_late_gives_up_nobody_elses_lease(ledger: Ledger) -> None:
    slow, quick = ledger.journal(), ledger.journal()
    operation = await ledger.operation()
    late = await claimed(slow, operation)
    await ledger.forward(120)
    held = await claimed(quick, operation)
    assert held.must_look
    await slow.lose(late)
    await slow.release(late)
    with pytest.raises(LeaseHeld):
        await slow.claim(await ledger.operation("pack:WEB-1:P-2"))


async def test_other_content_under_the_same_reference_is_a_conflict(ledger: Ledger) -> None:
    await ledger.place()
    journal = ledger.journal()
    operation = await ledger.operation()
    other = replace(operation, content_digest="two teapots")
    held = await claimed(journal, operation)
    await journal.lose(held)
    with pytest.raises(ContentConflict, match="new reference"):
        await journal.claim(other)
    await ledger.forward(600)
    await journal.settle(await claimed(journal, operation), saying("a"))
    with pytest.raises(ContentConflict):
        await journal.claim(other)
    assert isinstance(await journal.claim(operation), Settled)


async def test_an_event_older_than_the_ledgers_trust_is_looked_up_first(ledger: Ledger) -> None:
    journal = ledger.journal()
    operation = await ledger.operation()
    await ledger.forward(3600)
    await restored(ledger.database)
    with_memory_of_before = replace(operation, event_time=operation.event_time)
    held = await claimed(journal, with_memory_of_before)
    assert held.must_look
    waiting = await journal.looked_in_vain(held)
    assert waiting is not None
    newer = await ledger.operation("pack:WEB-1:P-2")
    assert not (await claimed(journal, newer)).must_look


async def test_a_restoration_is_heeded_by_workers_that_run_already(ledger: Ledger) -> None:
    journal = ledger.journal()
    operation = await ledger.operation("pack:WEB-1:P-2")
    await journal.release(await claimed(journal, await ledger.operation("pack:WEB-1:P-1")))
    await ledger.forward(60)
    await restored(ledger.database)
    assert (await claimed(journal, operation)).must_look


async def test_an_old_order_that_cannot_be_looked_up_is_counted_as_a_possible_orphan(
    ledger: Ledger,
) -> None:
    operation = await ledger.operation(
        "record:WEB-1", kind=OperationKind.CREATE_ORDER, event_time=START - timedelta(days=9)
    )
    held = await claimed(ledger.journal(), operation)
    assert not held.must_look
    assert ledger.counted(Name.POSSIBLE_ORPHANS) == 1
    assert "possible orphan order in PRO" in [e.what for e in await ledger.history()]


async def test_a_create_order_whose_answer_was_lost_is_asked_again_and_counted(
    ledger: Ledger,
) -> None:
    journal = ledger.journal()
    operation = await ledger.operation("record:WEB-1", kind=OperationKind.CREATE_ORDER)
    await journal.lose(await claimed(journal, operation))
    held = await claimed(journal, operation)
    assert (held.attempt, held.must_look) == (2, False)
    assert ledger.counted(Name.POSSIBLE_ORPHANS) == 1


@pytest.mark.parametrize(
    ("looked_after", "next_look"), [(None, 5), (4.9, 5), (5, 30), (29, 30), (119, 120), (120, None)]
)
def test_the_plan_names_the_first_look_that_is_still_to_come(
    looked_after: float | None, next_look: float | None
) -> None:
    looked_at = None if looked_after is None else START + timedelta(seconds=looked_after)
    due = LookupPlan((5.0, 30.0, 120.0)).next_due(START, looked_at)
    assert due == (None if next_look is None else START + timedelta(seconds=next_look))
