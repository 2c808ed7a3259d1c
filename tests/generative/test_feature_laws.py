"""Laws that hold for all columns and whatever the records."""

from dataclasses import replace
from math import isfinite
from typing import Any

import pytest
from builders import sources
from generative.feature_worlds import AS_OF, KINDS, fixed_context, later, sources_of, worlds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from features.build import build_features
from features.catalog import FEATURES, modelled_names
from features.neighbourhood import medians_of, with_neighbourhood
from features.records import KINDS as RECORD_KINDS

often = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
world_strategy = worlds()


def columns(world):
    return build_features(sources_of(world), fixed_context(), AS_OF)


@often
@given(world_strategy, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(world, shuffler):
    shuffled = {kind: shuffler.sample(rows, len(rows)) for kind, rows in world.items()}
    assert_frame_equal(columns(world), columns(shuffled), check_exact=True)


@often
@given(world_strategy, world_strategy)
def test_records_known_later_change_nothing(world, future):
    with_future = {
        kind: rows if kind in ("household", "member") else [*rows, *later(future[kind])]
        for kind, rows in world.items()
    }
    assert_frame_equal(columns(world), columns(with_future), check_exact=True)


@often
@given(world_strategy, world_strategy)
def test_members_known_later_change_nothing(world, future):
    with_future = {**world, "member": [*world["member"], *later(future["member"])]}
    assert_frame_equal(columns(world), columns(with_future), check_exact=True)


def belongs_to_h1(row: dict[str, Any], persons: set[str]) -> bool:
    return row.get("person_id") in persons or row.get("household_id") == "H1"


@often
@given(world_strategy)
def test_the_records_of_another_household_change_nothing(world):
    persons = {row["person_id"] for row in world["member"] if row["household_id"] == "H1"}
    alone = {
        "household": [row for row in world["household"] if row["household_id"] == "H1"],
        "member": [row for row in world["member"] if row["household_id"] == "H1"],
        **{kind: [row for row in world[kind] if belongs_to_h1(row, persons)] for kind in KINDS},
    }
    assert_frame_equal(columns(world).head(1), columns(alone), check_exact=True)


@often
@given(world_strategy)
def test_every_value_is_a_number_within_its_bounds_or_null(world):
    built = columns(world)
    whole = with_neighbourhood(built, medians_of(built))
    for item in FEATURES:
        for value in whole[item.name].drop_nulls():
            assert isfinite(value), item.name
            assert item.low <= value <= item.high, item.name


def money_of(kind: str) -> list[str]:
    """The columns of a kind that hold money, as its schema says."""
    return [
        name
        for name, told in RECORD_KINDS[kind].columns().items()
        if "minor units" in (told.description or "").lower()
    ]


def inflated(world, times):
    return {
        kind: [
            {**row, **{name: row[name] * times for name in money_of(kind) if row.get(name) is not None}}
            for row in rows
        ]
        for kind, rows in world.items()
    }


@often
@given(world_strategy)
def test_money_that_is_worth_less_changes_no_modelled_column(world):
    times = 4  # a power of two, so that every quotient keeps its last bit
    context = fixed_context()
    line = {place: amount * times for place, amount in context.db_line.items()}
    before = columns(world)
    after = build_features(sources_of(inflated(world, times)), replace(context, db_line=line), AS_OF)
    modelled = ["household_id", *modelled_names()]
    assert_frame_equal(
        with_neighbourhood(before, medians_of(before)).select(modelled),
        with_neighbourhood(after, medians_of(after)).select(modelled),
        check_exact=True,
    )


def test_the_money_of_every_kind_is_known_as_such():
    assert {kind: names for kind in RECORD_KINDS if (names := money_of(kind))} == {
        "income": ["amount"],
        "employment": ["contribution_base"],
        "medical": [
            *("total", "in_catalogue", "basic_paid", "cii_paid", "assistance_paid"),
            *("supplementary_paid", "oop"),
        ],
        "benefit": ["amount"],
        "event": ["loss"],
        "schooling": ["fee_norm", "aid_amount"],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_a_kind_that_is_not_delivered_are_null(kind):
    others = {name: [{}] for name in KINDS if name != kind}
    built = build_features(sources(**others), fixed_context(), AS_OF)
    not_needed = {"enrolment": "medical"}.get(kind)
    for item in FEATURES:
        if kind in item.sources and item.name in built.columns and not_needed not in item.sources:
            assert built[item.name].to_list() == [None], item.name
