"""Which records are over and since when: what retention decides by. A record that is in force is never over.

A record is a key with all its versions, and its newest version says when it ended: a month with the month, a spell
with its last day, an event on its day, a school year in August; a withdrawn record when it was withdrawn.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl

from features.records import KEYS

BY_KEY: Final[Mapping[str, pl.Expr]] = {
    "income": pl.col("month").dt.month_end(),
    "benefit": pl.col("month").dt.month_end(),
    "utility": pl.col("month").dt.month_end(),
    "schooling": pl.date(pl.col("school_year") + 1, 8, 31),
}
"""The last day of what a record tells, where its key says so: every version has the same."""

BY_VERSION: Final[Mapping[str, pl.Expr]] = {
    "household": pl.col("valid_to"),
    "member": pl.min_horizontal("valid_to", "death_date"),
    "employment": pl.col("end"),
    "enrolment": pl.col("end"),
    "disability": pl.col("expires"),
    "event": pl.col("event_date"),
    "medical": pl.when(pl.col("kind") != "chronic_registration").then(pl.col("event_date")),
    "kin": pl.lit(None, pl.Date),
}
"""The last day as a version tells it; null = in force: open spells, chronic diseases, certificates without an end,
duties of support."""


def first_kept(as_of: date, months: int) -> date:
    """The first day of the first month that a period of so many whole months before this month still holds."""
    number = as_of.year * 12 + as_of.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def over(kind: str, rows: pl.LazyFrame, first: date) -> pl.LazyFrame:
    """The keys of the records (all versions in) that were over before a day, with ``ended``; one row per key."""
    key = list(KEYS[kind])
    if kind in BY_KEY:
        dated = rows.select(*key, BY_KEY[kind].alias("ended"))
        return dated.filter(pl.col("ended") < first).unique()
    withdrawn = pl.when(pl.col("void")).then(pl.col("known_on"))
    dated = rows.select(*key, "known_on", "seq", ended=pl.coalesce(BY_VERSION[kind], withdrawn))
    maybe = dated.filter(pl.col("ended") < first).select(key).unique()
    versions = dated.join(maybe, on=key, how="semi", nulls_equal=True)
    newest = versions.sort("known_on", "seq", "ended", nulls_last=True).unique(
        key, keep="last", maintain_order=True
    )
    return newest.filter(pl.col("ended") < first).select(*key, "ended")
