"""A manifest closes its batch under its location's lease, others work under their orders'."""

from typing import Any

import pytest
from sqlalchemy import Executable

from service.events.allocation import BY_DEFAULT_RULES
from service.ledger import cancellations, consignments, manifests
from service.ledger.database import Tx

from .ledgers import on_postgresql

REFERENCE = "EC-1"


class Interrupted:
    """A transaction in which something else is stored after it has read what is ready."""

    def __init__(self, tx: Tx, meanwhile: Any) -> None:
        self._tx = tx
        self._meanwhile = meanwhile

    async def execute(self, statement: Executable) -> Any:
        if statement.is_update:
            await self._meanwhile()
        return await self._tx.execute(statement)


@pytest.mark.postgresql
@pytest.mark.parametrize("what", ["cancelled", "allocated anew"])
async def test_what_left_meanwhile_is_not_taken_into_the_batch(
    postgresql_url: str, what: str
) -> None:
    ledger = await on_postgresql(postgresql_url)
    await ledger.place("WEB-1", 1)
    async with ledger.database.begin() as tx:
        await consignments.add(
            tx,
            consignment_reference=REFERENCE,
            order_reference="WEB-1",
            pick_reference="P-1",
            customer_reference="WEB-1-P-1",
            direction="outbound",
            shipping_location_reference="LEEDS_DC",
        )
        await consignments.allocate(
            tx,
            REFERENCE,
            carrier_reference="NL",
            carrier_service_reference="NL_P24",
            tracking_references=["NL1"],
        )
        await consignments.label(tx, REFERENCE, "sha", "file:///labels.pdf")

    async def leaves() -> None:
        async with ledger.database.begin() as other:
            if what == "cancelled":
                await cancellations.cancel_consignment(other, REFERENCE)
            else:
                await consignments.start_allocation(other, REFERENCE, 2, BY_DEFAULT_RULES)

    async with ledger.database.begin() as tx:
        raced: Any = Interrupted(tx, leaves)
        assert await manifests.close_batch(raced, "LEEDS_DC", "M-1", ()) == []
        found = await consignments.find(tx, REFERENCE)
    assert found is not None
    assert found.pro_state in ("Cancelled", "Unallocated")
    assert found.manifest_reference is None
    await ledger.database.close()
