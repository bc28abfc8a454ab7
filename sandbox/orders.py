"""Orders: record, read, list their consignments (RULES 3)."""

from collections.abc import Sequence

from sandbox.answers import link, order_json
from sandbox.errors import Problems
from sandbox.exchange import Answer, Call
from sandbox.goods import Package, PackageInput
from sandbox.records import Order
from sandbox.references import References
from sandbox.requests import CreateOrderRequest, OrderConsignmentsRequest
from sandbox.validation import check_addresses, check_packages, read, resolved_size


def create_order(call: Call) -> Answer:
    """POST /orders. Not idempotent: a repeat makes another order."""
    request = read(CreateOrderRequest, call.body)
    problems = Problems()
    check_packages(problems, request.packages)
    check_addresses(problems, request.addresses)
    problems.raise_any()
    state = call.state
    order = Order(
        reference=state.references.order(),
        created=state.now,
        customer_reference=request.order_reference_provided_by_customer,
        addresses=request.addresses,
        packages=kept_packages(request.packages, state.references),
        direction=request.direction,
        source=request.source,
        required_delivery_date=request.required_delivery_date,
        shipping_date=request.shipping_date,
        customs_documentation=request.customs_documentation,
        meta_data=request.meta_data,
        tags=request.tags,
    )
    state.orders[order.reference] = order
    state.changed(order)
    return Answer(201, [link("Order", f"orders/{order.reference}")], touched=(order.reference,))


def kept_packages(
    packages: Sequence[PackageInput], references: References, present: Sequence[Package] = ()
) -> list[Package]:
    """Checked packages as they are kept: with PRO's own references and the sizes filled in.

    References are PRO's to give: one that is sent counts only when it is of a package or an
    item in `present`.
    """
    known = {package.reference for package in present}
    known |= {item.reference for package in present for item in package.items if item.reference}
    kept = []
    for package in packages:
        weight, dimensions = resolved_size(
            package.weight, package.dimensions, package.package_size_reference
        )
        own = package.reference if package.reference in known else None
        items = [
            item
            if item.reference in known
            else item.model_copy(update={"reference": references.item()})
            for item in package.items
        ]
        kept.append(
            Package(
                reference=own or references.package(),
                package_reference_provided_by_customer=(
                    package.package_reference_provided_by_customer or ""
                ),
                weight=weight,
                dimensions=dimensions,
                description=package.description,
                value=package.value,
                package_size_reference=package.package_size_reference,
                barcode=package.barcode,
                meta_data=package.meta_data,
                items=items,
            )
        )
    return kept


def get_order(call: Call) -> Answer:
    """GET /orders/{orderReference}."""
    return Answer(200, order_json(call.state.order(call.parameters["orderReference"])))


def get_consignments_for_orders(call: Call) -> Answer:
    """PUT /orders/consignments: 201 when all orders were found, else 300 (SDK's Ambiguous)."""
    request = read(OrderConsignmentsRequest, call.body)
    results = []
    for reference in request.order_references:
        order = call.state.orders.get(reference)
        results.append(
            {
                "OrderReference": reference,
                "Status": 200 if order else 404,
                "Message": None if order else f"Order {reference} was not found.",
                "Consignments": [
                    {"ConsignmentReference": outbound, "ReturnConsignmentReference": back}
                    for outbound, back in (order.consignments if order else ())
                ],
            }
        )
    all_found = all(each["Status"] == 200 for each in results)
    return Answer(201 if all_found else 300, {"OrderConsignmentsResults": results})
