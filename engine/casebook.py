"""Cases in the database: opened by the first outcome, moved by the table, each step dated and audited."""

from datetime import date, timedelta
from typing import Final

from sqlmodel import Session, col, select

from engine.packages import layer_of_night, package_of_night
from engine.tables import CasePart, CaseRow, CaseStep, OutreachItem, Referral, Visit
from engine.workplace import Workplace
from outreach.case_outcomes import AGREED, move_of, way
from outreach.casefile import CaseFile, Rules, Taken, moved
from outreach.lifecycle import OPEN_CASE, RECORDERS, Actor
from outreach.package import Package

ENDS_PARTS: Final = ("withdrawn", "died", "moved")


def rules_on(place: Workplace, day: date) -> Rules:
    """What the clocks of a day are counted by."""
    force = () if place.programmes is None else place.programmes.on(day).rules
    return Rules({rule.programme.code: rule.programme for rule in force}, place.calendar, place.policy)


def open_case(session: Session, household: str) -> CaseRow | None:
    """The household's open case, held against others who would move it."""
    mine = select(CaseRow).where(CaseRow.household_id == household, col(CaseRow.state).in_(OPEN_CASE))
    return session.exec(mine.with_for_update()).first()


def new_case(household: str, day: date, owner: str) -> CaseRow:
    """A case that has taken no step yet."""
    return CaseRow(household_id=household, opened_on=day, state="", since=day, owner=owner)


def classify(place: Workplace, case: CaseRow, night: date) -> None:
    """Give a case the layer and the kinds of hardship that a night has told of its household."""
    told = layer_of_night(place, case.household_id, night)
    if told is not None:
        case.layer, case.kinds, case.grade = told["layer"], " ".join(told["kinds"]), told["grade"]


def take(
    session: Session,
    place: Workplace,
    case: CaseRow,
    taken: Taken,
    *,
    who: Actor,
    visit: Visit | None = None,
    rules: Rules | None = None,
) -> CaseStep:
    """Move a case by one step in the caller's transaction, and note it. Raises ``StepError`` or ``CaseError``."""
    now = place.log.clock()
    before = case.state
    after, clock = moved(_file(case), taken, who, rules or rules_on(place, taken.on))
    case.state, case.since, case.programme = after.state, after.since, after.programme
    case.accepted_on, case.given_on, case.within = after.accepted_on, after.given, after.limit
    case.half_yearly = after.half_yearly
    case.due_on = None if clock is None else clock.on
    case.due_name, case.due_days, case.due_kind, case.due_basis = (
        (None,) * 4 if clock is None else (clock.name, clock.days, clock.kind, clock.basis)
    )
    session.add(case)
    session.flush()
    assert case.id is not None
    step = CaseStep(
        case_id=case.id,
        from_state=before,
        to_state=case.state,
        on_day=taken.on,
        recorded_at=now,
        recorded_by=place.log.actor if who in RECORDERS else who,
        visit_id=None if visit is None else visit.id,
        heard_on=taken.heard_on,
        reason=taken.reason,
    )
    session.add(step)
    _settle_with(session, case, taken)
    session.flush()
    told = {
        "case": case.id,
        "from": before,
        "to": case.state,
        "on": taken.on.isoformat(),
        "programme": case.programme,
        "reason": taken.reason,
        "households": [case.household_id],
    }
    place.log.note("case moved", "case", told, session)
    return step


def after_visit(
    session: Session,
    place: Workplace,
    visit: Visit,
    item: OutreachItem,
    *,
    worker: str,
    referral: Referral | None,
) -> CaseRow:
    """The household's case moves by what a visit has brought; the first outcome opens it, with the steps before.

    In the transaction that records the outcome. An outcome that the procedure leaves alone moves nothing.
    """
    case = open_case(session, visit.household_id)
    if case is None:
        case = new_case(visit.household_id, item.business_date, worker)
        classify(place, case, item.business_date)
        take(session, place, case, Taken("alert", item.business_date, given=item.due_on), who="night")
    to = move_of(visit.outcome, case.state)
    if to is None:
        return case
    package = package_for(place, visit, item) if visit.outcome in AGREED else None
    *before, last = way(case.state, to)
    for each in before:
        by: Actor = "policy" if each == "triage" else place.log.recorder
        on = case.since if each == "triage" else _on(case, visit)
        own = None if each == "triage" else visit
        take(session, place, case, Taken(each, on, given=item.due_on), who=by, visit=own)
    given = _again_on(place, visit, referral) if to in ("contact", "transferred") else None
    taken = Taken(last, _on(case, visit), programme=None if package is None else lead_of(package), given=given)
    take(session, place, case, taken, who=place.log.recorder, visit=visit)
    if referral is not None and to == "transferred":
        case.owner = referral.owner
    if case.state not in OPEN_CASE:
        drop_parts(session, case, case.state, case.since)
    if package is not None:
        _store(session, case, package, item.business_date)
    session.flush()
    return case


def after_undo(session: Session, place: Workplace, visit: Visit, item: OutreachItem, reason: str) -> None:
    """An outcome was taken back: a case that it moved last waits for its visit again, without the package.

    A case that somebody has moved on since, or beside which another was opened, stays as it is.
    """
    steps = select(CaseStep).where(CaseStep.visit_id == visit.id).order_by(col(CaseStep.id).desc())
    mine = session.exec(steps).first()
    if mine is None:
        return
    later = session.exec(
        select(CaseStep).where(CaseStep.case_id == mine.case_id, col(CaseStep.id) > mine.id)
    ).first()
    case = session.get(CaseRow, mine.case_id)
    assert case is not None
    other = open_case(session, visit.household_id)
    if later is not None or case.state in ("contact", "visit") or (other is not None and other.id != case.id):
        return
    drop_parts(session, case, "visit", case.since)
    take(session, place, case, Taken("visit", case.since, reason=reason, given=item.due_on), who=place.log.recorder)


def lead_of(package: Package) -> str | None:
    """The programme that leads a case: the weightiest part of assistance, else the first of the package."""
    likely = package.parts or package.open
    rescue = [part for part in likely if part.mechanism == "rescue"]
    return next((part.programme for part in [*rescue, *likely]), None)


def package_for(place: Workplace, visit: Visit, item: OutreachItem) -> Package | None:
    """What was suggested to the household by the night of its list, applied for on the day of the visit."""
    return package_of_night(place, visit.household_id, item.business_date, visit.visited_on)


def drop_parts(session: Session, case: CaseRow, why: str, on: date) -> None:
    """Parts that nobody pursues any more."""
    for part in parts_of(session, case):
        if part.state == "open":
            part.state, part.settled_on, part.result = "dropped", on, why


def parts_of(session: Session, case: CaseRow) -> list[CasePart]:
    """The parts of a case's package, in their order."""
    return list(session.exec(select(CasePart).where(CasePart.case_id == case.id).order_by(col(CasePart.position))))


def _file(case: CaseRow) -> CaseFile:
    return CaseFile(
        case.state, case.since, case.programme, case.accepted_on, case.given_on, case.within, case.half_yearly
    )


def _on(case: CaseRow, visit: Visit) -> date:
    """The day of the visit; of one that is told late, not before the step that was recorded since."""
    return max(visit.visited_on, case.since)


def _again_on(place: Workplace, visit: Visit, referral: Referral | None) -> date | None:
    if referral is not None:
        return referral.due_on
    days = dict(place.policy.recheck_days).get(visit.outcome)
    return None if days is None else visit.visited_on + timedelta(days=days)


def _store(session: Session, case: CaseRow, package: Package, night: date) -> None:
    """The package with which the household agrees to apply; parts of an earlier one that nobody began give way.

    Where the records know of no part, what is to be found out first is owned and due as well.
    """
    kept = [part for part in parts_of(session, case) if part.state != "open"]
    for part in parts_of(session, case):
        if part.state == "open":
            session.delete(part)
    session.flush()
    begun = {(part.programme, part.person_id) for part in kept}
    position = max((part.position for part in kept), default=0)
    assert case.id is not None
    for each in package.parts or package.open:
        if (each.programme, each.person_id) in begun:
            continue
        position += 1
        session.add(
            CasePart(
                case_id=case.id,
                position=position,
                programme=each.programme,
                person_id=each.person_id,
                mechanism=each.mechanism,
                verdict=each.verdict,
                authority=each.authority,
                month=each.month,
                low=each.low,
                high=each.high,
                due_on=each.due.on,
                basis=each.due.article,
                verify=" ".join(each.verify),
            )
        )
    case.package_on = night


def _settle_with(session: Session, case: CaseRow, taken: Taken) -> None:
    """What an authority has decided on the programme that leads the case settles its part; an end settles all."""
    if taken.to in ENDS_PARTS:
        drop_parts(session, case, taken.to, taken.on)
    if taken.to in ("confirmed", "refused"):
        for part in parts_of(session, case):
            if part.state == "open" and part.programme == case.programme:
                part.state, part.settled_on, part.result = taken.to, taken.on, taken.reason
