"""Cancels consignments of an order: in PRO, in the ledger, and to those who are told.

A cancelled order and a withdrawn pick do it alike: each consignment that is cancelled has an
outcome of its own, and one more outcome tells of the whole.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from service.events.cancelling import ConsignmentCancelled
from service.events.envelope import Envelope
from service.events.published import Outcome, Rejection, RejectionDetail
from service.ledger import cancellations, orders
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Tx
from service.ledger.operation import Operation, Settlement, operation_key
from service.operations import Operations, Performed, announce
from service.pro.problems import Problem, Refused
from service.undoing import NotUndone, Undoing, UndoResult

Collect = Callable[[Tx], Awaitable[Sequence[KnownConsignment]]]
"""Reads what is to be cancelled, under the lease of the order."""
Whole = Callable[[tuple[str, ...], Rejection | None, int], Outcome]
"""Makes the outcome of the whole: the consignments that were cancelled, why others were not, and
its sequence."""


def rejection_of(results: Mapping[str, UndoResult]) -> Rejection | None:
    """Say one by one why consignments were not cancelled; None when all were."""
    stay = [result for result in results.values() if isinstance(result, NotUndone)]
    if not stay:
        return None
    return Rejection(
        source="orderflex",
        code="not_cancelled",
        message=f"{len(stay)} of {len(results)} consignments could not be cancelled",
        details=tuple(
            RejectionDetail(
                code=one.problem.code,
                target=one.consignment_reference,
                message=one.problem.message,
            )
            for one in stay
        ),
    )


@dataclass(frozen=True)
class Cancelling:
    """Cancels consignments."""

    operations: Operations
    undoing: Undoing

    async def __call__(
        self,
        work: Operation,
        cause: Envelope,
        collect: Collect,
        whole: Whole,
        reason: str | None,
    ) -> Performed:
        """Cancel what `collect` reads; raises what it and `Operations.perform` raise."""
        batch: list[KnownConsignment] = []
        results: dict[str, UndoResult] = {}

        async def prepare(tx: Tx) -> None:
            batch[:] = await collect(tx)

        async def ask() -> Settlement:
            results.clear()
            results.update(await self.undoing.cancel([o.consignment_reference for o in batch]))
            rejection = rejection_of(results)
            if rejection is not None:
                raise Refused("cancel", Problem(200, rejection.code, rejection.message))
            return _settlement(work, cause, batch, results, whole, reason, None)

        def refuse(_problem: Problem, attempt: int) -> Settlement:
            return _settlement(work, cause, batch, results, whole, reason, attempt)

        return await self.operations.perform(work, ask=ask, refuse=refuse, prepare=prepare)


def _settlement(
    work: Operation,
    cause: Envelope,
    batch: Sequence[KnownConsignment],
    results: Mapping[str, UndoResult],
    whole: Whole,
    reason: str | None,
    refused_attempt: int | None,
) -> Settlement:
    """Settle what came of a batch. What a pick took is free again once what goes out of it is
    cancelled."""
    rejection = rejection_of(results)
    gone = [one for one in batch if not isinstance(results[one.consignment_reference], NotUndone)]
    references = tuple(one.consignment_reference for one in gone)
    order_reference = work.order_reference or ""

    async def store(tx: Tx) -> None:
        for one in gone:
            await cancellations.cancel_consignment(tx, one.consignment_reference)
            if one.pick_reference is not None and one.direction == "outbound":
                await orders.withdraw(tx, order_reference, one.pick_reference)
        steps = await cancellations.steps_of(tx, order_reference, references)
        await cancellations.call_off(tx, steps)

    def cancelled(one: KnownConsignment, sequence: int) -> ConsignmentCancelled:
        return ConsignmentCancelled(
            **one.names,
            sequence=sequence,
            allocation_number=one.allocation_number,
            reason=reason,
        )

    each = [
        announce(
            cause,
            operation_key("cancelled", one.consignment_reference),
            order_reference,
            partial(cancelled, one),
        )
        for one in gone
    ]
    of_all = announce(
        cause,
        work.key,
        order_reference,
        partial(whole, references, rejection),
        refused_attempt=refused_attempt,
    )
    return Settlement(
        outcomes=[*each, of_all],
        effects=store,
        refused=rejection is not None,
        result={"consignments": list(references), "asked_by": cause.id}
        | ({"code": rejection.code} if rejection else {}),
    )
