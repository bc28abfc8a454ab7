"""What can be asked about consignments, other than what a carrier has a part in."""

from collections.abc import Sequence

from sandbox import consignments, movements, search
from sandbox.operation import Operation

CONSIGNMENTS: Sequence[Operation] = (
    Operation(
        "createConsignment",
        "POST",
        "/consignments",
        consignments.create_consignment,
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
)
