"""Lists for the week: who is left out and why, who is visited by whom, in which lane and in which order.

A pure function of frames. Each household of the night is in exactly one of ``items`` and ``left_out``.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from models.keyed import keyed_hash
from outreach import sharing
from outreach.candidates import CANDIDATE_COLUMNS, OPEN_WORK_COLUMNS, prepared
from outreach.desk import DESK_SCHEMA, desk_of
from outreach.findings import FINDINGS_SCHEMA
from outreach.plan import HELD_LANES, HISTORY_SCHEMA, Churn, churn_of, held_by_plan, in_vain, no_history
from outreach.planning import ALARMS, FloorPrice, Night, given_out
from outreach.policy import LANES, Policy
from outreach.sharing import Given, Staff
from outreach.workdays import WEEKDAYS, WorkCalendar

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
    "escalated",
    "caseworker_on_leave",
    "no_caseworker",
    "objected",
    "already_supported",
    "below_capacity",
)
"""Why a household is left out. The last three are of households that may be visited: they took part in the lottery
and carry its probability. Nothing that is unknown about a household is ever a reason."""


WITHOUT: Final = ("no_caseworker", "caseworker_on_leave")


@dataclass(frozen=True)
class Draft:
    """``items`` (by caseworker and position), ``left_out`` (by household), and what the ranking rests on.

    ``inclusion_probability`` is the lottery's: of a drawn item, and of everybody who might have been drawn; null in
    other lanes. ``over_capacity`` marks urgent and event visits beyond what the desk can carry: they escalate.
    ``chance``, ``low`` and ``high``: how likely one of the two risks is to strike, and the band in which it did for
    households with such a priority; null without a model, or without rows that it was tested on.
    ``basis`` is ``model``, or ``rules_and_income_line`` where no model is promoted: every artefact says so.
    ``floors`` is null where the policy has none. ``desk``: the bureau's own queue (``desk.DESK_SCHEMA``).
    ``churn``: what has changed since the night before, null where there was none. ``unserved``: by area, households
    that nobody serves.
    """

    items: pl.DataFrame
    left_out: pl.DataFrame
    basis: str
    desk: pl.DataFrame
    unserved: dict[str, int]
    floors: FloorPrice | None = None
    churn: Churn | None = None


def draft_lists(
    candidates: pl.DataFrame,
    findings: pl.DataFrame,
    open_work: pl.DataFrame,
    staff: Staff,
    policy: Policy,
    *,
    business_date: date,
    key: bytes,
    history: pl.DataFrame | None = None,
    calendar: WorkCalendar = WEEKDAYS,
    reviews: pl.DataFrame | None = None,
    queued: pl.DataFrame | None = None,
) -> Draft:
    """Draft the lists of a business date.

    ``candidates`` (one row per household of the night, ``candidates.CANDIDATE_COLUMNS``): household_id; region
    (area code); area; stratum (text: the peers in whose median blanks are filled, such as area kind × age ×
    household type); poverty_priority and emergency_priority (probabilities, null without a promoted model);
    income_ratio (income per head over the local line, null = unknown); unsupported (Bool, null = unknown: taken as
    unsupported); never_applied (Bool, null = unknown); digital_trace (none, low, normal, null = unknown);
    blank_share (0..1, the part of the columns that is unknown; null = all). Where there is a model also
    ``candidates.LIKELY_COLUMNS``; where the policy has floors floor_group (text, null = not recorded); two_go
    (Bool, null = no: whether two people must go, ``contact.TWO``).

    ``findings``: ``findings.FINDINGS_SCHEMA``; those of households that are no candidates are passed over.

    ``open_work`` (``candidates.OPEN_WORK_COLUMNS``): household_id, state (open_item, opted_out, deceased, moved,
    visited, objected), since (day), outcome (code where visited, else null). Several rows per household are
    allowed; of the visits the newest counts. A cool-down is broken by an urgent finding known after the visit.

    ``history`` (``plan.HISTORY_SCHEMA``): earlier lists of these households; None = there were none. ``calendar``:
    the working days; on days when nobody works, urgent and event visits go to those on duty. ``reviews``: findings
    for the desk, of the shape of ``findings``; ``queued``: the desk queue of the night before.

    ``key``: secret bytes for ties and lots, at most 64. Without scores the risk lane runs on the income line.
    Raises ``ValueError`` for a missing column, a household that stands twice, an unknown state or outcome;
    messages hold no ids.
    """
    earlier = no_history() if history is None else history
    people = people_of_night(
        candidates,
        findings,
        open_work,
        staff,
        policy,
        business_date=business_date,
        key=key,
        history=earlier,
        calendar=calendar,
    )
    there = sharing.present(staff, business_date, calendar)
    night = _night(people, earlier, staff, policy, day=business_date, calendar=calendar)
    given, probabilities, price = given_out(night, staff, there, policy, key=key, seed=str(business_date))
    items = _items(given, people, probabilities, policy, day=business_date, calendar=calendar)
    left_out = _left_out(people, items, probabilities)
    scored = candidates.select(pl.any_horizontal(pl.col("poverty_priority", "emergency_priority").is_not_null()))
    repeated = in_vain(earlier, policy, business_date)
    escalated = repeated.join(left_out.filter(pl.col("reason") == "escalated"), on="household_id", how="semi")
    stranded = (
        people.filter(pl.col("reason").is_in(WITHOUT))
        .join(items, on="household_id", how="anti")
        .unpivot([f"{lane}_priority" for lane in ALARMS], index="household_id", variable_name="lane")
        .drop_nulls("value")
        .select("household_id", lane=pl.col("lane").str.strip_suffix("_priority"))
    )
    risen = people.filter((pl.col("reason") == "open_item") & (pl.col("urgent_known_on") > pl.col("waits_since")))
    unserved = people.filter(pl.col("problem") == "no_caseworker")["area"].value_counts().sort("area")
    for_review = findings if reviews is None else pl.concat([findings, reviews])
    desk = desk_of(
        for_review,
        items,
        earlier,
        escalated,
        risen,
        stranded=stranded,
        queued=pl.DataFrame(schema=DESK_SCHEMA) if queued is None else queued,
        policy=policy,
        day=business_date,
        calendar=calendar,
    )
    return Draft(
        items,
        left_out,
        "model" if scored.to_series().any() else "rules_and_income_line",
        desk,
        dict(unserved.iter_rows()),
        price,
        churn_of(items, left_out, earlier),
    )


def people_of_night(
    candidates: pl.DataFrame,
    findings: pl.DataFrame,
    open_work: pl.DataFrame,
    staff: Staff,
    policy: Policy,
    *,
    business_date: date,
    key: bytes,
    history: pl.DataFrame,
    calendar: WorkCalendar = WEEKDAYS,
) -> pl.DataFrame:
    """Everybody before any visit is given out, as ``candidates.prepared`` makes them, with ``tie``.

    Takes what ``draft_lists`` takes, and raises as it does.
    """
    _require(candidates, CANDIDATE_COLUMNS, "candidates")
    _require(findings, tuple(FINDINGS_SCHEMA), "findings")
    _require(open_work, OPEN_WORK_COLUMNS, "open_work")
    _require(history, tuple(HISTORY_SCHEMA), "history")
    if candidates["household_id"].n_unique() != candidates.height:
        raise ValueError("candidates: a household stands twice; give one row per household")
    teams = sharing.teams(candidates["region"], staff, sharing.present(staff, business_date, calendar))
    repeated = in_vain(history, policy, business_date)
    people = prepared(candidates, findings, open_work, teams, policy, day=business_date, repeated=repeated)
    people = sharing.of_two(people, staff)
    ties = keyed_hash(people.select(pl.concat_str(pl.lit(f"tie {business_date} "), "household_id"))["literal"], key)
    return people.with_columns(pl.Series("tie", ties))


def _night(
    people: pl.DataFrame,
    history: pl.DataFrame,
    staff: Staff,
    policy: Policy,
    *,
    day: date,
    calendar: WorkCalendar,
) -> Night:
    """What is to be given out, and who goes to an urgent or event visit on a day when nobody works."""
    visitable = people.filter(pl.col("reason").is_null())
    alarms, fixed = dict.fromkeys(ALARMS, visitable), []
    for lane in ALARMS:
        last = policy.due_on(lane, day) - timedelta(days=1)
        if calendar.all_free(day, max(last, day)):
            duty = sharing.on_duty(people["region"], staff, day)
            if duty.height:
                fixed.append(lane)
                without = pl.col("reason").is_in(WITHOUT)
                called = (
                    people.join(duty, on="region", how="left", maintain_order="left")
                    .filter(
                        pl.col("reason").is_null()
                        | (without & pl.col("duty").is_not_null() & pl.col(f"{lane}_priority").is_not_null())
                    )
                    .with_columns(team=pl.coalesce("duty", "team"))
                    .drop("duty")
                )
                alarms[lane] = sharing.of_two(called, staff)
    drafted = history.filter((pl.col("state") == "drafted") & pl.col("lane").is_in(HELD_LANES))
    before = dict(drafted.select("household_id", "caseworker_id").iter_rows())
    return Night(visitable, alarms, held_by_plan(visitable, history, policy), before, tuple(fixed))


def _require(frame: pl.DataFrame, columns: tuple[str, ...], name: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"{name}: missing {', '.join(missing)}")


def _items(
    given: list[Given],
    people: pl.DataFrame,
    probabilities: pl.DataFrame,
    policy: Policy,
    *,
    day: date,
    calendar: WorkCalendar,
) -> pl.DataFrame:
    rows = pl.DataFrame(
        [(g.household_id, g.caseworker_id, g.lane, g.over_capacity) for g in given],
        schema={"household_id": pl.String, "caseworker_id": pl.String, "lane": LANE, "over_capacity": pl.Boolean},
        orient="row",
    )
    due = {lane: policy.due_on(lane, day, calendar) for lane in LANES}
    of_lane = pl.coalesce(
        pl.when(pl.col("lane").cast(pl.String) == lane).then(pl.col(f"{lane}_priority"))
        for lane in LANES
        if lane != "random"
    )
    group = pl.col("lane").cast(pl.String).replace_strict({"urgent": 0, "event": 1}, default=2)
    by_route = policy.lists.rank == "hidden"  # urgent and event first, for their clocks; then village by village
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
        .sort("caseworker_id", "group", "region" if by_route else "order", "tie", "household_id")
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
