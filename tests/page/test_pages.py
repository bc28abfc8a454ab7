"""Every page shows what is there, in plain words, and names nobody."""

from urllib.parse import quote

import pytest

from service.events.published import ConsignmentCreated
from service.events.topics import EventType
from service.intake.gate import Closed
from service.intake.step_guard import Paused
from tests.reactions.goods import item, manifest, picked, placed, requested
from tests.reactions.world import only

from .html import Shown
from .scene import SHOWN, play
from .visitor import Visitor

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{ 7*7 }}",
    "WEB/../../etc/passwd",
    "WEB#1?a=b&c=d%2F",
    "WEB 1 + 2",
    "Ж日本é",
    "a" * 100,
)


def _is_harmless(shown: Shown, before: Shown) -> bool:
    return set(shown.tags) <= set(before.tags) | {"ul", "li"} and "script" not in shown.tags


async def test_the_first_page_is_calm_when_nothing_needs_anybody(visitor: Visitor) -> None:
    shown = await visitor.look("/")
    assert shown.heading == "Needs attention"
    assert "Nothing needs you right now." in shown.text
    assert "Intake is running. Events are taken up." in shown.text


@pytest.mark.parametrize("reason", Closed)
async def test_the_first_page_says_why_intake_is_paused(visitor: Visitor, reason: Closed) -> None:
    visitor.reasons["paused"] = [reason.value]
    shown = await visitor.look("/")
    assert "Intake is paused." in shown.text
    assert "Intake: paused" in (await visitor.look("/unshipped")).text


async def test_the_first_page_says_that_kafka_is_away(visitor: Visitor) -> None:
    visitor.reasons["broker_away"] = ["no answer for 75 s"]
    shown = await visitor.look("/")
    assert "Intake stands still. Kafka can’t be reached." in shown.text
    visitor.reasons["paused"] = ["pro_down"]
    shown = await visitor.look("/")
    assert "Intake is paused. PRO can’t be reached." in shown.text
    assert "Kafka can’t be reached." in shown.text


@pytest.mark.parametrize("reason", Paused)
async def test_it_says_what_waits_though_intake_runs(visitor: Visitor, reason: Paused) -> None:
    visitor.slowed["steps_paused"] = [f"stock.picked: {reason.value}"]
    visitor.slowed["pro_busy"] = ["spared for 12 s more"]
    shown = await visitor.look("/")
    assert "Intake is running, and some events wait. stock.picked is paused" in shown.text
    assert "PRO is busy: spared for 12 s more." in shown.text


async def test_it_says_that_the_service_starts(visitor: Visitor) -> None:
    visitor.reasons["not_running"] = ["starting (waiting for the broker or the ledger) or stopping"]
    why = "It is starting (waiting for Kafka or the ledger) or stopping."
    assert f"Intake is not running. {why}" in (await visitor.look("/")).text


async def test_what_needs_attention_is_counted_and_narrowed_down(visitor: Visitor) -> None:
    await visitor.world.react(placed("WEB-1", origin="NOWHERE"))
    visitor.world.clock.forward(60)
    await visitor.bury("WEB-2")
    shown = await visitor.look("/")
    assert shown.text.index("WEB-1 Order refused") < shown.text.index("WEB-2 On hold")
    assert "All 2 Order refused 1 On hold 1" in shown.text
    assert "1 minute ago" in shown.text
    narrowed = await visitor.look(shown.leads_to("On hold"))
    assert "WEB-2" in narrowed.text
    assert "WEB-1" not in narrowed.text
    assert "WEB-1" in (await visitor.look("/?kind=nonsense")).text


async def test_long_lists_have_pages(visitor: Visitor) -> None:
    for number in range(60):
        await visitor.bury(f"WEB-{number:03}", number)
        visitor.world.clock.forward(1)
    for path, more in (("/", "More that needs"), ("/dead-letters", "More dead letters")):
        seen, pages = [], 0
        at: str | None = path
        while at:
            shown = await visitor.look(at)
            seen += [each for each in shown.text.split() if each.strip(".").startswith("WEB-")]
            at = next((where for text, where in shown.links if text.startswith(more)), None)
            pages += 1
        assert pages == 3
        assert {each.strip(".()") for each in seen} == {f"WEB-{number:03}" for number in range(60)}


async def test_a_page_that_no_list_has_is_told(visitor: Visitor) -> None:
    for path in ("/?after=x", "/search?after=x", "/dead-letters?after=x"):
        assert (await visitor.look(path, 400)).heading == "That can’t be understood"


async def test_an_order_is_found_by_any_of_its_names(visitor: Visitor) -> None:
    consignment = await visitor.labelled()
    await visitor.labelled("WEB-2")
    shown = await visitor.look("/order?reference=WEB-1")
    made = await visitor.world.consignment(consignment)
    order = await visitor.world.order()
    assert order.pro_order_reference
    for name in ("WEB-1", order.pro_order_reference, *made.tracking_references):
        answer = await visitor.client.get("/search", params={"reference": f" {name} "})
        assert answer.headers["location"] == "/order?reference=WEB-1", name
    answer = await visitor.client.get("/search", params={"reference": consignment})
    assert answer.headers["location"] == f"/consignment?reference={consignment}"
    both = await visitor.look("/search?reference=P-1")
    assert "WEB-1" in both.text
    assert "WEB-2" in both.text
    latest = await visitor.look("/search")
    assert latest.text.index("WEB-2") < latest.text.index("WEB-1")
    assert shown.leads_to("EC-") == f"/consignment?reference={consignment}"


async def test_a_name_that_nobody_has_is_told_with_what_to_do(visitor: Visitor) -> None:
    shown = await visitor.look("/search?reference=WEB-404")
    assert "Nothing here is called “WEB-404”." in shown.text
    assert "A name is looked for in full" in shown.text
    gone = await visitor.look("/order?reference=WEB-404", 404)
    assert "The ledger knows no order WEB-404." in gone.text
    assert "Search for it by another of its names" in gone.text
    for path in ("/order", "/consignment", "/consignment?reference=X", "/dead-letter?number=9"):
        await visitor.look(path, 404)


async def test_an_order_that_only_waits_is_found_too(visitor: Visitor) -> None:
    await visitor.bury("WEB-9")
    await visitor.queue("WEB-9", 2)
    answer = await visitor.client.get("/search?reference=WEB-9")
    shown = await visitor.look(answer.headers["location"])
    assert "Nobody has placed it yet: only events of it are here." in shown.text
    assert "It waits for its turn: another event of its order comes first." in shown.text


async def test_an_order_tells_its_story(visitor: Visitor) -> None:
    await play(visitor)
    await visitor.sign_in()  # it took longer than a session lasts
    shown = await visitor.look(f"/order?reference={SHOWN}")
    told = (
        "Recorded On hold 2 of 6 items are packed. One consignment waits for a manifest.",
        "To do: Mend the cause, then replay the dead letter, or discard it.",
        "It waits for its turn: another event of its order comes first.",
        "Packed : done Allocated : done Papers : done Manifested : next",
        "stock.picked was given up: it is a dead letter An error of ours",
        "The papers of EC-",
        "Allocated: ",
        "Found in PRO: Packed as EC-",
        "PRO’s answer was lost when asked to pack a pick: PRO is looked at first now",
        "PRO recorded the order as EO-",
        "PRO was asked to record the order",
        "TEA-POT-01 2 2",
    )
    places = [shown.text.index(each) for each in told]
    assert places == sorted(places)
    manifested = await visitor.look("/order?reference=WEB-204790")
    assert "The carrier has been told of everything that is packed." in manifested.text


async def test_an_order_at_each_point_of_its_life(visitor: Visitor) -> None:
    world = visitor.world
    await world.react(placed("WEB-1", item(quantity=2)))
    where = "/order?reference=WEB-1"
    assert "It waits for stock to be picked." in (await visitor.look(where)).text
    created = only(ConsignmentCreated, await world.react(picked()))
    shown = await visitor.look(where)
    assert "1 of 2 items are packed. One consignment waits for a carrier." in shown.text
    (allocated,) = await world.react(created)
    assert "One consignment waits for papers." in (await visitor.look(where)).text
    await world.react(allocated)
    await world.react(picked("P-2"))
    shown = await visitor.look(where)
    assert (
        "All of it is packed. One consignment waits for a carrier, "
        "one consignment waits for a manifest." in shown.text
    )
    await world.react(placed("WEB-2", origin="NOWHERE"))
    assert "It was refused" in (await visitor.look("/order?reference=WEB-2")).text
    await world.react(requested("REPAIR-1"))
    assert "Without an order" in (await visitor.look("/order?reference=REPAIR-1")).text


async def test_a_consignment_shows_pros_state_on_request_only(visitor: Visitor) -> None:
    reference = await visitor.labelled()
    calls = len(visitor.world.state.calls)
    shown = await visitor.look(f"/consignment?reference={reference}")
    assert len(visitor.world.state.calls) == calls
    asked = await visitor.look(shown.leads_to("Ask PRO"))
    assert len(visitor.world.state.calls) == calls + 1
    assert "State in PRO now Allocated" in asked.text


async def test_dead_letters_are_narrowed_down(visitor: Visitor) -> None:
    await visitor.bury("WEB-1", 1)
    await visitor.bury(None, 2, holds=False)
    for query, seen, unseen in (
        ("", {"stock.picked", "unreadable"}, set[str]()),
        ("holds=yes", {"stock.picked"}, {"unreadable"}),
        ("holds=no", {"unreadable"}, {"stock.picked"}),
        ("type=stock.picked", {"stock.picked"}, {"unreadable"}),
        ("order=WEB-1", {"stock.picked"}, {"unreadable"}),
        ("reason=bug", {"stock.picked", "unreadable"}, set[str]()),
        ("reason=schema", set[str](), {"stock.picked", "unreadable"}),
        ("state=discarded", set[str](), {"stock.picked", "unreadable"}),
    ):
        shown = await visitor.look(f"/dead-letters?{query}")
        named = {text.partition(" ")[0] for text, where in shown.links if "number=" in where}
        assert {each.rstrip(",") for each in named} == seen, query
        assert not {each.rstrip(",") for each in named} & unseen


async def test_a_dead_letter_shows_what_waits_behind_it_and_not_its_content(
    visitor: Visitor,
) -> None:
    number = await visitor.bury("WEB-1")
    await visitor.queue("WEB-1", 2)
    shown = await visitor.look(f"/dead-letter?number={number}")
    assert "An error of ours" in shown.text
    assert "event-2" in shown.text
    assert "Its content may hold personal data and is not shown here." in shown.text


async def test_what_waits_to_leave_is_counted_by_place_and_carrier(visitor: Visitor) -> None:
    world = visitor.world
    await visitor.labelled("WEB-1")
    world.clock.forward(600)
    await visitor.labelled("WEB-2")
    await world.react(placed("WEB-3"))
    created = only(ConsignmentCreated, await world.react(picked(order="WEB-3")))
    shown = await visitor.look("/unshipped")
    assert "Waiting for a carrier 1" in shown.text
    assert "Waiting for a manifest 2" in shown.text
    assert "PENNYPOST 2 10 minutes ago" in shown.text
    group = await visitor.look("/unshipped/group?stage=to_be_allocated&location=LEEDS_DC")
    assert created.consignment_reference in group.text
    ready = await visitor.look(
        "/unshipped/group?stage=to_be_manifested&location=LEEDS_DC&carrier=PENNYPOST"
    )
    assert ready.text.index("WEB-1") < ready.text.index("WEB-2")
    await world.react(manifest("LEEDS_DC-1630"))
    shown = await visitor.look("/unshipped")
    assert "In a manifest 2" in shown.text
    world.clock.forward(10)
    await world.do_timed_work()
    shown = await visitor.look("/unshipped")
    assert "In a manifest 0" in shown.text
    assert (
        "None wait here any more."
        in (
            await visitor.look(
                "/unshipped/group?stage=to_be_manifested&location=LEEDS_DC&carrier=PENNYPOST"
            )
        ).text
    )
    await visitor.look("/unshipped/group?stage=nonsense", 404)


async def test_a_group_that_is_long_has_pages(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.page.unshipped_pages.PAGE_LENGTH", 2)
    for number in range(5):
        await visitor.world.react(placed(f"WEB-{number}"))
        await visitor.world.react(picked(order=f"WEB-{number}"))
    at: str | None = "/unshipped/group?stage=to_be_allocated&location=LEEDS_DC"
    seen: list[str] = []
    while at:
        shown = await visitor.look(at)
        seen += [text for text, _ in shown.links if text.startswith("WEB-")]
        at = next((where for text, where in shown.links if text.startswith("More")), None)
    assert seen == [f"WEB-{number}" for number in range(5)]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_reference_is_text_wherever_it_stands(visitor: Visitor, name: str) -> None:
    plain, quoted = await visitor.look("/order?reference=WEB-0", 404), quote(name, safe="")
    await visitor.bury(name)
    await visitor.queue(name, 2)
    before = await visitor.look("/search?reference=nobody")
    for path in ("/search", "/order", "/consignment", "/dead-letters"):
        key = "order" if path == "/dead-letters" else "reference"
        answer = await visitor.client.get(f"{path}?{key}={quoted}", follow_redirects=True)
        assert answer.status_code in (200, 404)
        assert "<script" not in answer.text
        assert "<img src=x" not in answer.text
        assert "49" not in answer.text or "7*7" not in name
    shown = await visitor.look(f"/order?reference={quoted}")
    assert " ".join(name.split()) in shown.text
    listed = await visitor.look("/")
    assert (name, f"/dead-letter?number={1}") in [
        (text if text == " ".join(name.split()) else name, where) for text, where in listed.links
    ]
    cancelling = await visitor.look(f"/order/cancel?reference={quoted}")
    assert "script" not in cancelling.tags
    await visitor.told(await visitor.send(f"/order/cancel?reference={quoted}", because=name[:400]))
    (out,) = visitor.published
    assert out.topic == EventType.ORDER_CANCELLED.value
    assert _is_harmless(plain, before)


@pytest.mark.parametrize("name", ["\0", "WEB\0-1", "%00", "x" * 501, "a\u202eb", "x" * 500])
async def test_what_can_be_no_reference_is_not_looked_for(visitor: Visitor, name: str) -> None:
    await visitor.look(f"/order?reference={quote(name)}", 404)
    await visitor.look(f"/search?reference={quote(name)}")
