"""What a pick takes of its order: pure.

A pick names the order's lines, and may leave out what these tell already. What it can't be packed
by is said here, before PRO is asked.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from service.allocation_plans import AllocationPlans, Chosen, named_for_order
from service.events.cancelling import because_cancelled
from service.events.measures import Dimensions, Weight, box_of_units, weight_of_units
from service.events.published import Direction, Rejection, RejectionDetail
from service.events.received import PickedItem, PickedPackage, StockPicked
from service.ledger.orders import KnownOrder, Line, NotEnoughLeft
from service.ledger.tables import OrderState


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
    if order.state is OrderState.CANCELLED:
        return Reject(because_cancelled())
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


def weight_kg(picked: StockPicked, order: KnownOrder) -> Decimal:
    """Give the weight of all packages of a pick that was completed; of one that names a package
    size instead, the weight of its items."""
    total = Decimal(0)
    for package in picked.packages:
        if package.weight is not None:
            total += package.weight.value
            continue
        for item in package.items:
            line = _line(item, order.lines)
            total += Decimal(0) if isinstance(line, str) else line.weight_kg * item.quantity
    return total


def allocation_of(
    plans: AllocationPlans, picked: StockPicked, order: KnownOrder, direction: Direction
) -> Chosen:
    """Choose how a consignment of a pick that was completed is allocated."""
    facts = plans.facts_of(
        order.facts,
        shipping_location=picked.shipping_location_reference or order.shipping_location_reference,
        direction=direction,
        tags=picked.tags,
        weight_kg=weight_kg(picked, order),
        metadata=picked.metadata,
    )
    return plans.choose(picked.allocation or named_for_order(order.facts), facts)


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


def too_many(lack: NotEnoughLeft, order: KnownOrder) -> Rejection:
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
