"""Strays: consignments that PRO made beside the one the ledger knows for a pick or a request.

They come of a Pack Order or a Create Consignment that PRO committed after we had given its answer
up. We allocate only what the ledger knows, so a stray can't ship; found while it is unallocated, it
is cancelled.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime

import structlog

from service.clock import utc_now
from service.ledger import consignments, history, orders, standing
from service.ledger.database import Database, Tx
from service.ledger.history import What
from service.ledger.lookups import OperationKind
from service.ledger.operation import Settlement, operation_key, references_in
from service.ledger.tables import OperationState
from service.ledger.timed_work import Work
from service.metrics import Metrics, Name
from service.operations import Operations, Say, StillMoving, operation_by_key, reading
from service.pro import states
from service.pro.answers import Consignment, ConsignmentSummary
from service.pro.client import ProClient
from service.pro.problems import Problem

SEARCH_AGAIN_SECONDS = 600.0


class NoStray(Exception):
    """It belongs to the pick after all."""


@dataclass(frozen=True)
class Strays:
    """Searches PRO for strays and cancels them."""

    database: Database
    operations: Operations
    pro: ProClient
    metrics: Metrics

    async def __call__(self, work: Work, _say: Say) -> float | None:
        """Search as timed work, for the pick that the work names; again while it is packed."""
        pick = work.details["pick_reference"]
        return await self.search(
            str(work.details["order_reference"]), None if pick is None else str(pick)
        )

    async def search_if_unknown(self, order_reference: str, pick_reference: str | None) -> None:
        """Search for strays of a pick if the answer to its Pack Order was ever lost."""
        key = making_key(order_reference, pick_reference)
        async with self.database.each() as tx:
            in_doubt = await standing.was_ever_unknown(tx, key)
        if in_doubt:
            await self.search(order_reference, pick_reference)

    async def search(self, order_reference: str, pick_reference: str | None) -> float | None:
        """Search for strays of a pick. Raises the verdicts of a read, and LeaseHeld.

        Gives the seconds until the next search while its Pack Order is not settled: until then
        nothing can be told a stray. Of a refused pick everything is one.
        """
        async with self.database.begin() as tx:
            state = await standing.state_of(tx, making_key(order_reference, pick_reference))
            if state not in (OperationState.FINISHED, OperationState.REFUSED):
                return SEARCH_AGAIN_SECONDS
            ours: str | None = order_reference
            since: datetime | None = None
            if pick_reference is not None:
                ours = await orders.customer_reference(tx, order_reference, pick_reference)
            else:
                # The reference is the sender's: PRO may know it from a time before the request.
                since = await standing.first_asked(tx, making_key(order_reference, None))
            known = await consignments.of_customer_reference(tx, ours) if ours else []
        references = {consignment.consignment_reference for consignment in known}
        for line in await self.pro.find_consignments(ours) if ours else ():
            if line.reference not in references and line.was_created_since(since):
                found = await reading(self.pro.get_consignment(line.reference))
                await self._meet(order_reference, pick_reference, found)
        return None

    async def candidates(
        self, order_reference: str, customer_reference: str
    ) -> list[ConsignmentSummary]:
        """Search what an operation whose answer was lost may have made under this reference.

        The first is the one, others stray: live before cancelled, then the oldest first. What was
        cancelled as a stray, or is known, which an earlier attempt made, is left out.
        """
        async with self.database.begin() as tx:
            gone = await standing.cancelled_strays(tx, order_reference)
            known = await consignments.of_customer_reference(tx, customer_reference)
        gone |= {one.consignment_reference for one in known}
        lines = await self.pro.find_consignments(customer_reference)
        return sorted((line for line in lines if line.reference not in gone), key=_age)

    async def _meet(
        self, order_reference: str, pick_reference: str | None, stray: Consignment
    ) -> None:
        state = stray.consignment_state
        if state == states.CANCELLED:
            await self._see_cancelled(order_reference, pick_reference, stray.reference)
        elif state in states.CAN_BE_ALLOCATED and stray.direction != "Inbound":
            with contextlib.suppress(NoStray):
                today = operation_key("cancel-stray", stray.reference, f"{utc_now():%Y-%m-%d}")
                await self._cancel(order_reference, pick_reference, stray.reference, today)
        else:
            await self._leave(order_reference, stray.reference, state)

    async def _see_cancelled(
        self, order_reference: str, pick_reference: str | None, stray: str
    ) -> None:
        """Settle cancellations of a stray whose answers were lost."""
        async with self.database.begin() as tx:
            open_keys = await standing.open_stray_cancellations(tx, order_reference)
        for key in open_keys:
            if references_in(key)[0] == stray:
                with contextlib.suppress(NoStray):
                    await self._cancel(order_reference, pick_reference, stray, key)

    async def _leave(self, order_reference: str, stray: str, state: str) -> None:
        """Tell people of a stray that can't be cancelled."""
        self.metrics.count(Name.STRAYS, ending="left")
        self._log(order_reference, stray).error("stray consignment: look at it in PRO", state=state)
        async with self.database.begin() as tx:
            await history.note(
                tx, order_reference, What.STRAY_FOUND, consignment=stray, state=state
            )

    def _log(self, order_reference: str, stray: str) -> structlog.stdlib.BoundLogger:
        log: structlog.stdlib.BoundLogger = structlog.get_logger("strays")
        return log.bind(key=order_reference, consignment_reference=stray)

    async def _cancel(
        self, order_reference: str, pick_reference: str | None, stray: str, key: str
    ) -> None:
        refused: list[str] = []

        async def ask() -> Settlement:
            await self.pro.cancel_consignment(stray)
            return cancelled()

        async def look() -> Settlement | None:
            state = await self.pro.get_consignment_status(stray)
            if state in states.PASSING:
                raise StillMoving(f"{stray} is {state}")
            return cancelled() if state == states.CANCELLED else None

        def cancelled() -> Settlement:
            self.metrics.count(Name.STRAYS, ending="cancelled")
            self._log(order_reference, stray).error("stray consignment cancelled")
            return Settlement(result={"consignment": stray, "stray": "cancelled"})

        def refuse(problem: Problem, _attempt: int) -> Settlement:
            refused.append(problem.code)
            return Settlement(refused=True, result={"consignment": stray, "code": problem.code})

        async def still_stray(tx: Tx) -> None:
            # The pick may have been packed anew since: then this one may be its own.
            state = await standing.state_of(tx, making_key(order_reference, pick_reference))
            settled = state in (OperationState.FINISHED, OperationState.REFUSED)
            if not settled or await consignments.find(tx, stray) is not None:
                raise NoStray

        await self.operations.perform(
            operation_by_key(key, OperationKind.CANCEL_STRAY, order_reference, key, utc_now()),
            ask=ask,
            look=look,
            refuse=refuse,
            prepare=still_stray,
        )
        if refused:
            await self._leave(order_reference, stray, f"not cancelled ({refused[0]})")


def _age(line: ConsignmentSummary) -> tuple[bool, str, str]:
    created = line.date_created.isoformat() if line.date_created else ""
    return line.state == states.CANCELLED, created, line.reference


def making_key(order_reference: str, pick_reference: str | None) -> str:
    """Name the one operation that makes the consignments of a pick; without a pick, the one
    consignment that was requested under its own reference."""
    if pick_reference is None:
        return operation_key("create", order_reference)
    return operation_key("pack", order_reference, pick_reference)
