"""Reads what is packed and has not left, for people."""

from collections.abc import Sequence

from service.ledger import unshipped
from service.ledger.database import Database
from service.ledger.waiting import Stage
from service.people import views
from service.people.cursors import behind_of, cursor
from service.people.reading import consignment_view


class Unshipped:
    """Reads consignments that wait for a carrier, for their papers or for a manifest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def groups(self) -> Sequence[views.Group]:
        """Count them, by what they wait for, location and carrier."""
        async with self._database.each() as tx:
            found = await unshipped.groups(tx)
        return [
            views.Group(
                stage=group.stage,
                location=group.location,
                carrier=group.carrier,
                count=group.count,
                since=group.since,
            )
            for group in found
        ]

    async def find(
        self,
        limit: int,
        stage: Stage,
        *,
        location: str | None,
        carrier: str | None,
        after: str | None = None,
    ) -> views.AllUnshipped:
        """Read those of one group, the longest waiting first. Raises BadCursor."""
        async with self._database.each() as tx:
            found = await unshipped.find(
                tx, limit + 1, stage, location=location, carrier=carrier, behind=behind_of(after)
            )
        shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
        return views.AllUnshipped(
            items=tuple(
                views.Unshipped(consignment=consignment_view(known), since=since)
                for known, since in shown
            ),
            next=cursor(last[1], last[0].consignment_reference) if last else None,
        )
