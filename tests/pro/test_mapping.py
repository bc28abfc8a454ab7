"""The worked samples of RULES section 12 come out of our events field by field."""

import copy
import json
from decimal import Decimal
from typing import Any, get_args

import pytest

from service.events import details, parties
from service.pro import words
from service.pro.mapping import create_order_request, pack_order_request, rejection_from
from service.pro.problems import Problem, ProblemDetail
from tests.events.shaping import picked, placed

CREATE_ORDER = """{
 "OrderReferenceProvidedByCustomer": "WEB-204817", "Source": "Api", "Direction": "Outbound",
 "RequiredDeliveryDate": {
  "Date": "2026-03-06T00:00:00+00:00", "IsToBeExactlyOnTheDateSpecified": false},
 "Packages": [{
  "PackageReferenceProvidedByCustomer": "WEB-204817-A", "Description": "Tea set",
  "Value": {"Amount": 48.5, "Currency": {"IsoCode": "GBP"}},
  "Weight": {"Value": 2.2, "Unit": "Kg"},
  "Dimensions": {"Unit": "Cm", "Width": 30, "Length": 40, "Height": 20},
  "Items": [
   {"Sku": "TEA-POT-01", "ItemReferenceProvidedByCustomer": "WEB-204817-1",
    "Description": "Stoneware pot", "Quantity": 1, "Weight": {"Value": 1.4, "Unit": "Kg"},
    "Dimensions": {"Unit": "Cm", "Width": 18, "Length": 24, "Height": 16},
    "Value": {"Amount": 32.5, "Currency": {"IsoCode": "GBP"}},
    "CountryOfOrigin": {"IsoCode": {"TwoLetterCode": "GB"}}, "HarmonisationCode": "691200"},
   {"Sku": "TEA-CUP-04", "ItemReferenceProvidedByCustomer": "WEB-204817-2",
    "Description": "Stoneware cup", "Quantity": 4, "Weight": {"Value": 0.2, "Unit": "Kg"},
    "Dimensions": {"Unit": "Cm", "Width": 9, "Length": 9, "Height": 8},
    "Value": {"Amount": 4, "Currency": {"IsoCode": "GBP"}},
    "CountryOfOrigin": {"IsoCode": {"TwoLetterCode": "GB"}}}]}],
 "Addresses": [
  {"AddressType": "Origin", "ShippingLocationReference": "LEEDS_DC", "IsCached": false},
  {"AddressType": "Destination",
   "Contact": {"Title": "Ms", "FirstName": "Ada", "LastName": "Okafor",
    "Mobile": "07700900123", "Email": "ada.okafor@example.com"},
   "AddressLine1": "4 Quarry Lane", "Town": "Norwich", "Region": "Norfolk",
   "Postcode": "NR1 1AA",
   "Country": {"Name": "United Kingdom", "IsoCode": {"TwoLetterCode": "GB"}}}],
 "MetaData": [{"KeyValue": "Channel", "StringValue": "web"},
  {"KeyValue": "Basket", "IntValue": 91822}], "Tags": ["Fragile"]
}"""

PACK_ORDER = """{
 "OrderReference": "EO-000-00A-7QK", "OrderReferenceProvidedByCustomer": "WEB-204817-P1",
 "GenerateReturn": false,
 "Packages": [{
  "Weight": {"Value": 2.3, "Unit": "Kg"},
  "Dimensions": {"Unit": "Cm", "Width": 30, "Length": 40, "Height": 20},
  "Items": [{"ItemReferenceProvidedByCustomer": "WEB-204817-1", "Quantity": 1},
   {"Sku": "TEA-CUP-04", "Quantity": 4}]}],
 "MetaData": [{"KeyValue": "PickId", "StringValue": "pick-1"}]
}"""

BARCODES = """AustraliaPostalCode AztecCode Codabar Code11 Code128 Code39 ExtendedCode39 Code93
CompositeCode DataMatrix EAN13 EAN8 EANBookland Industrial2Of5 Interleaved2Of5 ITF14 LOGMARS
Maxicode MSI OPC PDF417 Plessey Postnet QRCode SCC14 Standard2Of5 UCCEAN218
UCCEANShippingContainerCode UPCShippingContainerCode UPCA UPCE Unknown"""
CATEGORIES = "None Gift CommercialSample Documents Other ReturnedGoods"
TERMS = "None EXW FCA CPT CIP DAT DAP DDP FAS FOB CFR CIF DDU"
CLASSIFICATIONS = "NotSpecified Unrestricted Dangerous Restricted Liquid"
CLASSIFICATION_DETAILS = """NotSpecified Explosive Flammable Toxic Aerosols Alcohol Batteries
Electronics Guns Lighters NailVarnish PerfumeOrAftershave Medicine LiveAnimals"""

PLACED = {
    "order_reference": "WEB-204817",
    "origin": "LEEDS_DC",
    "destination": {
        "contact": {
            "title": "Ms",
            "first_name": "Ada",
            "last_name": "Okafor",
            "mobile": "07700900123",
            "email": "ada.okafor@example.com",
        },
        "address_line_1": "4 Quarry Lane",
        "town": "Norwich",
        "region": "Norfolk",
        "postcode": "NR1 1AA",
        "country": {"code": "GB", "name": "United Kingdom"},
    },
    "required_delivery_date": {"date": "2026-03-06T00:00:00Z"},
    "packages": [
        {
            "package_reference": "WEB-204817-A",
            "description": "Tea set",
            "dimensions": {"length": 400, "width": 300, "height": 200, "unit": "mm"},
            "items": [
                {
                    "sku": "TEA-POT-01",
                    "item_reference": "WEB-204817-1",
                    "description": "Stoneware pot",
                    "quantity": 1,
                    "weight": {"value": 1400, "unit": "g"},
                    "dimensions": {"length": 24, "width": 18, "height": 16, "unit": "cm"},
                    "value": {"amount": 32.50, "currency": "GBP"},
                    "country_of_origin": "GB",
                    "harmonisation_code": "691200",
                },
                {
                    "sku": "TEA-CUP-04",
                    "item_reference": "WEB-204817-2",
                    "description": "Stoneware cup",
                    "quantity": 4,
                    "weight": {"value": 0.2, "unit": "kg"},
                    "dimensions": {"length": 9, "width": 9, "height": 8, "unit": "cm"},
                    "value": {"amount": 4, "currency": "GBP"},
                    "country_of_origin": "GB",
                },
            ],
        }
    ],
    "metadata": [
        {"key": "Channel", "string_value": "web"},
        {"key": "Basket", "int_value": 91822},
    ],
    "tags": ["Fragile"],
}

PICKED = {
    "order_reference": "WEB-204817",
    "pick_reference": "pick-1",
    "weight": {"value": 2.3, "unit": "kg"},
    "dimensions": {"length": 40, "width": 30, "height": 20, "unit": "cm"},
    "items": [
        {"item_reference": "WEB-204817-1", "quantity": 1},
        {"sku": "TEA-CUP-04", "quantity": 4},
    ],
    "metadata": [{"key": "PickId", "string_value": "pick-1"}],
}


def exactly(text: str | bytes) -> Any:
    """JSON with its numbers as Decimals: 48.5 and 48.50 are equal, 48.5 and 48.49999 aren't."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def test_create_order_is_the_sample() -> None:
    assert exactly(create_order_request(placed(PLACED)).to_json()) == exactly(CREATE_ORDER)


def test_pack_order_is_the_sample() -> None:
    request = pack_order_request(
        picked(PICKED),
        pro_order_reference="EO-000-00A-7QK",
        customer_reference="WEB-204817-P1",
    )
    assert exactly(request.to_json()) == exactly(PACK_ORDER)


def test_numbers_leave_as_numbers_and_exactly() -> None:
    data = copy.deepcopy(PLACED) | {"tags": []}
    data["packages"][0]["items"][0]["weight"] = {"value": 0.123456, "unit": "g"}  # type: ignore[index]
    body = create_order_request(placed(data)).to_json()
    assert b'"Value":0.000123456,' in body
    assert b'"Tags"' not in body


def test_a_pick_that_is_not_complete_is_not_sent() -> None:
    incomplete = {k: v for k, v in PICKED.items() if k != "weight"}
    with pytest.raises(ValueError, match="neither a size nor both"):
        pack_order_request(picked(incomplete), pro_order_reference="EO-1", customer_reference="R")


def test_empty_tags_of_a_pick_replace_and_none_keep() -> None:
    def tags(data: dict[str, Any]) -> object:
        request = pack_order_request(
            picked(data), pro_order_reference="EO-1", customer_reference="R"
        )
        return exactly(request.to_json()).get("Tags", "left out")

    assert tags(PICKED) == "left out"
    assert tags(PICKED | {"tags": []}) == []
    assert tags(PICKED | {"tags": ["Fragile"]}) == ["Fragile"]


def test_every_word_has_its_counterpart_in_pro() -> None:
    """The lists of openapi.yaml, so that a new word of ours can't slip through unmapped."""
    for ours, translated, pros in (
        (details.BarcodeType, words.barcode_type, BARCODES),
        (details.CategoryType, words.pascal, CATEGORIES),
        (details.ShippingTerms, words.shipping_terms, TERMS),
        (details.ContentClassification, words.pascal, CLASSIFICATIONS),
        (details.ContentClassificationDetails, words.pascal, CLASSIFICATION_DETAILS),
    ):
        assert sorted(translated(word) for word in get_args(ours)) == sorted(pros.split())
    types = get_args(parties.OtherAddress.model_fields["type"].annotation)
    assert {words.pascal(word) for word in types} == {"Return", "Sender", "Recipient", "Importer"}


def test_a_rejection_carries_pros_reasons() -> None:
    problem = Problem(
        400, "ValidationError", "No.", (ProblemDetail("A", "Packages[0]", "Wrong."),), "5b0e"
    )
    rejection = rejection_from(problem)
    assert (rejection.source, rejection.code, rejection.correlation_id) == (
        "pro",
        "ValidationError",
        "5b0e",
    )
    assert rejection.details[0].target == "Packages[0]"
