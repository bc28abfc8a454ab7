"""The facts that an account is made of, one line each, as they were seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Place:
    """Where a record lies on Kafka."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True)
class Said:
    """An event that the platform published. `data` is None for one that nobody can read."""

    place: Place
    type: str
    key: str | None
    data: Data | None


@dataclass(frozen=True)
class Heard:
    """An outcome record; the same outcome may lie on its topic more than once."""

    place: Place
    type: str
    id: str
    key: str | None
    data: Data


@dataclass(frozen=True)
class DeadLetter:
    """A record of the dead letters, by where its event first lay."""

    origin: Place
    reason: str


@dataclass(frozen=True)
class Row:
    """A parked event that the ledger still keeps; `state` is parked or dead."""

    origin: Place
    state: str


@dataclass(frozen=True)
class Consignment:
    """What PRO holds; `order_reference` is the shop's, `states` all that it went through."""

    reference: str
    customer_reference: str
    order_reference: str
    direction: str
    state: str
    manifest_count: int = 0
    states: tuple[str, ...] = ()

    @property
    def is_live_outbound(self) -> bool:
        """Whether a customer gets it."""
        return self.direction.lower() == "outbound" and self.state != "Cancelled"


@dataclass(frozen=True)
class Commit:
    """An offset that the group committed: everything below it was let go."""

    topic: str
    partition: int
    offset: int
    at: float


@dataclass(frozen=True)
class Held:
    """An event that parked behind a hold of a lane (an order or a consignment)."""

    lane: str
    origin: Place
    sequence: int
    """Its place in the queue: the parked row's."""
