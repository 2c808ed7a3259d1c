"""A household waits on one list per date; an item that was given to somebody else gives way to the new one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = ["household_id", "business_date"]
COUNTS = "state <> 'superseded'"


def upgrade() -> None:
    """To this version."""
    with op.batch_alter_table("outreach_item", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_outreach_item_household_id_business_date"), type_="unique")
        batch_op.create_index(
            "uq_outreach_item_standing",
            COLUMNS,
            unique=True,
            sqlite_where=sa.text(COUNTS),
            postgresql_where=sa.text(COUNTS),
        )


def downgrade() -> None:
    """Back to the version before; what was given to somebody else is left to who has it now."""
    gone = "state = 'superseded' AND state_reason = 'reassigned'"
    op.execute(f"DELETE FROM outreach_item WHERE {gone} AND id NOT IN (SELECT item_id FROM visit)")
    with op.batch_alter_table("outreach_item", schema=None) as batch_op:
        batch_op.drop_index("uq_outreach_item_standing")
        batch_op.create_unique_constraint(batch_op.f("uq_outreach_item_household_id_business_date"), COLUMNS)
