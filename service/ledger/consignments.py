"""Consignments as the ledger knows them: only these are ever allocated, so a stray can't ship."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, update

from service.events.allocation import BY_DEFAULT_RULES, Ways, as_json, from_json
from service.events.published import ConsignmentNames
from service.ledger.clock import now_plus
from service.ledger.database import Tx
from service.ledger.operation import NotWanted
from service.ledger.statements import Statement
from service.ledger.tables import (
    consignments,
)

KEPT_BACK = 0
"""The allocation number of a consignment that nobody may allocate or announce yet; the first
allocation has number 1."""
CANCELLED = "Cancelled"


_IS_IT = consignments.c.consignment_reference == bindparam("reference")
_FIND = Statement(lambda _: select(consignments).where(_IS_IT))
_ADD = Statement(
    lambda insert: (
        insert(consignments)
        .values(
            consignment_reference=bindparam("reference"),
            order_reference=bindparam("order_reference"),
            pick_reference=bindparam("pick_reference"),
            customer_reference=bindparam("customer_reference"),
            direction=bindparam("direction"),
            shipping_location_reference=bindparam("location"),
            pro_state="Unallocated",
            allocation_number=bindparam("allocation_number"),
            allocation_ways=bindparam("ways"),
            tracking_references=bindparam("tracking_references"),
            traceparent=bindparam("traceparent"),
            created_at=now_plus(),
            moved_at=now_plus(),
        )
        .on_conflict_do_nothing()
    )
)
_ALLOCATE = Statement(
    lambda _: (
        update(consignments)
        .where(_IS_IT)
        .values(
            pro_state="Allocated",
            carrier_reference=bindparam("carrier"),
            carrier_service_reference=bindparam("service"),
            tracking_references=bindparam("tracking"),
            moved_at=now_plus(),
        )
    )
)
_LABEL = Statement(
    lambda _: (
        update(consignments)
        .where(_IS_IT)
        .values(
            label_sha256=bindparam("sha256"),
            label_address=bindparam("address"),
            moved_at=now_plus(),
        )
    )
)


@dataclass(frozen=True)
class KnownConsignment:
    """A consignment as the ledger knows it; states are PRO's words.

    One that was requested without an order has no pick, and stands under its customer reference
    where another stands under its order's.
    """

    consignment_reference: str
    order_reference: str
    pick_reference: str | None
    customer_reference: str
    direction: str
    shipping_location_reference: str | None
    pro_state: str
    allocation_number: int
    allocation_ways: Ways
    carrier_reference: str | None
    carrier_service_reference: str | None
    tracking_references: tuple[str, ...]
    label_sha256: str | None
    label_address: str | None
    manifest_reference: str | None
    traceparent: str | None
    """Of what made it: to its trace belongs what is done with many at once."""
    created_at: datetime

    @property
    def is_kept_back(self) -> bool:
        """Whether its origin is still to be corrected: until then it waits for no allocation."""
        return self.allocation_number == KEPT_BACK

    @property
    def names(self) -> ConsignmentNames:
        """Its names, for the outcomes that speak of it."""
        return {
            "order_reference": self.order_reference if self.pick_reference else None,
            "pick_reference": self.pick_reference,
            "consignment_reference": self.consignment_reference,
            "consignment_reference_provided_by_customer": self.customer_reference,
        }


def known(row: Any) -> KnownConsignment:
    """Make one of its row."""
    return KnownConsignment(
        row.consignment_reference,
        row.order_reference,
        row.pick_reference,
        row.customer_reference,
        row.direction,
        row.shipping_location_reference,
        row.pro_state,
        row.allocation_number,
        from_json(row.allocation_ways),
        row.carrier_reference,
        row.carrier_service_reference,
        tuple(row.tracking_references),
        row.label_sha256,
        row.label_address,
        row.manifest_reference,
        row.traceparent,
        row.created_at,
    )


async def read(tx: Tx, *which: ColumnElement[bool]) -> list[KnownConsignment]:
    """Read those of which all this is true, oldest first."""
    rows = await tx.execute(
        select(consignments)
        .where(*which)
        .order_by(consignments.c.created_at, consignments.c.consignment_reference)
    )
    return [known(row) for row in rows]


async def find(tx: Tx, consignment_reference: str) -> KnownConsignment | None:
    """Read one by PRO's reference."""
    row = (await tx.run(_FIND, reference=consignment_reference)).one_or_none()
    return known(row) if row else None


async def of_order(tx: Tx, order_reference: str) -> list[KnownConsignment]:
    """Read those of an order, oldest first."""
    return await read(tx, consignments.c.order_reference == order_reference)


async def of_customer_reference(tx: Tx, customer_reference: str) -> list[KnownConsignment]:
    """Read those that carry the reference we gave PRO for a pick: one, or two with a return."""
    return await read(tx, consignments.c.customer_reference == customer_reference)


async def add(
    tx: Tx,
    *,
    consignment_reference: str,
    order_reference: str,
    pick_reference: str | None,
    customer_reference: str,
    direction: str,
    shipping_location_reference: str | None,
    allocation_ways: Ways = BY_DEFAULT_RULES,
    keep_back: bool = False,
    traceparent: str | None = None,
) -> None:
    """Store a new consignment, Unallocated, its first allocation to come by these ways.

    One that is kept back waits for no allocation until it is let go.
    """
    await tx.run(
        _ADD,
        reference=consignment_reference,
        order_reference=order_reference,
        pick_reference=pick_reference,
        customer_reference=customer_reference,
        direction=direction,
        location=shipping_location_reference,
        allocation_number=KEPT_BACK if keep_back else 1,
        ways=_kept(allocation_ways),
        tracking_references=[],
        traceparent=traceparent,
    )


def _kept(ways: Ways) -> list[dict[str, str]] | None:
    return None if ways == BY_DEFAULT_RULES else as_json(ways)


async def change(tx: Tx, consignment_reference: str, **values: Any) -> None:
    """Store columns of a consignment, unless it is cancelled."""
    await tx.execute(
        update(consignments)
        .where(
            consignments.c.consignment_reference == consignment_reference,
            consignments.c.pro_state != CANCELLED,  # it never moves again
        )
        .values(moved_at=now_plus(), **values)
    )


async def kept_back(tx: Tx, order_reference: str, pick_reference: str) -> list[KnownConsignment]:
    """Read those of a pick that are kept back and not cancelled, the outbound one first."""
    found = await read(
        tx,
        consignments.c.order_reference == order_reference,
        consignments.c.pick_reference == pick_reference,
        consignments.c.allocation_number == KEPT_BACK,
        consignments.c.pro_state != CANCELLED,
    )
    return sorted(found, key=lambda one: one.direction == "inbound")


async def let_go(tx: Tx, consignment_reference: str) -> None:
    """Store that a consignment that was kept back waits for its first allocation."""
    await change(tx, consignment_reference, allocation_number=1)


async def move(tx: Tx, consignment_reference: str, pro_state: str) -> None:
    """Store PRO's state of a consignment."""
    await change(tx, consignment_reference, pro_state=pro_state)


async def allocate(
    tx: Tx,
    consignment_reference: str,
    *,
    carrier_reference: str | None,
    carrier_service_reference: str | None,
    tracking_references: Sequence[str],
) -> None:
    """Store the carrier service that a consignment was given."""
    await tx.run(
        _ALLOCATE,
        reference=consignment_reference,
        carrier=carrier_reference,
        service=carrier_service_reference,
        tracking=list(tracking_references),
    )


async def start_allocation(
    tx: Tx, consignment_reference: str, allocation_number: int, ways: Ways
) -> None:
    """Store that a consignment has no allocation any more and waits for this one: the labels and
    tracking references of the old one are void, and it is in no manifest."""
    await change(
        tx,
        consignment_reference,
        pro_state="Unallocated",
        allocation_number=allocation_number,
        allocation_ways=_kept(ways),
        carrier_reference=None,
        carrier_service_reference=None,
        tracking_references=[],
        label_sha256=None,
        label_address=None,
        manifest_reference=None,
    )


async def check_allocation(tx: Tx, consignment_reference: str, allocation_number: int) -> None:
    """Raise NotWanted if a consignment has been given up for another allocation since; to be asked
    under the lease of its order."""
    now = await find(tx, consignment_reference)
    if now is None or now.allocation_number != allocation_number:
        raise NotWanted(consignment_reference)


async def label(tx: Tx, consignment_reference: str, sha256: str, address: str) -> None:
    """Store where a consignment's labels lie."""
    await tx.run(_LABEL, reference=consignment_reference, sha256=sha256, address=address)
