"""Packages of a consignment, one by one (RULES 4.2, 4.3)."""

from sandbox.answers import package_json
from sandbox.consignments import refuse_wrong_state
from sandbox.errors import Code, Detail, Problems, Refusal, not_found
from sandbox.exchange import Answer, Call
from sandbox.goods import PackageInput
from sandbox.orders import kept_packages
from sandbox.records import Consignment
from sandbox.state import SandboxState
from sandbox.states import Action
from sandbox.validation import check_package, read
from sandbox.words import EventKind


def add_package(call: Call) -> Answer:
    """POST /consignments/{consignmentReference}/addpackage: 201, the package as it is kept."""
    consignment = call.state.consignment(call.parameters["consignmentReference"])
    request = read(PackageInput, call.body)
    refuse_wrong_state(call, consignment, Action.UPDATE)
    problems = Problems()
    check_package(problems, "", request)
    problems.raise_any()
    (package,) = kept_packages([request], call.state.references)
    consignment.packages = [*consignment.packages, package]
    call.state.changed(consignment)
    call.state.note(consignment, EventKind.PACKAGE_ADDED, package.reference)
    return Answer(201, package_json(package), touched=(consignment.reference,))


def delete_package(call: Call) -> Answer:
    """DELETE /packages/{packageReference}: never the last of its consignment."""
    reference = call.parameters["packageReference"]
    consignment = owner_of(call.state, reference)
    if consignment is None:
        raise not_found("Package", reference)
    refuse_wrong_state(call, consignment, Action.UPDATE)
    if len(consignment.packages) == 1:
        told = "The last package of a consignment cannot be deleted."
        detail = Detail("LastPackage", "packageReference", told)
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", [detail])
    consignment.packages = [each for each in consignment.packages if each.reference != reference]
    call.state.changed(consignment)
    call.state.note(consignment, EventKind.PACKAGE_REMOVED, reference)
    return Answer(200)


def owner_of(state: SandboxState, package_reference: str) -> Consignment | None:
    """The consignment that a package belongs to; those of orders have none."""
    for consignment in state.consignments.values():
        if any(each.reference == package_reference for each in consignment.packages):
            return consignment
    return None
