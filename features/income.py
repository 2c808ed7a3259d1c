"""Columns about income: levels against lines and medians (nominal ones are read, not modelled), and their change.

All are "before assistance" (social assistance money left out, paid transfers and taxes taken off) unless their name
says ``disposable``. A mean is the sum over the window divided by the months observed: a month counts as observed
from the first known income record of any present member on, at most 12, up to the last month that the source has
reported for the area. So a reported month without a record is zero, and a household that the source never knew is
unknown. Where the source has not reported for months on end, only what lies after that break counts.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.household import oecd_scale, root_scale
from features.income_years import BEFORE, TOLD, of_years_before
from features.records import INCOME_KINDS, INCOME_QUALITIES
from features.windows import (
    MONEY,
    YEAR,
    Roster,
    count_where,
    holders,
    month_number,
    numbered,
    ratio,
    share,
    sum_where,
)

INCOME: Final = ("income", "household", "member")
LABOUR: Final = ("wage", "business", "farm", "platform")
MIX: Final = (
    *LABOUR,
    "property",
    "transfer_pension",
    "transfer_unemployment",
    "transfer_support",
    "transfer_other",
    "assistance",
)
CODES: Final = {kind: code for code, kind in enumerate(INCOME_KINDS)}
PARTS: Final = 27_720
"""Parts of a minor unit: divisible by 1 to 12, so that an amount over several months is spread exactly."""


def measures(roster: Roster) -> pl.LazyFrame:
    """One row per household known to the source: income by month (``_m0`` the last reported), kind and person."""
    age = pl.col("_last") - month_number(pl.col("month"))
    period = pl.col("period_months")
    rows = (
        numbered(roster, "income")
        .select(
            "_owner",
            "_unbroken",
            period.cast(pl.Int32).alias("_period"),
            pl.col("kind").cast(pl.Enum(INCOME_KINDS)).to_physical().alias("_kind"),
            pl.col("quality").cast(pl.Enum(INCOME_QUALITIES)).to_physical().alias("_quality"),
            age.cast(pl.Int32).alias("_age"),
            pl.min_horizontal(age + period - 1, "_unbroken").cast(pl.Int32).alias("_oldest"),
            (pl.col("amount") * (PARTS // period)).alias("_monthly"),
        )
        .collect(engine="streaming")  # read once for the two groups below
        .lazy()
    )
    people = holders(roster, "income").lazy()
    now = pl.col("_age") <= pl.col("_unbroken")
    return _per_household(
        rows.group_by("_owner")
        .agg(pl.when(now).then("_oldest").max().cast(pl.Int64).alias("_first_ago"))
        .join(_of_year(rows.filter(now & (pl.col("_age") < YEAR))), on="_owner", how="left")
        .join(of_years_before(rows, pl.col("_kind") != CODES["assistance"]), on="_owner", how="left")
        .join(people.select("_owner", "household_id", "person_id", "relation", _years="age"), on="_owner")
    )


def _of_year(rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per owner with a record in the last twelve months or later: sums by month and kind."""
    kind = pl.col("_kind")
    own = kind != CODES["assistance"]
    age = pl.col("_age")
    oldest = pl.col("_oldest")
    months = (pl.min_horizontal(oldest, YEAR - 1) - pl.max_horizontal(age, 0) + 1).clip(lower_bound=0)
    rows = rows.with_columns(_year=pl.col("_monthly") * months, _own=pl.when(own).then("_monthly").otherwise(0))
    year = pl.col("_year")
    positive = own & (year > 0)
    declared = pl.col("_quality") >= INCOME_QUALITIES.index("declared")
    paid = kind >= CODES["transfer_paid"]
    wage = (kind == CODES["wage"]) & (age >= 0) & (pl.col("_monthly") > 0)
    return rows.group_by("_owner").agg(
        *(sum_where(pl.col("_own"), (age <= back) & (oldest >= back)).alias(f"_m{back}") for back in range(YEAR)),
        *(sum_where(year, kind == CODES[name]).alias(f"_{name}") for name in MIX),
        sum_where(year, paid).alias("_paid"),
        sum_where(year, positive).alias("_gross"),
        sum_where(year, positive & declared).alias("_unregistered"),
        pl.when(wage).then(age).min().cast(pl.Int64).alias("_wage_ago"),
    )


def _per_household(people: pl.LazyFrame) -> pl.LazyFrame:
    labour = pl.sum_horizontal(f"_{name}" for name in LABOUR)
    person = pl.col("person_id").is_not_null()
    pensioner = person & (pl.col("_transfer_pension") > 0)
    head = (pl.col("relation") == "head").fill_null(False)
    of_person = pl.when(person).then("_labour")
    sums = [*(f"_m{back}" for back in range(YEAR)), *(f"_{name}" for name in MIX), "_labour", *BEFORE]
    return (
        people.with_columns(_labour=labour)
        .group_by("household_id")
        .agg(
            pl.col(*sums, "_paid", "_gross", "_unregistered").sum() / PARTS,
            pl.col("_wage_ago").min(),
            pl.col("_first_ago").max(),
            pl.col(*TOLD).max(),
            of_person.max().alias("_labour_largest") / PARTS,
            of_person.sum().alias("_labour_of_persons") / PARTS,
            sum_where(pl.col("_labour"), head).alias("_labour_head") / PARTS,
            pl.when(head).then("_first_ago").max().alias("_first_ago_head"),
            count_where(person & (pl.col("_labour") > 0)).alias("_earners"),
            count_where(pensioner & (pl.col("_years") >= 60)).alias("_elder_pensioners"),
            count_where((pl.col("_years") >= 18) & pl.col("_first_ago").is_not_null()).alias("_adults_known"),
        )
    )


def months_observed(window: int = YEAR, first: str = "_first_ago") -> pl.Expr:
    """Months of the window since the first known record; null where there is none up to the last reported month."""
    months = pl.col(first) + 1
    return pl.when(months > 0).then(pl.min_horizontal(months, window))


def total(window: int, start: int = 0) -> pl.Expr:
    """Income before assistance over ``window`` months that end ``start`` months before the last reported one."""
    return pl.sum_horizontal(f"_m{back}" for back in range(start, start + window))


def mean_income(window: int) -> pl.Expr:
    """Monthly income before assistance, mean over the months observed of the window."""
    return total(window) / months_observed(window)


def mean_of_year(amount: str) -> pl.Expr:
    """A twelve-month sum as a mean per month observed."""
    return pl.col(amount) / months_observed()


def per_head(amount: pl.Expr) -> pl.Expr:
    """An amount of the household for each member."""
    return amount / pl.col("_members")


def to_line(window: int) -> pl.Expr:
    """Income per head in units of the minimum-living line, -1 to 20."""
    return ratio(per_head(mean_income(window)), pl.col("_line"), -1, 20)


money = partial(
    feature,
    sources=INCOME,
    unit="minor units/month",
    concept="income_level",
    low=-MONEY,
    high=MONEY,
    modelled=False,
)
level = partial(feature, sources=INCOME, concept="income_level")


@money(zh="近12月人均月收入", en="Income per head, 12 months", direction=-1)
def income_per_head_12m() -> pl.Expr:
    """Monthly income before assistance per member, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return per_head(mean_income(12))


@money(zh="近3月人均月收入", en="Income per head, 3 months", direction=-1)
def income_per_head_3m() -> pl.Expr:
    """Monthly income before assistance per member, mean of the last 3 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return per_head(mean_income(3))


@money(zh="近12月等值月收入", en="Equivalised income, 12 months", direction=-1)
def income_equivalised_12m() -> pl.Expr:
    """Monthly income before assistance on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return mean_income(12) / oecd_scale()


@money(zh="近6月等值月收入", en="Equivalised income, 6 months", direction=-1)
def income_equivalised_6m() -> pl.Expr:
    """Monthly income before assistance on the OECD-modified scale, mean of the last 6 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return mean_income(6) / oecd_scale()


@money(zh="近3月等值月收入", en="Equivalised income, 3 months", direction=-1)
def income_equivalised_3m() -> pl.Expr:
    """Monthly income before assistance on the OECD-modified scale, mean of the last 3 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return mean_income(3) / oecd_scale()


@money(zh="近12月平方根等值月收入", en="Income on the square-root scale, 12 months", direction=-1)
def income_root_12m() -> pl.Expr:
    """Monthly income before assistance over the square root of the members, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return mean_income(12) / root_scale()


@money(zh="近12月等值可支配月收入", en="Equivalised disposable income, 12 months", direction=-1)
def disposable_equivalised_12m() -> pl.Expr:
    """Monthly income with assistance on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return (total(YEAR) + pl.col("_assistance")) / months_observed() / oecd_scale()


@level(
    zh="近12月人均收入与低保标准之比",
    en="Income to the DB line, 12 months",
    unit="ratio",
    low=-1,
    high=20,
    direction=-1,
)
def income_to_line_12m() -> pl.Expr:
    """Income per head of the last 12 months observed over the local minimum-living line (最低生活保障标准).

    Null where no member was ever known to the source, or the place has no line.
    """
    return to_line(12)


@level(
    zh="近3月人均收入与低保标准之比",
    en="Income to the DB line, 3 months",
    unit="ratio",
    low=-1,
    high=20,
    direction=-1,
)
def income_to_line_3m() -> pl.Expr:
    """Income per head of the last 3 months observed over the local minimum-living line.

    Null where no member was ever known to the source, or the place has no line.
    """
    return to_line(3)


@level(zh="距低保标准的缺口", en="Gap to the DB line", unit="share of the line", low=0, high=2, direction=1)
def gap_to_line_12m() -> pl.Expr:
    """How far income per head of 12 months lies below the minimum-living line, as a share of it; 0 above it.

    Null where no member was ever known to the source, or the place has no line.
    """
    return (1 - to_line(12)).clip(0, 2)


@level(zh="距低保边缘线的缺口", en="Gap to the margin line", unit="share of the line", low=0, high=2, direction=1)
def gap_to_margin_line_12m() -> pl.Expr:
    """How far income per head of 12 months lies below 1.5 times the minimum-living line, as a share of that.

    Null where no member was ever known to the source, or the place has no line.
    """
    return (1 - to_line(12) / 1.5).clip(0, 2)


def months_where(met: list[pl.Expr]) -> pl.Expr:
    """How many of the months observed meet their condition, the last reported first; null where none is known."""
    observed = months_observed()
    months = pl.sum_horizontal(((observed > back) & month).cast(pl.Int64) for back, month in enumerate(met))
    return pl.when(observed.is_not_null()).then(months)


@level(
    zh="低于低保标准的月份占比", en="Share of months below the DB line", unit="share", low=0, high=1, direction=1
)
def months_below_line_share_12m() -> pl.Expr:
    """Months observed in the last 12 with income per head below the minimum-living line, over months observed.

    Null where no member was ever known to the source, or the place has no line.
    """
    below = [pl.col(f"_m{back}") < pl.col("_line") * pl.col("_members") for back in range(YEAR)]
    return pl.when(pl.col("_line").is_not_null()).then(share(months_where(below), months_observed()))


FEATURES: Final = (
    income_per_head_12m,
    income_per_head_3m,
    income_equivalised_12m,
    income_equivalised_6m,
    income_equivalised_3m,
    income_root_12m,
    disposable_equivalised_12m,
    income_to_line_12m,
    income_to_line_3m,
    gap_to_line_12m,
    gap_to_margin_line_12m,
    months_below_line_share_12m,
)
