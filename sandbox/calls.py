"""The list of calls, for whoever looks into the sandbox."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
