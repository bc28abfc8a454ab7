"""Leases: whoever calls PRO to change something holds the lease of the order (or location).

A lease is taken by one conditional write with one winner, ends by itself by the database's clock,
and is given up by the owner's token, so that a worker that wakes late gives up nobody else's.
"""

import uuid
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from service.ledger.clock import distance, microseconds, now_plus
from service.ledger.database import Tx
from service.ledger.statements import Statement
from service.ledger.tables import leases

_TAKE = Statement(
    lambda insert: (
        insert(leases)
        .values(
            subject=bindparam("subject"),
            owner=bindparam("owner"),
            until=now_plus(distance("length")),
        )
        .on_conflict_do_update(
            index_elements=[leases.c.subject],
            set_={"owner": bindparam("owner"), "until": now_plus(distance("length"))},
            where=leases.c.until <= now_plus(),
        )
        .returning(leases.c.until)
    )
)
_HELD = Statement(lambda _: select(leases.c.until).where(leases.c.subject == bindparam("subject")))
_GIVE_UP = Statement(
    lambda _: delete(leases).where(
        leases.c.subject == bindparam("subject"), leases.c.owner == bindparam("owner")
    )
)


class LeaseHeld(Exception):
    """Somebody else works on this subject; try again shortly (that is not an attempt)."""

    def __init__(self, subject: str, until: datetime | None) -> None:
        super().__init__(f"{subject} is being worked on elsewhere")
        self.until = until


async def take(tx: Tx, subject: str, seconds: float) -> tuple[str, datetime]:
    """Take the lease of a subject for so many seconds.

    Gives the owner's token and the lease's end. Raises LeaseHeld.
    """
    owner = uuid.uuid4().hex
    taken = await tx.run(_TAKE, subject=subject, owner=owner, length=microseconds(seconds))
    until = taken.scalar_one_or_none()
    if until is None:
        held = await tx.run(_HELD, subject=subject)
        raise LeaseHeld(subject, held.scalar_one_or_none())
    return owner, until


async def give_up(tx: Tx, subject: str, owner: str) -> None:
    """Give the lease up, unless it is somebody else's by now."""
    await tx.run(_GIVE_UP, subject=subject, owner=owner)
