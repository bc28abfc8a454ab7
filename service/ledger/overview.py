"""Orders and consignments as people look for them: by any name, by state, in pages. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, type_coerce, union
from sqlalchemy.dialects.postgresql import JSONB

from service.ledger.consignments import KnownConsignment, known
from service.ledger.database import Tx
from service.ledger.lookups import OperationKind
from service.ledger.tables import (
    OperationState,
    OrderState,
    PickState,
    consignments,
    operations,
    orders,
    picks,
)


@dataclass(frozen=True)
class Behind:
    """Where a page begins: behind what came at this time, under this name."""

    at: datetime
    reference: str


@dataclass(frozen=True)
class OrderLine:
    """An order, as a list shows it."""

    order_reference: str
    state: OrderState
    pro_order_reference: str | None
    shipping_location_reference: str | None
    fully_packed: bool
    placed_at: datetime
    moved_at: datetime


@dataclass(frozen=True)
class KnownPick:
    """A pick, as the ledger knows it."""

    pick_reference: str
    state: PickState
    customer_reference: str


@dataclass(frozen=True)
class KnownOperation:
    """One changing call to PRO, as the ledger knows it. The result holds references and codes."""

    key: str
    kind: OperationKind
    state: OperationState
    attempt: int
    result: dict[str, Any]
    created_at: datetime
    settled_at: datetime | None
    next_lookup_at: datetime | None
    is_event_kept: bool
    """Whether it can be done again: it is refused, and the event that asked for it is kept."""


async def find_orders(
    tx: Tx,
    limit: int,
    *,
    reference: str | None = None,
    state: OrderState | None = None,
    behind: Behind | None = None,
) -> list[OrderLine]:
    """Read orders, newest first.

    `reference` is any name: the order's, a pick's, PRO's EO-… or EC-…, the one that a consignment
    has in PRO, or a tracking reference. Consignments without an order are found as well.
    """
    wanted = select(
        orders.c.order_reference,
        orders.c.state,
        orders.c.pro_order_reference,
        orders.c.shipping_location_reference,
        orders.c.fully_packed,
        orders.c.placed_at,
        orders.c.moved_at,
    )
    if reference is not None:
        wanted = wanted.where(orders.c.order_reference.in_(_named(tx, reference)))
    if state is not None:
        wanted = wanted.where(orders.c.state == state.value)
    rows = await tx.execute(
        _page(wanted, orders.c.placed_at, orders.c.order_reference, behind, limit)
    )
    return [
        OrderLine(
            row.order_reference,
            OrderState(row.state),
            row.pro_order_reference,
            row.shipping_location_reference,
            row.fully_packed,
            row.placed_at,
            row.moved_at,
        )
        for row in rows
    ]


def _named(tx: Tx, reference: str) -> Any:
    """Name the orders that anything of theirs has this reference; each part goes by an index."""
    of_orders, of_picks = select(orders.c.order_reference), select(picks.c.order_reference)
    of_consignments = select(consignments.c.order_reference)
    return union(
        of_orders.where(orders.c.order_reference == reference),
        of_orders.where(orders.c.pro_order_reference == reference),
        of_picks.where(picks.c.pick_reference == reference),
        of_picks.where(picks.c.customer_reference == reference),
        of_consignments.where(consignments.c.consignment_reference == reference),
        of_consignments.where(consignments.c.customer_reference == reference),
        of_consignments.where(_is_tracked_as(tx, reference)),
    )


def _is_tracked_as(tx: Tx, reference: str) -> ColumnElement[bool]:
    if tx.database == "sqlite":
        each = func.json_each(consignments.c.tracking_references).table_valued("value")
        return exists(select(each.c.value).where(each.c.value == reference))
    contains: ColumnElement[bool] = type_coerce(consignments.c.tracking_references, JSONB).contains(
        [reference]
    )
    return contains


async def find_consignments(
    tx: Tx,
    limit: int,
    *,
    reference: str | None = None,
    state: str | None = None,
    location: str | None = None,
    carrier: str | None = None,
    behind: Behind | None = None,
) -> list[KnownConsignment]:
    """Read consignments, newest first; `reference` is any of their names or of their order's."""
    wanted = select(consignments)
    if reference is not None:
        each = select(consignments.c.consignment_reference)
        wanted = wanted.where(
            consignments.c.consignment_reference.in_(
                union(
                    each.where(consignments.c.consignment_reference == reference),
                    each.where(consignments.c.customer_reference == reference),
                    each.where(consignments.c.order_reference == reference),
                    each.where(_is_tracked_as(tx, reference)),
                )
            )
        )
    for column, word in (
        (consignments.c.pro_state, state),
        (consignments.c.shipping_location_reference, location),
        (consignments.c.carrier_reference, carrier),
    ):
        if word is not None:
            wanted = wanted.where(column == word)
    rows = await tx.execute(
        _page(
            wanted, consignments.c.created_at, consignments.c.consignment_reference, behind, limit
        )
    )
    return [known(row) for row in rows]


def _page(
    wanted: Select[Any],
    at: ColumnElement[Any],
    reference: ColumnElement[Any],
    behind: Behind | None,
    limit: int,
) -> Select[Any]:
    if behind is not None:
        wanted = wanted.where(
            or_(at < behind.at, and_(at == behind.at, reference < behind.reference))
        )
    return wanted.order_by(at.desc(), reference.desc()).limit(limit)


async def picks_of(tx: Tx, order_reference: str) -> Sequence[KnownPick]:
    """Read the picks of an order."""
    rows = await tx.execute(
        select(picks.c.pick_reference, picks.c.state, picks.c.customer_reference)
        .where(picks.c.order_reference == order_reference)
        .order_by(picks.c.pick_reference)
    )
    return [KnownPick(row[0], PickState(row[1]), row[2]) for row in rows]


async def operations_of(tx: Tx, order_reference: str) -> Sequence[KnownOperation]:
    """Read what was asked of PRO for an order, oldest first."""
    rows = await tx.execute(
        select(
            operations.c.operation_key,
            operations.c.kind,
            operations.c.state,
            operations.c.attempt,
            operations.c.result,
            operations.c.created_at,
            operations.c.settled_at,
            operations.c.next_lookup_at,
            operations.c.event.is_not(None).label("is_event_kept"),
        )
        .where(operations.c.order_reference == order_reference)
        .order_by(operations.c.created_at, operations.c.operation_key)
    )
    return [
        KnownOperation(
            row.operation_key,
            OperationKind(row.kind),
            OperationState(row.state),
            row.attempt,
            row.result or {},
            row.created_at,
            row.settled_at,
            row.next_lookup_at,
            bool(row.is_event_kept) and row.state == OperationState.REFUSED.value,
        )
        for row in rows
    ]
