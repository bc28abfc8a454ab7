"""What the world outside the ledger knows of the events of one order, for its state machine."""

from dataclasses import dataclass, field

from service.ledger.parked_rows import Origin, ParkedEvent, Subject


@dataclass
class Known:
    """What the world outside the ledger knows of an event."""

    subject: Subject
    origin: Origin
    is_on_topic: bool = True
    """Its offset is not let go: it is delivered again."""
    is_settled: bool = False
    started_until: float = 0.0
    """So long it is nobody else's."""


@dataclass
class Running:
    """An event that a replica is at; `row` is None for one that was never parked."""

    known: Known
    row: ParkedEvent | None


@dataclass
class World:
    """Everything outside the ledger."""

    seconds: float = 0.0
    events: list[Known] = field(default_factory=list)
    running: list[Running | None] = field(default_factory=lambda: [None, None])

    def at(self, origin: Origin) -> Known:
        return next(one for one in self.events if one.origin == origin)

    def is_run(self, known: Known) -> bool:
        return any(one is not None and one.known is known for one in self.running)
