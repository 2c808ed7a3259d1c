"""Triggers read from life events and registers: deaths, accidents, certificates, schools, insurance, utilities."""

from collections.abc import Callable
from datetime import timedelta

import polars as pl

from features.windows import month_number, owned
from outreach.facts import Facts
from outreach.trigger_money import Thresholds, claims, finish

Trigger = Callable[[Facts, Thresholds], pl.LazyFrame]
YEAR_DAYS = 365


def told(code: str) -> Trigger:
    """A trigger that is a life event of one code, whoever it befell."""

    def rows(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
        return finish(_events(facts, code), pl.col("event_date"), pl.col("known_on"), pl.col("loss"))

    return rows


def _events(facts: Facts, *codes: str, days: int = 2 * YEAR_DAYS) -> pl.LazyFrame:
    since = facts.as_of - timedelta(days=days)
    # a person who died is still the household's; what befalls one who had left by then is another household's
    people = facts.roster.members.lazy().select("person_id", "gone_on", pl.col("household_id").alias("home"))
    return (
        facts.known.frame("event")
        .filter(pl.col("event_code").is_in(list(codes)))
        .filter(pl.col("event_date").is_between(since, facts.as_of, closed="right"))
        .join(people, on="person_id", how="left")
        .filter(pl.col("gone_on").is_null() | (pl.col("event_date") <= pl.col("gone_on")))
        .with_columns(household_id=pl.coalesce("household_id", "home"))
        .join(facts.households.lazy().select("household_id"), on="household_id", how="semi")
    )


def _with_child(facts: Facts) -> pl.LazyFrame:
    return facts.persons.lazy().filter(pl.col("age") < 18).select("household_id").unique()


def earner_died(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-DTH: a member of working age, or the only one who earned, died; from the roster or from a report.

    Where the age is unknown the death counts.
    """
    members = facts.roster.members.lazy()
    lived_there = pl.col("valid_to").is_null() | (pl.col("death_date") <= pl.col("valid_to"))
    registered = members.filter((pl.col("death_date") <= facts.as_of) & lived_there).select(
        "household_id", "person_id", happened="death_date", heard="known_on"
    )
    reported = _events(facts, "DTH").select("household_id", "person_id", happened="event_date", heard="known_on")
    who = (
        pl.concat([registered, reported])
        .filter(pl.col("happened") > facts.as_of - timedelta(days=2 * YEAR_DAYS))
        .group_by("household_id", "person_id")
        .agg(pl.col("happened").min(), pl.col("heard").min())
        .collect()
        .lazy()
    )
    deaths = (
        who.join(members.select("household_id", "person_id", "age"), on=["household_id", "person_id"], how="left")
        .join(_earners(facts, who.select("household_id")), on=["household_id", "person_id"], how="left")
        .join(facts.households.lazy().select("household_id"), on="household_id", how="semi")
    )
    mattered = pl.col("age").is_null() | pl.col("age").is_between(16, 59) | pl.col("only_earner").fill_null(False)
    return finish(deaths.filter(mattered), pl.col("happened"), pl.col("heard"))


def _earners(facts: Facts, households: pl.LazyFrame) -> pl.LazyFrame:
    """``household_id, person_id, only_earner``: of these, the one with labour income of the last 24 months."""
    labour = ["wage", "business", "farm", "platform"]
    members = facts.roster.members.lazy().select("household_id", "person_id")
    homes = members.join(households, on="household_id", how="semi").collect()
    return (
        facts.known.frame("income")
        .filter(pl.col("person_id").is_in(homes["person_id"].to_list()))
        .filter(pl.col("kind").cast(pl.String).is_in(labour) & (pl.col("amount") > 0))
        .filter(pl.col("month") > facts.as_of - timedelta(days=2 * YEAR_DAYS))
        .select("person_id")
        .unique()
        .join(homes.lazy(), on="person_id", how="inner")
        .group_by("household_id")
        .agg(pl.col("person_id").first(), earners=pl.len())
        .filter(pl.col("earners") == 1)
        .select("household_id", "person_id", only_earner=pl.lit(True))
    )


def detained(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-JAIL: a member is detained or sentenced and a child stays behind in the household."""
    rows = _events(facts, "JAIL").join(_with_child(facts), on="household_id", how="semi")
    return finish(rows, pl.col("event_date"), pl.col("known_on"))


def lost_contact(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-LOST: a parent has been out of contact for six months; the event is the day that completes them."""
    full = pl.col("event_date").dt.offset_by("6mo")
    rows = (
        _events(facts, "LOST")
        .join(_with_child(facts), on="household_id", how="semi")
        .with_columns(full=full)
        .filter(pl.col("full") <= facts.as_of)
    )
    return finish(rows, pl.col("full"), pl.max_horizontal("full", "known_on"))


def accident(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-ACC: an accident with cost or death. An accident of which neither is known counts."""
    paid = (
        claims(facts, 2 * YEAR_DAYS)
        .filter(pl.col("oop") > 0)
        .select("household_id", paid_on="event_date")
        .join(_events(facts, "ACC").select("household_id", "event_id", "event_date"), on="household_id")
        .filter(pl.col("paid_on") >= pl.col("event_date"))
        .select("event_id")
        .unique()
        .with_columns(paid=pl.lit(True))
    )
    harmless = (pl.col("severity") == 0) & (pl.col("loss") == 0) & ~pl.col("paid").fill_null(False)
    rows = _events(facts, "ACC").join(paid, on="event_id", how="left").filter(~harmless.fill_null(False))
    return finish(rows, pl.col("event_date"), pl.col("known_on"), pl.col("loss"))


def separated(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-DIV: divorce or widowhood in a household with a child or an elder to care for."""
    dependants = (
        facts.persons.lazy().filter((pl.col("age") < 18) | (pl.col("age") >= 60)).select("household_id").unique()
    )
    rows = _events(facts, "DIV").join(dependants, on="household_id", how="semi")
    return finish(rows, pl.col("event_date"), pl.col("known_on"))


def unsafe_house(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-HSE: the dwelling is newly graded C or D, or an eviction or the end of a rent subsidy is reported."""
    graded = (
        facts.roster.households.lazy()
        .filter(pl.col("dwelling_safety").cast(pl.String).is_in(["C", "D"]))
        .filter(pl.col("valid_from") > facts.as_of - timedelta(days=2 * YEAR_DAYS))
        .with_columns(person_id=pl.lit(None, dtype=pl.String))
    )
    return pl.concat(
        [
            finish(graded, pl.col("valid_from"), pl.col("known_on")),
            finish(_events(facts, "HSE"), pl.col("event_date"), pl.col("known_on")),
        ]
    )


def new_disability(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-DIS: a first certificate of level 1 or 2, or a rise to a more severe level, within two years."""
    newest = pl.struct("issued", "known_on", "level").max_by("issued").alias("newest")
    rows = (
        owned(facts.roster, "disability")
        .filter(pl.col("issued") <= facts.as_of)
        .sort("person_id", "issued")
        .with_columns(before=pl.col("level").shift(1).over("household_id", "person_id", order_by="issued"))
        .filter(((pl.col("level") <= 2) & pl.col("before").is_null()) | (pl.col("level") < pl.col("before")))
        .group_by("household_id", "person_id")
        .agg(newest)
        .unnest("newest")
        .filter(pl.col("issued") > facts.as_of - timedelta(days=2 * YEAR_DAYS))
    )
    return finish(rows, pl.col("issued"), pl.col("known_on"), pl.col("level"), pl.lit(2))


def school_costs(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-EDU2: the fee norm of a year of non-compulsory schooling, less aid, exceeds the line."""
    cost = pl.col("fee_norm") - pl.col("aid_amount").fill_null(0)
    rows = (
        _school_years(facts)
        .filter(~pl.col("stage").cast(pl.String).is_in(["primary", "junior"]))
        .with_columns(cost=cost, line=lines["cost"])
        .filter(pl.col("cost") > pl.col("line"))
    )
    return finish(rows, pl.col("begun"), pl.col("known_on"), pl.col("cost"), pl.col("line"))


def new_student(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-EDU3: a first year of higher education in a household with DB, BY or FP."""
    status = pl.any_horizontal(pl.col(f"paid:{code}").fill_null(False) for code in ("DB", "BY", "FP"))
    higher = pl.col("stage").cast(pl.String) == "higher"
    rows = (
        _school_years(facts, newest_only=False)
        .filter(higher & status)
        .group_by("household_id", "person_id")
        .agg(pl.col("begun").min(), pl.col("known_on").min())
        .filter(pl.col("begun") > facts.as_of - timedelta(days=YEAR_DAYS))
    )
    return finish(rows, pl.col("begun"), pl.col("known_on"))


def _school_years(facts: Facts, newest_only: bool = True) -> pl.LazyFrame:
    begun = pl.date(pl.col("school_year"), 9, 1)
    since = facts.as_of - timedelta(days=YEAR_DAYS)
    people = facts.persons.lazy().select("person_id", "household_id", "area_kind", "^paid:.*$")
    rows = facts.known.frame("schooling").with_columns(begun=begun).filter(pl.col("begun") <= facts.as_of)
    if newest_only:
        rows = rows.filter(pl.col("begun") > since)
    return rows.join(people, on="person_id", how="inner")


def insurance_lapsed(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-INS: a person whose residents' medical insurance ended within a year and who has no other.

    Not in the first weeks, in which the next insurance may not be on record yet.
    """
    places = facts.households.lazy().select("household_id", "area_kind")
    waited = (pl.lit(facts.as_of) - pl.col("end")).dt.total_days() >= lines["lag"]
    scheme = pl.col("scheme").cast(pl.String)
    rows = (
        owned(facts.roster, "enrolment")
        .filter(scheme.str.starts_with("medical") & (pl.col("start") <= facts.as_of))
        .with_columns(ended=pl.col("end").is_not_null() & (pl.col("end") < facts.as_of))
        .group_by("household_id", "person_id")
        .agg(
            pl.col("ended").all(),
            pl.struct("end", "known_on")
            .filter(scheme == "medical_resident")
            .max_by(pl.col("end").filter(scheme == "medical_resident"))
            .alias("newest"),
        )
        .filter(pl.col("ended") & pl.col("newest").is_not_null())
        .unnest("newest")
        .filter(pl.col("end") > facts.as_of - timedelta(days=YEAR_DAYS))
        .join(places, on="household_id")
        .filter(waited)
    )
    return finish(rows, pl.col("end"), pl.col("known_on"))


def utilities(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-UTIL: arrears of two months, or a lone elder's use near zero beside the home's own median of a year."""
    ages = pl.col("age")
    lone = facts.persons.lazy().group_by("household_id").agg(lone_elder=(pl.len() == 1) & (ages.min() >= 60))
    places = facts.households.lazy().select("household_id", "area_kind").join(lone, on="household_id", how="left")
    ago = pl.col("_last") - month_number(pl.col("month"))
    newest = pl.col("ago") == 0
    rows = (
        owned(facts.roster, "utility")
        .with_columns(ago=ago)
        .filter(pl.col("ago").is_between(0, 12))
        .join(places, on="household_id", how="left")
        .with_columns(arrears_line=lines["arrears"], use_line=lines["use"])
        .group_by("household_id", "kind")
        .agg(
            pl.col("arrears_months").filter(newest).max(),
            now=pl.col("quantity").filter(newest).max(),
            usual=pl.col("quantity").filter(~newest).median(),
            month=pl.col("month").filter(newest).max(),
            known_on=pl.col("known_on").filter(newest).max(),
            arrears_line=pl.col("arrears_line").first(),
            use_line=pl.col("use_line").first(),
            lone_elder=pl.col("lone_elder").first(),
        )
        .with_columns(
            behind=(pl.col("arrears_months") >= pl.col("arrears_line")).fill_null(False),
            dark=(pl.col("lone_elder") & (pl.col("now") < pl.col("use_line") * pl.col("usual"))).fill_null(False),
        )
        .filter(pl.col("behind") | pl.col("dark"))
        .group_by("household_id")
        .agg(
            pl.col("month").max(),
            pl.col("known_on").max(),
            pl.col("arrears_months").max(),
            pl.col("arrears_line").max(),
        )
    )
    month_end = pl.col("month").dt.month_end()
    day = pl.min_horizontal(month_end, pl.lit(facts.as_of))
    return finish(rows, day, pl.col("known_on"), pl.col("arrears_months"), pl.col("arrears_line"), of_person=False)


def left_assistance(facts: Facts, _lines: Thresholds) -> pl.LazyFrame:
    """EV-EXIT: DB, TK, BY or GX was in payment within the last 12 months and is no more, nor is another of them."""
    codes = ["DB", "TK", "BY", "GX"]
    running = pl.any_horizontal(pl.col(f"paid:{code}").fill_null(False) for code in codes)
    out = facts.households.lazy().filter(~running & pl.col("date_benefit").is_not_null()).select("household_id")
    rows = (
        facts.held.paid.filter(pl.col("programme").is_in(codes))
        .group_by("household_id")
        .agg(pl.struct("month", "known_on").max_by("month").alias("newest"))
        .unnest("newest")
        .filter(pl.col("month").dt.month_end() > facts.as_of - timedelta(days=YEAR_DAYS))
        .join(out, on="household_id", how="semi")
    )
    return finish(rows, pl.col("month").dt.month_end(), pl.col("known_on"), of_person=False)


def refused_near_the_line(facts: Facts, lines: Thresholds) -> pl.LazyFrame:
    """EV-REJ: an application for DB was refused in the last 12 months and income is within 1.2 times the line.

    Where income is unknown the refusal counts.
    """
    near = (pl.col("pc_income") <= lines["near"] * lines["line"]).fill_null(True)
    places = (
        facts.households.lazy().filter(near).select("household_id", "pc_income", line=lines["near"] * lines["line"])
    )
    rows = (
        facts.held.benefits.filter((pl.col("programme") == "DB") & (pl.col("status").cast(pl.String) == "refused"))
        .group_by("household_id")
        .agg(pl.struct("month", "known_on").max_by("month").alias("newest"))
        .unnest("newest")
        .filter(pl.col("month") > facts.as_of - timedelta(days=YEAR_DAYS))
        .join(places, on="household_id", how="inner")
    )
    return finish(rows, pl.col("month"), pl.col("known_on"), pl.col("pc_income"), pl.col("line"), of_person=False)
