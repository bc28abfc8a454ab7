"""Pack Order: makes a consignment, or two, out of goods of an order (RULES 3.4)."""

from dataclasses import replace
from typing import Any

from sandbox.answers import consignment_link
from sandbox.errors import Code, Detail, Problems, Refusal
from sandbox.exchange import Answer, Call, subject_of
from sandbox.faults import FaultKind, FaultRule
from sandbox.goods import Item, Package
from sandbox.models import Address, MetaData, Money
from sandbox.records import Consignment, Order
from sandbox.references import References
from sandbox.requests import PackItem, PackOrderRequest, PackPackage
from sandbox.state import SandboxState
from sandbox.validation import check_size, read, resolved_size, written_out
from sandbox.words import AddressType, Direction, PackResult

_NAMES = {
    "Sku": "sku",
    "Reference": "reference",
    "ItemReferenceProvidedByCustomer": "item_reference_provided_by_customer",
}
"""The three ways to name goods, on the wire and here."""


def pack_order(call: Call) -> Answer:
    """POST /orders/{orderReference}/pack. Not idempotent: a repeat makes another consignment."""
    request = read(PackOrderRequest, call.body)
    order = _order_of(call, request)
    problems = Problems()
    lines = _check_packages(problems, order, request)
    problems.raise_any()
    outbound = _consignment(call.state, order, request, lines)
    back = _return_of(outbound, call.state.references) if request.generate_return else None
    return _keep(call, order, outbound, back)


def _order_of(call: Call, request: PackOrderRequest) -> Order:
    reference = call.parameters["orderReference"]
    order = call.state.orders.get(reference)
    if order is None:
        # The documented codes of Pack Order have no 404 (contract, packOrder, x-note).
        detail = Detail("OrderNotFound", "OrderReference", f"Order {reference} was not found.")
        raise Refusal(400, Code.NOT_FOUND, detail.message, [detail])
    if request.order_reference != reference:
        detail = Detail("Invalid", "OrderReference", "must be the order of the path")
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", [detail])
    return order


def _check_packages(
    problems: Problems, order: Order, request: PackOrderRequest
) -> list[list[Item | None]]:
    lines: list[list[Item | None]] = []
    for number, package in enumerate(request.packages):
        target = f"Packages[{number}]"
        check_size(
            problems,
            f"{target}.",
            package.weight,
            package.dimensions,
            package.package_size_reference,
        )
        lines.append(
            [
                _line_of(problems, order, f"{target}.Items[{item_number}]", item)
                for item_number, item in enumerate(package.items)
            ]
        )
    return lines


def _line_of(problems: Problems, order: Order, target: str, item: PackItem) -> Item | None:
    """The order line that is meant; all names given must be of one line.

    The quantity is not held against the line's, and earlier packs are not looked at (RULES 3.4).
    """
    candidates = order.lines
    given = {name: wanted for name in _NAMES if (wanted := getattr(item, _NAMES[name]))}
    if not given:
        told = f"One of {', '.join(_NAMES)} is wanted to name goods of the order."
        problems.add("Required", target, told)
        return None
    for name, wanted in given.items():
        candidates = [line for line in candidates if getattr(line, _NAMES[name]) == wanted]
        if not candidates:
            told = f"{wanted} is not part of the order."
            problems.add("ItemNotOnOrder", f"{target}.{name}", told)
            return None
    return candidates[0]


def _consignment(
    state: SandboxState,
    order: Order,
    request: PackOrderRequest,
    lines: list[list[Item | None]],
) -> Consignment:
    packages = [
        _package(state.references, order, package, [line for line in packed if line is not None])
        for package, packed in zip(request.packages, lines, strict=True)
    ]
    return Consignment(
        reference=state.references.consignment(),
        order_reference=order.reference,
        created=state.now,
        # The pack's, else the order's, else none: empty text when read (RULES 3.4).
        customer_reference=(
            request.order_reference_provided_by_customer or order.customer_reference or ""
        ),
        addresses=written_out(order.addresses),
        packages=packages,
        direction=order.direction,
        source=order.source,
        requested_delivery_date=order.required_delivery_date,
        shipping_date=order.shipping_date,
        customs_documentation=request.customs_documentation or order.customs_documentation,
        meta_data=merged_meta_data(order.meta_data, request.meta_data),
        # A list, even an empty one, replaces the order's; null keeps them.
        tags=list(request.tags if request.tags is not None else order.tags or ()),
    )


def merged_meta_data(
    of_order: list[MetaData] | None, of_pack: list[MetaData] | None
) -> list[MetaData] | None:
    """The pack's entries, and the order's whose keys the pack lacks.

    The page calls the pack's additional and also says that order values fill what it lacks;
    this is true to both, and copies the order's ShippersEORI, as the rules want (RULES 3.4).
    """
    own = list(of_pack or ())
    taken = {entry.key_value for entry in own}
    return own + [entry for entry in of_order or () if entry.key_value not in taken] or None


def _package(
    references: References, order: Order, package: PackPackage, lines: list[Item]
) -> Package:
    weight, dimensions = resolved_size(
        package.weight, package.dimensions, package.package_size_reference
    )
    items = [
        line.model_copy(update={"quantity": asked.quantity})
        for line, asked in zip(lines, package.items, strict=True)
    ]
    # A pack names no description and no value: the first from the order's package, the
    # second from the goods, whose value is that of one unit.
    source = next(each for each in order.packages if lines[0] in each.items)
    currency = next((item.value.currency for item in items if item.value.currency), None)
    amount = round(sum(item.value.amount * item.quantity for item in items), 4)
    return Package(
        reference=references.package(),
        weight=weight,
        dimensions=dimensions,
        description=source.description,
        value=Money(amount=amount, currency=currency),
        package_size_reference=package.package_size_reference,
        items=items,
    )


def _return_of(outbound: Consignment, references: References) -> Consignment:
    """Inbound, Origin and Destination swapped, else the same, customer reference included."""
    swap = {
        AddressType.ORIGIN: AddressType.DESTINATION,
        AddressType.DESTINATION: AddressType.ORIGIN,
    }
    addresses: list[Address] = [
        each.model_copy(update={"address_type": swap.get(each.address_type, each.address_type)})
        for each in outbound.addresses
    ]
    return replace(
        outbound,
        reference=references.consignment(),
        addresses=addresses,
        packages=[
            package.model_copy(update={"reference": references.package()})
            for package in outbound.packages
        ],
        direction=Direction.INBOUND,
        tags=list(outbound.tags),
        history=[],
    )


def _keep(call: Call, order: Order, outbound: Consignment, back: Consignment | None) -> Answer:
    # The fault befalls the return where there is one: a 201 that hides a failure.
    fault = call.state.faults.for_item(
        FaultKind.BULK_ITEM_FAILURE, call.operation, subject_of(call.state, outbound)
    )
    results: list[dict[str, Any]] = []
    made: list[str] = []
    failed = back or outbound
    for consignment in (back, outbound):
        # The return stands first, so that whoever goes by position is found out (RULES 3.4).
        if consignment is None:
            continue
        if fault is not None and consignment is failed:
            results.append(_failed_result(consignment, fault))
            continue
        call.state.consignments[consignment.reference] = consignment
        call.state.enter(consignment, consignment.state)
        made.append(consignment.reference)
        results.append(_good_result(consignment))
    if outbound.reference in made:
        back_made = back is not None and back.reference in made
        order.consignments.append(
            (outbound.reference, back.reference if back and back_made else None)
        )
        call.state.changed(order)
    return Answer(201, {"Results": results}, touched=tuple(made))


def _good_result(consignment: Consignment) -> dict[str, Any]:
    inbound = consignment.direction is Direction.INBOUND
    return {
        "Result": (PackResult.RETURN_CREATED if inbound else PackResult.CREATED).value,
        "ApiLinks": [consignment_link("Consignment", consignment.reference)],
    }


def _failed_result(consignment: Consignment, fault: FaultRule) -> dict[str, Any]:
    inbound = consignment.direction is Direction.INBOUND
    word = PackResult.RETURN_CREATION_FAILED if inbound else PackResult.CREATION_FAILED
    message = fault.body if isinstance(fault.body, str) else "The consignment was not made."
    return {"Result": word.value, "Message": message, "ApiLinks": []}
