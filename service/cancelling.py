"""What cancelling consignments of an order means: to the ledger, and to those who are told.

A cancelled order and a withdrawn pick do it alike: each consignment that is cancelled has an
outcome of its own, and one more outcome tells of the whole.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from service.events.cancelling import ConsignmentCancelled
from service.events.envelope import Envelope
from service.events.published import Outcome, Rejection, RejectionDetail
from service.ledger import cancellations, orders
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Tx
from service.ledger.operation import Operation, Settlement
from service.operations import announce
from service.undoing import NotUndone, UndoResult

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


def settlement(
    work: Operation,
    cause: Envelope,
    order_reference: str,
    batch: Sequence[KnownConsignment],
    results: Mapping[str, UndoResult],
    whole: Whole,
    reason: str | None,
) -> Settlement:
    """Settle what came of cancelling a batch of an order's consignments.

    What a pick took is free again once what goes out of it is cancelled.
    """
    rejection = rejection_of(results)
    gone = [one for one in batch if not isinstance(results[one.consignment_reference], NotUndone)]
    references = tuple(one.consignment_reference for one in gone)

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

    return Settlement(
        outcomes=[
            *(
                announce(cause, work.key, order_reference, partial(cancelled, one), nth=nth)
                for nth, one in enumerate(gone, start=1)
            ),
            announce(cause, work.key, order_reference, partial(whole, references, rejection)),
        ],
        effects=store,
        refused=rejection is not None,
        result={"consignments": list(references)} | ({"code": rejection.code} if rejection else {}),
    )
