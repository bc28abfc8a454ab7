"""What can be asked about orders."""

from collections.abc import Sequence

from sandbox import orders, packing
from sandbox.operation import Operation

ORDERS: Sequence[Operation] = (
    Operation("createOrder", "POST", "/orders", orders.create_order, takes_body=True),
    Operation("getOrder", "GET", "/orders/{orderReference}", orders.get_order),
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
)
