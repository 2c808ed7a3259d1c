"""Nights around a change of the pseudonym key: the same households, the same findings; the past stays readable."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from homes import NIGHT, copy_of, demo_home, done, frame, xunfang

from engine import rekey
from engine.identity import renewed
from engine.keys import load_keys
from engine.settings import Home

NEXT = "2026-01-05"


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's home with a new key after its first night."""
    home = copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("changed") / "home")
    rekey.rotate(Home(home), "pseudonym", now=datetime(2026, 1, 2, tzinfo=UTC))
    return home


def as_now(home: Path, rows: pl.DataFrame) -> pl.DataFrame:
    keys = load_keys(Home(home)).pseudonyms
    found = {"household_id": "household", "person_id": "person"}
    names = [name for name in found if name in rows.columns]
    rows = rows.with_columns(renewed(keys, 1, found[name], rows[name]).alias(name) for name in names)  # type: ignore[arg-type]
    return rows.sort(names)


def test_a_night_after_the_change_sees_what_it_would_have_seen(changed: Path, tmp_path: Path) -> None:
    """What no tie and no lot decides: the columns, the scores, the verdicts, whom the rules find."""
    first, other = demo_home_of(changed, tmp_path)
    done(xunfang("night", "--home", first, "--date", NEXT))
    done(xunfang("night", "--home", other, "--date", NEXT))
    for name in ("columns", "groups", "scores_relative_poverty", "scores_emergency"):
        if (first / "nights" / NEXT / f"{name}.parquet").exists():
            assert as_now(other, frame(first, name, NEXT)).equals(frame(other, name, NEXT).sort("household_id")), (
                name
            )
    for name in ("findings", "verdicts"):
        before, after = as_now(other, frame(first, name, NEXT)), frame(other, name, NEXT)
        assert (
            before.sort(before.columns[:4]).drop("evidence").equals(after.sort(after.columns[:4]).drop("evidence"))
        )
    urgent = [
        set(as_now(other, frame(first, "items", NEXT)).filter(pl.col("lane") == "urgent")["household_id"]),
        set(frame(other, "items", NEXT).filter(pl.col("lane") == "urgent")["household_id"]),
    ]
    assert urgent[0] == urgent[1]
    left = [
        as_now(other, frame(first, "left_out", NEXT)).filter(pl.col("reason") == "open_item")["household_id"],
        frame(other, "left_out", NEXT).filter(pl.col("reason") == "open_item")["household_id"].sort(),
    ]
    assert left[0].equals(left[1])
    assert left[0].len() > 0
    pages = "".join(path.read_text("utf-8") for path in sorted((other / "lists" / NEXT).glob("*.html")))
    assert not any(each in pages for each in frame(first, "items", NIGHT)["household_id"])


def demo_home_of(changed: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The home without the change and the home with it, to run nights in."""
    first = copy_of(changed.parent.parent / "first", tmp_path / "first")
    return first, copy_of(changed, tmp_path / "other")


@pytest.fixture(scope="module", autouse=True)
def unchanged(tmp_path_factory: pytest.TempPathFactory, changed: Path) -> Path:
    target = changed.parent.parent / "first"
    shutil.copytree(demo_home(tmp_path_factory), target)
    return target


def test_the_past_night_is_whole_and_its_replay_says_why_it_differs(changed: Path) -> None:
    assert done(xunfang("verify", "--home", changed, "--json")).json["intact"]
    run = done(xunfang("replay", "--home", changed, "--date", NIGHT, "--json"))
    assert not run.json["identical"]
    (reason,) = run.json["reasons"]
    assert (reason["what"], reason["on"]) == ("pseudonyms", "2026-01-02")
    assert "ties fall otherwise" in reason["why"]
    assert run.json["missing"] == run.json["new"] == []


def test_the_nights_manifest_tells_the_version_and_the_key(changed: Path, unchanged: Path, tmp_path: Path) -> None:
    import json

    home = copy_of(changed, tmp_path / "home")
    done(xunfang("night", "--home", home, "--date", NEXT))
    told = [json.loads((home / "nights" / day / "manifest.json").read_text("utf-8")) for day in (NIGHT, NEXT)]
    marks = [load_keys(Home(each)).fingerprints()["pseudonym"] for each in (unchanged, changed)]
    assert [each["pseudonyms"] for each in told] == [
        {"version": 1, "key": marks[0]},
        {"version": 2, "key": marks[1]},
    ]


def test_a_list_that_is_out_is_written_anew_and_an_erased_household_leaves_the_nights_before_the_change(
    changed: Path, tmp_path: Path
) -> None:
    home = copy_of(changed, tmp_path / "home")
    old = frame(home, "items")["household_id"][0]
    worker = frame(home, "items")["caseworker_id"][0]
    path = home / "lists" / NIGHT / f"{worker}.html"
    before = path.read_text("utf-8")
    assert old in before
    told = done(xunfang("rights", "erase", "--home", home, "--household", old, "--json")).json
    assert (told["nights"], told["night_rows"] > 5, told["identities"] > 0) == ([NIGHT], True, True)
    for each in sorted((home / "nights" / NIGHT).rglob("*.parquet")):
        rows = pl.read_parquet(each)
        assert "household_id" not in rows.columns or not (rows["household_id"] == old).any(), each
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"]
    after = path.read_text("utf-8")
    assert old not in after
    others = frame(home, "items").filter(pl.col("caseworker_id") == worker)["household_id"]
    keys = load_keys(Home(home)).pseudonyms
    shown = [each in after for each in renewed(keys, 1, "household", others)]
    assert all(shown)
    assert after.count("<article") == before.count("<article") - 1


def test_what_the_night_said_of_a_household_stands_on_its_next_card(changed: Path, tmp_path: Path) -> None:
    """A household that is listed again is told as such, though its number is another."""
    first, other = demo_home_of(changed, tmp_path)
    days = [(home, day) for home in (first, other) for day in ("2026-03-02",)]
    for home, day in days:
        done(xunfang("night", "--home", home, "--date", day))
    was = set(frame(first, "items")["household_id"])
    again = {
        home: set(frame(home, "items", "2026-03-02")["household_id"]) & names
        for home, names in (
            (first, was),
            (other, set(renewed(load_keys(Home(other)).pseudonyms, 1, "household", pl.Series(sorted(was))))),
        )
    }
    assert bool(again[first]) == bool(again[other])
