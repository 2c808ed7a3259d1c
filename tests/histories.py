"""Histories of deliveries for a state machine: everything that may happen to records on their way in, in any order.

The oracle is a dictionary in plain Python: of each key the version with the latest ``known_on``, then the greatest
amount, and nothing of those withdrawn.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
from deliveries import a_home, deliver, people
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from engine import rekey
from engine.compaction import compact
from engine.db import migrate, open_db
from engine.identity import pseudonyms
from engine.intake.inbox import take_in
from engine.keys import load_keys
from engine.recordstore import RecordStore, summary

FIRST_DAY = date(2024, 1, 31)
NOW = datetime(2025, 1, 1, tzinfo=UTC)
PERSONS, MONTHS = range(1, 7), range(1, 7)
State = Mapping[tuple[str, date], int]
persons = st.sets(st.sampled_from(PERSONS), min_size=1, max_size=4)
months = st.sets(st.sampled_from(MONTHS), min_size=1, max_size=3)
days = st.integers(0, 200).map(lambda count: FIRST_DAY + timedelta(count))
amounts = st.integers(1, 999)


class Histories(RuleBasedStateMachine):
    """One home and what it should know; nights in between remember what they saw and with which deliveries."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="xunfang-history-"))
        self.no_waiting = mock.patch.object(os, "fsync", return_value=None)
        self.no_waiting.start()
        self.rows: list[dict[str, Any]] = []
        self.sent: list[tuple[str, list[dict[str, Any]]]] = []
        self.nights: list[tuple[date, list[str], State, pl.DataFrame]] = []
        self.came: set[str] = set()
        self.number = 0

    def teardown(self) -> None:
        try:
            self.check()
        finally:
            self.no_waiting.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    @initialize(buckets=st.integers(1, 3))
    def first(self, buckets: int) -> None:
        self.home = a_home(self.folder / "home")
        shutil.copyfile(empty_database(), self.home.database)
        self.database = open_db(self.home.database)
        deliver(self.home, "roster", "2024-01-01", **people(len(PERSONS)))
        take_in(self.home, buckets=buckets, database=self.database).raise_refused()

    @rule(who=persons, when=months, known_on=days, late=st.integers(0, 30), amount=amounts)
    def delivered(self, who: set[int], when: set[int], known_on: date, late: int, amount: int) -> None:
        """New months, corrections of old ones, early or late, in any order of their days."""
        self.send(self.wages(who, when, known_on, amount), known_on + timedelta(late))

    @rule(who=persons, when=months, known_on=days, amount=amounts)
    def delivered_in_two(self, who: set[int], when: set[int], known_on: date, amount: int) -> None:
        rows = self.wages(who, when, known_on, amount)
        half = len(rows) // 2
        for part in (rows[half:], rows[:half]):
            if part:
                self.send(part, known_on)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), later=st.integers(0, 40))
    def withdrawn(self, data: st.DataObject, later: int) -> None:
        """A department takes back a record that it has sent."""
        row = data.draw(st.sampled_from(self.rows))
        known_on = row["known_on"] + timedelta(later)
        self.send([{**row, "known_on": known_on, "void": True, "amount": row["amount"] + 1_000}], known_on)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def delivered_again(self, data: st.DataObject) -> None:
        """The same rows once more, under another name, on a later day."""
        _, rows = data.draw(st.sampled_from(self.sent))
        self.send(rows, max(row["known_on"] for row in self.rows) + timedelta(1))

    @rule(number=st.integers(7, 9), known_on=days)
    def of_somebody_unknown(self, number: int, known_on: date) -> None:
        """Wages of a person who comes later, or never, among those of somebody known."""
        rows = self.wages({number, 1}, {1}, known_on, 5)
        self.send(rows, known_on)

    @rule(number=st.integers(7, 9), household=st.integers(1, 3), known_on=days)
    def somebody_comes(self, number: int, household: int, known_on: date) -> None:
        member = {"person_id": f"P{number}", "household_id": f"H{household}", "valid_from": known_on}
        self.number += 1
        name = f"d{self.number:03d}"
        deliver(self.home, name, (known_on + timedelta(1)).isoformat(), member=[{**member, "known_on": known_on}])
        take_in(self.home, database=self.database).raise_refused()
        self.came.add(f"P{number}")

    @rule(number=st.sampled_from(PERSONS), household=st.integers(1, 3), known_on=days)
    def somebody_moves(self, number: int, household: int, known_on: date) -> None:
        self.somebody_comes(number, household, known_on)

    @rule(files=st.integers(2, 4))
    def put_together(self, files: int) -> None:
        store = RecordStore.open(self.home)
        compact(self.home, store, files=files, now=NOW)

    @rule()
    def key_changed(self) -> None:
        """Everybody gets another pseudonym, and most rows move to another bucket."""
        version = 1 + len(load_keys(self.home).pseudonyms)
        with mock.patch.object(rekey.secrets, "token_bytes", lambda count: bytes([version]) * count):
            assert rekey.rotate(self.home, "pseudonym", now=NOW)["version"] == version

    @rule(as_of=days)
    def a_night(self, as_of: date) -> None:
        store = RecordStore.open(self.home)
        self.nights.append((as_of, store.deliveries(), known(store, as_of, self.names()), store.reporting()))

    def names(self) -> Mapping[str, str]:
        """Pseudonym → the department's own number."""
        keys, numbers = load_keys(self.home), pl.Series([f"P{number}" for number in range(1, 10)])
        return dict(zip(pseudonyms(keys.pseudonym, "person", numbers, keys.pseudonym_before), numbers, strict=True))

    def rows_in(self, store: RecordStore) -> int:
        """The rows of wages that the receipts say went in, at once or later."""
        (told,) = [each for each in summary(store) if each["name"] == "income"] or [{"accepted": 0}]
        return int(str(told["accepted"]))

    def wages(self, who: set[int], when: set[int], known_on: date, amount: int) -> list[dict[str, Any]]:
        return [
            {
                "person_id": f"P{person}",
                "month": date(2023, month, 1),
                "amount": amount + 10 * person + month,
                "known_on": known_on,
                "void": False,
            }
            for person in sorted(who)
            for month in sorted(when)
        ]

    def send(self, rows: list[dict[str, Any]], delivered_on: date) -> None:
        self.number += 1
        name = f"d{self.number:03d}"
        deliver(self.home, name, delivered_on.isoformat(), income=rows)
        take_in(self.home, database=self.database).raise_refused()
        self.rows += rows
        self.sent.append((name, rows))

    def check(self) -> None:
        """Now and on every past day the store knows what an orderly history would; nights see what they saw."""
        if not hasattr(self, "home"):
            return
        store = RecordStore.open(self.home, load_keys(self.home))
        assert store.verify() == []
        own = store.records("income").filter(~pl.col("copied")).select(pl.len()).collect().item()
        assert own == self.rows_in(store)
        here = {f"P{number}" for number in PERSONS} | self.came
        for as_of in {FIRST_DAY, *(row["known_on"] for row in self.rows[:3]), date(2025, 1, 1)}:
            found = known(store, as_of, self.names())
            assert found == {key: amount for key, amount in expected(self.rows, as_of).items() if key[0] in here}
        for as_of, deliveries, seen, reporting in self.nights:
            then = store.cut(deliveries)
            assert known(then, as_of, self.names()) == seen
            assert then.reporting().equals(reporting)


def expected(rows: list[dict[str, Any]], as_of: date) -> State:
    """The oracle."""
    newest: dict[tuple[str, date], tuple[date, int, bool]] = {}
    for row in rows:
        if row["known_on"] <= as_of:
            key = (row["person_id"], row["month"])
            version = (row["known_on"], row["amount"], row["void"])
            newest[key] = max(newest.get(key, version), version)
    return {key: amount for key, (_, amount, void) in newest.items() if not void}


def known(store: RecordStore, as_of: date, names: Mapping[str, str]) -> State:
    """What the store knows of wages on a day, by the department's own names, each record once."""
    found: dict[tuple[str, date], int] = {}
    for bucket in store.buckets():
        frame = store.sources(bucket).known_by(as_of).frame("income").collect()
        assert frame.height == frame.select("person_id", "month").n_unique()
        assert frame.filter(pl.col("known_on") > as_of).height == 0
        for person, month, amount in frame.select("person_id", "month", "amount").iter_rows():
            key = (names[person], month)
            assert found.setdefault(key, amount) == amount
    return found


@cache
def empty_database() -> Path:
    """A database with its tables, made once: to make them takes longer than a history."""
    folder = Path(tempfile.mkdtemp(prefix="xunfang-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engine = open_db(folder / "xunfang.db")
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    return folder / "xunfang.db"
