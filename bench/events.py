"""The events that are sent: orders of two lines and their picks, all of an invented shop."""

from typing import Any

from demo.sending import Message, message

_LINES = (("TEA-CUP-04", 2, 0.35), ("TEA-POT-01", 1, 0.9))


def order_placed(reference: str) -> Message:
    """Place an order of two lines."""
    items: list[dict[str, Any]] = [
        {
            "sku": sku,
            "quantity": quantity,
            "description": "Stoneware",
            "weight": {"value": kg, "unit": "kg"},
            "dimensions": {"length": 20, "width": 12, "height": 6, "unit": "cm"},
            "value": {"amount": 25, "currency": "GBP"},
        }
        for sku, quantity, kg in _LINES
    ]
    data = {
        "order_reference": reference,
        "origin": "LEEDS_DC",
        "destination": {
            "contact": {"first_name": "Ada", "last_name": "Okafor", "mobile": "07700900123"},
            "address_line_1": "4 Quarry Lane",
            "town": "Norwich",
            "postcode": "NR1 1AA",
            "country": "GB",
        },
        "items": items,
    }
    return message("order.placed", reference, data, "binary")


def stock_picked(order_reference: str) -> Message:
    """Pick the whole order at once."""
    data = {
        "order_reference": order_reference,
        "pick_reference": "pick-1",
        "items": [{"sku": sku, "quantity": quantity} for sku, quantity, _ in _LINES],
    }
    return message("stock.picked", order_reference, data, "binary")
