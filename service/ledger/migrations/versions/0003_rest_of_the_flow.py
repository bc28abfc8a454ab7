"""Orders are amended and cancelled; consignments without an order; ways to allocate; do it again."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("orders") as batch_op:
        batch_op.add_column(sa.Column("facts", _JSON, server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("amended_version", sa.Integer(), nullable=True))
    with op.batch_alter_table("consignments") as batch_op:
        batch_op.alter_column("pick_reference", existing_type=sa.Text(), nullable=True)
        batch_op.add_column(sa.Column("allocation_ways", _JSON, nullable=True))
    with op.batch_alter_table("operations") as batch_op:
        batch_op.add_column(sa.Column("event", sa.LargeBinary(), nullable=True))
