"""Two drafts of the same night beside each other: how many enter and leave, where, and what is found and paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum

import polars as pl

from outreach.drafting import Draft


@dataclass(frozen=True)
class Totals:
    """A draft in figures: visits, those beyond capacity, by lane, expected true finds (null without a model).

    ``unmet_month``: what the households on the lists may be entitled to and do not draw, minor units a month.
    """

    visits: int
    over_capacity: int
    lanes: Mapping[str, int]
    expected: float | None
    unmet_month: int


def totals(draft: Draft, findings: pl.DataFrame) -> Totals:
    """The figures of one draft; ``findings``: those of the night."""
    items = draft.items
    chances = items["chance"].drop_nulls()
    unmet = findings.join(items, on="household_id", how="semi").filter(pl.col("code").str.starts_with("GAP-"))
    lanes = items["lane"].cast(pl.String).value_counts().sort("lane")
    return Totals(
        visits=items.height,
        over_capacity=int(items["over_capacity"].sum()),
        lanes=dict(lanes.iter_rows()),
        expected=fsum(chances) if len(chances) else None,
        unmet_month=int(unmet["unmet_month"].sum()),
    )


def exchanged(old: Draft, new: Draft, marks: pl.DataFrame) -> pl.DataFrame:
    """``by, name, enters, leaves``: households on one of two drafts only, by lane and by each column of ``marks``.

    ``marks``: household_id and text columns (null = not recorded), one row per household. The first row is of
    everybody (``by`` everybody). Lanes are those of the draft on which the household is.
    """
    parts = []
    for name, mine, other in (("enters", new, old), ("leaves", old, new)):
        moved = mine.items.join(other.items, on="household_id", how="anti").select(
            "household_id", lane=pl.col("lane").cast(pl.String)
        )
        parts.append(
            moved.join(marks, on="household_id", how="left", maintain_order="left").with_columns(
                way=pl.lit(name), everybody=pl.lit("everybody")
            )
        )
    every = pl.concat(parts)
    counted = [
        every.group_by(pl.lit(by).alias("by"), pl.col(by).fill_null("unknown").alias("name")).agg(
            enters=(pl.col("way") == "enters").sum().cast(pl.Int64),
            leaves=(pl.col("way") == "leaves").sum().cast(pl.Int64),
        )
        for by in ("everybody", "lane", *(column for column in marks.columns if column != "household_id"))
    ]
    return pl.concat(each.sort("name") for each in counted)
