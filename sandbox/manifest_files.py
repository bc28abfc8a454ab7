"""Manifest files: one for each carrier and location that were told together (RULES 8)."""

import base64
import uuid

from fpdf import FPDF

from sandbox.answers import Json
from sandbox.dates import stamp
from sandbox.errors import not_found
from sandbox.exchange import Answer, Call
from sandbox.label_files import latin
from sandbox.records import Consignment, ManifestFile
from sandbox.reference_data import LOCATIONS
from sandbox.state import SandboxState

_CONTAINER = "manifests"


def get_customer_manifests(call: Call) -> Answer:
    """GET /consignments/customer/manifests: a bare list, the oldest first (RULES 11, 28)."""
    wanted = [each for each in call.query.get("shippinglocationreference", ()) if each]
    return Answer(
        200,
        [
            _file_json(each)
            for each in call.state.manifest_files.values()
            if not wanted or each.location in wanted
        ],
    )


def get_customer_manifest(call: Call) -> Answer:
    """GET /consignments/customer/manifest/{manifestReference}: a bare PDF in base64."""
    reference = call.parameters["manifestReference"]
    file = call.state.manifest_files.get(reference)
    if file is None:
        raise not_found("Manifest", reference)
    return Answer(200, base64.b64encode(_pdf(file)).decode("ascii"))


def enter_in_file(state: SandboxState, consignment: Consignment, manifesting: str) -> None:
    """Counts a consignment that was just manifested; `manifesting` tells one go from another."""
    if consignment.allocation is None:
        raise AssertionError("only what is allocated is manifested")
    carrier = consignment.allocation.service.carrier
    location = consignment.shipping_location
    name = f"manifest {manifesting} {carrier.reference} {location or ''}"
    reference = uuid.uuid5(uuid.NAMESPACE_OID, name).hex
    file = state.manifest_files.get(reference)
    if file is None:
        file = ManifestFile(reference, carrier, location, state.now)
        state.manifest_files[reference] = file
    file.bookings += 1
    file.packages += len(consignment.packages)
    file.kilograms = round(file.kilograms + consignment.kilograms, 4)
    state.keep(file)


def _file_json(file: ManifestFile) -> Json:
    """A ManifestFileInfo."""
    location = LOCATIONS.get(file.location or "")
    return {
        "ManifestReference": file.reference,
        "ManifestFileStorageContainer": _CONTAINER,
        "ManifestFileName": f"{file.reference}.pdf",
        "ShippingLocationReference": file.location,
        "ShippingLocationName": location.name if location else None,
        "Created": stamp(file.created),
        "CarrierName": file.carrier.name,
        "BookingsCount": file.bookings,
        "ManifestFileNameSentToCarrier": f"{file.carrier.reference}-{file.reference}.pdf",
    }


def _pdf(file: ManifestFile) -> bytes:
    location = LOCATIONS.get(file.location or "")
    lines = (
        f"Manifest {file.reference}",
        f"Carrier: {file.carrier.name}",
        f"Location: {location.name if location else '-'}",
        f"Date: {stamp(file.created)}",
        f"Consignments: {file.bookings}",
        f"Packages: {file.packages}",
        f"Weight: {file.kilograms:g} Kg",
    )
    pdf = FPDF(unit="mm", format="A4")
    pdf.set_title(f"Manifest {file.reference}")
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    for row, line in enumerate(lines):
        pdf.text(12, 20 + row * 8, latin(line))
    return bytes(pdf.output())
