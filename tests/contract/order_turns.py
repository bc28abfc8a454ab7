"""A good call of each operation about orders, delivery options and consignments without one."""

from .caller import Caller
from .goods import CONSIGNMENT, RETURN_ADDRESS, chosen, options


async def update_order(pro: Caller) -> object:
    """updateOrder."""
    order = await pro.order()
    return await pro.good("PUT", f"/orders/{order}", {"OrderReference": order})


async def add_address(pro: Caller) -> object:
    """addOrderAddress."""
    return await pro.good("POST", f"/orders/{await pro.order()}/address", RETURN_ADDRESS)


async def update_address(pro: Caller) -> object:
    """updateOrderAddress."""
    body = RETURN_ADDRESS | {"AddressType": "Origin"}
    return await pro.good("PUT", f"/orders/{await pro.order()}/address", body)


async def create_consignment(pro: Caller) -> object:
    """createConsignment."""
    return await pro.good("POST", "/consignments", CONSIGNMENT)


async def find_options(pro: Caller) -> object:
    """getDeliveryOptions."""
    return await options(pro)


async def option_days(pro: Caller) -> object:
    """getDeliveryOptionSummary."""
    return await pro.good("POST", "/deliveryoptions/summary", CONSIGNMENT)


async def read_option(pro: Caller) -> object:
    """getDeliveryOption."""
    reference = (await options(pro))[0]["Reference"]
    return await pro.good("GET", f"/deliveryoptions/details/{reference}")


async def select_order(pro: Caller) -> object:
    """selectDeliveryOptionAsOrder."""
    return await chosen(pro, (await options(pro))[0]["Reference"])


TURNS = {
    "updateOrder": update_order,
    "addOrderAddress": add_address,
    "updateOrderAddress": update_address,
    "createConsignment": create_consignment,
    "getDeliveryOptions": find_options,
    "getDeliveryOptionSummary": option_days,
    "getDeliveryOption": read_option,
    "selectDeliveryOptionAsOrder": select_order,
}
