"""pick.withdrawn → Cancel Consignments → consignment.cancelled, pick.withdrawal_applied | …"""

from dataclasses import dataclass

from service.cancelling import Cancelling
from service.events.cancelling import PickWithdrawalApplied, PickWithdrawalRejected, PickWithdrawn
from service.events.envelope import Envelope
from service.events.published import Rejection
from service.ledger import consignments, orders, standing
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Contended, Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key
from service.ledger.standing import Stand
from service.ledger.tables import OperationState, OrderState
from service.operations import (
    NOTHING_TO_SAY,
    Operations,
    Performed,
    TooEarly,
    announce,
    operation_on_order,
)
from service.strays import making_key

Outcome = PickWithdrawalApplied | PickWithdrawalRejected
_NOT_PACKED = Rejection(
    source="orderflex",
    code="pick_rejected",
    message="the pick was rejected: nothing of it was packed",
)


@dataclass(frozen=True)
class CancelIt:
    """Cancel the consignments of the pick as it was packed, if any are left."""


@dataclass(frozen=True)
class Reject:
    """There is nothing to withdraw."""

    rejection: Rejection


@dataclass(frozen=True)
class Wait:
    """It is not known yet what the pick has become."""

    reason: str


def decide(packed: Stand | None, order_state: OrderState | None) -> CancelIt | Reject | Wait:
    """Decide by how the operation that packs the pick stands, and its order."""
    match packed.state if packed else None:
        case OperationState.FINISHED:
            return CancelIt()
        case OperationState.STARTED | OperationState.UNKNOWN:
            return Wait("it is not settled yet what came of packing the pick")
        case OperationState.REFUSED if order_state is not OrderState.CANCELLED:
            return Reject(_NOT_PACKED)
        case _ if order_state is OrderState.CANCELLED:
            return CancelIt()  # it never will be packed
        case _:
            return Wait("its pick is not known yet")


def _key(event: PickWithdrawn, attempt: int) -> str:
    return operation_key("withdraw", event.order_reference, event.pick_reference, str(attempt))


def operation(event: PickWithdrawn, cause: Envelope, key: str) -> Operation:
    """Name the one withdrawal of a pick as it was packed, whatever its reason: what was rejected
    may be picked anew under the same reference."""
    order = event.order_reference
    content = event.model_copy(update={"reason": None})
    return operation_on_order(key, OperationKind.CANCEL, order, content, cause)


@dataclass(frozen=True)
class WithdrawPick:
    """Takes a pick back: its consignments are cancelled, its quantities free again."""

    operations: Operations
    database: Database
    cancelling: Cancelling

    async def __call__(self, event: PickWithdrawn, cause: Envelope) -> Performed:
        """React; raises TooEarly and what `Operations.perform` raises."""
        key = making_key(event.order_reference, event.pick_reference)
        async with self.database.each() as tx:
            packed = await standing.stand_of(tx, key)
            order = await orders.find(tx, event.order_reference)
            attempt = packed.attempt if packed else 0
            earlier = [_key(event, before) for before in range(attempt)]
            told = await standing.settled_of(tx, earlier, cause.id) if earlier else None
        work = operation(event, cause, told or _key(event, attempt))
        if cause.again is not None and work.key not in dict(cause.again):
            return NOTHING_TO_SAY  # the pick was packed anew since
        # What this very event was told before stands, though the pick was packed anew since.
        match Reject(_NOT_PACKED) if told else decide(packed, order.state if order else None):
            case Wait(reason):
                raise TooEarly(reason)
            case Reject(rejection):
                return await self.operations.conclude(
                    work, lambda attempt: _rejected(event, cause, work.key, rejection, attempt)
                )
            case CancelIt():
                return await self._cancel(event, cause, work, packed)

    async def _cancel(
        self, event: PickWithdrawn, cause: Envelope, work: Operation, packed: Stand | None
    ) -> Performed:
        order, pick = event.order_reference, event.pick_reference

        async def collect(tx: Tx) -> list[KnownConsignment]:
            if await standing.stand_of(tx, making_key(order, pick)) != packed:
                raise Contended("the pick is being packed")
            if await consignments.kept_back(tx, order, pick):
                raise TooEarly("its pick is packed, but not settled")
            return [
                one
                for one in await consignments.of_order(tx, order)
                if one.pick_reference == pick and one.pro_state != consignments.CANCELLED
            ]

        def whole(gone: tuple[str, ...], rejection: Rejection | None, sequence: int) -> Outcome:
            if rejection is not None:
                return _not_withdrawn(event, gone, rejection, sequence)
            return PickWithdrawalApplied(
                order_reference=order, sequence=sequence, pick_reference=pick, consignments=gone
            )

        return await self.cancelling(work, cause, collect, whole, event.reason)


def _not_withdrawn(
    event: PickWithdrawn, gone: tuple[str, ...], rejection: Rejection, sequence: int
) -> PickWithdrawalRejected:
    return PickWithdrawalRejected(
        order_reference=event.order_reference,
        sequence=sequence,
        pick_reference=event.pick_reference,
        consignments=gone,
        rejection=rejection,
    )


def _rejected(
    event: PickWithdrawn, cause: Envelope, key: str, rejection: Rejection, attempt: int
) -> Settlement:
    def rejected(sequence: int) -> PickWithdrawalRejected:
        return _not_withdrawn(event, (), rejection, sequence)

    return Settlement(
        outcomes=[announce(cause, key, event.order_reference, rejected, refused_attempt=attempt)],
        refused=True,
        result={"code": rejection.code, "asked_by": cause.id},
    )
