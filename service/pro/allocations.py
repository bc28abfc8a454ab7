"""Asking PRO to allocate in one of the ways: together with others where PRO takes many at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import lru_cache, partial

from service.events.allocation import Way
from service.pro.batches import Batches, BatchPolicy
from service.pro.client import ProClient
from service.pro.results import AllocationResult

MAX_SERVICES = 256
"""So many carrier services have a table of their own; one more, and the least used starts anew."""


class Allocations:
    """Seats those who ask, by the way in which they want to be allocated."""

    def __init__(self, pro: ProClient, policy: BatchPolicy) -> None:
        self._pro = pro
        self._by_default_rules = Batches(pro.allocate_default_rules, policy)

        @lru_cache(MAX_SERVICES)
        def of_service(service: str) -> Batches[AllocationResult]:
            return Batches(
                partial(pro.allocate_carrier_service, carrier_service_reference=service), policy
            )

        self._of_service = of_service

    @asynccontextmanager
    async def seat(
        self, way: Way, consignment_reference: str
    ) -> AsyncIterator[Callable[[], Awaitable[AllocationResult]]]:
        """Take a seat as `Batches.seat` has it. A service group takes one consignment a call."""
        match way.way, way.reference:
            case "service_group", str(group):
                yield partial(self._pro.allocate_service_group, consignment_reference, group)
            case "carrier_service", str(service):
                async with self._of_service(service).seat(consignment_reference) as ask:
                    yield ask
            case "default_rules", _:
                async with self._by_default_rules.seat(consignment_reference) as ask:
                    yield ask
            case _:
                raise ValueError(f"nothing is asked of PRO by the way {way.way}")
