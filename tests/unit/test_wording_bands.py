"""Bands of probabilities: monotone, coarse, never a decimal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.bands import EDGES, UNKNOWN_BAND, WORDS, band

ORDER = ["lower", "medium", "high", "very_high"]
chance = st.floats(0, 1)
risk = st.sampled_from(sorted(EDGES))


@given(chance, chance, risk)
def test_a_higher_probability_is_never_in_a_lower_band(one: float, other: float, which: str) -> None:
    low, high = sorted((one, other))
    assert ORDER.index(band(low, which).code) <= ORDER.index(band(high, which).code)


@given(chance, risk)
def test_no_band_shows_a_decimal(probability: float, which: str) -> None:
    said = band(probability, which)
    assert not re.search(r"\d\.\d|0\.", said.of_hundred.zh + said.of_hundred.en + said.word.zh)


@given(st.floats(0.05, 0.95), risk)
def test_of_a_hundred_households_is_right_to_five(probability: float, which: str) -> None:
    number = int(re.findall(r"(\d+) of 100", band(probability, which).of_hundred.en)[0])
    assert abs(number - 100 * probability) <= 5


def test_every_edge_belongs_to_the_band_above_it() -> None:
    assert [band(edge, "relative_poverty").code for edge in EDGES["relative_poverty"]] == [
        "very_high",
        "high",
        "medium",
    ]


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_an_unknown_probability_is_said_to_be_unknown(nothing: float | None) -> None:
    assert band(nothing, "emergency").code == UNKNOWN_BAND
    assert band(nothing, "emergency").word == WORDS[UNKNOWN_BAND]


@pytest.mark.parametrize("wrong", [-0.01, 1.01])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        band(wrong, "emergency")
