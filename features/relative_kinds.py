"""Columns about each kind of income against the median of all income (``neighbourhood`` adds them).

A share of the household's own income says the same of a poor household and of a rich one, and rises where another
kind is lost. Against the median of everybody's income, less of a kind is never more.
"""

from functools import partial
from typing import Final

import polars as pl

from features.relative import relative, to_median

kind = partial(relative, concept="income_mix", unit="share of the median income", direction=-1)


def _of_kind(name: str) -> pl.Expr:
    return to_median(f"{name}_equivalised_12m", "income_equivalised_12m")


@kind(zh="工资收入（按家庭人口折算）", en="Wages, by size of household")
def wage_to_median_12m() -> pl.Expr:
    """Wages of 12 months, equivalised, over the median equivalised income of the area kind.

    Null where the income source knows no member.
    """
    return _of_kind("wage")


@kind(zh="经营净收入（按家庭人口折算）", en="Net business income, by size of household")
def business_to_median_12m() -> pl.Expr:
    """Net business income of 12 months, equivalised, over the median equivalised income of the area kind.

    Null where the income source knows no member.
    """
    return _of_kind("business")


@kind(zh="农业收入（按家庭人口折算）", en="Farm income, by size of household")
def farm_to_median_12m() -> pl.Expr:
    """Farm income of 12 months, equivalised, over the median equivalised income of the area kind.

    Null where the income source knows no member.
    """
    return _of_kind("farm")


@kind(zh="平台收入（按家庭人口折算）", en="Income from platform work, by size of household")
def platform_to_median_12m() -> pl.Expr:
    """Income from platform work of 12 months, equivalised, over the median equivalised income of the area kind.

    Null where the income source knows no member.
    """
    return _of_kind("platform")


@kind(zh="财产性收入（按家庭人口折算）", en="Property income, by size of household")
def property_to_median_12m() -> pl.Expr:
    """Property income of 12 months, equivalised, over the median equivalised income of the area kind.

    Null where the income source knows no member.
    """
    return _of_kind("property")


@kind(zh="养老金收入（按家庭人口折算）", en="Pensions, by size of household")
def pension_to_median_12m() -> pl.Expr:
    """Pensions of 12 months, equivalised, over the median equivalised income of the area kind.

    Null where the income source knows no member.
    """
    return _of_kind("pension")


@kind(zh="失业金收入（按家庭人口折算）", en="Unemployment benefit, by size of household")
def unemployment_benefit_to_median_12m() -> pl.Expr:
    """Unemployment benefit of 12 months, equivalised, over the median equivalised income of the area kind.

    Null where the income source knows no member.
    """
    return _of_kind("unemployment_benefit")


@kind(zh="赡养抚养收入（按家庭人口折算）", en="Support from kin, by size of household")
def kin_support_to_median_12m() -> pl.Expr:
    """Support from people elsewhere, 12 months, equivalised, over the median equivalised income of the area kind.

    Null where the income source knows no member.
    """
    return _of_kind("kin_support")


@kind(zh="其他转移收入（按家庭人口折算）", en="Other transfers, by size of household")
def other_transfer_to_median_12m() -> pl.Expr:
    """Other transfers received of 12 months, equivalised, over the median equivalised income of the area kind.

    Null where the income source knows no member.
    """
    return _of_kind("other_transfer")


FEATURES: Final = (
    wage_to_median_12m,
    business_to_median_12m,
    farm_to_median_12m,
    platform_to_median_12m,
    property_to_median_12m,
    pension_to_median_12m,
    unemployment_benefit_to_median_12m,
    kin_support_to_median_12m,
    other_transfer_to_median_12m,
)
