"""The small table of medians says what a slow median over everybody says."""

from statistics import median

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.neighbourhood import ENOUGH, medians_of, others_median, with_neighbourhood

incomes = st.lists(st.none() | st.integers(-3, 9).map(float), min_size=1, max_size=12)
often = settings(max_examples=60, deadline=None)


def population(values, members=None):
    return pl.DataFrame(
        {
            "household_id": [f"H{n:02}" for n in range(len(values))],
            "region": ["990101001001"] * len(values),
            "area_kind": ["rural"] * len(values),
            "weight": [1.0] * len(values),
            "members": members or [1] * len(values),
            "income_equivalised_12m": pl.Series(values, dtype=pl.Float64),
        }
    )


@often
@given(incomes)
def test_leaving_one_out_gives_the_median_of_the_others(values):
    columns = population(values)
    medians = medians_of(columns).filter(pl.col("scope") == "region")
    names = {f"_{name}_income_equivalised_12m": name for name in ("count", "below", "middle", "above")}
    table = columns.join(medians.select(region="key", **names), on="region", how="left")
    found = table.select(others=others_median("income_equivalised_12m"))["others"].to_list()
    for n, value in enumerate(found):
        others = [other for m, other in enumerate(values) if m != n and other is not None]
        if len(others) < ENOUGH:
            assert value is None
        else:
            assert value == median(others)


@often
@given(st.lists(st.tuples(st.integers(1, 9).map(float), st.integers(1, 6)), min_size=1, max_size=12))
def test_the_median_of_an_area_kind_is_weighted_by_persons(rows):
    columns = population([value for value, _ in rows], [members for _, members in rows])
    persons = sorted(value for value, members in rows for _ in range(members))
    expected = persons[(len(persons) - 1) // 2]
    row = medians_of(columns).row(by_predicate=pl.col("scope") == "area_kind", named=True)
    assert row["median"] == expected


def test_a_household_of_weight_zero_has_no_say_in_the_median():
    columns = population([1.0, 5.0, 6.0]).with_columns(weight=pl.Series([1.0, 0.0, 0.0]))
    assert medians_of(columns).filter(pl.col("scope") == "area_kind")["median"].to_list() == [1.0]


def test_only_columns_that_can_be_made_are_added():
    columns = population([100.0] * 7)
    whole = with_neighbourhood(columns, medians_of(columns))
    added = [name for name in whole.columns if name not in columns.columns]
    assert added == ["income_to_median_12m", "income_to_neighbours_12m", "neighbours_income_to_median_12m"]
    assert whole["income_to_median_12m"].to_list() == [1.0] * 7


@pytest.mark.parametrize("values", [[0.0] * 7, [-5.0] * 7, [None] * 7])
def test_a_median_that_is_not_positive_gives_no_ratio(values):
    columns = population(values)
    assert with_neighbourhood(columns, medians_of(columns))["income_to_median_12m"].to_list() == [None] * 7


def test_no_columns_are_no_medians():
    nothing = population([1.0]).drop("income_equivalised_12m")
    assert medians_of(nothing).is_empty()
    assert with_neighbourhood(nothing, medians_of(nothing)).columns == nothing.columns
