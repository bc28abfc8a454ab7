"""Bad input: each kind has a clear end, and the events around it go on."""

import json
from typing import Any

import pytest

from .world import Heard, World, order, pick

pytestmark = [pytest.mark.kafka]


def reason(letter: Heard) -> str:
    """Why a dead letter was given up."""
    return letter.headers["orderflex_error_class"]


def detail(letter: Heard) -> str:
    """What a dead letter says of it."""
    return letter.headers["orderflex_error_detail"]


async def letters(world: World, count: int) -> list[Heard]:
    """Wait for so many dead letters."""
    await world.until(lambda: len(world.dead_letters) >= count, f"{count} dead letters")
    return world.dead_letters


def without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """The event without some fields."""
    return {name: value for name, value in data.items() if name not in names}


async def test_what_cannot_be_read_is_a_dead_letter_and_the_events_around_it_go_on(
    world: World,
) -> None:
    good = order("WEB-1", ("HAT", 2))
    bad: list[tuple[bytes, str, str]] = [
        (json.dumps(good).encode()[:-40], "truncated", ""),
        (b"[1, 2]", "schema", "JSON object"),
        (json.dumps({**good, "items": "three"}).encode(), "schema", "items"),
        (json.dumps(without(good, "destination")).encode(), "schema", "destination"),
        (
            json.dumps({**good, "shipping_date": "2026-03-06T09:30:00"}).encode(),
            "schema",
            "shipping_date",
        ),
        (
            json.dumps(order("WEB-1", ("HAT", -2))).encode(),
            "schema",
            "items[0].quantity",
        ),
    ]
    world.start_service()
    await world.ready()
    for value, _, _ in bad:
        await world.say("order.placed", None, raw=value)
    await world.say("order.placed", good)
    await world.until_outcomes("order.recorded", 1)
    found = [(reason(letter), detail(letter)) for letter in await letters(world, len(bad))]
    assert sorted(why for why, _ in found) == sorted(expected for _, expected, _ in bad)
    for _, expected, names in bad:
        assert any(why == expected and names in text for why, text in found), (names, found)
    assert all("Okafor" not in text and "Quarry" not in text for _, text in found)


async def test_a_body_of_five_megabytes_is_a_dead_letter_without_its_body(world: World) -> None:
    await world.take_records_up_to("order.placed", 6_000_000)
    world.start_service()
    await world.ready()
    await world.say("order.placed", {**order("WEB-1", ("HAT", 1)), "note": "x" * 5_000_000})
    await world.say("order.placed", order("WEB-2", ("HAT", 1)))
    await world.until_outcomes("order.recorded", 1, order_reference="WEB-2")
    (letter,) = await letters(world, 1)
    assert reason(letter) == "too_large"
    assert letter.value == b""


async def test_a_pick_before_its_order_waits_and_is_packed_when_the_order_comes(
    world: World,
) -> None:
    world.start_service()
    await world.ready()
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.say("order.placed", order("WEB-2", ("HAT", 1)))
    await world.until_outcomes("order.recorded", 1, order_reference="WEB-2")
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.until_outcomes("consignment.created", 1, order_reference="WEB-1")
    assert world.dead_letters == []


async def test_a_pick_whose_order_never_comes_is_a_dead_letter_at_its_deadline(
    world: World,
) -> None:
    world.start_service(ORDERFLEX_DEADLINE="1.2")
    await world.ready()
    await world.say("stock.picked", pick("NOBODY", "P-1", [("HAT", 1)]))
    (letter,) = await letters(world, 1)
    assert reason(letter) == "too_early"
    assert "order is not known" in detail(letter)
    assert letter.key is None or letter.key == "NOBODY"


async def test_an_unknown_sku_or_too_many_units_reject_the_pick_without_asking_pro(
    world: World,
) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 2)))
    await world.until_outcomes("order.recorded", 1)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("SCARF", 1)]))
    await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 3)]))
    await world.say("stock.picked", pick("WEB-1", "P-3", [("HAT", 2)]))
    await world.until_outcomes("consignment.created", 1, pick_reference="P-3")
    rejected = {
        outcome.data["pick_reference"]: outcome.data["rejection"]
        for outcome in await world.until_outcomes("pick.rejected", 2)
    }
    assert rejected["P-1"]["code"] == "item_not_on_order"
    assert rejected["P-2"]["code"] == "more_than_remains"
    assert rejected["P-2"]["source"] == "orderflex"
    assert len(await world.calls("packOrder")) == 1


async def test_the_same_pick_again_repeats_its_outcome_and_other_content_is_a_conflict(
    world: World,
) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 5)))
    await world.until_outcomes("order.recorded", 1)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.created", 1)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until(
        lambda: sum(h.type == "consignment.created" for h in world.heard) >= 2,
        "consignment.created is said again",
    )
    assert len(world.outcomes("consignment.created")) == 1
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 2)]))
    (letter,) = await letters(world, 1)
    assert reason(letter) == "conflict"
    assert "other content" in detail(letter)
    await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 1)]))
    await world.until_outcomes("consignment.created", 2)
    assert len(await world.calls("packOrder")) == 2


async def test_an_order_that_pro_refuses_is_rejected_and_may_be_placed_anew(
    world: World,
) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 1), location="NOWHERE"))
    (rejected,) = await world.until_outcomes("order.rejected", 1)
    assert rejected.data["rejection"]["source"] == "pro"
    assert rejected.data["rejection"]["code"]
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.until_outcomes("order.recorded", 1, order_reference="WEB-1")


async def test_a_key_that_pro_refuses_pauses_intake_until_it_is_accepted(world: World) -> None:
    world.start_service()
    await world.ready()
    world.pro.state.keys.clear()
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.until(lambda: len(world.pro.state.calls) > 3, "PRO is probed")
    assert world.outcomes() == []
    assert world.dead_letters == []
    world.pro.state.keys.add("sandbox-key")
    await world.until_outcomes("order.recorded", 1)
