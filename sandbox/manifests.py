"""Manifesting: queued at once, settled later (RULES 8; 11, 32)."""

from sandbox.answers import outcome
from sandbox.consignments import wrong_state
from sandbox.errors import Problems
from sandbox.exchange import Answer, Call
from sandbox.faults import FaultKind
from sandbox.jobs import action
from sandbox.manifest_files import enter_in_file
from sandbox.records import Consignment, Failure
from sandbox.requests import ConsignmentReferencesRequest, ManifestFromQueryRequest
from sandbox.search import end_of, wall_time
from sandbox.state import SandboxState
from sandbox.states import TRANSITIONS, Action, ConsignmentState, is_allowed
from sandbox.validation import read


def manifest_consignments(call: Call) -> Answer:
    """PUT /consignments/manifest: an outcome each; 202, since the carrier is told later."""
    request = read(ConsignmentReferencesRequest, call.body)
    manifesting = call.state.references.manifest()
    results = []
    for reference in request.consignment_references:
        failure = _attempt(call, reference, manifesting)
        message = failure or f"Consignment {reference} is being manifested."
        results.append(outcome(reference, message, good=failure is None, linked=True))
    queued = any(each["IsSuccess"] for each in results)
    return Answer(202 if queued else 200, results)


def _attempt(call: Call, reference: str, manifesting: str) -> str | None:
    consignment = call.state.consignments.get(reference)
    if consignment is None:
        return f"Consignment {reference} was not found."
    if not is_allowed(Action.MANIFEST, consignment.state):
        return wrong_state(consignment, Action.MANIFEST)
    fault = call.item_fault(FaultKind.BULK_ITEM_FAILURE, consignment)
    if fault is not None:
        return fault.body if isinstance(fault.body, str) else "Something went wrong."
    _queue(call, consignment, manifesting)
    return None


def manifest_from_query(call: Call) -> Answer:
    """POST /consignments/manifestFromQuery: three counts in a sentence, and what failed."""
    request = read(ManifestFromQueryRequest, call.body)
    states = _states(request)
    matched = [
        each
        for each in call.state.consignments.values()
        if each.state in states and _matches(each, request)
    ]
    manifesting = call.state.references.manifest()
    failed = [
        each.reference
        for each in matched
        if _attempt(call, each.reference, manifesting) is not None
    ]
    queued = len(matched) - len(failed)
    message = f"{len(matched)} matched, {queued} queued, {len(failed)} not queued"
    # Absent in the all-good sample.
    body = {"Message": message} | ({"FailedConsignments": failed} if failed else {})
    return Answer(200, body, touched=tuple(each.reference for each in matched))


def _states(request: ManifestFromQueryRequest) -> set[ConsignmentState]:
    """Wire names of the three states that can be manifested; any other is an error (RULES 8)."""
    allowed = {state.value: state for state in TRANSITIONS[Action.MANIFEST].allowed}
    problems = Problems()
    for number, name in enumerate(request.states):
        if name not in allowed:
            problems.add(
                "Invalid",
                f"States[{number}]",
                f"{name} is not one of {', '.join(sorted(allowed))}.",
            )
    problems.raise_any()
    return {allowed[name] for name in request.states}


def _matches(consignment: Consignment, request: ManifestFromQueryRequest) -> bool:
    locations, carriers = request.shipping_location_references, request.carriers
    if locations and consignment.shipping_location not in locations:
        return False
    if carriers and (
        consignment.allocation is None
        or consignment.allocation.service.carrier.reference not in carriers
    ):
        return False
    printed = consignment.labels_first_printed is not None
    if request.labels_printed is not None and printed is not request.labels_printed:
        return False
    return _ships_then(consignment, request)


def _ships_then(consignment: Consignment, request: ManifestFromQueryRequest) -> bool:
    wanted, dates = request.shipping_date, request.shipping_date_ranges
    start = dates.start_date if dates else None
    end = dates.end_date if dates else None
    if wanted is None and start is None and end is None:
        return True
    if consignment.shipping_date is None:
        return False
    ships = wall_time(consignment.shipping_date)
    return (
        (wanted is None or ships.date() == wanted.date())
        and (start is None or ships >= wall_time(start))
        and (end is None or ships <= end_of(end))
    )


def _queue(call: Call, consignment: Consignment, manifesting: str) -> None:
    state = call.state
    state.enter(consignment, ConsignmentState.MANIFESTING)
    fault = call.item_fault(FaultKind.MANIFEST_FAILURE, consignment)
    failure = []
    if fault is not None:
        told = fault.body if isinstance(fault.body, str) else "The carrier refused the data."
        failure.append(told)
    seconds = state.options.manifest_seconds
    state.schedule(seconds, "settle manifest", consignment.reference, manifesting, *failure)


@action("settle manifest")
def _settle(state: SandboxState, arguments: list[str]) -> None:
    reference, manifesting, *failure = arguments
    consignment = state.consignments[reference]
    if failure:
        consignment.failed_manifest = Failure(state.now, failure[0])
        state.enter(consignment, ConsignmentState.MANIFEST_FAILED)
        return
    consignment.manifest_count += 1
    enter_in_file(state, consignment, manifesting)
    state.enter(consignment, ConsignmentState.MANIFESTED)
