"""The label poverty_12m, and the last known status under the same spec.

Two steps: incomes per bucket (``outcome_incomes``, ``status_incomes``), then the line over the whole population
(``poverty_label``, ``last_status``), because a median needs everybody.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from features.labels import (
    Base,
    LabelSpec,
    end_of,
    equivalence,
    first_month_from,
    first_of,
    households_on,
    last_month_over,
    members_on,
    month_index,
    reported_months,
    weighted_median,
)
from features.sources import Known, Sources

SHARES: Final = 27_720
"""Divisible by every number from 1 to 12: a month's share of an amount over several months stays whole."""

BEFORE: Final = 12
"""Months before the period in which a record proves that a source knows the household (``known_before``)."""


@dataclass(frozen=True)
class Period:
    """Months, by number, that a label or a status looks at; ``observed`` is the day whose members count."""

    first: int
    last: int
    observed: date


def outcome_period(spec: LabelSpec, as_of: date) -> Period:
    """The months of the label: whole months that begin on or after ``as_of`` (before it for ``same-period``)."""
    start = first_month_from(as_of)
    if spec.kind == "same-period":
        return Period(start - spec.horizon_months, start - 1, as_of)
    last = start + spec.horizon_months - 1
    if spec.kind == "at-horizon":
        return Period(last, last, end_of(last))
    return Period(start, last, as_of)


def outcome_incomes(
    sources: Sources,
    spec: LabelSpec,
    as_of: date,
    known_by: date,
    reporting: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The incomes that decide the label, of one bucket, by what was known on ``known_by``.

    Columns: ``household_id, area, area_kind, weight, persons, income`` (Float64, minor units per month and
    equivalent person; null = unknown), ``complete`` (the period is over and reported for the area), ``dissolved``
    (gone by the end: household ended, or every followed member dead or elsewhere), ``followed`` (had living
    members at ``as_of``; the others of a wave serve its median only), ``label_from`` (first day of the period) and
    ``label_known_on`` (the latest of: end of the period, the day on which the area's last month was reported,
    the household's own records; null while that day is not known) and ``fold_group`` (the dwelling).

    Income is unknown where the period is not complete, the household is dissolved, or no source reports for it
    under the spec's null rule; it is never taken to be zero. ``reporting`` is the reporting count of the whole
    store (``kind, area, month, known_on, rows``); without it the counts of this bucket are used.
    """
    known = sources.known_by(known_by)
    period = outcome_period(spec, as_of)
    homes = _homes(known, spec, period, as_of)
    last = pl.lit(first_of(period.last)).alias("month")
    reported = (
        reported_months(known, "income", reporting).filter(pl.col("month") == last).select("area", "reported_on")
    )
    ends = end_of(period.last)
    timed = homes.join(reported, on="area", how="left").with_columns(
        pl.lit(period.first, pl.Int32).alias("first"),
        pl.lit(period.last, pl.Int32).alias("last"),
        ((pl.col("reported_on") <= known_by) & (pl.lit(ends) <= known_by)).fill_null(value=False).alias("complete"),
    )
    people = _people(known, spec, period, as_of)
    return _incomes(
        known,
        spec,
        homes=timed,
        people=people,
        widest=(period.first, period.last),
        ends=ends,
        label_from=first_of(period.first),
    )


def status_incomes(
    sources: Sources, spec: LabelSpec, as_of: date, reporting: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The incomes that decide the last status: the same columns, by what was known at ``as_of``.

    The period ends with the last month that each area's sources had reported by ``as_of``, if that is not more
    than a year old, and is as long as the label's (one month for ``at-horizon``).
    """
    known = sources.known_by(as_of)
    end = last_month_over(as_of)
    length = 1 if spec.kind == "at-horizon" else spec.horizon_months
    period = Period(end - length + 1, end, as_of)
    latest = (
        reported_months(known, "income", reporting)
        .filter((pl.col("reported_on") <= as_of) & pl.col("month").is_between(first_of(end - 11), first_of(end)))
        .group_by("area")
        .agg(pl.col("month").max(), pl.col("reported_on").max())
        .select("area", "reported_on", month_index("month").alias("last"))
    )
    timed = (
        _homes(known, spec, period, as_of)
        .join(latest, on="area", how="left")
        .with_columns(
            (pl.col("last") - length + 1).alias("first"),
            pl.col("last").is_not_null().alias("complete"),
        )
    )
    return _incomes(
        known,
        spec,
        homes=timed,
        people=members_on(known, as_of),
        widest=(end - length - 10, end),
        ends=as_of,
        label_from=first_of(period.first),
    )


def poverty_label(incomes: pl.DataFrame, spec: LabelSpec) -> pl.DataFrame:
    """``household_id, label (Bool), label_from, label_known_on, fold_group`` of all followed households.

    ``label`` is whether the income lies below θ × the median of the spec; null where the income is unknown or
    there is no line. One row per followed household, sorted.
    """
    below = pl.col("income") < pl.col("line")
    return (
        with_line(incomes, spec)
        .filter(pl.col("followed"))
        .select("household_id", below.alias("label"), "label_from", "label_known_on", "fold_group")
        .sort("household_id")
    )


def last_status(incomes: pl.DataFrame, spec: LabelSpec) -> pl.DataFrame:
    """``household_id, status``: ``poor``, ``not_poor`` or ``unknown`` by ``status_incomes`` of the population.

    Unknown is a level of its own. For ``same-period`` it is unknown throughout: the status would be the label.
    """
    poor = (pl.col("income") < pl.col("line")) & pl.lit(spec.kind != "same-period")
    named = pl.when(poor).then(pl.lit("poor")).when(~poor).then(pl.lit("not_poor"))
    unknown = pl.lit(spec.kind == "same-period") | pl.col("income").is_null() | pl.col("line").is_null()
    return (
        with_line(incomes, spec)
        .filter(pl.col("followed"))
        .select("household_id", pl.when(unknown).then(pl.lit("unknown")).otherwise(named).alias("status"))
        .sort("household_id")
    )


def with_line(incomes: pl.DataFrame, spec: LabelSpec) -> pl.DataFrame:
    """The incomes with ``line`` (θ × the person-weighted median of the base; null where nobody's income is known).

    A household with a null weight is not in the median where the spec weights.
    """
    by = _line_key(spec.base)
    weight = pl.col("weight").fill_null(0.0) if spec.weight_column else pl.lit(1.0)
    counted = pl.col("income").is_not_null()
    if spec.median_over == "panel":
        counted &= pl.col("followed")
    votes = (weight * pl.col("persons")).alias("votes")
    voters = incomes.filter(counted).select(by.alias("base"), "household_id", "income", votes)
    lines = []
    for (base,), group in voters.sort("base", "income", "household_id").group_by("base", maintain_order=True):
        median = weighted_median(group["income"].to_numpy(), group["votes"].to_numpy())
        lines.append({"base": base, "line": None if median is None else spec.theta * median})
    line = pl.DataFrame(lines, schema={"base": pl.String, "line": pl.Float64})
    return (
        incomes.with_columns(by.alias("base")).join(line, on="base", how="left").drop("base").sort("household_id")
    )


def _line_key(base: Base) -> pl.Expr:
    if base == "national":
        return pl.lit("all")
    return pl.col("area_kind" if base == "urban_rural_separate" else "area").cast(pl.String)


def _people(known: Known, spec: LabelSpec, period: Period, as_of: date) -> pl.LazyFrame:
    return members_on(known, period.observed if spec.kind == "at-horizon" else as_of)


def _homes(known: Known, spec: LabelSpec, period: Period, as_of: date) -> pl.LazyFrame:
    """The households of the period with ``followed`` and ``dissolved``."""
    ends = end_of(period.last) if spec.kind != "same-period" else as_of
    inhabited = members_on(known, as_of).select("household_id").unique()
    then = households_on(known, as_of).join(inhabited, on="household_id", how="semi")
    staying = _still_there(known, as_of, ends) if spec.kind != "at-horizon" else members_on(known, ends)
    now = households_on(known, ends).join(staying.select("household_id").unique(), on="household_id", how="semi")
    gone = then.join(now, on="household_id", how="anti").with_columns(
        pl.lit(value=True).alias("followed"), pl.lit(value=True).alias("dissolved")
    )
    as_then = then if spec.kind != "at-horizon" else now
    here = as_then.join(now, on="household_id", how="semi").join(
        then.select("household_id", pl.lit(value=True).alias("followed")), on="household_id", how="left"
    )
    here = here.with_columns(pl.col("followed").fill_null(value=False), pl.lit(value=False).alias("dissolved"))
    return pl.concat([gone, here])


def _still_there(known: Known, as_of: date, ends: date) -> pl.LazyFrame:
    """The members of ``as_of`` who are alive and in the same household on a later day."""
    return members_on(known, as_of).join(members_on(known, ends), on=["person_id", "household_id"], how="semi")


def _incomes(
    known: Known,
    spec: LabelSpec,
    *,
    homes: pl.LazyFrame,
    people: pl.LazyFrame,
    widest: tuple[int, int],
    ends: date,
    label_from: date,
) -> pl.DataFrame:
    """Sum the records over each household's own months and divide by months and equivalent persons."""
    months = pl.col("last") - pl.col("first") + 1
    lived = pl.coalesce(month_index("death_date") - pl.col("first") + 1, months).clip(0, months).cast(pl.Int64)
    size = (
        people.join(homes.select("household_id", "first", "last"), on="household_id")
        .group_by("household_id")
        .agg(
            pl.len().cast(pl.Int64).alias("persons"),
            lived.filter(~pl.col("child")).sum().alias("adult_months"),
            lived.filter(pl.col("child")).sum().alias("child_months"),
        )
    )
    sums = _sums(known, spec, homes, people, widest)
    months_f = months.cast(pl.Float64)
    scale = equivalence(spec.scale, pl.col("adult_months") / months_f, pl.col("child_months") / months_f)
    reports = pl.col("records").fill_null(0) > 0
    if spec.null_rule == "known_before":
        reports |= pl.col("records_before").fill_null(0) > 0
    certain = pl.col("complete") & ~pl.col("dissolved") & reports & (scale > 0)
    income = pl.col("sum").fill_null(0) / SHARES / months_f / scale
    on = pl.max_horizontal(pl.lit(ends), pl.col("reported_on"), pl.col("own_known_on"))
    return (
        homes.join(size, on="household_id", how="left")
        .join(sums, on="household_id", how="left")
        .select(
            "household_id",
            "area",
            pl.col("area_kind").cast(pl.String),
            "weight",
            pl.col("persons").fill_null(0),
            pl.when(certain).then(income).alias("income"),
            "complete",
            "dissolved",
            "followed",
            pl.lit(label_from).alias("label_from"),
            pl.when("complete").then(on).alias("label_known_on"),
            "fold_group",
        )
        .sort("household_id")
        .collect(engine="streaming")
    )


def _sums(
    known: Known, spec: LabelSpec, homes: pl.LazyFrame, people: pl.LazyFrame, widest: tuple[int, int]
) -> pl.LazyFrame:
    """Per household: the sum in 1/27,720 minor units, the records in and before the period, their ``known_on``."""
    back = BEFORE if spec.null_rule == "known_before" else 0
    near = pl.col("month").is_between(first_of(widest[0] - back), first_of(widest[1] + 11))
    concept = pl.lit(value=True) if spec.concept == "disposable" else pl.col("kind") != "assistance"
    records = (
        known.frame("income")
        .filter(near)
        .select("person_id", "household_id", "month", "period_months", "kind", "amount", "known_on")
    )
    of_homes = records.filter(pl.col("household_id").is_not_null()).drop("person_id")
    of_people = records.drop("household_id").join(people.select("person_id", "household_id"), on="person_id")
    columns = ["household_id", "month", "period_months", "kind", "amount", "known_on"]
    month = month_index("month")
    covered = pl.min_horizontal(month, "last") - pl.max_horizontal(month - pl.col("period_months") + 1, "first") + 1
    inside = pl.col("covered") > 0
    before = (pl.col("index") < pl.col("first")) & (pl.col("index") >= pl.col("first") - BEFORE)
    shares = pl.col("amount") * pl.col("covered").cast(pl.Int64) * (SHARES // pl.col("period_months"))
    return (
        pl.concat([of_homes.select(columns), of_people.select(columns)])
        .filter(concept)
        .join(homes.select("household_id", "first", "last"), on="household_id")
        .with_columns(covered.alias("covered"), month.alias("index"))
        .group_by("household_id")
        .agg(
            shares.filter(inside).sum().alias("sum"),
            inside.sum().alias("records"),
            (before & ~inside).sum().alias("records_before"),
            pl.col("known_on").filter(inside).max().alias("own_known_on"),
        )
    )
