"""A day at an invented shop, for pictures and browsers: something of everything."""

from sandbox.faults import FaultKind
from service.events.published import ConsignmentAllocated, ConsignmentCreated
from service.ledger.dead_letters import Decision
from service.pro.problems import Ambiguous
from tests.reactions.goods import item, manifest, picked, placed
from tests.reactions.world import only

from .visitor import Visitor

SHOWN = "WEB-204817"
"""The order with most to tell."""


async def play(visitor: Visitor) -> int:
    """Let it happen; gives the number of the dead letter that holds SHOWN."""
    world = visitor.world
    await visitor.labelled("WEB-204790")
    world.clock.forward(9)
    await visitor.labelled("WEB-204798", "P-7")
    world.clock.forward(840)
    await world.react(manifest("LEEDS_DC-1630"))
    world.clock.forward(10)
    await world.do_timed_work()
    await _goes_wrong_in_many_ways(visitor)
    world.clock.forward(1260)
    await _has_a_long_story(visitor)
    number = await visitor.bury(SHOWN, 41)
    world.clock.forward(65)
    await visitor.queue(SHOWN, 42)
    world.clock.forward(420)
    return number


async def _goes_wrong_in_many_ways(visitor: Visitor) -> None:
    world = visitor.world
    await world.react(placed("WEB-204803", origin="NOWHERE"))
    world.clock.forward(300)
    await world.react(placed("WEB-204807"))
    inbound_only = [{"way": "carrier_service", "reference": "NL_RET"}]
    created = only(
        ConsignmentCreated,
        await world.react(picked("P-12", order="WEB-204807", allocation=inbound_only)),
    )
    await world.react(created)
    world.clock.forward(480)
    await visitor.bury(None, 40, holds=False)
    await visitor.bury("WEB-204809", 39)
    await visitor.letters_decided("WEB-204809", Decision("bo", "the shop sends it anew"))
    world.clock.forward(120)
    await world.react(placed("WEB-204811"))
    only(ConsignmentCreated, await world.react(picked("P-15", order="WEB-204811")))
    world.clock.forward(60)


async def _has_a_long_story(visitor: Visitor) -> None:
    world = visitor.world
    await world.react(
        placed(SHOWN, item(quantity=2), item("SLATE-COASTER-4", 1), item("LINEN-TOWEL", 3))
    )
    world.clock.forward(95)
    world.fault("packOrder", FaultKind.DROP_AFTER_COMMIT)
    pick = picked("P-21", {"sku": "TEA-POT-01", "quantity": 2}, order=SHOWN)
    try:
        await world.react(pick)
    except Ambiguous:
        world.clock.forward(66)
    created = only(ConsignmentCreated, await world.react(pick))
    world.clock.forward(2)
    allocated = only(ConsignmentAllocated, await world.react(created))
    world.clock.forward(3)
    await world.react(allocated)
    world.clock.forward(30)
