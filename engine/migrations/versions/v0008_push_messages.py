"""Messages to channels beside the folder."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "push_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("night_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("lists", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.String(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('claimed', 'dead', 'delivered', 'waiting')", name=op.f("ck_push_message_state")
        ),
        sa.CheckConstraint("(state = 'claimed') = (claim IS NOT NULL)", name=op.f("ck_push_message_claim")),
        sa.CheckConstraint(
            "(state IN ('delivered', 'dead')) = (settled_at IS NOT NULL)", name=op.f("ck_push_message_settled")
        ),
        sa.CheckConstraint(
            "lists >= 1 AND households >= 0 AND urgent >= 0 AND attempts >= 0",
            name=op.f("ck_push_message_counts"),
        ),
        sa.ForeignKeyConstraint(["night_id"], ["night.id"], name=op.f("fk_push_message_night_id_night")),
        sa.ForeignKeyConstraint(
            ["list_id"], ["outreach_list.id"], name=op.f("fk_push_message_list_id_outreach_list")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_push_message_message_id")),
    )
    with op.batch_alter_table("push_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_message_list_id"), ["list_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_push_message_night_id"), ["night_id"], unique=False)
        batch_op.create_index("ix_push_message_state_due_at", ["state", "due_at"], unique=False)


def downgrade() -> None:
    """Back to the version before."""
    with op.batch_alter_table("push_message", schema=None) as batch_op:
        batch_op.drop_index("ix_push_message_state_due_at")
        batch_op.drop_index(batch_op.f("ix_push_message_night_id"))
        batch_op.drop_index(batch_op.f("ix_push_message_list_id"))

    op.drop_table("push_message")
