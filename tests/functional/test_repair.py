"""Damage in the record store is named, and made good again from the deliveries where that can be."""

import random
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from builders import records
from deliveries import a_home, csv_of, deliver, people, wages
from homes import done, hashes, xunfang

from engine.compaction import compact
from engine.intake.inbox import take_in
from engine.recordstore import RecordStore
from engine.rewriting import rewrite
from engine.settings import Home

NOW = datetime(2025, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module", params=["many files", "put together"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four deliveries taken in out of order, with a move and a row in quarantine; perhaps put together halfway."""
    made = a_home(tmp_path_factory.mktemp("repair") / "home")
    done(xunfang("init", "--home", made.root))
    deliver(made, "d2", "2024-03-01", **people(8), income=wages(range(1, 9)))
    deliver(made, "d1", "2024-04-01", income=wages(range(3, 10), known_on=date(2024, 3, 20)))
    take_in(made, buckets=2).raise_refused()
    if request.param == "put together":
        compact(made, RecordStore.open(made), files=2, now=NOW)
    moved = [
        {"person_id": "P1", "household_id": "H3", "valid_from": date(2024, 4, 5), "known_on": date(2024, 4, 6)}
    ]
    broken = csv_of("income", [{"person_id": "P2"}, {"person_id": "P3"}]).replace(b"P3", b"")
    identity = "person_id,household_id,valid_from,name,phone,address\nP1,,2024-01-01,某人,,\n".encode()
    deliver(made, "d3", "2024-05-01", member=records("member", moved), income=broken)
    deliver(made, "d4", "2024-05-02", identity=identity, proof=False)
    take_in(made).raise_refused()
    if request.param == "put together":
        compact(made, RecordStore.open(made), files=2, now=NOW)
    assert done(xunfang("verify", "--home", made.root, "--json")).json["intact"]
    return made.root


def copied(home: Path, target: Path) -> Path:
    return Path(shutil.copytree(home, target))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_any_damaged_or_lost_file_of_the_store_is_named_and_made_again_byte_for_byte(
    home: Path, tmp_path: Path
) -> None:
    before = {name: sha for name, sha in hashes(home / "records").items() if not name.endswith(".seen")}
    stored = sorted(name for name in before if name.endswith(".parquet"))
    other = copied(home, tmp_path / "home")
    for number, name in enumerate(stored):
        flip(other / "records" / name) if number % 2 else (other / "records" / name).unlink()
    (other / "records" / "deliveries" / "d3.json").unlink()
    run = xunfang("verify", "--home", other, "--json")
    assert run.code == 9
    named = {each["path"] for each in run.json["damaged"]}
    assert "records/deliveries/d3.json" in named
    income = [each for each in run.json["damaged"] if each["kind"] == "income"]
    assert income
    assert all(each["bucket"] is not None and each["deliveries"] for each in income if "bucket" in each["path"])
    told = done(xunfang("repair", "--home", other, "--json")).json
    assert told["left"] == []
    assert {f"records/{name}" for name in stored} <= {*told["repaired"]}
    after = hashes(other / "records")
    assert {name: after[name] for name in before} == before
    assert done(xunfang("verify", "--home", other, "--json")).json["intact"]
    assert done(xunfang("repair", "--home", other, "--json")).json["damaged"] == 0


def test_what_the_inbox_does_not_hold_any_more_is_named_with_what_to_put_back(home: Path, tmp_path: Path) -> None:
    other = copied(home, tmp_path / "home")
    shutil.rmtree(other / "inbox" / "d2")
    flip(random.Random(1).choice(sorted((other / "records" / "income").rglob("*.parquet"))))
    run = xunfang("repair", "--home", other, "--json")
    assert run.code == 9
    assert "put the delivery d2 back" in run.json["left"][0]["put_back"]


def test_files_without_some_rows_are_made_again_only_where_that_is_right(home: Path, tmp_path: Path) -> None:
    other = copied(home, tmp_path / "home")
    store = RecordStore.open(Home(other))
    person = store.records("income").collect()["person_id"][0]

    def keep(kind: str, rows: pl.LazyFrame) -> pl.LazyFrame:
        named = "person_id" in rows.collect_schema().names()
        return rows.filter(pl.col("person_id").ne_missing(person)) if named else rows

    note = rewrite(store, keep, what="erasure", why="a test", now=NOW)
    assert note is not None
    flip(other / "records" / next(file.path for file in note.stored if file.kind == "income"))
    whole = sorted((other / "records" / "household").rglob("*.parquet"))[0]
    before = whole.read_bytes()
    flip(whole)
    run = xunfang("repair", "--home", other, "--json")
    assert run.code == 9
    assert whole.read_bytes() == before
    (left,) = run.json["left"]
    assert "backup" in left["put_back"]
    assert "income" in left["path"]


def test_quarantine_and_vault_that_do_not_open_are_named_by_their_delivery(home: Path, tmp_path: Path) -> None:
    other = copied(home, tmp_path / "home")
    sealed = sorted((other / "quarantine").rglob("*.sealed"))
    flip(sealed[0])
    with closing(sqlite3.connect(other / "xunfang.db")) as database:
        database.execute("UPDATE vault_identity SET name = phone_or FROM (SELECT x'00112233' AS phone_or)")
        database.commit()
    run = xunfang("verify", "--home", other, "--json")
    assert run.code == 9
    assert {(each["kind"], *each["deliveries"]) for each in run.json["damaged"]} == {
        ("quarantine", sealed[0].parent.name),
        ("vault", "d4"),
    }
    sealed[0].unlink()
    again = xunfang("verify", "--home", other, "--json").json["damaged"]
    assert [each["what"] for each in again if each["kind"] == "quarantine"] == ["is missing"]
