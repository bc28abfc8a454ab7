"""Dispatch: the goods have left the building (RULES 4.2)."""

from sandbox.answers import Json, consignment_link
from sandbox.consignments import wrong_state
from sandbox.exchange import Answer, Call
from sandbox.faults import FaultKind
from sandbox.requests import ConsignmentReferencesRequest
from sandbox.states import TRANSITIONS, Action, is_allowed
from sandbox.validation import read


def dispatch_consignments(call: Call) -> Answer:
    """PUT /consignments/Dispatch: an outcome each, in a shape of its own (RULES 5)."""
    request = read(ConsignmentReferencesRequest, call.body)
    return Answer(200, [_dispatch(call, each) for each in request.consignment_references])


def _dispatch(call: Call, reference: str) -> Json:
    consignment = call.state.consignments.get(reference)
    if consignment is None:
        return _result(reference, "NotFound", 404, f"Consignment {reference} was not found.")
    fault = call.item_fault(FaultKind.BULK_ITEM_FAILURE, consignment)
    if fault is not None:
        told = fault.body if isinstance(fault.body, str) else "Something went wrong."
        return _result(reference, "Failed", fault.status or 500, told)
    if not is_allowed(Action.DISPATCH, consignment.state):
        return _result(reference, "Failed", 400, wrong_state(consignment, Action.DISPATCH))
    call.state.enter(consignment, *TRANSITIONS[Action.DISPATCH].ends)
    return _result(reference, "Success", 200, None)


def _result(reference: str, status: str, code: int, message: str | None) -> Json:
    return {
        "ConsignmentReferenceForAllLegsAssignedByMpd": reference,
        "Status": status,
        "HttpStatusCode": code,
        "ApiLinks": [] if code == 404 else [consignment_link("detail", reference)],
        "Message": message,
    }
