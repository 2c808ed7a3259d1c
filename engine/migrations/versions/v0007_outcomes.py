"""How contact was made, which attempt it was, what stood in the way; outcomes taken back; referrals."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ABOUT = (
    "about IN ('CL', 'GA', 'JY', 'MZ', 'NY', 'RS', 'WJ', 'YB', 'ZJ', 'address', 'benefit', 'income', 'other', "
    "'other_data', 'people', 'phone')"
)
HINDRANCE = "hindrance IN ('away', 'no_answer', 'no_way', 'unsafe', 'wrong_address', 'wrong_number')"
KIND = "kind IN ('data', 'deceased', 'department', 'doubled', 'layer', 'moved', 'refusal', 'safety')"
CHECKS = {
    "contact": "contact IN ('home', 'other', 'phone')",
    "hindrance": HINDRANCE,
    "about": ABOUT,
    "attempt": "attempt >= 1",
    "minutes": "minutes >= 0",
}
NAMES = ("recorded_by", "contact", "attempt", "hindrance", "about", "minutes", "note", "mark")


def upgrade() -> None:
    """To this version."""
    with op.batch_alter_table("visit", schema=None) as batch_op:
        for column in _added():
            batch_op.add_column(column)
        for name, rule in CHECKS.items():
            batch_op.create_check_constraint(op.f(f"ck_visit_{name}"), rule)
        batch_op.create_unique_constraint(op.f("uq_visit_mark"), ["mark"])

    op.create_table(
        "visit_undone",
        sa.Column("visit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_undone_visit_id_visit")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit_undone")),
    )

    op.create_table(
        "referral",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.CheckConstraint(KIND, name=op.f("ck_referral_kind")),
        sa.CheckConstraint(ABOUT, name=op.f("ck_referral_about")),
        sa.CheckConstraint("state IN ('cancelled', 'done', 'open', 'returned')", name=op.f("ck_referral_state")),
        sa.CheckConstraint("owner <> ''", name=op.f("ck_referral_owner")),
        sa.CheckConstraint("due_on >= opened_on", name=op.f("ck_referral_due_on")),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_referral_closed")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_referral_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referral_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_visit_id"), ["visit_id"], unique=False)


def downgrade() -> None:
    """Back to the version before."""
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referral_visit_id"))
        batch_op.drop_index(batch_op.f("ix_referral_household_id"))
    op.drop_table("referral")
    op.execute("DELETE FROM visit WHERE id IN (SELECT visit_id FROM visit_undone)")
    op.drop_table("visit_undone")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_visit_mark"), type_="unique")
        for name in CHECKS:
            batch_op.drop_constraint(op.f(f"ck_visit_{name}"), type_="check")
        for name in NAMES:
            batch_op.drop_column(name)


def _added() -> list[sa.Column[Any]]:
    return [
        sa.Column("recorded_by", sa.String(), server_default="", nullable=False),
        sa.Column("contact", sa.String(), server_default="home", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        sa.Column("hindrance", sa.String(), nullable=True),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("mark", sa.String(), nullable=True),
    ]
