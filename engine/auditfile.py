"""The audit log outside the database: a checkpoint after each night, an export that can be verified anywhere."""

import base64
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from engine import audit, chain
from engine.audit import AuditLog
from engine.chain import ChainCheck, Checkpoint, Link
from engine.db import reading
from engine.errors import IntegrityError, UsageError
from engine.files import atomically, write_text
from engine.settings import Home, HomeSettings

FORMAT: Final = "xunfang audit log, version 1"
SUFFIX: Final = ".json"


def checkpoint_folders(home: Home, settings: HomeSettings) -> list[Path]:
    """Where checkpoints lie: in the home, and in the second place that home.toml names."""
    second = [] if settings.checkpoint_path is None else [home.root / settings.checkpoint_path]
    return [home.checkpoints, *second]


def write_checkpoint(folders: Sequence[Path], log: AuditLog, business_date: date, at: datetime) -> None:
    """Note in each folder how far the chain has come. The first checkpoint of a business date stands."""
    missing = [folder / f"{business_date}{SUFFIX}" for folder in folders]
    missing = [path for path in missing if not path.exists()]
    if not missing:
        return
    seq, last_hash = audit.head(log.database)
    mark = chain.signed(log.key, Checkpoint(business_date.isoformat(), chain.moment(at), seq, last_hash))
    for path in missing:
        write_text(path, json.dumps(vars(mark), indent=1) + "\n")


def read_checkpoints(places: Sequence[Path]) -> list[Checkpoint]:
    """The checkpoints in folders, or in single files; IntegrityError names one that cannot be read.

    A folder that is not there (no night has been run yet) holds none.
    """
    paths = [found for place in places for found in ([place] if place.is_file() else sorted(place.glob("*.json")))]
    return [_checkpoint(path) for path in paths]


def export(database: sa.Engine, path: Path) -> int:
    """Write the whole log into a file, one entry a line, the details still sealed; returns how many entries."""
    count = 0
    with reading(database) as session, atomically(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"format": FORMAT}) + "\n")
        for link in audit.links(session):
            sealed = None if link.sealed is None else base64.b64encode(link.sealed).decode("ascii")
            file.write(json.dumps([*link[:-1], sealed], ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
        file.write(json.dumps({"entries": count}) + "\n")
    return count


def verify_export(
    path: Path, key: bytes, checkpoints: Sequence[Checkpoint], earlier: Sequence[bytes] = ()
) -> ChainCheck:
    """Follow the chain in an exported file; it needs no home and no database. ``earlier``: keys before this one.

    Raises UsageError where the file cannot be read or is no export, IntegrityError where it was cut or holds lines
    that are no entries.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return chain.follow(_links(path, file), key, checkpoints, earlier)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "Mend the path.") from None
    except UnicodeDecodeError:
        raise IntegrityError(f"{path}: is no text in UTF-8", "Export the log again.") from None


def read_key(path: Path) -> bytes:
    """The audit key in a file, as ``keys/audit.key`` holds it; raises UsageError."""
    try:
        return bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "Mend --key-file or --old-key.") from None
    except ValueError:
        raise UsageError(f"{path}: is no key", "Name a copy of the home's keys/audit.key.") from None


def _links(path: Path, lines: Iterator[str]) -> Iterator[Link]:
    if _json(path, 1, next(lines, "")) != {"format": FORMAT}:
        raise UsageError(f"{path}: is no exported audit log", "Make one with: xunfang audit export FILE")
    for count, line in enumerate(lines):
        told = _json(path, count + 2, line)
        if isinstance(told, dict):
            if told != {"entries": count} or next(lines, None) is not None:
                break
            return
        yield _link(path, count + 2, told)
    raise IntegrityError(f"{path}: was cut, or lines were added to it", "Export the log again.")


def _link(path: Path, number: int, told: Any) -> Link:
    try:
        seq, at, actor, action, subject_kind, payload, previous, last, sealed = told
        details = None if sealed is None else base64.b64decode(sealed, validate=True)
        return Link(seq, at, actor, action, subject_kind, payload, previous, last, details)
    except (TypeError, ValueError):
        raise IntegrityError(f"{path}, line {number}: is no entry of a log", "Export the log again.") from None


def _json(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise IntegrityError(f"{path}, line {number}: is no line of an export", "Export the log again.") from None


def _checkpoint(path: Path) -> Checkpoint:
    try:
        return Checkpoint(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        raise IntegrityError(
            f"{path}: this checkpoint of the audit log cannot be read", "Put it back from a backup."
        ) from None
