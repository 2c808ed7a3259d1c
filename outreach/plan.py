"""The plan of the week from night to night: what stays, what is new, what left and why, who is listed in vain."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from outreach.policy import Policy
from outreach.queues import in_order

HISTORY_SCHEMA: Final[dict[str, pl.DataType | DataTypeClass]] = {
    "household_id": pl.String,
    "listings": pl.Int64,
    "first_listed": pl.Date,
    "last_listed": pl.Date,
    "state": pl.String,
    "caseworker_id": pl.String,
    "lane": pl.String,
    "due_on": pl.Date,
}
"""What drafting is told of earlier lists, one row per household.

``listings``, ``first_listed`` and ``last_listed``: lists that went out since its last visit with an outcome (nobody
met is none). ``state``, ``caseworker_id``, ``lane`` and ``due_on``: its item of the newest night before this one,
or one that still waits; null where it has none.
"""
HELD_LANES: Final = ("gap", "recheck", "risk", "silent")


@dataclass(frozen=True)
class Churn:
    """How the plan has changed since the night before: ``left`` by reason, ``new`` by lane (counts of households).

    ``moved``: kept, with another caseworker.
    """

    kept: int
    moved: int
    new: Mapping[str, int]
    left: Mapping[str, int]


def no_history() -> pl.DataFrame:
    """A history of nobody."""
    return pl.DataFrame(schema=HISTORY_SCHEMA)


def in_vain(history: pl.DataFrame, policy: Policy, day: date) -> pl.DataFrame:
    """``household_id, first_listed, last_listed``: listed too often, or for too long, without an outcome.

    After ``again_days`` without a list it may be listed again: nobody is shut out because a desk was busy.
    """
    rules = policy.escalation
    long_ago = pl.col("first_listed") <= day - timedelta(weeks=rules.weeks)
    rested = pl.col("last_listed") <= day - timedelta(days=rules.again_days)
    tried = (pl.col("listings") >= rules.listings) | ((pl.col("listings") > 0) & long_ago)
    return history.filter(tried & ~rested).select("household_id", "first_listed", "last_listed")


def held_by_plan(visitable: pl.DataFrame, history: pl.DataFrame, policy: Policy) -> dict[str, set[str]]:
    """By lane, whose place of the night before is held although others rank higher now.

    Of each caseworker's households in a lane that nobody has released yet, all but ``plan.churn`` of them, the best
    first; who may not be visited any more, or is in the lane no more, holds nothing.
    """
    before = history.filter(pl.col("state") == "drafted").select("household_id", "caseworker_id", "lane")
    if before.is_empty():
        return {}
    still = visitable.join(before, on="household_id", how="semi")
    held = {}
    for lane in HELD_LANES:
        mine = in_order(still, lane).join(
            before.filter(pl.col("lane") == lane), on="household_id", how="inner", maintain_order="left"
        )
        kept = mine.with_columns(
            nth=pl.int_range(pl.len()).over("caseworker_id"), many=pl.len().over("caseworker_id")
        )
        most = {many: ceil((1 - policy.plan.churn) * many - 1e-9) for many in kept["many"].unique()}
        least = pl.col("many").replace_strict(most, default=0, return_dtype=pl.Int64)
        held[lane] = set(kept.filter(pl.col("nth") < least)["household_id"])
    return held


def churn_of(items: pl.DataFrame, left_out: pl.DataFrame, history: pl.DataFrame) -> Churn | None:
    """What has changed since the night before; None where there was none."""
    before = history.filter(pl.col("state").is_in(["drafted", "open", "escalated", "done", "withdrawn"]))
    if before.is_empty():
        return None
    now = items.select("household_id", now="caseworker_id")
    reasons = left_out.select("household_id", "reason")
    both = before.join(now, on="household_id", how="left").join(reasons, on="household_id", how="left")
    stands = pl.col("state").is_in(["open", "escalated"])
    listed = pl.col("now").is_not_null()
    ended = pl.when(pl.col("state").is_in(["done", "withdrawn"])).then("state")
    gone = both.filter(~stands & ~(listed & (pl.col("state") == "drafted"))).select(
        why=pl.coalesce(ended, "reason", pl.lit("not_known"))
    )
    planned = before.filter(pl.col("state").is_in(["drafted", "open", "escalated"]))
    new = items.join(planned, on="household_id", how="anti").select(pl.col("lane").cast(pl.String))
    redrafted = both.filter((pl.col("state") == "drafted") & listed)
    return Churn(
        kept=both.filter(stands).height + redrafted.height,
        moved=redrafted.filter(pl.col("now") != pl.col("caseworker_id")).height,
        new=dict(new["lane"].value_counts().sort("lane").iter_rows()),
        left=dict(gone["why"].value_counts().sort("why").iter_rows()),
    )
