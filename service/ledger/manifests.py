"""The closed batch of a manifest: which consignments it takes, holds and lets go."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update

from service.ledger.clock import now_plus
from service.ledger.consignments import KnownConsignment, change, read
from service.ledger.database import Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import NotWanted
from service.ledger.tables import (
    OrderState,
    ParkedState,
    consignments,
    operations,
    orders,
    parked_events,
)

_AT_ONCE = 500
"""References in one statement."""
CAN_JOIN_A_MANIFEST = ("Allocated", "ReadyToShip", "ManifestFailed")
LONGEST_ANNOUNCING = 900.0
"""Seconds for which a manifest waits until labels are announced; then it leaves them behind."""
_FITS_A_MANIFEST = (
    consignments.c.pro_state.in_(CAN_JOIN_A_MANIFEST)
    & consignments.c.manifest_reference.is_(None)
    & consignments.c.label_sha256.is_not(None)
)
"""Asked again when it is stored: whoever cancels or allocates anew holds another lease."""
_ON_HOLD = exists().where(
    parked_events.c.order_reference == consignments.c.order_reference,
    parked_events.c.state == ParkedState.DEAD.value,
    parked_events.c.holds,
    parked_events.c.consignment_reference.is_(None)
    | (parked_events.c.consignment_reference == consignments.c.consignment_reference),
)
_ORDER_CANCELLED = exists().where(
    orders.c.order_reference == consignments.c.order_reference,
    orders.c.state == OrderState.CANCELLED.value,
)
_UNSAID = (
    exists()
    .where(
        operations.c.order_reference == consignments.c.order_reference,
        operations.c.kind == OperationKind.GET_LABELS.value,
        operations.c.outcomes.is_not(None),
        operations.c.published_at.is_(None),
    )
    .correlate(consignments)
)


def _ready_at(location: str, carriers: Sequence[str]) -> ColumnElement[bool]:
    """Labelled, in no manifest, and of an order that is neither cancelled nor on hold."""
    ready = (
        (consignments.c.shipping_location_reference == location)
        & _FITS_A_MANIFEST
        & ~_ON_HOLD
        & ~_ORDER_CANCELLED
    )
    return ready & consignments.c.carrier_reference.in_(carriers) if carriers else ready


async def are_being_announced(
    tx: Tx, location: str, carriers: Sequence[str], before: datetime
) -> bool:
    """Tell whether labels that were stored before a moment are not known to be announced.

    Who asks for a manifest may have heard of them all the same. Of what can't be announced for so
    long nobody has heard: it must not keep the whole location waiting.
    """
    stored_before = _UNSAID.where(
        operations.c.settled_at < before,
        operations.c.settled_at > now_plus(-LONGEST_ANNOUNCING),
    )
    found = await tx.execute(select(exists().where(_ready_at(location, carriers), stored_before)))
    return bool(found.scalar_one())


async def close_batch(
    tx: Tx,
    location: str,
    manifest_reference: str,
    carriers: Sequence[str],
    seen: Mapping[str, str] | None = None,
) -> list[KnownConsignment]:
    """Take what is ready at a location into one manifest; the same manifest takes no more later.

    Ready is only what has been announced as labelled: nobody is to hear of the manifest before the
    labels. `seen` limits it to these references and gives their states in PRO, which others may
    have changed.
    """
    batch = await batch_of(tx, location, manifest_reference)
    if batch:
        return batch
    found = await tx.execute(
        select(consignments.c.consignment_reference, consignments.c.pro_state).where(
            _ready_at(location, carriers), ~_UNSAID
        )
    )
    by_state: dict[str, list[str]] = {}
    for reference, state in found:
        if seen is None or reference in seen:
            by_state.setdefault(seen[reference] if seen else state, []).append(reference)
    for state, references in by_state.items():
        for start in range(0, len(references), _AT_ONCE):
            part = references[start : start + _AT_ONCE]
            await tx.execute(
                update(consignments)
                .where(consignments.c.consignment_reference.in_(part), _FITS_A_MANIFEST)
                .values(manifest_reference=manifest_reference, pro_state=state)
            )
    return await batch_of(tx, location, manifest_reference)


async def check_holds(tx: Tx, consignment_reference: str, manifest_reference: str) -> None:
    """Raise NotWanted if a consignment is not in this manifest any more."""
    is_it = consignments.c.consignment_reference == consignment_reference
    found = await tx.execute(select(consignments.c.manifest_reference).where(is_it))
    if found.scalar_one() != manifest_reference:
        raise NotWanted(consignment_reference)


async def are_others_ready(tx: Tx, location: str, manifest_reference: str) -> bool:
    """Tell whether more at a location is ReadyToShip than its own: on hold, or left out."""
    found = await tx.execute(
        select(
            exists().where(
                consignments.c.shipping_location_reference == location,
                consignments.c.pro_state == "ReadyToShip",
                consignments.c.manifest_reference.is_distinct_from(manifest_reference),
            )
        )
    )
    return bool(found.scalar_one())


async def leave(tx: Tx, consignment_reference: str, pro_state: str) -> None:
    """Store that a consignment was not manifested after all; the next manifest may take it."""
    await change(tx, consignment_reference, pro_state=pro_state, manifest_reference=None)


async def batch_of(tx: Tx, location: str, manifest_reference: str) -> list[KnownConsignment]:
    """Read the consignments of one manifest."""
    return await read(
        tx,
        consignments.c.shipping_location_reference == location,
        consignments.c.manifest_reference == manifest_reference,
    )


async def move(tx: Tx, manifest_reference: str, consignment_reference: str, state: str) -> None:
    """Store PRO's state of a consignment of a manifest, unless it is further on already."""
    await tx.execute(
        update(consignments)
        .where(
            consignments.c.consignment_reference == consignment_reference,
            consignments.c.manifest_reference == manifest_reference,
            consignments.c.pro_state.in_(CAN_JOIN_A_MANIFEST),
        )
        .values(pro_state=state, moved_at=now_plus())
    )
