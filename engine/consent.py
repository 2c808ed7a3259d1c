"""Consents to a check of facts of stage B: recorded, listed, withdrawn. Each is in the audit log.

What a consent allows here: a delivery of such facts about these persons, on a day between the two, is acknowledged
and counted instead of refused. The facts themselves are kept by nobody and are no feature: this system finds people
before they ask, and a check after an application (社会救助法 Arts. 40-41) is made by those who decide on it.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
from sqlmodel import col, select

from engine.db import reading, writing
from engine.errors import UsageError
from engine.rights import known_as
from engine.tables import Consent, ConsentPerson
from engine.workplace import Workplace
from outreach.permissions import SOMEBODY
from outreach.stage_b import FACTS


def record(
    place: Workplace,
    household: str,
    *,
    since: date,
    until: date,
    application: str,
    evidence: str,
    facts: Sequence[str] = (),
    persons: Sequence[str] = (),
) -> dict[str, Any]:
    """Record who of a household agreed to a check of which facts, for which application, from when until when.

    ``facts`` are classes of facts (none = all); ``persons`` those who signed (none = everybody in the household).
    Raises UsageError for days that make no sense, an unknown household, person or class, or a text that names
    somebody.
    """
    household = known_as(place, household)
    today = place.log.today
    if not since <= today or until < since:
        raise UsageError(
            f"--on {since} --until {until}: a consent begins on the day of the signature, which is not to come, "
            "and ends after it",
            "Give the day on the form, and the last day that it names.",
        )
    for option, text in (("application", application), ("evidence", evidence)):
        if not text.strip() or SOMEBODY.search(text):
            raise UsageError(
                f"--{option}: is empty, or holds a phone or an identity number",
                "Give the number of the application, or say where the signed form is; name nobody.",
            )
    wrong = sorted(set(facts) - set(FACTS))
    if wrong:
        raise UsageError(f"--facts {wrong[0]}: no such class of facts", f"The classes are: {', '.join(FACTS)}.")
    signed = _signed(place, household, persons)
    with writing(place.database) as session:
        row = Consent(
            household_id=household,
            application=application.strip(),
            facts=" ".join(each for each in FACTS if each in facts or not facts),
            whole=not persons,
            since=since,
            until=until,
            evidence=evidence.strip(),
            recorded_by=place.log.actor,
            recorded_at=place.log.clock(),
        )
        session.add(row)
        session.flush()
        assert row.id is not None
        session.add_all(ConsentPerson(consent_id=row.id, person_id=each) for each in signed)
        told = {
            "consent": row.id,
            "households": [household],
            "persons": len(signed),
            "application": row.application,
            "facts": row.facts,
            "since": since.isoformat(),
            "until": until.isoformat(),
            "evidence": row.evidence,
        }
        place.log.note("consent recorded", "household", told, session)
        return {
            "consent": row.id,
            "household": household,
            "persons": len(signed),
            "facts": row.facts.split(),
            "since": since,
            "until": until,
        }


def withdraw(place: Workplace, consent: int, *, reason: str | None = None) -> dict[str, Any]:
    """Withdraw a consent from today on; nothing has to be deleted, because nothing was kept."""
    with writing(place.database) as session:
        row = session.get(Consent, consent)
        if row is None or row.withdrawn_on is not None:
            raise UsageError(f"{consent}: no such consent, or it was withdrawn", "xunfang consent list shows them.")
        row.withdrawn_on, row.withdrawn_by = place.log.today, place.log.actor
        row.reason = reason
        session.add(row)
        session.flush()
        told = {"consent": consent, "households": [row.household_id], "reason": reason}
        place.log.note("consent withdrawn", "household", told, session)
        return {"consent": consent, "household": row.household_id, "withdrawn_on": row.withdrawn_on}


def listed(place: Workplace, today: date) -> dict[str, Any]:
    """Every consent, with how many persons agreed and whether it is in force; households by their pseudonyms."""
    with reading(place.database) as session:
        persons: dict[int, int] = {}
        for each in session.exec(select(ConsentPerson.consent_id)):
            persons[each] = persons.get(each, 0) + 1
        rows = session.exec(select(Consent).order_by(col(Consent.id)))
        return {
            "consents": [
                {
                    "id": row.id,
                    "household_id": row.household_id,
                    "application": row.application,
                    "facts": row.facts,
                    "persons": persons.get(row.id or 0, 0),
                    "since": row.since,
                    "until": row.until,
                    "in_force": row.withdrawn_on is None and row.since <= today <= row.until,
                    "withdrawn_on": row.withdrawn_on,
                    "evidence": row.evidence,
                    "recorded_by": row.recorded_by,
                }
                for row in rows
            ]
        }


def _signed(place: Workplace, household: str, persons: Sequence[str]) -> list[str]:
    """Those who agreed: the persons named, or all who have not moved on to another household."""
    last = pl.struct("valid_from", "household_id")
    lived = place.store().homes.members.group_by("person_id").agg(pl.col("household_id").max_by(last))
    theirs = set(lived.filter(pl.col("household_id") == household)["person_id"])
    strange = sorted(set(persons) - theirs)
    if strange:
        raise UsageError(
            f"--person: {len(strange)} of the persons named do not belong to this household",
            "Give the twelve characters that stand on its card.",
        )
    return sorted(persons or theirs)
