"""What is on its way, and what it waits for, for those who watch the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    text,
    update,
)

from service.events.topics import EventType
from service.ledger.clock import distance, microseconds, now_plus
from service.ledger.database import Database
from service.ledger.operation import operation_key
from service.ledger.parked_rows import IS_IT, Origin, place_of
from service.ledger.statements import Statement
from service.ledger.tables import (
    OperationState,
    OrderState,
    ParkedState,
    consignments,
    operations,
    orders,
    parked_events,
)


class Stage(StrEnum):
    """What an order (the first) or a consignment waits for: the closed list."""

    TO_BE_RECORDED = "to_be_recorded"
    """It was placed, PRO's answer has not come."""
    TO_BE_ALLOCATED = "to_be_allocated"
    ALLOCATION_FAILED = "allocation_failed"
    """No carrier service took it; it waits for a person."""
    TO_BE_LABELLED = "to_be_labelled"
    TO_BE_MANIFESTED = "to_be_manifested"
    """It has its papers; the location's next manifest takes it."""
    IN_MANIFEST = "in_manifest"
    """A manifest has it, and PRO has not said how it ended."""
    MANIFEST_FAILED = "manifest_failed"
    """The carrier could not be told; the location's next manifest takes it again."""


class Open(StrEnum):
    """How an operation stands open."""

    STARTED = "started"
    """A worker is at it."""
    ABANDONED = "abandoned"
    """Its worker died: PRO may have acted."""
    UNKNOWN = "unknown"
    """PRO may have acted: it is looked up before PRO is asked again."""


@dataclass(frozen=True)
class Waiting:
    """How much waits, and since when the oldest has not moved, in seconds."""

    count: int = 0
    oldest_seconds: float = 0.0


STAGE_OF: ColumnElement[Any] = case(
    (consignments.c.manifest_reference.is_not(None), Stage.IN_MANIFEST.value),
    (consignments.c.pro_state.in_(("Unallocated", "Allocating")), Stage.TO_BE_ALLOCATED.value),
    (consignments.c.pro_state == "AllocationFailed", Stage.ALLOCATION_FAILED.value),
    (consignments.c.pro_state == "ManifestFailed", Stage.MANIFEST_FAILED.value),
    (consignments.c.label_sha256.is_not(None), Stage.TO_BE_MANIFESTED.value),
    else_=Stage.TO_BE_LABELLED.value,
).label("stage")
"""The stage of a consignment that is on its way."""
ON_THEIR_WAY = (
    "Unallocated",
    "Allocating",
    "AllocationFailed",
    "Allocated",
    "ReadyToShip",
    "Manifesting",
    "ManifestFailed",
)
"""PRO's words for it."""
_CONSIGNMENTS = (
    select(STAGE_OF, func.count(), func.min(consignments.c.moved_at), now_plus())
    .where(consignments.c.pro_state.in_(ON_THEIR_WAY))
    .group_by(text("stage"))
)
_ORDERS = select(
    literal(Stage.TO_BE_RECORDED.value), func.count(), func.min(orders.c.moved_at), now_plus()
).where(orders.c.state == OrderState.PLACED.value)
_HOW: ColumnElement[Any] = case(
    (operations.c.state == OperationState.UNKNOWN.value, Open.UNKNOWN.value),
    (operations.c.lease_until <= now_plus(), Open.ABANDONED.value),
    else_=Open.STARTED.value,
).label("how")
_OPEN = (
    select(_HOW, func.count())
    .where(text("operations.state IN ('started', 'unknown')"))
    .group_by(text("how"))
)
_FIRST_SIGHT = Statement(
    lambda _: select(operations.c.created_at, now_plus()).where(
        operations.c.operation_key == bindparam("key")
    )
)
_earlier = parked_events.alias("earlier")
_IS_LATE = (
    (parked_events.c.event_type == EventType.STOCK_PICKED.value)
    & ~parked_events.c.counted_late
    & parked_events.c.holds  # a conflict or a senseless event is no pick
    & (parked_events.c.state != ParkedState.DISCARDED.value)
    & (parked_events.c.first_failed_at <= now_plus(distance("since")))
    & ~exists().where(  # the same event, sent twice
        _earlier.c.order_reference == parked_events.c.order_reference,
        _earlier.c.event_id == parked_events.c.event_id,
        _earlier.c.sequence < parked_events.c.sequence,
    )
)
_ARE_LATE = Statement(lambda _: select(parked_events.c.sequence).where(_IS_LATE).limit(1))
_COUNT_LATE = Statement(lambda _: update(parked_events).where(_IS_LATE).values(counted_late=True))


_COUNT_ONE_LATE = Statement(
    lambda _: (
        update(parked_events).where(IS_IT, ~parked_events.c.counted_late).values(counted_late=True)
    )
)


class OnTheirWay:
    """Reads what is on its way; the same in every replica."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stages(self) -> Mapping[Stage, Waiting]:
        """Count what waits, by what it waits for."""
        found = dict.fromkeys(Stage, Waiting())
        async with self._database.each() as tx:
            for rows in (_ORDERS, _CONSIGNMENTS):
                for stage, count, since, now in await tx.execute(rows):
                    if count:
                        found[Stage(stage)] = Waiting(count, (now - since).total_seconds())
        return found

    async def open_operations(self) -> Mapping[Open, int]:
        """Count the operations that are not settled."""
        async with self._database.each() as tx:
            found = {Open(how): count for how, count in await tx.execute(_OPEN)}
        return {how: found.get(how, 0) for how in Open}

    async def newly_late(self, seconds: float) -> int:
        """Count the parked picks that have waited so long, each only once whoever asks."""
        since = microseconds(-seconds)
        async with self._database.each() as tx:
            if not (await tx.run(_ARE_LATE, since=since)).all():
                return 0  # a change, even of nothing, would keep SQLite's other writers waiting
            return (await tx.run(_COUNT_LATE, since=since)).rowcount

    async def counts_late(self, origin: Origin) -> bool:
        """Tell whether a parked pick, which is late, was not counted as late before."""
        async with self._database.each() as tx:
            return (await tx.run(_COUNT_ONE_LATE, **place_of(origin))).rowcount == 1

    async def seconds_since_first_sight(
        self, order_reference: str, pick_reference: str
    ) -> float | None:
        """Tell how long ago a pick was taken up first; None where the ledger lost it."""
        key = operation_key("pack", order_reference, pick_reference)
        async with self._database.each() as tx:
            row = (await tx.run(_FIRST_SIGHT, key=key)).one_or_none()
        return None if row is None else (row[1] - row[0]).total_seconds()
