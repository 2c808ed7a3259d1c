"""Lists for the week: who is left out and why, who is visited by whom, in which lane and in which order.

A pure function of frames. Each household of the night is in exactly one of ``items`` and ``left_out``.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from models.keyed import keyed_hash
from outreach import lottery, sharing
from outreach.candidates import CANDIDATE_COLUMNS, OPEN_WORK_COLUMNS, prepared
from outreach.findings import FINDINGS_SCHEMA
from outreach.policy import LANES, Policy
from outreach.sharing import Desk, Given, Staff

LANE: Final = pl.Enum(LANES)
ITEMS_SCHEMA: Final[dict[str, pl.DataType | DataTypeClass]] = {
    "household_id": pl.String,
    "caseworker_id": pl.String,
    "position": pl.Int64,
    "lane": LANE,
    "due_on": pl.Date,
    "inclusion_probability": pl.Float64,
    "priority": pl.Float64,
    "over_capacity": pl.Boolean,
}
LEFT_OUT_SCHEMA: Final[dict[str, pl.DataType | DataTypeClass]] = {
    "household_id": pl.String,
    "reason": pl.String,
    "until": pl.Date,
    "inclusion_probability": pl.Float64,
}
REASONS: Final = (
    "deceased",
    "moved",
    "opted_out",
    "open_item",
    "cool_down",
    "caseworker_on_leave",
    "no_caseworker",
    "objected",
    "already_supported",
    "below_capacity",
)
"""Why a household is left out. The last three are of households that may be visited: they took part in the lottery
and carry its probability. Nothing that is unknown about a household is ever a reason."""


@dataclass(frozen=True)
class Draft:
    """``items`` (by caseworker and position), ``left_out`` (by household), and what the ranking rests on.

    ``inclusion_probability`` is the lottery's: of a drawn item, and of everybody who might have been drawn; null in
    other lanes. ``over_capacity`` marks urgent and event visits beyond what the desk can carry: they escalate.
    ``basis`` is ``model``, or ``rules_and_income_line`` where no model is promoted: every artefact says so.
    """

    items: pl.DataFrame
    left_out: pl.DataFrame
    basis: str


def draft_lists(
    candidates: pl.DataFrame,
    findings: pl.DataFrame,
    open_work: pl.DataFrame,
    staff: Staff,
    policy: Policy,
    *,
    business_date: date,
    key: bytes,
) -> Draft:
    """Draft the lists of a business date.

    ``candidates`` (one row per household of the night, ``candidates.CANDIDATE_COLUMNS``): household_id; region
    (area code); area; stratum (text: the peers in whose median blanks are filled, such as area kind × age ×
    household type); poverty_priority and emergency_priority (probabilities, null without a promoted model);
    income_ratio (income per head over the local line, null = unknown); unsupported (Bool, null = unknown: taken as
    unsupported); never_applied (Bool, null = unknown); digital_trace (none, low, normal, null = unknown);
    blank_share (0..1, the part of the columns that is unknown; null = all).

    ``findings``: ``findings.FINDINGS_SCHEMA``; those of households that are no candidates are passed over.

    ``open_work`` (``candidates.OPEN_WORK_COLUMNS``): household_id, state (open_item, opted_out, deceased, moved,
    visited, objected), since (day), outcome (code where visited, else null). Several rows per household are
    allowed; of the visits the newest counts. A cool-down is broken by an urgent finding known after the visit.

    ``key``: secret bytes for ties and lots, at most 64. Without scores the risk lane runs on the income line.
    Raises ``ValueError`` for a missing column, a household that stands twice, an unknown state or outcome;
    messages hold no ids.
    """
    _require(candidates, CANDIDATE_COLUMNS, "candidates")
    _require(findings, tuple(FINDINGS_SCHEMA), "findings")
    _require(open_work, OPEN_WORK_COLUMNS, "open_work")
    if candidates["household_id"].n_unique() != candidates.height:
        raise ValueError("candidates: a household stands twice; give one row per household")
    there = sharing.present(staff, business_date)
    teams = sharing.teams(candidates["region"], staff, there)
    people = prepared(candidates, findings, open_work, teams, policy, day=business_date)
    ties = keyed_hash(people.select(pl.concat_str(pl.lit(f"tie {business_date} "), "household_id"))["literal"], key)
    people = people.with_columns(pl.Series("tie", ties))
    visitable = people.filter(pl.col("reason").is_null())
    desks = sharing.desks_of(staff, there, policy)
    given, probabilities = _shared_out(visitable, desks, policy, key, str(business_date))
    items = _items(given, people, probabilities, policy, business_date)
    left_out = _left_out(people, items, probabilities)
    scored = candidates.select(pl.any_horizontal(pl.col("poverty_priority", "emergency_priority").is_not_null()))
    return Draft(items, left_out, "model" if scored.to_series().any() else "rules_and_income_line")


def _require(frame: pl.DataFrame, columns: tuple[str, ...], name: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"{name}: missing {', '.join(missing)}")


def _shared_out(
    visitable: pl.DataFrame, desks: dict[str, Desk], policy: Policy, key: bytes, seed: str
) -> tuple[list[Given], pl.DataFrame]:
    given: list[Given] = []
    for lane in ("urgent", "event"):
        given += sharing.give_uncapped(desks, _queue(visitable, lane), lane)
    sharing.set_quotas(desks, policy)
    taken = {one.household_id for one in given}
    free = visitable.filter(~pl.col("household_id").is_in(sorted(taken)))
    queues = {lane: _queue(free, lane, desks) for lane in ("gap", "recheck", "risk", "silent")}
    for lane, queue in queues.items():
        given += sharing.give_shared(desks, queue, lane, taken)
    given += sharing.spill(desks, queues, taken)
    pool = visitable.filter(~pl.col("household_id").is_in(sorted(taken)))
    if pool.is_empty():
        return given, pl.DataFrame(schema={"household_id": pl.String, "inclusion_probability": pl.Float64})
    probabilities, drawn = lottery.draw(pool, desks, policy, key, seed)
    return given + drawn, probabilities


def _queue(visitable: pl.DataFrame, lane: str, desks: dict[str, Desk] | None = None) -> list[tuple[str, list[str]]]:
    """The households of a lane in their order. Given desks: of each team no more than could ever be reached.

    A team takes at most its places in a lane, and at most as many of the households may have been taken before by
    other lanes; those with an urgent or event visit are no longer among them.
    """
    mine = visitable.filter(pl.col(f"{lane}_priority").is_not_null())
    ordered = mine.sort([f"{lane}_priority", "tie", "household_id"], descending=[True, False, False])
    if desks is not None:
        rests = pl.DataFrame(
            [(worker, desk.rest) for worker, desk in desks.items()],
            schema={"team": pl.String, "rest": pl.Int64},
            orient="row",
        )
        names = ordered.select("team").unique().with_columns(name=pl.col("team").list.join(" "))
        limits = names.explode("team").join(rests, on="team").group_by("name").agg(pl.col("rest").sum())
        ordered = (
            ordered.with_columns(name=pl.col("team").list.join(" "))
            .join(limits, on="name", how="left", maintain_order="left")
            .filter(pl.int_range(pl.len()).over("name") < 2 * pl.col("rest"))
        )
    return list(ordered.select("household_id", "team").iter_rows())


def _items(
    given: list[Given], people: pl.DataFrame, probabilities: pl.DataFrame, policy: Policy, day: date
) -> pl.DataFrame:
    rows = pl.DataFrame(
        [(g.household_id, g.caseworker_id, g.lane, g.over_capacity) for g in given],
        schema={"household_id": pl.String, "caseworker_id": pl.String, "lane": LANE, "over_capacity": pl.Boolean},
        orient="row",
    )
    due = {lane: policy.due_on(lane, day) for lane in LANES}
    of_lane = pl.coalesce(
        pl.when(pl.col("lane").cast(pl.String) == lane).then(pl.col(f"{lane}_priority"))
        for lane in LANES
        if lane != "random"
    )
    group = pl.col("lane").cast(pl.String).replace_strict({"urgent": 0, "event": 1}, default=2)
    return (
        rows.join(people, on="household_id", how="left")
        .join(probabilities, on="household_id", how="left")
        .with_columns(
            priority=pl.coalesce(of_lane, "base_priority"),
            due_on=pl.col("lane").cast(pl.String).replace_strict(due, return_dtype=pl.Date),
            inclusion_probability=pl.when(pl.col("lane").cast(pl.String) == "random").then("inclusion_probability"),
            group=group,
        )
        .sort(
            "caseworker_id",
            "lane",
            "priority",
            "tie",
            "household_id",
            descending=[False, False, True, False, False],
        )
        # below urgent and event the lanes are interleaved: the place on the list does not tell the lane
        .with_columns(step=((pl.int_range(pl.len()) + 0.5) / pl.len()).over("caseworker_id", "lane"))
        .with_columns(order=pl.when(pl.col("group") < 2).then(-pl.col("priority")).otherwise("step"))
        .sort("caseworker_id", "group", "order", "tie", "household_id")
        .with_columns(position=(pl.int_range(pl.len()) + 1).over("caseworker_id"))
        .select(*ITEMS_SCHEMA)
        .cast(pl.Schema(ITEMS_SCHEMA))
    )


def _left_out(people: pl.DataFrame, items: pl.DataFrame, probabilities: pl.DataFrame) -> pl.DataFrame:
    known = ~pl.col("unsupported") & ~pl.col("has_finding")
    return (
        people.join(items.select("household_id"), on="household_id", how="anti")
        .join(probabilities, on="household_id", how="left")
        .with_columns(
            reason=pl.coalesce(
                "reason",
                pl.when("objected").then(pl.lit("objected")),
                pl.when(known).then(pl.lit("already_supported")).otherwise(pl.lit("below_capacity")),
            )
        )
        .select(*LEFT_OUT_SCHEMA)
        .sort("household_id")
        .cast(pl.Schema(LEFT_OUT_SCHEMA))
    )
