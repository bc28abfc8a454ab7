"""How a request to allocate a consignment again ends: started, or rejected."""

from dataclasses import dataclass

from service.events.envelope import Envelope
from service.events.published import Rejection
from service.events.reallocation import (
    ConsignmentReallocationRejected,
    ConsignmentReallocationRequested,
    ConsignmentReallocationStarted,
)
from service.ledger import cancellations, consignments, manifests
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Tx
from service.ledger.operation import Operation, Settlement
from service.operations import announce
from service.pro import states


@dataclass
class Reallocation:
    """What is asked for, and the consignment as it is known by now."""

    event: ConsignmentReallocationRequested
    cause: Envelope
    work: Operation
    known: KnownConsignment
    left_in: str | None = None
    """The state, as PRO calls it, in which a refusal of PRO left it."""

    def started(self) -> Settlement:
        """Settle it: a new allocation is to come."""
        event, known = self.event, self.known
        number = known.allocation_number + 1
        ways = event.allocation or known.allocation_ways

        async def store(tx: Tx) -> None:
            reference = known.consignment_reference
            steps = await cancellations.steps_of(tx, known.order_reference, [reference])
            await cancellations.call_off(tx, steps)  # papers of the old allocation
            await consignments.start_allocation(tx, reference, number, ways)

        def started(sequence: int) -> ConsignmentReallocationStarted:
            return ConsignmentReallocationStarted(
                **known.names,
                sequence=sequence,
                allocation_number=number,
                request_reference=event.request_reference,
                reason=event.reason,
                void_tracking_references=known.tracking_references,
            )

        return Settlement(
            outcomes=[announce(self.cause, self.work.key, event.kafka_key, started)],
            effects=store,
            result={
                "consignment": known.consignment_reference,
                "allocation_number": number,
                "ways": [str(way) for way in ways],
            },
        )

    def rejected(self, rejection: Rejection, attempt: int) -> Settlement:
        """Settle it: nothing changes, unless it was taken out of its manifest before PRO refused
        the rest."""
        event, known, state = self.event, self.known, self.left_in

        async def store(tx: Tx) -> None:
            if state == states.ALLOCATED and known.pro_state == states.READY_TO_SHIP:
                await manifests.leave(tx, known.consignment_reference, state)

        def rejected(sequence: int) -> ConsignmentReallocationRejected:
            return ConsignmentReallocationRejected(
                **known.names,
                sequence=sequence,
                allocation_number=known.allocation_number,
                request_reference=event.request_reference,
                rejection=rejection,
            )

        return Settlement(
            outcomes=[
                announce(
                    self.cause,
                    self.work.key,
                    event.kafka_key,
                    rejected,
                    refused_attempt=attempt,
                )
            ],
            effects=store,
            refused=True,
            result={"consignment": known.consignment_reference, "code": rejection.code},
        )
