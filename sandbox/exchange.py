"""A call as a function that answers it sees it, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.faults import FaultKind, FaultRule, Subject
from sandbox.records import Consignment
from sandbox.state import SandboxState


@dataclass(frozen=True, slots=True)
class Call:
    """One call, read."""

    state: SandboxState
    operation: str
    parameters: Mapping[str, str]
    """From the path."""
    query: Mapping[str, list[str]]
    """Names in lower case: PRO's samples write them in several ways."""
    body: Any = None

    def item_fault(self, kind: FaultKind, consignment: Consignment) -> FaultRule | None:
        """The fault that befalls this consignment of the call, if any."""
        return self.state.faults.for_item(kind, self.operation, subject_of(self.state, consignment))


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer; a body of None is an empty one."""

    status: int
    body: Any = None
    touched: tuple[str, ...] = ()
    """References that only the answer brings to light, for the list of calls."""


Handler = Callable[[Call], Answer]


def subject_of(state: SandboxState, consignment: Consignment) -> Subject:
    """What fault rules are held against, for a consignment."""
    order = state.orders.get(consignment.order_reference)
    return Subject(
        customer_reference=consignment.customer_reference,
        order_reference_provided_by_customer=(order and order.customer_reference) or "",
        consignment_reference=consignment.reference,
        order_reference=consignment.order_reference,
    )
