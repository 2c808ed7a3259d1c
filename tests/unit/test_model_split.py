from datetime import date

import polars as pl
import pytest
from model_examples import DATES, make_examples

from models.leaks import LeakError, check_embargo, check_split
from models.split import Split, examples_of, folds_of, matured, rows_of, temporal_splits


def test_three_matured_dates_train_calibrate_and_test():
    assert temporal_splits(make_examples(200)) == (Split(DATES[:1], DATES[1], DATES[2]),)


def test_two_matured_dates_train_and_test_and_calibrate_out_of_fold():
    assert temporal_splits(make_examples(200, DATES[1:])) == (Split(DATES[1:2], None, DATES[2]),)


def test_one_date_has_no_temporal_split():
    assert temporal_splits(make_examples(200, DATES[:1])) == ()


def test_a_date_whose_labels_were_not_known_by_the_next_is_not_used_for_it():
    near = (date(2020, 1, 1), date(2020, 7, 1), date(2021, 3, 1), date(2021, 6, 1))
    (split,) = temporal_splits(make_examples(200, near))
    assert split == Split(near[:1], None, near[3])
    assert temporal_splits(make_examples(200, near[:2])) == ()


def test_a_newest_date_without_outcomes_is_not_the_test():
    examples = make_examples(200).with_columns(label=pl.when(pl.col("as_of") < DATES[2]).then("label"))
    assert temporal_splits(examples) == (Split(DATES[:1], None, DATES[1]),)


def test_rows_known_too_late_are_under_the_embargo_one_by_one():
    late = pl.col("household_id") < "H000050"
    examples = make_examples(200).with_columns(
        label_known_on=pl.when(late).then(pl.lit(DATES[2])).otherwise("label_known_on")
    )
    split = Split(DATES[:1], DATES[1], DATES[2])
    train, calibration, test = rows_of(examples, split)
    assert (train.height, test.height) == (150, 200)
    assert calibration is not None
    assert calibration.height == 200
    check_split(train, calibration, split)


def test_rows_without_a_label_are_in_no_part():
    examples = make_examples(200).with_columns(label=pl.when(pl.col("household_id") > "H000010").then("label"))
    parts = rows_of(examples, Split(DATES[:1], DATES[1], DATES[2]))
    assert all(part is not None and part["label"].null_count() == 0 and part.height == 189 for part in parts)


def test_a_label_known_after_the_next_date_is_a_leak():
    examples = make_examples(100)
    check_embargo(matured(examples, DATES[2]), DATES[2])
    with pytest.raises(LeakError, match=r"100 labels were not known by 2021-01-01"):
        check_embargo(examples.filter(pl.col("as_of") == DATES[0]), date(2021, 1, 1))
    early = examples.with_columns(label_known_on=pl.lit(date(2019, 1, 1)))
    with pytest.raises(LeakError, match="not older than the next as-of date"):
        check_embargo(early, DATES[2])


def test_a_group_is_in_one_fold_whatever_the_row_order():
    examples = make_examples(1_000, DATES[:2])
    fold = examples.with_columns(fold=folds_of(examples["fold_group"], 5, b"k"))
    assert fold.group_by("fold_group").agg(pl.col("fold").n_unique())["fold"].max() == 1
    assert set(fold["fold"].value_counts()["fold"]) == {0, 1, 2, 3, 4}
    assert fold["fold"].value_counts()["count"].min() > 300
    shuffled = examples.sample(fraction=1.0, shuffle=True, seed=2)
    again = shuffled.with_columns(fold=folds_of(shuffled["fold_group"], 5, b"k"))
    assert again.sort("as_of", "household_id").equals(fold.sort("as_of", "household_id"))
    assert (folds_of(examples["fold_group"], 5, b"other") != fold["fold"].to_numpy()).any()


def test_examples_are_put_together_by_household():
    labels = pl.DataFrame(
        {
            "household_id": ["A"],
            "label": [True],
            "label_from": [date(2020, 1, 1)],
            "label_known_on": [date(2021, 1, 9)],
            "fold_group": ["D"],
        }
    )
    made = examples_of(
        pl.DataFrame({"household_id": ["B", "A"], "weight": [1.0, 2.0], "x": [5.0, 6.0]}),
        labels,
        pl.DataFrame({"household_id": ["A"], "status": ["poor"]}),
        pl.DataFrame({"household_id": ["A", "B"], "unsupported": [True, False]}),
        date(2020, 1, 1),
    )
    assert made["household_id"].to_list() == ["A", "B"]
    assert made["label"].to_list() == [True, None]
    assert made["status"].to_list() == ["poor", "unknown"]
    assert made["fold_group"].to_list() == ["D", "B"]
    assert made["x"].to_list() == [6.0, 5.0]
    assert set(made["as_of"]) == {date(2020, 1, 1)}
