"""What amendments change of orders and consignments in the ledger."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select, update

from service.ledger.clock import now_plus
from service.ledger.database import Tx
from service.ledger.tables import consignments, orders


async def version_of(tx: Tx, order_reference: str) -> int | None:
    """Read the version of the last amendment that was applied to an order."""
    found = await tx.execute(
        select(orders.c.amended_version).where(orders.c.order_reference == order_reference)
    )
    version: int | None = found.scalar_one_or_none()
    return version


async def amend(tx: Tx, order_reference: str, version: int, facts: Mapping[str, Any]) -> None:
    """Store that an order was amended; `facts` as `orders.place` keeps them."""
    await tx.execute(
        update(orders)
        .where(orders.c.order_reference == order_reference)
        .values(amended_version=version, facts=dict(facts), moved_at=now_plus())
    )


async def relocate(
    tx: Tx,
    order_reference: str,
    shipping_location_reference: str | None,
    consignment_references: Collection[str],
) -> None:
    """Store where an order leaves from now, and those of its consignments that left from there."""
    await tx.execute(
        update(orders)
        .where(orders.c.order_reference == order_reference)
        .values(shipping_location_reference=shipping_location_reference)
    )
    await tx.execute(
        update(consignments)
        .where(consignments.c.consignment_reference.in_(consignment_references))
        .values(shipping_location_reference=shipping_location_reference)
    )
