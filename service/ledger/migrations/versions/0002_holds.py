"""Events wait behind parked ones and dead letters of their order; people replay and discard."""

from alembic import op
import sqlalchemy as sa

from service.ledger.clock import Instant, now_plus

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("parked_events") as batch_op:
        batch_op.add_column(sa.Column("consignment_reference", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("holds", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        batch_op.add_column(
            sa.Column("replays", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("remark", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("letter_at", Instant(), nullable=True))
    # Their letters have left already.
    parked = sa.table("parked_events", sa.column("state"), sa.column("letter_at", Instant()))
    op.execute(sa.update(parked).where(parked.c.state == "dead").values(letter_at=now_plus()))
