"""The rows of what visits have brought: outcomes, those taken back, and what was handed on to somebody else.

A visit's row is never changed after it was recorded: an outcome that is taken back has a row beside it.
"""

from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from engine.rows import Row, UtcDateTime, one_of
from outreach.outcomes import ABOUT, CONTACTS, HINDRANCES, REFERRAL_STATES, REFERRALS
from outreach.policy import OUTCOMES


class Visit(Row, table=True):
    """What happened at the door: an outcome from V10 (agrees to apply) to V70 (refuses the check)."""

    __tablename__ = "visit"
    __table_args__: ClassVar[Any] = (
        one_of("outcome", OUTCOMES),
        one_of("contact", CONTACTS),
        one_of("hindrance", HINDRANCES),
        one_of("about", ABOUT),
        sa.CheckConstraint("attempt >= 1", name="attempt"),
        sa.CheckConstraint("minutes >= 0", name="minutes"),
    )

    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="outreach_item.id", index=True)
    household_id: str = Field(index=True)
    outcome: str
    visited_on: date
    visited_by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    recorded_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    contact: str = Field(default="home", sa_column_kwargs={"server_default": "home"})
    attempt: int = Field(
        default=1,
        sa_column_kwargs={"server_default": "1"},
        description="1 and one more for each visit in a row before it at which nobody was met",
    )
    hindrance: str | None = Field(default=None, description="Why the visit could not be made; null = it was")
    about: str | None = Field(default=None, description="The department referred to, or the data found wrong")
    minutes: int | None = Field(default=None, description="How long it took; null = not recorded")
    note: bytes | None = Field(default=None, description="A remark, sealed; null = none")
    mark: str | None = Field(default=None, unique=True, description="The sender's own mark of the record")


class VisitUndone(Row, table=True):
    """An outcome that was taken back: its visit does not count any more."""

    __tablename__ = "visit_undone"

    visit_id: int = Field(primary_key=True, foreign_key="visit.id", sa_column_kwargs={"autoincrement": False})
    undone_at: datetime = Field(sa_type=UtcDateTime)
    undone_by: str
    reason: str


class Referral(Row, table=True):
    """What a visit has handed on: what it is about, who owns it, by when, and what became of it."""

    __tablename__ = "referral"
    __table_args__: ClassVar[Any] = (
        one_of("kind", REFERRALS),
        one_of("about", ABOUT),
        one_of("state", REFERRAL_STATES),
        sa.CheckConstraint("owner <> ''", name="owner"),
        sa.CheckConstraint("due_on >= opened_on", name="due_on"),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    )

    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id", index=True)
    household_id: str = Field(index=True)
    kind: str
    about: str | None = None
    owner: str = Field(description="A caseworker by id, or a role")
    opened_on: date
    due_on: date
    state: str = "open"
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str | None = None
    result: str | None = Field(default=None, description="What came of it, in the closer's words")
