"""Bodies made from the worked sample's goods, for what the sample does not show."""

from typing import Any

from .caller import Caller, changed
from .samples import ORDER

_OF_ORDER_ONLY = {"OrderReferenceProvidedByCustomer": ...}

CONSIGNMENT: dict[str, Any] = changed(
    ORDER, _OF_ORDER_ONLY | {"ConsignmentReferenceProvidedByCustomer": "SOLO-1"}
)
"""A consignment without an order."""

RETURN_ADDRESS: dict[str, Any] = {
    "AddressType": "Return",
    "ShippingLocationReference": "BRISTOL_WH",
}


async def options(pro: Caller, **changes: Any) -> list[dict[str, Any]]:
    """The delivery options for the sample's goods."""
    answer = await pro.good("POST", "/deliveryoptions", changed(CONSIGNMENT, changes))
    found: list[dict[str, Any]] = answer["DeliveryOptions"]
    return found


async def chosen(pro: Caller, reference: str, **fields: Any) -> str:
    """Turns one option into an order; its EO- reference."""
    body = {"DeliveryOptions": [{"Reference": reference} | fields]}
    answer = await pro.good("POST", "/deliveryoptions/selectorder", body)
    (result,) = answer["SelectOrderResults"]
    assert result["Status"] == 201
    return str(result["OrderReference"])
