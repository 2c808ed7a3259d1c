"""Findings: programmes that are missing (GAP-*) and events that have struck (EV-*), with the emergency score.

The score of an event is its weight, halved every half-life since it happened, times the household's buffer. The
emergency score of a household is the sum over its events, so that a report can list the parts.
"""

from datetime import date, timedelta
from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from outreach.catalogue import InForce
from outreach.conditions import figure
from outreach.facts import Facts
from outreach.facts_home import relief_paid
from outreach.matches import KEYS, MATCHES, unaided_bills
from outreach.trigger_table import STATUS_CODES, TRIGGERS

EVIDENCE: Final = pl.Struct(
    {
        "fact": pl.String,
        "value": pl.Float64,
        "threshold": pl.Float64,
        "source": pl.String,
        "source_date": pl.Date,
    }
)
FINDINGS_SCHEMA: Final[dict[str, pl.DataType | DataTypeClass]] = {
    "household_id": pl.String,
    "person_id": pl.String,
    "code": pl.String,
    "programme": pl.String,
    "happened_on": pl.Date,
    "known_on": pl.Date,
    "weight": pl.Float64,
    "score": pl.Float64,
    "urgent": pl.Boolean,
    "near_certain": pl.Boolean,
    "unmet_month": pl.Int64,
    "evidence": EVIDENCE,
}
"""The columns of a finding. ``score``: events fade with time, gaps carry the programme's weight (half where only
possible). ``near_certain`` marks a pure match of registers (``matches``). ``evidence`` holds no id."""

FULL, HALF = 1.0, 0.5
MICRO: Final = 1_000_000


def event_findings(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """The events that have struck the households of the bucket, most of a year back, until they have faded."""
    parts = []
    for trigger in rules.triggers:
        rule = TRIGGERS[trigger.code]
        if not all(facts.known.has(kind) for kind in rule.sources):
            continue
        lines = {name: figure(rules.settings[parameter]) for name, parameter in trigger.thresholds.items()}
        parts.append(
            rule.compute(facts, lines).with_columns(
                code=pl.lit(trigger.code),
                weight=pl.col("part") * trigger.weight,
                half_life=pl.lit(trigger.half_life_days),
                source=pl.lit("+".join(rule.sources) or "household+member"),
            )
        )
    if not parts:
        return pl.LazyFrame(schema=FINDINGS_SCHEMA)
    return _weighed(facts, rules, pl.concat(parts))


def _weighed(facts: Facts, rules: InForce, events: pl.LazyFrame) -> pl.LazyFrame:
    day = pl.lit(facts.as_of)
    newest = events.group_by("household_id", "person_id", "code").agg(
        pl.struct(pl.exclude("household_id", "person_id", "code"))
        .max_by(pl.struct("happened_on", "known_on"))
        .alias("newest")
    )
    age = (day - pl.col("happened_on")).dt.total_days()
    faded = (pl.col("weight") * pl.lit(2.0).pow(-age / pl.col("half_life"))).alias("faded")
    floor = rules.settings["trigger_floor"].urban or 0.0
    return (
        newest.unnest("newest")
        .with_columns(faded)
        .filter(pl.col("faded") >= floor)
        .join(buffers(facts).lazy(), on="household_id", how="left")
        .join(relief_paid(facts.held), on="household_id", how="left")
        .select(
            "household_id",
            "person_id",
            "code",
            pl.lit(None, dtype=pl.String).alias("programme"),
            "happened_on",
            "known_on",
            "weight",
            ((pl.col("faded") * pl.col("buffer") * MICRO).round(0) / MICRO).alias("score"),
            _urgent(rules, facts.as_of).alias("urgent"),
            pl.lit(False).alias("near_certain"),
            pl.lit(None, dtype=pl.Int64).alias("unmet_month"),
            pl.struct(
                fact=pl.col("code"),
                value=pl.col("value"),
                threshold=pl.col("threshold"),
                source=pl.col("source"),
                source_date=pl.col("known_on"),
            ).alias("evidence"),
        )
    )


def _urgent(rules: InForce, day: date) -> pl.Expr:
    """Of the heaviest weight, newly known, not long past, and no temporary relief paid since its month.

    The days count from when it was known: a register that reports with a month's lag would otherwise never open
    the urgent lane. Relief that no source can tell is taken as not paid.
    """
    known, happened, weight = (
        rules.settings[name].urban for name in ("urgent_known_days", "urgent_happened_days", "urgent_weight")
    )
    fresh = (pl.col("known_on") >= day - timedelta(days=int(known or 0))) & (
        pl.col("happened_on") >= day - timedelta(days=int(happened or 0))
    )
    relieved = (pl.col("relief_month") >= pl.col("happened_on").dt.truncate("1mo")).fill_null(False)
    return (pl.col("weight") >= weight) & fresh & ~relieved


def buffers(facts: Facts) -> pl.DataFrame:
    """``household_id, buffer``: 0.5 (can carry a blow) to 1.5 (cannot), additive.

    A quarter each where no benefit is known in payment, where no member of 18 to 59 is there, where an elder or a
    child lives without them, and where own medical payments of the past year exceed a tenth of income.
    """
    day = facts.as_of
    since = day - timedelta(days=365)
    ages = (
        facts.persons.lazy()
        .group_by("household_id")
        .agg(
            adults=pl.col("age").is_between(18, 59).sum(),
            weak=((pl.col("age") < 18) | (pl.col("age") >= 60)).sum(),
            members=pl.len(),
        )
    )
    spent = (
        facts.held.claims.filter(pl.col("event_date") > since)
        .group_by("household_id")
        .agg(spent=pl.col("oop").sum())
    )
    supported = pl.any_horizontal(pl.col(f"paid:{code}").fill_null(False) for code in STATUS_CODES)
    no_adult = pl.col("adults") == 0
    burdened = (pl.col("spent") * 10 > pl.col("income_12m")).fill_null(False)
    points = [
        ~supported,
        no_adult.fill_null(False),
        (no_adult & ((pl.col("members") == 1) | (pl.col("weak") == pl.col("members")))).fill_null(False),
        burdened,
    ]
    return (
        facts.households.lazy()
        .join(ages, on="household_id", how="left")
        .join(spent, on="household_id", how="left")
        .select("household_id", buffer=0.5 + 0.25 * pl.sum_horizontal(point.cast(pl.Int64) for point in points))
        .sort("household_id")
        .collect()
    )


def gap_findings(facts: Facts, rules: InForce, verdicts: pl.DataFrame) -> pl.LazyFrame:
    """What a household or person is likely, or possibly, entitled to and does not draw.

    A programme that yields to another (BY to DB) is no gap where the other is likely or in payment; one just
    above a line, where the other is only possible, keeps both.
    """
    found = verdicts.lazy().filter(
        pl.col("verdict").cast(pl.String).is_in(["eligible_likely", "eligible_possible"])
    )
    sure = verdicts.lazy().filter(pl.col("verdict").cast(pl.String).is_in(["eligible_likely", "in_payment"]))
    parts = []
    for rule in rules.rules:
        programme = rule.programme
        if not programme.gap:
            continue
        rows = found.filter(pl.col("programme") == programme.code)
        if programme.yields_to:
            stronger = sure.filter(pl.col("programme").is_in(programme.yields_to)).select("household_id")
            rows = rows.join(stronger, on="household_id", how="anti")
        rows = _matched(facts, rules, programme.code, rows)
        likely = pl.col("verdict").cast(pl.String) == "eligible_likely"
        weight = pl.when(likely).then(FULL).otherwise(HALF) * programme.weight
        parts.append(
            rows.select(
                "household_id",
                "person_id",
                pl.lit(f"GAP-{programme.code}").alias("code"),
                "programme",
                pl.lit(None, dtype=pl.Date).alias("happened_on"),
                pl.lit(facts.as_of).alias("known_on"),
                pl.lit(programme.weight).alias("weight"),
                weight.alias("score"),
                pl.lit(False).alias("urgent"),
                (likely & programme.near_certain & pl.col("matched")).alias("near_certain"),
                "unmet_month",
                "evidence",
            )
        )
    if not parts:
        return pl.LazyFrame(schema=FINDINGS_SCHEMA)
    return pl.concat(parts)


def _matched(facts: Facts, rules: InForce, code: str, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with ``matched``: whether the registers can be sure that nothing is paid.

    A bill that was settled without assistance is a match by itself, whatever the verdict of today: whoever has one
    and no row gets one.
    """
    if code not in MATCHES:
        return rows.with_columns(matched=pl.lit(value=True))
    sure = MATCHES[code](facts, rules)
    told = rows.join(
        sure.select(KEYS).unique().with_columns(matched=pl.lit(value=True)), on=KEYS, how="left"
    ).with_columns(pl.col("matched").fill_null(value=False))
    if code != "YL-ZJ":
        return told
    more = unaided_bills(facts, rules).join(rows, on=KEYS, how="anti")
    month = (pl.col("left") / 12).cast(pl.Float64)
    evidence = pl.struct(
        fact=pl.lit("eligible_cost"),
        value=month,
        threshold=pl.lit(0.0),
        source=pl.lit("medical"),
        source_date="paid_on",
    )
    added = more.select(
        *KEYS,
        programme=pl.lit(code),
        verdict=pl.lit("eligible_likely"),
        unmet_month=pl.lit(None, pl.Int64),
        evidence=evidence,
        matched=pl.lit(value=True),
    )
    names = added.collect_schema().names()
    return pl.concat([told.with_columns(pl.col("verdict").cast(pl.String)).select(names), added])


def emergency_scores(findings: pl.DataFrame) -> pl.DataFrame:
    """``household_id, emergency_score``: the sum over a household's events (none: no row)."""
    return (
        findings.lazy()
        .filter(pl.col("code").str.starts_with("EV-"))
        .group_by("household_id")
        .agg(micro=(pl.col("score") * MICRO).round(0).cast(pl.Int64).sum())
        .select("household_id", emergency_score=pl.col("micro") / MICRO)
        .sort("household_id")
        .collect()
    )
