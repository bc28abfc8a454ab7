"""The papers of a consignment, for people: which there are, and what is in them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.events.topics import EventType
from service.ledger import consignments
from service.ledger.consignments import KnownConsignment
from service.ledger.database import Database, Tx
from service.ledger.operation import operation_key
from service.ledger.outcomes import OutcomeStore
from service.ledger.said import said_by
from service.ledger.sealing import SealBroken
from service.papers.paper import NotThere, PaperStore
from service.people.reading import Unknown
from service.people.views import StoredPaper


@dataclass(frozen=True)
class Opened:
    """A paper as it was stored. Labels hold the recipient's name and address."""

    paper: StoredPaper
    content: bytes


class Papers:
    """Finds the papers of consignments, and opens them."""

    def __init__(self, database: Database, outcomes: OutcomeStore, store: PaperStore) -> None:
        self._database = database
        self._outcomes = outcomes
        self._store = store

    async def of(self, reference: str) -> Sequence[StoredPaper]:
        """Name the papers of a consignment's present allocation; labels first. Raises Unknown."""
        async with self._database.begin() as tx:
            known = await consignments.find(tx, reference)
            if known is None:
                raise Unknown(f"the ledger knows no consignment {reference}")
            return await self._all(tx, known) or _labels(known)

    async def open(self, reference: str, number: int) -> Opened:
        """Read one of them, counted from 0, and see that it is what was stored.

        Raises Unknown and NotThere.
        """
        papers = await self.of(reference)
        if not 0 <= number < len(papers):
            raise Unknown(f"{reference} has no such paper")
        paper = papers[number]
        content = await self._store.read(paper.address)
        if hashlib.sha256(content).hexdigest() != paper.sha256:
            raise NotThere("what lies there is not what was stored: its SHA-256 differs")
        return Opened(paper, content)

    async def _all(self, tx: Tx, known: KnownConsignment) -> list[StoredPaper]:
        """Read what was said of them; nothing where nobody can read that any more."""
        key = operation_key("labels", known.consignment_reference, str(known.allocation_number))
        try:
            said = await said_by(tx, self._outcomes, key)
        except SealBroken:
            return []
        labelled = [each.data for each in said if each.type == EventType.CONSIGNMENT_LABELLED.value]
        return [paper for data in labelled for paper in _papers(data)]


def _papers(data: Any) -> list[StoredPaper]:
    return [
        _paper("labels", data["labels"]),
        *(_paper("label", each) for each in data.get("package_labels", ())),
        *(_paper(each["kind"], each) for each in data.get("customs_documents", ())),
    ]


def _paper(kind: str, facts: Any) -> StoredPaper:
    return StoredPaper(
        kind=kind,
        package_reference=facts.get("package_reference"),
        address=facts["address"],
        sha256=facts["sha256"],
        content_type=facts["content_type"],
    )


def _labels(known: KnownConsignment) -> list[StoredPaper]:
    if known.label_address is None or known.label_sha256 is None:
        return []
    return [
        StoredPaper(
            kind="labels",
            package_reference=None,
            address=known.label_address,
            sha256=known.label_sha256,
            content_type=None,
        )
    ]
