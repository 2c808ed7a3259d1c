"""An office with a night saved in a database, for tests of what comes back from visits without a home."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, select

from engine.audit import AuditLog
from engine.nights import Facts, Inputs, save_night
from engine.tables import OutreachItem
from engine.workplace import default_policy
from outreach.catalogue import Programmes
from outreach.policy import Policy
from outreach.workdays import WEEKDAYS, WorkCalendar

KEY = b"k" * 32
NIGHT = date(2026, 1, 5)
NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
FACTS = Facts(
    inputs=Inputs(input_sha256="i", policy_sha256="p", relative_poverty_model=None, emergency_model=None),
    code_version="0",
    manifest_path="nights/x/manifest.json",
    manifest_sha256="m",
    records_read=1,
    records_quarantined=0,
    households_scored=1,
    started_at=NOW,
    finished_at=NOW,
)
POLICY = Policy.from_toml(default_policy())


@dataclass(frozen=True)
class _Keys:
    vault: bytes = KEY


@dataclass
class Office:
    """What ``engine.feedback`` asks of a workplace, for an operator."""

    log: AuditLog
    policy: Policy = POLICY
    keys: _Keys = field(default_factory=_Keys)
    calendar: WorkCalendar = WEEKDAYS
    programmes: Programmes | None = None


def office(engine: sa.Engine) -> Any:
    """An office on a database."""
    return Office(AuditLog(engine, KEY, "op", "operator", lambda: NOW))


def a_night(session: Session, households: list[str], on: date = NIGHT) -> list[OutreachItem]:
    """Save a night that has listed these households, and give its items."""
    rows = [(household, "ana", place, "gap") for place, household in enumerate(households, start=1)]
    names = ["household_id", "caseworker_id", "position", "lane"]
    drafted = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        due_on=pl.lit(on + timedelta(days=10)),
        inclusion_probability=pl.lit(None, pl.Float64),
        priority=pl.lit(0.5),
    )
    save_night(session, "night", on, drafted, FACTS, audit_key=KEY)
    found = select(OutreachItem).where(OutreachItem.business_date == on).order_by(OutreachItem.position)
    return list(session.exec(found))
