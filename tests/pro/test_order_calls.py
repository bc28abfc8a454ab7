"""Orders: read whole, changed, made of delivery options. Over the wire, and what answers mean."""

import json
from typing import Any

import pytest

from service.pro.contract import SelectDeliveryOption
from service.pro.documents import order_document
from service.pro.parts import Address, MetaData
from service.pro.problems import Ambiguous, Refused, Retryable
from tests.pro.raw_server import Answering, RawServer, answer, client_of, serving

REFUSED = answer(400, '{"Code": "ValidationError", "Message": "no"}')
ORDER: dict[str, Any] = {
    "OrderReference": "EO-000-00A-7QK",
    "OrderReferenceProvidedByCustomer": "WEB-204817",
    "DeliveryOptionReference": "EDO-000-001",
    "Packages": [
        {
            "Reference": "EP-000-001",
            "Weight": {"Value": 2.2, "Unit": "Kg"},
            "Dimensions": None,
            "PackageSizeReference": "BOX-S",
            "Items": [
                {
                    "Sku": "TEA-POT-01",
                    "Reference": "3f2a90c1d4e84b0fa1b2c3d4e5f60718",
                    "ItemReferenceProvidedByCustomer": "",
                    "Quantity": 4,
                    "Weight": {"Value": 1.40, "Unit": "Kg"},
                    "Value": {"Amount": 32.5000, "Currency": {"Name": "x", "IsoCode": "GBP"}},
                }
            ],
        }
    ],
    "Weight": {"Value": 2.2, "Unit": "Kg"},
    "Source": "Api",
    "Value": {"Amount": 48.5},
    "Direction": "Outbound",
    "ShippingDate": "2026-03-04T00:00:00",
    "Addresses": [
        {"AddressType": "Origin", "ShippingLocationReference": "LEEDS_DC"},
        {"AddressType": "Destination", "Town": "Norwich", "Unheard": {"Of": 1.5}},
    ],
    "MetaData": [{"KeyValue": "At", "DateTimeValue": "2026-03-02T08:15:30.1234567+00:00"}],
    "Tags": None,
    "FieldOfTomorrow": [1],
}
DOCUMENT = order_document(json.dumps(ORDER).encode(), "EO-000-00A-7QK")
ADDRESS = Address(address_type="Return", town="Leeds")
OPTION = SelectDeliveryOption(
    reference="EDO-000-001",
    order_reference_provided_by_customer="WEB-204817",
    meta_data=(MetaData(key_value="Channel", string_value="app"),),
)


def line_of(server: RawServer) -> str:
    return server.requests[0].line.removesuffix(" HTTP/1.1")


async def test_an_order_is_read_with_what_is_decided_by() -> None:
    async with serving(answer(200, json.dumps(ORDER))) as server, client_of(server) as client:
        order = (await client.get_order("EO-000-00A-7QK")).order
        assert line_of(server) == "GET /orders/EO-000-00A-7QK"
    assert order.delivery_option_reference == "EDO-000-001"
    assert order.address_types == {"Origin", "Destination"}
    assert order.tags == ()
    (package,) = order.packages
    (item,) = package.items
    assert (package.package_size_reference, package.dimensions) == ("BOX-S", None)
    assert (item.sku, item.quantity) == ("TEA-POT-01", 4)
    assert item.item_reference_provided_by_customer is None
    assert item.weight is not None
    assert (str(item.weight.value), item.weight.unit) == ("1.4", "Kg")
    assert item.value is not None
    assert item.value.currency is not None
    assert item.value.currency.iso_code == "GBP"


async def test_an_order_goes_back_as_it_came() -> None:
    async with serving(answer(200, json.dumps(ORDER))) as server, client_of(server) as client:
        await client.update_order(await client.get_order("EO-000-00A-7QK"))
        request = server.requests[1]
    assert request.line.startswith("PUT /orders/EO-000-00A-7QK ")
    kept = {
        *("OrderReference", "OrderReferenceProvidedByCustomer", "Direction", "ShippingDate"),
        *("Addresses", "MetaData", "Tags", "FieldOfTomorrow"),
    }
    assert json.loads(request.body) == {name: ORDER[name] for name in kept}


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", json.dumps(ORDER | {"OrderReference": "EO-2"}), "<html>"]
)
async def test_an_order_that_cannot_be_read_is_asked_for_again(body: str) -> None:
    async with serving(answer(200, body)) as server, client_of(server) as client:
        with pytest.raises(Retryable):
            await client.get_order("EO-000-00A-7QK")


async def changing(answering: Answering, change: str) -> tuple[str, bytes]:
    async with serving(answering) as server, client_of(server) as client:
        await CHANGES[change](client)
        return line_of(server), server.requests[0].body


CHANGES: dict[str, Any] = {
    "update": lambda c: c.update_order(DOCUMENT),
    "add": lambda c: c.add_order_address("EO-1", ADDRESS),
    "replace": lambda c: c.update_order_address("EO-1", ADDRESS),
}


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_takes_any_2xx_whatever_it_says(change: str, status: int) -> None:
    await changing(answer(status, "" if status == 204 else "Changed, said nobody."), change)


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_may_be_refused_or_in_doubt(change: str) -> None:
    with pytest.raises(Refused):
        await changing(REFUSED, change)
    with pytest.raises(Ambiguous):
        await changing(answer(502), change)


async def test_an_address_is_added_with_post_and_replaced_with_put() -> None:
    body = b'{"AddressType":"Return","Town":"Leeds"}'
    assert await changing(answer(201), "add") == ("POST /orders/EO-1/address", body)
    assert await changing(answer(200), "replace") == ("PUT /orders/EO-1/address", body)


def selected(status: int = 201, **fields: Any) -> dict[str, Any]:
    said = {"DeliveryOptionReference": "EDO-000-001", "OrderReference": None, "Status": status}
    return said | fields


def selections(*results: object, status: int = 201) -> Answering:
    return answer(status, json.dumps({"SelectOrderResults": results}))


async def selecting(answering: Answering) -> str:
    async with serving(answering) as server, client_of(server) as client:
        return await client.select_delivery_option_as_order(OPTION)


async def test_an_option_becomes_an_order() -> None:
    said = selections(selected(OrderReference="EO-1", Links=None))
    async with serving(said) as server, client_of(server) as client:
        assert await client.select_delivery_option_as_order(OPTION) == "EO-1"
        assert line_of(server) == "POST /deliveryoptions/selectorder"
        assert json.loads(server.requests[0].body) == {
            "DeliveryOptions": [
                {
                    "Reference": "EDO-000-001",
                    "OrderReferenceProvidedByCustomer": "WEB-204817",
                    "MetaData": [{"KeyValue": "Channel", "StringValue": "app"}],
                }
            ]
        }


async def test_the_order_may_be_named_by_its_link_only_and_among_others() -> None:
    links = [{"Rel": "Order", "Href": "https://api.electioapp.com/orders/EO-1"}]
    other = selected(OrderReference="EO-2") | {"DeliveryOptionReference": "EDO-2"}
    assert await selecting(selections(other, selected(200, Links=links), status=207)) == "EO-1"


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_an_option_that_is_refused_on_its_own_is_a_refusal(status: int) -> None:
    with pytest.raises(Refused) as caught:
        await selecting(selections(selected(status, Message="It is past its cut-off."), status=207))
    problem = caught.value.problem
    assert (problem.status, problem.code) == (status, "option_not_selected")
    assert problem.message == "It is past its cut-off."


async def test_a_call_that_is_refused_whole_is_a_refusal() -> None:
    with pytest.raises(Refused) as caught:
        await selecting(REFUSED)
    assert caught.value.problem.code == "ValidationError"


@pytest.mark.parametrize(
    "answering",
    [
        selections(),
        selections(selected()),
        selections(selected() | {"DeliveryOptionReference": "EDO-2"}),
        selections(selected(OrderReference="EO-1"), selected(OrderReference="EO-2")),
        selections(selected(400, OrderReference="EO-1"), status=207),
        *(selections(selected(s), status=207) for s in (202, 401, 403, 408, 429, 500, 503)),
        answer(201),
        answer(201, "{}"),
    ],
)
async def test_a_selection_that_does_not_tell_is_ambiguous(answering: Answering) -> None:
    with pytest.raises(Ambiguous):
        await selecting(answering)
