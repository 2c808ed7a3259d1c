"""Duplicates (重复, DUP-01 to DUP-17): payments that the rules do not let stand together.

One function per code over the records of a bucket; ``reviewed`` says what becomes of them. A pair counts in each
month in which both were paid, over the last twelve reported months.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import polars as pl

from outreach.catalogue import InForce
from outreach.facts import Facts
from outreach.findings import FINDINGS_SCHEMA
from outreach.reviewed import ReviewRule, as_findings, members, over_months, payments, told_by

RESTS: Final = ("DB", "TK", "BY", "GX")
NOT_TOLD: Final = ("DUP-10",)
"""Codes that the records cannot tell: a payment's key is the person, the programme and the month, so that the same
month from a second authority is taken as a correction of the first."""

RELIEF: Final = "LS"
"""What the codes of temporary relief begin with."""

BOTH_INSURED_DAYS: Final = 31
LATELY: Final = timedelta(days=365)


@dataclass(frozen=True)
class Pair:
    """Two groups of programmes that exclude each other: of one person, or of one household.

    Of a person's pair the left side may be paid to the household: it then counts for everybody who lives there, and
    is a certain mistake only where that is one person.
    """

    code: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    of: Literal["person", "household"]
    hard: bool = True


PAIRS: Final = (
    Pair("DUP-01", ("DB",), ("TK",), "person"),
    Pair("DUP-02", ("GX",), ("DB", "TK", "BY"), "household"),
    Pair("DUP-03", ("BY",), ("DB", "TK"), "household"),
    Pair("DUP-04", ("GE", "SW"), ("TK",), "person"),
    Pair("DUP-05", ("DB", "TK", "CJ-S"), ("SW",), "person", hard=False),
    Pair("DUP-06", ("CJ-S", "CJ-H"), ("TK",), "person"),
    Pair("DUP-07", ("CJ-S", "CJ-H"), ("GS",), "person"),
    Pair("DUP-08", ("CJ-S",), ("GE",), "person"),
    Pair("DUP-09", ("CJ-H",), ("YLF",), "person", hard=False),
)
"""Of the stacking matrix. A full SW rate beside another payment and a mere top-up look alike in the records: DUP-05
asks somebody to look. 养老护理补贴 is recorded with the service subsidy under one code: so does DUP-09."""


def duplicate_findings(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """Every duplicate of the bucket; DUP-16 holds one half of each case until ``settled``."""
    parts = [_pair(facts, pair) for pair in PAIRS] if facts.known.has("benefit") else []
    parts += told_by(RULES, facts, rules)
    return pl.concat(parts) if parts else pl.LazyFrame(schema=FINDINGS_SCHEMA)


def settled(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The reviews of all buckets, with DUP-16 only where two households that draw DB count the same person.

    ``findings.FINDINGS_SCHEMA``, sorted by household, code and person.
    """
    reviews = pl.concat([pl.DataFrame(schema=FINDINGS_SCHEMA), *parts])
    twice = pl.col("code") == "DUP-16"
    homes = reviews.filter(twice).group_by("person_id").agg(n=pl.col("household_id").n_unique())
    both = homes.filter(pl.col("n") > 1)["person_id"].to_list()
    kept = reviews.filter(~twice | pl.col("person_id").is_in(both))
    return kept.sort("household_id", "code", "person_id", "happened_on", "known_on")


def _pair(facts: Facts, pair: Pair) -> pl.LazyFrame:
    paid = payments(facts)
    left, right = (
        paid.filter(pl.col("programme").is_in(pair.left)),
        paid.filter(pl.col("programme").is_in(pair.right)),
    )
    if pair.of == "household":
        if pair.code == "DUP-03":  # one person on DB in a household of the margin is lawful (单人保)
            right = right.filter((pl.col("programme") != "DB") | pl.col("person_id").is_null())
        both = left.join(right, on=["household_id", "month"], suffix="_right").with_columns(
            person_id=pl.lit(None, pl.String), sure=pl.lit(value=True)
        )
    else:
        own = right.filter(pl.col("person_id").is_not_null())
        theirs = pl.col("person_id").is_null() | (pl.col("person_id") == pl.col("person_id_right"))
        both = (
            left.join(own, on=["household_id", "month"], suffix="_right")
            .filter(theirs)
            .join(members(facts), on="household_id", how="left")
            .with_columns(
                person_id="person_id_right", sure=pl.col("person_id").is_not_null() | (pl.col("living") == 1)
            )
        )
    known = pl.max_horizontal("known_on", "known_on_right")
    months = both.with_columns(known_on=known)
    told = over_months(months).join(
        months.group_by("household_id", "person_id").agg(sure=pl.col("sure").any()),
        on=["household_id", "person_id"],
        nulls_equal=True,
    )
    return as_findings(pair.code, told.with_columns(hard=pl.col("sure") & pair.hard))


def paid_at_work(facts: Facts, _rules: InForce) -> pl.LazyFrame:
    """DUP-11: unemployment benefit for a month that the person worked through (条例 Art. 15).

    The spell began before the month and went on beyond it: a benefit that ends with the month of the new work is
    right.
    """
    drawn = payments(facts).filter((pl.col("programme") == "SY") & pl.col("person_id").is_not_null())
    works = ~pl.col("form").cast(pl.String).is_in(["unemployed", "farm", "family_worker"])
    spells = facts.known.frame("employment").filter(works).select("person_id", "start", "end", worked="known_on")
    through = (pl.col("start") < pl.col("month")) & (
        pl.col("end").is_null() | (pl.col("end") > pl.col("month").dt.month_end())
    )
    both = drawn.join(spells, on="person_id").filter(through)
    months = both.with_columns(known_on=pl.max_horizontal("known_on", "worked"))
    return as_findings("DUP-11", over_months(months).with_columns(hard=pl.lit(value=True)))


def insured_twice(facts: Facts, _rules: InForce) -> pl.LazyFrame:
    """DUP-12: employees' and residents' medical insurance at once for a month or more of the last year."""
    day = facts.as_of
    spells = facts.known.frame("enrolment").select(
        "person_id", "scheme", "start", pl.col("end").fill_null(day), "known_on"
    )
    scheme = pl.col("scheme").cast(pl.String)
    both = spells.filter(scheme == "medical_employee").join(
        spells.filter(scheme == "medical_resident"), on="person_id", suffix="_right"
    )
    both = both.with_columns(
        first=pl.max_horizontal("start", "start_right"), last=pl.min_horizontal("end", "end_right", pl.lit(day))
    ).filter(
        ((pl.col("last") - pl.col("first")).dt.total_days() >= BOTH_INSURED_DAYS) & (pl.col("last") > day - LATELY)
    )
    people = facts.persons.lazy().select("household_id", "person_id")
    told = (
        both.join(people, on="person_id")
        .group_by("household_id", "person_id")
        .agg(
            happened_on=pl.col("first").min(),
            value=((pl.col("last") - pl.col("first")).dt.total_days().max() / 30.4).round(0),
            known_on=pl.max_horizontal("known_on", "known_on_right").max(),
        )
    )
    return as_findings("DUP-12", told.with_columns(hard=pl.lit(value=True)), source="enrolment")


def relief_twice(facts: Facts, _rules: InForce) -> pl.LazyFrame:
    """DUP-13: temporary relief twice in the calendar year; no record tells the cause, so somebody looks."""
    year = pl.col("month").dt.year() == facts.as_of.year
    relief = payments(facts).filter(pl.col("programme").str.starts_with(RELIEF) & year)
    decision = pl.coalesce("decision_no", pl.col("month").cast(pl.String))
    told = relief.group_by("household_id", "person_id").agg(
        happened_on=pl.col("month").min(),
        value=decision.n_unique().cast(pl.Float64),
        known_on=pl.col("known_on").max(),
    )
    return as_findings("DUP-13", told.filter(pl.col("value") > 1).with_columns(hard=pl.lit(value=False)))


def paid_after_death(facts: Facts, _rules: InForce) -> pl.LazyFrame:
    """DUP-14: a payment to a person for a month after that of the death.

    Told of the household where the person lived last, also where nobody is left there. A payment to a household
    that still counts a dead member is MIS-07.
    """
    known = facts.known
    told = known.frame("event").filter(pl.col("event_code") == "DTH")
    deaths = pl.concat(
        [
            told.select("person_id", died="event_date", heard="known_on"),
            known.frame("member").select("person_id", died="death_date", heard="known_on"),
        ]
    ).filter(pl.col("person_id").is_not_null() & (pl.col("died") <= facts.as_of))
    deaths = deaths.group_by("person_id").agg(pl.col("died").min(), pl.col("heard").max())
    own = known.frame("household").select("household_id").unique()
    last = known.frame("member").group_by("person_id").agg(pl.col("household_id").max_by("valid_from"))
    paid = known.frame("benefit").filter(
        (pl.col("status").cast(pl.String) == "in_payment")
        & pl.col("person_id").is_not_null()
        & (pl.col("month") > facts.as_of - LATELY)
        & (pl.col("month") <= facts.as_of)
    )
    after = (
        paid.drop("household_id")
        .join(deaths, on="person_id")
        .filter((pl.col("month") > pl.col("died").dt.month_end()) & (pl.col("amount") > 0))
        .join(last, on="person_id")
        .join(own, on="household_id", how="semi")
        .with_columns(known_on=pl.max_horizontal("known_on", "heard"))
    )
    return as_findings("DUP-14", over_months(after).with_columns(hard=pl.lit(value=True)))


def housed_twice(facts: Facts, _rules: InForce) -> pl.LazyFrame:
    """DUP-15: a household in public rental housing draws a rent subsidy in money."""
    public = facts.roster.households.lazy().filter(pl.col("tenure").cast(pl.String) == "public_rental")
    rent = payments(facts).filter((pl.col("programme") == "ZF") & (pl.col("amount") > 0))
    both = rent.join(public.select("household_id"), on="household_id", how="semi")
    return as_findings("DUP-15", over_months(both).with_columns(hard=pl.lit(value=True)))


def counted_twice(facts: Facts, _rules: InForce) -> pl.LazyFrame:
    """DUP-16, one half: a counted member of a household that draws DB is a member of another household too.

    The other household may lie in another bucket: ``settled`` keeps those where it draws DB as well.
    """
    day = facts.as_of
    living = (
        (pl.col("valid_from") <= day)
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
        & pl.col("death_date").is_null()
        & pl.col("counted").fill_null(value=True)
    )
    there = facts.known.frame("member").filter(living).select("person_id", "household_id", "valid_from", "known_on")
    homes = there.group_by("person_id").agg(n=pl.col("household_id").n_unique()).filter(pl.col("n") > 1)
    drawing = facts.households.lazy().filter(pl.col("paid:DB")).select("household_id")
    told = (
        there.join(homes, on="person_id")
        .join(drawing, on="household_id", how="semi")
        .group_by("household_id", "person_id")
        .agg(happened_on=pl.col("valid_from").max(), value=pl.col("n").max(), known_on=pl.col("known_on").max())
    )
    return as_findings("DUP-16", told.with_columns(hard=pl.lit(value=True)), source="member")


def paid_to_a_dead_head(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """DUP-17: a household's benefit goes on more than three months after its head died and nobody else is head."""
    members_ = facts.roster.members.lazy()
    head = pl.col("relation").cast(pl.String) == "head"
    dead = members_.filter(head & pl.col("death_date").is_not_null() & ~pl.col("present"))
    headed = members_.filter(head & pl.col("present")).select("household_id")
    gone = (
        dead.join(headed, on="household_id", how="anti")
        .group_by("household_id")
        .agg(died=pl.col("death_date").max())
    )
    months = int(rules.settings["head_review_months"].urban or 0)
    paid = payments(facts).filter(pl.col("programme").is_in(RESTS) & pl.col("person_id").is_null())
    late = paid.join(gone, on="household_id").filter(
        pl.col("month") > pl.col("died").dt.month_end().dt.offset_by(f"{months}mo")
    )
    return as_findings("DUP-17", over_months(late).with_columns(hard=pl.lit(value=False)))


RULES: Final[Mapping[str, ReviewRule]] = {
    "DUP-11": ReviewRule(paid_at_work, ("benefit", "employment")),
    "DUP-12": ReviewRule(insured_twice, ("enrolment",)),
    "DUP-13": ReviewRule(relief_twice, ("benefit",)),
    "DUP-14": ReviewRule(paid_after_death, ("benefit",)),
    "DUP-15": ReviewRule(housed_twice, ("benefit",)),
    "DUP-16": ReviewRule(counted_twice, ("benefit",)),
    "DUP-17": ReviewRule(paid_to_a_dead_head, ("benefit",)),
}
