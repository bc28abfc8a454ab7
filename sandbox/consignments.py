"""Consignments: make without an order, read, update (RULES 4.2 to 4.4)."""

from typing import Any, TypeVar

from sandbox.answers import consignment_json, consignment_link, status_json
from sandbox.errors import Code, Problems, Refusal, not_found
from sandbox.exchange import Answer, Call
from sandbox.orders import kept_packages
from sandbox.records import Consignment
from sandbox.requests import (
    CreateConsignmentRequest,
    CustomerReferenceRequest,
    UpdateConsignmentRequest,
)
from sandbox.search import is_searchable
from sandbox.state import SandboxState
from sandbox.states import Action, is_allowed
from sandbox.validation import check_addresses, check_packages, read, written_out
from sandbox.words import EventKind

R = TypeVar("R", bound=CreateConsignmentRequest)


def get_consignment(call: Call) -> Answer:
    """GET /consignments/{consignmentReference}."""
    consignment = call.state.consignment(call.parameters["consignmentReference"])
    return Answer(200, consignment_json(consignment))


def get_consignment_only(call: Call) -> Answer:
    """GET /consignments/getconsignmentonly/{consignmentReference}: without metadata."""
    consignment = call.state.consignment(call.parameters["consignmentReference"])
    return Answer(200, consignment_json(consignment) | {"MetaData": None})


def get_consignment_status(call: Call) -> Answer:
    """GET /consignments/{consignmentReference}/status."""
    return Answer(200, status_json(call.state.consignment(call.parameters["consignmentReference"])))


def get_by_client_reference(call: Call) -> Answer:
    """GET /consignments/clientReference/{clientReference}."""
    return Answer(200, consignment_json(_by_client_reference(call)))


def get_status_by_client_reference(call: Call) -> Answer:
    """GET /consignments/clientReference/{clientReference}/status."""
    return Answer(200, status_json(_by_client_reference(call)))


def _by_client_reference(call: Call) -> Consignment:
    # What PRO answers when several share a reference is unknown; here it is the oldest.
    reference = call.parameters["clientReference"]
    for consignment in call.state.consignments_of(reference):
        if is_searchable(call.state, consignment):
            return consignment
    raise not_found("Consignment", reference)


def create_consignment(call: Call) -> Answer:
    """POST /consignments. Not idempotent: a repeat makes another consignment."""
    request = read_new(CreateConsignmentRequest, call.body)
    state = call.state
    consignment = new_consignment(state, request, state.references.consignment())
    state.consignments[consignment.reference] = consignment
    state.enter(consignment, consignment.state)
    links = [consignment_link("Link", consignment.reference)]
    return Answer(201, links, touched=(consignment.reference,))


def read_new(model: type[R], body: Any) -> R:
    """Goods and addresses that are checked as those of a new order are."""
    request = read(model, body)
    problems = Problems()
    check_packages(problems, request.packages)
    check_addresses(problems, request.addresses)
    problems.raise_any()
    return request


def new_consignment(
    state: SandboxState, request: CreateConsignmentRequest, reference: str
) -> Consignment:
    """A consignment without an order; it is not kept yet."""
    return Consignment(
        reference=reference,
        order_reference="",
        created=state.now,
        customer_reference=request.consignment_reference_provided_by_customer or "",
        addresses=written_out(request.addresses),
        packages=kept_packages(request.packages, state.references),
        direction=request.direction,
        source=request.source,
        # Required when it is made, requested when it is read or updated (RULES 4.3).
        requested_delivery_date=request.required_delivery_date,
        shipping_date=request.shipping_date,
        customs_documentation=request.customs_documentation,
        meta_data=request.meta_data,
        tags=list(request.tags or ()),
    )


def update_consignment(call: Call) -> Answer:
    """PUT /consignments: what is present replaces, most of what is absent wipes (RULES 4.3)."""
    # One object, not a list (RULES 11, 17): a list fails as not being an object.
    request = read(UpdateConsignmentRequest, call.body)
    consignment = call.state.consignment(request.reference)
    refuse_wrong_state(call, consignment, Action.UPDATE)
    problems = Problems()
    if request.addresses is not None:
        check_addresses(problems, request.addresses)
    if request.packages is not None:
        _check_new_packages(problems, consignment, request)
    problems.raise_any()
    before = {package.reference for package in consignment.packages}
    consignment.shipping_date = request.shipping_date
    consignment.requested_delivery_date = request.requested_delivery_date
    consignment.customer_reference = request.consignment_reference_provided_by_customer or ""
    consignment.customs_documentation = request.customs_documentation
    consignment.addresses = written_out(request.addresses or ())
    consignment.meta_data = request.meta_data
    if request.packages is not None:
        # Absent packages are kept, as the help page says; the SDK says wiped (RULES 11, 15).
        consignment.packages = kept_packages(
            request.packages, call.state.references, consignment.packages
        )
    if request.tags is not None:
        consignment.tags = list(request.tags)
    call.state.changed(consignment)
    call.state.note(consignment, EventKind.UPDATED, consignment.reference)
    if request.packages is not None:
        _note_packages(call.state, consignment, before)
    return Answer(200, [consignment_link("Link", consignment.reference)])


def _note_packages(state: SandboxState, consignment: Consignment, before: set[str]) -> None:
    after = {package.reference for package in consignment.packages}
    for kind, references in (
        (EventKind.PACKAGE_REMOVED, before - after),
        (EventKind.PACKAGE_UPDATED, before & after),
        (EventKind.PACKAGE_ADDED, after - before),
    ):
        for reference in sorted(references):
            state.note(consignment, kind, reference)


def set_customer_reference(call: Call) -> Answer:
    """PUT /consignments/{consignmentReference}/setcustomerprovidedreference."""
    consignment = call.state.consignment(call.parameters["consignmentReference"])
    request = read(CustomerReferenceRequest, call.body)
    # No page says when: wherever a consignment admits any action at all (RULES 4.1, 4.2).
    refuse_wrong_state(call, consignment, Action.RENAME)
    consignment.customer_reference = request.reference
    call.state.changed(consignment)
    call.state.note(consignment, EventKind.UPDATED, consignment.reference)
    return Answer(200)


def _check_new_packages(
    problems: Problems, consignment: Consignment, request: UpdateConsignmentRequest
) -> None:
    packages = request.packages or []
    if not packages:
        problems.add("Required", "Packages", "A consignment has one or more packages.")
    check_packages(problems, packages)
    own = {package.reference for package in consignment.packages}
    for number, package in enumerate(packages):
        if package.reference and package.reference not in own:
            problems.add(
                "UnknownPackage",
                f"Packages[{number}].Reference",
                f"{package.reference} is not a package of the consignment.",
            )


def refuse_wrong_state(call: Call, consignment: Consignment, action: Action) -> None:
    """400 when the state does not allow the action."""
    if not is_allowed(action, consignment.state, lenient_cancel=call.state.options.lenient_cancel):
        raise Refusal(400, Code.WRONG_STATE, wrong_state(consignment, action))


def wrong_state(consignment: Consignment, action: Action) -> str:
    """The sentence for people."""
    return (
        f"Consignment {consignment.reference} is {consignment.state.value} "
        f"and cannot be {action.value}."
    )
