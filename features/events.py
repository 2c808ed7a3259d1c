"""Columns about life events, weighted down by half-lives (docs: trigger library EV-*; weights are proposals).

An event of a member who left or died stays with the household that it happened to. Weights are integers in units of
2^-20, so that their sums do not depend on the order of rows. The register of events is complete by its nature: no
event means zero; only where there is no source at all is the column null.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.windows import Roster, for_everybody, owned

EVENT: Final = ("event", "household", "member")
ONE: Final = 2**20
DAYS: Final = 365
"""No event counts after a year."""

HALF_LIVES: Final = {
    "DTH": (4, 180),
    "JAIL": (4, 365),
    "LOST": (3, 365),
    "EDU1": (3, 120),
    "DSR": (4, 365),
    "ACC": (4, 120),
    "HSE": (2, 365),
    "DIV": (2, 180),
    "CHD": (4, 365),
    "BIZ": (1, 120),
    "CALL": (3, 60),
}
"""Weight and half-life in days, by event code."""


def measures(roster: Roster) -> pl.LazyFrame:
    """One row per household: weights of its events of the last year by code, their number and their loss."""
    days = (pl.lit(roster.as_of) - pl.col("event_date")).dt.total_days().cast(pl.Int64)
    rows = (
        owned(roster, "event", gone=True)
        .select("household_id", "event_code", "loss", "severity", _days=days)
        .filter(pl.col("_days").is_between(0, DAYS))
        .join(decay_table().lazy(), on=["event_code", "_days"], how="left")
    )
    code = pl.col("event_code")
    per_household = rows.group_by("household_id").agg(
        *(pl.col("_decay").filter(code == name).sum().alias(f"_event_{name}") for name in HALF_LIVES),
        (pl.col("_decay") * pl.col("_weight")).sum().alias("_event_score"),
        pl.len().cast(pl.Int64).alias("_events"),
        pl.col("loss").sum().alias("_event_loss"),
        (pl.col("severity") >= 2).sum().cast(pl.Int64).alias("_events_severe"),
        pl.col("_days").min().alias("_event_days_ago"),
    )
    return for_everybody(roster, per_household)


def decay_table() -> pl.DataFrame:
    """``event_code, _days, _decay, _weight``: 2^(-days/half-life) in units of 2^-20 for every day of the year."""
    codes = [(code, day, weight, life) for code, (weight, life) in HALF_LIVES.items() for day in range(DAYS + 1)]
    return pl.DataFrame(
        {
            "event_code": [code for code, _, _, _ in codes],
            "_days": [day for _, day, _, _ in codes],
            "_decay": [round(ONE * 2 ** (-day / life)) for _, day, _, life in codes],
            "_weight": [weight for _, _, weight, _ in codes],
        }
    )


event = partial(feature, sources=EVENT, concept="events", low=0)


def _decayed(code: str) -> pl.Expr:
    return pl.col(f"_event_{code}") / ONE


@event(zh="事件加权分", en="Event score", unit="weighted events", high=400)
def event_score() -> pl.Expr:
    """Sum over the events of 12 months of weight times 2^(-days/half-life). Null without an event source."""
    return (pl.col("_event_score") / ONE).clip(0, 400)


@event(zh="成员死亡", en="Death of a member", unit="decayed events", high=60)
def death_decayed() -> pl.Expr:
    """Deaths (DTH) of 12 months, half-life 180 days. Null without an event source."""
    return _decayed("DTH")


@event(zh="成员羁押服刑", en="Detention of a member", unit="decayed events", high=60)
def detention_decayed() -> pl.Expr:
    """Detentions (JAIL) of 12 months, half-life 365 days. Null without an event source."""
    return _decayed("JAIL")


@event(zh="父母失联", en="Parent lost", unit="decayed events", high=60)
def parent_lost_decayed() -> pl.Expr:
    """Parents lost contact (LOST) in 12 months, half-life 365 days. Null without an event source."""
    return _decayed("LOST")


@event(zh="义务教育辍学", en="School dropout", unit="decayed events", high=60)
def dropout_decayed() -> pl.Expr:
    """Dropouts from compulsory school (EDU1) of 12 months, half-life 120 days. Null without an event source."""
    return _decayed("EDU1")


@event(zh="受灾", en="Disaster", unit="decayed events", high=60, direction=1)
def disaster_decayed() -> pl.Expr:
    """Disaster losses (DSR) of 12 months, half-life 365 days. Null without an event source."""
    return _decayed("DSR")


@event(zh="意外事故", en="Accident", unit="decayed events", high=60)
def accident_decayed() -> pl.Expr:
    """Fires and accidents (ACC) of 12 months, half-life 120 days. Null without an event source."""
    return _decayed("ACC")


@event(zh="住房变故", en="Housing event", unit="decayed events", high=60)
def housing_event_decayed() -> pl.Expr:
    """Dangerous housing, evictions, stopped rent subsidies (HSE) of 12 months, half-life 365 days.

    Null without an event source.
    """
    return _decayed("HSE")


@event(zh="离异或丧偶", en="Divorce or widowhood", unit="decayed events", high=60)
def family_break_decayed() -> pl.Expr:
    """Divorces and widowhoods (DIV) of 12 months, half-life 180 days. Null without an event source."""
    return _decayed("DIV")


@event(zh="儿童失去监护", en="Child without guardian", unit="decayed events", high=60)
def unguarded_child_decayed() -> pl.Expr:
    """Children newly without a guardian (CHD) of 12 months, half-life 365 days. Null without an event source."""
    return _decayed("CHD")


@event(zh="经营主体注销", en="Business closed", unit="decayed events", high=60)
def business_closed_decayed() -> pl.Expr:
    """Market entities deregistered (BIZ) in 12 months, half-life 120 days. Null without an event source."""
    return _decayed("BIZ")


@event(zh="热线求助", en="Hotline plea", unit="decayed events", high=60)
def hotline_decayed() -> pl.Expr:
    """Pleas to the hotline (CALL) in 12 months, half-life 60 days. Null without an event source."""
    return _decayed("CALL")


@event(zh="近12月事件数", en="Events, 12 months", unit="events", high=400)
def events_12m() -> pl.Expr:
    """Life events of 12 months, of any code. Null without an event source."""
    return pl.col("_events")


@event(zh="近12月严重事件数", en="Severe events, 12 months", unit="events", high=400)
def severe_events_12m() -> pl.Expr:
    """Life events of 12 months with a severity of 2 or 3. Null without an event source."""
    return pl.col("_events_severe")


@event(zh="距上次事件天数", en="Days since the last event", unit="days", high=365)
def days_since_event() -> pl.Expr:
    """Days since the last event of any code. Null where there was none within 12 months."""
    return pl.col("_event_days_ago")


FEATURES: Final = (
    event_score,
    death_decayed,
    detention_decayed,
    parent_lost_decayed,
    dropout_decayed,
    disaster_decayed,
    accident_decayed,
    housing_event_decayed,
    family_break_decayed,
    unguarded_child_decayed,
    business_closed_decayed,
    hotline_decayed,
    events_12m,
    severe_events_12m,
    days_since_event,
)
