"""One method for each operation of PRO that we use. Nothing is repeated here or below.

Every method either returns a typed result or raises one of `problems.ProVerdict`. A method that
changes something says so: its doubt is Ambiguous, a read's doubt is Retryable.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from service.events import exact_json
from service.pro import answers, contract, results
from service.pro.calls import Calls, OnCall
from service.pro.policy import LabelFormat, ProPolicy
from service.pro.problems import Answer, Refused, Retryable

M = TypeVar("M", bound=BaseModel)


class ProClient:
    """PRO, as far as we use it. Use it as an async context manager, or `aclose` it."""

    def __init__(
        self,
        policy: ProPolicy,
        on_call: OnCall | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`transport` stands in for the network."""
        self._policy = policy
        self._calls = Calls(policy, on_call, transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._calls.aclose()

    # Orders

    async def create_order(self, request: contract.CreateOrderRequest) -> str:
        """`POST /orders` → the order's `EO-…` reference. Changes; a repeat makes another order."""
        return await self._calls.call(
            "create_order",
            "POST",
            "/orders",
            body=request.to_json(),
            changes=True,
            read=lambda a: results.created_reference(_parsed(a, answers.LINKS), "Order"),
        )

    async def pack_order(self, request: contract.PackOrderRequest) -> results.PackResult:
        """`POST /orders/{ref}/pack` → the consignments made. Changes; a repeat makes more."""
        return await self._calls.call(
            "pack_order",
            "POST",
            f"/orders/{_segment(request.order_reference)}/pack",
            body=request.to_json(),
            changes=True,
            read=lambda a: results.pack_result(
                _model(a, answers.PackOrderResponse), return_asked=request.generate_return
            ),
        )

    # Consignments

    async def get_consignment(self, consignment_reference: str) -> answers.Consignment:
        """`GET /consignments/{ref}`"""
        return await self._calls.call(
            "get_consignment",
            "GET",
            f"/consignments/{_segment(consignment_reference)}",
            read=lambda a: _model(a, answers.Consignment),
        )

    async def get_consignment_status(self, consignment_reference: str) -> str:
        """`GET /consignments/{ref}/status` → the state word; compare it with `states`."""
        return await self._calls.call(
            "get_consignment_status",
            "GET",
            f"/consignments/{_segment(consignment_reference)}/status",
            read=lambda a: _model(a, answers.ConsignmentStatus).status,
        )

    async def find_consignments(
        self, customer_reference: str
    ) -> tuple[answers.ConsignmentSummary, ...]:
        """All consignments that carry exactly this customer reference; empty means none.

        None is said only by a 200 without an exact match, or by a 404 in PRO's own words: a wrong
        "none" is a second parcel. Anything else raises Retryable (or Throttled, Unauthorised). A
        return has the same reference and the direction isn't told: read each one found.
        """
        found = [
            line
            async for line in self._search(
                "find_consignments", {"referenceProvidedByCustomer": customer_reference}
            )
            if line.consignment_reference_provided_by_customer == customer_reference
        ]
        return tuple(found)

    async def search_consignments(
        self, *, shipping_location_reference: str, states: Sequence[str]
    ) -> AsyncGenerator[answers.ConsignmentSummary, None]:
        """The consignments of a location in one of these states (wire names), each once. One paged
        search for each state, so one that moves meanwhile may be told in its old state."""
        seen: set[str] = set()
        for state in states:
            criteria = {"shippingLocationReference": shipping_location_reference, "state": state}
            async for line in self._search("search_consignments", criteria):
                if line.state == state and line.reference not in seen:
                    seen.add(line.reference)
                    yield line

    async def cancel_consignment(self, consignment_reference: str) -> None:
        """`PUT /consignments/{ref}/cancel`. Changes; passes through Cancelling."""
        await self._calls.call(
            "cancel_consignment",
            "PUT",
            f"/consignments/{_segment(consignment_reference)}/cancel",
            changes=True,
            read=_nothing,
        )

    async def set_ready_to_ship(
        self, consignment_references: Sequence[str]
    ) -> dict[str, results.BulkResult]:
        """`PUT /consignments/setreadytoship` → one result for each reference. Changes."""
        return await self._calls.call(
            "set_ready_to_ship",
            "PUT",
            "/consignments/setreadytoship",
            body=exact_json.dumps(list(consignment_references)).encode("ascii"),
            changes=True,
            read=lambda a: results.bulk_results(
                consignment_references, _parsed(a, answers.STRING_RESULTS)
            ),
        )

    async def manifest_consignments(
        self, consignment_references: Sequence[str]
    ) -> dict[str, results.BulkResult]:
        """`PUT /consignments/manifest` → one result for each reference. Changes; taken up only:
        read states after."""
        request = contract.ConsignmentReferencesRequest(
            consignment_references=tuple(consignment_references)
        )
        return await self._calls.call(
            "manifest_consignments",
            "PUT",
            "/consignments/manifest",
            body=request.to_json(),
            changes=True,
            read=lambda a: results.bulk_results(
                consignment_references, _parsed(a, answers.STRING_RESULTS)
            ),
        )

    # Allocation, labels, manifest

    async def allocate_default_rules(
        self, consignment_references: Sequence[str]
    ) -> dict[str, results.AllocationResult]:
        """`PUT /allocation/allocate` → one result for each reference. Changes."""
        request = contract.ConsignmentReferencesRequest(
            consignment_references=tuple(consignment_references)
        )
        return await self._calls.call(
            "allocate_default_rules",
            "PUT",
            "/allocation/allocate",
            body=request.to_json(),
            changes=True,
            read=lambda a: results.allocation_results(consignment_references, _summaries(a)),
        )

    async def allocate_carrier_service(
        self, consignment_references: Sequence[str], carrier_service_reference: str
    ) -> dict[str, results.AllocationResult]:
        """`PUT /allocation/allocatewithcarrierservice` → one result for each reference. Changes."""
        request = contract.AllocateWithCarrierServiceRequest(
            consignment_references=tuple(consignment_references),
            mpd_carrier_service_reference=carrier_service_reference,
        )
        return await self._calls.call(
            "allocate_carrier_service",
            "PUT",
            "/allocation/allocatewithcarrierservice",
            body=request.to_json(),
            changes=True,
            read=lambda a: results.allocation_results(consignment_references, _summaries(a)),
        )

    async def get_labels(
        self, consignment_reference: str, label_format: LabelFormat | None = None
    ) -> results.LabelFile:
        """`GET /labels/{ref}/{format}`; the policy's format unless one is given."""
        chosen = label_format or self._policy.label_format
        return await self._calls.call(
            "get_labels",
            "GET",
            f"/labels/{_segment(consignment_reference)}/{chosen}",
            read=lambda a: results.label_file(_model(a, answers.LabelsAnswer)),
        )

    async def manifest_from_query(
        self, request: contract.ManifestFromQueryRequest
    ) -> results.ManifestQueued:
        """`POST /consignments/manifestFromQuery`. Changes; it only queues: read states after."""
        return await self._calls.call(
            "manifest_from_query",
            "POST",
            "/consignments/manifestFromQuery",
            body=request.to_json(),
            changes=True,
            read=lambda a: results.manifest_queued(_model(a, answers.ManifestFromQueryResponse)),
        )

    async def get_shipping_locations(self) -> tuple[answers.ShippingLocation, ...]:
        """`GET /shippinglocations`; also the read that probes whether PRO is back."""
        return await self._calls.call(
            "get_shipping_locations",
            "GET",
            "/shippinglocations",
            read=lambda a: _parsed(a, answers.SHIPPING_LOCATIONS),
        )

    async def _search(
        self, operation: str, criteria: Mapping[str, str]
    ) -> AsyncIterator[answers.ConsignmentSummary]:
        """Page through `GET /consignments/{take}/{skip}`, each line once.

        It ends at an empty page, or at one shorter than asked for unless `Count` says that more
        follow: PRO may have a smaller page than ours. A page that repeats only what was there
        would never end: that is no answer.
        """
        take, skip = self._policy.page_size, 0
        seen: set[str] = set()
        while True:
            page = await self._page(operation, take, skip, criteria)
            lines = page.consignment_summaries
            fresh = [line for line in lines if line.reference not in seen]
            seen.update(line.reference for line in fresh)
            for line in fresh:
                yield line
            skip += len(lines)
            if not lines or (len(lines) < take and page.count <= skip):
                return
            if not fresh:
                raise Retryable(operation, "PRO's pages repeat themselves")

    async def _page(
        self, operation: str, take: int, skip: int, criteria: Mapping[str, str]
    ) -> answers.MatchingConsignments:
        try:
            return await self._calls.call(
                operation,
                "GET",
                f"/consignments/{take}/{skip}",
                params=criteria,
                read=lambda a: _model(a, answers.MatchingConsignments),
            )
        except Refused as refusal:
            problem = refusal.problem
            if problem.status == 404 and problem.in_pros_words:
                return answers.NO_MATCHES
            raise Retryable(operation, f"the search was refused ({problem.status})") from refusal


def _segment(reference: str) -> str:
    """A reference as one path segment."""
    if reference in ("", ".", ".."):
        raise ValueError("an empty or dotted reference names nothing")
    return quote(reference, safe="")


def _parsed(answer: Answer, adapter: TypeAdapter[tuple[M, ...]]) -> tuple[M, ...]:
    return adapter.validate_python(exact_json.loads(answer.body))


def _model(answer: Answer, model: type[M]) -> M:
    return model.model_validate(exact_json.loads(answer.body))


def _summaries(answer: Answer) -> tuple[answers.AllocationSummary, ...]:
    """A list, or a bare object for a single consignment; nothing with a 202 is nothing yet."""
    if answer.status == 202 and not answer.body.strip():
        return ()
    said = exact_json.loads(answer.body)
    return answers.ALLOCATION_SUMMARIES.validate_python([said] if isinstance(said, dict) else said)


def _nothing(_: Answer) -> None:
    """Any 2xx will do; the body is empty or says nothing (RULES 11, 12 to 14)."""
