"""What moves consignments from state to state, but for allocation (RULES 4.2, 8)."""

from collections.abc import Sequence

from service.events import exact_json
from service.pro import answers, contract, results
from service.pro.asking import Asking, listed, nothing, one, segment


class MovementCalls(Asking):
    """Cancel, deallocate, ready to ship, manifest."""

    async def cancel_consignment(self, consignment_reference: str) -> None:
        """`PUT /consignments/{ref}/cancel`. Changes; passes through Cancelling."""
        await self._calls.call(
            "cancel_consignment",
            "PUT",
            f"/consignments/{segment(consignment_reference)}/cancel",
            changes=True,
            read=nothing,
        )

    async def set_ready_to_ship(
        self, consignment_references: Sequence[str]
    ) -> dict[str, results.BulkResult]:
        """`PUT /consignments/setreadytoship` → one result for each reference. Changes."""
        return await self._move(
            "set_ready_to_ship", "/consignments/setreadytoship", consignment_references
        )

    async def set_not_ready_to_ship(
        self, consignment_references: Sequence[str]
    ) -> dict[str, results.BulkResult]:
        """`PUT /consignments/setnotreadytoship` → one result for each reference. Changes: they are
        Allocated again."""
        return await self._move(
            "set_not_ready_to_ship", "/consignments/setnotreadytoship", consignment_references
        )

    async def deallocate_consignments(
        self, consignment_references: Sequence[str]
    ) -> dict[str, results.BulkResult]:
        """`PUT /consignments/deallocatelist` → one result for each reference. Changes: they are
        Unallocated, their labels and tracking references void."""
        return await self._move(
            "deallocate_consignments", "/consignments/deallocatelist", consignment_references
        )

    async def cancel_consignments(
        self, consignment_references: Sequence[str]
    ) -> dict[str, results.BulkResult]:
        """`PUT /consignments/cancellist` → one result for each reference. Changes; they pass
        through Cancelling."""
        return await self._move(
            "cancel_consignments", "/consignments/cancellist", consignment_references
        )

    async def manifest_consignments(
        self, consignment_references: Sequence[str]
    ) -> dict[str, results.BulkResult]:
        """`PUT /consignments/manifest` → one result for each reference. Changes; taken up only:
        read states after."""
        request = contract.ConsignmentReferencesRequest(
            consignment_references=tuple(consignment_references)
        )
        return await self._move(
            "manifest_consignments",
            "/consignments/manifest",
            consignment_references,
            body=request.to_json(),
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
            read=lambda a: results.manifest_queued(one(a, answers.ManifestFromQueryResponse)),
        )

    async def _move(
        self, operation: str, path: str, references: Sequence[str], body: bytes | None = None
    ) -> dict[str, results.BulkResult]:
        """`PUT` a bare list of consignments, or a body that names them. Changes."""
        return await self._calls.call(
            operation,
            "PUT",
            path,
            body=body or exact_json.dumps(list(references)).encode("ascii"),
            changes=True,
            read=lambda a: results.bulk_results(references, listed(a, answers.STRING_RESULTS)),
        )
