"""Cancel, deallocate, set ready to ship and back, one or many (RULES 4.2)."""

from collections.abc import Callable

from sandbox.answers import outcome
from sandbox.consignments import refuse_wrong_state, wrong_state
from sandbox.exchange import Answer, Call
from sandbox.faults import FaultKind
from sandbox.records import Consignment
from sandbox.states import TRANSITIONS, Action, is_allowed
from sandbox.validation import read_references


def _single(action: Action) -> Callable[[Call], Answer]:
    def answer(call: Call) -> Answer:
        consignment = call.state.consignment(call.parameters["consignmentReference"])
        refuse_wrong_state(call, consignment, action)
        _carry_out(call, consignment, action)
        return Answer(200)

    return answer


def _many(action: Action, *, linked: bool) -> Callable[[Call], Answer]:
    def answer(call: Call) -> Answer:
        results = []
        for reference in read_references(call.body):
            failure = _attempt(call, reference, action)
            message = failure or f"Consignment {reference} was {action.value}."
            results.append(outcome(reference, message, good=failure is None, linked=linked))
        return Answer(200, results)

    return answer


def _attempt(call: Call, reference: str, action: Action) -> str | None:
    """Carries out the action for one of many; why not, if not. One bad never fails the rest."""
    consignment = call.state.consignments.get(reference)
    if consignment is None:
        return f"Consignment {reference} was not found."
    fault = call.item_fault(FaultKind.BULK_ITEM_FAILURE, consignment)
    if fault is not None:
        return fault.body if isinstance(fault.body, str) else "Something went wrong."
    lenient = call.state.options.lenient_cancel
    if not is_allowed(action, consignment.state, lenient_cancel=lenient):
        return wrong_state(consignment, action)
    _carry_out(call, consignment, action)
    return None


def _carry_out(call: Call, consignment: Consignment, action: Action) -> None:
    transition = TRANSITIONS[action]
    if action in (Action.DEALLOCATE, Action.CANCEL):
        # Deallocating erases the allocation, its labels and tracking references are void;
        # cancelling releases the booking when there was one (RULES 4.2).
        forget_allocation(consignment)
    passes = (transition.passes,) if transition.passes else ()
    call.state.enter(consignment, *passes, transition.ends[0])


def forget_allocation(consignment: Consignment) -> None:
    """Nothing is left of an allocation but the message of a failed one."""
    consignment.allocation = None
    consignment.label_count = 0
    consignment.labels_first_printed = None
    consignment.packages = [
        package.model_copy(update={"consignment_legs": []}) for package in consignment.packages
    ]


cancel = _single(Action.CANCEL)
deallocate = _single(Action.DEALLOCATE)
# ApiLinks are null in the samples of cancel and deallocate (contract, StringResult).
cancel_list = _many(Action.CANCEL, linked=False)
deallocate_list = _many(Action.DEALLOCATE, linked=False)
set_ready_to_ship = _many(Action.SET_READY_TO_SHIP, linked=True)
set_not_ready_to_ship = _many(Action.SET_NOT_READY_TO_SHIP, linked=True)
