"""What findings that a person reviews have in common: payments of the last year, and the shape of a finding.

A duplicate (重复, DUP) or a misplacement (错位, MIS) is a task to review, with a hearing of the household; it stops
and lowers nothing (社会救助暂行办法 Art. 13; design: review tasks). A fact that no record tells makes no finding.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from features.windows import month_number
from outreach.catalogue import InForce
from outreach.facts import Facts
from outreach.findings import EVIDENCE, FINDINGS_SCHEMA

HARD: Final = 2.0
SOFT: Final = 1.0
"""Weights: the rules exclude it, or it may be right and somebody should look."""

MONTHS: Final = 12
"""Reported months that are looked at: what is older is for an audit, not for a caseworker's desk."""


@dataclass(frozen=True)
class ReviewRule:
    """How a code is told: all of ``sources`` must be delivered, else nothing is said."""

    compute: Callable[[Facts, InForce], pl.LazyFrame]
    sources: tuple[str, ...]


def told_by(review_rules: Mapping[str, ReviewRule], facts: Facts, rules: InForce) -> list[pl.LazyFrame]:
    """What each rule whose sources are delivered finds."""
    known = [rule for rule in review_rules.values() if all(facts.known.has(source) for source in rule.sources)]
    return [rule.compute(facts, rules) for rule in known]


def payments(facts: Facts) -> pl.LazyFrame:
    """The payments of the last twelve reported months to people who live there, and to their households.

    ``household_id, person_id`` (null: to the household)``, programme, month, age`` (0 = the last reported month)``,
    amount, authority, decision_no, known_on``.
    """
    age = (pl.col("_last") - month_number(pl.col("month"))).alias("age")
    return facts.held.paid.select(
        *("household_id", "person_id", "programme", "month", age),
        *("amount", "authority", "decision_no", "known_on"),
    ).filter(pl.col("age").is_between(0, MONTHS - 1))


def members(facts: Facts) -> pl.LazyFrame:
    """``household_id, living``: how many live there."""
    return facts.persons.lazy().group_by("household_id").agg(living=pl.len())


def over_months(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Months of an overlap summed up: ``happened_on`` the first, ``value`` how many, ``known_on`` the newest."""
    return rows.group_by("household_id", "person_id").agg(
        happened_on=pl.col("month").min(),
        value=pl.col("month").n_unique().cast(pl.Float64),
        known_on=pl.col("known_on").max(),
    )


def as_findings(code: str, rows: pl.LazyFrame, *, source: str = "benefit", fact: str | None = None) -> pl.LazyFrame:
    """Rows of ``household_id, person_id, happened_on, known_on, value, hard`` as findings.

    ``threshold`` and ``unmet_month`` are taken where the rows have them, and are null otherwise.
    """
    names = rows.collect_schema().names()
    blank = {"threshold": pl.Float64, "unmet_month": pl.Int64}
    held = rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in blank.items() if name not in names)
    weight = pl.when("hard").then(HARD).otherwise(SOFT)
    return held.select(
        "household_id",
        "person_id",
        code=pl.lit(code),
        programme=pl.lit(None, pl.String),
        happened_on="happened_on",
        known_on="known_on",
        weight=weight,
        score=weight,
        urgent=pl.lit(value=False),
        near_certain=pl.lit(value=False),
        unmet_month=pl.col("unmet_month").cast(pl.Int64),
        evidence=pl.struct(
            fact=pl.lit(fact or code),
            value=pl.col("value").cast(pl.Float64),
            threshold=pl.col("threshold").cast(pl.Float64),
            source=pl.lit(source),
            source_date=pl.col("known_on"),
        ).cast(EVIDENCE),
    ).cast(pl.Schema(FINDINGS_SCHEMA))
