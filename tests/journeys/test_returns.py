"""A pick with a return: two consignments, two of every event, told apart by direction."""

import pytest

from sandbox.words import AddressType, Direction

from .world import World, manifest, order, pick

pytestmark = [pytest.mark.kafka]

WITH_RETURN = pick("WEB-1", "P-1", [("HAT", 1)], generate_return=True)


async def recorded(world: World) -> None:
    """Start the service and have an order recorded."""
    world.start_service()
    await world.ready()
    await world.say("order.placed", order("WEB-1", ("HAT", 3)))
    await world.until_outcomes("order.recorded", 1)


async def test_both_go_their_way(world: World) -> None:
    await recorded(world)
    await world.say("stock.picked", WITH_RETURN, times=2)
    labelled = await world.until_outcomes("consignment.labelled", 2)
    created = [said.data for said in world.outcomes("consignment.created")]
    directions = {data["consignment_reference"]: data["direction"] for data in created}
    assert sorted(directions.values()) == ["inbound", "outbound"]
    assert {data["shipping_location_reference"] for data in created} == {"LEEDS_DC"}
    assert len({data["consignment_reference_provided_by_customer"] for data in created}) == 1
    assert {said.data["consignment_reference"] for said in labelled} == set(directions)
    in_pro = world.pro.state.consignments
    assert {
        reference: "inbound" if in_pro[reference].direction is Direction.INBOUND else "outbound"
        for reference in directions
    } == directions
    (back,) = (reference for reference, way in directions.items() if way == "inbound")
    (home,) = (
        each for each in in_pro[back].addresses if each.address_type is AddressType.DESTINATION
    )
    assert home.shipping_location_reference == "LEEDS_DC"

    await world.say("manifest.requested", manifest("M-1"))
    manifested = await world.until_outcomes("consignment.manifested", 2)
    assert {said.data["consignment_reference"] for said in manifested} == set(directions)
    assert len(await world.calls("packOrder")) == 1


async def test_a_lost_answer_finds_both_again(world: World) -> None:
    await recorded(world)
    world.fault("drop_after_commit", "packOrder", times=1)
    await world.say("stock.picked", WITH_RETURN)
    await world.until_outcomes("consignment.labelled", 2)
    assert [len(made) for made in (await world.consignments_of_picks()).values()] == [2]
    assert len(await world.calls("packOrder")) == 1


async def test_a_return_that_pro_did_not_make_is_no_reason_to_pack_again(world: World) -> None:
    await recorded(world)
    world.fault("bulk_item_failure", "packOrder", times=1)
    await world.say("stock.picked", WITH_RETURN, times=2)
    await world.until_outcomes("consignment.labelled", 1)
    assert [said.data["direction"] for said in world.outcomes("consignment.created")] == [
        "outbound"
    ]
    assert len(await world.calls("packOrder")) == 1
    assert world.dead_letters == []
