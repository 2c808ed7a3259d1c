"""Reviews in the hands of an office: listed, the hearing recorded, concluded."""

from datetime import date
from typing import Any, Final

from sqlmodel import Session, col, select

from engine.db import reading, writing
from engine.errors import UsageError
from engine.outcomes import open_text
from engine.reviewing import STANDING, settle_referral
from engine.tables import ReviewTask
from engine.workplace import Workplace
from outreach.lifecycle import StepError, step
from outreach.reviews import HOW, NOTICE, STATES, NotHeardError, concluded, in_favour

NAMES: Final = ("id", "household_id", "code", "state", "owner", "heard_how", "heard_by", "reason", "concluded_by")
DAYS: Final = ("opened_on", "due_on", "heard_on", "concluded_on")


def listed(place: Workplace, *, overdue: bool = False, every: bool = False) -> dict[str, Any]:
    """The reviews that stand, the soonest due first; ``every``: concluded ones as well. Who read it is noted."""
    today = place.log.today
    with reading(place.database) as session:
        rows = session.exec(select(ReviewTask).order_by(col(ReviewTask.due_on), col(ReviewTask.id)))
        told = [_told(row, today) for row in rows if every or row.state in STANDING]
    told = [each for each in told if each["overdue"] or not overdue]
    place.log.note("reviews read", "household", {"households": sorted({each["household_id"] for each in told})})
    return {"today": today.isoformat(), "notice": {"zh": NOTICE.zh, "en": NOTICE.en}, "reviews": told}


def hear(place: Workplace, number: int, *, on: date, how: str) -> dict[str, Any]:
    """Record that the household was heard, when and how; what it said belongs to the file of the authority."""
    if how not in HOW:
        raise UsageError(f"--how {how}: no such way", f"There are: {', '.join(HOW)}.")
    if on > place.log.today:
        raise UsageError(f"--on {on}: is a day to come", "Record a hearing after it was held.")
    with writing(place.database) as session:
        row = _find(session, number)
        if on < row.opened_on:
            raise UsageError(f"--on {on}: lies before the review was opened ({row.opened_on})", "Mend the day.")
        _step(row, "heard", place)
        row.state, row.heard_on, row.heard_how, row.heard_by = "heard", on, how, place.log.actor
        return _done(place, session, row, "household heard")


def conclude(
    place: Workplace, number: int, conclusion: str, *, on: date, reason: str, owed_more: bool
) -> dict[str, Any]:
    """Record the conclusion of a review with its reason. It stops and lowers nothing by itself.

    Raises UsageError where the household was not heard and the conclusion is not in its favour.
    """
    said = open_text("--reason", reason)
    if on > place.log.today:
        raise UsageError(f"--on {on}: is a day to come", "Record a conclusion when there is one.")
    with writing(place.database) as session:
        row = _find(session, number)
        favour = in_favour(conclusion, owed_more=owed_more)
        if row.heard_on is not None and on < row.heard_on:
            raise UsageError(f"--on {on}: lies before the hearing ({row.heard_on})", "Mend the day.")
        try:
            row.state = concluded(
                row.state, conclusion, favour=favour, heard_on=row.heard_on, who=place.log.recorder, reason=said
            )
        except NotHeardError:
            raise UsageError(
                f"{number}: the household was not heard / 尚未听取家庭意见，不得作出不利结论",
                "Record the hearing first: xunfang review hear NUMBER --how home.",
            ) from None
        except StepError as wrong:
            raise UsageError(f"{wrong} / 不能这样办理", "xunfang review list shows where it stands.") from None
        row.favour, row.reason = favour, said
        row.concluded_on, row.concluded_by = max(on, row.opened_on), place.log.actor
        session.flush()
        settle_referral(session, place.log, row)
        return _done(place, session, row, "review concluded")


def _step(row: ReviewTask, to: str, place: Workplace) -> None:
    try:
        step("review", row.state, to, place.log.recorder)
    except StepError as wrong:
        raise UsageError(f"{wrong} / 不能这样办理", "xunfang review list shows where it stands.") from None


def _find(session: Session, number: int) -> ReviewTask:
    row = session.exec(select(ReviewTask).where(ReviewTask.id == number).with_for_update()).first()
    if row is None:
        raise UsageError(f"{number}: there is no review of this number", "xunfang review list shows them.")
    return row


def _done(place: Workplace, session: Session, row: ReviewTask, action: str) -> dict[str, Any]:
    session.flush()
    told = {"review": row.id, "to": row.state, "reason": row.reason, "households": [row.household_id]}
    place.log.note(action, "household", told, session)
    return _told(row, place.log.today)


def _told(row: ReviewTask, today: date) -> dict[str, Any]:
    days = {name: getattr(row, name) for name in DAYS}
    how = None if row.heard_how is None else HOW[row.heard_how]
    return {
        **{name: getattr(row, name) for name in NAMES},
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
        "words": {"zh": STATES[row.state].zh, "en": STATES[row.state].en},
        "how": None if how is None else {"zh": how.zh, "en": how.en},
        "notice": {"zh": NOTICE.zh, "en": NOTICE.en},
        "overdue": row.state in STANDING and row.due_on < today,
    }
