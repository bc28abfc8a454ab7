"""Every table of the ledger. No name, address or telephone number stands here in the clear.

What may hold such data (a parked event, an outcome with PRO's own words) is sealed, see sealing.py.
"""

from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from service.ledger.clock import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Json = JSON().with_variant(JSONB(), "postgresql")
_Serial = BigInteger().with_variant(Integer(), "sqlite")


class OrderState(StrEnum):
    """Where an order stands in the ledger."""

    PLACED = "placed"
    """Its event has arrived, PRO's answer has not."""
    RECORDED = "recorded"
    """PRO knows it."""
    REJECTED = "rejected"
    """PRO refused it; its reference is free for another attempt."""
    CANCELLED = "cancelled"
    """The shop cancelled it, perhaps before it was placed: nothing more is packed, for ever."""
    NO_ORDER = "no_order"
    """No order at all: a consignment that was requested without one, under its own reference."""


class PickState(StrEnum):
    """Where a pick stands; the first two hold their quantities."""

    RESERVED = "reserved"
    PACKED = "packed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """Its consignment was cancelled; what it took can be picked again."""


class OperationState(StrEnum):
    """What is known of one operation (one changing call to PRO)."""

    STARTED = "started"
    """Claimed; PRO is being asked, or its asker died."""
    UNKNOWN = "unknown"
    """PRO may have acted: to be reconciled before PRO is asked again."""
    RELEASED = "released"
    """Certainly nothing happened; free to be claimed."""
    FINISHED = "finished"
    """Done, for ever."""
    REFUSED = "refused"
    """PRO, or we, said no; the reference is free for another attempt."""


class ParkedState(StrEnum):
    """Where a parked event stands; a settled one has no row."""

    PARKED = "parked"
    """Waits for its due time, or for its turn."""
    DEAD = "dead"
    """A dead letter: waits for a person."""
    DISCARDED = "discarded"
    """Given up by a person: its payload is gone, its row keeps a redelivery from running."""


ledger_info = Table(
    "ledger_info",
    metadata,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("trusted_from", Instant, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Instant, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("order_reference", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("pro_order_reference", Text, index=True),
    Column("shipping_location_reference", Text),
    Column("sequence", Integer, nullable=False),
    Column("fully_packed", Boolean, nullable=False),
    Column("facts", _Json, nullable=False, server_default="{}"),
    Column("amended_version", Integer),
    Column("placed_at", Instant, nullable=False),
    Column("moved_at", Instant, nullable=False),
    Index("ix_orders_placed_at", "placed_at"),
    Index("ix_orders_state_placed_at", "state", "placed_at"),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_reference", Text, primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("sku", Text),
    Column("item_reference", Text),
    Column("quantity", Integer, nullable=False),
    Column("picked", Integer, nullable=False),
    Column("weight_kg", Text, nullable=False),
    Column("length_cm", Text, nullable=False),
    Column("width_cm", Text, nullable=False),
    Column("height_cm", Text, nullable=False),
    ForeignKeyConstraint(["order_reference"], ["orders.order_reference"]),
)

picks = Table(
    "picks",
    metadata,
    Column("order_reference", Text, primary_key=True),
    Column("pick_reference", Text, primary_key=True, index=True),
    Column("state", Text, nullable=False),
    Column("customer_reference", Text, nullable=False, unique=True),
    Column("quantities", _Json, nullable=False),
    ForeignKeyConstraint(["order_reference"], ["orders.order_reference"]),
)

consignments = Table(
    "consignments",
    metadata,
    Column("consignment_reference", Text, primary_key=True),
    Column("order_reference", Text, nullable=False, index=True),
    Column("pick_reference", Text),
    Column("customer_reference", Text, nullable=False, index=True),
    Column("direction", Text, nullable=False),
    Column("shipping_location_reference", Text),
    Column("pro_state", Text, nullable=False),
    Column("allocation_number", Integer, nullable=False),
    Column("allocation_ways", _Json),
    Column("carrier_reference", Text),
    Column("carrier_service_reference", Text),
    Column("tracking_references", _Json, nullable=False),
    Column("label_sha256", Text),
    Column("label_address", Text),
    Column("manifest_reference", Text),
    Column("traceparent", Text),
    Column("created_at", Instant, nullable=False),
    Column("moved_at", Instant, nullable=False),
    ForeignKeyConstraint(["order_reference"], ["orders.order_reference"]),
    Index("ix_consignments_location_state", "shipping_location_reference", "pro_state"),
    Index("ix_consignments_created_at", "created_at"),
    Index("ix_consignments_pro_state_created_at", "pro_state", "created_at"),
    Index("ix_consignments_tracking_references", "tracking_references", postgresql_using="gin"),
)

operations = Table(
    "operations",
    metadata,
    Column("operation_key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("order_reference", Text, index=True),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("content_digest", Text, nullable=False),
    Column("digest_version", Integer, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("ever_unknown", Boolean, nullable=False),
    Column("lookup_from", Instant),
    Column("next_lookup_at", Instant),
    Column("result", _Json),
    Column("event", LargeBinary),
    Column("outcomes", LargeBinary),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("published_at", Instant),
    Index(
        "ix_operations_unpublished",
        "settled_at",
        postgresql_where=text("outcomes IS NOT NULL AND published_at IS NULL"),
        sqlite_where=text("outcomes IS NOT NULL AND published_at IS NULL"),
    ),
    Index(
        "ix_operations_unsettled",
        "state",
        "lease_until",
        postgresql_where=text("state IN ('started', 'unknown')"),
        sqlite_where=text("state IN ('started', 'unknown')"),
    ),
    Index(
        "ix_operations_refused",
        "kind",
        "settled_at",
        postgresql_where=text("state = 'refused'"),
        sqlite_where=text("state = 'refused'"),
    ),
)

parked_events = Table(
    "parked_events",
    metadata,
    Column("sequence", _Serial, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("order_reference", Text, index=True),
    Column("consignment_reference", Text),
    Column("event_type", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("holds", Boolean, nullable=False, server_default=true()),
    Column("attempt", Integer, nullable=False),
    Column("replays", Integer, nullable=False, server_default="0"),
    Column("error_class", Text, nullable=False),
    Column("error_detail", Text, nullable=False),
    Column("remark", Text),
    Column("first_failed_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("letter_at", Instant),
    Column("counted_late", Boolean, nullable=False, server_default=false()),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("topic", "partition", "offset"),
    Index("ix_parked_events_due", "state", "due_at"),
)

timed_work = Table(
    "timed_work",
    metadata,
    Column("work_key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("details", _Json, nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
    Column("claimed_until", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
)

FOR_PEOPLE = "what IN ('return consignment missing', 'stray consignment found')"
"""Entries that ask for a person by themselves."""

history = Table(
    "history",
    metadata,
    Column("entry", _Serial, primary_key=True, autoincrement=True),
    Column("order_reference", Text, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    Column("event_id", Text),
    Column("details", _Json, nullable=False),
    Index(
        "ix_history_for_people",
        "what",
        "at",
        postgresql_where=text(FOR_PEOPLE),
        sqlite_where=text(FOR_PEOPLE),
    ),
)

seen_to = Table(
    "seen_to",
    metadata,
    Column("item", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)
