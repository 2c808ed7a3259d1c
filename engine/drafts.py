"""Lists drafted without sending or saving anything: what a night would list, and what another policy would."""

import hashlib
from dataclasses import asdict
from datetime import date
from statistics import median
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine import nights
from engine.db import reading
from engine.errors import IntegrityError, UsageError
from engine.files import sha256_of
from engine.frozen import frozen_now
from engine.nightfolder import RETIRED, Standing, as_now, read_manifest, read_standing, version_of
from engine.pipeline import Given, draft_of, make_night, standing_of, tested_of
from engine.population import Progress, silent
from engine.registry import kept_model
from engine.report import FEW, told_count
from engine.reviewing import KEY, at_rest
from engine.rewriting import steady
from engine.tables import Night, Visit
from engine.visits import counts
from engine.workplace import Workplace
from models.groupings import groupings
from outreach.compared import exchanged, totals
from outreach.drafting import Draft
from outreach.duplicates import settled
from outreach.findings import FINDINGS_SCHEMA
from outreach.policy import Policy


def dry_run(
    place: Workplace, business_date: date, other: Policy | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """What the home's policy lists on a night, and beside it what ``other`` would; nothing is saved or sent.

    Of a finished night it is drafted again from what the night has stored; else from the records as they are now.
    Counts of households that a policy moves are rounded to five, and null with their figures where they are seven
    or fewer; ``minutes``: what the visits take if they are like those recorded so far (null of seven or fewer).
    Raises UsageError where the night's files are gone or nobody is known on the day.
    """
    with reading(place.database) as session:
        night = nights.find_night(session, business_date)
        if night is not None:
            session.expunge(night)
        minutes = _minutes(session)
    with steady(place.home):
        given = _stored(place, night) if night is not None else _of_now(place, business_date, progress)
    policies = {"home": place.policy} | ({} if other is None else {"other": other})
    drafts = {name: draft_of(place, policy, given, business_date) for name, policy in policies.items()}
    told: dict[str, Any] = {
        "business_date": business_date.isoformat(),
        "finished": night is not None,
        "minutes_of_a_visit": minutes,
        "policies": {name: _told(drafts[name], policy, given, minutes) for name, policy in policies.items()},
    }
    return told if other is None else told | {"exchanged": _exchanged(drafts["home"], drafts["other"], given)}


def _minutes(session: Session) -> float | None:
    """The minutes of a visit, as recorded so far: the median; null where they are known of 7 and fewer."""
    told = session.execute(sa.select(col(Visit.minutes)).where(col(Visit.minutes).is_not(None), counts())).scalars()
    minutes = sorted(told)
    return None if len(minutes) <= FEW else median(minutes)


def desk_queue(place: Workplace, business_date: date | None) -> dict[str, Any]:
    """The desk queue of a night (None = the newest), by kind and due date; who read it of whom is noted.

    A misplacement or duplicate on whose review somebody has concluded since waits for nobody and is left out.
    Raises UsageError where there is no such night, or one that kept no queue.
    """
    with reading(place.database) as session:
        newest = select(Night).where(Night.kind == "night").order_by(col(Night.business_date).desc()).limit(1)
        night = session.exec(newest).first() if business_date is None else nights.find_night(session, business_date)
        day = None if night is None else night.business_date
        rests = set() if day is None else at_rest(session, day)
    path = None if day is None else place.home.nights / day.isoformat() / "desk.parquet"
    if day is None or path is None or not path.is_file():
        raise UsageError(
            f"--date {business_date or 'newest'}: no desk queue of this night is kept",
            "xunfang status names the last night.",
        )
    manifest = read_manifest(place, day)
    if sha256_of(path) != manifest["files"]["desk.parquet"]["sha256"]:
        raise IntegrityError(f"{path}: has changed since the night", "Put it back from a backup.")
    queue = as_now(place, pl.read_parquet(path, glob=False), version_of(manifest))
    queue = queue.filter([key not in rests for key in queue.select(KEY).iter_rows()]).drop("person_id")
    told = {"business_date": day.isoformat(), "households": sorted(queue["household_id"].unique())}
    place.log.note("desk queue read", "household", told)
    return {
        "business_date": day.isoformat(),
        "kinds": dict(queue["kind"].value_counts().sort("kind").iter_rows()),
        "queue": [
            row | {name: None if row[name] is None else row[name].isoformat() for name in ("since", "due_on")}
            for row in queue.iter_rows(named=True)
        ],
    }


def _stored(place: Workplace, night: Night) -> Given:
    """What a finished night was drafted from, out of its folder."""
    manifest = read_manifest(place, night.business_date)
    if RETIRED in manifest:
        raise UsageError(
            f"--date {night.business_date}: the files of this night were past their time and are gone",
            "Name a later night.",
        )
    folder = place.home.nights / night.business_date.isoformat()

    def frame(name: str) -> pl.DataFrame:
        path = folder / f"{name}.parquet"
        if not path.is_file() or sha256_of(path) != manifest["files"].get(f"{name}.parquet", {}).get("sha256"):
            raise IntegrityError(f"{path}: is missing or has changed since the night", "Put it back from a backup.")
        return pl.read_parquet(path, glob=False)

    models = {risk: (name, kept_model(place.home, risk, name)) for risk, name in manifest["models"].items()}
    scores = {risk: frame(f"scores_{risk}") for risk in models}
    tested = tested_of(place, models)
    empty = pl.DataFrame(schema=FINDINGS_SCHEMA)
    reviews = frame("reviews") if "reviews.parquet" in manifest["files"] else empty
    standing = read_standing(folder)
    return Given(frame("columns"), frame("groups"), scores, frame("findings"), reviews, tested, standing)


def _of_now(place: Workplace, business_date: date, progress: Progress) -> Given:
    """What a night of this date would be drafted from if it were run now."""
    population, models = place.population(progress), place.promoted_models()

    def standing(_columns: pl.DataFrame) -> Standing:
        moved = population.successions(business_date)
        with reading(place.database) as session:
            return standing_of(place, session, business_date, moved)

    with reading(place.database) as session:
        frozen = frozen_now(session)
    made = make_night(place, business_date, population, models, standing, challengers={}, frozen=frozen)
    tested = tested_of(place, models)
    reviews = settled(part.reviews for part in made.verdicts)
    return Given(made.columns, made.groups, made.scores, made.findings, reviews, tested, made.standing)


def _told(draft: Draft, policy: Policy, given: Given, minutes: float | None) -> dict[str, Any]:
    sums = totals(draft, given.findings, given.columns.select("household_id", "region"))
    return {
        "policy_sha256": hashlib.sha256(policy.text.encode()).hexdigest(),
        **asdict(sums),
        "minutes": None if minutes is None else round(minutes * sums.visits),
        "unserved": {area: told_count(count) for area, count in draft.unserved.items()},
        "left_out": dict(draft.left_out["reason"].value_counts().sort("reason").iter_rows()),
        "rank_by": policy.risk.rank_by,
        "floors": None if draft.floors is None else asdict(draft.floors),
        "basis": draft.basis,
    }


def _exchanged(old: Draft, new: Draft, given: Given) -> list[dict[str, Any]]:
    marks = groupings(given.groups).drop("blank_share")
    areas = given.columns.select("household_id", area="area")
    rows = exchanged(old, new, areas.join(marks, on="household_id", how="left"), given.findings)
    return [_suppressed(row) for row in rows.iter_rows(named=True)]


def _suppressed(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what would tell of seven households and fewer."""
    told = dict(row)
    for way, of_it in (("enters", ("finds_in", "unmet_in")), ("leaves", ("finds_out", "unmet_out"))):
        told[way] = told_count(row[way])
        if told[way] is None:
            told |= dict.fromkeys(of_it)
    return told
