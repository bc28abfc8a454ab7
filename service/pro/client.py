"""One method for each operation of PRO that we use. Nothing is repeated here or below.

Every method either returns a typed result or raises one of `problems.ProVerdict`. A method that
changes something says so: its doubt is Ambiguous, a read's doubt is Retryable.
"""

from types import TracebackType
from typing import Self

from pydantic import SecretStr

from service.pro import answers
from service.pro.allocation_calls import AllocationCalls
from service.pro.asking import listed
from service.pro.consignment_calls import ConsignmentCalls
from service.pro.movement_calls import MovementCalls
from service.pro.order_calls import OrderCalls
from service.pro.paper_calls import PaperCalls
from service.tls import ClientTls


class ProClient(OrderCalls, ConsignmentCalls, AllocationCalls, PaperCalls, MovementCalls):
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

    @property
    def certificates(self) -> list[ClientTls]:
        """Those that may be replaced."""
        return [self._policy.tls]

    def use_key(self, key: SecretStr) -> None:
        """Ask with another key from now on."""
        self._calls.use_key(key)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._calls.aclose()

    @property
    def calls_in_flight(self) -> int:
        """How many calls are under way at this moment."""
        return self._calls.in_flight

    async def get_shipping_locations(self) -> tuple[answers.ShippingLocation, ...]:
        """`GET /shippinglocations`; also the read that probes whether PRO is back."""
        return await self._calls.call(
            "get_shipping_locations",
            "GET",
            "/shippinglocations",
            read=lambda a: listed(a, answers.SHIPPING_LOCATIONS),
        )
