"""timed: a shipping location's collection is due → manifest.requested"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from service.clock import utc_now
from service.collection_times import Collections
from service.events.envelope import Outgoing, write
from service.events.received import ManifestRequested
from service.events.topics import Topics
from service.ledger import timed_work
from service.ledger.database import Database
from service.ledger.timed_work import Work, WorkKind
from service.operations import Say
from service.tracing.traced import current


@dataclass(frozen=True)
class CollectionDue:
    """Asks for a location's manifest when its collection is due.

    The request is named after the location and the moment, so that any number of replicas ask for
    one manifest. A collection that passed while nobody ran is asked for as soon as somebody does.
    """

    collections: Mapping[str, Collections]
    database: Database
    publish: Callable[[Outgoing], Awaitable[None]]
    topics: Topics
    source: str
    now: Callable[[], datetime] = utc_now

    async def plan(self) -> None:
        """See to it that every location's next collection has its row; call it at start-up."""
        now = self.now()
        async with self.database.begin() as tx:
            for location, collections in self.collections.items():
                seconds = (collections.next_after(now) - now).total_seconds()
                key, details = f"collection:{location}", {"location": location}
                await timed_work.add(tx, key, WorkKind.COLLECTION, details, seconds)
                await timed_work.hasten(tx, key, seconds)

    async def __call__(self, work: Work, _say: Say) -> float | None:
        """Ask for the manifest; gives the seconds until the next collection.

        None when the location has no collections any more. Raises KafkaError.
        """
        location = str(work.details["location"])
        collections = self.collections.get(location)
        if collections is None:
            return None
        now = self.now()
        await self.publish(self._request(location, collections, collections.last_until(now)))
        return (collections.next_after(now) - now).total_seconds()

    def _request(self, location: str, collections: Collections, due: datetime) -> Outgoing:
        reference = f"{location}-{due:%Y%m%dT%H%MZ}"
        request = ManifestRequested(
            manifest_reference=reference,
            shipping_location_reference=location,
            carriers=collections.carriers,
        )
        return write(
            request,
            event_id=hashlib.sha256(reference.encode()).hexdigest()[:32],
            source=self.source,
            time=due,
            traceparent=current().traceparent_or(None),
            topics=self.topics,
        )
