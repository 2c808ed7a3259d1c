"""Each leak is planted here and caught by the machinery; a clean run passes."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from builders import sources
from model_examples import DATES, FEATURES, NAMES, a_feature, make_examples

from features.labels import COUNTY
from features.sources import Sources
from models.experiment import Experiment, run_experiment
from models.leaks import LeakError, check_blanks, check_hindsight, check_same_period, check_values, check_windows
from models.training import Settings

QUICK = Settings(rounds=20, min_data_in_leaf=20)
AS_OF = date(2024, 3, 1)


def run(examples: pl.DataFrame, features=FEATURES, **more) -> Experiment:
    return run_experiment(
        examples, features, **{"risk": "relative_poverty", "seed": 1, "settings": QUICK, "spec": COUNTY, **more}
    )


@pytest.fixture(scope="module")
def examples() -> pl.DataFrame:
    return make_examples(900)


def test_a_clean_run_passes(examples):
    assert run(examples).unavailable is None
    daily = examples.with_columns(pl.col("label_from") + timedelta(days=1))
    assert run(daily, risk="emergency", spec=None).unavailable is None


GIVEN = sources(
    income="person_id | month | amount | known_on\nP1 | 2024-01 | 100 | 2024-02-05\nP1 | 2024-02 | 300 | 2024-03-05"
)


def honest(given: Sources) -> pl.DataFrame:
    income = (
        given.known_by(AS_OF).frame("income").select(pl.col("amount").sum().cast(pl.Float64).alias("income_sum"))
    )
    return income.select(pl.lit("H1").alias("household_id"), "income_sum").collect()


def test_columns_cut_by_knowledge_pass_the_recomputation():
    check_hindsight(honest, GIVEN, AS_OF)


def test_a_canary_made_from_records_known_later_is_caught_by_recomputation():
    def with_canary(given: Sources) -> pl.DataFrame:
        future = given.frames["income"].select(pl.col("amount").sum().cast(pl.Float64)).collect().item()
        return honest(given).with_columns(canary=pl.lit(future))

    with pytest.raises(LeakError, match=r"columns of 2024-03-01 depend on records known later: canary$"):
        check_hindsight(with_canary, GIVEN, AS_OF)


def test_households_that_are_only_known_later_are_caught_by_recomputation():
    later = sources(
        household="household_id | known_on\nH1 | 2020-01-01\nH2 | 2024-04-01",
        member="person_id | household_id\nP1 | H1\nP2 | H2",
    )

    def everybody(given: Sources) -> pl.DataFrame:
        return given.frames["household"].select("household_id").collect()

    with pytest.raises(LeakError, match="households of 2024-03-01 depend on records known later"):
        check_hindsight(everybody, later, AS_OF)


def canary(examples: pl.DataFrame, blur: float = 0.0) -> pl.DataFrame:
    """The outcome itself in the place of a feature, more or less blurred."""
    noise = pl.col("noise") * blur
    return examples.with_columns(canary=pl.col("label").cast(pl.Float64) + noise)


@pytest.mark.parametrize("blur", [0.0, 0.2, 0.5])
def test_a_canary_made_from_the_outcome_stops_the_experiment(examples, blur):
    with pytest.raises(LeakError, match=r"tell the outcome better than the past can: canary$"):
        run(canary(examples, blur), (*FEATURES, a_feature("canary")))


def test_a_canary_that_the_model_does_not_take_is_no_leak(examples):
    assert run(canary(examples), (*FEATURES, a_feature("canary", modelled=False))).unavailable is None
    barred = replace(COUNTY, barred=("canary",))
    assert run(canary(examples), (*FEATURES, a_feature("canary")), spec=barred).unavailable is None


def test_a_good_column_of_the_past_is_no_canary(examples):
    status = (pl.col("status") == "poor").cast(pl.Float64) + 0.1 * pl.col("noise")
    check_values(examples.with_columns(good=status), [*NAMES, "good"], same_kind=True)


@pytest.mark.parametrize("of_rarer", [1.0, 0.6, 0.1])
def test_a_status_that_is_only_set_after_the_outcome_is_caught(examples, of_rarer):
    """A case number that households get once their outcome is known; its value says nothing."""
    chosen = pl.col("label") & (pl.col("rooms").rank("ordinal") <= of_rarer * pl.len())
    planted = examples.with_columns(case=pl.when(chosen).then(pl.col("noise")))
    with pytest.raises(LeakError, match=r"filled in after the outcome, or left empty: case$"):
        run(planted, (*FEATURES, a_feature("case")))


def test_a_status_that_is_emptied_after_the_outcome_is_caught(examples):
    planted = examples.with_columns(case=pl.when(~pl.col("label")).then(pl.col("noise")))
    with pytest.raises(LeakError, match=r"case$"):
        check_blanks(planted, [*NAMES, "case"])


def test_blanks_of_the_past_are_no_leak(examples):
    told = pl.when(pl.col("status") == "poor").then(pl.col("noise"))
    check_blanks(examples.with_columns(benefit=told), [*NAMES, "benefit"])


def test_a_label_window_that_overlaps_the_feature_window_is_caught(examples):
    early = examples.with_columns(pl.col("label_from") - timedelta(days=1))
    with pytest.raises(LeakError, match="overlaps the feature window as of 2020-01-01, 2021-04-01, 2022-07-01"):
        run(early)


def test_an_event_label_begins_on_the_day_after(examples):
    with pytest.raises(LeakError, match="overlaps the feature window"):
        run(examples, spec=None, risk="emergency")


def test_features_of_a_later_day_than_the_label_are_caught(examples):
    """The features were made a quarter after the date for which the label begins."""
    late = examples.with_columns(as_of=pl.col("as_of").dt.offset_by("3mo"))
    with pytest.raises(LeakError, match="overlaps"):
        run(late)


def test_a_label_said_to_be_known_by_its_own_date_or_on_no_date_is_caught(examples):
    for known_on in (pl.col("as_of"), pl.lit(None, pl.Date)):
        with pytest.raises(LeakError, match="known by their own as-of date, or on no date"):
            check_windows(examples.with_columns(label_known_on=known_on), COUNTY)


def test_a_null_label_needs_no_window(examples):
    empty = {"label": pl.Boolean, "label_from": pl.Date, "label_known_on": pl.Date}
    check_windows(examples.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in empty.items()), COUNTY)


def test_a_same_period_label_bars_every_column_that_reads_income(examples):
    back = replace(COUNTY, kind="same-period")
    with pytest.raises(LeakError, match="reads income: income_ratio, income_drop"):
        run(examples.filter(pl.col("as_of") == DATES[0]), spec=back)
    barred = replace(back, barred=("income_ratio", "income_drop"))
    check_same_period([feature for feature in FEATURES if feature.name not in barred.barred], barred)
    assert run(examples.filter(pl.col("as_of") == DATES[0]), spec=barred).figure == "grouped_cv"


def test_small_tables_pass_the_nets_over_numbers_unjudged(examples):
    few = canary(examples).filter(pl.col("as_of") == DATES[0]).head(40)
    check_values(few, ["canary"], same_kind=True)
    check_blanks(few.with_columns(case=pl.when("label").then("noise")), ["case"])
