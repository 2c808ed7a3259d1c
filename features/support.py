"""Columns about support: benefits in payment, those that ended or were refused, and insurance.

The benefit register is complete by its nature, so a household that it does not hold has none: its columns are zero
where the register has reported for the area, and null where it has not. *In payment* means in the last reported
month or later. The same holds for enrolment, which is dated by its period.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.windows import YEAR, Roster, for_everybody, last_months, month_number, owned, share, within, yes

BENEFIT: Final = ("benefit", "household", "member")
ENROLMENT: Final = ("enrolment", "household", "member")
MEANS_TESTED: Final = ("DB", "TK", "BY", "GX")
FAMILIES: Final = {
    "db": ["DB"],
    "tk": ["TK"],
    "margin": ["BY", "GX"],
    "disability_benefit": ["CJ-S", "CJ-H"],
    "child_benefit": ["GE", "SW"],
    "old_age": ["GL"],
    "housing": ["ZF"],
    "education_aid": ["JYJ"],
    "unemployment": ["SY"],
}
"""Programme codes by family: minimum living, destitute, margin and rigid expenditure, disability, children, …"""


def benefit_measures(roster: Roster) -> pl.LazyFrame:
    """One row per household: programmes in payment by family, exits, refusals and relief in twelve months."""
    paid = pl.col("status") == "in_payment"
    age = pl.col("_age")
    rows = owned(roster, "benefit").select(
        "household_id",
        "programme",
        "amount",
        "status",
        _age=pl.col("_last") - month_number(pl.col("month")),
    )
    by_programme = rows.group_by("household_id", "programme").agg(
        age.filter(paid).min().cast(pl.Int64).alias("_paid_ago"),
        age.filter(pl.col("status") == "refused").min().cast(pl.Int64).alias("_refused_ago"),
        (paid & within(age, YEAR)).sum().cast(pl.Int64).alias("_months"),
        pl.col("amount").filter(paid & within(age, YEAR)).sum(),
    )
    now = pl.col("_paid_ago") <= 0
    tested = pl.col("programme").is_in(MEANS_TESTED)
    ended = (pl.col("_paid_ago") >= 1) & (pl.col("_paid_ago") < YEAR)
    refused = within(pl.col("_refused_ago"), YEAR)
    per_household = by_programme.group_by("household_id").agg(
        *(
            (now & pl.col("programme").is_in(codes)).sum().cast(pl.Int64).alias(f"_{family}_paid")
            for family, codes in FAMILIES.items()
        ),
        now.sum().cast(pl.Int64).alias("_programmes"),
        (ended & tested).sum().cast(pl.Int64).alias("_exits"),
        pl.col("_paid_ago").filter(ended & tested).min().alias("_exit_ago"),
        (ended & (pl.col("programme") == "SY")).sum().cast(pl.Int64).alias("_benefit_ran_out"),
        refused.sum().cast(pl.Int64).alias("_refusals"),
        pl.col("_refused_ago").filter(refused).min(),
        pl.col("_months").filter(tested).max().alias("_months_supported"),
        pl.col("_months").filter(pl.col("programme").str.starts_with("LS")).sum().alias("_relief"),
        pl.col("amount").sum().alias("_benefit_amount"),
    )
    reported = last_months(roster, "benefit").lazy().select("household_id", _reported=pl.col("_last").is_not_null())
    counts = for_everybody(roster, per_household).join(reported, on="household_id")
    names = [name for name in counts.collect_schema().names() if name not in ("household_id", "_reported")]
    return counts.select("household_id", *(pl.when("_reported").then(name).alias(name) for name in names))


def enrolment_measures(roster: Roster) -> pl.LazyFrame:
    """One row per household: members insured, by scheme, on the day, and those whose insurance lapsed."""
    day = pl.lit(roster.as_of)
    scheme = pl.col("scheme").cast(pl.String)
    rows = owned(roster, "enrolment", "age").select(
        "household_id",
        "person_id",
        "age",
        scheme,
        _active=(pl.col("start") <= day) & (pl.col("end").is_null() | (pl.col("end") >= day)),
        _lapsed=(pl.col("end") < day) & (pl.col("end") >= day.dt.offset_by("-12mo")),
    )
    health = pl.col("scheme").str.starts_with("medical")
    active = pl.col("_active")
    by_person = rows.group_by("household_id", "person_id").agg(
        health.any().alias("_health_ever"),
        (active & health).any().alias("_health"),
        (active & (pl.col("scheme") == "medical_employee")).any().alias("_health_employee"),
        (active & (pl.col("scheme") == "medical_private")).any().alias("_health_private"),
        (active & ~health).any().alias("_pension"),
        (pl.col("_lapsed") & health).any().alias("_lapsed"),
        pl.col("age").first() >= 16,
    )
    per_household = by_person.group_by("household_id").agg(
        *(
            pl.col(name).sum().cast(pl.Int64)
            for name in ("_health_ever", "_health", "_health_employee", "_health_private")
        ),
        (pl.col("_pension") & pl.col("age")).sum().cast(pl.Int64).alias("_pension"),
        (pl.col("_lapsed") & ~pl.col("_health")).sum().cast(pl.Int64).alias("_lapsed"),
    )
    return for_everybody(roster, per_household)


benefit = partial(feature, sources=BENEFIT, concept="support", low=0)
ended = partial(feature, sources=BENEFIT, concept="support_lost", low=0)
insurance = partial(feature, sources=ENROLMENT, concept="insurance", low=0)


def _has(family: str) -> pl.Expr:
    return yes(pl.col(f"_{family}_paid") > 0)


@benefit(zh="低保在享", en="Minimum living (DB) in payment", unit="0/1", high=1)
def has_db() -> pl.Expr:
    """1 where minimum living security (DB) is in payment, else 0. Null where the register has not reported."""
    return _has("db")


@benefit(zh="特困供养在享", en="Destitute support (TK) in payment", unit="0/1", high=1)
def has_tk() -> pl.Expr:
    """1 where support for the extremely destitute (TK) is in payment, else 0. Null where nothing is reported."""
    return _has("tk")


@benefit(zh="低保边缘或刚性支出家庭", en="Margin (BY, GX) in payment", unit="0/1", high=1)
def has_margin_status() -> pl.Expr:
    """1 where low-income margin (BY) or rigid expenditure (GX) is in payment, else 0. Null where not reported."""
    return _has("margin")


@benefit(zh="残疾人两项补贴在享", en="Disability subsidies in payment", unit="0/1", high=1)
def has_disability_benefit() -> pl.Expr:
    """1 where the living or care subsidy (CJ-S, CJ-H) is in payment, else 0. Null where nothing is reported."""
    return _has("disability_benefit")


@benefit(zh="儿童保障在享", en="Child support in payment", unit="0/1", high=1)
def has_child_benefit() -> pl.Expr:
    """1 where support for orphans or unattended children (GE, SW) is in payment, else 0. Null if not reported."""
    return _has("child_benefit")


@benefit(zh="高龄津贴在享", en="Old-age allowance in payment", unit="0/1", high=1)
def has_old_age_allowance() -> pl.Expr:
    """1 where the old-age allowance (GL) is in payment, else 0. Null where the register has not reported."""
    return _has("old_age")


@benefit(zh="住房救助在享", en="Housing assistance in payment", unit="0/1", high=1)
def has_housing_assistance() -> pl.Expr:
    """1 where housing assistance (ZF) is in payment, else 0. Null where the register has not reported."""
    return _has("housing")


@benefit(zh="教育救助在享", en="Education assistance in payment", unit="0/1", high=1)
def has_education_aid() -> pl.Expr:
    """1 where education assistance (JYJ) is in payment, else 0. Null where the register has not reported."""
    return _has("education_aid")


@benefit(zh="失业保险金在领", en="Unemployment benefit in payment", unit="0/1", high=1)
def has_unemployment_benefit() -> pl.Expr:
    """1 where unemployment benefit (SY) is in payment, else 0. Null where the register has not reported."""
    return _has("unemployment")


@benefit(zh="在享项目数", en="Programmes in payment", unit="programmes", high=40)
def programmes_in_payment() -> pl.Expr:
    """Number of programmes in payment. Null where the register has not reported for the area."""
    return pl.col("_programmes")


@benefit(zh="近12月救助月数", en="Months supported, 12 months", unit="months", high=60)
def months_supported_12m() -> pl.Expr:
    """Payments of the means-tested programme (DB, TK, BY, GX) paid most often in the last 12 reported months.

    Null where the register has not reported for the area.
    """
    return pl.col("_months_supported").clip(0, 60)


@benefit(zh="近12月临时救助次数", en="Temporary relief, 12 months", unit="payments", high=60)
def temporary_relief_12m() -> pl.Expr:
    """Payments of temporary relief (LS-E, LS-Z) in the last 12 reported months. Null where nothing is reported."""
    return pl.col("_relief").clip(0, 60)


@ended(zh="近12月退出救助", en="Exits from assistance, 12 months", unit="programmes", high=4)
def exits_12m() -> pl.Expr:
    """Means-tested programmes in payment within 12 months and no longer (trigger EV-EXIT). Null if not reported."""
    return pl.col("_exits")


@ended(zh="距退出救助月数", en="Months since the exit", unit="months", high=11)
def months_since_exit() -> pl.Expr:
    """Months from the last payment of a means-tested programme that ended. Null where none ended in 12 months."""
    return pl.col("_exit_ago")


@ended(zh="失业金停发", en="Unemployment benefit ran out, 12 months", unit="0/1", high=1)
def unemployment_benefit_ended_12m() -> pl.Expr:
    """1 where unemployment benefit was in payment within 12 months and no longer is (trigger EV-JOB3), else 0.

    Null where the register has not reported for the area.
    """
    return yes(pl.col("_benefit_ran_out") > 0)


@ended(zh="近12月申请被拒", en="Refusals, 12 months", unit="programmes", high=40)
def refusals_12m() -> pl.Expr:
    """Programmes refused in the last 12 reported months (trigger EV-REJ). Null where nothing is reported."""
    return pl.col("_refusals")


@insurance(zh="医保参保率", en="Share with health cover", unit="share", high=1)
def health_cover_share() -> pl.Expr:
    """Members enrolled in any medical insurance on the day, over all members. Null without an enrolment source."""
    return share(pl.col("_health"), pl.col("_members"))


@insurance(zh="职工医保参保率", en="Share with employees' health cover", unit="share", high=1)
def employee_health_share() -> pl.Expr:
    """Members enrolled in employees' medical insurance, over all members. Null without an enrolment source."""
    return share(pl.col("_health_employee"), pl.col("_members"))


@insurance(zh="商业医保参保率", en="Share with private health cover", unit="share", high=1)
def private_health_share() -> pl.Expr:
    """Members enrolled in private medical insurance, over all members. Null without an enrolment source."""
    return share(pl.col("_health_private"), pl.col("_members"))


@insurance(zh="养老保险参保率", en="Share enrolled in a pension", unit="share", high=1)
def pension_cover_share() -> pl.Expr:
    """Members of 16 and more enrolled in a pension scheme, over members that are not children.

    Null where there is none, or without an enrolment source.
    """
    return share(pl.col("_pension"), pl.col("_members") - pl.col("_children"))


@insurance(zh="近12月医保断保人数", en="Members whose health cover lapsed, 12 months", unit="persons", high=60)
def health_cover_lapsed_12m() -> pl.Expr:
    """Members whose medical insurance ended in the last 12 months and who have none (trigger EV-INS).

    Null without an enrolment source.
    """
    return pl.col("_lapsed")


FEATURES: Final = (
    has_db,
    has_tk,
    has_margin_status,
    has_disability_benefit,
    has_child_benefit,
    has_old_age_allowance,
    has_housing_assistance,
    has_education_aid,
    has_unemployment_benefit,
    programmes_in_payment,
    months_supported_12m,
    temporary_relief_12m,
    exits_12m,
    months_since_exit,
    unemployment_benefit_ended_12m,
    refusals_12m,
    health_cover_share,
    employee_health_share,
    private_health_share,
    pension_cover_share,
    health_cover_lapsed_12m,
)
