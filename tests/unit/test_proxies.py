"""The proxy audit: a column that gives a group away is found, one that does not is not; the ablation."""

import numpy as np
import polars as pl
import pytest
from model_examples import DATES, FEATURES, a_feature, make_examples

from models.proxies import ablation, proxies_of, with_interval
from models.training import TooLittleToLearnError

COLUMNS = make_examples(1_500, DATES[-1:])


def groups_of(female: pl.Series, migrants: int = 700) -> pl.DataFrame:
    count = COLUMNS.height
    return pl.DataFrame(
        {
            "household_id": COLUMNS["household_id"],
            "head_sex": ["female" if each else "male" for each in female],
            "is_migrant": ["migrant"] * migrants + ["settled"] * (count - migrants),
        }
    )


def test_a_group_that_a_column_tells_is_found_and_one_that_none_tells_is_not() -> None:
    sex, minority, migrant = proxies_of(COLUMNS, groups_of(COLUMNS["income_drop"] > 0.5), FEATURES, seed=1)
    assert (sex["by"], sex["group"], sex["n"]) == ("head_sex", "female", 1_500)
    assert sex["auc"]["value"] > 0.99
    assert migrant["auc"]["low"] < 0.55
    assert migrant["auc"]["low"] < migrant["auc"]["value"] < migrant["auc"]["high"]
    assert (minority["n"], minority["auc"]) == (0, None)


def test_a_group_of_under_fifty_is_not_guessed() -> None:
    told = proxies_of(COLUMNS, groups_of(COLUMNS["income_drop"] > 0.5, migrants=49), FEATURES, seed=1)
    assert told[2]["auc"] is None


def test_the_same_seed_gives_the_same_audit_for_any_threads() -> None:
    groups = groups_of(COLUMNS["income_drop"] > 0.5)
    assert proxies_of(COLUMNS, groups, FEATURES, seed=1) == proxies_of(COLUMNS, groups, FEATURES, seed=1, threads=2)


def test_the_ablation_tells_both_orders_and_a_column_that_matters_is_missed() -> None:
    features = (*FEATURES[:-1], a_feature("street", concept="neighbourhood"))
    examples = make_examples(1_500, DATES[:2])
    rng = np.random.default_rng(3)
    street = examples["label"].cast(pl.Float64) + pl.Series(rng.normal(size=examples.height))
    examples = examples.with_columns(street=street)
    learnt, test = (examples.filter(pl.col("as_of") == day) for day in DATES[:2])
    told = ablation(learnt, test, features, groups_of(COLUMNS["income_drop"] > 0.5), seed=1, pool=0.1)
    assert told["columns"] == ["street"]
    assert told["auc"]["with"] > told["auc"]["without"] > 0.6
    assert [row["group"] for row in told["groups"]] == [[], ["female"], ["male"], ["migrant"], ["settled"]]
    assert told["groups"][0]["recall"]["with"]["value"] > told["groups"][0]["recall"]["without"]["value"]
    with pytest.raises(TooLittleToLearnError):
        ablation(learnt.head(50), test, features, groups_of(COLUMNS["income_drop"] > 0.5), seed=1)


def test_the_interval_of_an_auc_is_as_hanley_and_mcneil_have_it() -> None:
    told = with_interval(0.8, 100, 100)
    assert (told["high"] - told["low"]) / 2 / 1.959964 == pytest.approx(0.0315, abs=5e-4)
    assert with_interval(1.0, 5, 5) == {"value": 1.0, "low": 1.0, "high": 1.0}
