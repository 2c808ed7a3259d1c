"""The reporting calendar: which months each source has reported for each area, as of a date.

A month that nobody has reported yet is not a month without income. So windows count back from the last month that
the source has reported for the area, and that month is found from counts of rows alone, never from a household.
"""

from datetime import date
from typing import Final

import polars as pl

from features.records import HAPPENED

AREA_DIGITS: Final = 9
"""An area is a town: the first 9 of the 12 digits of 统计用区划代码, or all of a shorter code."""

EARLIER_MONTHS: Final = 12
"""A month is compared with the twelve months before it, so that growth of a source does not hide a gap."""

BREAK_MONTHS: Final = 2
"""So many months in a row that an area has not reported are a break: what lies before is no longer followed."""

CALENDAR_SCHEMA: Final = {"kind": pl.String, "area": pl.String, "last_month": pl.Date, "first_month": pl.Date}


def area_of(region: str = "region") -> pl.Expr:
    """The area that a region code lies in."""
    return pl.col(region).str.slice(0, AREA_DIGITS)


def with_area(records: pl.LazyFrame, members: pl.LazyFrame, households: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``area`` to records of one kind: that of the household, or of the person's latest household.

    Records whose owner no roster knows get a null area; ``reporting_counts`` leaves them out.
    """
    areas = households.group_by("household_id").agg(area=area_of().max_by("valid_from"))
    names = records.collect_schema().names()
    if "person_id" not in names:
        return records.join(areas, on="household_id", how="left")
    last = pl.struct("valid_from", "household_id")
    homes = members.group_by("person_id").agg(_home=pl.col("household_id").max_by(last))
    placed = records.join(homes, on="person_id", how="left")
    if "household_id" in names:
        placed = placed.with_columns(_home=pl.coalesce("household_id", "_home"))
    return placed.join(areas, left_on="_home", right_on="household_id", how="left").drop("_home")


def reporting_counts(kind: str, records_with_area: pl.LazyFrame | pl.DataFrame) -> pl.DataFrame:
    """Count the rows of one kind by area, month and the day on which they were known.

    ``kind, area, month, known_on, rows``; made per delivery at intake and summed. A spell of employment stands for
    the last month with a contribution paid (else for the month in which it starts). Withdrawals do not count.
    """
    happened = pl.col(HAPPENED[kind])
    if kind == "employment":
        happened = pl.coalesce("contributed_until", "start")
    return (
        records_with_area.lazy()
        .filter(~pl.col("void") & pl.col("area").is_not_null())
        .group_by("area", happened.dt.truncate("1mo").alias("month"), "known_on")
        .agg(rows=pl.len().cast(pl.Int64))
        .select(pl.lit(kind).alias("kind"), "area", "month", "known_on", "rows")
        .sort("kind", "area", "month", "known_on")
        .collect(engine="streaming")
    )


def calendar_of(reporting: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The last month that each source has reported for each area, by what was known on ``as_of``.

    A month counts as reported when its rows reach half of the median of the area's earlier months (twelve at most):
    a trickle of early rows is not a report. The first month of an area counts. ``kind, area, last_month`` and
    ``first_month``, the first month since the last break: a survey that comes back after a year has reported one
    month and not twelve, and what it knew before is too old to say that somebody has nothing now.
    """
    months = (
        reporting.lazy()
        .filter((pl.col("known_on") <= as_of) & (pl.col("month") <= as_of))
        .group_by("kind", "area", "month")
        .agg(rows=pl.col("rows").sum())
    )
    earlier = months.select("kind", "area", earlier="month", before="rows")
    usual = (
        months.join(earlier, on=["kind", "area"])
        .filter(
            (pl.col("earlier") < pl.col("month"))
            & (pl.col("earlier") >= pl.col("month").dt.offset_by(f"-{EARLIER_MONTHS}mo"))
        )
        .group_by("kind", "area", "month")
        .agg(usual=pl.col("before").median())
    )
    number = pl.col("month").dt.year().cast(pl.Int32) * 12 + pl.col("month").dt.month()
    since = number - number.shift(1).over("kind", "area")
    return (
        months.join(usual, on=["kind", "area", "month"], how="left")
        .filter(pl.col("usual").is_null() | (pl.col("rows") * 2 >= pl.col("usual")))
        .sort("kind", "area", "month")
        .with_columns(anew=(since > BREAK_MONTHS).fill_null(True))
        .group_by("kind", "area")
        .agg(last_month=pl.col("month").max(), first_month=pl.col("month").filter("anew").max())
        .sort("kind", "area")
        .collect()
        .cast(CALENDAR_SCHEMA)  # type: ignore[arg-type]
    )
