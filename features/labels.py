"""What a label is: its specification, its window, the lines, and when it became known.

A label spec is an argument and is stored with the model. Three targets are never mixed: next year's relative
poverty (``poverty_label``), the onset of an emergency (``emergency_label``), and the need found by visits.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any, Final, Literal, Self

import numpy as np
import polars as pl

from features.calendar import EARLIER_MONTHS, area_of, reporting_counts, with_area
from features.sources import Known

SCALES: Final = ("per_capita", "oecd_modified", "square_root", "none")
BASES: Final = ("urban_rural_separate", "national", "area")
LABEL_KINDS: Final = ("mean-over", "at-horizon", "same-period")
CONCEPTS: Final = ("before_assistance", "disposable")
MEDIAN_OVER: Final = ("responding", "panel")
NULL_RULES: Final = ("no_record", "known_before")
CHILD_UNDER: Final = 14
"""Age below which a member is a child in the OECD scales."""

Scale = Literal["per_capita", "oecd_modified", "square_root", "none"]
Base = Literal["urban_rural_separate", "national", "area"]
LabelKind = Literal["mean-over", "at-horizon", "same-period"]
Concept = Literal["before_assistance", "disposable"]
MedianOver = Literal["responding", "panel"]
NullRule = Literal["no_record", "known_before"]

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "scale": SCALES,
    "base": BASES,
    "kind": LABEL_KINDS,
    "concept": CONCEPTS,
    "median_over": MEDIAN_OVER,
    "null_rule": NULL_RULES,
}


class LabelSpecError(ValueError):
    """A label spec that cannot be used; the message names every field at fault and what is allowed."""


@dataclass(frozen=True)
class LabelSpec:
    """How relative poverty is labelled: equivalised income below ``theta`` × the median.

    ``kind``: ``mean-over`` takes the mean of the ``horizon_months`` months after the as-of date and follows the
    members of that date; ``at-horizon`` takes the one month that ends the horizon and the members of that month (a
    survey's next wave); ``same-period`` takes the ``horizon_months`` months before the as-of date, and is allowed
    only where no model column reads income (``barred`` names the columns).
    ``base``: whose median: of the area kind, of everybody, or of the area.
    ``median_over``: all households with a known income in the period, or only those followed from the as-of date.
    ``weight_column``: ``"weight"`` for the survey weight of the household, None for equal weights; medians are
    person-weighted in both cases.
    ``null_rule``: ``no_record``: income is unknown where the period holds no income record of the household;
    ``known_before``: a household with a record in the 12 months before the period and none in it has zero.
    """

    theta: float
    scale: Scale
    base: Base
    kind: LabelKind
    horizon_months: int
    concept: Concept
    weight_column: Literal["weight"] | None
    median_over: MedianOver
    null_rule: NullRule
    barred: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """A spec from a mapping such as a table of ``home.toml``; raises ``LabelSpecError`` with all faults."""
        faults = _faults(mapping)
        if faults:
            raise LabelSpecError("label spec: " + "; ".join(faults))
        values = {**mapping, "theta": float(mapping["theta"]), "barred": tuple(mapping.get("barred", ()))}
        values.setdefault("weight_column", None)
        return cls(**values)

    def to_mapping(self) -> dict[str, Any]:
        """The spec as plain values, in the order of the fields; ``from_mapping`` reads it back."""
        return {**asdict(self), "barred": list(self.barred)}


COUNTY: Final = LabelSpec(
    theta=0.40,
    scale="per_capita",
    base="urban_rural_separate",
    kind="mean-over",
    horizon_months=12,
    concept="before_assistance",
    weight_column=None,
    median_over="responding",
    null_rule="no_record",
)
"""The default of a Chinese county: statutory tests are per capita; our own help must not make negatives."""

WAVE_PANEL: Final = LabelSpec(
    theta=0.60,
    scale="oecd_modified",
    base="national",
    kind="at-horizon",
    horizon_months=12,
    concept="disposable",
    weight_column="weight",
    median_over="responding",
    null_rule="no_record",
)
"""A household survey with a wave a year later, such as Argentina's EPH (AROP convention)."""


GERMAN: Final = LabelSpec(
    theta=0.60,
    scale="none",
    base="national",
    kind="at-horizon",
    horizon_months=12,
    concept="disposable",
    weight_column=None,
    median_over="responding",
    null_rule="no_record",
)
"""The German panel: next year's household income, not equivalised, against the unweighted median of its wave."""


def _faults(mapping: Mapping[str, Any]) -> list[str]:
    known = [field.name for field in fields(LabelSpec)]
    faults = [f"unknown field {name!r} (known: {', '.join(known)})" for name in sorted(set(mapping) - set(known))]
    optional = {"weight_column", "barred"}
    faults += [f"{name} is missing" for name in known if name not in mapping and name not in optional]
    for name, allowed in _CHOICES.items():
        if name in mapping and mapping[name] not in allowed:
            faults.append(f"{name} must be one of {', '.join(allowed)}")
    theta = mapping.get("theta", 0.5)
    if isinstance(theta, bool) or not isinstance(theta, int | float) or not 0 < theta <= 1:
        faults.append("theta must be a number above 0 and not above 1")
    months = mapping.get("horizon_months", 12)
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 60:
        faults.append("horizon_months must be a whole number from 1 to 60")
    if mapping.get("weight_column") not in (None, "weight"):
        faults.append("weight_column must be 'weight' or left out")
    barred = mapping.get("barred", ())
    if not isinstance(barred, list | tuple) or not all(isinstance(name, str) for name in barred):
        faults.append("barred must be a list of column names")
    return faults


def month_number(day: date) -> int:
    """Months since the year 0: consecutive months have consecutive numbers."""
    return day.year * 12 + day.month - 1


def month_index(column: str) -> pl.Expr:
    """The same number for a date column (Int32)."""
    return pl.col(column).dt.year().cast(pl.Int32) * 12 + pl.col(column).dt.month().cast(pl.Int32) - 1


def first_of(number: int) -> date:
    """The first day of the month with this number."""
    return date(number // 12, number % 12 + 1, 1)


def end_of(number: int) -> date:
    """The last day of the month with this number."""
    return date.fromordinal(first_of(number + 1).toordinal() - 1)


def first_month_from(as_of: date) -> int:
    """The first month that begins on or after the as-of date: the first that belongs to its future alone."""
    return month_number(as_of) + (as_of.day > 1)


def last_month_over(day: date) -> int:
    """The last month that is over by the end of a day."""
    return month_number(day + timedelta(days=1)) - 1


def households_on(known: Known, day: date) -> pl.LazyFrame:
    """``household_id, area, area_kind, weight, fold_group`` of the households valid on a day (newest row of each).

    ``area`` is the township of the region, as in the reporting calendar; ``fold_group`` is the dwelling, which its
    households share (the household itself where no dwelling is recorded): they are never on both sides of a test.
    """
    valid = (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    return (
        known.frame("household")
        .filter(valid)
        .sort("household_id", "valid_from")
        .unique("household_id", keep="last", maintain_order=True)
        .select(
            "household_id",
            area_of().alias("area"),
            "area_kind",
            "weight",
            pl.coalesce("dwelling_id", "household_id").alias("fold_group"),
        )
    )


def members_on(known: Known, day: date) -> pl.LazyFrame:
    """``person_id, household_id, child, death_date`` of the living members of a day, each in one household.

    A reported age is taken before a birth date (a survey's ages are as reported). Who is in two households by the
    records belongs to the one entered last.
    """
    valid = (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    alive = pl.col("death_date").is_null() | (pl.col("death_date") > day)
    by_birth = pl.col("birth_date").dt.offset_by(f"{CHILD_UNDER}y") > day
    return (
        known.frame("member")
        .filter(valid & alive)
        .sort("person_id", "valid_from", "household_id")
        .unique("person_id", keep="last", maintain_order=True)
        .select(
            "person_id",
            "household_id",
            pl.coalesce(pl.col("age_reported") < CHILD_UNDER, by_birth).alias("child"),
            "death_date",
        )
    )


def equivalence(scale: Scale, adults: pl.Expr, children: pl.Expr) -> pl.Expr:
    """The number of equivalent persons: n, 1 + 0.5(A-1) + 0.3C (OECD-modified), the root of n, or 1.

    A household of children alone counts its first member as the first adult; there is never less than one.
    """
    persons = adults + children
    if scale == "per_capita":
        return persons
    if scale == "oecd_modified":
        return 1 + 0.5 * (adults - 1).clip(lower_bound=0) + 0.3 * (children - (adults == 0).cast(pl.Int64))
    if scale == "square_root":
        return persons.sqrt()
    return pl.lit(1.0)


def reporting_of(known: Known, kind: str) -> pl.DataFrame:
    """The reporting counts of one kind from the known records themselves."""
    placed = with_area(known.frame(kind), known.frame("member"), known.frame("household"))
    return reporting_counts(kind, placed)


def reported_months(known: Known, kind: str, reporting: pl.DataFrame | None) -> pl.LazyFrame:
    """``area, month, reported_on``: the day from which a source counts as having reported a month for an area.

    That is the first day on which the rows known for the month reach half of the median of the area's earlier
    months (twelve at most; any row, where there is none earlier): a trickle of early rows is not a report.
    ``reporting`` is the count of the whole store; without it the known records are counted.
    """
    counts = (reporting_of(known, kind) if reporting is None else reporting).lazy()
    days = (
        counts.filter((pl.col("kind") == kind) & (pl.col("known_on") <= known.as_of))
        .group_by("area", "month", "known_on")
        .agg(pl.col("rows").sum())
    )
    totals = days.group_by("area", "month").agg(pl.col("rows").sum().alias("total"))
    earlier = totals.rename({"month": "earlier", "total": "usual"})
    oldest = pl.col("month").dt.offset_by(f"-{EARLIER_MONTHS}mo")
    usual = (
        totals.join(earlier, on="area", how="left")
        .filter(pl.col("earlier").is_between(oldest, pl.col("month"), closed="left"))
        .group_by("area", "month")
        .agg(pl.col("usual").median())
    )
    return (
        days.join(usual, on=["area", "month"], how="left")
        .sort("area", "month", "known_on")
        .with_columns(pl.col("rows").cum_sum().over("area", "month").alias("so_far"))
        .filter(pl.col("so_far") * 2 >= pl.col("usual").fill_null(0))
        .group_by("area", "month")
        .agg(pl.col("known_on").min().alias("reported_on"))
    )


def weighted_median(values: np.ndarray[Any, np.dtype[np.float64]], weights: np.ndarray[Any, Any]) -> float | None:
    """The lowest value at which the cumulated weight reaches half of all; None without weight."""
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order], dtype=np.float64)
    if not len(cumulated) or cumulated[-1] <= 0:
        return None
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])
