"""Signs: a model that lets a household fall after a loss is caught, and so is the column that did it."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from model_examples import FEATURES, make_examples

from engine.serving import held_back
from features.catalog import FEATURES as CATALOGUE
from features.labels import COUNTY
from models.experiment import model_features
from models.signs import against, falls, moved, signs_gate, violations
from models.training import Settings, train

QUICK = Settings(rounds=40, learning_rate=0.1, feature_fraction=1.0)


def scores(*priorities: float) -> pl.DataFrame:
    ids = [f"H{n}" for n in range(len(priorities))]
    return pl.DataFrame({"household_id": ids, **{name: priorities for name in ("raw", "probability", "priority")}})


def after_a_loss(wrong: bool) -> dict[str, int]:
    """The falls of a model that has learnt that lower income is less risk, or (right) that it is more."""
    examples = make_examples(600)
    label = pl.col("income_ratio") > 1 if wrong else pl.col("income_ratio") < 1
    features = [replace(each, direction=0) if wrong else each for each in FEATURES]
    model = train(examples.with_columns(label=label), features, risk="relative_poverty", seed=1, settings=QUICK)
    now = examples.filter(pl.col("as_of") == examples["as_of"].max())
    before, after = model.score(now), model.score(now.with_columns(pl.col("income_ratio") * 0.5))
    return falls(before, after, before["priority"])


def test_a_model_that_takes_a_loss_for_good_news_is_caught_in_score_and_place() -> None:
    found = after_a_loss(wrong=True)
    assert found["households"] == 600
    assert min(found[name] for name in ("raw", "priority", "place", "fell")) > 100


def test_a_model_bound_by_directions_lets_nobody_fall() -> None:
    found = after_a_loss(wrong=False)
    assert found["rose"] > 100
    assert {found[name] for name in ("raw", "probability", "priority", "place", "fell")} == {0}


def test_a_place_is_lost_only_where_somebody_stands_between() -> None:
    everybody = pl.Series([0.9, 0.5, 0.4, 0.4, 0.1])
    assert falls(scores(0.5), scores(0.45), everybody)["place"] == 0
    assert falls(scores(0.5), scores(0.4), everybody)["place"] == 0
    assert falls(scores(0.5), scores(0.3), everybody)["place"] == 1
    assert falls(scores(0.5), scores(0.95), everybody)["place"] == 0
    assert falls(scores(0.4), scores(0.39), everybody)["place"] == 1


def test_scores_of_other_households_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same households"):
        falls(scores(0.5, 0.4), scores(0.5), pl.Series([0.5]))


def test_a_column_that_moves_against_its_direction_or_without_one_is_named() -> None:
    income, rooms = FEATURES[0], FEATURES[4]
    before = pl.DataFrame({"income_ratio": [1.0, 1.0, None], "rooms": [2.0, 2.0, 2.0]})
    after = pl.DataFrame({"income_ratio": [2.0, 0.5, 1.0], "rooms": [2.0, 3.0, None]})
    assert against(before, after, [income, rooms]) == {
        "income_ratio": {"against": 1, "known": 1},
        "rooms": {"free": 1, "known": 1},
    }
    assert not against(before, before, [income, rooms])


def signs(fell: int, households: int = 500, bound: bool = True) -> dict[str, Any]:
    losses = {"wage_lost": {"households": households, "fell": fell}, "arrears_added": {"households": 0, "fell": 0}}
    return {"bound": bound, "losses": losses, "violations": violations(losses)}


def test_a_poverty_model_is_held_by_one_violation_and_an_onset_by_none() -> None:
    held = signs_gate(signs(1))
    assert held["verdict"] == "held"
    assert "1 of 500" in held["reasons"][0]["en"]
    assert signs_gate(signs(0))["verdict"] == "pass"
    assert signs_gate(signs(0, households=0))["verdict"] == "insufficient"
    assert signs_gate(signs(1, bound=False)) == {"verdict": "insufficient", "reasons": []}


def test_a_fall_holds_a_model_back_unless_the_policy_only_tells_it() -> None:
    passed = {"promotion": {"promoted": True, "reasons": []}}
    found = passed | {"signs_gate": signs_gate(signs(3))}
    assert held_back(found) == found["signs_gate"]["reasons"]
    assert held_back(found, falling=False) == held_back(passed | {"signs_gate": signs_gate(signs(0))}) == []


def test_a_household_counts_as_moved_where_a_column_changes_or_becomes_known() -> None:
    before = pl.DataFrame({"income_ratio": [1.0, 1.0, None, None], "rooms": [2.0, 2.0, 2.0, 2.0]})
    after = pl.DataFrame({"income_ratio": [1.0 + 1e-15, 0.5, 1.0, None], "rooms": [2.0, 3.0, 2.0, 2.0]})
    assert moved(before, after, ["income_ratio", "rooms"]) == 2
    assert moved(before, after, []) == 0


def test_a_column_without_a_defended_direction_stays_out_of_the_poverty_model_only() -> None:
    undefended = {each.name for each in CATALOGUE if each.no_direction is not None}
    assert undefended
    assert not [each.name for each in CATALOGUE if each.no_direction is not None and each.direction]
    assert not undefended & {each.name for each in model_features(CATALOGUE, COUNTY)}
    assert undefended <= {each.name for each in model_features(CATALOGUE, None)}


def test_arithmetic_alone_is_no_fall() -> None:
    before, after = scores(0.3), scores(float(np.nextafter(0.3, 0)))
    assert falls(before, after, pl.Series([0.3, 0.2]))["fell"] == 0
