"""xunfang schedule as real processes on a real home, and features show."""

import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import SIGTERM, XUNFANG, copy_of, database_of, demo_home, done, xunfang

PATIENCE = 120.0


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path / "home")


def scheduler(home: Path, at: str) -> "subprocess.Popen[str]":
    words = [XUNFANG, "schedule", "--home", home, "--at", at, "--zone", "Etc/UTC"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def just_past() -> tuple[str, str]:
    """A minute of the clock that has passed a few minutes ago, and its date."""
    moment = datetime.now(UTC) - timedelta(minutes=2)
    return f"{moment:%H:%M}", f"{moment:%Y-%m-%d}"


def until(home: Path, state: str) -> None:
    """Wait until the ledger's only night has reached a state."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        rows = database_of(home)["night_ledger"]
        if any(state in row for row in rows):
            return
        time.sleep(0.3)
    raise AssertionError(f"no night is {state}: {database_of(home)['night_ledger']}")


def left(process: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """The log of a scheduler that is asked to leave: one JSON object a line."""
    process.send_signal(SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_two_schedulers_started_together_run_the_due_night_once_and_leave_when_asked(home: Path) -> None:
    at, today = just_past()
    both = [scheduler(home, at), scheduler(home, at)]
    try:
        until(home, "finished")
        time.sleep(1)
        logs = [left(process) for process in both]
    finally:
        for process in both:
            process.kill()
    events = [line["event"] for log in logs for line in log]
    assert events.count("night finished") == events.count("night started") == 1
    assert "night failed" not in events
    assert all(log[0]["event"] == "scheduler started" and log[-1]["event"] == "scheduler stopped" for log in logs)
    status = done(xunfang("status", "--home", home, "--json")).json
    assert status["last_night"]["business_date"] == today
    assert status["ledger"] == []
    assert (home / "nights" / today / "manifest.json").is_file()
    assert (home / "nights" / today / "report.html").is_file()
    told = done(xunfang("night", "--home", home, "--date", today, "--json")).json
    assert told["already"] is True
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"] is True


def test_a_scheduler_stopped_in_its_night_leaves_it_to_the_next(home: Path) -> None:
    at, today = just_past()
    first = scheduler(home, at)
    try:
        until(home, "running")
        log = left(first)
    finally:
        first.kill()
    events = [line["event"] for line in log]
    assert events[-1] == "scheduler stopped"
    if "night finished" not in events:
        assert "night left unfinished on request" in events
        assert done(xunfang("status", "--home", home, "--json")).json["last_night"]["business_date"] != today
    second = scheduler(home, at)
    try:
        until(home, "finished")
        assert [line["event"] for line in left(second)][-1] == "scheduler stopped"
    finally:
        second.kill()
    assert done(xunfang("status", "--home", home, "--json")).json["last_night"]["business_date"] == today
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"] is True


def test_one_column_is_computed_on_one_date(home: Path) -> None:
    words = ("features", "show", "income_drop_3m", "--home", home, "--as-of", "2025-12-31")
    told = done(xunfang(*words, "--json")).json
    assert told["households"] > 1_000
    assert 0 <= told["unknown"] < told["households"]
    shares = list(told["quantiles"].values())
    assert shares == sorted(shares)
    assert len(shares) == 5
    text = done(xunfang(*words)).out
    assert told["en"] in text
    assert told["zh"] in text
    earlier = done(xunfang(*words[:-1], "2023-12-31", "--json")).json
    assert earlier["mean"] != told["mean"]
    refused = xunfang("features", "show", "income_drop_9z", "--home", home, "--as-of", "2025-12-31")
    assert refused.code == 2
    assert "xunfang features lists them" in refused.err


def test_a_column_that_needs_the_neighbourhood_is_the_night_s_own(home: Path) -> None:
    columns = pl.read_parquet(home / "nights" / "2025-12-31" / "columns.parquet")
    for name in ("income_drop_3m", "income_to_median_12m", "area_income_median"):
        if name in columns.columns:
            words = ("features", "show", name, "--home", home, "--as-of", "2025-12-31", "--json")
            told = done(xunfang(*words)).json
            assert told["unknown"] == columns[name].null_count()
            assert told["mean"] == pytest.approx(columns[name].mean(), rel=1e-12)
