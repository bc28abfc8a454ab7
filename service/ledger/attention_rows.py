"""Where each kind of attention is found: one select for each, all of them with the same columns.

Each goes by an index, over few rows: what was refused, what died, what is still under way.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, exists, func, literal, null, select, text
from sqlalchemy.sql.expression import literal_column

from service.events.topics import EventType
from service.ledger.attention_kinds import AttentionPolicy, Kind
from service.ledger.clock import now_plus
from service.ledger.history import What
from service.ledger.lookups import OperationKind
from service.ledger.tables import (
    FOR_PEOPLE,
    OperationState,
    OrderState,
    ParkedState,
    consignments,
    history,
    operations,
    orders,
    parked_events,
    seen_to,
)
from service.ledger.turns import BEHIND, STEP_OFF

Found = Select[Any] | None
"""The items of a kind, oldest first; None where the policy leaves the kind out."""
_RECONCILED = ("unknown", "awaiting_lookup")
"""An event that waits so is told by its operation."""
_UNDER_WAY = ("Allocated", "ReadyToShip", "Manifesting", "ManifestFailed")


def _row(
    item: ColumnElement[str],
    since: ColumnElement[Any],
    *,
    order: ColumnElement[Any],
    consignment: ColumnElement[Any] | None = None,
    location: ColumnElement[Any] | None = None,
    code: ColumnElement[Any] | None = None,
    detail: ColumnElement[Any] | None = None,
    what: ColumnElement[Any] | None = None,
    key: ColumnElement[Any] | None = None,
) -> Select[Any]:
    def or_null(column: ColumnElement[Any] | None) -> ColumnElement[Any]:
        return cast(null(), Text) if column is None else column

    return select(
        item.label("item"),
        since.label("since"),
        order.label("order_reference"),
        or_null(consignment).label("consignment_reference"),
        or_null(location).label("shipping_location_reference"),
        or_null(code).label("code"),
        or_null(detail).label("detail"),
        or_null(what).label("what"),
        or_null(key).label("key"),
    )


def _told(rows: Select[Any], **columns: ColumnElement[Any]) -> Select[Any]:
    """Put other values into some columns."""
    return rows.with_only_columns(
        *(
            columns[each.name].label(each.name) if each.name in columns else each
            for each in rows.selected_columns
        )
    )


def _item(kind: Kind, *parts: ColumnElement[Any]) -> ColumnElement[str]:
    """Name an item: its kind, and what tells it from others; what happens again is another."""
    named: ColumnElement[str] = literal(kind.value, Text)
    for part in parts:
        named = named + literal(":", Text) + cast(part, Text)
    return named


def _is(column: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    """Compare with a word that stands in the statement, so that partial indexes are found."""
    return column == literal_column(f"'{word}'")


# What was refused, and nobody took up again


def _refused(kind: Kind, *operation_kinds: OperationKind) -> Select[Any]:
    """Select what stands refused of some kinds of operations, but for what was seen to."""
    item = _item(kind, operations.c.operation_key, operations.c.attempt)
    return _row(
        item,
        operations.c.settled_at,
        order=operations.c.order_reference,
        consignment=operations.c.result["consignment"].as_string(),
        code=operations.c.result["code"].as_string(),
        key=operations.c.operation_key,
    ).where(
        _is(operations.c.state, OperationState.REFUSED),
        operations.c.kind.in_([each.value for each in operation_kinds]),
        ~exists().where(seen_to.c.item == item),
    )


def _its_order(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(orders.c.order_reference == operations.c.order_reference, condition)


_CANCELLED = orders.c.state == OrderState.CANCELLED.value


def _of_a_live_order(kind: Kind, *operation_kinds: OperationKind) -> Select[Any]:
    return _refused(kind, *operation_kinds).where(~_its_order(_CANCELLED))


def _picks_rejected(kind: Kind) -> Select[Any]:
    """Leave out those of an order of which nothing is left to pick: another took their place."""
    return _of_a_live_order(kind, OperationKind.PACK_ORDER).where(
        ~_its_order(orders.c.fully_packed)
    )


def _cancellations_rejected(kind: Kind) -> Select[Any]:
    """Leave out what only took a rejected pick back: that is told as the pick's."""
    is_ours = operations.c.operation_key.startswith("unpack:")
    return _refused(kind, OperationKind.CANCEL).where(~is_ours)


def _amendments_rejected(kind: Kind) -> Select[Any]:
    """Leave out those that a later amendment made void, and what an option's order was to be
    completed with: that is told as the order's."""
    later = operations.alias("later")
    overtaken = exists().where(
        later.c.order_reference == operations.c.order_reference,
        later.c.kind == OperationKind.UPDATE_ORDER.value,
        later.c.state == OperationState.FINISHED.value,
        later.c.settled_at > operations.c.settled_at,
    )
    is_completion = operations.c.operation_key.startswith("complete:")
    return _of_a_live_order(kind, OperationKind.UPDATE_ORDER).where(~overtaken, ~is_completion)


# What has not moved


def _consignments(kind: Kind, *states: str) -> Select[Any]:
    """Select the consignments in some states, but for those of which an event waits."""
    waits = exists().where(
        parked_events.c.order_reference == consignments.c.order_reference,
        (parked_events.c.consignment_reference == consignments.c.consignment_reference)
        | (
            parked_events.c.consignment_reference.is_(None)
            & parked_events.c.holds
            & (parked_events.c.state == ParkedState.DEAD.value)
        ),
        parked_events.c.state != ParkedState.DISCARDED.value,
    )
    return _row(
        _item(kind, consignments.c.consignment_reference),
        consignments.c.moved_at,
        order=consignments.c.order_reference,
        consignment=consignments.c.consignment_reference,
        location=consignments.c.shipping_location_reference,
        detail=consignments.c.pro_state,
    ).where(consignments.c.pro_state.in_(states), ~waits)


def _for_so_long(seconds: float) -> ColumnElement[bool]:
    """Tell that a consignment has not moved; the index knows only when it was created."""
    return (consignments.c.created_at <= now_plus(-seconds)) & (
        consignments.c.moved_at <= now_plus(-seconds)
    )


def _orders_not_recorded(policy: AttentionPolicy, kind: Kind) -> Select[Any]:
    waits = exists().where(
        parked_events.c.order_reference == orders.c.order_reference,
        parked_events.c.event_type == EventType.ORDER_PLACED.value,
        parked_events.c.state != ParkedState.DISCARDED.value,
    )
    return _row(
        _item(kind, orders.c.order_reference), orders.c.moved_at, order=orders.c.order_reference
    ).where(
        orders.c.state == OrderState.PLACED.value,
        orders.c.placed_at <= now_plus(-policy.after),
        orders.c.moved_at <= now_plus(-policy.after),
        ~waits,
    )


def _not_allocated(policy: AttentionPolicy, kind: Kind) -> Found:
    if not policy.allocates:
        return None
    way = func.coalesce(consignments.c.allocation_ways[(0, "way")].as_string(), "")
    return _consignments(kind, "Unallocated", "Allocating").where(
        way != "none", _for_so_long(policy.after)
    )


def _not_labelled(policy: AttentionPolicy, kind: Kind) -> Found:
    if not policy.labels:
        return None
    return _consignments(kind, "Allocated").where(
        consignments.c.label_sha256.is_(None), _for_so_long(policy.after)
    )


def _not_manifested(policy: AttentionPolicy, kind: Kind) -> Select[Any]:
    return _consignments(kind, "Allocated", "ReadyToShip").where(
        consignments.c.label_sha256.is_not(None),
        consignments.c.manifest_reference.is_(None),
        _for_so_long(policy.manifest_after),
    )


def _not_confirmed(policy: AttentionPolicy, kind: Kind) -> Select[Any]:
    rows = _consignments(kind, *_UNDER_WAY).where(
        consignments.c.manifest_reference.is_not(None), _for_so_long(policy.after)
    )
    return _told(rows, detail=consignments.c.manifest_reference)


def _manifest_failed(kind: Kind) -> Select[Any]:
    return _consignments(kind, "ManifestFailed").where(consignments.c.manifest_reference.is_(None))


# What waits, and what people are told of


def _parked(kind: Kind, state: ParkedState, since: ColumnElement[Any]) -> Select[Any]:
    return _row(
        _item(kind, parked_events.c.sequence),
        since,
        order=parked_events.c.order_reference,
        consignment=parked_events.c.consignment_reference,
        code=parked_events.c.error_class,
        detail=parked_events.c.error_detail,
        what=parked_events.c.event_type,
        key=cast(parked_events.c.sequence, Text),
    ).where(parked_events.c.state == state.value)


def _dead(kind: Kind, *, holds: bool) -> Select[Any]:
    of_its_kind = parked_events.c.holds if holds else ~parked_events.c.holds
    return _parked(kind, ParkedState.DEAD, parked_events.c.due_at).where(of_its_kind)


def _waiting_long(policy: AttentionPolicy, kind: Kind) -> Select[Any]:
    return _parked(kind, ParkedState.PARKED, parked_events.c.first_failed_at).where(
        parked_events.c.error_class.not_in([BEHIND, STEP_OFF, *_RECONCILED]),
        parked_events.c.first_failed_at <= now_plus(-policy.after),
    )


def _unknown_long(policy: AttentionPolicy, kind: Kind) -> Select[Any]:
    return _row(
        _item(kind, operations.c.operation_key, operations.c.attempt),
        operations.c.lease_until,
        order=operations.c.order_reference,
        what=operations.c.kind,
        key=operations.c.operation_key,
    ).where(
        text("operations.state IN ('started', 'unknown')"),
        operations.c.lease_until <= now_plus(-policy.after),
    )


def _noted(kind: Kind, what: What) -> Select[Any]:
    item = _item(kind, history.c.entry)
    return _row(
        item,
        history.c.at,
        order=history.c.order_reference,
        consignment=history.c.details["consignment"].as_string(),
        detail=history.c.details["state"].as_string(),
    ).where(
        text(f"history.{FOR_PEOPLE}"),
        _is(history.c.what, what),
        ~exists().where(seen_to.c.item == item),
    )


FOUND: Mapping[Kind, Callable[[AttentionPolicy, Kind], Found]] = {
    Kind.ORDER_REJECTED: lambda _, kind: _of_a_live_order(
        kind, OperationKind.CREATE_ORDER, OperationKind.SELECT_OPTION
    ),
    Kind.ORDER_NOT_RECORDED: _orders_not_recorded,
    Kind.AMENDMENT_REJECTED: lambda _, kind: _amendments_rejected(kind),
    Kind.CANCELLATION_REJECTED: lambda _, kind: _cancellations_rejected(kind),
    Kind.PICK_REJECTED: lambda _, kind: _picks_rejected(kind),
    Kind.CONSIGNMENT_REJECTED: lambda _, kind: _of_a_live_order(
        kind, OperationKind.CREATE_CONSIGNMENT
    ),
    Kind.REALLOCATION_REJECTED: lambda _, kind: _of_a_live_order(kind, OperationKind.DEALLOCATE),
    Kind.ALLOCATION_FAILED: lambda _, kind: _consignments(kind, "AllocationFailed"),
    Kind.MANIFEST_FAILED: lambda _, kind: _manifest_failed(kind),
    Kind.NOT_ALLOCATED: _not_allocated,
    Kind.NOT_LABELLED: _not_labelled,
    Kind.NOT_MANIFESTED: _not_manifested,
    Kind.NOT_CONFIRMED: _not_confirmed,
    Kind.HELD: lambda _, kind: _dead(kind, holds=True),
    Kind.DEAD_LETTER: lambda _, kind: _dead(kind, holds=False),
    Kind.WAITING_LONG: _waiting_long,
    Kind.UNKNOWN_LONG: _unknown_long,
    Kind.RETURN_MISSING: lambda _, kind: _noted(kind, What.RETURN_MISSING),
    Kind.STRAY_LEFT: lambda _, kind: _noted(kind, What.STRAY_FOUND),
}
"""Where each kind is found."""
