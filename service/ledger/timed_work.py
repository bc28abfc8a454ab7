"""Work that is due at a time: rows that any replica sweeps, one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, bindparam, delete, or_, select, update

from service.ledger.clock import distance, microseconds, now_plus
from service.ledger.database import Tx, upsert
from service.ledger.statements import Statement
from service.ledger.tables import timed_work


class WorkKind(StrEnum):
    """What has to be done when it is due."""

    STRAY_SEARCH = "stray_search"
    """Search PRO again for a pick whose Pack Order was ever unknown."""
    MANIFEST_CONFIRMATION = "manifest_confirmation"
    """Read whether the consignments of a manifest are Manifested or ManifestFailed."""
    COLLECTION = "collection"
    """Ask for the manifest of a location whose collection is due."""


@dataclass(frozen=True)
class Work:
    """One piece of work that is due and claimed by us."""

    key: str
    kind: WorkKind
    details: Mapping[str, Any]
    tries: int


_DUE = (
    select(timed_work.c.work_key)
    .where(
        timed_work.c.due_at <= now_plus(),
        timed_work.c.claimed_until <= now_plus(),
        or_(*(timed_work.c.kind == kind.value for kind in WorkKind)),  # a newer replica's is its
    )
    .order_by(timed_work.c.due_at)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(skip_locked=True)
)
_CLAIM = Statement(
    lambda _: (
        update(timed_work)
        .where(timed_work.c.work_key.in_(_DUE.scalar_subquery()))
        .values(claimed_until=now_plus(distance("length")), tries=timed_work.c.tries + 1)
        .returning(
            timed_work.c.work_key, timed_work.c.kind, timed_work.c.details, timed_work.c.tries
        )
    )
)


async def add(
    tx: Tx, key: str, kind: WorkKind, details: Mapping[str, Any], due_in_seconds: float
) -> None:
    """Add work; a key that is there already stays as it is."""
    await tx.execute(
        upsert(tx, timed_work)
        .values(
            work_key=key,
            kind=kind.value,
            details=dict(details),
            due_at=now_plus(due_in_seconds),
            claimed_until=now_plus(-1),
            tries=0,
        )
        .on_conflict_do_nothing()
    )


async def hasten(tx: Tx, key: str, due_in_seconds: float) -> None:
    """Have work done no later than in so many seconds."""
    sooner = now_plus(due_in_seconds)
    await tx.execute(
        update(timed_work)
        .where(timed_work.c.work_key == key, timed_work.c.due_at > sooner)
        .values(due_at=sooner)
    )


async def claim(tx: Tx, limit: int, seconds: float) -> list[Work]:
    """Claim due work for so many seconds; a crashed claimant's work comes back by itself."""
    rows = await tx.run(_CLAIM, most=limit, length=microseconds(seconds))
    return [Work(key, WorkKind(kind), details, tries) for key, kind, details, tries in rows]


async def done(tx: Tx, work: Work) -> None:
    """Remove finished work, unless somebody else has claimed it since."""
    await tx.execute(delete(timed_work).where(_still_ours(work)))


async def again(tx: Tx, work: Work, due_in_seconds: float) -> None:
    """Give work back, due again in so many seconds, unless somebody else has claimed it since."""
    await tx.execute(
        update(timed_work)
        .where(_still_ours(work))
        .values(due_at=now_plus(due_in_seconds), claimed_until=now_plus(-1))
    )


def _still_ours(work: Work) -> Any:
    return (timed_work.c.work_key == work.key) & (timed_work.c.tries == work.tries)
