"""Changing an order: as a whole, and its addresses one by one (RULES 3.3)."""

from sandbox.answers import link
from sandbox.errors import Code, Detail, Problems, Refusal
from sandbox.exchange import Answer, Call
from sandbox.models import Address
from sandbox.records import Order
from sandbox.requests import UpdateOrderRequest
from sandbox.validation import check_address, check_addresses, check_ends, read


def update_order(call: Call) -> Answer:
    """PUT /orders/{orderReference}: most of what is absent is wiped, packages are not read.

    Consignments packed before stay as they are.
    """
    order = call.state.order(call.parameters["orderReference"])
    request = read(UpdateOrderRequest, call.body)
    problems = Problems()
    if request.order_reference != order.reference:
        problems.add("Invalid", "OrderReference", "must be the order of the path")
    if request.addresses is not None:
        check_addresses(problems, request.addresses)
    problems.raise_any()
    order.customer_reference = request.order_reference_provided_by_customer
    order.required_delivery_date = request.required_delivery_date
    order.shipping_date = request.shipping_date
    order.customs_documentation = request.customs_documentation
    order.meta_data = request.meta_data
    # Kept when absent, as the help page says; the SDK wants two of them (RULES 11, 16).
    if request.addresses is not None:
        order.addresses = request.addresses
    if request.direction is not None:
        order.direction = request.direction
    if request.tags is not None:
        order.tags = request.tags
    call.state.changed(order)
    return Answer(200, [link("Order", f"orders/{order.reference}")])


def add_order_address(call: Call) -> Answer:
    """POST /orders/{orderReference}/address: a type that the order lacks."""
    order, address = _read(call)
    if address.address_type in _kinds(order):
        told = f"{address.address_type.value} is there already; change it with PUT."
        raise _refused("Duplicate", told)
    _replace(call, order, [*order.addresses, address])
    return Answer(201)


def update_order_address(call: Call) -> Answer:
    """PUT /orders/{orderReference}/address: a type that the order has."""
    order, address = _read(call)
    if address.address_type not in _kinds(order):
        told = f"The order has no {address.address_type.value}; add it with POST."
        raise _refused("Missing", told)
    _replace(
        call,
        order,
        [
            address if each.address_type is address.address_type else each
            for each in order.addresses
        ],
    )
    return Answer(200)


def _read(call: Call) -> tuple[Order, Address]:
    order = call.state.order(call.parameters["orderReference"])
    address = read(Address, call.body)
    problems = Problems()
    check_address(problems, "", address)
    problems.raise_any()
    return order, address


def _kinds(order: Order) -> set[str]:
    return {each.address_type for each in order.addresses}


def _refused(code: str, message: str) -> Refusal:
    detail = Detail(code, "AddressType", message)
    return Refusal(400, Code.VALIDATION, "The request is not valid.", [detail])


def _replace(call: Call, order: Order, addresses: list[Address]) -> None:
    problems = Problems()
    check_ends(problems, addresses, "ShippingLocationReference")
    problems.raise_any()
    order.addresses = addresses
    call.state.changed(order)
