"""Labels and customs documents (RULES 6, 7)."""

from service.pro import answers, results
from service.pro.asking import Asking, one, segment
from service.pro.customs import NO_PAPERS, CustomsAnswer, CustomsFile, customs_files
from service.pro.policy import LabelFormat


class PaperCalls(Asking):
    """How the papers of an allocated consignment are fetched."""

    async def get_labels(
        self, consignment_reference: str, label_format: LabelFormat | None = None
    ) -> results.LabelFile:
        """`GET /labels/{ref}/{format}`; the policy's format unless one is given."""
        chosen = label_format or self._policy.label_format
        return await self._calls.call(
            "get_labels",
            "GET",
            f"/labels/{segment(consignment_reference)}/{chosen}",
            read=lambda a: results.label_file(one(a, answers.LabelsAnswer)),
        )

    async def get_package_label(
        self,
        consignment_reference: str,
        package_reference: str,
        label_format: LabelFormat | None = None,
    ) -> results.LabelFile:
        """`GET /labels/package/{ref}/{packageRef}/{format}`, as `get_labels` for one package."""
        chosen = label_format or self._policy.label_format
        consignment, package = segment(consignment_reference), segment(package_reference)
        return await self._calls.call(
            "get_package_label",
            "GET",
            f"/labels/package/{consignment}/{package}/{chosen}",
            read=lambda a: results.label_file(one(a, answers.LabelsAnswer)),
        )

    async def get_customs_documents(self, consignment_reference: str) -> tuple[CustomsFile, ...]:
        """`GET /consignments/docs/{ref}` → the papers that PRO finds needed; empty: none."""
        return await self._calls.call(
            "get_customs_documents",
            "GET",
            f"/consignments/docs/{segment(consignment_reference)}",
            read=lambda a: customs_files(NO_PAPERS if a.status == 204 else one(a, CustomsAnswer)),
        )
