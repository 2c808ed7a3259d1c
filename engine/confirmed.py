"""What visits confirmed of what was suggested, and what people overrode: for the report of a night."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col

from engine.audit import entries
from engine.db import reading
from engine.nightfolder import LISTED, MANIFEST, RETIRED, listed_frame, read_manifest
from engine.tables import OutreachItem, Visit
from engine.visits import counts
from engine.workplace import Workplace
from models.selective import need_verified
from outreach.bands import RISKS, band
from outreach.permissions import SOMEBODY
from outreach.wording_night import DEEDS, REASONED

MONTHS: Final = 12
"""Outcomes of lists of so many months are counted."""
TAKEN_OFF: Final = "items taken off"
ANSWERED: Final = pl.Schema({"business_date": pl.Date, "household_id": pl.String, "outcome": pl.String})
CHANCES: Final = pl.Schema({"household_id": pl.String, "risk": pl.String, "probability": pl.Float64})


def confirmed(place: Workplace, until: date) -> dict[str, Any]:
    """Of the households suggested in the twelve months up to a day, how many are in need by their visits, by band.

    ``all``: ``answered, confirmed``; ``bands``: ``risk, band, answered, confirmed, expected`` (the mean estimate),
    in the order of risks and bands. Exact counts: whoever shows them suppresses them. Nights whose files were past
    their time count in ``all`` only.
    """
    first = pl.select(pl.lit(until).dt.offset_by(f"-{MONTHS}mo")).item()
    with reading(place.database) as session:
        answered = _answered(session, first, until)
    chances = [pl.DataFrame(schema={**CHANCES, "business_date": pl.Date}), *_chances(place, answered)]
    rows = answered.join(pl.concat(chances), on=["business_date", "household_id"])
    return {
        "all": {"answered": answered.height, "confirmed": int(answered["need"].sum())},
        "bands": [row for risk in RISKS for row in _bands(rows.filter(pl.col("risk") == risk), risk)],
    }


def _answered(session: Session, first: date, last: date) -> pl.DataFrame:
    """``business_date, household_id, need`` of the visits that say anything about need."""
    statement = (
        sa.select(col(OutreachItem.business_date), col(Visit.household_id), col(Visit.outcome))
        .join(OutreachItem, col(Visit.item_id) == col(OutreachItem.id))
        .where(col(OutreachItem.business_date) > first, col(OutreachItem.business_date) <= last, counts())
        .order_by(col(OutreachItem.business_date), col(Visit.household_id))
    )
    found = pl.DataFrame(session.execute(statement).all(), schema=ANSWERED, orient="row")
    told = found.select("business_date", "household_id", need=need_verified(pl.col("outcome")))
    return told.filter(pl.col("need").is_not_null())


def _chances(place: Workplace, answered: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The estimates with which these households were suggested, night by night."""
    for night in answered["business_date"].unique().sort():
        if not (place.home.nights / night.isoformat() / MANIFEST).is_file():
            continue
        manifest = read_manifest(place, night)
        if RETIRED not in manifest and f"{LISTED}/chances.parquet" in manifest["files"]:
            frame = listed_frame(place, night, "chances").select(CHANCES.names()).cast(CHANCES)
            yield frame.with_columns(business_date=pl.lit(night))


def _bands(rows: pl.DataFrame, risk: str) -> Iterator[dict[str, Any]]:
    coded = rows.with_columns(
        band=pl.Series([band(each, risk).code for each in rows["probability"]], dtype=pl.String)
    )
    found = coded.group_by("band").agg(
        answered=pl.len(), confirmed=pl.col("need").sum(), expected=pl.col("probability").mean()
    )
    for row in found.sort("expected", descending=True).iter_rows(named=True):
        yield {"risk": risk, **row}


def overrides(place: Workplace, since: datetime | None, until: datetime) -> list[dict[str, Any]]:
    """What people decided against or beside the machine between two moments: ``action, reason, count``.

    A reason is told only where it is about lists, data or models (``wording_night.REASONED``) and holds no phone or
    identity number; of items taken off it is the code. In the order of ``wording_night.DEEDS``, items taken off
    last.
    """
    found: dict[tuple[str, str | None], int] = {}
    with reading(place.database) as session:
        noted = entries(session, place.keys.audit, place.keys.audit_before, {*DEEDS, TAKEN_OFF})
        for link, details in noted:
            at = datetime.fromisoformat(link.at)
            if (since is not None and at <= since) or at > until:
                continue
            for key in _reasons(link.action, details):
                found[key] = found.get(key, 0) + 1
    order = {action: place for place, action in enumerate((*DEEDS, TAKEN_OFF))}
    ranked = sorted(found.items(), key=lambda pair: (order[pair[0][0]], pair[0][1] or ""))
    return [{"action": action, "reason": reason, "count": count} for (action, reason), count in ranked]


def _reasons(action: str, details: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    if action == TAKEN_OFF:
        yield from ((action, str(reason)) for reason in details.get("items", {}).values())
        return
    reason = details.get("reason") if action in REASONED else None
    yield action, None if reason is None or SOMEBODY.search(reason) else reason
