"""Who lives where on a day, and the windows of months that count back from what a source has reported.

Every source is joined to the roster and aggregated once: a window is a filtered sum, never a grid of months.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from features.calendar import area_of
from features.context import Context
from features.records import HAPPENED, KINDS
from features.sources import Known

YEAR: Final = 12
"""Months of the longest window of any column."""

HOLDER: Final = ("_owner", "_id", "_personal", "_last", "_unbroken")

MONEY: Final = 1e12
"""Bound of nominal columns: an amount beyond it is an error of units."""


@dataclass(frozen=True)
class Roster:
    """The households valid on the day with at least one living member, and their members.

    ``households``: one row per household (its newest valid record) with ``area``. ``members``: one row per person
    and household, the newest that began by the day, with ``age`` (completed years; the reported age where no birth
    date is known), ``present`` (lives there on the day) and ``gone_on`` (last day there, where it has passed). A
    person whom two households hold counts in both: neither's columns may depend on the other's records.
    """

    known: Known
    context: Context
    households: pl.DataFrame
    members: pl.DataFrame

    @property
    def as_of(self) -> date:
        """The day of the roster."""
        return self.known.as_of


def roster_of(known: Known, context: Context) -> Roster:
    """Read household and member records once and hold who lives where on ``known.as_of``."""
    day = pl.lit(known.as_of)
    begun = pl.col("valid_from") <= day
    over = pl.min_horizontal("death_date", "valid_to")
    dead = pl.col("death_date").is_not_null() & (pl.col("death_date") <= day)
    present = ~dead & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    members = (
        known.frame("member")
        .filter(begun)
        .group_by("person_id", "household_id")
        .agg(pl.exclude("person_id", "household_id").max_by("valid_from"))
        .with_columns(age=age_on(known.as_of), present=present)
        .with_columns(gone_on=pl.when(~pl.col("present")).then(over))
        .sort("household_id", "person_id")
        .collect(engine="streaming")
    )
    households = (
        known.frame("household")
        .filter(begun & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day)))
        .group_by("household_id")
        .agg(pl.exclude("household_id").max_by("valid_from"))
        .with_columns(area=area_of(), weight=pl.col("weight").fill_null(1.0))
        .join(members.lazy().filter("present"), on="household_id", how="semi")
        .sort("household_id")
        .collect(engine="streaming")
    )
    return Roster(known, context, households, members)


def age_on(day: date) -> pl.Expr:
    """Completed years on the day by the birth date, else the age that was reported."""
    born = pl.col("birth_date")
    birthday_ahead = (born.dt.month() > day.month) | ((born.dt.month() == day.month) & (born.dt.day() > day.day))
    return pl.coalesce(
        day.year - born.dt.year() - birthday_ahead.cast(pl.Int32), pl.col("age_reported").cast(pl.Int32)
    )


def month_number(day: pl.Expr) -> pl.Expr:
    """Months counted through the years, so that months can be subtracted."""
    return day.dt.year() * 12 + day.dt.month().cast(pl.Int32)


def owned(roster: Roster, kind: str, *facts: str, gone: bool = False) -> pl.LazyFrame:
    """The records of a kind that belong to a household of the roster, with ``household_id, _last, _unbroken``.

    A person's records follow the person to where they live on the day; rows without a person belong to their
    household. With ``gone``, those of a person who left or died stay with the old household too, up to the last day
    there: what took a member away happened to the household. ``facts`` are columns of the members to carry along.
    ``_last`` is the number of the last month that the source has reported for the household's area; null where it
    has reported none.
    """
    table = holders(roster, kind, gone=gone).select(*HOLDER, "household_id", "gone_on", *facts).lazy()
    return _joined(roster, kind, table, gone).drop("_owner", "gone_on")


def numbered(roster: Roster, kind: str) -> pl.LazyFrame:
    """The records that ``owned`` gives, with ``_owner`` (the row of ``holders`` that they belong to) for the ids.

    A group by one whole number costs far less than one by two texts: this is for the sources with millions of rows.
    """
    table = holders(roster, kind).select(HOLDER).lazy()
    return _joined(roster, kind, table, gone=False).drop("person_id", "household_id", strict=False)


def holders(roster: Roster, kind: str, *, gone: bool = False) -> pl.DataFrame:
    """Whose records of a kind can be: each member (who lives there, or has: ``gone``), then each household itself.

    ``_owner`` (a number), ``_id`` (of the person or the household), ``_personal``, ``_last, _unbroken`` as in
    ``owned``, ``household_id``, and the columns of the members (null for households).
    """
    months = last_months(roster, kind)
    members = (roster.members if gone else roster.members.filter("present")).join(months, on="household_id")
    people = members.with_columns(_id=pl.col("person_id"), _personal=pl.lit(value=True))
    homes = months.with_columns(_id=pl.col("household_id"), _personal=pl.lit(value=False))
    return pl.concat([people, homes], how="diagonal").with_row_index("_owner")


def _joined(roster: Roster, kind: str, table: pl.LazyFrame, gone: bool) -> pl.LazyFrame:
    records = roster.known.frame(kind)
    names = KINDS[kind].column_names()
    if "household_id" not in names:
        records = records.join(table.filter("_personal"), left_on="person_id", right_on="_id")
    elif "person_id" not in names:
        homes = table.filter(~pl.col("_personal")).drop("household_id", strict=False)
        records = records.join(homes, left_on="household_id", right_on="_id")
    else:
        records = (
            records.with_columns(_id=pl.coalesce("person_id", "household_id"))
            .drop("household_id")
            .join(table, on="_id")
            .filter(pl.col("_personal") == pl.col("person_id").is_not_null())
            .drop("_id")
        )
    if gone:
        records = records.filter(pl.col("gone_on").is_null() | (pl.col(HAPPENED[kind]) <= pl.col("gone_on")))
    return records.drop("_personal")


def last_months(roster: Roster, kind: str) -> pl.DataFrame:
    """``household_id, _last, _unbroken``: what a source has reported for each household's area.

    ``_last`` is the number of the last month reported, ``_unbroken`` how many months before it lies the first since
    the last break; null where it has reported none.
    """
    calendar = roster.context.calendar.filter(pl.col("kind") == kind)
    first = pl.col("first_month") if "first_month" in calendar.columns else pl.lit(date.min)
    last = month_number(pl.col("last_month"))
    calendar = calendar.select("area", _last=last, _unbroken=last - month_number(first))
    return roster.households.select("household_id", "area").join(calendar, on="area", how="left").drop("area")


def for_everybody(roster: Roster, measures: pl.LazyFrame) -> pl.LazyFrame:
    """Measures of a register: where it holds nothing about a household, its counts are zero and not unknown."""
    counts = pl.selectors.integer() & ~pl.selectors.ends_with("_ago")
    everybody = roster.households.lazy().select("household_id")
    return everybody.join(measures, on="household_id", how="left").with_columns(counts.fill_null(0))


def within(age: pl.Expr, months: int) -> pl.Expr:
    """Whether a month lies in the window: ``age`` counts back from the last reported month, which is 0."""
    return (age >= 0) & (age < months)


def sum_where(value: pl.Expr, condition: pl.Expr) -> pl.Expr:
    """The filtered sum of a group (written as a choice, which the streaming engine evaluates fastest)."""
    return pl.when(condition).then(value).sum()


def count_where(condition: pl.Expr) -> pl.Expr:
    """Rows of a group that meet the condition; unknown does not."""
    return condition.fill_null(False).sum().cast(pl.Int64)


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Part of a whole, 0 to 1; null where the whole is not positive."""
    return ratio(part, whole, 0, 1)


def ratio(part: pl.Expr, whole: pl.Expr, low: float, high: float) -> pl.Expr:
    """A ratio held within its bounds; null where the denominator is not positive or either is unknown."""
    return pl.when(whole > 0).then((part / whole).clip(low, high))


def yes(condition: pl.Expr) -> pl.Expr:
    """1 for true, 0 for false, null for unknown."""
    return condition.cast(pl.Int8)
