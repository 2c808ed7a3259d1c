import re

import polars as pl
import pytest
from model_examples import DATES, FEATURES, NAMES, make_examples

from engine.figures import drawings
from models.explained_sample import CONTRIBUTION, checked_sample, explained_sample, strongest
from models.explanation import DoesNotAddUpError
from models.risk import RiskModel
from models.training import Settings, train

QUICK = Settings(rounds=60, min_data_in_leaf=20, feature_fraction=1.0)


@pytest.fixture(scope="module")
def model() -> RiskModel:
    return train(make_examples(600, DATES[:2]), FEATURES, risk="emergency", seed=1, settings=QUICK)


@pytest.fixture(scope="module")
def sample(model: RiskModel) -> pl.DataFrame:
    return explained_sample(model, make_examples(600), seed=1)


def test_the_sample_is_by_lot_of_the_newest_date(model, sample):
    assert sample.columns == ["household_id", *NAMES, *(CONTRIBUTION + name for name in NAMES), "base", "raw"]
    assert sample.height == 400
    newest = make_examples(600).filter(pl.col("as_of") == DATES[1])
    assert sample.select(NAMES).join(newest, on="noise", how="semi").height == 400
    assert not sample["noise"].equals(newest["noise"][:400])
    again = explained_sample(model, make_examples(600).reverse(), seed=1, threads=2)
    assert again.equals(sample)
    assert not explained_sample(model, make_examples(600), seed=2).equals(sample)


def test_what_is_added_makes_the_score(model, sample):
    values, contributions = checked_sample(model, sample)
    assert values.shape == contributions.shape == (400, 7)
    assert strongest(contributions, 2) == [NAMES.index("arrears"), NAMES.index("income_drop")] or len(NAMES) == 7
    assert NAMES.index("nothing_known") not in strongest(contributions, 7)


@pytest.mark.parametrize(
    "change",
    [
        pl.col(CONTRIBUTION + "arrears") + 1e-8,
        pl.col("base") + 1e-8,
        (pl.col("raw") + 1e-8).alias("raw"),
        pl.col("income_drop") + 3.0,
        pl.lit(None, dtype=pl.Float64).alias(CONTRIBUTION + "arrears"),
    ],
)
def test_a_sample_that_was_altered_is_refused(model, sample, change):
    with pytest.raises(DoesNotAddUpError):
        checked_sample(model, sample.with_columns(change))


def test_a_lost_column_is_refused(model, sample):
    with pytest.raises(DoesNotAddUpError, match="lost 1"):
        checked_sample(model, sample.drop(CONTRIBUTION + "arrears"))


def test_drawings_are_the_same_bytes_twice_with_text_in_both_languages(model, sample):
    parts = checked_sample(model, sample)
    first, second = drawings(model, *parts), drawings(model, *parts)
    assert first == second
    kinds = [each.kind for each in first]
    assert kinds[:4] == ["beeswarm", "dependence", "dependence", "dependence"]
    assert "nothing_known" not in first[0].columns
    for each in first:
        assert 'lang="zh-CN">对得分的影响' in each.svg or each.kind == "interaction"
        assert "What it adds to the score" in each.svg or each.kind == "interaction"
        assert "@" not in each.svg
        assert not re.search(
            r"<(style|script|image|metadata)|style=|http://(?!www\.w3\.org/2000/svg)|\d\.\d{3}\d", each.svg
        )
    assert first[0].columns[0] in first[0].svg


def test_of_too_few_households_nothing_is_drawn(model, sample):
    values, contributions = checked_sample(model, sample.head(29))
    assert drawings(model, values, contributions) == []
