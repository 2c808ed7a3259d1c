"""What the scheduler does around a night: departments' databases before it, what is past its time behind it."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deliveries import a_home, deliver, people
from descriptions import INCOME, describe
from homes import copy_of, demo_home, done, set_policy, xunfang

from engine import retention, trial
from engine.intake.database import fetch, fetch_due, not_fetched
from engine.ledger import Schedule
from engine.retention import is_due, retain, retained_on
from engine.settings import Home
from engine.workplace import Workplace, default_policy

DAY = date(2026, 1, 5)
COLUMNS: dict[str, Any] = INCOME | {
    "person_id": "pid",
    "month": {"from": "paid_for", "dates": "YYYY-MM-DD"},
    "record_no": "no",
    "amount": {"from": "yuan", "unit": "yuan"},
}


def with_query(home: Home, name: str, variable: str, days: int) -> None:
    query = "SELECT pid, paid_for, no, yuan FROM pension"
    describe(home, name, columns=COLUMNS, refresh_days=days, **{"from": {"database_env": variable, "query": query}})


def a_department(path: Path) -> str:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE pension (pid, paid_for, no, yuan)")
    database.execute("INSERT INTO pension VALUES ('P1', '2025-12-01', 'n', '1.5')")
    database.commit()
    database.close()
    return f"sqlite:///{path}"


def test_each_department_is_asked_when_its_refresh_is_due_and_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    with_query(home, "broken", "NOWHERE", 7)
    with_query(home, "pensions", "PENSIONS", 31)
    given = {"PENSIONS": a_department(tmp_path / "p.db")}
    told = fetch_due(home, DAY, {}, environment=given)
    assert told["fetched"] == {"pensions": 1}
    assert list(told["failed"]) == ["broken"]
    assert "NOWHERE is not set" in told["failed"]["broken"]
    later = fetch_due(home, DAY + timedelta(days=1), {}, environment=given)
    assert (later["fetched"], list(later["failed"])) == ({}, ["broken"])
    assert {name: each["since"] for name, each in not_fetched(home).items()} == {"broken": DAY.isoformat()}
    mended = given | {"NOWHERE": given["PENSIONS"]}
    assert fetch_due(home, DAY + timedelta(days=2), {}, environment=mended) == {
        "fetched": {"broken": 1},
        "failed": {},
    }
    assert not_fetched(home) == {}
    taken = {"pensions": DAY, "broken": DAY + timedelta(days=30)}
    assert fetch_due(home, DAY + timedelta(days=30), taken, environment=mended)["fetched"] == {}
    assert fetch_due(home, DAY + timedelta(days=31), taken, environment=mended)["fetched"] == {"pensions": 1}


def test_what_was_fetched_by_hand_is_missing_no_more(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    with_query(home, "pensions", "PENSIONS", 31)
    fetch_due(home, DAY, {}, environment={"PENSIONS": "sqlite:////nowhere/at/all.db"})
    (failed,) = not_fetched(home).values()
    assert (failed["since"], "nowhere" in failed["why"]) == ("2026-01-05", False)
    fetch(home, DAY, environment={"PENSIONS": a_department(tmp_path / "p.db")})
    assert not_fetched(home) == {}


def at(home: Home, day: date) -> Workplace:
    return Workplace.open(home, clock=lambda: datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def due(home: Home, day: date) -> bool:
    place = at(home, day)
    try:
        return is_due(place, day)
    finally:
        place.database.dispose()


def test_what_is_past_its_time_goes_by_itself_once_a_month_and_only_where_the_policy_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home(tmp_path / "home")
    home.policy.write_text(default_policy(), "utf-8")
    deliver(home, "d1", **people(2))
    assert not due(home, DAY)
    set_policy(home.root, "retention", "automatic", True)
    set_policy(home.root, "retention", "day", 5)
    assert [due(home, DAY + timedelta(days=days)) for days in (-1, 0, 3)] == [False, True, True]
    place = at(home, DAY + timedelta(days=3))
    with monkeypatch.context() as there:
        there.setattr(retention.oldnights, "forget_visits", _raise)
        assert not trial.retain_after(place)
    assert retained_on(place) is None
    assert trial.retain_after(place)
    assert not trial.retain_after(place)
    assert retained_on(place) == DAY + timedelta(days=3)
    retain(place, date(2025, 1, 1), dry_run=False)  # by hand, of an earlier day
    place.database.dispose()
    assert [due(home, day) for day in (date(2026, 1, 31), date(2026, 2, 4), date(2026, 2, 5))] == [
        False,
        False,
        True,
    ]


def _raise(*_: object, **__: object) -> None:
    raise ZeroDivisionError


def test_a_department_that_fails_is_told_and_the_night_is_run_and_what_is_past_its_time_goes_behind_it(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copy_of(demo_home(tmp_path_factory), tmp_path / "home")
    with_query(Home(root), "pensions", "XUNFANG_TEST_NOWHERE", 31)
    set_policy(root, "retention", "automatic", True)
    tonight = date(2026, 1, 5)

    def once(_engine: Any, run_one: Callable[..., None], _schedule: Schedule, **_options: Any) -> None:
        run_one(tonight, None)

    monkeypatch.setattr(trial, "run_scheduler", once)
    place = at(Home(root), tonight)
    trial.run_schedule(place, at="01:30", zone="Asia/Shanghai", now=place.log.clock)
    place.database.dispose()
    told = done(xunfang("status", "--home", root, "--json")).json
    assert told["last_night"]["business_date"] == "2026-01-05"
    (failed,) = told["not_fetched"]
    assert (failed["source"], failed["since"]) == ("pensions", "2026-01-05")
    assert told["retention"] == {"automatic": True, "day": 1, "last": "2026-01-05"}
    said = done(xunfang("status", "--home", root)).out
    assert "NOT DELIVERED pensions since 2026-01-05" in said
    assert "last taken away on 2026-01-05" in said
    report = (root / "nights" / "2026-01-05" / "report.html").read_text("utf-8")
    assert "未能读取" in report
    assert "not read since 2026-01-05" in report
    assert done(xunfang("verify", "--home", root, "--json")).json["intact"]
