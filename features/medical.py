"""Columns about illness: what the household pays itself, admissions, new and lasting disease.

The year is the twelve months up to the last one that the medical source has reported for the area. No claim means
zero where the source knows a member (an earlier claim, or an enrolment in medical insurance); else it is unknown.
A claim without an amount is no claim of zero: costs are unknown where no claim of the year tells its own, and at
least what the others tell where some do.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.records import MEDICAL_KINDS
from features.windows import (
    MONEY,
    YEAR,
    Roster,
    count_where,
    holders,
    last_months,
    month_number,
    numbered,
    share,
    sum_where,
    within,
)

MEDICAL: Final = ("medical", "enrolment", "household", "member")
CODES: Final = {kind: code for code, kind in enumerate(MEDICAL_KINDS)}
HEAVY_OUTPATIENT: Final = 500_00
"""Outpatient costs of a month from which it counts as heavy: 500 yuan (trigger EV-MED3)."""


def measures(roster: Roster) -> pl.LazyFrame:
    """One row per household: costs and claims of its members in the last twelve months, where it has any."""
    rows = numbered(roster, "medical").select(
        "_owner",
        "serious",
        "oop",
        "total",
        "los_days",
        pl.col("kind").cast(pl.Enum(MEDICAL_KINDS)).to_physical(),
        _age=pl.col("_last") - month_number(pl.col("event_date")),
    )
    reported = (
        last_months(roster, "medical")
        .lazy()
        .select("household_id", _medical_reported=pl.col("_last").is_not_null())
    )
    homes = holders(roster, "medical").lazy().select("_owner", "household_id")
    people = _per_person(rows.collect(engine="streaming").lazy()).join(homes, on="_owner")
    return reported.join(_per_household(people), on="household_id", how="left")


def _per_person(rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per owner with any record: what was ever told, and the sums of the year (zero where it has none)."""
    age = pl.col("_age")
    kind = pl.col("kind")
    chronic = kind.is_in([CODES["chronic"], CODES["chronic_registration"]])
    ever = rows.group_by("_owner").agg(
        pl.when((kind == CODES["inpatient"]) & (age >= 0)).then(age).min().cast(pl.Int64).alias("_admitted_ago"),
        pl.when(chronic).then(age).max().cast(pl.Int64).alias("_chronic_first"),
        pl.when("serious").then(age).max().cast(pl.Int64).alias("_serious_first"),
    )
    year = _of_year(rows.filter(within(age, YEAR)))
    sums = pl.exclude("_owner", "_admitted_ago", "_chronic_first", "_serious_first", "_oop_largest", "_serious")
    together = ever.join(year, on="_owner", how="left")
    return together.with_columns(sums.fill_null(0), pl.col("_serious").fill_null(False))


def _of_year(rows: pl.LazyFrame) -> pl.LazyFrame:
    age = pl.col("_age")
    kind = pl.col("kind")
    inpatient = kind == CODES["inpatient"]
    clinic = kind.is_in([CODES["outpatient"], CODES["chronic"]])
    return rows.group_by("_owner").agg(
        pl.col("oop").sum().alias("_oop"),
        pl.col("oop").count().cast(pl.Int64).alias("_priced"),
        count_where(pl.col("oop").is_null() & (kind != CODES["chronic_registration"])).alias("_unpriced"),
        sum_where(pl.col("oop"), age < 3).alias("_oop_3m"),
        sum_where(pl.col("total"), pl.col("oop").is_not_null()).alias("_billed"),
        pl.when(inpatient).then("oop").max().alias("_oop_largest"),
        count_where(inpatient).alias("_admissions"),
        sum_where(pl.col("los_days"), inpatient).alias("_days"),
        pl.col("serious").fill_null(False).any().alias("_serious"),
        count_where(clinic).alias("_visits"),
        *(sum_where(pl.col("total"), clinic & (age == back)).alias(f"_clinic{back}") for back in range(YEAR)),
    )


def _per_household(people: pl.LazyFrame) -> pl.LazyFrame:
    clinic = [f"_clinic{back}" for back in range(YEAR)]
    return people.group_by("household_id").agg(
        pl.col(
            "_oop", "_oop_3m", "_priced", "_unpriced", "_billed", "_admissions", "_days", "_visits", *clinic
        ).sum(),
        pl.col("_oop_largest").max(),
        pl.col("_admitted_ago").min(),
        pl.col("_chronic_first").count().cast(pl.Int64).alias("_chronic"),
        within(pl.col("_chronic_first"), YEAR).sum().cast(pl.Int64).alias("_chronic_new"),
        pl.col("_serious").sum().cast(pl.Int64),
        within(pl.col("_serious_first"), YEAR).sum().cast(pl.Int64).alias("_serious_new"),
        pl.col("_oop").max().alias("_oop_of_one"),
        pl.len().cast(pl.Int64).alias("_patients"),
    )


def of_year(measure: str) -> pl.Expr:
    """A sum or count over the year: zero where the source knows a member and holds no claim, else unknown."""
    silent = pl.when(pl.col("_health_ever") > 0).then(0)
    return pl.when(pl.col("_medical_reported")).then(pl.coalesce(measure, silent))


def spent() -> pl.Expr:
    """Out-of-pocket costs of the year; unknown where there are claims and none of them tells its amount."""
    told = (pl.col("_priced") > 0) | (pl.col("_unpriced") == 0)
    return pl.when(told.fill_null(True)).then(of_year("_oop"))


cost = partial(feature, sources=MEDICAL, concept="medical_burden", low=0)
illness = partial(feature, sources=MEDICAL, concept="illness", low=0, direction=1)
"""Illness is never good news: a household that goes to the clinic more is not the better off for it."""


@cost(
    zh="近12月自付医疗费",
    en="Out-of-pocket, 12 months",
    unit="minor units/year",
    high=MONEY,
    direction=1,
    modelled=False,
)
def oop_12m() -> pl.Expr:
    """Out-of-pocket medical costs after all reimbursement, last 12 reported months.

    Null where the source knows no member, or no claim tells its amount; zero where there is no claim.
    """
    return spent()


@cost(
    zh="近3月自付占全年比",
    en="Share of the last 3 months in out-of-pocket",
    unit="share",
    high=1,
    no_direction="a bill added lowers the share of the others; null without any",
)
def oop_recent_share() -> pl.Expr:
    """Out-of-pocket costs of the last 3 reported months over those of the last 12. Null where there were none."""
    return share(pl.col("_oop_3m"), pl.col("_oop"))


@cost(
    zh="近12月自付比例",
    en="Out-of-pocket over billed, 12 months",
    unit="share",
    high=1,
    no_direction="a bill added lowers the share of the others; null without any",
)
def oop_of_billed_share_12m() -> pl.Expr:
    """Out-of-pocket costs over the amounts billed, last 12 reported months. Null where nothing was billed."""
    return share(pl.col("_oop"), pl.col("_billed"))


@cost(
    zh="自付最多成员占比",
    en="Share of the costliest member in out-of-pocket",
    unit="share",
    high=1,
    no_direction="a bill added lowers the share of the others; null without any",
)
def oop_of_one_share_12m() -> pl.Expr:
    """Out-of-pocket costs of the member with the highest over all, last 12 reported months. Null without any."""
    return share(pl.col("_oop_of_one"), pl.col("_oop"))


@illness(zh="近12月住院次数", en="Admissions, 12 months", unit="admissions", high=400)
def admissions_12m() -> pl.Expr:
    """Hospital admissions of the members in the last 12 reported months. Null where the source knows no member."""
    return of_year("_admissions")


@illness(zh="近12月门诊次数", en="Clinic visits, 12 months", unit="visits", high=4_000)
def clinic_visits_12m() -> pl.Expr:
    """Outpatient and chronic visits of the members in the last 12 reported months, with a cost recorded or without.

    Null where the source knows no member.
    """
    return of_year("_visits")


@illness(zh="近12月住院天数", en="Days in hospital, 12 months", unit="days", high=40_000)
def inpatient_days_12m() -> pl.Expr:
    """Days in hospital of the members in the last 12 reported months. Null where the source knows no member."""
    return of_year("_days")


@illness(
    zh="距上次住院月数",
    en="Months since the last admission",
    unit="months",
    high=11,
    direction=0,
    no_direction="null without an admission, so the first makes it known",
)
def months_since_admission() -> pl.Expr:
    """Months from the last admission to the last reported month. Null where there was none within 12 months."""
    return pl.when(pl.col("_admitted_ago") < YEAR).then(pl.col("_admitted_ago"))


@illness(zh="慢特病人数", en="Members with a chronic disease", unit="persons", high=60)
def chronic_members() -> pl.Expr:
    """Members with a chronic disease registered or treated. Null where the source knows no member."""
    return of_year("_chronic")


@illness(zh="近12月新增慢特病人数", en="New chronic disease, 12 months", unit="persons", high=60)
def new_chronic_12m() -> pl.Expr:
    """Members whose first chronic record lies in the last 12 reported months. Null where no member is known."""
    return of_year("_chronic_new")


@illness(zh="近12月大病人数", en="Members with a serious disease, 12 months", unit="persons", high=60)
def serious_members_12m() -> pl.Expr:
    """Members with a claim for a serious disease (大病), last 12 reported months. Null where it knows no member."""
    return of_year("_serious")


@illness(zh="近12月新增大病人数", en="New serious disease, 12 months", unit="persons", high=60)
def new_serious_12m() -> pl.Expr:
    """Members whose first claim for a serious disease lies in the last 12 reported months (trigger EV-MED6).

    Null where the source knows no member.
    """
    return of_year("_serious_new")


@illness(zh="就诊成员占比", en="Share of members with claims", unit="share", high=1)
def patients_share() -> pl.Expr:
    """Members with any claim on record over all members. Null where the source knows no member."""
    return share(of_year("_patients"), pl.col("_members"))


@cost(
    zh="门诊费用500元以上月数",
    en="Months of heavy outpatient costs, 12 months",
    unit="months",
    high=12,
    direction=1,
    modelled=False,
)
def heavy_outpatient_months_12m() -> pl.Expr:
    """Months of the last 12 with outpatient and chronic claims of 500 yuan or more in all (trigger EV-MED3).

    A nominal threshold, so not modelled. Null where the source knows no member.
    """
    heavy = pl.sum_horizontal((pl.col(f"_clinic{back}") >= HEAVY_OUTPATIENT).cast(pl.Int64) for back in range(YEAR))
    return pl.when(of_year("_oop").is_not_null()).then(heavy)


@illness(zh="门诊月数", en="Months with outpatient claims, 12 months", unit="months", high=12)
def outpatient_months_12m() -> pl.Expr:
    """Months of the last 12 with any outpatient or chronic claim billed. Null where the source knows no member."""
    months = pl.sum_horizontal((pl.col(f"_clinic{back}") > 0).cast(pl.Int64) for back in range(YEAR))
    return pl.when(of_year("_oop").is_not_null()).then(months)


FEATURES: Final = (
    oop_12m,
    oop_recent_share,
    oop_of_billed_share_12m,
    oop_of_one_share_12m,
    admissions_12m,
    clinic_visits_12m,
    inpatient_days_12m,
    months_since_admission,
    chronic_members,
    new_chronic_12m,
    serious_members_12m,
    new_serious_12m,
    patients_share,
    heavy_outpatient_months_12m,
    outpatient_months_12m,
)
