"""What can be asked of PRO: one table, operation by operation of the contract."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from sandbox import catalogue
from sandbox.carrier_operations import ALLOCATION, HANDING_OVER, ON_THE_WAY, PAPERS
from sandbox.consignment_operations import CONSIGNMENTS
from sandbox.operation import Operation
from sandbox.order_operations import ORDERS

OPERATIONS: Sequence[Operation] = (
    *ORDERS,
    *CONSIGNMENTS,
    *ALLOCATION,
    *PAPERS,
    *HANDING_OVER,
    *ON_THE_WAY,
    Operation(
        "getShippingLocations", "GET", "/shippinglocations", catalogue.get_shipping_locations
    ),
    Operation(
        "getAssignedShippingLocations",
        "GET",
        "/shippinglocations/assigned",
        catalogue.get_assigned_shipping_locations,
    ),
    Operation(
        "getShippingLocation",
        "GET",
        "/shippinglocations/{shippingLocationReference}",
        catalogue.get_shipping_location,
    ),
    Operation("getPackageSizes", "GET", "/packagesizes", catalogue.get_package_sizes),
    Operation("getCarrierServices", "GET", "/carrierservices", catalogue.get_carrier_services),
)


def _is_variable(segment: str) -> bool:
    return segment.startswith("{")


def _literal_first(operation: Operation) -> list[bool]:
    return [_is_variable(segment) for segment in operation.segments]


_IN_ORDER = sorted(OPERATIONS, key=_literal_first)
NAMES = frozenset(operation.name for operation in _IN_ORDER)


def find(method: str, raw_path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of a call and the values in its path.

    Literal segments go first and are read without regard to case; take and skip are digits:
    /consignments/{take}/{skip} and /consignments/{ref}/status would collide (RULES 2, 4.4).
    """
    segments = [unquote(segment) for segment in raw_path.strip("/").split("/")]
    for operation in _IN_ORDER:
        values = _match(operation.segments, segments) if operation.method == method else None
        if values is not None:
            return operation, values
    return None


def _match(template: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    if len(template) != len(segments):
        return None
    values: dict[str, Any] = {}
    for wanted, given in zip(template, segments, strict=True):
        if not _is_variable(wanted):
            if wanted.casefold() != given.casefold():
                return None
            continue
        name = wanted.strip("{}")
        if not given or (name in ("take", "skip") and not (given.isascii() and given.isdigit())):
            return None
        values[name] = given
    return values
