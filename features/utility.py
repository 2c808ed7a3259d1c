"""Columns about electricity, water and gas: arrears and a fall in use (permitted auxiliaries, 办法 Art. 17)."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.windows import YEAR, Roster, month_number, owned, within, yes

UTILITY: Final = ("utility", "household", "member")


def measures(roster: Roster) -> pl.LazyFrame:
    """One row per household known to the source: arrears, and electricity in recent and earlier months."""
    age = pl.col("_age")
    rows = owned(roster, "utility").select(
        "household_id",
        "arrears_months",
        pl.col("kind").cast(pl.String),
        _age=pl.col("_last") - month_number(pl.col("month")),
        _thousandths=(pl.col("quantity") * 1_000).round().cast(pl.Int64),
    )
    power = (pl.col("kind") == "electricity") & pl.col("_thousandths").is_not_null()
    recent = power & within(age, 3)
    before = power & within(age, YEAR) & (age >= 3)
    return rows.group_by("household_id").agg(
        pl.col("arrears_months").filter(within(age, 3)).max().alias("_arrears"),
        pl.col("_thousandths").filter(recent).sum().alias("_power_recent"),
        recent.sum().cast(pl.Int64).alias("_power_recent_months"),
        pl.col("_thousandths").filter(before).sum().alias("_power_before"),
        before.sum().cast(pl.Int64).alias("_power_before_months"),
    )


column = partial(feature, sources=UTILITY, concept="arrears")


@column(zh="近3月欠费月数", en="Months in arrears, 3 months", unit="months", low=0, high=120, direction=1)
def arrears_months_3m() -> pl.Expr:
    """The most months in arrears with any utility in the last 3 reported months. Null where none is recorded."""
    return pl.col("_arrears").clip(0, 120)


@column(zh="水电气欠费两月以上", en="In arrears by two months", unit="0/1", low=0, high=1, direction=1)
def has_arrears() -> pl.Expr:
    """1 where a utility is two months or more in arrears in the last 3 reported months (trigger EV-UTIL), else 0.

    Null where none is recorded.
    """
    return yes(pl.col("_arrears") >= 2)


@column(zh="近3月用电降幅", en="Fall of electricity use, 3 months", unit="share", low=-1, high=1)
def electricity_drop_3m() -> pl.Expr:
    """How far electricity per recorded month of the last 3 lies below that of the 9 before, as a share of it.

    Negative for a rise. Null where either has no recorded month, or nothing was used before.
    """
    before = pl.col("_power_before") / pl.col("_power_before_months")
    recent = pl.col("_power_recent") / pl.col("_power_recent_months")
    recorded = (pl.col("_power_recent_months") > 0) & (pl.col("_power_before") > 0)
    return pl.when(recorded).then((1 - recent / before).clip(-1, 1))


FEATURES: Final = (arrears_months_3m, has_arrears, electricity_drop_3m)
