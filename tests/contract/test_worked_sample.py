"""The worked sample of the rules (RULES 12) is answered as it is documented there."""

import base64
import copy
from typing import Any

from sandbox.faults import FaultKind, FaultRule, Match

from . import samples
from .caller import Caller, changed, last_segment, targets, without


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


async def test_manifest_from_query(pro: Caller) -> None:
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
    assert answer["Message"] == samples.MANIFEST_ANSWER["Message"]
    assert answer["FailedConsignments"] == [references[2]]
