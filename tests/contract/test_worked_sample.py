"""The worked sample of the rules (RULES 12) is answered as it is documented there."""

import base64
import copy
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sandbox.faults import FaultKind, FaultRule, Match

from . import samples
from .caller import Caller, changed, last_segment, made, targets, without
from .document import Contract


def _shape(part: Any) -> Any:
    """The names and kinds of an answer, its values left out."""
    if isinstance(part, list):
        return [_shape(each) for each in part]
    if isinstance(part, dict):
        return {name: _shape(value) for name, value in part.items()}
    return type(part).__name__


async def test_create_order(pro: Caller) -> None:
    response = await pro.call("POST", "/orders", samples.ORDER)
    assert response.status_code == 201
    (link,) = response.json()
    assert link["Rel"] == "Order"
    assert link["Href"].startswith("https://apisandbox.electioapp.com/orders/EO-000-00A-")
    assert _shape(response.json()) == _shape(samples.ORDER_ANSWER)


async def test_pack_order(pro: Caller) -> None:
    order = await pro.order()
    body = changed(samples.PACK, {"OrderReference": order})
    response = await pro.call("POST", f"/orders/{order}/pack", body)
    assert response.status_code == 201
    assert _shape(response.json()) == _shape(samples.PACK_ANSWER)
    (result,) = response.json()["Results"]
    assert result["Result"] == "ConsignmentCreated"
    assert result["ApiLinks"][0]["Rel"] == "Consignment"


async def test_pack_order_of_goods_that_the_order_lacks(pro: Caller) -> None:
    bare = copy.deepcopy(samples.ORDER)
    del bare["Packages"][0]["Items"][1]
    order = last_segment(await pro.good("POST", "/orders", bare))
    body = changed(samples.PACK, {"OrderReference": order})
    response = await pro.call("POST", f"/orders/{order}/pack", body)
    assert targets(response) == ["Packages[0].Items[1].Sku"]
    told, documented = response.json(), copy.deepcopy(samples.PACK_ERROR)
    told.pop("CorrelationId")
    documented.pop("CorrelationId")
    assert told == documented
    assert not pro.state.consignments


async def test_allocate_one_good_one_bad(pro: Caller) -> None:
    good = await pro.pack()
    bad = await pro.pack(Tags=["NobodyHasThis"])
    summaries = await pro.allocate(good, bad)
    documented = copy.deepcopy(samples.ALLOCATE_ANSWER)
    documented[0]["ConsignmentLegs"][0]["TrackingReferences"] = summaries[0]["ConsignmentLegs"][0][
        "TrackingReferences"
    ]
    # References are PRO's own to give.
    assert without(summaries, ["Href"]) == without(documented, ["Href"])
    assert summaries[0]["ApiLinks"][0]["Href"].endswith(f"/consignments/{good}")
    assert summaries[0]["ApiLinks"][1]["Href"].endswith(f"/labels/{good}")
    assert summaries[1]["ApiLinks"][0]["Href"].endswith(f"/consignments/{bad}")


async def test_labels(pro: Caller) -> None:
    reference = await pro.allocated()
    answer = await pro.good("GET", f"/labels/{reference}/pdf")
    assert set(answer) == set(samples.LABELS_ANSWER)
    assert answer["ContentType"] == "application/pdf"
    assert base64.b64decode(answer["File"]).startswith(b"%PDF-")


async def _manifest_sample(pro: Caller) -> tuple[Any, str]:
    """Three match, one of them cannot be queued: the answer, and which one."""
    order = await pro.order(ShippingDate="2026-03-04T00:00:00")
    references = [await pro.pack(order) for _ in range(3)]
    await pro.allocate(*references)
    pro.state.faults.add(
        FaultRule(
            kind=FaultKind.BULK_ITEM_FAILURE,
            operation="manifestFromQuery",
            match=Match(consignment_reference=references[2]),
        )
    )
    answer = await pro.good("POST", "/consignments/manifestFromQuery", samples.MANIFEST)
    return answer, references[2]


async def test_manifest_from_query(pro: Caller) -> None:
    answer, failed = await _manifest_sample(pro)
    assert answer["Message"] == samples.MANIFEST_ANSWER["Message"]
    assert answer["FailedConsignments"] == [failed]


async def test_the_headers_of_the_sample_go_with_each_call(pro: Caller) -> None:
    sent = {"content-type": "application/json", "accept": "application/json"}
    order = last_segment((await pro.call("POST", "/orders", samples.ORDER, headers=sent)).json())
    body = changed(samples.PACK, {"OrderReference": order})
    packed = await pro.call("POST", f"/orders/{order}/pack", body, headers=sent)
    reference = made(packed.json(), "ConsignmentCreated")
    allocate = {"ConsignmentReferences": [reference]}
    answers = [
        packed,
        await pro.call("PUT", "/allocation/allocate", allocate, headers=sent),
        await pro.call("GET", f"/labels/{reference}/pdf", headers=sent),
        await pro.call("POST", "/consignments/manifestFromQuery", samples.MANIFEST, headers=sent),
    ]
    assert [each.status_code for each in answers] == [201, 200, 200, 200]
    types = {each.headers["content-type"].partition(";")[0] for each in answers}
    assert types == {"application/json"}


async def test_what_the_sample_sent_is_read_back(pro: Caller) -> None:
    order = await pro.order()
    read = await pro.good("GET", f"/orders/{order}")
    for name in ("OrderReferenceProvidedByCustomer", "Direction", "Source", "Tags"):
        assert read[name] == samples.ORDER[name]
    assert read["Weight"] == {"Value": 2.2, "Unit": "Kg"}
    consignment = await pro.read(await pro.pack(order))
    # The pack's reference wins, its metadata are added; what it lacks is the order's (RULES 3.4).
    assert consignment["ConsignmentReferenceProvidedByCustomer"] == "WEB-204817-P1"
    keys = {each["KeyValue"] for each in consignment["MetaData"]}
    assert keys == {"PickId", "Channel", "Basket"}
    assert consignment["Tags"] == ["Fragile"]
    assert consignment["RequestedDeliveryDate"]["Date"] == "2026-03-06T00:00:00+00:00"
    origin = next(each for each in consignment["Addresses"] if each["AddressType"] == "Origin")
    assert origin["Postcode"] == "LS9 0PS"


async def _manifested(pro: Caller) -> object:
    return (await _manifest_sample(pro))[0]


EXAMPLES: dict[str, Callable[[Caller], Awaitable[object]]] = {
    "createOrder": Caller.order,
    "packOrder": Caller.pack,
    "manifestFromQuery": _manifested,
}


def _examples(contract: Contract) -> dict[str, tuple[int, Any]]:
    """The answers that the document shows: operation, status and body."""
    found = {}
    for name, (verb, path) in contract.operations.items():
        responses = contract.document["paths"][path][verb.lower()]["responses"]
        for status, response in responses.items():
            content = response.get("content", {}).get("application/json", {})
            if "example" in content:
                found[name] = (int(status), content["example"])
    return found


def test_no_example_of_the_document_is_left_out(contract: Contract) -> None:
    assert set(_examples(contract)) == set(EXAMPLES)


@pytest.mark.parametrize("operation", EXAMPLES)
async def test_examples_of_the_document(pro: Caller, contract: Contract, operation: str) -> None:
    status, example = _examples(contract)[operation]
    assert contract.problems(operation, status, example) == []
    await EXAMPLES[operation](pro)
    call = pro.state.calls[-1]
    assert (call.operation, call.status) == (operation, status)
    assert _shape(call.response_body) == _shape(example)
