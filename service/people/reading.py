"""Reads what people are shown. Everything comes from the ledger; PRO is asked only on request."""

from collections.abc import Awaitable, Callable, Collection

from service.ledger import consignments, history, orders, overview
from service.ledger.attention import Attention, Place
from service.ledger.attention import Item as KnownItem
from service.ledger.attention_kinds import Kind
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database
from service.ledger.dead_letters import DeadLetters, NoSuchLetter, Which
from service.ledger.history import Entry as KnownEntry
from service.ledger.overview import KnownOperation, OrderLine
from service.ledger.parked_rows import ParkedEvent, line_of
from service.ledger.tables import OrderState, ParkedState
from service.people import views
from service.people.cursors import BadCursor, behind_of, cursor
from service.people.words import why_it_waits

MAX_DIGITS = 18
"""Of the number of a dead letter; more than the ledger can count to."""

AskPro = Callable[[str], Awaitable[views.InPro]]
"""Reads a consignment's state in PRO."""


class Unknown(Exception):
    """The ledger knows nothing of that name."""


class Reading:
    """Reads orders, consignments, timelines, what needs attention, and dead letters."""

    def __init__(
        self, database: Database, attention: Attention, letters: DeadLetters, ask_pro: AskPro
    ) -> None:
        self._database = database
        self._attention = attention
        self._letters = letters
        self._ask_pro = ask_pro

    async def orders(
        self,
        limit: int,
        *,
        reference: str | None = None,
        state: OrderState | None = None,
        after: str | None = None,
    ) -> views.Orders:
        """Read orders, newest first; `reference` is any name of theirs. Raises BadCursor."""
        async with self._database.begin() as tx:
            found = await overview.find_orders(
                tx, limit + 1, reference=reference, state=state, behind=behind_of(after)
            )
        shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
        return views.Orders(
            items=tuple(_summary(line) for line in shown),
            next=cursor(last.placed_at, last.order_reference) if last else None,
        )

    async def order(self, reference: str) -> views.Order:
        """Read an order with all that belongs to it. Raises Unknown."""
        async with self._database.begin() as tx:
            order = await orders.find(tx, reference)
            picks = await overview.picks_of(tx, reference)
            made = await consignments.of_order(tx, reference)
            asked = await overview.operations_of(tx, reference)
            waiting = await line_of(tx, reference)
            known = order or waiting or asked or await history.of_order(tx, reference)
        if not known:
            raise Unknown(f"the ledger knows no order {reference}")
        items = await self._attention.find(100, order_reference=reference)
        return views.Order(
            order_reference=reference,
            state=order.state if order else None,
            fully_packed=order.fully_packed if order else False,
            pro_order_reference=order.pro_order_reference if order else None,
            shipping_location_reference=order.shipping_location_reference if order else None,
            lines=tuple(
                views.Line(
                    name=line.item_reference or line.sku or str(line.line),
                    quantity=line.quantity,
                    picked=line.picked,
                )
                for line in (order.lines if order else ())
            ),
            picks=tuple(
                views.Pick(
                    pick_reference=pick.pick_reference,
                    state=pick.state,
                    consignment_reference_provided_by_customer=pick.customer_reference,
                )
                for pick in picks
            ),
            consignments=tuple(consignment_view(one) for one in made),
            operations=tuple(_operation(one) for one in asked),
            waiting=tuple(waiting_view(event) for event in waiting),
            attention=tuple(item_view(item) for item in items),
        )

    async def timeline(self, reference: str) -> views.Timeline:
        """Read what happened to an order, oldest first. Raises Unknown."""
        async with self._database.begin() as tx:
            entries = await history.of_order(tx, reference)
            known = entries or await orders.find(tx, reference) or await line_of(tx, reference)
        if not known:
            raise Unknown(f"the ledger knows no order {reference}")
        return views.Timeline(items=tuple(entry_view(entry) for entry in entries))

    async def consignments(
        self,
        limit: int,
        *,
        reference: str | None = None,
        state: str | None = None,
        location: str | None = None,
        carrier: str | None = None,
        after: str | None = None,
    ) -> views.Consignments:
        """Read consignments, newest first; `reference` is any name of theirs. Raises BadCursor."""
        async with self._database.begin() as tx:
            found = await overview.find_consignments(
                tx,
                limit + 1,
                reference=reference,
                state=state,
                location=location,
                carrier=carrier,
                behind=behind_of(after),
            )
        shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
        return views.Consignments(
            items=tuple(consignment_view(one) for one in shown),
            next=cursor(last.created_at, last.consignment_reference) if last else None,
        )

    async def consignment(self, reference: str, *, ask_pro: bool = False) -> views.Consignment:
        """Read a consignment, with PRO's state beside ours if that is wanted. Raises Unknown."""
        known = consignment_view(await self.known_consignment(reference))
        if not ask_pro:
            return known
        return known.model_copy(update={"in_pro": await self._ask_pro(reference)})

    async def known_consignment(self, reference: str) -> KnownConsignment:
        """Read a consignment as the ledger has it. Raises Unknown."""
        async with self._database.begin() as tx:
            found = await consignments.find(tx, reference)
        if found is None:
            raise Unknown(f"the ledger knows no consignment {reference}")
        return found

    async def attention(
        self,
        limit: int,
        *,
        kinds: Collection[Kind] = tuple(Kind),
        order_reference: str | None = None,
        after: str | None = None,
    ) -> views.Attention:
        """Read what needs attention, oldest first. Raises BadCursor."""
        behind = behind_of(after)
        found = await self._attention.find(
            limit + 1,
            kinds=kinds,
            order_reference=order_reference,
            behind=Place(behind.at, behind.reference) if behind else None,
        )
        shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
        return views.Attention(
            items=tuple(item_view(item) for item in shown),
            next=cursor(last.since, last.item) if last else None,
        )

    async def letters(self, limit: int, which: Which, after: str | None = None) -> views.Letters:
        """Read dead letters, oldest first. Raises BadCursor."""
        if after is not None and not (after.isdecimal() and len(after) <= MAX_DIGITS):
            raise BadCursor
        found = await self._letters.find(
            which, limit + 1, behind=None if after is None else int(after)
        )
        shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
        return views.Letters(
            items=tuple(waiting_view(letter) for letter in shown),
            next=str(last.sequence) if last else None,
        )

    async def letter(self, number: int) -> views.Letter:
        """Read a dead letter, or one that was discarded. Raises NoSuchLetter."""
        for state in (ParkedState.DEAD, ParkedState.DISCARDED):
            for found in await self._letters.find(Which((number,), state=state)):
                behind = await self._letters.behind(found)
                timeline = await self._letters.timeline(found)
                return views.Letter(
                    letter=waiting_view(found),
                    behind=tuple(waiting_view(event) for event in behind),
                    timeline=tuple(entry_view(entry) for entry in timeline),
                )
        raise NoSuchLetter(number)


def _summary(line: OrderLine) -> views.OrderSummary:
    return views.OrderSummary(
        order_reference=line.order_reference,
        state=line.state,
        fully_packed=line.fully_packed,
        pro_order_reference=line.pro_order_reference,
        shipping_location_reference=line.shipping_location_reference,
        placed_at=line.placed_at,
        moved_at=line.moved_at,
    )


def consignment_view(known: KnownConsignment) -> views.Consignment:
    """Show a consignment."""
    return views.Consignment(
        consignment_reference=known.consignment_reference,
        order_reference=known.names["order_reference"],
        pick_reference=known.pick_reference,
        consignment_reference_provided_by_customer=known.customer_reference,
        direction=known.direction,
        state=known.pro_state,
        allocation_number=known.allocation_number,
        shipping_location_reference=known.shipping_location_reference,
        carrier_reference=known.carrier_reference,
        carrier_service_reference=known.carrier_service_reference,
        tracking_references=known.tracking_references,
        labels_address=known.label_address,
        labels_sha256=known.label_sha256,
        manifest_reference=known.manifest_reference,
        created_at=known.created_at,
    )


def _operation(known: KnownOperation) -> views.Operation:
    return views.Operation(
        key=known.key,
        operation=known.kind,
        state=known.state,
        attempt=known.attempt,
        code=known.result.get("code"),
        created_at=known.created_at,
        settled_at=known.settled_at,
        looked_up_next_at=known.next_lookup_at,
    )


def waiting_view(event: ParkedEvent) -> views.Waiting:
    """Show an event that waits."""
    return views.Waiting(
        number=event.sequence,
        state=event.state,
        event_type=event.event_type,
        event_id=event.event_id,
        order_reference=event.order_reference,
        consignment_reference=event.consignment_reference,
        topic=event.origin.topic,
        partition=event.origin.partition,
        offset=event.origin.offset,
        reason=event.reason.error_class,
        detail=event.reason.detail,
        why=why_it_waits(event),
        holds=event.holds and event.state is ParkedState.DEAD,
        attempt=event.attempt,
        replays=event.replays,
        first_failed_at=event.first_failed_at,
        due_at=event.due_at,
        remark=event.remark,
    )


def item_view(item: KnownItem) -> views.Item:
    """Show what needs attention."""
    return views.Item(
        item=item.item,
        kind=item.kind,
        since=item.since,
        order_reference=item.order_reference,
        pick_reference=item.pick_reference,
        consignment_reference=item.consignment_reference,
        shipping_location_reference=item.shipping_location_reference,
        dead_letter=item.dead_letter,
        why=item.why,
        do=item.do,
        actions=item.actions,
    )


def entry_view(entry: KnownEntry) -> views.Entry:
    """Show a line of a timeline."""
    return views.Entry(at=entry.at, what=entry.what, event_id=entry.event_id, details=entry.details)
