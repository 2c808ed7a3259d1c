"""Pages, spreadsheets and reports that were given out: verify names each that is missing or has changed."""

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
from homes import NIGHT, copy_of, demo_home, done, set_policy, xunfang

from engine import send, status
from engine.retention import retain
from engine.settings import Home
from engine.workplace import Workplace


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path / "home")


def damaged(home: Path) -> dict[str, str]:
    run = xunfang("verify", "--home", home, "--json")
    assert run.code == (9 if run.json["damaged"] else 0)
    return {each["path"]: each["what"] for each in run.json["damaged"]}


def outputs(home: Path) -> list[Path]:
    lists = [path for path in sorted((home / "lists").rglob("*")) if path.is_file()]
    return [lists[0], next(path for path in lists if path.suffix == ".xlsx"), *home.glob("nights/*/report.html")]


def test_every_list_and_report_is_looked_at(home: Path) -> None:
    told = done(xunfang("verify", "--home", home, "--json")).json
    files = [path for path in (home / "lists").rglob("*") if path.is_file()]
    assert told["given_out"] == len(files) + 1 > 4
    assert told["intact"]


@pytest.mark.parametrize("place", [0, 1, 2], ids=["page", "spreadsheet", "report"])
def test_what_was_changed_or_lost_is_named(home: Path, place: int) -> None:
    path = outputs(home)[place]
    name = path.relative_to(home).as_posix()
    before = path.read_bytes()
    path.write_bytes(before + b" ")
    assert list(damaged(home)) == [name]
    assert "has changed" in damaged(home)[name]
    path.unlink()
    assert damaged(home) == {name: "is missing"}
    path.write_bytes(before)
    assert damaged(home) == {}


def test_a_list_that_is_written_anew_is_no_false_alarm(home: Path) -> None:
    database = sqlite3.connect(home / "xunfang.db")
    ((household, worker),) = database.execute(
        "SELECT household_id, caseworker_id FROM outreach_item JOIN outreach_list l ON l.id = list_id "
        "WHERE outreach_item.state = 'open' ORDER BY 1 LIMIT 1"
    ).fetchall()
    database.close()
    page = home / "lists" / NIGHT / f"{worker}.html"
    before = page.read_bytes()
    done(xunfang("rights", "opt-out", "--home", home, "--household", household))
    assert page.read_bytes() != before
    assert damaged(home) == {}
    page.write_bytes(before)  # as it was before the household came off it
    assert list(damaged(home)) == [f"lists/{NIGHT}/{worker}.html"]


def test_a_list_stopped_between_writing_and_noting_is_written_again_and_no_false_alarm(home: Path) -> None:
    set_policy(home, "capacity", "factor", 0.5)
    stop = mock.patch.object(send.nights, "mark_sent", side_effect=KeyboardInterrupt)
    with stop:
        assert xunfang("night", "--home", home, "--date", "2026-01-05").code == 130
    written = list((home / "lists" / "2026-01-05").glob("*.html"))
    assert written
    assert damaged(home) == {}
    done(xunfang("night", "--home", home, "--date", "2026-01-05"))
    assert damaged(home) == {}
    written[0].write_text("changed", "utf-8")
    assert len(damaged(home)) == 1


def test_a_report_stopped_before_it_was_noted_is_noted_by_the_next_run(home: Path) -> None:
    note = mock.patch.object(status, "sha256_of", side_effect=KeyboardInterrupt)
    with note:
        assert xunfang("night", "--home", home, "--date", "2026-01-05").code == 130
    report = home / "nights" / "2026-01-05" / "report.html"
    before = report.read_bytes()
    done(xunfang("night", "--home", home, "--date", "2026-01-05"))
    assert report.read_bytes() == before
    report.unlink()
    assert damaged(home) == {"nights/2026-01-05/report.html": "is missing"}
    done(xunfang("night", "--home", home, "--date", "2026-01-05"))  # makes the report again, and notes it
    assert damaged(home) == {}


def test_lists_and_nights_past_their_time_are_not_missing(home: Path) -> None:
    place = Workplace.open(Home(home), clock=lambda: datetime(2027, 2, 1, 12, tzinfo=UTC))
    told = retain(place, place.log.clock().date(), dry_run=False)
    assert told["lists"] == [NIGHT]
    assert damaged(home) == {}
    later = Workplace.open(Home(home), clock=lambda: datetime(2030, 2, 1, 12, tzinfo=UTC))
    assert retain(later, later.log.clock().date(), dry_run=False)["nights"] == [NIGHT]
    assert damaged(home) == {}
    for opened in (place, later):
        opened.database.dispose()


def test_a_lost_folder_of_lists_is_named_and_comes_back_with_a_backup(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    done(xunfang("backup", copy, "--home", home))
    files = {path.relative_to(home).as_posix() for path in (home / "lists").rglob("*") if path.is_file()}
    shutil.rmtree(home / "lists")
    assert set(damaged(home)) == files
    told = done(xunfang("restore", copy, "--home", home, "--replace", "--json")).json
    assert told["verified"]["intact"]
    assert damaged(home) == {}


def test_a_restoring_is_in_the_audit_log_of_the_home_and_a_drill_is_not(home: Path, tmp_path: Path) -> None:
    def restorings() -> list[tuple[str, str]]:
        log = done(xunfang("--as", "auditor", "audit", "list", "--home", home, "--json")).json["entries"]
        return [(each["actor"], each["role"]) for each in log if each["action"] == "home restored"]

    done(xunfang("backup", tmp_path / "copy", "--home", home))
    done(xunfang("restore", "--drill", "--home", home))
    assert restorings() == []
    done(xunfang("restore", tmp_path / "copy", "--home", home, "--replace"))
    assert restorings() == [("operator", "operator")]
