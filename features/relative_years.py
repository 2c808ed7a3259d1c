"""Columns about income of several years, each against the median of its own year (``neighbourhood`` adds them)."""

from typing import Final

import polars as pl

from features.feature import feature
from features.relative import INCOME, relative, to_median


def _by_year() -> list[pl.Expr]:
    """Income to the median of its year: the last, and those before."""
    years = ("income_equivalised_12m", "income_equivalised_1y_before", "income_equivalised_2y_before")
    return [to_median(column) for column in years]


def _several_years() -> pl.Expr:
    return pl.sum_horizontal(each.is_not_null() for each in _by_year()) >= 2


@relative(zh="一年前收入与当时中位数之比", en="Income to the median, the year before", direction=-1)
def income_to_median_1y_before() -> pl.Expr:
    """Equivalised income of months 13 to 24 back over the median of that year among today's households.

    Null where the income source tells no month of that year.
    """
    return to_median("income_equivalised_1y_before")


@relative(zh="两年前收入与当时中位数之比", en="Income to the median, two years before", direction=-1)
def income_to_median_2y_before() -> pl.Expr:
    """Equivalised income of months 25 to 36 back over the median of that year among today's households.

    Null where the income source tells no month of that year.
    """
    return to_median("income_equivalised_2y_before")


@relative(zh="三年平均收入与中位数之比", en="Income to the median, mean of three years", direction=-1)
def income_to_median_mean_3y() -> pl.Expr:
    """Mean of the income to the median over the last three years, of those that are known.

    Null where the income source tells of fewer than two of them.
    """
    return pl.when(_several_years()).then(pl.mean_horizontal(_by_year()))


@relative(zh="三年最低收入与中位数之比", en="Income to the median, lowest of three years", direction=-1)
def income_to_median_lowest_3y() -> pl.Expr:
    """Lowest income to the median over the last three years, of those that are known.

    Null where the income source tells of fewer than two of them.
    """
    return pl.when(_several_years()).then(pl.min_horizontal(_by_year()))


@feature(
    zh="收入与中位数之比的年变化",
    en="Change of income to the median, a year",
    sources=INCOME,
    concept="income_change",
    unit="ratio",
    low=-21,
    high=21,
    direction=-1,
)
def income_to_median_change_1y() -> pl.Expr:
    """Income to the median of the last 12 months less that of the year before: a place lost or won.

    Null where the income source tells nothing of either.
    """
    now, before, _ = _by_year()
    return now - before


FEATURES: Final = (
    income_to_median_1y_before,
    income_to_median_2y_before,
    income_to_median_mean_3y,
    income_to_median_lowest_3y,
    income_to_median_change_1y,
)
