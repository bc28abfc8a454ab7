"""A consignment is allocated by its plan: way after way until one works, each asked for once."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sandbox.faults import FaultKind
from service.allocation_plans import AllocationPlans, Conditions, Rule
from service.events.allocation import BY_DEFAULT_RULES, Way
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentAllocationFailed,
    ConsignmentCreated,
)
from service.events.topics import EventType
from service.ledger import consignments
from service.ledger.operation import AwaitingLookup
from service.operations import NOTHING_TO_SAY
from service.pro.problems import Ambiguous, Throttled
from service.strays import Strays

from .goods import item, picked, placed
from .world import World, only

HEAVY = {"value": 500, "unit": "kg"}
NO_SUCH = {"way": "carrier_service", "reference": "NO_SUCH"}
INBOUND_ONLY = {"way": "carrier_service", "reference": "NL_RET"}
ECO = {"way": "carrier_service", "reference": "PP_ECO"}
ABROAD = {"way": "service_group", "reference": "WORLD"}
UK = {"way": "service_group", "reference": "UK_STANDARD"}
DEFAULT = {"way": "default_rules"}


async def created(world: World, *ways: dict[str, Any], **order: Any) -> ConsignmentCreated:
    """A consignment that waits for its allocation in these ways."""
    await world.react(placed("WEB-1", item(**order)))
    return only(ConsignmentCreated, await world.react(picked(allocation=list(ways) or None)))


def asked(world: World) -> list[str]:
    """The allocations that PRO was asked for, in order."""
    names = {
        "allocateDefaultRules": "default",
        "allocateWithCarrierService": "service",
        "allocateWithServiceGroup": "group",
    }
    return [names[call.operation] for call in world.state.calls if call.operation in names]


async def tried(world: World) -> list[tuple[str, str]]:
    """Each attempt as the order's history has it: way and end."""
    return [
        (entry.details["way"], entry.what)
        for entry in await world.entries()
        if "way" in entry.details
    ]


async def test_a_named_carrier_service_gets_the_consignment(world: World) -> None:
    allocated = only(ConsignmentAllocated, await world.react(await created(world, ECO)))
    assert allocated.carrier_service.reference == "PP_ECO"
    assert asked(world) == ["service"]


async def test_a_service_group_takes_one_consignment_a_call(world: World) -> None:
    made = await created(world, ABROAD, UK)
    allocated = only(ConsignmentAllocated, await world.react(made))
    assert allocated.carrier_service.reference in ("NL_P24", "NL_P48", "PP_ECO")
    assert await tried(world) == [
        ("service_group WORLD", "refused"),
        ("service_group UK_STANDARD", "finished"),
    ]
    assert asked(world) == ["group", "group"]


async def test_the_lost_answer_of_a_group_is_read_from_the_state(world: World) -> None:
    made = await created(world, ABROAD, UK)
    world.fault("allocateWithServiceGroup", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(made)  # the first way's
    world.clock.forward(3)
    allocated = only(ConsignmentAllocated, await world.react(made))
    assert allocated.carrier_service.reference in ("NL_P24", "NL_P48", "PP_ECO")
    assert world.state.consignments[made.consignment_reference].allocation_count == 1


async def test_the_next_way_is_tried_when_one_fails(world: World) -> None:
    made = await created(world, NO_SUCH, INBOUND_ONLY, DEFAULT)
    allocated = only(ConsignmentAllocated, await world.react(made))
    assert allocated.sequence == made.sequence + 1
    assert asked(world) == ["service", "service", "default"]
    assert await tried(world) == [
        ("carrier_service NO_SUCH", "refused"),
        ("carrier_service NL_RET", "refused"),
        ("default_rules", "finished"),
    ]
    assert only(ConsignmentAllocated, await world.react(made)) == allocated
    assert len(asked(world)) == 3
    assert world.state.consignments[made.consignment_reference].allocation_count == 1


async def test_only_the_last_failure_is_told_with_the_reason_of_each_way(world: World) -> None:
    made = await created(world, NO_SUCH, ECO, DEFAULT, weight=HEAVY)
    failed = only(ConsignmentAllocationFailed, await world.react(made))
    assert failed.sequence == made.sequence + 1
    details = failed.rejection.details
    ways = ["carrier_service NO_SUCH", "carrier_service PP_ECO", "default_rules"]
    assert [detail.target for detail in details[:3]] == ways
    assert "NO_SUCH" in (details[0].message or "")
    assert failed.rejection.message == details[2].message
    assert (await world.consignment(made.consignment_reference)).pro_state == "AllocationFailed"
    assert only(ConsignmentAllocationFailed, await world.react(made)) == failed
    assert len(asked(world)) == 3
    assert await world.publication.missing(-1, 10) == []


async def test_what_failed_before_a_death_is_not_tried_again(world: World) -> None:
    made = await created(world, NO_SUCH, DEFAULT)
    world.fault("allocateDefaultRules", FaultKind.STATUS, status=429)
    with pytest.raises(Throttled):
        await world.react(made)
    only(ConsignmentAllocated, await world.react(made))
    assert asked(world) == ["service", "default", "default"]


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER_COMMIT, FaultKind.DROP_BEFORE_COMMIT])
async def test_a_lost_answer_of_a_fall_back_is_no_failure_of_the_way_before(
    world: World, kind: FaultKind
) -> None:
    made = await created(world, INBOUND_ONLY, DEFAULT)
    world.fault("allocateDefaultRules", kind)
    with pytest.raises(Ambiguous):
        await world.react(made)
    with pytest.raises(AwaitingLookup):
        await world.react(made)
    world.clock.forward(3)
    allocated = only(ConsignmentAllocated, await world.react(made))
    consignment = world.state.consignments[made.consignment_reference]
    assert consignment.allocation is not None
    assert allocated.carrier_service.reference == consignment.allocation.service.reference
    assert consignment.allocation_count == 1


async def test_a_lost_failure_of_the_last_way_is_asked_again(world: World) -> None:
    made = await created(world, ECO, DEFAULT, weight=HEAVY)
    world.fault("allocateDefaultRules", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(made)
    world.clock.forward(3)
    failed = only(ConsignmentAllocationFailed, await world.react(made))
    assert [detail.target for detail in failed.rejection.details[:2]] == [
        "carrier_service PP_ECO",
        "default_rules",
    ]
    assert asked(world) == ["service", "default", "default"]


async def test_a_late_success_of_a_way_given_up_is_success(world: World) -> None:
    made = await created(world, ECO, INBOUND_ONLY)
    world.fault("allocateWithCarrierService", FaultKind.STATUS, status=400, acts=True)
    allocated = only(ConsignmentAllocated, await world.react(made))
    assert allocated.carrier_service.reference == "PP_ECO"
    assert world.state.consignments[made.consignment_reference].allocation_count == 1


async def test_a_success_of_a_way_before_found_while_looking_is_success(world: World) -> None:
    made = await created(world, INBOUND_ONLY, DEFAULT)
    world.fault("allocateDefaultRules", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(made)
    await world.pro.allocate_carrier_service([made.consignment_reference], "PP_ECO")
    world.clock.forward(3)
    allocated = only(ConsignmentAllocated, await world.react(made))
    assert allocated.carrier_service.reference == "PP_ECO"
    assert world.calls("allocateDefaultRules") == 1


async def test_the_plan_none_leaves_the_consignment_to_another_system(world: World) -> None:
    made = await created(world, {"way": "none"})
    for _ in range(2):
        assert await world.react(made) == []
    assert asked(world) == []
    assert (await world.history()).count("left to another system") == 1
    assert (await world.consignment(made.consignment_reference)).pro_state == "Unallocated"


async def test_a_plan_of_the_order_is_for_all_its_picks_that_name_none(world: World) -> None:
    await world.react(placed("WEB-1", item(quantity=2), allocation=[ECO]))
    first = only(ConsignmentCreated, await world.react(picked("P-1")))
    second = only(ConsignmentCreated, await world.react(picked("P-2", allocation=[DEFAULT])))
    assert await ways_of(world, first) == (Way.model_validate(ECO),)
    assert await ways_of(world, second) == BY_DEFAULT_RULES


async def test_rules_choose_by_the_order_and_the_pick(world: World) -> None:
    eco, none = (Way.model_validate(ECO),), (Way(way="none"),)
    order = Conditions(
        destination_country=frozenset({"GB"}),
        shipping_location=frozenset({"LEEDS_DC"}),
        tags=frozenset({"Fragile"}),
        weight_from=Decimal("1.4"),
        weight_below=Decimal("2.8"),
        metadata={"Channel": "b2b"},
    )
    follow(world, AllocationPlans((Rule("all of it", order, eco),), otherwise=none))
    channel = {"key": "Channel", "string_value": "b2b"}
    name = {"key": "Name", "string_value": "Ada Okafor"}
    await world.react(placed("WEB-1", item(quantity=4), tags=["Fragile"], metadata=[channel, name]))
    assert (await world.order()).facts == {
        "destination_country": "GB",
        "tags": ["Fragile"],
        "metadata": {"Channel": "b2b"},
    }
    fits = only(ConsignmentCreated, await world.react(picked("P-1")))
    assert await ways_of(world, fits) == eco
    two = {"sku": "TEA-POT-01", "quantity": 2}
    heavier = only(ConsignmentCreated, await world.react(picked("P-2", two)))
    assert await ways_of(world, heavier) == none
    untagged = only(ConsignmentCreated, await world.react(picked("P-3", tags=[])))
    assert await ways_of(world, untagged) == none
    chosen = [entry.details.get("allocation_chosen_by") for entry in await world.entries()]
    assert [by for by in chosen if by] == [["all of it"]]


async def test_a_return_goes_by_rules_of_its_own(world: World) -> None:
    back = Rule("returns", Conditions(direction="inbound"), (Way.model_validate(INBOUND_ONLY),))
    follow(world, AllocationPlans((back,)))
    await world.react(placed())
    out, inbound = await world.react(picked(generate_return=True))
    assert isinstance(out, ConsignmentCreated)
    assert isinstance(inbound, ConsignmentCreated)
    assert await ways_of(world, out) == BY_DEFAULT_RULES
    assert await ways_of(world, inbound) == back.allocate


async def test_what_is_cancelled_is_allocated_no_more(world: World) -> None:
    made = await created(world)
    async with world.database.begin() as tx:
        await consignments.move(tx, made.consignment_reference, "Cancelled")
    assert await world.perform(made) == NOTHING_TO_SAY
    assert asked(world) == []


@pytest.mark.parametrize("overtaken_by", ["cancellation", "reallocation"])
async def test_what_is_overtaken_before_the_lease_is_had_is_let_go(
    world: World, overtaken_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await created(world)
    reference = made.consignment_reference

    async def meanwhile(*_: object) -> None:
        async with world.database.begin() as tx:
            if overtaken_by == "cancellation":
                await consignments.move(tx, reference, "Cancelled")
            else:
                await consignments.start_allocation(tx, reference, 2, BY_DEFAULT_RULES)

    monkeypatch.setattr(Strays, "search_if_unknown", meanwhile)
    assert await world.perform(made) == NOTHING_TO_SAY
    assert asked(world) == []


async def ways_of(world: World, made: ConsignmentCreated) -> tuple[Way, ...]:
    return (await world.consignment(made.consignment_reference)).allocation_ways


def follow(world: World, plans: AllocationPlans) -> None:
    """Have the world's reactions choose by these plans."""
    for event in (EventType.ORDER_PLACED, EventType.STOCK_PICKED):
        world.reactions[event] = replace(world.reactions[event], plans=plans)  # type: ignore[type-var]
