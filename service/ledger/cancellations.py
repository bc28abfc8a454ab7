"""What was called off. A cancelled order stays cancelled, whatever is stored of it later."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update

from service.ledger import history, leases
from service.ledger.clock import now_plus
from service.ledger.consignments import CANCELLED, KEPT_BACK
from service.ledger.database import Tx
from service.ledger.history import What
from service.ledger.lookups import MAKES_CONSIGNMENTS, OperationKind
from service.ledger.operation import AwaitingLookup, NotWanted, references_in
from service.ledger.operation_rows import NOW, OPEN
from service.ledger.statements import Statement
from service.ledger.tables import OperationState, OrderState, consignments, operations, orders

LOOK_AGAIN_SECONDS = (5.0, 600.0)
"""How soon, and how late, to see whether an operation is settled whose own event is late: as long
as it is late already."""
STEPS_OF_CONSIGNMENTS = (OperationKind.ALLOCATE, OperationKind.GET_LABELS)
"""What nobody wants, and nobody waits for, of a consignment that is cancelled."""

_TOMBSTONE = Statement(
    lambda insert: (
        insert(orders)
        .values(
            order_reference=bindparam("reference"),
            state=OrderState.CANCELLED.value,
            sequence=0,
            fully_packed=False,
            placed_at=now_plus(),
            moved_at=now_plus(),
        )
        .on_conflict_do_update(
            index_elements=[orders.c.order_reference],
            set_={"state": OrderState.CANCELLED.value, "moved_at": now_plus()},
            where=orders.c.state != OrderState.CANCELLED.value,
        )
        .returning(orders.c.order_reference)
    )
)
_STATE = Statement(
    lambda _: select(orders.c.state).where(orders.c.order_reference == bindparam("reference"))
)
_STATES = Statement(
    lambda _: (
        select(consignments.c.pro_state, orders.c.state)
        .join_from(consignments, orders)
        .where(consignments.c.consignment_reference == bindparam("reference"))
    )
)
_MAKER = Statement(
    lambda _: (
        select(operations.c.operation_key, operations.c.lease_until, operations.c.next_lookup_at)
        .where(
            operations.c.order_reference == bindparam("reference"),
            or_(*(operations.c.kind == kind.value for kind in MAKES_CONSIGNMENTS)),
            or_(*(operations.c.state == state for state in OPEN)),
        )
        .order_by(operations.c.operation_key)
        .limit(1)
    )
)
_KEPT_BACK = Statement(
    lambda _: (
        select(consignments.c.consignment_reference, consignments.c.created_at)
        .where(
            consignments.c.order_reference == bindparam("reference"),
            consignments.c.allocation_number == KEPT_BACK,
            consignments.c.pro_state != CANCELLED,
        )
        .limit(1)
    )
)


class OrderCancelled(Exception):
    """The order is cancelled: nothing more is asked of PRO for it."""

    def __init__(self, order_reference: str) -> None:
        super().__init__(f"order {order_reference} is cancelled")


async def cancel_order(tx: Tx, order_reference: str, event_id: str) -> None:
    """Mark an order as cancelled, be it known or not, while nobody works on it.

    Raises LeaseHeld.
    """
    subject = f"order:{order_reference}"
    owner, _ = await leases.take(tx, subject, 1.0)
    marked = await tx.run(_TOMBSTONE, reference=order_reference)
    if marked.scalar_one_or_none() is not None:
        await history.note(tx, order_reference, What.CANCELLED, event_id)
    await leases.give_up(tx, subject, owner)


async def check_order(tx: Tx, order_reference: str) -> None:
    """Raise OrderCancelled if the order is; to be asked under its lease."""
    state = (await tx.run(_STATE, reference=order_reference)).scalar_one_or_none()
    if state == OrderState.CANCELLED.value:
        raise OrderCancelled(order_reference)


async def check_consignment(tx: Tx, consignment_reference: str) -> None:
    """Raise NotWanted if the consignment, or its order, is cancelled; to be asked under the lease
    of its order."""
    row = (await tx.run(_STATES, reference=consignment_reference)).one_or_none()
    if row is not None and (row[0] == CANCELLED or row[1] == OrderState.CANCELLED.value):
        raise NotWanted(consignment_reference)


async def check_makers(tx: Tx, order_reference: str) -> None:
    """Raise AwaitingLookup while an operation of the order that makes consignments is unsettled, or
    one is kept back that it made: whoever made it stores it, finds it when it looks, or takes it
    back."""
    now: datetime = (await tx.run(NOW)).scalar_one()
    maker = (await tx.run(_MAKER, reference=order_reference)).one_or_none()
    if maker is not None:
        due: datetime = maker.next_lookup_at or maker.lease_until
        raise AwaitingLookup(maker.operation_key, due if due > now else _again(now, due))
    kept = (await tx.run(_KEPT_BACK, reference=order_reference)).one_or_none()
    if kept is not None:
        raise AwaitingLookup(kept.consignment_reference, _again(now, kept.created_at))


def _again(now: datetime, since: datetime) -> datetime:
    soonest, latest = (timedelta(seconds=seconds) for seconds in LOOK_AGAIN_SECONDS)
    return now + min(max(now - since, soonest), latest)


async def cancel_consignment(tx: Tx, consignment_reference: str) -> None:
    """Store that a consignment is cancelled; its allocation and its labels are void."""
    await tx.execute(
        update(consignments)
        .where(consignments.c.consignment_reference == consignment_reference)
        .values(
            pro_state=CANCELLED,
            carrier_reference=None,
            carrier_service_reference=None,
            tracking_references=[],
            label_sha256=None,
            label_address=None,
            manifest_reference=None,
            moved_at=now_plus(),
        )
    )


async def steps_of(tx: Tx, order_reference: str, references: Collection[str]) -> list[str]:
    """Read the keys of what is unsettled of some consignments of an order."""
    rows = await tx.execute(
        select(operations.c.operation_key).where(
            operations.c.order_reference == order_reference,
            operations.c.kind.in_([kind.value for kind in STEPS_OF_CONSIGNMENTS]),
            operations.c.state.in_(OPEN),
        )
    )
    return [key for key in rows.scalars() if _names_one_of(key, references)]


async def call_off(tx: Tx, operation_keys: Collection[str]) -> None:
    """End unsettled operations that nobody wants any more: they are not looked up, and an answer
    that comes late is stored by nobody."""
    if not operation_keys:
        return
    await tx.execute(
        update(operations)
        .where(operations.c.operation_key.in_(operation_keys), operations.c.state.in_(OPEN))
        .values(
            state=OperationState.FINISHED.value,
            attempt=operations.c.attempt + 1,
            result={"called_off": True},
            outcomes=None,
            event=None,
            next_lookup_at=None,
            settled_at=now_plus(),
            published_at=now_plus(),
        )
    )


def _names_one_of(key: str, references: Collection[str]) -> bool:
    return any(reference in references for reference in references_in(key))
