"""What is packed and has not left: counted by stage, location and carrier; listed. Read only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select

from service.ledger.consignments import KnownConsignment, known
from service.ledger.database import Tx
from service.ledger.overview import Behind
from service.ledger.tables import consignments


class Stage(StrEnum):
    """What a consignment waits for, in the order of its life."""

    CARRIER = "carrier"
    """It is to be allocated."""
    PAPERS = "papers"
    """It is allocated and has no labels yet."""
    MANIFEST = "manifest"
    """It has its labels and is in no manifest yet."""
    CONFIRMATION = "confirmation"
    """It is in a manifest, and PRO has not said how it ended."""


@dataclass(frozen=True)
class Group:
    """Consignments that wait for the same, at one location, for one carrier."""

    stage: Stage
    location: str | None
    carrier: str | None
    count: int
    since: datetime
    """When the one that moved longest ago did."""


_ALLOCATED = consignments.c.pro_state.in_(
    ("Allocated", "ReadyToShip", "Manifesting", "ManifestFailed")
)
_IS_LABELLED = consignments.c.label_sha256.is_not(None)
_IN_A_MANIFEST = consignments.c.manifest_reference.is_not(None)

_WAITS_FOR: dict[Stage, ColumnElement[bool]] = {
    Stage.CARRIER: consignments.c.pro_state.in_(("Unallocated", "Allocating", "AllocationFailed")),
    Stage.PAPERS: _ALLOCATED & ~_IS_LABELLED & ~_IN_A_MANIFEST,
    Stage.MANIFEST: _ALLOCATED & _IS_LABELLED & ~_IN_A_MANIFEST,
    Stage.CONFIRMATION: _ALLOCATED & _IN_A_MANIFEST,
}


async def groups(tx: Tx) -> list[Group]:
    """Count what waits, by stage, then by location and carrier."""
    found = []
    for stage, waits in _WAITS_FOR.items():
        place = consignments.c.shipping_location_reference
        carrier = consignments.c.carrier_reference
        rows = await tx.execute(
            select(
                place,
                carrier,
                func.count().label("number"),
                func.min(consignments.c.moved_at).label("since"),
            )
            .where(waits)
            .group_by(place, carrier)
            .order_by(place, carrier)
        )
        found += [Group(stage, row[0], row[1], row.number, row.since) for row in rows]
    return found


async def find(
    tx: Tx,
    limit: int,
    stage: Stage,
    *,
    location: str | None,
    carrier: str | None,
    behind: Behind | None = None,
) -> list[tuple[KnownConsignment, datetime]]:
    """Read those of one group with when each moved last, the longest ago first.

    None is a location (or a carrier) that nobody named.
    """
    at, reference = consignments.c.moved_at, consignments.c.consignment_reference
    wanted = select(consignments).where(
        _WAITS_FOR[stage],
        consignments.c.shipping_location_reference.is_not_distinct_from(location),
        consignments.c.carrier_reference.is_not_distinct_from(carrier),
    )
    if behind is not None:
        wanted = wanted.where(
            or_(at > behind.at, and_(at == behind.at, reference > behind.reference))
        )
    rows = await tx.execute(wanted.order_by(at, reference).limit(limit))
    return [(known(row), row.moved_at) for row in rows]
