"""PRO misbehaves: answers are lost, come late, or say no. One consignment for each pick, always."""

import pytest

from .world import World, manifest, order, pick

pytestmark = [pytest.mark.kafka]


async def recorded(world: World, reference: str = "WEB-1") -> None:
    """Start the service and have an order recorded."""
    world.start_service()
    await world.ready()
    await world.say("order.placed", order(reference, ("HAT", 3)))
    await world.until_outcomes("order.recorded", 1, order_reference=reference)


@pytest.mark.parametrize(
    "kind", ["timeout_after_commit", "drop_after_commit", "garbage", "status after acting"]
)
async def test_a_lost_answer_to_pack_order_is_looked_up_not_repeated(
    world: World, kind: str
) -> None:
    await recorded(world)
    if kind == "status after acting":
        world.fault("status", "packOrder", times=1, status=502, acts=True)
    else:
        world.fault(kind, "packOrder", times=1, seconds=3)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1)
    assert len(await world.calls("packOrder")) == 1
    assert [len(made) for made in (await world.consignments_of_picks()).values()] == [1]


@pytest.mark.parametrize("kind", ["timeout_before_commit", "drop_before_commit"])
async def test_a_pack_order_that_never_reached_pro_is_asked_again_after_the_last_look(
    world: World, kind: str
) -> None:
    world.environment["ORDERFLEX_LOOKUPS_AFTER"] = "0.5,3,4.5"
    await recorded(world)
    world.fault(kind, "packOrder", times=1, seconds=3)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.created", 1)
    looked_first = [call["operation"] for call in (await world.inspect("calls"))["calls"]]
    packs = [place for place, name in enumerate(looked_first) if name == "packOrder"]
    assert len(packs) == 2
    assert looked_first[packs[0] : packs[1]].count("searchConsignments") >= 3
    assert [len(made) for made in (await world.consignments_of_picks()).values()] == [1]


async def test_a_commit_that_comes_late_but_before_the_last_look_is_found(world: World) -> None:
    await recorded(world)
    world.fault("late_commit", "packOrder", times=1, seconds=0.6)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.created", 1)
    assert len(await world.calls("packOrder")) == 1
    assert [len(made) for made in (await world.consignments_of_picks()).values()] == [1]


async def test_a_commit_after_the_last_look_makes_a_stray_that_is_cancelled_and_never_ships(
    world: World,
) -> None:
    world.environment["ORDERFLEX_STRAY_SEARCH_AFTER"] = "5,8"
    await recorded(world)
    world.fault("late_commit", "packOrder", times=1, seconds=4)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1)
    (made,) = await world.until_outcomes("consignment.created", 1)

    def seen() -> dict[str, str]:
        world.pro.state.settle()
        return {one.reference: str(one.state) for one in world.pro.state.consignments.values()}

    await world.until(lambda: "Cancelled" in seen().values(), "the stray is cancelled")
    ours = made.data["consignment_reference"]
    assert seen()[ours] == "Allocated"
    assert [state for one, state in seen().items() if one != ours] == ["Cancelled"]


async def test_pro_busy_at_allocation_is_asked_again_as_late_as_it_says(world: World) -> None:
    await recorded(world)
    world.fault("status", "allocateDefaultRules", times=2, status=429, retry_after=1)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.allocated", 1)
    assert len(await world.calls("allocateDefaultRules")) == 3
    assert world.dead_letters == []


async def test_an_allocation_whose_answer_is_lost_is_read_from_its_state(world: World) -> None:
    await recorded(world)
    world.fault("drop_after_commit", "allocateDefaultRules", times=1)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    (allocated,) = await world.until_outcomes("consignment.allocated", 1)
    assert allocated.data["carrier_service"]["reference"]
    assert allocated.data["tracking_references"]
    assert len(await world.calls("allocateDefaultRules")) == 1


async def test_a_consignment_that_no_service_takes_is_said_to_have_failed(world: World) -> None:
    await recorded(world)
    await world.say("order.placed", order("WEB-9", ("ANVIL", 1), kg=400))
    await world.say("stock.picked", pick("WEB-9", "P-1", [("ANVIL", 1)]))
    (failed,) = await world.until_outcomes("consignment.allocation_failed", 1)
    assert failed.data["rejection"]["source"] == "pro"
    assert failed.data["rejection"]["message"]
    assert world.outcomes("consignment.labelled") == []


async def test_labels_that_are_not_there_yet_are_fetched_later(world: World) -> None:
    await recorded(world)
    world.fault("status", "getLabelsInFormat", times=4, status=503)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    (labelled,) = await world.until_outcomes("consignment.labelled", 1)
    assert labelled.data["labels"]["content_type"] == "application/pdf"
    (file,) = (world.folder / "papers").rglob("*.pdf")
    assert file.read_bytes().startswith(b"%PDF")


async def test_a_manifest_that_fails_is_said_and_the_next_one_takes_the_consignment(
    world: World,
) -> None:
    await recorded(world)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 1)]))
    labelled = await world.until_outcomes("consignment.labelled", 2)
    unlucky = labelled[0].data["consignment_reference"]
    world.fault(
        "manifest_failure",
        "manifestFromQuery",
        times=1,
        match={"consignment_reference": unlucky},
        body="The carrier is closed.",
    )
    await world.say("manifest.requested", manifest("M-1"))
    (failed,) = await world.until_outcomes("consignment.manifest_failed", 1)
    assert failed.data["consignment_reference"] == unlucky
    assert failed.data["rejection"]["message"] == "The carrier is closed."
    await world.until_outcomes("consignment.manifested", 1)
    await world.say("manifest.requested", manifest("M-2"))
    both = await world.until_outcomes("consignment.manifested", 2)
    assert {one.data["manifest_reference"] for one in both} == {"M-1", "M-2"}


async def test_a_manifest_whose_answer_is_lost_is_not_queued_twice(world: World) -> None:
    await recorded(world)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)]))
    await world.until_outcomes("consignment.labelled", 1)
    world.fault("drop_after_commit", "manifestFromQuery", times=1)
    await world.say("manifest.requested", manifest("M-1"))
    await world.until_outcomes("consignment.manifested", 1)
    found = (await world.inspect("consignments"))["consignments"]
    assert [one["manifest_count"] for one in found] == [1]


async def test_a_return_makes_two_consignments_told_apart_by_direction(world: World) -> None:
    await recorded(world)
    world.fault("drop_after_commit", "packOrder", times=1)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 1)], generate_return=True))
    made = await world.until_outcomes("consignment.created", 2)
    assert {one.data["direction"] for one in made} == {"outbound", "inbound"}
    assert len(await world.calls("packOrder")) == 1
