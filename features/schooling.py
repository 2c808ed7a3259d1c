"""Columns about children and students at school.

The school year that should be on record is the one that began in the last September at least three months ago.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.windows import MONEY, Roster, for_everybody, owned

SCHOOLING: Final = ("schooling", "household", "member")
COMPULSORY_AGE: Final = (6, 15)


def measures(roster: Roster) -> pl.LazyFrame:
    """One row per household: members at school by stage, those missing there, and fees net of aid."""
    due = roster.as_of.year - (0 if roster.as_of.month == 12 else 1)
    year = pl.col("school_year")
    stage = pl.col("stage").cast(pl.String)
    current = year >= due
    by_person = (
        owned(roster, "schooling", "age")
        .group_by("household_id", "person_id")
        .agg(
            current.any().alias("_at_school"),
            (year == due - 1).any().alias("_last_year"),
            (current & stage.is_in(["senior", "vocational", "higher"])).any().alias("_beyond"),
            (current & (stage == "higher")).any().alias("_higher"),
            (pl.col("fee_norm") - pl.col("aid_amount").fill_null(0)).filter(current).max().alias("_fees"),
            pl.col("age").first().is_between(*COMPULSORY_AGE).alias("_of_age"),
        )
    )
    missing = pl.col("_of_age") & pl.col("_last_year") & ~pl.col("_at_school")
    per_household = by_person.group_by("household_id").agg(
        pl.col("_at_school").sum().cast(pl.Int64),
        pl.col("_beyond").sum().cast(pl.Int64).alias("_students_beyond"),
        pl.col("_higher").sum().cast(pl.Int64).alias("_students_higher"),
        missing.sum().cast(pl.Int64).alias("_out_of_school"),
        pl.col("_fees").filter(pl.col("_fees") > 0).sum().alias("_fees"),
    )
    return for_everybody(roster, per_household)


column = partial(feature, sources=SCHOOLING, concept="schooling", low=0)


@column(zh="在读人数", en="Members at school", unit="persons", high=60)
def members_at_school() -> pl.Expr:
    """Members with a record of the current school year. Null without a school source."""
    return pl.col("_at_school")


@column(zh="义务教育后在读人数", en="Students beyond compulsory school", unit="persons", high=60)
def students_beyond_compulsory() -> pl.Expr:
    """Members in senior, vocational or higher education this school year. Null without a school source."""
    return pl.col("_students_beyond")


@column(zh="在读大学生人数", en="Students in higher education", unit="persons", high=60)
def students_in_higher_education() -> pl.Expr:
    """Members in higher education this school year. Null without a school source."""
    return pl.col("_students_higher")


@column(zh="疑似辍学儿童数", en="Children missing at school", unit="persons", high=60)
def children_out_of_school() -> pl.Expr:
    """Members of 6 to 15 on record last school year and not in this one (trigger EV-EDU1).

    Null without a school source.
    """
    return pl.col("_out_of_school")


@column(zh="学费净额", en="School fees net of aid", unit="minor units/year", high=MONEY, modelled=False)
def school_fees_net() -> pl.Expr:
    """Fee norms less aid of this school year, over members with any. Null without a school source."""
    return pl.col("_fees")


FEATURES: Final = (
    members_at_school,
    students_beyond_compulsory,
    students_in_higher_education,
    children_out_of_school,
    school_fees_net,
)
