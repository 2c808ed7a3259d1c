"""Households that come off a list that has gone out: who died, whose records were withdrawn, who asked for it.

An item that is taken off keeps its row and its reason; its list is written anew without it, and says so.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.audit import AuditLog
from engine.db import reading, writing
from engine.nights import STANDING
from engine.population import Population
from engine.tables import CasePart, CaseRow, CaseStep, Delivery, FactDispute, OutreachItem
from features.succession import fates
from outreach.lifecycle import BEFORE_APPLICATION, OPEN_CASE, Actor, step

REASONS: Final = ("deceased", "moved", "voided", "opted_out", "erased")
ENDS: Final = {"deceased": "died", "moved": "moved", "voided": "withdrawn", "opted_out": "withdrawn"}
"""What a case becomes whose household comes off the lists for a reason."""
STANDS: Final = col(FactDispute.ended_on).is_(None)
WAITING: Final = ("drafted", *STANDING)
"""States of an item that may still be taken off."""


def take_off(
    session: Session, log: AuditLog, reasons: Mapping[str, str], *, who: Actor, until: date | None = None
) -> int:
    """Take households (pseudonym → reason) off every list where they wait, in the caller's transaction.

    Lists that had been sent wait in the outbox again. ``until``: only items of nights up to this date. Returns how
    many items were taken off; none leaves no trace.
    """
    if not reasons:
        return 0
    statement = (
        select(OutreachItem)
        .where(col(OutreachItem.household_id).in_(sorted(reasons)), col(OutreachItem.state).in_(WAITING))
        .order_by(col(OutreachItem.id))
    )
    items = [item for item in session.exec(statement) if until is None or item.business_date <= until]
    for item in items:
        step("item", item.state, "withdrawn", who, reasons[item.household_id])
        item.state, item.state_reason = "withdrawn", reasons[item.household_id]
    if not items:
        return 0
    lists = sorted({item.list_id for item in items})
    session.flush()
    session.execute(
        sa.update(Delivery)
        .where(col(Delivery.list_id).in_(lists), col(Delivery.sent_at).is_not(None))
        .values(sent_at=None)
    )
    told = {
        "items": {str(item.id): item.state_reason for item in items},
        "lists": lists,
        "households": sorted({item.household_id for item in items}),
    }
    log.note("items taken off", "item", told, session)
    return len(items)


def end_cases(session: Session, log: AuditLog, reasons: Mapping[str, str], day: date, *, who: Actor) -> int:
    """End the open cases of households (pseudonym → reason), in the caller's transaction; returns how many.

    A death or a move ends every case. Who asks not to be contacted, or whose records were withdrawn, keeps an
    application that is under way: it is the household's own.
    """
    statement = select(CaseRow).where(
        col(CaseRow.household_id).in_(sorted(reasons)), col(CaseRow.state).in_(OPEN_CASE)
    )
    ended = 0
    for case in session.exec(statement.order_by(col(CaseRow.id)).with_for_update()):
        reason = reasons[case.household_id]
        to = ENDS.get(reason)
        if to is None or (to == "withdrawn" and case.state not in BEFORE_APPLICATION):
            continue
        step("case", case.state, to, who, reason)
        on = max(day, case.since)
        assert case.id is not None
        session.add(
            CaseStep(
                case_id=case.id,
                from_state=case.state,
                to_state=to,
                on_day=on,
                recorded_at=log.clock(),
                recorded_by=who if who == "night" else log.actor,
                reason=reason,
            )
        )
        case.state, case.since, case.due_on, case.due_name = to, on, None, None
        parts = sa.update(CasePart).where(col(CasePart.case_id) == case.id, col(CasePart.state) == "open")
        session.execute(parts.values(state="dropped", settled_on=on, result=to))
        ended += 1
        session.flush()
        log.note("case ended", "case", {"case": case.id, "to": to, "households": [case.household_id]}, session)
    return ended


def follow_moves(session: Session, log: AuditLog, moved: Mapping[str, str]) -> int:
    """What stands about households that moved goes on under their new numbers (old → new); returns how much.

    An open case, unless the new number has one of its own; a fact that is contested, unless it is there as well.
    """
    followed = []
    for row in session.exec(select(CaseRow).where(_theirs(CaseRow, moved), col(CaseRow.state).in_(OPEN_CASE))):
        new = moved[row.household_id]
        there = select(CaseRow).where(CaseRow.household_id == new, col(CaseRow.state).in_(OPEN_CASE))
        if session.exec(there).first() is None:
            followed += [row.household_id, new]
            row.household_id = new
            session.flush()
    for each in session.exec(select(FactDispute).where(_theirs(FactDispute, moved), STANDS)):
        new = moved[each.household_id]
        same = select(FactDispute).where(
            FactDispute.household_id == new, FactDispute.subject == each.subject, STANDS
        )
        if session.exec(same).first() is None:
            followed += [each.household_id, new]
            each.household_id = new
            session.flush()
    if followed:
        log.note("work follows a move", "household", {"households": sorted(set(followed))}, session)
    return len(followed) // 2


def _theirs(table: type[CaseRow] | type[FactDispute], moved: Mapping[str, str]) -> sa.ColumnElement[bool]:
    return col(table.household_id).in_(sorted(moved))


def retire_gone(
    log: AuditLog, population: Population, columns: pl.DataFrame, moved: pl.DataFrame, business_date: date
) -> int:
    """Take off the lists whoever is no household of the night any more: died out, ended, or records withdrawn.

    ``columns`` holds everybody of the night, ``moved`` which households go on under other numbers: the visit of one
    that moved waits for it there. Returns how many items were taken off.
    """
    with reading(log.database) as session:
        waiting = session.execute(
            sa.select(col(OutreachItem.household_id))
            .where(col(OutreachItem.state).in_(WAITING), col(OutreachItem.business_date) <= business_date)
            .distinct()
        ).scalars()
        cases = session.execute(
            sa.select(col(CaseRow.household_id)).where(
                col(CaseRow.state).in_(OPEN_CASE), col(CaseRow.since) <= business_date
            )
        ).scalars()
        contested = session.execute(sa.select(col(FactDispute.household_id)).where(STANDS)).scalars()
        worked = set(cases)
        following = {*worked, *contested}
        known = {*waiting, *worked}
        there = set(columns["household_id"])
        onward = moved.filter((pl.col("how") == "moved") & pl.col("successor").is_in(sorted(there)))
        news = onward.filter(pl.col("household_id").is_in(sorted(following)))
        moves = dict(news.select("household_id", "successor").iter_rows())
        gone = sorted(known - there - set(onward["household_id"]))
    if moves:
        with writing(log.database) as session:
            follow_moves(session, log, moves)
    if not gone:
        return 0
    found = pl.concat(population.mapped("gone", lambda bucket: fates(bucket.known_by(business_date), gone)))
    reasons = dict.fromkeys(gone, "voided") | dict(found.select("household_id", "fate").iter_rows())
    with writing(log.database) as session:
        end_cases(session, log, reasons, business_date, who="night")
        return take_off(session, log, reasons, who="night", until=business_date)
