"""What can be asked of the API: the parameters and bodies of its requests."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints
from pydantic_core import PydanticCustomError

from service.events.allocation import SaidWays
from service.ledger.attention_kinds import Kind
from service.ledger.tables import OrderState, ParkedState

Limit = Annotated[int, Field(ge=1, le=500)]
NO_NULL = r"^[^\u0000]*$"
"""PostgreSQL keeps any text but one with a null character."""
_CONTROLS = r"\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"
"""What a terminal would obey when it shows a history; white space is not among them."""


def _keepable(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("null", "must not hold a null character")
    return text


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    if not line:
        raise PydanticCustomError("blank", "must not be blank")
    if any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F for char in line):
        raise PydanticCustomError("controls", "must not hold control characters")
    return line


Word = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500),
    AfterValidator(_keepable),
    Field(json_schema_extra={"pattern": NO_NULL}),
]
LongWord = Annotated[
    str,
    StringConstraints(min_length=1, max_length=4_000),
    AfterValidator(_keepable),
    Field(json_schema_extra={"pattern": NO_NULL}),
]
"""One of our own making: two references, percent-encoded, may be in it."""
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    AfterValidator(_one_line),
    Field(json_schema_extra={"pattern": rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]*$"}),
]


class Asked(BaseModel):
    """A part of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Nothing(Asked):
    """No parameters."""


class Paged(Asked):
    """Which page of a list."""

    limit: Limit = 50
    after: LongWord | None = None
    """What the page before gave as `next`."""


class OrdersWanted(Paged):
    """Which orders."""

    reference: Word | None = None
    """Any name: the order's, a pick's, PRO's EO-… or EC-…, the one that a consignment was given in
    PRO, or a tracking reference."""
    state: OrderState | None = None


class ConsignmentsWanted(Paged):
    """Which consignments."""

    reference: Word | None = None
    """Any name: PRO's EC-…, the one that it was given in PRO, its order's, a tracking reference."""
    state: Word | None = None
    """PRO's word, such as Allocated, as the ledger last knew it."""
    location: Word | None = None
    """The shipping location's reference."""
    carrier: Word | None = None
    """The carrier's reference."""


class ConsignmentWanted(Asked):
    """How a consignment is shown."""

    ask_pro: bool = False
    """Whether to read its state in PRO too."""


class AttentionWanted(Paged):
    """Which of what needs attention."""

    kind: Kind | None = None
    order_reference: Word | None = None


class HoldsWanted(Paged):
    """Which holds."""

    order_reference: Word | None = None


class LettersWanted(HoldsWanted):
    """Which dead letters."""

    event_type: Word | None = None
    reason: Word | None = None
    """The closed word for why it died, such as bug."""
    state: ParkedState = ParkedState.DEAD
    """dead: to be decided; discarded: decided."""


class Reasoned(Asked):
    """An action, and why it is wanted; who asks is told by the token."""

    because: Why
    """Why, for those who ask later; kept in the history in the clear: no personal data."""


class Wanted(Reasoned):
    """An action that becomes an event."""

    dry_run: StrictBool = False
    """Say what would be done, do nothing."""


class AgainWanted(Wanted):
    """What is to be done again."""

    pick_reference: Word | None = None
    """Only this pick; else all that was refused of the order."""


class ReallocationWanted(Wanted):
    """How a consignment is to be allocated again."""

    allocation: SaidWays | None = None
    """The ways to try, in order; left out, those of before."""


class ReplayWanted(Reasoned):
    """How a dead letter is replayed."""

    force: StrictBool = False
    """However often it was replayed already."""


class SeenWanted(Reasoned):
    """What was seen to."""

    item: LongWord
    """The item's name on the list."""
