"""What a request to PRO is about."""

import json
from urllib.parse import unquote

import httpx

UNDOES = ("/consignments/cancellist", "/consignments/deallocatelist")
"""What takes back what was done for an order; setnotreadytoship is a manifest's too."""


def is_allocation(request: httpx.Request) -> bool:
    """Tell whether PRO is asked to allocate."""
    return request.url.path.startswith("/allocation/")


def consignments_in(request: httpx.Request) -> list[str]:
    """Name the consignments of an order that a request changes."""
    path = request.url.path
    if is_allocation(request):
        if path.count("/") > 2:
            return [unquote(path.split("/")[2])]
        return [str(each) for each in json.loads(request.content)["ConsignmentReferences"]]
    if path in UNDOES:
        return [str(each) for each in json.loads(request.content)]
    if path == "/consignments" and request.method == "PUT":
        return [str(json.loads(request.content)["Reference"])]
    return []
