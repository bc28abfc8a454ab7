"""All papers of an allocated consignment, fetched from PRO: labels and customs documents."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.pro.answers import Consignment
from service.pro.client import ProClient
from service.pro.customs import CustomsFile
from service.pro.policy import LabelFormat
from service.pro.problems import Retryable
from service.pro.results import LabelFile

READS_AT_ONCE = 8
"""Labels of packages; else those of a large consignment would outlast the lease of its order."""


@dataclass(frozen=True)
class PapersWanted:
    """Which papers are fetched."""

    label_format: LabelFormat = "PDF"
    package_labels: bool = False
    """Each package's label as a file of its own, too."""
    customs_documents: bool = True
    """Where the parcel may leave the customs area."""


@dataclass(frozen=True)
class Papers:
    """All papers of one allocation."""

    packages: Sequence[str]
    """PRO's references of the packages; empty when nothing asked for them."""
    labels: LabelFile
    package_labels: Mapping[str, LabelFile]
    """By the package's reference."""
    customs: Sequence[CustomsFile]

    @property
    def size_bytes(self) -> int:
        """Of all of them."""
        labels = sum(len(file.content) for file in (self.labels, *self.package_labels.values()))
        return labels + sum(len(file.content) for file in self.customs)


def may_leave_customs_area(consignment: Consignment) -> bool:
    """Tell whether PRO is to be asked for customs papers: another country, or one not told."""
    origin, destination = consignment.country("Origin"), consignment.country("Destination")
    return origin is None or destination is None or origin != destination


async def fetch_papers(pro: ProClient, reference: str, wanted: PapersWanted) -> Papers:
    """Fetch the papers of a consignment. Only reads; raises the verdicts of pro.problems."""
    packages: Sequence[str] = ()
    customs: Sequence[CustomsFile] = ()
    if wanted.customs_documents or wanted.package_labels:
        found = await pro.get_consignment(reference)
        packages = [package.reference for package in found.packages if package.reference]
        if wanted.package_labels and len(packages) != max(1, len(found.packages)):
            raise Retryable("get_consignment", "PRO does not name each package")
        if wanted.customs_documents and may_leave_customs_area(found):
            customs = await pro.get_customs_documents(reference)
    labels = await pro.get_labels(reference, wanted.label_format)
    of_packages = packages if wanted.package_labels else ()
    return Papers(packages, labels, await _each(pro, reference, of_packages, wanted), customs)


async def _each(
    pro: ProClient, reference: str, packages: Sequence[str], wanted: PapersWanted
) -> Mapping[str, LabelFile]:
    turns = asyncio.Semaphore(READS_AT_ONCE)

    async def fetch(package: str) -> LabelFile:
        async with turns:
            return await pro.get_package_label(reference, package, wanted.label_format)

    fetching = [asyncio.create_task(fetch(package)) for package in packages]
    try:
        return dict(zip(packages, await asyncio.gather(*fetching), strict=True))
    finally:
        for one in fetching:
            one.cancel()
