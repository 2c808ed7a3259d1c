"""The clock of a case in each state: what is to be done next, by when, by which article or by the policy.

Limits of law come from the pack (``time_limits`` of the programme) and run over working or natural days as it says.
Where the law sets none, the policy does (``[cases]``), and the clock says so: an open case always has a next day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from outreach.case_tracks import Track
from outreach.catalogue import Programme, TimeLimit, cited
from outreach.lifecycle import BEFORE_APPLICATION, OPEN_CASE
from outreach.policy import Policy
from outreach.workdays import WorkCalendar

LIMITS: Final = ("decision", "decision_special", "decision_delegated")
"""The limits for the whole procedure that a case may be under: ordinary, special, delegated to the township."""
POLICY: Final = "policy"
"""The basis of a clock that no law sets."""
LASTING: Final = ("ordinary", "destitute", "child")
"""Tracks of aid that goes on, and is reviewed."""
PAID_FROM: Final[Mapping[str, str]] = {"ordinary": "《最低生活保障审核确认办法》第二十一条 [L3]"}
REVIEWED: Final[Mapping[str, str]] = {"ordinary": "《最低生活保障审核确认办法》第三十一条 [L3]"}
"""Where the law says so; elsewhere the policy follows it."""
ASSISTED: Final = "《社会救助法》第三十九条 [L1]"
REVIEW_ASKED: Final = "《行政复议法》第二十条 [R]"
ASKED_WITHIN: Final = 60
"""Natural days in which somebody may ask for a review of a refusal."""

Kind = Literal["working", "natural", "month", "date"]


@dataclass(frozen=True)
class Clock:
    """The next day of a case: ``name`` says of what (``wording_case.CLOCKS``), ``days`` of which ``kind``."""

    on: date
    name: str
    days: int
    kind: Kind
    basis: str


@dataclass(frozen=True)
class Dates:
    """What the clocks run from: the days of the present state, of the acceptance, and one that was set elsewhere.

    ``given``: the due date of the list, or of the referral that has the case.
    """

    since: date
    accepted_on: date | None = None
    given: date | None = None
    limit: str = "decision"
    half_yearly: bool = False


def clock_of(
    state: str,
    track: Track,
    dates: Dates,
    programme: Programme | None,
    *,
    calendar: WorkCalendar,
    policy: Policy,
) -> Clock | None:
    """The next day of a case in a state; null where the case is over."""
    if state not in OPEN_CASE:
        return None
    limits = {} if programme is None else {each.step: each for each in programme.time_limits}
    if state in BEFORE_APPLICATION:
        return _before(state, dates, calendar, policy)
    whole = None if dates.accepted_on is None else _whole(track, state, dates, limits, calendar)
    own = _own(state, track, dates, limits, calendar)
    found = [each for each in (own, whole) if each is not None]
    if found:
        return min(found, key=lambda each: (each.on, each.name))
    wait = policy.cases.accept_working_days if state == "application" else policy.cases.otherwise_working_days
    return Clock(calendar.after(dates.since, wait), state, wait, "working", POLICY)


def _before(state: str, dates: Dates, calendar: WorkCalendar, policy: Policy) -> Clock:
    if state == "informed":
        days = policy.cases.inform_working_days
        return Clock(calendar.after(dates.since, days), state, days, "working", ASSISTED + f" ({POLICY})")
    if state == "aided":
        days = dict(policy.recheck_days).get("V12", policy.cases.otherwise_working_days)
        return Clock(dates.since + timedelta(days=days), state, days, "natural", POLICY)
    if dates.given is not None:
        return Clock(dates.given, state, (dates.given - dates.since).days, "date", POLICY)
    days = policy.cases.otherwise_working_days
    return Clock(calendar.after(dates.since, days), state, days, "working", POLICY)


def _own(
    state: str, track: Track, dates: Dates, limits: Mapping[str, TimeLimit], calendar: WorkCalendar
) -> Clock | None:
    """The limit of the step itself, where the law sets one."""
    named = {
        "accepted": "acceptance_check",
        "publicity": "publicity",
        "county_opinion": "county_opinion" if track == "ordinary" else "county_decision",
        "refused": "refusal_notice",
    }.get(state)
    if named is not None and named in limits:
        return _limited(named, limits[named], dates.since, calendar)
    if state == "notified":
        return Clock(dates.since + timedelta(days=ASKED_WITHIN), state, ASKED_WITHIN, "natural", REVIEW_ASKED)
    if state == "confirmed" and "validity" in limits:
        return _limited("review", limits["validity"], dates.since, calendar)
    if state == "confirmed" and track in LASTING:
        return Clock(_end_of_next_month(dates.since), "paid_from", 1, "month", PAID_FROM.get(track, POLICY))
    if state == "paid" and track in LASTING:
        months = 6 if dates.half_yearly else 12
        return Clock(months_after(dates.since, months), "review", months, "month", REVIEWED.get(track, POLICY))
    return None


def _whole(
    track: Track, state: str, dates: Dates, limits: Mapping[str, TimeLimit], calendar: WorkCalendar
) -> Clock | None:
    """The limit of the whole procedure, or of the township's part of it, from the day of the acceptance."""
    assert dates.accepted_on is not None
    named = "township_review" if track in ("destitute", "child") else dates.limit
    open_states = ("accepted", "check") if named == "township_review" else (
        "accepted", "check", "publicity", "county_opinion"
    )  # fmt: skip
    if state not in open_states or named not in limits:
        return None
    return _limited(named, limits[named], dates.accepted_on, calendar)


def _limited(name: str, limit: TimeLimit, day: date, calendar: WorkCalendar) -> Clock:
    on = calendar.after(day, limit.days) if limit.kind == "working" else day + timedelta(days=limit.days)
    return Clock(on, name, limit.days, limit.kind, cited(limit.basis, day) or limit.basis[0].cite)


def earliest(state: str, since: date, programme: Programme | None) -> date:
    """The first day on which a case may leave a state forward: what is posted stays posted to its end."""
    if state != "publicity" or programme is None:
        return since
    for limit in programme.time_limits:
        if limit.step == "publicity" and limit.kind == "natural":
            return since + timedelta(days=limit.days)
    return since


def months_after(day: date, months: int) -> date:
    """The same day so many months on, or the last of that month."""
    number = day.year * 12 + day.month - 1 + months
    first = date(number // 12, number % 12 + 1, 1)
    last = _end_of_next_month(date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1))
    return min(first + timedelta(days=day.day - 1), last)


def _end_of_next_month(day: date) -> date:
    number = day.year * 12 + day.month + 1
    return date(number // 12, number % 12 + 1, 1) - timedelta(days=1)
