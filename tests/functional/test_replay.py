"""A past night made again: the same bytes, whatever has come since; and why not, where that cannot be."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from homes import NIGHT, copy_of, demo_home, done, hashes, set_policy, xunfang

from engine.intake.inbox import take_in
from engine.keys import load_keys
from engine.recordstore import RecordStore
from engine.rewriting import rewrite
from engine.settings import Home

OURS = ("copied", "delivery_id", "known_on_assumed", "person_id", "household_id")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


def delivered(home: Path, name: str, delivered_on: str, frame: pl.DataFrame, kind: str = "utility") -> None:
    folder = home / "inbox" / name
    folder.mkdir()
    frame.write_parquet(folder / f"{kind}.parquet")
    entry = {"name": f"{kind}.parquet", "kind": kind, "rows": frame.height}
    manifest = {"delivery_id": name, "delivered_on": delivered_on, "files": [entry]}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def raw(home: Path, kind: str) -> pl.DataFrame:
    """What a department has delivered of a kind, as it was."""
    return pl.read_parquet(home / "inbox" / "county" / f"{kind}-001.parquet")


def test_a_night_made_again_is_the_same_whatever_has_come_and_changed_since(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    files = hashes(home / "nights" / NIGHT)
    theirs = {name: sha256 for name, sha256 in files.items() if name.endswith((".parquet", "manifest.json"))}
    told = done(xunfang("replay", "--home", other, "--date", NIGHT, "--json")).json
    assert told["identical"]
    assert told["equal"] == len(theirs)
    income = raw(other, "income").head(400)
    changed = income.with_columns(pl.col("amount") * 3 + 1)
    delivered(other, "late", "2026-01-20", changed, "income")  # known on the same days: a change of what was known
    delivered(
        other,
        "corrected",
        "2026-01-22",
        changed.with_columns(known_on=pl.lit("2026-01-21").str.to_date()),
        "income",
    )
    delivered(other, "earlier", "2025-12-20", income.with_columns(amount=pl.lit(7)), "income")  # out of order
    delivered(other, "voided", "2026-01-23", income.with_columns(void=pl.lit(value=True)), "income")
    shutil.copytree(other / "inbox" / "late", other / "inbox" / "again")  # the same once more
    (other / "inbox" / "again" / "manifest.json").write_text(
        (other / "inbox" / "late" / "manifest.json").read_text("utf-8").replace('"late"', '"again"'), "utf-8"
    )
    take_in(Home(other)).raise_refused()
    set_policy(other, "capacity", "factor", 0.5)
    (other / "caseworkers.toml").write_text((other / "caseworkers.toml").read_text("utf-8") + "\n", "utf-8")
    compacted = False
    for _ in range(2):
        told = done(xunfang("replay", "--home", other, "--date", NIGHT, "--json", "--threads", 1)).json
        assert (told["identical"], told["reasons"]) == (True, [])
        told = done(xunfang("compact", "--home", other, "--files", 2, "--json")).json
        assert (told["files_after"] < told["files_before"]) is not compacted
        compacted = True
    into = tmp_path / "kept"
    done(xunfang("replay", "--home", other, "--date", NIGHT, "--into", into))
    assert hashes(into) == theirs
    assert done(xunfang("night", "--home", other, "--date", "2026-01-25", "--json")).json["numbers"]["listed"] > 0


def test_a_replay_after_rows_were_taken_out_says_why_it_differs(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    store = RecordStore.open(Home(other), load_keys(Home(other)))
    household = pl.read_parquet(home / "nights" / NIGHT / "items.parquet")["household_id"][0]

    def keep(kind: str, rows: pl.LazyFrame) -> pl.LazyFrame:
        named = "household_id" in rows.collect_schema().names()
        return rows.filter(pl.col("household_id").ne_missing(household)) if named else rows

    assert rewrite(store, keep, what="erasure", why="a household asked for it", now=datetime.now(UTC)) is not None
    run = done(xunfang("replay", "--home", other, "--date", NIGHT, "--json"))
    assert not run.json["identical"]
    assert [(each["what"], each["why"]) for each in run.json["reasons"]] == [
        ("erasure", "a household asked for it")
    ]
    assert run.json["reasons"][0]["rows"] > 0
    assert household not in run.out
    assert "items.parquet" in run.json["differ"]


def test_a_night_that_was_changed_by_hand_does_not_come_out_the_same(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    path = other / "nights" / NIGHT / "items.parquet"
    pl.read_parquet(path).with_columns(position=pl.col("position") + 1).write_parquet(path)
    run = xunfang("replay", "--home", other, "--date", NIGHT, "--json")
    assert run.code == 9
    assert run.json["differ"] == ["items.parquet"]


def test_a_replay_of_no_night_and_one_whose_delivery_is_lost_say_what_to_do(home: Path, tmp_path: Path) -> None:
    run = xunfang("replay", "--home", home, "--date", "2024-01-01")
    assert (run.code, "xunfang status" in run.err) == (2, True)
    assert xunfang("replay", "--home", home).code == 2
    other = copy_of(home, tmp_path / "home")
    manifest = other / "nights" / NIGHT / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"county"', '"elsewhere"'), "utf-8")
    run = xunfang("replay", "--home", other, "--date", NIGHT)
    assert (run.code, "elsewhere" in run.err) == (9, True)
