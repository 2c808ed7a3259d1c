"""The desk queue of a night: what a person at the bureau has to look at, and no visitor carries to a door."""

from datetime import date
from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from outreach.policy import Policy
from outreach.workdays import WorkCalendar

KINDS: Final = ("nobody", "over_capacity", "risen", "overdue", "repeated", "MIS", "DUP")
"""Urgent and event visits where nobody serves or everybody is away; visits that nobody has room for; households
that wait on a list while something urgent has become known; visits whose time has run out; households listed in
vain; help that may not fit; help that may be drawn twice. The last two are reviewed with a hearing and never stop a
payment."""
DESK_CODES: Final = ("MIS-", "DUP-")
DESK_SCHEMA: Final[dict[str, pl.DataType | DataTypeClass]] = {
    "household_id": pl.String,
    "kind": pl.String,
    "code": pl.String,
    "person_id": pl.String,
    "caseworker_id": pl.String,
    "since": pl.Date,
    "due_on": pl.Date,
}


def for_the_desk() -> pl.Expr:
    """Whether a finding's code is one for the desk, and not for the visitor."""
    return pl.any_horizontal(pl.col("code").str.starts_with(prefix) for prefix in DESK_CODES)


def desk_of(
    findings: pl.DataFrame,
    items: pl.DataFrame,
    history: pl.DataFrame,
    repeated: pl.DataFrame,
    risen: pl.DataFrame,
    *,
    stranded: pl.DataFrame,
    queued: pl.DataFrame,
    policy: Policy,
    day: date,
    calendar: WorkCalendar,
) -> pl.DataFrame:
    """The desk queue (``DESK_SCHEMA``), by kind, due date and household.

    ``findings``: of the night; ``items``: its draft; ``repeated``: those whom it did not list again
    (``plan.in_vain``); ``risen``: household_id, urgent_known_on of those who wait on a list; ``stranded``:
    household_id, lane of urgent and event visits that have no caseworker; ``queued``: the queue of the night
    before, by which what is reviewed or has nobody keeps its due date. A household may stand in it more than once.
    What has no date of its own counts from today.
    """
    reviewed = findings.filter(for_the_desk()).select(
        "household_id",
        "code",
        "person_id",
        kind=pl.col("code").str.head(3),
        since="known_on",
    )
    first = calendar.after(day, policy.clocks.desk_working_days)
    waiting = queued.group_by("household_id", "code").agg(before=pl.col("due_on").min())
    late = history.filter(pl.col("state").is_in(["open", "escalated"]) & (pl.col("due_on") < day))
    alone = queued.filter(kind="nobody").select("household_id", before="due_on", known="since")
    parts = [
        stranded.join(alone, on="household_id", how="left").select(
            "household_id",
            kind=pl.lit("nobody"),
            since=pl.coalesce("known", pl.lit(day)),
            due_on=pl.coalesce("before", pl.col("lane").replace_strict(_clocks(policy, day), return_dtype=pl.Date)),
        ),
        reviewed.join(waiting, on=["household_id", "code"], how="left")
        .with_columns(due_on=pl.coalesce("before", pl.lit(first)))
        .drop("before"),
        items.filter("over_capacity").select(
            "household_id", "caseworker_id", "due_on", kind=pl.lit("over_capacity"), since=pl.lit(day)
        ),
        risen.select(
            "household_id",
            kind=pl.lit("risen"),
            since=pl.col("urgent_known_on"),
            due_on=pl.lit(policy.due_on("urgent", day)),
        ),
        late.select("household_id", "caseworker_id", "due_on", kind=pl.lit("overdue"), since=pl.col("last_listed")),
        repeated.select(
            "household_id",
            kind=pl.lit("repeated"),
            since=pl.col("first_listed"),
            due_on=pl.lit(calendar.after(day, policy.clocks.other_working_days)),
        ),
    ]
    empty = pl.DataFrame(schema=DESK_SCHEMA)
    whole = pl.concat([empty, *parts], how="diagonal_relaxed").select(*DESK_SCHEMA).cast(pl.Schema(DESK_SCHEMA))
    rank = pl.col("kind").replace_strict({kind: at for at, kind in enumerate(KINDS)}, return_dtype=pl.Int64)
    return whole.sort(rank, "due_on", "household_id", "code", "person_id", "since", "caseworker_id")


def _clocks(policy: Policy, day: date) -> dict[str, date]:
    """The day by which each kind of alarm is due that nobody carries."""
    return {lane: policy.due_on(lane, day) for lane in ("urgent", "event")}
