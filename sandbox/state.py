"""Everything the sandbox remembers, behind one object."""

import asyncio
import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sandbox.errors import not_found
from sandbox.faults import Faults
from sandbox.options import SandboxOptions
from sandbox.records import Consignment, DeliveryOption, Order, Quote
from sandbox.references import References
from sandbox.states import ConsignmentState


@dataclass(slots=True)
class CallRecord:
    """One call as the inspection endpoint tells it."""

    sequence: int
    time: datetime
    method: str
    path: str
    query: str
    operation: str | None
    status: int | None = None
    """None: no answer was sent, the connection was dropped."""
    fault: str | None = None
    changed: bool = False
    consignments: list[str] = field(default_factory=list)
    customer_references: list[str] = field(default_factory=list)
    order_references: list[str] = field(default_factory=list)
    order_customer_references: list[str] = field(default_factory=list)
    request_body: Any = None
    response_body: Any = None


class SandboxState:
    """Orders, consignments, keys, faults, calls, and what is to happen later."""

    def __init__(self, options: SandboxOptions, operations: frozenset[str]) -> None:
        self.options = options
        self.references = References(options.first_reference)
        self.faults = Faults(operations, random.Random(options.seed))  # noqa: S311
        self.closing = asyncio.Event()
        """Set when the server stops: held connections are let go."""
        self._clear()

    def _clear(self) -> None:
        self.orders: dict[str, Order] = {}
        self.consignments: dict[str, Consignment] = {}
        self.delivery_options: dict[str, DeliveryOption] = {}
        self.quotes: dict[str, Quote] = {}
        self.calls: list[CallRecord] = []
        self.keys = set(self.options.keys)
        self.latency_seconds = self.options.latency_seconds
        self.latency_jitter = 0.0
        self.search_lag_seconds = self.options.search_lag_seconds
        self.version = 0
        """Grows with every change, so that a call can be told to have changed something."""
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order_of_jobs = count()
        self._as_of: datetime | None = None

    def reset(self) -> None:
        """Forgets everything but how far references were counted, and restores the options."""
        self._clear()
        self.faults.clear()

    @property
    def now(self) -> datetime:
        """The clock; while something overdue is made up for, the time it was due."""
        return self._as_of or self.options.clock()

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Has `job` happen `seconds` from now: on the first look after that (see `settle`)."""
        due = self.now + timedelta(seconds=seconds)
        heapq.heappush(self._due, (due, next(self._order_of_jobs), job))

    def settle(self) -> None:
        """Makes happen what is due. Called before every look at the state.

        Nobody can tell this from timers that fire by themselves, and no task can leak.
        """
        now = self.options.clock()
        while self._due and self._due[0][0] <= now:
            self._as_of, _, job = heapq.heappop(self._due)
            try:
                job()
            finally:
                self._as_of = None

    def changed(self) -> None:
        """To be called with every change of an order or a consignment."""
        self.version += 1

    def enter(self, consignment: Consignment, *states: ConsignmentState) -> None:
        """Takes a consignment through `states`; it stays in the last."""
        for state in states:
            consignment.state = state
            consignment.history.append((self.now, state))
        self.changed()

    def order(self, reference: str) -> Order:
        """The order, or 404."""
        if reference not in self.orders:
            raise not_found("Order", reference)
        return self.orders[reference]

    def consignment(self, reference: str) -> Consignment:
        """The consignment, or 404."""
        if reference not in self.consignments:
            raise not_found("Consignment", reference)
        return self.consignments[reference]

    def consignments_of(self, customer_reference: str) -> list[Consignment]:
        """All that carry a customer reference, in the order in which they were made."""
        return [
            each
            for each in self.consignments.values()
            if each.customer_reference == customer_reference
        ]

    async def hold(self, seconds: float) -> None:
        """Keeps a caller waiting, at most until the server stops."""
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except TimeoutError:
            return
