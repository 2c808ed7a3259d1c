"""Where a home stands: the last night, what is held and why, how fresh the sources are, what waits, the disk."""

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine import audit, nights
from engine.confirmed import confirmed, overrides
from engine.db import reading
from engine.errors import HomeError, XunfangError
from engine.files import sha256_of, write_bytes
from engine.holding import doubts
from engine.intake.database import not_fetched
from engine.intake.manifest import delivery_id_of, folders
from engine.learning import in_short, stored_experiment
from engine.nightfolder import MANIFEST, read_manifest
from engine.pushing import push_figures, push_in_short
from engine.recordstore import summary
from engine.registry import RISKS
from engine.report import NightReport, night_page, told_count
from engine.retention import retained_on
from engine.tables import Delivery, Night, NightLedger, OutreachItem, OutreachList, Referral
from engine.workplace import Workplace

REPORT: Final = "report.html"
REPORT_WRITTEN: Final = "report written"
SCARCE: Final = 2**30
"""Under a gibibyte of free disk is worth saying."""


def night_told(place: Workplace, business_date: date) -> dict[str, Any]:
    """A finished or held night in six numbers, and where to look. HomeError where there is none of this date."""
    with reading(place.database) as session:
        night = nights.find_night(session, business_date)
        if night is None:
            raise HomeError(f"no night of {business_date} is stored", f"Run: xunfang night --date {business_date}")
        return _night(place, session, night)


def status_of(place: Workplace, now: datetime) -> dict[str, Any]:
    """Everything that ``xunfang status`` says."""
    with reading(place.database) as session:
        last = session.exec(select(Night).order_by(col(Night.business_date).desc()).limit(1)).one_or_none()
        told: dict[str, Any] = {
            "home": str(place.home.root),
            "last_night": None if last is None else _night(place, session, last),
            "held": _held(session),
            "waiting": _waiting(place, session),
            "ledger": [
                {"business_date": row.business_date, "state": row.state, "message": row.message}
                for row in session.exec(
                    select(NightLedger)
                    .where(col(NightLedger.state).in_(("running", "failed", "skipped")))
                    .order_by(col(NightLedger.business_date))
                )
            ],
        }
    return told | {
        "to_confirm": [
            {"delivery": each.name, "zh": each.text.zh, "en": each.text.en}
            for each in (doubts(place, {}) if place.has_records() else [])
        ],
        "models": _models(place),
        "sources": _freshness(place, now.date()),
        "lacks": dict(place.settings.lacks),
        "not_fetched": [{"source": name, **each} for name, each in sorted(not_fetched(place.home).items())],
        "push": push_in_short(place),
        "retention": _retention(place),
        "disk": _disk(place),
    }


def write_report(place: Workplace, business_date: date) -> None:
    """Write the night's report beside its manifest, once: the models that it tells of are those of the night.

    Its hash is noted in the audit log, by which ``verify`` knows it.
    """
    day, path = business_date.isoformat(), place.home.nights / business_date.isoformat() / REPORT
    if path.exists():
        with reading(place.database) as session:
            noted = audit.entries(session, place.keys.audit, place.keys.audit_before, {REPORT_WRITTEN})
            new = all(details["business_date"] != day for _, details in noted)
    else:
        new = _write_report(place, business_date, path)
    if new:
        told = {"business_date": day, "sha256": sha256_of(path)}
        place.log.note(REPORT_WRITTEN, "night", told)


def _write_report(place: Workplace, business_date: date, path: Path) -> bool:
    """Write the report of a finished night; whether there is such a night."""
    with reading(place.database) as session:
        night = nights.find_night(session, business_date)
        if night is None:
            return False
        numbers = nights.six_numbers(session, night)
        before = session.exec(
            select(Night)
            .where(col(Night.business_date) < business_date)
            .order_by(col(Night.business_date).desc())
            .limit(1)
        ).one_or_none()
    experiments: dict[str, Any] = {
        risk: told for risk in RISKS if (told := stored_experiment(place.home, risk)) is not None
    }
    report = NightReport(
        read_manifest(place, business_date),
        numbers,
        experiments,
        None if before is None or not _has_manifest(place, before) else read_manifest(place, before.business_date),
        not_fetched=not_fetched(place.home),
        push=push_figures(place, business_date),
        confirmed=confirmed(place, business_date),
        overrides=overrides(place, None if before is None else before.finished_at, place.log.clock()),
    )
    write_bytes(path, night_page(report))
    return True


def _has_manifest(place: Workplace, night: Night) -> bool:
    """Whether an older night's folder is still kept."""
    return (place.home.root / night.manifest_path).is_file()


def _night(place: Workplace, session: Session, night: Night) -> dict[str, Any]:
    day = night.business_date.isoformat()
    manifest = read_manifest(place, night.business_date)
    return {
        "business_date": night.business_date,
        "state": night.state,
        "held_reason": night.held_reason,
        "basis": manifest["basis"],
        "numbers": dict(vars(nights.six_numbers(session, night))),
        "lanes": manifest["lanes"],
        "unserved": {area: told_count(count) for area, count in manifest.get("unserved", {}).items()},
        "seconds": round((night.finished_at - night.started_at).total_seconds(), 1),
        "lists": str(place.home.lists / day),
        "report": str(place.home.nights / day / REPORT),
        "manifest": str(place.home.nights / day / MANIFEST),
    }


def _held(session: Session) -> list[dict[str, Any]]:
    """The held nights whose lists still wait for a person."""
    waiting = select(OutreachList.night_id).where(OutreachList.state == "held")
    statement = select(Night).where(col(Night.id).in_(waiting)).order_by(col(Night.business_date))
    return [{"business_date": night.business_date, "why": night.held_reason} for night in session.exec(statement)]


def _waiting(place: Workplace, session: Session) -> dict[str, int]:
    """Lists to release and to send, visits to be made, deliveries to be taken in; late referrals, if any."""
    drafted = select(sa.func.count()).select_from(OutreachList).where(OutreachList.state == "drafted")
    unsent = select(sa.func.count()).select_from(Delivery).where(col(Delivery.sent_at).is_(None))
    open_items = (
        select(sa.func.count()).select_from(OutreachItem).where(col(OutreachItem.state).in_(nights.STANDING))
    )
    today = place.log.today
    late = select(sa.func.count()).where(Referral.state == "open", col(Referral.due_on) < today)
    overdue = session.exec(late).one()
    return {
        "lists_to_release": session.exec(drafted).one(),
        "lists_to_send": session.exec(unsent).one(),
        "visits_to_make": session.exec(open_items).one(),
        "deliveries_in_inbox": _new_deliveries(place),
        **({"referrals_overdue": overdue} if overdue else {}),
    }


def _new_deliveries(place: Workplace) -> int:
    known = set(_store_or_nothing(place))
    return sum(_delivery_id(folder) not in known for folder in folders(place.home.inbox))


def _delivery_id(folder: Path) -> str | None:
    """The id in a delivery's manifest, None where it has no sound one (it waits to be mended)."""
    try:
        return delivery_id_of(folder)
    except XunfangError:
        return None


def _store_or_nothing(place: Workplace) -> list[str]:
    return place.store().deliveries() if place.has_records() else []


def _freshness(place: Workplace, today: date) -> list[dict[str, Any]]:
    """Per source: rows, set aside, the last month and day known, and how many days ago that was."""
    if not place.has_records():
        return []
    told: list[dict[str, Any]] = []
    for source in summary(place.store()):
        last = source["last_known_on"]
        age = None if last is None else (today - date.fromisoformat(str(last))).days
        told.append({**source, "days_since_known": age})
    return told


def _retention(place: Workplace) -> dict[str, Any]:
    """Whether what is past its time goes by itself, and the last day for which it went."""
    last = retained_on(place)
    return {
        "automatic": place.policy.retention.automatic,
        "day": place.policy.retention.day,
        "last": None if last is None else last.isoformat(),
    }


def _models(place: Workplace) -> dict[str, Any]:
    stored = {risk: stored_experiment(place.home, risk) for risk in RISKS}
    promoted = place.promoted_models()
    return {
        risk: {
            "promoted": promoted[risk][0] if risk in promoted else None,
            "experiment": None if (told := stored[risk]) is None else in_short(told),
        }
        for risk in RISKS
    }


def _disk(place: Workplace) -> dict[str, Any]:
    usage = shutil.disk_usage(place.home.root)
    used = sum(_bytes(path) for path in place.home.root.rglob("*"))
    return {"home_bytes": used, "free_bytes": usage.free, "scarce": usage.free < SCARCE}


def _bytes(path: Path) -> int:
    """The size of a file; 0 for a folder, and for a file that another process has just taken away."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
