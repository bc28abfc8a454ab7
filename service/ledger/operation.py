"""What the journal speaks of: an operation, the claim to carry it out, and how it was settled."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from service.events.envelope import Envelope
from service.events.said import Event
from service.ledger.database import Tx
from service.ledger.lookups import OperationKind


class AwaitingLookup(Exception):
    """PRO may have acted and it is not time yet to look there (that is not an attempt)."""

    def __init__(self, operation_key: str, due_at: datetime) -> None:
        super().__init__(f"{operation_key} waits for its look-up in PRO")
        self.due_at = due_at


class ContentConflict(Exception):
    """The same reference again with other content: never an amendment by accident."""

    def __init__(self, operation_key: str) -> None:
        super().__init__(
            f"{operation_key} was asked for before with other content; "
            "give new content a new reference"
        )


class ReferenceTaken(ContentConflict):
    """The reference is an order's, and shall be a consignment's without one; or the other way."""

    def __init__(self, reference: str, by: str) -> None:
        Exception.__init__(self, f"{reference} is the reference of {by} already; give a new one")


class NotWanted(Exception):
    """What an operation was to act on is cancelled, or other content was taken up since a person
    had it done again: there is nothing to do."""


class Superseded(Exception):
    """Another worker went on with this operation while we were away: start over."""

    def __init__(self, operation_key: str) -> None:
        super().__init__(f"{operation_key} was taken over by another worker")


NO_CONTENT = "none"
"""The digest of an operation that is asked for by its key alone."""


def operation_key(action: str, *references: str) -> str:
    """Make the key of an operation, such as `pack:WEB-1:P-1`; no two operations share one."""
    return ":".join([action, *(quote(part, safe=" /") for part in references)])


def references_in(key: str) -> list[str]:
    """Read the references back that `operation_key` made a key of."""
    return [unquote(part) for part in key.split(":")[1:]]


@dataclass(frozen=True)
class Asked:
    """The event that asks for an operation, as it may be published again."""

    event: Event
    cause: Envelope


@dataclass(frozen=True)
class Operation:
    """One call to PRO that changes something, as an event asks for it."""

    key: str
    """Deterministic, such as `pack:{order_reference}:{pick_reference}`."""
    kind: OperationKind
    subject: str
    """What the lease is on: `order:…` or `location:…`."""
    order_reference: str | None
    content_digest: str
    digest_version: int
    event_id: str
    event_time: datetime
    again: int | None = None
    """The refused attempt that a person has done again, which it is only while it is the last; 0
    when another operation of the event is meant. None for an event as its sender sent it."""
    asked: Asked | None = None
    """What is kept, sealed, while the operation is refused; None when it can't be done again so."""


@dataclass(frozen=True)
class Announcement:
    """An outcome event as it is stored: the same id however often it is published."""

    type: str
    id: str
    time: datetime
    traceparent: str | None
    data: Mapping[str, Any]
    """The outcome model in JSON mode."""


@dataclass(frozen=True)
class Settled:
    """The operation was settled before: its stored outcomes, to be published again."""

    announcements: tuple[Announcement, ...]
    is_published: bool = field(default=False, compare=False)
    """Whether the broker has acknowledged them before."""


@dataclass(frozen=True)
class Claim:
    """The right to carry an operation out until the lease ends."""

    operation: Operation
    attempt: int
    owner: str
    lease_ends: float
    """By this process's monotonic clock, in seconds, never later than the database's own end."""
    must_look: bool = False
    """PRO may have acted before: look there first."""
    may_orphan: bool = False
    """PRO may have acted before, and there is no look: what it made then is nobody's."""

    def seconds_left(self) -> float:
        """Seconds until the lease ends."""
        return self.lease_ends - time.monotonic()


Effects = Callable[[Tx], Awaitable[None]]


@dataclass(frozen=True)
class Unnumbered:
    """An outcome event still without its place among the outcomes of its order."""

    order_reference: str
    make: Callable[[int], Announcement]
    """Makes the announcement, given its sequence number within the order."""


async def no_effects(_tx: Tx) -> None:
    """Change nothing else."""


@dataclass(frozen=True)
class Settlement:
    """What an answer of PRO (or our own refusal) means for the ledger."""

    outcomes: Sequence[Unnumbered] = ()
    effects: Effects = no_effects
    """Changes of the ledger in the same transaction."""
    refused: bool = False
    is_silent: bool = False
    """Its outcomes are kept for the operation that follows, and not published."""
    result: Mapping[str, Any] = field(default_factory=dict)
    """References and codes only: it is shown to people."""
