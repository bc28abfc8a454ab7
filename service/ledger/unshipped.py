"""What is packed and has not left: counted by stage, location and carrier; listed. Read only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, text

from service.ledger.consignments import KnownConsignment, known
from service.ledger.database import Tx
from service.ledger.overview import Behind
from service.ledger.tables import consignments
from service.ledger.waiting import ON_THEIR_WAY, STAGE_OF, Stage


@dataclass(frozen=True)
class Group:
    """Consignments that wait for the same, at one location, for one carrier."""

    stage: Stage
    location: str | None
    carrier: str | None
    count: int
    since: datetime
    """When the one that moved longest ago did."""


_LOCATION = consignments.c.shipping_location_reference
_CARRIER = consignments.c.carrier_reference
_IS_ON_ITS_WAY = consignments.c.pro_state.in_(ON_THEIR_WAY)


async def groups(tx: Tx) -> list[Group]:
    """Count what waits, by stage, location and carrier, in this order."""
    rows = await tx.execute(
        select(
            STAGE_OF,
            _LOCATION,
            _CARRIER,
            func.count().label("number"),
            func.min(consignments.c.moved_at).label("since"),
        )
        .where(_IS_ON_ITS_WAY)
        .group_by(text("stage"), _LOCATION, _CARRIER)
    )
    found = [Group(Stage(row.stage), row[1], row[2], row.number, row.since) for row in rows]
    stages = list(Stage)
    return sorted(found, key=lambda g: (stages.index(g.stage), g.location or "", g.carrier or ""))


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
        _IS_ON_ITS_WAY,
        STAGE_OF.in_((stage.value,)),
        _LOCATION.is_not_distinct_from(location),
        _CARRIER.is_not_distinct_from(carrier),
    )
    if behind is not None:
        wanted = wanted.where(
            or_(at > behind.at, and_(at == behind.at, reference > behind.reference))
        )
    rows = await tx.execute(wanted.order_by(at, reference).limit(limit))
    return [(known(row), row.moved_at) for row in rows]
