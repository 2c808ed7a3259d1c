"""The rows of reviews: help that may not fit or be drawn twice, the hearing, and the conclusion."""

from datetime import date
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from engine.rows import Row, one_of
from outreach.lifecycle import states
from outreach.reviews import HEARD_HOW


class ReviewTask(Row, table=True):
    """A misplacement or a duplicate to be reviewed by a person. It stops no payment."""

    __tablename__ = "review_task"
    __table_args__: ClassVar[Any] = (
        one_of("state", states("review")),
        one_of("heard_how", HEARD_HOW),
        sa.CheckConstraint("owner <> ''", name="owner"),
        sa.CheckConstraint("due_on >= opened_on", name="due_on"),
        sa.CheckConstraint("(heard_on IS NULL) = (heard_how IS NULL)", name="heard"),
        sa.CheckConstraint("(state IN ('open', 'heard')) = (concluded_on IS NULL)", name="concluded"),
        sa.CheckConstraint("state <> 'confirmed' OR favour OR heard_on IS NOT NULL", name="hearing"),
    )

    id: int | None = Field(default=None, primary_key=True)
    household_id: str = Field(index=True)
    person_id: str | None = None
    code: str = Field(description="MIS-* or DUP-*, or V21, V22 of a visit")
    state: str = Field(default="open", index=True)
    opened_on: date
    due_on: date
    owner: str
    visit_id: int | None = Field(default=None, description="The visit that has found it, too; null = none")
    heard_on: date | None = None
    heard_how: str | None = None
    heard_by: str | None = None
    favour: bool = Field(default=False, description="Concluded in the household's favour")
    reason: str | None = None
    concluded_on: date | None = None
    concluded_by: str | None = None
