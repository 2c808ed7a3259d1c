"""Reviews of misplacements and duplicates, with the hearing."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "review_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("heard_on", sa.Date(), nullable=True),
        sa.Column("heard_how", sa.String(), nullable=True),
        sa.Column("heard_by", sa.String(), nullable=True),
        sa.Column("favour", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("concluded_on", sa.Date(), nullable=True),
        sa.Column("concluded_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('cancelled', 'confirmed', 'data_wrong', 'heard', 'not_confirmed', 'open')",
            name=op.f("ck_review_task_state"),
        ),
        sa.CheckConstraint(
            "heard_how IN ('home', 'office', 'phone', 'writing')", name=op.f("ck_review_task_heard_how")
        ),
        sa.CheckConstraint("owner <> ''", name=op.f("ck_review_task_owner")),
        sa.CheckConstraint("due_on >= opened_on", name=op.f("ck_review_task_due_on")),
        sa.CheckConstraint("(heard_on IS NULL) = (heard_how IS NULL)", name=op.f("ck_review_task_heard")),
        sa.CheckConstraint(
            "(state IN ('open', 'heard')) = (concluded_on IS NULL)", name=op.f("ck_review_task_concluded")
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR favour OR heard_on IS NOT NULL", name=op.f("ck_review_task_hearing")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_task")),
    )
    with op.batch_alter_table("review_task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_task_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_task_state"), ["state"], unique=False)


def downgrade() -> None:
    """Back to the version before."""
    with op.batch_alter_table("review_task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_task_state"))
        batch_op.drop_index(batch_op.f("ix_review_task_household_id"))
    op.drop_table("review_task")
