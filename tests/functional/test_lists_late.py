"""Lists that were saved and not written: whatever happens in between, each is written once, and says the truth."""

import shutil
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tomli_w
from homes import NIGHT, ask, change, copy_of, demo_home, done, hashes, xunfang

from engine import trial
from engine.ledger import Schedule
from engine.settings import Home
from engine.workplace import Workplace

LATER = "2026-01-05"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture
def home(demo: Path, tmp_path: Path) -> Path:
    """A home whose night was saved, and whose process ended before any list was written."""
    copy = copy_of(demo, tmp_path / "home")
    shutil.rmtree(copy / "lists")
    change(copy, "UPDATE delivery SET sent_at = NULL")
    return copy


def text_of(home: Path) -> str:
    return "".join(path.read_text("utf-8") for path in sorted((home / "lists" / NIGHT).glob("*.html")))


def test_the_next_night_writes_the_lists_that_an_interrupted_one_has_left(demo: Path, home: Path) -> None:
    told = done(xunfang("night", "--home", home, "--date", LATER, "--json")).json
    assert (
        told["written_late"]
        == len(ask(home, "SELECT DISTINCT list_id FROM delivery WHERE id <= 1000")) - told["written"]
    )
    assert told["written_late"] > 0
    assert hashes(home / "lists" / NIGHT) == hashes(demo / "lists" / NIGHT)
    assert ask(home, "SELECT count(*) FROM delivery WHERE sent_at IS NULL") == [(0,)]


def test_a_refused_delivery_does_not_keep_saved_lists_back(demo: Path, home: Path) -> None:
    (home / "inbox" / "broken").mkdir()
    done(xunfang("night", "--home", home, "--date", NIGHT))
    assert hashes(home / "lists" / NIGHT) == hashes(demo / "lists" / NIGHT)


def test_who_was_taken_off_or_superseded_in_between_is_on_no_list(home: Path) -> None:
    households = [row[0] for row in ask(home, "SELECT household_id FROM outreach_item ORDER BY id")]
    change(home, f"UPDATE outreach_item SET state = 'superseded' WHERE household_id = '{households[0]}'")
    change(home, f"UPDATE outreach_item SET state = 'withdrawn' WHERE household_id = '{households[1]}'")
    done(xunfang("night", "--home", home, "--date", NIGHT))
    written = text_of(home)
    assert households[0] not in written
    assert households[1] not in written
    assert households[2] in written


def test_a_caseworker_who_has_left_the_file_keeps_nobody_elses_list_back(home: Path) -> None:
    staff = tomllib.loads((home / "caseworkers.toml").read_text("utf-8"))
    gone = ask(home, "SELECT caseworker_id FROM outreach_list ORDER BY id")[0][0]
    staff["caseworker"] = [each for each in staff["caseworker"] if each["id"] != gone]
    (home / "caseworkers.toml").write_text(tomli_w.dumps(staff), "utf-8")
    run = xunfang("night", "--home", home, "--date", NIGHT)
    assert run.code == 7
    assert gone in run.err
    assert "Traceback" not in run.err
    others = ask(home, f"SELECT caseworker_id FROM outreach_list WHERE caseworker_id <> '{gone}'")
    assert {path.stem for path in (home / "lists" / NIGHT).iterdir()} == {row[0] for row in others}


@pytest.mark.parametrize("name", ["reasons", "verdicts", "findings", "chances"])
def test_a_list_is_not_written_without_what_the_night_has_lost(name: str, home: Path) -> None:
    (home / "nights" / NIGHT / "listed" / f"{name}.parquet").unlink()
    run = xunfang("night", "--home", home, "--date", NIGHT)
    assert run.code == 9
    assert f"{name}.parquet" in run.err
    assert not (home / "lists" / NIGHT).exists()


def test_a_list_that_never_went_out_is_no_last_time_on_the_list(demo: Path, tmp_path: Path) -> None:
    home = copy_of(demo, tmp_path / "home")
    change(home, "UPDATE outreach_item SET state = 'superseded'")
    change(home, "DELETE FROM delivery")
    done(xunfang("night", "--home", home, "--date", LATER))
    listed = pl.read_parquet(home / "nights" / LATER / "items.parquet")["household_id"]
    before = pl.read_parquet(home / "nights" / NIGHT / "items.parquet")["household_id"]
    assert set(listed) & set(before)
    written = "".join(path.read_text("utf-8") for path in (home / "lists" / LATER).glob("*.html"))
    assert "Last listed" not in written


def test_the_scheduler_reads_policy_and_caseworkers_anew_each_night(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def one_night(place: Workplace, business_date: date, **_options: Any) -> dict[str, Any]:
        seen.append(place.policy.text)
        assert place.bureau.file.caseworker
        return {}

    def two_nights(_engine: Any, run_one: Any, _schedule: Schedule, **_options: Any) -> None:
        run_one(date(2026, 1, 5), None)
        path = home / "policy.toml"
        path.write_text("# changed by day\n" + path.read_text("utf-8"), "utf-8")
        run_one(date(2026, 1, 6), None)

    monkeypatch.setattr(trial, "one_night", one_night)
    monkeypatch.setattr(trial, "run_scheduler", two_nights)
    place = Workplace.open(Home(home))
    trial.run_schedule(place, at="01:30", zone="Asia/Shanghai", now=lambda: datetime(2026, 1, 5, tzinfo=UTC))
    assert [text.startswith("# changed by day") for text in seen] == [False, True]


def test_what_is_written_into_a_home_is_for_its_owner_alone(demo: Path) -> None:
    kept = [
        demo / "xunfang.db",
        *(path for name in ("lists", "nights", "records") for path in (demo / name).rglob("*")),
    ]
    open_to_others = [path for path in kept if path.is_file() and path.stat().st_mode & 0o077]
    assert open_to_others == []
