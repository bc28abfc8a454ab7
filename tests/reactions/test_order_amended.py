"""order.amended → Update Order, Update Consignment → order.amendment_applied | …_rejected"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.faults import FaultKind
from sandbox.records import Consignment, Order
from sandbox.states import ConsignmentState
from service.events.amending import OrderAmendmentApplied, OrderAmendmentRejected
from service.events.malformed import Malformed
from service.events.published import ConsignmentAllocated, ConsignmentCreated
from service.ledger import amendments
from service.ledger.database import Contended
from service.ledger.operation import AwaitingLookup, ContentConflict
from service.operations import StillMoving, TooEarly
from service.picks import decide
from service.pro.problems import Ambiguous, Retryable
from service.reactions import stock_picked

from .goods import amended, cancelled, item, picked, placed
from .world import World, only

NEXT_DAY = {"date": "2026-03-06T00:00:00+00:00", "exactly_on_date": True}
ELSEWHERE = {
    "contact": {"first_name": "Grace", "last_name": "Quist", "mobile": "07700900456"},
    "address_line_1": "1 Havnegade",
    "town": "Aarhus",
    "postcode": "8000",
    "country": "DK",
}
CHANGES = ("updateOrder", "updateOrderAddress", "addOrderAddress", "updateConsignment")


def in_pro(world: World) -> Order:
    (order,) = world.state.orders.values()
    return order


def consignment_in_pro(world: World, made: ConsignmentCreated) -> Consignment:
    return world.state.consignments[made.consignment_reference]


def changes(world: World) -> int:
    return sum(world.calls(operation) for operation in CHANGES)


def country_of(record: Order | Consignment, part: str = "Destination") -> str | None:
    (address,) = [one for one in record.addresses if one.address_type.value == part]
    code = address.country.iso_code if address.country else None
    return code.two_letter_code if code else None


def location_of(record: Order | Consignment, part: str = "Origin") -> str | None:
    (address,) = [one for one in record.addresses if one.address_type.value == part]
    return address.shipping_location_reference


async def version(world: World) -> int | None:
    async with world.database.begin() as tx:
        return await amendments.version_of(tx, "WEB-1")


async def packed(world: World, **pick: Any) -> ConsignmentCreated:
    await world.react(placed("WEB-1", item(quantity=2), tags=["Fragile"], metadata=[CHANNEL]))
    return only(ConsignmentCreated, await world.react(picked(**pick)))


CHANNEL = {"key": "Channel", "string_value": "web"}


async def test_what_is_named_changes_and_all_else_stays(world: World) -> None:
    await world.react(
        placed(shipping_date="2026-03-04T00:00:00Z", tags=["Fragile"], metadata=[CHANNEL])
    )
    before = in_pro(world)
    goods, origin = list(before.packages), location_of(before)
    applied = only(
        OrderAmendmentApplied, await world.react(amended(required_delivery_date=NEXT_DAY))
    )
    assert (applied.version, applied.consignments, applied.sequence) == (1, (), 2)
    after = in_pro(world)
    assert after.required_delivery_date is not None
    assert after.required_delivery_date.is_to_be_exactly_on_the_date_specified
    assert (after.customer_reference, after.tags) == ("WEB-1", ["Fragile"])
    assert after.shipping_date is not None
    assert after.meta_data is not None
    assert (list(after.packages), location_of(after), country_of(after)) == (goods, origin, "GB")
    assert await version(world) == 1
    assert changes(world) == 1


async def test_what_is_removed_is_gone(world: World) -> None:
    await world.react(placed(shipping_date="2026-03-04T00:00:00Z", tags=["A"], metadata=[CHANNEL]))
    await world.react(amended(remove=["shipping_date", "tags", "metadata"]))
    order = in_pro(world)
    assert (order.shipping_date, order.tags or [], order.meta_data or []) == (None, [], [])


async def test_addresses_are_updated_or_added_by_their_own_operations(world: World) -> None:
    await world.react(placed())
    sender = {"type": "sender", "shipping_location_reference": "BRISTOL_WH"}
    await world.react(amended(destination=ELSEWHERE, addresses=[sender]))
    order = in_pro(world)
    assert (country_of(order), location_of(order)) == ("DK", "LEEDS_DC")
    assert location_of(order, "Sender") == "BRISTOL_WH"
    assert (world.calls("updateOrderAddress"), world.calls("addOrderAddress")) == (1, 1)
    assert world.calls("updateOrder") == 0


async def test_both_ends_can_change_places(world: World) -> None:
    """PRO wants a shipping location at one end at any time."""
    await world.react(placed())
    here = {"address_line_1": "4 Quarry Lane", "postcode": "NR1 1AA", "country": "GB"}
    event = amended(origin=here, destination="BRISTOL_WH")
    only(OrderAmendmentApplied, await world.react(event))
    assert location_of(in_pro(world), "Destination") == "BRISTOL_WH"
    assert (await world.order()).shipping_location_reference is None


async def test_what_is_packed_and_not_allocated_changes_too(world: World) -> None:
    made = await packed(world)
    event = amended(destination=ELSEWHERE, required_delivery_date=NEXT_DAY, origin="BRISTOL_WH")
    applied = only(OrderAmendmentApplied, await world.react(event))
    assert applied.consignments == (made.consignment_reference,)
    found = consignment_in_pro(world, made)
    assert (country_of(found), location_of(found)) == ("DK", "BRISTOL_WH")
    assert found.requested_delivery_date is not None
    assert found.customer_reference == made.consignment_reference_provided_by_customer
    known = await world.consignment(made.consignment_reference)
    assert known.shipping_location_reference == "BRISTOL_WH"
    assert (await world.order()).shipping_location_reference == "BRISTOL_WH"
    only(ConsignmentAllocated, await world.react(made))


async def test_what_a_pick_said_for_itself_stays(world: World) -> None:
    mine = {"key": "PickId", "string_value": "P-1"}
    made = await packed(
        world, tags=["Cold"], metadata=[mine], shipping_location_reference="BRISTOL_WH"
    )
    other = {"key": "Channel", "string_value": "shop"}
    await world.react(amended(tags=["Heavy"], metadata=[other], origin="LEEDS_DC"))
    found = consignment_in_pro(world, made)
    assert found.tags == ["Cold"]
    assert {one.key_value: one.string_value for one in found.meta_data or []} == {
        "PickId": "P-1",
        "Channel": "shop",
    }
    assert location_of(found) == "BRISTOL_WH"
    assert in_pro(world).tags == ["Heavy"]


async def test_a_return_has_the_ends_the_other_way_round(world: World) -> None:
    await world.react(placed())
    made = await world.react(picked(generate_return=True))
    await world.react(amended(destination=ELSEWHERE))
    for one in made:
        assert isinstance(one, ConsignmentCreated)
        part = "Origin" if one.direction == "inbound" else "Destination"
        assert country_of(consignment_in_pro(world, one), part) == "DK"
    assert len(made) == 2


async def test_what_allocation_rules_ask_of_the_order_stays_true(world: World) -> None:
    await world.react(placed(tags=["Fragile"]))
    assert (await world.order()).facts["destination_country"] == "GB"
    await world.react(amended(destination=ELSEWHERE, remove=["tags"]))
    assert (await world.order()).facts == {"destination_country": "DK"}


async def test_what_is_allocated_locks_the_order(world: World) -> None:
    made = await packed(world)
    second = only(ConsignmentCreated, await world.react(picked("P-2")))
    await world.react(made)
    rejected = only(OrderAmendmentRejected, await world.react(amended(tags=["Heavy"])))
    assert rejected.rejection.code == "locked"
    (detail,) = rejected.rejection.details
    assert detail.target == made.consignment_reference
    assert "Allocated" in (detail.message or "")
    assert changes(world) == 0
    assert consignment_in_pro(world, second).tags == ["Fragile"]
    assert await version(world) is None


async def test_what_pro_allocated_without_us_locks_the_order_too(world: World) -> None:
    made = await packed(world)
    consignment_in_pro(world, made).state = ConsignmentState.ALLOCATED
    rejected = only(OrderAmendmentRejected, await world.react(amended(tags=["Heavy"])))
    assert [one.target for one in rejected.rejection.details] == [made.consignment_reference]
    assert changes(world) == 0


async def test_what_moves_in_pro_is_waited_for(world: World) -> None:
    made = await packed(world)
    consignment_in_pro(world, made).state = ConsignmentState.ALLOCATING
    with pytest.raises(StillMoving):
        await world.react(amended(tags=["Heavy"]))
    assert changes(world) == 0


async def test_what_is_cancelled_does_not_lock_the_order(world: World) -> None:
    made = await packed(world)
    consignment_in_pro(world, made).state = ConsignmentState.CANCELLED
    only(OrderAmendmentApplied, await world.react(amended(tags=["Heavy"])))


async def test_an_older_version_after_a_newer_one_is_rejected_and_said_so(world: World) -> None:
    await world.react(placed())
    first = only(OrderAmendmentApplied, await world.react(amended(1, tags=["A"])))
    third = only(OrderAmendmentApplied, await world.react(amended(3, tags=["C"])))
    asked = len(world.state.calls)
    rejected = only(OrderAmendmentRejected, await world.react(amended(2, tags=["B"])))
    assert (rejected.version, rejected.rejection.code) == (2, "older_version")
    assert "3" in rejected.rejection.message
    assert only(OrderAmendmentApplied, await world.react(amended(1, tags=["A"]))) == first
    assert only(OrderAmendmentApplied, await world.react(amended(3, tags=["C"]))) == third
    assert len(world.state.calls) == asked
    assert in_pro(world).tags == ["C"]
    assert await version(world) == 3


async def test_the_same_version_with_other_content_is_a_conflict(world: World) -> None:
    await world.react(placed())
    await world.react(amended(1, tags=["A"]))
    with pytest.raises(ContentConflict):
        await world.react(amended(1, tags=["B"]))


@pytest.mark.parametrize(
    "fixed",
    [
        {"packages": [{"items": []}]},
        {"items": [{"sku": "X", "quantity": 1.5}]},
        {"source": "Api"},
        {"allocation": [{"way": "none"}]},
        {"delivery_option_reference": "EDO-1"},
    ],
)
async def test_what_pro_would_ignore_is_refused_by_name(
    world: World, fixed: dict[str, Any]
) -> None:
    await world.react(placed())
    rejected = only(OrderAmendmentRejected, await world.react(amended(tags=["A"], **fixed)))
    assert rejected.rejection.code == "fixed"
    assert [one.target for one in rejected.rejection.details] == list(fixed)
    assert changes(world) == 0


async def test_the_direction_changes_only_while_nothing_is_packed(world: World) -> None:
    await world.react(placed())
    only(OrderAmendmentApplied, await world.react(amended(1, direction="inbound")))
    assert in_pro(world).direction.value == "Inbound"
    only(OrderAmendmentApplied, await world.react(amended(2, direction="outbound")))
    await world.react(picked())
    rejected = only(OrderAmendmentRejected, await world.react(amended(3, direction="inbound")))
    assert [one.target for one in rejected.rejection.details] == ["direction"]


async def test_it_waits_for_its_order_but_not_for_a_rejected_or_cancelled_one(
    world: World,
) -> None:
    with pytest.raises(TooEarly, match="not known"):
        await world.react(amended(tags=["A"]))
    await world.react(placed(origin="NOWHERE"))
    rejected = only(OrderAmendmentRejected, await world.react(amended(1, tags=["A"])))
    assert rejected.rejection.code == "no_order"
    await world.react(cancelled())
    rejected = only(OrderAmendmentRejected, await world.react(amended(2, tags=["A"])))
    assert rejected.rejection.code == "order_cancelled"


async def test_what_pro_refuses_changes_nothing(world: World) -> None:
    made = await packed(world)
    rejected = only(OrderAmendmentRejected, await world.react(amended(origin="NOWHERE")))
    assert rejected.rejection.source == "pro"
    assert location_of(in_pro(world)) == location_of(consignment_in_pro(world, made)) == "LEEDS_DC"
    only(OrderAmendmentApplied, await world.react(amended(origin="BRISTOL_WH")))


@pytest.mark.parametrize("call", ["updateOrder", "updateOrderAddress"])
async def test_a_refusal_half_way_puts_back_what_was_changed(world: World, call: str) -> None:
    made = await packed(world)
    no = json.dumps({"Code": "No", "Message": "No."})
    world.fault(call, FaultKind.STATUS, status=400, body=no)
    event = amended(tags=["Heavy"], destination=ELSEWHERE)
    rejected = only(OrderAmendmentRejected, await world.react(event))
    assert rejected.rejection.code == "No"
    for record in (in_pro(world), consignment_in_pro(world, made)):
        assert (record.tags, country_of(record)) == (["Fragile"], "GB")
    assert await version(world) is None


@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER_COMMIT, FaultKind.DROP_BEFORE_COMMIT])
@pytest.mark.parametrize("call", ["updateConsignment", "updateOrder", "updateOrderAddress"])
async def test_after_a_lost_answer_it_is_repeated(
    world: World, call: str, fault: FaultKind
) -> None:
    made = await packed(world)
    event = amended(tags=["Heavy"], destination=ELSEWHERE, remove=["metadata"])
    world.fault(call, fault)
    with pytest.raises(Ambiguous):
        await world.react(event)
    with pytest.raises(AwaitingLookup):
        await world.react(event)
    world.clock.forward(3)
    only(OrderAmendmentApplied, await world.react(event))
    for record in (in_pro(world), consignment_in_pro(world, made)):
        assert (record.tags, country_of(record), record.meta_data or []) == (["Heavy"], "DK", [])


async def test_an_amendment_in_doubt_gives_way_to_a_newer_one(world: World) -> None:
    await world.react(placed())
    world.fault("updateOrder", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(amended(1, tags=["A"]))
    only(OrderAmendmentApplied, await world.react(amended(2, tags=["B"])))
    world.clock.forward(3)
    rejected = only(OrderAmendmentRejected, await world.react(amended(1, tags=["A"])))
    assert rejected.rejection.code == "older_version"
    assert in_pro(world).tags == ["B"]


async def test_a_read_that_fails_changes_nothing(world: World) -> None:
    await packed(world)
    world.fault("getOrder", FaultKind.STATUS, status=503)
    with pytest.raises(Retryable):
        await world.react(amended(tags=["Heavy"]))
    assert changes(world) == 0
    only(OrderAmendmentApplied, await world.react(amended(tags=["Heavy"])))


async def test_a_pick_after_it_takes_what_it_says(world: World) -> None:
    await world.react(placed("WEB-1", item(quantity=2)))
    day = datetime(2026, 3, 5, tzinfo=UTC)
    await world.react(amended(shipping_date=day.isoformat()))
    made = only(ConsignmentCreated, await world.react(picked()))
    assert consignment_in_pro(world, made).shipping_date == day


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"version": 0, "tags": ["A"]},
        {"remove": ["packages"]},
        {"remove": ["origin"]},
        {"tags": ["A"], "remove": ["tags"]},
        {"destination": {"address_line_1": "x", "country": "GB"}},
        {"addresses": [{"type": "sender", "shipping_location_reference": "A"}] * 2},
    ],
)
def test_what_can_not_be_meant_is_no_amendment(wrong: dict[str, Any]) -> None:
    with pytest.raises((Malformed, ValidationError)):
        amended(**wrong)


async def test_what_is_being_packed_is_waited_for_and_amended_too(world: World) -> None:
    await world.react(placed())
    world.fault("packOrder", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(picked())
    there = amended(destination=ELSEWHERE)
    with pytest.raises(AwaitingLookup):
        await world.react(there)
    assert changes(world) == 0
    world.clock.forward(5.1)
    made = only(ConsignmentCreated, await world.react(picked()))
    only(OrderAmendmentApplied, await world.react(there))
    assert country_of(consignment_in_pro(world, made)) == "DK"


async def test_what_is_kept_back_until_its_origin_is_right_is_waited_for(world: World) -> None:
    await world.react(placed())
    elsewhere = picked(shipping_location_reference="BRISTOL_WH")
    world.fault("updateConsignment", FaultKind.LATE_COMMIT, seconds=60)
    with pytest.raises(Ambiguous):
        await world.react(elsewhere)
    there = amended(destination=ELSEWHERE)
    with pytest.raises(AwaitingLookup):
        await world.react(there)
    world.clock.forward(2.1)
    made = only(ConsignmentCreated, await world.react(elsewhere))
    only(OrderAmendmentApplied, await world.react(there))
    assert location_of(consignment_in_pro(world, made)) == "BRISTOL_WH"
    assert country_of(consignment_in_pro(world, made)) == "DK"


async def test_a_pick_that_was_decided_before_the_origin_was_amended_is_decided_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.react(placed())
    stale = await world.order()
    await world.react(amended(origin="BRISTOL_WH"))
    with monkeypatch.context() as before:
        before.setattr(stock_picked, "decide", lambda event, _: decide(event, stale))
        with pytest.raises(Contended, match="decide anew"):
            await world.react(picked())
    made = only(ConsignmentCreated, await world.react(picked()))
    assert made.shipping_location_reference == "BRISTOL_WH"
    assert world.calls("packOrder") == 1
