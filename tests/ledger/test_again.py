"""What was refused is done again when a person says so: exactly one new attempt of each refusal."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.events import exact_json
from service.events.content import content_digest
from service.events.envelope import Envelope, parse
from service.events.topics import EventType
from service.ledger import refusals, standing
from service.ledger.leases import LeaseHeld
from service.ledger.operation import (
    Asked,
    AwaitingLookup,
    Claim,
    ContentConflict,
    NotWanted,
    Operation,
    Settled,
)
from service.ledger.outcomes import OutcomeStore
from service.ledger.refusals import Refusal

from .ledgers import Ledger, on_sqlite, saying

KEY = "pack:WEB-1:P-1"
CANARY = "Quintessa"


def asked(note: str = CANARY) -> Asked:
    """A pick, as the warehouse told it."""
    data = {
        "order_reference": "WEB-1",
        "pick_reference": "P-1",
        "items": [{"sku": "TEA-POT-01", "quantity": 1}],
        "metadata": [{"key": "packed by", "string_value": note}],
    }
    event = parse(EventType.STOCK_PICKED, exact_json.loads(json.dumps(data).encode()))
    time = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    cause = Envelope("event-1", "urn:wms", EventType.STOCK_PICKED, time, trace, "binary")
    return Asked(event, cause)


async def pick(ledger: Ledger, again: int | None = None, note: str = CANARY) -> Operation:
    kept = asked(note)
    return await ledger.operation(
        KEY, asked=kept, content_digest=content_digest(kept.event), again=again
    )


async def refuse(ledger: Ledger, operation: Operation) -> None:
    journal = ledger.journal()
    claim = await journal.claim(operation)
    assert isinstance(claim, Claim)
    await journal.settle(claim, saying(f"no-{claim.attempt}", refused=True))


async def refusal(ledger: Ledger) -> Refusal | None:
    async with ledger.database.begin() as tx:
        return await refusals.read(tx, OutcomeStore(ledger.seal), KEY)


async def test_the_event_is_kept_whole_and_sealed_while_it_is_refused(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, await pick(ledger))
    kept = await refusal(ledger)
    assert kept == Refusal(((KEY, 1),), asked())
    assert kept.asked
    assert content_digest(kept.asked.event) == content_digest(asked().event)
    row = await ledger.row(KEY)
    assert CANARY.encode() not in row["event"]


async def test_what_nobody_else_asked_for_keeps_nothing(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, replace(await pick(ledger), asked=None))
    assert await refusal(ledger) == Refusal(((KEY, 1),), None)


async def test_it_is_deleted_when_it_is_finished(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, await pick(ledger))
    journal = ledger.journal()
    claim = await journal.claim(await pick(ledger, again=1))
    assert isinstance(claim, Claim)
    await journal.settle(claim, saying("made"))
    assert (await ledger.row(KEY))["event"] is None
    assert await refusal(ledger) is None


async def test_only_the_named_attempt_is_done_again_and_only_while_it_is_the_last(
    ledger: Ledger,
) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, await pick(ledger))
    for other in (None, 2, 7):
        held = await ledger.journal().claim(await pick(ledger, again=other))
        assert isinstance(held, Settled), "a repetition, and what names another attempt"
        assert [said.id for said in held.announcements] == ["no-1"]
    await refuse(ledger, await pick(ledger, again=1))
    for stale in (1, 1, None):
        held = await ledger.journal().claim(await pick(ledger, again=stale))
        assert isinstance(held, Settled)
        assert [said.id for said in held.announcements] == ["no-2"]
    await refuse(ledger, await pick(ledger, again=2))
    assert (await ledger.row(KEY))["attempt"] == 3


async def test_all_that_stands_refused_of_one_event_is_named_whichever_kept_it(
    ledger: Ledger,
) -> None:
    await ledger.place("WEB-1", 1)
    pack, relocate = await pick(ledger), replace(await pick(ledger), key="relocate:WEB-1:P-1")
    journal = ledger.journal()
    for operation in (pack, pack, relocate):
        claim = await journal.claim(operation)
        assert isinstance(claim, Claim)
        if operation is pack and claim.attempt == 1:
            await journal.release(claim)
        else:
            await journal.settle(claim, saying("x", refused=operation is relocate))
    async with ledger.database.begin() as tx:
        await standing.free(tx, KEY, "refused")
    await refuse(ledger, replace(await pick(ledger, note="other"), key="pack:WEB-1:P-2"))
    assert await refusal(ledger) == Refusal(((KEY, 2), ("relocate:WEB-1:P-1", 1)), asked())


@pytest.mark.parametrize("ends", ["refused", "finished", "released", "unknown"])
async def test_what_is_asked_again_after_other_content_was_taken_up_is_nothing(
    ledger: Ledger, ends: str
) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, await pick(ledger))
    journal = ledger.journal()
    claim = await journal.claim(await pick(ledger, note="other"))
    assert isinstance(claim, Claim)
    if ends == "released":
        await journal.release(claim)
    elif ends == "unknown":
        await journal.lose(claim)
    else:
        await journal.settle(claim, saying("other", refused=ends == "refused"))
    for named in (1, 2):
        with pytest.raises(NotWanted):
            await journal.claim(await pick(ledger, again=named))
    assert (await ledger.row(KEY))["attempt"] == 2


async def test_an_attempt_that_did_not_reach_pro_goes_on_when_it_is_delivered_again(
    ledger: Ledger,
) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, await pick(ledger))
    journal = ledger.journal()
    claim = await journal.claim(await pick(ledger, again=1))
    assert isinstance(claim, Claim)
    await journal.release(claim)
    assert isinstance(await journal.claim(await pick(ledger, again=1)), Claim)


async def test_workers_that_get_it_at_once_make_one_attempt_of_it(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, await pick(ledger))
    operation, asks = await pick(ledger, again=1), []

    async def work() -> None:
        journal = ledger.journal()
        while True:
            try:
                held = await journal.claim(operation)
            except LeaseHeld:
                await asyncio.sleep(0.01)
                continue
            if isinstance(held, Claim):
                asks.append(held.attempt)
                await asyncio.sleep(0.02)
                await journal.settle(held, saying("refused again", refused=True))
            return

    await asyncio.gather(*(work() for _ in range(8)))
    assert asks == [2]


Step = tuple[str, Any]
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.none()),
        st.tuples(st.just("again"), st.integers(1, 4)),
        st.tuples(st.just("crash again"), st.integers(1, 4)),
        st.tuples(st.just("other"), st.sampled_from(["b", "c"])),
        st.tuples(st.just("finish"), st.integers(1, 4)),
    ),
    max_size=14,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_STEPS)
def test_whatever_comes_in_whatever_order_each_refused_attempt_is_done_again_once_at_most(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    asyncio.run(_play(tmp_path_factory.mktemp("again") / "ledger.db", steps))


async def _play(path: Any, steps: list[Step]) -> None:
    ledger = await on_sqlite(path)
    try:
        await ledger.place("WEB-1", 1)
        await refuse(ledger, await pick(ledger))
        done_again: list[int] = []
        for what, which in steps:
            await ledger.forward(400)
            named = which if isinstance(which, int) else None
            note = which if what == "other" else CANARY
            before = await ledger.row(KEY)
            journal = ledger.journal()
            try:
                held = await journal.claim(await pick(ledger, named, note))
            except (AwaitingLookup, LeaseHeld, ContentConflict, NotWanted):
                continue
            if isinstance(held, Settled):
                assert named is None or not _is_due(before, named, held)
                continue
            if before["state"] == "refused" and named is not None:
                assert named == before["attempt"], "another attempt than the named one"
                done_again.append(named)
            if before["state"] == "refused" and what == "deliver":
                assert before["content_digest"] != held.operation.content_digest
            if what == "crash again":
                continue
            if held.must_look and await journal.looked_in_vain(held):
                continue
            if held.must_look:
                held = await journal.ask_again(held)
            await journal.settle(held, saying(f"said-{held.attempt}", refused=what != "finish"))
        assert len(done_again) == len(set(done_again))
    finally:
        await ledger.database.close()


def _is_due(before: dict[str, Any], named: int, held: Settled) -> bool:
    """Whether a refused attempt was named as it stood, by the content that was refused."""
    same = before["content_digest"] == content_digest(asked().event)
    return bool(before["state"] == "refused" and same and before["attempt"] == named)
