"""Columns about income of earlier years (nominal: read, not modelled); ``neighbourhood`` relates them to medians.

A year before is told beyond a break of the source too: a survey that asks once a year tells one month of it. So its
mean is over the months since the first known record as far as the source has reported without a break, and beyond
that over the months that have a record.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.household import oecd_scale
from features.windows import MONEY, YEAR

INCOME: Final = ("income", "household", "member")
YEARS: Final = (1, 2)
"""Each ends so many years before the last reported month."""

BEFORE: Final = tuple(f"_before{year}" for year in YEARS)
TOLD: Final = tuple(f"_told{year}" for year in YEARS)


def of_years_before(rows: pl.LazyFrame, own: pl.Expr) -> pl.LazyFrame:
    """One row per owner with a record of an earlier year: ``BEFORE``, its income of the rows that are ``own``.

    ``TOLD``: beyond a break of the source, the months of that year with a record. ``rows``: every record with
    ``_owner, _age, _period, _unbroken, _monthly``.
    """
    age = pl.col("_age")
    oldest = age + pl.col("_period") - 1
    beyond = age > pl.col("_unbroken")
    sums, told = [], []
    for year, before, months_told in zip(YEARS, BEFORE, TOLD, strict=True):
        first, last = YEAR * year, YEAR * (year + 1) - 1
        months = (pl.min_horizontal(oldest, last) - pl.max_horizontal(age, first) + 1).clip(lower_bound=0)
        inside = months > 0
        sums.append(pl.when(own).then(pl.col("_monthly") * months).otherwise(0).sum().alias(before))
        each = age.filter(inside).n_unique() * months.filter(inside).max()
        told.append(each.cast(pl.Int64).clip(upper_bound=YEAR).alias(months_told))
    earlier = rows.filter((oldest >= YEAR) & (age < YEAR * (YEARS[-1] + 1)))
    broken = earlier.filter(beyond).group_by("_owner").agg(told)
    return earlier.group_by("_owner").agg(sums).join(broken, on="_owner", how="left")


def mean_of_year_before(year: int) -> pl.Expr:
    """Monthly income before assistance over the known months of an earlier year; null where none is known."""
    since_first = (pl.col("_first_ago") + 1 - YEAR * year).clip(0, YEAR)
    months = pl.sum_horizontal(since_first, f"_told{year}").clip(upper_bound=YEAR)
    return pl.when(months > 0).then(pl.col(f"_before{year}") / months)


money = partial(
    feature,
    sources=INCOME,
    unit="minor units/month",
    concept="income_level",
    low=-MONEY,
    high=MONEY,
    direction=-1,
    modelled=False,
)


@money(zh="一年前等值月收入", en="Equivalised income, the year before")
def income_equivalised_1y_before() -> pl.Expr:
    """Monthly income before assistance of months 13 to 24 back, on the OECD-modified scale of today's members.

    Null where the source tells no month of that year about a member.
    """
    return mean_of_year_before(1) / oecd_scale()


@money(zh="两年前等值月收入", en="Equivalised income, two years before")
def income_equivalised_2y_before() -> pl.Expr:
    """Monthly income before assistance of months 25 to 36 back, on the OECD-modified scale of today's members.

    Null where the source tells no month of that year about a member.
    """
    return mean_of_year_before(2) / oecd_scale()


FEATURES: Final = (income_equivalised_1y_before, income_equivalised_2y_before)
