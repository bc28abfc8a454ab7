"""Reading, naming and sending off consignments, and those of chosen options (RULES 4.2)."""

from typing import Any

from sandbox.faults import FaultKind, FaultRule

from .caller import Caller, Clock, last_segment, targets
from .goods import options


async def test_with_and_without_metadata(pro: Caller) -> None:
    reference = await pro.pack()
    whole = await pro.read(reference)
    assert whole["MetaData"]
    path = "/consignments/getconsignment{}/" + reference
    assert await pro.good("GET", path.format("withmetadata")) == whole
    assert await pro.good("GET", path.format("only")) == whole | {"MetaData": None}


async def test_the_audit_tells_every_state(pro: Caller, clock: Clock) -> None:
    reference = await pro.pack()
    clock.forward(60)
    await pro.allocate(reference)
    lines = await pro.good("GET", f"/consignments/{reference}/audit")
    told = [(each["Message"], each["Timestamp"][11:16]) for each in lines]
    assert told == [
        ("The consignment is Unallocated.", "08:15"),
        ("The consignment is Allocating.", "08:16"),
        ("The consignment is Allocated.", "08:16"),
    ]
    assert {each["ConsignmentReference"] for each in lines} == {reference}
    assert len({each["Id"] for each in lines}) == 3
    assert (await pro.call("GET", "/consignments/EC-000-000-000/audit")).status_code == 404


async def test_another_reference(pro: Caller) -> None:
    reference = await pro.allocated()
    path = f"/consignments/{reference}/setcustomerprovidedreference"
    response = await pro.call("PUT", path, {"Reference": "another"})
    assert (response.status_code, response.content) == (200, b"")
    assert (await pro.read(reference))["ConsignmentReferenceProvidedByCustomer"] == "another"
    assert targets(await pro.call("PUT", path, {})) == ["Reference"]
    path = "/consignments/EC-000-000-000/setcustomerprovidedreference"
    assert (await pro.call("PUT", path, {"Reference": "x"})).status_code == 404


async def _manifested(pro: Caller, clock: Clock) -> str:
    reference = await pro.allocated()
    await pro.good("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    clock.forward(5)
    return reference


async def _dispatch(pro: Caller, *references: str) -> list[dict[str, Any]]:
    body = {"ConsignmentReferences": list(references)}
    results: list[dict[str, Any]] = await pro.good("PUT", "/consignments/Dispatch", body)
    return results


async def test_dispatch_says_of_each_what_became_of_it(pro: Caller, clock: Clock) -> None:
    gone, early = await _manifested(pro, clock), await pro.allocated()
    results = await _dispatch(pro, early, "EC-000-000-000", gone)
    assert [(each["Status"], each["HttpStatusCode"]) for each in results] == [
        ("Failed", 400),
        ("NotFound", 404),
        ("Success", 200),
    ]
    assert "Allocated" in results[0]["Message"]
    assert results[1]["ApiLinks"] == []
    assert last_segment(results[2]["ApiLinks"]) == gone
    assert (await pro.read(gone))["DateShipped"] == "2026-03-02T08:15:35.1234560+00:00"
    assert (await pro.read(early))["DateShipped"] is None
    page = await pro.good("GET", "/consignments/10/0?state=Dispatched")
    (line,) = page["ConsignmentSummaries"]
    assert line["ShippedDate"] == "2026-03-02T08:15:35.1234560+00:00"


async def test_one_of_a_dispatch_goes_wrong(pro: Caller, clock: Clock) -> None:
    gone = await _manifested(pro, clock)
    kind = FaultKind.BULK_ITEM_FAILURE
    rule = FaultRule(kind=kind, operation="dispatchConsignments", times=1, status=503)
    pro.state.faults.add(rule)
    (result,) = await _dispatch(pro, gone)
    assert (result["Status"], result["HttpStatusCode"]) == ("Failed", 503)
    assert await pro.state_of(gone) == "Manifested"


async def test_a_chosen_option_is_an_allocated_consignment(pro: Caller) -> None:
    option = next(
        each for each in await options(pro) if each["CarrierServiceReference"] == "NL_2MAN"
    )
    summary = await pro.good("POST", f"/deliveryoptions/select/{option['Reference']}")
    # The option's service, although another one is cheaper.
    assert summary["CarrierServiceReference"] == "NL_2MAN"
    reference = last_segment(summary["ApiLinks"])
    told = await pro.read(reference)
    assert told["ConsignmentState"] == "Allocated"
    assert told["ConsignmentReferenceProvidedByCustomer"] == "SOLO-1"
    assert told["ConsignmentLegs"][0]["TrackingReferences"]
    again = await pro.good("POST", f"/deliveryoptions/select/{option['Reference']}")
    other = await pro.read(last_segment(again["ApiLinks"]))
    assert other["Packages"][0]["Reference"] != told["Packages"][0]["Reference"]
    assert pro.state.consignments[reference].history != []


async def test_an_option_that_is_gone_makes_no_consignment(pro: Caller, clock: Clock) -> None:
    option = (await options(pro))[0]["Reference"]
    clock.forward(24 * 3600)
    for reference, code in (("EDO-000-000-000", "NotFound"), (option, "Expired")):
        response = await pro.call("POST", f"/deliveryoptions/select/{reference}")
        assert targets(response) == ["deliveryOptionReference"]
        assert response.json()["Details"][0]["Code"] == code
    assert pro.state.consignments == {}


async def test_the_locations_of_the_user(pro: Caller) -> None:
    found = await pro.good("GET", "/shippinglocations/assigned")
    assert {each["Reference"] for each in found} == {"LEEDS_DC", "BRISTOL_WH"}
    every = await pro.good("GET", "/shippinglocations")
    linked = {each["Reference"] for each in every if each["LinkedAccounts"]}
    assert linked == {"LEEDS_DC", "BRISTOL_WH"}
