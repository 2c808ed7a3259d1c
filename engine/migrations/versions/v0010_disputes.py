"""Facts in dispute."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SUBJECT = (
    "subject IN ('benefit', 'disability', 'dwelling', 'event', 'income', 'insurance', 'medical', 'people', "
    "'school', 'work')"
)
STANDING = "ended_on IS NULL"


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "fact_dispute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("raised_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint(SUBJECT, name=op.f("ck_fact_dispute_subject")),
        sa.CheckConstraint("raised_by IN ('household', 'worker')", name=op.f("ck_fact_dispute_raised_by")),
        sa.CheckConstraint(
            "state IN ('corrected', 'open', 'rejected', 'upheld')", name=op.f("ck_fact_dispute_state")
        ),
        sa.CheckConstraint("owner <> ''", name=op.f("ck_fact_dispute_owner")),
        sa.CheckConstraint("due_on >= since", name=op.f("ck_fact_dispute_due_on")),
        sa.CheckConstraint("(state = 'open') = (decided_on IS NULL)", name=op.f("ck_fact_dispute_decided")),
        sa.CheckConstraint(
            "(state IN ('open', 'upheld')) = (ended_on IS NULL)", name=op.f("ck_fact_dispute_ended")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_dispute")),
    )
    with op.batch_alter_table("fact_dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fact_dispute_household_id"), ["household_id"], unique=False)
        batch_op.create_index(
            "uq_fact_dispute_standing",
            ["household_id", "subject"],
            unique=True,
            sqlite_where=sa.text(STANDING),
            postgresql_where=sa.text(STANDING),
        )


def downgrade() -> None:
    """Back to the version before."""
    with op.batch_alter_table("fact_dispute", schema=None) as batch_op:
        batch_op.drop_index("uq_fact_dispute_standing")
        batch_op.drop_index(batch_op.f("ix_fact_dispute_household_id"))
    op.drop_table("fact_dispute")
