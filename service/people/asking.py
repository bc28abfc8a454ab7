"""What people ask for. Each action is published as an event, and goes the way of every event.

Who asked and why stands in the history before the event is published; so an action that nobody
knows of is never done, and one that could not be published is simply asked for again.
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from service.clock import utc_now
from service.events.allocation import Ways
from service.events.envelope import Outgoing, write
from service.events.said import Event
from service.events.topics import Topics
from service.ledger import consignments, history, orders, refusals
from service.ledger.attention import Attention, Item
from service.ledger.attention_kinds import SAID, Action, Kind
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database
from service.ledger.dead_letters import Decision
from service.ledger.history import What
from service.ledger.outcomes import OutcomeStore
from service.ledger.parked_rows import line_of
from service.ledger.refusals import Refusal
from service.people import events
from service.people.reading import Unknown

Publish = Callable[[Outgoing], Awaitable[None]]
"""Returns when all in-sync replicas have the record; raises otherwise, NotServing among others."""

CAN_BE_DONE_AGAIN = tuple(kind for kind in Kind if Action.AGAIN in SAID[kind].actions)
MOST_REFUSED = 500
"""Of one order: so many refusals are looked at."""


class NotServing(Exception):
    """The service is starting or stopping: nothing can be published yet."""


class NothingRefused(Exception):
    """Nothing of the order stands refused."""

    def __init__(self, order_reference: str, pick_reference: str | None) -> None:
        of = f" of pick {pick_reference}" if pick_reference else ""
        super().__init__(f"nothing{of} of {order_reference} stands refused")


@dataclass(frozen=True)
class DoneAgain:
    """One refusal that is done again, or can't be."""

    item: Item
    event_type: str | None
    """The event that is published again; None when it was not kept."""
    event_id: str | None

    @property
    def is_kept(self) -> bool:
        """Whether it can be done again: an event was kept."""
        return self.event_type is not None


@dataclass(frozen=True)
class Published:
    """An event that says what a person asked for."""

    event: Event
    event_id: str


class Asking:
    """Publishes what people ask for."""

    def __init__(
        self,
        database: Database,
        outcomes: OutcomeStore,
        attention: Attention,
        topics: Topics,
        source: str,
        publish: Publish,
    ) -> None:
        """`source` is the CloudEvents source of what people say by us."""
        self._database = database
        self._outcomes = outcomes
        self._attention = attention
        self._topics = topics
        self._source = source
        self._publish = publish

    async def again(
        self,
        order_reference: str,
        decision: Decision,
        *,
        pick_reference: str | None = None,
        dry_run: bool = False,
    ) -> Sequence[DoneAgain]:
        """Have what stands refused of an order, or of one pick, done again as it was asked for.

        The event is published as it first came, with the numbers of the refused attempts: however
        often it is delivered, it is one new attempt of each. Raises NothingRefused, SealBroken,
        and what the broker raises.
        """
        found = await self._attention.find(
            MOST_REFUSED, kinds=CAN_BE_DONE_AGAIN, order_reference=order_reference
        )
        if pick_reference is not None:
            found = [item for item in found if item.pick_reference == pick_reference]
        done, published = [], set[str]()
        for item in found:
            refusal = await self._refusal(item)
            if refusal is None:
                continue  # taken up again meanwhile
            asked = refusal.asked
            done.append(
                DoneAgain(
                    item,
                    asked.cause.type.value if asked else None,
                    asked.cause.id if asked else None,
                )
            )
            if asked is None or dry_run or asked.cause.id in published:
                continue
            published.add(asked.cause.id)
            await self._note(item, refusal, decision)
            await self._publish(
                write(
                    asked.event,
                    event_id=asked.cause.id,
                    source=asked.cause.source,
                    time=asked.cause.time,
                    traceparent=asked.cause.traceparent,
                    topics=self._topics,
                    again=refusal.attempts,
                )
            )
        if not done:
            raise NothingRefused(order_reference, pick_reference)
        return done

    async def cancel_order(
        self, order_reference: str, decision: Decision, *, dry_run: bool = False
    ) -> Published:
        """Have an order cancelled that the ledger knows. Raises Unknown, and as `again` does."""
        async with self._database.begin() as tx:
            known = await orders.find(tx, order_reference) or await line_of(tx, order_reference)
        if not known:
            raise Unknown(f"the ledger knows no order {order_reference}")
        event = events.order_cancelled(order_reference, decision.reason)
        return await self._say(event, decision, dry_run=dry_run)

    async def cancel_consignment(
        self, consignment_reference: str, decision: Decision, *, dry_run: bool = False
    ) -> Published:
        """Have a consignment cancelled, by withdrawing its pick. Raises as `cancel_order` does."""
        known = await self._consignment(consignment_reference)
        event = events.consignment_cancelled(known, decision.reason)
        return await self._say(event, decision, consignment_reference, dry_run=dry_run)

    async def reallocate(
        self,
        consignment_reference: str,
        decision: Decision,
        *,
        ways: Ways | None = None,
        wish: str | None = None,
        dry_run: bool = False,
    ) -> Published:
        """Have a consignment allocated again, in these ways or as before.

        The same `wish` is granted once, whichever replicas are asked. Raises as `cancel_order`
        does.
        """
        known = await self._consignment(consignment_reference)
        event = events.reallocation_requested(known, decision.reason, ways, wish)
        return await self._say(event, decision, consignment_reference, dry_run=dry_run)

    async def _consignment(self, reference: str) -> KnownConsignment:
        async with self._database.begin() as tx:
            found = await consignments.find(tx, reference)
        if found is None:
            raise Unknown(f"the ledger knows no consignment {reference}")
        return found

    async def _say(
        self, event: Event, decision: Decision, consignment: str | None = None, *, dry_run: bool
    ) -> Published:
        said = Published(event, uuid.uuid4().hex)
        if dry_run:
            return said
        async with self._database.begin() as tx:
            await history.note(
                tx,
                event.kafka_key,
                What.ASKED_FOR,
                said.event_id,
                event=event.event_type.value,
                consignment=consignment,
                by=decision.by,
                reason=decision.reason,
            )
        await self._publish(
            write(
                event,
                event_id=said.event_id,
                source=self._source,
                time=utc_now(),
                traceparent=None,
                topics=self._topics,
            )
        )
        return said

    async def _refusal(self, item: Item) -> Refusal | None:
        if item.operation is None:
            return None
        async with self._database.begin() as tx:
            return await refusals.read(tx, self._outcomes, item.operation)

    async def _note(self, item: Item, refusal: Refusal, decision: Decision) -> None:
        async with self._database.begin() as tx:
            await history.note(
                tx,
                item.order_reference,
                What.AGAIN,
                refusal.asked.cause.id if refusal.asked else None,
                operation=item.operation,
                refused_attempt=dict(refusal.attempts)[item.operation or ""],
                by=decision.by,
                reason=decision.reason,
            )
