"""consignment.reallocation_requested → Set Not Ready To Ship, Deallocate →
consignment.reallocation_started | consignment.reallocation_rejected"""

from dataclasses import dataclass

from service.allocation_attempts import attempt_key
from service.events.cancelling import because_cancelled
from service.events.envelope import Envelope
from service.events.published import Rejection
from service.events.reallocation import ConsignmentReallocationRequested
from service.ledger import cancellations, consignments, standing
from service.ledger.cancellations import OrderCancelled
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import ContentConflict, Settlement, operation_key
from service.ledger.tables import OperationState
from service.operations import (
    Operations,
    Performed,
    TooEarly,
    operation_on_order,
)
from service.pro import states
from service.pro.client import ProClient
from service.pro.mapping import rejection_from
from service.pro.problems import Problem, Refused, Retryable
from service.reallocating import Reallocation
from service.undoing import NotUndone, Undoing

_SETTLED = (OperationState.FINISHED, OperationState.REFUSED)


class _Stays(Exception):
    """It can't be allocated again."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.code)
        self.rejection = rejection


def check(known: KnownConsignment, *, is_allocating: bool, is_manifesting: bool) -> None:
    """Raise _Stays where the ledger knows that it is too late, TooEarly where that is not told."""
    if known.pro_state == states.CANCELLED:
        raise _Stays(_ours("cancelled", "The consignment is cancelled."))
    if known.pro_state in states.IS_MANIFESTED:
        raise _Stays(_ours("too_late", "The carrier was told of the consignment."))
    if known.is_kept_back:
        raise TooEarly("its origin is still to be corrected")
    if is_allocating:
        raise TooEarly("how its present allocation ends is not known yet")
    if is_manifesting or known.pro_state in states.PASSING:
        raise TooEarly("how its manifest ends is not known yet")


def _ours(code: str, message: str) -> Rejection:
    return Rejection(source="orderflex", code=code, message=message)


@dataclass(frozen=True)
class ReallocateConsignment:
    """Takes an allocation back, so that the consignment is allocated anew."""

    operations: Operations
    pro: ProClient
    database: Database
    undoing: Undoing

    async def __call__(self, event: ConsignmentReallocationRequested, cause: Envelope) -> Performed:
        """React; raises TooEarly and what `Operations.perform` raises."""
        reference = event.consignment_reference
        key = operation_key("reallocate", reference, event.request_reference)
        work = operation_on_order(key, OperationKind.DEALLOCATE, event.kafka_key, event, cause)
        async with self.database.each() as tx:
            known = await consignments.find(tx, reference)
            state = await standing.state_of(tx, key)
        if known is None:
            raise TooEarly("the ledger does not know this consignment")
        if known.order_reference != event.kafka_key:
            raise ContentConflict(key)
        is_told_again = state in _SETTLED and cause.again is None
        if not is_told_again and await self._state_in_pro(reference) is None:
            unknown = _ours("unknown_to_pro", "PRO does not know the consignment.")
            return await self._conclude(Reallocation(event, cause, work, known), unknown)
        return await self._reallocate(Reallocation(event, cause, work, known))

    async def _state_in_pro(self, reference: str) -> str | None:
        """Read the state before anything is claimed, and wait for one that passes; None where PRO
        does not know the consignment."""
        try:
            state = await self.pro.get_consignment_status(reference)
        except Refused as refusal:
            if refusal.problem.status == 404 and refusal.problem.in_pros_words:
                return None
            raise Retryable(refusal.operation, refusal.why) from refusal
        if state in states.PASSING:
            raise TooEarly(f"it is {state} in PRO")
        return state

    async def _reallocate(self, request: Reallocation) -> Performed:
        reference = request.event.consignment_reference

        async def prepare(tx: Tx) -> None:
            # Under the order's lease: nobody else changes it now.
            known = await consignments.find(tx, reference) or request.known
            request.known = known
            await cancellations.check_order(tx, known.order_reference)
            check(
                known,
                is_allocating=await standing.is_any_open(tx, _attempts(known)),
                is_manifesting=await _is_being_manifested(tx, known),
            )

        async def ask() -> Settlement:  # again after any doubt: it goes by the state
            undone = (await self.undoing.deallocate([reference]))[reference]
            if isinstance(undone, NotUndone):
                request.left_in = undone.state
                raise Refused("deallocate", undone.problem)
            return request.started()

        def refuse(problem: Problem, attempt: int) -> Settlement:
            return request.rejected(rejection_from(problem), attempt)

        try:
            return await self.operations.perform(
                request.work, ask=ask, refuse=refuse, prepare=prepare
            )
        except _Stays as stays:
            return await self._conclude(request, stays.rejection)
        except OrderCancelled:
            return await self._conclude(request, because_cancelled())

    async def _conclude(self, request: Reallocation, rejection: Rejection) -> Performed:
        return await self.operations.conclude(
            request.work, lambda attempt: request.rejected(rejection, attempt)
        )


def _attempts(known: KnownConsignment) -> list[str]:
    return [
        attempt_key(known.consignment_reference, known.allocation_number, position)
        for position in range(len(known.allocation_ways))
    ]


async def _is_being_manifested(tx: Tx, known: KnownConsignment) -> bool:
    """Tell whether a manifest has it, and PRO is being asked for a manifest there."""
    location = known.shipping_location_reference
    if known.manifest_reference is None or location is None:
        return False
    return await standing.is_manifesting(tx, location)
