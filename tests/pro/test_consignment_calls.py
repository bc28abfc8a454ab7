"""Consignments: made without an order, sent back changed, moved many at once."""

import json
from typing import Any

import pytest

from service.pro.contract import CreateConsignmentRequest, ManifestFromQueryRequest
from service.pro.documents import consignment_document, with_origin
from service.pro.mapping import create_order_request
from service.pro.problems import Ambiguous, Refused, Retryable
from service.pro.results import Allocated, Done, Failed, NotAllocated, Unsettled
from tests.contract.document import Contract
from tests.events.shaping import example, placed
from tests.pro.raw_server import Answering, answer, client_of, serving

CONTRACT = Contract()
REFUSED = answer(400, '{"Code": "ValidationError", "Message": "no"}')
ORDER = create_order_request(placed(example("order.placed.full")))
REQUEST = CreateConsignmentRequest(
    consignment_reference_provided_by_customer="SOLO-1",
    required_delivery_date=ORDER.required_delivery_date,
    shipping_date=ORDER.shipping_date,
    packages=ORDER.packages,
    customs_documentation=ORDER.customs_documentation,
    addresses=ORDER.addresses,
    meta_data=ORDER.meta_data,
    direction="Outbound",
    tags=("Fragile",),
)
LINKS = [{"Rel": "Link", "Href": "https://apisandbox.electioapp.com/consignments/EC-1"}]
SAID: dict[str, Any] = {
    "Reference": "EC-1",
    "ConsignmentState": "Unallocated",
    "ConsignmentReferenceProvidedByCustomer": "WEB-204817-P1",
    "Source": "Api",
    "DateCreated": "2026-03-02T08:15:30.1234567+00:00",
    "RequestedDeliveryDate": {"Date": "2026-03-06T00:00:00+00:00"},
    "Direction": "Outbound",
    "Addresses": [
        {"AddressType": "Origin", "ShippingLocationReference": "LEEDS_DC", "Town": "Leeds"},
        {"AddressType": "Destination", "Town": "Norwich", "Contact": {"Mobile": "0770"}},
    ],
    "Packages": [
        {
            "Reference": "EP-1",
            "Description": "Tea set",
            "Value": {"Amount": 48.5},
            "Charges": [],
            "ConsignmentLegs": None,
            "Items": [],
        }
    ],
    "MetaData": [{"KeyValue": "PickId", "StringValue": "pick-1"}],
    "LabelCount": 0,
}


def test_what_is_asked_fits_the_contract() -> None:
    body = json.loads(REQUEST.to_json())
    assert CONTRACT.problems_of_schema("CreateConsignmentRequest", body) == []
    assert body["RequiredDeliveryDate"]["IsToBeExactlyOnTheDateSpecified"] is True


async def creating(answering: Answering) -> str:
    async with serving(answering) as server, client_of(server) as client:
        reference = await client.create_consignment(REQUEST)
        (request,) = server.requests
        assert request.line.startswith("POST /consignments ")
        assert request.body == REQUEST.to_json()
        return reference


async def test_a_consignment_is_made_without_an_order() -> None:
    assert await creating(answer(201, json.dumps(LINKS))) == "EC-1"


TWO_LINKS = [{"Rel": "Link", "Href": f"/consignments/EC-{n}"} for n in (1, 2)]


@pytest.mark.parametrize("body", ["", "[]", "{}", json.dumps(TWO_LINKS)])
async def test_a_consignment_without_a_clear_reference_is_ambiguous(body: str) -> None:
    with pytest.raises(Ambiguous):
        await creating(answer(201, body))


async def test_a_failure_inside_pro_may_have_made_it() -> None:
    with pytest.raises(Ambiguous):
        await creating(answer(500, '{"Code": "ServerError", "Message": "?"}'))
    with pytest.raises(Refused):
        await creating(REFUSED)


async def test_a_consignment_goes_back_with_only_its_origin_changed() -> None:
    async with serving(answer(200, json.dumps(SAID))) as server, client_of(server) as client:
        document = await client.get_consignment_document("EC-1")
        assert document.consignment.consignment_state == "Unallocated"
        await client.update_consignment(with_origin(document, "BRISTOL_WH"))
        request = server.requests[1]
    assert request.line.startswith("PUT /consignments ")
    body = json.loads(request.body)
    assert CONTRACT.problems_of_schema("UpdateConsignmentRequest", body) == []
    assert body["Addresses"][0] == {
        "AddressType": "Origin",
        "ShippingLocationReference": "BRISTOL_WH",
        "IsCached": False,
    }
    assert body["Addresses"][1] == SAID["Addresses"][1]
    kept = {
        *("Reference", "ConsignmentReferenceProvidedByCustomer", "RequestedDeliveryDate"),
        "MetaData",
    }
    assert {name: body[name] for name in kept} == {name: SAID[name] for name in kept}
    assert body.keys() == kept | {"Addresses", "Packages"}


@pytest.mark.parametrize("wiped", ["Addresses", "Packages"])
async def test_an_answer_that_would_wipe_the_consignment_is_asked_for_again(wiped: str) -> None:
    said = {name: value for name, value in SAID.items() if name != wiped}
    async with serving(answer(200, json.dumps(said))) as server, client_of(server) as client:
        with pytest.raises(Retryable):
            await client.get_consignment_document("EC-1")


async def test_an_update_is_refused_in_doubt_or_done() -> None:
    document = consignment_document(json.dumps(SAID).encode(), "EC-1")
    for answering, verdict in ((REFUSED, Refused), (answer(502), Ambiguous)):
        async with serving(answering) as server, client_of(server) as client:
            with pytest.raises(verdict):
                await client.update_consignment(document)
    async with serving(answer(200)) as server, client_of(server) as client:
        await client.update_consignment(document)


MOVES = ["set_ready_to_ship", "set_not_ready_to_ship", "deallocate_consignments"]
MOVES += ["cancel_consignments", "manifest_consignments"]


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("status", [200, 201, 202])
async def test_many_are_moved_and_each_is_judged(move: str, status: int) -> None:
    body = [
        {"IsSuccess": True, "Message": "", "Data": "EC-1", "ApiLinks": None},
        {"IsSuccess": False, "Message": "It is Manifested.", "Data": "EC-2", "ApiLinks": None},
        {"IsSuccess": False, "Message": None, "Data": "EC-3"},
        {"IsSuccess": True, "Data": "EC-4"},
        {"IsSuccess": False, "Data": "EC-4"},
        {"IsSuccess": True, "Data": "EC-9"},
    ]
    asked = [f"EC-{n}" for n in range(1, 6)]
    async with serving(answer(status, json.dumps(body))) as server, client_of(server) as client:
        found = await getattr(client, move)(asked)
    assert list(found) == asked
    assert found["EC-1"] == Done("EC-1")
    assert isinstance(found["EC-2"], Failed)
    assert found["EC-2"].problem.message == "It is Manifested."
    assert isinstance(found["EC-3"], Failed)
    assert found["EC-4"] == Unsettled("EC-4")
    assert found["EC-5"] == Unsettled("EC-5")


@pytest.mark.parametrize("move", MOVES)
async def test_a_move_may_be_refused_whole_or_in_doubt(move: str) -> None:
    for answering, verdict in (
        (REFUSED, Refused),
        (answer(404, '{"Code": "NotFound", "Message": "no"}'), Refused),
        (answer(200, "{}"), Ambiguous),
        (answer(200, '[{"Data": "EC-1"}]'), Ambiguous),
        (answer(200), Ambiguous),
        (answer(503), Ambiguous),
    ):
        async with serving(answering) as server, client_of(server) as client:
            with pytest.raises(verdict):
                await getattr(client, move)(["EC-1"])


SUMMARY = {
    "StatusCode": 200,
    "ApiLinks": [{"Rel": "detail", "Href": "https://api.electioapp.com/consignments/EC-1"}],
    "CarrierServiceReference": "NL_P24",
}


@pytest.mark.parametrize(
    ("answering", "expected"),
    [
        (answer(200, json.dumps(SUMMARY)), Allocated),
        (answer(200, json.dumps([SUMMARY])), Allocated),
        (answer(200, json.dumps([SUMMARY | {"StatusCode": 400}])), NotAllocated),
        (answer(202), Unsettled),
        (answer(202, json.dumps([SUMMARY | {"StatusCode": 202}])), Unsettled),
        (answer(200, "[]"), Unsettled),
    ],
)
async def test_a_service_group_allocates_one(answering: Answering, expected: type) -> None:
    async with serving(answering) as server, client_of(server) as client:
        found = await client.allocate_service_group("EC-1", "NEXT_DAY")
    assert isinstance(found, expected)
    assert found.consignment_reference == "EC-1"


async def test_a_group_may_be_refused_or_the_answer_unreadable() -> None:
    for answering, verdict in ((REFUSED, Refused), (answer(200), Ambiguous)):
        async with serving(answering) as server, client_of(server) as client:
            with pytest.raises(verdict):
                await client.allocate_service_group("EC-1", "NEXT_DAY")


async def test_a_groups_name_stays_one_path_segment() -> None:
    async with serving(REFUSED) as server, client_of(server) as client:
        with pytest.raises(Refused):
            await client.allocate_service_group("EC-1", "NEXT DAY/UK?%2F")
        target = server.requests[0].line.split(" ")[1]
        with pytest.raises(ValueError, match="names nothing"):
            await client.allocate_service_group("EC-1", "")
        assert len(server.requests) == 1
    assert target == "/allocation/EC-1/allocatewithservicegroup/NEXT%20DAY%2FUK%3F%252F"


def test_a_manifest_query_names_a_state() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ManifestFromQueryRequest(states=())
