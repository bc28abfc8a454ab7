"""Where operations stand, and since when the ledger remembers them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, exists, select, update

from service.ledger.database import Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation_rows import OPEN
from service.ledger.statements import Statement
from service.ledger.tables import OperationState, ledger_info, operations

_IS_KEY = operations.c.operation_key == bindparam("key")
_STATE = Statement(lambda _: select(operations.c.state).where(_IS_KEY))
_STAND = Statement(lambda _: select(operations.c.state, operations.c.attempt).where(_IS_KEY))
_EVER_UNKNOWN = Statement(lambda _: select(operations.c.ever_unknown).where(_IS_KEY))
_TRUSTED_FROM = Statement(lambda _: select(ledger_info.c.trusted_from))


async def trusted_from(tx: Tx) -> datetime:
    """Since when this ledger remembers everything: its making, or its restoration.

    Read each time: `orderflex ledger restored` has to reach workers that run already.
    """
    found: datetime = (await tx.run(_TRUSTED_FROM)).scalar_one()
    return found


async def state_of(tx: Tx, operation_key: str) -> OperationState | None:
    """Read the state of an operation; None when it was never claimed."""
    found = await tx.run(_STATE, key=operation_key)
    state = found.scalar_one_or_none()
    return OperationState(state) if state else None


@dataclass(frozen=True)
class Stand:
    """How an operation stands, and which of its attempts it is."""

    state: OperationState
    attempt: int


async def stand_of(tx: Tx, operation_key: str) -> Stand | None:
    """Read how an operation stands; None when it was never claimed."""
    row = (await tx.run(_STAND, key=operation_key)).one_or_none()
    return Stand(OperationState(row.state), row.attempt) if row else None


async def settled_of(tx: Tx, operation_keys: Collection[str], event_id: str) -> str | None:
    """Read which of these operations was settled for this very event, as its result tells."""
    found = await tx.execute(
        select(operations.c.operation_key).where(
            operations.c.operation_key.in_(operation_keys),
            operations.c.state.in_((OperationState.REFUSED.value, OperationState.FINISHED.value)),
            operations.c.result["asked_by"].as_string() == event_id,
        )
    )
    return next(iter(found.scalars()), None)


async def first_asked(tx: Tx, operation_key: str) -> datetime:
    """Read when an operation was first claimed."""
    found = await tx.execute(
        select(operations.c.created_at).where(operations.c.operation_key == operation_key)
    )
    moment: datetime = found.scalar_one()
    return moment


async def open_stray_cancellations(tx: Tx, order_reference: str) -> list[str]:
    """Read the keys of cancellations of an order's strays that are not settled."""
    found = await tx.execute(
        select(operations.c.operation_key).where(
            operations.c.order_reference == order_reference,
            operations.c.kind == OperationKind.CANCEL_STRAY.value,
            operations.c.state.in_(OPEN),
        )
    )
    return list(found.scalars())


async def cancelled_strays(tx: Tx, order_reference: str) -> set[str]:
    """Read the consignments of an order that were cancelled as strays."""
    found = await tx.execute(
        select(operations.c.result).where(
            operations.c.order_reference == order_reference,
            operations.c.kind == OperationKind.CANCEL_STRAY.value,
            operations.c.state == OperationState.FINISHED.value,
        )
    )
    return {result["consignment"] for result in found.scalars()}


async def is_any_open(tx: Tx, operation_keys: Collection[str]) -> bool:
    """Tell whether one of these operations is under way, or its answer lost."""
    return await _is_there(tx, operations.c.operation_key.in_(operation_keys))


async def is_manifesting(tx: Tx, location: str) -> bool:
    """Tell whether PRO is being asked to make a location's consignments ready or manifest them."""
    return await _is_there(tx, operations.c.subject == f"location:{location}")


async def _is_there(tx: Tx, which: ColumnElement[bool]) -> bool:
    is_open = operations.c.state.in_(OPEN)
    found = await tx.execute(select(exists().where(which, is_open)))
    return bool(found.scalar_one())


async def was_ever_unknown(tx: Tx, operation_key: str) -> bool:
    """Tell whether the answer to an operation was ever lost."""
    found = await tx.run(_EVER_UNKNOWN, key=operation_key)
    return bool(found.scalar_one_or_none())


async def free(tx: Tx, operation_key: str, code: str) -> None:
    """Store that what an operation had made counts for nothing, as `code` says: it may be asked for
    with other content."""
    await tx.execute(
        update(operations)
        .where(
            operations.c.operation_key == operation_key,
            operations.c.state == OperationState.FINISHED.value,
        )
        .values(state=OperationState.REFUSED.value, result={"code": code})
    )
