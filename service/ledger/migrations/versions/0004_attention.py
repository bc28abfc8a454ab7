"""What needs a person's attention is found, and marked as seen to; orders are found by any name."""

from alembic import op
import sqlalchemy as sa

from service.ledger.clock import Instant

revision = "0004"
down_revision = "0003"

_FOR_PEOPLE = sa.text("what IN ('return consignment missing', 'stray consignment found')")
_REFUSED = sa.text("state = 'refused'")


def upgrade() -> None:
    op.create_table(
        "seen_to",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("item", name="pk_seen_to"),
    )
    op.create_index("ix_orders_placed_at", "orders", ["placed_at"])
    op.create_index("ix_consignments_created_at", "consignments", ["created_at"])
    op.create_index("ix_orders_state_placed_at", "orders", ["state", "placed_at"])
    op.create_index("ix_orders_pro_order_reference", "orders", ["pro_order_reference"])
    op.create_index("ix_picks_pick_reference", "picks", ["pick_reference"])
    op.create_index(
        "ix_consignments_pro_state_created_at", "consignments", ["pro_state", "created_at"]
    )
    op.create_index(
        "ix_consignments_tracking_references",
        "consignments",
        ["tracking_references"],
        postgresql_using="gin",
    )
    op.create_index(
        "ix_operations_refused",
        "operations",
        ["kind", "settled_at"],
        postgresql_where=_REFUSED,
        sqlite_where=_REFUSED,
    )
    op.create_index(
        "ix_history_for_people",
        "history",
        ["what", "at"],
        postgresql_where=_FOR_PEOPLE,
        sqlite_where=_FOR_PEOPLE,
    )
