"""What people ask for over the operations API: published as an event, kept with who and why."""

from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from service.events.cancelling import OrderCancelled, PickWithdrawn
from service.events.content import content_digest
from service.events.envelope import Incoming, read
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentAllocationFailed,
    ConsignmentCreated,
    OrderRecorded,
)
from service.events.reallocation import ConsignmentReallocationRequested
from service.events.said import Event
from service.events.topics import Topics
from service.people.asking import NotServing
from tests.reactions.goods import picked, placed
from tests.reactions.world import START, only

from .desk import CANARY, Office


async def timeline(office: Office, order: str = "WEB-1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await office.get(f"/orders/{order}/timeline"))["items"]
    return found


async def test_again_publishes_the_refused_event_which_then_works(office: Office) -> None:
    world = office.world
    wrong = placed(origin="NOWHERE", metadata=[{"key": "for", "string_value": CANARY}])
    await world.react(wrong, id="event-1", source="urn:shop")
    answer = await office.post("/orders/WEB-1/again", because="it is set up now")
    assert answer.status_code == 202
    (done,) = answer.json()["items"]
    assert (done["event_type"], done["event_id"]) == ("order.placed", "event-1")
    (sent,) = office.published
    record = Incoming(sent.topic, 0, 9, sent.key, sent.value, tuple(sent.headers), START)
    received = read(record, Topics(), 1_000_000)
    assert content_digest(received.event) == content_digest(wrong)
    assert received.envelope.again == (("record:WEB-1", 1),)
    note = (await timeline(office))[-1]
    assert note["what"] == "asked to be done again"
    assert (note["details"]["by"], note["details"]["reason"]) == ("ada", "it is set up now")


async def test_again_as_a_dry_run_and_of_nothing(office: Office) -> None:
    await office.world.react(placed(origin="NOWHERE"))
    answer = await office.post("/orders/WEB-1/again", because="x", dry_run=True)
    assert (answer.status_code, answer.json()["dry_run"], office.published) == (202, True, [])
    only(OrderRecorded, await office.world.react(placed("WEB-2")))
    answer = await office.post("/orders/WEB-2/again", because="x")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "nothing of WEB-2 stands refused",
    )


@pytest.mark.parametrize("trouble", [KafkaConnectionError(), TimeoutError(), NotServing()])
async def test_what_kafka_has_not_acknowledged_is_told(office: Office, trouble: Exception) -> None:
    await office.world.react(placed(origin="NOWHERE"))
    office.trouble.append(trouble)
    answer = await office.post("/orders/WEB-1/again", because="x")
    assert answer.status_code == 503
    assert "look at the timeline" in answer.json()["detail"]


async def test_a_dead_letter_is_replayed_so_often_unless_forced(office: Office) -> None:
    number = await office.bury("WEB-1")
    replayed = await office.post(f"/dead-letters/{number}/replay", because="mended")
    assert (replayed.status_code, replayed.json()["state"]) == (200, "parked")
    assert replayed.json()["remark"] == "replayed by ada: mended"
    again = await office.post(f"/dead-letters/{number}/replay", because="mended")
    assert again.status_code == 404
    await office.bury("WEB-1")
    refused = await office.post(f"/dead-letters/{number}/replay", because="mended")
    assert refused.status_code == 409
    forced = await office.post(f"/dead-letters/{number}/replay", because="mended", force=True)
    assert forced.status_code == 200


async def test_a_dead_letter_is_discarded_with_a_reason(office: Office) -> None:
    number = await office.bury("WEB-1")
    assert (await office.post(f"/dead-letters/{number}/discard")).status_code == 400
    blank = await office.post(f"/dead-letters/{number}/discard", because="  ")
    assert blank.status_code == 400
    answer = await office.post(f"/dead-letters/{number}/discard", because="by mistake")
    assert (answer.status_code, answer.json()["state"]) == (200, "discarded")
    note = (await timeline(office))[-1]
    assert (note["what"], note["details"]["by"]) == ("discarded", "ada")


async def test_what_was_seen_to_leaves_the_list(office: Office) -> None:
    await office.world.react(placed(origin="NOWHERE"))
    (item,) = (await office.get("/attention"))["items"]
    answer = await office.post("/attention/seen", item=item["item"], because="told the shop")
    assert (answer.status_code, answer.json()["kind"]) == (200, "order_rejected")
    assert (await office.get("/attention"))["items"] == []
    gone = await office.post("/attention/seen", item=item["item"], because="x")
    assert gone.status_code == 404
    assert (await timeline(office))[-1]["details"]["by"] == "ada"


def sent(office: Office) -> tuple[Event, dict[str, str]]:
    """The one event that was published, as the service reads it, with its headers."""
    (out,) = office.published
    record = Incoming(out.topic, 0, 9, out.key, out.value, tuple(out.headers), START)
    received = read(record, Topics(), 1_000_000)
    return received.event, {name: value.decode() for name, value in out.headers}


async def test_cancelling_an_order_is_an_event_that_cancels_it(office: Office) -> None:
    await office.world.react(placed())
    answer = await office.post("/orders/WEB-1/cancel", because="ordered\ntwice")
    assert (answer.status_code, answer.json()["event_type"]) == (202, "order.cancelled")
    event, headers = sent(office)
    assert event == OrderCancelled(order_reference="WEB-1", reason="ordered twice")
    assert headers["ce_source"] == "urn:orderflex:people"
    assert headers["ce_id"] == answer.json()["event_id"]
    note = (await timeline(office))[-1]
    assert note["what"] == "asked for by a person"
    assert note["details"] == {
        "event": "order.cancelled",
        "by": "ada",
        "reason": "ordered twice",
    }
    await office.world.react(event)
    assert (await office.get("/orders/WEB-1"))["state"] == "cancelled"


async def test_cancelling_what_nobody_knows_or_as_a_dry_run_publishes_nothing(
    office: Office,
) -> None:
    await office.world.react(placed())
    dry = await office.post("/orders/WEB-1/cancel", because="x", dry_run=True)
    assert (dry.status_code, dry.json()["dry_run"]) == (202, True)
    for path in ("/orders/X/cancel", "/consignments/X/cancel", "/consignments/X/reallocate"):
        assert (await office.post(path, because="x")).status_code == 404
    assert office.published == []


async def test_cancelling_a_consignment_withdraws_its_pick(office: Office) -> None:
    await office.world.react(placed())
    created = only(ConsignmentCreated, await office.world.react(picked()))
    path = f"/consignments/{created.consignment_reference}/cancel"
    assert (await office.post(path, because="a cup is chipped")).status_code == 202
    event, _ = sent(office)
    assert event == PickWithdrawn(
        order_reference="WEB-1", pick_reference="P-1", reason="a cup is chipped"
    )
    await office.world.react(event)
    shown = await office.get(f"/consignments/{created.consignment_reference}")
    assert shown["state"] == "Cancelled"


async def test_a_failed_allocation_is_done_again_by_an_event(office: Office) -> None:
    world = office.world
    await world.react(placed())
    inbound_only = [{"way": "carrier_service", "reference": "NL_RET"}]
    created = only(ConsignmentCreated, await world.react(picked(allocation=inbound_only)))
    only(ConsignmentAllocationFailed, await world.react(created))
    (item,) = (await office.get("/attention"))["items"]
    assert (item["kind"], item["actions"]) == ("allocation_failed", ["reallocate", "cancel"])
    ways = [{"way": "carrier_service", "reference": "PP_ECO"}]
    path = f"/consignments/{created.consignment_reference}/reallocate"
    answer = await office.post(path, because="the rules are mended", allocation=ways)
    assert answer.status_code == 202
    event, _ = sent(office)
    assert isinstance(event, ConsignmentReallocationRequested)
    assert event.consignment_reference == created.consignment_reference
    assert [str(way) for way in event.allocation or ()] == ["carrier_service PP_ECO"]
    (started,) = await world.react(event)
    only(ConsignmentAllocated, await world.react(started))
    assert (await office.get("/attention"))["items"] == []
    refused = await office.post(path, because="x", allocation=[{"way": "by bicycle"}])
    assert refused.status_code == 400


@pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\x9b2J", "\x7f", "\x00"])
async def test_a_reason_can_not_speak_to_a_terminal(office: Office, control: str) -> None:
    number = await office.bury("WEB-1")
    answer = await office.post(f"/dead-letters/{number}/discard", because=f"by {control} hand")
    assert answer.status_code == 400
    assert [each["what"] for each in await timeline(office)] == ["dead letter"]


async def test_a_reason_is_kept_in_one_line(office: Office) -> None:
    number = await office.bury("WEB-1")
    because = "told the shop\r\n2026-03-02 08:00:00 \x85 discarded  by=bo"
    await office.post(f"/dead-letters/{number}/discard", because=because)
    kept = (await timeline(office))[-1]["details"]["reason"]
    assert kept == "told the shop 2026-03-02 08:00:00 discarded by=bo"
