"""stock.picked → Pack Order (→ Update Consignment) → consignment.created | pick.rejected

Pack Order has no origin. What a pick from another location than its order's made is kept back until
its origin is corrected (`origins.py`).
"""

from dataclasses import dataclass
from functools import partial

from service.allocation_plans import NO_RULES, OTHERWISE, AllocationPlans
from service.events.cancelling import because_cancelled
from service.events.envelope import Envelope
from service.events.published import (
    ConsignmentCreated,
    Direction,
    PickRejected,
    Rejection,
)
from service.events.received import StockPicked
from service.ledger import cancellations, consignments, history, orders, parked, standing
from service.ledger.cancellations import OrderCancelled
from service.ledger.database import Contended, Database, Tx
from service.ledger.history import What
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement
from service.ledger.orders import KnownOrder, NotEnoughLeft
from service.ledger.tables import OperationState
from service.metrics import Metrics, Name
from service.operations import (
    NOTHING_TO_SAY,
    Operations,
    Performed,
    TooEarly,
    announce,
    operation_on_order,
)
from service.origins import Origins
from service.picks import (
    Pack,
    Reject,
    Wait,
    allocation_of,
    customer_reference,
    decide,
    too_many,
)
from service.pro.client import ProClient
from service.pro.mapping import pack_order_request, rejection_from
from service.pro.problems import Problem
from service.pro.results import PackResult
from service.strays import Strays, making_key


def operation(event: StockPicked, cause: Envelope) -> Operation:
    """Name the one Pack Order that a pick ever needs."""
    reference = event.order_reference
    key = making_key(reference, event.pick_reference)
    return operation_on_order(key, OperationKind.PACK_ORDER, reference, event, cause)


@dataclass(frozen=True)
class PackPick:
    """Has PRO make a pick's consignment, once."""

    operations: Operations
    pro: ProClient
    database: Database
    strays: Strays
    origins: Origins
    metrics: Metrics
    plans: AllocationPlans = NO_RULES

    async def __call__(self, event: StockPicked, cause: Envelope) -> Performed:
        """React; raises TooEarly and what `Operations.perform` raises."""
        work = operation(event, cause)
        async with self.database.each() as tx:
            order = await orders.find(tx, event.order_reference)
            state = await standing.state_of(tx, work.key)
        if state is OperationState.REFUSED:
            # What a lost answer left of the refused content must not be taken for the new one's.
            await self.strays.search_if_unknown(event.order_reference, event.pick_reference)
        decision = decide(event, order)
        if isinstance(decision, Wait):
            raise TooEarly(decision.reason)
        if isinstance(decision, Reject):
            performed = await self._reject(event, order, cause, work, decision.rejection)
        else:
            performed = await self._pack(decision, cause, work)
        # What was packed in silence is kept back: its origin is still to be corrected.
        if performed.announcements or performed is NOTHING_TO_SAY or order is None:
            return performed
        return await self.origins(event, cause, order.pro_order_reference)

    async def _pack(self, decision: Pack, cause: Envelope, work: Operation) -> Performed:
        event, order, quantities = decision.picked, decision.order, decision.quantities
        ours = customer_reference(event.order_reference, event.pick_reference)
        request = pack_order_request(
            event, pro_order_reference=order.pro_order_reference or "", customer_reference=ours
        )

        async def reserve(tx: Tx) -> None:
            await cancellations.check_order(tx, event.order_reference)
            location = await orders.location(tx, event.order_reference)
            if location != order.shipping_location_reference:
                raise Contended("the order's origin was amended meanwhile: decide anew")
            await orders.reserve(tx, event.order_reference, event.pick_reference, ours, quantities)

        async def ask() -> Settlement:
            return self._created(
                event, order, cause, work.key, ours, await self.pro.pack_order(request)
            )

        def refuse(problem: Problem, attempt: int) -> Settlement:
            return _rejected(event, cause, work.key, rejection_from(problem), attempt)

        try:
            return await self.operations.perform(
                work,
                ask=ask,
                look=partial(self._look, event, order, cause, work.key),
                refuse=refuse,
                prepare=reserve,
            )
        except NotEnoughLeft as lack:
            return await self._reject(event, order, cause, work, too_many(lack, order))
        except OrderCancelled:
            return await self._reject(event, order, cause, work, because_cancelled())

    async def _reject(
        self,
        event: StockPicked,
        order: KnownOrder | None,
        cause: Envelope,
        work: Operation,
        rejection: Rejection,
    ) -> Performed:
        """Refuse a pick without asking PRO, unless an earlier attempt has packed it already."""
        return await self.operations.conclude(
            work,
            lambda attempt: _rejected(event, cause, work.key, rejection, attempt),
            partial(self._look, event, order, cause, work.key) if order else None,
        )

    async def _look(
        self, event: StockPicked, order: KnownOrder, cause: Envelope, key: str
    ) -> Settlement | None:
        ours = customer_reference(event.order_reference, event.pick_reference)
        found = await self._find(event, ours)
        if found is None:
            return None
        return self._created(event, order, cause, key, ours, found)

    async def _find(self, event: StockPicked, ours: str) -> PackResult | None:
        """Look a pick's consignments up in PRO; the oldest of several is the one, others stray."""
        outbound: str | None = None
        inbound: str | None = None
        for line in await self.strays.candidates(event.order_reference, ours):
            direction = "Outbound"
            if event.generate_return:
                direction = (await self.pro.get_consignment(line.reference)).direction or direction
            if direction == "Inbound":
                inbound = inbound or line.reference
            else:
                outbound = outbound or line.reference
        return PackResult(outbound, inbound) if outbound else None

    def _created(
        self,
        event: StockPicked,
        order: KnownOrder,
        cause: Envelope,
        key: str,
        ours: str,
        packed: PackResult,
    ) -> Settlement:
        made: list[tuple[str, Direction]] = [(packed.outbound, "outbound")]
        if packed.inbound is not None:
            made.append((packed.inbound, "inbound"))
        return_missing = event.generate_return and packed.inbound is None
        if return_missing:
            self.metrics.count(Name.MISSING_RETURNS)
        location = event.shipping_location_reference or order.shipping_location_reference
        is_elsewhere = location != order.shipping_location_reference
        plans = {d: allocation_of(self.plans, event, order, d) for _, d in made}
        chosen = {plan.by for plan in plans.values()} - {OTHERWISE}

        async def store(tx: Tx) -> None:
            if not is_elsewhere:
                await orders.pack(tx, event.order_reference, event.pick_reference)
                await parked.hasten(tx, event.order_reference, TooEarly.error_class)
            for reference, direction in made:
                await consignments.add(
                    tx,
                    consignment_reference=reference,
                    order_reference=event.order_reference,
                    pick_reference=event.pick_reference,
                    customer_reference=ours,
                    direction=direction,
                    shipping_location_reference=location,
                    allocation_ways=plans[direction].ways,
                    keep_back=is_elsewhere,
                    traceparent=cause.traceparent,
                )
            if return_missing:
                await history.note(tx, event.order_reference, What.RETURN_MISSING, cause.id)

        def created(reference: str, direction: Direction, sequence: int) -> ConsignmentCreated:
            return ConsignmentCreated(
                order_reference=event.order_reference,
                sequence=sequence,
                pick_reference=event.pick_reference,
                pro_order_reference=order.pro_order_reference or "",
                consignment_reference=reference,
                consignment_reference_provided_by_customer=ours,
                direction=direction,
                shipping_location_reference=location,
            )

        order_reference = event.order_reference
        outcomes = [
            announce(cause, key, order_reference, partial(created, *one), nth=nth)
            for nth, one in enumerate(made)
        ]
        return Settlement(
            outcomes=() if is_elsewhere else outcomes,
            effects=store,
            result={"consignments": [reference for reference, _ in made]}
            | ({"allocation_chosen_by": sorted(chosen)} if chosen else {}),
        )


def _rejected(
    event: StockPicked, cause: Envelope, key: str, rejection: Rejection, attempt: int
) -> Settlement:
    async def give_back(tx: Tx) -> None:
        await orders.give_back(tx, event.order_reference, event.pick_reference)

    def rejected(sequence: int) -> PickRejected:
        return PickRejected(
            order_reference=event.order_reference,
            sequence=sequence,
            pick_reference=event.pick_reference,
            rejection=rejection,
        )

    return Settlement(
        outcomes=[announce(cause, key, event.order_reference, rejected, refused_attempt=attempt)],
        effects=give_back,
        refused=True,
        result={"code": rejection.code},
    )
