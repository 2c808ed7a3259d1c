"""Duplicates and misplacements against what was planted: on a synthetic county with six times as many errors."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from county_lessons import Held
from programme_cases import TEXTS

from engine.population import Population
from fixtures.county.county import County
from fixtures.county.world import World
from outreach.duplicates import settled
from outreach.packs import load

DAY = date(2025, 12, 31)
LATELY = date(2025, 9, 1)
"""Errors that still ran in autumn are open on the last day: sources are up to two months late."""

YEAR = date(2024, 12, 1)
OF_HOUSEHOLDS = ("DUP-02", "DUP-03", "MIS-02", "MIS-03")


@pytest.fixture(scope="module")
def part() -> tuple[pl.DataFrame, pl.DataFrame]:
    """The reviews of the last day, and the planted errors."""
    county = County(12_000, seed=5, world=World(duplicates=6.0))
    parts = list(county.parts())
    held: Any = Held.of([each.frames for each in parts], county.last_known_on)
    population = Population(held, load("cn-average-2025", TEXTS))
    reviews = settled(each.reviews for each in population.verdicts(DAY))
    errors = pl.concat([each.truth["error"] for each in parts])
    return reviews, errors.with_columns(code=pl.col("code").str.split(":").list.first())


def measured(part: tuple[pl.DataFrame, pl.DataFrame], code: str) -> tuple[int, float, float]:
    """Errors open on the day, the part of them found, and the part of what is found that was one in the year."""
    reviews, errors = part
    key = "household_id" if code in OF_HOUSEHOLDS else "person_id"
    of_code = errors.filter((pl.col("code") == code) & (pl.col("from_month") < date(2025, 11, 1)))
    still, year = (set(of_code.filter(pl.col("to_month") > day)[key]) for day in (LATELY, YEAR))
    found = set(reviews.filter(pl.col("code") == code)[key])
    return len(still), len(found & still) / max(len(still), 1), len(found & year) / max(len(found), 1)


@pytest.mark.parametrize("code", ["DUP-03", "DUP-06", "DUP-12", "DUP-14", "DUP-16"])
def test_what_registers_show_plainly_is_all_found(part: tuple[pl.DataFrame, pl.DataFrame], code: str) -> None:
    planted, recall, precision = measured(part, code)
    assert planted >= 2
    assert recall >= 0.99
    assert precision >= 0.9


def test_benefit_drawn_at_work_is_mostly_found(part: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    planted, recall, precision = measured(part, "DUP-11")
    assert planted >= 5
    assert recall >= 0.8
    assert precision >= 0.7


def test_no_household_is_told_of_twice_for_one_code_and_person(part: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    once = part[0].filter(pl.col("code") != "MIS-06").select("household_id", "person_id", "code")
    assert once.height == once.unique().height > 100
