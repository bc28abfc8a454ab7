"""The facts that an account is made of, one line each, as they were seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """Its place in the queue: a number that grows with whoever comes later."""


@dataclass(frozen=True)
class AllocatedFrom:
    """PRO was asked to allocate a consignment while it belonged to this location."""

    reference: str
    location: str | None


@dataclass
class Account:
    """Everything that was seen of one run. `at` is any clock that never goes back."""

    said: list[Said] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    """In the order in which the broker took them, unless `hearing_is_ordered` says otherwise."""
    dead_letters: list[DeadLetter] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    consignments: list[Consignment] = field(default_factory=list)
    pack_calls: Mapping[str, int] = field(default_factory=dict)
    """How often PRO was asked to pack, by customer reference."""
    commits: list[Commit] = field(default_factory=list)
    let_go: Mapping[Place, float] | None = None
    """When each event could be let go for the first time: settled, parked or given up.
    None where that can't be seen: then the end of the run counts."""
    settled: Mapping[Place, float] = field(default_factory=dict)
    """When each event was settled for the first time, as far as that was seen; parked is not
    settled, a dead letter that was not replayed isn't either."""
    held: list[Held] = field(default_factory=list)
    allocated_from: list[AllocatedFrom] = field(default_factory=list)
    must_fit: set[tuple[str, str]] = field(default_factory=set)
    """Picks (order, pick) that take no more than what the platform knows to be left."""
    hearing_is_ordered: bool = True
    """Whether `heard` is in order across topics; a consumer of a real broker can't tell."""
