from dataclasses import replace

import polars as pl
from model_examples import DATES, FEATURES, make_examples

from features.labels import COUNTY
from models.experiment import run_experiment
from models.training import Settings
from models.tuning import SEARCHED, Tuned, tuned

POOR = Settings(
    rounds=30, learning_rate=0.1, min_data_in_leaf=120, lambda_l2=60.0, feature_fraction=0.1, num_leaves=4
)


def search(rows: pl.DataFrame, settings: Settings, *, trials: int = 6, threads: int = 1, seed: int = 1) -> Tuned:
    return tuned(rows, FEATURES, trials=trials, seed=seed, threads=threads, settings=settings)


def test_poor_settings_are_left_for_better_ones_and_every_trial_is_kept() -> None:
    found = search(make_examples(900, DATES[:1]), POOR)
    assert found.settings is not None
    assert len(found.trials) == 6
    standard, best = found.trials[0], max(found.trials, key=lambda each: each["average_precision"])
    assert {name: standard[name] for name in SEARCHED} == {name: getattr(POOR, name) for name in SEARCHED}
    assert best["average_precision"] > 1.005 * standard["average_precision"]
    assert replace(POOR, **{name: best[name] for name in SEARCHED}) == found.settings


def test_the_same_rows_and_seed_choose_the_same_on_two_threads() -> None:
    rows = make_examples(600, DATES[:1])
    assert search(rows, POOR) == search(rows, POOR, threads=2)
    assert search(rows, POOR).trials != search(rows, POOR, seed=2).trials


def test_without_trials_nothing_is_searched() -> None:
    assert search(make_examples(200, DATES[:1]), POOR, trials=0) == Tuned(None, ())


def test_settings_that_were_found_serve_only_if_they_find_more_on_later_dates() -> None:
    told = run_experiment(
        make_examples(1_200),
        FEATURES,
        risk="relative_poverty",
        seed=1,
        spec=COUNTY,
        list_length=60,
        settings=POOR,
        trials=6,
    )
    means = told.choice["over_time"]
    better = means["tuned"]["average_precision"] > 1.005 * means["standard"]["average_precision"]
    better &= means["tuned"]["precision_at_list"] >= means["standard"]["precision_at_list"]
    assert told.choice["chosen"] == ("tuned" if better else "standard")
    assert told.settings is not None
    assert (told.settings != POOR) is better


def test_outcomes_of_the_tested_dates_change_nothing_in_the_search() -> None:
    examples = make_examples(600)
    turned = examples.with_columns(
        label=pl.when(pl.col("as_of") > DATES[0]).then(~pl.col("label")).otherwise("label")
    )

    def trials(rows: pl.DataFrame) -> object:
        told = run_experiment(rows, FEATURES, risk="relative_poverty", seed=1, spec=COUNTY, settings=POOR, trials=3)
        return told.choice["search"]["trials"]

    assert trials(examples) == trials(turned)
