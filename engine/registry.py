"""The registry of models: a model is a folder under one manifest; which of them serves, which came before it.

``models/<risk>/<model_id>/`` holds the booster (``model.txt``), its facts (``model.json``), the figures of its
experiment (``metrics.json``), the rows that it was tested on (``tested.parquet``), what nights are measured against
(``drift.json``), a sample of explained rows (``explained.parquet``), its card, and ``manifest.json`` with the hash
of each. The id is the hash of the manifest, so that a folder is whole and unaltered, or refused. An erasure may
take rows of households away (``rows.json`` then holds the new hash); nothing else changes in a folder.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.codeversion import code_version
from engine.errors import IntegrityError, ModelError, UsageError
from engine.files import locked, remove_unfinished, write_bytes
from engine.population import Risk
from engine.settings import Home
from features.catalog import fingerprint, unknown_names
from models.risk import RiskModel, RiskModelError

RISKS: Final[tuple[Risk, ...]] = ("relative_poverty", "emergency")
MANIFEST: Final = "manifest.json"
METRICS: Final = "metrics.json"
TESTED: Final = "tested.parquet"
DRIFT: Final = "drift.json"
EXPLAINED: Final = "explained.parquet"
OF_HOUSEHOLDS: Final = (TESTED, EXPLAINED)
"""The files with a row for a household, which an erasure may take away."""

ROWS_NOTE: Final = "rows.json"
"""The hash of each before and after the last erasure that took rows; the manifest holds what they were at first."""

SERVING: Final = "promoted.json"
CHALLENGER: Final = "challenger.json"
FORMAT: Final = 1


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """One training, promotion or roll back at a time; what an interrupted one was writing goes first."""
    with locked(home.models / ".lock", "training"):
        remove_unfinished(home.models)
        yield


def keep(home: Home, risk: str, model: RiskModel, files: Mapping[str, bytes], told: Mapping[str, Any]) -> str:
    """Write a model's folder, the manifest last, and return its id; the same files are the same id.

    ``files`` are those beside the model's own; ``told`` goes into the manifest (hashes of data, seed).
    """
    whole = {**model.to_files(), **files}
    manifest = {
        "format": FORMAT,
        "risk": risk,
        "catalogue": fingerprint(model.feature_names),
        "code": code_version(),
        **told,
        "files": {name: _sha256(whole[name]) for name in sorted(whole) if name not in OF_HOUSEHOLDS},
        # beside the others: an erasure may take rows from these, and the model stays the same
        "rows": {name: _sha256(whole[name]) for name in sorted(whole) if name in OF_HOUSEHOLDS},
    }
    whole[MANIFEST] = as_json(manifest)
    model_id = _hash(whole[MANIFEST])
    for name, data in whole.items():  # the manifest is the last
        write_bytes(home.models / risk / model_id / name, data)
    return model_id


def kept_model(home: Home, risk: str, model_id: str) -> RiskModel:
    """A model by its id, promoted or not any more.

    Raises IntegrityError for a folder that is not whole or was altered, ModelError for a model that was made for
    another catalogue of features.
    """
    folder = home.models / risk / model_id
    files = _files(home, risk, model_id)
    try:
        model = RiskModel.from_files(files)
    except RiskModelError as wrong:
        raise _damaged(folder, str(wrong)) from None
    if missing := unknown_names(model.feature_names):
        raise ModelError(
            f"{folder}: the model wants columns that this program does not have: {', '.join(missing)}",
            "Run xunfang train: a model is made for one catalogue of features.",
        )
    if MANIFEST in files and json.loads(files[MANIFEST])["catalogue"] != fingerprint(model.feature_names):
        raise ModelError(
            f"{folder}: the model was made with columns of these names that were declared otherwise",
            "Run xunfang train: a model is made for one catalogue of features.",
        )
    return model


def promoted_model(home: Home, risk: str) -> tuple[str, RiskModel] | None:
    """The model that serves with its id, or None where none was promoted; raises as ``kept_model`` does."""
    serving = serving_of(home, risk)
    return None if serving is None else (serving, kept_model(home, risk, serving))


def challenger_model(home: Home, risk: str) -> tuple[str, RiskModel] | None:
    """The model that scores in the shadow with its id, or None; raises as ``kept_model`` does."""
    model_id = challenging(home, risk)
    return None if model_id is None else (model_id, kept_model(home, risk, model_id))


def challenging(home: Home, risk: str) -> str | None:
    """The id of the model that scores in the shadow, or None."""
    path = home.models / risk / CHALLENGER
    return str(read_json(path).get("model_id")) if path.exists() else None


def serving_of(home: Home, risk: str) -> str | None:
    """The id of the model that serves, or None."""
    path = home.models / risk / SERVING
    return str(read_json(path).get("model_id")) if path.exists() else None


def before(home: Home, risk: str, model_id: str) -> str | None:
    """The model that served before this one; of one that never served, the one that serves; None where none did."""
    path = home.models / risk / SERVING
    if not path.exists():
        return None
    told = read_json(path)
    line = [*told.get("before", []), told.get("model_id")]
    if model_id not in line:
        return str(line[-1])
    place = line.index(model_id)
    return str(line[place - 1]) if place else None


def set_serving(home: Home, risk: str, model_id: str) -> str | None:
    """Let a kept model serve; the one before it is remembered, and returned. A challenger that serves is none."""
    before, path = serving_of(home, risk), home.models / risk / SERVING
    line = list(read_json(path).get("before", [])) if path.exists() else []
    if before is not None and before != model_id:
        line.append(before)
    write_json(path, {"model_id": model_id, "before": line})
    if challenging(home, risk) == model_id:
        set_challenger(home, risk, None)
    return before


def roll_back(home: Home, risk: str) -> tuple[str, str]:
    """Let the model serve that served before; (what served, what serves now). UsageError where there was none."""
    path = home.models / risk / SERVING
    told = read_json(path) if path.exists() else {}
    if not told.get("before"):
        raise UsageError(f"{risk}: no model served before this one", "xunfang models list shows those there are.")
    *line, earlier = told["before"]
    kept_model(home, risk, earlier)
    write_json(path, {"model_id": earlier, "before": line})
    return str(told["model_id"]), str(earlier)


def set_challenger(home: Home, risk: str, model_id: str | None) -> None:
    """Let a kept model score in the shadow, or (None) no model."""
    path = home.models / risk / CHALLENGER
    if model_id is None:
        path.unlink(missing_ok=True)
    else:
        write_json(path, {"model_id": model_id})


def ids(home: Home, risk: str) -> tuple[str, ...]:
    """The ids of the kept models of a risk, sorted."""
    folder = home.models / risk
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_dir())) if folder.is_dir() else ()


def manifest_of(home: Home, risk: str, model_id: str) -> dict[str, Any]:
    """The manifest of a kept model, ``{}`` of one kept by a version without; raises as ``kept_model`` does."""
    found: dict[str, Any] = json.loads(_files(home, risk, model_id).get(MANIFEST, b"{}"))
    return found


def metrics_of(home: Home, risk: str, model_id: str) -> dict[str, Any]:
    """The figures of a kept model's experiment, ``{}`` of one kept by a version without."""
    found: dict[str, Any] = json.loads(_files(home, risk, model_id).get(METRICS, b"{}"))
    return found


def drift_reference(home: Home, risk: str, model_id: str) -> dict[str, Any]:
    """What a kept model was made from (``models.drift``), ``{}`` of one kept by a version without."""
    found: dict[str, Any] = json.loads(_files(home, risk, model_id).get(DRIFT, b"{}"))
    return found


def rows_tested(home: Home, risk: str, model_id: str | None = None) -> pl.DataFrame:
    """The rows that a model's experiment was tested on, out of sample (the model that serves, unless named).

    ``household_id, as_of, label, status, unsupported, weight, score`` (log-odds), ``probability`` (calibrated).
    Raises ModelError where no model serves, or none with tested rows.
    """
    chosen = serving_of(home, risk) if model_id is None else model_id
    found = None if chosen is None else _files(home, risk, chosen).get(TESTED)
    if found is None:
        raise ModelError(f"{risk}: there is no model with rows that it was tested on", "Run xunfang train.")
    return pl.read_parquet(BytesIO(found))


def rows_explained(home: Home, risk: str, model_id: str) -> pl.DataFrame | None:
    """The sample of a kept model (``models.explained_sample``), None of one kept by a version without."""
    found = _files(home, risk, model_id).get(EXPLAINED)
    return None if found is None else pl.read_parquet(BytesIO(found))


def households_kept(home: Home, risk: str, model_id: str) -> dict[str, pl.DataFrame]:
    """The rows of households that a model's folder holds, by file."""
    files = _files(home, risk, model_id)
    return {name: pl.read_parquet(BytesIO(files[name])) for name in OF_HOUSEHOLDS if name in files}


def forget_rows(home: Home, risk: str, model_id: str, name: str, kept: pl.DataFrame) -> None:
    """Write a file of households (``OF_HOUSEHOLDS``) without some of them; the model stays what it is.

    The note comes first: whoever is stopped in between still has rows that are as they should be, all of them.
    """
    folder, data = home.models / risk / model_id, parquet(kept)
    note, now = folder / ROWS_NOTE, _sha256((folder / name).read_bytes())
    write_json(note, {**(read_json(note) if note.exists() else {}), name: [now, _sha256(data)]})
    write_bytes(folder / name, data)


def parquet(frame: pl.DataFrame) -> bytes:
    """A frame as Parquet; equal frames are equal bytes."""
    out = BytesIO()
    frame.rechunk().write_parquet(out, compression="zstd", compression_level=1)
    return out.getvalue()


def as_json(value: Mapping[str, Any]) -> bytes:
    """A mapping as the bytes of a file of the registry; equal mappings are equal bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def read_json(path: Path) -> dict[str, Any]:
    """A file of the registry; IntegrityError where it is damaged."""
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise IntegrityError(f"{path}: is damaged", "Run xunfang train.") from None
    return found


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a file of the registry, whole."""
    write_bytes(path, as_json(value))


def _files(home: Home, risk: str, model_id: str) -> dict[str, bytes]:
    """The files of a kept model, each of them as its manifest says; IntegrityError where one is not."""
    folder = home.models / risk / model_id
    if not folder.is_dir():
        raise _damaged(folder, "there is no such folder")
    try:
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name[0] != "."}
        if MANIFEST not in files:  # kept by an earlier version: the id is the hash of all files
            if _hash(b"".join(files[name] for name in sorted(files))) != model_id:
                raise _damaged(folder, "its files have changed since it was trained")
            return files
        told = json.loads(files[MANIFEST])["files"]
    except (OSError, ValueError, KeyError):
        raise _damaged(folder, "its manifest cannot be read") from None
    hashes = {name: _sha256(data) for name, data in files.items()}
    changed = {name for name, sha256 in told.items() if hashes.get(name) != sha256}
    changed |= set(files) - set(told) - {MANIFEST, ROWS_NOTE, *OF_HOUSEHOLDS}
    changed |= {name for name in OF_HOUSEHOLDS if hashes.get(name) not in _may_be(files, name)}
    if changed or _hash(files[MANIFEST]) != model_id:
        names = ", ".join(sorted(changed)) or MANIFEST
        raise _damaged(folder, f"its files have changed since it was trained: {names}")
    return files


def _may_be(files: Mapping[str, bytes], name: str) -> set[str | None]:
    """What the hash of such a file may be: that of the manifest (or none), or those about the last erasure."""
    told = json.loads(files[MANIFEST])
    at_first = told.get("rows", {TESTED: told.get("tested"), **told["files"]}).get(
        name
    )  # or kept by an earlier version
    return {at_first, *json.loads(files.get(ROWS_NOTE, b"{}")).get(name, ())}


def _damaged(folder: Path, why: str) -> IntegrityError:
    return IntegrityError(
        f"{folder}: the model cannot be read ({why})",
        "Put the folder back from a backup, or run xunfang train.",
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _hash(data: bytes) -> str:
    return _sha256(data)[:12]
