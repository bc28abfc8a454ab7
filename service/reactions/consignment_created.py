"""consignment.created | consignment.reallocation_started → Allocate (way after way until one works,
many in one call) → consignment.allocated | …_failed"""

from dataclasses import dataclass

from service.allocation_attempts import Attempt, ToAllocate, attempt_key, why_it_failed
from service.events.allocation import Way
from service.events.envelope import Envelope
from service.events.published import RejectionDetail
from service.ledger import cancellations, consignments, history
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, Tx
from service.ledger.history import What
from service.ledger.operation import ContentConflict, Settlement
from service.operations import NOTHING_TO_SAY, Operations, Performed, TooEarly
from service.pro import states
from service.pro.allocations import Allocations
from service.pro.client import ProClient
from service.pro.problems import Ambiguous, Problem, Refused
from service.pro.results import Allocated, NotAllocated
from service.strays import Strays


class Overtaken(Exception):
    """Meanwhile it was cancelled, or is being allocated anew."""


def waits_for(event: ToAllocate, known: KnownConsignment) -> bool:
    """Tell whether this is still the allocation that the consignment waits for."""
    is_current = event.allocation_number == known.allocation_number
    return is_current and known.pro_state != states.CANCELLED


@dataclass(frozen=True)
class AllocateConsignment:
    """Has PRO choose a carrier service for a consignment that the ledger knows."""

    operations: Operations
    pro: ProClient
    allocations: Allocations
    database: Database
    strays: Strays

    async def __call__(self, event: ToAllocate, cause: Envelope) -> Performed:
        """React; raises TooEarly and what `Operations.perform` raises."""
        async with self.database.each() as tx:
            known = await consignments.find(tx, event.consignment_reference)
        if known is None:
            raise TooEarly("the ledger does not know this consignment; only known ones ship")
        if event.kafka_key != known.order_reference:
            key = attempt_key(event.consignment_reference, event.allocation_number, 0)
            raise ContentConflict(key)
        if not waits_for(event, known):
            return NOTHING_TO_SAY
        await self.strays.search_if_unknown(known.order_reference, known.pick_reference)
        try:
            return await self._try_each(event, cause, known.allocation_ways)
        except Overtaken:
            return NOTHING_TO_SAY

    async def _try_each(
        self, event: ToAllocate, cause: Envelope, ways: tuple[Way, ...]
    ) -> Performed:
        """Try the ways in their order until one works; those settled before are passed over."""
        reasons: list[RejectionDetail] = []
        performed = NOTHING_TO_SAY
        for position, way in enumerate(ways):
            is_last = position == len(ways) - 1
            attempt = Attempt(event, cause, way, position, is_last, tuple(reasons))
            if way.way == "none":
                return await self._leave(attempt)
            performed = await self._try(attempt)
            reason = why_it_failed(performed, way)
            if reason is None:
                break
            reasons.append(reason)
        return performed

    async def _leave(self, attempt: Attempt) -> Performed:
        """Leave the consignment to another system."""
        reference = attempt.event.consignment_reference

        async def note(tx: Tx) -> None:
            order, event_id = attempt.event.kafka_key, attempt.cause.id
            await history.note(tx, order, What.LEFT, event_id, consignment=reference)

        left = Settlement(effects=note, result={"consignment": reference, "way": str(attempt.way)})
        return await self.operations.conclude(attempt.operation, lambda _attempt: left)

    async def _try(self, attempt: Attempt) -> Performed:
        event = attempt.event
        reference = event.consignment_reference

        async def check(tx: Tx) -> None:
            await cancellations.check_consignment(tx, reference)
            known = await consignments.find(tx, reference)
            if known is None or not waits_for(event, known):
                raise Overtaken

        async with self.allocations.seat(attempt.way, reference) as ask_pro:

            async def ask() -> Settlement:
                match await ask_pro():
                    case Allocated() as given:
                        return attempt.allocated(given)
                    case NotAllocated(_, problem):
                        raise Refused("allocate", problem)
                    case _:
                        raise Ambiguous("allocate", "PRO has taken it up, no more")

            async def look() -> Settlement | None:
                return attempt.found(await self.pro.get_consignment(reference))

            def refuse(problem: Problem, _attempt: int) -> Settlement:
                return attempt.failed(problem)

            return await self.operations.perform(
                attempt.operation, ask=ask, look=look, refuse=refuse, prepare=check
            )
