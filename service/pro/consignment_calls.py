"""Consignments: read, search, update (RULES 4)."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

from service.pro import answers
from service.pro.asking import Asking, nothing, one, segment
from service.pro.documents import ConsignmentDocument, consignment_document
from service.pro.problems import Refused, Retryable


class ConsignmentCalls(Asking):
    """What can be asked about consignments."""

    async def get_consignment(self, consignment_reference: str) -> answers.Consignment:
        """`GET /consignments/{ref}`"""
        return await self._calls.call(
            "get_consignment",
            "GET",
            f"/consignments/{segment(consignment_reference)}",
            read=lambda a: one(a, answers.Consignment),
        )

    async def get_consignment_document(self, consignment_reference: str) -> ConsignmentDocument:
        """`GET /consignments/{ref}` → the whole consignment, to change and send back."""
        return await self._calls.call(
            "get_consignment",
            "GET",
            f"/consignments/{segment(consignment_reference)}",
            read=lambda a: consignment_document(a.body, consignment_reference),
        )

    async def update_consignment(self, document: ConsignmentDocument) -> None:
        """`PUT /consignments` with all that an absent field would wipe (RULES 4.3). Changes; a
        repeat does no harm. PRO allows it only in the states `states.CAN_BE_UPDATED`."""
        await self._calls.call(
            "update_consignment",
            "PUT",
            "/consignments",
            body=document.to_json(),
            changes=True,
            read=nothing,
        )

    async def get_consignment_status(self, consignment_reference: str) -> str:
        """`GET /consignments/{ref}/status` → the state word; compare it with `states`."""
        return await self._calls.call(
            "get_consignment_status",
            "GET",
            f"/consignments/{segment(consignment_reference)}/status",
            read=lambda a: one(a, answers.ConsignmentStatus).status,
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
                read=lambda a: one(a, answers.MatchingConsignments),
            )
        except Refused as refusal:
            problem = refusal.problem
            if problem.status == 404 and problem.in_pros_words:
                return answers.NO_MATCHES
            raise Retryable(operation, f"the search was refused ({problem.status})") from refusal
