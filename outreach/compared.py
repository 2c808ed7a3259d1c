"""Two drafts of the same night beside each other: how many enter and leave, where, and what is found and paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum

import polars as pl

from outreach.drafting import Draft
from outreach.rounds import VILLAGE


@dataclass(frozen=True)
class Totals:
    """A draft in figures: what it is expected to find, and what it costs.

    ``visits``, those ``over_capacity``, by lane, and ``stops``: villages that all caseworkers together go to.
    ``expected``: true finds, as the chances say, between ``low`` and ``high``: the sums of the bands in which like
    estimates came true (all null without a model, the two also without rows that it was tested on).
    ``unmet_month``: what the households on the lists may be entitled to and do not draw, minor units a month; the
    public purse would pay it if all of it were granted.
    """

    visits: int
    over_capacity: int
    lanes: Mapping[str, int]
    stops: int
    expected: float | None
    low: float | None
    high: float | None
    unmet_month: int


def totals(draft: Draft, findings: pl.DataFrame, regions: pl.DataFrame) -> Totals:
    """The figures of one draft; ``findings``: those of the night; ``regions``: household_id, region."""
    items = draft.items
    lanes = items["lane"].cast(pl.String).value_counts().sort("lane")
    gone_to = items.join(regions, on="household_id", how="left").select(
        "caseworker_id", pl.col("region").str.head(VILLAGE)
    )
    return Totals(
        visits=items.height,
        over_capacity=int(items["over_capacity"].sum()),
        lanes=dict(lanes.iter_rows()),
        stops=gone_to.n_unique(),
        expected=_sum(items["chance"]),
        low=_sum(items["low"]),
        high=_sum(items["high"]),
        unmet_month=int(items.join(unmet_of(findings), on="household_id")["unmet_month"].sum()),
    )


def unmet_of(findings: pl.DataFrame) -> pl.DataFrame:
    """``household_id, unmet_month``: what each household may be entitled to and does not draw."""
    gaps = findings.filter(pl.col("code").str.starts_with("GAP-"))
    return gaps.group_by("household_id").agg(pl.col("unmet_month").sum()).sort("household_id")


def _sum(values: pl.Series) -> float | None:
    known = values.drop_nulls()
    return fsum(known) if len(known) else None


def exchanged(old: Draft, new: Draft, marks: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """Households on one of two drafts only, by lane and by each column of ``marks``.

    ``by, name, enters, leaves``, and of those who enter and who leave the expected true finds (``finds_in``,
    ``finds_out``; null without a model) and the unmet amount a month (``unmet_in``, ``unmet_out``). ``marks``:
    household_id and text columns (null = not recorded), one row per household. The first row is of everybody
    (``by`` everybody). Lanes are those of the draft on which the household is.
    """
    unmet, parts = unmet_of(findings), []
    for name, mine, other in (("enters", new, old), ("leaves", old, new)):
        moved = mine.items.join(other.items, on="household_id", how="anti").select(
            "household_id", "chance", lane=pl.col("lane").cast(pl.String)
        )
        parts.append(
            moved.join(marks, on="household_id", how="left", maintain_order="left")
            .join(unmet, on="household_id", how="left", maintain_order="left")
            .with_columns(way=pl.lit(name), everybody=pl.lit("everybody"))
        )
    every = pl.concat(parts)
    counted = [
        every.group_by(pl.lit(by).alias("by"), pl.col(by).fill_null("unknown").alias("name")).agg(
            *((pl.col("way") == way).sum().cast(pl.Int64).alias(way) for way in ("enters", "leaves")),
            *(
                _of(way, "chance").round(2).alias(name)
                for way, name in (("enters", "finds_in"), ("leaves", "finds_out"))
            ),
            *(
                _of(way, "unmet_month").fill_null(0).alias(name)
                for way, name in (("enters", "unmet_in"), ("leaves", "unmet_out"))
            ),
        )
        for by in ("everybody", "lane", *(column for column in marks.columns if column != "household_id"))
    ]
    return pl.concat(each.sort("name") for each in counted)


def _of(way: str, column: str) -> pl.Expr:
    """The sum of a column over those who go one way; null where it is known of nobody."""
    mine = pl.col(column).filter(pl.col("way") == way)
    return pl.when(mine.count() > 0).then(mine.sort().sum())
