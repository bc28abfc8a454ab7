"""Getting labels: one file for all packages of a consignment, or for one of them (RULES 6)."""

import base64
from dataclasses import dataclass

from sandbox.consignments import wrong_state
from sandbox.errors import Code, Detail, Refusal, not_found
from sandbox.exchange import Answer, Call
from sandbox.label_files import (
    USUAL_RESOLUTION,
    LabelContent,
    contents_of,
    pdf_file,
    png_file,
    zpl_file,
)
from sandbox.records import Consignment
from sandbox.state import SandboxState
from sandbox.states import Action, is_allowed
from sandbox.words import EventKind, LabelFormat

LEAST_RESOLUTION, MOST_RESOLUTION = 72, 600
"""Dots per inch. What may be asked for is not stated anywhere."""


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file in base64 and its media type."""

    content: str
    content_type: str


def get_labels(call: Call) -> Answer:
    """GET /labels/{consignmentReference}: PDF, as the sample shows."""
    return _labels(call, LabelFormat.PDF)


def get_labels_in_format(call: Call) -> Answer:
    """GET /labels/{consignmentReference}/{labelFormat}, the format in either case."""
    return _labels(call, wanted_format(call))


def get_labels_in_resolution(call: Call) -> Answer:
    """GET /labels/{consignmentReference}/{labelFormat}/{resolution}: PDF is the same in all."""
    return _labels(call, wanted_format(call), _wanted_resolution(call))


def get_package_label(call: Call) -> Answer:
    """GET /labels/package/{consignmentReference}/{packageReference}."""
    return _labels(call, LabelFormat.PDF)


def get_package_label_in_format(call: Call) -> Answer:
    """GET /labels/package/{consignmentReference}/{packageReference}/{labelFormat}."""
    return _labels(call, wanted_format(call))


def get_package_label_in_resolution(call: Call) -> Answer:
    """GET /labels/package/{consignmentReference}/{packageReference}/{labelFormat}/{resolution}."""
    return _labels(call, wanted_format(call), _wanted_resolution(call))


def wanted_format(call: Call) -> LabelFormat:
    """The format that the path names; 400 for one that does not exist."""
    wanted = call.parameters["labelFormat"]
    try:
        return LabelFormat(wanted)
    except ValueError:
        detail = Detail("Invalid", "labelFormat", f"{wanted} is not PDF, PNG, ZPL or ZPLII.")
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", [detail]) from None


def _wanted_resolution(call: Call) -> int:
    wanted = call.parameters["resolution"]
    whole = wanted.isascii() and wanted.isdigit() and len(wanted) <= len(str(MOST_RESOLUTION))
    if not whole or not LEAST_RESOLUTION <= int(wanted) <= MOST_RESOLUTION:
        told = f"It is a number of dots per inch from {LEAST_RESOLUTION} to {MOST_RESOLUTION}."
        detail = Detail("Invalid", "resolution", told)
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", [detail])
    return int(wanted)


def _labels(call: Call, label_format: LabelFormat, resolution: int = USUAL_RESOLUTION) -> Answer:
    """The labels of all packages, or of the one that the path names."""
    consignment = call.state.consignment(call.parameters["consignmentReference"])
    if not is_allowed(Action.GET_LABELS, consignment.state):
        # An error without a documented code; 404 is the one that is listed (RULES 6).
        raise Refusal(404, Code.WRONG_STATE, wrong_state(consignment, Action.GET_LABELS))
    wanted = call.parameters.get("packageReference")
    file = print_labels(call.state, consignment, label_format, wanted, resolution)
    return Answer(200, {"File": file.content, "ContentType": file.content_type})


def print_labels(
    state: SandboxState,
    consignment: Consignment,
    label_format: LabelFormat,
    package: str | None = None,
    resolution: int = USUAL_RESOLUTION,
) -> LabelFile:
    """The labels of all packages, or of one, of an allocated consignment."""
    labels: list[LabelContent] = contents_of(consignment)
    if package is not None:
        numbers = [each.reference for each in consignment.packages]
        if package not in numbers:
            raise not_found("Package", package)
        labels = [labels[numbers.index(package)]]
    # Only the media type of PDF is documented; the others are guesses (RULES 6).
    match label_format:
        case LabelFormat.PDF:
            content, content_type = pdf_file(labels), "application/pdf"
        case LabelFormat.PNG:
            content, content_type = png_file(labels, resolution), "image/png"
        case _:
            content, content_type = zpl_file(labels, resolution), "text/plain"
    # Whether fetching sets these is not stated (RULES 6); it does here.
    consignment.label_count = len(consignment.packages)
    if consignment.labels_first_printed is None:
        consignment.labels_first_printed = state.now
        state.note(consignment, EventKind.LABELS_PRINTED, consignment.reference)
    state.keep(consignment)
    return LabelFile(base64.b64encode(content).decode("ascii"), content_type)
