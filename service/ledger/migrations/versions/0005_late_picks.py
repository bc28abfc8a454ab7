"""A parked pick is counted as late once, by whichever replica sees first that it is."""

from alembic import op
import sqlalchemy as sa

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "parked_events",
        sa.Column("counted_late", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
