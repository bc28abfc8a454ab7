"""Everything that an event can say reaches PRO under a name of PRO's contract."""

import json
from typing import Any

from service.pro.mapping import create_order_request, pack_order_request
from service.pro.parts import Sent
from tests.events.shaping import example, picked, placed

ORDER = create_order_request(placed(example("order.placed.full")))
PICK = pack_order_request(
    picked(example("stock.picked.full")), pro_order_reference="EO-1", customer_reference="C-1"
)


def body_of(request: Sent) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(request.to_json())
    return read


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def test_the_full_order_loses_nothing() -> None:
    sent = body_of(ORDER)
    event = example("order.placed.full")
    del event["allocation"]  # how to ask PRO later, not what to tell it
    said = {leaf for leaf in leaves(event) if isinstance(leaf, str)}
    arrived = {leaf for leaf in leaves(sent) if isinstance(leaf, str)}
    translated = {
        *("outbound", "return", "importer", "kg", "g", "cm", "mm", "ean_13", "code_128"),
        *("commercial_sample", "ddp", "unrestricted", "not_specified"),
        *("09:00", "12:30", "2026-03-04T08:00:00Z"),
    }
    assert said - arrived == translated
    assert {"Outbound", "Return", "Importer", "EAN13", "Code128", "DDP"} <= arrived
    assert {"CommercialSample", "09:00:00", "2026-03-04T08:00:00+00:00"} <= arrived


def test_the_full_order_in_pros_shapes() -> None:
    sent = body_of(ORDER)
    assert sent["RequiredDeliveryDate"]["IsToBeExactlyOnTheDateSpecified"] is True
    assert sent["CustomsDocumentation"]["CN23Comments"] == "None"
    assert sent["CustomsDocumentation"]["ReceiversShippingCost"] == 4.99
    assert [a["AddressType"] for a in sent["Addresses"]] == [
        *("Origin", "Destination", "Return", "Importer")
    ]
    assert sent["Addresses"][1]["LatLong"] == {"Latitude": 52.6309, "Longitude": 1.2974}
    assert sent["Addresses"][1]["Contact"]["LandLine"] == "01603000001"
    assert sent["MetaData"][4] == {"KeyValue": "Gift", "BoolValue": True}
    item = sent["Packages"][0]["Items"][0]
    assert item["HarmonisationKeyWords"] == ["pot", "stoneware"]
    assert item["Weight"] == {"Value": 1.4, "Unit": "Kg"}


def test_the_full_pick_in_pros_shapes() -> None:
    sent = body_of(PICK)
    assert sent["GenerateReturn"] is True
    assert sent["Tags"] == []
    assert sent["Packages"][1] == {
        "PackageSizeReference": "BOX-S",
        "Items": [{"Reference": "3f2a90c1d4e84b0fa1b2c3d4e5f60718", "Quantity": 2}],
    }
