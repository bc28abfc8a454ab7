"""order.amended → Update Order, Update Consignment → order.amendment_applied | …_rejected"""

from dataclasses import dataclass

from service.allocation_plans import NO_RULES, AllocationPlans
from service.amendable import Amend, Reject, Wait, decide, locked_by
from service.amending import Amending
from service.events.amending import OrderAmended, OrderAmendmentApplied, OrderAmendmentRejected
from service.events.envelope import Envelope
from service.events.published import Rejection
from service.ledger import amendments, cancellations, consignments, orders
from service.ledger.database import Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key
from service.operations import Operations, Performed, TooEarly, announce, operation_on_order
from service.pro import mapping
from service.pro.mapping import rejection_from
from service.pro.problems import Problem, Refused


def operation(event: OrderAmended, cause: Envelope) -> Operation:
    """Name the one amendment of this version."""
    reference = event.order_reference
    key = operation_key("amend", reference, str(event.version))
    return operation_on_order(key, OperationKind.UPDATE_ORDER, reference, event, cause)


class _Rejected(Exception):
    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.code)
        self.rejection = rejection


@dataclass(frozen=True)
class AmendOrder:
    """Has PRO change an order, and what was packed of it."""

    operations: Operations
    amending: Amending
    plans: AllocationPlans = NO_RULES

    async def __call__(self, event: OrderAmended, cause: Envelope) -> Performed:
        """React; raises TooEarly and what `Operations.perform` raises."""
        work, reference = operation(event, cause), event.order_reference
        decided: list[Amend] = []
        own: list[Rejection] = []

        async def check(tx: Tx) -> None:
            order = await orders.find(tx, reference)
            applied = await amendments.version_of(tx, reference)
            of_order = await consignments.of_order(tx, reference)
            match decide(event, order, applied, of_order):
                case Wait(reason):
                    raise TooEarly(reason)
                case Reject(rejection):
                    raise _Rejected(rejection)
                case Amend() as amend:
                    # What is being packed would be neither changed here nor packed as amended.
                    await cancellations.check_makers(tx, reference)
                    decided[:] = [amend]

        async def ask() -> Settlement:
            (amend,) = decided
            locked = await self.amending(
                amend.order.pro_order_reference or "",
                mapping.amendments(event),
                mapping.direction(event.direction),
                amend.packed,
            )
            if locked:
                own.append(locked_by(locked.items()))
                raise Refused("update_order", Problem(200, own[0].code, own[0].message))
            return self._applied(event, cause, work.key, amend)

        def refuse(problem: Problem, attempt: int) -> Settlement:
            rejection = own[0] if own else rejection_from(problem)
            return _rejected(event, cause, work.key, rejection, attempt)

        try:
            return await self.operations.perform(work, ask=ask, refuse=refuse, prepare=check)
        except _Rejected as rejected:
            rejection = rejected.rejection
            return await self.operations.conclude(
                work, lambda attempt: _rejected(event, cause, work.key, rejection, attempt)
            )

    def _applied(self, event: OrderAmended, cause: Envelope, key: str, amend: Amend) -> Settlement:
        reference, packed = event.order_reference, amend.packed
        names = tuple(one.consignment_reference for one in packed)

        async def store(tx: Tx) -> None:
            facts = self.plans.facts_amended(
                amend.order.facts,
                event.destination,
                () if "tags" in event.remove else event.tags,
                () if "metadata" in event.remove else event.metadata,
            )
            await amendments.amend(tx, reference, event.version, facts)
            if event.origin is not None:
                follow = [one.consignment_reference for one in packed if one.follows_origin]
                location = event.origin.shipping_location_reference
                await amendments.relocate(tx, reference, location, follow)

        def applied(sequence: int) -> OrderAmendmentApplied:
            return OrderAmendmentApplied(
                order_reference=reference,
                sequence=sequence,
                version=event.version,
                consignments=names,
            )

        return Settlement(
            outcomes=[announce(cause, key, reference, applied)],
            effects=store,
            result={"version": event.version, "consignments": list(names)},
        )


def _rejected(
    event: OrderAmended, cause: Envelope, key: str, rejection: Rejection, attempt: int
) -> Settlement:
    reference = event.order_reference

    def rejected(sequence: int) -> OrderAmendmentRejected:
        return OrderAmendmentRejected(
            order_reference=reference,
            sequence=sequence,
            version=event.version,
            rejection=rejection,
        )

    return Settlement(
        outcomes=[announce(cause, key, reference, rejected, refused_attempt=attempt)],
        refused=True,
        result={"version": event.version, "code": rejection.code},
    )
