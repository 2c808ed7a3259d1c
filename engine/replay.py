"""A past night made again from what was known then, and compared with it byte by byte."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from engine import nights
from engine.codeversion import code_version
from engine.db import reading
from engine.errors import UsageError
from engine.files import sha256_of
from engine.nightfolder import (
    MANIFEST,
    RETIRED,
    as_now,
    manifest_of,
    read_manifest,
    read_standing,
    version_of,
    write_frames,
    write_manifest,
)
from engine.pipeline import make_night
from engine.population import Population, Progress, silent
from engine.recordstore import RecordStore
from engine.registry import kept_model
from engine.renaming import WHAT as RENAMED
from engine.rewriting import steady
from engine.tables import Night
from engine.workplace import Workplace
from outreach.policy import Policy


def replay_night(place: Workplace, business_date: date, into: Path, progress: Progress = silent) -> dict[str, Any]:
    """Make the night of a date again in the folder ``into`` (emptied first); the night itself stays as it is.

    It is made from the deliveries in its manifest, its models, its policy, and what it was given of people's work.
    Told: ``identical``, how many files are ``equal``, which ``differ``, are ``missing`` or ``new``, and the known
    ``reasons`` why they may: rows erased or past their time, other pseudonyms, another code. Raises UsageError
    where there was no such night, IntegrityError where what it was made from is lost.
    """
    with steady(place.home):
        return _replayed(place, business_date, into, progress)


def _replayed(place: Workplace, business_date: date, into: Path, progress: Progress) -> dict[str, Any]:
    night = _night(place, business_date)
    told = read_manifest(place, business_date)
    if RETIRED in told:
        return _gone(business_date, told[RETIRED])
    folder = place.home.nights / business_date.isoformat()
    settings = place.settings.model_copy(update={"programmes": told["programmes"], "lacks": told["lacks"]})
    policy, packs = Policy.from_toml(told["policy"]), told.get("own_programmes", {})
    then = dataclasses.replace(place, settings=settings, policy=policy, packs=packs)
    store = place.store()
    models, challengers = (
        {risk: (name, kept_model(place.home, risk, name)) for risk, name in told.get(kind, {}).items()}
        for kind in ("models", "challengers")
    )
    population = Population(store.cut(told["deliveries"]), then.programmes, None, progress)
    given = read_standing(folder)
    given = dataclasses.replace(
        given,
        work=as_now(place, given.work, version_of(told)),
        history=as_now(place, given.history, version_of(told)),
        queued=as_now(place, given.queued, version_of(told)),
        disputed=as_now(place, given.disputed, version_of(told)),
    )
    made = make_night(
        then,
        business_date,
        population,
        models,
        lambda _columns: given,
        challengers=challengers,
        frozen=given.disputed,
    )
    made = dataclasses.replace(made, held_reason=told["held_reason"])
    write_frames(then, made, into, progress)
    write_manifest(into / MANIFEST, manifest_of(then, made, into, told["input_sha256"]))
    compared = _compare(folder, into)
    return {
        "business_date": business_date.isoformat(),
        "identical": compared["equal"] > 0 and not any(compared[name] for name in ("differ", "missing", "new")),
        **compared,
        "reasons": _reasons(place, store, night, told),
    }


def _gone(business_date: date, retired: Mapping[str, Any]) -> dict[str, Any]:
    """A night whose files were past their time: what it was given is gone with them, so nothing can be made."""
    why = f"the files of a night are kept for {retired['months']} months (policy.toml, retention)"
    return {
        "business_date": business_date.isoformat(),
        "identical": False,
        **{"equal": 0, "differ": [], "missing": [], "new": []},
        "reasons": [{"what": "retention", "on": retired["on"], "why": why, "rows": 0}],
    }


def _night(place: Workplace, business_date: date) -> Night:
    with reading(place.database) as session:
        night = nights.find_night(session, business_date)
    if night is None:
        raise UsageError(
            f"--date {business_date}: no night of this date is finished", "xunfang status names the last night."
        )
    return night


def _compare(folder: Path, into: Path) -> dict[str, Any]:
    """Which files of the two folders have equal bytes; names are relative."""
    old, new = _hashes(folder), _hashes(into)
    return {
        "equal": sum(new.get(name) == sha256 for name, sha256 in old.items()),
        "differ": sorted(name for name, sha256 in old.items() if new.get(name, sha256) != sha256),
        "missing": sorted(old.keys() - new.keys()),
        "new": sorted(new.keys() - old.keys()),
    }


def _hashes(folder: Path) -> dict[str, str]:
    paths = [*folder.rglob("*.parquet"), *folder.glob(MANIFEST)]
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in paths}


def _reasons(place: Workplace, store: RecordStore, night: Night, told: dict[str, Any]) -> list[dict[str, Any]]:
    """Why the night cannot come out as it did: each with ``what``, when, why, and the rows that are gone."""
    reasons: list[dict[str, Any]] = []
    for note in store.rewritings:
        rows = sum(sum(note.removed.get(name, {}).values()) for name in told["deliveries"])
        if rows and note.made_at > night.finished_at:
            reasons.append(
                {"what": note.what, "on": note.made_at.date().isoformat(), "why": note.why, "rows": rows}
            )
    changes = len(place.keys.pseudonyms) - version_of(told)
    if changes:
        renamed = [note for note in store.rewritings if note.what == RENAMED][-changes:]
        on = renamed[0].made_at.date().isoformat() if renamed else None
        why = "everybody has another number: files are in another order, and ties fall otherwise"
        reasons.append({"what": RENAMED, "on": on, "why": f"the key of pseudonyms was changed; {why}", "rows": 0})
    if told["code_version"] != code_version():
        versions = f"made by {told['code_version']}, this is {code_version()}"
        reasons.append({"what": "code", "on": None, "why": versions, "rows": 0})
    return reasons
