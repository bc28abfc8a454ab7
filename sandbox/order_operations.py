"""What can be asked about orders, delivery options and quotes."""

from collections.abc import Sequence

from sandbox import (
    delivery_options,
    option_choices,
    order_changes,
    order_packages,
    orders,
    packing,
    quotes,
)
from sandbox.operation import Operation

ORDERS: Sequence[Operation] = (
    Operation("createOrder", "POST", "/orders", orders.create_order, takes_body=True),
    Operation("getOrder", "GET", "/orders/{orderReference}", orders.get_order),
    Operation(
        "updateOrder",
        "PUT",
        "/orders/{orderReference}",
        order_changes.update_order,
        takes_body=True,
    ),
    Operation(
        "addOrderAddress",
        "POST",
        "/orders/{orderReference}/address",
        order_changes.add_order_address,
        takes_body=True,
    ),
    Operation(
        "updateOrderAddress",
        "PUT",
        "/orders/{orderReference}/address",
        order_changes.update_order_address,
        takes_body=True,
    ),
    Operation(
        "packOrder", "POST", "/orders/{orderReference}/pack", packing.pack_order, takes_body=True
    ),
    Operation(
        "getConsignmentsForOrders",
        "PUT",
        "/orders/consignments",
        orders.get_consignments_for_orders,
        takes_body=True,
    ),
    Operation(
        "addOrderPackages",
        "POST",
        "/orders/addorderpackages",
        order_packages.add_order_packages,
        takes_body=True,
    ),
    Operation(
        "updateOrderPackages",
        "PUT",
        "/orders/updateorderpackages",
        order_packages.update_order_packages,
        takes_body=True,
    ),
    Operation(
        "deleteOrderPackages",
        "POST",
        "/orders/deleteorderpackages",
        order_packages.delete_order_packages,
        takes_body=True,
    ),
    Operation(
        "getDeliveryOptions",
        "POST",
        "/deliveryoptions",
        delivery_options.get_delivery_options,
        takes_body=True,
    ),
    Operation(
        "getDeliveryOptionSummary",
        "POST",
        "/deliveryoptions/summary",
        delivery_options.get_delivery_option_summary,
        takes_body=True,
    ),
    Operation(
        "getDeliveryOption",
        "GET",
        "/deliveryoptions/details/{deliveryOptionReference}",
        delivery_options.get_delivery_option,
    ),
    Operation(
        "selectDeliveryOptionAsOrder",
        "POST",
        "/deliveryoptions/selectorder",
        option_choices.select_as_order,
        takes_body=True,
    ),
    Operation(
        "selectDeliveryOption",
        "POST",
        "/deliveryoptions/select/{deliveryOptionReference}",
        option_choices.select,
    ),
    Operation(
        "getQuotes",
        "POST",
        "/quotes",
        quotes.get_quotes,
        takes_body=True,
    ),
    Operation(
        "getQuotesForConsignment",
        "GET",
        "/quotes/consignment/{consignmentReference}",
        quotes.get_quotes_for_consignment,
    ),
)
