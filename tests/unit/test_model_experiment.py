import json
from datetime import date

import polars as pl
import pytest
from model_examples import DATES, FEATURES, make_examples

from features.labels import COUNTY
from models.experiment import Experiment, model_features, run_experiment
from models.promotion import BASELINES, over_time, promotion
from models.split import ExamplesError
from models.training import Settings, train

QUICK = Settings(rounds=60, learning_rate=0.1, lambda_l2=1.0, feature_fraction=1.0, min_data_in_leaf=20)
FIGURES = {
    "n",
    "positives",
    "base_rate",
    "auc",
    "average_precision",
    "log_loss",
    "brier",
    "precision_at_10pct",
    "recall_at_10pct",
    "list_length",
    "precision_at_list",
    "recall_at_list",
    "lift_at_list",
    "entry",
    "unsupported",
}


def run(examples: pl.DataFrame, **more) -> Experiment:
    defaults = {"risk": "relative_poverty", "seed": 1, "settings": QUICK, "spec": COUNTY}
    defaults |= {"list_length": 60, "income_ratio": "income_ratio"}
    return run_experiment(examples, FEATURES, **{**defaults, **more})


@pytest.fixture(scope="module")
def examples() -> pl.DataFrame:
    return make_examples(1_500)


@pytest.fixture(scope="module")
def told(examples: pl.DataFrame) -> dict:
    return run(examples).to_mapping()


def test_every_candidate_has_every_figure_and_the_json_is_plain(told):
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    for name in ("model", *BASELINES):
        assert set(told[name]) == FIGURES
        assert set(told[name]["entry"]) == set(told[name]["unsupported"]) == FIGURES - {"entry", "unsupported"}
        assert told["grouped_cv"][name]["n"] == 1_500


def test_the_temporal_figure_is_that_of_the_newest_date(told):
    assert told["figure"] == "temporal"
    assert told["as_of"] == {"train": ["2020-01-01"], "calibration": "2021-04-01", "test": "2022-07-01"}
    assert told["model"]["n"] == 1_500


def test_the_model_beats_the_baselines_and_the_promotion_says_why(told):
    assert (
        told["model"]["average_precision"]
        > told["last_status"]["average_precision"]
        > told["random"]["average_precision"]
    )
    assert told["promotion"]["promoted"] is True
    reasons = told["promotion"]["reasons"]
    assert len(reasons) == 11
    assert all("优于" in reason["zh"] and "beats" in reason["en"] for reason in reasons)


def test_directions_bind_a_poverty_model_and_not_an_onset_that_is_likeliest_just_before_the_line(examples):
    assert model_features(FEATURES, COUNTY) == FEATURES
    rows = examples.filter(pl.col("as_of") == DATES[0])
    onset = rows.with_columns(label=pl.col("arrears") == 1, arrears=pl.col("arrears").clip(0, 4))
    model = train(onset, model_features(FEATURES, None), risk="emergency", seed=1, settings=QUICK)
    told = model.score(onset).join(onset.select("household_id", "arrears"), on="household_id")
    by_arrears = dict(told.group_by("arrears").agg(pl.col("probability").mean()).iter_rows())
    assert by_arrears[1.0] > 0.9 > 0.1 > by_arrears[2.0]


def test_the_model_is_calibrated_on_the_test_date(told, examples):
    rate = told["model"]["base_rate"]
    assert told["model"]["log_loss"] < told["last_status"]["log_loss"] < told["random"]["log_loss"] + 1e-9
    assert told["random"]["brier"] == pytest.approx(rate * (1 - rate), abs=0.01)


def test_one_date_gives_grouped_cross_validation_and_says_so(examples):
    told = run(examples.filter(pl.col("as_of") == DATES[0])).to_mapping()
    assert told["figure"] == "grouped_cv"
    assert told["as_of"] == {"folds": 5, "test": "2020-01-01"}
    assert told["model"] == told["grouped_cv"]["model"]


def test_the_same_examples_give_the_same_experiment_on_two_threads_and_in_another_order(told, examples):
    again = run(examples.sample(fraction=1.0, shuffle=True, seed=9), threads=2)
    assert json.dumps(again.to_mapping()) == json.dumps(told)


def test_rows_without_an_outcome_are_left_out_and_counted(examples):
    gap = examples.with_columns(label=pl.when(pl.col("household_id") >= "H000100").then("label"))
    told = run(gap).to_mapping()
    assert told["model"]["n"] == 1_400
    assert told["rows"]["examples"] == 4_500
    assert told["rows"]["null_label"] == 300
    assert told["rows"]["by_as_of"][0]["null_label"] == 100


def test_outcomes_of_the_test_date_change_no_prediction(examples):
    """Turning the test labels round leaves every score alone: what was won is lost."""
    turned = examples.with_columns(
        label=pl.when(pl.col("as_of") == DATES[2]).then(~pl.col("label")).otherwise("label")
    )
    told, other = run(examples).to_mapping(), run(turned).to_mapping()
    assert other["model"]["auc"] == pytest.approx(1 - told["model"]["auc"], abs=1e-9)


@pytest.mark.parametrize(
    ("change", "en"),
    [
        ({"label": pl.lit(None, pl.Boolean)}, "no outcome is known yet"),
        ({"label": pl.lit(value=False)}, "too little to learn from: 4500 labelled rows, 0 of them positive"),
        ({"label": pl.lit(value=True)}, "too little to learn from: 4500 labelled rows, 4500 of them positive"),
    ],
)
def test_nothing_to_learn_is_a_reason_and_no_exception(examples, change, en):
    told = run(examples.with_columns(**change)).to_mapping()
    assert en in told["unavailable"]["en"]
    assert told["unavailable"]["zh"]
    assert "model" not in told
    assert told["promotion"] == {"promoted": False, "reasons": []}


def test_too_few_rows_are_a_reason(examples):
    assert "too little" in run(examples.filter(pl.col("as_of") == DATES[0]).head(60)).unavailable["en"]
    assert run(examples.head(0)).unavailable["en"] == "no outcome is known yet"


def test_a_lacking_source_is_named(examples):
    nothing = pl.DataFrame()
    told = run(nothing, lacking=("medical", "event"), risk="emergency", spec=None).to_mapping()
    assert told["unavailable"]["en"] == (
        "no outcome can be known: there is no medical source, there is no source of life events"
    )
    assert "没有医疗来源" in told["unavailable"]["zh"]


def test_the_income_rule_is_left_out_where_there_is_no_such_column(examples):
    told = run(examples, income_ratio=None).to_mapping()
    assert "income_rule" not in told
    assert len(told["promotion"]["reasons"]) == 9
    with pytest.raises(ExamplesError, match=r"lack the column.*gap_to_line"):
        run(examples, income_ratio="gap_to_line")


def test_a_model_that_loses_one_comparison_is_not_promoted():
    good = {"average_precision": 0.5, "precision_at_10pct": 0.6, "log_loss": 0.3}
    poor = {"average_precision": 0.4, "precision_at_10pct": 0.5, "log_loss": 0.4}
    everybody = {"model": good, "last_status": poor, "random": poor}
    assert promotion(everybody).promoted
    for figure, worse in (("average_precision", 0.4), ("precision_at_10pct", 0.5), ("log_loss", 0.4)):
        verdict = promotion({**everybody, "model": {**good, figure: worse}})
        assert not verdict.promoted
        assert any("does not beat" in reason["en"] for reason in verdict.reasons)
    assert not promotion({**everybody, "model": {**good, "log_loss": None}}).promoted


def test_beside_another_model_a_list_within_half_a_per_cent_is_as_good_and_beside_todays_rules_it_is_not():
    own = {"average_precision": 0.5, "precision_at_10pct": 0.6, "log_loss": 0.3}
    poor = {"average_precision": 0.4, "precision_at_10pct": 0.5, "log_loss": 0.4}
    nearly, better = ({**poor, "precision_at_10pct": figure} for figure in (0.602, 0.604))
    verdict = promotion({"model": own, "last_status": poor, "random": poor, "logistic": nearly})
    assert verdict.promoted
    assert any(
        "is as good as a logistic regression (0.6000 : 0.6020)" in reason["en"] for reason in verdict.reasons
    )
    assert not promotion({"model": own, "last_status": poor, "random": poor, "logistic": better}).promoted
    assert not promotion({"model": own, "last_status": nearly, "random": poor}).promoted
    even = {**poor, "average_precision": 0.5}
    assert not promotion({"model": own, "last_status": poor, "random": poor, "logistic": even}).promoted


def test_a_model_of_noise_is_not_promoted(examples):
    noise = examples.with_columns(pl.lit(0.0).alias(name) for name in ("income_ratio", "income_drop", "arrears"))
    noise = noise.with_columns(dependants=pl.lit(0.0))
    assert not run(noise, income_ratio=None).promotion.promoted


def test_labels_not_known_before_the_test_date_leave_cross_validation_alone():
    near = make_examples(800, (date(2020, 1, 1), date(2020, 4, 1)))
    assert run(near).figure == "grouped_cv"


def test_every_later_date_is_tested_under_its_own_embargo_and_the_promotion_rests_on_the_mean(told):
    assert list(told["by_date"]) == ["2021-04-01", "2022-07-01"]
    assert told["by_date"]["2022-07-01"]["model"] == told["model"]
    mean = sum(told["by_date"][day]["model"]["average_precision"] for day in told["by_date"]) / 2
    assert f"({mean:.4f} : " in told["promotion"]["reasons"][0]["en"]
    assert told["choice"]["chosen"] == "standard"


def test_the_tested_rows_are_those_of_every_date_and_give_the_figures_again(examples):
    experiment = run(examples)
    tested = experiment.tested
    assert tested is not None
    assert tested["as_of"].unique().sort().to_list() == list(DATES[1:])
    newest = tested.filter(pl.col("as_of") == DATES[2])
    loss = -(newest["label"].cast(pl.Float64) * newest["probability"].log()).sum()
    loss -= ((1 - newest["label"].cast(pl.Float64)) * (1 - newest["probability"]).log()).sum()
    assert loss / newest.height == pytest.approx(experiment.candidates["model"]["log_loss"], abs=1e-9)


def test_a_date_without_a_figure_leaves_no_mean():
    whole, part = {"model": {"auc": 0.8, "n": 10}}, {"model": {"auc": None, "n": 20}}
    assert over_time([whole, part]) == {"model": {"auc": None, "n": 15}}
