"""Orders made of the delivery option that a customer chose at the checkout."""

from typing import Any

import httpx
import pytest

from .world import World, order, pick

pytestmark = [pytest.mark.kafka]


async def offered(world: World, quantity: int = 2) -> str:
    """Ask PRO for delivery options, as a checkout does; gives the first."""
    name = {"FirstName": "Ada", "LastName": "Okafor", "Mobile": "07700900123"}
    box = {"Unit": "Cm", "Width": 12, "Length": 20, "Height": 6}
    value = {"Amount": 25, "Currency": {"IsoCode": "GBP"}}
    hat = {
        "Sku": "HAT",
        "Quantity": quantity,
        "Weight": {"Value": 0.4, "Unit": "Kg"},
        "Dimensions": box,
        "Value": value,
    }
    basket = {
        "Packages": [
            {
                "Description": "Hats",
                "Value": value,
                "Weight": {"Value": 0.8, "Unit": "Kg"},
                "Dimensions": box,
                "Items": [hat],
            }
        ],
        "Addresses": [
            {"AddressType": "Origin", "ShippingLocationReference": "LEEDS_DC"},
            {
                "AddressType": "Destination",
                "Contact": name,
                "AddressLine1": "unknown yet",
                "Postcode": "NR1 1AA",
                "Country": {"IsoCode": {"TwoLetterCode": "GB"}},
            },
        ],
    }
    headers = {"ocp-apim-subscription-key": "sandbox-key", "electio-api-version": "1.1"}
    async with httpx.AsyncClient(base_url=world.pro.url, headers=headers) as checkout:
        answer = await checkout.post("/deliveryoptions", json=basket)
    answer.raise_for_status()
    reference: str = answer.json()["DeliveryOptions"][0]["Reference"]
    return reference


async def chosen(world: World, reference: str = "WEB-1", **more: object) -> dict[str, Any]:
    """Start the service, and choose an option for an order of two hats."""
    world.start_service()
    await world.ready()
    option = await offered(world)
    return {**order(reference, ("HAT", 2)), "delivery_option_reference": option, **more}


async def test_the_option_becomes_the_order_and_its_picks_go_the_whole_way(world: World) -> None:
    event = await chosen(world, tags=["Fragile"])
    await world.say("order.placed", event, times=2)
    (recorded,) = await world.until_outcomes("order.recorded", 1)
    in_pro = world.pro.state.orders[recorded.data["pro_order_reference"]]
    assert in_pro.delivery_option == event["delivery_option_reference"]
    assert in_pro.tags == ["Fragile"]
    assert "4 Quarry Lane" in {each.address_line1 for each in in_pro.addresses}
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 2)]))
    await world.until_outcomes("consignment.labelled", 1)
    assert await world.calls("createOrder") == []
    assert len(world.pro.state.orders) == 1


@pytest.mark.parametrize("operation", ["selectDeliveryOptionAsOrder", "updateOrder"])
@pytest.mark.parametrize("kind", ["drop_before_commit", "drop_after_commit"])
async def test_a_lost_answer_is_asked_again_and_packed_once(
    world: World, operation: str, kind: str
) -> None:
    event = await chosen(world)
    world.fault(kind, operation, times=1)
    await world.say("order.placed", event)
    await world.say("stock.picked", pick("WEB-1", "P-1", [("HAT", 2)]))
    await world.until_outcomes("consignment.labelled", 1)
    orphans = operation == "selectDeliveryOptionAsOrder" and kind == "drop_after_commit"
    assert len(world.pro.state.orders) == (2 if orphans else 1)
    assert len(world.pro.state.consignments) == 1


async def test_an_option_for_other_goods_rejects_the_order_and_frees_its_reference(
    world: World,
) -> None:
    event = await chosen(world)
    await world.say("order.placed", event | {"items": order("none", ("HAT", 3))["items"]})
    (rejected,) = await world.until_outcomes("order.rejected", 1)
    assert rejected.data["rejection"]["code"] == "option_differs"
    assert "HAT 2 in the option, 3 in the order" in rejected.data["rejection"]["message"]
    await world.say("order.placed", event)
    await world.until_outcomes("order.recorded", 1)


async def test_an_option_that_pro_does_not_know_rejects_the_order(world: World) -> None:
    event = await chosen(world, delivery_option_reference="EDO-000-000-000")
    await world.say("order.placed", event)
    (rejected,) = await world.until_outcomes("order.rejected", 1)
    assert rejected.data["rejection"]["source"] == "pro"
    assert world.pro.state.orders == {}


async def test_a_day_beside_the_option_is_a_dead_letter_that_names_it(world: World) -> None:
    event = await chosen(world, shipping_date="2026-03-04T08:00:00Z")
    await world.say("order.placed", event)
    await world.until(lambda: len(world.dead_letters) == 1, "it is a dead letter")
    (letter,) = world.dead_letters
    assert "comes with the delivery option" in letter.headers["orderflex_error_detail"]
