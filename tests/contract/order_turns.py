"""A good call of each operation about orders, delivery options, quotes and single packages."""

from collections.abc import Awaitable, Callable

from .caller import Caller
from .goods import CONSIGNMENT, RETURN_ADDRESS, chosen, options
from .samples import ORDER


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


async def add_packages(pro: Caller) -> object:
    """addOrderPackages."""
    body = {"OrderReference": await pro.order(), "OrderPackages": [ORDER["Packages"][0]]}
    return await pro.good("POST", "/orders/addorderpackages", body)


async def update_packages(pro: Caller) -> object:
    """updateOrderPackages."""
    order = await pro.good("GET", f"/orders/{await pro.order()}")
    body = {"OrderReference": order["OrderReference"], "OrderPackages": order["Packages"]}
    return await pro.good("PUT", "/orders/updateorderpackages", body)


async def delete_packages(pro: Caller) -> object:
    """deleteOrderPackages."""
    two = [ORDER["Packages"][0], ORDER["Packages"][0]]
    order = await pro.good("GET", f"/orders/{await pro.order(Packages=two)}")
    references = [order["Packages"][0]["Reference"]]
    body = {"OrderReference": order["OrderReference"], "OrderPackageReferences": references}
    return await pro.good("POST", "/orders/deleteorderpackages", body)


async def select(pro: Caller) -> object:
    """selectDeliveryOption."""
    reference = (await options(pro))[0]["Reference"]
    return await pro.good("POST", f"/deliveryoptions/select/{reference}")


def _read(path: str) -> Callable[[Caller], Awaitable[object]]:
    async def call(pro: Caller) -> object:
        return await pro.good("GET", path.format(await pro.pack()))

    return call


async def rename(pro: Caller) -> object:
    """setConsignmentCustomerReference."""
    path = f"/consignments/{await pro.pack()}/setcustomerprovidedreference"
    return await pro.good("PUT", path, {"Reference": "another"})


async def dispatch(pro: Caller) -> object:
    """dispatchConsignments."""
    body = {"ConsignmentReferences": [await pro.pack()]}
    return await pro.good("PUT", "/consignments/Dispatch", body)


async def add_package(pro: Caller) -> object:
    """addPackage."""
    path = f"/consignments/{await pro.pack()}/addpackage"
    return await pro.good("POST", path, ORDER["Packages"][0])


async def delete_package(pro: Caller) -> object:
    """deletePackage."""
    path = f"/consignments/{await pro.pack()}/addpackage"
    package = await pro.good("POST", path, ORDER["Packages"][0])
    return await pro.good("DELETE", f"/packages/{package['Reference']}")


async def quotes(pro: Caller) -> object:
    """getQuotes."""
    return await pro.good("POST", "/quotes", CONSIGNMENT)


async def group_quotes(pro: Caller) -> object:
    """getServiceGroupQuotes."""
    return await pro.good("POST", "/quotes/serviceGroups", CONSIGNMENT)


TURNS: dict[str, Callable[[Caller], Awaitable[object]]] = {
    "addOrderPackages": add_packages,
    "updateOrderPackages": update_packages,
    "deleteOrderPackages": delete_packages,
    "selectDeliveryOption": select,
    "getConsignmentWithMetadata": _read("/consignments/getconsignmentwithmetadata/{0}"),
    "getConsignmentOnly": _read("/consignments/getconsignmentonly/{0}"),
    "getConsignmentAudit": _read("/consignments/{0}/audit"),
    "setConsignmentCustomerReference": rename,
    "dispatchConsignments": dispatch,
    "addPackage": add_package,
    "deletePackage": delete_package,
    "getQuotes": quotes,
    "getServiceGroupQuotes": group_quotes,
    "getQuotesForConsignment": _read("/quotes/consignment/{0}"),
    "getAssignedShippingLocations": _read("/shippinglocations/assigned"),
    "updateOrder": update_order,
    "addOrderAddress": add_address,
    "updateOrderAddress": update_address,
    "createConsignment": create_consignment,
    "getDeliveryOptions": find_options,
    "getDeliveryOptionSummary": option_days,
    "getDeliveryOption": read_option,
    "selectDeliveryOptionAsOrder": select_order,
}
