"""Looks at each request to PRO as it leaves a replica, for what can't be seen any more at the end.

- What changes an order leaves under that order's lease alone.
- A pick is not packed again while PRO has held its consignment for so long that a look would have
  found it. (A second parcel is found as a stray and cancelled later: that is no excuse.)
- Of an order whose cancellation was answered, nothing is asked for any more.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx

from tests.proof.outcomes import CANCELLATIONS

from .loop import START
from .requests import UNDOES, consignments_in
from .trace import Trace

if TYPE_CHECKING:
    from .kafka import Kafka
    from .ledger import Ledger, LedgerPorts

Held = Callable[[str], float | None]
"""Since when (seconds) PRO holds a live outbound consignment of a customer reference."""
LOOKED_BEFORE = 10.0
"""Seconds before packing again within which the last look may have been."""


class Watch:
    """Writes down what should never have been sent."""

    def __init__(
        self, ledger: "Ledger", ports: "LedgerPorts", kafka: "Kafka", trace: Trace
    ) -> None:
        self._ledger, self._ports, self._kafka, self._trace = ledger, ports, kafka, trace
        self.broken: list[str] = []

    def look(self, request: httpx.Request, who: str, held_since: Held) -> None:
        """Look at a request that `who` sends."""
        if request.method == "GET":
            return
        now = self._ports.loop.time()
        for order in self._orders(request):
            subject = f"order:{order}"
            found = self._ledger.rows("SELECT until FROM leases WHERE subject = ?", subject)
            left = found[0][0] / 1_000_000 - START - now if found else 0.0
            holder = self._ports.lease_holders.get(subject, "nobody")
            if left <= 0 or holder != who:
                held = f"{holder} holds it for {left:.1f} s" if left > 0 else "nobody holds it"
                self._tell(
                    who, f"without its lease: {_what(request)} of {order} left {who}, {held}"
                )
            if request.url.path not in UNDOES and self._is_called_off(order):
                self._tell(who, f"goes on: {_what(request)} of {order}, which is cancelled")
        pick = _customer_reference(request)
        if pick is not None:
            since = held_since(pick)
            if since is not None and since < now - LOOKED_BEFORE:
                held = f"PRO holds it since {since:.1f}"
                self._tell(who, f"packed again: {_what(request)} of {pick}, {held}")

    def _tell(self, who: str, line: str) -> None:
        self._trace.note(who, line)
        self.broken.append(f"{line}, sent by {who}")

    def _orders(self, request: httpx.Request) -> list[str]:
        """Give the orders that a request changes, as the shop names them."""
        path = request.url.path
        if path == "/orders":
            return [str(json.loads(request.content)["OrderReferenceProvidedByCustomer"])]
        reference = _customer_reference(request)
        if path.endswith("/pack"):
            query = "SELECT order_reference FROM picks WHERE customer_reference = ?"
            return [order for (order,) in self._ledger.rows(query, reference)]
        if reference is not None:
            return [reference]
        query = "SELECT order_reference FROM consignments WHERE consignment_reference = ?"
        found = [self._ledger.rows(query, each) for each in consignments_in(request)]
        return sorted({order for rows in found for (order,) in rows})

    def _is_called_off(self, order: str) -> bool:
        return any((kind, order) in self._kafka.told for kind in CANCELLATIONS)


def _customer_reference(request: httpx.Request) -> str | None:
    """Give the reference of the consignment that PRO is asked to make."""
    if request.url.path.endswith("/pack"):
        return str(json.loads(request.content)["OrderReferenceProvidedByCustomer"])
    if request.url.path == "/consignments" and request.method == "POST":
        return str(json.loads(request.content)["ConsignmentReferenceProvidedByCustomer"])
    return None


def _what(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"
