"""order.placed → Create Order → order.recorded | order.rejected

With a delivery option: → Select Option As Order, Update Order (`option_orders.py`) → the same.
"""

from dataclasses import dataclass

from service.allocation_plans import NO_RULES, AllocationPlans
from service.events.cancelling import because_cancelled
from service.events.envelope import Envelope
from service.events.goods import Item
from service.events.received import OrderPlaced
from service.ledger import cancellations, orders
from service.ledger.cancellations import OrderCancelled
from service.ledger.database import Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key
from service.ledger.orders import Line
from service.operations import (
    NOTHING_TO_SAY,
    Operations,
    Performed,
    operation_on_order,
)
from service.option_orders import OptionOrders
from service.pro.client import ProClient
from service.pro.mapping import create_order_request, rejection_from, select_option_request
from service.pro.problems import Problem
from service.recording import recorded, rejected


def operation(event: OrderPlaced, cause: Envelope) -> Operation:
    """Name the one Create Order, or Select Option As Order, that an order ever needs."""
    reference = event.order_reference
    with_option = event.delivery_option_reference is not None
    kind = OperationKind.SELECT_OPTION if with_option else OperationKind.CREATE_ORDER
    return operation_on_order(operation_key("record", reference), kind, reference, event, cause)


def lines(event: OrderPlaced) -> list[Line]:
    """Give what the ledger has to remember to check and complete the picks."""
    return [_line(number, item) for number, item in enumerate(event.lines)]


def _line(number: int, item: Item) -> Line:
    size = item.dimensions
    return Line(
        line=number,
        sku=item.sku,
        item_reference=item.item_reference,
        quantity=item.quantity,
        picked=0,
        weight_kg=item.weight.value,
        length_cm=size.length,
        width_cm=size.width,
        height_cm=size.height,
    )


@dataclass(frozen=True)
class RecordOrder:
    """Tells PRO of an order, once."""

    operations: Operations
    pro: ProClient
    options: OptionOrders
    plans: AllocationPlans = NO_RULES

    async def __call__(self, event: OrderPlaced, cause: Envelope) -> Performed:
        """React; raises what `Operations.perform` raises."""
        option = event.delivery_option_reference
        reference = event.order_reference
        work = operation(event, cause)

        async def place(tx: Tx) -> None:
            await cancellations.check_order(tx, reference)
            origin = event.origin.shipping_location_reference
            facts = self.plans.facts_to_keep(event)
            await orders.place(tx, reference, origin, lines(event), facts)

        async def ask() -> Settlement:
            if option is not None:
                request = select_option_request(event, option)
                return _kept(reference, await self.pro.select_delivery_option_as_order(request))
            pro_reference = await self.pro.create_order(create_order_request(event))
            return recorded(event, cause, work.key, pro_reference)

        def refuse(problem: Problem, attempt: int) -> Settlement:
            return rejected(event, cause, work.key, rejection_from(problem), attempt)

        def stop(attempt: int) -> Settlement:
            return rejected(event, cause, work.key, because_cancelled(), attempt)

        try:
            performed = await self.operations.perform(work, ask=ask, refuse=refuse, prepare=place)
        except OrderCancelled:
            return await self.operations.conclude(work, stop)
        if performed.announcements or performed is NOTHING_TO_SAY:
            return performed
        return await self.options(event, cause, work.key)


def _kept(reference: str, pro_reference: str) -> Settlement:
    """Keep what an option became, until it says what its event says."""

    async def store(tx: Tx) -> None:
        await orders.keep(tx, reference, pro_reference)

    return Settlement(effects=store, result={"pro_order_reference": pro_reference})
