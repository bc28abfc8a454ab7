"""Every event type we know, and the Kafka topic each one lies on.

Names of topics are settings (`Topics` is handed in); names of types are the contract and never
change. By default a topic is called like its type, so a plain JSON body needs no envelope.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType


class EventType(StrEnum):
    """The closed list of CloudEvents `type` words, in the order of an order's life."""

    ORDER_PLACED = "order.placed"
    """In: the shop sold something that has to be delivered."""
    ORDER_AMENDED = "order.amended"
    """In: something about an order has changed that is not its goods."""
    ORDER_CANCELLED = "order.cancelled"
    """In: nothing more of an order is to leave; it passes every hold."""
    STOCK_PICKED = "stock.picked"
    """In: items of an order left the shelf together."""
    PICK_WITHDRAWN = "pick.withdrawn"
    """In: what was picked goes back on the shelf."""
    CONSIGNMENT_REQUESTED = "consignment.requested"
    """In: goods have to be delivered, and there is no order."""
    CONSIGNMENT_REALLOCATION_REQUESTED = "consignment.reallocation_requested"
    """In: a consignment is to be allocated again, perhaps in another way."""
    MANIFEST_REQUESTED = "manifest.requested"
    """In: a shipping location wants its ready consignments sent to the carriers."""

    ORDER_RECORDED = "order.recorded"
    """Out: PRO knows the order."""
    ORDER_REJECTED = "order.rejected"
    """Out: PRO refused the order; its reference is free again."""
    ORDER_AMENDMENT_APPLIED = "order.amendment_applied"
    """Out: PRO has the order, and what is packed of it, as amended."""
    ORDER_AMENDMENT_REJECTED = "order.amendment_rejected"
    """Out: the order stays as it is."""
    ORDER_CANCELLATION_APPLIED = "order.cancellation_applied"
    """Out: nothing of the order leaves."""
    ORDER_CANCELLATION_REJECTED = "order.cancellation_rejected"
    """Out: nothing more is packed, but something of the order leaves."""
    CONSIGNMENT_CREATED = "consignment.created"
    """Out, and in again: a pick, or a request without an order, became a consignment."""
    PICK_REJECTED = "pick.rejected"
    """Out: the pick was refused; its reference is free again."""
    PICK_WITHDRAWAL_APPLIED = "pick.withdrawal_applied"
    """Out: nothing of the pick leaves; its quantities are free again."""
    PICK_WITHDRAWAL_REJECTED = "pick.withdrawal_rejected"
    """Out: it is too late, or there was nothing to withdraw."""
    CONSIGNMENT_REJECTED = "consignment.rejected"
    """Out: PRO refused a consignment without an order; its reference is free again."""
    CONSIGNMENT_CANCELLED = "consignment.cancelled"
    """Out: the consignment is cancelled in PRO, for good."""
    CONSIGNMENT_ALLOCATED = "consignment.allocated"
    """Out, and in again: a carrier service has the consignment."""
    CONSIGNMENT_ALLOCATION_FAILED = "consignment.allocation_failed"
    """Out: no carrier service took the consignment."""
    CONSIGNMENT_REALLOCATION_STARTED = "consignment.reallocation_started"
    """Out, and in again: its allocation is taken back, a new one begins."""
    CONSIGNMENT_REALLOCATION_REJECTED = "consignment.reallocation_rejected"
    """Out: its allocation stays as it was."""
    CONSIGNMENT_LABELLED = "consignment.labelled"
    """Out: the labels are stored and can be printed."""
    CONSIGNMENT_MANIFESTED = "consignment.manifested"
    """Out: the carrier was told and will come."""
    CONSIGNMENT_MANIFEST_FAILED = "consignment.manifest_failed"
    """Out: the carrier could not be told."""


RECEIVED_FROM_OTHERS = (
    EventType.ORDER_PLACED,
    EventType.ORDER_AMENDED,
    EventType.ORDER_CANCELLED,
    EventType.STOCK_PICKED,
    EventType.PICK_WITHDRAWN,
    EventType.CONSIGNMENT_REQUESTED,
    EventType.CONSIGNMENT_REALLOCATION_REQUESTED,
    EventType.MANIFEST_REQUESTED,
)
"""The types that other systems publish; all the rest are our own outcomes."""


@dataclass(frozen=True, slots=True)
class RetryTier:
    """One step of the retry ladder: a topic, and how many seconds an event waits on it."""

    topic: str
    delay_seconds: float


def _default_tiers() -> tuple[RetryTier, ...]:
    return (
        RetryTier("orderflex.retry.5s", 5.0),
        RetryTier("orderflex.retry.1m", 60.0),
        RetryTier("orderflex.retry.10m", 600.0),
    )


@dataclass(frozen=True)
class Topics:
    """Where each event type lies.

    `prefix` stands before every name that is not given in `names`, the retry tiers' and the dead
    letters' included ("test." makes "test.order.placed"). `names` overrides single types.
    Raises ValueError when two purposes would share one topic.
    """

    prefix: str = ""
    names: Mapping[EventType, str] = field(default_factory=dict)
    retry_tiers: tuple[RetryTier, ...] = field(default_factory=_default_tiers)
    dead_letters: str = "orderflex.dead-letters"

    def __post_init__(self) -> None:
        by_type = {kind: self.names.get(kind, self.prefix + kind.value) for kind in EventType}
        tiers = tuple(RetryTier(self.prefix + t.topic, t.delay_seconds) for t in self.retry_tiers)
        object.__setattr__(self, "names", MappingProxyType(by_type))
        object.__setattr__(self, "retry_tiers", tiers)
        object.__setattr__(self, "dead_letters", self.prefix + self.dead_letters)
        taken = [*by_type.values(), *(tier.topic for tier in tiers), self.dead_letters]
        shared = sorted({name for name in taken if taken.count(name) > 1})
        if shared:
            raise ValueError(f"topics with more than one purpose: {', '.join(shared)}")
        if [t.delay_seconds for t in tiers] != sorted({t.delay_seconds for t in tiers}):
            raise ValueError("retry tiers must wait longer from one to the next")

    def topic_of(self, event_type: EventType) -> str:
        """The topic that events of this type lie on."""
        return self.names[event_type]

    @cached_property
    def _types(self) -> dict[str, EventType]:
        return {name: kind for kind, name in self.names.items()}

    def type_of(self, topic: str) -> EventType | None:
        """The type whose topic this is; None for a retry tier, the dead letters or a stranger."""
        return self._types.get(topic)
