"""Orders: what is refused, what is kept, how it reads back (RULES 3.1, 3.2)."""

import copy
from typing import Any

import pytest

from .caller import Caller, changed, targets
from .samples import ORDER


def _with(path: str, value: Any) -> dict[str, Any]:
    """The sample with one field changed, or taken away by `...`."""
    body = copy.deepcopy(ORDER)
    *way, name = (int(part) if part.isdigit() else part for part in path.split("."))
    holder: Any = body
    for part in way:
        holder = holder[part]
    if value is ...:
        del holder[name]
    else:
        holder[name] = value
    return body


REFUSED = [
    ("Packages", ..., "Packages"),
    ("Packages", [], "Packages"),
    ("Packages", None, "Packages"),
    ("Packages.0.Items", [], "Packages[0].Items"),
    ("Packages.0.Items", ..., "Packages[0].Items"),
    ("Packages.0.Description", ..., "Packages[0].Description"),
    ("Packages.0.Value", ..., "Packages[0].Value"),
    ("Packages.0.Value.Amount", "much", "Packages[0].Value.Amount"),
    ("Packages.0.Value.Currency", {"IsoCode": "£"}, "Packages[0].Value.Currency.IsoCode"),
    ("Packages.0.Weight", ..., "Packages[0].Weight"),
    ("Packages.0.Weight", {"Kg": 2}, "Packages[0].Weight.Value"),
    ("Packages.0.Weight.Unit", "Stone", "Packages[0].Weight.Unit"),
    ("Packages.0.Dimensions", ..., "Packages[0].Dimensions"),
    ("Packages.0.PackageSizeReference", "HUGE", "Packages[0].PackageSizeReference"),
    ("Packages.0.Items.1.Weight", ..., "Packages[0].Items[1].Weight"),
    ("Packages.0.Items.1.Dimensions", ..., "Packages[0].Items[1].Dimensions"),
    ("Packages.0.Items.1.Value", ..., "Packages[0].Items[1].Value"),
    ("Packages.0.Items.1.Quantity", 0, "Packages[0].Items[1].Quantity"),
    ("Packages.0.Items.1.Quantity", 2**31, "Packages[0].Items[1].Quantity"),
    ("Packages.0.Items.1.Sku", 7, "Packages[0].Items[1].Sku"),
    ("Addresses", ..., "Addresses"),
    ("Addresses.0.ShippingLocationReference", "ATLANTIS", "Addresses[0].ShippingLocationReference"),
    ("Addresses.0.AddressType", "Elsewhere", "Addresses[0].AddressType"),
    ("Addresses.1.AddressType", "Origin", "Addresses[1].AddressType"),
    ("Addresses.1.AddressLine1", ..., "Addresses[1].AddressLine1"),
    ("Addresses.1.Country", ..., "Addresses[1].Country.IsoCode.TwoLetterCode"),
    ("Direction", "Sideways", "Direction"),
    ("RequiredDeliveryDate.Date", "2026-03-06T00:00:00", "RequiredDeliveryDate.Date"),
    ("RequiredDeliveryDate.Date", 1772755200, "RequiredDeliveryDate.Date"),
    ("ShippingDate", "tomorrow", "ShippingDate"),
    ("MetaData.0.KeyValue", ..., "MetaData[0].KeyValue"),
    ("MetaData.1.IntValue", 2**31, "MetaData[1].IntValue"),
    ("Tags", "Fragile", "Tags"),
]


@pytest.mark.parametrize(("path", "value", "target"), REFUSED)
async def test_refused(pro: Caller, path: str, value: Any, target: str) -> None:
    response = await pro.call("POST", "/orders", _with(path, value))
    assert target in targets(response)
    assert response.json()["Code"] == "ValidationError"
    assert response.json()["CorrelationId"]
    assert not pro.state.orders
    assert pro.state.calls[-1].changed is False


@pytest.mark.parametrize(
    ("path", "value", "target"),
    [
        ("RequiredDeliveryDate.IsToBeExactlyOnTheDateSpecified", 0, None),
        ("RequiredDeliveryDate.IsToBeExactlyOnTheDateSpecified", "true", None),
        ("Packages.0.Weight.Value", "2.2", "Packages[0].Weight.Value"),
        ("Packages.0.Weight.Value", False, "Packages[0].Weight.Value"),
        ("Packages.0.Items.0.Quantity", "1", "Packages[0].Items[0].Quantity"),
        ("Packages.0.Items.0.Quantity", True, "Packages[0].Items[0].Quantity"),
    ],
)
async def test_what_looks_like_a_value_is_none(
    pro: Caller, path: str, value: Any, target: str | None
) -> None:
    response = await pro.call("POST", "/orders", _with(path, value))
    assert targets(response) == [target or path]


async def test_every_problem_is_named_at_once(pro: Caller) -> None:
    body = _with("Packages.0.Weight", ...)
    body["Addresses"][0]["ShippingLocationReference"] = "ATLANTIS"
    response = await pro.call("POST", "/orders", body)
    assert targets(response) == ["Packages[0].Weight", "Addresses[0].ShippingLocationReference"]


async def test_one_end_is_a_shipping_location(pro: Caller) -> None:
    body = _with("Addresses.0", dict(ORDER["Addresses"][1], AddressType="Origin"))
    assert targets(await pro.call("POST", "/orders", body)) == ["Addresses"]


async def test_python_names_do_not_pass(pro: Caller) -> None:
    body = changed(ORDER, {"Packages": ..., "packages": ORDER["Packages"]})
    assert targets(await pro.call("POST", "/orders", body)) == ["Packages"]


async def test_a_package_size_stands_for_weight_and_dimensions(pro: Caller) -> None:
    body = copy.deepcopy(ORDER)
    del body["Packages"][0]["Weight"], body["Packages"][0]["Dimensions"]
    body["Packages"][0]["PackageSizeReference"] = "MEDIUM"
    order = await pro.good("GET", f"/orders/{await pro.order(Packages=body['Packages'])}")
    assert order["Packages"][0]["Weight"] == {"Value": 4, "Unit": "Kg"}
    assert order["Packages"][0]["Dimensions"]["Length"] == 40


async def test_repeating_makes_a_second_order(pro: Caller) -> None:
    assert await pro.order() != await pro.order()


async def test_reads_back_what_was_sent(pro: Caller) -> None:
    order = await pro.good("GET", f"/orders/{await pro.order()}")
    assert order["OrderReferenceProvidedByCustomer"] == "WEB-204817"
    assert order["DateCreated"] == "2026-03-02T08:15:30.1234560+00:00"
    assert order["RequiredDeliveryDate"]["Date"] == "2026-03-06T00:00:00+00:00"
    assert order["Weight"] == {"Value": 2.2, "Unit": "Kg"}
    assert order["Value"]["Amount"] == 48.5
    assert order["Direction"] == "Outbound"
    assert order["Source"] == "Api"
    assert order["Tags"] == ["Fragile"]
    assert [each["KeyValue"] for each in order["MetaData"]] == ["Channel", "Basket"]
    lines = order["Packages"][0]["Items"]
    assert [each["Quantity"] for each in lines] == [1, 4]
    assert all(len(each["Reference"]) == 32 for each in lines)


async def test_a_location_is_not_written_out_on_an_order(pro: Caller) -> None:
    order = await pro.good("GET", f"/orders/{await pro.order()}")
    origin = order["Addresses"][0]
    assert origin["ShippingLocationReference"] == "LEEDS_DC"
    assert origin["AddressLine1"] is None


async def test_country_names_are_rewritten_by_code(pro: Caller) -> None:
    body = _with("Addresses.1.Country.Name", "Great Britain")
    order = await pro.good("GET", f"/orders/{await pro.order(Addresses=body['Addresses'])}")
    assert order["Addresses"][1]["Country"] == {
        "Name": "United Kingdom",
        "IsoCode": {"TwoLetterCode": "GB", "ThreeLetterCode": "GBR", "NumericCode": "826"},
    }


async def test_defaults(pro: Caller) -> None:
    reference = await pro.order(Direction=..., Source=..., Tags=None, MetaData=None)
    order = await pro.good("GET", f"/orders/{reference}")
    assert (order["Direction"], order["Source"], order["Tags"]) == ("Outbound", "Api", [])


async def test_references_are_pros_to_give(pro: Caller) -> None:
    body = _with("Packages.0.Reference", "EP-111-111-111")
    body["Packages"][0]["Items"][0]["Reference"] = "f" * 32
    reference = await pro.order(Packages=body["Packages"], OrderReference="EO-111-111-111")
    (package,) = (await pro.good("GET", f"/orders/{reference}"))["Packages"]
    assert reference != "EO-111-111-111"
    assert package["Reference"] != "EP-111-111-111"
    assert package["Items"][0]["Reference"] != "f" * 32


async def test_unknown_order(pro: Caller) -> None:
    assert (await pro.call("GET", "/orders/EO-000-000-000")).status_code == 404


async def test_consignments_of_orders(pro: Caller) -> None:
    order, empty = await pro.order(), await pro.order()
    first = await pro.pack(order)
    second = await pro.pack(order, GenerateReturn=True)
    body = {"OrderReferences": [order, empty]}
    response = await pro.call("PUT", "/orders/consignments", body)
    assert response.status_code == 201
    found, none = response.json()["OrderConsignmentsResults"]
    assert [each["ConsignmentReference"] for each in found["Consignments"]] == [first, second]
    back = [each["ReturnConsignmentReference"] for each in found["Consignments"]]
    assert back[0] is None
    assert (await pro.read(back[1]))["Direction"] == "Inbound"
    assert (none["Status"], none["Consignments"]) == (200, [])


async def test_consignments_of_an_unknown_order_are_a_mixed_outcome(pro: Caller) -> None:
    body = {"OrderReferences": [await pro.order(), "EO-000-000-000"]}
    response = await pro.call("PUT", "/orders/consignments", body)
    assert response.status_code == 300
    statuses = [each["Status"] for each in response.json()["OrderConsignmentsResults"]]
    assert statuses == [200, 404]
