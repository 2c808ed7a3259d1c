"""The night: from the inbox to the caseworkers' lists, in six calls."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import polars as pl
from sqlmodel import Session

from engine import history, nights, registry
from engine.db import reading, writing
from engine.errors import ModelError, UsageError
from engine.frozen import frozen_now
from engine.holding import doubts, held_by
from engine.intake.inbox import TakenIn
from engine.lease import Claim
from engine.libraries import unheard
from engine.nightfolder import Made, Standing, facts_of, queued_before, write_night
from engine.nights import Saved
from engine.population import Population, Progress, silent
from engine.retraction import retire_gone
from engine.reviewing import open_from_desk
from engine.rewriting import steady
from engine.shift import shifts
from engine.workplace import Models, Workplace
from models.explanation import likely_rates
from models.groupings import groupings
from models.peers import peer_medians
from models.risk import RiskModel
from outreach.carried import carried
from outreach.disputed import freeze_columns, nothing_frozen
from outreach.drafting import Draft, draft_lists
from outreach.duplicates import settled
from outreach.eligibility import Verdicts
from outreach.findings import FINDINGS_SCHEMA
from outreach.policy import Policy

AT_ONCE: Final = 50_000
"""Households that are scored at once."""
MINORS: Final = ("children_under_6", "members_6_to_13", "members_14_to_17")
DRAFTED_FROM: Final = (
    *("household_id", "region", "area", "area_kind", "income_to_line_12m", "income_to_median_12m"),
    *("is_lone_elder", "household_size", *MINORS),
)
"""The columns of a night that its draft needs."""


@dataclass(frozen=True)
class NightResult:
    """What a night did: what was saved, and whether and why its lists are held."""

    saved: Saved
    draft: Draft | None
    held_reason: str | None


def run_night(
    place: Workplace,
    business_date: date,
    *,
    now: Callable[[], datetime],
    claim: Claim | None = None,
    progress: Progress = silent,
) -> NightResult:
    """Run the night of a business date. A finished date is never made again: it is said, and nothing changes."""
    started_at = now()
    taken = place.take_in(progress)  # 1  inbox → checked records; bad rows set aside, counted, never lost
    with steady(place.home):
        return _night_of(place, business_date, taken, started_at, now=now, claim=claim, progress=progress)


def _night_of(
    place: Workplace,
    business_date: date,
    taken: TakenIn,
    started_at: datetime,
    *,
    now: Callable[[], datetime],
    claim: Claim | None,
    progress: Progress,
) -> NightResult:
    """All of a night but the taking in, while nobody takes files of the store away."""
    population = place.population(progress)
    models = place.promoted_models()
    done = _finished(place, business_date, models)
    if done is not None:
        return NightResult(done, None, None)

    def standing(columns: pl.DataFrame) -> Standing:
        moved = population.successions(business_date)
        retire_gone(
            place.log, population, columns, moved, business_date
        )  # who died or was withdrawn comes off lists
        with reading(place.database) as session:
            return standing_of(place, session, business_date, moved)

    with reading(place.database) as session:
        frozen = frozen_now(session)
    made = make_night(
        place, business_date, population, models, standing, challengers=place.challengers(), frozen=frozen
    )
    with reading(place.database) as session:
        earlier = nights.lengths_before(session, business_date)
    held = (
        held_by(doubts(place, taken.refused))
        or place.policy.volume_held(made.draft.items.height, earlier)
        or place.policy.shift_held(made.shift)
    )
    made = replace(made, held_reason=held)
    manifest = write_night(place, made, progress)
    with writing(place.database) as session:  # 6  one transaction, unique on the business date
        if late := history.escalate(session, business_date):
            place.log.note(
                "visits escalated", "night", {"business_date": business_date.isoformat(), "visits": late}, session
            )
        nights.lists_ended(session)
        open_from_desk(session, place.log, made.draft.desk, business_date)
        saved = nights.save_night(
            session,
            place.log.actor,
            business_date,
            made.draft.items,
            facts_of(place, made, manifest, started_at, now()),
            audit_key=place.keys.audit,
            held_reason=held,
            release=place.policy.release.automatic,
            urgent_while_held=place.policy.release.urgent_while_held,
            claim=claim,
        )
    return NightResult(saved, made.draft, held)


def make_night(
    place: Workplace,
    business_date: date,
    population: Population,
    models: Models,
    standing: Callable[[pl.DataFrame], Standing],
    *,
    challengers: Models,
    frozen: pl.DataFrame | None = None,
) -> Made:
    """Steps 2 to 5, from its arguments alone, so that a replay of a past night makes the same again.

    ``frozen``: what is in dispute (``disputed.FROZEN_SCHEMA``) counts as unknown in columns, verdicts and findings.

    ``challengers`` score in the shadow: nothing of theirs comes to a list.

    ``standing`` gets the columns and is asked as late as can be: what came back from a visit while the night was at
    work counts.
    """
    held = nothing_frozen() if frozen is None else frozen
    columns = _somebody(
        freeze_columns(population.columns(business_date), held), business_date
    )  # 2  what was known that day → one row per household
    groups = population.groups(business_date)
    scores = scores_of(models, columns, groups, place.threads)  # 3  calibrated risks, both of them
    shift = shifts(place.home, models, columns, scores)  # and how far this is from what the models were made from
    verdicts = population.verdicts(business_date, held)  # 4  programmes judged; gaps and events found
    reviews = settled(part.reviews for part in verdicts)
    found, tested = findings_of(verdicts), tested_of(place, models)
    given = Given(columns, groups, scores, found, reviews, tested, replace(standing(columns), disputed=held))
    draft = draft_of(place, place.policy, given, business_date)  # 5  leave out, rank, explore, share out
    shadow = scores_of(challengers, columns, groups, place.threads)
    return Made(
        business_date,
        columns,
        groups,
        scores,
        verdicts,
        given.findings,
        draft,
        models,
        population,
        None,
        given.standing,
        shift,
        challengers,
        shadow,
    )


@dataclass(frozen=True)
class Given:
    """What a draft is made from: the night's frames, the tested rows of its models, and what stands."""

    columns: pl.DataFrame
    groups: pl.DataFrame
    scores: Mapping[str, pl.DataFrame]
    findings: pl.DataFrame
    reviews: pl.DataFrame
    tested: Mapping[str, pl.DataFrame]
    standing: Standing


def tested_of(place: Workplace, models: Models) -> dict[str, pl.DataFrame]:
    """The rows that each model was tested on, for its bands; a model that has none is missing."""
    found = {}
    for risk, (model_id, _) in models.items():
        with suppress(ModelError):
            found[risk] = registry.rows_tested(place.home, risk, model_id)
    return found


def standing_of(place: Workplace, session: Session, business_date: date, moved: pl.DataFrame) -> Standing:
    """What stands when the lists of a date are drafted; ``moved``: who goes on under which number."""
    staff = place.bureau.staff(nights.planned_this_week(session, business_date))
    work = carried(nights.open_work(session, business_date), moved)
    queued = queued_before(place, session, business_date)
    return Standing(work, staff, history.of(session, business_date), queued)


def draft_of(place: Workplace, policy: Policy, given: Given, business_date: date) -> Draft:
    """The lists that a policy drafts from what is given."""
    with unheard():
        return draft_lists(
            candidates_of(given.columns, given.groups, given.scores, given.tested, policy.floors.by),
            given.findings,
            given.standing.work,
            given.standing.staff,
            policy,
            business_date=business_date,
            key=place.keys.tie_break,
            history=given.standing.history,
            calendar=place.calendar,
            reviews=given.reviews,
            queued=given.standing.queued,
        )


def scores_of(
    models: dict[str, tuple[str, RiskModel]], columns: pl.DataFrame, groups: pl.DataFrame, threads: int
) -> dict[str, pl.DataFrame]:
    """``household_id, raw, probability, priority`` by risk, of the risks that have a promoted model.

    The medians of peers come from everybody; the scores are made slice by slice, so that memory stays small.
    """
    scores = {}
    for risk, (_, model) in models.items():
        medians = peer_medians(columns, model.feature_names, groups)
        slices = columns.iter_slices(AT_ONCE)
        scores[risk] = pl.concat(model.score(part, groups, medians, threads) for part in slices)
    return scores


def candidates_of(
    columns: pl.DataFrame,
    groups: pl.DataFrame,
    scores: Mapping[str, pl.DataFrame],
    tested: Mapping[str, pl.DataFrame] | None = None,
    floor_by: str = "none",
) -> pl.DataFrame:
    """One row per household of the night with what the drafting needs; a risk without a model has null priority.

    ``tested``: rows of each risk for its band (``candidates.LIKELY_COLUMNS``); ``floor_by``: the grouping of the
    policy's floors.
    """
    frame = columns.select(
        "household_id",
        "region",
        "area",
        "area_kind",
        "income_to_line_12m",
        "income_to_median_12m",
        two_go=_two_go(columns),
    )
    for risk, name in (("relative_poverty", "poverty"), ("emergency", "emergency")):
        if risk in scores:
            frame = frame.join(_likely(scores[risk], name, (tested or {}).get(risk)), on="household_id")
        else:
            frame = frame.with_columns(pl.lit(None, pl.Float64).alias(f"{name}_priority"))
    if floor_by != "none":
        of = groupings(groups).select("household_id", floor_group=pl.col(floor_by))
        frame = frame.join(of, on="household_id", how="left")
    known = groups.select(
        "household_id",
        "unsupported",
        "never_applied",
        "digital_trace",
        "blank_share",
        pl.col("household_type").fill_null("unknown"),
    )
    return (
        frame.join(known, on="household_id", how="left")
        .with_columns(
            stratum=pl.concat_str("area_kind", pl.lit(" "), "household_type", ignore_nulls=True),
            income_ratio=pl.coalesce("income_to_line_12m", "income_to_median_12m"),
        )
        .drop("income_to_line_12m", "income_to_median_12m", "area_kind", "household_type")
        .sort("household_id")
    )


def _two_go(columns: pl.DataFrame) -> pl.Expr:
    """Whether two people must go because of who lives there; null in a night that kept no such columns."""
    if not set(DRAFTED_FROM) <= set(columns.columns):
        return pl.lit(None, pl.Boolean)
    return (pl.col("is_lone_elder") == 1) | (pl.sum_horizontal(MINORS) == pl.col("household_size"))


def _likely(scored: pl.DataFrame, name: str, tested: pl.DataFrame | None) -> pl.DataFrame:
    """Priority and chance of a risk, and the band of its priority where there are tested rows."""
    found = scored.select(
        "household_id", pl.col("priority").alias(f"{name}_priority"), pl.col("probability").alias(f"{name}_chance")
    )
    if tested is None:
        return found
    rates = likely_rates(tested, scored["priority"].to_numpy())
    return found.with_columns(rates["low"].alias(f"{name}_low"), rates["high"].alias(f"{name}_high"))


def findings_of(verdicts: list[Verdicts]) -> pl.DataFrame:
    """The findings of all buckets."""
    parts = [part.findings for part in verdicts] or [pl.DataFrame(schema=FINDINGS_SCHEMA)]
    return pl.concat(parts).sort("household_id", "code", "person_id")


def _somebody(columns: pl.DataFrame, business_date: date) -> pl.DataFrame:
    """The columns, unless they are of nobody: a mistyped date makes no night, which could never be unmade."""
    if not columns.height:
        raise UsageError(
            f"--date {business_date}: no household is known on this day",
            "Mend the date; xunfang status says which months the sources cover.",
        )
    return columns


def _finished(place: Workplace, business_date: date, models: dict[str, tuple[str, RiskModel]]) -> Saved | None:
    """What a finished night of this date is told as, with the inputs that have changed since; else None."""
    with reading(place.database) as session:
        night = nights.find_night(session, business_date)
        if night is None:
            return None
        return nights.told_again(session, night, place.inputs(models))
