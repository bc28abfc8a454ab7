"""Customs papers: PRO decides whether a parcel needs any, and which (RULES 7)."""

import base64
from collections.abc import Sequence

from sandbox.answers import Json
from sandbox.consignments import wrong_state
from sandbox.customs_files import customs_form, invoice
from sandbox.errors import Code, Detail, Refusal, not_found
from sandbox.exchange import Answer, Call
from sandbox.goods import Package
from sandbox.records import Consignment
from sandbox.states import Action, is_allowed
from sandbox.words import AddressType

CN22_UP_TO = 270.0
"""A package of a higher value needs a CN23. In pounds: 300 special drawing rights, about."""
CN22, CN23 = "CN22", "CN23"

_EUROPEAN_UNION = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)
_UNITED_KINGDOM = frozenset({"GB", "IM"})


def customs_area(country_code: str) -> str:
    """Within one area nothing is declared."""
    if country_code in _EUROPEAN_UNION:
        return "EU"
    return "UK" if country_code in _UNITED_KINGDOM else country_code


def get_customs_documents(call: Call) -> Answer:
    """GET /consignments/docs/{consignmentReference}: what does not apply is absent."""
    consignment = _consignment(call)
    found: dict[str, list[Json]] = {}
    if leaves_customs_area(consignment):
        name = f"CommercialInvoice-{consignment.reference}.pdf"
        found["CommercialInvoiceDocuments"] = [{"Key": name, "Value": _text(invoice(consignment))}]
        for package in consignment.packages:
            form = form_of(package)
            found.setdefault(f"{form}Documents", []).append(
                {
                    "Key": f"{form}-{package.reference}.pdf",
                    "Value": _text(customs_form(form, consignment, package)),
                }
            )
    return Answer(200, found)


def get_commercial_invoice(call: Call) -> Answer:
    """GET /consignments/docs/commercialinvoice/{consignmentReference}."""
    consignment = _consignment(call)
    if not leaves_customs_area(consignment):
        raise not_found("A commercial invoice of consignment", consignment.reference)
    return Answer(200, _text(invoice(consignment)))


def get_customs_document(call: Call) -> Answer:
    """GET /consignments/docs/{customsDocumentType}/{consignmentReference}/{packageReference}."""
    wanted = call.parameters["customsDocumentType"].upper()
    if wanted not in (CN22, CN23):
        detail = Detail("Invalid", "customsDocumentType", "It is CN22 or CN23.")
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", [detail])
    consignment = _consignment(call)
    package = _package(consignment.packages, call.parameters["packageReference"])
    if not leaves_customs_area(consignment) or form_of(package) != wanted:
        raise not_found(f"A {wanted} of package", package.reference or "")
    return Answer(200, _text(customs_form(wanted, consignment, package)))


def leaves_customs_area(consignment: Consignment) -> bool:
    """Whether it crosses a customs border."""
    areas = [
        customs_area(address.country.code)
        for kind in (AddressType.ORIGIN, AddressType.DESTINATION)
        if (address := consignment.address(kind)) is not None and address.country
    ]
    return len(set(areas)) > 1


def form_of(package: Package) -> str:
    """CN22 up to its limit, CN23 above it."""
    return CN22 if package.value.amount <= CN22_UP_TO else CN23


def _consignment(call: Call) -> Consignment:
    consignment = call.state.consignment(call.parameters["consignmentReference"])
    if not is_allowed(Action.GET_CUSTOMS_DOCUMENTS, consignment.state):
        # An error without a stated code (RULES 7): as for labels, the one that is listed.
        raise Refusal(404, Code.WRONG_STATE, wrong_state(consignment, Action.GET_CUSTOMS_DOCUMENTS))
    return consignment


def _package(packages: Sequence[Package], reference: str) -> Package:
    for package in packages:
        if package.reference == reference:
            return package
    raise not_found("Package", reference)


def _text(file: bytes) -> str:
    return base64.b64encode(file).decode("ascii")
