"""Histories of deliveries for a state machine: everything that may happen to records on their way in, in any order.

The oracle is a dictionary in plain Python: of each key the version with the latest ``known_on``, then the greatest
amount, and nothing of those withdrawn.

Every history begins in a copy of one of three homes that were made once, in memory where there is a disk in memory,
and in one history of ten the key of pseudonyms is changed now and then: that is the dearest of all that happens.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache, wraps
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import polars as pl
import sqlalchemy as sa
from builders import SCHEMAS, records
from deliveries import a_home, deliver, people
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine import rekey
from engine.compaction import compact
from engine.db import migrate, open_db
from engine.identity import pseudonyms
from engine.intake.inbox import take_in
from engine.keys import load_keys
from engine.recordstore import RecordStore, summary
from engine.settings import Home

FIRST_DAY = date(2024, 1, 31)
NOW = datetime(2025, 1, 1, tzinfo=UTC)
PERSONS, MONTHS = range(1, 7), range(1, 7)
State = Mapping[tuple[str, date], int]
persons = st.sets(st.sampled_from(PERSONS), min_size=1, max_size=4)
months = st.sets(st.sampled_from(MONTHS), min_size=1, max_size=3)
days = st.integers(0, 200).map(lambda count: FIRST_DAY + timedelta(count))
amounts = st.integers(1, 999)
IN_MEMORY = Path("/dev/shm")
"""A disk in memory, on Linux."""
RULES: list[str] = []


def happens(**drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A rule of ``RULES`` that counts how often it was followed."""

    def of(act: Callable[..., None]) -> Any:
        @wraps(act)
        def counted(self: "Histories", **given: Any) -> None:
            act(self, **given)
            self.happened[act.__name__] += 1

        RULES.append(act.__name__)
        return rule(**drawn)(counted)

    return of


def scratch(prefix: str) -> Path:
    """A folder of its own, in memory where that can be had."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None))


class Histories(RuleBasedStateMachine):
    """One home and what it should know; nights in between remember what they saw and with which deliveries."""

    happened: ClassVar[Counter[str]] = Counter()
    """How often each rule was followed, over all histories."""

    def __init__(self) -> None:
        super().__init__()
        self.no_waiting = mock.patch.object(os, "fsync", return_value=None)
        self.no_waiting.start()
        self.rows: list[dict[str, Any]] = []
        self.sent: list[tuple[str, list[dict[str, Any]]]] = []
        self.nights: list[tuple[date, list[str], State, pl.DataFrame]] = []
        self.came: set[str] = set()
        self.number = 0

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # else it was given up on the way, or has failed already
                self.check()
                self.happened["checked"] += 1
        finally:
            self.no_waiting.stop()
            place()[1].dispose()
            shutil.rmtree(place()[0].root, ignore_errors=True)

    @initialize(buckets=st.integers(1, 3), keys_change=st.sampled_from([*[False] * 9, True]))
    def first(self, buckets: int, keys_change: bool) -> None:
        self.home, self.database = place()
        shutil.copytree(beginning(buckets), self.home.root)
        self.keys_change = keys_change

    @happens(who=persons, when=months, known_on=days, late=st.integers(0, 30), amount=amounts)
    def delivered(self, who: set[int], when: set[int], known_on: date, late: int, amount: int) -> None:
        """New months, corrections of old ones, early or late, in any order of their days."""
        self.send(self.wages(who, when, known_on, amount), delivered_on=known_on + timedelta(late))

    @happens(who=persons, when=months, known_on=days, amount=amounts)
    def delivered_in_two(self, who: set[int], when: set[int], known_on: date, amount: int) -> None:
        """Both parts lie in the inbox when it is looked into."""
        rows = self.wages(who, when, known_on, amount)
        half = len(rows) // 2
        self.send(*(part for part in (rows[half:], rows[:half]) if part), delivered_on=known_on)

    @precondition(lambda self: self.rows)
    @happens(data=st.data(), later=st.integers(0, 40))
    def withdrawn(self, data: st.DataObject, later: int) -> None:
        """A department takes back a record that it has sent."""
        row = data.draw(st.sampled_from(self.rows))
        known_on = row["known_on"] + timedelta(later)
        self.send(
            [{**row, "known_on": known_on, "void": True, "amount": row["amount"] + 1_000}], delivered_on=known_on
        )

    @precondition(lambda self: self.sent)
    @happens(data=st.data())
    def delivered_again(self, data: st.DataObject) -> None:
        """The same rows once more, under another name, on a later day."""
        _, rows = data.draw(st.sampled_from(self.sent))
        self.send(rows, delivered_on=max(row["known_on"] for row in self.rows) + timedelta(1))

    @happens(number=st.integers(7, 9), known_on=days)
    def of_somebody_unknown(self, number: int, known_on: date) -> None:
        """Wages of a person who comes later, or never, among those of somebody known."""
        self.send(self.wages({number, 1}, {1}, known_on, 5), delivered_on=known_on)

    @happens(number=st.integers(7, 9), household=st.integers(1, 3), known_on=days)
    def somebody_comes(self, number: int, household: int, known_on: date) -> None:
        self.join(number, household, known_on)

    @happens(number=st.sampled_from(PERSONS), household=st.integers(1, 3), known_on=days)
    def somebody_moves(self, number: int, household: int, known_on: date) -> None:
        self.join(number, household, known_on)

    @happens(files=st.integers(2, 4))
    def put_together(self, files: int) -> None:
        store = RecordStore.open(self.home)
        compact(self.home, store, files=files, now=NOW)

    @precondition(lambda self: self.keys_change)
    @happens()
    def key_changed(self) -> None:
        """Everybody gets another pseudonym, and most rows move to another bucket."""
        version = 1 + len(load_keys(self.home).pseudonyms)
        with mock.patch.object(rekey.secrets, "token_bytes", lambda count: bytes([version]) * count):
            assert rekey.rotate(self.home, "pseudonym", now=NOW)["version"] == version

    @happens(as_of=days)
    def a_night(self, as_of: date) -> None:
        store = RecordStore.open(self.home)
        (seen,) = known(store, [as_of], self.names())
        self.nights.append((as_of, store.deliveries(), seen, store.reporting()))

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

    def send(self, *deliveries: list[dict[str, Any]], delivered_on: date) -> None:
        for rows in deliveries:
            self.number += 1
            name = f"d{self.number:03d}"
            deliver(self.home, name, delivered_on.isoformat(), income=table("income", rows))
            self.rows += rows
            self.sent.append((name, rows))
        take_in(self.home, database=self.database).raise_refused()

    def join(self, number: int, household: int, known_on: date) -> None:
        member = {"person_id": f"P{number}", "household_id": f"H{household}", "valid_from": known_on}
        self.number += 1
        name = f"d{self.number:03d}"
        told = table("member", [{**member, "known_on": known_on}])
        deliver(self.home, name, (known_on + timedelta(1)).isoformat(), member=told)
        take_in(self.home, database=self.database).raise_refused()
        self.came.add(f"P{number}")

    def check(self) -> None:
        """Now and on every past day the store knows what an orderly history would; nights see what they saw."""
        store = RecordStore.open(self.home, load_keys(self.home))
        assert store.verify() == []
        own = store.records("income").filter(~pl.col("copied")).select(pl.len()).collect().item()
        assert own == self.rows_in(store)
        here = {f"P{number}" for number in PERSONS} | self.came
        names = self.names()
        past = sorted({FIRST_DAY, *(row["known_on"] for row in self.rows[:3]), date(2025, 1, 1)})
        for as_of, found in zip(past, known(store, past, names), strict=True):
            assert found == {key: amount for key, amount in expected(self.rows, as_of).items() if key[0] in here}
        for as_of, deliveries, seen, reporting in self.nights:
            then = store.cut(deliveries)
            assert known(then, [as_of], names) == [seen]
            assert then.reporting().equals(reporting)


def gone_through(count: int, of_seed: int) -> Mapping[str, int]:
    """Go through so many histories, the same ones of a seed: how often each rule was followed, how many checked."""

    @seed(of_seed)
    class OfOneSeed(Histories):
        happened: ClassVar[Counter[str]] = Counter(dict.fromkeys(["checked", *RULES], 0))

    run_state_machine_as_test(
        OfOneSeed,
        settings=settings(
            max_examples=count,
            stateful_step_count=8,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return OfOneSeed.happened


def expected(rows: list[dict[str, Any]], as_of: date) -> State:
    """The oracle."""
    newest: dict[tuple[str, date], tuple[date, int, bool]] = {}
    for row in rows:
        if row["known_on"] <= as_of:
            key = (row["person_id"], row["month"])
            version = (row["known_on"], row["amount"], row["void"])
            newest[key] = max(newest.get(key, version), version)
    return {key: amount for key, (_, amount, void) in newest.items() if not void}


def known(store: RecordStore, days: Collection[date], names: Mapping[str, str]) -> list[State]:
    """What the store knows of wages on each day, by the department's own names, each record once."""
    found: dict[date, dict[tuple[str, date], int]] = {as_of: {} for as_of in days}
    asked = [
        (as_of, sources.known_by(as_of).frame("income").select("person_id", "month", "amount", "known_on"))
        for sources in map(store.sources, store.buckets())
        for as_of in days
    ]
    for (as_of, _), frame in zip(asked, pl.collect_all(each for _, each in asked), strict=True):
        assert frame.height == len({(person, month) for person, month, _, _ in frame.iter_rows()})
        for person, month, amount, known_on in frame.iter_rows():
            assert known_on <= as_of
            assert found[as_of].setdefault((names[person], month), amount) == amount
    return [found[as_of] for as_of in days]


def table(kind: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of a kind; what is not named is as usual."""
    return pl.DataFrame([{**usual(kind), **row} for row in rows], schema=SCHEMAS[kind], orient="row")


@cache
def usual(kind: str) -> Mapping[str, Any]:
    """A row as it is by default."""
    return records(kind, [{}]).row(0, named=True)


@cache
def place() -> tuple[Home, sa.Engine]:
    """Where all histories happen, one after the other, and the database there."""
    folder = scratch("xunfang-history-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = Home(folder / "home")
    return home, open_db(home.database)


@cache
def beginning(buckets: int) -> Path:
    """A home in which households and members have been taken in, made once: it takes longer than a history."""
    folder = scratch("xunfang-beginning-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = a_home(folder / "home")
    shutil.copyfile(empty_database(), home.database)
    database = open_db(home.database)
    deliver(home, "roster", "2024-01-01", **people(len(PERSONS)))
    take_in(home, buckets=buckets, database=database).raise_refused()
    database.dispose()
    return home.root


@cache
def empty_database() -> Path:
    """A database with its tables, made once."""
    folder = scratch("xunfang-empty-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = open_db(folder / "xunfang.db")
    migrate(database)
    database.dispose()
    return folder / "xunfang.db"
