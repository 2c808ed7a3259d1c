"""Columns that read two sources: what illness, school and mishap take out of the income."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.income import mean_income
from features.medical import of_year, spent
from features.windows import YEAR, ratio, yes

MEDICAL_AND_INCOME: Final = ("medical", "enrolment", "income", "household", "member")
CATASTROPHIC: Final = 0.4
"""Out-of-pocket costs of 40 % of the capacity to pay are catastrophic (WHO)."""

burden = partial(feature, sources=MEDICAL_AND_INCOME, concept="medical_burden", low=0)


def annual_income() -> pl.Expr:
    """Income before assistance of the household for a year: twelve times the mean month observed."""
    return mean_income(YEAR) * YEAR


def capacity_to_pay() -> pl.Expr:
    """What a year's income leaves above the minimum-living line of all members."""
    return annual_income() - pl.col("_line") * pl.col("_members") * YEAR


def _load(cost: pl.Expr, means: pl.Expr, high: float) -> pl.Expr:
    """A cost over the means; the highest where there is a cost and nothing to pay it from, 0 where no cost."""
    known = cost.is_not_null() & means.is_not_null()
    over = pl.when(cost <= 0).then(0.0).when(means <= 0).then(high).otherwise((cost / means).clip(0, high))
    return pl.when(known).then(over)


@burden(zh="自付医疗费占收入比", en="Out-of-pocket over income, 12 months", unit="ratio", high=5, direction=1)
def oop_to_income_12m() -> pl.Expr:
    """Out-of-pocket medical costs of 12 months over the year's income (trigger EV-MED4 at 0.25 and 0.40).

    5 where there are costs and no income. Null where the medical or the income source knows no member.
    """
    return _load(spent(), annual_income(), 5)


@burden(zh="自付医疗费占支付能力比", en="Out-of-pocket over capacity to pay", unit="ratio", high=5, direction=1)
def oop_to_capacity_12m() -> pl.Expr:
    """Out-of-pocket costs of 12 months over what the year's income leaves above the minimum-living line.

    5 where there are costs and nothing is left. Null where a source knows no member, or the place has no line.
    """
    return _load(spent(), capacity_to_pay(), 5)


@burden(zh="灾难性卫生支出（WHO 40%）", en="Catastrophic spending, WHO-40", unit="0/1", high=1, direction=1)
def has_catastrophic_who40() -> pl.Expr:
    """1 where out-of-pocket costs of 12 months reach 40 % of the capacity to pay (WHO), else 0.

    Null where a source knows no member, or the place has no line.
    """
    return yes(_load(spent(), capacity_to_pay(), 5) >= CATASTROPHIC)


@burden(
    zh="单次住院自付与月收入比", en="Largest admission over a month's income", unit="ratio", high=60, direction=1
)
def largest_admission_to_income() -> pl.Expr:
    """Out-of-pocket costs of the dearest admission of 12 months over the mean month's income (EV-MED5 at 3).

    60 where there are costs and no income, 0 without an admission. Null where a source knows no member, or no
    admission tells its amount.
    """
    admissions = of_year("_admissions")
    dearest = pl.when(admissions == 0).then(0).when(admissions > 0).then("_oop_largest")
    return _load(dearest, mean_income(YEAR), 60)


@burden(
    zh="扣除自付后收入与低保标准比",
    en="Income after out-of-pocket to the DB line",
    unit="ratio",
    low=-5,
    high=20,
    direction=-1,
)
def income_after_oop_to_line_12m() -> pl.Expr:
    """The year's income less out-of-pocket costs, per head, over the minimum-living line.

    Null where a source knows no member, or the place has no line.
    """
    left = annual_income() - spent()
    return ratio(left, pl.col("_line") * pl.col("_members") * YEAR, -5, 20)


@feature(
    zh="事件损失占收入比",
    en="Loss by events over income",
    sources=("event", "income", "household", "member"),
    unit="ratio",
    concept="events",
    low=0,
    high=5,
    direction=1,
)
def event_loss_to_income_12m() -> pl.Expr:
    """Losses by life events of 12 months over the year's income; 5 where there are losses and no income.

    Null without an event source, or where the income source knows no member.
    """
    return _load(pl.col("_event_loss"), annual_income(), 5)


@feature(
    zh="学费占收入比",
    en="School fees over income",
    sources=("schooling", "income", "household", "member"),
    unit="ratio",
    concept="schooling",
    low=0,
    high=5,
    direction=1,
)
def school_fees_to_income() -> pl.Expr:
    """School fees net of aid of this school year over the year's income; 5 where there are fees and no income.

    Null without a school source, or where the income source knows no member.
    """
    return _load(pl.col("_fees"), annual_income(), 5)


@feature(
    zh="补助占收入比",
    en="Benefits over income",
    sources=("benefit", "income", "household", "member"),
    unit="ratio",
    concept="support",
    low=0,
    high=5,
    direction=1,
)
def benefits_to_income_12m() -> pl.Expr:
    """Benefits paid in 12 months over the year's income before assistance; 5 where there is no income.

    Null where the register has not reported, or the income source knows no member.
    """
    return _load(pl.col("_benefit_amount"), annual_income(), 5)


@feature(
    zh="无业且无收入",
    en="Neither work nor income",
    sources=("employment", "income", "household", "member"),
    unit="0/1",
    concept="work_loss",
    low=0,
    high=1,
    direction=1,
)
def is_without_work_and_income() -> pl.Expr:
    """1 where somebody is of 16 to 59, nobody works, and the last 3 reported months hold no income, else 0.

    Null where the employment or the income source knows no member.
    """
    idle = (pl.col("_workers") == 0) & (pl.col("_working_age") > 0)
    known = pl.col("_workers").is_not_null() & mean_income(3).is_not_null()
    return yes(pl.when(known).then(idle & (mean_income(3) <= 0)))


FEATURES: Final = (
    oop_to_income_12m,
    oop_to_capacity_12m,
    has_catastrophic_who40,
    largest_admission_to_income,
    income_after_oop_to_line_12m,
    event_loss_to_income_12m,
    school_fees_to_income,
    benefits_to_income_12m,
    is_without_work_and_income,
)
