"""What evaluation, drafting and fairness need to know of a household, and models may not have."""

from collections.abc import Collection
from datetime import date
from typing import Final

import polars as pl

from features.calendar import CALENDAR_SCHEMA
from features.context import Context
from features.records import DIGITAL_TRACES, KINDS, REQUIRED_KINDS
from features.sources import Sources
from features.support import MEANS_TESTED
from features.windows import Roster, month_number, owned, roster_of

PAYMENT_LAG: Final = 2
"""Months that a benefit register may be late: a payment two months ago is one in payment."""

MAJORITY: Final = 1
"""GB/T 3304: Han."""

NO_CALENDAR: Final = pl.DataFrame(schema=CALENDAR_SCHEMA)


def groups_of(sources: Sources, as_of: date, deliveries: Collection[str] | None = None) -> pl.DataFrame:
    """One row per household valid on ``as_of`` with a living member, sorted by ``household_id``.

    - ``unsupported`` (Bool): no DB, TK, BY or GX in payment in the last three months; null without that source.
    - ``never_applied`` (Bool): no grant or refusal of these on record, ever; null without that source.
    - ``area_kind``, ``household_type`` (``lone_elder, elders_only, skip_generation, single_parent, with_children,
      other``), ``has_elder``, ``has_child``, ``has_disabled`` (null without certificates), ``is_migrant`` (any
      member; null where recorded of none).
    - ``head_sex`` (GB/T 2261.1), ``head_minority`` (null where not recorded): to check fairness, never to score.
    - ``digital_trace``: the best of its adults, ``none``, ``low`` or ``normal``; null where recorded of none.
    - ``sources_blank`` and ``blank_share``: delivered sources without any record of the household or its members,
      as a number and over all delivered sources but household and member: how little is known.
    """
    roster = roster_of(sources.known_by(as_of, deliveries), Context(NO_CALENDAR))
    return (
        roster.households.lazy()
        .select("household_id", pl.col("area_kind").cast(pl.String))
        .join(_of_members(roster), on="household_id", how="left")
        .join(_unsupported(roster), on="household_id", how="left")
        .join(_blanks(roster), on="household_id", how="left")
        .join(_disabled(roster), on="household_id", how="left")
        .select(
            "household_id",
            "unsupported",
            "never_applied",
            "area_kind",
            "household_type",
            "has_elder",
            "has_child",
            "has_disabled",
            "is_migrant",
            "head_sex",
            "head_minority",
            "digital_trace",
            "sources_blank",
            "blank_share",
        )
        .sort("household_id")
        .collect(engine="streaming")
    )


def first_applications(sources: Sources, as_of: date) -> pl.DataFrame:
    """``household_id, applied_on``: the earliest month of a means-tested grant or refusal that is on record.

    Of the households valid on ``as_of``; those who never applied are not there, nor anybody without that source.
    """
    roster = roster_of(sources.known_by(as_of), Context(NO_CALENDAR))
    return (
        owned(roster, "benefit")
        .filter(pl.col("programme").is_in(MEANS_TESTED))
        .group_by("household_id")
        .agg(applied_on=pl.col("month").min())
        .sort("household_id")
        .collect()
    )


def _of_members(roster: Roster) -> pl.LazyFrame:
    age = pl.col("age")
    head = pl.col("relation") == "head"
    adult_trace = pl.col("digital_trace").to_physical().cast(pl.Int64).filter(age >= 18)
    counts = (
        roster.members.lazy()
        .filter("present")
        .group_by("household_id")
        .agg(
            _members=pl.len(),
            _elders=(age >= 60).sum(),
            _minors=(age < 18).sum(),
            _middle=age.is_between(18, 59).sum(),
            is_migrant=pl.col("is_migrant").max(),
            head_sex=pl.col("sex").filter(head).max(),
            head_minority=(pl.col("ethnicity") != MAJORITY).filter(head).max(),
            _trace=adult_trace.max(),
        )
    )
    adults = pl.col("_members") - pl.col("_minors")
    household_type = (
        pl.when((pl.col("_members") == 1) & (pl.col("_elders") == 1))
        .then(pl.lit("lone_elder"))
        .when(pl.col("_elders") == pl.col("_members"))
        .then(pl.lit("elders_only"))
        .when((pl.col("_minors") > 0) & (pl.col("_middle") == 0) & (pl.col("_elders") > 0))
        .then(pl.lit("skip_generation"))
        .when((pl.col("_minors") > 0) & (adults == 1))
        .then(pl.lit("single_parent"))
        .when(pl.col("_minors") > 0)
        .then(pl.lit("with_children"))
        .otherwise(pl.lit("other"))
    )
    names = dict(enumerate(DIGITAL_TRACES))
    return counts.select(
        "household_id",
        household_type.alias("household_type"),
        (pl.col("_elders") > 0).alias("has_elder"),
        (pl.col("_minors") > 0).alias("has_child"),
        "is_migrant",
        "head_sex",
        "head_minority",
        pl.col("_trace").replace_strict(names, default=None, return_dtype=pl.String).alias("digital_trace"),
    )


def _unsupported(roster: Roster) -> pl.LazyFrame:
    since = month_number(pl.lit(roster.as_of)) - PAYMENT_LAG
    paid = (pl.col("status") == "in_payment") & (month_number(pl.col("month")) >= since)
    applied = (
        owned(roster, "benefit")
        .filter(pl.col("programme").is_in(MEANS_TESTED))
        .group_by("household_id")
        .agg(_supported=paid.any())
    )
    nobody = pl.lit(True if roster.known.has("benefit") else None, dtype=pl.Boolean)
    everybody = roster.households.lazy().select("household_id")
    return everybody.join(applied, on="household_id", how="left").select(
        "household_id",
        unsupported=pl.when(pl.col("_supported")).then(False).otherwise(nobody),
        never_applied=pl.when(pl.col("_supported").is_not_null()).then(False).otherwise(nobody),
    )


def _disabled(roster: Roster) -> pl.LazyFrame:
    valid = pl.col("expires").is_null() | (pl.col("expires") >= roster.as_of)
    holders = (
        owned(roster, "disability").filter(valid).select("household_id", has_disabled=True).unique("household_id")
    )
    if not roster.known.has("disability"):
        return holders
    everybody = roster.households.lazy().select("household_id")
    return everybody.join(holders, on="household_id", how="left").with_columns(
        pl.col("has_disabled").fill_null(False)
    )


def _blanks(roster: Roster) -> pl.LazyFrame:
    delivered = [kind for kind in KINDS if kind not in REQUIRED_KINDS and roster.known.has(kind)]
    frame = roster.households.lazy().select("household_id")
    for kind in delivered:
        known = owned(roster, kind).group_by("household_id").agg(pl.lit(0).first().alias(f"_{kind}"))
        frame = frame.join(known.collect(engine="streaming").lazy(), on="household_id", how="left")
    blank = (
        pl.sum_horizontal(pl.col(f"_{kind}").is_null().cast(pl.Int64) for kind in delivered)
        if delivered
        else pl.lit(0)
    )
    share = blank / len(delivered) if delivered else pl.lit(None, dtype=pl.Float64)
    return frame.select("household_id", blank.cast(pl.Int64).alias("sources_blank"), share.alias("blank_share"))
