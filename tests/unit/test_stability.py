"""What stays between two trainings: reasons, order and list."""

from dataclasses import replace

import polars as pl
import pytest
from model_examples import FEATURES, NAMES, make_examples

from models.risk import RiskModel
from models.stability import _reasons, places, stability
from models.training import Settings, train


@pytest.fixture(scope="module")
def columns() -> pl.DataFrame:
    return make_examples(400).sort("as_of", "household_id").tail(400).select("household_id", *NAMES)


def model_of(seed: int, rounds: int = 40) -> RiskModel:
    examples = make_examples(400, seed=1)
    return train(examples, FEATURES, risk="relative_poverty", seed=seed, settings=Settings(rounds=rounds))


def test_a_model_is_stable_beside_itself(columns: pl.DataFrame) -> None:
    model = model_of(1)
    told = stability(model, model, columns, list_length=30)
    assert told == {
        "households": 400,
        "same_first": 1.0,
        "overlap": 1.0,
        "rank_correlation": pytest.approx(1.0),
        "list_stays": 1.0,
    }


def test_another_seed_keeps_most_and_another_outcome_does_not(columns: pl.DataFrame) -> None:
    one = model_of(1)
    near = stability(one, model_of(2), columns, list_length=30)
    turned = make_examples(400).with_columns(label=~pl.col("label"))
    free = [replace(feature, direction=0) for feature in FEATURES]
    other = train(turned, free, risk="relative_poverty", seed=1, settings=Settings(rounds=40))
    far = stability(one, other, columns, list_length=30)
    for name in ("same_first", "overlap", "rank_correlation", "list_stays"):
        assert far[name] < near[name] <= 1
    assert near["rank_correlation"] > 0.9
    assert far["rank_correlation"] < 0


def reasons(**concepts: str) -> pl.DataFrame:
    rows = [
        {"household_id": household, "position": place, "concept": concept}
        for household, named in concepts.items()
        for place, concept in enumerate(named.split(), 1)
    ]
    return pl.DataFrame(rows, schema={"household_id": pl.String, "position": pl.Int64, "concept": pl.String})


def test_overlap_counts_concepts_whatever_their_order_and_the_first_one_apart() -> None:
    columns = pl.DataFrame({"household_id": ["A", "B", "C", "D"]})
    told = _reasons(columns, reasons(A="x y", B="x y z", C="x"), reasons(A="y x", B="x w", D="x"))
    assert told["overlap"] == pytest.approx((1 + 1 / 4 + 0 + 0) / 4)
    assert told["same_first"] == pytest.approx(1 / 4)
    nobody = reasons()
    assert _reasons(columns, nobody, nobody) == {"same_first": 1.0, "overlap": 1.0}


def scores(*priorities: float) -> pl.DataFrame:
    return pl.DataFrame({"household_id": [f"H{n}" for n in range(len(priorities))], "priority": priorities})


def test_the_share_of_the_list_that_stays_is_of_the_old_list() -> None:
    told = places(scores(0.9, 0.8, 0.7, 0.1), scores(0.9, 0.1, 0.7, 0.8), 2)
    assert told["list_stays"] == 0.5
    assert places(scores(0.9, 0.8), scores(0.8, 0.9), 5)["list_stays"] == 1.0
    assert places(scores(0.9, 0.8), scores(0.8, 0.9), 0)["list_stays"] is None
    assert places(scores(0.9, 0.8), scores(0.8, 0.9), 1)["rank_correlation"] == pytest.approx(-1)
    assert places(scores(0.5, 0.5), scores(0.8, 0.9), 1)["rank_correlation"] is None
