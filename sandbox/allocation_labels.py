"""Allocating one consignment and getting its labels in the same answer (RULES 5)."""

from collections.abc import Sequence

from sandbox.allocation import attempt
from sandbox.allocation_ways import group_named, quoted_service, service_named
from sandbox.answers import Json
from sandbox.errors import Code, Detail, Refusal
from sandbox.exchange import Answer, Call
from sandbox.labels import print_labels, wanted_format
from sandbox.records import Consignment
from sandbox.reference_data import SERVICES, CarrierService
from sandbox.words import LabelFormat, LabelledResult


def allocate_and_get_labels(call: Call) -> Answer:
    """PUT /allocation/{consignmentReference}/labels/{labelFormat}."""
    return _allocate(call, list(SERVICES.values()))


def allocate_with_service_and_get_labels(call: Call) -> Answer:
    """PUT /allocation/{consignmentReference}/carrierservice/{serviceReference}/labels/{…}."""
    return _allocate(call, [service_named(call.parameters["serviceReference"])])


def allocate_with_group_and_get_labels(call: Call) -> Answer:
    """PUT /allocation/{consignmentReference}/servicegroup/{serviceGroupReference}/labels/{…}."""
    group = group_named(call.parameters["serviceGroupReference"])
    return _allocate(call, group.services, group.reference)


def allocate_with_quote_and_get_labels(call: Call) -> Answer:
    """PUT /allocation/{consignmentReference}/quote/{quoteReference}/labels/{labelFormat}."""
    return _allocate(call, [quoted_service(call)])


def _allocate(call: Call, services: Sequence[CarrierService], group: str | None = None) -> Answer:
    """An entry for the consignment, and one for its return where one was generated with it."""
    label_format = wanted_format(call)
    reference = call.parameters["consignmentReference"]
    consignment = call.state.consignments.get(reference)
    if consignment is None:
        # 404 is not among the documented codes of these four.
        told = f"Consignment {reference} was not found."
        detail = Detail("NotFound", "consignmentReference", told)
        raise Refusal(400, Code.NOT_FOUND, told, [detail])
    entries = [_entry(call, consignment, label_format, services, group)]
    twin = _return_of(call, consignment)
    if twin is not None:
        # Every service goes one way, so what was named for the consignment cannot take its return.
        entries.append(_entry(call, twin, label_format, list(SERVICES.values()), is_return=True))
    return Answer(200, {"Responses": entries})


def _return_of(call: Call, consignment: Consignment) -> Consignment | None:
    order = call.state.orders.get(consignment.order_reference)
    for outbound, inbound in order.consignments if order else ():
        if outbound == consignment.reference and inbound is not None:
            return call.state.consignments[inbound]
    return None


def _entry(
    call: Call,
    consignment: Consignment,
    label_format: LabelFormat,
    services: Sequence[CarrierService],
    group: str | None = None,
    *,
    is_return: bool = False,
) -> Json:
    # 202 is not documented here and there is no label without an allocation: settled at once.
    summary = attempt(call, consignment.reference, services, group, at_once=True)
    message = summary.pop("Description")
    file = None
    if summary["StatusCode"] == 200:
        file = print_labels(call.state, consignment, label_format)
        result = LabelledResult.RETURN_ALLOCATED if is_return else LabelledResult.ALLOCATED
    elif is_return:
        result = LabelledResult.RETURN_ALLOCATION_FAILED
    else:
        result = LabelledResult.ALLOCATION_FAILED
    return summary | {
        "LabelType": "Return" if is_return else "Consignment",
        "LabelContent": file.content if file else None,
        "LabelFileType": file.content_type if file else None,
        "Result": result.value,
        "Message": message,
    }
