"""Which delivery carries an accepted row in; an acceptance can be undone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATE = "ck_linkage_proposal_state"
BEFORE = "state IN ('accepted', 'proposed', 'rejected')"
NOW = "state IN ('accepted', 'proposed', 'rejected', 'undone')"


def upgrade() -> None:
    """To this version."""
    with op.batch_alter_table("linkage_proposal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("carried_by", sa.String(), nullable=True))
        batch_op.drop_constraint(op.f(STATE), type_="check")
        batch_op.create_check_constraint(op.f(STATE), NOW)


def downgrade() -> None:
    """Back to the version before."""
    op.execute("UPDATE linkage_proposal SET state = 'rejected' WHERE state = 'undone'")
    with op.batch_alter_table("linkage_proposal", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(STATE), type_="check")
        batch_op.create_check_constraint(op.f(STATE), BEFORE)
        batch_op.drop_column("carried_by")
