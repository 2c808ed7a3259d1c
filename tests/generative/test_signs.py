"""Records made worse, on small random worlds: a column of a poverty model never moves the wrong way."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from generative.feature_worlds import AS_OF, HOUSEHOLDS, Rows, fixed_context, sources_of, worlds
from hypothesis import HealthCheck, given, settings

from engine.worsening import LOSSES, placed
from features.build import build_features
from features.catalog import FEATURES, by_name
from features.labels import COUNTY
from features.neighbourhood import medians_of, with_neighbourhood
from models.experiment import model_features
from models.signs import against

WAGES = [
    {"person_id": person, "month": month, "amount": amount, "record_no": "own"}
    for person, amount in (("P1", 300_000), ("P4", 90_000))
    for month in (date(2023, 12, 1), date(2024, 1, 1))
]
ARREARS = [
    {"household_id": name, "month": date(2024, 1, 1), "kind": "gas", "arrears_months": 1} for name in HOUSEHOLDS
]
"""Something that every world can lose."""

LAW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])

UNBOUND = [replace(each, direction=0) for each in FEATURES]
"""Whatever moves one of these is told, but for the last digit (one row is divided otherwise than several)."""


def with_something_to_lose(world: Rows) -> Rows:
    return world | {"income": [*world["income"], *WAGES], "utility": [*world["utility"], *ARREARS]}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_moves_no_column_of_a_poverty_model_the_wrong_way(name: str) -> None:
    loss = LOSSES[name]
    suffered = 0

    @LAW
    @given(worlds())
    def law(world: Rows) -> None:
        nonlocal suffered
        bucket, context = sources_of(with_something_to_lose(world)), fixed_context()
        built = build_features(bucket, context, AS_OF)
        columns = with_neighbourhood(built, medians_of(built))
        drawn = loss.drawn(columns, len(HOUSEHOLDS), b"key")
        if not drawn.height:
            return
        after = placed(drawn, loss.columns(bucket, context, AS_OF, drawn["household_id"]), columns)
        assert after["household_id"].to_list() == drawn["household_id"].to_list()
        assert not against(drawn, after, model_features(FEATURES, COUNTY))
        moved = against(drawn, after, UNBOUND)
        assert all(loss.kind in by_name(each).sources for each in moved)
        suffered += bool(moved)

    law()
    assert suffered > 1


@LAW
@given(worlds())
def test_records_that_are_written_back_as_they_were_give_the_same_columns(world: Rows) -> None:
    bucket, context = sources_of(world), fixed_context()
    built = build_features(bucket, context, AS_OF)
    columns = with_neighbourhood(built, medians_of(built))
    for loss in LOSSES.values():
        same = type(loss)(
            loss.kind, pl.lit(value=True), lambda roster, kind=loss.kind: roster.known.frame(kind).collect()
        )
        drawn = same.drawn(columns, len(HOUSEHOLDS), b"key")
        after = placed(drawn, same.columns(bucket, context, AS_OF, drawn["household_id"]), columns)
        assert not against(drawn, after, UNBOUND)
