"""Each event is delivered twice and the service is killed between each pair of the six steps.

However often it dies, PRO has one consignment for each pick, and every outcome is said, under one
id.
"""

import pytest

from .killable import POINTS
from .world import World, manifest, order, pick

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

PICKS = {("WEB-1", "P-1"), ("WEB-1", "P-2"), ("WEB-2", "P-1")}


@pytest.mark.parametrize("point", POINTS)
async def test_one_consignment_a_pick_and_every_outcome_though_killed(
    world: World, point: str
) -> None:
    marks = world.folder / "marks"
    marks.mkdir()
    async with world.kept_running(KILL_AT=point, KILL_MARKS=str(marks)):
        await world.say("order.placed", order("WEB-1", ("NECKLACE", 1), ("HAT", 2)), times=2)
        await world.say("order.placed", order("WEB-2", ("COAT", 1)), times=2)
        await world.say("stock.picked", pick("WEB-1", "P-1", [("NECKLACE", 1)]), times=2)
        await world.say("stock.picked", pick("WEB-1", "P-2", [("HAT", 2)]), times=2)
        await world.say("stock.picked", pick("WEB-2", "P-1", [("COAT", 1)]), times=2)
        await world.until_outcomes("consignment.labelled", 3)
        await world.say("manifest.requested", manifest("M-1"), times=2)
        await world.until_outcomes("consignment.manifested", 3)

    deaths = {mark.name for mark in marks.iterdir()}
    assert len(deaths) >= 5, f"it died only at {deaths}"
    by_pick = await world.consignments_of_picks()
    assert sorted(len(made) for made in by_pick.values()) == [1, 1, 1], by_pick
    counts = {
        kind: len(world.outcomes(kind))
        for kind in (
            "order.recorded",
            "consignment.created",
            "consignment.allocated",
            "consignment.labelled",
            "consignment.manifested",
        )
    }
    assert counts == {
        "order.recorded": 2,
        "consignment.created": 3,
        "consignment.allocated": 3,
        "consignment.labelled": 3,
        "consignment.manifested": 3,
    }
    said = {
        (outcome.data["order_reference"], outcome.data["pick_reference"])
        for outcome in world.outcomes("consignment.manifested")
    }
    assert said == PICKS
    assert len(await world.calls("packOrder")) == 3
    assert world.dead_letters == []
