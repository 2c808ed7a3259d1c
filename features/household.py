"""Columns about who lives in the household: composition, education, marital status."""

from datetime import date
from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.windows import Roster, ratio, share, yes

SCHOOLING_YEARS: Final = {10: 19, 20: 16, 30: 15, 40: 12, 60: 12, 70: 9, 80: 6, 90: 0}
"""Years of schooling by GB/T 4658 code (nine years are compulsory: 义务教育法)."""

ADULT: Final = 18
WORKING_AGE: Final = (16, 59)
ELDER: Final = 60
OECD_ADULT: Final = 14
"""A person of 14 and more counts as an adult in the OECD-modified scale."""

MEMBER: Final = ("household", "member")


def measures(roster: Roster) -> pl.LazyFrame:
    """One row per household: counts of its members by age, kin and schooling."""
    return (
        roster.members.lazy()
        .with_columns(
            _years=pl.col("education").replace_strict(SCHOOLING_YEARS, default=None, return_dtype=pl.Int64)
        )
        .group_by("household_id")
        .agg(*_counts(), *_head(), *_schooling(), *_changes(roster.as_of))
    )


def _counts() -> list[pl.Expr]:
    age = pl.col("age")
    here = pl.col("present")

    def number(condition: pl.Expr) -> pl.Expr:
        return (here & condition).sum().cast(pl.Int64)

    return [
        here.sum().cast(pl.Int64).alias("_members"),
        number(age < 6).alias("_under_6"),
        number(age.is_between(6, 13)).alias("_6_to_13"),
        number(age.is_between(14, 17)).alias("_14_to_17"),
        number(age.is_between(18, 24)).alias("_18_to_24"),
        number(age.is_between(25, ELDER - 1)).alias("_25_to_59"),
        number(age < WORKING_AGE[0]).alias("_children"),
        number(age < ADULT).alias("_minors"),
        number(age.is_between(*WORKING_AGE)).alias("_working_age"),
        number(age.is_between(ADULT, ELDER - 1)).alias("_adults_below_60"),
        number(age >= ELDER).alias("_elders"),
        number(age >= 80).alias("_over_80"),
        number(age >= ADULT).alias("_adults"),
        number(age >= OECD_ADULT).alias("_oecd_adults"),
        age.filter(here).max().cast(pl.Int64).alias("_age_oldest"),
        age.filter(here).min().cast(pl.Int64).alias("_age_youngest"),
        number(pl.col("is_migrant").fill_null(False)).alias("_migrants"),
        number(pl.col("is_migrant").is_not_null()).alias("_migrant_known"),
        age.filter(here & (age >= ADULT)).sum().cast(pl.Int64).alias("_adult_ages"),
    ]


def _head() -> list[pl.Expr]:
    head = pl.col("present") & (pl.col("relation") == "head")
    return [
        pl.col("age").filter(head).max().cast(pl.Int64).alias("_age_head"),
        pl.col("marital").filter(head).max().alias("_marital_head"),
        pl.col("_years").filter(head).max().alias("_schooling_head"),
    ]


def _schooling() -> list[pl.Expr]:
    adult = pl.col("present") & (pl.col("age") >= ADULT)
    years = pl.col("_years").filter(adult)
    return [
        years.max().alias("_schooling_max"),
        years.sum().alias("_schooling_sum"),
        years.count().cast(pl.Int64).alias("_schooling_known"),
        (years < 9).sum().cast(pl.Int64).alias("_schooling_low"),
        (years >= 12).sum().cast(pl.Int64).alias("_schooling_senior"),
    ]


def _changes(as_of: date) -> list[pl.Expr]:
    year_ago = pl.lit(as_of).dt.offset_by("-12mo")
    joined = pl.col("present") & (pl.col("valid_from") > year_ago)
    left = ~pl.col("present") & (pl.col("gone_on") > year_ago)
    return [
        joined.sum().cast(pl.Int64).alias("_joined"),
        left.fill_null(False).sum().cast(pl.Int64).alias("_left"),
    ]


def oecd_scale() -> pl.Expr:
    """OECD-modified scale: 1 for the first adult (14+), 0.5 for each other, 0.3 for each child."""
    adults = pl.col("_oecd_adults")
    children = pl.col("_members") - adults
    tenths = pl.when(adults > 0).then(10 + 5 * (adults - 1) + 3 * children).otherwise(10 + 3 * (children - 1))
    return tenths / 10


def root_scale() -> pl.Expr:
    """Square-root scale."""
    return pl.col("_members").sqrt()


composition = partial(feature, sources=MEMBER, concept="composition")
dependants = partial(feature, sources=MEMBER, concept="dependants", low=0)
ageing = partial(feature, sources=MEMBER, concept="elders", low=0)
education = partial(feature, sources=MEMBER, concept="education", low=0)


@composition(zh="家庭人口数", en="Members", unit="persons", low=1, high=100)
def household_size() -> pl.Expr:
    """Living members on the day. Never null: a household without members has no row."""
    return pl.col("_members")


@composition(zh="等值人口数", en="Equivalent adults", unit="adults", low=1, high=60)
def equivalent_adults() -> pl.Expr:
    """Members on the OECD-modified scale (1, 0.5, 0.3; adults are 14 and more). Never null."""
    return oecd_scale()


@dependants(zh="未成年子女数", en="Children under 16", unit="persons", high=60)
def children() -> pl.Expr:
    """Members under 16. Never null: every member has a birth date or a reported age."""
    return pl.col("_children")


@dependants(zh="六岁以下儿童数", en="Children under 6", unit="persons", high=30)
def children_under_6() -> pl.Expr:
    """Members under 6, who need somebody at home. Never null."""
    return pl.col("_under_6")


@dependants(zh="6至13岁人数", en="Members of 6 to 13", unit="persons", high=60)
def members_6_to_13() -> pl.Expr:
    """Members of 6 to 13: at primary or junior school, and below the adults of the OECD scale. Never null."""
    return pl.col("_6_to_13")


@dependants(zh="14至17岁人数", en="Members of 14 to 17", unit="persons", high=60)
def members_14_to_17() -> pl.Expr:
    """Members of 14 to 17: about to finish compulsory school, who cost as much as adults. Never null."""
    return pl.col("_14_to_17")


@composition(zh="18至24岁人数", en="Members of 18 to 24", unit="persons", low=0, high=60)
def members_18_to_24() -> pl.Expr:
    """Members of 18 to 24: in training, or at the start of work, when work is least certain. Never null."""
    return pl.col("_18_to_24")


@composition(zh="25至59岁人数", en="Members of 25 to 59", unit="persons", low=0, high=60)
def members_25_to_59() -> pl.Expr:
    """Members of 25 to 59: the years in which most earn for the others. Never null."""
    return pl.col("_25_to_59")


@ageing(zh="老年人数", en="Elders of 60 and more", unit="persons", high=60)
def elders() -> pl.Expr:
    """Members of 60 and more (老年人权益保障法 Art. 2). Never null."""
    return pl.col("_elders")


@ageing(zh="八十岁以上人数", en="Members of 80 and more", unit="persons", high=30)
def members_80_plus() -> pl.Expr:
    """Members of 80 and more, the age of the old-age allowance. Never null."""
    return pl.col("_over_80")


@dependants(zh="劳动年龄人口占比", en="Share of members of working age", unit="share", high=1)
def working_age_share() -> pl.Expr:
    """Members of 16 to 59 over all members. Never null."""
    return share(pl.col("_working_age"), pl.col("_members"))


@dependants(zh="每名劳动年龄成员负担人数", en="Dependants per member of working age", unit="persons", high=20)
def dependants_per_working_age() -> pl.Expr:
    """Members under 16 or of 60 and more, for each of 16 to 59. Null where nobody is of working age: no ratio."""
    return ratio(pl.col("_members") - pl.col("_working_age"), pl.col("_working_age"), 0, 20)


@ageing(zh="独居老人", en="Lone elder", unit="0/1", high=1)
def is_lone_elder() -> pl.Expr:
    """1 where the only member is 60 or more, else 0. Never null."""
    return yes((pl.col("_members") == 1) & (pl.col("_elders") == 1))


@ageing(zh="全为老人", en="Elders only", unit="0/1", high=1)
def is_elders_only() -> pl.Expr:
    """1 where every member is 60 or more, else 0. Never null."""
    return yes(pl.col("_elders") == pl.col("_members"))


@dependants(zh="单亲家庭", en="Single parent", unit="0/1", high=1)
def is_single_parent() -> pl.Expr:
    """1 where exactly one adult (18+) lives with at least one minor, else 0. Never null."""
    return yes((pl.col("_adults") == 1) & (pl.col("_minors") > 0))


@dependants(zh="隔代家庭", en="Skip-generation household", unit="0/1", high=1)
def is_skip_generation() -> pl.Expr:
    """1 where minors live with members of 60 and more and with nobody of 18 to 59, else 0. Never null."""
    return yes((pl.col("_minors") > 0) & (pl.col("_elders") > 0) & (pl.col("_adults_below_60") == 0))


@composition(zh="户主年龄", en="Age of the head", unit="years", high=130, low=0)
def head_age() -> pl.Expr:
    """Age of the head in completed years. Null where no member is recorded as head."""
    return pl.col("_age_head")


@ageing(zh="最年长成员年龄", en="Age of the oldest", unit="years", high=130)
def oldest_age() -> pl.Expr:
    """Age of the oldest member in completed years. Never null."""
    return pl.col("_age_oldest")


@dependants(zh="最年幼成员年龄", en="Age of the youngest", unit="years", high=130)
def youngest_age() -> pl.Expr:
    """Age of the youngest member in completed years. Never null."""
    return pl.col("_age_youngest")


@composition(zh="成年人平均年龄", en="Mean age of adults", unit="years", low=18, high=130)
def adult_age_mean() -> pl.Expr:
    """Mean age of the members of 18 and more. Null where there is none."""
    return ratio(pl.col("_adult_ages"), pl.col("_adults"), 18, 130)


def _marital_is(*codes: int) -> pl.Expr:
    code = pl.col("_marital_head")
    return yes(pl.when(code != 90).then(code.is_in(codes)))


@composition(zh="户主有配偶", en="Head has a partner", unit="0/1", high=1, low=0)
def head_has_partner() -> pl.Expr:
    """1 where the head is married (GB/T 2261.2 codes 20 to 23), else 0. Null where the status is not recorded."""
    return _marital_is(20, 21, 22, 23)


@composition(zh="户主丧偶", en="Head is widowed", unit="0/1", high=1, low=0)
def head_is_widowed() -> pl.Expr:
    """1 where the head is widowed (code 30), else 0. Null where the status is not recorded."""
    return _marital_is(30)


@composition(zh="户主离异", en="Head is divorced", unit="0/1", high=1, low=0)
def head_is_divorced() -> pl.Expr:
    """1 where the head is divorced (code 40), else 0. Null where the status is not recorded."""
    return _marital_is(40)


@composition(zh="户主未婚", en="Head never married", unit="0/1", high=1, low=0)
def head_never_married() -> pl.Expr:
    """1 where the head never married (code 10), else 0. Null where the status is not recorded."""
    return _marital_is(10)


@composition(zh="流动人口占比", en="Share of migrants", unit="share", high=1, low=0)
def migrant_share() -> pl.Expr:
    """Members recorded as migrants over those of whom it is recorded. Null where it is recorded of nobody."""
    return share(pl.col("_migrants"), pl.col("_migrant_known"))


def _where_old_enough(count: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("_history_12m")).then(count)


@composition(zh="近一年新增成员", en="Members who joined in 12 months", unit="persons", high=100, low=0)
def members_joined_12m() -> pl.Expr:
    """Members whose membership began in the last 12 months. Null where the household's own record is younger."""
    return _where_old_enough(pl.col("_joined"))


@composition(zh="近一年减少成员", en="Members who left or died in 12 months", unit="persons", high=100, low=0)
def members_left_12m() -> pl.Expr:
    """Members who left or died in the last 12 months. Null where the household's own record is younger."""
    return _where_old_enough(pl.col("_left"))


@education(zh="户主受教育年限", en="Schooling of the head", unit="years", high=19)
def head_schooling_years() -> pl.Expr:
    """Years of schooling of the head. Null where there is no head or the education is not recorded."""
    return pl.col("_schooling_head")


@education(zh="成年人最高受教育年限", en="Longest schooling of an adult", unit="years", high=19)
def adult_schooling_years_max() -> pl.Expr:
    """The most years of schooling of any member of 18 and more. Null where it is recorded of nobody."""
    return pl.col("_schooling_max")


@education(zh="成年人平均受教育年限", en="Mean schooling of adults", unit="years", high=19)
def adult_schooling_years_mean() -> pl.Expr:
    """Mean years of schooling over members of 18 and more of whom it is recorded. Null where of nobody."""
    return ratio(pl.col("_schooling_sum"), pl.col("_schooling_known"), 0, 19)


@education(zh="未完成义务教育成年人占比", en="Share of adults below junior school", unit="share", high=1)
def adults_below_junior_share() -> pl.Expr:
    """Adults with fewer than nine years of schooling over those of whom it is recorded. Null where of nobody."""
    return share(pl.col("_schooling_low"), pl.col("_schooling_known"))


@education(zh="高中及以上成年人占比", en="Share of adults with senior school", unit="share", high=1)
def adults_senior_share() -> pl.Expr:
    """Adults with twelve years of schooling or more over those of whom it is recorded. Null where of nobody."""
    return share(pl.col("_schooling_senior"), pl.col("_schooling_known"))


FEATURES: Final = (
    household_size,
    equivalent_adults,
    children,
    children_under_6,
    members_6_to_13,
    members_14_to_17,
    members_18_to_24,
    members_25_to_59,
    elders,
    members_80_plus,
    working_age_share,
    dependants_per_working_age,
    is_lone_elder,
    is_elders_only,
    is_single_parent,
    is_skip_generation,
    head_age,
    oldest_age,
    youngest_age,
    adult_age_mean,
    head_has_partner,
    head_is_widowed,
    head_is_divorced,
    head_never_married,
    migrant_share,
    members_joined_12m,
    members_left_12m,
    head_schooling_years,
    adult_schooling_years_max,
    adult_schooling_years_mean,
    adults_below_junior_share,
    adults_senior_share,
)
