"""consignment.allocated → Get Labels in Format → consignment.labelled"""

from dataclasses import dataclass

from service.events.envelope import Envelope
from service.events.published import ConsignmentAllocated, ConsignmentLabelled, Labels
from service.ledger import consignments
from service.ledger.database import Database, Tx
from service.ledger.lookups import OperationKind
from service.ledger.operation import ContentConflict, Settlement, operation_key
from service.operations import (
    NOTHING_TO_SAY,
    Operations,
    Performed,
    TooEarly,
    announce,
    operation_on_order,
)
from service.papers import LabelFolder
from service.pro.client import ProClient
from service.pro.policy import LabelFormat
from service.pro.problems import Problem, Refused, Retryable


@dataclass(frozen=True)
class FetchLabels:
    """Fetches a consignment's labels and stores the file; a read, so doubt never doubles it."""

    operations: Operations
    pro: ProClient
    database: Database
    folder: LabelFolder
    label_format: LabelFormat

    async def __call__(self, event: ConsignmentAllocated, cause: Envelope) -> Performed:
        """React; raises TooEarly and what `Operations.perform` raises."""
        reference = event.consignment_reference
        async with self.database.each() as tx:
            known = await consignments.find(tx, reference)
        if known is None:
            raise TooEarly("the ledger does not know this consignment; only known ones ship")
        if event.kafka_key != known.order_reference:
            raise ContentConflict(f"labels of {reference}")
        if event.allocation_number != known.allocation_number:
            return NOTHING_TO_SAY
        work = operation_on_order(
            operation_key("labels", reference, str(event.allocation_number)),
            OperationKind.GET_LABELS,
            event.kafka_key,
            event,
            cause,
        )

        async def ask() -> Settlement:
            try:
                file = await self.pro.get_labels(reference, self.label_format)
            except Refused as refusal:
                # No business outcome: an allocated consignment has labels, sooner or later.
                why = f"PRO has no labels yet ({refusal.problem.status} {refusal.problem.code})"
                raise Retryable("get_labels", why) from refusal
            try:
                stored = await self.folder.save(
                    reference, event.allocation_number, file.content, file.content_type
                )
            except OSError as error:
                why = f"the file can't be stored ({type(error).__name__})"
                raise Retryable("store_labels", why) from error

            async def store(tx: Tx) -> None:
                await consignments.label(tx, reference, stored.sha256, stored.address)

            def labelled(sequence: int) -> ConsignmentLabelled:
                return ConsignmentLabelled(
                    **event.names,
                    sequence=sequence,
                    allocation_number=event.allocation_number,
                    labels=Labels(
                        format=self.label_format,
                        content_type=file.content_type,
                        sha256=stored.sha256,
                        size_bytes=stored.size_bytes,
                        address=stored.address,
                    ),
                )

            return Settlement(
                outcomes=[announce(cause, work.key, event.kafka_key, labelled)],
                effects=store,
                result={"consignment": reference, "labels": stored.sha256[:12]},
            )

        return await self.operations.perform(work, ask=ask, refuse=_never)


def _never(problem: Problem, _attempt: int) -> Settlement:
    raise AssertionError(f"labels are never refused for good ({problem.code})")
