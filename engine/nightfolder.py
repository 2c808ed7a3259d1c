"""The night's folder: its Parquet files and the manifest that names them with their hashes."""

import json
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.codeversion import code_version
from engine.errors import IntegrityError
from engine.files import sha256_of, write_parquet, write_text
from engine.nights import Facts
from engine.population import Population, Progress
from engine.recordstore import summary
from engine.workplace import Models, Workplace
from outreach.drafting import Draft
from outreach.eligibility import Verdicts, traces
from outreach.people import people_of

MANIFEST: Final = "manifest.json"
LISTED: Final = "listed"
"""Frames of the listed households only: what the cards are made from."""


@dataclass(frozen=True)
class Made:
    """Everything that a night has made before it is saved."""

    business_date: date
    columns: pl.DataFrame
    groups: pl.DataFrame
    scores: dict[str, pl.DataFrame]
    verdicts: list[Verdicts]
    findings: pl.DataFrame
    draft: Draft
    models: Models
    population: Population
    held_reason: str | None


@dataclass(frozen=True)
class Manifest:
    """Where a night's manifest lies, and its hash."""

    path: str
    sha256: str


def write_night(place: Workplace, made: Made, progress: Progress) -> Manifest:
    """Write the night's frames and, last, the manifest. Until the night is saved it may be written again.

    What an unfinished run has left in the folder goes first: it may have been made from other inputs.
    """
    folder = place.home.nights / made.business_date.isoformat()
    shutil.rmtree(folder, ignore_errors=True)
    frames = {**_bulk(made), **_listed(place, made)}
    for done, (name, frame) in enumerate(sorted(frames.items())):
        progress("writing the night", done, len(frames))
        write_parquet(folder / f"{name}.parquet", frame)
    progress("writing the night", len(frames), len(frames))
    path = folder / MANIFEST
    write_text(
        path, json.dumps(_manifest(place, made, folder, sorted(frames)), ensure_ascii=False, indent=1) + "\n"
    )
    return Manifest(path.relative_to(place.home.root).as_posix(), sha256_of(path))


def read_manifest(place: Workplace, business_date: date) -> dict[str, Any]:
    """The manifest of a night; raises IntegrityError where it is lost or damaged."""
    path = place.home.nights / business_date.isoformat() / MANIFEST
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise IntegrityError(
            f"{path}: the manifest of this night is missing or damaged", "Put the folder back from a backup."
        ) from None
    return found


def listed_frame(place: Workplace, business_date: date, name: str) -> pl.DataFrame:
    """One of the frames of the listed households; raises IntegrityError where it is lost or damaged."""
    path = place.home.nights / business_date.isoformat() / LISTED / f"{name}.parquet"
    try:
        return pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError):
        raise IntegrityError(
            f"{path}: this file of the night is missing or damaged", "Put the folder back from a backup."
        ) from None


def facts_of(
    place: Workplace, made: Made, manifest: Manifest, started_at: datetime, finished_at: datetime
) -> Facts:
    """What the database keeps of a night."""
    sources = summary(made.population.store)
    return Facts(
        inputs=place.inputs(made.models),
        code_version=code_version(),
        manifest_path=manifest.path,
        manifest_sha256=manifest.sha256,
        records_read=sum(int(str(each["rows"])) for each in sources),
        records_quarantined=sum(int(str(each["quarantined"])) for each in sources),
        households_scored=made.columns.height,
        started_at=started_at,
        finished_at=finished_at,
    )


def _bulk(made: Made) -> dict[str, pl.DataFrame]:
    """The frames of everybody: columns, scores, verdicts, findings, who was left out and why."""
    bulk = {
        "columns": made.columns,
        "groups": made.groups,
        "findings": made.findings,
        "items": made.draft.items,
        "left_out": made.draft.left_out,
    }
    bulk |= {f"scores_{risk}": frame for risk, frame in made.scores.items()}
    if made.verdicts:
        bulk["verdicts"] = pl.concat([part.verdicts for part in made.verdicts]).sort(
            "household_id", "person_id", "programme"
        )
    return bulk


def _listed(place: Workplace, made: Made) -> dict[str, pl.DataFrame]:
    """The frames of the listed households: reasons, traces, people."""
    chosen = made.draft.items.select("household_id").sort("household_id")
    households = chosen["household_id"].to_list()
    columns = made.columns.join(chosen, on="household_id", how="semi")
    frames = {
        "regions": columns.select("household_id", "region"),
        "findings": made.findings.join(chosen, on="household_id", how="semi"),
        "people": people_of(*made.population.people(made.business_date, households)),
    }
    if made.models:
        explained = [
            model.reasons(columns, place.threads).with_columns(risk=pl.lit(risk))
            for risk, (_, model) in sorted(made.models.items())
        ]
        frames["reasons"] = pl.concat(explained)
        frames["chances"] = pl.concat(
            made.scores[risk]
            .join(chosen, on="household_id", how="semi")
            .select("household_id", pl.lit(risk).alias("risk"), "probability")
            for risk in sorted(made.scores)
        )
    if made.verdicts:
        judged = pl.concat([part.verdicts for part in made.verdicts]).join(chosen, on="household_id", how="semi")
        traced = pl.concat([traces(part, households) for part in made.verdicts])
        on = ["household_id", "person_id", "programme"]
        frames["verdicts"] = judged.join(traced, on=on, how="left", nulls_equal=True)
    return {f"{LISTED}/{name}": frame for name, frame in frames.items()}


def _manifest(place: Workplace, made: Made, folder: Path, names: list[str]) -> dict[str, Any]:
    store = made.population.store
    inputs = place.inputs(made.models)
    return {
        "business_date": made.business_date.isoformat(),
        "basis": made.draft.basis,
        "held_reason": made.held_reason,
        "code_version": code_version(),
        "deliveries": store.deliveries(),
        "input_sha256": inputs.input_sha256,
        "policy_sha256": inputs.policy_sha256,
        "policy": place.policy.text,
        "programmes": place.settings.programmes,
        "models": {risk: model_id for risk, (model_id, _) in sorted(made.models.items())},
        "lacks": dict(place.settings.lacks),
        "sources": summary(store),
        "assumed": made.population.assumed(),
        "lanes": dict(made.draft.items["lane"].cast(pl.String).value_counts(sort=True).sort("lane").iter_rows()),
        "left_out": dict(made.draft.left_out["reason"].value_counts().sort("reason").iter_rows()),
        "files": {
            f"{name}.parquet": {
                "sha256": sha256_of(folder / f"{name}.parquet"),
                "rows": pl.scan_parquet(folder / f"{name}.parquet", glob=False).select(pl.len()).collect().item(),
            }
            for name in names
        },
    }
