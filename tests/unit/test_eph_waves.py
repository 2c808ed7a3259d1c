"""The quarters of a survey, and what its home must say about them."""

from datetime import date

import pytest

from features.labels import WAVE_PANEL, LabelSpec
from fixtures.surveys import eph
from fixtures.surveys.eph_codes import AGGLOMERATIONS
from fixtures.surveys.raw import SurveyError
from fixtures.surveys.waves import Wave, in_order


def test_a_wave_is_known_on_its_last_day_and_used_the_day_after() -> None:
    wave = Wave.parse("2016T3")
    assert (wave.begins, wave.month) == (date(2016, 7, 1), date(2016, 9, 1))
    assert (wave.known_on, wave.as_of) == (date(2016, 9, 30), date(2016, 10, 1))


def test_the_fourth_quarter_is_used_in_the_next_year() -> None:
    wave = Wave.parse("2016T4")
    assert (wave.month, wave.known_on, wave.as_of) == (date(2016, 12, 1), date(2016, 12, 31), date(2017, 1, 1))


def test_waves_run_by_time_whatever_their_order() -> None:
    assert [str(wave) for wave in in_order(["2017T3", "2016T4", "2016T3"])] == ["2016T3", "2016T4", "2017T3"]


@pytest.mark.parametrize("name", ["2016", "2016T5", "2016Q3", "T3", "2016T3 ", "20161T3"])
def test_what_is_no_quarter_is_refused_in_words(name: str) -> None:
    with pytest.raises(SurveyError, match="such as 2016T3"):
        in_order([name])


def test_no_wave_and_the_same_wave_twice_are_refused() -> None:
    with pytest.raises(SurveyError, match="no wave"):
        in_order([])
    with pytest.raises(SurveyError, match="named twice"):
        in_order(["2016T3", "2016T3"])


def test_two_waves_a_year_apart_train_on_the_first_and_work_after_the_second() -> None:
    told = eph.settings(["2017T3", "2016T3"])
    assert told["train_as_of"] == [date(2016, 10, 1)]
    assert told["night_as_of"] == date(2017, 10, 1)
    assert LabelSpec.from_mapping(told["home"]["labels"]["relative_poverty"]) == WAVE_PANEL


def test_a_wave_between_changes_neither_horizon_nor_training_date() -> None:
    told = eph.settings(["2016T3", "2016T4", "2017T3"])
    assert told["train_as_of"] == [date(2016, 10, 1)]
    assert told["home"]["labels"]["relative_poverty"]["horizon_months"] == 12


def test_two_neighbouring_quarters_have_a_horizon_of_three_months() -> None:
    told = eph.settings(["2016T3", "2016T4"])
    assert told["home"]["labels"]["relative_poverty"]["horizon_months"] == 3
    assert told["train_as_of"] == [date(2016, 10, 1)]


def test_one_wave_alone_trains_on_nothing() -> None:
    assert eph.settings(["2016T3"])["train_as_of"] == []


def test_every_agglomeration_is_an_area_with_one_caseworker() -> None:
    told = eph.settings(["2016T3", "2017T3"])["caseworkers"]
    regions = [area["region"] for area in told["area"]]
    assert len(regions) == len(set(regions)) == len(AGGLOMERATIONS)
    assert [person["areas"] for person in told["caseworker"]] == [[region] for region in regions]
    assert len({person["id"] for person in told["caseworker"]}) == len(regions)


def test_what_the_survey_lacks_has_its_reason() -> None:
    lacks = eph.settings(["2016T3", "2017T3"])["home"]["lacks"]
    assert {"medical", "emergency", "benefit", "event"} <= set(lacks)
    assert all(lacks.values())
