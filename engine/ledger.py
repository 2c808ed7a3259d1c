"""The ledger of nights: what became of each business date.

The ledger, not a timer, decides what is due: a timer may fire twice or never (on the day when clocks change, after
a power cut, in two processes at once), and still each business date is run to completion exactly once.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine import lease
from engine.lease import Claim
from engine.tables import Night, NightLedger

LATE: Final = timedelta(minutes=15)
"""A night that starts later than this after its hour was missed, and is announced as caught up."""

UNFINISHED: Final = ("due", "running", "failed")


@dataclass(frozen=True)
class Schedule:
    """When a night runs: at this local time of its business date."""

    hour: int
    minute: int
    zone: ZoneInfo

    def moment_of(self, business_date: date) -> datetime:
        """The moment (UTC) from which the night is due; a local time that occurs twice counts the first time.

        A local time that does not occur (clocks go forward) counts as if they had not gone forward yet.
        """
        local = datetime.combine(business_date, time(self.hour, self.minute), self.zone)
        return local.astimezone(UTC)

    def newest_due(self, now: datetime) -> date:
        """The latest business date whose hour has come."""
        candidate = now.astimezone(self.zone).date() + timedelta(days=1)
        while self.moment_of(candidate) > now:
            candidate -= timedelta(days=1)
        return candidate


@dataclass(frozen=True)
class Announcement:
    """Nights that were missed: those that are caught up now, and those that are too old and are skipped."""

    caught_up: tuple[date, ...]
    skipped: tuple[date, ...]


def due_nights(session: Session, now: datetime, schedule: Schedule) -> list[date]:
    """The business dates that wait to be run, oldest first, whether they have a row in the ledger yet or not.

    With an empty ledger only the newest date is due. A failed night is not due before its next attempt, and a night
    that somebody has run by hand is not due.
    """
    rows = {row.business_date: row for row in session.exec(select(NightLedger))}
    waiting = [
        row.business_date
        for row in rows.values()
        if row.state in UNFINISHED and (row.retry_at is None or row.retry_at <= now)
    ]
    return sorted([*waiting, *_without_row(session, set(rows), schedule.newest_due(now))])


def enter(session: Session, claim: Claim, now: datetime, schedule: Schedule, at_most: int) -> Announcement:
    """Write the nights that have become due into the ledger, and say which of them were missed.

    A night more than ``at_most`` days older than the newest is skipped for good, be it new or failed before.
    """
    lease.check(session, claim)
    newest = schedule.newest_due(now)
    oldest = newest - timedelta(days=at_most)
    rows = {row.business_date: row for row in session.exec(select(NightLedger))}
    first_start = not rows
    caught_up, skipped = [], []
    for business_date in _without_row(session, set(rows), newest):
        row = NightLedger(business_date=business_date, state="due")
        rows[business_date] = row
        session.add(row)
        late = business_date < newest or now - schedule.moment_of(business_date) > LATE
        if late and not first_start and business_date >= oldest:
            row.announced_at = now
            caught_up.append(business_date)
    for business_date, row in sorted(rows.items()):
        if row.state in UNFINISHED and business_date < oldest:
            row.state, row.announced_at, row.retry_at = "skipped", now, None
            row.message = "; ".join(filter(None, [row.message, f"more than {at_most} days late"]))
            skipped.append(business_date)
    session.flush()
    return Announcement(tuple(caught_up), tuple(skipped))


def start(session: Session, business_date: date, claim: Claim, now: datetime) -> None:
    """Note that the night runs under this claim.

    The time of a next attempt is set at once, so that a night that takes its process down with it is not tried
    again without a pause.
    """
    row = _row(session, business_date, claim)
    row.state, row.epoch, row.holder, row.started_at = "running", claim.epoch, claim.holder, now
    row.retry_at = now + pause(row.attempts)
    row.attempts += 1
    session.flush()


def finish(session: Session, business_date: date, claim: Claim, now: datetime) -> None:
    """Note that the night is done, for good."""
    row = _row(session, business_date, claim)
    row.state, row.finished_at, row.retry_at, row.message = "finished", now, None, None
    session.flush()


def fail(session: Session, business_date: date, claim: Claim, now: datetime, message: str) -> datetime:
    """Note why the night failed; the answer is when it is tried again."""
    row = _row(session, business_date, claim)
    retry_at = now + pause(row.attempts)
    row.state, row.message, row.retry_at = "failed", message, retry_at
    session.flush()
    return retry_at


def leave(session: Session, business_date: date, claim: Claim) -> None:
    """Note that the night was left unfinished on request: it is due again at once."""
    row = _row(session, business_date, claim)
    row.state, row.retry_at = "due", None
    session.flush()


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 0, 5, 10, 20, 40 minutes, then an hour each time."""
    return timedelta(minutes=min(5 * 2 ** (attempts - 1), 60)) if attempts else timedelta(0)


def _row(session: Session, business_date: date, claim: Claim) -> NightLedger:
    lease.check(session, claim)
    return session.exec(select(NightLedger).where(NightLedger.business_date == business_date)).one()


def _without_row(session: Session, known: set[date], newest: date) -> list[date]:
    """Business dates from the first in the ledger to the newest due that nobody has entered or run by hand."""
    first = min(known, default=newest)
    by_hand = set(session.execute(sa.select(col(Night.business_date)).where(col(Night.kind) == "night")).scalars())
    days = ((newest - first).days + 1) if newest >= first else 0
    dates = (first + timedelta(days=day) for day in range(days))
    return [business_date for business_date in dates if business_date not in known and business_date not in by_hand]
