"""A floor for each group on a list: a what-if of the fairness report, a rule of the risk lane where asked for."""

from math import floor as whole
from typing import Final

import polars as pl

FLOORS: Final = (0.5, 0.8)
"""The floors that are shown: a group has at least this part of its share of all households on the list."""


def with_floors(ranked: pl.DataFrame, *, length: int, pool: int, floor: float) -> pl.DataFrame:
    """The same households in another order: the first ``length`` hold at least a floor of each group.

    ``ranked``: ``household_id, group`` (text, null is a group), best first; other columns are kept. A group's floor
    is ``floor`` × its share of the first ``pool`` × ``length``, rounded down; its best are taken. The places left
    go to the best of all others. Before and behind the end of the list the order is the given one.
    """
    placed = ranked.with_columns(
        _at=pl.int_range(pl.len()), _held=held(ranked, length=length, pool=pool, floor=floor)
    )
    free = length - int(placed["_held"].sum())
    first = pl.col("_held") | ((~pl.col("_held")).cum_sum() <= free)
    return placed.with_columns(_behind=~first).sort("_behind", "_at").select(ranked.columns)


def held(ranked: pl.DataFrame, *, length: int, pool: int, floor: float) -> pl.Series:
    """Whether a floor holds a place on the list for each row of ``ranked``: the best of each group, so many."""
    shares = ranked.head(pool).group_by("group").len().to_dicts()
    least = pl.DataFrame(
        {
            "group": pl.Series([each["group"] for each in shares], dtype=pl.String),
            "_least": [whole(floor * each["len"] * length / pool + 1e-9) for each in shares],
        },
        schema_overrides={"_least": pl.Int64},
    )
    placed = ranked.with_columns(_nth=pl.int_range(pl.len()).over("group")).join(
        least, on="group", how="left", nulls_equal=True, maintain_order="left"
    )
    return (placed["_nth"] < placed["_least"].fill_null(0)).alias("held")
