"""The first tables of the ledger."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from service.ledger.clock import Instant

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "history",
        sa.Column("entry", Serial, autoincrement=True, nullable=False),
        sa.Column("order_reference", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("details", Json, nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_history")),
    )
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_history_order_reference"), ["order_reference"], unique=False
        )

    op.create_table(
        "leases",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_leases")),
    )
    op.create_table(
        "ledger_info",
        sa.Column("only_row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("trusted_from", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_ledger_info")),
    )
    op.create_table(
        "operations",
        sa.Column("operation_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("order_reference", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("digest_version", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=False),
        sa.Column("ever_unknown", sa.Boolean(), nullable=False),
        sa.Column("lookup_from", Instant(), nullable=True),
        sa.Column("next_lookup_at", Instant(), nullable=True),
        sa.Column("result", Json, nullable=True),
        sa.Column("outcomes", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("published_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("operation_key", name=op.f("pk_operations")),
    )
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_operations_order_reference"), ["order_reference"], unique=False
        )
        batch_op.create_index(
            "ix_operations_unpublished",
            ["settled_at"],
            unique=False,
            postgresql_where=sa.text("outcomes IS NOT NULL AND published_at IS NULL"),
            sqlite_where=sa.text("outcomes IS NOT NULL AND published_at IS NULL"),
        )
        batch_op.create_index(
            "ix_operations_unsettled",
            ["state", "lease_until"],
            unique=False,
            postgresql_where=sa.text("state IN ('started', 'unknown')"),
            sqlite_where=sa.text("state IN ('started', 'unknown')"),
        )

    op.create_table(
        "orders",
        sa.Column("order_reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pro_order_reference", sa.Text(), nullable=True),
        sa.Column("shipping_location_reference", sa.Text(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("fully_packed", sa.Boolean(), nullable=False),
        sa.Column("placed_at", Instant(), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("order_reference", name=op.f("pk_orders")),
    )
    op.create_table(
        "parked_events",
        sa.Column("sequence", Serial, autoincrement=True, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("order_reference", sa.Text(), nullable=True),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("error_class", sa.Text(), nullable=False),
        sa.Column("error_detail", sa.Text(), nullable=False),
        sa.Column("first_failed_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_parked_events")),
        sa.UniqueConstraint(
            "topic", "partition", "offset", name=op.f("uq_parked_events_topic_partition_offset")
        ),
    )
    with op.batch_alter_table("parked_events", schema=None) as batch_op:
        batch_op.create_index("ix_parked_events_due", ["state", "due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_parked_events_order_reference"), ["order_reference"], unique=False
        )

    op.create_table(
        "timed_work",
        sa.Column("work_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("details", Json, nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("claimed_until", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("work_key", name=op.f("pk_timed_work")),
    )
    with op.batch_alter_table("timed_work", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_timed_work_due_at"), ["due_at"], unique=False)

    op.create_table(
        "consignments",
        sa.Column("consignment_reference", sa.Text(), nullable=False),
        sa.Column("order_reference", sa.Text(), nullable=False),
        sa.Column("pick_reference", sa.Text(), nullable=False),
        sa.Column("customer_reference", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("shipping_location_reference", sa.Text(), nullable=True),
        sa.Column("pro_state", sa.Text(), nullable=False),
        sa.Column("allocation_number", sa.Integer(), nullable=False),
        sa.Column("carrier_reference", sa.Text(), nullable=True),
        sa.Column("carrier_service_reference", sa.Text(), nullable=True),
        sa.Column("tracking_references", Json, nullable=False),
        sa.Column("label_sha256", sa.Text(), nullable=True),
        sa.Column("label_address", sa.Text(), nullable=True),
        sa.Column("manifest_reference", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_reference"], ["orders.order_reference"], name=op.f("fk_consignments_orders")
        ),
        sa.PrimaryKeyConstraint("consignment_reference", name=op.f("pk_consignments")),
    )
    with op.batch_alter_table("consignments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_consignments_customer_reference"), ["customer_reference"], unique=False
        )
        batch_op.create_index(
            "ix_consignments_location_state",
            ["shipping_location_reference", "pro_state"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_consignments_order_reference"), ["order_reference"], unique=False
        )

    op.create_table(
        "order_lines",
        sa.Column("order_reference", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("item_reference", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("picked", sa.Integer(), nullable=False),
        sa.Column("weight_kg", sa.Text(), nullable=False),
        sa.Column("length_cm", sa.Text(), nullable=False),
        sa.Column("width_cm", sa.Text(), nullable=False),
        sa.Column("height_cm", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_reference"], ["orders.order_reference"], name=op.f("fk_order_lines_orders")
        ),
        sa.PrimaryKeyConstraint("order_reference", "line", name=op.f("pk_order_lines")),
    )
    op.create_table(
        "picks",
        sa.Column("order_reference", sa.Text(), nullable=False),
        sa.Column("pick_reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("customer_reference", sa.Text(), nullable=False),
        sa.Column("quantities", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_reference"], ["orders.order_reference"], name=op.f("fk_picks_orders")
        ),
        sa.PrimaryKeyConstraint("order_reference", "pick_reference", name=op.f("pk_picks")),
        sa.UniqueConstraint("customer_reference", name=op.f("uq_picks_customer_reference")),
    )


def downgrade() -> None:
    op.drop_table("picks")
    op.drop_table("order_lines")
    with op.batch_alter_table("consignments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consignments_order_reference"))
        batch_op.drop_index("ix_consignments_location_state")
        batch_op.drop_index(batch_op.f("ix_consignments_customer_reference"))

    op.drop_table("consignments")
    with op.batch_alter_table("timed_work", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_timed_work_due_at"))

    op.drop_table("timed_work")
    with op.batch_alter_table("parked_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parked_events_order_reference"))
        batch_op.drop_index("ix_parked_events_due")

    op.drop_table("parked_events")
    op.drop_table("orders")
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_operations_unsettled",
            postgresql_where=sa.text("state IN ('started', 'unknown')"),
            sqlite_where=sa.text("state IN ('started', 'unknown')"),
        )
        batch_op.drop_index(
            "ix_operations_unpublished",
            postgresql_where=sa.text("outcomes IS NOT NULL AND published_at IS NULL"),
            sqlite_where=sa.text("outcomes IS NOT NULL AND published_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_operations_order_reference"))

    op.drop_table("operations")
    op.drop_table("ledger_info")
    op.drop_table("leases")
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_history_order_reference"))

    op.drop_table("history")
