"""How far reasons, priorities and the list stay the same when a model is trained again.

Two models score and explain the same columns. A reason that changes with every training is not one to give to a
household.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import polars as pl

from models.risk import MOST_REASONS, RiskModel


def stability(
    old: RiskModel,
    new: RiskModel,
    columns: pl.DataFrame,
    *,
    list_length: int,
    groups: pl.DataFrame | None = None,
    threads: int = 1,
) -> dict[str, Any]:
    """What stays between two models on the same columns (one row per household), as plain values.

    ``households``; ``same_first``: share with the same first concept; ``overlap``: mean Jaccard index of the top
    concepts (four at the most, those that raise the score; none in both is the same); ``rank_correlation``:
    Spearman's, of the priorities (null where one of them is the same for all); ``list_stays``: share of the old
    model's list of ``list_length`` that the new one lists as well (null for an empty list).
    """
    before, after = (model.score(columns, groups, threads=threads) for model in (old, new))
    named = [model.reasons(columns, threads) for model in (old, new)]
    return {"households": columns.height, **_reasons(columns, *named), **places(before, after, list_length)}


def _reasons(columns: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame) -> Mapping[str, float | None]:
    each = columns.select("household_id")
    for name, reasons in (("before", before), ("after", after)):
        ranked = reasons.filter(pl.col("position") <= MOST_REASONS).sort("household_id", "position")
        concepts = ranked.group_by("household_id", maintain_order=True).agg(pl.col("concept").alias(name))
        each = each.join(concepts, on="household_id", how="left").with_columns(pl.col(name).fill_null([]))
    both = pl.col("before").list.set_intersection("after").list.len()
    either = pl.col("before").list.set_union("after").list.len()
    first = [pl.col(name).list.first() for name in ("before", "after")]
    told = each.select(
        same_first=first[0].eq_missing(first[1]).mean(),
        overlap=pl.when(either == 0).then(1.0).otherwise(both / either).mean(),
    )
    return told.row(0, named=True)


def places(before: pl.DataFrame, after: pl.DataFrame, list_length: int) -> dict[str, float | None]:
    """``rank_correlation`` and ``list_stays`` (see ``stability``) of two scorings: ``household_id, priority``."""
    both = before.select("household_id", old="priority").join(
        after.select("household_id", new="priority"), on="household_id"
    )
    told = both.select(pl.corr("old", "new", method="spearman")).item()
    known = told is not None and isfinite(told)
    kept = _listed(both, "old", list_length).join(_listed(both, "new", list_length), on="household_id", how="semi")
    size = min(list_length, both.height)
    return {"rank_correlation": told if known else None, "list_stays": kept.height / size if size > 0 else None}


def _listed(both: pl.DataFrame, name: str, list_length: int) -> pl.DataFrame:
    """The first of an order by priority; ties by the household's pseudonym, which says nothing about it."""
    return both.sort([name, "household_id"], descending=[True, False]).head(list_length).select("household_id")
