"""A case as it stands, and one step of it: the table, the track, the days and the hearing are all asked here.

The system decides nothing: ``confirmed`` and ``refused`` record what an authority has decided, with its date. No
step lowers or stops what is paid; that an authority has ended it is recorded only after the household was heard.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from outreach.case_clocks import LIMITS, Clock, Dates, clock_of, earliest
from outreach.case_tracks import LEFT_OUT, Track, track_of
from outreach.catalogue import Programme
from outreach.lifecycle import FINAL, Actor, step
from outreach.policy import Policy
from outreach.workdays import WorkCalendar

ENDED_BY_AUTHORITY: Final = (("paid", "closed"), ("review_due", "closed"))
"""Steps that need a hearing first (社会救助法: the household is heard before anything is lowered or stopped)."""
FORWARD_ONLY: Final = ("county_opinion", "confirmed", "refused")


class CaseError(ValueError):
    """A step that cannot be taken: ``why``, a code of ``wording_case.REFUSED``, and what to say with it."""

    def __init__(self, why: str, more: str = "") -> None:
        super().__init__(f"{why} {more}".strip())
        self.why, self.more = why, more


@dataclass(frozen=True)
class CaseFile:
    """What a case is moved by. ``programme``: the one that leads it, null before anything is applied for."""

    state: str
    since: date
    programme: str | None = None
    accepted_on: date | None = None
    given: date | None = None
    limit: str = "decision"
    half_yearly: bool = False

    @property
    def track(self) -> Track:
        """The procedure that it follows."""
        return track_of(self.programme)

    @property
    def over(self) -> bool:
        """Whether nothing is to be done any more."""
        return self.state in FINAL["case"]


@dataclass(frozen=True)
class Taken:
    """A step as somebody records it: where to, on which day, why, and what it needs besides.

    ``programme``: the one applied for. ``limit``: which limit the whole is under, from the acceptance on.
    ``heard_on``: when the household was heard. ``given``: a due date that is set elsewhere (a list, a referral).
    """

    to: str
    on: date
    reason: str | None = None
    programme: str | None = None
    limit: str | None = None
    heard_on: date | None = None
    half_yearly: bool | None = None
    given: date | None = None


@dataclass(frozen=True)
class Rules:
    """What the days are counted by: the programmes in force, the working days, the policy."""

    programmes: Mapping[str, Programme]
    calendar: WorkCalendar
    policy: Policy


def moved(case: CaseFile, taken: Taken, who: Actor, rules: Rules) -> tuple[CaseFile, Clock | None]:
    """The case after a step and its next day (null: it is over).

    Raises ``StepError`` where the table does not hold the step, ``CaseError`` where the case or the days do not.
    """
    step("case", case.state, taken.to, who, taken.reason)
    programme = taken.programme or case.programme
    _refuse_what_cannot_be(case, taken, programme, rules)
    after = replace(
        case,
        state=taken.to,
        since=taken.on,
        programme=programme,
        accepted_on=_accepted_on(case, taken),
        given=taken.given,
        limit=taken.limit or case.limit,
        half_yearly=case.half_yearly if taken.half_yearly is None else taken.half_yearly,
    )
    return after, next_day(after, rules)


def next_day(case: CaseFile, rules: Rules) -> Clock | None:
    """The clock of a case as it stands."""
    dates = Dates(case.since, case.accepted_on, case.given, case.limit, case.half_yearly)
    known = rules.programmes.get(case.programme or "")
    return clock_of(case.state, case.track, dates, known, calendar=rules.calendar, policy=rules.policy)


def _accepted_on(case: CaseFile, taken: Taken) -> date | None:
    if taken.to == "accepted":
        return taken.on
    if case.state == "notified" and taken.to == "check":
        return taken.on
    return None if taken.to in ("application", "informed", "visit") else case.accepted_on


def _refuse_what_cannot_be(case: CaseFile, taken: Taken, programme: str | None, rules: Rules) -> None:
    track, way = track_of(programme), (case.state, taken.to)
    posted = earliest(case.state, case.since, rules.programmes.get(programme or ""))
    ended = way in ENDED_BY_AUTHORITY and track not in ("fast", "simple")
    wrong = (
        ("unknown_programme", programme is not None and programme not in rules.programmes, programme or ""),
        ("needs_programme", taken.to in ("accepted", "check") and programme is None, ""),
        ("other_programme", _changes_programme(case, taken), case.programme or ""),
        ("bad_limit", taken.limit is not None and taken.limit not in LIMITS, ", ".join(LIMITS)),
        ("not_on_track", way in LEFT_OUT[track], programme or ""),
        ("before", taken.on < case.since, case.since.isoformat()),
        ("still_posted", taken.to in FORWARD_ONLY and taken.on < posted, posted.isoformat()),
        ("not_heard", ended and (taken.heard_on is None or taken.heard_on > taken.on), ""),
    )
    for why, so, more in wrong:
        if so:
            raise CaseError(why, more)


def _changes_programme(case: CaseFile, taken: Taken) -> bool:
    """The programme of a case may change until it is accepted: the clocks are those of what was accepted."""
    other = taken.programme is not None and case.programme is not None and taken.programme != case.programme
    return other and taken.to not in ("application", "accepted", "informed")
