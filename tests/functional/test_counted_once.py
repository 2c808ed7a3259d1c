"""A household that moved, or was given a new number, counts once in figures about everybody."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from builders import records
from deliveries import a_home, deliver, people, wages
from polars.testing import assert_frame_equal

from engine.identity import pseudonyms
from engine.intake.inbox import take_in
from engine.keys import load_keys
from engine.population import Population
from engine.recordstore import RecordStore
from engine.settings import Home
from features.labels import WAVE_PANEL
from features.neighbourhood import medians_of

DAY, BEFORE = date(2024, 6, 30), date(2024, 4, 30)
MOVED = date(2024, 5, 10)


def a_population(folder: Path, *, leaves_behind: bool = False, closed: bool = False) -> tuple[Population, str, str]:
    """Six households of two; all of H1 (or one of them only) come under a new number, the old one stays open."""
    home = a_home(folder)
    deliver(home, "d1", "2024-04-15", **people(12), income=wages(range(1, 13)))
    persons = ["P1"] if leaves_behind else ["P1", "P2"]
    new = [
        {"person_id": each, "household_id": "H-new", "valid_from": MOVED, "known_on": MOVED, "relation": "child"}
        for each in persons
    ]
    old = (
        [{"person_id": each, "household_id": "H1", "valid_to": MOVED, "known_on": MOVED} for each in persons]
        if closed
        else []
    )
    houses = [{"household_id": "H-new", "valid_from": MOVED, "known_on": MOVED}]
    deliver(home, "d2", "2024-05-15", household=records("household", houses), member=records("member", new + old))
    take_in(home, buckets=3).raise_refused()
    number = lambda each: str(pseudonyms(load_keys(home).pseudonym, "household", pl.Series([each]))[0])  # noqa: E731
    return Population(RecordStore.open(Home(folder)), None), number("H1"), number("H-new")


@pytest.mark.parametrize("closed", [False, True], ids=["the register keeps the old number", "it closes it"])
def test_it_counts_as_it_is_now_and_once(tmp_path: Path, closed: bool) -> None:
    population, old, new = a_population(tmp_path / "home", closed=closed)
    columns, groups = population.columns(DAY), population.groups(DAY)
    for frame in (columns, groups):
        assert frame.height == 6
        assert new in frame["household_id"]
        assert old not in frame["household_id"]
    assert columns["members"].sum() == 12
    earlier = population.columns(BEFORE)
    assert (earlier.height, old in earlier["household_id"]) == (6, True)


def test_medians_and_examples_are_those_of_the_same_people_without_a_move(tmp_path: Path) -> None:
    moved, old, _ = a_population(tmp_path / "moved")
    still = a_home(tmp_path / "still")
    deliver(still, "d1", "2024-04-15", **people(12), income=wages(range(1, 13)))
    take_in(still, buckets=3).raise_refused()
    stayed = Population(RecordStore.open(still), None)
    here, there = (medians_of(each.columns(DAY)) for each in (moved, stayed))
    assert here.height
    assert_frame_equal(here, there, check_row_order=False)
    examples = moved.poverty_examples(WAVE_PANEL, DAY, DAY, moved.columns(DAY))
    assert (examples.height, old in examples["household_id"]) == (6, False)


def test_a_household_that_one_of_its_people_left_counts_beside_the_new_one(tmp_path: Path) -> None:
    population, old, new = a_population(tmp_path / "home", leaves_behind=True)
    columns = population.columns(DAY)
    assert {old, new} <= set(columns["household_id"])
    assert columns.height == 7
