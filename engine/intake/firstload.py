"""A first load: years of history in one delivery, dated by an assumed lag: the past sees what it could know.

A record that says two things at two times (a spell that began, and ended later) becomes two versions, one for each:
else the past would either know the end before it came, or know only those spells that never ended.
"""

from datetime import date, timedelta
from typing import Final

import polars as pl

from features.records import HAPPENED

LATER: Final = {
    "household": ("valid_to",),
    "member": ("valid_to", "death_date"),
    "employment": ("end", "contributed_until", "end_reason"),
    "enrolment": ("end",),
}
"""What a record says of a later day than the one on which it begins."""


def dated(kind: str, records: pl.DataFrame, lag: timedelta, delivered_on: date) -> pl.DataFrame:
    """Records with ``known_on`` = happened + ``lag``, never after the delivery, and ``known_on_assumed``.

    A month has happened on its last day. Records that tell the day on which they were known keep it; kinds that are
    not dated are known on the day of delivery.
    """
    if kind not in HAPPENED:
        return records
    begun = pl.col(HAPPENED[kind])
    begun = begun.dt.month_end() if HAPPENED[kind] == "month" else begun
    later = [_last_day(name) for name in LATER.get(kind, ()) if name != "end_reason"]
    told = pl.col("known_on")
    known = (pl.max_horizontal(begun, *later) + lag).clip(upper_bound=delivered_on)
    open_, first = told.is_null() & begun.is_not_null(), (begun + lag).clip(upper_bound=delivered_on)
    whole = records.with_columns(
        known_on=pl.when(open_).then(known).otherwise(told),
        known_on_assumed=open_ & (known < delivered_on),
    )
    if not later:
        return whole
    grew = open_ & pl.any_horizontal(each.is_not_null() for each in later) & (first < known)
    begins = records.filter(grew).with_columns(
        known_on=first,
        known_on_assumed=pl.lit(value=True),
    )
    begins = begins.with_columns(pl.lit(None, dtype=records.schema[name]).alias(name) for name in LATER[kind])
    return pl.concat([begins, whole]).sort("row_", maintain_order=True)


def _last_day(name: str) -> pl.Expr:
    """The day on which such a thing has happened: of a month its last."""
    return pl.col(name).dt.month_end() if name == "contributed_until" else pl.col(name)
