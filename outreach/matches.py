"""Pure matches of registers: of which gaps the registers can be sure that nothing is paid.

A verdict says that somebody is probably entitled and that no payment is on record. That a payment is missing is
certain only where the register has had the time to show one: who turned eighty last month, whose certificate is
new, whose insurance changed with the job, may have what no department has reported yet. A finding of theirs says
*may*, and only the others are marked ``near_certain``.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import polars as pl

from outreach.catalogue import InForce
from outreach.conditions import figure
from outreach.facts import Facts

STATUSES: Final = ("DB", "TK")
"""Of people on these a bill is settled with assistance at the hospital, without an application (办法 Art. 30)."""
YEAR: Final = timedelta(days=365)
KEYS: Final = ("household_id", "person_id")


def _due() -> pl.Expr:
    """The first day of the last month for which payments are on record in the household's area."""
    return pl.col("date_benefit").dt.truncate("1mo")


def old_enough(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """Who had reached the age of the old-age allowance when the last reported month of payments began."""
    due, born = _due(), pl.col("birth")
    ahead = (born.dt.month() > due.dt.month()) | (
        (born.dt.month() == due.dt.month()) & (born.dt.day() > due.dt.day())
    )
    then = due.dt.year() - born.dt.year() - ahead.cast(pl.Int32)
    return facts.persons.lazy().filter(then >= figure(rules.settings["gl_age"])).select(KEYS)


def long_certified(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """Who had held a certificate for as long as a decision takes when the last reported month began."""
    first = facts.known.frame("disability").group_by("person_id").agg(first=pl.col("issued").min())
    waited = (_due() - pl.col("first")).dt.total_days()
    people = facts.persons.lazy().join(first, on="person_id")
    return people.filter(waited >= figure(rules.settings["subsidy_wait_days"])).select(KEYS)


def long_uninsured(facts: Facts, rules: InForce) -> pl.LazyFrame:
    """Whose last medical insurance ended so long ago that the next one would be on record by now."""
    basic = pl.col("scheme").cast(pl.String).str.starts_with("medical")
    ended = facts.known.frame("enrolment").filter(basic).group_by("person_id").agg(ended=pl.col("end").max())
    since = (pl.lit(facts.as_of) - pl.col("ended")).dt.total_days()
    people = facts.persons.lazy().join(ended, on="person_id")
    return people.filter(since >= figure(rules.settings["enrolment_lag_days"])).select(KEYS)


def unaided_bills(facts: Facts, _rules: InForce) -> pl.LazyFrame:
    """Bills of the last year, in a month on DB or TK, of which insurance left a part and assistance paid nothing.

    ``household_id, person_id, left`` (minor units)``, paid_on, known_on``. It does not matter whether the status
    has ended since, or whether another bill was assisted: each bill is settled by itself.
    """
    held = (
        facts.held.paid.filter(pl.col("programme").is_in(STATUSES))
        .select("household_id", "month", holder="person_id")
        .unique()
    )
    left = pl.col("in_catalogue") - pl.col("basic_paid") - pl.col("cii_paid")
    bills = (
        facts.held.claims.filter(pl.col("event_date") > facts.as_of - YEAR)
        .with_columns(left=left, month=pl.col("event_date").dt.truncate("1mo"))
        .filter((pl.col("left") > 0) & (pl.col("assistance_paid") == 0))
        .join(_joined_on(facts), on=KEYS)
        .filter(pl.col("event_date") >= pl.col("joined"))
    )
    return (
        bills.join(held, on=["household_id", "month"])
        .filter(pl.col("holder").is_null() | (pl.col("holder") == pl.col("person_id")))
        .unique("event_id")
        .group_by(KEYS)
        .agg(pl.col("left").sum(), paid_on=pl.col("event_date").max(), known_on=pl.col("known_on").max())
    )


def _joined_on(facts: Facts) -> pl.LazyFrame:
    """``household_id, person_id, joined``: since when each has lived there; a bill from before is another's."""
    members = facts.known.frame("member").filter(pl.col("valid_from") <= facts.as_of)
    return members.group_by(KEYS).agg(joined=pl.col("valid_from").min())


MATCHES: Final[Mapping[str, Callable[[Facts, InForce], pl.LazyFrame]]] = {
    "CJ-S": long_certified,
    "CJ-H": long_certified,
    "GL": old_enough,
    "YB": long_uninsured,
    "YL-ZJ": unaided_bills,
}
"""For whom a gap of a programme that is ``near_certain`` is so; of any other such programme, for everybody."""
