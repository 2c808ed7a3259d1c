"""What a household may ask for: not to be contacted, not to be chosen by a model, to be forgotten.

Each request is recorded with who took it, comes into force at once on the lists that are out, and is in the audit
log. Whoever asks is named by the pseudonym on the card, never by name.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from engine.db import reading, writing
from engine.erasure import erase
from engine.errors import UsageError
from engine.retraction import end_cases, take_off
from engine.send import send_late
from engine.tables import Erasure, Objection, OptOut
from engine.workplace import Workplace


def opt_out(
    place: Workplace, household: str, *, reason: str | None = None, until: date | None = None
) -> dict[str, Any]:
    """Record that a household does not want to be contacted from today on (``until``: up to that day)."""
    household = known_as(place, household)
    today, actor = place.log.today, place.log.actor
    if until is not None and until < today:
        raise UsageError(f"--until {until}: lies in the past", "Name a day to come, or none.")
    with writing(place.database) as session:
        row = session.get(OptOut, (household, today)) or OptOut(
            household_id=household, since=today, recorded_by=actor
        )
        row.until, row.reason, row.recorded_by = until, reason, actor
        session.add(row)
        session.flush()
        told = {"households": [household], "until": until, "reason": reason}
        place.log.note("opt-out recorded", "household", told, session)
        end_cases(session, place.log, {household: "opted_out"}, today, who="operator")
        gone = take_off(session, place.log, {household: "opted_out"}, who="operator")
    return _told(place, {"recorded": "opt_out", "household": household, "since": today, "until": until}, gone)


def object_to(place: Workplace, household: str, *, reason: str | None = None) -> dict[str, Any]:
    """Record an objection to being chosen by a model: a task for the reviewer, out of the ranking until decided.

    A household with an open objection keeps that one.
    """
    household = known_as(place, household)
    with writing(place.database) as session:
        statement = select(Objection).where(Objection.household_id == household, Objection.state == "open")
        row = session.exec(statement).first()
        if row is None:
            row = Objection(
                household_id=household, since=place.log.today, recorded_by=place.log.actor, reason=reason
            )
            session.add(row)
            session.flush()
            told = {"objection": row.id, "households": [household], "reason": reason}
            place.log.note("objection recorded", "household", told, session)
    return {"recorded": "objection", "objection": row.id, "household": household, "taken_off": 0}


def decide(place: Workplace, objection: int, *, upheld: bool, reason: str) -> dict[str, Any]:
    """Decide an objection, which whoever recorded it may not. Upheld, the household stays out of the ranking."""
    with writing(place.database) as session:
        row = session.get(Objection, objection)
        if row is None or row.state != "open":
            raise UsageError(
                f"--objection {objection}: there is no open objection of this number",
                "xunfang rights list shows them.",
            )
        actor = place.log.actor
        if row.recorded_by == actor:
            raise UsageError(
                f"--actor {actor}: recorded this objection, and nobody decides what they recorded themselves",
                "Let another reviewer decide.",
            )
        row.state = "upheld" if upheld else "dismissed"
        row.decided_by, row.decided_at, row.decision = actor, place.log.clock(), reason
        session.flush()
        told = {"objection": objection, "households": [row.household_id], "decision": reason}
        place.log.note(f"objection {row.state}", "household", told, session)
        return {"objection": objection, "state": row.state}


def listed(place: Workplace, today: date) -> dict[str, Any]:
    """Every opt-out in force, every objection, every erasure; households by their pseudonyms."""
    with reading(place.database) as session:
        in_force = sa.or_(col(OptOut.until).is_(None), col(OptOut.until) >= today)
        opted = session.exec(select(OptOut).where(in_force).order_by(col(OptOut.since), col(OptOut.household_id)))
        objections = session.exec(select(Objection).order_by(col(Objection.id)))
        erased = session.exec(select(Erasure).order_by(col(Erasure.id)))
        return {
            "opt_outs": [_plain(row, ("household_id", "since", "until", "recorded_by", "reason")) for row in opted],
            "objections": [
                _plain(row, ("id", "household_id", "since", "state", "recorded_by", "decided_by", "decision"))
                for row in objections
            ],
            "erasures": [
                _plain(row, ("id", "digest", "state", "voided_at", "purged_at", "persons", "records"))
                for row in erased
            ],
        }


def forget(place: Workplace, household: str, *, reason: str | None = None) -> dict[str, Any]:
    """Erase a household, and write the lists anew that held it."""
    told = erase(place, place.current(household), reason=reason)
    written = send_late(place, place.log.clock())
    return told | {"lists_written": len({each.path.with_suffix("") for each in written})}


def known_as(place: Workplace, household: str) -> str:
    """The number of a household as it is now; raises UsageError where no such household is in the records."""
    household = place.current(household)
    known = place.store().homes.households["household_id"]
    if not (known == household).any():
        raise UsageError(
            "--household: no household of this number is in the records",
            "Give the twelve characters that stand on its card.",
        )
    return household


def _told(place: Workplace, told: dict[str, Any], taken_off: int) -> dict[str, Any]:
    """The answer, after the lists that are out were written anew."""
    written = send_late(place, place.log.clock()) if taken_off else []
    return told | {"taken_off": taken_off, "lists_written": len({each.path.with_suffix("") for each in written})}


def _plain(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
