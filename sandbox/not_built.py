"""Operations of the contract that the sandbox does not have yet: name, verb, path."""

LINES = """
allocateAndGetLabels PUT /allocation/{consignmentReference}/labels/{labelFormat}
allocateWithServiceAndGetLabels PUT /allocation/{consignmentReference}/carrierservice/{serviceReference}/labels/{labelFormat}
allocateWithGroupAndGetLabels PUT /allocation/{consignmentReference}/servicegroup/{serviceGroupReference}/labels/{labelFormat}
allocateWithQuoteAndGetLabels PUT /allocation/{consignmentReference}/quote/{quoteReference}/labels/{labelFormat}
getLabelsInResolution GET /labels/{consignmentReference}/{labelFormat}/{resolution}
getPackageLabelInResolution GET /labels/package/{consignmentReference}/{packageReference}/{labelFormat}/{resolution}
getCustomerManifests GET /consignments/customer/manifests
getCustomerManifest GET /consignments/customer/manifest/{manifestReference}
getTracking GET /tracking/{consignmentReference}
getTrackingFlattened GET /tracking/flattened/{consignmentReference}
getConsignmentEvents POST /events/consignments
getConsignmentStateEvents POST /events/consignments/stateevents
"""  # noqa: E501 - a table
