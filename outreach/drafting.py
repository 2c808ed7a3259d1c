"""Lists for the week: who is left out and why, who is visited by whom, in which lane and in which order.

A pure function of frames. Each household of the night is in exactly one of ``items`` and ``left_out``.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from math import fsum
from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from models.keyed import keyed_hash
from outreach import lottery, sharing
from outreach.candidates import CANDIDATE_COLUMNS, OPEN_WORK_COLUMNS, prepared
from outreach.findings import FINDINGS_SCHEMA
from outreach.policy import LANES, Policy
from outreach.queues import BY_RANK, held_by_floors, queue
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
    "chance": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
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


SHARED: Final = ("gap", "recheck", "risk", "silent")
"""The lanes that share what urgent and event visits leave, but for the lottery."""


@dataclass(frozen=True)
class FloorPrice:
    """What the floors of the policy cost on a night, in the lanes that a model ranks.

    ``exchanged``: households that are listed because of them; ``unmet``: held places that no caseworker had;
    ``expected``: true finds, as the chances say, without and with the floors (null without a model); ``groups``:
    households by group, without and with.
    """

    by: str
    part: float
    visits: int
    exchanged: int
    unmet: int
    expected: tuple[float | None, float | None]
    groups: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Draft:
    """``items`` (by caseworker and position), ``left_out`` (by household), and what the ranking rests on.

    ``inclusion_probability`` is the lottery's: of a drawn item, and of everybody who might have been drawn; null in
    other lanes. ``over_capacity`` marks urgent and event visits beyond what the desk can carry: they escalate.
    ``chance``, ``low`` and ``high``: how likely one of the two risks is to strike, and the band in which it did for
    households with such a priority; null without a model, or without rows that it was tested on.
    ``basis`` is ``model``, or ``rules_and_income_line`` where no model is promoted: every artefact says so.
    ``floors`` is null where the policy has none.
    """

    items: pl.DataFrame
    left_out: pl.DataFrame
    basis: str
    floors: FloorPrice | None = None


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
    blank_share (0..1, the part of the columns that is unknown; null = all). Where there is a model also
    ``candidates.LIKELY_COLUMNS``; where the policy has floors floor_group (text, null = not recorded).

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
    given, desks = _planned(visitable, staff, there, policy, ())
    price = None
    if policy.floors.by != "none":
        without, held = given, held_by_floors(visitable, given, policy)
        given, desks = _planned(visitable, staff, there, policy, held)
        price = _price(people, without, given, held, policy)
    drawn, probabilities = _by_lot(visitable, given, desks, policy, key=key, seed=str(business_date))
    given += drawn
    items = _items(given, people, probabilities, policy, business_date)
    left_out = _left_out(people, items, probabilities)
    scored = candidates.select(pl.any_horizontal(pl.col("poverty_priority", "emergency_priority").is_not_null()))
    return Draft(items, left_out, "model" if scored.to_series().any() else "rules_and_income_line", price)


def _require(frame: pl.DataFrame, columns: tuple[str, ...], name: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"{name}: missing {', '.join(missing)}")


def _planned(
    visitable: pl.DataFrame, staff: Staff, there: dict[str, float], policy: Policy, held: Collection[str]
) -> tuple[list[Given], dict[str, Desk]]:
    """Everything but the lottery: what is given to whom, and the desks with the places that are left."""
    desks = sharing.desks_of(staff, there, policy)
    given: list[Given] = []
    for lane in ("urgent", "event"):
        given += sharing.give_uncapped(desks, queue(visitable, lane), lane)
    sharing.set_quotas(desks, policy)
    taken = {one.household_id for one in given}
    free = visitable.filter(~pl.col("household_id").is_in(sorted(taken)))
    waiting = {lane: queue(free, lane, desks, held if lane == "risk" else ()) for lane in SHARED}
    for lane, households in waiting.items():
        given += sharing.give_shared(desks, households, lane, taken)
    given += sharing.spill(desks, waiting, taken)
    return given, desks


def _by_lot(
    visitable: pl.DataFrame, given: list[Given], desks: dict[str, Desk], policy: Policy, *, key: bytes, seed: str
) -> tuple[list[Given], pl.DataFrame]:
    """Who is drawn from those who are not listed otherwise, and everybody's probability."""
    taken = [one.household_id for one in given]
    pool = visitable.filter(~pl.col("household_id").is_in(sorted(taken)))
    if pool.is_empty():
        return [], pl.DataFrame(schema={"household_id": pl.String, "inclusion_probability": pl.Float64})
    probabilities, drawn = lottery.draw(pool, desks, policy, key, seed)
    return drawn, probabilities


def _price(
    people: pl.DataFrame, without: list[Given], given: list[Given], held: Collection[str], policy: Policy
) -> FloorPrice:
    """What the floors cost: the lanes that a model ranks, planned with and without them."""
    chances = people.select("household_id", "chance", group=pl.col("floor_group").fill_null("unknown"))
    plans = [
        chances.filter(
            pl.col("household_id").is_in(sorted(one.household_id for one in plan if one.lane in BY_RANK))
        )
        for plan in (without, given)
    ]
    groups = chances["group"].unique().sort()
    return FloorPrice(
        by=policy.floors.by,
        part=policy.floors.part,
        visits=plans[1].height,
        exchanged=plans[1].join(plans[0], on="household_id", how="anti").height,
        unmet=len(held) - plans[1].filter(pl.col("household_id").is_in(sorted(held))).height,
        expected=(_sum(plans[0]["chance"]), _sum(plans[1]["chance"])),
        groups={str(name): (_count(plans[0], name), _count(plans[1], name)) for name in groups},
    )


def _sum(chances: pl.Series) -> float | None:
    """Expected true finds; null where no chance is known."""
    return None if chances.null_count() == len(chances) else fsum(chances.drop_nulls())


def _count(plan: pl.DataFrame, group: str) -> int:
    return plan.filter(group=group).height


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
