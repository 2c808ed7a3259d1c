"""Columns about disability certificates.

The register of certificates is complete by its nature: no certificate means zero; without a source it is null.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.windows import Roster, for_everybody, owned, share

DISABILITY: Final = ("disability", "household", "member")


def measures(roster: Roster) -> pl.LazyFrame:
    """One row per household: members with a certificate valid on the day, by level, and new severe ones."""
    day = pl.lit(roster.as_of)
    valid = (pl.col("issued") <= day) & (pl.col("expires").is_null() | (pl.col("expires") >= day))
    severe = pl.col("level") <= 2
    by_person = (
        owned(roster, "disability", "age")
        .filter(valid)
        .group_by("household_id", "person_id")
        .agg(
            severe.any().alias("_severe"),
            (severe & (pl.col("issued") > day.dt.offset_by("-12mo"))).any().alias("_new"),
            pl.col("age").first().is_between(16, 59).alias("_working"),
        )
    )
    per_household = by_person.group_by("household_id").agg(
        pl.len().cast(pl.Int64).alias("_disabled"),
        pl.col("_severe").sum().cast(pl.Int64).alias("_disabled_severe"),
        pl.col("_new").sum().cast(pl.Int64).alias("_disabled_new"),
        pl.col("_working").sum().cast(pl.Int64).alias("_disabled_working_age"),
    )
    return for_everybody(roster, per_household)


column = partial(feature, sources=DISABILITY, concept="disability", low=0)


@column(zh="持证残疾人数", en="Members with a certificate", unit="persons", high=60)
def disabled_members() -> pl.Expr:
    """Members with a valid disability certificate. Null without a source of certificates."""
    return pl.col("_disabled")


@column(zh="一二级残疾人数", en="Severely disabled members", unit="persons", high=60)
def severely_disabled_members() -> pl.Expr:
    """Members with a valid certificate of level 1 or 2. Null without a source of certificates."""
    return pl.col("_disabled_severe")


@column(zh="残疾人占比", en="Share with a certificate", unit="share", high=1)
def disabled_share() -> pl.Expr:
    """Members with a valid disability certificate over all members. Null without a source of certificates."""
    return share(pl.col("_disabled"), pl.col("_members"))


@column(zh="劳动年龄残疾人占比", en="Share of disabled among working age", unit="share", high=1)
def disabled_of_working_age_share() -> pl.Expr:
    """Certificate holders of 16 to 59 over members of 16 to 59. Null where there is none, or without a source."""
    return share(pl.col("_disabled_working_age"), pl.col("_working_age"))


@column(zh="近12月新增重度残疾", en="New severe disability, 12 months", unit="persons", high=60)
def new_severe_disability_12m() -> pl.Expr:
    """Members whose certificate of level 1 or 2 was issued in the last 12 months (trigger EV-DIS).

    Null without a source of certificates.
    """
    return pl.col("_disabled_new")


FEATURES: Final = (
    disabled_members,
    severely_disabled_members,
    disabled_share,
    disabled_of_working_age_share,
    new_severe_disability_12m,
)
