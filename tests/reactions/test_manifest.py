"""manifest.requested → ready to ship, manifest → consignment.manifested | …manifest_failed"""

import asyncio
from typing import Any

import pytest

from sandbox.faults import FaultKind
from sandbox.states import ConsignmentState
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentCreated,
    ConsignmentManifested,
    ConsignmentManifestFailed,
    Named,
)
from service.ledger.operation import AwaitingLookup
from service.operations import StillMoving
from service.pro.problems import Ambiguous
from service.pro.results import Allocated

from .goods import manifest, picked, placed
from .world import World, only


async def labelled(world: World, order: str, **placing: Any) -> str:
    """Bring an order to its labels; gives its consignment."""
    await world.react(placed(order, **placing))
    created = only(ConsignmentCreated, await world.react(picked(order=order)))
    allocated = only(ConsignmentAllocated, await world.react(created))
    await world.react(allocated)
    return created.consignment_reference


async def confirmed(world: World, seconds: float = 10) -> dict[str, type]:
    """How the consignments ended, by what is said when PRO had its time."""
    world.clock.forward(seconds)
    world.state.settle()
    ended: dict[str, type] = {}
    for said in await world.do_timed_work():
        assert isinstance(said, ConsignmentManifested | ConsignmentManifestFailed)
        ended[said.consignment_reference] = type(said)
    return ended


def manifested_in_pro(world: World) -> set[str]:
    world.state.settle()
    return {each.reference for each in world.alive() if each.state is ConsignmentState.MANIFESTED}


async def test_what_is_labelled_is_manifested_and_said_when_pro_says_so(world: World) -> None:
    one, other = await labelled(world, "WEB-1"), await labelled(world, "WEB-2")
    assert await world.react(manifest()) == []
    assert await confirmed(world, 3) == {}
    assert await confirmed(world) == {one: ConsignmentManifested, other: ConsignmentManifested}
    known = await world.consignment(one)
    assert (known.pro_state, known.manifest_reference) == ("Manifested", "M-1")
    assert await confirmed(world, 3600) == {}


async def test_what_is_not_announced_as_labelled_yet_waits_for_the_next_manifest(
    world: World,
) -> None:
    await world.react(placed("WEB-1"))
    created = only(ConsignmentCreated, await world.react(picked(order="WEB-1")))
    allocated = only(ConsignmentAllocated, await world.react(created))
    asked = world.clock.now
    world.clock.forward(1)
    labels = await world.perform(allocated)
    await world.react(manifest("M-1"), time=asked)
    assert await confirmed(world) == {}
    await world.publication.acknowledged(labels.operation_key)
    await world.react(manifest("M-2"))
    assert await confirmed(world) == {created.consignment_reference: ConsignmentManifested}


async def test_a_manifest_waits_for_labels_that_may_have_been_heard_before_it_was_asked_for(
    world: World,
) -> None:
    await world.react(placed("WEB-1"))
    created = only(ConsignmentCreated, await world.react(picked(order="WEB-1")))
    allocated = only(ConsignmentAllocated, await world.react(created))
    labels = await world.perform(allocated)
    world.clock.forward(1)
    with pytest.raises(StillMoving):
        await world.react(manifest())
    await world.publication.acknowledged(labels.operation_key)
    await world.react(manifest())
    assert await confirmed(world) == {created.consignment_reference: ConsignmentManifested}


async def test_labels_that_can_not_be_announced_keep_no_location_waiting(world: World) -> None:
    other = await labelled(world, "WEB-2")
    await world.react(placed("WEB-1"))
    created = only(ConsignmentCreated, await world.react(picked(order="WEB-1")))
    allocated = only(ConsignmentAllocated, await world.react(created))
    labels = await world.perform(allocated)
    world.clock.forward(1000)
    await world.react(manifest("M-1"))
    assert await confirmed(world) == {other: ConsignmentManifested}
    await world.publication.acknowledged(labels.operation_key)
    await world.react(manifest("M-2"))
    assert await confirmed(world) == {created.consignment_reference: ConsignmentManifested}


async def test_a_manifest_waits_for_no_labels_of_an_order_on_hold(world: World) -> None:
    await world.react(placed("WEB-1"))
    created = only(ConsignmentCreated, await world.react(picked(order="WEB-1")))
    await world.perform(only(ConsignmentAllocated, await world.react(created)))
    await world.hold("WEB-1")
    world.clock.forward(1)
    await world.react(manifest())
    assert await confirmed(world) == {}


async def test_a_repeated_request_manifests_nothing_twice(world: World) -> None:
    await labelled(world, "WEB-1")
    for _ in range(3):
        await world.react(manifest())
    await confirmed(world)
    await world.react(manifest())
    await world.react(manifest("M-2"))
    assert world.calls("manifestFromQuery") == 1
    assert [each.manifest_count for each in world.alive()] == [1]


async def test_an_order_on_hold_stays_out_of_the_manifest_until_it_is_let_go(
    world: World,
) -> None:
    one, held = await labelled(world, "WEB-1"), await labelled(world, "WEB-22")
    let_go = await world.hold("WEB-22")
    await world.react(manifest("M-1"))
    assert await confirmed(world) == {one: ConsignmentManifested}
    assert manifested_in_pro(world) == {one}
    await let_go()
    await world.react(manifest("M-2"))
    assert await confirmed(world) == {held: ConsignmentManifested}


async def test_what_is_not_labelled_or_lies_elsewhere_stays_out(world: World) -> None:
    one = await labelled(world, "WEB-1")
    await world.react(placed("WEB-2"))
    await world.react(only(ConsignmentCreated, await world.react(picked(order="WEB-2"))))
    await world.react(placed("WEB-3", origin="BRISTOL_WH"))
    created = only(ConsignmentCreated, await world.react(picked(order="WEB-3")))
    await world.react(only(ConsignmentAllocated, await world.react(created)))
    await world.react(manifest())
    await confirmed(world)
    assert manifested_in_pro(world) == {one}


async def test_what_failed_is_said_and_the_next_manifest_takes_it_again(world: World) -> None:
    one, other = await labelled(world, "WEB-1"), await labelled(world, "WEB-2")
    world.fault(
        "manifestFromQuery",
        FaultKind.MANIFEST_FAILURE,
        match={"consignment_reference": one},
        body="The carrier is closed.",
    )
    await world.react(manifest("M-1"))
    assert await confirmed(world) == {one: ConsignmentManifestFailed, other: ConsignmentManifested}
    kept = (await world.entries("WEB-1"))[-1]
    assert (kept.what, kept.details["consignment"]) == ("refused", one)
    assert kept.details["code"] == "manifest_failed"
    assert "closed" not in str(kept), "PRO's own words may name people"
    assert "code" not in (await world.entries("WEB-2"))[-1].details
    known = await world.consignment(one)
    assert (known.pro_state, known.manifest_reference) == ("ManifestFailed", None)
    await world.react(manifest("M-2"))
    assert await confirmed(world) == {one: ConsignmentManifested}


async def test_what_pro_did_not_queue_is_said(world: World) -> None:
    one, other = await labelled(world, "WEB-1"), await labelled(world, "WEB-2")
    world.fault(
        "manifestFromQuery", FaultKind.BULK_ITEM_FAILURE, match={"consignment_reference": one}
    )
    await world.react(manifest("M-1"))
    assert await confirmed(world) == {one: ConsignmentManifestFailed, other: ConsignmentManifested}
    await world.react(manifest("M-2"))
    assert await confirmed(world) == {one: ConsignmentManifested}


@pytest.mark.parametrize("operation", ["setReadyToShip", "manifestFromQuery"])
async def test_a_lost_answer_is_read_from_the_states(world: World, operation: str) -> None:
    one = await labelled(world, "WEB-1")
    world.fault(operation, FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(manifest())
    with pytest.raises(AwaitingLookup):
        await world.react(manifest())
    world.clock.forward(3)
    await world.react(manifest())
    assert await confirmed(world) == {one: ConsignmentManifested}
    assert world.calls(operation) == 1
    assert [each.manifest_count for each in world.alive()] == [1]


async def test_a_call_that_never_arrived_is_repeated(world: World) -> None:
    one = await labelled(world, "WEB-1")
    world.fault("manifestFromQuery", FaultKind.DROP_BEFORE_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(manifest())
    world.clock.forward(3)
    await world.react(manifest())
    assert await confirmed(world) == {one: ConsignmentManifested}
    assert world.calls("manifestFromQuery") == 2


async def test_an_empty_manifest_asks_pro_nothing(world: World) -> None:
    assert await world.react(manifest()) == []
    assert world.calls("setReadyToShip") == world.calls("manifestFromQuery") == 0


async def test_a_failed_consignment_of_an_order_on_hold_is_not_swept_into_the_next_manifest(
    world: World,
) -> None:
    one, held = await labelled(world, "WEB-1"), await labelled(world, "WEB-22")
    world.fault("manifestFromQuery", FaultKind.MANIFEST_FAILURE, times=2)
    await world.react(manifest("M-1"))
    await confirmed(world)
    await world.hold("WEB-22")
    await world.react(manifest("M-2"))
    assert await confirmed(world) == {one: ConsignmentManifested}
    assert manifested_in_pro(world) == {one}
    assert held not in manifested_in_pro(world)


async def test_an_earlier_manifests_confirmation_leaves_alone_what_a_later_one_only_prepares(
    world: World,
) -> None:
    one = await labelled(world, "WEB-1")
    await world.react(manifest("M-1"))
    other = await labelled(world, "WEB-2")
    world.clock.forward(3)
    world.fault("setReadyToShip", FaultKind.LATENCY, seconds=1.0)
    preparing = asyncio.create_task(world.react(manifest("M-2")))
    for _ in range(1000):
        if world.calls("setReadyToShip") == 2:
            break
        await asyncio.sleep(0.005)
    assert await world.do_timed_work() == []
    await preparing
    assert await confirmed(world) | await confirmed(world, 60) == {
        one: ConsignmentManifested,
        other: ConsignmentManifested,
    }


async def test_what_failed_before_goes_by_name_though_the_answer_about_the_rest_was_lost(
    world: World,
) -> None:
    one = await labelled(world, "WEB-1")
    world.fault("manifestFromQuery", FaultKind.MANIFEST_FAILURE)
    await world.react(manifest("M-1"))
    assert await confirmed(world) == {one: ConsignmentManifestFailed}
    other = await labelled(world, "WEB-2")
    world.fault("setReadyToShip", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(manifest("M-2"))
    world.clock.forward(3)
    await world.react(manifest("M-2"))
    assert world.calls("manifestConsignments") == 1
    assert await confirmed(world) == {one: ConsignmentManifested, other: ConsignmentManifested}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": FaultKind.BULK_ITEM_FAILURE},
        {"kind": FaultKind.STATUS, "status": 400},
    ],
    ids=["one", "the call"],
)
async def test_what_pro_does_not_set_ready_is_said_and_the_next_manifest_takes_it(
    world: World, fault: dict[str, Any]
) -> None:
    one = await labelled(world, "WEB-1")
    world.fault("setReadyToShip", **fault)
    await world.react(manifest("M-1"))
    assert await confirmed(world) == {one: ConsignmentManifestFailed}
    await world.react(manifest("M-2"))
    assert await confirmed(world) == {one: ConsignmentManifested}


async def test_a_return_goes_by_name_with_the_location_it_comes_back_to(world: World) -> None:
    await world.react(placed("WEB-1"))
    both = await world.react(picked(order="WEB-1", generate_return=True))
    for created in both:
        await world.react(only(ConsignmentAllocated, await world.react(created)))
    await world.react(manifest())
    references = {each.subject for each in both if isinstance(each, ConsignmentCreated)}
    assert await confirmed(world) == dict.fromkeys(references, ConsignmentManifested)
    assert world.calls("manifestConsignments") == world.calls("manifestFromQuery") == 1


async def test_a_lost_answer_about_a_return_is_read_from_its_state(world: World) -> None:
    await world.react(placed("WEB-1"))
    for created in await world.react(picked(order="WEB-1", generate_return=True)):
        await world.react(only(ConsignmentAllocated, await world.react(created)))
    world.fault("manifestConsignments", FaultKind.DROP_AFTER_COMMIT)
    with pytest.raises(Ambiguous):
        await world.react(manifest())
    world.clock.forward(3)
    await world.react(manifest())
    assert set((await confirmed(world)).values()) == {ConsignmentManifested}
    assert [each.manifest_count for each in world.alive()] == [1, 1]


async def test_only_what_was_set_ready_elsewhere_is_taken_when_that_is_asked_for(
    world: World,
) -> None:
    one, other = await labelled(world, "WEB-1"), await labelled(world, "WEB-2")
    await world.pro.set_ready_to_ship([one])
    await world.react(manifest("M-1", states=["ready_to_ship"]))
    assert await confirmed(world) == {one: ConsignmentManifested}
    assert world.calls("setReadyToShip") == 1
    await world.react(manifest("M-2", states=["allocated"]))
    assert await confirmed(world) == {other: ConsignmentManifested}


async def test_shipping_dates_and_printed_labels_limit_what_is_taken(world: World) -> None:
    early = await labelled(world, "WEB-1", shipping_date="2026-03-04T08:00:00Z")
    late = await labelled(world, "WEB-2", shipping_date="2026-03-06T08:00:00Z")
    await world.react(manifest("M-0", labels_printed=False))
    assert await confirmed(world) == {}
    days = {"shipping_date_from": "2026-03-04", "shipping_date_until": "2026-03-05"}
    await world.react(manifest("M-1", labels_printed=True, **days))
    assert await confirmed(world) == {early: ConsignmentManifested}
    await world.react(manifest("M-2", shipping_date_from="2026-03-05"))
    assert await confirmed(world) == {late: ConsignmentManifested}


async def test_hundreds_go_in_one_call_and_are_read_back_in_pages(world: World) -> None:
    many = {await labelled(world, f"WEB-{number}") for number in range(120)}
    world.state.calls.clear()
    await world.react(manifest())
    assert await confirmed(world) == dict.fromkeys(many, ConsignmentManifested)
    assert world.calls("setReadyToShip") == world.calls("manifestFromQuery") == 1
    assert world.calls("getConsignmentStatus") == 0
    assert world.calls("searchConsignments") < 8


async def test_what_another_system_allocated_is_labelled_and_manifested_too(world: World) -> None:
    await world.react(placed("WEB-1"))
    created = only(
        ConsignmentCreated,
        await world.react(picked(order="WEB-1", allocation=[{"way": "none"}])),
    )
    assert await world.react(created) == []
    results = await world.pro.allocate_default_rules([created.consignment_reference])
    given = results[created.consignment_reference]
    assert isinstance(given, Allocated)
    said = ConsignmentAllocated(
        **created.names,
        sequence=0,
        carrier=Named(reference=given.carrier_reference, name=given.carrier_name),
        carrier_service=Named(reference=given.carrier_service_reference),
        tracking_references=given.tracking_references,
    )
    await world.react(said)
    known = await world.consignment(created.consignment_reference)
    assert known.carrier_service_reference == given.carrier_service_reference
    await world.react(manifest(carriers=[given.carrier_reference]))
    assert await confirmed(world) == {created.consignment_reference: ConsignmentManifested}


async def test_what_was_left_ready_by_a_manifest_before_and_is_on_hold_now_does_not_go_along(
    world: World,
) -> None:
    one, held = await labelled(world, "WEB-1"), await labelled(world, "WEB-22")
    world.fault("manifestFromQuery", FaultKind.STATUS, status=400)
    await world.react(manifest("M-1"))
    assert set((await confirmed(world)).values()) == {ConsignmentManifestFailed}
    await world.hold("WEB-22")
    await world.react(manifest("M-2"))
    assert await confirmed(world) == {one: ConsignmentManifested}
    assert manifested_in_pro(world) == {one}
    assert (await world.consignment(held)).pro_state == "ReadyToShip"
