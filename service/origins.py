"""Corrects where the consignments of a pick leave from, before anybody hears of them.

Pack Order has no origin: PRO takes the order's. What was packed elsewhere is kept back in the
ledger, where it waits for no allocation, until PRO has the right origin:

    Pack Order ─► kept back ─ Update Consignment ─► let go: consignment.created
                                      │ refused
                                      └─ Cancel Consignments ─► pick.rejected, free again

A return goes back to where the pick left from: of an inbound one the destination is corrected.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from service.events.cancelling import because_cancelled
from service.events.envelope import Envelope
from service.events.published import ConsignmentCreated, PickRejected
from service.events.received import StockPicked
from service.events.topics import EventType
from service.ledger import cancellations, consignments, orders, parked, standing
from service.ledger.cancellations import OrderCancelled
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import Announcement, Operation, Settlement, Unnumbered, operation_key
from service.operations import (
    NOTHING_TO_SAY,
    Operations,
    Performed,
    StillMoving,
    TooEarly,
    announce,
    operation_on_order,
    reading,
)
from service.pro import documents, states
from service.pro.client import ProClient
from service.pro.documents import ConsignmentDocument
from service.pro.mapping import rejection_from
from service.pro.problems import Problem, Retryable
from service.strays import making_key
from service.undoing import NotUndone, Undoing


class _NothingKeptBack(Exception):
    """All of it was cancelled meanwhile, which was said then."""


@dataclass(frozen=True)
class Origins:
    """Corrects the origins of what a pick made, or takes it back."""

    operations: Operations
    pro: ProClient
    undoing: Undoing

    async def __call__(
        self, event: StockPicked, cause: Envelope, pro_order_reference: str | None
    ) -> Performed:
        """Correct them, once. Raises what `Operations.perform` raises."""
        try:
            corrected = await self._correct_unless_cancelled(event, cause, pro_order_reference)
            for kept in corrected.announcements:
                if kept.type == EventType.PICK_REJECTED.value:
                    code = str(kept.data["rejection"]["code"])
                    return await self._take_back(event, cause, _again(event, kept), code)
            if corrected.announcements:
                return corrected
            rejected = _order_cancelled(event, cause)
            return await self._take_back(event, cause, rejected, because_cancelled().code)
        except _NothingKeptBack:
            return NOTHING_TO_SAY

    async def _correct_unless_cancelled(
        self, event: StockPicked, cause: Envelope, pro_order_reference: str | None
    ) -> Performed:
        """Correct them, or say nothing because the order is cancelled."""
        try:
            return await self._correct(event, cause, pro_order_reference)
        except OrderCancelled:
            return NOTHING_TO_SAY

    async def _correct(
        self, event: StockPicked, cause: Envelope, pro_order_reference: str | None
    ) -> Performed:
        work = _operation("relocate", OperationKind.UPDATE_CONSIGNMENT, event, cause)
        made: list[KnownConsignment] = []

        def let_go() -> Settlement:
            return _let_go(event, cause, work.key, made, pro_order_reference)

        async def ask() -> Settlement:
            for one in made:
                document = await self._read(one)
                if not _is_right(one, document):
                    await self.pro.update_consignment(_corrected(one, document))
            return let_go()

        async def look() -> Settlement | None:
            for one in made:
                if not _is_right(one, await self._read(one)):
                    return None
            return let_go()

        def refuse(problem: Problem, attempt: int) -> Settlement:
            return _refused(event, cause, work.key, problem, attempt)

        async def check(tx: Tx) -> None:
            await cancellations.check_order(tx, event.order_reference)
            await _read_kept_back(event, made, tx)

        return await self.operations.perform(work, ask=ask, look=look, refuse=refuse, prepare=check)

    async def _read(self, one: KnownConsignment) -> ConsignmentDocument:
        document = await reading(self.pro.get_consignment_document(one.consignment_reference))
        state = document.consignment.consignment_state
        if state in states.PASSING:
            raise StillMoving(f"{one.consignment_reference} is {state}")
        return document

    async def _take_back(
        self, event: StockPicked, cause: Envelope, rejected: Unnumbered, code: str
    ) -> Performed:
        """Cancel what can't leave from where it lies; only then say that the pick is rejected."""
        # Refused or not, it is never what is done again: that is the correction.
        work = replace(_operation("unpack", OperationKind.CANCEL, event, cause), asked=None)
        made: list[KnownConsignment] = []

        async def ask() -> Settlement:
            results = await self.undoing.cancel([one.consignment_reference for one in made])
            for result in results.values():
                if isinstance(result, NotUndone):
                    why = f"{result.consignment_reference} stays {result.state}"
                    raise Retryable("cancel_consignments", why)
            return _taken_back(event, made, rejected, code)

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            raise Retryable("cancel_consignments", problem.code)

        return await self.operations.perform(
            work, ask=ask, refuse=refuse, prepare=partial(_read_kept_back, event, made)
        )


def _operation(action: str, kind: OperationKind, event: StockPicked, cause: Envelope) -> Operation:
    key = _key(action, event)
    return operation_on_order(key, kind, event.order_reference, event, cause)


def _key(action: str, event: StockPicked) -> str:
    return operation_key(action, event.order_reference, event.pick_reference)


async def _read_kept_back(event: StockPicked, made: list[KnownConsignment], tx: Tx) -> None:
    made[:] = await consignments.kept_back(tx, event.order_reference, event.pick_reference)
    if not made:
        raise _NothingKeptBack


def _is_right(one: KnownConsignment, document: ConsignmentDocument) -> bool:
    is_inbound = one.direction == "inbound"
    read = documents.destination_location_of if is_inbound else documents.origin_location_of
    return read(document) == one.shipping_location_reference


def _corrected(one: KnownConsignment, document: ConsignmentDocument) -> ConsignmentDocument:
    is_inbound = one.direction == "inbound"
    put = documents.with_destination_location if is_inbound else documents.with_origin
    return put(document, one.shipping_location_reference or "")


def _let_go(
    event: StockPicked,
    cause: Envelope,
    key: str,
    made: Sequence[KnownConsignment],
    pro_order_reference: str | None,
) -> Settlement:
    async def store(tx: Tx) -> None:
        for one in made:
            await consignments.let_go(tx, one.consignment_reference)
        await orders.pack(tx, event.order_reference, event.pick_reference)
        await parked.hasten(tx, event.order_reference, TooEarly.error_class)

    def created(one: KnownConsignment, sequence: int) -> ConsignmentCreated:
        return ConsignmentCreated(
            **one.names,
            sequence=sequence,
            pro_order_reference=pro_order_reference,
            direction="inbound" if one.direction == "inbound" else "outbound",
            shipping_location_reference=one.shipping_location_reference,
        )

    return Settlement(
        outcomes=[
            announce(cause, key, event.order_reference, partial(created, one), nth=nth)
            for nth, one in enumerate(made)
        ],
        effects=store,
        result={
            "consignments": [one.consignment_reference for one in made],
            "shipping_location": event.shipping_location_reference,
        },
    )


def _refused(
    event: StockPicked, cause: Envelope, key: str, problem: Problem, attempt: int
) -> Settlement:
    """Keep the outcome until all of it is taken back."""

    def rejected(sequence: int) -> PickRejected:
        return PickRejected(
            order_reference=event.order_reference,
            sequence=sequence,
            pick_reference=event.pick_reference,
            rejection=rejection_from(problem),
        )

    order_reference = event.order_reference
    return Settlement(
        outcomes=[announce(cause, key, order_reference, rejected, refused_attempt=attempt)],
        refused=True,
        is_silent=True,
        result={"code": problem.code},
    )


def _again(event: StockPicked, kept: Announcement) -> Unnumbered:
    """Say what was kept."""

    def numbered(sequence: int) -> Announcement:
        return replace(kept, data={**kept.data, "sequence": sequence})

    return Unnumbered(event.order_reference, numbered)


def _order_cancelled(event: StockPicked, cause: Envelope) -> Unnumbered:
    def rejected(sequence: int) -> PickRejected:
        return PickRejected(
            order_reference=event.order_reference,
            sequence=sequence,
            pick_reference=event.pick_reference,
            rejection=because_cancelled(),
        )

    key = making_key(event.order_reference, event.pick_reference)
    return announce(cause, key, event.order_reference, rejected)


def _taken_back(
    event: StockPicked, made: Sequence[KnownConsignment], rejected: Unnumbered, code: str
) -> Settlement:
    packed_by = making_key(event.order_reference, event.pick_reference)

    async def store(tx: Tx) -> None:
        for one in made:
            await consignments.move(tx, one.consignment_reference, states.CANCELLED)
        await orders.give_back(tx, event.order_reference, event.pick_reference)
        await standing.free(tx, packed_by, code)
        await cancellations.call_off(tx, [_key("relocate", event)])

    return Settlement(
        outcomes=[rejected],
        effects=store,
        refused=True,
        result={"consignments": [one.consignment_reference for one in made]},
    )
