"""Events to start from."""

from typing import Any

from service.events.amending import OrderAmended
from service.events.cancelling import OrderCancelled, PickWithdrawn
from service.events.reallocation import ConsignmentReallocationRequested
from service.events.received import ManifestRequested, OrderPlaced, StockPicked
from service.events.requested import ConsignmentRequested

from .world import event_of


def item(sku: str = "TEA-POT-01", quantity: int = 1, **other: Any) -> dict[str, Any]:
    return {
        "sku": sku,
        "quantity": quantity,
        "weight": {"value": 1.4, "unit": "kg"},
        "dimensions": {"length": 24, "width": 18, "height": 16, "unit": "cm"},
        "value": {"amount": 32.5, "currency": "GBP"},
    } | other


def shipment(*items: dict[str, Any]) -> dict[str, Any]:
    return {
        "origin": "LEEDS_DC",
        "destination": {
            "contact": {"first_name": "Ada", "last_name": "Okafor", "mobile": "07700900123"},
            "address_line_1": "4 Quarry Lane",
            "town": "Norwich",
            "postcode": "NR1 1AA",
            "country": "GB",
        },
        "items": list(items) or [item()],
    }


def placed(order: str = "WEB-1", *items: dict[str, Any], **other: Any) -> OrderPlaced:
    return event_of(OrderPlaced, {"order_reference": order} | shipment(*items) | other)


def requested(
    reference: str = "REPAIR-1", *items: dict[str, Any], **other: Any
) -> ConsignmentRequested:
    named = {"consignment_reference_provided_by_customer": reference}
    return event_of(ConsignmentRequested, named | shipment(*items) | other)


def picked(
    pick: str = "P-1", *items: dict[str, Any], order: str = "WEB-1", **other: Any
) -> StockPicked:
    data: dict[str, Any] = {"order_reference": order, "pick_reference": pick}
    if "packages" not in other:
        data["items"] = list(items) or [{"sku": "TEA-POT-01", "quantity": 1}]
    return event_of(StockPicked, data | other)


def reallocation(request: str = "R-1", **other: Any) -> ConsignmentReallocationRequested:
    data = {"order_reference": "WEB-1", "request_reference": request}
    return event_of(ConsignmentReallocationRequested, data | other)


def manifest(reference: str = "M-1", location: str = "LEEDS_DC", **other: Any) -> ManifestRequested:
    data = {"manifest_reference": reference, "shipping_location_reference": location}
    return event_of(ManifestRequested, data | other)


def cancelled(order: str = "WEB-1", **other: Any) -> OrderCancelled:
    return event_of(OrderCancelled, {"order_reference": order} | other)


def withdrawn(pick: str = "P-1", order: str = "WEB-1", **other: Any) -> PickWithdrawn:
    return event_of(PickWithdrawn, {"order_reference": order, "pick_reference": pick} | other)


def amended(version: int = 1, order: str = "WEB-1", **other: Any) -> OrderAmended:
    return event_of(OrderAmended, {"order_reference": order, "version": version} | other)
