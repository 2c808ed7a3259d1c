"""A county is neither an open book nor noise: untuned models find on it about what they find on real panels.

One small county here; three counties and the five worlds are what docs/county.md prints (make bands).
"""

from pathlib import Path

import pytest
from county_bands import FIGURES, outside, read, with_table
from county_lessons import POVERTY, STATUS_EMERGENCY, WORLDS, Lessons, world_of

PAGE = Path(__file__).parents[2] / "docs" / "county.md"


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    return Lessons.of(10_000, seed=3)


def test_poverty_is_as_learnable_as_on_real_panels(lessons: Lessons) -> None:
    found = lessons.learnt("relative_poverty", newest=3)
    for name, (low, high) in POVERTY.items():
        assert low <= found[name] <= high, (name, found)


def test_past_hardship_tells_of_the_next_about_as_much_as_on_a_real_panel(lessons: Lessons) -> None:
    low, high = STATUS_EMERGENCY
    assert low <= lessons.last_emergency() <= high


def test_where_medical_is_absent_no_emergency_can_be_labelled_and_it_is_said() -> None:
    population = Lessons.of(1_000, seed=1, world=world_of("no_medical")).population
    assert population.emergency_lacks(population.store.known_until()) == ("medical",)


def test_what_lies_outside_its_band_is_told_of_the_mean_and_of_other_worlds() -> None:
    within = dict.fromkeys(FIGURES, 0.82) | {"poverty model": 0.9, "poverty last status": 0.75}
    within |= {"emergency last status": 0.68}
    assert outside({"base, mean": within, "recession": within}) == []
    beyond = within | {"poverty entry": 0.8701}
    assert outside({"base, mean": beyond}) == ["base, mean: poverty entry 0.870, band 0.790 to 0.850"]
    assert outside({"recession": beyond}) == ["recession: poverty entry 0.870, band 0.770 to 0.870"]
    assert outside({"base, seed 1": beyond}) == []
    absent = within | {"emergency model": None, "emergency last status": None}
    assert outside({"no_medical": absent}) == []


def test_the_page_prints_every_world_within_its_bands_and_an_oracle_that_finds_more() -> None:
    page = PAGE.read_text("utf-8")
    found = read(page)
    assert with_table(page, found) == page
    assert {"base, mean", *WORLDS[1:]} <= set(found)
    assert outside(found) == []
    for name, row in found.items():
        for seen, oracle in (("poverty model", "poverty oracle"), ("poverty entry", "poverty entry oracle")):
            assert row[seen] < row[oracle] < 0.99, name
