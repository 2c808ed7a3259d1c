"""Triggers read from claims and income: spending that a household cannot carry, work and income that stop.

Each function takes the facts of a bucket and its thresholds (expressions by ``area_kind``, minor units) and gives
one row per household or person concerned: ``household_id, person_id, happened_on, known_on, value, threshold``.
"""

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from features.windows import month_number, owned
from outreach.facts import Facts

Thresholds = Mapping[str, pl.Expr]


def finish(
    rows: pl.LazyFrame,
    happened: pl.Expr,
    known: pl.Expr,
    value: pl.Expr | None = None,
    threshold: pl.Expr | None = None,
    *,
    of_person: bool = True,
) -> pl.LazyFrame:
    """The columns that every trigger gives; ``part`` is the part of the trigger's weight that a row carries."""
    nothing = pl.lit(None, dtype=pl.Float64)
    person = pl.col("person_id") if of_person else pl.lit(None, dtype=pl.String)
    return rows.select(
        "household_id",
        person.alias("person_id"),
        happened.cast(pl.Date).alias("happened_on"),
        pl.max_horizontal(happened.cast(pl.Date), known.cast(pl.Date)).alias("known_on"),
        (nothing if value is None else value.cast(pl.Float64)).alias("value"),
        (nothing if threshold is None else threshold.cast(pl.Float64)).alias("threshold"),
        pl.lit(1.0).alias("part"),
    )


def claims(facts: Facts, days: int = 365) -> pl.LazyFrame:
    """The claims of the last days, with the columns of the household."""
    since = facts.as_of - timedelta(days=days)
    return facts.held.claims.filter(pl.col("event_date") > since).join(
        facts.households.lazy(), on="household_id", how="inner"
    )


def _crossed(facts: Facts, line: pl.Expr, where: pl.Expr) -> pl.LazyFrame:
    """Households whose own payments of the last 12 months reach a line, on the day of the claim that reached it.

    It was known on the first day on which the claims known by then reached the line: of claims that are settled
    late, the last one that it took.
    """

    def so_far(by: str) -> pl.Expr:
        return pl.col("oop").cum_sum().over("household_id", order_by=[by, "person_id", "event_id"])

    spent = (
        claims(facts)
        .filter(where & pl.col("oop").is_not_null())
        .with_columns(line=line)
        .filter(pl.col("oop").sum().over("household_id") >= pl.col("line"))
        .with_columns(happened=so_far("event_date"), known=so_far("known_on"))
        .group_by("household_id")
        .agg(
            pl.col("event_date").filter(pl.col("happened") >= pl.col("line")).min(),
            pl.col("known_on").filter(pl.col("known") >= pl.col("line")).min(),
            pl.col("oop").sum().alias("total"),
            pl.col("line").first(),
        )
        .filter(pl.col("event_date").is_not_null())
    )
    return finish(spent, pl.col("event_date"), pl.col("known_on"), pl.col("total"), pl.col("line"), of_person=False)


def _registered_poor() -> pl.Expr:
    return pl.any_horizontal(pl.col(f"paid:{code}").fill_null(False) for code in ("DB", "TK", "BY", "GX", "FP"))


def spending_of_the_registered_poor(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-MED1: own payments of the last 12 months of a household with a status reach the line."""
    return _crossed(facts, lines["oop"], _registered_poor())


def spending_of_ordinary_households(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-MED2: own payments of the last 12 months of any other household reach the (higher) line."""
    return _crossed(facts, lines["oop"], ~_registered_poor())


def outpatient_spending(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-MED3: outpatient and chronic payments of one person in one month reach the line; the newest month."""
    months = (
        claims(facts)
        .filter(pl.col("kind").cast(pl.String).is_in(["outpatient", "chronic"]) & pl.col("oop").is_not_null())
        .with_columns(line=lines["oop"])
        .group_by("household_id", "person_id", pl.col("event_date").dt.truncate("1mo").alias("month"))
        .agg(pl.col("oop").sum(), pl.col("line").first(), pl.col("event_date").max(), pl.col("known_on").max())
        .filter(pl.col("oop") >= pl.col("line"))
        .group_by("household_id", "person_id")
        .agg(pl.struct("event_date", "known_on", "oop", "line").max_by("month").alias("newest"))
        .unnest("newest")
    )
    return finish(months, pl.col("event_date"), pl.col("known_on"), pl.col("oop"), pl.col("line"))


def spending_over_income(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-MED4: own payments of 12 months exceed a share of the income of 12 months, where income is known.

    Above the higher share with its full weight; between the two (watch) with three quarters of it.
    """
    income = pl.col("income_12m")
    known = income.is_not_null()
    urgent = _crossed(facts, (lines["urgent"] * income).clip(lower_bound=1.0), known)
    watch = _crossed(facts, (lines["watch"] * income).clip(lower_bound=1.0), known)
    only_watched = watch.join(urgent.select("household_id"), on="household_id", how="anti")
    return pl.concat([urgent, only_watched.with_columns(part=pl.lit(0.75))])


def one_admission(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-MED5: the own payment for one admission reaches a number of months of the household's income."""
    stays = (
        claims(facts)
        .filter((pl.col("kind").cast(pl.String) == "inpatient") & (pl.col("oop") > 0))
        .with_columns(line=(lines["months"] * pl.col("income_12m") / 12).clip(lower_bound=1.0))
        .filter(pl.col("oop") >= pl.col("line"))
        .group_by("household_id", "person_id")
        .agg(
            pl.struct("event_date", "known_on", "oop", "line")
            .max_by(pl.struct("event_date", "oop"))
            .alias("newest")
        )
        .unnest("newest")
    )
    return finish(stays, pl.col("event_date"), pl.col("known_on"), pl.col("oop"), pl.col("line"))


def new_serious_disease(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-MED6: the first claim ever known of a person for a disease on the serious list, within the last year."""
    first = (
        facts.held.claims.filter(pl.col("serious").fill_null(False))
        .group_by("household_id", "person_id")
        .agg(pl.struct("event_date", "known_on").min_by("event_date").alias("first"))
        .unnest("first")
        .filter(pl.col("event_date") > facts.as_of - timedelta(days=365))
    )
    return finish(first, pl.col("event_date"), pl.col("known_on"))


def contributions_stopped(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-JOB1: a spell ended, or contributions have been missing for two reported months, after six months paid.

    A person who has another spell running is not concerned, nor one whose spell was never contributed to, nor one
    who draws a pension: work that ended at the end of working life was not lost.
    """
    last = pl.col("_last")
    spells = owned(facts.roster, "employment").filter(
        (pl.col("start") <= facts.as_of) & (pl.col("form").cast(pl.String) != "unemployed")
    )
    paid_to = month_number(pl.col("contributed_until"))
    paid = paid_to - month_number(pl.col("start")) + 1
    ended = pl.col("end").is_not_null() & (pl.col("end") <= facts.as_of)
    running = ~ended & (paid_to.is_null() | (paid_to > last - lines["missing"]))
    stopped = (
        spells.join(facts.households.lazy().select("household_id", "area_kind"), on="household_id", how="left")
        .with_columns(
            running=running.fill_null(True),
            counts=(paid >= lines["paid"]) & (last - paid_to >= lines["missing"]),
            stopped_on=pl.min_horizontal("end", pl.col("contributed_until").dt.month_end()),
            months=(last - paid_to).cast(pl.Float64),
            line=lines["missing"],
        )
        .group_by("household_id", "person_id")
        .agg(
            pl.col("running").any(),
            pl.struct("stopped_on", "known_on", "months", "line")
            .filter("counts")
            .max_by(pl.col("stopped_on").filter("counts"))
            .alias("newest"),
        )
        .filter(~pl.col("running") & pl.col("newest").is_not_null())
        .unnest("newest")
        .filter(pl.col("stopped_on") > facts.as_of - timedelta(days=365))
        .join(facts.persons.lazy().filter("draws_pension"), on=["household_id", "person_id"], how="anti")
    )
    return finish(stopped, pl.col("stopped_on"), pl.col("known_on"), pl.col("months"), pl.col("line"))


def no_income(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-JOB2: three reported months in a row without a record of income in a household that had one before.

    The event is the end of the third month. An amount that covers several months is expected for as many more.
    """
    missing = pl.col("_last") - pl.col("empty_since")
    empty = facts.households.lazy().with_columns(line=lines["months"]).filter(missing >= pl.col("line"))
    third = _month_end(pl.col("empty_since") + pl.col("line").cast(pl.Int32))
    return finish(empty, third, _told(facts, third), missing, pl.col("line"), of_person=False)


def benefit_ended(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-JOB3: unemployment benefit was paid last in one of the last months and no employment has begun since."""
    last = pl.col("_last")
    ended = (
        facts.held.paid.filter(pl.col("programme") == "SY")
        .filter(pl.col("person_id").is_not_null())
        .group_by("household_id", "person_id", "_last")
        .agg(newest=month_number(pl.col("month")).max(), known_on=pl.col("known_on").max())
        .filter((pl.col("newest") < last) & (pl.col("newest") >= last - 2))
        .with_columns(ended_on=_month_end(pl.col("newest")))
    )
    work = facts.known.frame("employment").filter(
        (pl.col("form").cast(pl.String) != "unemployed")
        & (pl.col("start") <= facts.as_of)
        & (pl.col("end").is_null() | (pl.col("end") > facts.as_of))
    )
    jobless = ended.join(work.select("person_id"), on="person_id", how="anti")
    return finish(jobless, pl.col("ended_on"), _told(facts, pl.col("ended_on")))


def income_drop(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-INC1: income of the last two reported months is below a share of the mean of the twelve before, in each.

    Dated by the second such month; where the month before was low already, by the month before. Needs the household
    to have been known for all fourteen months.
    """
    line = pl.col("before_12m") * (1 - lines["drop"])
    low = [pl.col(f"month_{ago}") <= line for ago in (0, 1, 2)]
    known = (pl.col("_last") - pl.col("known_since") >= 13) & (pl.col("before_12m") > 0)
    dropped = facts.households.lazy().with_columns(line=line).filter(known & low[0] & low[1])
    second = _month_end(pl.col("_last") - low[2].cast(pl.Int32))
    return finish(dropped, second, _told(facts, second), pl.col("month_0"), pl.col("line"), of_person=False)


def _month_end(number: pl.Expr) -> pl.Expr:
    return pl.date((number - 1) // 12, (number - 1) % 12 + 1, 1).dt.month_end()


def _told(facts: Facts, happened: pl.Expr) -> pl.Expr:
    """When a month's end was known: as long after it as the last reported month's end lies behind the day."""
    return happened + (pl.lit(facts.as_of) - _month_end(pl.col("_last")))
