"""Orders that PRO makes of a delivery option: held to their event before they count as recorded.

Select Option As Order takes a reference and metadata; all the rest comes from what the shop asked
options for. So the order is read once: other goods than the event's are refused (nothing could be
picked of them), and what the event says beside is put into it by Update Order.

    Select Option As Order ─► kept ─ read, Update Order ─► order.recorded
                                              └─ refused ─► order.rejected, the order an orphan
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from service.events.cancelling import because_cancelled
from service.events.envelope import Envelope
from service.events.published import Rejection, RejectionDetail
from service.events.received import OrderPlaced
from service.ledger import cancellations, history, orders, standing
from service.ledger.cancellations import OrderCancelled
from service.ledger.database import Tx
from service.ledger.history import What
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key
from service.metrics import Metrics, Name
from service.operations import (
    Operations,
    Performed,
    operation_on_order,
    reading,
)
from service.pro.client import ProClient
from service.pro.documents import with_amendments
from service.pro.mapping import beside_the_option, rejection_from
from service.pro.order_answers import Order
from service.pro.problems import Problem, Refused
from service.recording import recorded, rejected


def differences(event: OrderPlaced, order: Order) -> Rejection | None:
    """Compare what the event says with what the option became, where no update can change it."""
    found = [*_other_direction(event, order), *_other_goods(event, order)]
    if not found:
        return None
    return Rejection(
        source="orderflex",
        code="option_differs",
        message="the delivery option was made for something else: "
        + "; ".join(f"{one.target} {one.message}" for one in found[:5]),
        details=tuple(found),
    )


def _other_direction(event: OrderPlaced, order: Order) -> Iterable[RejectionDetail]:
    of_option = (order.direction or event.direction).lower()
    if of_option != event.direction:
        yield _differs("direction", f"is {of_option} in the option, {event.direction} in the order")


def _other_goods(event: OrderPlaced, order: Order) -> Iterable[RejectionDetail]:
    """Yield what of the goods differs, by each of the two names that picks may use."""
    in_pro = [item for package in order.packages for item in package.items]
    said_skus = _counted((line.sku, line.quantity) for line in event.lines)
    pro_skus = _counted((item.sku, item.quantity or 0) for item in in_pro)
    said_lines = _counted((line.item_reference, line.quantity) for line in event.lines)
    pro_lines = _counted(
        (item.item_reference_provided_by_customer, item.quantity or 0) for item in in_pro
    )
    for said, of_option in ((said_skus, pro_skus), (said_lines, pro_lines)):
        for name, quantity in said.items():
            if of_option[name] != quantity:
                yield _differs(name, f"{of_option[name]} in the option, {quantity} in the order")
    in_all = sum(item.quantity or 0 for item in in_pro)
    said_in_all = sum(line.quantity for line in event.lines)
    if in_all != said_in_all:
        yield _differs("items", f"{in_all} units in the option, {said_in_all} in the order")


def _counted(named: Iterable[tuple[str | None, int]]) -> Counter[str]:
    counter: Counter[str] = Counter()
    for name, quantity in named:
        if name is not None:
            counter[name] += quantity
    return counter


def _differs(target: str, message: str) -> RejectionDetail:
    return RejectionDetail(code="option_differs", target=target, message=message)


@dataclass(frozen=True)
class OptionOrders:
    """Completes what a delivery option became, or refuses it."""

    operations: Operations
    pro: ProClient
    metrics: Metrics

    async def __call__(self, event: OrderPlaced, cause: Envelope, selected_by: str) -> Performed:
        """Complete it, once; `selected_by` is the key of the operation that chose the option.

        Raises what `Operations.perform` raises.
        """
        work = _operation(event, cause)
        known: list[str] = []
        own: list[Rejection] = []

        async def read(tx: Tx) -> None:
            await cancellations.check_order(tx, event.order_reference)
            order = await orders.find(tx, event.order_reference)
            known[:] = [order.pro_order_reference or ""] if order else []

        async def ask() -> Settlement:
            document = await reading(self.pro.get_order(known[0]))
            rejection = differences(event, document.order)
            if rejection is not None:
                own.append(rejection)
                raise Refused("update_order", Problem(200, rejection.code, rejection.message))
            await self.pro.update_order(with_amendments(document, beside_the_option(event)))
            return recorded(event, cause, work.key, known[0])

        def refuse(problem: Problem, attempt: int) -> Settlement:
            return reject(own[0] if own else rejection_from(problem), attempt)

        def reject(rejection: Rejection, attempt: int) -> Settlement:
            async def leave_orphan(tx: Tx) -> None:
                await standing.free(tx, selected_by, rejection.code)
                await history.note(tx, event.order_reference, What.POSSIBLE_ORPHAN, cause.id)

            self.metrics.count(Name.POSSIBLE_ORPHANS)
            return rejected(event, cause, work.key, rejection, attempt, leave_orphan)

        try:
            return await self.operations.perform(work, ask=ask, refuse=refuse, prepare=read)
        except OrderCancelled:
            return await self.operations.conclude(
                work, lambda attempt: reject(because_cancelled(), attempt)
            )


def _operation(event: OrderPlaced, cause: Envelope) -> Operation:
    key = operation_key("complete", event.order_reference)
    return operation_on_order(key, OperationKind.UPDATE_ORDER, event.order_reference, event, cause)
