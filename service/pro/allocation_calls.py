"""Giving consignments to carrier services (RULES 5)."""

from collections.abc import Sequence

from service.events import exact_json
from service.pro import answers, contract, results
from service.pro.asking import Asking, segment
from service.pro.problems import Answer


class AllocationCalls(Asking):
    """The ways to allocate."""

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

    async def allocate_service_group(
        self, consignment_reference: str, service_group_reference: str
    ) -> results.AllocationResult:
        """`PUT /allocation/{ref}/allocatewithservicegroup/{group}`, one consignment a call.
        Changes."""
        asked = (consignment_reference,)
        found = await self._calls.call(
            "allocate_service_group",
            "PUT",
            f"/allocation/{segment(consignment_reference)}"
            f"/allocatewithservicegroup/{segment(service_group_reference)}",
            changes=True,
            read=lambda a: results.allocation_results(asked, _summaries(a)),
        )
        return found[consignment_reference]


def _summaries(answer: Answer) -> tuple[answers.AllocationSummary, ...]:
    """A list, or a bare object for a single consignment; nothing with a 202 is nothing yet."""
    if answer.status == 202 and not answer.body.strip():
        return ()
    said = exact_json.loads(answer.body)
    return answers.ALLOCATION_SUMMARIES.validate_python([said] if isinstance(said, dict) else said)
