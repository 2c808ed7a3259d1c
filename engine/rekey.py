"""Keys listed, copied, changed. What is lost with a key is said before anything happens to it.

A new vault key seals every identity and every quarantined row anew, in batches; a new audit key closes the chain of
the log and goes on behind the seam. Whoever is stopped in between runs the command again. A replaced key is kept in
``keys/old/``: backups that were made under it open with it alone, and the log before a seam is checked with it.
"""

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from engine import audit
from engine.db import open_home_db, prepare, writing
from engine.errors import IntegrityError, NotAllowedError, UsageError
from engine.files import locked, write_bytes, write_text
from engine.intake.quarantine import SUFFIX, place_of
from engine.keys import BYTES, NAMES, OLD, earlier, fingerprint, load_keys, read_key
from engine.recordstore import LOCK, remember_keys
from engine.sealing import seal, unseal
from engine.settings import Home, read_settings
from engine.vault import reseal
from engine.workplace import refuse_a_lost_database

LOST: Final = {
    "pseudonym": "no later delivery can be joined to the records",
    "vault": "names, phones, addresses and quarantined rows can never be read again",
    "tie_break": "past lotteries and ties cannot be checked",
    "audit": "the audit chain cannot be checked, nor its details read",
}
"""What is gone for good with a key of which no copy is left."""
REFUSED: Final = {
    "pseudonym": (
        "every record is kept under pseudonyms that this key made; with another key no later delivery would be "
        "joined to them",
        "Make a new home with a new key, and deliver the history into it.",
    ),
}
"""Keys that cannot be changed once records were made with them: why, and the way out."""


def listed(home: Home) -> dict[str, Any]:
    """Each key with its file, its fingerprint, and what is lost with it."""
    keys = load_keys(home)
    marks = keys.fingerprints()
    return {
        "keys": [
            {
                "name": name,
                "file": str(home.keys / f"{name}.key"),
                "fingerprint": marks[name],
                "lost": LOST[name],
                "earlier": [fingerprint(read_key(path)) for path in earlier(home.keys, name)],
            }
            for name in NAMES
        ],
        "made": [str(path) for path in keys.made],
    }


def backup(home: Home, target: Path) -> dict[str, Any]:
    """Copy the keys into a folder, for their owner alone, and read them back; the fingerprints stand beside them.

    Replaced keys are copied, too: earlier backups and the log before a change of its key need them.

    Raises UsageError for a folder inside the home, where a copy is lost with it, or one with other keys in it.
    """
    load_keys(home)
    where = target.expanduser().resolve()
    if where.is_relative_to(home.root.resolve()):
        raise UsageError(
            f"{target}: lies inside the home", "Name a folder elsewhere: this one is lost with the home."
        )
    copied = {}
    for source in (*(home.keys / f"{name}.key" for name in NAMES), *earlier(home.keys)):
        key, path = read_key(source), where / source.relative_to(home.keys)
        if path.exists() and read_key(path) != key:
            raise UsageError(f"{path}: is another key", "Name an empty folder: no key is ever overwritten.")
        write_text(path, f"{key.hex()}\n")
        if read_key(path) != key:
            raise IntegrityError(f"{path}: is not what was written", "Try another disk.")
        copied[source.relative_to(home.keys).with_suffix("").as_posix()] = fingerprint(key)
    write_text(where / "fingerprints.txt", "".join(f"{name} {mark}\n" for name, mark in copied.items()))
    return {"folder": str(where), "keys": copied}


def rotate(
    home: Home, name: str, *, now: datetime, actor: str = "operator", role: str = "operator"
) -> dict[str, Any]:
    """Change a key; the old one goes to ``keys/old/``. Raises NotAllowedError where records forbid it.

    ``tie_break`` holds from the next night on. ``vault`` seals all identities and quarantined rows anew. ``audit``
    closes the chain of the log, in the name of ``actor``, and goes on under the new key.
    """
    if name not in NAMES:
        raise UsageError(f"{name}: there is no such key", f"The keys are: {', '.join(NAMES)}.")
    with (
        locked(home.nights / ".lock", "running a night"),
        locked(home.records / LOCK, "taking in deliveries or changing stored records"),
    ):
        if not _next_path(home, name).exists():
            load_keys(home)
        old = read_key(home.keys / f"{name}.key")
        if name in REFUSED:
            why, way_out = REFUSED[name]
            raise NotAllowedError(f"{name}: this key cannot be changed: {why}", way_out)
        settings = read_settings(home)
        database = open_home_db(home, settings)
        try:
            refuse_a_lost_database(home, settings, database)
            prepare(database)
            new = _next_key(home, name)
            kept = home.keys / OLD / f"{name}-{fingerprint(old)}.key"
            write_text(kept, f"{old.hex()}\n")
            told: dict[str, int] = {}
            if name == "vault":
                told = _seal_anew(home, database, old, new)
            elif name == "audit":
                told = _close_the_log(database, old, new, now=now, actor=actor, role=role)
        finally:
            database.dispose()
        remember_keys(home, {name: fingerprint(new)})
        _next_path(home, name).replace(home.keys / f"{name}.key")
    return {
        "key": name,
        "was": fingerprint(old),
        "is": fingerprint(new),
        "old_key": str(kept),
        "at": now.isoformat(timespec="seconds"),
        **told,
    }


def _next_path(home: Home, name: str) -> Path:
    return home.keys / f"{name}.next"


def _next_key(home: Home, name: str) -> bytes:
    """The key that takes over; an interrupted change goes on with the one it had made."""
    path = _next_path(home, name)
    if not path.exists():
        write_text(path, f"{secrets.token_hex(BYTES)}\n")
    return read_key(path)


def _close_the_log(
    database: sa.Engine, old: bytes, new: bytes, *, now: datetime, actor: str, role: str
) -> dict[str, int]:
    """The seam: where it was written before an interruption, it stands."""
    details = {"role": role, "was": fingerprint(old), "is": fingerprint(new)}
    with writing(database) as session:
        audit.change_key(session, old, new, at=now, actor=actor, details=details)
    entries, _ = audit.head(database)
    return {"audit_entries": entries}


def _seal_anew(home: Home, database: sa.Engine, old: bytes, new: bytes) -> dict[str, int]:
    rows, files = reseal(database, old, new), 0
    for path in sorted(home.quarantine.rglob(f"*{SUFFIX}")):
        files += _file_anew(path, old, new)
    return {"identities": rows, "quarantine_files": files}


def _file_anew(path: Path, old: bytes, new: bytes) -> int:
    about = place_of(path.parent.name, path.name.removesuffix(SUFFIX))
    sealed = path.read_bytes()
    try:
        unseal(new, about, sealed)
    except IntegrityError:
        write_bytes(path, seal(new, about, unseal(old, about, sealed)))
        return 1
    return 0
