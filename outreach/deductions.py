"""What local rules take from the income that counts, and add to the amount of minimum living security.

Costs of working, of illness and of disability may be deducted (低保审核确认办法 Art. 13); elders, minors, severely
disabled and seriously ill people get more (分类施保, 社会救助法 Art. 20). How much of each is for the localities to
say: without a value of theirs nothing is deducted and nothing added.
"""

from typing import Final

import polars as pl

from outreach.catalogue import InForce
from outreach.conditions import figure

ADULT: Final = 18
SEVERE: Final = 2
INCOME: Final = ("pc_income", "pc_income_low", "pc_income_high")
TOP_UPS: Final = ("db_topup_elder", "db_topup_minor", "db_topup_severe", "db_topup_ill")


NOTHING: Final = {"_costs_low": 0, "_costs_high": 0, "db_top_up": 0, "db_top_up_low": 0, "db_top_up_high": 0}
"""What ``of_classes`` makes where no local rule asks for it."""


def share(rules: InForce, name: str) -> pl.Expr:
    """A local value for each row, 0 where no pack has any."""
    setting = rules.settings.get(name)
    return pl.lit(0.0) if setting is None else figure(setting).fill_null(0.0)


def is_given(rules: InForce, name: str) -> bool:
    """Whether the rules in force give a parameter a value that changes anything."""
    setting = rules.settings.get(name)
    return setting is not None and bool(setting.urban or setting.rural)


def of_classes(persons: pl.LazyFrame, rules: InForce) -> pl.LazyFrame:
    """``household_id, _costs_low, _costs_high, db_top_up`` with its bounds: minor units a month, counted members.

    Costs: own payments for care of those who are severely disabled or seriously ill, as far as the records tell;
    the upper bound is null where they do not. A member of several classes has the highest top-up.
    """
    severe = pl.col("has_certificate") & (pl.col("disability_level") <= SEVERE)
    burdened = severe | pl.col("serious_illness")
    low, high = pl.col("cost_left_low").fill_null(0), pl.col("cost_left_high")
    line = figure(rules.settings["db_std"])
    from_age = rules.settings.get("db_topup_elder_age")
    elder = pl.lit(200.0) if from_age is None else figure(from_age).fill_null(200.0)
    sure = (pl.col("age_low") >= elder, pl.col("age_high") < ADULT, severe, pl.col("serious_illness"))
    maybe = (pl.col("age_high") >= elder, pl.col("age_low") < ADULT, severe, pl.col("serious_illness"))
    tops = {
        "db_top_up": _highest(sure, rules, unknown=False) * line,
        "db_top_up_high": _highest(maybe, rules, unknown=True) * line,
    }
    return (
        persons.filter(pl.col("counted"))
        .select(
            "household_id",
            _whole(pl.when(burdened.fill_null(value=False)).then(low).otherwise(0.0)).alias("_costs_low"),
            _whole(pl.when(burdened.fill_null(value=True)).then(high).otherwise(0.0)).alias("_costs_high"),
            *(_whole(value).alias(name) for name, value in tops.items()),
        )
        .group_by("household_id")
        .agg(
            pl.col("_costs_low", *tops).sum(),
            pl.when(pl.col("_costs_high").is_not_null().all())
            .then(pl.col("_costs_high").sum())
            .alias("_costs_high"),
        )
        .with_columns(db_top_up_low="db_top_up")
    )


def _highest(classes: tuple[pl.Expr, ...], rules: InForce, *, unknown: bool) -> pl.Expr:
    """The highest share of the standard among a member's classes."""
    of = [
        pl.when(each.fill_null(unknown)).then(share(rules, name)).otherwise(0.0)
        for each, name in zip(classes, TOP_UPS, strict=True)
    ]
    return pl.max_horizontal(of)


def _whole(value: pl.Expr) -> pl.Expr:
    """Whole minor units: a sum of parts would differ with their order."""
    return value.round(0).cast(pl.Int64)


def counted_less_costs() -> list[pl.Expr]:
    """The counted income and its bounds without the costs that may be deducted, nowhere below nothing."""
    heads = pl.col("members_counted")

    def less(name: str, costs: str) -> pl.Expr:
        income = pl.col(name)
        left = (income - pl.col(costs) / heads).clip(lower_bound=0)
        return pl.when(income > 0).then(left).otherwise(income)

    return [
        less("pc_income", "_costs_low").round(0).cast(pl.Int64).alias("pc_income"),
        less("pc_income_low", "_costs_high").alias("pc_income_low"),
        less("pc_income_high", "_costs_low").alias("pc_income_high"),
    ]
