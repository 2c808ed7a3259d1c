"""Cases in the hands of an office: listed with what is due, shown with every step, opened, moved, settled."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.casebook import classify, new_case, open_case, parts_of, take
from engine.db import reading, writing
from engine.errors import NotAllowedError, UsageError, XunfangError
from engine.outcomes import near, open_text
from engine.send import currency_of
from engine.tables import CasePart, CaseRow, CaseStep, Night
from engine.workplace import Workplace
from outreach.case_clocks import Clock
from outreach.case_tracks import LEFT_OUT, track_of
from outreach.casefile import CaseError, Taken
from outreach.codelists import DEPTHS, GRADES, KINDS
from outreach.lifecycle import OPEN_CASE, RECORDERS, TRANSITIONS, Actor, StepError
from outreach.wording import NOTHING, Text, same
from outreach.wording_case import CLOCKS, PARTS, REFUSED, STATES, clock_text
from outreach.wording_package import AUTHORITIES, amount
from outreach.wording_programmes import programme_name


def open_one(place: Workplace, household: str, *, programme: str, on: date, areas: Sequence[str]) -> dict[str, Any]:
    """Open the case of a household that has applied by itself, without having been on a list."""
    household = place.current(household)
    there = {name for (name,) in place.store().homes.households.select("household_id").iter_rows()}
    if household not in there:
        raise UsageError("HOUSEHOLD: there is no such household in the records", "Copy it from a card.")
    _refuse_far(place, household, areas)
    _refuse_to_come(place, on)
    with writing(place.database) as session:
        if (known := open_case(session, household)) is not None:
            raise told_error(CaseError("has_one", str(known.id)))
        case = new_case(household, on, _owner(place))
        night = session.exec(select(sa.func.max(Night.business_date)).where(col(Night.business_date) <= on)).one()
        if night is not None:
            classify(place, case, night)
        _taken(session, place, case, Taken("application", on, programme=programme))
        return _told(place, session, case)


def take_step(place: Workplace, number: int, taken: Taken, *, areas: Sequence[str]) -> dict[str, Any]:
    """Record one step of a case. The command line and a page share it.

    Raises UsageError with what would be allowed where the table, the track or the days do not hold the step,
    NotAllowedError where the household is of another area.
    """
    reason = None if taken.reason is None else open_text("--reason", taken.reason)
    _refuse_to_come(place, taken.on)
    with writing(place.database) as session:
        case = _find(session, number, lock=True)
        _refuse_far(place, case.household_id, areas)
        if taken.to == "closed":
            _refuse_open_parts(session, case)
        _taken(session, place, case, Taken(**{**vars(taken), "reason": reason}))
        return _told(place, session, case)


def settle_part(
    place: Workplace, number: int, position: int, *, state: str, on: date, reason: str, areas: Sequence[str]
) -> dict[str, Any]:
    """Record what became of a part of the package: confirmed or refused by its authority, or not pursued."""
    said = open_text("--reason", reason)
    _refuse_to_come(place, on)
    with writing(place.database) as session:
        case = _find(session, number, lock=True)
        _refuse_far(place, case.household_id, areas)
        part = session.get(CasePart, (number, position))
        if part is None or part.state != "open":
            raise told_error(CaseError("no_part", str(position)))
        part.state, part.settled_on, part.result = state, on, said
        session.flush()
        note = {"case": number, "part": position, "to": state, "reason": said, "households": [case.household_id]}
        place.log.note("case part settled", "case", note, session)
        return _told(place, session, case)


def listed(place: Workplace, *, areas: Sequence[str], overdue: bool = False, every: bool = False) -> dict[str, Any]:
    """The open cases, what is due next in each and since when it is overdue, soonest first. ``every``: ended too.

    A caseworker sees the cases of their areas. ``parts``: parts of packages that are past their due date.
    """
    today = place.log.today
    with reading(place.database) as session:
        statement = select(CaseRow).order_by(col(CaseRow.due_on).is_(None), col(CaseRow.due_on), col(CaseRow.id))
        rows = [case for case in session.exec(statement) if every or case.state in OPEN_CASE]
        ours = near(place, areas)
        rows = [case for case in rows if ours(case.household_id)]
        late: dict[int, int] = dict(
            (number, count)
            for number, count in session.execute(
                sa.select(col(CasePart.case_id), sa.func.count())
                .where(col(CasePart.state) == "open", col(CasePart.due_on) < today)
                .group_by(col(CasePart.case_id))
            )
        )
        cases = [_row(case, today) | {"parts_overdue": late.get(case.id or 0, 0)} for case in rows]
    if overdue:
        cases = [case for case in cases if case["overdue_days"] or case["parts_overdue"]]
    return {
        "today": today.isoformat(),
        "cases": cases,
        "overdue": sum(bool(each["overdue_days"]) for each in cases),
    }


def shown(place: Workplace, number: int, *, areas: Sequence[str]) -> dict[str, Any]:
    """One case: where it stands, what is next and by what, every step, the parts of its package."""
    with reading(place.database) as session:
        case = _find(session, number)
        _refuse_far(place, case.household_id, areas)
        return _told(place, session, case)


def told_error(wrong: CaseError | StepError) -> XunfangError:
    """A refusal as an error of the command line, in both languages."""
    if isinstance(wrong, StepError):
        said = REFUSED["not_in_table"]
        return UsageError(f"{wrong} / {said.zh}", "xunfang case show NUMBER says where it stands.")
    said, more = REFUSED[wrong.why], f" {wrong.more}" if wrong.more else ""
    message = f"{said.en}{more} / {said.zh}{more}"
    if wrong.why == "not_your_area":
        return NotAllowedError(message, "An operator or a caseworker of the area may record it.")
    return UsageError(message, "xunfang case show NUMBER says where it stands and what is next.")


def _taken(session: Session, place: Workplace, case: CaseRow, taken: Taken) -> None:
    who: Actor = next((each for each in RECORDERS if each == place.log.role), "operator")
    try:
        take(session, place, case, taken, who=who)
    except (CaseError, StepError) as wrong:
        raise told_error(wrong) from None


def _find(session: Session, number: int, *, lock: bool = False) -> CaseRow:
    statement = select(CaseRow).where(CaseRow.id == number)
    case = session.exec(statement.with_for_update() if lock else statement).first()
    if case is None:
        raise told_error(CaseError("unknown_case", str(number)))
    return case


def _refuse_open_parts(session: Session, case: CaseRow) -> None:
    left = [part for part in parts_of(session, case) if part.state == "open"]
    if left:
        raise told_error(CaseError("open_parts", ", ".join(f"{part.position} {part.programme}" for part in left)))


def _refuse_far(place: Workplace, household: str, areas: Sequence[str]) -> None:
    if not near(place, areas)(household):
        raise told_error(CaseError("not_your_area"))


def _refuse_to_come(place: Workplace, on: date) -> None:
    if on > place.log.today:
        raise told_error(CaseError("to_come", on.isoformat()))


def _owner(place: Workplace) -> str:
    return place.log.actor if place.log.role == "caseworker" else place.log.role


def _row(case: CaseRow, today: date) -> dict[str, Any]:
    late = 0 if case.due_on is None or case.due_on >= today else (today - case.due_on).days
    return {
        "case": case.id,
        "household": case.household_id,
        "state": case.state,
        "words": STATES[case.state],
        "since": case.since.isoformat(),
        "owner": case.owner,
        "programme": case.programme,
        "due_on": None if case.due_on is None else case.due_on.isoformat(),
        "next": NOTHING if case.due_name is None else CLOCKS.get(case.due_name, same(case.due_name)),
        "overdue_days": late,
    }


def _told(place: Workplace, session: Session, case: CaseRow) -> dict[str, Any]:
    today, money = place.log.today, currency_of(place)
    steps = session.exec(select(CaseStep).where(CaseStep.case_id == case.id).order_by(col(CaseStep.id)))
    name = NOTHING if case.programme is None else programme_name(case.programme)
    return {
        **_row(case, today),
        "name": name,
        "layer": NOTHING if case.layer is None else DEPTHS[case.layer].said,
        "kinds": [KINDS[code].said for code in (case.kinds or "").split()],
        "grade": NOTHING if case.grade is None else GRADES[case.grade].said,
        "track": track_of(case.programme),
        "opened_on": case.opened_on.isoformat(),
        "clock": _clock(case),
        "onward": _onward(case),
        "package_on": None if case.package_on is None else case.package_on.isoformat(),
        "steps": [
            {
                "on": each.on_day.isoformat(),
                "state": each.to_state,
                "words": STATES[each.to_state],
                "by": each.recorded_by,
                "heard_on": None if each.heard_on is None else each.heard_on.isoformat(),
                "reason": each.reason,
            }
            for each in steps
        ],
        "parts": [
            {
                "part": each.position,
                "programme": each.programme,
                "name": programme_name(each.programme),
                "owner": AUTHORITIES[each.authority],
                "amount": amount(each.month, each.low, each.high, money),
                "due_on": each.due_on.isoformat(),
                "basis": each.basis,
                "state": each.state,
                "words": PARTS[each.state],
                "overdue": each.state == "open" and each.due_on < today,
                "result": each.result,
            }
            for each in parts_of(session, case)
        ],
    }


def _onward(case: CaseRow) -> list[str]:
    """What the table and the procedure of its programme let the case become."""
    ways = {each.to_state for each in TRANSITIONS if each.subject == "case" and each.from_state == case.state}
    return sorted(to for to in ways if (case.state, to) not in LEFT_OUT[track_of(case.programme)])


def _clock(case: CaseRow) -> Text:
    if case.due_on is None:
        return NOTHING
    kinds: Mapping[str, Any] = {each: each for each in ("working", "natural", "month", "date")}
    clock = Clock(
        case.due_on, case.due_name or "", case.due_days or 0, kinds[case.due_kind or "date"], case.due_basis or ""
    )
    return clock_text(clock)
