"""A consignment remembers the trace of what made it."""

from alembic import op
import sqlalchemy as sa

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("consignments", sa.Column("traceparent", sa.Text()))
