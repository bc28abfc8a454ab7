"""What people ask for on the page becomes an event or a decision, with who asked and why."""

from collections.abc import Mapping

import httpx
import pytest
from aiokafka.errors import KafkaConnectionError

from service.events.cancelling import OrderCancelled, PickWithdrawn
from service.events.envelope import Incoming, Received, read
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentAllocationFailed,
    ConsignmentCreated,
    OrderRecorded,
    OrderRejected,
)
from service.events.reallocation import ConsignmentReallocationRequested
from service.events.topics import Topics
from service.ledger.history import Entry
from service.people.asking import NotServing
from tests.reactions.goods import picked, placed, requested
from tests.reactions.world import START, only

from .html import read as read_html
from .visitor import BROWSER, Visitor

REASON = "the customer’s “own” words: <b>ordered</b> twice"


def sent(visitor: Visitor) -> Received:
    """The one event that was published, as the service reads it."""
    (out,) = visitor.published
    record = Incoming(out.topic, 0, 9, out.key, out.value, tuple(out.headers), START)
    return read(record, Topics(), 1_000_000)


async def last_note(visitor: Visitor, order: str = "WEB-1") -> Entry:
    return (await visitor.world.entries(order))[-1]


def is_hers(note: Entry, reason: str = REASON) -> bool:
    return (note.details["by"], note.details["reason"]) == ("ada", reason)


async def test_cancelling_an_order(visitor: Visitor) -> None:
    await visitor.world.react(placed())
    path = "/order/cancel?reference=WEB-1"
    assert "order.cancelled of WEB-1 is published." in (await visitor.look(path)).text
    shown = await visitor.told(await visitor.send(path, because=REASON))
    assert "Asked for: WEB-1 is to be cancelled." in shown.text
    assert REASON in shown.text
    event = sent(visitor).event
    assert event == OrderCancelled(order_reference="WEB-1", reason=REASON)
    note = await last_note(visitor)
    assert note.what == "asked for by a person"
    assert is_hers(note)
    await visitor.world.react(event)
    shown = await visitor.look("/order?reference=WEB-1")
    assert "It is cancelled: nothing of it leaves." in shown.text
    assert "Asked for: WEB-1 is to be cancelled." not in shown.text
    assert "Cancel the order (WEB-1)" not in [text for text, _ in shown.links]


async def test_what_was_refused_is_done_again(visitor: Visitor) -> None:
    world = visitor.world
    only(OrderRejected, await world.react(placed(origin="NOWHERE"), id="event-1"))
    listed = await visitor.look("/")
    assert "Order refused" in listed.text
    path = listed.leads_to("Do it again")
    assert "order.placed is published again, as it came." in (await visitor.look(path)).text
    shown = await visitor.told(await visitor.send(path, because=REASON))
    assert "what was refused of WEB-1 is done again" in shown.text
    assert sent(visitor).envelope.again == (("record:WEB-1", 1),)
    note = await last_note(visitor)
    assert note.what == "asked to be done again"
    assert is_hers(note)


async def test_doing_again_what_is_not_refused_can_not_be_asked_for(visitor: Visitor) -> None:
    only(OrderRecorded, await visitor.world.react(placed()))
    path = "/order/again?reference=WEB-1&pick=P-1"
    shown = await visitor.look(path)
    assert "Nothing of pick P-1 of WEB-1 stands refused." in shown.text
    form = (await visitor.look("/order/cancel?reference=WEB-1")).forms[-1] | {"because": "x"}
    answer = await visitor.client.post(path, data=form, headers=BROWSER)
    assert (answer.status_code, visitor.published) == (200, [])


async def test_cancelling_a_consignment_withdraws_its_pick(visitor: Visitor) -> None:
    await visitor.world.react(placed())
    created = only(ConsignmentCreated, await visitor.world.react(picked()))
    path = f"/consignment/cancel?reference={created.consignment_reference}"
    await visitor.told(await visitor.send(path, because=REASON))
    event = sent(visitor).event
    assert event == PickWithdrawn(order_reference="WEB-1", pick_reference="P-1", reason=REASON)
    assert is_hers(await last_note(visitor))
    await visitor.world.react(event)
    shown = await visitor.look(f"/consignment?reference={created.consignment_reference}")
    assert "Cancelled" in shown.text
    assert "Cancel it" not in shown.text


async def test_cancelling_a_return_says_that_what_goes_out_is_cancelled_too(
    visitor: Visitor,
) -> None:
    await visitor.world.react(placed())
    made = await visitor.world.react(picked(generate_return=True))
    out, back = [one for one in made if isinstance(one, ConsignmentCreated)]
    told = "with the consignment that it is the return of"
    path = "/consignment/cancel?reference="
    assert told in (await visitor.look(f"{path}{back.consignment_reference}")).text
    assert told not in (await visitor.look(f"{path}{out.consignment_reference}")).text
    await visitor.told(await visitor.send(f"{path}{back.consignment_reference}", because=REASON))
    await visitor.world.react(sent(visitor).event)
    for one in (out, back):
        shown = await visitor.look(f"/consignment?reference={one.consignment_reference}")
        assert "Cancel it" not in shown.text


async def test_cancelling_a_consignment_without_an_order(visitor: Visitor) -> None:
    created = only(ConsignmentCreated, await visitor.world.react(requested("REPAIR-1")))
    path = f"/consignment/cancel?reference={created.consignment_reference}"
    asked = await visitor.look(path)
    assert "Its reference is used up" in asked.text
    assert "free to be picked again" not in asked.text
    await visitor.told(await visitor.send(path, because=REASON))
    assert sent(visitor).event == OrderCancelled(order_reference="REPAIR-1", reason=REASON)


@pytest.mark.parametrize(
    ("fields", "ways"),
    [
        ({}, None),
        ({"way": "before", "way_reference": "PP_ECO"}, None),
        ({"way": "default_rules", "way_reference": "PP_ECO"}, ["default_rules"]),
        ({"way": "service_group", "way_reference": " WORLD "}, ["service_group WORLD"]),
        ({"way": "carrier_service", "way_reference": "PP_ECO"}, ["carrier_service PP_ECO"]),
    ],
)
async def test_allocating_again_as_before_or_in_another_way(
    visitor: Visitor, fields: Mapping[str, str], ways: list[str] | None
) -> None:
    world = visitor.world
    await world.react(placed())
    inbound_only = [{"way": "carrier_service", "reference": "NL_RET"}]
    created = only(ConsignmentCreated, await world.react(picked(allocation=inbound_only)))
    only(ConsignmentAllocationFailed, await world.react(created))
    path = (await visitor.look("/")).leads_to("Allocate again")
    shown = await visitor.told(await visitor.send(path, because=REASON, **fields))
    assert "is to be allocated again" in shown.text
    event = sent(visitor).event
    assert isinstance(event, ConsignmentReallocationRequested)
    assert event.consignment_reference == created.consignment_reference
    assert (event.allocation and [str(way) for way in event.allocation]) == ways
    assert is_hers(await last_note(visitor))
    if ways == ["carrier_service PP_ECO"]:
        (started,) = await world.react(event)
        only(ConsignmentAllocated, await world.react(started))
        assert "Nothing needs you right now." in (await visitor.look("/")).text


@pytest.mark.parametrize(
    "fields",
    [
        {"way": "service_group"},
        {"way": "carrier_service", "way_reference": "  "},
        {"way": "by bicycle", "way_reference": "x"},
    ],
)
async def test_a_way_that_is_none_is_told(visitor: Visitor, fields: Mapping[str, str]) -> None:
    reference = await visitor.labelled()
    path = f"/consignment/reallocate?reference={reference}"
    answer = await visitor.send(path, because=REASON, **fields)
    assert (answer.status_code, visitor.published) == (400, [])
    shown = read_html(answer.text)
    assert "Name the service group or the carrier service" in shown.text
    assert ("#way_reference") in [where for _, where in shown.links]
    assert REASON in shown.text, "what was written is kept"


async def test_a_dead_letter_is_replayed(visitor: Visitor) -> None:
    number = await visitor.bury("WEB-1")
    await visitor.queue("WEB-1", 2)
    path = (await visitor.look("/")).leads_to("Replay")
    assert "1 event waits behind it and follows it, in order." in (await visitor.look(path)).text
    shown = await visitor.told(await visitor.send(path, because=REASON))
    assert f"Dead letter {number} is tried again." in shown.text
    assert "ada had stock.picked replayed" in shown.text
    note = await last_note(visitor)
    assert note.what == "replayed"
    assert is_hers(note)
    gone = await visitor.look(f"/dead-letter?number={number}", 404)
    assert "Somebody may have been faster" in gone.text
    await visitor.look(path, 404)


async def test_a_dead_letter_that_died_too_often_asks_whether_it_is_meant(
    visitor: Visitor,
) -> None:
    number = await visitor.bury("WEB-1")
    path = f"/dead-letter/replay?number={number}"
    await visitor.told(await visitor.send(path, because="mended"))
    await visitor.bury("WEB-1")
    refused = await visitor.send(path, because="mended")
    assert refused.status_code == 400
    assert "It was replayed 1 times" in read_html(refused.text).text
    assert "ada" in (await visitor.told(await visitor.send(path, because="x", force="yes"))).text
    assert (await visitor.world.history()).count("replayed") == 2


async def test_a_dead_letter_is_discarded(visitor: Visitor) -> None:
    number = await visitor.bury(None, 7, holds=False)
    path = (await visitor.look("/")).leads_to("Discard")
    shown = await visitor.told(await visitor.send(path, because=REASON))
    assert f"Dead letter {number} is discarded." in shown.text
    assert f"discarded by ada: {REASON}" in shown.text
    assert "ada discarded unreadable" in shown.text
    assert "None like that" in (await visitor.look("/dead-letters?holds=no")).text
    assert "unreadable" in (await visitor.look("/dead-letters?state=discarded")).text


async def test_what_was_seen_to_leaves_the_list(visitor: Visitor) -> None:
    await visitor.world.react(placed(origin="NOWHERE"))
    path = (await visitor.look("/")).leads_to("Mark as seen to")
    shown = await visitor.told(await visitor.send(path, because=REASON))
    assert "Order refused: seen to." in shown.text
    assert "Nothing needs you right now." in shown.text
    note = await last_note(visitor)
    assert note.what == "seen to"
    assert is_hers(note)
    assert "not on the list any more" in (await visitor.look(path, 404)).text


@pytest.mark.parametrize("reason", ["", "   \n ", "x" * 501, "a\x07b"])
async def test_without_a_good_reason_nothing_is_done(visitor: Visitor, reason: str) -> None:
    number = await visitor.bury("WEB-1")
    answer = await visitor.send(f"/dead-letter/discard?number={number}", because=reason)
    assert answer.status_code == 400
    shown = read_html(answer.text)
    assert "There is something to mend" in shown.text
    assert "#because" in [where for _, where in shown.links]
    assert await visitor.world.history() == ["dead letter"]


async def test_what_is_not_there_can_not_be_asked_for(visitor: Visitor) -> None:
    for path in (
        "/order/cancel?reference=X",
        "/order/cancel",
        "/order/again",
        "/consignment/cancel?reference=X",
        "/consignment/reallocate?reference=X",
        "/consignment/cancel",
        "/dead-letter/replay?number=7",
        "/dead-letter/replay?number=-1",
        "/dead-letter/discard?number=%D9%A1",
        "/dead-letter/discard",
        "/attention/seen?item=order_rejected:X:1",
        "/attention/seen?item=held:1",
        "/attention/seen",
    ):
        assert (await visitor.look(path, 404)).heading == "Not found", path
    assert visitor.published == []


@pytest.mark.parametrize("trouble", [KafkaConnectionError(), TimeoutError(), NotServing()])
async def test_what_kafka_has_not_acknowledged_is_told(
    visitor: Visitor, trouble: Exception
) -> None:
    await visitor.world.react(placed())
    visitor.trouble.append(trouble)
    answer: httpx.Response = await visitor.send("/order/cancel?reference=WEB-1", because="x")
    assert answer.status_code == 503
    assert "Look at the timeline before you ask for it again." in read_html(answer.text).text
