"""The rows of disputes: which part of the records is contested, who settles it by when, and the result."""

from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from engine.rows import Row, UtcDateTime, one_of
from outreach.disputed import RAISED_BY, SUBJECTS
from outreach.lifecycle import states


class FactDispute(Row, table=True):
    """A fact that a household, or a worker, contests: unknown to every night until it is settled."""

    __tablename__ = "fact_dispute"
    __table_args__: ClassVar[Any] = (
        one_of("subject", SUBJECTS),
        one_of("raised_by", RAISED_BY),
        one_of("state", states("dispute")),
        sa.CheckConstraint("owner <> ''", name="owner"),
        sa.CheckConstraint("due_on >= since", name="due_on"),
        sa.CheckConstraint("(state = 'open') = (decided_on IS NULL)", name="decided"),
        sa.CheckConstraint("(state IN ('open', 'upheld')) = (ended_on IS NULL)", name="ended"),
        sa.Index(
            "uq_fact_dispute_standing",
            "household_id",
            "subject",
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    household_id: str = Field(index=True)
    subject: str
    since: date
    raised_by: str
    reason: str
    recorded_by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    owner: str = Field(description="Who settles it: a caseworker by id, or a role")
    due_on: date
    state: str = "open"
    decided_on: date | None = None
    decided_by: str | None = None
    result: str | None = Field(default=None, description="What was found, or why it was rejected")
    ended_on: date | None = Field(default=None, description="Rejected, or put right; null = the fact is unknown")
