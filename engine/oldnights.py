"""Nights past their time: their folders, lists, items and visits. A night's row and manifest stay."""

import json
import shutil
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from engine.db import reading, writing
from engine.files import sha256_of, write_text
from engine.nightfolder import MANIFEST, RETIRED
from engine.retraction import WAITING
from engine.tables import CaseRow, Delivery, FactDispute, Night, OutreachItem, OutreachList, ReviewTask, Visit
from engine.visits import forget, forget_cases
from engine.workplace import Workplace
from outreach.lifecycle import OPEN_CASE


def retire_nights(place: Workplace, first: date, *, dry_run: bool) -> list[str]:
    """Take away the files of nights of before a day; the manifest stays and says so. Tells the dates.

    A night whose lists still wait to be released or sent is left until they are.
    """
    with reading(place.database) as session:
        old = session.exec(select(Night).where(col(Night.business_date) < first).order_by(col(Night.business_date)))
        waits = sa.select(col(OutreachList.night_id)).where(col(OutreachList.state).in_(("drafted", "held")))
        unsent = (
            sa.select(col(OutreachList.night_id))
            .join(Delivery, col(Delivery.list_id) == col(OutreachList.id))
            .where(col(Delivery.sent_at).is_(None))
        )
        busy = {*session.execute(waits).scalars(), *session.execute(unsent).scalars()}
        due = [night for night in old if night.id not in busy]
    retired = []
    for night in due:
        folder = place.home.nights / night.business_date.isoformat()
        left = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST]
        if not left:
            continue
        retired.append(night.business_date.isoformat())
        if not dry_run:
            _say_so(place, night)
            for path in left:
                path.unlink()
            for below in [path for path in folder.iterdir() if path.is_dir()]:
                shutil.rmtree(below)
    return retired


def _say_so(place: Workplace, night: Night) -> None:
    """The manifest says that its files are gone, and the night's row holds its new hash."""
    path = place.home.root / night.manifest_path
    told = json.loads(path.read_text("utf-8"))
    if RETIRED not in told:
        on = place.log.clock().date().isoformat()
        told |= {"files": {}, RETIRED: {"on": on, "months": place.policy.retention.nights}}
        write_text(path, json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    with writing(place.database) as session:
        session.execute(sa.update(Night).where(col(Night.id) == night.id).values(manifest_sha256=sha256_of(path)))


def remove_lists(place: Workplace, first: date, *, dry_run: bool) -> list[str]:
    """Remove the folders of pages and spreadsheets of nights of before a day; tells the dates."""
    folders = (
        sorted(path for path in place.home.lists.iterdir() if path.is_dir()) if place.home.lists.is_dir() else []
    )
    old = [path for path in folders if _day(path.name) is not None and path.name < first.isoformat()]
    for folder in old if not dry_run else ():
        shutil.rmtree(folder)
    return [folder.name for folder in old]


def forget_visits(place: Workplace, first: date, *, dry_run: bool) -> dict[str, Any]:
    """Remove the visits made before a day, and the items of such nights that no visit needs; tells how many.

    An item that still waits for its visit stays, whatever its age.
    """
    visits = col(Visit.visited_on) < first
    needed = sa.select(col(Visit.item_id)).where(~visits)
    items = sa.and_(
        col(OutreachItem.business_date) < first,
        col(OutreachItem.state).not_in(WAITING),
        col(OutreachItem.id).not_in(needed),
    )
    with reading(place.database) if dry_run else writing(place.database) as session:
        told = {
            name: session.execute(sa.select(sa.func.count()).select_from(table).where(which)).scalar_one()
            for name, table, which in (("visits", Visit, visits), ("items", OutreachItem, items))
        }
        if not dry_run:
            for each in forget(visits):
                session.execute(each)
            session.execute(sa.delete(OutreachItem).where(items))
            session.execute(sa.delete(ReviewTask).where(col(ReviewTask.concluded_on) < first))
            session.execute(sa.delete(FactDispute).where(col(FactDispute.ended_on) < first))
            forget_cases(session, sa.and_(col(CaseRow.state).not_in(OPEN_CASE), col(CaseRow.since) < first))
    return told


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
