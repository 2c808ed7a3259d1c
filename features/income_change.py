"""Columns about how income changed within the year, by the months observed (``income`` says which these are)."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.income import INCOME, mean_income, months_observed, months_where, total
from features.windows import YEAR, ratio, share, yes

DYNAMICS: Final = 6
"""Months that must be observed before a change of income is told."""

change = partial(feature, sources=INCOME, concept="income_change")


def _told(column: pl.Expr) -> pl.Expr:
    return pl.when(months_observed() >= DYNAMICS).then(column)


@change(zh="近3月收入降幅", en="Fall of income, 3 months", unit="share", low=-1, high=1, direction=1)
def income_drop_3m() -> pl.Expr:
    """How far the mean of the last 3 months lies below that of the months before it (up to 9), as a share of it.

    Negative for a rise (a doubling is -1). Null under 6 months observed, or where there was no income before.
    """
    before = total(9, start=3) / (months_observed() - 3)
    return _told(pl.when(before > 0).then((1 - total(3) / 3 / before).clip(-1, 1)))


@change(zh="末月收入降幅", en="Fall of income, last month", unit="share", low=-1, high=1, direction=1)
def income_drop_1m() -> pl.Expr:
    """How far the last reported month lies below the mean of the months before it (up to 11), as a share of it.

    Negative for a rise (a doubling is -1). Null under 6 months observed, or where there was no income before.
    """
    before = total(11, start=1) / (months_observed() - 1)
    return _told(pl.when(before > 0).then((1 - pl.col("_m0") / before).clip(-1, 1)))


@change(
    zh="收入连续两月大幅下降",
    en="Income collapsed two months running",
    unit="0/1",
    low=0,
    high=1,
    no_direction="a further loss lowers the mean that it is measured against, which can end it",
)
def has_income_collapse() -> pl.Expr:
    """1 where each of the last two months lies 40 % or more below the 12-month mean (trigger EV-INC1), else 0.

    Null under 6 months observed, or where the mean is not positive.
    """
    floor = mean_income(12) * 0.6
    return _told(yes(pl.when(floor > 0).then((pl.col("_m0") <= floor) & (pl.col("_m1") <= floor))))


@change(
    zh="近12月收入趋势",
    en="Slope of income, 12 months",
    unit="share of the mean/month",
    low=-1,
    high=1,
    no_direction="null once the last income is lost",
)
def income_slope_12m() -> pl.Expr:
    """Least-squares slope of monthly income over the months observed, as a share of their mean per month.

    Null under 6 months observed, or where the mean is not positive.
    """
    months = months_observed()
    middle = (months - 1) / 2
    back = pl.sum_horizontal(pl.col(f"_m{month}") * month for month in range(YEAR))
    slope = (middle * total(YEAR) - back) / (months * (months * months - 1) / 12)
    return _told(ratio(slope, mean_income(YEAR), -1, 1))


@change(
    zh="近12月收入波动",
    en="Volatility of income, 12 months",
    unit="share of the mean",
    low=0,
    high=4,
    no_direction="a loss can raise it or lower it",
)
def income_volatility_12m() -> pl.Expr:
    """Standard deviation of monthly income over the months observed, as a share of their mean.

    Null under 6 months observed, or where the mean is not positive.
    """
    mean = mean_income(YEAR)
    squares = pl.sum_horizontal(
        pl.when(months_observed() > back).then((pl.col(f"_m{back}") - mean) ** 2).otherwise(0.0)
        for back in range(YEAR)
    )
    return _told(ratio((squares / months_observed()).sqrt(), mean, 0, 4))


@change(
    zh="最低月收入与均值之比",
    en="Lowest month over the mean",
    unit="ratio",
    low=-1,
    high=1,
    no_direction="a loss lowers the mean, and so can raise it",
)
def lowest_month_ratio_12m() -> pl.Expr:
    """The lowest monthly income of the months observed over their mean.

    Null under 6 months observed, or where the mean is not positive.
    """
    lowest = pl.min_horizontal(pl.when(months_observed() > back).then(pl.col(f"_m{back}")) for back in range(YEAR))
    return _told(ratio(lowest, mean_income(YEAR), -1, 1))


@change(zh="无收入月份占比", en="Share of months without income", unit="share", low=0, high=1, direction=1)
def months_without_income_share_12m() -> pl.Expr:
    """Months observed in the last 12 without any positive income, over months observed.

    Null where no member was ever known to the source.
    """
    return share(months_where([pl.col(f"_m{back}") <= 0 for back in range(YEAR)]), months_observed())


@change(zh="连续无收入月数", en="Months without income, running", unit="months", low=0, high=12, direction=1)
def months_without_income_running() -> pl.Expr:
    """Months observed, back from the last reported one, without any positive income (trigger EV-JOB2 at 3).

    Null where no member was ever known to the source.
    """
    running = months_observed()
    for back in reversed(range(YEAR)):
        running = pl.when((pl.col(f"_m{back}") > 0) & (months_observed() > back)).then(back).otherwise(running)
    return pl.when(months_observed().is_not_null()).then(running)


@change(
    zh="距上次工资月数",
    en="Months since the last wage",
    unit="months",
    low=0,
    high=12,
    no_direction="null once the only wage of a short history is lost; who never needed a wage has 12",
)
def months_since_wage() -> pl.Expr:
    """Months from the last month with a wage to the last reported one; 12 where a year observed has none.

    Null where fewer than 12 months are observed and none of them has a wage: it may have been before.
    """
    whole_year = pl.when(months_observed() == YEAR).then(YEAR)
    return pl.coalesce(pl.when(pl.col("_wage_ago") < YEAR).then(pl.col("_wage_ago")), whole_year)


FEATURES: Final = (
    income_drop_3m,
    income_drop_1m,
    has_income_collapse,
    income_slope_12m,
    income_volatility_12m,
    lowest_month_ratio_12m,
    months_without_income_share_12m,
    months_without_income_running,
    months_since_wage,
)
