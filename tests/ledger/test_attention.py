"""The list of what needs a person: what is on it, what is not, and how it is read page by page."""

from typing import Any

import pytest
from sqlalchemy import update

from service.events.allocation import Way
from service.ledger import consignments, history, manifests, orders, standing
from service.ledger.attention import Attention, Item, NoSuchItem, Place
from service.ledger.attention_kinds import SAID, Action, AttentionPolicy, Kind
from service.ledger.dead_letters import DeadLetters, Decision
from service.ledger.history import What
from service.ledger.lookups import OperationKind
from service.ledger.operation import Claim, Settlement, operation_key
from service.ledger.parked_rows import Reason, Subject
from service.ledger.tables import OrderState
from service.ledger.tables import orders as order_rows

from .ledgers import Ledger, lines, record

HOUR = 3600.0
POLICY = AttentionPolicy(after=HOUR, manifest_after=24 * HOUR)
ADA = Decision("ada", "the parcel was stopped by telephone")


def attention(ledger: Ledger, **policy: Any) -> Attention:
    return Attention(ledger.database, AttentionPolicy(**{"after": HOUR, **policy}))


async def listed(ledger: Ledger, **policy: Any) -> list[Item]:
    return await attention(ledger, **policy).find(100)


async def kinds(ledger: Ledger, **policy: Any) -> list[Kind]:
    return [item.kind for item in await listed(ledger, **policy)]


async def refuse(
    ledger: Ledger, key: str, kind: OperationKind, order: str = "WEB-1", **result: str
) -> None:
    """Have PRO refuse an operation."""
    operation = await ledger.operation(
        key, kind=kind, subject=f"order:{order}", order_reference=order
    )
    journal = ledger.journal()
    claim = await journal.claim(operation)
    assert isinstance(claim, Claim)
    await journal.settle(
        claim, Settlement(refused=True, result={"code": "InvalidPostcode", **result})
    )


async def consignment(ledger: Ledger, reference: str = "EC-1", order: str = "WEB-1") -> None:
    async with ledger.database.begin() as tx:
        await consignments.add(
            tx,
            consignment_reference=reference,
            order_reference=order,
            pick_reference="P-1",
            customer_reference=f"{reference}-ours",
            direction="outbound",
            shipping_location_reference="LEEDS_DC",
        )


async def move(ledger: Ledger, state: str, reference: str = "EC-1") -> None:
    async with ledger.database.begin() as tx:
        await consignments.move(tx, reference, state)


async def label(ledger: Ledger, reference: str = "EC-1") -> None:
    async with ledger.database.begin() as tx:
        await consignments.label(tx, reference, "0" * 64, "file:///labels/1.pdf")


async def bury(ledger: Ledger, *, holds: bool = True, consignment: str | None = None) -> int:
    subject = Subject("stock.picked", "event-1", "WEB-1", consignment)
    reason = Reason("bug", "ValueError, traceback 0123456789ab")
    row = await ledger.parked.bury(record(), subject, attempt=4, reason=reason, holds=holds)
    return row.sequence


async def test_nothing_needs_anybody_where_everything_moves(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    await consignment(ledger)
    assert await listed(ledger) == []
    assert set((await attention(ledger).counts()).values()) == {0}


@pytest.mark.parametrize(
    ("key", "operation", "kind"),
    [
        ("record:WEB-1", OperationKind.CREATE_ORDER, Kind.ORDER_REJECTED),
        ("option:WEB-1", OperationKind.SELECT_OPTION, Kind.ORDER_REJECTED),
        ("amend:WEB-1:2", OperationKind.UPDATE_ORDER, Kind.AMENDMENT_REJECTED),
        ("cancel:EC-1", OperationKind.CANCEL, Kind.CANCELLATION_REJECTED),
        ("pack:WEB-1:P-1", OperationKind.PACK_ORDER, Kind.PICK_REJECTED),
        ("create:WEB-1", OperationKind.CREATE_CONSIGNMENT, Kind.CONSIGNMENT_REJECTED),
        ("deallocate:EC-1:1", OperationKind.DEALLOCATE, Kind.REALLOCATION_REJECTED),
    ],
)
async def test_what_was_refused_is_listed_with_its_code_until_it_is_taken_up_again(
    ledger: Ledger, key: str, operation: OperationKind, kind: Kind
) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, key, operation)
    (item,) = await listed(ledger)
    assert (item.kind, item.order_reference, item.operation) == (kind, "WEB-1", key)
    assert "InvalidPostcode" in item.why
    assert item.pick_reference == ("P-1" if kind is Kind.PICK_REJECTED else None)
    assert (await attention(ledger).counts())[kind] == 1
    changed = await ledger.operation(key, kind=operation, content_digest="two teapots")
    await ledger.journal().claim(changed)
    assert await listed(ledger) == []


async def test_of_a_cancelled_order_only_a_refused_cancellation_needs_anybody(
    ledger: Ledger,
) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, "pack:WEB-1:P-1", OperationKind.PACK_ORDER)
    await refuse(ledger, "cancel:EC-1", OperationKind.CANCEL, consignment="EC-1")
    async with ledger.database.begin() as tx:
        await tx.execute(update(order_rows).values(state=OrderState.CANCELLED.value))
    (item,) = await listed(ledger)
    assert (item.kind, item.consignment_reference) == (Kind.CANCELLATION_REJECTED, "EC-1")


async def test_a_refused_pick_is_of_no_matter_when_others_took_all_that_was_ordered(
    ledger: Ledger,
) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, "pack:WEB-1:P-1", OperationKind.PACK_ORDER)
    async with ledger.database.begin() as tx:
        await orders.reserve(tx, "WEB-1", "P-2", "ours", {0: 1})
        await orders.pack(tx, "WEB-1", "P-2")
    assert await listed(ledger) == []


async def test_a_refused_amendment_is_of_no_matter_after_a_later_one(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    await refuse(ledger, "amend:WEB-1:1", OperationKind.UPDATE_ORDER)
    await ledger.forward(1)
    journal = ledger.journal()
    later = await ledger.operation("amend:WEB-1:2", kind=OperationKind.UPDATE_ORDER)
    claim = await journal.claim(later)
    assert isinstance(claim, Claim)
    await journal.settle(claim, Settlement())
    assert await listed(ledger) == []


async def test_an_order_that_was_placed_and_not_recorded_for_long(ledger: Ledger) -> None:
    async with ledger.database.begin() as tx:
        await orders.place(tx, "WEB-1", "LEEDS_DC", lines(1))
    await ledger.forward(HOUR - 1)
    assert await listed(ledger) == []
    await ledger.forward(2)
    assert await kinds(ledger) == [Kind.ORDER_NOT_RECORDED]


async def test_an_order_that_waits_for_its_picks_is_fine(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    await ledger.forward(1000 * HOUR)
    assert await listed(ledger) == []


async def test_a_consignment_that_is_left_to_another_system_is_fine(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    async with ledger.database.begin() as tx:
        for reference, way in (("EC-1", "none"), ("EC-2", "default_rules")):
            await consignments.add(
                tx,
                consignment_reference=reference,
                order_reference="WEB-1",
                pick_reference=reference,
                customer_reference=reference,
                direction="outbound",
                shipping_location_reference="LEEDS_DC",
                allocation_ways=(Way(way=way),),  # type: ignore[arg-type]
            )
    await ledger.forward(2 * HOUR)
    (item,) = await listed(ledger)
    assert (item.kind, item.consignment_reference) == (Kind.NOT_ALLOCATED, "EC-2")


async def test_a_pick_that_was_taken_back_is_told_once_with_what_could_not_be_corrected(
    ledger: Ledger,
) -> None:
    await ledger.place("WEB-1", 2)
    journal = ledger.journal()
    claim = await journal.claim(await ledger.operation())
    assert isinstance(claim, Claim)
    await journal.settle(claim, Settlement())
    await refuse(ledger, "relocate:WEB-1:P-1", OperationKind.UPDATE_CONSIGNMENT)
    assert await listed(ledger) == []
    async with ledger.database.begin() as tx:
        await standing.free(tx, "pack:WEB-1:P-1", "InvalidPostcode")
    await refuse(ledger, "unpack:WEB-1:P-1", OperationKind.CANCEL, consignments="EC-1")
    (item,) = await listed(ledger)
    assert (item.kind, item.pick_reference) == (Kind.PICK_REJECTED, "P-1")
    assert "InvalidPostcode" in item.why


async def test_an_option_for_something_else_is_told_as_the_orders_rejection(
    ledger: Ledger,
) -> None:
    await refuse(ledger, "complete:WEB-1", OperationKind.UPDATE_ORDER)
    assert await listed(ledger) == []
    await refuse(ledger, "record:WEB-1", OperationKind.SELECT_OPTION)
    assert await kinds(ledger) == [Kind.ORDER_REJECTED]


async def test_a_consignment_stands_still_on_its_way(ledger: Ledger) -> None:
    async def told(after: float) -> list[Kind]:
        await ledger.forward(after)
        return await kinds(ledger, manifest_after=24 * HOUR)

    await ledger.place("WEB-1", 1)
    await consignment(ledger)
    assert await told(HOUR - 1) == []
    assert await told(2) == [Kind.NOT_ALLOCATED]
    assert await kinds(ledger, allocates=False) == [], "another system allocates"

    await move(ledger, "AllocationFailed")
    assert await told(0) == [Kind.ALLOCATION_FAILED]

    await move(ledger, "Allocated")
    assert await told(HOUR - 1) == []
    assert await told(2) == [Kind.NOT_LABELLED]
    assert await kinds(ledger, labels=False) == [], "another system fetches the labels"

    await label(ledger)
    assert await told(23 * HOUR) == [], "the location's manifest is waited for"
    assert await told(2 * HOUR) == [Kind.NOT_MANIFESTED]

    async with ledger.database.begin() as tx:
        await manifests.close_batch(tx, "LEEDS_DC", "M-1", ())
    await move(ledger, "Manifesting")
    assert await told(HOUR - 1) == []
    assert await told(2) == [Kind.NOT_CONFIRMED]
    (item,) = await listed(ledger)
    assert "M-1" in item.why

    async with ledger.database.begin() as tx:
        await manifests.leave(tx, "EC-1", "ManifestFailed")
    assert await told(0) == [Kind.MANIFEST_FAILED]
    (item,) = await listed(ledger)
    assert "next manifest" in item.do

    await move(ledger, "Manifested")
    assert await told(1000 * HOUR) == []


@pytest.mark.parametrize("holds", [True, False])
async def test_a_dead_letter_is_listed_until_it_is_decided(ledger: Ledger, holds: bool) -> None:
    number = await bury(ledger, holds=holds)
    (item,) = await listed(ledger)
    assert item.kind is (Kind.HELD if holds else Kind.DEAD_LETTER)
    assert (item.dead_letter, item.order_reference) == (number, "WEB-1")
    assert "stock.picked" in item.why
    assert "bug" in item.why
    await DeadLetters(ledger.database, ledger.seal).discard(number, ADA)
    assert await listed(ledger) == []


async def test_what_is_held_is_listed_once_by_what_holds_it(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    await consignment(ledger, "EC-1")
    await consignment(ledger, "EC-2")
    await bury(ledger, consignment="EC-1")
    await ledger.forward(2 * HOUR)
    found = [(item.kind, item.consignment_reference) for item in await listed(ledger)]
    assert sorted(found) == [(Kind.HELD, "EC-1"), (Kind.NOT_ALLOCATED, "EC-2")]


async def test_an_event_that_waits_for_long_is_listed_but_not_one_behind_it(
    ledger: Ledger,
) -> None:
    subject = Subject("stock.picked", "event-1", "WEB-1")
    early = Reason("too_early", "its order is not known yet")
    await ledger.parked.park(record(1), subject, attempt=1, reason=early, due_in_seconds=9 * HOUR)
    await ledger.parked.park_behind(record(2), subject, 60.0)
    assert await listed(ledger) == []
    await ledger.forward(HOUR + 1)
    (item,) = await listed(ledger)
    assert item.kind is Kind.WAITING_LONG
    assert "its order is not known yet" in item.why


async def test_an_operation_that_is_unknown_for_long(ledger: Ledger) -> None:
    await ledger.place("WEB-1", 1)
    journal = ledger.journal()
    claim = await journal.claim(await ledger.operation())
    assert isinstance(claim, Claim)
    await journal.lose(claim)
    assert await listed(ledger) == []
    await ledger.forward(HOUR + 61)
    assert await kinds(ledger) == [Kind.UNKNOWN_LONG]


@pytest.mark.parametrize(
    ("what", "kind"),
    [(What.RETURN_MISSING, Kind.RETURN_MISSING), (What.STRAY_FOUND, Kind.STRAY_LEFT)],
)
async def test_what_people_are_told_of_is_listed_until_it_was_seen_to(
    ledger: Ledger, what: What, kind: Kind
) -> None:
    async with ledger.database.begin() as tx:
        await history.note(tx, "WEB-1", what, None, consignment="EC-9", state="Allocated")
        await history.note(tx, "WEB-1", What.ASKED, None)
    (item,) = await listed(ledger)
    assert (item.kind, item.consignment_reference) == (kind, "EC-9")
    await attention(ledger).seen(item.item, ADA)
    assert await listed(ledger) == []
    entry = (await ledger.history())[-1]
    assert (entry.what, entry.details["by"]) == ("seen to", "ada")
    with pytest.raises(NoSuchItem):
        await attention(ledger).seen(item.item, ADA)


async def test_a_refusal_that_was_seen_to_is_listed_again_when_it_happens_again(
    ledger: Ledger,
) -> None:
    await ledger.place("WEB-1", 1)
    for content in ("first", "second"):
        operation = await ledger.operation(content_digest=content)
        journal = ledger.journal()
        claim = await journal.claim(operation)
        assert isinstance(claim, Claim)
        await journal.settle(claim, Settlement(refused=True, result={"code": content}))
        (item,) = await listed(ledger)
        assert content in item.why
        await attention(ledger).seen(item.item, ADA)
        assert await listed(ledger) == []


async def test_only_what_is_on_the_list_and_allows_it_can_be_seen_to(ledger: Ledger) -> None:
    number = await bury(ledger)
    for wrong in ("nonsense", "stray_left:99", f"held:{number}", "order_rejected:record:X:1"):
        with pytest.raises(NoSuchItem):
            await attention(ledger).seen(wrong, ADA)
    assert await kinds(ledger) == [Kind.HELD]


async def test_the_list_is_read_page_by_page_whatever_the_names(ledger: Ledger) -> None:
    names = ["b", "B", "a-1", "a_1", "ä", "A 1", "a1", "é:x", "Z", "%"]
    for number, name in enumerate(names):
        await refuse(ledger, operation_key("pack", name, "P"), OperationKind.PACK_ORDER, name)
        if number % 4 == 3:
            await ledger.forward(1)  # some at the same time, some later
    await bury(ledger)
    everything = await listed(ledger)
    assert len(everything) == len(names) + 1
    paged: list[Item] = []
    behind: Place | None = None
    while page := await attention(ledger).find(3, behind=behind):
        paged += page
        behind = Place(page[-1].since, page[-1].item)
    assert paged == everything


async def test_it_can_be_narrowed_to_an_order_and_to_kinds(ledger: Ledger) -> None:
    await refuse(ledger, "pack:WEB-1:P-1", OperationKind.PACK_ORDER)
    await refuse(ledger, "pack:WEB-2:P-1", OperationKind.PACK_ORDER, "WEB-2")
    await bury(ledger)
    one = await attention(ledger).find(9, order_reference="WEB-2")
    assert [item.order_reference for item in one] == ["WEB-2"]
    held = await attention(ledger).find(9, kinds=[Kind.HELD])
    assert [item.kind for item in held] == [Kind.HELD]


def test_every_kind_is_told_and_says_what_to_do() -> None:
    assert set(SAID) == set(Kind)
    for said in SAID.values():
        assert said.why_of({"code": "c", "detail": "d", "what": "w"})
        assert said.do.endswith(".")
    assert {action for said in SAID.values() for action in said.actions} == set(Action)
