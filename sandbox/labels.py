"""Getting labels: one file for all packages of a consignment, or for one of them (RULES 6)."""

import base64

from sandbox.consignments import wrong_state
from sandbox.errors import Code, Detail, Refusal, not_found
from sandbox.exchange import Answer, Call
from sandbox.label_files import LabelContent, contents_of, pdf_file, png_file, zpl_file
from sandbox.states import Action, is_allowed
from sandbox.words import LabelFormat

WRITERS = {
    LabelFormat.PDF: (pdf_file, "application/pdf"),
    # Only the media type of PDF is documented; these are guesses (RULES 6).
    LabelFormat.PNG: (png_file, "image/png"),
    LabelFormat.ZPL: (zpl_file, "text/plain"),
    LabelFormat.ZPLII: (zpl_file, "text/plain"),
}


def get_labels(call: Call) -> Answer:
    """GET /labels/{consignmentReference}: PDF, as the sample shows."""
    return _labels(call, LabelFormat.PDF)


def get_labels_in_format(call: Call) -> Answer:
    """GET /labels/{consignmentReference}/{labelFormat}, the format in either case."""
    return _labels(call, _wanted_format(call))


def get_package_label(call: Call) -> Answer:
    """GET /labels/package/{consignmentReference}/{packageReference}."""
    return _labels(call, LabelFormat.PDF)


def get_package_label_in_format(call: Call) -> Answer:
    """GET /labels/package/{consignmentReference}/{packageReference}/{labelFormat}."""
    return _labels(call, _wanted_format(call))


def _wanted_format(call: Call) -> LabelFormat:
    wanted = call.parameters["labelFormat"]
    try:
        return LabelFormat(wanted)
    except ValueError:
        detail = Detail("Invalid", "labelFormat", f"{wanted} is not PDF, PNG, ZPL or ZPLII.")
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", [detail]) from None


def _labels(call: Call, label_format: LabelFormat) -> Answer:
    """The labels of all packages, or of the one that the path names."""
    consignment = call.state.consignment(call.parameters["consignmentReference"])
    if not is_allowed(Action.GET_LABELS, consignment.state):
        # An error without a documented code; 404 is the one that is listed (RULES 6).
        raise Refusal(404, Code.WRONG_STATE, wrong_state(consignment, Action.GET_LABELS))
    labels: list[LabelContent] = contents_of(consignment)
    wanted = call.parameters.get("packageReference")
    if wanted is not None:
        numbers = [package.reference for package in consignment.packages]
        if wanted not in numbers:
            raise not_found("Package", wanted)
        labels = [labels[numbers.index(wanted)]]
    write, content_type = WRITERS[label_format]
    file = base64.b64encode(write(labels)).decode("ascii")
    # Whether fetching sets these is not stated (RULES 6); it does here.
    consignment.label_count = len(consignment.packages)
    consignment.labels_first_printed = consignment.labels_first_printed or call.state.now
    call.state.keep(consignment)
    return Answer(200, {"File": file, "ContentType": content_type})
