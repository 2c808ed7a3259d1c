"""The scheduler in real processes: together, killed, stopped and asked to leave, each night is run once.

Run as a program, this file is such a process: ``test_scheduler.py FOLDER NAME MODE``. All share one clock that
began at ``BASE`` when the test began, and one diary of what they did.
"""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import sqlalchemy as sa
from sqlmodel import select

from engine import lease
from engine.db import open_db, prepare, reading, writing
from engine.lease import Claim, StaleHolderError
from engine.ledger import Schedule
from engine.nights import Facts, Inputs, save_night
from engine.scheduler import run_scheduler
from engine.tables import Lease, Night, NightLedger, OutreachItem

SCHEDULE = Schedule(2, 30, ZoneInfo("Asia/Shanghai"))
TONIGHT = date(2026, 11, 21)
BASE = SCHEDULE.moment_of(TONIGHT) + timedelta(seconds=5)
DAY = timedelta(days=1)
LEASE_SECONDS = 3.5
PATIENCE = 40.0
HOUSEHOLDS = 50


# The process


def clock_of(folder: Path) -> Callable[[], datetime]:
    began = float((folder / "began").read_text())
    return lambda: BASE + timedelta(seconds=time.time() - began)


def note(folder: Path, line: str) -> None:
    with (folder / "diary").open("a") as diary:
        diary.write(line + "\n")


def child(folder: Path, name: str, mode: str) -> None:
    """Run the scheduler once the file ``start`` is there.

    In mode ``wait`` a night lasts until the file ``go`` is there, in mode ``slow`` a second.
    """
    note(folder, f"{name} ready")
    while not (folder / "start").exists():
        time.sleep(0.005)
    engine = open_db(folder / "x.db")
    prepare(engine)
    clock = clock_of(folder)

    def run_one(business_date: date, claim: Claim) -> None:
        note(folder, f"{name} starts {business_date}")
        while mode == "wait" and not (folder / "go").exists():
            time.sleep(0.02)
        if mode == "slow":
            time.sleep(1)
        moment = clock()
        facts = Facts(Inputs("i", "p", None, None), "0", "m", "s", 0, 0, 0, moment, moment)
        items = pl.DataFrame(
            {
                "household_id": [f"h{number}" for number in range(HOUSEHOLDS)],
                "caseworker_id": "ana",
                "position": range(1, HOUSEHOLDS + 1),
                "lane": "risk",
                "due_on": business_date,
                "inclusion_probability": None,
                "priority": 0.5,
            }
        )
        try:
            with writing(engine) as session:
                save_night(session, name, business_date, items, facts, audit_key=b"k", claim=claim)
        except StaleHolderError:
            note(folder, f"{name} refused {business_date}")
            raise
        note(folder, f"{name} saves {business_date}")

    run_scheduler(engine, run_one, SCHEDULE, clock=clock, lease_seconds=LEASE_SECONDS, look_seconds=0.2)
    engine.dispose()
    note(folder, f"{name} leaves")


# The tests


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "began").write_text(str(time.time()))
    for name in ("diary", "start"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture
def engine(home: Path) -> Iterator[sa.Engine]:
    opened = open_db(home / "x.db")
    yield opened
    opened.dispose()


@pytest.fixture
def scheduler(home: Path) -> Iterator[Callable[[str, str], subprocess.Popen[str]]]:
    """Starts a scheduler's process; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str, mode: str) -> subprocess.Popen[str]:
        out = (home / f"{name}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, __file__, str(home), name, mode], stdout=out, stderr=subprocess.STDOUT, text=True
        )
        out.close()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def started_together(
    home: Path, scheduler: Callable[[str, str], subprocess.Popen[str]], *names: str
) -> list[subprocess.Popen[str]]:
    (home / "start").unlink()
    processes = [scheduler(name, "slow") for name in names]
    for name in names:
        wait_for_line(home, f"{name} ready")
    (home / "start").touch()
    return processes


def diary(home: Path) -> list[str]:
    return (home / "diary").read_text().splitlines()


def wait_for(happened: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, f"waited in vain for: {what}"
        time.sleep(0.02)


def wait_for_line(home: Path, line: str) -> None:
    wait_for(lambda: line in diary(home), f"{line}; the diary says {diary(home)}")


def wait_until_finished(engine: sa.Engine, business_date: date = TONIGHT) -> None:
    wait_for(lambda: ledger_row(engine, business_date).state == "finished", f"the end of {business_date}")


def ledger_row(engine: sa.Engine, business_date: date = TONIGHT) -> NightLedger:
    with reading(engine) as session:
        return session.exec(select(NightLedger).where(NightLedger.business_date == business_date)).one()


def saved(engine: sa.Engine) -> list[tuple[date, str]]:
    """Date and actor of every night in the database; each must be whole."""
    with reading(engine) as session:
        nights = session.exec(select(Night).order_by(Night.business_date)).all()
        items = session.exec(select(sa.func.count()).select_from(OutreachItem)).one()
    assert items == HOUSEHOLDS * len(nights)
    return [(night.business_date, night.actor) for night in nights]


def ask_to_leave(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(number)
    assert process.wait(PATIENCE) == 0


def a_night_three_days_ago(engine: sa.Engine) -> None:
    prepare(engine)
    with writing(engine) as session:
        session.add(NightLedger(business_date=TONIGHT - 3 * DAY, state="finished"))


def test_schedulers_started_together_on_no_database_run_the_night_once(home, engine, scheduler):
    processes = started_together(home, scheduler, "ana", "ben", "cleo")
    wait_for(lambda: any("saves" in line for line in diary(home)), "a saved night")
    wait_until_finished(engine)
    time.sleep(0.5)
    for process in processes:
        ask_to_leave(process)
    assert len([line for line in diary(home) if "starts" in line]) == 1
    assert [business_date for business_date, _ in saved(engine)] == [TONIGHT]
    assert ledger_row(engine).attempts == 1


def test_two_schedulers_catch_up_missed_nights_once_each_in_order_and_announce_them(home, engine, scheduler):
    a_night_three_days_ago(engine)
    processes = started_together(home, scheduler, "ana", "ben")
    wait_for_line_of(home, "saves", TONIGHT)
    wait_until_finished(engine)
    for process in processes:
        ask_to_leave(process)
    nights = [TONIGHT - 2 * DAY, TONIGHT - DAY, TONIGHT]
    assert [line.split()[2] for line in diary(home) if "starts" in line] == [str(night) for night in nights]
    assert [business_date for business_date, _ in saved(engine)] == nights
    logs = (home / "ana.log").read_text() + (home / "ben.log").read_text()
    assert logs.count("missed night is caught up now") == 2
    assert [ledger_row(engine, night).announced_at is not None for night in nights] == [True, True, False]


def wait_for_line_of(home: Path, verb: str, business_date: date) -> None:
    wait_for(
        lambda: any(line.endswith(f"{verb} {business_date}") for line in diary(home)), f"{verb} {business_date}"
    )


def test_when_a_scheduler_is_killed_in_its_night_another_takes_over_and_completes_it(home, engine, scheduler):
    ana = scheduler("ana", "wait")
    wait_for_line(home, f"ana starts {TONIGHT}")
    ben = scheduler("ben", "quick")
    time.sleep(1.2 * LEASE_SECONDS)
    assert f"ben starts {TONIGHT}" not in diary(home)
    ana.kill()
    ana.wait()
    wait_for_line(home, f"ben saves {TONIGHT}")
    wait_until_finished(engine)
    ask_to_leave(ben)
    assert saved(engine) == [(TONIGHT, "ben")]
    row = ledger_row(engine)
    assert (row.attempts, row.epoch) == (2, 2)


def test_a_scheduler_that_was_stopped_and_woken_again_cannot_write(home, engine, scheduler):
    ana = scheduler("ana", "wait")
    wait_for_line(home, f"ana starts {TONIGHT}")
    ben = scheduler("ben", "quick")
    stop_between_writes(ana, home / "x.db")
    wait_for_line(home, f"ben saves {TONIGHT}")
    wait_until_finished(engine)
    (home / "go").touch()
    ana.send_signal(signal.SIGCONT)
    wait_for_line(home, f"ana refused {TONIGHT}")
    for process in (ana, ben):
        ask_to_leave(process)
    assert saved(engine) == [(TONIGHT, "ben")]
    assert (ledger_row(engine).state, ledger_row(engine).epoch) == ("finished", 2)
    assert "another scheduler has taken over" in (home / "ana.log").read_text()


def stop_between_writes(process: subprocess.Popen[str], database: Path) -> None:
    """SIGSTOP at a moment when the process holds no lock of SQLite, which would keep everybody else waiting."""
    while True:
        process.send_signal(signal.SIGSTOP)
        probe = sqlite3.connect(database, timeout=0.2, isolation_level=None)
        try:
            probe.execute("BEGIN IMMEDIATE")
            probe.execute("ROLLBACK")
            return
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            time.sleep(0.05)
        finally:
            probe.close()


def test_a_scheduler_asked_to_leave_in_its_night_leaves_it_whole_to_the_next(home, engine, scheduler):
    ana = scheduler("ana", "wait")
    wait_for_line(home, f"ana starts {TONIGHT}")
    asked = time.monotonic()
    ask_to_leave(ana, signal.SIGINT)
    assert time.monotonic() - asked < 5
    assert saved(engine) == []
    assert ledger_row(engine).state == "due"
    with reading(engine) as session:
        assert session.exec(select(Lease.holder)).one() is None
    (home / "go").touch()
    ben = scheduler("ben", "wait")
    wait_for_line(home, f"ben saves {TONIGHT}")
    wait_until_finished(engine)
    ask_to_leave(ben, signal.SIGTERM)
    assert saved(engine) == [(TONIGHT, "ben")]
    assert [line for line in diary(home) if "leaves" in line] == ["ana leaves", "ben leaves"]


def test_a_night_longer_than_the_lease_keeps_it(home, engine, scheduler):
    ana = scheduler("ana", "wait")
    wait_for_line(home, f"ana starts {TONIGHT}")
    clock = clock_of(home)
    until = time.monotonic() + 1.3 * LEASE_SECONDS
    while time.monotonic() < until:
        with writing(engine) as session:
            assert lease.take(session, "night", "ben", clock(), LEASE_SECONDS) is None
        time.sleep(0.2)
    (home / "go").touch()
    wait_until_finished(engine)
    ask_to_leave(ana)
    assert ledger_row(engine).epoch == 1


if __name__ == "__main__":
    child(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
