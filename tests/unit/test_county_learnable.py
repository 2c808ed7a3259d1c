"""A county is neither an open book nor noise: untuned models find on it about what they find on real panels.

One small county here; three larger ones and the five worlds in tests/long/test_county_learnable_long.py.
"""

import pytest
from county_lessons import POVERTY, STATUS_EMERGENCY, Lessons, world_of


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
