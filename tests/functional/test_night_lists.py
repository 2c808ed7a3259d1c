"""What a night leaves behind: lists, frames, manifest, database; with leave, a full week, a hold, and no model."""

import hashlib
import json
import shutil
import sqlite3
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pytest
import tomli_w
from homes import NIGHT, copy_of, demo_home, done, frame, hashes, set_policy, xunfang

NEXT = "2026-01-05"
"""A Monday: nothing is planned in its week yet."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


def sheet(home: Path, caseworker: str, day: str = NIGHT) -> pl.DataFrame:
    """The households on a caseworker's sheet, by the names of its columns."""
    book = fastexcel.read_excel(home / "lists" / day / f"{caseworker}.xlsx")
    whole = book.load_sheet(book.sheet_names[0], header_row=None).to_polars()
    heads = [str(name).split("\n")[0] for name in whole.row(4)]
    return whole[5:].rename(dict(zip(whole.columns, heads, strict=True)))


def cards(home: Path, caseworker: str, day: str = NIGHT) -> int:
    return (home / "lists" / day / f"{caseworker}.html").read_text("utf-8").count('<article class="card')


def rows(home: Path, statement: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(home / "xunfang.db")
    try:
        return database.execute(statement).fetchall()
    finally:
        database.close()


def change_staff(home: Path, change: Any) -> None:
    path = home / "caseworkers.toml"
    staff = tomllib.loads(path.read_text("utf-8"))
    change(staff)
    path.write_text(tomli_w.dumps(staff), "utf-8")


def night(home: Path, day: str = NEXT) -> dict[str, Any]:
    told: dict[str, Any] = done(xunfang("night", "--home", home, "--date", day, "--json")).json
    return told


def test_every_household_of_the_night_is_on_a_list_or_left_out_with_its_reason(home: Path) -> None:
    everybody = frame(home, "columns")["household_id"]
    listed, left = frame(home, "items")["household_id"], frame(home, "left_out")
    assert everybody.n_unique() == len(everybody) > 1_000
    assert sorted([*listed, *left["household_id"]]) == everybody.to_list()
    assert left["reason"].null_count() == 0


def test_every_caseworker_gets_one_sheet_and_one_page_with_a_card_for_each_household(home: Path) -> None:
    items = frame(home, "items")
    caseworkers = sorted(items["caseworker_id"].unique())
    names = [f"{each}.{suffix}" for each in caseworkers for suffix in ("html", "xlsx")]
    assert sorted(path.name for path in (home / "lists" / NIGHT).iterdir()) == names
    for each in caseworkers:
        count = items.filter(pl.col("caseworker_id") == each).height
        assert cards(home, each) == count
        assert sheet(home, each).height == count
        assert sheet(home, each)["户主"].null_count() == 0


def test_the_database_holds_what_the_frames_hold_once_per_date(home: Path, tmp_path: Path) -> None:
    held = rows(
        home,
        "SELECT i.household_id, l.caseworker_id, i.position, i.lane, i.state FROM outreach_item i "
        "JOIN outreach_list l ON l.id = i.list_id",
    )
    items = frame(home, "items").select("household_id", "caseworker_id", "position", pl.col("lane").cast(pl.String))
    assert sorted(row[:4] for row in held) == sorted(items.rows())
    assert {row[4] for row in held} == {"open"}
    other = copy_of(home, tmp_path / "home")
    database = sqlite3.connect(other / "xunfang.db")
    for table in ("night", "outreach_item"):
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            database.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(names)} FROM {table} LIMIT 1"
            )
    database.close()


def test_the_manifest_names_every_frame_with_its_hash_and_what_the_night_rests_on(home: Path) -> None:
    folder = home / "nights" / NIGHT
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    assert set(manifest["files"]) == found
    for name, told in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == told["sha256"]
        assert pl.read_parquet(folder / name).height == told["rows"]
    assert manifest["basis"] == "model"
    assert set(manifest["models"]) <= {"relative_poverty", "emergency"}
    assert manifest["policy"] == (home / "policy.toml").read_text("utf-8")
    assert manifest["code_version"]
    for source in manifest["sources"]:
        assert source["rows"] == source["accepted"] + source["quarantined"]


def test_the_six_numbers_are_those_of_the_artefacts(home: Path) -> None:
    told = done(xunfang("status", "--home", home, "--json")).json
    numbers = told["last_night"]["numbers"]
    sources = done(xunfang("check", "--home", home, "--json")).json["sources"]
    assert numbers["read"] == sum(source["rows"] for source in sources)
    assert numbers["quarantined"] == sum(source["quarantined"] for source in sources) > 0
    assert numbers["scored"] == frame(home, "columns").height
    assert numbers["listed"] == frame(home, "items").height
    assert numbers["sent"] == frame(home, "items")["caseworker_id"].n_unique()
    assert numbers["answered"] == 0
    assert told["waiting"]["visits_to_make"] == numbers["listed"]
    assert told["waiting"]["lists_to_send"] == told["waiting"]["deliveries_in_inbox"] == 0
    assert {source["name"] for source in told["sources"]} == {source["name"] for source in sources}
    assert all(source["days_since_known"] >= 0 for source in told["sources"] if source["last_known_on"])
    assert told["disk"]["home_bytes"] > 1_000_000
    assert told["disk"]["free_bytes"] > 0


def test_who_is_on_leave_gets_no_list_and_a_full_week_is_full(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")

    def change(staff: dict[str, Any]) -> None:
        staff["leave"] = [{"caseworker": "w0001", "from": date(2026, 1, 1), "to": date(2026, 3, 1)}]
        staff["caseworker"][1]["capacity_week"] = 5

    change_staff(other, change)
    night(other)
    items = frame(other, "items", NEXT)
    assert items["caseworker_id"].unique().to_list() == ["w0002"]
    planned = items.filter(~pl.col("over_capacity"))
    by_lot = planned.filter(pl.col("lane").cast(pl.String) == "random")
    assert planned.height - by_lot.height <= 4
    assert by_lot.height <= 1  # the floor of the lottery asks for a fifth of a visit: a whole one now and then
    assert set(items.filter("over_capacity")["lane"].cast(pl.String)) <= {"urgent"}
    reasons = set(frame(other, "left_out", NEXT)["reason"].cast(pl.String))
    assert {"open_item", "below_capacity"} <= reasons
    assert sorted(path.name for path in (other / "lists" / NEXT).iterdir()) == ["w0002.html", "w0002.xlsx"]


def test_a_household_is_not_listed_again_while_its_visit_is_open(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    told = night(other)
    first, second = (set(frame(other, "items", day)["household_id"]) for day in (NIGHT, NEXT))
    assert second
    assert not first & second
    everybody = sorted([*second, *frame(other, "left_out", NEXT)["household_id"]])
    assert everybody == frame(other, "columns", NEXT)["household_id"].to_list()
    waiting = done(xunfang("status", "--home", other, "--json")).json["waiting"]
    assert waiting["visits_to_make"] == len(first) + told["numbers"]["listed"]


def test_a_night_of_unusual_length_is_held_and_sends_its_urgent_visits_only(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    set_policy(other, "volume", "min_nights", 1)
    set_policy(other, "volume", "tolerance", 0.01)
    with_more = [each * 3 for each in (18, 11)]

    def change(staff: dict[str, Any]) -> None:
        for worker, capacity in zip(staff["caseworker"], with_more, strict=True):
            worker["capacity_week"] = capacity

    change_staff(other, change)
    told = night(other)
    assert told["state"] == "held"
    assert told["held_reason"]
    items = frame(other, "items", NEXT)
    urgent = items.filter(pl.col("lane").cast(pl.String) == "urgent")
    states = dict(rows(other, f"SELECT household_id, state FROM outreach_item WHERE business_date = '{NEXT}'"))
    assert {home_id for home_id, state in states.items() if state == "open"} == set(urgent["household_id"])
    assert {state for home_id, state in states.items() if home_id not in set(urgent["household_id"])} == {"drafted"}
    folder = other / "lists" / NEXT
    written = {path.stem for path in folder.glob("*.xlsx")} if folder.exists() else set()
    assert written == set(urgent["caseworker_id"])
    for caseworker in written:
        assert cards(other, caseworker, NEXT) == urgent.filter(pl.col("caseworker_id") == caseworker).height
    status = done(xunfang("status", "--home", other, "--json")).json
    assert [each["business_date"] for each in status["held"]] == [NEXT]
    assert status["held"][0]["why"] == told["held_reason"]
    assert f"HELD {NEXT}" in done(xunfang("status", "--home", other)).out
    assert told["held_reason"] in (other / "nights" / NEXT / "report.html").read_text("utf-8")


def test_without_an_automatic_policy_nothing_is_written_until_a_person_releases_it(
    home: Path, tmp_path: Path
) -> None:
    other = copy_of(home, tmp_path / "home")
    set_policy(other, "release", "automatic", False)
    before = hashes(other / "lists")
    told = night(other)
    assert told["written"] == told["numbers"]["sent"] == 0
    assert hashes(other / "lists") == before
    assert {
        state for (state,) in rows(other, f"SELECT state FROM outreach_item WHERE business_date = '{NEXT}'")
    } == {"drafted"}
    waiting = done(xunfang("status", "--home", other, "--json")).json["waiting"]
    assert waiting["lists_to_release"] == frame(other, "items", NEXT)["caseworker_id"].n_unique() > 0
    after = (date.fromisoformat(NEXT) + timedelta(days=1)).isoformat()
    night(other, after)
    waiting = done(xunfang("status", "--home", other, "--json")).json["waiting"]
    assert waiting["lists_to_release"] == frame(other, "items", after)["caseworker_id"].n_unique()


def test_without_a_promoted_model_every_artefact_says_what_the_lists_rest_on(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    shutil.rmtree(other / "models")
    run = done(xunfang("night", "--home", other, "--date", NEXT))
    assert "No promoted model: the lists rest on triggers, rules and the income line." in run.out
    folder = other / "nights" / NEXT
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["basis"] == "rules_and_income_line"
    assert manifest["models"] == {}
    assert not list(folder.rglob("scores_*")) + list(folder.rglob("reasons*")) + list(folder.rglob("chances*"))
    assert frame(other, "items", NEXT).height > 0
    assert "No promoted model" in done(xunfang("status", "--home", other)).out
    texts = {
        path: path.read_text("utf-8") for path in [folder / "report.html", *(other / "lists" / NEXT).glob("*.html")]
    }
    for book in (other / "lists" / NEXT).glob("*.xlsx"):
        sheets = fastexcel.read_excel(book)
        about = sheets.load_sheet(sheets.sheet_names[2], header_row=None).to_polars()
        texts[book] = " ".join(str(cell) for row in about.rows() for cell in row)
    assert len(texts) >= 3
    for path, text in texts.items():
        assert "尚无启用的模型" in text, path
        assert "No promoted model" in text, path
