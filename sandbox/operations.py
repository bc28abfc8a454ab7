"""What can be asked of PRO: one table, operation by operation of the contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from sandbox import (
    allocation,
    catalogue,
    consignments,
    labels,
    manifests,
    movements,
    orders,
    packing,
    search,
)
from sandbox.exchange import Handler
from sandbox.not_built import LINES


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the contract and who answers it."""

    name: str
    """operationId."""
    method: str
    path: str
    handler: Handler | None = None
    """None: it is in the contract, the sandbox does not have it yet."""
    takes_body: bool = False

    @property
    def segments(self) -> list[str]:
        """The parts of the path."""
        return self.path.strip("/").split("/")


OPERATIONS: Sequence[Operation] = (
    Operation("createOrder", "POST", "/orders", orders.create_order, takes_body=True),
    Operation("getOrder", "GET", "/orders/{orderReference}", orders.get_order),
    Operation(
        "packOrder", "POST", "/orders/{orderReference}/pack", packing.pack_order, takes_body=True
    ),
    Operation(
        "getConsignmentsForOrders",
        "PUT",
        "/orders/consignments",
        orders.get_consignments_for_orders,
        takes_body=True,
    ),
    Operation(
        "updateConsignment",
        "PUT",
        "/consignments",
        consignments.update_consignment,
        takes_body=True,
    ),
    Operation(
        "getConsignment",
        "GET",
        "/consignments/{consignmentReference}",
        consignments.get_consignment,
    ),
    Operation(
        "getConsignmentStatus",
        "GET",
        "/consignments/{consignmentReference}/status",
        consignments.get_consignment_status,
    ),
    Operation(
        "getConsignmentByClientReference",
        "GET",
        "/consignments/clientReference/{clientReference}",
        consignments.get_by_client_reference,
    ),
    Operation(
        "getConsignmentStatusByClientReference",
        "GET",
        "/consignments/clientReference/{clientReference}/status",
        consignments.get_status_by_client_reference,
    ),
    Operation(
        "searchConsignments", "GET", "/consignments/{take}/{skip}", search.search_consignments
    ),
    Operation(
        "searchConsignmentReferences",
        "GET",
        "/consignments/getConsignmentReferences",
        search.search_references,
    ),
    Operation(
        "cancelConsignment",
        "PUT",
        "/consignments/{consignmentReference}/cancel",
        movements.cancel,
    ),
    Operation(
        "cancelConsignments",
        "PUT",
        "/consignments/cancellist",
        movements.cancel_list,
        takes_body=True,
    ),
    Operation(
        "deallocateConsignment",
        "PUT",
        "/consignments/{consignmentReference}/deallocate",
        movements.deallocate,
    ),
    Operation(
        "deallocateConsignments",
        "PUT",
        "/consignments/deallocatelist",
        movements.deallocate_list,
        takes_body=True,
    ),
    Operation(
        "setReadyToShip",
        "PUT",
        "/consignments/setreadytoship",
        movements.set_ready_to_ship,
        takes_body=True,
    ),
    Operation(
        "setNotReadyToShip",
        "PUT",
        "/consignments/setnotreadytoship",
        movements.set_not_ready_to_ship,
        takes_body=True,
    ),
    Operation(
        "allocateDefaultRules",
        "PUT",
        "/allocation/allocate",
        allocation.allocate_by_default_rules,
        takes_body=True,
    ),
    Operation(
        "allocateWithCarrierService",
        "PUT",
        "/allocation/allocatewithcarrierservice",
        allocation.allocate_with_carrier_service,
        takes_body=True,
    ),
    Operation("getLabels", "GET", "/labels/{consignmentReference}", labels.get_labels),
    Operation(
        "getLabelsInFormat",
        "GET",
        "/labels/{consignmentReference}/{labelFormat}",
        labels.get_labels_in_format,
    ),
    Operation(
        "manifestConsignments",
        "PUT",
        "/consignments/manifest",
        manifests.manifest_consignments,
        takes_body=True,
    ),
    Operation(
        "manifestFromQuery",
        "POST",
        "/consignments/manifestFromQuery",
        manifests.manifest_from_query,
        takes_body=True,
    ),
    Operation(
        "getShippingLocations", "GET", "/shippinglocations", catalogue.get_shipping_locations
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

NOT_BUILT: Sequence[Operation] = tuple(
    Operation(name, method, path)
    for name, method, path in (line.split() for line in LINES.strip().splitlines())
)
"""Answered with 501, so that nobody takes the gap for an unknown reference."""


def _is_variable(segment: str) -> bool:
    return segment.startswith("{")


def _literal_first(operation: Operation) -> list[bool]:
    return [_is_variable(segment) for segment in operation.segments]


_IN_ORDER = sorted((*OPERATIONS, *NOT_BUILT), key=_literal_first)
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
