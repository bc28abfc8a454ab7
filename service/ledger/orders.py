"""Orders, what was ordered of each item, and the picks that take from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, bindparam, case, delete, exists, insert, not_, select, update

from service.ledger.clock import now_plus
from service.ledger.database import Tx
from service.ledger.operation import ReferenceTaken
from service.ledger.statements import Statement
from service.ledger.tables import OrderState, PickState, order_lines, orders, picks

_OF_ORDER = orders.c.order_reference == bindparam("reference")
_LINES_OF_ORDER = order_lines.c.order_reference == bindparam("reference")
_PICK = (picks.c.order_reference == bindparam("reference")) & (
    picks.c.pick_reference == bindparam("pick")
)
_FIND = Statement(lambda _: select(orders).where(_OF_ORDER))
_LOCATION = Statement(lambda _: select(orders.c.shipping_location_reference).where(_OF_ORDER))
_LINES = Statement(
    lambda _: select(order_lines).where(_LINES_OF_ORDER).order_by(order_lines.c.line)
)
_PLACE = Statement(
    lambda insert: (
        insert(orders)
        .values(
            order_reference=bindparam("reference"),
            state=OrderState.PLACED.value,
            shipping_location_reference=bindparam("location"),
            sequence=0,
            fully_packed=False,
            facts=bindparam("facts"),
            placed_at=now_plus(),
            moved_at=now_plus(),
        )
        .on_conflict_do_update(
            index_elements=[orders.c.order_reference],
            set_={
                "state": OrderState.PLACED.value,
                "shipping_location_reference": bindparam("location"),
                "facts": bindparam("facts"),
                "moved_at": now_plus(),
            },
            where=orders.c.state != OrderState.NO_ORDER.value,
        )
        .returning(orders.c.order_reference)
    )
)
_PLACE_NO_ORDER = Statement(
    lambda insert: (
        insert(orders)
        .values(
            order_reference=bindparam("reference"),
            state=OrderState.NO_ORDER.value,
            shipping_location_reference=bindparam("location"),
            sequence=0,
            fully_packed=False,
            placed_at=now_plus(),
            moved_at=now_plus(),
        )
        .on_conflict_do_update(
            index_elements=[orders.c.order_reference],
            set_={"shipping_location_reference": bindparam("location"), "moved_at": now_plus()},
            where=orders.c.state == OrderState.NO_ORDER.value,
        )
        .returning(orders.c.order_reference)
    )
)
_DROP_LINES = Statement(lambda _: delete(order_lines).where(_LINES_OF_ORDER))
_RECORD = Statement(
    lambda _: (
        update(orders)
        .where(_OF_ORDER)
        .values(
            state=case(
                (orders.c.state == OrderState.CANCELLED.value, orders.c.state),
                else_=OrderState.RECORDED.value,
            ),
            pro_order_reference=bindparam("pro_reference"),
            moved_at=now_plus(),
        )
    )
)
_RESERVE = Statement(
    lambda insert: (
        insert(picks)
        .values(
            order_reference=bindparam("reference"),
            pick_reference=bindparam("pick"),
            customer_reference=bindparam("customer_reference"),
            state=PickState.RESERVED.value,
            quantities=bindparam("quantities"),
        )
        .on_conflict_do_update(
            index_elements=[picks.c.order_reference, picks.c.pick_reference],
            set_={"state": PickState.RESERVED.value, "quantities": bindparam("quantities")},
            where=picks.c.state == PickState.REJECTED.value,
        )
        .returning(picks.c.state)
    )
)
_TAKE = Statement(
    lambda _: (
        update(order_lines)
        .where(
            _LINES_OF_ORDER,
            order_lines.c.line == bindparam("number"),
            order_lines.c.picked + bindparam("quantity", type_=Integer()) <= order_lines.c.quantity,
        )
        .values(picked=order_lines.c.picked + bindparam("quantity", type_=Integer()))
    )
)
_CUSTOMER_REFERENCE = Statement(lambda _: select(picks.c.customer_reference).where(_PICK))
_SET_PICK = Statement(lambda _: update(picks).where(_PICK).values(state=bindparam("new_state")))
_PACKED = Statement(
    lambda _: (
        update(orders)
        .where(_OF_ORDER)
        .values(
            fully_packed=not_(
                exists().where(_LINES_OF_ORDER, order_lines.c.picked < order_lines.c.quantity)
                | exists().where(
                    picks.c.order_reference == bindparam("reference"),
                    picks.c.state == PickState.RESERVED.value,
                )
            ),
            moved_at=now_plus(),
        )
    )
)
_ADD_LINE = Statement(
    lambda _: insert(order_lines).values({c.name: bindparam(c.name) for c in order_lines.c})
)


class NotEnoughLeft(Exception):
    """A pick takes more of a line than is left of it."""

    def __init__(self, line: int, wanted: int, left: int) -> None:
        super().__init__(f"line {line}: {wanted} picked, {left} left")
        self.line, self.wanted, self.left = line, wanted, left


@dataclass(frozen=True)
class Line:
    """One ordered item: per unit weight in kg, sizes in cm."""

    line: int
    sku: str | None
    item_reference: str | None
    quantity: int
    picked: int
    weight_kg: Decimal
    length_cm: Decimal
    width_cm: Decimal
    height_cm: Decimal


@dataclass(frozen=True)
class KnownOrder:
    """An order as the ledger knows it."""

    order_reference: str
    state: OrderState
    pro_order_reference: str | None
    shipping_location_reference: str | None
    fully_packed: bool
    lines: tuple[Line, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the choice of an allocation asks of it."""


async def find(tx: Tx, order_reference: str) -> KnownOrder | None:
    """Read an order with its lines."""
    found = await tx.run(_FIND, reference=order_reference)
    order = found.one_or_none()
    if order is None:
        return None
    rows = await tx.run(_LINES, reference=order_reference)
    lines = tuple(
        Line(
            row.line,
            row.sku,
            row.item_reference,
            row.quantity,
            row.picked,
            Decimal(row.weight_kg),
            Decimal(row.length_cm),
            Decimal(row.width_cm),
            Decimal(row.height_cm),
        )
        for row in rows
    )
    return KnownOrder(
        order.order_reference,
        OrderState(order.state),
        order.pro_order_reference,
        order.shipping_location_reference,
        order.fully_packed,
        lines,
        order.facts,
    )


async def location(tx: Tx, order_reference: str) -> str | None:
    """Read the shipping location that an order leaves from."""
    found = await tx.run(_LOCATION, reference=order_reference)
    reference: str | None = found.scalar_one_or_none()
    return reference


async def place(
    tx: Tx,
    order_reference: str,
    shipping_location_reference: str | None,
    lines: Sequence[Line],
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Store an order before PRO is asked; a rejected one is placed anew with its new content.

    `facts`, as JSON, is what the choice of an allocation asks of an order. Raises ReferenceTaken
    where the reference is that of a consignment without an order.
    """
    placed = await tx.run(
        _PLACE,
        reference=order_reference,
        location=shipping_location_reference,
        facts=dict(facts or {}),
    )
    if placed.one_or_none() is None:
        raise ReferenceTaken(order_reference, "a consignment without an order")
    await tx.run(_DROP_LINES, reference=order_reference)
    await tx.run_many(
        _ADD_LINE,
        [
            {
                "order_reference": order_reference,
                "line": line.line,
                "sku": line.sku,
                "item_reference": line.item_reference,
                "quantity": line.quantity,
                "picked": 0,
                "weight_kg": str(line.weight_kg),
                "length_cm": str(line.length_cm),
                "width_cm": str(line.width_cm),
                "height_cm": str(line.height_cm),
            }
            for line in lines
        ],
    )


async def place_without_order(
    tx: Tx, reference: str, shipping_location_reference: str | None
) -> None:
    """Store that a consignment without an order was requested under this reference.

    Raises ReferenceTaken where it is an order's.
    """
    placed = await tx.run(
        _PLACE_NO_ORDER, reference=reference, location=shipping_location_reference
    )
    if placed.one_or_none() is None:
        raise ReferenceTaken(reference, "an order")


async def record(tx: Tx, order_reference: str, pro_order_reference: str) -> None:
    """Store PRO's reference of an order; one that was cancelled meanwhile stays so."""
    await tx.run(_RECORD, reference=order_reference, pro_reference=pro_order_reference)


async def keep(tx: Tx, order_reference: str, pro_order_reference: str) -> None:
    """Store PRO's reference of an order that is not recorded yet."""
    await tx.execute(
        update(orders)
        .where(orders.c.order_reference == order_reference)
        .values(pro_order_reference=pro_order_reference)
    )


async def reject(tx: Tx, order_reference: str) -> None:
    """Store that PRO refused an order; one that was cancelled meanwhile stays so."""
    await tx.execute(
        update(orders)
        .where(
            orders.c.order_reference == order_reference,
            orders.c.state != OrderState.CANCELLED.value,
        )
        .values(state=OrderState.REJECTED.value, moved_at=now_plus())
    )


async def reserve(
    tx: Tx,
    order_reference: str,
    pick_reference: str,
    customer_reference: str,
    quantities: Mapping[int, int],
) -> None:
    """Reserve what a pick takes, by line number; a pick that holds it already takes no more.

    Raises NotEnoughLeft.
    """
    taken = await tx.run(
        _RESERVE,
        reference=order_reference,
        pick=pick_reference,
        customer_reference=customer_reference,
        quantities={str(line): quantity for line, quantity in quantities.items()},
    )
    if taken.scalar_one_or_none() is None:
        return
    for number, quantity in quantities.items():
        await _take(tx, order_reference, number, quantity)


async def _take(tx: Tx, order_reference: str, number: int, quantity: int) -> None:
    taken = await tx.run(_TAKE, reference=order_reference, number=number, quantity=quantity)
    if taken.rowcount != 1:
        line = (order_lines.c.order_reference == order_reference) & (order_lines.c.line == number)
        left = await tx.execute(select(order_lines.c.quantity - order_lines.c.picked).where(line))
        raise NotEnoughLeft(number, quantity, left.scalar_one())


async def customer_reference(tx: Tx, order_reference: str, pick_reference: str) -> str | None:
    """Read the reference that a pick's consignment carries in PRO."""
    found = await tx.run(_CUSTOMER_REFERENCE, reference=order_reference, pick=pick_reference)
    reference: str | None = found.scalar_one_or_none()
    return reference


async def pack(tx: Tx, order_reference: str, pick_reference: str) -> None:
    """Store that a pick has its consignment; the last pick marks the order fully packed."""
    await _set_pick(tx, order_reference, pick_reference, PickState.PACKED)
    await tx.run(_PACKED, reference=order_reference)


async def give_back(tx: Tx, order_reference: str, pick_reference: str) -> None:
    """Store that a pick was rejected: what it had reserved is free again."""
    await _free(tx, order_reference, pick_reference, PickState.RESERVED, PickState.REJECTED)


async def withdraw(tx: Tx, order_reference: str, pick_reference: str) -> None:
    """Store that a pick's consignment is cancelled: what it took is free again."""
    await _free(tx, order_reference, pick_reference, PickState.PACKED, PickState.WITHDRAWN)
    await tx.run(_PACKED, reference=order_reference)


async def _free(
    tx: Tx, order_reference: str, pick_reference: str, held_as: PickState, then: PickState
) -> None:
    held = await tx.execute(
        select(picks.c.quantities).where(
            picks.c.order_reference == order_reference,
            picks.c.pick_reference == pick_reference,
            picks.c.state == held_as.value,
        )
    )
    quantities = held.scalar_one_or_none()
    if quantities is None:
        return
    for number, quantity in quantities.items():
        await tx.execute(
            update(order_lines)
            .where(
                order_lines.c.order_reference == order_reference, order_lines.c.line == int(number)
            )
            .values(picked=order_lines.c.picked - quantity)
        )
    await _set_pick(tx, order_reference, pick_reference, then)


async def _set_pick(tx: Tx, order_reference: str, pick_reference: str, state: PickState) -> None:
    await tx.run(_SET_PICK, reference=order_reference, pick=pick_reference, new_state=state.value)
