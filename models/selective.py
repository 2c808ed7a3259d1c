"""Selective labels: what visits by lot say about everybody who may be visited, and what the lists miss.

``need_verified`` exists only for the visited, and lists choose them because they look needy: the mean of all visits
says nothing about the others. Each night, everybody who is not listed has a recorded chance of a visit by lot.
``add_night`` rolls twelve months of these chances up to one row per household; ``yield_of`` weighs the households
drawn by the inverse of the chance cumulated over the period.

A chance is known only while a household can still be drawn: whoever is drawn, or taken by a list, leaves the pool.
1 - Π(1 - p) over the nights in it is therefore too small for just those who were drawn, and weights made of it are
wrong (a test shows it). So the nights are pooled as in sequential sampling (Des Raj 1956, JASA 51): given those
before, each night's lots are an unbiased sample of those still in the pool, and whoever was taken before stands for
itself. A night counts in an area by its lots there, so that the weight of a household is the inverse of its chance
that night times the lots of the period over those of the night: of its chance cumulated over the period.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl
from polars.datatypes import DataTypeClass

from models.selective_estimate import by_stratum, estimate

NEEDED: Final = {
    **dict.fromkeys(("V10", "V11", "V12", "V21"), True),
    **dict.fromkeys(("V31", "V32"), False),
}
"""What a visit's outcome says about need (domain/poverty-and-emergency.md 3.6); every other outcome is null."""
BILLION: Final = 1_000_000_000
PARTS: Final = ("pool", "lot", "list", "silent")
"""Where a household stands in the estimate: still in the pool, or taken: by lot, by a list, by the silent lane."""

ROLLED: Final[dict[str, pl.DataType | DataTypeClass]] = {
    "household_id": pl.String,
    "area": pl.String,
    "pooled": pl.Int64,
    "undrawn": pl.Float64,
    "taken_on": pl.Date,
    "lane": pl.String,
    "chance": pl.Float64,
    "lots": pl.Int64,
    "lots_until": pl.Int64,
}


@dataclass(frozen=True)
class Rolled:
    """The nights rolled up so far: ``households`` (``ROLLED``) and the lots of each area; nights in their order."""

    households: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ROLLED))
    lots: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"area": pl.String, "all": pl.Int64}))
    nights: tuple[date, ...] = ()


def need_verified(outcome: pl.Expr) -> pl.Expr:
    """Whether a visit found need (Bool): V10, V11, V12, V21 yes; V31, V32 no; every other outcome null.

    Declined, absent, moved or referred says nothing about need.
    """
    return outcome.replace_strict(NEEDED, default=None, return_dtype=pl.Boolean)


def add_night(rolled: Rolled, night: date, chances: pl.DataFrame, taken: pl.DataFrame) -> Rolled:
    """One night more, later than those before.

    ``chances``: household_id, area, inclusion_probability of everybody who took part in the lottery that night,
    drawn or not. ``taken``: household_id, area, lane of the items that went out, drawn ones (``random``) included.
    A household counts in the area and lane in which it was first taken; whoever was taken is in no pool any more.
    """
    before = rolled.households
    gone = before.filter(pl.col("taken_on").is_not_null()).select("household_id")
    pool = (
        chances.filter(pl.col("inclusion_probability") > 0)
        .join(gone, on="household_id", how="anti")
        .with_columns(units=(pl.col("inclusion_probability") * BILLION).round(0).cast(pl.Int64).clip(1))
    )
    tonight = pool.group_by("area").agg(lots=pl.col("units").sum())
    lots = (
        rolled.lots.join(tonight, on="area", how="full", coalesce=True)
        .select("area", all=pl.col("all").fill_null(0) + pl.col("lots").fill_null(0))
        .sort("area")
    )
    new = taken.join(gone, on="household_id", how="anti").select("household_id", "area", "lane")
    seen = pool.join(tonight, on="area").join(new, on="household_id", how="full", coalesce=True)
    seen = (
        seen.with_columns(area=pl.coalesce("area", "area_right"))
        .join(lots, on="area", how="left")
        .join(tonight.rename({"lots": "tonight"}), on="area", how="left")
    )
    households = (
        before.join(seen, on="household_id", how="full", coalesce=True, suffix="_new")
        .select(
            "household_id",
            area=pl.coalesce("area", "area_new"),
            pooled=pl.col("pooled").fill_null(0) + pl.col("lots_new").fill_null(0),
            undrawn=pl.col("undrawn").fill_null(1.0) * (1 - pl.col("inclusion_probability").fill_null(0.0)),
            taken_on=pl.coalesce("taken_on", pl.when(pl.col("lane_new").is_not_null()).then(pl.lit(night))),
            lane=pl.coalesce("lane", "lane_new"),
            chance=pl.coalesce("chance", pl.when(pl.col("lane_new") == "random").then("inclusion_probability")),
            lots=pl.coalesce("lots", pl.when(pl.col("lane_new") == "random").then("lots_new")),
            # who is drawn stood in the pool that night; whom a list takes did not
            lots_until=pl.coalesce(
                "lots_until",
                pl.when(pl.col("lane_new") == "random")
                .then(pl.col("all"))
                .when(pl.col("lane_new").is_not_null())
                .then(pl.col("all") - pl.col("tonight").fill_null(0)),
            ),
        )
        .cast(pl.Schema(ROLLED))
        .sort("household_id")
    )
    return Rolled(households, lots, (*rolled.nights, night))


def answered(households: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """The households with ``need`` (Bool, null: not visited, or the visit says nothing).

    ``visits``: household_id, item_id, visit_id, visited_on, outcome. Of the visits of one item the newest counts;
    of the items since the household was taken the earliest with an answer: a second attempt is an answer, too.
    """
    since = households.select("household_id", "taken_on").filter(pl.col("taken_on").is_not_null())
    of_item = (
        visits.join(since, on="household_id")
        .filter(pl.col("visited_on") >= pl.col("taken_on"))
        .sort("visited_on", "visit_id")
        .group_by("household_id", "item_id", maintain_order=True)
        .agg(need=need_verified(pl.col("outcome")).last(), on=pl.col("visited_on").last())
    )
    found = of_item.filter(pl.col("need").is_not_null()).sort("on", "item_id").unique("household_id", keep="first")
    return households.join(found.select("household_id", "need"), on="household_id", how="left").sort("household_id")


def weighed(rolled: Rolled, visits: pl.DataFrame) -> pl.DataFrame:
    """One row per household of an area with lots: what it stands for.

    ``part`` (``PARTS``); ``stays``: the part of the period's lots that fell while it was in the pool; ``after``:
    that which fell since it was taken (null: it was not); ``weight``: the inverse of its cumulated chance (drawn
    ones only); ``cumulated``: 1 - Π(1 - p) over its nights in the pool; ``need`` (``answered``).
    """
    whole = pl.col("all")
    part = (
        pl.when(pl.col("lane").is_null())
        .then(pl.lit("pool"))
        .when(pl.col("lane") == "random")
        .then(pl.lit("lot"))
        .when(pl.col("lane") == "silent")
        .then(pl.lit("silent"))
        .otherwise(pl.lit("list"))
    )
    return (
        answered(rolled.households, visits)
        .join(rolled.lots.filter(whole > 0), on="area")
        .select(
            "household_id",
            "area",
            "need",
            part=part,
            stays=pl.col("pooled") / whole,
            after=(whole - pl.col("lots_until")) / whole,
            weight=pl.col("lots") / whole / pl.col("chance"),
            cumulated=1 - pl.col("undrawn"),
        )
        .sort("household_id")
    )


def yield_of(
    rolled: Rolled, visits: pl.DataFrame, strata: pl.DataFrame, groupings: Mapping[str, pl.DataFrame]
) -> dict[str, Any]:
    """The estimate for everybody, by stratum and by group, beside the naive one, as JSON values.

    ``strata``: household_id, stratum (text) within which those who answered stand for those who did not.
    ``groupings``: name → household_id, group (text; null groups are left out). The keys are those of
    ``models.selective_estimate.estimate``, and ``nights``, ``first``, ``last``, ``without_lots`` (households of
    areas where no lot was ever drawn: nothing can be said of them), ``cumulated`` (least and median chance of a
    household that was in the pool), ``by_stratum``, ``groups``.
    """
    rows = (
        weighed(rolled, visits)
        .join(strata, on="household_id", how="left", maintain_order="left")
        .with_columns(pl.col("stratum").fill_null("unknown"))
    )
    told: dict[str, Any] = {
        "nights": len(rolled.nights),
        "first": rolled.nights[0].isoformat() if rolled.nights else None,
        "last": rolled.nights[-1].isoformat() if rolled.nights else None,
        "without_lots": rolled.households.height - rows.height,
        "cumulated": _cumulated(rows),
        **estimate(rows),
        "by_stratum": by_stratum(rows),
        "groups": [],
    }
    for grouping, of in groupings.items():
        known = rows.join(of.filter(pl.col("group").is_not_null()), on="household_id", maintain_order="left")
        for group in sorted(known["group"].unique()):
            here = known.filter(pl.col("group") == group)
            told["groups"].append({"grouping": grouping, "group": group, **estimate(here)})
    return told


def _cumulated(rows: pl.DataFrame) -> dict[str, float | None]:
    there = rows.filter(pl.col("stays") > 0)["cumulated"]
    least, middle = there.min(), there.median()
    return {"least": _number(least), "median": _number(middle)}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
