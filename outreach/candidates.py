"""The households of a night made ready for drafting: who may not be visited and why, the order in each lane."""

from datetime import date, timedelta
from typing import Final

import polars as pl

from outreach.cliffs import is_cliff
from outreach.contact import NOT_SAFE
from outreach.desk import for_the_desk
from outreach.findings import emergency_scores
from outreach.policy import OUTCOMES, Policy

CANDIDATE_COLUMNS: Final = (
    "household_id",
    "region",
    "area",
    "stratum",
    "poverty_priority",
    "emergency_priority",
    "income_ratio",
    "unsupported",
    "never_applied",
    "digital_trace",
    "blank_share",
)
LIKELY_COLUMNS: Final = tuple(
    f"{risk}_{name}" for risk in ("poverty", "emergency") for name in ("chance", "low", "high")
)
"""How likely each risk is (calibrated), and the band in which it came true for households with such a priority."""
LIKELY: Final = ("chance", "low", "high")
OPEN_WORK_COLUMNS: Final = ("household_id", "state", "since", "outcome")
STATES: Final = ("open_item", "opted_out", "deceased", "moved", "visited", "objected")
"""``objected`` keeps a household out of the lanes that a model ranks, and out of no other."""


def prepared(
    candidates: pl.DataFrame,
    findings: pl.DataFrame,
    open_work: pl.DataFrame,
    teams: pl.DataFrame,
    policy: Policy,
    *,
    day: date,
    repeated: pl.DataFrame,
) -> pl.DataFrame:
    """One row per candidate, sorted: ``team, problem``, ``reason`` and ``until`` where it may not be visited, and
    ``<lane>_priority`` for each lane that it may be in (null: not in it), ``base_priority``, ``has_finding``,
    ``unsupported`` (unknown = true), ``silent``, ``blank_share``, ``objected``, ``chance``, ``low`` and ``high``
    (that one of the two risks strikes), ``floor_group``, ``two_go`` (also after a visit that was not safe),
    ``second`` (what orders equal priorities before the tie).
    """
    lanes = _findings_by_household(findings, policy, day)
    work = _blocks(open_work, policy, day)
    frame = (
        _with_likely(candidates)
        .with_columns(
            unsupported=pl.col("unsupported").fill_null(True),
            base_priority=_base_priority(candidates, policy.risk.rank_by),
        )
        .join(teams, on="region", how="left")
        .join(lanes, on="household_id", how="left")
        .join(work, on="household_id", how="left")
        .join(repeated.select("household_id", "last_listed"), on="household_id", how="left")
        .with_columns(
            has_finding=pl.col("has_finding").fill_null(False),
            objected=pl.col("household_id").is_in(_with(open_work, state="objected")),
            two_go=pl.col("two_go").fill_null(False)
            | pl.col("household_id").is_in(_with(open_work, state="visited", outcome=NOT_SAFE)),
        )
        .sort("household_id")
    )
    broken = (pl.col("block") == "cool_down") & (pl.col("urgent_known_on") > pl.col("since")).fill_null(False)
    block = pl.when(~broken).then(pl.col("block"))
    silent = silent_minority()
    return frame.with_columns(
        reason=pl.coalesce(block, _escalated(), "problem"),
        until=pl.when(~broken).then(pl.col("until")),
        silent=silent,
        risk_priority=pl.when((pl.col("unsupported") | pl.col("has_finding")) & ~pl.col("objected")).then(
            pl.col("base_priority")
        ),
        silent_priority=pl.when(silent & ~pl.col("objected")).then(pl.col("base_priority")),
        second=pl.col("chance") if policy.risk.rank_by == "low" else pl.lit(None, pl.Float64),
    )


def _escalated() -> pl.Expr:
    """Listed in vain: for the bureau's desk, unless something urgent is known since the last list."""
    news = (pl.col("urgent_known_on") > pl.col("last_listed")).fill_null(False)
    return pl.when(pl.col("last_listed").is_not_null() & ~news).then(pl.lit("escalated"))


def silent_minority() -> pl.Expr:
    """Whether a household is of the silent minority (沉默少数): unsupported, never applied, little digital trace.

    Of the columns ``unsupported, never_applied, digital_trace``; what is unknown is taken as silent.
    """
    return (
        pl.col("never_applied").fill_null(True)
        & pl.col("digital_trace").cast(pl.String).is_in(["none", "low"]).fill_null(True)
        & pl.col("unsupported").fill_null(True)
    )


def _with(open_work: pl.DataFrame, **told: str) -> list[str]:
    """Households with such a row: who objects to a choice by model (PIPL Art. 24), whose visit was not safe."""
    return sorted(open_work.filter(**told)["household_id"].unique())


def _with_likely(candidates: pl.DataFrame) -> pl.DataFrame:
    """The candidates with ``chance, low, high`` of either risk, null without a model or without tested rows."""
    blank = [pl.lit(None, pl.Float64).alias(name) for name in LIKELY_COLUMNS if name not in candidates.columns]
    if "floor_group" not in candidates.columns:
        blank.append(pl.lit(None, pl.String).alias("floor_group"))
    if "two_go" not in candidates.columns:
        blank.append(pl.lit(None, pl.Boolean).alias("two_go"))
    return (
        candidates.with_columns(blank)
        .with_columns(_either(f"poverty_{name}", f"emergency_{name}").alias(name) for name in LIKELY)
        .select(*CANDIDATE_COLUMNS, *LIKELY, "floor_group", "two_go")
    )


def _either(poverty: str, emergency: str) -> pl.Expr:
    """The chance that at least one strikes; of one alone where the other is null; null where both are."""
    known = pl.any_horizontal(pl.col(poverty, emergency).is_not_null())
    return pl.when(known).then(1 - (1 - pl.col(poverty).fill_null(0.0)) * (1 - pl.col(emergency).fill_null(0.0)))


def _base_priority(candidates: pl.DataFrame, rank_by: str) -> pl.Series:
    """How likely it is that one of the two risks strikes; without scores, how far income lies below the line.

    With ``rank_by`` low, the low end of the band; where there is no band, the estimate. A blank is filled with the
    median of the household's peers, else of everybody: it is never good news.
    """
    names = ("poverty_priority", "emergency_priority")
    scored = candidates.select(pl.any_horizontal(pl.col(*names).is_not_null())).to_series().any()
    if rank_by == "low":
        lows = {name: f"{name.split('_')[0]}_low" for name in names}
        candidates = candidates.with_columns(
            pl.coalesce(low, name).alias(name) for name, low in lows.items() if low in candidates.columns
        )
    own = _either(*names) if scored else 1 / (1 + pl.col("income_ratio").clip(lower_bound=0))
    filled = pl.coalesce(own, own.median().over("stratum"), own.median(), pl.lit(0.5))
    return candidates.select(filled.alias("base_priority")).to_series()


def _findings_by_household(findings: pl.DataFrame, policy: Policy, day: date) -> pl.DataFrame:
    """``household_id, has_finding, urgent_priority, event_priority, gap_priority, urgent_known_on``.

    Findings for the desk open no lane, and a cliff is no reason to go.
    """
    lane = policy.event_lane
    event = pl.col("code").str.starts_with("EV-")
    fresh = (pl.col("known_on") >= day - timedelta(days=lane.known_days)) & (
        pl.col("happened_on") >= day - timedelta(days=lane.happened_days)
    )
    alone = pl.col("code").is_in(lane.not_alone)
    opens = event & fresh & (pl.col("weight") >= lane.min_weight) & ~alone
    urgent = event & pl.col("urgent")
    gap = pl.col("code").str.starts_with("GAP-")
    score = (pl.col("score") * 1_000_000).round(0)
    counted = (
        pl.when("near_certain").then(score).otherwise((score * policy.gap_lane.unsure).round(0)).cast(pl.Int64)
    )
    return (
        findings.filter(~for_the_desk() & ~is_cliff())
        .join(emergency_scores(findings), on="household_id", how="left")
        .group_by("household_id")
        .agg(
            has_finding=pl.lit(True).first(),
            emergency=pl.col("emergency_score").first(),
            any_urgent=urgent.any(),
            any_event=opens.any(),
            gap=counted.filter(gap).sum(),
            any_gap=gap.any(),
            unmet=pl.col("unmet_month").filter(gap).sum(),
            urgent_known_on=pl.col("known_on").filter(urgent).max(),
        )
        .select(
            "household_id",
            "has_finding",
            "urgent_known_on",
            urgent_priority=pl.when("any_urgent").then("emergency"),
            event_priority=pl.when(pl.col("any_event") & ~pl.col("any_urgent")).then("emergency"),
            # the unmet amount decides between gaps of the same weight, and never more
            gap_priority=pl.when("any_gap").then(
                pl.col("gap") / 1_000_000 + pl.col("unmet") / (pl.col("unmet") + 1_000_000) / 10
            ),
        )
    )


def _blocks(open_work: pl.DataFrame, policy: Policy, day: date) -> pl.DataFrame:
    """``household_id, block, since, waits_since, until, recheck_priority``: why not to be visited, how overdue."""
    _check(open_work)
    visits = open_work.filter(pl.col("state") == "visited")
    cool, again = dict(policy.cool_down_days), dict(policy.recheck_days)
    days = pl.col("outcome").replace_strict(cool, default=None, return_dtype=pl.Int64)
    due = pl.col("outcome").replace_strict(again, default=None, return_dtype=pl.Int64)
    newest = (
        visits.sort("household_id", "since", "outcome")
        .unique("household_id", keep="last", maintain_order=True)
        .select("household_id", "since", "outcome")
        .with_columns(
            until=pl.col("since") + pl.duration(days=days),
            overdue=(pl.lit(day) - pl.col("since")).dt.total_days() - due,
        )
        .with_columns(cooling=pl.col("until") > day)
    )
    named = pl.col("outcome").replace_strict({"V60": "deceased", "V41": "moved"}, default="cool_down")
    visited = newest.select(
        "household_id",
        "since",
        visit_block=pl.when("cooling").then(named),
        visit_until=pl.when("cooling").then("until"),
        recheck_priority=pl.when(~pl.col("cooling") & (pl.col("overdue") >= 0)).then(
            pl.col("overdue").cast(pl.Float64)
        ),
    )
    order = ["deceased", "moved", "opted_out", "open_item"]
    states = (
        open_work.filter(~pl.col("state").is_in(["visited", "objected"]))
        .with_columns(
            rank=pl.col("state").replace_strict({s: i for i, s in enumerate(order)}, return_dtype=pl.Int64)
        )
        .group_by("household_id")
        .agg(rank=pl.col("rank").min(), waits_since=pl.col("since").filter(pl.col("state") == "open_item").min())
        .with_columns(state=pl.col("rank").replace_strict(dict(enumerate(order)), return_dtype=pl.String))
    )
    return (
        visited.join(
            states.select("household_id", "state", "waits_since"), on="household_id", how="full", coalesce=True
        )
        .with_columns(final=pl.col("visit_block").is_in(["deceased", "moved"]).fill_null(False))
        .select(
            "household_id",
            "since",
            "waits_since",
            "recheck_priority",
            block=pl.when("final").then("visit_block").otherwise(pl.coalesce("state", "visit_block")),
            until=pl.when(pl.col("state").is_null()).then("visit_until"),
        )
    )


def _check(open_work: pl.DataFrame) -> None:
    if not open_work["state"].is_in(STATES).all():
        raise ValueError(f"open_work: a state is none of {', '.join(STATES)}")
    visited = open_work.filter(pl.col("state") == "visited")
    if not visited["outcome"].is_in(OUTCOMES).all() or visited["outcome"].null_count():
        raise ValueError("open_work: a visit without an outcome, or with an unknown outcome code")
