import numpy as np
import polars as pl
import pytest
from model_examples import NAMES, make_examples
from sklearn import metrics

from models import baseline
from models.evaluate import auc, average_precision, figures, with_subsets
from models.logistic import logistic

KEY = b"k"


def scored(label, score, probability=None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "household_id": [f"H{n}" for n in range(len(label))],
            "label": label,
            "score": [float(value) for value in score],
            "probability": [0.5] * len(label) if probability is None else probability,
        },
        schema_overrides={"label": pl.Boolean, "score": pl.Float64, "probability": pl.Float64},
    )


def test_ranking_figures_agree_with_scikit_learn_ties_included():
    draw = np.random.default_rng(1)
    label = draw.random(500) < 0.3
    for score in (draw.normal(size=500) + label, np.round(draw.normal(size=500) + label), np.zeros(500)):
        assert auc(label, score) == pytest.approx(metrics.roc_auc_score(label, score), abs=1e-12)
        assert average_precision(label, score) == pytest.approx(
            metrics.average_precision_score(label, score), abs=1e-12
        )


def test_loss_figures_agree_with_scikit_learn():
    draw = np.random.default_rng(1)
    probability = draw.random(300)
    label = draw.random(300) < probability
    told = figures(scored(label, probability, probability), key=KEY)
    assert told["log_loss"] == pytest.approx(metrics.log_loss(label, probability))
    assert told["brier"] == pytest.approx(metrics.brier_score_loss(label, probability))


def test_precision_and_recall_at_the_top_tenth_and_at_the_list():
    label = [True, True, False, True] + [False] * 16
    told = figures(scored(label, range(20, 0, -1)), key=KEY, list_length=4)
    assert told["n"] == 20
    assert told["base_rate"] == 0.15
    assert (told["precision_at_10pct"], told["recall_at_10pct"]) == (1.0, pytest.approx(2 / 3))
    assert (told["precision_at_list"], told["recall_at_list"], told["lift_at_list"]) == (0.75, 1.0, 5.0)


def test_ties_at_the_end_of_the_list_are_broken_by_the_key_and_not_by_the_row_order():
    rows = scored([n % 3 == 0 for n in range(300)], [1.0] * 300)
    told = figures(rows, key=KEY, list_length=30)
    assert figures(rows.reverse(), key=KEY, list_length=30) == told
    others = {figures(rows, key=bytes([n]), list_length=30)["precision_at_list"] for n in range(8)}
    assert len(others) > 1


def test_figures_that_rows_cannot_give_are_none():
    nobody = figures(scored([], []), key=KEY, list_length=3)
    assert nobody["n"] == 0
    assert nobody["auc"] is nobody["log_loss"] is nobody["precision_at_10pct"] is nobody["lift_at_list"] is None
    one_class = figures(scored([False] * 30, range(30)), key=KEY)
    assert one_class["auc"] is one_class["average_precision"] is one_class["recall_at_10pct"] is None
    assert one_class["precision_at_10pct"] == 0


def test_entry_are_those_known_not_poor_and_unsupported_those_without_help():
    rows = scored([True, False, True, False], range(4)).with_columns(
        status=pl.Series(["poor", "not_poor", "not_poor", "unknown"]),
        unsupported=pl.Series([True, True, False, None]),
    )
    told = with_subsets(rows, key=KEY)
    assert (told["n"], told["entry"]["n"], told["unsupported"]["n"]) == (4, 2, 2)
    assert (told["entry"]["positives"], told["unsupported"]["positives"]) == (1, 1)


def test_the_last_status_has_three_levels_with_the_rates_of_the_training_rows():
    train = make_examples(2_000, seed=2)
    given = baseline.last_status(train, train)
    told = train.with_columns(probability=given["probability"])
    for (_,), rows in told.group_by("status"):
        assert rows["probability"].n_unique() == 1
        assert rows["probability"][0] == pytest.approx(rows["label"].mean(), abs=0.01)
    assert told["probability"].n_unique() == 3


def test_a_status_that_training_never_saw_takes_the_overall_rate():
    train = make_examples(500, seed=2).filter(pl.col("status") != "unknown")
    test = make_examples(100, seed=3).with_columns(status=pl.lit("unknown"))
    rates = baseline.last_status(train, test)["probability"]
    assert rates.n_unique() == 1
    assert rates[0] == pytest.approx(train["label"].mean(), abs=0.01)


def test_the_income_rule_ranks_by_income_and_puts_the_unknown_in_the_middle():
    rows = make_examples(2_000, seed=2)
    given = baseline.income_rule(rows, rows, "income_ratio").with_columns(rows["income_ratio"])
    known = given.filter(pl.col("income_ratio").is_not_null()).sort("income_ratio")
    assert known["score"].is_sorted(descending=True)
    assert known["probability"].is_sorted(descending=True)
    unknown = given.filter(pl.col("income_ratio").is_null())["score"]
    assert unknown.n_unique() == 1
    assert (known["score"] > unknown[0]).mean() == pytest.approx(0.5, abs=0.01)
    silent = rows.with_columns(income_ratio=pl.lit(None, pl.Float64))
    assert baseline.income_rule(silent, silent, "income_ratio")["probability"].n_unique() == 1


def test_chance_ranks_by_key_and_finds_nothing():
    rows = make_examples(3_000, seed=2)
    given = baseline.random(rows, rows, KEY)
    assert auc(rows["label"].to_numpy(), given["score"].to_numpy()) == pytest.approx(0.5, abs=0.03)
    assert given["probability"].n_unique() == 1
    assert not given["score"].equals(baseline.random(rows, rows, b"other")["score"])


def test_the_best_column_is_the_one_that_ranks_the_training_rows_best_and_a_blank_stands_in_the_middle():
    train, test = make_examples(2_000, seed=2), make_examples(500, seed=3)
    alone = {
        name: auc(train["label"].to_numpy(), train[name].fill_null(train[name].median() or 0).to_numpy())
        for name in NAMES
    }
    best = max(alone, key=lambda name: max(alone[name], 1 - alone[name]))
    given = baseline.best_feature(train, test, NAMES).with_columns(test[best])
    known = given.filter(pl.col(best).is_not_null()).sort(best, descending=alone[best] < 0.5)
    assert known["score"].is_sorted()
    assert known["probability"].is_sorted()
    blank = train.with_columns(pl.lit(None, pl.Float64).alias(name) for name in NAMES)
    assert baseline.best_feature(blank, test, NAMES)["probability"].n_unique() == 1


def test_the_logistic_regression_ranks_and_is_calibrated_and_learns_nothing_from_a_column_of_blanks():
    train, test = make_examples(2_000, seed=2), make_examples(1_000, seed=3)
    given = logistic(train, test, NAMES, KEY)
    label = test["label"].to_numpy()
    assert auc(label, given["score"].to_numpy()) > 0.7
    assert given["probability"].mean() == pytest.approx(label.mean(), abs=0.04)
    without = [name for name in NAMES if name != "nothing_known"]
    assert logistic(train, test, without, KEY).equals(given)
    assert logistic(train.sample(fraction=1.0, shuffle=True, seed=5), test, NAMES, KEY)["score"].to_numpy() == (
        pytest.approx(given["score"].to_numpy(), abs=1e-2)
    )
