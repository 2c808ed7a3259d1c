"""The record store written anew: many files to one, and rows taken out, with every past cut as it was."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from builders import records
from deliveries import a_home, deliver, people, wages
from polars.testing import assert_frame_equal

from engine.errors import IntegrityError, LockedError
from engine.files import locked
from engine.intake.inbox import take_in
from engine.receipts import Rewriting
from engine.recordstore import RecordStore
from engine.rewriting import everything, rewrite
from engine.settings import Home
from features.records import KEYS

NOW = datetime(2025, 1, 2, tzinfo=UTC)
LATE = date(2025, 6, 1)
NAMES = ("d1", "d2", "d3", "d4")


def a_store(folder: Path) -> tuple[Home, RecordStore]:
    """Four deliveries: a roster, wages (one of a stranger), a correction and the stranger, a move."""
    home = a_home(folder)
    deliver(home, "d1", "2024-03-01", **people(8), income=wages(range(1, 5)))
    deliver(home, "d2", "2024-04-01", income=wages(range(5, 10)))
    corrected = wages(range(1, 3)).with_columns(amount=pl.col("amount") + 1, known_on=pl.lit(date(2024, 4, 20)))
    newcomer = records("member", [{"person_id": "P9", "household_id": "H1", "known_on": date(2024, 4, 20)}])
    deliver(home, "d3", "2024-05-01", income=corrected, member=newcomer)
    moved = [
        {"person_id": f"P{n}", "household_id": f"H{5 - n}", "valid_from": date(2024, 5, 1),
         "known_on": date(2024, 5, 2)} for n in range(1, 5)
    ]  # fmt: skip
    deliver(home, "d4", "2024-06-01", member=records("member", moved))
    take_in(home, buckets=3).raise_refused()
    return home, RecordStore.open(home)


def state(store: RecordStore) -> dict[str, pl.DataFrame]:
    """All that a reader sees: every version per kind and bucket, the newest of a day, what was reported."""
    seen = {"reporting": store.reporting()}
    for bucket in store.buckets():
        sources = store.sources(bucket)
        for kind, frame in sources.frames.items():
            order = [*KEYS[kind], "known_on", "delivery_id"]
            seen[f"{kind} {bucket}"] = frame.collect().sort(order)
            seen[f"{kind} {bucket} known"] = sources.known_by(LATE).frame(kind).collect().sort(order)
    return seen


def same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    assert one.keys() == other.keys()
    for name, frame in one.items():
        assert_frame_equal(frame, other[name])


def compact(store: RecordStore) -> Rewriting | None:
    return rewrite(store, everything, what="compaction", why="a test", now=NOW, merge=2)


def test_one_file_for_many_changes_no_answer_of_now_or_of_any_past_cut(tmp_path: Path) -> None:
    home, store = a_store(tmp_path / "home")
    cuts = [NAMES[:count] for count in range(1, 5)]
    before = [state(store.cut(names)) for names in cuts]
    waiting = [store.cut(names).waiting("income") for names in cuts]
    assert waiting[1] is not None
    note = compact(store)
    assert note is not None
    assert not any((home.records / path).exists() for path in note.replaced)
    after = RecordStore.open(home)
    per_bucket = [len(after.parts("records", "income", bucket)) for bucket in after.buckets()]
    assert max(per_bucket) == 1 < max(len(store.parts("records", "income", bucket)) for bucket in store.buckets())
    for names, seen, waited in zip(cuts, before, waiting, strict=True):
        same(state(after.cut(names)), seen)
        there = after.cut(names).waiting("income")
        assert there is None if waited is None else waited.equals(there)
    assert after.verify() == []
    assert after.fingerprint() == store.fingerprint()
    assert compact(after) is None


def test_a_delivery_after_the_compaction_meets_what_was_there_before_it(tmp_path: Path) -> None:
    compacted, store = a_store(tmp_path / "compacted")
    plain, _ = a_store(tmp_path / "plain")
    compact(store)
    again = wages(range(3, 6)).with_columns(known_on=pl.lit(date(2024, 6, 5)))
    back = [{"person_id": "P1", "household_id": "H3", "valid_from": date(2024, 6, 1), "known_on": date(2024, 6, 2)}]
    for home in (compacted, plain):
        deliver(home, "d5", "2024-07-01", income=again, member=records("member", back))
        take_in(home).raise_refused()
    same(state(RecordStore.open(compacted)), state(RecordStore.open(plain)))
    compact(RecordStore.open(compacted))
    same(state(RecordStore.open(compacted)), state(RecordStore.open(plain)))


def test_rows_taken_out_are_gone_with_their_copies_and_keys_and_are_counted(tmp_path: Path) -> None:
    home, store = a_store(tmp_path / "home")
    person = store.records("income").filter(~pl.col("copied"), pl.col("amount") == 1_002).collect()["person_id"][0]
    owned = store.records("income").filter(pl.col("person_id") == person, ~pl.col("copied")).collect()
    others = store.records("income").filter(pl.col("person_id") != person).collect()

    def keep(kind: str, rows: pl.LazyFrame) -> pl.LazyFrame:
        named = "person_id" in rows.collect_schema().names()
        return rows.filter(pl.col("person_id").ne_missing(person)) if named else rows

    untouched = [path for path in home.records.rglob("*.parquet") if "household" in path.parts]
    note = rewrite(store, keep, what="erasure", why="a test", now=NOW)
    assert note is not None
    after = RecordStore.open(home)
    assert all(path.exists() for path in untouched)
    assert note.removed["d1"]["income"] + note.removed["d3"]["income"] == owned.height == 5
    order = [*KEYS["income"], "known_on", "delivery_id"]
    assert_frame_equal(after.records("income").collect().sort(order), others.sort(order))
    for path in home.records.rglob("*.parquet"):
        assert person.encode() not in path.read_bytes()
        frame = pl.read_parquet(path)
        assert "person_id" not in frame.columns or person not in frame["person_id"].to_list()
    assert after.verify() == []


class PulledError(BaseException):
    """The plug."""


@contextmanager
def plug_pulled_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    steps, real = itertools.count(1), os.fsync

    def fsync(handle: int) -> None:
        if next(steps) == step:
            raise PulledError
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        yield


def test_a_rewriting_that_is_stopped_anywhere_leaves_the_old_store_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, store = a_store(tmp_path / "whole")
    expected = state(store)
    for step in itertools.count(1):
        home = Home(shutil.copytree(whole.root, tmp_path / f"{step}"))
        try:
            with plug_pulled_at(step, monkeypatch):
                compact(RecordStore.open(home))
            break
        except PulledError:
            pass
        same(state(RecordStore.open(home)), expected)
        if step % 2:
            compact(RecordStore.open(home))
        else:
            take_in(home).raise_refused()
        after = RecordStore.open(home)
        same(state(after), expected)
        assert after.verify() == []
        named = {home.records / part.file.path for part in after.every_part()}
        assert set(home.records.rglob("*.parquet")) == named
    note = compact(store)
    assert note is not None
    assert step >= 2 * len(note.stored) + 4


def test_nobody_rewrites_while_deliveries_are_taken_in(tmp_path: Path) -> None:
    home, store = a_store(tmp_path / "home")
    with locked(home.records / ".lock", "a test"), pytest.raises(LockedError):
        compact(store)


@pytest.mark.parametrize("damage", ["lost", "changed", "list"])
def test_a_receipt_that_is_lost_or_changed_is_noticed_and_nothing_runs_without_it(
    damage: str, tmp_path: Path
) -> None:
    home, _ = a_store(tmp_path / "home")
    receipt = home.records / "deliveries" / "d4.json"
    if damage == "lost":
        receipt.unlink()
    elif damage == "changed":
        receipt.write_text(receipt.read_text("utf-8").replace("2024-06-01", "2024-06-02"), "utf-8")
    else:
        (home.records / "receipts.json").unlink()
    named = "receipts.json" if damage == "list" else "d4.json"
    with pytest.raises(IntegrityError, match=named):
        RecordStore.open(home)
    with pytest.raises(IntegrityError, match=named):
        take_in(home)
