"""The scorecard: small lists, every date for itself, ways beside each other."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from models.intervals import wilson
from models.scorecard import ScorecardError, scorecard

KEY = b"k"
DAYS = (date(2024, 1, 1), date(2025, 1, 1))


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    draw = np.random.default_rng(4)
    parts = []
    for number, day in enumerate(DAYS):
        need = draw.random(2_000) < 0.1
        parts.append(
            pl.DataFrame(
                {
                    "household_id": [f"H{n}" for n in range(2_000)],
                    "as_of": [day] * 2_000,
                    "status": np.where(draw.random(2_000) < 0.8, "not_poor", "poor"),
                    "unsupported": draw.random(2_000) < 0.9,
                    "label": need,
                    "need": need,
                    "soon": need & (draw.random(2_000) < 0.3),
                    "model": need + draw.normal(size=2_000) * (0.2 + number),
                    "oracle": need.astype(float),
                    "random": draw.random(2_000),
                    "area_kind": ["rural" if n % 4 else "urban" for n in range(2_000)],
                }
            )
        )
    return pl.concat(parts)


def told(rows: pl.DataFrame, **chosen: object) -> list[dict]:
    card = scorecard(rows, ["model", "oracle", "random"], key=KEY, groups=["area_kind"])
    return [row for row in card if all(row[name] == value for name, value in chosen.items())]


def test_every_date_is_told_for_itself_and_never_a_mean(rows: pl.DataFrame) -> None:
    found = [row["precision"] for row in told(rows, way="model", subset="everybody", group=None, share=0.01)]
    assert len(found) == 2
    assert found[0] > found[1]


def test_an_oracle_lists_nobody_who_is_not_in_need_and_chance_lists_the_base_rate(rows: pl.DataFrame) -> None:
    for row in told(rows, way="oracle", group=None):
        assert row["precision"] == 1.0
        assert row["verified_per_visit"] == 1.0
        assert row["lift"] == pytest.approx(10, rel=0.2)
    by_chance = told(rows, way="random", subset="everybody", group=None, share=0.01)
    assert sum(row["found"] for row in by_chance) < 10


def test_figures_are_what_counting_by_hand_gives(rows: pl.DataFrame) -> None:
    (row,) = told(rows, way="model", subset="entry", group=None, share=0.01, as_of="2025-01-01")
    here = rows.filter((pl.col("as_of") == DAYS[1]) & (pl.col("status") == "not_poor"))
    first = here.sort("model", descending=True).head(row["k"])
    assert row["k"] == -(-here.height // 100)
    assert row["found"] == first["label"].sum()
    assert row["recall"] == pytest.approx(first["label"].sum() / here["label"].sum())
    assert row["exclusion"] == pytest.approx(1 - row["recall"])
    assert row["recall_soon"] == pytest.approx(first["soon"].sum() / here["soon"].sum())
    assert row["precision_interval"] == wilson(row["found"], row["k"])
    assert row["verified_per_visit_interval"] == wilson(int(first["need"].sum()), row["k"])
    assert row["recall_soon_interval"] == wilson(int(first["soon"].sum()), int(here["soon"].sum()))
    low, high = row["recall_interval"]
    assert row["exclusion_interval"] == pytest.approx((1 - high, 1 - low))


def test_groups_have_their_own_lists_and_a_group_of_seven_has_no_figures(rows: pl.DataFrame) -> None:
    assert {row["group"] for row in told(rows, by="area_kind")} == {"rural", "urban"}
    few = rows.with_columns(
        area_kind=pl.when(pl.col("household_id").is_in([f"H{n}" for n in range(7)]))
        .then(pl.lit("few"))
        .otherwise("area_kind")
    )
    assert {row["group"] for row in told(few, by="area_kind")} == {"rural", "urban"}


def test_what_the_rows_cannot_tell_is_none_and_not_zero(rows: pl.DataFrame) -> None:
    nobody = rows.drop("need", "soon").with_columns(label=pl.lit(value=False))
    (row, *_) = told(nobody, way="model")
    assert row["recall"] is row["lift"] is row["exclusion"] is row["recall_interval"] is None
    assert row["verified_per_visit"] is row["recall_soon"] is None


def test_rows_without_an_outcome_are_left_out(rows: pl.DataFrame) -> None:
    half = rows.with_columns(label=pl.when(pl.int_range(pl.len()) % 2 == 0).then("label"))
    (row,) = told(half, way="model", subset="everybody", group=None, share=0.01, as_of="2025-01-01")
    assert row["n"] == 1_000


def test_the_order_of_the_rows_changes_nothing(rows: pl.DataFrame) -> None:
    tied = rows.with_columns(model=pl.lit(1.0))
    assert told(tied.reverse(), way="model", group=None) == told(tied, way="model", group=None)


def test_a_way_without_scores_is_named(rows: pl.DataFrame) -> None:
    with pytest.raises(ScorecardError, match="expert"):
        scorecard(rows, ["expert"], key=KEY)


def test_wilson_holds_the_share_and_never_leaves_0_to_1() -> None:
    assert wilson(0, 0) is None
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
