"""An order is amended before it is packed, and after, until something of it is allocated."""

from typing import Any

import pytest

from .killable import POINTS
from .world import World, order, pick

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

NOT_YET_ALLOCATED = {"ORDERFLEX_STEPS_OFF": "consignment.created"}
ELSEWHERE = {
    "contact": {"first_name": "Grace", "last_name": "Quist", "mobile": "07700900456"},
    "address_line_1": "1 Havnegade",
    "town": "Aarhus",
    "postcode": "8000",
    "country": "DK",
}


def amend(version: int, **what: object) -> dict[str, object]:
    return {"order_reference": "WEB-1", "version": version, **what}


def town(record: Any) -> str | None:
    """Where PRO says that a record goes."""
    (end,) = [one for one in record.addresses if one.address_type.value == "Destination"]
    return end.town or None


async def test_an_order_and_what_is_packed_of_it_are_amended(world: World) -> None:
    world.start_service(**NOT_YET_ALLOCATED)
    await world.ready()
    await world.say("order.amended", amend(1, tags=["Fragile"]))  # it waits for its order
    await world.say("order.placed", order("WEB-1", ("HAT", 2)))
    await world.until_outcomes("order.amendment_applied", 1)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    (created,) = await world.until_outcomes("consignment.created", 1)
    await world.say("order.amended", amend(2, destination=ELSEWHERE, remove=["tags"]), times=2)
    (applied,) = await world.until_outcomes("order.amendment_applied", 1, version=2)
    reference = created.data["consignment_reference"]
    assert applied.data["consignments"] == [reference]
    (in_pro,) = world.pro.state.orders.values()
    for record in (in_pro, world.pro.state.consignments[reference]):
        assert (town(record), record.tags) == ("Aarhus", [])
    assert len(await world.calls("updateConsignment")) == 1
    assert {outcome.key for outcome in world.outcomes()} == {"WEB-1"}
    assert world.dead_letters == []


async def test_what_can_not_be_amended_is_said_and_changes_nothing(world: World) -> None:
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.say("order.amended", amend(5, tags=["Fragile"]))
    await world.until_outcomes("order.amendment_applied", 1)
    await world.say("order.amended", amend(4, tags=["Old"]))
    await world.say("order.amended", amend(6, packages=[]))
    await world.say("order.amended", amend(7, origin="NOWHERE"))
    rejected = await world.until_outcomes("order.amendment_rejected", 3)
    said = {one.data["version"]: one.data["rejection"] for one in rejected}
    assert {version: said[version]["code"] for version in (4, 6)} == {
        4: "older_version",
        6: "fixed",
    }
    assert said[7]["source"] == "pro"
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1)
    await world.say("order.amended", amend(8, destination=ELSEWHERE))
    (locked,) = await world.until_outcomes("order.amendment_rejected", 1, version=8)
    (detail,) = locked.data["rejection"]["details"]
    assert (
        detail["target"] == world.outcomes("consignment.created")[0].data["consignment_reference"]
    )
    await world.say("order.amended", amend(5, tags=["Otherwise"]))
    await world.until(lambda: len(world.dead_letters) == 1, "the conflict is a dead letter")
    (in_pro,) = world.pro.state.orders.values()
    assert (town(in_pro), in_pro.tags) == ("Norwich", ["Fragile"])


@pytest.mark.parametrize("lost", ["updateConsignment", "updateOrder", "updateOrderAddress"])
async def test_an_amendment_whose_answer_was_lost_is_repeated(world: World, lost: str) -> None:
    world.start_service(**NOT_YET_ALLOCATED)
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 1)))
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.created", 1)
    world.fault("drop_after_commit", lost, times=1)
    await world.say("order.amended", amend(1, destination=ELSEWHERE, tags=["Fragile"]))
    await world.until_outcomes("order.amendment_applied", 1)
    (in_pro,) = world.pro.state.orders.values()
    (made,) = world.pro.state.consignments.values()
    for record in (in_pro, made):
        assert (town(record), record.tags) == ("Aarhus", ["Fragile"])


@pytest.mark.parametrize("point", POINTS)
async def test_versions_are_applied_in_order_though_killed(world: World, point: str) -> None:
    marks = world.folder / "marks"
    marks.mkdir()
    async with world.kept_running(KILL_AT=point, KILL_MARKS=str(marks), **NOT_YET_ALLOCATED):
        await world.say("order.placed", order("WEB-1", ("HAT", 1)), times=2)
        await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]), times=2)
        await world.until_outcomes("consignment.created", 1)
        await world.say("order.amended", amend(1, tags=["A"]), times=2)
        await world.say("order.amended", amend(2, tags=["B"]), times=2)
        await world.until(
            lambda: len(world.outcomes("order.amendment_applied")) == 2, "both", seconds=100
        )
    deaths = {mark.name for mark in marks.iterdir()}
    assert deaths & {"update_order", "order.amendment_applied"}, f"it died only at {deaths}"
    (recorded,) = world.outcomes("order.recorded")  # the other that PRO may have is an orphan
    in_pro = world.pro.state.orders[recorded.data["pro_order_reference"]]
    (made,) = world.pro.state.consignments.values()
    assert (in_pro.tags, made.tags) == (["B"], ["B"])
    assert world.outcomes("order.amendment_rejected") == []
    assert world.dead_letters == []
