"""The score of one household in full: it adds up, it is what was served, and it says how sure it is."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from model_examples import FEATURES, NAMES, make_examples

from models.explanation import DoesNotAddUpError, Explained, adds_up, explained, likely_rates
from models.peers import peer_medians
from models.risk import RiskModel
from models.training import Settings, train


@pytest.fixture(scope="module")
def columns() -> pl.DataFrame:
    newest = make_examples(400).sort("as_of", "household_id").tail(400)
    return newest.select("household_id", pl.lit("rural").alias("area_kind"), *NAMES)


@pytest.fixture(scope="module")
def model() -> RiskModel:
    return train(make_examples(400), FEATURES, risk="relative_poverty", seed=1, settings=Settings(rounds=40))


def told(model: RiskModel, columns: pl.DataFrame, number: int, **changed: float) -> Explained:
    row = columns[number]
    table = peer_medians(columns, NAMES)
    served = model.score(row, None, table).with_columns(**{name: pl.lit(value) for name, value in changed.items()})
    return explained(model, row, served, medians=table, peers=table.filter(~pl.col("everybody")).select(NAMES))


def test_base_and_concepts_add_up_to_the_score_that_was_served(model: RiskModel, columns: pl.DataFrame) -> None:
    for number in range(0, 400, 40):
        found = told(model, columns, number)
        assert abs(found.base + sum(each.contribution for each in found.concepts) - found.raw) <= 1e-9
        for each in found.concepts:
            assert abs(sum(part.contribution for part in each.parts) - each.contribution) <= 1e-9
        assert {part.feature for each in found.concepts for part in each.parts} == set(NAMES)
        assert [abs(each.contribution) for each in found.concepts] == sorted(
            (abs(each.contribution) for each in found.concepts), reverse=True
        )


def test_each_column_stands_beside_the_median_of_its_peers(model: RiskModel, columns: pl.DataFrame) -> None:
    found = told(model, columns, 3)
    parts = {part.feature: part for each in found.concepts for part in each.parts}
    assert parts["rooms"].value == columns["rooms"][3]
    assert parts["rooms"].peers == columns["rooms"].median()
    assert parts["nothing_known"].value is None
    assert "nothing_known" in found.blanks


@pytest.mark.parametrize("name", ["raw", "probability", "priority"])
def test_a_score_that_is_not_the_one_that_was_served_is_refused(
    model: RiskModel, columns: pl.DataFrame, name: str
) -> None:
    served = model.score(columns[5], None, peer_medians(columns, NAMES))
    with pytest.raises(DoesNotAddUpError, match=name):
        told(model, columns, 5, **{name: served[name][0] + 1e-6})


def test_contributions_of_another_model_do_not_add_up(model: RiskModel, columns: pl.DataFrame) -> None:
    other = train(
        make_examples(400, seed=2), FEATURES, risk="relative_poverty", seed=2, settings=Settings(rounds=40)
    )
    mixed = replace(model)
    object.__setattr__(mixed, "_parts", other._parts)
    with pytest.raises(DoesNotAddUpError, match="do not add up"):
        told(mixed, columns, 5)


def test_a_sum_that_is_off_or_not_a_number_does_not_add_up() -> None:
    adds_up(1.0, [0.5, -0.25], 1.25)
    for wrong in (1.25 + 1e-8, float("nan"), float("inf")):
        with pytest.raises(DoesNotAddUpError):
            adds_up(1.0, [0.5, -0.25], wrong)


def of_the_test(rows: int, digits: int = 6) -> pl.DataFrame:
    draw = np.random.default_rng(3)
    probability = np.round(draw.random(rows), digits)
    return pl.DataFrame({"label": draw.random(rows) < probability, "probability": probability})


def test_the_rate_of_like_estimates_lies_in_its_interval_and_near_the_estimate() -> None:
    asked = np.array([0.05, 0.3, 0.6, 0.95])
    found = likely_rates(of_the_test(4_000), asked)
    assert found["n"].to_list() == [200, 200, 200, 200]
    for row, probability in zip(found.iter_rows(named=True), asked, strict=True):
        assert row["low"] < row["rate"] < row["high"]
        assert row["low"] - 0.03 < probability < row["high"] + 0.03
        assert row["least"] <= probability <= row["most"]
        assert row["positives"] == round(row["rate"] * row["n"])


def test_equal_estimates_are_all_looked_at_whatever_the_order_of_the_rows() -> None:
    rows = of_the_test(1_000, digits=1)
    asked = np.array([0.3])
    found = likely_rates(rows, asked)
    assert found.equals(likely_rates(rows.sample(fraction=1, shuffle=True, seed=9), asked))
    assert found["n"][0] >= (rows["probability"] == 0.3).sum()


def test_fewer_tested_rows_make_a_wider_interval_and_none_at_all_make_none() -> None:
    wide, narrow = (likely_rates(of_the_test(rows), np.array([0.5])) for rows in (60, 4_000))
    assert (wide["high"] - wide["low"])[0] > (narrow["high"] - narrow["low"])[0]
    assert wide["n"][0] == 50
    nothing = likely_rates(of_the_test(10).with_columns(label=pl.lit(None, pl.Boolean)), np.array([0.5, 0.6]))
    assert nothing.height == 2
    assert nothing["n"].null_count() == nothing["high"].null_count() == 2
