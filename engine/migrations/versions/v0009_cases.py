"""Cases, their steps, and the parts of their packages."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OPEN = (
    "state IN ('accepted', 'aided', 'alert', 'application', 'check', 'confirmed', 'contact', 'county_opinion', "
    "'informed', 'notified', 'paid', 'publicity', 'refused', 'review_due', 'transferred', 'triage', 'visit')"
)
STATE = (
    "state IN ('accepted', 'aided', 'alert', 'application', 'check', 'closed', 'confirmed', 'contact', "
    "'county_opinion', 'died', 'informed', 'moved', 'notified', 'paid', 'publicity', 'refused', 'review_due', "
    "'transferred', 'triage', 'visit', 'withdrawn')"
)


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "casework",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("programme", sa.String(), nullable=True),
        sa.Column("within", sa.String(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=True),
        sa.Column("half_yearly", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_name", sa.String(), nullable=True),
        sa.Column("due_days", sa.Integer(), nullable=True),
        sa.Column("due_kind", sa.String(), nullable=True),
        sa.Column("due_basis", sa.String(), nullable=True),
        sa.Column("layer", sa.String(), nullable=True),
        sa.Column("kinds", sa.String(), nullable=True),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("package_on", sa.Date(), nullable=True),
        sa.CheckConstraint(STATE, name=op.f("ck_casework_state")),
        sa.CheckConstraint(
            "within IN ('decision', 'decision_delegated', 'decision_special')", name=op.f("ck_casework_within")
        ),
        sa.CheckConstraint(f"({OPEN}) = (due_on IS NOT NULL)", name=op.f("ck_casework_due_on")),
        sa.CheckConstraint("owner <> ''", name=op.f("ck_casework_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_casework")),
    )
    with op.batch_alter_table("casework", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_casework_household_id"), ["household_id"], unique=False)
        batch_op.create_index(
            "uq_casework_open",
            ["household_id"],
            unique=True,
            sqlite_where=sa.text(OPEN),
            postgresql_where=sa.text(OPEN),
        )
    op.create_table(
        "case_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=False),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("heard_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["casework.id"], name=op.f("fk_case_step_case_id_casework")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_step")),
    )
    with op.batch_alter_table("case_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_step_case_id"), ["case_id"], unique=False)
    op.create_table(
        "case_part",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("mechanism", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=True),
        sa.Column("low", sa.Integer(), nullable=True),
        sa.Column("high", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("verify", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('confirmed', 'dropped', 'open', 'refused')", name=op.f("ck_case_part_state")),
        sa.CheckConstraint("authority <> ''", name=op.f("ck_case_part_authority")),
        sa.CheckConstraint("(state = 'open') = (settled_on IS NULL)", name=op.f("ck_case_part_settled")),
        sa.ForeignKeyConstraint(["case_id"], ["casework.id"], name=op.f("fk_case_part_case_id_casework")),
        sa.PrimaryKeyConstraint("case_id", "position", name=op.f("pk_case_part")),
    )


def downgrade() -> None:
    """Back to the version before."""
    op.drop_table("case_part")
    with op.batch_alter_table("case_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_step_case_id"))
    op.drop_table("case_step")
    with op.batch_alter_table("casework", schema=None) as batch_op:
        batch_op.drop_index("uq_casework_open")
        batch_op.drop_index(batch_op.f("ix_casework_household_id"))
    op.drop_table("casework")
