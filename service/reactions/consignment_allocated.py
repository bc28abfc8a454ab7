"""consignment.allocated → Get Labels, Get Customs Documents → consignment.labelled"""

from base64 import b64encode
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from service.events.envelope import Envelope
from service.events.published import (
    ConsignmentAllocated,
    ConsignmentLabelled,
    CustomsDocument,
    Labels,
    PackageLabel,
    PaperFacts,
)
from service.ledger import cancellations, consignments
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
    reading,
)
from service.papers.paper import NotStored, Paper, PaperStore
from service.pro import states
from service.pro.client import ProClient
from service.pro.customs import CustomsFile
from service.pro.papers import Papers, PapersWanted, fetch_papers
from service.pro.problems import Problem, Retryable
from service.pro.results import LabelFile


@dataclass(frozen=True)
class FetchPapers:
    """Fetches a consignment's papers and stores them; only reads, so doubt never doubles it."""

    operations: Operations
    pro: ProClient
    database: Database
    store: PaperStore
    wanted: PapersWanted
    inline_bytes: int
    """Papers that are together at most so long travel in the event as well."""

    async def __call__(self, event: ConsignmentAllocated, cause: Envelope) -> Performed:
        """React; raises TooEarly and what `Operations.perform` raises."""
        reference = event.consignment_reference
        async with self.database.each() as tx:
            known = await consignments.find(tx, reference)
        if known is None:
            raise TooEarly("the ledger does not know this consignment; only known ones ship")
        if event.kafka_key != known.order_reference:
            raise ContentConflict(f"labels of {reference}")
        is_over = known.pro_state == states.CANCELLED
        if is_over or event.allocation_number != known.allocation_number:
            return NOTHING_TO_SAY

        async def check(tx: Tx) -> None:
            await cancellations.check_consignment(tx, reference)
            await consignments.check_allocation(tx, reference, event.allocation_number)

        key = operation_key("labels", reference, str(event.allocation_number))
        work = operation_on_order(key, OperationKind.GET_LABELS, event.kafka_key, event, cause)

        async def ask() -> Settlement:
            # No business outcome: PRO has them sooner or later, and nothing ships without.
            papers = await reading(fetch_papers(self.pro, reference, self.wanted))
            said = await self._stored(event, papers)

            async def store(tx: Tx) -> None:
                if known.pro_state in states.CAN_BE_ALLOCATED:  # another system has allocated it
                    await consignments.allocate(
                        tx,
                        reference,
                        carrier_reference=event.carrier.reference,
                        carrier_service_reference=event.carrier_service.reference,
                        tracking_references=event.tracking_references,
                    )
                await consignments.label(tx, reference, said.labels.sha256, said.labels.address)

            return Settlement(
                outcomes=[
                    announce(
                        cause,
                        key,
                        event.kafka_key,
                        lambda sequence: said.model_copy(update={"sequence": sequence}),
                    )
                ],
                effects=store,
                result={
                    "consignment": reference,
                    "labels": said.labels.sha256[:12],
                    "package_labels": len(said.package_labels),
                    "customs_documents": len(said.customs_documents),
                },
            )

        return await self.operations.perform(work, ask=ask, refuse=_never, prepare=check)

    async def _stored(self, event: ConsignmentAllocated, papers: Papers) -> ConsignmentLabelled:
        keep = partial(self._keep, event, inline=papers.size_bytes <= self.inline_bytes)
        label_format = self.wanted.label_format
        labels = Labels(format=label_format, **await keep("labels", papers.labels))
        package_labels = []
        for package, label in papers.package_labels.items():
            facts = await keep("label", label, package=package)
            told = PackageLabel(format=label_format, package_reference=package, **facts)
            package_labels.append(told)
        customs = []
        for file in papers.customs:
            owner = file.package_among(papers.packages)
            facts = await keep(file.kind, file, package=owner, number=file.number)
            paper = CustomsDocument(
                kind=file.kind, file_name=file.file_name, package_reference=owner, **facts
            )
            customs.append(paper)
        return ConsignmentLabelled(
            **event.names,
            sequence=0,
            allocation_number=event.allocation_number,
            labels=labels,
            package_labels=tuple(package_labels),
            customs_documents=tuple(customs),
        )

    async def _keep(
        self,
        event: ConsignmentAllocated,
        kind: str,
        file: LabelFile | CustomsFile,
        *,
        inline: bool,
        package: str | None = None,
        number: int | None = None,
    ) -> PaperFacts:
        paper = Paper(
            event.consignment_reference,
            event.allocation_number,
            kind,
            file.content,
            file.content_type,
            number,
            package,
        )
        try:
            address = await self.store.save(paper)
        except NotStored as error:
            raise Retryable("store_papers", str(error)) from error
        return {
            "content_type": file.content_type,
            "sha256": sha256(file.content).hexdigest(),
            "size_bytes": len(file.content),
            "address": address,
            "content_base64": b64encode(file.content).decode("ascii") if inline else None,
        }


def _never(problem: Problem, _attempt: int) -> Settlement:
    raise AssertionError(f"labels are never refused for good ({problem.code})")
