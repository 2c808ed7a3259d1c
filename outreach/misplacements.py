"""Misplacements (错位, MIS-01 to MIS-10): who is in the wrong layer, on the wrong standard, or counted wrongly.

``reviewed`` says what becomes of them. Three codes are told by no record that is held: the care tier of the
extremely destitute (MIS-04: six abilities of daily life, seen at the door), and whether services would serve better
than cash (MIS-09); they are asked of the visitor instead. MIS-10 protects: a grace period that was not given.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import polars as pl

from features.windows import month_number, owned
from outreach.catalogue import InForce
from outreach.conditions import figure
from outreach.deductions import INCOME
from outreach.facts import Facts
from outreach.findings import FINDINGS_SCHEMA
from outreach.reviewed import ReviewRule, as_findings, members, over_months, payments, told_by

OLD: Final = 60
LATELY: Final = timedelta(days=365)
NOT_WORK: Final = ("unemployed", "farm", "family_worker")
NEARLY: Final = 0.05
MAY_BE_EITHER: Final = ("DB", "LS-E", "LS-Z")
NOT_TOLD: Final = ("MIS-04", "MIS-09")
"""Codes that the records of stage A cannot tell."""


def misplacement_findings(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """Every misplacement of the bucket."""
    parts = told_by(RULES, facts, rules)
    return pl.concat(parts) if parts else pl.LazyFrame(schema=FINDINGS_SCHEMA)


def wrong_layer(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """MIS-01: on DB or BY, though alone, sixty or over and without a supporter on record: TK may be right.

    Or on BY with an income that is surely under the DB line: the asset test of DB may have failed, so that somebody
    looks and nothing is certain.
    """
    homes = facts.households.lazy()
    held = pl.any_horizontal(pl.col("paid:DB"), pl.col("paid:BY")) & ~pl.col("paid:TK")
    kin = facts.known.frame("kin").select("person_id").unique()
    people = facts.persons.lazy().select("household_id", "person_id", "age")
    alone = (
        people.join(members(facts).filter(pl.col("living") == 1), on="household_id")
        .filter(pl.col("age") >= OLD)
        .join(kin, on="person_id", how="anti")
    )
    higher = homes.filter(held).select("household_id", "date_benefit").join(alone, on="household_id")
    higher = higher.select("household_id", "person_id", "date_benefit", value=pl.col("age").cast(pl.Float64))
    under = pl.col("pc_income_high") < figure(rules.settings["db_std"])
    lower = homes.filter(pl.col("paid:BY") & ~pl.col("paid:DB") & under).select(
        "household_id", pl.lit(None, pl.String).alias("person_id"), "date_benefit", value="pc_income"
    )
    told = pl.concat([higher, lower.with_columns(pl.col("value").cast(pl.Float64))])
    first = told.unique("household_id", keep="first", maintain_order=True)
    dated = first.with_columns(happened_on=pl.lit(None, pl.Date), known_on="date_benefit")
    return as_findings("MIS-01", dated.with_columns(hard=pl.lit(value=False)))


def _amounts(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """Households on DB with what they were paid last and what the gap to each standard makes of their income.

    ``off``: paid is further from the gap than a fifth of it and than the floor, whatever the income's uncertainty
    and a local top-up; ``other``: it fits the standard of the other kind of area instead.
    """
    share, floor = (rules.settings[name].urban or 0.0 for name in ("mis_amount_share", "mis_amount_floor"))
    std = rules.settings["db_std"]
    own, across = figure(std), pl.when(pl.col("area_kind") == "urban").then(std.rural).otherwise(std.urban)
    heads = pl.col("members_counted")

    def gap(line: pl.Expr, income: str) -> pl.Expr:
        return (line - pl.col(income)).clip(lower_bound=0) * heads

    def fits(line: pl.Expr) -> pl.Expr:
        least = gap(line, "pc_income_high") + pl.col("db_top_up_low")
        most = gap(line, "pc_income_low") + pl.col("db_top_up_high")
        low, high = (
            least - pl.max_horizontal(share * least, pl.lit(floor)),
            most + pl.max_horizontal(share * most, pl.lit(floor)),
        )
        return pl.col("paid").is_between(low, high)

    newest = (
        payments(facts)
        .filter(pl.col("programme") == "DB")
        .filter(pl.col("age") == pl.col("age").min().over("household_id"))
        .group_by("household_id")
        .agg(
            paid=pl.col("amount").sum(),
            whole=pl.col("person_id").is_null().any(),
            known_on=pl.col("known_on").max(),
        )
    )
    facts_of = (
        facts.households.lazy()
        .filter(pl.col("paid:DB"))
        .select("household_id", "area_kind", "members_counted", *INCOME, "^db_top_up.*$")
    )
    rows = newest.filter("whole").join(facts_of, on="household_id").filter(pl.col("pc_income").is_not_null())
    expected = gap(own, "pc_income") + pl.col("db_top_up")
    return rows.select(
        "household_id",
        person_id=pl.lit(None, pl.String),
        happened_on=pl.lit(None, pl.Date),
        known_on="known_on",
        value=pl.col("paid").cast(pl.Float64),
        threshold=expected,
        unmet_month=pl.when(expected > pl.col("paid")).then((expected - pl.col("paid")).round(0)),
        off=~fits(own),
        other=fits(across) & (std.urban != std.rural),
        hard=pl.col("paid") > own * heads * (1 + share) + pl.col("db_top_up_high"),
    )


def _of_the_other() -> pl.Expr:
    return pl.col("other") & (pl.col("threshold") > 0)


def wrong_standard(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """MIS-02: the amount of DB fits the standard of the other kind of area (town, country) and not the own one."""
    return as_findings("MIS-02", _amounts(facts, rules).filter(pl.col("off") & _of_the_other()))


def wrong_amount(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """MIS-03: the amount of DB is far from the gap between income and standard, and fits neither standard.

    Too little is told as money that is missing; more than the whole standard for everybody, and a fifth more for a
    lawful top-up (分类施保, 社会救助法 Art. 20), is a certain mistake.
    """
    return as_findings("MIS-03", _amounts(facts, rules).filter(pl.col("off") & ~_of_the_other()))


def wrong_class(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """MIS-05: a bill of somebody on DB or TK was settled with medical assistance at less than the class's share.

    By a twentieth of the bill and more: the next class draws a tenth less, and bills are rounded.
    """
    share = rules.settings["yl_ratio_db"].urban or 0.0
    held = payments(facts).filter(pl.col("programme").is_in(["DB", "TK"]))
    claims = (
        facts.held.claims.filter(pl.col("event_date") > facts.as_of - LATELY)
        .with_columns(
            left=pl.col("in_catalogue") - pl.col("basic_paid") - pl.col("cii_paid"),
            month=pl.col("event_date").dt.truncate("1mo"),
        )
        .filter((pl.col("assistance_paid") > 0) & (pl.col("assistance_paid") < (share - NEARLY) * pl.col("left")))
    )
    there = (
        claims.join(held.select("household_id", "month", holder="person_id"), on=["household_id", "month"])
        .filter(pl.col("holder").is_null() | (pl.col("holder") == pl.col("person_id")))
        .unique("event_id")
    )
    missing = (share * pl.col("left") - pl.col("assistance_paid")).sum()
    told = there.group_by("household_id", "person_id").agg(
        happened_on=pl.col("event_date").max(), known_on=pl.col("known_on").max(), value=missing.cast(pl.Float64)
    )
    return as_findings("MIS-05", told.with_columns(hard=pl.lit(value=False)), source="medical")


def expired(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """MIS-06: GX held for longer than it is valid, or a disability subsidy whose certificate has run out.

    The register may not have heard of a renewal yet: of a certificate somebody looks, and nothing is certain.
    """
    valid = rules.settings["gx_valid_months"].urban or 0.0
    paid = facts.held.paid
    age = pl.col("_last") - month_number(pl.col("month"))
    run = (
        paid.filter((pl.col("programme") == "GX") & age.is_between(0, 2 * valid))
        .select("household_id", "month", "known_on", age=age)
        .unique(["household_id", "month"])
        .sort("household_id", "age")
        .filter(pl.col("age") == pl.int_range(pl.len()).over("household_id"))  # unbroken back from the last month
        .group_by("household_id")
        .agg(happened_on=pl.col("month").min(), known_on=pl.col("known_on").max(), value=pl.len().cast(pl.Float64))
        .filter(pl.col("value") > valid)
        .with_columns(person_id=pl.lit(None, pl.String), hard=pl.lit(value=True), threshold=pl.lit(float(valid)))
    )
    last = (
        facts.known.frame("disability")
        .filter(pl.col("issued") <= facts.as_of)
        .group_by("person_id")
        .agg(pl.col("expires").max_by("issued"), pl.col("known_on").max_by("issued"))
        .filter(pl.col("expires") < facts.as_of)
    )
    subsidy = payments(facts).filter(
        pl.col("programme").is_in(["CJ-S", "CJ-H"]) & pl.col("person_id").is_not_null()
    )
    over = subsidy.drop("known_on").join(last, on="person_id").filter(pl.col("month") > pl.col("expires"))
    lapsed = over_months(over).with_columns(hard=pl.lit(value=False))
    return pl.concat([as_findings("MIS-06", run), as_findings("MIS-06", lapsed, source="disability")])


def counts_the_dead(facts: Facts, _rules: InForce) -> pl.LazyFrame:
    """MIS-07: a member died, and two months later the DB of the household was about what it had been, and is still.

    About: nearer to what was paid before the month of the death than to the share of those who are left. Where it
    was not even lowered, that is a certain mistake; a little less may be a review that knew of the death.
    """
    dead = (
        facts.roster.members.lazy()
        .filter(
            ~pl.col("present")
            & (pl.col("death_date") <= facts.as_of)
            & (pl.col("death_date") > facts.as_of - LATELY)
        )
        .select("household_id", "person_id", died="death_date", heard="known_on")
    )
    paid = payments(facts).filter((pl.col("programme") == "DB") & pl.col("person_id").is_null())
    both = paid.drop("person_id").join(dead, on="household_id")
    before = pl.col("month") < pl.col("died").dt.truncate("1mo")
    after = pl.col("month") > pl.col("died").dt.month_end().dt.offset_by("1mo")
    told = (
        both.group_by("household_id", "person_id")
        .agg(
            happened_on=pl.col("died").first(),
            known_on=pl.max_horizontal(pl.col("known_on").max(), pl.col("heard").max()),
            was=pl.col("amount").filter(before).max_by(pl.col("month").filter(before)),
            then=pl.col("amount").filter(after).min_by(pl.col("month").filter(after)),
            value=pl.col("amount").filter(after).max_by(pl.col("month").filter(after)).cast(pl.Float64),
        )
        .join(members(facts), on="household_id")
        .with_columns(line=pl.col("was") * (1 - 0.5 / (pl.col("living") + 1)))
        .filter((pl.col("then") >= pl.col("line")) & (pl.col("value") >= pl.col("line")) & (pl.col("was") > 0))
        .with_columns(threshold=pl.col("was").cast(pl.Float64), hard=pl.col("then") >= pl.col("was"))
    )
    return as_findings("MIS-07", told)


def wrong_unit(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """MIS-08: a programme for a person is paid to a household, or the other way round (单人保 is lawful)."""
    units: dict[str, set[str]] = {}
    for rule in rules.rules:
        for code in rule.paid_as:
            units.setdefault(code, set()).add(rule.programme.unit)
    of_persons = [code for code, unit in units.items() if unit == {"P"}]
    of_homes = [code for code, unit in units.items() if unit == {"H"} and code not in MAY_BE_EITHER]
    person = pl.col("person_id").is_not_null()
    wrong = payments(facts).filter(
        (pl.col("programme").is_in(of_persons) & ~person) | (pl.col("programme").is_in(of_homes) & person)
    )
    return as_findings("MIS-08", over_months(wrong).with_columns(hard=pl.lit(value=False)))


def no_grace(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """MIS-10: DB ended within the grace period after a member began to work: it should have gone on for a while."""
    months = int(rules.settings["grace_months"].urban or 0)
    ended = (
        payments(facts)
        .filter((pl.col("programme") == "DB") & pl.col("person_id").is_null())
        .group_by("household_id")
        .agg(last=pl.col("month").max(), age=pl.col("age").min(), known_on=pl.col("known_on").max())
        .filter(pl.col("age") > 1)
        .join(facts.households.lazy().filter(~pl.col("paid:DB")), on="household_id", how="semi")
    )
    begun = (
        owned(facts.roster, "employment")
        .filter(~pl.col("form").cast(pl.String).is_in(NOT_WORK))
        .filter((pl.col("start") <= facts.as_of) & (pl.col("start") > facts.as_of - LATELY))
        .select("household_id", "person_id", "start", heard="known_on")
    )
    over = pl.col("last").dt.month_end()
    told = (
        ended.join(begun, on="household_id")
        .filter((over >= pl.col("start")) & (over < pl.col("start").dt.offset_by(f"{months}mo")))
        .group_by("household_id", "person_id")
        .agg(
            happened_on=pl.col("start").max(),
            value=pl.col("age").min().cast(pl.Float64),
            known_on=pl.max_horizontal("known_on", "heard").max(),
        )
    )
    return as_findings("MIS-10", told.with_columns(hard=pl.lit(value=False), threshold=pl.lit(float(months))))


RULES: Final[Mapping[str, ReviewRule]] = {
    "MIS-01": ReviewRule(wrong_layer, ("benefit", "kin")),
    "MIS-02": ReviewRule(wrong_standard, ("benefit", "income")),
    "MIS-03": ReviewRule(wrong_amount, ("benefit", "income")),
    "MIS-05": ReviewRule(wrong_class, ("benefit", "medical")),
    "MIS-06": ReviewRule(expired, ("benefit",)),
    "MIS-07": ReviewRule(counts_the_dead, ("benefit",)),
    "MIS-08": ReviewRule(wrong_unit, ("benefit",)),
    "MIS-10": ReviewRule(no_grace, ("benefit", "employment")),
}
