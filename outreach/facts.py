"""The facts that rules name, one row per household and one per person, with the date of each source.

A register that the bureau does not deliver, or that has not reported for the household's area, leaves its facts
null: unknown. A register that has reported and holds no row says so: no certificate, no payment.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import polars as pl

from features.context import Context
from features.sources import Known
from features.windows import Roster, last_months, month_number, roster_of
from outreach.catalogue import InForce
from outreach.counted_income import counted_income, income_by_person, own_income
from outreach.deductions import INCOME, NOTHING, TOP_UPS, counted_less_costs, is_given, of_classes
from outreach.facts_family import with_family
from outreach.facts_home import dwelling, income_fall, of_members, spending, what_happened
from outreach.facts_person import registers
from outreach.held import Held, held_of

AWAY_DAYS: Final = 365
LATE_MONTHS: Final = 1
"""A payment counts as running when its newest month is the last reported one or the one before."""


@dataclass(frozen=True)
class Rows:
    """The rows that rules are judged on.

    ``households`` (sorted by ``household_id``): region, area, area_kind, the counted income, and per benefit code
    ``paid:<code>`` (Bool, null = unknown) and ``whole:<code>`` (Bool: paid to the household, or to each member who
    lives there), the dates of the sources. ``persons`` (sorted by household and person):
    the household's columns and the person's own facts; ``paid:<code>`` there: to the person or to the household.
    """

    households: pl.DataFrame
    persons: pl.DataFrame


@dataclass(frozen=True)
class Facts(Rows):
    """What is known about one bucket on a day, with the records that it was made from."""

    as_of: date
    known: Known
    roster: Roster
    held: Held


def facts_of(known: Known, context: Context, rules: InForce, benefits: Collection[str]) -> Facts:
    """Read every source once and hold the facts of the day. ``benefits`` are the codes that some rule names."""
    roster = _living(roster_of(known, context))
    held = held_of(roster)
    incomes = income_by_person(roster, rules).collect().lazy()
    paid = _payments(held, sorted(benefits)).collect().lazy()
    homes = _households(roster, rules, held, (incomes, paid), benefits)
    persons = _persons(roster, rules, held, (homes.lazy(), incomes, paid), benefits)
    found = (
        homes.lazy()
        .join(of_members(persons.lazy(), known), on="household_id", how="left")
        .pipe(_with_classes, persons.lazy(), rules)
        .with_columns(spending(rules))
        .with_columns(counted_less_costs() if is_given(rules, "deduct_care_costs") else [])
        .drop("^_(care|school|costs)_.*$")
        .sort("household_id")
        .collect()
    )
    if is_given(rules, "deduct_care_costs"):
        persons = persons.drop(INCOME)
    made = found.select("household_id", *(name for name in found.columns if name not in persons.columns))
    persons = persons.join(made.drop("^(paid|whole):.*$"), on="household_id", how="left", maintain_order="left")
    return Facts(found, persons, known.as_of, known, roster, held)


def _with_classes(homes: pl.LazyFrame, persons: pl.LazyFrame, rules: InForce) -> pl.LazyFrame:
    """The homes with what local rules deduct and add; nothing is read where they do neither."""
    if not any(is_given(rules, name) for name in (*TOP_UPS, "deduct_care_costs")):
        return homes.with_columns(pl.lit(value, pl.Int64).alias(name) for name, value in NOTHING.items())
    return homes.join(of_classes(persons, rules), on="household_id", how="left")


def _households(
    roster: Roster,
    rules: InForce,
    held: Held,
    read: tuple[pl.LazyFrame, pl.LazyFrame],
    benefits: Collection[str],
) -> pl.DataFrame:
    """The homes with the facts of each; ``read``: the incomes and payments, read once."""
    incomes, paid = read
    happened, told = what_happened(roster, rules, held)
    living = roster.members.lazy().filter("present").group_by("household_id").agg(people=pl.len())
    return (
        roster.households.lazy()
        .join(living, on="household_id", how="left")
        .select("household_id", "region", "area", "area_kind", "dwelling_safety", "known_on", *dwelling())
        .join(counted_income(roster, rules, incomes), on="household_id", how="left")
        .join(_by_household(paid, roster), on="household_id", how="left")
        .join(_reported(roster, "benefit", "date_benefit"), on="household_id", how="left")
        .with_columns(_paid_or_not(roster.known, benefits))
        .with_columns(income_fall(), date_income=_last_day("_last"), date_member=pl.col("known_on"))
        .join(happened, on="household_id", how="left")
        .with_columns(told)
        .drop("known_on", "_sudden", "_hardship", "_disaster", "_ill", "_relief")
        .collect()
    )


def _persons(
    roster: Roster,
    rules: InForce,
    held: Held,
    read: tuple[pl.LazyFrame, pl.LazyFrame, pl.LazyFrame],
    benefits: Collection[str],
) -> pl.DataFrame:
    """Who lives there, with the facts of each; ``read``: the households, incomes and payments, read once."""
    known, (homes, incomes, paid) = roster.known, read
    person_rows = paid.filter(pl.col("person_id").is_not_null())
    own_rows = paid.filter(pl.col("person_id").is_null()).drop("person_id")
    persons = (
        roster.members.lazy()
        .filter("present")
        .select(
            "household_id",
            "person_id",
            "relation",
            "counted",
            "away",
            "hukou_region",
            *_age(),
            birth="birth_date",
        )
        .join(homes.drop("^(paid|whole):.*$", strict=False), on="household_id", how="inner")
        .join(person_rows, on=["household_id", "person_id"], how="left")
        .join(own_rows.rename({f"paid:{c}": f"house:{c}" for c in benefits}), on="household_id", how="left")
        .with_columns(
            (pl.col(f"paid:{c}").fill_null(False) | pl.col(f"house:{c}").fill_null(False)).alias(f"paid:{c}")
            for c in sorted(benefits)
        )
        .with_columns(_paid_or_not(known, benefits))
        .drop([f"house:{c}" for c in benefits])
        .join(own_income(roster, rules, incomes), on=["household_id", "person_id"], how="left")
        .join(_serious(held, roster.as_of), on="person_id", how="left")
    )
    for rows, values in registers(known):
        persons = persons.join(rows, on="person_id", how="left").with_columns(values)
    return (
        persons.with_columns(*_person_facts(known))
        .drop("serious", "hukou_region", "draws")
        .collect()
        .lazy()
        .pipe(with_family, roster.members.lazy(), known, rules)
        .sort("household_id", "person_id")
        .collect()
    )


def unsupported(facts: Facts, programmes: Collection[str]) -> pl.DataFrame:
    """``household_id, unsupported``: none of these programmes is in payment; null where no register tells."""
    paid = pl.any_horizontal(pl.col(f"paid:{code}") for code in sorted(programmes))
    return facts.households.select("household_id", unsupported=~paid)


def _living(roster: Roster) -> Roster:
    """The roster with ``counted`` filled (Art. 7: not those detained or lost), ``away`` and ``dead``."""
    lately = roster.as_of - timedelta(days=AWAY_DAYS)
    code = pl.col("event_code")
    told = (
        roster.known.frame("event")
        .filter(pl.col("person_id").is_not_null() & (pl.col("event_date") <= roster.as_of))
        .filter((code == "DTH") | (code.is_in(["JAIL", "LOST"]) & (pl.col("event_date") > lately)))
        .group_by("person_id")
        .agg(died=(code == "DTH").any(), away=(code != "DTH").any())
        .collect()
    )
    members = (
        roster.members.join(told, on="person_id", how="left")
        .with_columns(
            counted=pl.coalesce("counted", ~pl.col("away"), pl.lit(True)),
            present=pl.col("present") & ~pl.col("died").fill_null(False),
            away=pl.col("away").fill_null(False),
            dead=pl.col("died").fill_null(False) | (pl.col("death_date") <= roster.as_of).fill_null(False),
        )
        .drop("died")
    )
    return replace(roster, members=members)


def _age() -> list[pl.Expr]:
    reported = pl.col("birth_date").is_null().cast(pl.Int32)
    return [
        pl.col("age"),
        (pl.col("age") - reported).alias("age_low"),
        (pl.col("age") + reported).alias("age_high"),
    ]


def _payments(held: Held, benefits: Collection[str]) -> pl.LazyFrame:
    """``household_id, person_id (null: paid to the household), paid:<code> …``; only owners with a row are here.

    A programme is in payment when the newest month on record is paid (a refusal is no month) and is not older than
    the last report, less one month for a late row.
    """
    key = ["household_id", "person_id", "programme"]
    paid = pl.col("status").cast(pl.String) == "in_payment"
    latest = (
        held.benefits.filter(
            pl.col("programme").is_in(list(benefits)) & (pl.col("status").cast(pl.String) != "refused")
        )
        .group_by(*key, "_last")
        .agg(
            newest=month_number(pl.col("month")).max(), newest_paid=month_number(pl.col("month")).filter(paid).max()
        )
        .with_columns(
            on=(pl.col("newest_paid") == pl.col("newest"))
            & (pl.col("newest_paid") >= pl.col("_last") - LATE_MONTHS)
        )
    )
    return latest.group_by("household_id", "person_id").agg(
        ((pl.col("programme") == code) & pl.col("on").fill_null(False)).any().alias(f"paid:{code}")
        for code in benefits
    )


def _by_household(paid: pl.LazyFrame, roster: Roster) -> pl.LazyFrame:
    """``household_id, paid:<code> …, whole:<code> …``; only households with a row are here."""
    living = roster.members.lazy().filter("present").group_by("household_id").agg(living=pl.len())
    codes, own = pl.col("^paid:.*$"), pl.col("person_id").is_null()
    whole = (codes & own).any() | ((codes & ~own).sum() >= pl.col("living").first())
    return (
        paid.join(living, on="household_id", how="left")
        .group_by("household_id")
        .agg(codes.any(ignore_nulls=True), whole.name.replace("^paid:", "whole:"))
    )


def _paid_or_not(known: Known, benefits: Collection[str]) -> list[pl.Expr]:
    """Where the register has reported, no row is no payment; elsewhere unknown."""
    reported = pl.col("date_benefit").is_not_null() if known.has("benefit") else pl.lit(False)
    return [
        pl.when(reported).then(pl.col(f"paid:{code}").fill_null(False)).alias(f"paid:{code}")
        for code in sorted(benefits)
    ]


def _reported(roster: Roster, kind: str, name: str) -> pl.LazyFrame:
    return last_months(roster, kind).lazy().select("household_id", _last_day("_last").alias(name))


def _last_day(month: str) -> pl.Expr:
    number = pl.col(month) - 1
    return pl.date(number // 12, number % 12 + 1, 1).dt.month_end()


def _serious(held: Held, day: date) -> pl.LazyFrame:
    since = day - timedelta(days=365)
    return (
        held.claims.filter(pl.col("serious").fill_null(False) & (pl.col("event_date") > since))
        .group_by("person_id")
        .agg(serious=pl.lit(True))
    )


def _person_facts(known: Known) -> list[pl.Expr]:
    claims = pl.lit(known.has("medical"))
    no_pension = pl.col("draws").is_not_null() | ~pl.col("pension_enrolled")
    return [
        pl.when(claims).then(pl.col("serious").fill_null(False)).alias("serious_illness"),
        pl.when("draws").then(pl.lit(True)).when(no_pension).then(pl.lit(False)).alias("draws_pension"),
        (pl.col("hukou_region").str.slice(0, 6) == pl.col("region").str.slice(0, 6)).alias("hukou_here"),
    ]
