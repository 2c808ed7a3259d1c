import numpy as np
import polars as pl
import pytest
from model_examples import DATES, FEATURES, NAMES, make_examples

from models.peers import filled, peer_medians
from models.risk import RiskModel, matrix
from models.training import Settings, train


@pytest.fixture(scope="module")
def columns() -> pl.DataFrame:
    made = make_examples(800, DATES[:1])
    kind = np.where(np.arange(800) % 3 == 0, "urban", "rural")
    return made.with_columns(area_kind=pl.Series(kind))


@pytest.fixture(scope="module")
def model(columns: pl.DataFrame) -> RiskModel:
    return train(
        columns,
        FEATURES,
        risk="relative_poverty",
        seed=7,
        settings=Settings(rounds=60, learning_rate=0.1, lambda_l2=1.0, feature_fraction=1.0, min_data_in_leaf=20),
    )


def test_contributions_and_base_add_to_the_raw_score(model, columns):
    parts = model.contributions(columns)
    added = parts.select(pl.sum_horizontal(*NAMES, "base")).to_series()
    assert (added - model.score(columns)["raw"]).abs().max() < 1e-9


def test_contributions_agree_with_the_own_code_of_shap(model, columns):
    import shap

    x = matrix(columns.sort("household_id").head(60), model.feature_names)
    explainer = shap.TreeExplainer(model._booster)
    explainer.model.model_type = "internal"
    witness = np.asarray(explainer.shap_values(x))
    parts = model.contributions(columns.sort("household_id").head(60)).select(NAMES).to_numpy()
    assert np.abs(parts).max() > 0.1
    assert np.abs(witness - parts).max() < 1e-9


def test_reasons_are_at_most_four_concepts_that_raise_the_risk_the_strongest_first(model, columns):
    reasons = model.reasons(columns)
    assert reasons["contribution"].min() > 0
    assert reasons["position"].max() <= 4
    per_household = reasons.group_by("household_id", maintain_order=True).agg("position", "contribution", "concept")
    for position, contribution, concept in per_household.select("position", "contribution", "concept").iter_rows():
        assert position == list(range(1, len(position) + 1))
        assert contribution == sorted(contribution, reverse=True)
        assert len(set(concept)) == len(concept)


def test_a_reason_sums_the_columns_of_its_concept_and_shows_the_strongest(model, columns):
    parts = model.contributions(columns)
    incomes = parts.select("household_id", total=pl.col("income_ratio") + pl.col("income_drop"))
    told = model.reasons(columns).filter(pl.col("concept") == "income").join(incomes, on="household_id")
    assert (told["contribution"] - told["total"]).abs().max() < 1e-12
    strongest = told.join(parts, on="household_id").with_columns(
        expected=pl.when(pl.col("income_ratio") >= pl.col("income_drop"))
        .then(pl.lit("income_ratio"))
        .otherwise(pl.lit("income_drop"))
    )
    assert strongest["feature"].equals(strongest["expected"].rename("feature"))
    values = told.join(columns.select("household_id", *NAMES), on="household_id")
    own = values.with_columns(
        own=pl.when(pl.col("feature") == "income_ratio").then("income_ratio").otherwise("income_drop")
    )
    assert own["value"].equals(own["own"].rename("value"))


def test_row_order_changes_no_score_and_no_reason(model, columns):
    shuffled = columns.sample(fraction=1.0, shuffle=True, seed=3)
    assert model.score(shuffled).equals(model.score(columns))
    assert model.reasons(shuffled).equals(model.reasons(columns))
    assert model.score(columns, threads=2).equals(model.score(columns))


def test_nobody_to_score_gives_empty_tables(model, columns):
    nobody = columns.head(0)
    assert model.score(nobody).columns == ["household_id", "raw", "probability", "priority"]
    assert model.score(nobody).height == model.reasons(nobody).height == model.contributions(nobody).height == 0


def test_a_blank_never_lowers_the_priority_below_that_of_the_peers(model, columns):
    scored = model.score(columns)
    table = peer_medians(columns, NAMES)
    full = columns.with_columns(filled(columns, NAMES, table))
    as_peers = model.score(full)
    assert (scored["priority"] >= scored["probability"]).all()
    assert (scored["priority"] >= as_peers["probability"] - 1e-15).all()
    assert (scored["priority"] > scored["probability"]).any()


def test_a_part_of_the_population_scores_as_in_the_whole_with_the_medians_of_the_whole(model, columns):
    medians = peer_medians(columns, NAMES)
    whole = model.score(columns)
    part = model.score(columns.head(100), medians=medians)
    assert part.equals(whole.join(part.select("household_id"), on="household_id", how="semi"))


def test_peers_share_area_kind_age_and_type_and_small_groups_take_a_wider_circle():
    columns = pl.DataFrame(
        {
            "household_id": [f"H{n:03d}" for n in range(100)],
            "area_kind": ["urban"] * 60 + ["rural"] * 40,
            "x": [1.0] * 30 + [3.0] * 30 + [9.0] * 39 + [None],
            "y": [None] * 100,
        },
        schema_overrides={"y": pl.Float64},
    )
    groups = pl.DataFrame(
        {
            "household_id": columns["household_id"],
            "age_band": ["15-59"] * 30 + ["60+"] * 30 + ["15-59"] * 39 + ["80+"],
        }
    )
    medians = peer_medians(columns, ["x", "y"], groups)
    blank = columns.with_columns(x=pl.lit(None, pl.Float64))
    given = filled(blank, ["x", "y"], medians, groups)
    assert given["x"].to_list() == [1.0] * 30 + [3.0] * 30 + [9.0] * 40
    assert given["y"].null_count() == 100
    stranger = pl.DataFrame({"household_id": ["H999"], "area_kind": ["moon"], "x": [None], "y": [None]})
    stranger = stranger.cast({"x": pl.Float64, "y": pl.Float64})
    assert filled(stranger, ["x"], medians, None)["x"].to_list() == [3.0]


def test_known_values_are_never_replaced_by_the_peers():
    columns = pl.DataFrame({"household_id": ["A", "B", "C"], "x": [1.0, None, 5.0]})
    assert filled(columns, ["x"], peer_medians(columns, ["x"]))["x"].to_list() == [1.0, 3.0, 5.0]
