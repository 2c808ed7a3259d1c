"""The pandas version that our speed is measured against computes the same columns."""

from datetime import date, timedelta
from functools import cache

import pandas as pd
import polars as pl

from bench import population
from bench.agree import differences
from bench.pandas_columns import pandas_columns
from bench.pandas_roster import Inputs
from features.build import build_features
from features.calendar import calendar_of, reporting_counts, with_area
from features.catalog import FEATURES
from features.context import Context
from features.neighbourhood import medians_of, with_neighbourhood
from features.records import HAPPENED, KEYS, KINDS
from features.sources import Sources

LINE = {"urban": 80_000, "rural": 60_000}


@cache
def records() -> dict[str, pl.DataFrame]:
    frames = next(population.parts(1_500, 7))
    return {
        kind: frame.with_columns(known_on_assumed=pl.lit(value=False), delivery_id=pl.lit("d")).select(
            KINDS[kind].column_names()
        )
        for kind, frame in frames.items()
    }


@cache
def calendar(as_of: date) -> pl.DataFrame:
    frames = {kind: frame.lazy() for kind, frame in records().items()}
    counts = [
        reporting_counts(kind, with_area(frame, frames["member"], frames["household"]))
        for kind, frame in frames.items()
        if kind in HAPPENED
    ]
    return calendar_of(pl.concat(counts), as_of)


def ours(as_of: date) -> pl.DataFrame:
    sources = Sources({kind: frame.lazy() for kind, frame in records().items()})
    columns = build_features(sources, Context(calendar(as_of), LINE), as_of)
    return with_neighbourhood(columns, medians_of(columns))


def theirs(as_of: date) -> pd.DataFrame:
    def read(kind: str, columns: list[str]) -> pd.DataFrame:
        return records()[kind].select(columns).to_pandas()

    revised = {}
    for kind, key in KEYS.items():
        frame = records().get(kind, pl.DataFrame(schema=dict.fromkeys(key, pl.String)))
        revised[kind] = frame.filter(pl.struct(key).is_duplicated()).select(key).unique().to_pandas()
    return pandas_columns(Inputs(read, revised, calendar(as_of).to_pandas(), LINE, as_of))


BEYOND_ITS_24_MONTHS = {"income_equivalised_2y_before", "income_to_median_2y_before"}
"""The population of the bench has income of 24 months: of the year before the last it knows nothing."""


def test_every_column_in_pandas_equals_ours() -> None:
    assert differences(ours(population.AS_OF), theirs(population.AS_OF)) == {}


def test_the_versions_agree_on_an_earlier_day_too() -> None:
    as_of = population.AS_OF - timedelta(days=170)
    assert differences(ours(as_of), theirs(as_of)) == {}


def test_a_value_that_differs_is_counted() -> None:
    other = theirs(population.AS_OF)
    known = other["income_per_head_12m"].first_valid_index()
    other.loc[known, "income_per_head_12m"] += 1
    other.loc[known, "elders"] = None
    assert differences(ours(population.AS_OF), other) == {"income_per_head_12m": 1, "elders": 1}


def test_the_population_fills_every_column_and_holds_corrections_and_late_knowledge() -> None:
    columns = ours(population.AS_OF)
    empty = {item.name for item in FEATURES if columns[item.name].null_count() == columns.height}
    assert empty == BEYOND_ITS_24_MONTHS
    income = records()["income"]
    assert (income["known_on"] > population.AS_OF).any()
    assert income.select(KEYS["income"]).is_duplicated().any()
    assert income["void"].any()


def test_the_same_seed_makes_the_same_population() -> None:
    again = next(population.parts(1_500, 7))
    assert all(
        again[kind].equals(frame.drop("known_on_assumed", "delivery_id")) for kind, frame in records().items()
    )
