"""A month's evaluation pack: what its lists found and what became of it, as JSON values."""

from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col

from engine.audit import entries
from engine.db import reading
from engine.errors import UsageError
from engine.nightfolder import LISTED, RETIRED, listed_frame, read_manifest
from engine.nights import GONE_OUT
from engine.population import Progress, silent
from engine.push.columns import COLUMNS
from engine.tables import Confirmation, Night, Objection, OutreachItem, OutreachList, Referral, Visit, VisitUndone
from engine.visits import counts
from engine.workplace import Workplace
from outreach import month as pure
from outreach.cliffs import is_cliff

RELEASED: Final = "lists released"
PROMOTED: Final = "model promoted by a person"
TO_FILL: Final = sum(column.to_fill for column in COLUMNS) - 1
"""Cells to fill in for a household; the signature is none."""
DELIVERED: Final = {
    "item_id": pl.Int64,
    "household_id": pl.String,
    "business_date": pl.Date,
    "caseworker_id": pl.String,
    "lane": pl.String,
}


@dataclass(frozen=True)
class Told:
    """What the nights of a month have kept of the households that they listed."""

    areas: pl.DataFrame
    signals: pl.DataFrame
    reasons: pl.DataFrame
    programmes: pl.DataFrame
    gaps: pl.DataFrame


def figures(place: Workplace, month: date, progress: Progress = silent) -> dict[str, Any]:
    """The pack of a month, given by its first day: all that was listed in it, followed up to today.

    Keys: ``month, as_of, nights, retired`` (nights whose files were past their time), ``funnel`` (all, and
    ``by_channel``, ``by_attempt``, ``by_office``), ``hits`` (all, and by ``lane``, ``reason``, ``programme``,
    ``area``), ``waits``, ``unmet``, ``overridden``, ``referrals``, ``burden``. Counts of households are suppressed
    (``outreach.month.suppressed``). Raises UsageError where no night of the month has gone out.
    """
    now = place.log.clock()
    as_of = now.astimezone().date()
    last = month.replace(day=monthrange(month.year, month.month)[1])
    with reading(place.database) as session:
        listed, visits = _items(session, month, last), _visits(session, month, last)
        dates = listed["business_date"].unique().sort().to_list()
        overridden = _overridden(place, session, month, last)
        referrals = _referrals(session, month, last, as_of)
    if not dates:
        raise UsageError(
            f"{month:%Y-%m}: no list of this month has gone out", "xunfang status names the last night."
        )
    told, retired = _of_nights(place, dates, progress)
    items = (
        listed.join(told.areas, on=["household_id", "business_date"], how="left")
        .join(told.signals, on=["household_id", "business_date"], how="left")
        .select(pure.ITEMS.names())
    )
    paid = _paid(place, listed["household_id"].unique().to_list(), as_of, progress)
    rows = pure.followed(items, visits, paid, as_of)
    keys = rows.select("item_id", "household_id", "business_date")
    named = {
        name: frame.join(keys, on=["household_id", "business_date"]).select("item_id", "name")
        for name, frame in (("reason", told.reasons), ("programme", told.programmes))
    }
    gaps = told.gaps.join(keys, on=["household_id", "business_date"]).select(pure.UNMET.names())
    capacity = {worker.caseworker_id: worker.capacity_week for worker in place.bureau.caseworkers()}
    return {
        "month": f"{month:%Y-%m}",
        "as_of": as_of.isoformat(),
        "nights": len(dates),
        "retired": retired,
        "funnel": {
            "all": pure.funnel(rows),
            "by_channel": pure.funnel(rows, "contact"),
            "by_attempt": pure.funnel(rows, "attempt"),
            "by_office": pure.funnel(rows, "area"),
        },
        "hits": {
            "all": [{"group": None, **pure.rate(rows)}],
            "lane": pure.hits(rows, by="lane"),
            "reason": pure.hits(rows, named["reason"]),
            "programme": pure.hits(rows, named["programme"]),
            "area": pure.hits(rows, by="area"),
        },
        "waits": pure.waits(rows),
        "unmet": pure.unmet(rows, gaps, paid),
        "overridden": overridden,
        "referrals": referrals,
        "burden": pure.burden(rows, TO_FILL, capacity),
    }


def _items(session: Session, first: date, last: date) -> pl.DataFrame:
    """The items of a month that went out and were not taken off again."""
    statement = (
        sa.select(
            col(OutreachItem.id),
            col(OutreachItem.household_id),
            col(OutreachItem.business_date),
            col(OutreachList.caseworker_id),
            col(OutreachItem.lane),
        )
        .join(OutreachList, col(OutreachItem.list_id) == col(OutreachList.id))
        .where(
            col(OutreachItem.business_date) >= first,
            col(OutreachItem.business_date) <= last,
            col(OutreachItem.state).in_(GONE_OUT),
        )
        .order_by(col(OutreachItem.id))
    )
    return pl.DataFrame(session.execute(statement).all(), schema=DELIVERED, orient="row")


def _visits(session: Session, first: date, last: date) -> pl.DataFrame:
    """The visits that count of these items, with how many cells were filled in."""
    optional = (Visit.hindrance, Visit.about, Visit.note, Visit.minutes)
    filled = sa.literal(3) + sum((sa.case((col(each).is_(None), 0), else_=1) for each in optional), sa.literal(0))
    statement = (
        sa.select(
            col(Visit.item_id),
            col(Visit.visited_on),
            col(Visit.outcome),
            col(Visit.contact),
            col(Visit.attempt),
            col(Visit.minutes),
            filled,
        )
        .join(OutreachItem, col(Visit.item_id) == col(OutreachItem.id))
        .where(col(OutreachItem.business_date) >= first, col(OutreachItem.business_date) <= last, counts())
        .order_by(col(Visit.item_id), col(Visit.id))
    )
    found = pl.DataFrame(session.execute(statement).all(), schema=pure.VISITS, orient="row")
    return found.unique("item_id", keep="last", maintain_order=True)


def _of_nights(place: Workplace, dates: Sequence[date], progress: Progress) -> tuple[Told, int]:
    """What the nights' files say of those whom they listed, and how many nights' files are gone."""
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in Told.__annotations__}
    retired = 0
    for done, night in enumerate(dates):
        progress("nights read", done, len(dates))
        manifest = read_manifest(place, night)
        if RETIRED in manifest:
            retired += 1
            continue
        for name, frame in _of_night(place, night, manifest["files"]).items():
            parts[name].append(frame.with_columns(business_date=pl.lit(night)))
    progress("nights read", len(dates), len(dates))
    schemas: dict[str, dict[str, Any]] = {
        "areas": {"household_id": pl.String, "area": pl.String},
        "signals": {"household_id": pl.String, "signal_on": pl.Date},
        "reasons": {"household_id": pl.String, "name": pl.String},
        "programmes": {"household_id": pl.String, "name": pl.String},
        "gaps": {"household_id": pl.String, "programme": pl.String, "unmet_month": pl.Int64},
    }
    empty = {name: pl.DataFrame(schema={**schema, "business_date": pl.Date}) for name, schema in schemas.items()}
    return Told(**{name: pl.concat([empty[name], *found]) for name, found in parts.items()}), retired


def _of_night(place: Workplace, night: date, files: Collection[str]) -> dict[str, pl.DataFrame]:
    """Areas, days of signals, reasons (codes of findings, concepts of the models), programmes and what is unmet."""
    regions = listed_frame(place, night, "regions")
    findings = listed_frame(place, night, "findings").filter(~is_cliff())
    codes = [findings.select("household_id", pl.col("code").alias("name"))]
    if f"{LISTED}/reasons.parquet" in files:
        reasons = listed_frame(place, night, "reasons").filter(pl.col("contribution") > 0)
        codes.append(reasons.select("household_id", pl.col("concept").cast(pl.String).alias("name")))
    gaps = findings.filter(pl.col("code").str.starts_with("GAP-"))
    return {
        "areas": regions.select("household_id", area=pl.col("region").str.slice(0, 9)),
        "signals": findings.group_by("household_id").agg(signal_on=pl.col("known_on").min()).sort("household_id"),
        "reasons": pl.concat(codes).unique().sort("household_id", "name"),
        "programmes": gaps.select("household_id", pl.col("programme").alias("name")).unique().sort(pl.all()),
        "gaps": gaps.group_by("household_id", "programme")
        .agg(unmet_month=pl.when(pl.col("unmet_month").is_not_null().any()).then(pl.col("unmet_month").sum()))
        .sort("household_id", "programme"),
    }


def _paid(place: Workplace, households: Sequence[str], as_of: date, progress: Progress) -> pl.DataFrame:
    """The months paid to these households or their people, as known today (``pure.PAID``)."""
    store = place.store()
    lived = store.homes.members.filter(pl.col("household_id").is_in(households))
    of = lived.select("person_id", home=pl.col("household_id")).unique().lazy()
    buckets = store.homes.households.filter(pl.col("household_id").is_in(households))["bucket"].unique().sort()
    parts = [pl.DataFrame(schema=pure.PAID)]
    for done, bucket in enumerate(buckets):
        progress("benefits read", done, buckets.len())
        known = store.sources(int(bucket)).known_by(as_of)
        if not known.has("benefit"):
            continue
        paid = known.frame("benefit").filter(pl.col("status") == "in_payment")
        theirs = paid.join(of, on="person_id", how="left").with_columns(
            household_id=pl.coalesce("home", "household_id")
        )
        found = theirs.filter(pl.col("household_id").is_in(households)).select(pure.PAID.names())
        parts.append(found.collect().cast(pure.PAID))
    progress("benefits read", buckets.len(), buckets.len())
    return pl.concat(parts).unique().sort(pl.all())


def _overridden(place: Workplace, session: Session, first: date, last: date) -> dict[str, Any]:
    """What people decided against or beside the machine in a month, by what it was."""
    begin, end = (datetime.combine(day, time()).astimezone() for day in (first, _next_day(last)))
    off = sa.select(col(OutreachItem.state_reason)).where(
        col(OutreachItem.business_date) >= first,
        col(OutreachItem.business_date) <= last,
        col(OutreachItem.state) == "withdrawn",
    )
    held = sa.select(sa.func.count()).where(
        col(Night.business_date) >= first, col(Night.business_date) <= last, col(Night.held_reason).is_not(None)
    )
    noted = entries(session, place.keys.audit, place.keys.audit_before, {RELEASED, PROMOTED})
    said = [link.action for link, _ in noted if begin.isoformat() <= _local(link.at) < end.isoformat()]
    return {
        "taken_off": pure.left_off([str(reason) for reason in session.execute(off).scalars()]),
        "nights_held": session.execute(held).scalar_one(),
        "lists_released_by_a_person": said.count(RELEASED),
        "deliveries_confirmed": _between(session, Confirmation.confirmed_at, begin, end),
        "models_promoted_by_a_person": said.count(PROMOTED),
        "objections_upheld": _between(session, Objection.decided_at, begin, end, Objection.state == "upheld"),
        "objections_dismissed": _between(session, Objection.decided_at, begin, end, Objection.state == "dismissed"),
        "outcomes_taken_back": _between(session, VisitUndone.undone_at, begin, end),
    }


def _between(session: Session, moment: Any, begin: datetime, end: datetime, *conditions: Any) -> int:
    asked = sa.select(sa.func.count()).where(col(moment) >= begin, col(moment) < end, *conditions)
    return int(session.execute(asked).scalar_one())


def _local(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().isoformat()


def _next_day(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _referrals(session: Session, first: date, last: date, as_of: date) -> list[dict[str, Any]]:
    """What was handed on in a month, by kind: how many, how many of these stand how, how many are late."""
    statement = (
        sa.select(
            col(Referral.kind),
            sa.func.count(),
            *(
                sa.func.sum(sa.case((col(Referral.state) == state, 1), else_=0))
                for state in ("open", "done", "returned")
            ),
            sa.func.sum(
                sa.case((sa.and_(col(Referral.state) == "open", col(Referral.due_on) < as_of), 1), else_=0)
            ),
        )
        .where(
            col(Referral.opened_on) >= first, col(Referral.opened_on) <= last, col(Referral.state) != "cancelled"
        )
        .group_by(col(Referral.kind))
        .order_by(col(Referral.kind))
    )
    names = ("referrals", "open", "done", "returned", "overdue")
    return [
        {"kind": kind, **{name: pure.suppressed(int(count)) for name, count in zip(names, found, strict=True)}}
        for kind, *found in session.execute(statement)
    ]
