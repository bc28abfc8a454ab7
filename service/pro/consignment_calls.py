"""Consignments: read, search, update (RULES 4)."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from service.pro import answers, contract, results
from service.pro.asking import Asking, listed, nothing, one, segment
from service.pro.criteria import Criteria
from service.pro.documents import ConsignmentDocument, consignment_document
from service.pro.problems import Refused, Retryable

MAX_PAGES = 1_000
"""Of one search."""


class ConsignmentCalls(Asking):
    """What can be asked about consignments."""

    async def create_consignment(self, request: contract.CreateConsignmentRequest) -> str:
        """`POST /consignments` → the consignment's `EC-…` reference. Changes; a repeat makes
        another consignment."""
        return await self._calls.call(
            "create_consignment",
            "POST",
            "/consignments",
            body=request.to_json(),
            changes=True,
            read=lambda a: results.created_reference(listed(a, answers.LINKS), "Link"),
        )

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
        criteria = Criteria(customer_reference=customer_reference)
        return tuple([line async for line in self._search("find_consignments", criteria)])

    async def search_consignments(
        self,
        *,
        shipping_location_reference: str | None = None,
        states: Sequence[str] = (),
        customer_reference: str | None = None,
        carrier: str | None = None,
        labels_printed: bool | None = None,
        ships_from: date | None = None,
        ships_until: date | None = None,
        created_from: date | None = None,
    ) -> AsyncGenerator[answers.ConsignmentSummary, None]:
        """The consignments that match all criteria (see `Criteria`), each once.

        `states` are wire names; without any they come in every state from a single paged search.
        With some it is one paged search for each, so one that moves meanwhile may be told in its
        old state, or not at all.
        """
        criteria = Criteria(
            customer_reference=customer_reference,
            shipping_location_reference=shipping_location_reference,
            carrier=carrier,
            labels_printed=labels_printed,
            ships_from=ships_from,
            ships_until=ships_until,
            created_from=created_from,
        )
        searches = [replace(criteria, state=state) for state in states] or [criteria]
        seen: set[str] = set()
        for search in searches:
            async for line in self._search("search_consignments", search):
                if line.reference not in seen:
                    seen.add(line.reference)
                    yield line

    async def _search(
        self, operation: str, criteria: Criteria
    ) -> AsyncIterator[answers.ConsignmentSummary]:
        """Page through `GET /consignments/{take}/{skip}`: each line that matches, once.

        It ends at an empty page, or at one shorter than asked for unless `Count` says that more
        follow: PRO may have a smaller page than ours. A page that repeats only what was there
        would never end, and one of very many pages is no answer either.
        """
        query = criteria.query()
        take, skip = self._policy.page_size, 0
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            page = await self._page(operation, take, skip, query)
            lines = page.consignment_summaries
            fresh = [line for line in lines if line.reference not in seen]
            seen.update(line.reference for line in fresh)
            for line in filter(criteria.matches, fresh):
                yield line
            skip += len(lines)
            if not lines or (len(lines) < take and page.count <= skip):
                return
            if not fresh:
                raise Retryable(operation, "PRO's pages repeat themselves")
        raise Retryable(operation, f"PRO's answer has more than {MAX_PAGES} pages")

    async def _page(
        self, operation: str, take: int, skip: int, query: Mapping[str, str]
    ) -> answers.MatchingConsignments:
        try:
            return await self._calls.call(
                operation,
                "GET",
                f"/consignments/{take}/{skip}",
                params=query,
                read=lambda a: one(a, answers.MatchingConsignments),
            )
        except Refused as refusal:
            problem = refusal.problem
            if problem.status == 404 and problem.in_pros_words:
                return answers.NO_MATCHES
            raise Retryable(operation, f"the search was refused ({problem.status})") from refusal
