"""Customs documents as PRO tells them (RULES 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from service.pro.answers import OptionalText, Read, null_is_empty
from service.pro.results import decoded

CustomsKind = Literal["commercial_invoice", "cn22", "cn23"]


class NamedDocument(Read):
    """A file in base64, under its name."""

    key: OptionalText = None
    value: str


Documents = Annotated[tuple[NamedDocument, ...], BeforeValidator(null_is_empty)]


class CustomsAnswer(Read):
    """All customs papers of a consignment; a list that does not apply is absent."""

    commercial_invoice_documents: Documents = ()
    cn22_documents: Annotated[Documents, Field(alias="CN22Documents")] = ()
    cn23_documents: Annotated[Documents, Field(alias="CN23Documents")] = ()


NO_PAPERS = CustomsAnswer()


@dataclass(frozen=True, slots=True)
class CustomsFile:
    """One customs paper, under the name that PRO gave its file."""

    kind: CustomsKind
    number: int
    """Its place among those of its kind, from 1."""
    file_name: str | None
    content: bytes
    content_type: str = "application/pdf"

    def package_among(self, packages: Sequence[str]) -> str | None:
        """Which package's it is, as far as the name of the file tells; None: nobody's, or not told.

        PRO names files, not packages; a commercial invoice is the consignment's.
        """
        if self.kind == "commercial_invoice":
            return None
        if len(packages) == 1:
            return packages[0]
        named = [package for package in packages if package in (self.file_name or "")]
        return named[0] if len(named) == 1 else None


def customs_files(answer: CustomsAnswer) -> tuple[CustomsFile, ...]:
    """Decode the papers, in the same order however PRO lists them; empty: none is needed."""
    lists: Sequence[tuple[CustomsKind, Sequence[NamedDocument]]] = (
        ("commercial_invoice", answer.commercial_invoice_documents),
        ("cn22", answer.cn22_documents),
        ("cn23", answer.cn23_documents),
    )
    return tuple(
        CustomsFile(kind, number, document.key, decoded(document.value))
        for kind, documents in lists
        for number, document in enumerate(sorted(documents, key=lambda each: each.key or ""), 1)
    )
