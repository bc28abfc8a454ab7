"""Manifesting: asked now, settled later (RULES 8; 11, 32)."""

from typing import Any

import pytest

from sandbox.faults import FaultKind, FaultRule, Match

from .caller import Caller, Clock, targets
from .carrier_turns import TO_FRANCE
from .samples import ORDER

FROM_QUERY = "/consignments/manifestFromQuery"


async def test_asynchronous(pro: Caller, clock: Clock) -> None:
    reference = await pro.allocated()
    body = {"ConsignmentReferences": [reference, "EC-000-000-000", await pro.pack()]}
    response = await pro.call("PUT", "/consignments/manifest", body)
    assert response.status_code == 202
    assert [each["IsSuccess"] for each in response.json()] == [True, False, False]
    assert [each["Data"] for each in response.json()] == body["ConsignmentReferences"]
    assert await pro.state_of(reference) == "Manifesting"
    clock.forward(4.9)
    assert await pro.state_of(reference) == "Manifesting"
    clock.forward(0.1)
    assert await pro.state_of(reference) == "Manifested"


async def test_nothing_taken_up_is_a_200(pro: Caller) -> None:
    body = {"ConsignmentReferences": [await pro.pack()]}
    assert (await pro.call("PUT", "/consignments/manifest", body)).status_code == 200


async def test_a_failed_manifest_may_be_tried_again(pro: Caller, clock: Clock) -> None:
    reference = await pro.allocated()
    kind, body = FaultKind.MANIFEST_FAILURE, "No van today."
    match = Match(consignment_reference=reference)
    pro.state.faults.add(FaultRule(kind=kind, times=1, body=body, match=match))
    query = {"States": ["Allocated", "ManifestFailed"]}
    await pro.good("POST", FROM_QUERY, query)
    clock.forward(60)
    (line,) = (await pro.good("GET", "/consignments/1/0"))["ConsignmentSummaries"]
    assert (line["State"], line["FailedManifestMessage"]) == ("ManifestFailed", "No van today.")
    # When it was due, however late somebody looks.
    assert line["FailedManifestTimeStamp"] == "2026-03-02T08:15:35.1234560+00:00"
    await pro.good("POST", FROM_QUERY, query)
    clock.forward(5)
    assert await pro.state_of(reference) == "Manifested"
    assert pro.state.consignments[reference].manifest_count == 1


async def test_the_query_takes_what_is_allocated_and_names_nothing(pro: Caller) -> None:
    await pro.allocated()
    await pro.pack()
    answer = await pro.good("POST", FROM_QUERY, {"States": ["Allocated"]})
    assert answer == {"Message": "1 matched, 1 queued, 0 not queued"}
    again = await pro.good("POST", FROM_QUERY, {"States": ["Allocated"]})
    assert again == {"Message": "0 matched, 0 queued, 0 not queued"}


async def test_a_closed_batch_by_ready_to_ship(pro: Caller) -> None:
    batch, late = await pro.allocated(), await pro.allocated()
    (result,) = await pro.good("PUT", "/consignments/setreadytoship", [batch])
    assert result["IsSuccess"]
    await pro.good("POST", FROM_QUERY, {"States": ["ReadyToShip"]})
    assert await pro.state_of(batch) == "Manifesting"
    assert await pro.state_of(late) == "Allocated"


@pytest.mark.parametrize(
    ("criteria", "matched"),
    [
        ({"ShippingLocationReferences": ["BRISTOL_WH"]}, 1),
        ({"ShippingLocationReferences": ["BRISTOL_WH", "LEEDS_DC"]}, 2),
        ({"ShippingLocationReferences": []}, 2),
        ({"ShippingLocationReferences": ["GLASGOW_STORE"]}, 0),
        ({"ShippingLocationReference": "GLASGOW_STORE"}, 2),
        ({"Carriers": ["NORTHLINE"]}, 2),
        ({"Carriers": ["KESTREL"]}, 0),
        ({"LabelsPrinted": True}, 1),
        ({"LabelsPrinted": False}, 1),
        ({"ShippingDate": "2026-03-04"}, 1),
        ({"ShippingDateRanges": {"StartDate": "2026-03-04", "EndDate": "2026-03-04"}}, 1),
        ({"ShippingDateRanges": {"StartDate": "2026-03-05"}}, 0),
        ({"ShippingDateRanges": {"EndDate": "2026-03-04T08:59:00"}}, 0),
        ({"LabelsPrinted": True, "ShippingLocationReferences": ["LEEDS_DC"]}, 0),
    ],
)
async def test_criteria(pro: Caller, criteria: dict[str, Any], matched: int) -> None:
    await pro.allocated()
    origin = {"AddressType": "Origin", "ShippingLocationReference": "BRISTOL_WH"}
    order = await pro.order(
        Addresses=[origin, ORDER["Addresses"][1]], ShippingDate="2026-03-04T09:00:00"
    )
    other = await pro.pack(order)
    await pro.allocate(other)
    await pro.good("GET", f"/labels/{other}")
    answer = await pro.good("POST", FROM_QUERY, {"States": ["Allocated"]} | criteria)
    assert answer["Message"].startswith(f"{matched} matched, {matched} queued")


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({}, "States"),
        ({"States": []}, "States"),
        ({"States": ["Allocated", "Manifest Failed"]}, "States[1]"),
        ({"States": ["Unallocated"]}, "States[0]"),
        ({"States": ["Allocated"], "ShippingDate": "soon"}, "ShippingDate"),
    ],
)
async def test_refused(pro: Caller, body: dict[str, Any], target: str) -> None:
    assert targets(await pro.call("POST", FROM_QUERY, body)) == [target]


BRISTOL = {"AddressType": "Origin", "ShippingLocationReference": "BRISTOL_WH"}
TO_NORWICH = ORDER["Addresses"][1]


async def _ready(
    pro: Caller,
    *,
    origin: dict[str, Any] = BRISTOL,
    destination: dict[str, Any] = TO_NORWICH,
    ships: str | None = "2026-03-04T09:00:00",
    labelled: bool = True,
) -> str:
    order = await pro.order(Addresses=[origin, destination], ShippingDate=ships)
    reference = await pro.pack(order, Tags=[])
    await pro.allocate(reference)
    if labelled:
        await pro.good("GET", f"/labels/{reference}")
    return reference


async def test_every_criterion_counts(pro: Caller) -> None:
    wanted = await _ready(pro)
    # Each of these misses one criterion only.
    await _ready(pro, origin=ORDER["Addresses"][0])
    await _ready(pro, destination=TO_FRANCE[1])
    await _ready(pro, labelled=False)
    await _ready(pro, ships="2026-03-04T08:59:59")
    await _ready(pro, ships="2026-03-05T00:00:00")
    await _ready(pro, ships=None)
    await pro.good("PUT", "/consignments/setreadytoship", [await _ready(pro)])
    query = {
        "ShippingLocationReferences": ["BRISTOL_WH", "GLASGOW_STORE"],
        "States": ["Allocated", "ManifestFailed"],
        "Carriers": ["NORTHLINE", "PENNYPOST"],
        "LabelsPrinted": True,
        "ShippingDate": "2026-03-04T00:00:00",
        "ShippingDateRanges": {
            "StartDate": "2026-03-04T09:00:00",
            "EndDate": "2026-03-05T17:00:00",
        },
    }
    answer = await pro.good("POST", FROM_QUERY, query)
    assert answer == {"Message": "1 matched, 1 queued, 0 not queued"}
    assert await pro.state_of(wanted) == "Manifesting"


async def test_the_three_states_at_once(pro: Caller, clock: Clock) -> None:
    failed, ready, allocated = [await pro.allocated() for _ in range(3)]
    match = Match(consignment_reference=failed)
    pro.state.faults.add(FaultRule(kind=FaultKind.MANIFEST_FAILURE, times=1, match=match))
    await pro.good("PUT", "/consignments/manifest", {"ConsignmentReferences": [failed]})
    clock.forward(5)
    await pro.good("PUT", "/consignments/setreadytoship", [ready])
    query = {"States": ["Allocated", "ManifestFailed", "ReadyToShip"]}
    answer = await pro.good("POST", FROM_QUERY, query)
    assert answer["Message"] == "3 matched, 3 queued, 0 not queued"
    clock.forward(5)
    for reference in (failed, ready, allocated):
        assert await pro.state_of(reference) == "Manifested"


async def test_hundreds_in_one_call(pro: Caller, clock: Clock) -> None:
    order = await pro.order()
    references = [await pro.pack(order) for _ in range(250)]
    await pro.allocate(*references[:-1])
    results = await pro.good("PUT", "/consignments/manifest", {"ConsignmentReferences": references})
    assert [each["Data"] for each in results] == references
    assert [each["IsSuccess"] for each in results] == [True] * 249 + [False]
    clock.forward(5)
    page = await pro.good("GET", "/consignments/300/0?state=Manifested")
    assert page["Count"] == 249
    (file,) = await pro.good("GET", "/consignments/customer/manifests")
    assert file["BookingsCount"] == 249
