"""Outcomes in the hands of an office: one recorded or taken back, a referral settled, all of them listed."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.db import reading, writing
from engine.errors import NotAllowedError, UsageError, XunfangError
from engine.feedback import Filled, RefusedError, plain_referral, record, undo
from engine.send import send_late
from engine.tables import Night, OutreachItem, OutreachList, Referral, Visit
from engine.visits import counts
from engine.workplace import Workplace
from outreach.outcomes import item_of, ticket
from outreach.permissions import SOMEBODY, in_area

NAME: Final = re.compile(r"[\w.@-]{1,40}")
RESULT: Final = 300
"""Characters of what came of a referral."""
FORBIDDEN: Final = ("not_yours", "not_your_area")


def record_one(place: Workplace, text: str, filled: Filled, *, areas: Sequence[str]) -> dict[str, Any]:
    """Record the outcome of the item that a text names; raises UsageError or NotAllowedError with the reason."""
    for option, name in (("--by", filled.visited_by), ("--owner", filled.owner)):
        if name is not None and not NAME.fullmatch(name):
            raise UsageError(f"{option}: is no name of somebody who works here", "Give the id of a caseworker.")
    try:
        with writing(place.database) as session:
            found = find(session, text)
            return vars(record(session, place, found, filled, areas=areas, now=place.log.clock()))
    except RefusedError as refused:
        raise told(refused) from None


def undo_one(place: Workplace, text: str, *, reason: str, areas: Sequence[str]) -> dict[str, Any]:
    """Take back the outcome of the item that a text names; raises UsageError or NotAllowedError with the reason."""
    said = open_text("--reason", reason)
    try:
        with writing(place.database) as session:
            back = undo(session, place, find(session, text), reason=said, areas=areas, now=place.log.clock())
    except RefusedError as refused:
        raise told(refused) from None
    if back["state"] == "withdrawn" and not back["already"]:
        send_late(place, place.log.clock())
    return back


def find(session: Session, text: str) -> OutreachItem:
    """The item that a text names: its number, with or without the check behind it. Raises RefusedError."""
    named = item_of(text)
    item = None if named is None else session.get(OutreachItem, named[0])
    if named is None or item is None:
        raise RefusedError("unknown_item")
    if named[1] and ticket(named[0], item.business_date) != f"{named[0]}-{named[1]}":
        raise RefusedError("wrong_check")
    return item


def told(refused: RefusedError) -> XunfangError:
    """The refusal as an error of the command line."""
    message = f"{refused.text.en} / {refused.text.zh}"
    if refused.why in FORBIDDEN:
        return NotAllowedError(message, "An operator may record it, for whoever made the visit (--by).")
    return UsageError(message, "xunfang outcome list shows the items and what is recorded.")


def settle(place: Workplace, referral: int, *, state: str, result: str) -> dict[str, Any]:
    """Close a referral: ``done``, or ``returned`` where the other side would not take it. Audited.

    A caseworker closes those that they own. Raises UsageError where it is not open, NotAllowedError for another's.
    """
    said = open_text("--result", result)
    with writing(place.database) as session:
        row = session.get(Referral, referral)
        if row is None or row.state != "open":
            raise UsageError(
                f"{referral}: there is no open referral of this number", "xunfang outcome list shows them."
            )
        if place.log.role == "caseworker" and row.owner != place.log.actor:
            raise NotAllowedError(f"{referral}: this referral is somebody else's", f"{row.owner} has it.")
        row.state, row.result = state, said
        row.closed_at, row.closed_by = place.log.clock(), place.log.actor
        session.flush()
        note = {"referral": referral, "result": said, "households": [row.household_id]}
        place.log.note(f"referral {state}", "referral", note, session)
        return plain_referral(row)


def open_text(option: str, text: str) -> str:
    """A sentence that is kept in the open; raises UsageError where it is blank, too long, or names somebody."""
    if not text.strip() or len(text.strip()) > RESULT or SOMEBODY.search(text):
        raise UsageError(
            f"{option}: is blank, longer than {RESULT} characters, or holds a phone or an identity number",
            "Say it in a sentence that names nobody.",
        )
    return text.strip()


def listed(place: Workplace, business_date: date | None = None, *, areas: Sequence[str] = ()) -> dict[str, Any]:
    """The visits of a night's lists (None = the newest): item, whose, due when, in which state, with which outcome.

    And every open referral, with its owner and due date, whichever night it comes from. A caseworker sees
    their own list, or, where no list has their name, the households of their areas. No remark is opened.
    """
    today = place.log.today
    mine = _theirs(place, areas)
    with reading(place.database) as session:
        newest = sa.select(sa.func.max(col(Night.business_date))).scalar_subquery()
        statement = (
            select(OutreachItem, OutreachList.caseworker_id, Visit)
            .join(OutreachList, col(OutreachItem.list_id) == col(OutreachList.id))
            .join(Visit, sa.and_(col(Visit.item_id) == col(OutreachItem.id), counts()), isouter=True)
            .where(col(OutreachItem.business_date) == (business_date or newest))
            .order_by(col(OutreachList.caseworker_id), col(OutreachItem.position))
        )
        rows = [
            _row(item, worker, visit)
            for item, worker, visit in session.execute(statement)
            if mine(worker, item.household_id)
        ]
        waiting = select(Referral).where(Referral.state == "open").order_by(col(Referral.due_on), col(Referral.id))
        referrals = [
            plain_referral(each) | {"household": each.household_id, "overdue": each.due_on < today}
            for each in session.exec(waiting)
            if mine(each.owner, each.household_id)
        ]
    return {
        "business_date": rows[0]["business_date"] if rows else business_date,
        "items": rows,
        "referrals": referrals,
    }


def _theirs(place: Workplace, areas: Sequence[str]) -> Callable[[str, str], bool]:
    """Whether something that somebody has, about a household, is for whoever works here to see."""
    if place.log.role != "caseworker":
        return lambda _owner, _household: True
    if place.log.actor in {worker.caseworker_id for worker in place.bureau.caseworkers()}:
        return lambda owner, _household: owner == place.log.actor
    regions = dict(place.store().homes.households.select("household_id", "region").iter_rows())
    return lambda _owner, household: in_area(regions.get(household, ""), areas)


def near(place: Workplace, areas: Sequence[str]) -> Callable[[str], bool]:
    """Whether a household is for whoever works here: a caseworker has the households of their areas."""
    if place.log.role != "caseworker":
        return lambda _household: True
    regions = dict(place.store().homes.households.select("household_id", "region").iter_rows())
    return lambda household: in_area(regions.get(household, ""), areas)


def _row(item: OutreachItem, worker: str, visit: Visit | None) -> dict[str, Any]:
    assert item.id is not None
    return {
        "item": ticket(item.id, item.business_date),
        "business_date": item.business_date,
        "caseworker": worker,
        "household": item.household_id,
        "due_on": item.due_on,
        "state": item.state,
        "state_reason": item.state_reason,
        "outcome": None if visit is None else visit.outcome,
        "visited_on": None if visit is None else visit.visited_on,
        "contact": None if visit is None else visit.contact,
        "attempt": None if visit is None else visit.attempt,
        "remark": visit is not None and visit.note is not None,
    }
