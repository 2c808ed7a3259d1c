"""Facts of households that a rule may name: what befell them, what they must spend, how they live, relief had."""

from datetime import timedelta
from typing import Final

import polars as pl

from features.sources import Known
from features.windows import Roster
from outreach.catalogue import InForce
from outreach.conditions import figure
from outreach.facts_person import COMPULSORY, YEAR_DAYS, school_year
from outreach.held import Held

SUDDEN: Final = ("ACC", "DSR", "HSE", "DTH", "CHD")
HARDSHIP: Final = (*SUDDEN, "JAIL", "LOST")
RELIEF_CODES: Final = ("LS", "LS-E", "LS-Z")
"""Temporary relief; LS where the register does not tell of which kind. Once paid, an emergency no longer waits."""
BEYOND: Final = 99.0
"""The ratio of costs to an income of nothing."""


def dwelling() -> list[pl.Expr]:
    """Of the household's own record; ``people`` are those who live there. A blank is unknown."""
    tenure = pl.col("tenure").cast(pl.String)
    return [
        (pl.col("area_kind").cast(pl.String) == "rural").alias("area_rural"),
        (pl.col("dwelling_area_m2") / pl.col("people")).alias("dwelling_area"),
        pl.col("dwelling_safety").cast(pl.String).is_in(["C", "D"]).alias("dwelling_unsafe"),
        tenure.is_in(["rent", "borrowed"]).alias("home_rented"),
        (tenure == "public_rental").alias("public_rental"),
        pl.col("known_on").alias("date_household"),
    ]


def what_happened(roster: Roster, rules: InForce, held: Held) -> tuple[pl.LazyFrame, list[pl.Expr]]:
    """Events of the last 12 months, a serious disease that is new, and temporary relief since.

    Without a register of events, or of claims, that nothing is known to have happened says nothing.
    """
    known, day = roster.known, roster.as_of
    days = int(rules.settings["urgent_happened_days"].urban or 90)
    fresh = pl.col("event_date") > day - timedelta(days=days)
    code = pl.col("event_code")
    events = (
        pl.concat([_events(roster), _deaths(roster)])
        .filter(pl.col("event_date").is_between(day - timedelta(days=YEAR_DAYS), day, closed="right"))
        .group_by("household_id")
        .agg(
            _sudden=pl.col("event_date").filter(code.is_in(SUDDEN) & fresh).max(),
            _hardship=code.is_in(HARDSHIP).any(),
            _disaster=(code == "DSR").any(),
            date_event=pl.col("event_date").max(),
        )
    )
    ill = (
        held.claims.filter(pl.col("serious").fill_null(False))
        .group_by("household_id", "person_id")
        .agg(_ill=pl.col("event_date").min())
        .group_by("household_id")
        .agg(pl.col("_ill").filter(pl.col("_ill") > day - timedelta(days=days)).max())
    )
    relief = relief_paid(held).rename({"relief_month": "_relief"})
    homes = roster.households.lazy().select("household_id")
    rows = homes
    for frame in (events, ill, relief):
        rows = rows.join(frame, on="household_id", how="left")
    newest = pl.max_horizontal("_sudden", "_ill")
    reported = pl.col("date_benefit").is_not_null()
    since = pl.when(newest.is_null()).then(pl.lit(value=False)).otherwise(_had(pl.col("_relief") >= _month(newest)))
    both = known.has("event") and known.has("medical")
    return rows, [
        pl.when(newest.is_not_null()).then(pl.lit(value=True)).when(both).then(False).alias("sudden_event"),
        _told(known, "event", "_hardship", "hardship_event"),
        _told(known, "event", "_disaster", "disaster_12m"),
        pl.when(reported).then(since).alias("relief_since_event"),
        pl.when(reported).then(_had(pl.col("_relief").dt.year() == day.year)).alias("relief_this_year"),
        pl.max_horizontal("date_event", "_ill").alias("date_event"),
    ]


def relief_paid(held: Held) -> pl.LazyFrame:
    """``household_id, relief_month``: the newest month of temporary relief paid."""
    relief = held.paid.filter(pl.col("programme").is_in(RELIEF_CODES))
    return relief.group_by("household_id").agg(relief_month=pl.col("month").max())


def _month(day: pl.Expr) -> pl.Expr:
    return day.dt.truncate("1mo")


def _had(test: pl.Expr) -> pl.Expr:
    return test.fill_null(False)


def _told(known: Known, kind: str, flag: str, name: str) -> pl.Expr:
    """True where it is on record, else false where a register tells, else unknown."""
    silent = False if known.has(kind) else None
    return pl.when(pl.col(flag).fill_null(False)).then(pl.lit(value=True)).otherwise(silent).alias(name)


def _events(roster: Roster) -> pl.LazyFrame:
    """``household_id, event_code, event_date`` of the household and of its people while they lived there."""
    people = roster.members.lazy().select("person_id", "gone_on", home="household_id")
    return (
        roster.known.frame("event")
        .join(people, on="person_id", how="left")
        .filter(pl.col("gone_on").is_null() | (pl.col("event_date") <= pl.col("gone_on")))
        .select(household_id=pl.coalesce("household_id", "home"), event_code="event_code", event_date="event_date")
    )


def _deaths(roster: Roster) -> pl.LazyFrame:
    members = roster.members.lazy().filter(pl.col("death_date").is_not_null())
    return members.select("household_id", event_code=pl.lit("DTH"), event_date="death_date")


def spending(rules: InForce) -> list[pl.Expr]:
    """``medical_cost``, ``spending_ratio``, ``rigid_ratio`` with their bounds, from sums of the household.

    Needs ``_care_low, _care_high, _school_low, _school_high`` (12 months), the counted income and its bounds. A
    bound of costs that nothing limits is null, and so is that of the ratio.
    """
    heads = pl.col("members_counted") * 12
    living = figure(rules.settings["db_std"]) * heads
    counts = figure(rules.settings["gx_counts_basic_living"]) != 0
    basic = pl.when(counts).then(living).otherwise(0.0)
    found = []
    for name, extra in (("spending_ratio", pl.lit(0.0)), ("rigid_ratio", basic)):
        low = _over_income(pl.col("_care_low") + pl.col("_school_low") + extra, pl.col("pc_income_high") * heads)
        high = _over_income(pl.col("_care_high") + pl.col("_school_high") + extra, pl.col("pc_income_low") * heads)
        found += [low.alias(name), low.alias(f"{name}_low"), high.alias(f"{name}_high")]
    care = [
        (f"medical_cost{end}", f"_care{bound}")
        for end, bound in (("", "_low"), ("_low", "_low"), ("_high", "_high"))
    ]
    return [*found, *((pl.col(bound) / 12).alias(name) for name, bound in care)]


def _over_income(cost: pl.Expr, income: pl.Expr) -> pl.Expr:
    ratio = pl.when(income > 0).then(cost / income).when(cost > 0).then(BEYOND).otherwise(0.0)
    return pl.when(income.is_not_null() & cost.is_not_null()).then(ratio.clip(0.0, BEYOND))


def school_costs(known: Known) -> pl.LazyFrame:
    """``person_id, _school_low, _school_high``: what a school year costs by the norm, less the aid; 12 months.

    Compulsory schooling costs no fees; a norm that is not told has no upper bound.
    """
    oldest, newest = school_year(known.as_of)
    free = pl.col("stage").cast(pl.String).is_in(COMPULSORY)
    fee = pl.when(pl.col("fee_norm").is_null() & free).then(0).otherwise(pl.col("fee_norm"))
    cost = (fee - pl.col("aid_amount").fill_null(0)).clip(lower_bound=0)
    return (
        known.frame("schooling")
        .filter(pl.col("school_year").is_between(oldest, newest))
        .with_columns(_cost=cost)
        .group_by("person_id")
        .agg(pl.col("_cost").get(pl.col("school_year").arg_max()))
        .select(
            "person_id", _school_low=pl.col("_cost").fill_null(0), _school_high=pl.col("_cost"), _schooled=pl.lit(1)
        )
    )


def of_members(persons: pl.LazyFrame, known: Known) -> pl.LazyFrame:
    """What a household's people make of it: costs of 12 months with bounds, who is severely disabled or ill."""
    schooled = pl.col("_schooled").is_not_null()
    severe = pl.col("has_certificate") & (pl.col("disability_level") <= 2)
    unknown_school = pl.lit(0 if known.has("schooling") else None, pl.Int64)
    return (
        persons.join(school_costs(known), on="person_id", how="left")
        .with_columns(
            _school_low=pl.col("_school_low").fill_null(0),
            _school_high=pl.when(schooled).then("_school_high").otherwise(unknown_school),
        )
        .group_by("household_id")
        .agg(
            _of_a_year(pl.col("cost_left_low").fill_null(0)).sum().alias("_care_low"),
            _whole(_of_a_year(pl.col("cost_left_high"))).alias("_care_high"),
            pl.col("_school_low").sum(),
            _whole(pl.col("_school_high")).alias("_school_high"),
            severe_at_home=_any(severe),
            serious_at_home=_any(pl.col("serious_illness")),
            date_medical=pl.col("date_medical").max(),
            date_disability=pl.col("date_disability").max(),
        )
    )


def _of_a_year(month: pl.Expr) -> pl.Expr:
    """Twelve times a month's part, in whole minor units: a sum of parts would differ with their order."""
    return (month * 12).round(0).cast(pl.Int64)


def _whole(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_null().any()).then(None).otherwise(value.sum())


def _any(flag: pl.Expr) -> pl.Expr:
    """True where any is, else unknown where any is, else false."""
    return flag.any(ignore_nulls=False)


def income_fall() -> pl.Expr:
    """How far the better of the last two reported months lies below the mean of the twelve before."""
    known = (pl.col("_last") - pl.col("known_since") >= 13) & (pl.col("before_12m") > 0)
    better = pl.max_horizontal("month_0", "month_1")
    return pl.when(known).then((1 - better / pl.col("before_12m")).clip(0.0, 1.0)).alias("income_fall")
