"""What a call is about: what fault rules are held against and what the list of calls shows."""

from collections.abc import Iterable
from typing import Any

from sandbox.exchange import Call, subject_of
from sandbox.faults import Subject
from sandbox.packages import owner_of


def subjects_of(call: Call) -> list[Subject]:
    """One subject for each order or consignment that the call names."""
    if call.operation == "createOrder":
        return [Subject(order_reference_provided_by_customer=_text(call.body, _ORDER_REFERENCE))]
    if call.operation == "createConsignment":
        return [Subject(customer_reference=_text(call.body, _CONSIGNMENT_REFERENCE))]
    if call.operation == "selectDeliveryOptionAsOrder":
        return _choosing(call)
    if call.operation == "packOrder":
        return [_packing(call)]
    return [*_of_orders(call), *_of_consignments(call), *_of_customer_references(call)]


_ORDER_REFERENCE = "OrderReferenceProvidedByCustomer"
_CONSIGNMENT_REFERENCE = "ConsignmentReferenceProvidedByCustomer"


def _choosing(call: Call) -> list[Subject]:
    chosen = call.body.get("DeliveryOptions") if isinstance(call.body, dict) else None
    return [
        Subject(order_reference_provided_by_customer=_text(each, _ORDER_REFERENCE))
        for each in _list(chosen)
    ]


def _packing(call: Call) -> Subject:
    reference = call.parameters["orderReference"]
    order = call.state.orders.get(reference)
    orders_own = (order and order.customer_reference) or ""
    return Subject(
        customer_reference=_text(call.body, _ORDER_REFERENCE) or orders_own,
        order_reference_provided_by_customer=orders_own,
        order_reference=reference,
    )


_OF_ORDER_PACKAGES = frozenset({"addOrderPackages", "updateOrderPackages", "deleteOrderPackages"})


def _of_orders(call: Call) -> Iterable[Subject]:
    named = [call.parameters.get("orderReference"), *_texts(call.body, "OrderReferences")]
    if call.operation in _OF_ORDER_PACKAGES:
        named.append(_text(call.body, "OrderReference"))
    for reference in filter(None, named):
        order = call.state.orders.get(reference)
        yield Subject(
            order_reference=reference,
            order_reference_provided_by_customer=(order and order.customer_reference) or "",
        )


def _of_consignments(call: Call) -> Iterable[Subject]:
    named = [
        call.parameters.get("consignmentReference"),
        *_texts(call.body, "ConsignmentReferences"),
        *(each for each in _list(call.body) if isinstance(each, str)),
    ]
    if call.operation == "updateConsignment":
        named.append(_text(call.body, "Reference"))
    if call.operation == "deletePackage":
        owner = owner_of(call.state, call.parameters["packageReference"])
        named.append(owner.reference if owner else None)
    for reference in filter(None, named):
        consignment = call.state.consignments.get(reference)
        if consignment is None:
            yield Subject(consignment_reference=reference)
        else:
            yield subject_of(call.state, consignment)


def _of_customer_references(call: Call) -> Iterable[Subject]:
    named = [
        call.parameters.get("clientReference"),
        *call.query.get("referenceprovidedbycustomer", ()),
    ]
    for reference in filter(None, named):
        yield Subject(customer_reference=reference)


def _list(body: Any) -> list[Any]:
    return body if isinstance(body, list) else []


def _text(body: Any, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""


def _texts(body: Any, name: str) -> list[str]:
    values = body.get(name) if isinstance(body, dict) else None
    return [each for each in _list(values) if isinstance(each, str)]
