"""What people are shown: typed, in plain words, without personal data.

References are the shop's and PRO's; states of an order are the ledger's words, states of a
consignment are PRO's as the ledger last knew them.
"""

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from service.ledger.attention_kinds import Action, Kind
from service.ledger.lookups import OperationKind
from service.ledger.tables import OperationState, OrderState, ParkedState, PickState
from service.ledger.waiting import Stage

T = TypeVar("T", bound="View")


class View(BaseModel):
    """A part of what is shown."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Page(View, Generic[T]):
    """A page of a list."""

    items: tuple[T, ...]
    next: str | None = None
    """Give it as `after` for the next page; null on the last."""


class Line(View):
    """One line of an order."""

    name: str
    """Its item reference, else its SKU, else its number."""
    quantity: int
    picked: int


class Pick(View):
    """A pick of an order."""

    pick_reference: str
    state: PickState
    consignment_reference_provided_by_customer: str
    """The reference that its consignments carry in PRO."""


class InPro(View):
    """How PRO shows a consignment at this moment."""

    state: str | None = None
    """PRO's word; null when PRO was not reached, or does not know it."""
    trouble: str | None = None
    """Why there is no state."""


class Consignment(View):
    """A consignment, as the ledger knows it."""

    consignment_reference: str
    order_reference: str | None
    """Null for a consignment that was requested without an order."""
    pick_reference: str | None
    consignment_reference_provided_by_customer: str
    direction: str
    state: str
    allocation_number: int
    shipping_location_reference: str | None
    carrier_reference: str | None
    carrier_service_reference: str | None
    tracking_references: tuple[str, ...]
    labels_address: str | None
    labels_sha256: str | None
    manifest_reference: str | None
    created_at: datetime
    in_pro: InPro | None = None
    """Only when it was asked for."""


class Group(View):
    """Consignments that wait for the same, at one location, for one carrier."""

    stage: Stage
    location: str | None
    carrier: str | None
    count: int
    since: datetime
    """When the one that moved longest ago did."""


class Unshipped(View):
    """A consignment that waits, and since when it has not moved."""

    consignment: Consignment
    since: datetime


class StoredPaper(View):
    """A paper of a consignment's present allocation."""

    kind: str
    """`labels` (all packages), `label` (one), `commercial_invoice`, `cn22`, `cn23`."""
    package_reference: str | None
    address: str
    sha256: str
    content_type: str | None
    """Null where only the ledger's own note of it is there."""


class Operation(View):
    """One changing call to PRO."""

    key: str
    operation: OperationKind
    state: OperationState
    attempt: int
    code: str | None
    """Of the refusal."""
    created_at: datetime
    settled_at: datetime | None
    looked_up_next_at: datetime | None
    """When it is looked up in PRO next, while it is unknown."""


class Waiting(View):
    """An event that waits, died or was discarded."""

    number: int
    """Its number, by which a dead letter is replayed or discarded."""
    state: ParkedState
    event_type: str
    event_id: str
    order_reference: str | None
    consignment_reference: str | None
    topic: str
    partition: int
    offset: int
    reason: str
    """A closed word, such as `too_early`."""
    detail: str
    why: str
    """The same in plain words, with what happens next."""
    holds: bool
    """Whether, as a dead letter, it holds up what comes after it."""
    attempt: int
    replays: int
    first_failed_at: datetime
    due_at: datetime
    remark: str | None
    """The last word of a person on it."""


class Entry(View):
    """One line of a timeline."""

    at: datetime
    what: str
    event_id: str | None
    details: dict[str, Any]
    """References, codes and numbers."""


class Item(View):
    """One thing that needs attention."""

    item: str
    """Its name on the list."""
    kind: Kind
    since: datetime
    order_reference: str | None
    pick_reference: str | None
    consignment_reference: str | None
    shipping_location_reference: str | None
    dead_letter: int | None
    """The number of the dead letter, where it is one."""
    why: str
    do: str
    actions: tuple[Action, ...]


class OrderSummary(View):
    """An order in a list."""

    order_reference: str
    state: OrderState
    fully_packed: bool
    pro_order_reference: str | None
    shipping_location_reference: str | None
    placed_at: datetime
    moved_at: datetime


class Order(View):
    """An order with all that belongs to it."""

    order_reference: str
    state: OrderState | None
    """Null when only events of it wait: it is not placed yet."""
    fully_packed: bool
    pro_order_reference: str | None
    shipping_location_reference: str | None
    lines: tuple[Line, ...]
    picks: tuple[Pick, ...]
    consignments: tuple[Consignment, ...]
    operations: tuple[Operation, ...]
    waiting: tuple[Waiting, ...]
    attention: tuple[Item, ...]


class Letter(View):
    """A dead letter with what waits behind it, and its history. Without its content."""

    letter: Waiting
    behind: tuple[Waiting, ...]
    timeline: tuple[Entry, ...]


class Timeline(View):
    """What happened to an order, oldest first."""

    items: tuple[Entry, ...]


class AskedAgain(View):
    """One refusal that is done again, or can't be."""

    item: str
    """Its name on the list of what needs attention."""
    kind: Kind
    why: str
    event_type: str | None
    """The event that is published again; null where it was not kept: publish it anew."""
    event_id: str | None


class Again(View):
    """What was refused of an order, and is done again."""

    items: tuple[AskedAgain, ...]
    dry_run: bool
    """Whether nothing was published."""


class Published(View):
    """The event that says what was asked for."""

    event_type: str
    event_id: str
    order_reference: str
    """Under which its outcomes come; of a consignment without an order its own reference."""
    dry_run: bool
    """Whether nothing was published."""


class Orders(Page[OrderSummary]):
    """A page of orders, newest first."""


class Consignments(Page[Consignment]):
    """A page of consignments, newest first."""


class Attention(Page[Item]):
    """A page of what needs attention, oldest first."""


class Letters(Page[Waiting]):
    """A page of dead letters, oldest first."""


class AllUnshipped(Page[Unshipped]):
    """A page of consignments that wait, the longest waiting first."""
