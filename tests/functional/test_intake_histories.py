"""Deliveries repeated, late, out of order, interrupted: the same records are known in the end."""

import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from builders import records
from deliveries import a_home, deliver, people, wages
from polars.testing import assert_frame_equal

from engine.errors import SourceError
from engine.intake import deliver as delivering
from engine.intake.inbox import TakenIn, take_in
from engine.recordstore import RecordStore, summary
from engine.settings import Home
from features.records import KEYS, KINDS

PERSONS = 12
LATE = date(2024, 12, 1)


def known(store: RecordStore, as_of: date = LATE) -> Mapping[str, pl.DataFrame]:
    """Everything that is known by a date, over all buckets, original rows and copies, in a fixed order."""
    frames: dict[str, list[pl.DataFrame]] = {kind: [] for kind in store.kinds()}
    for bucket in store.buckets():
        door = store.sources(bucket).known_by(as_of)
        for kind, parts in frames.items():
            parts.append(door.frame(kind).collect().with_columns(bucket=pl.lit(bucket)))
    return {
        kind: pl.concat(parts).sort("bucket", *KEYS[kind], "delivery_id", nulls_last=True)
        for kind, parts in frames.items()
    }


def same(one: Mapping[str, pl.DataFrame], other: Mapping[str, pl.DataFrame]) -> None:
    assert one.keys() == other.keys()
    for kind, frame in one.items():
        assert_frame_equal(frame, other[kind])


def bytes_of(home: Home) -> dict[str, bytes]:
    """The store and the quarantine, file by file."""
    return {
        str(path.relative_to(home.root)): path.read_bytes()
        for folder in (home.records, home.quarantine)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in {".parquet", ".json", ".sealed"}
    }


def correction() -> pl.DataFrame:
    return wages(range(1, 4), known_on=date(2024, 9, 1)).with_columns(pl.col("amount") + 5)


HISTORY = {
    "d1": ("2024-07-01", lambda: people(PERSONS)),
    "d2": ("2024-08-01", lambda: {"income": wages(range(1, PERSONS + 3))}),
    "d3": ("2024-09-01", lambda: {"income": correction()}),
    "d4": (
        "2024-10-01",
        lambda: {  # two newcomers, and P1 moves into another household
            "household": records("household", "household_id | valid_from\n H77 | 2024-09-15"),
            "member": records(
                "member",
                "person_id | household_id | valid_from | known_on\n"
                + "\n".join(f"P{n} | H77 | 2024-09-15 | 2024-09-20" for n in (PERSONS + 1, PERSONS + 2, 1)),
            ),
        },
    ),
}


def deliver_history(home: Home, names: tuple[str, ...]) -> TakenIn:
    """Take deliveries in one after the other, in the given order of arrival."""
    for name in names:
        delivered_on, tables = HISTORY[name]
        deliver(home, name, delivered_on, **tables())
        result = take_in(home, buckets=3, tolerated_rows=50)
    return result


def test_taking_in_again_changes_nothing(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver_history(home, tuple(HISTORY))
    before = bytes_of(home)
    again = take_in(home)
    assert again.taken == []
    assert sorted(again.already) == sorted(HISTORY)
    assert bytes_of(home) == before


def test_a_delivery_that_was_touched_but_not_changed_is_recognised(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    folder = deliver(home, "d1", **people(PERSONS))
    take_in(home).raise_refused()
    os.utime(folder / "member.csv", (1, 1))
    again = take_in(home)
    again.raise_refused()
    assert again.already == ["d1"]


def test_the_same_content_under_another_id_is_not_taken_in_twice(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver(home, "d1", **people(PERSONS))
    deliver(home, "copy", "2025-01-31", **people(PERSONS))
    result = take_in(home)
    assert result.same_as == {"copy": "d1"}
    assert result.store.deliveries() == ["d1"]


def test_other_content_under_the_same_id_is_refused_with_the_way_out(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    folder = deliver(home, "d1", **people(PERSONS))
    take_in(home).raise_refused()
    shutil.rmtree(folder)
    deliver(home, "d1", **people(PERSONS + 2))
    with pytest.raises(SourceError, match="with other content") as refused:
        take_in(home).raise_refused()
    assert "id of its own" in refused.value.way_out
    assert take_in(home).store.records("member").collect().height == PERSONS


ORDERS = [("d4", "d3", "d2", "d1"), ("d2", "d3", "d4", "d1"), ("d1", "d3", "d2", "d4"), ("d1", "d4", "d3", "d2")]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_the_order_of_arrival_makes_no_difference(order: tuple[str, ...], tmp_path: Path) -> None:
    orderly = a_home(tmp_path / "orderly")
    expected = deliver_history(orderly, tuple(HISTORY)).store
    late = a_home(tmp_path / "late")
    found = deliver_history(late, order).store
    assert sorted(found.deliveries()) == sorted(expected.deliveries())
    for as_of in (date(2024, 8, 15), LATE):
        same(known(found, as_of), known(expected, as_of))
    counts = [
        [(each["name"], each["rows"], each["accepted"]) for each in summary(store)] for store in (found, expected)
    ]
    assert counts[0] == counts[1]


def test_rows_that_waited_for_their_owner_are_counted_as_accepted_in_the_end(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    before = summary(deliver_history(home, ("d1", "d2")).store)[2]
    assert (before["rows"], before["accepted"], before["quarantined"]) == (42, 36, 6)
    assert before["rules"] == {"person_not_in_any_household": 6}
    after = summary(deliver_history(home, ("d4",)).store)[2]
    assert (after["rows"], after["accepted"], after["quarantined"]) == (42, 42, 0)
    assert after["rules"] == {}
    assert after["match_rate"] == 1.0


def test_one_bucket_holds_everything_about_a_person_who_moved_in(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    store = deliver_history(home, tuple(HISTORY)).store
    members = store.records("member").filter(~pl.col("copied")).collect()
    moved = members.group_by("person_id").agg(pl.col("household_id").n_unique()).filter(pl.col("household_id") == 2)
    (person,) = moved["person_id"].to_list()
    buckets = store.homes.person_buckets().filter(pl.col("person_id") == person)["bucket"].to_list()
    assert len(buckets) == 2
    kept = [
        {
            kind: store.sources(bucket)
            .frames[kind]
            .filter(pl.col("person_id") == person)
            .collect()
            .sort(*KEYS[kind], "known_on")
            for kind in ("member", "income")
        }
        for bucket in buckets
    ]
    same(*kept)
    assert kept[0]["income"].height == 6
    rows = store.records("income").filter(pl.col("person_id") == person).collect()
    assert rows.filter(~pl.col("copied")).height == 6
    assert summary(store)[2]["rows"] == 42 + 9


def test_a_past_night_sees_the_deliveries_that_it_had(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    first = deliver_history(home, ("d1", "d2")).store
    later = deliver_history(home, ("d3", "d4")).store
    for bucket in first.buckets():
        then, now = first.sources(bucket), later.sources(bucket, deliveries=["d1", "d2"])
        for kind in ("household", "member", "income"):
            assert_frame_equal(then.known_by(LATE).frame(kind).collect(), now.known_by(LATE).frame(kind).collect())
    assert_frame_equal(first.reporting(), later.reporting(deliveries=["d1", "d2"]))
    assert first.fingerprint() == later.fingerprint(deliveries=["d2", "d1"]) != later.fingerprint()


class Pulled(BaseException):
    """The plug."""


@contextmanager
def plug_pulled_at(step: int, monkeypatch: pytest.MonkeyPatch, *, tidy: bool) -> Iterator[None]:
    """Stop at the n-th wait for the disk; without ``tidy`` nobody cleans up, as after a power cut."""
    steps = itertools.count(1)
    real = os.fsync

    def fsync(handle: int) -> None:
        if next(steps) == step:
            raise Pulled
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        if not tidy:
            patched.setattr(delivering, "remove_unreceipted", lambda store: 0)
        yield


@pytest.mark.parametrize("tidy", [True, False], ids=["interrupted", "power cut"])
def test_an_intake_that_is_stopped_anywhere_takes_nothing_half_and_goes_on(
    tidy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = a_home(tmp_path / "whole")
    frames = {**people(PERSONS), "income": wages(range(1, PERSONS + 2))}
    deliver(whole, "d1", **frames)
    take_in(whole, buckets=2).raise_refused()
    expected = bytes_of(whole)
    stopped = 0
    for step in itertools.count(1):
        home = a_home(tmp_path / f"{step}")
        deliver(home, "d1", **frames)
        try:
            with plug_pulled_at(step, monkeypatch, tidy=tidy):
                take_in(home, buckets=2)
            break
        except Pulled:
            stopped += 1
        if (home.records / "store.json").exists() and not (home.records / "deliveries" / "d1.json").exists():
            assert RecordStore.open(home).receipts == ()
            assert RecordStore.open(home).known_days("income") == []
        take_in(home, buckets=2).raise_refused()
        assert bytes_of(home) == expected
        assert [path for path in home.root.rglob("*") if path.name.endswith(".unfinished")] == []
    assert stopped >= 2 * sum(name.endswith(".parquet") for name in expected)


def test_every_kind_can_be_taken_in(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    others = {kind: records(kind, [{}]) for kind in KINDS if kind not in ("household", "member")}
    deliver(home, "d1", **people(2), **others)
    result = take_in(home)
    result.raise_refused()
    assert set(result.store.kinds()) == set(KINDS)
    assert all(each["accepted"] == each["rows"] > 0 for each in summary(result.store))
    reported = set(result.store.reporting()["kind"])
    assert reported == {"household", "member", "income", "employment", "medical", "benefit", "event", "enrolment",
                        "disability", "utility"}  # fmt: skip
