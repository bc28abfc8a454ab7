"""What can be asked about consignments that a carrier has a part in: allocation and papers."""

from collections.abc import Sequence

from sandbox import allocation_ways, customs, labels
from sandbox.operation import Operation

ALLOCATION: Sequence[Operation] = (
    Operation(
        "allocateDefaultRules",
        "PUT",
        "/allocation/allocate",
        allocation_ways.allocate_by_default_rules,
        takes_body=True,
    ),
    Operation(
        "allocateWithCarrierService",
        "PUT",
        "/allocation/allocatewithcarrierservice",
        allocation_ways.allocate_with_carrier_service,
        takes_body=True,
    ),
    Operation(
        "allocateManyWithServiceGroup",
        "PUT",
        "/allocation/allocatewithservicegroup",
        allocation_ways.allocate_many_with_service_group,
        takes_body=True,
    ),
    Operation(
        "allocateWithServiceFilters",
        "PUT",
        "/allocation/allocateConsignmentsWithServiceFilters",
        allocation_ways.allocate_with_service_filters,
        takes_body=True,
    ),
    Operation(
        "allocateCheapestQuote",
        "PUT",
        "/allocation/{consignmentReference}/allocatewithcheapestquote",
        allocation_ways.allocate_with_cheapest_quote,
    ),
    Operation(
        "allocateWithServiceGroup",
        "PUT",
        "/allocation/{consignmentReference}/allocatewithservicegroup/{mpdCarrierServiceGroupReference}",
        allocation_ways.allocate_with_service_group,
    ),
    Operation(
        "allocateWithQuote",
        "PUT",
        "/allocation/{consignmentReference}/allocatewithquote/{quoteReference}",
        allocation_ways.allocate_with_quote,
    ),
)

PAPERS: Sequence[Operation] = (
    Operation("getLabels", "GET", "/labels/{consignmentReference}", labels.get_labels),
    Operation(
        "getLabelsInFormat",
        "GET",
        "/labels/{consignmentReference}/{labelFormat}",
        labels.get_labels_in_format,
    ),
    Operation(
        "getPackageLabel",
        "GET",
        "/labels/package/{consignmentReference}/{packageReference}",
        labels.get_package_label,
    ),
    Operation(
        "getPackageLabelInFormat",
        "GET",
        "/labels/package/{consignmentReference}/{packageReference}/{labelFormat}",
        labels.get_package_label_in_format,
    ),
    Operation(
        "getCustomsDocuments",
        "GET",
        "/consignments/docs/{consignmentReference}",
        customs.get_customs_documents,
    ),
    Operation(
        "getCommercialInvoice",
        "GET",
        "/consignments/docs/commercialinvoice/{consignmentReference}",
        customs.get_commercial_invoice,
    ),
    Operation(
        "getCustomsDocument",
        "GET",
        "/consignments/docs/{customsDocumentType}/{consignmentReference}/{packageReference}",
        customs.get_customs_document,
    ),
)
