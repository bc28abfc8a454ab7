"""Read, change, send back: what is not named stays as PRO said it, whatever that is."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.events import exact_json
from service.pro.documents import (
    Amendments,
    ConsignmentDocument,
    Document,
    OrderDocument,
    consignment_document,
    destination_location_of,
    order_document,
    origin_location_of,
    with_address,
    with_amendments,
    with_destination_location,
    with_origin,
)
from service.pro.parts import (
    Address,
    CustomsDocumentation,
    DeliveryWindow,
    MetaData,
    RequiredDeliveryDate,
)
from service.pro.problems import UnreadableAnswer
from tests.contract.document import Contract

CONTRACT = Contract()
FEW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Each document is big, and a machine may be busy."""

NUMBERS = st.integers(-(10**9), 10**9) | st.decimals(
    -10_000, 10_000, places=4, allow_nan=False
).filter(bool)
TEXTS = st.text(max_size=12)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)
OTHER_FIELDS = st.dictionaries(st.text("abcXYZ_é", min_size=1, max_size=8), ANYTHING, max_size=3)
PARTS = ("Origin", "Destination", "Return", "Sender", "Importer")


@st.composite
def addresses(draw: st.DrawFn) -> list[dict[str, Any]]:
    parts = draw(st.lists(st.sampled_from(PARTS), max_size=5))
    return [
        draw(OTHER_FIELDS)
        | {
            "AddressType": part,
            "ShippingLocationReference": draw(st.none() | st.sampled_from(["LEEDS_DC", ""])),
        }
        for part in parts
    ]


@st.composite
def consignments(draw: st.DrawFn) -> ConsignmentDocument:
    said = draw(OTHER_FIELDS) | {
        "Reference": "EC-000-07C-2HX",
        "ConsignmentState": "Unallocated",
        "ConsignmentReferenceProvidedByCustomer": draw(TEXTS),
        "RequestedDeliveryDate": draw(ANYTHING),
        "Addresses": draw(addresses()),
        "Packages": draw(st.lists(OTHER_FIELDS.map(lambda f: f | {"Charges": []}), max_size=2)),
        "Tags": draw(st.none() | st.lists(TEXTS, max_size=2)),
        "LabelCount": 0,
    }
    return consignment_document(exact_json.dumps(said).encode(), "EC-000-07C-2HX")


@st.composite
def orders(draw: st.DrawFn) -> OrderDocument:
    said = draw(OTHER_FIELDS) | {
        "OrderReference": "EO-000-00A-7QK",
        "RequiredDeliveryDate": draw(ANYTHING),
        "Addresses": draw(addresses()),
        "Packages": [{"Reference": "EP-000-000-001"}],
        "Weight": {"Value": 1},
    }
    return order_document(exact_json.dumps(said).encode(), "EO-000-00A-7QK")


DOCUMENTS = st.one_of(consignments(), orders())


def sent(document: Document) -> dict[str, Any]:
    read = exact_json.loads(document.to_json())
    assert isinstance(read, dict)
    return read


def others(document: Document, part: str) -> list[Any]:
    return [address for address in document.addresses if address["AddressType"] != part]


@FEW
@given(DOCUMENTS)
def test_what_goes_back_is_what_came_but_for_what_only_answers_hold(document: Document) -> None:
    body = sent(document)
    assert body.keys() == document.fields.keys() - document.NOT_SENT
    assert body["Addresses"] == document.fields["Addresses"]
    same = body.keys() - {"Packages"}
    assert {name: body[name] for name in same} == {name: document.fields[name] for name in same}
    assert str(document.reference) in body.values()


@FEW
@given(consignments())
def test_a_consignment_always_sends_its_packages_without_what_only_answers_hold(
    document: ConsignmentDocument,
) -> None:
    packages = document.fields["Packages"]
    assert isinstance(packages, list)
    assert sent(document)["Packages"] == [
        {name: said for name, said in package.items() if name != "Charges"} for package in packages
    ]


@pytest.mark.parametrize(
    ("moved", "part", "location_of"),
    [
        (with_origin, "Origin", origin_location_of),
        (with_destination_location, "Destination", destination_location_of),
    ],
)
@FEW
@given(document=DOCUMENTS)
def test_another_location_changes_that_address_and_nothing_else(
    moved: Callable[[Document, str], Document],
    part: str,
    location_of: Callable[[Document], str | None],
    document: Document,
) -> None:
    before = document.to_json()
    after = moved(document, "BRISTOL_WH")
    assert location_of(after) == "BRISTOL_WH"
    assert [address for address in after.addresses if address["AddressType"] == part] == [
        {"AddressType": part, "ShippingLocationReference": "BRISTOL_WH", "IsCached": False}
    ]
    assert others(after, part) == others(document, part)
    assert {**after.fields, "Addresses": 0} == {**document.fields, "Addresses": 0}
    assert moved(after, "BRISTOL_WH") == after
    assert document.to_json() == before


def located(*locations: tuple[str, str | None]) -> OrderDocument:
    said = [{"AddressType": part, "ShippingLocationReference": at} for part, at in locations]
    return OrderDocument({"OrderReference": "EO-1", "Addresses": said})


def test_a_location_is_told_only_where_there_is_no_doubt() -> None:
    assert origin_location_of(located(("Origin", "A"), ("Destination", "B"))) == "A"
    assert destination_location_of(located(("Origin", "A"), ("Destination", "B"))) == "B"
    assert origin_location_of(located(("Destination", "B"))) is None
    assert origin_location_of(located(("Origin", None))) is None
    assert origin_location_of(located(("Origin", ""))) is None
    assert origin_location_of(located(("Origin", "A"), ("Origin", "B"))) is None


def test_an_address_takes_the_place_of_the_one_of_its_type() -> None:
    before = located(("Origin", "A"), ("Return", "R"), ("Destination", "B"))
    town = Address(address_type="Return", town="Norwich")
    after = with_address(before, town)
    assert [address["AddressType"] for address in after.addresses] == [
        *("Origin", "Return", "Destination")
    ]
    assert after.addresses[1] == {"AddressType": "Return", "Town": "Norwich"}
    importer = with_address(before, Address(address_type="Importer", town="Oslo"))
    assert importer.addresses[:3] == before.addresses
    assert importer.addresses[3]["Town"] == "Oslo"


DELIVERY = RequiredDeliveryDate(
    date=datetime(2026, 3, 6, tzinfo=UTC),
    delivery_window=DeliveryWindow(start="09:00:00", end="12:00:00"),
    is_to_be_exactly_on_the_date_specified=True,
)
DELIVERY_SENT = {
    "Date": "2026-03-06T00:00:00+00:00",
    "DeliveryWindow": {"Start": "09:00:00", "End": "12:00:00"},
    "IsToBeExactlyOnTheDateSpecified": True,
}
CUSTOMS = CustomsDocumentation(category_type="Gift", receivers_shipping_cost=Decimal("4.99"))
CUSTOMS_SENT = {"CategoryType": "Gift", "ReceiversShippingCost": Decimal("4.99")}
META = (MetaData(key_value="Gift", bool_value=True),)

CHANGES: list[tuple[Amendments, dict[str, Any]]] = [
    (Amendments(), {}),
    (Amendments(required_delivery_date=DELIVERY), {"Delivery": DELIVERY_SENT}),
    (Amendments(required_delivery_date=None), {"Delivery": None}),
    (
        Amendments(shipping_date=datetime(2026, 3, 4, tzinfo=UTC)),
        {"ShippingDate": "2026-03-04T00:00:00+00:00"},
    ),
    (Amendments(customs_documentation=CUSTOMS), {"CustomsDocumentation": CUSTOMS_SENT}),
    (Amendments(customs_documentation=None), {"CustomsDocumentation": None}),
    (Amendments(meta_data=META), {"MetaData": [{"KeyValue": "Gift", "BoolValue": True}]}),
    (Amendments(meta_data=()), {"MetaData": []}),
    (Amendments(tags=("Fragile",)), {"Tags": ["Fragile"]}),
    (Amendments(tags=()), {"Tags": []}),
]


@FEW
@given(change=st.sampled_from(CHANGES), document=DOCUMENTS)
def test_amendments_change_what_they_set_and_nothing_else(
    change: tuple[Amendments, dict[str, Any]], document: Document
) -> None:
    amendments, changed = change
    date = (
        "RequiredDeliveryDate" if isinstance(document, OrderDocument) else "RequestedDeliveryDate"
    )
    named = {date if name == "Delivery" else name: said for name, said in changed.items()}
    assert with_amendments(document, amendments).fields == {**document.fields, **named}


@FEW
@given(document=DOCUMENTS)
def test_amended_addresses_replace_those_of_their_types(document: Document) -> None:
    new = (Address(address_type="Destination", town="Oslo"), Address(address_type="Return"))
    after = with_amendments(document, Amendments(addresses=new, tags=("Fragile",)))
    assert after == with_address(with_address(document, new[0]), new[1]).changed(
        {"Tags": ["Fragile"]}
    )


@pytest.mark.parametrize(
    ("document", "read", "update"),
    [
        (OrderDocument, "Order", "UpdateOrderRequest"),
        (ConsignmentDocument, "Consignment", "UpdateConsignmentRequest"),
    ],
)
def test_what_is_not_sent_is_what_the_contract_does_not_update(
    document: type[Document], read: str, update: str
) -> None:
    schemas = CONTRACT.document["components"]["schemas"]
    answered, updated = schemas[read]["properties"], schemas[update]["properties"]
    dropped = {n for n, s in updated.items() if s.get("description") == "Read and dropped."}
    assert answered.keys() - updated.keys() | dropped == document.NOT_SENT
    assert {document.REFERENCE, document.DELIVERY_DATE, "Addresses"} <= updated.keys()
    packages = schemas["Package"]["properties"].keys() - schemas["PackageInput"]["properties"]
    assert packages == ConsignmentDocument.NOT_SENT_OF_PACKAGES


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"Reference": "EC-2", "ConsignmentState": "Allocated", "Addresses": [], "Packages": []},
        {"Reference": "EC-1", "ConsignmentState": "Allocated", "Addresses": []},
        {"Reference": "EC-1", "ConsignmentState": "Allocated", "Addresses": None, "Packages": []},
    ],
)
def test_what_would_wipe_a_consignment_is_not_taken_for_one(said: object) -> None:
    with pytest.raises(UnreadableAnswer):
        consignment_document(json.dumps(said).encode(), "EC-1")


@pytest.mark.parametrize(
    "said", [[], {"OrderReference": "EO-2", "Addresses": []}, {"OrderReference": "EO-1"}]
)
def test_what_is_another_order_or_none_is_not_taken_for_it(said: object) -> None:
    with pytest.raises(UnreadableAnswer):
        order_document(json.dumps(said).encode(), "EO-1")


def test_nobodys_address_ends_in_a_log() -> None:
    document = with_address(located(), Address(address_type="Destination", town="Norwich"))
    assert "Norwich" not in repr(document)
