"""Reviews in the database: opened from the desk queue and from visits, in the transaction of either."""

from datetime import date, timedelta
from typing import Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.audit import AuditLog
from engine.tables import Referral, ReviewTask, Visit
from outreach.desk import for_the_desk
from outreach.lifecycle import FINAL, Actor, step
from outreach.reviews import OF_VISIT, QUIET_DAYS, SETTLED_BY

KEY: Final = ("household_id", "person_id", "code")
STANDING: Final = ("open", "heard")
REFERRED: Final = ("layer", "doubled")


def open_from_desk(session: Session, log: AuditLog, desk: pl.DataFrame, day: date) -> int:
    """Open a review for each misplacement and duplicate on the desk that has none; returns how many.

    What was concluded within ``QUIET_DAYS`` is not opened again. One entry of the audit log for all of a night.
    """
    step("review", "", "open", "night")
    found = (
        desk.filter(for_the_desk() & pl.col("household_id").is_not_null())
        .group_by(KEY)
        .agg(due_on=pl.col("due_on").min())
        .sort(KEY, nulls_last=True)
    )
    if found.is_empty():
        return 0
    waiting = sa.select(*(getattr(ReviewTask, name) for name in KEY)).where(col(ReviewTask.state).in_(STANDING))
    known = {tuple(row) for row in session.execute(waiting)} | at_rest(session, day)
    new = [
        {"household_id": home, "person_id": person, "code": code, "due_on": max(due, day)}
        for home, person, code, due in found.select(*KEY, "due_on").iter_rows()
        if (home, person, code) not in known
    ]
    if not new:
        return 0
    fixed = {"state": "open", "opened_on": day, "owner": "reviewer", "favour": False}
    session.execute(sa.insert(ReviewTask), [{**each, **fixed} for each in new])
    told = {"business_date": day, "reviews": len(new), "households": sorted({each["household_id"] for each in new})}
    log.note("reviews opened", "household", told, session)
    return len(new)


def at_rest(session: Session, day: date) -> set[tuple[str, str | None, str]]:
    """``KEY`` of what somebody has concluded on within ``QUIET_DAYS`` before a day: it waits for nobody."""
    lately = day - timedelta(days=QUIET_DAYS)
    concluded = sa.select(*(getattr(ReviewTask, name) for name in KEY)).where(
        col(ReviewTask.state) != "cancelled", col(ReviewTask.concluded_on) >= lately
    )
    return {(home, person, code) for home, person, code in session.execute(concluded)}


def after_visit(session: Session, log: AuditLog, visit: Visit, *, due_on: date, who: Actor) -> None:
    """What a visit says of reviews: V21 and V22 have found it, too, which concludes nothing; V20 settles it."""
    if visit.outcome in SETTLED_BY:
        for row in _of(session, visit.household_id, SETTLED_BY[visit.outcome]):
            step("review", row.state, "confirmed", who, visit.outcome)
            row.state, row.favour, row.reason = "confirmed", True, visit.outcome
            row.concluded_on, row.concluded_by, row.visit_id = visit.visited_on, log.actor, visit.id
            log.note("review concluded", "household", {"review": row.id, "households": [row.household_id]}, session)
    if visit.outcome in OF_VISIT:
        rows = _of(session, visit.household_id, OF_VISIT[visit.outcome])
        for row in rows:
            row.visit_id = visit.id
        if not rows:
            step("review", "", "open", who)
            today = visit.recorded_at.astimezone().date()
            session.add(
                ReviewTask(
                    household_id=visit.household_id,
                    code=visit.outcome,
                    opened_on=today,
                    due_on=due_on,
                    owner="reviewer",
                    visit_id=visit.id,
                )
            )
    session.flush()


def after_undo(session: Session, visit: Visit, day: date, *, who: Actor) -> None:
    """A visit was taken back: a review that it alone had opened is cancelled; what it had concluded waits again."""
    for row in session.exec(select(ReviewTask).where(ReviewTask.visit_id == visit.id)):
        if row.code == visit.outcome and row.state in STANDING:
            step("review", row.state, "cancelled", who, "the visit was taken back")
            row.state, row.concluded_on = "cancelled", max(day, row.opened_on)
        elif row.state in FINAL["review"] and row.reason in SETTLED_BY:
            step("review", row.state, "open", who, "the visit was taken back")
            row.state, row.concluded_on, row.concluded_by, row.favour, row.reason = "open", None, None, False, None
        row.visit_id = None
    session.flush()


def settle_referral(session: Session, log: AuditLog, row: ReviewTask) -> None:
    """The referral by which the same visit had handed the matter on is done with the review."""
    if row.visit_id is None:
        return
    waiting = select(Referral).where(Referral.visit_id == row.visit_id, Referral.state == "open")
    for each in session.exec(waiting.where(col(Referral.kind).in_(REFERRED))):
        each.state, each.result = "done", f"review {row.id}: {row.state}"
        each.closed_at, each.closed_by = log.clock(), log.actor


def _of(session: Session, household: str, prefix: str) -> list[ReviewTask]:
    mine = select(ReviewTask).where(ReviewTask.household_id == household, col(ReviewTask.state).in_(STANDING))
    return [row for row in session.exec(mine.with_for_update()) if row.code.startswith(prefix)]
