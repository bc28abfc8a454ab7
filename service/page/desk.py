"""What the pages work with, and one visit of somebody to one of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request

from service.ledger.attention import Attention
from service.ledger.dead_letters import DeadLetters, Decision
from service.page.forms import Fields
from service.page.sessions import Session
from service.people.asking import Asking
from service.people.papers import Papers
from service.people.reading import Reading
from service.people.unshipped import Unshipped

Reasons = Callable[[], Mapping[str, Sequence[str]]]
"""As /readyz gives them: why events are not taken up, or only some; empty when all is well."""
MOST_WORD = 4_000
"""Characters of a word that is asked for: an item's name holds two references, percent-encoded."""


@dataclass(frozen=True)
class Desk:
    """What the pages read from, and what they ask of."""

    reading: Reading
    asking: Asking
    attention: Attention
    letters: DeadLetters
    unshipped: Unshipped
    papers: Papers
    not_ready: Reasons
    slowed: Reasons
    now: Callable[[], datetime]
    max_replays: int


@dataclass
class Visit:
    """A request of somebody who was let in."""

    request: Request
    desk: Desk
    session: Session
    is_sent: bool = False
    """Whether a form was sent."""
    fields: Fields = field(default_factory=dict)
    told: str = ""
    """What this page tells of what was just done."""
    tell: str = ""
    """What the next page tells."""

    def __post_init__(self) -> None:
        self.told = self.session.told

    def asked(self, name: str) -> str | None:
        """Give a word of the address; None where it is not there, or nothing we could know."""
        given = self.request.query_params.get(name, "").strip()
        return given if given and len(given) <= MOST_WORD and "\0" not in given else None

    def decision(self, reason: str) -> Decision:
        """Who decides, and why."""
        return Decision(self.session.who, reason)
