"""Drift by effect size: nothing on more of the same, however much; what moved is named, and its source."""

import json
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from bench import population
from features.build import build_features
from features.calendar import calendar_of, reporting_counts, with_area
from features.catalog import FEATURES, by_name
from features.context import Context
from features.feature import Feature
from features.neighbourhood import medians_of, with_neighbourhood
from features.records import HAPPENED, KINDS
from features.sources import Sources
from models.drift import FEWEST, NOTABLE, OUT, drift_of, reference_of


def some_features() -> list[Feature]:
    """Three columns each of medical records (which need enrolment as well), enrolment, employment and income."""
    known = [each for each in FEATURES if each.modelled]
    own = [
        [each for each in known if each.sources[0] == name]
        for name in ("medical", "enrolment", "employment", "income")
    ]
    return [each for listed in own for each in listed[:3]]


def households(count: int, seed: int, moved: float = 0.0) -> pl.DataFrame:
    """Normal values with a tenth blank; the first column moved by so many standard deviations."""
    rng = np.random.default_rng(seed)
    data = {}
    for number, each in enumerate(some_features()):
        values = rng.normal(moved if number == 0 else 0.0, 1, count)
        data[each.name] = pl.Series(np.where(rng.random(count) < 0.1, np.nan, values)).fill_nan(None)
    return pl.DataFrame(data)


def scores(count: int, seed: int, moved: float = 0.0) -> Any:
    return np.random.default_rng(seed).normal(-3 + moved, 1.2, count)


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    return reference_of(households(20_000, 1), scores(20_000, 2), some_features())


def first(told: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [each for each in told["features"] if each["name"] == name]
    return found


@pytest.mark.parametrize("rows", [1_000, 100_000])
def test_more_of_the_same_is_no_drift_however_many_rows(reference: dict[str, Any], rows: int) -> None:
    told = drift_of(reference, households(rows, 3), scores(rows, 4))
    assert told["score"]["psi"] < 0.02
    assert (told["out"], told["notable"]) == (0, 0)
    assert all(each["effect"] < 0.1 for each in told["features"])
    assert {each["band"] for each in told["sources"]} == {"small"}


def test_the_size_of_a_shift_is_the_same_at_a_thousand_and_at_a_hundred_thousand_rows(
    reference: dict[str, Any],
) -> None:
    name = some_features()[0].name
    effects = [
        first(drift_of(reference, households(rows, 5, moved=0.8), scores(rows, 6)), name)["psi"]
        for rows in (1_000, 100_000)
    ]
    assert effects[0] == pytest.approx(effects[1], rel=0.25)
    assert min(effects) > OUT


def test_scores_that_moved_are_out_of_depth_and_a_little_is_notable(reference: dict[str, Any]) -> None:
    bands = {
        moved: drift_of(reference, households(5_000, 7), scores(5_000, 8, moved))["score"]["band"]
        for moved in (0.0, 0.45, 1.2)
    }
    assert bands == {0.0: "small", 0.45: "notable", 1.2: "out"}


def test_a_source_that_goes_blank_is_named_and_no_other(reference: dict[str, Any]) -> None:
    medical = [each.name for each in some_features() if "medical" in each.sources]
    gone = households(5_000, 9).with_columns(pl.lit(None, pl.Float64).alias(name) for name in medical)
    told = drift_of(reference, gone, scores(5_000, 10))
    assert {each["name"] for each in told["features"] if each["band"] == "out"} == set(medical)
    assert told["sources"][0]["name"] == "medical"
    out = {each["name"] for each in told["sources"] if each["band"] == "out"}
    assert out == {"medical"}
    assert first(told, medical[0])["blank"] == 1.0
    assert told["out"] == pytest.approx(len(medical) / len(some_features()))


def test_columns_that_move_the_score_more_weigh_more() -> None:
    features = some_features()
    weights = {each.name: 9.0 if number == 0 else 1.0 for number, each in enumerate(features)}
    frozen = reference_of(households(5_000, 1), scores(5_000, 2), features, weights)
    told = drift_of(frozen, households(5_000, 3, moved=2.0), scores(5_000, 4))
    assert told["out"] == pytest.approx(9 / (9 + len(features) - 1))
    assert told["features"][0]["name"] == features[0].name


def test_values_that_are_mostly_one_and_values_never_seen_before_are_compared_too() -> None:
    each = some_features()[0]
    was = pl.DataFrame({each.name: [0.0] * 950 + [1.0] * 50})
    frozen = reference_of(was, scores(1_000, 1), [each])
    same = drift_of(frozen, was, scores(1_000, 2))
    other = drift_of(frozen, pl.DataFrame({each.name: [0.0] * 500 + [1.0] * 500}), scores(1_000, 2))
    new = drift_of(frozen, pl.DataFrame({each.name: [-5.0] * 1_000}), scores(1_000, 2))
    assert [told["features"][0]["band"] for told in (same, other)] == ["small", "out"]
    assert new["features"][0]["psi"] is not None


def test_with_too_few_households_nothing_is_claimed(reference: dict[str, Any]) -> None:
    few = FEWEST // 2
    told = drift_of(reference, households(few, 1, moved=5.0), scores(few, 2, moved=5.0))
    assert told["score"] == {"psi": None, "band": "unknown"}
    assert {each["band"] for each in told["features"]} == {"unknown"}


def test_outcomes_are_compared_where_some_are_known(reference: dict[str, Any]) -> None:
    columns, features = households(2_000, 1), some_features()
    was = pl.Series([True] * 200 + [False] * 1_800)
    frozen = reference_of(columns, scores(2_000, 2), features, outcomes=was)
    same = drift_of(frozen, columns, scores(2_000, 2), outcomes=was)["outcome"]
    more = drift_of(frozen, columns, scores(2_000, 2), outcomes=pl.Series([True] * 900 + [False] * 1_100))[
        "outcome"
    ]
    assert (same["band"], same["difference"]) == ("small", 0)
    assert (more["band"], more["share"], more["was"]) == ("out", 0.45, 0.1)
    assert drift_of(reference, columns, scores(2_000, 2))["outcome"] is None


def test_the_reference_survives_being_written_and_read(reference: dict[str, Any]) -> None:
    again = json.loads(json.dumps(reference))
    columns, today = households(3_000, 3), scores(3_000, 4)
    assert drift_of(again, columns, today) == drift_of(reference, columns, today)


def test_a_column_that_is_not_there_is_an_error(reference: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="columns that the model was made with are missing"):
        drift_of(reference, households(300, 1).drop(some_features()[0].name), scores(300, 2))


# Inflation, through the records


MONEY = {
    "income": ["amount"],
    "medical": [
        "total",
        "in_catalogue",
        "basic_paid",
        "serious_paid",
        "assistance_paid",
        "supplementary_paid",
        "oop",
    ],
    "benefit": ["amount"],
    "event": ["loss"],
    "schooling": ["fee_norm", "aid_amount"],
}


@cache
def priced(times: int) -> pl.DataFrame:
    """The columns of a small population, all money and the local line so many times as much."""
    raw = next(population.parts(3_000, 7))
    frames = {
        kind: frame.with_columns(
            *(pl.col(name) * times for name in MONEY.get(kind, ()) if name in frame.columns),
            known_on_assumed=pl.lit(value=False),
            delivery_id=pl.lit("d"),
        )
        .select(KINDS[kind].column_names())
        .lazy()
        for kind, frame in raw.items()
    }
    counts = [
        reporting_counts(kind, with_area(frame, frames["member"], frames["household"]))
        for kind, frame in frames.items()
        if kind in HAPPENED
    ]
    line = {"urban": 16_000 * times, "rural": 12_000 * times}
    context = Context(calendar_of(pl.concat(counts), population.AS_OF), line)
    columns = build_features(Sources(frames), context, population.AS_OF)
    return with_neighbourhood(columns, medians_of(columns))


def test_an_inflation_of_40_per_cent_moves_no_column_of_a_model_and_does_move_nominal_money() -> None:
    before, after = priced(5), priced(7)
    nominal = by_name("income_per_head_12m")
    assert not nominal.modelled
    features = [*(each for each in FEATURES if each.modelled), nominal]
    today = scores(before.height, 1)
    told = drift_of(reference_of(before, today, features), after, today)
    moved = {each["name"]: each["effect"] for each in told["features"] if each["effect"]}
    assert moved.pop("income_per_head_12m") > NOTABLE
    assert moved == {} or max(moved.values()) < 0.02
