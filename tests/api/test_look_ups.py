"""Orders, consignments and what waits, as the operations API shows them."""

from typing import Any

import pytest

from sandbox.faults import FaultKind
from service.events.published import ConsignmentAllocated, ConsignmentCreated
from service.pro.problems import Ambiguous
from tests.reactions.goods import item, picked, placed
from tests.reactions.world import only

from .desk import Office


async def labelled(office: Office, order: str = "WEB-1") -> str:
    """Carry an order as far as its labels; gives the consignment."""
    world = office.world
    await world.react(placed(order, item(quantity=2)))
    world.clock.forward(1)
    created = only(ConsignmentCreated, await world.react(picked("P-1", order=order)))
    world.clock.forward(1)
    allocated = only(ConsignmentAllocated, await world.react(created))
    world.clock.forward(1)
    await world.react(allocated)
    return created.consignment_reference


async def test_an_order_is_shown_with_all_that_belongs_to_it(office: Office) -> None:
    consignment = await labelled(office)
    order = await office.get("/orders/WEB-1")
    assert (order["state"], order["fully_packed"]) == ("recorded", False)
    assert order["pro_order_reference"].startswith("EO-")
    assert order["lines"] == [{"name": "TEA-POT-01", "quantity": 2, "picked": 1}]
    (pick,) = order["picks"]
    assert (pick["pick_reference"], pick["state"]) == ("P-1", "packed")
    (made,) = order["consignments"]
    assert (made["consignment_reference"], made["state"]) == (consignment, "Allocated")
    assert made["tracking_references"]
    assert made["labels_address"].startswith("file://")
    assert [one["operation"] for one in order["operations"]] == [
        "create_order",
        "pack_order",
        "allocate",
        "get_labels",
    ]
    assert {one["state"] for one in order["operations"]} == {"finished"}
    assert order["waiting"] == order["attention"] == []


async def test_it_is_found_by_any_of_its_names(office: Office) -> None:
    consignment = await labelled(office)
    await labelled(office, "WEB-2")
    order = await office.get("/orders/WEB-1")
    (made,) = order["consignments"]
    names = (
        "WEB-1",
        order["pro_order_reference"],
        consignment,
        made["consignment_reference_provided_by_customer"],
        made["tracking_references"][0],
    )
    for name in names:
        found = await office.get("/orders", reference=name)
        assert [each["order_reference"] for each in found["items"]] == ["WEB-1"], name
    both = await office.get("/orders", reference="P-1")
    assert {each["order_reference"] for each in both["items"]} == {"WEB-1", "WEB-2"}
    assert (await office.get("/orders", reference="nothing"))["items"] == []


async def test_an_operation_whose_answer_was_lost_says_when_it_is_looked_up(
    office: Office,
) -> None:
    await office.world.react(placed())
    office.world.clock.forward(1)
    office.world.fault("packOrder", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await office.world.react(picked())
    order = await office.get("/orders/WEB-1")
    unknown = order["operations"][-1]
    assert unknown["state"] == "unknown"
    assert unknown["looked_up_next_at"] == "2026-03-02T08:00:06Z"


async def test_what_waits_says_why_in_plain_words(office: Office) -> None:
    await office.world.react(placed())
    number = await office.bury("WEB-1")
    await office.queue("WEB-1", 2)
    dead, behind = (await office.get("/orders/WEB-1"))["waiting"]
    assert (dead["number"], dead["state"], dead["holds"]) == (number, "dead", True)
    assert "waits for a person to replay or discard it" in dead["why"]
    assert "waits for its turn" in behind["why"]


async def test_an_order_of_which_only_events_wait(office: Office) -> None:
    await office.bury("WEB-9")
    order = await office.get("/orders/WEB-9")
    assert (order["state"], len(order["waiting"])) == (None, 1)


async def test_the_timeline(office: Office) -> None:
    await labelled(office)
    entries = (await office.get("/orders/WEB-1/timeline"))["items"]
    assert [entry["what"] for entry in entries][:2] == ["asked PRO", "finished"]
    assert entries[0]["details"]["operation"] == "create_order"


@pytest.mark.parametrize(
    "path", ["/orders/X", "/orders/X/timeline", "/consignments/X", "/dead-letters/7"]
)
async def test_what_is_not_there_is_404(office: Office, path: str) -> None:
    answer = await office.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


async def test_a_reference_may_hold_a_slash(office: Office) -> None:
    await office.world.react(placed("WEB/1 a"))
    assert (await office.get("/orders/WEB%2F1%20a"))["order_reference"] == "WEB/1 a"
    assert (await office.get("/orders/WEB%2F1%20a/timeline"))["items"]


async def test_consignments_are_found_by_what_they_are(office: Office) -> None:
    first = await labelled(office)
    second = await labelled(office, "WEB-2")
    for query, found in (
        ({}, {first, second}),
        ({"state": "Allocated", "location": "LEEDS_DC"}, {first, second}),
        ({"state": "Manifested"}, set()),
        ({"reference": "WEB-2"}, {second}),
        ({"carrier": "nobody"}, set()),
    ):
        answer = await office.get("/consignments", **query)
        assert {each["consignment_reference"] for each in answer["items"]} == found


async def test_pros_state_stands_beside_ours_only_when_it_is_asked_for(office: Office) -> None:
    reference = await labelled(office)
    calls = len(office.world.state.calls)
    assert (await office.get(f"/consignments/{reference}"))["in_pro"] is None
    assert len(office.world.state.calls) == calls
    shown = await office.get(f"/consignments/{reference}", ask_pro=True)
    assert shown["in_pro"] == {"state": "Allocated", "trouble": None}
    office.world.fault("getConsignmentStatus", FaultKind.STATUS, status=503)
    shown = await office.get(f"/consignments/{reference}", ask_pro=True)
    assert shown["in_pro"] == {"state": None, "trouble": "PRO can't be reached"}


async def test_lists_are_read_page_by_page(office: Office) -> None:
    for number in range(5):
        await office.world.react(placed(f"WEB-{number}"))
        await office.bury(f"WEB-{number}", number)
        office.world.clock.forward(1)
    lists = {
        "/orders": "order_reference",
        "/attention": "order_reference",
        "/dead-letters": "order_reference",
        "/holds": "order_reference",
    }
    for path, name in lists.items():
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 2}
        while True:
            page = await office.get(path, **query)
            seen += [each[name] for each in page["items"]]
            if page["next"] is None:
                break
            query["after"] = page["next"]
        assert sorted(seen) == [f"WEB-{number}" for number in range(5)], path


async def test_the_longest_names_are_read_page_by_page_and_seen_to(office: Office) -> None:
    names = [99 * "\N{CHERRY BLOSSOM}" + end for end in "12"]
    for name in names:
        await office.world.react(placed(name, origin="NOWHERE"))
        office.world.clock.forward(1)
    first = await office.get("/attention", limit=1)
    second = await office.get("/attention", limit=1, after=first["next"])
    items = [*first["items"], *second["items"]]
    assert [each["order_reference"] for each in items] == names
    for each in items:
        answer = await office.post("/attention/seen", item=each["item"], because="told the shop")
        assert answer.status_code == 200


async def test_what_needs_attention(office: Office) -> None:
    await office.world.react(placed(origin="NOWHERE"))
    office.world.clock.forward(1)
    await office.bury("WEB-2")
    rejected, held = (await office.get("/attention"))["items"]
    assert (rejected["kind"], rejected["actions"]) == (
        "order_rejected",
        ["again", "cancel", "seen"],
    )
    assert rejected["why"].startswith("The order was refused (")
    assert (held["kind"], held["order_reference"]) == ("held", "WEB-2")
    narrowed = await office.get("/attention", kind="held")
    assert [each["kind"] for each in narrowed["items"]] == ["held"]


async def test_holds_and_dead_letters(office: Office) -> None:
    holding = await office.bury("WEB-1", 1)
    await office.queue("WEB-1", 2)
    harmless = await office.bury(None, 3, holds=False)
    numbers = [each["number"] for each in (await office.get("/dead-letters"))["items"]]
    assert numbers == [holding, harmless]
    assert [each["number"] for each in (await office.get("/holds"))["items"]] == [holding]
    shown = await office.get(f"/dead-letters/{holding}")
    assert [each["event_id"] for each in shown["behind"]] == ["event-2"]
    assert shown["timeline"][0]["what"] == "dead letter"
    assert (await office.get("/dead-letters", state="discarded"))["items"] == []
