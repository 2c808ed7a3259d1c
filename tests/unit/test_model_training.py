import warnings
from concurrent.futures import CancelledError
from dataclasses import replace
from datetime import date
from itertools import count

import numpy as np
import polars as pl
import pytest
from model_examples import DATES, FEATURES, NAMES, a_feature, make_examples

from models.keyed import key_of
from models.risk import FACTS_FILE, RiskModel, RiskModelError, matrix
from models.split import ExamplesError, folds_of
from models.training import Settings, TooLittleToLearnError, grow, out_of_fold, train

QUICK = Settings(rounds=40, learning_rate=0.1, lambda_l2=1.0, feature_fraction=1.0, min_data_in_leaf=20)


def trained(examples: pl.DataFrame, **more: object) -> RiskModel:
    return train(examples, FEATURES, risk="relative_poverty", seed=7, **{"settings": QUICK, **more})


@pytest.fixture(scope="module")
def examples() -> pl.DataFrame:
    return make_examples(900, DATES[:2])


@pytest.fixture(scope="module")
def model(examples: pl.DataFrame) -> RiskModel:
    return trained(examples)


def test_the_same_examples_give_the_same_bytes_on_any_number_of_threads_and_in_any_order(examples, model):
    for threads in (2, 8):
        assert trained(examples, threads=threads).to_files() == model.to_files()
    assert trained(examples.sample(fraction=1.0, shuffle=True, seed=5)).to_files() == model.to_files()


def test_trees_are_the_same_text_whatever_the_number_of_threads():
    draw = np.random.default_rng(4)
    x = draw.normal(size=(6_000, len(FEATURES)))
    label = x[:, 1] + x[:, 2] + draw.normal(size=6_000) > 1.5
    texts = [grow(x, label, FEATURES, seed=1, threads=threads, settings=QUICK) for threads in (1, 2, 8)]
    assert texts[0] == texts[1] == texts[2]


def test_another_seed_gives_another_model(examples, model):
    assert train(examples, FEATURES, risk="relative_poverty", seed=8, settings=QUICK).text != model.text


def test_the_text_of_a_model_holds_nothing_of_the_machine(model):
    assert "num_threads" not in model.text


def test_files_bring_back_the_same_model(examples, model):
    again = RiskModel.from_files(model.to_files())
    assert again == model
    assert again.score(examples.head(50)).equals(model.score(examples.head(50)))


def test_altered_or_missing_files_are_refused_with_the_way_out(model):
    files = model.to_files()
    with pytest.raises(RiskModelError, match=r"model\.txt is missing; train again"):
        RiskModel.from_files({FACTS_FILE: files[FACTS_FILE]})
    with pytest.raises(RiskModelError, match=r"model\.txt was altered"):
        RiskModel.from_files({**files, "model.txt": files["model.txt"] + b" "})
    with pytest.raises(RiskModelError, match=r"model\.json cannot be read"):
        RiskModel.from_files({**files, FACTS_FILE: b"{"})
    with pytest.raises(RiskModelError, match="another version"):
        RiskModel.from_files({**files, FACTS_FILE: files[FACTS_FILE].replace(b'"format": 1', b'"format": 0')})


def test_rows_without_a_label_are_not_learnt_from(examples, model):
    unlabelled = examples.with_columns(household_id=pl.col("household_id") + "x", label=pl.lit(None, pl.Boolean))
    assert trained(pl.concat([examples, unlabelled])).to_files() == model.to_files()


def test_directions_of_the_catalogue_are_respected(examples, model):
    rows = examples.head(300)
    for feature in FEATURES:
        worse = [rows.with_columns(pl.col(feature.name) + step * feature.direction) for step in (0.5, 1, 3)]
        if feature.direction:
            raw = model.score(rows)["raw"]
            for changed in worse:
                assert (model.score(changed)["raw"] >= raw - 1e-12).all()


def test_without_the_constraint_a_direction_would_be_broken(examples):
    free = tuple(replace(feature, direction=0) for feature in FEATURES)
    loose = train(examples, free, risk="relative_poverty", seed=7, settings=replace(QUICK, rounds=150))
    rows = examples.head(300)
    worse = rows.with_columns(pl.col("dependants") + 1)
    assert (loose.score(worse)["raw"] < loose.score(rows)["raw"] - 1e-9).any()


def test_scores_out_of_fold_come_from_trees_without_the_household(examples):
    """Turning the labels of a fold round leaves the raw scores of that fold as they were."""
    rows = examples.sort("as_of", "household_id")
    fold = folds_of(rows["fold_group"], QUICK.folds, key_of(7))
    raw = out_of_fold(rows, FEATURES, seed=7, threads=1, settings=QUICK)
    held = pl.Series(fold == 0)
    turned = rows.with_columns(label=pl.when(held).then(~pl.col("label")).otherwise("label"))
    raw_turned = out_of_fold(turned, FEATURES, seed=7, threads=1, settings=QUICK)
    assert np.array_equal(raw[fold == 0], raw_turned[fold == 0])
    assert not np.array_equal(raw[fold == 1], raw_turned[fold == 1])


def test_scores_out_of_fold_are_the_same_with_folds_at_once_or_in_turn(examples, monkeypatch):
    given = {"seed": 7, "threads": 2, "settings": QUICK}
    at_once = out_of_fold(examples, FEATURES, **given)
    monkeypatch.setattr("models.training.CELLS_FOR_FOLDS_AT_ONCE", 1)
    assert np.array_equal(at_once, out_of_fold(examples, FEATURES, **given))


def test_a_fold_that_fails_ends_the_others_between_two_trees(examples, monkeypatch):
    """Ctrl-C waits for a tree, not for a model: a fold of a hundred thousand trees would take minutes."""
    begun, ended = count(), []

    def the_second_fails(*given, stopped, **more):
        if next(begun) == 1:
            raise MemoryError
        try:
            text = grow(*given, stopped=stopped, **more)
        except CancelledError:
            ended.append("cancelled")
            raise
        ended.append("grown to its end")
        return text

    monkeypatch.setattr("models.training.grow", the_second_fails)
    long = replace(QUICK, rounds=100_000)
    with pytest.raises(MemoryError):
        out_of_fold(examples, FEATURES, seed=7, threads=2, settings=long)
    assert set(ended) == {"cancelled"}


def test_the_calibrator_is_fitted_on_the_later_rows_and_not_on_the_training_rows(examples, model):
    later = make_examples(900, DATES[2:], seed=3)
    often = later.with_columns(label=pl.col("label") | (pl.col("noise") > 0))
    spec = {"theta": 0.6}
    base, more = trained(examples, calibration=later, spec=spec), trained(examples, calibration=often, spec=spec)
    assert base.text == more.text == model.text
    assert more.score(often)["probability"].mean() == pytest.approx(often["label"].mean(), abs=0.01)
    assert base.score(later)["probability"].mean() == pytest.approx(later["label"].mean(), abs=0.01)


def test_the_level_of_an_emergency_is_that_of_all_dates_and_not_of_one_season(examples):
    later = make_examples(900, DATES[2:3], seed=3)
    often = later.with_columns(label=pl.col("label") | (pl.col("noise") > 0))
    rates = [part["label"].mean() for _, part in pl.concat([examples, often]).group_by("as_of")]
    assert len(rates) == 3
    mean = trained(examples, calibration=often).score(often)["probability"].mean()
    assert mean == pytest.approx(sum(rates) / 3, abs=1e-6)
    assert mean < often["label"].mean() - 0.1


@pytest.mark.parametrize(
    ("examples", "told"),
    [
        (make_examples(60, DATES[:1]), "60 labelled rows"),
        (make_examples(200, DATES[:1]).with_columns(label=pl.lit(value=True)), "200 of them positive"),
        (make_examples(200, DATES[:1]).with_columns(label=pl.lit(value=False)), "0 of them positive"),
        (make_examples(200, DATES[:1]).with_columns(label=pl.lit(None, pl.Boolean)), "0 labelled rows"),
    ],
)
def test_too_little_to_learn_is_told_with_its_counts(examples, told):
    with pytest.raises(TooLittleToLearnError, match=told):
        trained(examples)


def test_a_column_that_is_missing_or_of_another_type_is_named(examples):
    with pytest.raises(ExamplesError, match=r"lack the column.*arrears"):
        trained(examples.drop("arrears"))
    with pytest.raises(ExamplesError, match=r"rooms .String instead of Float64"):
        trained(examples.with_columns(pl.col("rooms").cast(pl.String)))
    with pytest.raises(ExamplesError, match="more than once"):
        trained(pl.concat([examples, examples.head(1)]))
    with pytest.raises(RiskModelError, match="another catalogue"):
        matrix(examples.drop("noise"), NAMES)
    for other in (pl.String, pl.Categorical):
        mistyped = examples.with_columns(pl.col("rooms").cast(pl.String).cast(other))
        with pytest.raises(RiskModelError, match="must be Float64: rooms"):
            matrix(mistyped, NAMES)
    with pytest.raises(RiskModelError, match="infinite values: noise"):
        matrix(examples.with_columns(noise=pl.lit(float("inf"))), NAMES)


def test_columns_that_say_nothing_do_not_stop_the_training(examples):
    silent = (a_feature("nothing_known"), a_feature("constant"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = train(
            examples.with_columns(constant=pl.lit(1.0)), silent, risk="relative_poverty", seed=1, settings=QUICK
        )
    scored = model.score(examples.with_columns(constant=pl.lit(1.0)).filter(pl.col("as_of") == date(2020, 1, 1)))
    assert scored["probability"].n_unique() == 1
    assert scored["probability"][0] == pytest.approx(examples["label"].mean(), abs=0.01)
