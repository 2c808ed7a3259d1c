"""A copy of a home that was whole at one moment, made while the home works; put back only once verified.

The database is copied by SQLite's own online backup. What the record store holds is copied by its receipts, before
and after which the store must be the same; else it is copied again. A night's folder is copied where the copied
database knows the night, so that a night at work leaves nothing half in the copy.
"""

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from engine.codeversion import code_version
from engine.errors import HomeError, IntegrityError, LockedError, UsageError
from engine.files import UNFINISHED, atomically, locked, named_errors, sha256_of, sync_folder, write_text
from engine.keys import NAMES, earlier, load_keys, pseudonym_files
from engine.receipts import FOLDER, LIST, REWRITES, list_receipts
from engine.recordstore import LAYOUT, LOCK, RecordStore
from engine.settings import Home, existing
from engine.verify import verify_home
from engine.workplace import Workplace

MANIFEST: Final = "backup.json"
FORMAT: Final = 1
TRIES: Final = 20
APART: Final = ("records", "quarantine", "nights", "lists", "keys", "inbox", "checkpoints")
"""Folders of a home of which not simply everything is copied."""


@dataclass(frozen=True)
class _Copy:
    """A home and the folder that its copy is made in."""

    home: Home
    into: Path

    def file(self, path: Path) -> None:
        """Copy a file, whole, under the same name."""
        target = self.into / path.relative_to(self.home.root)
        with atomically(target, path.stat().st_mode & 0o777) as temporary:
            shutil.copyfile(path, temporary)

    def folder(self, folder: Path) -> None:
        """Copy what is finished and visible below a folder."""
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            if path.is_file() and (not hidden or path.name == ".written.json"):
                try:
                    self.file(path)
                except FileNotFoundError:
                    continue  # it was replaced by another name while this was going on


def backup(home: Home, into: Path, *, with_keys: bool, with_inbox: bool, now: datetime) -> dict[str, Any]:
    """Copy a home into a new folder, while nights run and deliveries are taken in; tells what it holds.

    Keys only ``with_keys``: without them nobody can read identities or take in deliveries from the copy. The inbox
    (raw deliveries, with identities as plain text) only ``with_inbox``: without it nothing can be repaired from it.
    Raises UsageError where the folder is there, IntegrityError where the records are damaged.
    """
    existing(home)
    if into.exists():
        raise UsageError(f"{into}: is there already", "Name a new folder: a backup is never written over another.")
    unfinished = into.with_name(f".{into.name}{UNFINISHED}")
    shutil.rmtree(unfinished, ignore_errors=True)
    with named_errors(into):
        unfinished.mkdir(parents=True, mode=0o700)
    try:
        copy = _Copy(home, unfinished)
        _records_and_database(copy)
        for night in _nights(unfinished / home.database.name):
            copy.folder(home.nights / night)
        for path in sorted(home.root.iterdir()):
            apart = path.name in APART or path.name.startswith((".", home.database.name))
            if path.is_file() and not apart:
                copy.file(path)
            elif not apart:
                copy.folder(path)
        for name, wanted in (("keys", with_keys), ("inbox", with_inbox)):
            if wanted:
                copy.folder(home.root / name)
        told = _manifest(home, unfinished, with_keys=with_keys, with_inbox=with_inbox, now=now)
        write_text(unfinished / MANIFEST, json.dumps(told, indent=1) + "\n")
        unfinished.rename(into)
        sync_folder(into.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return _told(into, told)


def verify_backup(source: Path) -> dict[str, Any]:
    """The manifest of a backup of which every file is what it was; IntegrityError names the first that is not."""
    try:
        told: dict[str, Any] = json.loads((source / MANIFEST).read_text("utf-8"))
        files, digest, version = dict(told["files"]), told["digest"], int(told["format"])
    except FileNotFoundError:
        raise UsageError(f"{source}: is no backup of a home", f"Name the folder that holds {MANIFEST}.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise _damaged(source / MANIFEST, "cannot be read") from None
    if version > FORMAT:
        raise HomeError(f"{source}: this backup was made by a newer version of this program", "Use that version.")
    if digest != _digest(files):
        raise _damaged(source / MANIFEST, "has changed")
    for name, each in sorted(files.items()):
        path = source / name
        if not path.is_file():
            raise _damaged(path, "is missing")
        if path.stat().st_size != each["bytes"] or sha256_of(path) != each["sha256"]:
            raise _damaged(path, "has changed (its sha256 differs)")
    with closing(sqlite3.connect(f"file:{source / 'xunfang.db'}?mode=ro&immutable=1", uri=True)) as database:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise _damaged(source / "xunfang.db", "is not whole")
    return told


def restore(
    source: Path,
    home: Home,
    *,
    keys: Path | None,
    replace: bool,
    now: datetime,
    who: tuple[str, str] | None = ("operator", "operator"),
) -> dict[str, Any]:
    """Put a backup in the place of a home. Nothing is replaced before every file of the backup was verified.

    A home that is there is kept beside it under another name, and only put aside with ``replace``. Keys come from
    the backup, from the folder ``keys``, or from the home that is put aside, whichever fit. ``who`` (name and role)
    did it, as the restored home's audit log says from then on, as far as the keys are there; None = nobody, in a
    drill. Raises UsageError, IntegrityError, LockedError while somebody is at work in the home.
    """
    told = verify_backup(source)
    there = home.root.is_dir() and any(home.root.iterdir())
    if there and not replace:
        raise UsageError(
            f"{home.root}: there is a home already", "Add --replace: the home is put aside, not deleted."
        )
    new = home.root.with_name(f".{home.root.name}{UNFINISHED}")
    shutil.rmtree(new, ignore_errors=True)
    try:
        with named_errors(new):
            _lay_out(source, told, Home(new))
            _bring_keys(told, Home(new), [*([keys] if keys else []), home.keys])
        aside = None
        with ExitStack() as work:
            if there:
                for lock, what in ((home.nights / ".lock", "running a night"), (home.records / LOCK, "at work")):
                    work.enter_context(locked(lock, what))
                aside = home.root.with_name(f"{home.root.name}-before-{now:%Y%m%dT%H%M%S}")
                home.root.rename(aside)
            elif home.root.is_dir():
                home.root.rmdir()
            new.rename(home.root)
            sync_folder(home.root.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    has_keys = all((home.keys / f"{name}.key").exists() for name in NAMES)
    return {
        **_told(home.root, told),
        "keys_there": has_keys,
        "put_aside": None if aside is None else str(aside),
        "verified": _verified(home, told, aside, who, now) if has_keys else None,
    }


def _verified(
    home: Home, told: Mapping[str, Any], aside: Path | None, who: tuple[str, str] | None, now: datetime
) -> dict[str, Any]:
    """Note the restoring in the home's audit log, and verify it."""
    actor, role = who or ("operator", "operator")
    place = Workplace.open(home, actor=actor, role=role, clock=lambda: now)
    try:
        if who is not None:
            kept = None if aside is None else aside.name
            noted = {"backup_made_at": told["made_at"], "digest": told["digest"], "put_aside": kept}
            place.log.note("home restored", "home", noted)
        return verify_home(place)
    finally:
        place.database.dispose()


def drill(home: Home, source: Path | None, *, now: datetime) -> dict[str, Any]:
    """Show that a backup (one made now, where none is named) can be put back: in a scratch folder, then removed.

    The keys are those of the backup or of the home. The home itself is only read.
    """
    with tempfile.TemporaryDirectory(prefix="xunfang-drill-") as scratch:
        if source is None:
            source = Path(scratch) / "backup"
            backup(home, source, with_keys=False, with_inbox=False, now=now)
        return restore(source, Home(Path(scratch) / "home"), keys=home.keys, replace=False, now=now, who=None) | {
            "put_aside": None
        }


def _records_and_database(copy: _Copy) -> None:
    """Copy both so that neither knows of a delivery that the other does not; again, if one came between."""
    home = copy.home
    for _ in range(TRIES):
        try:
            before = _state(home)
            _records(copy)
            shutil.rmtree(copy.into / "lists", ignore_errors=True)
            copy.folder(home.lists)  # before the log that holds their hashes
        except FileNotFoundError:
            continue  # files were put together, or lists taken away, meanwhile
        copy.folder(home.checkpoints)  # before the log that they vouch for: a later one would seem cut
        _database(home.database, copy.into / home.database.name)
        if _state(home) == before:
            return
    raise LockedError(
        f"{home.root}: deliveries came faster than they could be copied", "Run the command again in a quieter hour."
    )


def _state(home: Home) -> list[str]:
    """What changes whenever a delivery is taken in, stored files are written anew, or a list is.

    Raises IntegrityError while a key is being changed: store and database are then of two minds.
    """
    load_keys(home)
    paths = [path for name in (FOLDER, REWRITES) for path in (home.records / name).glob("*.json")]
    lists = [f"{path}|{path.stat().st_mtime_ns}" for path in home.lists.rglob("[!.]*") if path.is_file()]
    return sorted([*(path.name for path in paths), *lists])


def _records(copy: _Copy) -> None:
    home = copy.home
    shutil.rmtree(copy.into / "records", ignore_errors=True)
    shutil.rmtree(copy.into / "quarantine", ignore_errors=True)
    if not (home.records / LAYOUT).exists():
        return
    store = RecordStore.open(home)
    for part in store.every_part():
        copy.file(home.records / part.file.path)
        if sha256_of(copy.into / "records" / part.file.path) != part.file.sha256:
            raise IntegrityError(
                f"{home.records / part.file.path}: has changed since it was written; no backup was made",
                "Run xunfang repair, then make the backup.",
            )
    for receipt in store.receipts:
        copy.folder(home.quarantine / receipt.delivery_id)
        copy.file(home.records / FOLDER / f"{receipt.delivery_id}.json")
    for note in store.rewritings:
        copy.file(home.records / REWRITES / f"{note.sequence:06d}.json")
    copy.file(home.records / LAYOUT)
    copy.file(home.records / LIST)
    list_receipts(copy.into / "records")


def _database(source: Path, target: Path) -> None:
    """SQLite's online backup: one state, whatever is being written meanwhile, and never in the way of a writer."""
    target.unlink(missing_ok=True)
    if not source.exists():
        return
    with atomically(target) as temporary, closing(sqlite3.connect(source, timeout=60)) as there:
        here = sqlite3.connect(temporary)
        try:
            there.backup(here)
            here.execute("PRAGMA journal_mode = DELETE")
        finally:
            here.close()


def _nights(database: Path) -> list[str]:
    """The business dates of the nights that the copied database knows."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(database)) as copied:
        return [str(day) for (day,) in copied.execute("SELECT business_date FROM night ORDER BY business_date")]


def _manifest(home: Home, copied: Path, *, with_keys: bool, with_inbox: bool, now: datetime) -> dict[str, Any]:
    paths = sorted(path for path in copied.rglob("*") if path.is_file())
    files = {
        path.relative_to(copied).as_posix(): {"sha256": sha256_of(path), "bytes": path.stat().st_size}
        for path in paths
    }
    return {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "code_version": code_version(),
        "with_keys": with_keys,
        "with_inbox": with_inbox,
        "keys": load_keys(home).fingerprints(),
        "digest": _digest(files),
        "files": files,
    }


def _digest(files: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _lay_out(source: Path, told: Mapping[str, Any], new: Home) -> None:
    for name in sorted(told["files"]):
        target = new.root / name
        with atomically(target, (source / name).stat().st_mode & 0o777) as temporary:
            shutil.copyfile(source / name, temporary)
        if sha256_of(target) != told["files"][name]["sha256"]:
            raise _damaged(source / name, "changed while it was read")
    new.inbox.mkdir(exist_ok=True)


def _bring_keys(told: Mapping[str, Any], new: Home, places: list[Path]) -> None:
    """Copy the keys that fit from the first folder that has them all, where the backup holds none."""
    for folder in [] if told["with_keys"] else places:
        paths = list(_keys_in(folder))
        if len(paths) == len(NAMES):
            new.keys.mkdir(mode=0o700, exist_ok=True)
            for path in paths:
                with atomically(new.keys / path.name) as temporary:
                    shutil.copyfile(path, temporary)
            for path in (*pseudonym_files(folder), *earlier(folder)):
                with atomically(new.keys / path.relative_to(folder)) as temporary:
                    shutil.copyfile(path, temporary)
            if load_keys(new).fingerprints() == told["keys"]:
                return
            shutil.rmtree(new.keys)


def _keys_in(folder: Path) -> Iterator[Path]:
    for name in NAMES:
        if (folder / f"{name}.key").is_file():
            yield folder / f"{name}.key"


def _told(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "made_at": manifest["made_at"],
        "files": len(manifest["files"]),
        "bytes": sum(each["bytes"] for each in manifest["files"].values()),
        "with_keys": manifest["with_keys"],
        "with_inbox": manifest["with_inbox"],
    }


def _damaged(path: Path, what: str) -> IntegrityError:
    return IntegrityError(f"{path}: {what}; nothing was restored", "Use another backup.")
