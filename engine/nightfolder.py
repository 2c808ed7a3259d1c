"""The night's folder: its Parquet files and the manifest that names them with their hashes."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlmodel import Session, col, select

from engine.codeversion import code_version
from engine.errors import IntegrityError
from engine.files import sha256_of, write_parquet, write_text
from engine.identity import Domain, renewed
from engine.nights import Facts
from engine.population import Population, Progress
from engine.recordstore import summary
from engine.tables import Night
from engine.workplace import Models, Workplace
from models.stability import places
from outreach.contact import TOP
from outreach.desk import DESK_SCHEMA, for_the_desk
from outreach.disputed import nothing_frozen
from outreach.drafting import Draft
from outreach.duplicates import settled
from outreach.eligibility import Verdicts, traces
from outreach.layers import layers_of
from outreach.people import people_of
from outreach.plan import no_history
from outreach.sharing import Staff

MANIFEST: Final = "manifest.json"
LISTED: Final = "listed"
"""Frames of the listed households only: what the cards are made from."""
RETIRED: Final = "retired"
"""What a manifest holds of a night whose other files were past their time: since when, after how many months."""
GIVEN: Final = "given"
DISPUTED: Final = "disputed"
"""The facts that were in dispute, where there were any."""
_GIVEN_NAMES: Final = ("work", "caseworkers", "areas", "leave", "duty", "history", "queued", DISPUTED)
_LATER: Final = ("duty", "history", "queued", DISPUTED)
"""What nights of earlier versions were not given."""


@dataclass(frozen=True)
class Standing:
    """What was given to a night: who is with whom already, who works where, what became of earlier lists."""

    work: pl.DataFrame
    staff: Staff
    history: pl.DataFrame = field(default_factory=no_history)
    queued: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DESK_SCHEMA))
    disputed: pl.DataFrame = field(default_factory=nothing_frozen)


@dataclass(frozen=True)
class Made:
    """Everything that a night has made before it is saved; ``shadow``: the scores of the challengers, by risk."""

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
    standing: Standing
    shift: Mapping[str, Any]
    challengers: Models = field(default_factory=dict)
    shadow: Mapping[str, pl.DataFrame] = field(default_factory=dict)


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
    write_frames(place, made, folder, progress)
    path = folder / MANIFEST
    inputs = place.inputs(made.models, made.population.store)
    write_manifest(path, manifest_of(place, made, folder, inputs.input_sha256))
    return Manifest(path.relative_to(place.home.root).as_posix(), sha256_of(path))


def write_manifest(path: Path, told: Mapping[str, Any]) -> None:
    """Write a manifest; equal manifests are equal bytes."""
    write_text(path, json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def write_frames(place: Workplace, made: Made, folder: Path, progress: Progress) -> None:
    """Write all of a night but its manifest into a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    bulk = _bulk(made)
    frames = {**bulk, **_listed(place, made, bulk.get("layers")), **_given(made.standing)}
    for done, (name, frame) in enumerate(sorted(frames.items())):
        progress("writing the night", done, len(frames))
        write_parquet(folder / f"{name}.parquet", frame)
    progress("writing the night", len(frames), len(frames))


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
    """One of the frames of the listed households; raises IntegrityError where it is lost or damaged.

    Households and their heads have the numbers of now, whatever they had then.
    """
    path = place.home.nights / business_date.isoformat() / LISTED / f"{name}.parquet"
    try:
        frame = pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError):
        raise IntegrityError(
            f"{path}: this file of the night is missing or damaged", "Put the folder back from a backup."
        ) from None
    return as_now(place, frame, version_of(read_manifest(place, business_date)))


def version_of(manifest: Mapping[str, Any]) -> int:
    """The version of the pseudonyms in a night's files."""
    return int(manifest.get("pseudonyms", {"version": 1})["version"])


def as_now(place: Workplace, frame: pl.DataFrame, version: int) -> pl.DataFrame:
    """A frame with the numbers of now of its households and their heads, in their order."""
    keys = place.keys.pseudonyms
    if version == len(keys):
        return frame
    found: tuple[tuple[str, Domain], ...] = (("household_id", "household"), ("head", "person"))
    return frame.with_columns(
        renewed(keys, version, domain, frame[name]).alias(name) for name, domain in found if name in frame.columns
    )


def queued_before(place: Workplace, session: Session, business_date: date) -> pl.DataFrame:
    """The desk queue of the newest night before a date, with the numbers of now; empty where none is kept."""
    before = select(col(Night.business_date)).where(Night.kind == "night", Night.business_date < business_date)
    day = session.exec(before.order_by(col(Night.business_date).desc()).limit(1)).first()
    path = None if day is None else place.home.nights / day.isoformat() / "desk.parquet"
    if day is None or path is None or not path.is_file():
        return pl.DataFrame(schema=DESK_SCHEMA)
    return as_now(place, pl.read_parquet(path, glob=False), version_of(read_manifest(place, day)))


def read_standing(folder: Path) -> Standing:
    """What was given to a night, from its folder; raises IntegrityError where it is lost or damaged."""
    try:
        frames = {
            name: pl.read_parquet(folder / GIVEN / f"{name}.parquet", glob=False)
            for name in _GIVEN_NAMES
            if name not in _LATER or (folder / GIVEN / f"{name}.parquet").is_file()
        }
    except (OSError, pl.exceptions.PolarsError):
        raise IntegrityError(
            f"{folder / GIVEN}: what this night was given is missing or damaged",
            "Put the folder back from a backup. A night made before replays were kept cannot be made again.",
        ) from None
    staff = Staff(*(frames[name] for name in ("caseworkers", "areas", "leave", "duty") if name in frames))
    later = {name: frames[name] for name in ("history", "queued", DISPUTED) if name in frames}
    return Standing(frames["work"], staff, **later)


def facts_of(
    place: Workplace, made: Made, manifest: Manifest, started_at: datetime, finished_at: datetime
) -> Facts:
    """What the database keeps of a night."""
    sources = summary(made.population.store)
    return Facts(
        inputs=place.inputs(made.models, made.population.store),
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
    """The frames of everybody: columns, scores, verdicts, findings, reviews, layers, who was left out."""
    bulk = {
        "columns": made.columns,
        "groups": made.groups,
        "findings": made.findings,
        "items": made.draft.items,
        "left_out": made.draft.left_out,
        "desk": made.draft.desk,
    }
    bulk |= {f"scores_{risk}": frame for risk, frame in made.scores.items()}
    bulk |= {f"shadow_{risk}": frame for risk, frame in made.shadow.items()}
    if made.verdicts:
        bulk["verdicts"] = pl.concat([part.verdicts for part in made.verdicts]).sort(
            "household_id", "person_id", "programme"
        )
        bulk["reviews"] = settled(part.reviews for part in made.verdicts)
        bulk["layers"] = _layers(made)
    return bulk


def _layers(made: Made) -> pl.DataFrame:
    """Layer × category of each household that has a finding, is listed or stands on the desk, in their order."""
    concerned = pl.concat(
        [frame.select("household_id") for frame in (made.findings, made.draft.items, made.draft.desk)]
    ).unique()
    return pl.concat(layers_of(part, concerned) for part in made.verdicts).sort("household_id")


def _beside(place: Workplace, made: Made, risk: str) -> dict[str, Any]:
    """The challenger of a risk beside the model that serves: how alike they rank and list, and their mean chances.

    Null where no model serves.
    """
    shadow, served = made.shadow[risk], made.scores.get(risk)
    alike = {} if served is None else places(served, shadow, place.list_length or 0)
    return {
        "rank_correlation": alike.get("rank_correlation"),
        "list_stays": alike.get("list_stays"),
        "mean": None if served is None else served["probability"].mean(),
        "challenger_mean": shadow["probability"].mean(),
    }


def _listed(place: Workplace, made: Made, layers: pl.DataFrame | None) -> dict[str, pl.DataFrame]:
    """The frames of the listed households: reasons, traces, people, layers."""
    chosen = made.draft.items.select("household_id").sort("household_id")
    households = chosen["household_id"].to_list()
    columns = made.columns.join(chosen, on="household_id", how="semi")
    frames = {
        "regions": columns.select("household_id", "region"),
        "findings": made.findings.filter(~for_the_desk()).join(chosen, on="household_id", how="semi"),
        "people": _warned(
            people_of(*made.population.people(made.business_date, households)), made.standing.disputed
        ),
    }
    if made.models:
        explained = [
            model.reasons(columns, place.threads).with_columns(risk=pl.lit(risk))
            for risk, (_, model) in sorted(made.models.items())
        ]
        frames["reasons"] = pl.concat(explained)
        frames["chances"] = pl.concat(
            made.scores[risk]
            .with_columns(top_decile=pl.col("probability").rank("min", descending=True) <= TOP * pl.len())
            .join(chosen, on="household_id", how="semi")
            .select("household_id", pl.lit(risk).alias("risk"), "probability", "top_decile")
            for risk in sorted(made.scores)
        )
    if layers is not None:
        frames["layers"] = layers.join(chosen, on="household_id", how="semi", maintain_order="left")
    if made.verdicts:
        judged = pl.concat([part.verdicts for part in made.verdicts]).join(
            chosen, on="household_id", how="semi", maintain_order="left"
        )
        traced = traces(made.verdicts, households)
        on = ["household_id", "person_id", "programme"]
        frames["verdicts"] = judged.join(
            traced.select(*on, "trace"), on=on, how="left", nulls_equal=True, maintain_order="left_right"
        )
    return {f"{LISTED}/{name}": frame for name, frame in frames.items()}


def _warned(people: pl.DataFrame, disputed: pl.DataFrame) -> pl.DataFrame:
    """Who must be told at the door that something on record is contested: the card says so."""
    contested = disputed["household_id"].unique().implode()
    needs = pl.col("needs")
    return people.with_columns(
        pl.when(pl.col("household_id").is_in(contested))
        .then(pl.concat_list(pl.lit(DISPUTED), needs))
        .otherwise(needs)
    )


def _given(standing: Standing) -> dict[str, pl.DataFrame]:
    """What was given to the night, kept so that it can be made again."""
    staff = standing.staff
    given = (standing.work, staff.caseworkers, staff.areas, staff.leave, staff.duty)
    frames = dict(zip(_GIVEN_NAMES, (*given, standing.history, standing.queued, standing.disputed), strict=True))
    if standing.disputed.is_empty():
        del frames[DISPUTED]
    return {f"{GIVEN}/{name}": frame for name, frame in frames.items()}


def _calendar(place: Workplace, made: Made) -> dict[str, Any]:
    """The working days that the clocks ran by, and who is on duty where nobody works on the day."""
    day, calendar = made.business_date, place.calendar
    last = max(made.draft.items["due_on"].to_list(), default=day)
    duty = made.standing.staff.duty.filter(pl.lit(day).is_between("first", "last"))
    return {
        "name": calendar.name,
        "without": calendar.lacks(day, last),
        "holiday": not calendar.works(day),
        "on_duty": sorted(duty["caseworker_id"].unique()),
    }


def manifest_of(place: Workplace, made: Made, folder: Path, input_sha256: str) -> dict[str, Any]:
    """What a night was made from and what came out, with the hashes of the frames in its folder."""
    store = made.population.store
    return {
        "business_date": made.business_date.isoformat(),
        "basis": made.draft.basis,
        "held_reason": made.held_reason,
        "shift": dict(made.shift),
        "code_version": code_version(),
        "deliveries": store.deliveries(),
        "pseudonyms": {"version": len(place.keys.pseudonyms), "key": place.keys.fingerprints()["pseudonym"]},
        "input_sha256": input_sha256,
        "policy_sha256": hashlib.sha256(place.policy.text.encode()).hexdigest(),
        "policy": place.policy.text,
        "programmes": place.settings.programmes,
        "own_programmes": place.own_programmes,
        "models": {risk: model_id for risk, (model_id, _) in sorted(made.models.items())},
        "challengers": {risk: model_id for risk, (model_id, _) in sorted(made.challengers.items())},
        "shadow": {risk: _beside(place, made, risk) for risk in sorted(made.shadow)},
        "lacks": dict(place.settings.lacks),
        "sources": summary(store),
        "assumed": made.population.assumed(),
        "lanes": dict(made.draft.items["lane"].cast(pl.String).value_counts(sort=True).sort("lane").iter_rows()),
        "left_out": dict(made.draft.left_out["reason"].value_counts().sort("reason").iter_rows()),
        "desk": dict(made.draft.desk["kind"].value_counts().sort("kind").iter_rows()),
        "unserved": made.draft.unserved,
        "churn": None if made.draft.churn is None else asdict(made.draft.churn),
        "calendar": _calendar(place, made),
        "floors": None if made.draft.floors is None else asdict(made.draft.floors),
        "files": {
            path.relative_to(folder).as_posix(): {
                "sha256": sha256_of(path),
                "rows": pl.scan_parquet(path, glob=False).select(pl.len()).collect().item(),
            }
            for path in sorted(folder.rglob("*.parquet"))
        },
    }
