"""What a call that worked tells us: small typed results, each item of a bulk answer on its own.

A 2xx can hide failures (RULES 5, "Partial failure shapes"). An item that can't be told is neither
done nor failed: its state has to be read. What leaves the whole call in doubt raises
UnreadableAnswer, which `judged` turns into a verdict.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.pro.answers import (
    AllocationSummary,
    ApiLink,
    Consignment,
    LabelsAnswer,
    ManifestFromQueryResponse,
    PackOrderResponse,
    PackOrderResult,
    StringResult,
    is_reference,
)
from service.pro.order_answers import SelectOrderResponse
from service.pro.problems import Problem, Refused, UnreadableAnswer

_RETURN_MISSING = Problem(
    201, "return_missing", "PRO made the consignment but said nothing about its return."
)


@dataclass(frozen=True, slots=True)
class PackResult:
    """A packed order: the outbound consignment's reference (`EC-…`); with a return, the inbound
    one's, or why there is none (`return_problem`)."""

    outbound: str
    inbound: str | None = None
    return_problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Allocated:
    """A carrier service has the consignment. What PRO left out is None."""

    consignment_reference: str
    carrier_reference: str | None
    carrier_name: str | None
    carrier_service_reference: str | None
    carrier_service_name: str | None
    tracking_references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotAllocated:
    """PRO found no service for this consignment."""

    consignment_reference: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Unsettled:
    """The answer doesn't tell for this consignment: read its state, later again."""

    consignment_reference: str


AllocationResult = Allocated | NotAllocated | Unsettled


@dataclass(frozen=True, slots=True)
class Done:
    """This reference of a bulk call succeeded."""

    consignment_reference: str


@dataclass(frozen=True, slots=True)
class Failed:
    """This reference of a bulk call did not."""

    consignment_reference: str
    problem: Problem


BulkResult = Done | Failed | Unsettled


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file of labels: of all packages of a consignment, or of one."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class ManifestQueued:
    """What Manifest From Query said: three counts where its sentence holds exactly three numbers,
    and the references that could not be queued. It never names those it took."""

    found: int | None
    queued: int | None
    not_queued: int | None
    failed: tuple[str, ...]


def created_reference(links: Sequence[ApiLink], rel: str) -> str:
    """The reference that was made: of the one link with this `rel`, else of the only link."""
    named = [link for link in links if (link.rel or "").lower() == rel.lower()]
    references = {link.reference for link in named or links}
    reference = references.pop() if len(references) == 1 else None
    if reference is None:
        raise UnreadableAnswer(f"no single {rel} link")
    return reference


def selected_order(operation: str, option_reference: str, response: SelectOrderResponse) -> str:
    """The order that a delivery option became. Raises Refused when PRO said no to the option."""
    results = [
        result
        for result in response.select_order_results
        if result.delivery_option_reference == option_reference
    ]
    if len(results) != 1:
        raise UnreadableAnswer("no single result for the delivery option")
    (result,) = results
    if result.status in (200, 201):
        named = result.order_reference
        return named if named and is_reference(named) else created_reference(result.links, "Order")
    if _is_refusal(result.status) and result.order_reference is None:
        message = result.message or "PRO gave no reason."
        raise Refused(operation, Problem(result.status, "option_not_selected", message))
    raise UnreadableAnswer(f"an option's status is {result.status}")


def pack_result(response: PackOrderResponse, *, return_asked: bool) -> PackResult:
    """Tell outbound from return by the `Result` word. Raises Refused when PRO made nothing."""
    by_word: dict[str, PackOrderResult] = {}
    for result in response.results:
        if result.result in by_word or result.result not in _PACK_WORDS:
            raise UnreadableAnswer("a Result that is unknown, or there twice")
        by_word[result.result] = result
    created = by_word.get("ConsignmentCreated")
    returned = by_word.get("ReturnConsignmentCreated")
    not_created = by_word.get("ConsignmentCreationFailed")
    not_returned = by_word.get("ReturnConsignmentCreationFailed")
    if created is None:
        if not_created is None or returned is not None:
            raise UnreadableAnswer("no result for the outbound consignment")
        raise Refused("pack_order", _pack_problem(not_created))
    if not_created is not None or (returned and not_returned):
        raise UnreadableAnswer("created and failed at once")
    return_problem = None if not_returned is None else _pack_problem(not_returned)
    if return_asked and returned is None and return_problem is None:
        return_problem = _RETURN_MISSING
    return PackResult(
        outbound=created_reference(created.api_links, "Consignment"),
        inbound=None if returned is None else created_reference(returned.api_links, "Consignment"),
        return_problem=return_problem,
    )


_PACK_WORDS = frozenset(
    {
        "ConsignmentCreated",
        "ConsignmentCreationFailed",
        "ReturnConsignmentCreated",
        "ReturnConsignmentCreationFailed",
    }
)


def _pack_problem(result: PackOrderResult) -> Problem:
    return Problem(201, result.result, result.message or "PRO gave no reason.")


def allocation_results(
    asked: Sequence[str], summaries: Iterable[AllocationSummary]
) -> dict[str, AllocationResult]:
    """One result for each reference asked for, whatever PRO answered. A summary names its
    consignment through its links only; one without belongs to nobody, unless one was asked for."""
    found: dict[str, AllocationResult] = {}
    for summary in summaries:
        reference = _among(asked, summary.api_links, None)
        if reference is None:
            continue
        result = _allocation(reference, summary)
        # Two that disagree settle nothing.
        found[reference] = (
            result if found.get(reference, result) == result else Unsettled(reference)
        )
    return {reference: found.get(reference, Unsettled(reference)) for reference in asked}


def _allocation(reference: str, summary: AllocationSummary) -> AllocationResult:
    if summary.status_code in (200, 201):
        return Allocated(
            reference,
            summary.carrier_reference,
            summary.carrier_name,
            summary.carrier_service_reference,
            summary.carrier_service_name,
            tuple(t for leg in summary.consignment_legs for t in leg.tracking_references if t),
        )
    if _is_refusal(summary.status_code):
        message = summary.description or "PRO gave no reason."
        return NotAllocated(reference, Problem(summary.status_code, "allocation_failed", message))
    return Unsettled(reference)


def _is_refusal(status: int) -> bool:
    """Whether the status of an item says no to it for certain."""
    return 400 <= status < 500 and status not in (401, 403, 408, 429)


def allocated_in(consignment: Consignment) -> Allocated:
    """The same as an allocation's result, out of the consignment as read back."""
    legs = consignment.consignment_legs
    first = legs[0] if legs else None
    service = consignment.allocation
    return Allocated(
        consignment.reference,
        first.carrier_reference if first else None,
        first.carrier_name if first else None,
        service.mpd_carrier_service_reference if service else None,
        service.mpd_carrier_service_name if service else None,
        tuple(t for leg in legs for t in leg.tracking_references if t),
    )


def bulk_results(asked: Sequence[str], results: Iterable[StringResult]) -> dict[str, BulkResult]:
    """One result for each reference asked for; the reference is in `Data`, else in the links."""
    found: dict[str, BulkResult] = {}
    for result in results:
        reference = _among(asked, result.api_links, result.data)
        if reference is None:
            continue
        judged: BulkResult = Done(reference)
        if not result.is_success:
            message = result.message or "PRO gave no reason."
            judged = Failed(reference, Problem(200, "not_successful", message))
        found[reference] = (
            judged if found.get(reference, judged) == judged else Unsettled(reference)
        )
    return {reference: found.get(reference, Unsettled(reference)) for reference in asked}


def _among(asked: Sequence[str], links: Iterable[ApiLink], data: str | None) -> str | None:
    """Which of the references asked for an item of an answer speaks of."""
    named = {data, *(link.reference for link in links)} - {None}
    if not named and len(asked) == 1:
        return asked[0]
    mentioned = [reference for reference in asked if reference in named]
    return mentioned[0] if len(set(mentioned)) == 1 else None


def label_file(answer: LabelsAnswer) -> LabelFile:
    """Decode the file. An empty one, or one that isn't base64, is unreadable."""
    content = decoded(answer.file)
    if not is_reference(answer.content_type):
        raise UnreadableAnswer("the file has no type")
    return LabelFile(content, answer.content_type)


def decoded(base64: str) -> bytes:
    """A file that travels as text. An empty one, or one that isn't base64, is unreadable."""
    try:
        content = b64decode(base64, validate=True)
    except (Base64Error, ValueError):
        raise UnreadableAnswer("the file is not base64") from None
    if not content:
        raise UnreadableAnswer("the file is empty")
    return content


def manifest_queued(response: ManifestFromQueryResponse) -> ManifestQueued:
    """Read the counts out of the sentence: found, queued, failed, in this order (RULES 8)."""
    counts = [int(text) for text in re.findall(r"(?<![\w-])\d{1,9}(?![\w-])", response.message)]
    found, queued, not_queued = counts if len(counts) == 3 else (None, None, None)
    return ManifestQueued(found, queued, not_queued, response.failed_consignments)
