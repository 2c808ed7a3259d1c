"""The rows of cases: where each stands and what is next, every step it has taken, the parts of its package."""

from datetime import date, datetime
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlmodel import Field

from engine.rows import Row, UtcDateTime, one_of
from outreach.case_clocks import LIMITS
from outreach.lifecycle import OPEN_CASE, states

PART_STATES: Final = ("open", "confirmed", "refused", "dropped")
_OPEN: Final = ", ".join(f"'{state}'" for state in sorted(OPEN_CASE))


class CaseRow(Row, table=True):
    """One case of one household, from the alert to its end. A household has one open case at most."""

    __tablename__ = "casework"
    __table_args__: ClassVar[Any] = (
        one_of("state", states("case")),
        one_of("within", LIMITS),
        sa.CheckConstraint(f"(state IN ({_OPEN})) = (due_on IS NOT NULL)", name="due_on"),
        sa.CheckConstraint("owner <> ''", name="owner"),
        sa.Index(
            "uq_casework_open",
            "household_id",
            unique=True,
            sqlite_where=sa.text(f"state IN ({_OPEN})"),
            postgresql_where=sa.text(f"state IN ({_OPEN})"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    household_id: str = Field(index=True)
    opened_on: date
    state: str
    since: date = Field(description="The day of the last step")
    owner: str = Field(description="A caseworker by id, or a role")
    programme: str | None = Field(default=None, description="The one that leads it; null = nothing is applied for")
    within: str = Field(default="decision", description="Which limit the whole procedure is under")
    accepted_on: date | None = None
    given_on: date | None = Field(default=None, description="A due date that a list or a referral has set")
    half_yearly: bool = False
    due_on: date | None = Field(default=None, description="When the next step is due; null = it is over")
    due_name: str | None = None
    due_days: int | None = None
    due_kind: str | None = None
    due_basis: str | None = Field(default=None, description="The article, or policy")
    layer: str | None = Field(default=None, description="Depth of hardship by the night (codelists.DEPTHS)")
    kinds: str | None = Field(default=None, description="Kinds of hardship, divided by blanks (codelists.KINDS)")
    grade: str | None = Field(default=None, description="Grade of service (codelists.GRADES)")
    package_on: date | None = Field(default=None, description="The night by whose verdicts the package was made")


class CaseStep(Row, table=True):
    """A step of a case: from where to where, on which day, who recorded it, and why."""

    __tablename__ = "case_step"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="casework.id", index=True)
    from_state: str
    to_state: str
    on_day: date
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    recorded_by: str
    visit_id: int | None = Field(default=None, description="The visit whose outcome it follows; null = a person")
    heard_on: date | None = Field(default=None, description="When the household was heard; null = not asked for")
    reason: str | None = None


class CasePart(Row, table=True):
    """A part of the package that a household has agreed to apply for: owner, due date, what became of it."""

    __tablename__ = "case_part"
    __table_args__: ClassVar[Any] = (
        one_of("state", PART_STATES),
        sa.CheckConstraint("authority <> ''", name="authority"),
        sa.CheckConstraint("(state = 'open') = (settled_on IS NULL)", name="settled"),
    )

    case_id: int = Field(foreign_key="casework.id", primary_key=True)
    position: int = Field(primary_key=True)
    programme: str
    person_id: str | None = None
    mechanism: str
    verdict: str
    authority: str
    month: int | None = Field(default=None, description="Minor units per month; null = not known")
    low: int | None = None
    high: int | None = None
    due_on: date
    basis: str = Field(description="The article of the due date; empty = the policy")
    verify: str = Field(description="Ids of the conditions to verify first, divided by blanks")
    state: str = "open"
    settled_on: date | None = None
    result: str | None = None
