"""One look of the scheduler: what it runs, what it tells, and what it does when a night fails."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import select
from structlog.testing import capture_logs

from engine import lease
from engine.db import open_db, prepare, reading, writing
from engine.errors import DatabaseError, InterruptedRunError
from engine.lease import Claim
from engine.ledger import Schedule
from engine.scheduler import Look, RunOne, run_due
from engine.tables import Lease, NightLedger

SCHEDULE = Schedule(2, 30, ZoneInfo("Asia/Shanghai"))
TONIGHT = date(2026, 11, 21)
NOW = SCHEDULE.moment_of(TONIGHT)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    opened = open_db(tmp_path / "x.db")
    prepare(opened)
    yield opened
    opened.dispose()


class Nights:
    """Runs nights by noting their dates; those in ``broken`` fail with an error."""

    def __init__(self, broken: dict[date, Exception] | None = None) -> None:
        self.ran: list[date] = []
        self.broken = broken or {}

    def __call__(self, business_date: date, claim: Claim) -> None:
        self.ran.append(business_date)
        if business_date in self.broken:
            raise self.broken[business_date]


def look(engine: sa.Engine, run_one: RunOne, now: datetime = NOW, at_most: int = 7) -> Look:
    return run_due(engine, run_one, SCHEDULE, holder="ana", clock=lambda: now, at_most=at_most)


def finished_on(engine: sa.Engine, business_date: date) -> None:
    with writing(engine) as session:
        session.add(NightLedger(business_date=business_date, state="finished"))


def rows(engine: sa.Engine) -> dict[date, NightLedger]:
    with reading(engine) as session:
        return {row.business_date: row for row in session.exec(select(NightLedger))}


def test_a_night_is_run_at_its_hour_and_never_again(engine):
    nights = Nights()
    assert look(engine, nights) == Look(finished=(TONIGHT,))
    for hours in range(1, 24):
        assert look(engine, nights, NOW + timedelta(hours=hours)) == Look()
    assert look(engine, nights, NOW + DAY) == Look(finished=(TONIGHT + DAY,))
    assert nights.ran == [TONIGHT, TONIGHT + DAY]


def test_missed_nights_are_caught_up_oldest_first_and_announced(engine):
    finished_on(engine, TONIGHT - 3 * DAY)
    nights = Nights()
    with capture_logs() as logs:
        look(engine, nights)
    assert nights.ran == [TONIGHT - 2 * DAY, TONIGHT - DAY, TONIGHT]
    announced = [log["business_date"] for log in logs if log["event"] == "missed night is caught up now"]
    assert announced == [str(TONIGHT - 2 * DAY), str(TONIGHT - DAY)]


def test_nights_too_far_back_are_announced_as_skipped_and_not_run(engine):
    finished_on(engine, TONIGHT - 6 * DAY)
    nights = Nights()
    with capture_logs() as logs:
        look(engine, nights, at_most=3)
    assert nights.ran == [TONIGHT - 3 * DAY, TONIGHT - 2 * DAY, TONIGHT - DAY, TONIGHT]
    skipped = [(log["business_date"], log["log_level"]) for log in logs if log["event"] == "missed night skipped"]
    assert skipped == [(str(TONIGHT - 5 * DAY), "warning"), (str(TONIGHT - 4 * DAY), "warning")]


def test_while_another_process_holds_the_lease_nothing_is_run(engine):
    with writing(engine) as session:
        lease.take(session, "night", "ben", NOW, 120)
    nights = Nights()
    assert look(engine, nights) == Look(busy=True)
    assert nights.ran == []
    assert look(engine, nights, NOW + 3 * MINUTE) == Look(finished=(TONIGHT,))


def test_the_lease_is_free_after_a_look(engine):
    look(engine, Nights({TONIGHT: ValueError()}))
    with reading(engine) as session:
        assert session.exec(select(Lease.holder)).one() is None


def test_a_failed_night_is_noted_and_tried_again_after_a_pause_and_not_before(engine):
    nights = Nights({TONIGHT: DatabaseError("the disk is full")})
    with capture_logs() as logs:
        assert look(engine, nights) == Look(failed=(TONIGHT,))
    assert [log["reason"] for log in logs if log["event"] == "night failed"] == ["the disk is full"]
    assert rows(engine)[TONIGHT].message == "the disk is full"
    for minutes in range(5):
        assert look(engine, nights, NOW + minutes * MINUTE) == Look()
    nights.broken = {}
    assert look(engine, nights, NOW + 5 * MINUTE) == Look(finished=(TONIGHT,))
    assert nights.ran == [TONIGHT, TONIGHT]
    assert (rows(engine)[TONIGHT].state, rows(engine)[TONIGHT].message) == ("finished", None)


def test_a_failed_night_does_not_hold_up_the_others(engine):
    finished_on(engine, TONIGHT - 2 * DAY)
    nights = Nights({TONIGHT - DAY: ValueError()})
    assert look(engine, nights) == Look(finished=(TONIGHT,), failed=(TONIGHT - DAY,))


def test_a_mistake_in_the_program_is_noted_by_its_kind_and_place_and_never_by_its_text(engine):
    with capture_logs() as logs:
        look(engine, Nights({TONIGHT: ValueError("household h12345 of Zhang San")}))
    assert rows(engine)[TONIGHT].message == "ValueError"
    assert "h12345" not in str(logs)
    assert "test_scheduler_once.py" in str(logs)


def test_a_night_that_another_has_taken_over_meanwhile_is_left_to_it(engine):
    def overtaken(business_date: date, claim: Claim) -> None:
        with writing(engine) as session:
            assert lease.take(session, "night", "ben", NOW + DAY, 120) is not None

    assert look(engine, overtaken) == Look(busy=True)
    row = rows(engine)[TONIGHT]
    assert (row.state, row.holder) == ("running", "ana")
    with reading(engine) as session:
        assert session.exec(select(Lease.holder)).one() == "ben"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, InterruptedRunError("stopped")])
def test_an_interrupted_night_is_due_again_at_once(engine, interruption):
    def interrupted(business_date: date, claim: Claim) -> None:
        raise interruption

    with pytest.raises((KeyboardInterrupt, InterruptedRunError)):
        look(engine, interrupted)
    assert look(engine, Nights()) == Look(finished=(TONIGHT,))
