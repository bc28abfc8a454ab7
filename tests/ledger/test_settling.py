"""Answers are stored once, said as often as needed, and never thrown away."""

from dataclasses import replace

import pytest

from service.ledger import timed_work
from service.ledger.journal import Journal
from service.ledger.operation import Claim, Operation, Settled, Superseded
from service.ledger.timed_work import Work
from service.metrics import Name

from .ledgers import Ledger, saying

PICK = {"order_reference": "WEB-1", "pick_reference": "P-1"}


async def claimed(journal: Journal, operation: Operation) -> Claim:
    held = await journal.claim(operation)
    assert isinstance(held, Claim)
    return held


async def work_due(ledger: Ledger) -> list[Work]:
    async with ledger.database.begin() as tx:
        return await timed_work.claim(tx, 100, 60)


async def test_a_settled_operation_repeats_its_outcomes_word_for_word(ledger: Ledger) -> None:
    await ledger.place()
    journal = ledger.journal()
    operation = await ledger.operation()
    said = await journal.settle(await claimed(journal, operation), saying("a", "b"))
    assert [(each.id, each.data["sequence"]) for each in said] == [("a", 1), ("b", 2)]
    for _ in range(3):
        again = await ledger.journal().claim(replace(operation, event_id="redelivered"))
        assert again == Settled(said)
    assert (await ledger.row(operation.key))["attempt"] == 1


async def test_settling_gives_the_lease_up(ledger: Ledger) -> None:
    await ledger.place()
    journal = ledger.journal()
    await journal.settle(await claimed(journal, await ledger.operation()), saying("a"))
    await claimed(journal, await ledger.operation("pack:WEB-1:P-2"))


async def test_an_answer_and_what_it_changes_are_stored_together_or_not_at_all(
    ledger: Ledger,
) -> None:
    async def fail(_tx: object) -> None:
        raise ZeroDivisionError

    await ledger.place()
    journal = ledger.journal()
    operation = await ledger.operation()
    held = await claimed(journal, operation)
    with pytest.raises(ZeroDivisionError):
        await journal.settle(held, saying("a", effects=fail))
    assert (await ledger.row(operation.key))["state"] == "started"
    (said,) = await journal.settle(held, saying("a"))
    assert said.data["sequence"] == 1


async def test_a_refusal_repeats_for_the_same_content_and_ends_with_new_content(
    ledger: Ledger,
) -> None:
    await ledger.place()
    journal = ledger.journal()
    operation = await ledger.operation()
    held = await claimed(journal, operation)
    refusal = await journal.settle(held, saying("no-1", refused=True))
    assert await journal.claim(operation) == Settled(refusal)
    corrected = replace(operation, content_digest="other content")
    again = await claimed(journal, corrected)
    assert (again.attempt, again.must_look) == (2, False)
    said = await journal.settle(again, saying("yes-2"))
    assert await journal.claim(corrected) == Settled(said)
    assert said[0].data["sequence"] == 2


async def test_the_sequence_of_an_order_has_no_gaps(ledger: Ledger) -> None:
    await ledger.place("WEB-1")
    await ledger.place("WEB-2")
    journal = ledger.journal()
    numbers = []
    for pick in range(5):
        operation = await ledger.operation(f"pack:WEB-1:P-{pick}")
        held = await claimed(journal, operation)
        if pick == 2:  # another worker asks again meanwhile: this answer has no number
            await ledger.forward(300)
            again = await claimed(ledger.journal(), operation)
            await journal.looked_in_vain(again)
            held_again = await journal.ask_again(again)
            with pytest.raises(Superseded):
                await journal.settle(held, saying("late"))
            held = held_again
        said = await journal.settle(held, saying(f"{pick}-a", f"{pick}-b"))
        numbers += [each.data["sequence"] for each in said]
        other = await ledger.operation(f"pack:WEB-2:P-{pick}", subject="order:WEB-2")
        (one,) = await journal.settle(
            await claimed(journal, other), saying("x", order_reference="WEB-2")
        )
        assert one.data["sequence"] == pick + 1
    assert numbers == list(range(1, 11))


async def test_a_late_answer_settles_while_others_only_looked(ledger: Ledger) -> None:
    await ledger.place()
    slow, quick = ledger.journal(), ledger.journal()
    operation = await ledger.operation()
    late = await claimed(slow, operation)
    await ledger.forward(66)
    looking = await claimed(quick, operation)
    said = await slow.settle(late, saying("a"))
    assert await quick.looked_in_vain(looking) is not None
    await ledger.forward(600)
    assert await quick.claim(operation) == Settled(said)
    with pytest.raises(Superseded):
        await quick.settle(looking, saying("b"))
    assert ledger.counted(Name.OPERATIONS_LATE, kind="pack_order") == 0


async def test_after_a_late_answer_nobody_asks_again(ledger: Ledger) -> None:
    await ledger.place()
    slow, quick = ledger.journal(), ledger.journal()
    operation = await ledger.operation()
    late = await claimed(slow, operation)
    await ledger.forward(600)
    looking = await claimed(quick, operation)
    assert await quick.looked_in_vain(looking) is None
    await slow.settle(late, saying("a"))
    with pytest.raises(Superseded):
        await quick.ask_again(looking)


async def asked_again(ledger: Ledger, operation: Operation, journal: Journal) -> Claim:
    await ledger.forward(600)
    looking = await claimed(journal, operation)
    assert await journal.looked_in_vain(looking) is None
    return await journal.ask_again(looking)


async def test_an_answer_after_another_asked_again_is_kept_and_strays_are_searched(
    ledger: Ledger,
) -> None:
    await ledger.place()
    slow, quick = ledger.journal(), ledger.journal()
    operation = await ledger.operation()
    late = await claimed(slow, operation)
    again = await asked_again(ledger, operation, quick)
    await work_due(ledger)
    with pytest.raises(Superseded):
        await slow.settle(late, saying("EC-late"))
    assert ledger.counted(Name.OPERATIONS_LATE, kind="pack_order") == 1
    notes = {entry.what: entry.details for entry in await ledger.history()}
    assert notes["a result came late"]["consignments"] == ["EC-late"]
    assert [w.details for w in await work_due(ledger)] == [PICK]
    (said,) = await quick.settle(again, saying("EC-good"))
    assert await slow.claim(operation) == Settled((said,))


async def test_an_answer_lost_after_another_asked_again_has_strays_searched_too(
    ledger: Ledger,
) -> None:
    await ledger.place()
    slow, quick = ledger.journal(), ledger.journal()
    operation = await ledger.operation()
    late = await claimed(slow, operation)
    again = await asked_again(ledger, operation, quick)
    (said,) = await quick.settle(again, saying("EC-good"))
    await ledger.forward(100_000)
    earlier = {work.key for work in await work_due(ledger)}
    await slow.lose(late)
    assert await slow.claim(operation) == Settled((said,))
    await ledger.forward(3700)
    (search,) = [work for work in await work_due(ledger) if work.key not in earlier]
    assert search.details == PICK


async def test_an_unknown_pack_is_searched_for_strays_after_an_hour_and_after_a_day(
    ledger: Ledger,
) -> None:
    journal = ledger.journal()
    operation = await ledger.operation()
    assert not await ledger.was_ever_unknown(operation.key)
    await journal.lose(await claimed(journal, operation))
    assert await ledger.was_ever_unknown(operation.key)
    assert await work_due(ledger) == []
    await ledger.forward(3601)
    (first,) = await work_due(ledger)
    assert first.details == PICK
    async with ledger.database.begin() as tx:
        await timed_work.done(tx, first)
    await ledger.forward(86400)
    (second,) = await work_due(ledger)
    assert second.key != first.key


async def test_outcomes_without_an_acknowledgement_are_given_out_again(ledger: Ledger) -> None:
    await ledger.place()
    journal = ledger.journal()
    operation = await ledger.operation()
    said = await journal.settle(await claimed(journal, operation), saying("a"))
    silent = await ledger.operation("pack:WEB-1:P-2")
    await journal.settle(await claimed(journal, silent), saying())
    assert await ledger.publication.missing(60, 10) == []
    await ledger.forward(61)
    assert await ledger.publication.missing(60, 10) == [(operation.key, said)]
    await ledger.publication.acknowledged(operation.key)
    assert await ledger.publication.missing(60, 10) == []
    assert await journal.claim(operation) == Settled(said)
