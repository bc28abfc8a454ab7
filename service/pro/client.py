"""One method for each operation of PRO that we use. Nothing is repeated here or below.

Every method either returns a typed result or raises one of `problems.ProVerdict`. A method that
changes something says so: its doubt is Ambiguous, a read's doubt is Retryable.
"""

from types import TracebackType
from typing import Self

from service.pro import answers, results
from service.pro.allocation_calls import AllocationCalls
from service.pro.asking import listed, one, segment
from service.pro.consignment_calls import ConsignmentCalls
from service.pro.movement_calls import MovementCalls
from service.pro.order_calls import OrderCalls
from service.pro.policy import LabelFormat


class ProClient(OrderCalls, ConsignmentCalls, AllocationCalls, MovementCalls):
    """PRO, as far as we use it. Use it as an async context manager, or `aclose` it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._calls.aclose()

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

    async def get_shipping_locations(self) -> tuple[answers.ShippingLocation, ...]:
        """`GET /shippinglocations`; also the read that probes whether PRO is back."""
        return await self._calls.call(
            "get_shipping_locations",
            "GET",
            "/shippinglocations",
            read=lambda a: listed(a, answers.SHIPPING_LOCATIONS),
        )
