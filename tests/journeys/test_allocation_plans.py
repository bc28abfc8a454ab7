"""Ways to allocate, through Kafka: named in events, chosen by rules, fall-backs, and their ends."""

import json
from typing import Any

import pytest

from .world import World, order, pick

pytestmark = [pytest.mark.kafka]

GROUP = {"way": "service_group", "reference": "UK_STANDARD"}
ABROAD = {"way": "service_group", "reference": "WORLD"}
SERVICE = {"way": "carrier_service", "reference": "PP_ECO"}
DEFAULT = {"way": "default_rules"}
RULES = {
    "rules": [
        {
            "name": "abroad",
            "when": {"destination_country": ["FR"]},
            "allocate": [ABROAD],
        },
        {
            "name": "business",
            "when": {"metadata": {"Channel": "b2b"}, "weight_kg": {"below": 1}},
            "allocate": [{"way": "none"}],
        },
    ],
    "otherwise": [{"way": "carrier_service", "reference": "NO_SUCH"}, SERVICE],
}


async def ordered(world: World, reference: str, *ways: dict[str, Any], **more: object) -> None:
    """An order of one item, picked with these ways."""
    await world.say("order.placed", order(reference, ("HAT", 1)) | more)
    named = {"allocation": list(ways)} if ways else {}
    await world.say("stock.picked", pick(reference, "P-1", [("HAT", 1)], **named))


async def test_each_way_named_in_its_event(world: World) -> None:
    world.start_service()
    await world.ready()
    await ordered(world, "WEB-1", DEFAULT)
    await ordered(world, "WEB-2", GROUP)
    await ordered(world, "WEB-3", SERVICE)
    await ordered(world, "WEB-4", {"way": "none"})
    await ordered(world, "WEB-5", allocation=[SERVICE])
    await world.until_outcomes("consignment.labelled", 4)
    by_order = {
        one.data["order_reference"]: one.data["carrier_service"]["reference"]
        for one in world.outcomes("consignment.allocated")
    }
    assert set(by_order) == {"WEB-1", "WEB-2", "WEB-3", "WEB-5"}
    assert by_order["WEB-3"] == by_order["WEB-5"] == "PP_ECO"
    assert by_order["WEB-2"] in ("NL_P24", "NL_P48", "PP_ECO")
    (left,) = await consignments_of(world, "WEB-4")
    assert left["state"] == "Unallocated"
    assert len(await world.calls("allocateWithServiceGroup")) == 1


async def test_rules_choose_where_no_event_names_a_way(world: World) -> None:
    world.start_service(ORDERFLEX_ALLOCATION_RULES=json.dumps(RULES))
    await world.ready()
    paris = order("any", ("HAT", 1))["destination"] | {"country": "FR", "postcode": "75001"}
    b2b = [{"key": "Channel", "string_value": "b2b"}]
    await ordered(world, "WEB-FR", destination=paris)
    await ordered(world, "WEB-B2B", metadata=b2b)
    await ordered(world, "WEB-ALL")
    await world.until_outcomes("consignment.labelled", 2)
    services = {
        one.data["order_reference"]: one.data["carrier_service"]["reference"]
        for one in world.outcomes("consignment.allocated")
    }
    assert services.keys() == {"WEB-FR", "WEB-ALL"}
    assert services["WEB-FR"].startswith("KW_")
    assert services["WEB-ALL"] == "PP_ECO"
    (left,) = await consignments_of(world, "WEB-B2B")
    assert left["state"] == "Unallocated"


async def test_when_every_way_fails_the_last_tells_the_reasons_of_all(world: World) -> None:
    world.start_service()
    await world.ready()
    await ordered(world, "WEB-1", ABROAD, {"way": "carrier_service", "reference": "NL_RET"})
    (failed,) = await world.until_outcomes("consignment.allocation_failed", 1)
    details = failed.data["rejection"]["details"]
    assert [one["target"] for one in details] == ["service_group WORLD", "carrier_service NL_RET"]
    assert failed.data["sequence"] == 3
    assert world.outcomes("consignment.allocated") == []


async def test_a_lost_answer_of_a_fall_back_and_a_death_make_no_second_allocation(
    world: World,
) -> None:
    world.fault("drop_after_commit", "allocateWithServiceGroup", times=2)
    async with world.kept_running():
        await world.ready()
        await ordered(world, "WEB-1", ABROAD, GROUP)
        await world.until(
            lambda: any(f.fired for f in world.pro.state.faults.listing()), "an answer is lost"
        )
        world.services[-1].kill()
        await world.until_outcomes("consignment.labelled", 1)
    (one,) = world.outcomes("consignment.allocated")
    assert one.data["allocation_number"] == 1
    assert world.outcomes("consignment.allocation_failed") == []
    (made,) = world.pro.state.consignments.values()
    assert made.allocation_count == 1


async def consignments_of(world: World, order_reference: str) -> list[dict[str, Any]]:
    """What PRO holds for an order's picks."""
    found = (await world.inspect("consignments"))["consignments"]
    return [one for one in found if order_reference in json.dumps(one)]
