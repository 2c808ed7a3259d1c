"""The learnability bands over three counties, and the five worlds: half an hour (make bands)."""

import pytest
from county_lessons import EMERGENCY, POVERTY, WORLDS, Lessons, world_of

SEEDS = (1, 2, 3)
PEOPLE = 20_000
WIDER = 0.02
"""One county of a world stands for three: its figures may lie so far outside the bands."""


@pytest.fixture(scope="module")
def counties() -> list[Lessons]:
    return [Lessons.of(PEOPLE, seed) for seed in SEEDS]


def mean(found: list[dict[str, float]], name: str) -> float:
    return sum(each[name] for each in found) / len(found)


def test_poverty_is_as_learnable_as_on_real_panels_over_three_counties(counties: list[Lessons]) -> None:
    found = [county.learnt("relative_poverty") for county in counties]
    for name, (low, high) in POVERTY.items():
        assert low <= mean(found, name) <= high, (name, found)


def test_emergencies_are_as_learnable_as_on_a_real_panel_over_three_counties(counties: list[Lessons]) -> None:
    found = [county.pooled() for county in counties]
    for name, (low, high) in EMERGENCY.items():
        assert low <= mean(found, name) <= high, (name, found)


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_shows_the_bands_or_its_stated_deviation(name: str) -> None:
    lessons = Lessons.of(PEOPLE, seed=1, world=world_of(name))
    poverty = lessons.learnt("relative_poverty")
    for figure, (low, high) in POVERTY.items():
        assert low - WIDER <= poverty[figure] <= high + WIDER, (figure, poverty)
    if "medical" in world_of(name).absent:
        assert lessons.population.emergency_lacks(lessons.population.store.known_until()) == ("medical",)
        return
    emergency = lessons.pooled()
    for figure, (low, high) in EMERGENCY.items():
        assert low - WIDER <= emergency[figure] <= high + WIDER, (figure, emergency)


def test_who_also_sees_the_hidden_state_finds_more_than_the_records_tell(counties: list[Lessons]) -> None:
    told, oracle = (counties[0].learnt("relative_poverty", oracle=oracle) for oracle in (False, True))
    assert told["model"] < oracle["model"] < 0.99
    assert told["entry"] < oracle["entry"]
