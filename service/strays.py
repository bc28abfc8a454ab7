"""Strays: consignments that PRO made beside the one the ledger knows for a pick.

They come of a Pack Order that PRO committed after we had given its answer up. We allocate only
what the ledger knows, so a stray can't ship; found while it is unallocated, it is cancelled.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from service.ledger import consignments, history, orders
from service.ledger.database import Database
from service.ledger.history import What
from service.ledger.journal import Journal
from service.ledger.lookups import OperationKind
from service.ledger.operation import Operation, Settlement, operation_key, references_in
from service.ledger.timed_work import Work
from service.metrics import Metrics, Name
from service.operations import Operations, Say, StillMoving
from service.pro import states
from service.pro.answers import Consignment
from service.pro.client import ProClient
from service.pro.problems import Problem


@dataclass(frozen=True)
class Strays:
    """Searches PRO for strays and cancels them."""

    database: Database
    journal: Journal
    operations: Operations
    pro: ProClient
    metrics: Metrics

    async def search_if_unknown(
        self, order_reference: str, pick_reference: str, customer_reference: str
    ) -> None:
        """Search for strays of a pick if the answer to its Pack Order was ever lost."""
        pack_key = operation_key("pack", order_reference, pick_reference)
        if await self.journal.was_ever_unknown(pack_key):
            await self.search(order_reference, customer_reference)

    async def __call__(self, work: Work, _say: Say) -> float | None:
        """Search as timed work, for the Pack Order that the work names."""
        order_reference, pick_reference = references_in(str(work.details["operation_key"]))
        async with self.database.begin() as tx:
            customer_reference = await orders.customer_reference(
                tx, order_reference, pick_reference
            )
        if customer_reference is not None:
            await self.search(order_reference, customer_reference)
        return None

    async def search(self, order_reference: str, customer_reference: str) -> None:
        """Search for strays of a pick. Raises the verdicts of a read, and LeaseHeld."""
        async with self.database.begin() as tx:
            known = await consignments.of_customer_reference(tx, customer_reference)
        if not known:
            return  # its Pack Order is still to be reconciled: nothing is a stray yet
        references = {consignment.consignment_reference for consignment in known}
        for line in await self.pro.find_consignments(customer_reference):
            if line.reference not in references:
                await self._meet(order_reference, await self.pro.get_consignment(line.reference))

    async def _meet(self, order_reference: str, stray: Consignment) -> None:
        state = stray.consignment_state
        if state == states.CANCELLED:
            return
        log = structlog.get_logger("strays").bind(
            key=order_reference, consignment_reference=stray.reference, state=state
        )
        if state in states.CAN_BE_ALLOCATED and stray.direction != "Inbound":
            await self._cancel(order_reference, stray.reference)
            log.error("stray consignment cancelled")
            return
        self.metrics.count(Name.STRAYS, ending="left")
        async with self.database.begin() as tx:
            await history.note(
                tx, order_reference, What.STRAY_FOUND, consignment=stray.reference, state=state
            )
        log.error("stray consignment found, somebody has to look at it in PRO")

    async def _cancel(self, order_reference: str, stray: str) -> None:
        key = operation_key("cancel-stray", stray)

        async def ask() -> Settlement:
            await self.pro.cancel_consignment(stray)
            self.metrics.count(Name.STRAYS, ending="cancelled")
            return Settlement(result={"consignment": stray, "stray": "cancelled"})

        async def look() -> Settlement | None:
            state = await self.pro.get_consignment_status(stray)
            if state in states.PASSING:
                raise StillMoving(f"{stray} is {state}")
            if state == states.CANCELLED:
                return Settlement(result={"consignment": stray, "stray": "cancelled"})
            return None

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            self.metrics.count(Name.STRAYS, ending="left")
            return Settlement(refused=True, result={"consignment": stray, "code": problem.code})

        await self.operations.perform(
            Operation(
                key=key,
                kind=OperationKind.CANCEL_STRAY,
                subject=f"order:{order_reference}",
                order_reference=order_reference,
                content_digest=stray,
                digest_version=1,
                event_id=key,
                event_time=datetime.now(UTC),
            ),
            ask=ask,
            look=look,
            refuse=refuse,
        )
