"""Figures of groups: values by hand, what is not told, verdicts, a twin that draws rows, fairlearn as witness."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fairness_rows import drawn_rows, grouped, rows_with

from models.fairness import FairnessError, cuts_of, fairness_of, verdict_of
from models.fairness_gate import fairness_gate, gate_of
from models.groupings import called, groupings

T, F = True, False
SAY = f"""
import json, sys
sys.path[:0] = [{str(Path(__file__).parents[1])!r}, {str(Path(__file__).parents[2])!r}]
from fairness_rows import drawn_rows
from models.fairness import cuts_of, fairness_of
print(json.dumps(fairness_of(*drawn_rows(20_000), cuts_of(200), seed=1)))
"""


def row_of(told: dict[str, Any], *group: str) -> dict[str, Any]:
    return next(row for row in told["groups"] if row["group"] == list(group))


def two_groups() -> tuple[pl.DataFrame, pl.DataFrame]:
    """60 households: of ``x`` 16 of 20 outcomes are on a list of 30, of ``y`` 8 of 20."""
    label = [T] * 24 + [F] * 6 + [T] * 16 + [F] * 14
    group = ["x"] * 16 + ["y"] * 8 + ["y"] * 6 + ["x"] * 4 + ["y"] * 12 + ["x"] * 10 + ["y"] * 4
    rows = rows_with(label, [1 - number / 60 for number in range(60)])
    return rows, grouped(rows, by=group, blank_share=[0.5 if each == "x" else 0.0 for each in group])


def test_every_figure_of_a_small_table_is_as_counted_by_hand() -> None:
    rows, groups = two_groups()
    told = fairness_of(rows, groups, {"list": 30}, seed=1)
    assert (told["n"], told["positives"], told["unknown"], told["cuts"]) == (60, 40, 0, {"list": 30})
    x = row_of(told, "x")
    at = x["at"]["list"]
    assert (x["n"], x["positives"]) == (30, 20)
    assert at["recall"]["value"] == 16 / 20
    assert at["ratio"]["value"] == (16 / 20) / (24 / 40)
    assert at["precision"]["value"] == 16 / 16
    assert at["alert_rate"]["value"] == 16 / 30
    assert row_of(told, "y")["at"]["list"]["false_omission_rate"]["value"] == 12 / 16
    assert x["missing_rate"]["value"] == 0.5
    own = rows.filter(groups["by"] == "x")
    assert x["calibration"]["value"] == pytest.approx(own["probability"].mean() - 20 / 30, abs=1e-8)
    ranks = (rows["score"].rank() - 0.5) / 60
    assert x["mean_rank"]["value"] == pytest.approx(ranks.filter(groups["by"] == "x").mean(), abs=1e-8)
    true = rows.filter(pl.col("label"))
    gap = own.filter(pl.col("label"))["probability"].mean() - true["probability"].mean()  # type: ignore[operator]
    assert x["gap_if_true"]["value"] == pytest.approx(gap, abs=1e-8)
    for name in ("recall", "ratio", "alert_rate"):
        assert at[name]["low"] < at[name]["value"] < at[name]["high"]


def test_an_unknown_outcome_counts_in_the_alert_rate_and_in_no_recall() -> None:
    rows, groups = two_groups()
    open_ = rows.with_columns(label=pl.when(pl.int_range(pl.len()) >= 8).then("label"))
    at = row_of(fairness_of(open_, groups, {"list": 30}, seed=1), "x")["at"]["list"]
    assert at["recall"]["value"] == 8 / 12
    assert at["alert_rate"]["value"] == 16 / 30


def test_a_household_without_a_recorded_group_is_a_group_of_its_own_and_blank_where_nothing_is_known() -> None:
    rows, groups = two_groups()
    half = groups.head(40).with_columns(blank_share=pl.lit(0.25))
    told = fairness_of(rows, half, {"list": 30}, seed=1)
    assert row_of(told, "unknown")["n"] == 20
    assert row_of(told, "unknown")["missing_rate"]["value"] == 1.0
    assert sum(row["n"] for row in told["groups"] if row["by"] == ["by"]) == 60


def test_intersections_of_two_groupings_hold_those_who_are_in_both() -> None:
    rows, groups = drawn_rows(4_000)
    told = fairness_of(rows, groups, cuts_of(200), seed=1)
    both = groups.filter((pl.col("two") == "x") & (pl.col("three") == "b")).height
    assert row_of(told, "x", "b")["n"] == both
    assert row_of(told, "x", "b")["by"] == ["two", "three"]
    assert sum(row["n"] for row in told["groups"] if len(row["by"]) == 2) == rows.height


def test_a_group_of_seven_is_counted_and_nothing_of_it_is_told() -> None:
    rows, _ = two_groups()
    told = fairness_of(rows, grouped(rows, by=["few"] * 7 + ["more"] * 53), {"list": 30}, seed=1)
    few = row_of(told, "few")
    assert few["few"]
    assert not row_of(told, "more")["few"]
    assert [few[name] for name in ("mean_rank", "calibration", "gap_if_true")] == [None] * 3
    assert {few["at"]["list"][name] for name in ("recall", "precision", "alert_rate")} == {None}
    assert few["at"]["list"]["verdict"] == "insufficient"


def test_a_share_that_counts_one_to_seven_households_is_not_told_and_one_that_counts_none_is() -> None:
    rows = rows_with([T] * 40 + [F] * 160, [1.0] * 10 + [0.4] * 30 + [0.5] * 160)
    groups = grouped(rows, by=["some"] * 6 + ["others"] * 4 + ["some"] * 14 + ["none"] * 16 + ["none", "some"] * 80)
    told = fairness_of(rows, groups, {"list": 10}, seed=1)
    assert row_of(told, "some")["at"]["list"]["recall"] is None
    none = row_of(told, "none")["at"]["list"]["recall"]
    assert none["value"] == none["low"] == 0
    assert none["high"] == pytest.approx(1 - 0.025 ** (1 / 16))


def test_the_verdict_is_below_only_where_the_whole_interval_is() -> None:
    assert verdict_of({"value": 0.5, "low": 0.3, "high": 0.79}, 20) == "below"
    assert verdict_of({"value": 0.7, "low": 0.5, "high": 0.8}, 20) == "insufficient"
    assert verdict_of({"value": 1.0, "low": 0.8, "high": 1.2}, 20) == "pass"
    assert verdict_of({"value": 0.0, "low": 0.0, "high": 0.1}, 4.9) == "insufficient"
    assert verdict_of(None, 20) == "insufficient"


def test_a_group_that_is_taken_from_holds_the_model_back_and_an_even_one_does_not() -> None:
    rows, groups = drawn_rows(20_000, fair=-1.5)
    held = fairness_gate(fairness_of(rows, groups, cuts_of(400), seed=1))
    assert held.verdict == "held"
    assert held.holds_back
    assert any("two: x" in reason["en"] and "wholly" not in reason["zh"] for reason in held.reasons)
    even = fairness_gate(fairness_of(*drawn_rows(20_000), cuts_of(400), seed=1))
    assert even.verdict == "insufficient"
    assert not even.holds_back
    sure = drawn_rows(20_000)
    plain = fairness_gate(fairness_of(sure[0], sure[1].select("household_id", "two"), {"pool": 0.3}, seed=1))
    assert plain.verdict == "pass"


def test_intersections_hold_nothing_back() -> None:
    told = fairness_of(*drawn_rows(20_000, fair=-1.5), cuts_of(400), seed=1)
    of_two = [row for row in told["groups"] if len(row["by"]) == 2]
    assert any(row["at"]["pool"]["verdict"] == "below" for row in of_two)
    alone = told | {"groups": of_two}
    assert fairness_gate(alone).verdict == "insufficient"


@pytest.mark.parametrize("label", [[None] * 60, [F] * 60, []])
def test_no_outcome_or_no_row_gives_insufficient_evidence_and_words(label: list[bool | None]) -> None:
    rows = rows_with(label, [1 - number / 60 for number in range(len(label))])
    told = fairness_of(rows, grouped(rows, by=["x"] * len(label)), cuts_of(5), seed=1)
    gate = fairness_gate(told)
    assert gate.verdict == "insufficient"
    assert gate.reasons[0]["en"] == "there is no outcome to compare by yet"
    assert all(row["at"]["list"]["recall"] is None for row in told["groups"])


def test_scores_that_are_all_equal_are_listed_by_lot_and_rank_in_the_middle() -> None:
    rows = rows_with([T, F] * 100, [0.3] * 200)
    groups = grouped(rows, by=["x", "x", "y", "y"] * 50)
    told = fairness_of(rows, groups, {"list": 60}, seed=1)
    assert row_of(told, "x")["mean_rank"]["value"] == 0.5
    everybody = told["groups"][0]["at"]["list"]
    assert everybody["alert_rate"]["value"] == 60 / 200
    assert 10 < everybody["precision"]["value"] * 60 < 50


@pytest.mark.parametrize(("column", "value"), [("score", None), ("probability", float("nan"))])
def test_a_score_that_is_missing_is_refused_by_the_name_of_its_column(column: str, value: float | None) -> None:
    rows, groups = two_groups()
    spoilt = rows.with_columns(
        pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(value)).otherwise(column).alias(column)
    )
    with pytest.raises(FairnessError, match=column):
        fairness_of(spoilt, groups, {"list": 30}, seed=1)
    with pytest.raises(FairnessError, match=f"lack {column}"):
        fairness_of(rows.drop(column), groups, {"list": 30}, seed=1)
    with pytest.raises(FairnessError, match="more than once"):
        fairness_of(pl.concat([rows, rows]), groups, {"list": 30}, seed=1)


def test_the_order_of_the_rows_and_what_else_is_asked_change_nothing() -> None:
    rows, groups = drawn_rows(3_000)
    told = fairness_of(rows, groups, cuts_of(100), seed=7)
    order = list(range(rows.height))
    random.Random(3).shuffle(order)
    assert fairness_of(rows[order], groups.reverse(), cuts_of(100), seed=7) == told
    alone = fairness_of(rows, groups.drop("three"), cuts_of(100), seed=7, pairs=False)
    assert row_of(alone, "x") == row_of(told, "x")
    assert row_of(fairness_of(rows, groups, cuts_of(100), seed=8), "x") != row_of(told, "x")


def test_one_thread_and_four_give_the_same_bytes() -> None:
    told = set()
    for threads in ("1", "4"):
        run = subprocess.run(
            [sys.executable, "-c", SAY],
            capture_output=True,
            env={**os.environ, "POLARS_MAX_THREADS": threads},
            check=True,
        )
        told.add(run.stdout)
    assert len(told) == 1
    assert len(told.pop()) > 1_000


def test_a_twin_that_draws_rows_gives_the_same_intervals() -> None:
    rows, groups = drawn_rows(3_000)
    draws = 2_000
    told = row_of(fairness_of(rows, groups, {"list": 300}, seed=2, draws=draws, pairs=False), "x")
    rng = np.random.default_rng(11)
    frame = rows.join(groups, on="household_id").with_columns(
        rank=(pl.col("score").rank() - 0.5) / pl.len(),
        lot=pl.col("score").rank("ordinal", descending=True),
    )
    x = (frame["two"] == "x").to_numpy()
    yes = (frame["label"].fill_null(value=False)).to_numpy()
    labelled = frame["label"].is_not_null().to_numpy()
    edge = frame["score"].sort(descending=True)[299]
    listed = (frame["score"] >= edge).to_numpy()  # the few ties at the end are a hair of the interval
    samples: dict[str, list[float]] = {
        name: [] for name in ("recall", "ratio", "mean_rank", "calibration", "missing")
    }
    probability, rank, blank = (frame[name].to_numpy() for name in ("probability", "rank", "blank_share"))
    for _ in range(draws):
        w = rng.poisson(1.0, rows.height)
        recall = (w * (x & yes & listed)).sum() / (w * (x & yes)).sum()
        samples["recall"].append(recall)
        samples["ratio"].append(recall / ((w * (yes & listed)).sum() / (w * yes).sum()))
        samples["mean_rank"].append((w * rank)[x].sum() / w[x].sum())
        samples["missing"].append((w * blank)[x].sum() / w[x].sum())
        own = x & labelled
        samples["calibration"].append((w * (probability - yes))[own].sum() / w[own].sum())
    found = {
        "recall": told["at"]["list"]["recall"],
        "ratio": told["at"]["list"]["ratio"],
        "mean_rank": told["mean_rank"],
        "missing": told["missing_rate"],
        "calibration": told["calibration"],
    }
    for name, drawn in samples.items():
        low, high = np.percentile(drawn, [2.5, 97.5])
        slack = 0.12 * (high - low)
        assert found[name]["low"] == pytest.approx(low, abs=slack), name
        assert found[name]["high"] == pytest.approx(high, abs=slack), name


def test_fairlearn_gives_the_same_values_to_the_last_bit() -> None:
    from fairlearn.metrics import MetricFrame, selection_rate
    from sklearn.metrics import precision_score, recall_score

    rows, groups = drawn_rows(4_000)
    rows = rows.with_columns(score=pl.col("score") + pl.int_range(pl.len()) * 1e-9)
    told = fairness_of(rows, groups, {"list": 400}, seed=1, pairs=True)
    listed = (rows["score"] >= rows["score"].sort(descending=True)[399]).to_numpy()
    yes = rows["label"].fill_null(value=False).to_numpy()
    there = rows["label"].is_not_null().to_numpy()
    named = groups.select("two", pl.col("three").fill_null("unknown"))
    for by in (["two"], ["three"], ["two", "three"]):
        of = named.select(by).to_pandas()
        known = MetricFrame(
            metrics={"recall": recall_score, "precision": precision_score},
            y_true=yes[there],
            y_pred=listed[there],
            sensitive_features=of[there],
        ).by_group
        everybody = MetricFrame(metrics=selection_rate, y_true=yes, y_pred=listed, sensitive_features=of).by_group
        compared = 0
        for row in (each for each in told["groups"] if each["by"] == by):
            key = row["group"][0] if len(by) == 1 else tuple(row["group"])
            for name, other in (
                ("recall", known["recall"]),
                ("precision", known["precision"]),
                ("alert_rate", everybody),
            ):
                if row["at"]["list"][name] is not None:
                    assert row["at"]["list"][name]["value"] == other[key]
                    compared += 1
        assert compared >= 6


def test_groups_are_called_by_name_in_both_languages() -> None:
    name = called(["head_sex", "area_kind"], ["female", "rural"])
    assert name == {"zh": "户主性别：女，城乡：农村", "en": "sex of the head: female, urban and rural: rural"}
    assert called([], [])["zh"] == "全体"


def test_the_gate_judges_the_newest_date_alone() -> None:
    fair, groups = drawn_rows(20_000)
    unfair, _ = drawn_rows(20_000, fair=-1.5)
    tested = pl.concat(
        [fair.with_columns(as_of=pl.date(2025, 6, 30)), unfair.with_columns(as_of=pl.date(2025, 3, 31))]
    )
    assert gate_of(tested, groups, list_length=400, seed=1).verdict != "held"
    later = tested.with_columns(as_of=pl.date(2026, 1, 1) - (pl.col("as_of") - pl.date(2025, 1, 1)))
    assert gate_of(later, groups, list_length=400, seed=1).verdict == "held"


def test_what_is_not_recorded_of_a_household_is_in_no_named_group() -> None:
    groups = pl.DataFrame(
        {
            "household_id": ["a", "b"],
            "head_sex": [2, None],
            "area_kind": ["rural", "urban"],
            "head_minority": [True, None],
            "has_disabled": [False, None],
            "household_type": ["other", "lone_elder"],
            "digital_trace": ["none", None],
            "is_migrant": [True, None],
            "blank_share": [0.5, 1.0],
        }
    )
    columns = pl.DataFrame({"household_id": ["b", "a"], "head_age": [None, 80.0]})
    first, second = groupings(groups, columns).to_dicts()
    told = ("head_sex", "head_minority", "has_disabled", "digital_trace", "is_migrant", "head_age")
    assert [first[name] for name in told] == ["female", "minority", "not_disabled", "none", "migrant", "80+"]
    assert [second[name] for name in told] == [None] * 6
    ages = pl.DataFrame({"household_id": list("abcde"), "head_age": [14.0, 15.0, 59.0, 60.0, 79.0]})
    many = pl.concat([groups.head(1).with_columns(household_id=pl.lit(name)) for name in "abcde"])
    assert groupings(many, ages)["head_age"].to_list() == ["0-14", "15-44", "45-59", "60-79", "60-79"]
    assert "head_age" not in groupings(groups).columns
