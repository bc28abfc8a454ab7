"""Each operation as it goes over the wire, and what is made of PRO's answers."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from service.pro.client import ProClient
from service.pro.contract import (
    ManifestFromQueryRequest,
    PackItem,
    PackOrderRequest,
    PackPackage,
)
from service.pro.mapping import create_order_request
from service.pro.parts import Weight
from service.pro.problems import (
    Ambiguous,
    Refused,
    Retryable,
    Throttled,
    Verdict,
)
from service.pro.results import Allocated, Done, Failed, NotAllocated, Unsettled
from tests.events.shaping import example, placed
from tests.pro.raw_server import (
    KEY,
    Answering,
    Request,
    answer,
    client_of,
    policy,
    serving,
)

ORDER = create_order_request(placed(example("order.placed.full")))
HOST = "https://apisandbox.electioapp.com"
NOT_FOUND = '{"Code": "NotFound", "Message": "No such consignment."}'


def pack(generate_return: bool = False) -> PackOrderRequest:
    package = PackPackage(
        weight=Weight(value=Decimal("2.30")), items=(PackItem(sku="A", quantity=1),)
    )
    return PackOrderRequest(
        order_reference="EO-000-00A-7QK",
        order_reference_provided_by_customer="WEB-204817-P1",
        generate_return=generate_return,
        packages=(package,),
    )


QUERY = ManifestFromQueryRequest(
    shipping_location_references=("LEEDS_DC",), states=("ReadyToShip",)
)

Call = Callable[[ProClient], Awaitable[object]]

CALLS: list[tuple[Call, str, object]] = [
    (lambda c: c.create_order(ORDER), "POST /orders", {}),
    (lambda c: c.pack_order(pack()), "POST /orders/EO-000-00A-7QK/pack", {}),
    (lambda c: c.get_consignment("EC-1"), "GET /consignments/EC-1", None),
    (lambda c: c.get_consignment_status("EC-1"), "GET /consignments/EC-1/status", None),
    (
        lambda c: c.find_consignments("A+B &c/ü"),
        "GET /consignments/3/0?referenceProvidedByCustomer=A+B &c/ü",
        None,
    ),
    (lambda c: c.cancel_consignment("EC-1"), "PUT /consignments/EC-1/cancel", None),
    (
        lambda c: c.manifest_consignments(["EC-1"]),
        "PUT /consignments/manifest",
        {"ConsignmentReferences": ["EC-1"]},
    ),
    (lambda c: c.set_ready_to_ship(["EC-1"]), "PUT /consignments/setreadytoship", ["EC-1"]),
    (
        lambda c: c.allocate_default_rules(["EC-1", "EC-2"]),
        "PUT /allocation/allocate",
        {"ConsignmentReferences": ["EC-1", "EC-2"]},
    ),
    (
        lambda c: c.allocate_carrier_service(["EC-1", "EC-2"], "NL_P24"),
        "PUT /allocation/allocatewithcarrierservice",
        {"ConsignmentReferences": ["EC-1", "EC-2"], "MpdCarrierServiceReference": "NL_P24"},
    ),
    (
        lambda c: c.allocate_service_group("EC-1", "NEXT DAY/UK"),
        "PUT /allocation/EC-1/allocatewithservicegroup/NEXT DAY/UK",
        None,
    ),
    (
        lambda c: c.set_not_ready_to_ship(["EC-1", "EC-2"]),
        "PUT /consignments/setnotreadytoship",
        ["EC-1", "EC-2"],
    ),
    (
        lambda c: c.deallocate_consignments(["EC-1", "EC-2"]),
        "PUT /consignments/deallocatelist",
        ["EC-1", "EC-2"],
    ),
    (
        lambda c: c.cancel_consignments(["EC-1", "EC-2"]),
        "PUT /consignments/cancellist",
        ["EC-1", "EC-2"],
    ),
    (lambda c: c.get_consignment_document("EC-1"), "GET /consignments/EC-1", None),
    (lambda c: c.get_labels("EC-1", "ZPL"), "GET /labels/EC-1/ZPL", None),
    (
        lambda c: c.manifest_from_query(QUERY),
        "POST /consignments/manifestFromQuery",
        {"ShippingLocationReferences": ["LEEDS_DC"], "States": ["ReadyToShip"]},
    ),
    (lambda c: c.get_shipping_locations(), "GET /shippinglocations", None),
]


def asked_for(request: Request) -> str:
    method, target, _ = request.line.split(" ")
    parts = urlsplit(target)
    query = "&".join(f"{k}={v}" for k, (v,) in parse_qs(parts.query).items())
    return f"{method} {unquote(parts.path)}" + (f"?{query}" if query else "")


@pytest.mark.parametrize(("call", "line", "body"), CALLS)
async def test_what_goes_over_the_wire(call: Call, line: str, body: object) -> None:
    refused = answer(400, '{"Code": "X", "Message": "no"}')
    async with serving(refused) as server, client_of(server) as client:
        with pytest.raises((Refused, Retryable)):
            await call(client)
        (request,) = server.requests
        assert asked_for(request) == line
        assert request.headers["ocp-apim-subscription-key"] == KEY
        assert request.headers["electio-api-version"] == "1.1"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["accept"] == "application/json"
        if body is None:
            assert request.body == b""
        elif body != {}:
            assert json.loads(request.body) == body


async def test_a_reference_stays_one_path_segment() -> None:
    async with serving(answer(404, NOT_FOUND)) as server, client_of(server) as client:
        with pytest.raises(Refused):
            await client.get_consignment("../a/b?c#d%2F e")
        target = server.requests[0].line.split(" ")[1]
        assert unquote(target) == "/consignments/../a/b?c#d%2F e"
        assert target.count("/") == 2
        for nothing in ("", ".", ".."):
            with pytest.raises(ValueError, match="names nothing"):
                await client.get_consignment(nothing)
        assert len(server.requests) == 1


async def told(answering: Answering, call: Call) -> object:
    async with serving(answering) as server, client_of(server) as client:
        return await call(client)


def link(rel: str, path: str) -> dict[str, str]:
    return {"Rel": rel, "Href": f"{HOST}/{path}"}


async def test_create_order_gives_the_reference_in_the_link() -> None:
    said = answer(201, json.dumps([link("Order", "orders/EO-000-00A-7QK")]))
    assert await told(said, CALLS[0][0]) == "EO-000-00A-7QK"


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        [link("Order", "orders/EO-1"), link("Order", "orders/EO-2")],
        [{"Rel": "Order", "Href": ""}],
        [{"Rel": "Order"}],
        [{"Rel": "Order", "Href": "http://[broken"}],
    ],
)
async def test_an_order_without_a_clear_reference_is_ambiguous(body: object) -> None:
    with pytest.raises(Ambiguous):
        await told(answer(201, json.dumps(body)), CALLS[0][0])


def packed(*results: tuple[str, str | None]) -> Answering:
    return answer(
        201,
        json.dumps(
            {
                "Results": [
                    {"Result": word, "Message": None, "Data": None}
                    | ({"ApiLinks": [link("Consignment", f"consignments/{ref}")]} if ref else {})
                    for word, ref in results
                ]
            }
        ),
    )


async def packing(answering: Answering, generate_return: bool = False) -> tuple[Any, ...]:
    async with serving(answering) as server, client_of(server) as client:
        result = await client.pack_order(pack(generate_return))
        problem = result.return_problem
        return result.outbound, result.inbound, problem.code if problem else None


async def test_pack_results_are_told_apart_by_their_word() -> None:
    assert await packing(packed(("ConsignmentCreated", "EC-1"))) == ("EC-1", None, None)
    both = packed(("ReturnConsignmentCreated", "EC-2"), ("ConsignmentCreated", "EC-1"))
    assert await packing(both, generate_return=True) == ("EC-1", "EC-2", None)


async def test_a_return_that_failed_or_is_missing_is_its_own_problem() -> None:
    failed = packed(("ConsignmentCreated", "EC-1"), ("ReturnConsignmentCreationFailed", None))
    code = "ReturnConsignmentCreationFailed"
    assert await packing(failed, generate_return=True) == ("EC-1", None, code)
    alone = packed(("ConsignmentCreated", "EC-1"))
    assert await packing(alone, generate_return=True) == ("EC-1", None, "return_missing")


async def test_a_2xx_that_hides_a_failed_pack_is_a_refusal() -> None:
    with pytest.raises(Refused) as caught:
        await packing(packed(("ConsignmentCreationFailed", None)))
    assert caught.value.problem.code == "ConsignmentCreationFailed"


@pytest.mark.parametrize(
    "answering",
    [
        packed(),
        packed(("Unknown", "EC-1")),
        packed(("OperationPartialSuccess", "EC-1")),
        packed(("ConsignmentCreated", None)),
        packed(("ConsignmentCreated", "EC-1"), ("ConsignmentCreated", "EC-2")),
        packed(("ConsignmentCreated", "EC-1"), ("ConsignmentCreationFailed", None)),
        packed(("ReturnConsignmentCreated", "EC-2")),
        packed(("ConsignmentCreationFailed", None), ("ReturnConsignmentCreated", "EC-2")),
    ],
)
async def test_a_pack_that_does_not_add_up_is_ambiguous(answering: Answering) -> None:
    with pytest.raises(Ambiguous):
        await packing(answering, generate_return=True)


ALLOCATED = {
    "StatusCode": 200,
    "ApiLinks": [link("detail", "consignments/EC-1"), link("label", "labels/EC-1")],
    "Description": "Allocated to Northline Parcel 24",
    "ConsignmentLegs": [
        {"Leg": 1, "TrackingReferences": ["NL1", "NL2"], "CarrierServiceReference": None},
        {"Leg": 2, "TrackingReferences": None},
    ],
    "CarrierReference": "NORTHLINE",
    "CarrierName": "Northline",
    "CarrierServiceReference": "NL_P24",
    "CarrierServiceName": "Parcel 24",
}
NOT_ALLOCATED = {
    "StatusCode": 400,
    "ApiLinks": [link("detail", "consignments/EC-2")],
    "Description": "No service can take the consignment",
    "ConsignmentLegs": [],
}
ACCEPTED = {"StatusCode": 202, "ApiLinks": [link("detail", "consignments/EC-3")]}
NAMELESS = {"StatusCode": 400, "ApiLinks": None, "Description": "?"}


async def allocating(answering: Answering, *references: str) -> dict[str, Any]:
    async with serving(answering) as server, client_of(server) as client:
        return dict(await client.allocate_default_rules(references))


async def test_each_allocation_is_judged_on_its_own() -> None:
    body = json.dumps([NOT_ALLOCATED, NAMELESS, ALLOCATED, ACCEPTED])
    found = await allocating(answer(200, body), "EC-1", "EC-2", "EC-3", "EC-4")
    assert found["EC-1"] == Allocated(
        "EC-1", "NORTHLINE", "Northline", "NL_P24", "Parcel 24", ("NL1", "NL2")
    )
    assert isinstance(found["EC-2"], NotAllocated)
    assert found["EC-2"].problem.message == "No service can take the consignment"
    assert found["EC-3"] == Unsettled("EC-3")
    assert found["EC-4"] == Unsettled("EC-4")


async def test_a_single_allocation_may_be_bare_nameless_or_only_taken_up() -> None:
    bare = await allocating(answer(200, json.dumps(ALLOCATED)), "EC-1")
    assert isinstance(bare["EC-1"], Allocated)
    nameless = await allocating(answer(200, json.dumps([NAMELESS])), "EC-1")
    assert isinstance(nameless["EC-1"], NotAllocated)
    assert await allocating(answer(202), "EC-1") == {"EC-1": Unsettled("EC-1")}


@pytest.mark.parametrize("status", [202, 401, 403, 408, 429, 500, 503, 0])
async def test_an_item_that_says_nothing_certain_is_unsettled(status: int) -> None:
    body = json.dumps([ALLOCATED | {"StatusCode": status}])
    assert await allocating(answer(200, body), "EC-1") == {"EC-1": Unsettled("EC-1")}


async def test_contradicting_summaries_settle_nothing() -> None:
    body = json.dumps([ALLOCATED, ALLOCATED | {"StatusCode": 400}])
    assert await allocating(answer(200, body), "EC-1") == {"EC-1": Unsettled("EC-1")}


async def test_ready_to_ship_is_judged_for_each_reference() -> None:
    body = json.dumps(
        [
            {"IsSuccess": True, "Message": "", "Data": "EC-1", "ApiLinks": None},
            {"IsSuccess": False, "Message": "Not allocated", "Data": "EC-2"},
            {"IsSuccess": True, "Data": "EC-9"},
        ]
    )
    async with serving(answer(200, body)) as server, client_of(server) as client:
        found = await client.set_ready_to_ship(["EC-1", "EC-2", "EC-3"])
    assert found["EC-1"] == Done("EC-1")
    assert isinstance(found["EC-2"], Failed)
    assert found["EC-2"].problem.message == "Not allocated"
    assert found["EC-3"] == Unsettled("EC-3")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_cancel_takes_any_2xx(status: int) -> None:
    assert await told(answer(status), lambda c: c.cancel_consignment("EC-1")) is None


async def test_a_consignment_is_read_tolerantly() -> None:
    body = {
        "Reference": "EC-1",
        "ConsignmentState": "SomethingNew",
        "ConsignmentReferenceProvidedByCustomer": "",
        "DateCreated": "2026-03-02T08:15:30.1234567+00:00",
        "Direction": "Inbound",
        "Addresses": [
            {"AddressType": "Origin", "ShippingLocationReference": "LEEDS_DC", "Town": "Leeds"}
        ],
        "ConsignmentLegs": None,
        "Allocation": None,
        "Unheard": {"Of": 1.5},
    }
    async with serving(answer(200, json.dumps(body))) as server, client_of(server) as client:
        consignment = await client.get_consignment("EC-1")
    assert consignment.consignment_state == "SomethingNew"
    assert consignment.consignment_reference_provided_by_customer is None
    assert consignment.date_created is not None
    assert consignment.date_created.microsecond == 123456
    assert consignment.origin == "LEEDS_DC"


async def test_a_status_and_locations_are_read() -> None:
    status = {"ConsignmentReferenceForAllLegsAssignedByMpd": "EC-1", "Status": "Allocated"}
    assert (
        await told(answer(200, json.dumps(status)), lambda c: c.get_consignment_status("EC-1"))
        == "Allocated"
    )
    locations = [{"Reference": "LEEDS_DC", "ShippingLocationType": 3}]
    async with serving(answer(200, json.dumps(locations))) as server, client_of(server) as client:
        assert [place.reference for place in await client.get_shipping_locations()] == ["LEEDS_DC"]


async def test_labels_are_decoded() -> None:
    body = '{"File": "JVBERi0xLjQKJQ==", "ContentType": "application/pdf"}'
    async with serving(answer(200, body)) as server, client_of(server) as client:
        labels = await client.get_labels("EC-1")
        assert server.requests[0].line.startswith("GET /labels/EC-1/PDF ")
    assert (labels.content, labels.content_type) == (b"%PDF-1.4\n%", "application/pdf")


@pytest.mark.parametrize("file", ["", "%%%", "JVBERi0xLjQKJQ=", None])
async def test_labels_that_are_no_file_are_asked_for_again(file: str | None) -> None:
    body = json.dumps({"File": file, "ContentType": "application/pdf"})
    with pytest.raises(Retryable):
        await told(answer(200, body), lambda c: c.get_labels("EC-1"))


@pytest.mark.parametrize(
    ("message", "counts"),
    [
        ("3 matched, 2 queued, 1 not queued", (3, 2, 1)),
        ("12 consignments were found: 12 queued and 0 failed.", (12, 12, 0)),
        ("Queued.", (None, None, None)),
        ("3 of EC-000-07C-2HX", (None, None, None)),
    ],
)
async def test_a_manifest_query_tells_counts_and_failures(
    message: str, counts: tuple[int | None, ...]
) -> None:
    body = json.dumps({"Message": message, "FailedConsignments": ["EC-000-07C-2J1"]})
    async with serving(answer(200, body)) as server, client_of(server) as client:
        queued = await client.manifest_from_query(QUERY)
    assert (queued.found, queued.queued, queued.not_queued) == counts
    assert queued.failed == ("EC-000-07C-2J1",)


async def test_every_call_is_told_to_the_metrics() -> None:
    seen: list[tuple[str, Verdict]] = []
    async with (
        serving(answer(429)) as server,
        ProClient(policy(server.port), lambda op, verdict, _: seen.append((op, verdict))) as client,
    ):
        with pytest.raises(Throttled):
            await client.pack_order(pack())
    async with (
        serving(answer(200, "[]")) as server,
        ProClient(policy(server.port), lambda op, verdict, _: seen.append((op, verdict))) as client,
    ):
        await client.get_shipping_locations()
    assert seen == [("pack_order", Verdict.THROTTLED), ("get_shipping_locations", Verdict.OK)]


async def test_the_body_of_an_order_leaves_exactly() -> None:
    created = answer(201, json.dumps([link("Order", "orders/EO-1")]))
    async with serving(created) as server, client_of(server) as client:
        await client.create_order(ORDER)
        (request,) = server.requests
    assert request.body == ORDER.to_json()
    reference = json.loads(request.body)["OrderReferenceProvidedByCustomer"]
    assert reference == example("order.placed.full")["order_reference"]
