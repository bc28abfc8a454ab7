"""Operations of the contract that the sandbox does not have yet: name, verb, path."""

LINES = """
allocateManyWithServiceGroup PUT /allocation/allocatewithservicegroup
allocateWithServiceFilters PUT /allocation/allocateConsignmentsWithServiceFilters
allocateCheapestQuote PUT /allocation/{consignmentReference}/allocatewithcheapestquote
allocateWithServiceGroup PUT /allocation/{consignmentReference}/allocatewithservicegroup/{mpdCarrierServiceGroupReference}
allocateWithQuote PUT /allocation/{consignmentReference}/allocatewithquote/{quoteReference}
allocateAndGetLabels PUT /allocation/{consignmentReference}/labels/{labelFormat}
allocateWithServiceAndGetLabels PUT /allocation/{consignmentReference}/carrierservice/{serviceReference}/labels/{labelFormat}
allocateWithGroupAndGetLabels PUT /allocation/{consignmentReference}/servicegroup/{serviceGroupReference}/labels/{labelFormat}
allocateWithQuoteAndGetLabels PUT /allocation/{consignmentReference}/quote/{quoteReference}/labels/{labelFormat}
getPackageLabel GET /labels/package/{consignmentReference}/{packageReference}
getPackageLabelInFormat GET /labels/package/{consignmentReference}/{packageReference}/{labelFormat}
getLabelsInResolution GET /labels/{consignmentReference}/{labelFormat}/{resolution}
getPackageLabelInResolution GET /labels/package/{consignmentReference}/{packageReference}/{labelFormat}/{resolution}
getCustomsDocuments GET /consignments/docs/{consignmentReference}
getCommercialInvoice GET /consignments/docs/commercialinvoice/{consignmentReference}
getCustomsDocument GET /consignments/docs/{customsDocumentType}/{consignmentReference}/{packageReference}
getCustomerManifests GET /consignments/customer/manifests
getCustomerManifest GET /consignments/customer/manifest/{manifestReference}
getTracking GET /tracking/{consignmentReference}
getTrackingFlattened GET /tracking/flattened/{consignmentReference}
getConsignmentEvents POST /events/consignments
getConsignmentStateEvents POST /events/consignments/stateevents
getServiceGroupQuotes POST /quotes/serviceGroups
"""  # noqa: E501 - a table
