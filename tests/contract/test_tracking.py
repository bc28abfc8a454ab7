"""Tracking and events: what carriers saw, and what happened in a period."""

from typing import Any

import pytest

from sandbox.states import BY_CARRIERS, ConsignmentState

from .caller import Caller, Clock, targets
from .carrier_turns import PERIOD, abroad, manifested

EVENTS = "/events/consignments"
STATE_EVENTS = "/events/consignments/stateevents"


async def _scan(pro: Caller, reference: str, state: str, **more: Any) -> None:
    body = {"consignment_reference": reference, "state": state} | more
    response = await pro.call("POST", "/_sandbox/scans", body)
    assert response.status_code == 201, response.text


async def test_before_the_carrier_has_it(pro: Caller) -> None:
    reference = await pro.pack()
    (package,) = (await pro.good("GET", f"/tracking/{reference}"))["TrackedPackages"]
    assert package["Legs"] == []
    await pro.allocate(reference)
    (package,) = (await pro.good("GET", f"/tracking/{reference}"))["TrackedPackages"]
    assert package["Legs"] == [{"CarrierServiceName": "Parcel 24", "Events": []}]


async def test_scans_on_the_way(pro: Caller, clock: Clock) -> None:
    reference = await manifested(pro)
    await _scan(pro, reference, "Collected", location="Leeds")
    clock.forward(60)
    await _scan(pro, reference, "Delivered", signed_by="A. Okafor", description="Handed over")
    (package,) = (await pro.good("GET", f"/tracking/{reference}"))["TrackedPackages"]
    collected, delivered = package["Legs"][0]["Events"]
    assert (collected["Code"], collected["Location"]) == ("Collected", "Leeds")
    assert collected["TimeStamp"] == "2026-03-02T08:16:30.1234560+00:00"
    assert (delivered["SignedBy"], delivered["Description"]) == ("A. Okafor", "Handed over")
    (flat,) = (await pro.good("GET", f"/tracking/flattened/{reference}"))["TrackedPackages"]
    assert [(each["Code"], each["CarrierServiceName"]) for each in flat["Events"]] == [
        ("Collected", "Parcel 24"),
        ("Delivered", "Parcel 24"),
    ]
    consignment = await pro.read(reference)
    assert consignment["ConsignmentState"] == "Delivered"
    assert consignment["DateCollected"] == "2026-03-02T08:16:30.1234560+00:00"
    assert consignment["DateDelivered"] == "2026-03-02T08:17:30.1234560+00:00"


async def test_each_leg_has_its_own_scans(pro: Caller, clock: Clock) -> None:
    reference = await abroad(pro)
    await pro.good("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    clock.forward(5)
    legs = len(pro.state.consignments[reference].allocation.legs)  # type: ignore[union-attr]
    await _scan(pro, reference, "AtCustoms", leg=legs)
    (package,) = (await pro.good("GET", f"/tracking/{reference}"))["TrackedPackages"]
    assert [len(leg["Events"]) for leg in package["Legs"]] == [0] * (legs - 1) + [1]


@pytest.mark.parametrize("path", ["/tracking/EC-1", "/tracking/flattened/EC-1"])
async def test_unknown(pro: Caller, path: str) -> None:
    assert (await pro.call("GET", path)).status_code == 404


@pytest.mark.parametrize("state", sorted(set(ConsignmentState) - BY_CARRIERS))
async def test_carriers_bring_about_no_other_states(pro: Caller, state: str) -> None:
    body = {"consignment_reference": await manifested(pro), "state": state}
    assert (await pro.call("POST", "/_sandbox/scans", body)).status_code == 400


@pytest.mark.parametrize("change", [{"consignment_reference": "EC-1"}, {"leg": 2}, {"more": 1}])
async def test_scans_that_cannot_be(pro: Caller, change: dict[str, Any]) -> None:
    body = {"consignment_reference": await manifested(pro), "state": "Collected"} | change
    assert (await pro.call("POST", "/_sandbox/scans", body)).status_code == 400


async def test_no_carrier_has_what_is_only_allocated(pro: Caller) -> None:
    body = {"consignment_reference": await pro.allocated(), "state": "Collected"}
    assert (await pro.call("POST", "/_sandbox/scans", body)).status_code == 400


async def _kinds(pro: Caller, *kinds: str, **period: str) -> list[str]:
    body = PERIOD | period | {"EventTypes": list(kinds)}
    found = await pro.good("POST", EVENTS, body)
    assert len({each["EventId"] for each in found}) == len(found)
    return [each["EventDetails"]["EventType"] for each in found]


ALL = (
    *("ConsignmentCreated", "ConsignmentUpdated", "LabelsPrinted"),
    *("PackageAdded", "PackageRemoved", "PackageUpdated", "Rescheduled"),
)


async def test_events_of_a_consignments_life(pro: Caller, clock: Clock) -> None:
    reference = await pro.pack()
    clock.forward(1)
    sent = await pro.read(reference)
    await pro.good("PUT", "/consignments", sent)
    clock.forward(1)
    package = sent["Packages"][0] | {"Description": "More", "Reference": None}
    added = await pro.good("POST", f"/consignments/{reference}/addpackage", package)
    clock.forward(1)
    await pro.good("DELETE", f"/packages/{added['Reference']}")
    clock.forward(1)
    await pro.allocate(reference)
    for _ in range(2):
        await pro.good("GET", f"/labels/{reference}")
    assert await _kinds(pro, *ALL) == [
        "ConsignmentCreated",
        "ConsignmentUpdated",
        "PackageUpdated",
        "PackageAdded",
        "PackageRemoved",
        "LabelsPrinted",
    ]
    assert await _kinds(pro, "PackageAdded") == ["PackageAdded"]
    body = PERIOD | {"EventTypes": ["PackageAdded"]}
    (event,) = await pro.good("POST", EVENTS, body)
    assert event["ConsignmentReference"] == reference
    assert event["ConsignmentReferenceProvidedByCustomer"] == "WEB-204817-P1"
    assert event["EventDetails"]["EventDetails"] == [{"Detail": added["Reference"]}]


async def test_packages_that_an_update_adds_and_drops(pro: Caller) -> None:
    reference = await pro.pack()
    sent = await pro.read(reference)
    other = sent["Packages"][0] | {"Reference": None}
    await pro.good("PUT", "/consignments", sent | {"Packages": [other]})
    assert await _kinds(pro, "PackageAdded", "PackageRemoved", "PackageUpdated") == [
        "PackageRemoved",
        "PackageAdded",
    ]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2026-03-02T08:15:30.123456Z", "2026-03-02T08:15:30.123456Z", 1),
        ("2026-03-02T08:15:31Z", "2026-03-03T00:00:00Z", 0),
        ("2026-03-01T00:00:00Z", "2026-03-02T08:15:30Z", 0),
        ("2026-03-02T09:15:30+01:00", "2026-03-02T09:15:31+01:00", 1),
    ],
)
async def test_the_period(pro: Caller, start: str, end: str, found: int) -> None:
    await pro.pack()
    assert len(await _kinds(pro, "ConsignmentCreated", Start=start, End=end)) == found
    body = {"ConsignmentStates": ["Unallocated"], "Start": start, "End": end}
    assert len(await pro.good("POST", STATE_EVENTS, body)) == found


async def test_state_events_tell_every_entering(pro: Caller, clock: Clock) -> None:
    reference = await pro.allocated()
    clock.forward(1)
    await pro.good("PUT", "/consignments/deallocatelist", [reference])
    clock.forward(1)
    await pro.allocate(reference)
    body = PERIOD | {"ConsignmentStates": ["Allocated", "Cancelled"]}
    found = await pro.good("POST", STATE_EVENTS, body)
    assert [each["ConsignmentState"] for each in found] == ["Allocated", "Allocated"]
    assert found[0]["CarrierServiceReference"] == "NL_P24"
    tracking = found[0]["ConsignmentLegs"][0]["TrackingReferences"][0]
    assert found[0]["ConsignmentTrackingReference"] == tracking


@pytest.mark.parametrize(
    ("path", "body", "target"),
    [
        (EVENTS, {"EventTypes": ["Lost"]}, "EventTypes[0]"),
        (EVENTS, {}, "EventTypes"),
        (EVENTS, {"EventTypes": [], "Start": "2026-03-02T00:00:00"}, "Start"),
        (EVENTS, {"EventTypes": [], "End": "2026-03-01T00:00:00Z"}, "End"),
        (STATE_EVENTS, {"ConsignmentStates": ["Nowhere"]}, "ConsignmentStates[0]"),
        (STATE_EVENTS, {"ConsignmentStates": [], "End": "2026-03-01T00:00:00Z"}, "End"),
    ],
)
async def test_refused(pro: Caller, path: str, body: dict[str, Any], target: str) -> None:
    assert targets(await pro.call("POST", path, PERIOD | body)) == [target]
