"""What comes back from a visit: recorded once, by one function, whether a person, a sheet or a page brings it.

An outcome closes its item and moves the household's case by the lifecycle table, starts the cool-down and the day
to come again that the policy gives it, opens the referral that the table of ``outreach.outcomes`` asks for, and is
a label where it says whether there was need. Taken back, it counts no more: its row stays, with a row beside it
that says who, when and why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NoReturn

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine import reviewing
from engine.casebook import after_undo, after_visit
from engine.nights import STANDING
from engine.retraction import WAITING, take_off
from engine.tables import OptOut, OutreachItem, OutreachList, Referral, Visit, VisitUndone
from engine.visits import counts, sealed_note
from engine.workplace import Workplace
from outreach import wording_outcomes as words
from outreach.lifecycle import step
from outreach.outcomes import CONTACTS, CONTINUED, HINDRANCES, RULES, need, ticket
from outreach.permissions import in_area, may
from outreach.wording import NOTHING, Text, same

NOTE: Final = 500
"""Characters of a remark."""


class RefusedError(Exception):
    """An outcome that is not taken: ``why``, a code of ``wording_outcomes.REFUSED``, and ``more`` to say of it."""

    def __init__(self, why: str, more: Text = NOTHING) -> None:
        super().__init__(why)
        self.why = why
        self.more = more

    @property
    def text(self) -> Text:
        """The same for a person."""
        said = words.REFUSED[self.why]
        if self.more == NOTHING:
            return said
        return Text(f"{said.zh}：{self.more.zh}", f"{said.en}: {self.more.en}")


@dataclass(frozen=True)
class Filled:
    """An outcome as somebody has filled it in.

    ``visited_by``: null = whose list it is. ``owner`` of a referral: null = by the table. ``mark``: the sender's
    own mark, by which a record that is sent twice is known, even where it was taken back in between.
    """

    outcome: str
    visited_on: date
    contact: str = "home"
    hindrance: str | None = None
    about: str | None = None
    note: str | None = None
    minutes: int | None = None
    visited_by: str | None = None
    owner: str | None = None
    mark: str | None = None


@dataclass(frozen=True)
class Recorded:
    """What became of it. ``already``: it was recorded before, and nothing was changed; ``undone``: and taken back.

    ``need``: the label, null where the outcome says nothing. ``quiet_until``: the day on which the cool-down ends;
    ``again_on``: the day to come again (null: none is planned). ``referral``: what was opened, with owner and due
    date.
    """

    item: str
    visit: int
    household: str
    outcome: str
    need: bool | None
    attempt: int
    already: bool
    undone: bool = False
    quiet_until: date | None = None
    again_on: date | None = None
    referral: Mapping[str, Any] | None = None


def record(
    session: Session, place: Workplace, item: OutreachItem, filled: Filled, *, areas: Sequence[str], now: datetime
) -> Recorded:
    """Record the outcome of an item in the caller's transaction, for whoever works in ``place``, in ``areas``.

    The same outcome twice is one outcome. Raises ``RefusedError``, before anything is written, where the item is
    not out, is somebody else's, was taken off or has another outcome, or where what is filled in cannot be.
    """
    _refuse_a_stranger(session, place, item, areas)
    known = _known(session, place, item, filled)
    if known is not None:
        return known
    _refuse_what_cannot_be(item, filled, now)
    _refuse_what_is_closed(session, item)
    worker = _list_of(session, item).caseworker_id
    visit = Visit(
        item_id=item.id or 0,
        household_id=item.household_id,
        outcome=filled.outcome,
        visited_on=filled.visited_on,
        visited_by=filled.visited_by or worker,
        recorded_at=now,
        recorded_by=place.log.actor,
        contact=filled.contact,
        attempt=_attempt(session, item.household_id, filled.visited_on),
        hindrance=filled.hindrance,
        about=filled.about,
        minutes=filled.minutes,
        mark=filled.mark,
    )
    session.add(visit)
    session.flush()
    assert visit.id is not None
    note = (filled.note or "").strip()
    if note:
        visit.note = sealed_note(place.keys.vault, visit.id, note)
    step("item", item.state, "done", place.log.recorder)
    item.state = "done"
    referral = _refer(session, place, visit, filled.owner or "", worker)
    session.flush()
    due_on = place.policy.referral_due("layer", now.astimezone().date(), place.calendar)
    reviewing.after_visit(session, place.log, visit, due_on=due_on, who=place.log.recorder)
    case = after_visit(session, place, visit, item, worker=worker, referral=referral)
    told = {
        "item": item.id,
        "visit": visit.id,
        "outcome": visit.outcome,
        "visited_on": visit.visited_on.isoformat(),
        "contact": visit.contact,
        "attempt": visit.attempt,
        "remark": bool(note),
        "referral": None if referral is None else referral.id,
        "case": case.id,
        "households": [item.household_id],
    }
    place.log.note("outcome recorded", "item", told, session)
    return _told(place, item, visit, referral, already=False)


def undo(
    session: Session, place: Workplace, item: OutreachItem, *, reason: str, areas: Sequence[str], now: datetime
) -> dict[str, Any]:
    """Take an item's outcome back: it counts no more, its open referral is cancelled, the visit waits again.

    Whoever recorded it may, and an operator or reviewer. Where the household waits on a newer list by now, the
    visit waits there only; where it has asked not to be contacted since, nowhere (and its list is to be written
    anew). Done twice it changes nothing. Raises ``RefusedError``.
    """
    _refuse_a_stranger(session, place, item, areas, taking_back=True)
    visit = _standing(session, item)
    if visit is None:
        before = select(Visit).where(Visit.item_id == item.id).order_by(col(Visit.id).desc())
        last = session.exec(before).first()
        if last is None:
            raise RefusedError("nothing_recorded")
        return {"item": _ticket(item), "visit": last.id, "already": True, "state": item.state}
    if place.log.role == "caseworker" and visit.recorded_by != place.log.actor:
        raise RefusedError("not_yours")
    if item.state_reason is not None:
        raise RefusedError("taken_off", same(item.state_reason))
    elsewhere = _waiting_elsewhere(session, item) is not None
    state = "superseded" if elsewhere else "open"
    step("item", item.state, state, place.log.recorder, reason)
    item.state = state
    theirs = _list_of(session, item)
    if state == "open" and theirs.state == "closed":
        step("list", "closed", "released", place.log.recorder, reason)
        theirs.state = "released"
    session.add(VisitUndone(visit_id=visit.id or 0, undone_at=now, undone_by=place.log.actor, reason=reason))
    opened = select(Referral).where(Referral.visit_id == visit.id, Referral.state == "open")
    cancelled = list(session.exec(opened))
    for each in cancelled:
        each.state, each.closed_at, each.closed_by = "cancelled", now, place.log.actor
    session.flush()
    reviewing.after_undo(session, visit, now.astimezone().date(), who=place.log.recorder)
    after_undo(session, place, visit, item, reason)
    told = {
        "item": item.id,
        "visit": visit.id,
        "outcome": visit.outcome,
        "reason": reason,
        "referrals_cancelled": len(cancelled),
        "households": [item.household_id],
    }
    place.log.note("outcome taken back", "item", told, session)
    if _opted_out(session, item.household_id, now.astimezone().date()):
        take_off(session, place.log, {item.household_id: "opted_out"}, who="operator")
    return {
        "item": _ticket(item),
        "visit": visit.id,
        "already": False,
        "state": item.state,
        "referrals_cancelled": len(cancelled),
    }


def _opted_out(session: Session, household: str, today: date) -> bool:
    in_force = sa.or_(col(OptOut.until).is_(None), col(OptOut.until) >= today)
    return session.exec(select(OptOut).where(OptOut.household_id == household, in_force)).first() is not None


def _known(session: Session, place: Workplace, item: OutreachItem, filled: Filled) -> Recorded | None:
    """What is told of an outcome that was recorded before; None of a new one."""
    marked = None
    if filled.mark is not None:
        marked = session.exec(select(Visit).where(Visit.mark == filled.mark)).first()
        if marked is not None and (marked.item_id, marked.outcome) != (item.id, filled.outcome):
            raise RefusedError("mark_used")
    visit = marked or _standing(session, item)
    if visit is None or (visit.outcome, visit.visited_on) != (filled.outcome, filled.visited_on):
        return None
    undone = session.get(VisitUndone, visit.id) is not None
    referral = session.exec(select(Referral).where(Referral.visit_id == visit.id)).first()
    return _told(place, item, visit, referral, already=True, undone=undone)


def _told(
    place: Workplace,
    item: OutreachItem,
    visit: Visit,
    referral: Referral | None,
    *,
    already: bool,
    undone: bool = False,
) -> Recorded:
    quiet, again = dict(place.policy.cool_down_days), dict(place.policy.recheck_days)
    assert visit.id is not None
    return Recorded(
        _ticket(item),
        visit.id,
        visit.household_id,
        visit.outcome,
        need(visit.outcome),
        visit.attempt,
        already,
        undone,
        visit.visited_on + timedelta(days=quiet[visit.outcome]),
        visit.visited_on + timedelta(days=again[visit.outcome]) if visit.outcome in again else None,
        None if referral is None else plain_referral(referral),
    )


def plain_referral(referral: Referral) -> dict[str, Any]:
    """A referral as plain values."""
    names = ("id", "kind", "about", "owner", "opened_on", "due_on", "state", "result")
    return {name: getattr(referral, name) for name in names}


def _refuse_a_stranger(
    session: Session, place: Workplace, item: OutreachItem, areas: Sequence[str], *, taking_back: bool = False
) -> None:
    """A caseworker records what is on their own list, and nothing of another area."""
    role, actor = place.log.role, place.log.actor
    if role != "caseworker":
        return
    known = {worker.caseworker_id for worker in place.bureau.caseworkers()}
    if actor in known and _list_of(session, item).caseworker_id != actor and not taking_back:
        raise RefusedError("not_yours")
    there = place.store().homes.households.filter(pl.col("household_id") == item.household_id)
    near = bool(there.height) and in_area(there["region"][0], areas)
    if not may("caseworker", "record", "social", near, "visit").allowed:
        raise RefusedError("not_your_area")


def _refuse_what_cannot_be(item: OutreachItem, filled: Filled, now: datetime) -> None:
    rule = RULES.get(filled.outcome)
    wrong = {
        "bad_code": rule is None,
        "bad_contact": filled.contact not in CONTACTS,
        "bad_hindrance": filled.hindrance is not None and filled.hindrance not in HINDRANCES,
        "met_and_hindered": filled.hindrance is not None and rule is not None and rule.met,
        "bad_about": filled.about is not None and (rule is None or filled.about not in rule.about),
        "long_note": len((filled.note or "").strip()) > NOTE,
        "to_come": filled.visited_on > now.astimezone().date(),
        "too_early": filled.visited_on < item.business_date,
    }
    for why, so in wrong.items():
        if so:
            raise RefusedError(why)


def _refuse_what_is_closed(session: Session, item: OutreachItem) -> None:
    if item.state in STANDING:
        return
    if item.state == "drafted":
        raise RefusedError("not_out")
    if item.state == "done":
        visit = _standing(session, item)
        more = (
            NOTHING
            if visit is None
            else Text(f"{visit.outcome}，{visit.visited_on}", f"{visit.outcome}, {visit.visited_on}")
        )
        raise RefusedError("done_otherwise", more)
    _refuse_what_was_taken_off(session, item)


def _refuse_what_was_taken_off(session: Session, item: OutreachItem) -> NoReturn:
    newer = _waiting_elsewhere(session, item)
    if newer is not None:
        worker, name = _list_of(session, newer).caseworker_id, _ticket(newer)
        raise RefusedError("reassigned", Text(f"{name}（{worker}）", f"{name} ({worker})"))
    reason = item.state_reason or item.state
    raise RefusedError("taken_off", Text(reason, reason))


def _waiting_elsewhere(session: Session, item: OutreachItem) -> OutreachItem | None:
    """The newest item of another date on which the same household waits."""
    statement = (
        select(OutreachItem)
        .where(
            OutreachItem.household_id == item.household_id,
            OutreachItem.id != item.id,
            col(OutreachItem.state).in_(WAITING),
        )
        .order_by(col(OutreachItem.business_date).desc())
    )
    return session.exec(statement).first()


def _standing(session: Session, item: OutreachItem) -> Visit | None:
    """The visit of an item whose outcome counts."""
    return session.exec(select(Visit).where(Visit.item_id == item.id, counts())).first()


def _list_of(session: Session, item: OutreachItem) -> OutreachList:
    return session.exec(select(OutreachList).where(OutreachList.id == item.list_id)).one()


def _attempt(session: Session, household: str, on: date) -> int:
    """1 and one more for each visit in a row, up to a day, at which nobody was met."""
    before = (
        sa.select(col(Visit.outcome))
        .where(col(Visit.household_id) == household, col(Visit.visited_on) <= on, counts())
        .order_by(col(Visit.visited_on).desc(), col(Visit.id).desc())
    )
    attempt = 1
    for outcome in session.execute(before).scalars():
        if outcome not in CONTINUED:
            break
        attempt += 1
    return attempt


def _refer(session: Session, place: Workplace, visit: Visit, owner: str, worker: str) -> Referral | None:
    """Open what the outcome hands on: with an owner and a due date, so that nothing is nobody's."""
    rule = RULES[visit.outcome]
    if rule.opens is None:
        return None
    assert visit.id is not None
    today = visit.recorded_at.astimezone().date()
    referral = Referral(
        visit_id=visit.id,
        household_id=visit.household_id,
        kind=rule.opens,
        about=visit.about,
        owner=owner.strip() or (worker if rule.owner == "caseworker" else rule.owner),
        opened_on=today,
        due_on=place.policy.referral_due(rule.opens, today, place.calendar),
    )
    session.add(referral)
    return referral


def _ticket(item: OutreachItem) -> str:
    assert item.id is not None
    return ticket(item.id, item.business_date)
