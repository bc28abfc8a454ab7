"""stock.picked → Pack Order → consignment.created | pick.rejected"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from service.events.envelope import Envelope
from service.events.measures import Dimensions, Weight, box_of_units, weight_of_units
from service.events.published import (
    ConsignmentCreated,
    Direction,
    PickRejected,
    Rejection,
    RejectionDetail,
)
from service.events.received import PickedItem, PickedPackage, StockPicked
from service.ledger import consignments, history, orders, standing
from service.ledger.database import Database, Tx
from service.ledger.history import What
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement
from service.ledger.orders import KnownOrder, Line, NotEnoughLeft
from service.ledger.tables import OperationState, OrderState
from service.metrics import Metrics, Name
from service.operations import Operations, Performed, TooEarly, announce, operation_on_order
from service.pro.client import ProClient
from service.pro.mapping import pack_order_request, rejection_from
from service.pro.problems import Problem
from service.pro.results import PackResult
from service.strays import Strays, making_key


@dataclass(frozen=True)
class Pack:
    """Ask PRO for this pick, completed; it takes these quantities, by line number."""

    picked: StockPicked
    order: KnownOrder
    quantities: Mapping[int, int]


@dataclass(frozen=True)
class Reject:
    """Refuse the pick without asking PRO."""

    rejection: Rejection


@dataclass(frozen=True)
class Wait:
    """The order it belongs to is not there yet."""

    reason: str


def decide(event: StockPicked, order: KnownOrder | None) -> Pack | Reject | Wait:
    """Decide what to do with a pick, given what the ledger knows of its order."""
    if order is None:
        return Wait("its order is not known yet")
    if order.state is OrderState.NO_ORDER:
        return Reject(_no_order())
    if order.state is not OrderState.RECORDED:
        return Wait(f"its order is {order.state.value}, not recorded")
    quantities: dict[int, int] = {}
    packages = []
    for p, package in enumerate(event.packages):
        units: list[tuple[Line, int]] = []
        for i, item in enumerate(package.items):
            line = _line(item, order.lines)
            if isinstance(line, str):
                return Reject(_unfit(line, f"packages[{p}].items[{i}]"))
            quantities[line.line] = quantities.get(line.line, 0) + item.quantity
            units.append((line, item.quantity))
        packages.append(_completed(package, units))
    return Pack(event.with_packages(packages), order, quantities)


def _line(item: PickedItem, lines: Sequence[Line]) -> Line | str:
    """Find the order's line that a picked item names; a text says why none can be told."""
    named = [
        line
        for line in lines
        if (item.item_reference is None or line.item_reference == item.item_reference)
        and (item.sku is None or line.sku == item.sku)
    ]
    if item.item_reference is None and item.sku is None:
        return "is named by PRO's own reference alone: name it by item_reference or sku"
    if not named:
        return "is not part of the order"
    if len(named) > 1:
        return "stands on more than one line of the order: name the line by item_reference"
    return named[0]


def _completed(package: PickedPackage, units: Sequence[tuple[Line, int]]) -> PickedPackage:
    """Fill in a package's weight and size from the ordered items, where they were left out."""
    if package.is_complete:
        return package
    weights = ((Weight(value=line.weight_kg, unit="kg"), count) for line, count in units)
    boxes = (
        (
            Dimensions(
                length=line.length_cm, width=line.width_cm, height=line.height_cm, unit="cm"
            ),
            count,
        )
        for line, count in units
    )
    return package.model_copy(
        update={
            "weight": package.weight or weight_of_units(weights),
            "dimensions": package.dimensions or box_of_units(boxes),
        }
    )


def _unfit(message: str, target: str) -> Rejection:
    return Rejection(
        source="orderflex",
        code="item_not_on_order",
        message=f"{target} {message}",
        details=(RejectionDetail(code="item_not_on_order", target=target, message=message),),
    )


def _no_order() -> Rejection:
    return Rejection(
        source="orderflex",
        code="no_order",
        message="the reference is that of a consignment without an order: nothing to pick from",
    )


def _too_many(lack: NotEnoughLeft, order: KnownOrder) -> Rejection:
    line = order.lines[lack.line]
    name = line.item_reference or line.sku or f"line {lack.line}"
    message = f"{lack.wanted} picked of {name}, {lack.left} of {line.quantity} left to pick"
    return Rejection(
        source="orderflex",
        code="more_than_remains",
        message=message,
        details=(RejectionDetail(code="more_than_remains", target=name, message=message),),
    )


def customer_reference(order_reference: str, pick_reference: str) -> str:
    """Give the reference that a pick's consignment carries in PRO, by which it is found again.

    Short, readable, and no two picks share one (80 bits of a hash of both references).
    """
    both = f"{len(order_reference)}:{order_reference}{pick_reference}".encode()
    mark = base64.b32encode(hashlib.sha256(both).digest()[:10]).decode()
    readable = re.sub(r"[^A-Za-z0-9]+", "-", f"{order_reference[:20]}-{pick_reference[:12]}")
    return f"{readable.strip('-')}-{mark}"


def operation(event: StockPicked, cause: Envelope) -> Operation:
    """Name the one Pack Order that a pick ever needs."""
    reference = event.order_reference
    key = making_key(reference, event.pick_reference)
    return operation_on_order(key, OperationKind.PACK_ORDER, reference, event, cause)


@dataclass(frozen=True)
class PackPick:
    """Has PRO make a pick's consignment, once."""

    operations: Operations
    pro: ProClient
    database: Database
    strays: Strays
    metrics: Metrics

    async def __call__(self, event: StockPicked, cause: Envelope) -> Performed:
        """React; raises TooEarly and what `Operations.perform` raises."""
        work = operation(event, cause)
        async with self.database.each() as tx:
            order = await orders.find(tx, event.order_reference)
            state = await standing.state_of(tx, work.key)
        if state is OperationState.REFUSED:
            # What a lost answer left of the refused content must not be taken for the new one's.
            await self.strays.search_if_unknown(event.order_reference, event.pick_reference)
        decision = decide(event, order)
        match decision:
            case Wait(reason):
                raise TooEarly(reason)
            case Reject(rejection):
                return await self.operations.conclude(
                    work, lambda attempt: _rejected(event, cause, work.key, rejection, attempt)
                )
            case Pack():
                return await self._pack(decision, cause, work)

    async def _pack(self, decision: Pack, cause: Envelope, work: Operation) -> Performed:
        event, order, quantities = decision.picked, decision.order, decision.quantities
        ours = customer_reference(event.order_reference, event.pick_reference)
        request = pack_order_request(
            event, pro_order_reference=order.pro_order_reference or "", customer_reference=ours
        )

        async def reserve(tx: Tx) -> None:
            await orders.reserve(tx, event.order_reference, event.pick_reference, ours, quantities)

        async def ask() -> Settlement:
            return self._created(
                event, order, cause, work.key, ours, await self.pro.pack_order(request)
            )

        async def look() -> Settlement | None:
            found = await self._find(event, ours)
            if found is None:
                return None
            return self._created(event, order, cause, work.key, ours, found)

        def refuse(problem: Problem, attempt: int) -> Settlement:
            return _rejected(event, cause, work.key, rejection_from(problem), attempt)

        try:
            return await self.operations.perform(
                work, ask=ask, look=look, refuse=refuse, prepare=reserve
            )
        except NotEnoughLeft as lack:
            rejection = _too_many(lack, order)
            return await self.operations.conclude(
                work, lambda attempt: _rejected(event, cause, work.key, rejection, attempt), look
            )

    async def _find(self, event: StockPicked, ours: str) -> PackResult | None:
        """Look a pick's consignments up in PRO; the oldest of several is the one, others stray."""
        outbound: str | None = None
        inbound: str | None = None
        for line in await self.strays.candidates(event.order_reference, ours):
            direction = "Outbound"
            if event.generate_return:
                direction = (await self.pro.get_consignment(line.reference)).direction or direction
            if direction == "Inbound":
                inbound = inbound or line.reference
            else:
                outbound = outbound or line.reference
        return PackResult(outbound, inbound) if outbound else None

    def _created(
        self,
        event: StockPicked,
        order: KnownOrder,
        cause: Envelope,
        key: str,
        ours: str,
        packed: PackResult,
    ) -> Settlement:
        made: list[tuple[str, Direction]] = [(packed.outbound, "outbound")]
        if packed.inbound is not None:
            made.append((packed.inbound, "inbound"))
        return_missing = event.generate_return and packed.inbound is None
        if return_missing:
            self.metrics.count(Name.MISSING_RETURNS)
        origin = order.shipping_location_reference

        async def store(tx: Tx) -> None:
            await orders.pack(tx, event.order_reference, event.pick_reference)
            for reference, direction in made:
                await consignments.add(
                    tx,
                    consignment_reference=reference,
                    order_reference=event.order_reference,
                    pick_reference=event.pick_reference,
                    customer_reference=ours,
                    direction=direction,
                    shipping_location_reference=origin if direction == "outbound" else None,
                )
            if return_missing:
                await history.note(tx, event.order_reference, What.RETURN_MISSING, cause.id)

        def created(reference: str, direction: Direction, sequence: int) -> ConsignmentCreated:
            return ConsignmentCreated(
                order_reference=event.order_reference,
                sequence=sequence,
                pick_reference=event.pick_reference,
                pro_order_reference=order.pro_order_reference or "",
                consignment_reference=reference,
                consignment_reference_provided_by_customer=ours,
                direction=direction,
                shipping_location_reference=origin if direction == "outbound" else None,
            )

        return Settlement(
            outcomes=[
                announce(
                    cause,
                    key,
                    event.order_reference,
                    partial(created, reference, direction),
                    nth=nth,
                )
                for nth, (reference, direction) in enumerate(made)
            ],
            effects=store,
            result={"consignments": [reference for reference, _ in made]},
        )


def _rejected(
    event: StockPicked, cause: Envelope, key: str, rejection: Rejection, attempt: int
) -> Settlement:
    async def give_back(tx: Tx) -> None:
        await orders.give_back(tx, event.order_reference, event.pick_reference)

    def rejected(sequence: int) -> PickRejected:
        return PickRejected(
            order_reference=event.order_reference,
            sequence=sequence,
            pick_reference=event.pick_reference,
            rejection=rejection,
        )

    return Settlement(
        outcomes=[announce(cause, key, event.order_reference, rejected, refused_attempt=attempt)],
        effects=give_back,
        refused=True,
        result={"code": rejection.code},
    )
