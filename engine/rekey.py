"""Keys listed, copied, changed. What is lost with a key is said before anything happens to it.

A new pseudonym key leads everything over to the next version of the pseudonyms (``engine.renaming``); a new vault
key seals every identity and every quarantined row anew, in batches; a new audit key closes the chain of the log and
goes on behind the seam. Whoever is stopped in between runs the command again; until then nobody else can work in
the home. A replaced key is kept in ``keys/old/``: backups that were made under it open with it alone, and the log
before a seam is checked with it. Replaced pseudonym keys are still needed for every delivery, and lie beside the
new one.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import select

from engine import audit
from engine.db import open_home_db, prepare, reading, writing
from engine.errors import IntegrityError, NotAllowedError, UsageError
from engine.files import locked, sync_folder, write_bytes, write_text
from engine.identity import renewed
from engine.intake.quarantine import SUFFIX, place_of
from engine.keys import BYTES, NAMES, OLD, PSEUDONYM, earlier, fingerprint, load_keys, pseudonym_files, read_key
from engine.receipts import Rewriting, write_rewriting
from engine.recordstore import LAYOUT, LOCK, RecordStore, remember_keys, remove_unnamed
from engine.renaming import rename_rows, renamed_store, why_of
from engine.rewriting import alone
from engine.sealing import seal, unseal
from engine.settings import Home, read_settings
from engine.tables import Erasure
from engine.vault import rename, reseal
from engine.visits import reseal_notes
from engine.workplace import refuse_a_lost_database

LOST: Final = {
    "pseudonym": "no later delivery can be joined to the records",
    "vault": "names, phones, addresses and quarantined rows can never be read again",
    "tie_break": "past lotteries and ties cannot be checked",
    "audit": "the audit chain cannot be checked, nor its details read",
}
"""What is gone for good with a key of which no copy is left."""


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
                "version": len(keys.pseudonyms) if name == "pseudonym" else None,
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
    where = target.expanduser().resolve()
    if where.is_relative_to(home.root.resolve()):
        raise UsageError(
            f"{target}: lies inside the home", "Name a folder elsewhere: this one is lost with the home."
        )
    copied = {}
    marks = load_keys(home).fingerprints()
    sources = (*(home.keys / f"{name}.key" for name in NAMES), *pseudonym_files(home.keys), *earlier(home.keys))
    for source in sources:
        key, path = read_key(source), where / source.relative_to(home.keys)
        if path.exists() and read_key(path) != key:
            raise UsageError(f"{path}: is another key", "Name an empty folder: no key is ever overwritten.")
        write_text(path, f"{key.hex()}\n")
        if read_key(path) != key:
            raise IntegrityError(f"{path}: is not what was written", "Try another disk.")
        copied[source.relative_to(home.keys).with_suffix("").as_posix()] = marks.get(source.stem, fingerprint(key))
    write_text(where / "fingerprints.txt", "".join(f"{name} {mark}\n" for name, mark in copied.items()))
    return {"folder": str(where), "keys": copied}


def rotate(
    home: Home, name: str, *, now: datetime, actor: str = "operator", role: str = "operator"
) -> dict[str, Any]:
    """Change a key; the old one goes to ``keys/old/``. Raises NotAllowedError while an erasure is unfinished.

    ``pseudonym`` gives everybody and everything in the home another number. ``tie_break`` holds from the next night
    on. ``vault`` seals all identities and quarantined rows anew. ``audit`` closes the chain of the log, in the name
    of ``actor``, and goes on under the new key.
    """
    if name not in NAMES:
        raise UsageError(f"{name}: there is no such key", f"The keys are: {', '.join(NAMES)}.")
    with (
        alone(home),
        locked(home.records / LOCK, "taking in deliveries or changing stored records"),
    ):
        if not _next_path(home, name).exists():
            load_keys(home)
        old = read_key(home.keys / f"{name}.key")
        settings = read_settings(home)
        database = open_home_db(home, settings)
        try:
            refuse_a_lost_database(home, settings, database)
            prepare(database)
            kept = home.keys / OLD / f"{name}-{fingerprint(old)}.key"
            write_text(kept, f"{old.hex()}\n")
            by = {"actor": actor, "role": role}
            was, now_is, told = _changed(home, database, name, old, now=now, by=by)
        finally:
            database.dispose()
        remember_keys(home, {name: now_is})
        _next_path(home, name).replace(home.keys / f"{name}.key")
        sync_folder(home.keys)
    return {
        "key": name,
        "was": was,
        "is": now_is,
        "old_key": str(kept),
        "at": now.isoformat(timespec="seconds"),
        **told,
    }


def _changed(
    home: Home, database: sa.Engine, name: str, old: bytes, *, now: datetime, by: Mapping[str, str]
) -> tuple[str, str, dict[str, int]]:
    """All that hangs on a key, changed; the fingerprints before and after, and what is to be told."""
    if name == "pseudonym":
        return _lead_over(home, database, old, now=now, by=by)
    new = _next_key(home, name)
    was, now_is = fingerprint(old), fingerprint(new)
    if name == "vault":
        return was, now_is, _seal_anew(home, database, old, new)
    if name == "audit":
        return was, now_is, _close_the_log(database, old, new, now=now, by=by)
    return was, now_is, {}


def _lead_over(
    home: Home, database: sa.Engine, old: bytes, *, now: datetime, by: Mapping[str, str]
) -> tuple[str, str, dict[str, int]]:
    """The new files first, while others still read the old; then the new key, which closes the home; then the rest.

    From the new key on it can only go forward: the fingerprint, the note that makes the new files count, and one
    transaction for all rows, each passed by where it was done before an interruption.
    """
    before = [read_key(path) for path in pseudonym_files(home.keys)]
    before = [*(before[:-1] if before[-1:] == [old] else before), old]
    pending = _next_path(home, "pseudonym")
    keys = (*before, read_key(pending) if pending.exists() else secrets.token_bytes(BYTES))
    was, mark = fingerprint(*before), fingerprint(*keys)
    with reading(database) as session:
        if session.exec(select(Erasure).where(Erasure.state == "voided")).first() is not None:
            raise NotAllowedError(
                "pseudonym: an erasure is not finished yet", "Run xunfang rights erase again; then change the key."
            )
    note = _new_files(home, keys, mark, now)
    write_text(pending, f"{keys[-1].hex()}\n")
    write_text(home.keys / PSEUDONYM.format(len(before)), f"{old.hex()}\n")
    remember_keys(home, {"pseudonym": mark})
    if note is not None:
        write_rewriting(home.records, note)
        remove_unnamed(home.records)
    rows = _new_rows(home, database, keys, mark, now=now, by=by, details={"was": was, "is": mark})
    return was, mark, {"version": len(keys), **rows}


def _new_files(home: Home, keys: Sequence[bytes], mark: str, now: datetime) -> Rewriting | None:
    """The note of the store under the new pseudonyms; None where it stands, or where there is nothing."""
    if not (home.records / LAYOUT).exists():
        return None
    store = RecordStore.open(home)
    if not store.every_part() or any(note.why == why_of(mark) for note in store.rewritings):
        return None
    return renamed_store(store, keys, mark=mark, now=now)


def _new_rows(
    home: Home,
    database: sa.Engine,
    keys: Sequence[bytes],
    mark: str,
    *,
    now: datetime,
    by: Mapping[str, str],
    details: Mapping[str, str],
) -> dict[str, int]:
    """Vault and people's work in one transaction, which notes itself; nothing where it was committed before."""

    def became(kind: str, subjects: pl.Series) -> pl.Series:
        return renewed(keys, len(keys) - 1, "person" if kind == "person" else "household", subjects)

    audit_key, vault_key = (read_key(home.keys / f"{name}.key") for name in ("audit", "vault"))
    with writing(database) as session:
        if audit.has_new_pseudonyms(session, mark):
            return {"identities": 0, "values": 0}
        identities, values = rename(session, vault_key, became), rename_rows(session, keys)
        told = {"role": by["role"], **details, "identities": identities, "values": values}
        audit.note_new_pseudonyms(session, audit_key, mark, at=now, actor=by["actor"], details=told)
    return {"identities": identities, "values": values}


def _next_path(home: Home, name: str) -> Path:
    return home.keys / f"{name}.next"


def _next_key(home: Home, name: str) -> bytes:
    """The key that takes over; an interrupted change goes on with the one it had made."""
    path = _next_path(home, name)
    if not path.exists():
        write_text(path, f"{secrets.token_hex(BYTES)}\n")
    return read_key(path)


def _close_the_log(
    database: sa.Engine, old: bytes, new: bytes, *, now: datetime, by: Mapping[str, str]
) -> dict[str, int]:
    """The seam: where it was written before an interruption, it stands."""
    details = {"role": by["role"], "was": fingerprint(old), "is": fingerprint(new)}
    with writing(database) as session:
        audit.change_key(session, old, new, at=now, actor=by["actor"], details=details)
    entries, _ = audit.head(database)
    return {"audit_entries": entries}


def _seal_anew(home: Home, database: sa.Engine, old: bytes, new: bytes) -> dict[str, int]:
    rows, files = reseal(database, old, new), 0
    for path in sorted(home.quarantine.rglob(f"*{SUFFIX}")):
        files += _file_anew(path, old, new)
    return {"identities": rows, "quarantine_files": files, "remarks": reseal_notes(database, old, new)}


def _file_anew(path: Path, old: bytes, new: bytes) -> int:
    about = place_of(path.parent.name, path.name.removesuffix(SUFFIX))
    sealed = path.read_bytes()
    try:
        unseal(new, about, sealed)
    except IntegrityError:
        write_bytes(path, seal(new, about, unseal(old, about, sealed)))
        return 1
    return 0
