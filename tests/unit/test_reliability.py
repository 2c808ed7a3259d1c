import numpy as np
import polars as pl
import pytest

from models.calibration import log_loss
from models.reliability import ReliabilityError, reliability, reliability_over


def a_table(households: int, seed: int = 1, *, told: str = "right") -> pl.DataFrame:
    """Households whose outcome has the probability that is told, or one twice as great."""
    draw = np.random.default_rng(seed)
    true = draw.uniform(0.05, 0.45, households)
    return pl.DataFrame(
        {
            "household_id": [f"H{number:06d}" for number in range(households)],
            "as_of": ["2024-10-01"] * households,
            "label": draw.random(households) < true,
            "status": ["not_poor"] * households,
            "unsupported": [True] * households,
            "probability": true if told == "right" else np.minimum(2 * true, 1.0),
        }
    )


def twin_of_ece(rows: pl.DataFrame) -> float:
    """The calibration error again, household by household."""
    ordered = sorted(zip(rows["probability"].to_list(), rows["label"].to_list(), strict=True))
    n, error = len(ordered), 0.0
    for part in range(10):
        members = [pair for place, pair in enumerate(ordered) if part * n <= place * 10 < (part + 1) * n]
        error += abs(sum(p for p, _ in members) - sum(y for _, y in members)) / n
    return error


def test_two_bins_by_hand():
    rows = pl.DataFrame(
        {
            "household_id": [f"H{number:03d}" for number in range(200)],
            "label": [True] * 20 + [False] * 80 + [True] * 50 + [False] * 50,
            "probability": [0.1] * 100 + [0.7] * 100,
        }
    )
    told = reliability(rows, seed=1)
    assert told["brier"]["value"] == pytest.approx((20 * 0.81 + 80 * 0.01 + 50 * 0.09 + 50 * 0.49) / 200)
    assert told["ece"]["value"] == pytest.approx((100 * 0.1 + 100 * 0.2) / 200)
    assert told["log_loss"]["value"] == pytest.approx(
        log_loss(rows["label"].to_numpy(), rows["probability"].to_numpy())
    )
    low, high = told["bins"]
    assert (low["n"], low["positives"], low["predicted"], low["observed"]) == (100, 20, pytest.approx(0.1), 0.2)
    assert (low["low"], low["high"]) == (pytest.approx(0.1334, abs=1e-4), pytest.approx(0.2888, abs=1e-4))
    assert (high["n"], high["positives"], high["observed"]) == (100, 50, 0.5)


@pytest.mark.parametrize("told", ["right", "double"])
def test_the_calibration_error_is_that_of_its_slow_twin(told):
    rows = a_table(1_237, told=told)
    assert reliability(rows, seed=1)["ece"]["value"] == pytest.approx(twin_of_ece(rows), abs=1e-8)


def test_a_probability_that_means_what_it_says_is_off_by_chance_alone():
    right, double = (reliability(a_table(4_000, told=told), seed=1) for told in ("right", "double"))
    assert right["ece"]["value"] < 2 * right["ece_by_chance"]
    assert right["ece"]["low"] <= right["ece_by_chance"]
    assert double["ece"]["low"] > 5 * double["ece_by_chance"]
    assert right["log_loss"]["high"] < double["log_loss"]["low"]
    held, off = (
        [each["low"] <= each["predicted"] <= each["high"] for each in told["bins"]] for told in (right, double)
    )
    assert (len(held), sum(held) >= 8) == (10, True)
    assert sum(off) == 0


def test_figures_lie_in_their_intervals_which_narrow_with_more_households():
    few, many = (reliability(a_table(households), seed=3) for households in (400, 6_400))
    for name in ("brier", "ece", "log_loss"):
        for told in (few[name], many[name]):
            assert 0 <= told["low"] <= told["value"] <= told["high"]
        assert many[name]["high"] - many[name]["low"] < few[name]["high"] - few[name]["low"]


def test_the_same_rows_in_any_order_give_the_same_figures():
    rows = a_table(700)
    assert reliability(rows, seed=1) == reliability(rows.reverse(), seed=1)


def test_too_few_say_insufficient_evidence_and_no_bin_counts_seven_or_fewer():
    for rows in (a_table(99), a_table(500).with_columns(label=pl.int_range(pl.len()) < 7)):
        told = reliability(rows, seed=1)
        assert (told["enough"], told["brier"], told["ece"], told["bins"]) == (False, None, None, [])
    told = reliability(a_table(300), seed=1)
    assert 1 < len(told["bins"]) < 10
    assert sum(each["n"] for each in told["bins"]) == 300
    assert all(min(each["positives"], each["n"] - each["positives"]) > 7 for each in told["bins"])


def test_each_date_is_told_apart_and_groups_of_the_newest():
    rows = pl.concat([a_table(600), a_table(600, 2).with_columns(as_of=pl.lit("2025-01-01"))])
    rows = rows.with_columns(
        status=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("poor")).otherwise("status")
    )
    groups = pl.DataFrame(
        {
            "household_id": rows["household_id"][:590],
            "area_kind": ["urban"] * 90 + ["rural"] * 500,
            "blank_share": 0.0,
        }
    )
    told = reliability_over(rows, groups, seed=1)
    assert [each["as_of"] for each in told["dates"]] == ["2024-10-01", "2025-01-01"]
    assert told["dates"][0]["everybody"]["ece"] != told["dates"][1]["everybody"]["ece"]
    assert told["dates"][1]["entry"]["n"] == 400
    of = {row["group"]: (row["n"], row["enough"]) for row in told["groups"]}
    assert of == {"rural": (500, True), "urban": (90, False), "unknown": (10, False)}
    assert reliability_over(rows, None, seed=1)["groups"] == []


def test_a_household_that_occurs_twice_or_a_probability_that_is_none_is_refused():
    rows = a_table(200)
    with pytest.raises(ReliabilityError, match="occurs twice"):
        reliability(rows.with_columns(household_id=pl.lit("H1")), seed=1)
    with pytest.raises(ReliabilityError, match="0 to 1"):
        reliability(rows.with_columns(probability=pl.lit(1.2)), seed=1)
