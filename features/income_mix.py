"""Columns about where the income comes from: its kinds, the people who bring it in, and how it was recorded."""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.household import oecd_scale
from features.income import INCOME, LABOUR, mean_of_year, money, months_observed
from features.windows import YEAR, share, yes

mix = partial(
    feature,
    sources=INCOME,
    concept="income_mix",
    unit="share",
    low=0,
    high=1,
    no_direction="where a kind of income is lost the shares of what is left rise, and without any all are null",
)
people = partial(feature, sources=INCOME, concept="earners")
kind = partial(money, concept="income_mix", direction=-1)


def _of_kind(name: str) -> pl.Expr:
    return mean_of_year(f"_{name}") / oecd_scale()


@mix(zh="救助金占可支配收入比", en="Assistance over disposable income")
def assistance_share_12m() -> pl.Expr:
    """Social assistance over it and all other positive income, last 12 months.

    Null where neither is recorded.
    """
    return share(pl.col("_assistance"), pl.col("_gross") + pl.col("_assistance"))


@mix(zh="转移支出占比", en="Transfers and taxes paid")
def paid_share_12m() -> pl.Expr:
    """Transfers and taxes paid over all positive income before assistance, last 12 months.

    Null where no positive income is recorded.
    """
    return share(-pl.col("_paid"), pl.col("_gross"))


@mix(zh="申报或推算收入占比", en="Share declared or imputed")
def unregistered_share_12m() -> pl.Expr:
    """Positive income that was declared or imputed and not registered, over all positive income, last 12 months.

    Null where no positive income is recorded.
    """
    return share(pl.col("_unregistered"), pl.col("_gross"))


@people(zh="收入来源种数", en="Kinds of income", unit="kinds", low=0, high=9, direction=-1)
def income_kinds_12m() -> pl.Expr:
    """Number of kinds of income before assistance with a positive sum in the last 12 months.

    Null where no member was ever known to the source.
    """
    kinds = (*LABOUR, "property", "transfer_pension", "transfer_unemployment", "transfer_support", "transfer_other")
    number = pl.sum_horizontal((pl.col(f"_{kind}") > 0).cast(pl.Int64) for kind in kinds)
    return pl.when(months_observed().is_not_null()).then(number)


@people(zh="有劳动收入人数", en="Earners", unit="persons", low=0, high=60, direction=-1)
def earners_12m() -> pl.Expr:
    """Members with labour income in the last 12 months.

    Null where no member was ever known to the source: nobody registered is not nobody earning.
    """
    return pl.when(months_observed().is_not_null()).then(pl.col("_earners"))


@people(zh="有劳动收入人口占比", en="Earners per member", unit="share", low=0, high=1, direction=-1)
def earners_share_12m() -> pl.Expr:
    """Members with labour income in the last 12 months, over all members.

    Null where no member was ever known to the source.
    """
    return pl.when(months_observed().is_not_null()).then(share(pl.col("_earners"), pl.col("_members")))


@people(
    zh="最大收入者占劳动收入比",
    en="Share of the largest earner",
    unit="share",
    low=0,
    high=1,
    no_direction="the loss of the smaller income raises it, and of the only one makes it null",
)
def largest_earner_share_12m() -> pl.Expr:
    """Labour income of the member with the largest, over that of all members, last 12 months.

    Null where nobody has any: there is no largest among none.
    """
    return share(pl.col("_labour_largest"), pl.col("_labour_of_persons"))


@people(zh="户主有劳动收入", en="Head earns", unit="0/1", low=0, high=1, direction=-1)
def head_earns_12m() -> pl.Expr:
    """1 where the head has labour income in the last 12 months, else 0.

    Null where there is no head or the source never knew the head.
    """
    known = months_observed(YEAR, "_first_ago_head").is_not_null()
    return yes(pl.when(known).then(pl.col("_labour_head") > 0))


@people(
    zh="户主占劳动收入比",
    en="Share of the head in labour income",
    unit="share",
    low=0,
    high=1,
    no_direction="the loss of the smaller income raises it, and of the only one makes it null",
)
def head_labour_share_12m() -> pl.Expr:
    """Labour income of the head over that of all members, last 12 months.

    Null where nobody has any.
    """
    return share(pl.col("_labour_head"), pl.col("_labour_of_persons"))


@people(zh="领养老金老人占比", en="Share of elders with a pension", unit="share", low=0, high=1)
def elders_with_pension_share_12m() -> pl.Expr:
    """Members of 60 and more with pension income in the last 12 months, over all of 60 and more.

    Null where there is no elder, or no member was ever known to the source.
    """
    return pl.when(months_observed().is_not_null()).then(share(pl.col("_elder_pensioners"), pl.col("_elders")))


@people(zh="有收入记录成年人占比", en="Share of adults with an income record", unit="share", low=0, high=1)
def adults_known_share() -> pl.Expr:
    """Members of 18 and more with any income record ever, over all of 18 and more: how much the source knows.

    Null where there is no adult, or no member was ever known to the source.
    """
    return pl.when(months_observed().is_not_null()).then(share(pl.col("_adults_known"), pl.col("_adults")))


@people(zh="有记录月数", en="Months of income observed", unit="months", low=1, high=12)
def income_months_observed() -> pl.Expr:
    """Months since the first known income record, at most 12.

    Null where no member was ever known to the source.
    """
    return months_observed()


@money(zh="近12月户主劳动月收入", en="Head's labour income, 12 months")
def head_labour_income_12m() -> pl.Expr:
    """Monthly labour income of the head, mean of the months since the source first knew the head (12 at most).

    Null where there is no head or the source never knew the head.
    """
    return pl.col("_labour_head") / months_observed(YEAR, "_first_ago_head")


@money(zh="近12月每名就业者劳动月收入", en="Labour income per earner, 12 months")
def labour_income_per_earner_12m() -> pl.Expr:
    """Monthly labour income for each member with any in the last 12 months observed.

    Null where nobody earned or no member was ever known to the source.
    """
    return pl.when(pl.col("_earners") > 0).then(mean_of_year("_labour_of_persons") / pl.col("_earners"))


@money(zh="近12月成年人均劳动月收入", en="Labour income per adult, 12 months", direction=-1)
def labour_income_per_adult_12m() -> pl.Expr:
    """Monthly labour income for each member of 18 and more, mean of the last 12 months observed.

    Null where there is no adult or no member was ever known to the source.
    """
    return pl.when(pl.col("_adults") > 0).then(mean_of_year("_labour") / pl.col("_adults"))


@kind(zh="工资收入（等值月额）", en="Wages, equivalised")
def wage_equivalised_12m() -> pl.Expr:
    """Wages a month on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return _of_kind("wage")


@kind(zh="经营净收入（等值月额）", en="Net business income, equivalised")
def business_equivalised_12m() -> pl.Expr:
    """Net business income a month on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return _of_kind("business")


@kind(zh="农业收入（等值月额）", en="Farm income, equivalised")
def farm_equivalised_12m() -> pl.Expr:
    """Farm income a month on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return _of_kind("farm")


@kind(zh="平台收入（等值月额）", en="Income from platform work, equivalised")
def platform_equivalised_12m() -> pl.Expr:
    """Income from platform work a month on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return _of_kind("platform")


@kind(zh="财产性收入（等值月额）", en="Property income, equivalised")
def property_equivalised_12m() -> pl.Expr:
    """Property income a month on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return _of_kind("property")


@kind(zh="养老金收入（等值月额）", en="Pensions, equivalised")
def pension_equivalised_12m() -> pl.Expr:
    """Pensions a month on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return _of_kind("transfer_pension")


@kind(zh="失业金收入（等值月额）", en="Unemployment benefit, equivalised")
def unemployment_benefit_equivalised_12m() -> pl.Expr:
    """Unemployment benefit a month on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return _of_kind("transfer_unemployment")


@kind(zh="赡养抚养收入（等值月额）", en="Support from kin, equivalised")
def kin_support_equivalised_12m() -> pl.Expr:
    """Support from people elsewhere a month on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return _of_kind("transfer_support")


@kind(zh="其他转移收入（等值月额）", en="Other transfers, equivalised")
def other_transfer_equivalised_12m() -> pl.Expr:
    """Other transfers received a month on the OECD-modified scale, mean of the last 12 months observed.

    Null where no member was ever known to the source: unregistered is not zero.
    """
    return _of_kind("transfer_other")


FEATURES: Final = (
    assistance_share_12m,
    paid_share_12m,
    unregistered_share_12m,
    income_kinds_12m,
    earners_12m,
    earners_share_12m,
    largest_earner_share_12m,
    head_earns_12m,
    head_labour_share_12m,
    elders_with_pension_share_12m,
    adults_known_share,
    income_months_observed,
    head_labour_income_12m,
    labour_income_per_earner_12m,
    labour_income_per_adult_12m,
    wage_equivalised_12m,
    business_equivalised_12m,
    farm_equivalised_12m,
    platform_equivalised_12m,
    property_equivalised_12m,
    pension_equivalised_12m,
    unemployment_benefit_equivalised_12m,
    kin_support_equivalised_12m,
    other_transfer_equivalised_12m,
)
