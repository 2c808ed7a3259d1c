"""Disputes in the hands of an office: opened, settled with a result, put right; what they freeze on a day."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, select

from engine.db import reading, writing
from engine.disputerows import FactDispute
from engine.errors import NotAllowedError, UsageError
from engine.outcomes import NAME, near, open_text
from engine.workplace import Workplace
from outreach.disputed import SUBJECTS
from outreach.lifecycle import step

NAMES: Final = ("id", "household_id", "subject", "raised_by", "reason", "owner", "state", "result", "recorded_by")
DAYS: Final = ("since", "due_on", "decided_on", "ended_on")


def open_one(
    place: Workplace,
    household: str,
    subject: str,
    *,
    reason: str,
    raised_by: str,
    owner: str | None,
    areas: Sequence[str],
) -> dict[str, Any]:
    """Record that a part of a household's records is contested: a task with an owner and a due date.

    From the next night on it is unknown. Contested twice it is one dispute. Raises UsageError where there is no
    such subject or household, NotAllowedError where the household is of another area.
    """
    if subject not in SUBJECTS:
        listed = "; ".join(f"{code} ({each.said.zh}, {each.said.en})" for code, each in SUBJECTS.items())
        raise UsageError(f"--fact {subject}: no such part of the records", f"There are: {listed}.")
    if owner is not None and not NAME.fullmatch(owner):
        raise UsageError(
            "--owner: is no name of somebody who works here", "Give the id of a caseworker, or a role."
        )
    said, household, today = open_text("--reason", reason), place.current(household), place.log.today
    _refuse_far(place, household, areas)
    with writing(place.database) as session:
        row = session.exec(_standing(household, subject)).first()
        known = row is not None
        if row is None:
            step("dispute", "", "open", place.log.recorder, said)
            row = FactDispute(
                household_id=household,
                subject=subject,
                since=today,
                raised_by=raised_by,
                reason=said,
                recorded_by=place.log.actor,
                recorded_at=place.log.clock(),
                owner=(owner or "reviewer").strip(),
                due_on=place.policy.referral_due("data", today, place.calendar),
            )
            session.add(row)
            session.flush()
            _note(place, session, row, "dispute opened", said)
        return _told(row, today) | {"already": known}


def settle(place: Workplace, number: int, *, upheld: bool, result: str) -> dict[str, Any]:
    """Settle a dispute: upheld, the fact stays unknown until the records are put right; rejected, it counts again.

    Nobody settles what they recorded themselves. Raises UsageError where it is not open.
    """
    said = open_text("--result", result)
    with writing(place.database) as session:
        row = _find(session, number, "open")
        if row.recorded_by == place.log.actor:
            raise NotAllowedError(
                f"{number}: you recorded this dispute, and nobody settles their own / 不得处理本人登记的异议",
                "Let another reviewer settle it.",
            )
        today = place.log.today
        to = "upheld" if upheld else "rejected"
        step("dispute", row.state, to, place.log.recorder, said)
        row.state, row.result, row.decided_on, row.decided_by = to, said, today, place.log.actor
        row.ended_on = None if upheld else today
        if upheld:
            row.due_on = place.policy.referral_due("data", today, place.calendar)
        session.flush()
        _note(place, session, row, f"dispute {to}", said)
        return _told(row, today)


def put_right(place: Workplace, number: int, *, result: str) -> dict[str, Any]:
    """Record that the source has put an upheld fact right, and that it has arrived: it counts again."""
    said = open_text("--result", result)
    with writing(place.database) as session:
        row = _find(session, number, "upheld")
        step("dispute", row.state, "corrected", place.log.recorder, said)
        row.state, row.result, row.ended_on = "corrected", said, place.log.today
        session.flush()
        _note(place, session, row, "dispute corrected", said)
        return _told(row, place.log.today)


def listed(place: Workplace, *, areas: Sequence[str], every: bool = False) -> dict[str, Any]:
    """The disputes that stand, the soonest due first; ``every``: those that have ended as well."""
    today, ours = place.log.today, near(place, areas)
    with reading(place.database) as session:
        rows = session.exec(select(FactDispute).order_by(col(FactDispute.due_on), col(FactDispute.id)))
        told = [_told(row, today) for row in rows if (every or row.ended_on is None) and ours(row.household_id)]
    return {"today": today.isoformat(), "disputes": told}


def _find(session: Session, number: int, state: str) -> FactDispute:
    statement = select(FactDispute).where(FactDispute.id == number).with_for_update()
    row = session.exec(statement).first()
    if row is None or row.state != state:
        raise UsageError(
            f"{number}: there is no dispute of this number that is {state} / 没有这个编号的异议可以这样办理",
            "xunfang dispute list shows them.",
        )
    return row


def _standing(household: str, subject: str) -> Any:
    return select(FactDispute).where(
        FactDispute.household_id == household,
        FactDispute.subject == subject,
        col(FactDispute.ended_on).is_(None),
    )


def _refuse_far(place: Workplace, household: str, areas: Sequence[str]) -> None:
    there = place.store().homes.households.filter(pl.col("household_id") == household)
    if not there.height:
        raise UsageError("HOUSEHOLD: there is no such household in the records", "Copy it from a card.")
    if not near(place, areas)(household):
        raise NotAllowedError("the household is not of your area / 该户不在本人辖区", "An operator may record it.")


def _note(place: Workplace, session: Session, row: FactDispute, action: str, said: str) -> None:
    told = {"dispute": row.id, "subject": row.subject, "reason": said, "households": [row.household_id]}
    place.log.note(action, "household", told, session)


def _told(row: FactDispute, today: date) -> dict[str, Any]:
    days = {name: getattr(row, name) for name in DAYS}
    return {
        **{name: getattr(row, name) for name in NAMES},
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
        "words": {"zh": SUBJECTS[row.subject].said.zh, "en": SUBJECTS[row.subject].said.en},
        "frozen": row.ended_on is None,
        "overdue": row.ended_on is None and row.due_on < today,
    }
