"""The history of a consignment as PRO tells it: a line for each state it entered."""

import uuid

from sandbox.dates import stamp
from sandbox.exchange import Answer, Call
from sandbox.reference_data import ACCOUNT_NAME


def get_consignment_audit(call: Call) -> Answer:
    """GET /consignments/{consignmentReference}/audit, the oldest line first."""
    consignment = call.state.consignment(call.parameters["consignmentReference"])
    return Answer(
        200,
        [
            {
                "Id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{consignment.reference} {number}")),
                "Timestamp": stamp(when),
                "ConsignmentReference": consignment.reference,
                "Message": f"The consignment is {state.value}.",
                "Severity": "Low",
                "Category": "ConsignmentLifecycle",
                "Username": ACCOUNT_NAME,
                "AdditionalData": None,
                "Details": None,
            }
            for number, (when, state) in enumerate(consignment.history)
        ],
    )
