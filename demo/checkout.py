"""The shop's checkout: it asks PRO itself for delivery options, and the customer chooses one."""

import json
import urllib.request
from typing import Any

from demo.orders import Order
from demo.stage import PRO_KEY


def chosen_option(pro_url: str, order: Order) -> str:
    """Give the option (`EDO-…`) of the first day that the order's carrier service offers.

    Blocks. LookupError when the service offers none.
    """
    request = urllib.request.Request(  # noqa: S310 - ours
        f"{pro_url}/deliveryoptions",
        json.dumps(_asked(order)).encode(),
        {
            "content-type": "application/json",
            "electio-api-version": "1.1",
            "ocp-apim-subscription-key": PRO_KEY,
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - ours
        offered = json.load(answer)["DeliveryOptions"]
    for option in offered:
        if option["CarrierServiceReference"] == order.service:
            return str(option["Reference"])
    raise LookupError(f"PRO offers no day of {order.service} for {order.reference}")


def _asked(order: Order) -> dict[str, Any]:
    lines = order.lines
    box = _size(
        max(line.good.size[0] for line in lines),
        max(line.good.size[1] for line in lines),
        sum(line.good.size[2] * line.quantity for line in lines),
    )
    package = {
        "Description": order.goods,
        "Weight": _weight(sum(line.good.kilograms * line.quantity for line in lines)),
        "Dimensions": box,
        "Value": _pounds(sum(line.good.pounds * line.quantity for line in lines)),
        "Items": [
            {
                "Sku": line.good.sku,
                "Description": line.good.name,
                "Quantity": line.quantity,
                "Weight": _weight(line.good.kilograms),
                "Dimensions": _size(*line.good.size),
                "Value": _pounds(line.good.pounds),
            }
            for line in lines
        ],
    }
    there = {
        "AddressType": "Destination",
        "Contact": {"FirstName": order.first_name, "LastName": order.last_name},
        "AddressLine1": order.street,
        "Town": order.town,
        "Postcode": order.postcode,
        "Country": {"IsoCode": {"TwoLetterCode": order.country}},
    }
    here = {"AddressType": "Origin", "ShippingLocationReference": order.origin.reference}
    return {"Source": "Api", "Packages": [package], "Addresses": [here, there]}


def _weight(kilograms: float) -> dict[str, Any]:
    return {"Value": round(kilograms, 3), "Unit": "Kg"}


def _size(length: float, width: float, height: float) -> dict[str, Any]:
    return {"Unit": "Cm", "Length": length, "Width": width, "Height": height}


def _pounds(amount: float) -> dict[str, Any]:
    return {"Amount": amount, "Currency": {"IsoCode": "GBP"}}
