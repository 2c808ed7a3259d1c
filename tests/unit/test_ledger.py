"""The ledger and the lease: what is due, who may run it, and what a stale holder may not write."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
import sqlalchemy as sa
from databases import any_engine, migrated_template, postgres_server  # noqa: F401
from sqlmodel import Session, select

from engine import lease, ledger
from engine.db import writing
from engine.lease import Claim, StaleHolderError
from engine.ledger import Announcement, Schedule
from engine.tables import Lease, Night, NightLedger

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TONIGHT = date(2026, 11, 21)
SHANGHAI = Schedule(2, 30, ZoneInfo("Asia/Shanghai"))
NOW = SHANGHAI.moment_of(TONIGHT)


@pytest.fixture
def session(any_engine: sa.Engine) -> Iterator[Session]:  # noqa: F811
    with writing(any_engine) as opened:
        yield opened


def claimed(session: Session, holder: str = "ana", now: datetime = NOW) -> Claim:
    taken = lease.take(session, "night", holder, now, 60)
    assert taken is not None
    return taken


def run(session: Session, claim: Claim, business_date: date, now: datetime) -> None:
    ledger.start(session, business_date, claim, now)
    ledger.finish(session, business_date, claim, now)


def row(session: Session, business_date: date = TONIGHT) -> NightLedger:
    return session.exec(select(NightLedger).where(NightLedger.business_date == business_date)).one()


def night_by_hand(business_date: date) -> Night:
    return Night(
        business_date=business_date,
        state="finished",
        input_sha256="",
        policy_sha256="",
        code_version="",
        manifest_path="",
        manifest_sha256="",
        records_read=0,
        records_quarantined=0,
        households_scored=0,
        households_listed=0,
        actor="ana",
        started_at=NOW,
        finished_at=NOW,
    )


# The lease


def test_a_lease_has_one_holder_until_it_expires(session):
    assert claimed(session, "ana").epoch == 1
    assert lease.take(session, "night", "ben", NOW + timedelta(seconds=59), 60) is None
    assert lease.take(session, "night", "ben", NOW + timedelta(seconds=60), 60) == Claim("night", "ben", 2)


def test_a_renewed_lease_lasts_longer(session):
    lease.renew(session, claimed(session), NOW + timedelta(seconds=50), 60)
    assert lease.take(session, "night", "ben", NOW + timedelta(seconds=100), 60) is None


def test_a_lease_given_back_is_free_at_once_and_its_epoch_goes_on(session):
    lease.release(session, claimed(session, "ana"))
    assert claimed(session, "ben").epoch == 2


def test_whoever_lost_the_lease_can_neither_renew_nor_write_nor_give_it_back(session):
    old = claimed(session, "ana")
    new = claimed(session, "ben", NOW + HOUR)
    for refused in (lease.check, lambda s, c: lease.renew(s, c, NOW + HOUR, 60)):
        with pytest.raises(StaleHolderError, match=r"(?s)epoch 1.*nothing was written"):
            refused(session, old)
    lease.release(session, old)
    lease.check(session, new)


def test_a_holder_who_takes_the_lease_twice_cannot_write_under_the_first_claim(session):
    first = claimed(session, "ana")
    claimed(session, "ana", NOW + HOUR)
    with pytest.raises(StaleHolderError):
        lease.check(session, first)


def test_a_lease_from_a_clock_that_has_gone_back_since_is_not_kept_for_ever(session):
    claimed(session, "ana", NOW + timedelta(days=3))
    assert claimed(session, "ben", NOW).epoch == 2


def test_clocks_that_differ_by_less_than_a_lease_leave_it_with_its_holder(session):
    claimed(session, "ana", NOW + timedelta(seconds=50))
    assert lease.take(session, "night", "ben", NOW, 60) is None


def test_two_leases_do_not_touch_each_other(session):
    claimed(session)
    assert lease.take(session, "push", "ben", NOW, 60) == Claim("push", "ben", 1)
    assert len(session.exec(select(Lease)).all()) == 2


# What is due


def test_at_the_first_start_only_the_newest_night_is_due_and_none_was_missed(session):
    assert ledger.due_nights(session, NOW + 5 * HOUR, SHANGHAI) == [TONIGHT]
    announced = ledger.enter(session, claimed(session), NOW + 5 * HOUR, SHANGHAI, 7)
    assert announced == Announcement((), ())


def test_before_its_hour_a_night_is_not_due(session):
    assert ledger.due_nights(session, NOW - timedelta(seconds=1), SHANGHAI) == [TONIGHT - DAY]


def test_a_finished_night_is_never_due_again(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    run(session, claim, TONIGHT, NOW)
    for hours in range(24):
        assert ledger.due_nights(session, NOW + hours * HOUR, SHANGHAI) == []


def test_missed_nights_are_due_oldest_first_and_announced_once(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    run(session, claim, TONIGHT, NOW)
    later = NOW + 3 * DAY
    missed = [TONIGHT + DAY, TONIGHT + 2 * DAY]
    announced = ledger.enter(session, claim, later, SHANGHAI, 7)
    assert announced == Announcement(tuple(missed), ())
    assert row(session, missed[0]).announced_at == later
    assert row(session, TONIGHT + 3 * DAY).announced_at is None
    assert ledger.due_nights(session, later, SHANGHAI) == [*missed, TONIGHT + 3 * DAY]
    assert ledger.enter(session, claim, later + HOUR, SHANGHAI, 7) == Announcement((), ())


def test_a_night_that_starts_hours_late_was_missed(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    run(session, claim, TONIGHT, NOW)
    assert ledger.enter(session, claim, NOW + DAY + 5 * HOUR, SHANGHAI, 7).caught_up == (TONIGHT + DAY,)


def test_nights_too_far_back_are_announced_as_skipped_and_never_run(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 2)
    run(session, claim, TONIGHT, NOW)
    later = NOW + 5 * DAY
    announced = ledger.enter(session, claim, later, SHANGHAI, 2)
    assert announced.skipped == (TONIGHT + DAY, TONIGHT + 2 * DAY)
    assert announced.caught_up == (TONIGHT + 3 * DAY, TONIGHT + 4 * DAY)
    assert row(session, TONIGHT + DAY).state == "skipped"
    assert row(session, TONIGHT + DAY).message == "more than 2 days late"
    assert ledger.due_nights(session, later, SHANGHAI) == [TONIGHT + n * DAY for n in (3, 4, 5)]


def test_a_night_run_by_hand_is_not_due(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    run(session, claim, TONIGHT, NOW)
    session.add(night_by_hand(TONIGHT + DAY))
    session.flush()
    assert ledger.due_nights(session, NOW + 2 * DAY, SHANGHAI) == [TONIGHT + 2 * DAY]


def test_a_night_that_was_saved_but_not_finished_is_due_so_that_its_lists_get_out(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    ledger.start(session, TONIGHT, claim, NOW)
    session.add(night_by_hand(TONIGHT))
    session.flush()
    assert ledger.due_nights(session, NOW, SHANGHAI) == [TONIGHT]


# Failure and pause


def test_a_failed_night_waits_longer_each_time(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    waits = []
    for _ in range(6):
        ledger.start(session, TONIGHT, claim, NOW)
        waits.append((ledger.fail(session, TONIGHT, claim, NOW, "no disk") - NOW) // timedelta(minutes=1))
    assert waits == [5, 10, 20, 40, 60, 60]
    assert (row(session).state, row(session).message) == ("failed", "no disk")
    assert ledger.due_nights(session, NOW + timedelta(minutes=59), SHANGHAI) == []
    assert ledger.due_nights(session, NOW + timedelta(minutes=60), SHANGHAI) == [TONIGHT]


def test_a_night_that_kills_its_process_is_tried_again_at_once_and_then_with_pauses(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    ledger.start(session, TONIGHT, claim, NOW)
    assert ledger.due_nights(session, NOW, SHANGHAI) == [TONIGHT]
    ledger.start(session, TONIGHT, claim, NOW)
    assert ledger.due_nights(session, NOW, SHANGHAI) == []
    assert ledger.due_nights(session, NOW + timedelta(minutes=5), SHANGHAI) == [TONIGHT]


def test_a_failed_night_does_not_hold_up_the_next_one(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    ledger.start(session, TONIGHT, claim, NOW)
    ledger.fail(session, TONIGHT, claim, NOW + DAY, "no disk")
    ledger.enter(session, claim, NOW + DAY, SHANGHAI, 7)
    assert ledger.due_nights(session, NOW + DAY, SHANGHAI) == [TONIGHT + DAY]


def test_a_night_that_keeps_failing_is_skipped_in_the_end_with_its_reason(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    ledger.start(session, TONIGHT, claim, NOW)
    ledger.fail(session, TONIGHT, claim, NOW, "no disk")
    assert TONIGHT in ledger.enter(session, claim, NOW + 8 * DAY, SHANGHAI, 7).skipped
    assert row(session).message == "no disk; more than 7 days late"


def test_a_night_left_on_request_is_due_at_once(session):
    claim = claimed(session)
    ledger.enter(session, claim, NOW, SHANGHAI, 7)
    for _ in range(3):
        ledger.start(session, TONIGHT, claim, NOW)
        ledger.leave(session, TONIGHT, claim)
        assert ledger.due_nights(session, NOW, SHANGHAI) == [TONIGHT]


def test_a_stale_holder_can_write_nothing_into_the_ledger(session):
    old = claimed(session, "ana")
    ledger.enter(session, old, NOW, SHANGHAI, 7)
    ledger.start(session, TONIGHT, old, NOW)
    claimed(session, "ben", NOW + HOUR)
    for write in (
        lambda: ledger.enter(session, old, NOW, SHANGHAI, 7),
        lambda: ledger.start(session, TONIGHT, old, NOW),
        lambda: ledger.finish(session, TONIGHT, old, NOW),
        lambda: ledger.fail(session, TONIGHT, old, NOW, "no disk"),
        lambda: ledger.leave(session, TONIGHT, old),
    ):
        with pytest.raises(StaleHolderError):
            write()
    assert (row(session).state, row(session).attempts) == ("running", 1)


def test_a_state_that_is_none_is_refused_by_the_database(session):
    session.add(NightLedger(business_date=TONIGHT, state="perhaps"))
    with pytest.raises(sa.exc.IntegrityError, match="ck_night_ledger_state"):
        session.flush()


# Clocks that change


ZONES = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/"))
)[::25]
AWKWARD = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo"]


@pytest.mark.parametrize("zone", [*AWKWARD, *ZONES])
def test_every_business_date_of_six_years_becomes_due_once_at_one_moment_and_in_order(zone):
    """At hours that occur twice or never when clocks change, too."""
    for hour, minute in ((0, 0), (2, 30), (23, 59)):
        schedule = Schedule(hour, minute, ZoneInfo(zone))
        for day in range(6 * 366):
            business_date = date(2024, 1, 1) + timedelta(days=day)
            moment = schedule.moment_of(business_date)
            assert schedule.newest_due(moment) == business_date
            assert schedule.newest_due(moment - timedelta(microseconds=1)) == business_date - DAY


@pytest.mark.parametrize("zone", AWKWARD)
def test_on_days_when_clocks_change_every_look_finds_one_night_a_day(session, zone):
    """Every twenty minutes over the days of each change, at the hour of the change itself, through the ledger."""
    changes = [moment for moment in hours_of(2026) if offset(zone, moment) != offset(zone, moment + HOUR)]
    assert len(changes) == 2
    for change in changes:
        local = change.astimezone(ZoneInfo(zone))
        schedule = Schedule(local.hour, 59, ZoneInfo(zone))
        ran: list[date] = []
        for minutes in range(-30 * 60, 30 * 60, 20):
            now = change + timedelta(minutes=minutes)
            claim = claimed(session, "ana", now)
            ledger.enter(session, claim, now, schedule, 7)
            for business_date in ledger.due_nights(session, now, schedule):
                run(session, claim, business_date, now)
                ran.append(business_date)
            lease.release(session, claim)
        assert ran == [ran[0] + n * DAY for n in range(len(ran))]
        assert len(ran) in {3, 4}
        session.execute(sa.delete(NightLedger))


def hours_of(year: int) -> list[datetime]:
    return [datetime(year, 1, 1, tzinfo=UTC) + n * HOUR for n in range(365 * 24)]


def offset(zone: str, moment: datetime) -> timedelta | None:
    return moment.astimezone(ZoneInfo(zone)).utcoffset()


@pytest.mark.parametrize("jump", [-2 * HOUR, 3 * DAY])
def test_a_clock_that_jumps_and_comes_back_runs_no_date_twice(session, jump):
    ran: list[date] = []
    for minutes in range(0, 6 * 24 * 60, 30):
        away = timedelta(days=1, hours=1) <= timedelta(minutes=minutes) < timedelta(days=1, hours=9)
        now = NOW + timedelta(minutes=minutes) + (jump if away else timedelta(0))
        claim = claimed(session, "ana", now)
        ledger.enter(session, claim, now, SHANGHAI, 7)
        for business_date in ledger.due_nights(session, now, SHANGHAI):
            run(session, claim, business_date, now)
            ran.append(business_date)
        lease.release(session, claim)
    assert sorted(ran) == [TONIGHT + n * DAY for n in range(6)]
