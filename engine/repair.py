"""Damaged files of the record store made again from the deliveries in the inbox, byte for byte.

All deliveries are taken in once more, in their order, in a scratch home with the same keys, the first pseudonym key
to begin with; files that were put together are put together again, and pseudonyms that were changed are changed. A
file is put back only where its hash is the one that its receipt tells; of the others it is said what must be put
back.
"""

import os
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.aging import Aged
from engine.db import open_db
from engine.errors import XunfangError
from engine.files import UNFINISHED, locked, sha256_of, write_bytes, write_text
from engine.intake.inbox import take_in
from engine.intake.manifest import delivery_id_of, folders
from engine.keys import NAMES, PSEUDONYM, fingerprint, load_keys
from engine.receipts import (
    FOLDER,
    LIST,
    REWRITES,
    Receipt,
    Rewriting,
    list_receipts,
    lost_receipts,
    readable,
    write_rewriting,
)
from engine.recordstore import LOCK, RecordStore, remember_keys, remove_unnamed
from engine.renaming import WHAT as RENAMED
from engine.renaming import renamed_store
from engine.rewriting import everything, rewrite
from engine.settings import Home, existing

NOT_GIVEN: Final = ("records", "quarantine", "nights", "lists", "models", "inbox", "keys")
"""What the scratch home does not take over from the home; nor its database and keys, of which it gets copies."""


@dataclass(frozen=True)
class _Wanted:
    """A damaged file: its path below ``records/``, the hash that it had, what is wrong, whose rows it holds."""

    path: str
    sha256: str
    what: str
    deliveries: tuple[str, ...]


def repair(home: Home) -> dict[str, Any]:
    """Make the damaged files of a home's record store again; what is whole is not touched.

    Told: ``damaged``, ``repaired`` (paths), ``left`` (path, what, put_back: what would mend it). Raises LockedError
    while deliveries are taken in, HomeError where there is no store.
    """
    existing(home)
    buckets = RecordStore.layout(home)["buckets"]
    with locked(home.records / LOCK, "taking in deliveries or changing stored records"):
        repaired = []
        if not (home.records / LIST).exists():
            list_receipts(home.records, anew=True)
            repaired.append(LIST)
        lost = _lost(home)
        wanted = lost or _damaged(home, buckets)
        scratch = Home(home.root / f".repair{UNFINISHED}")
        shutil.rmtree(scratch.root, ignore_errors=True)
        try:
            trouble = _make_again(home, scratch, buckets) if wanted else None
            repaired += [each.path for each in wanted if _put_back(home, scratch, each)]
            if lost:  # which files there should be is known again
                wanted = [*lost, *_damaged(home, buckets)]
                repaired += [each.path for each in wanted[len(lost) :] if _put_back(home, scratch, each)]
        finally:
            shutil.rmtree(scratch.root, ignore_errors=True)
    left = [each for each in wanted if each.path not in repaired]
    return {
        "damaged": len(left) + len(repaired),
        "repaired": [f"records/{path}" for path in repaired],
        "left": [
            {"path": f"records/{each.path}", "what": each.what, "put_back": _way_out(each, trouble)}
            for each in left
        ],
    }


def _lost(home: Home) -> list[_Wanted]:
    """Receipts that the list names and that are not there, or not as they were."""
    return [
        _Wanted(each.path, each.sha256, each.what, (Path(each.path).stem,)) for each in lost_receipts(home.records)
    ]


def _damaged(home: Home, buckets: int) -> list[_Wanted]:
    """Stored files that are not what the readable receipts say."""
    store = RecordStore(home.records, buckets, *readable(home.records))
    hashes = {part.file.path: part.file.sha256 for part in store.every_part()}
    return [_Wanted(each.path, hashes[each.path], each.what, each.deliveries) for each in store.verify()]


def _make_again(home: Home, scratch: Home, buckets: int) -> str | None:
    """Take all deliveries in again in the scratch home; returns what stopped it, in words for the way out."""
    receipts, notes = readable(home.records)
    inbox = {str(delivery_id_of(folder)): folder for folder in folders(home.inbox)}
    _lay_out(home, scratch)
    database = open_db(scratch.database)
    try:
        for number, name in enumerate(_order(home, receipts), start=1):
            if name not in inbox:
                return f"put the delivery {name} back into inbox/ and run xunfang repair again"
            os.symlink(inbox[name], scratch.inbox / inbox[name].name)
            taken = take_in(
                scratch,
                reject_limit=1.0,
                tolerated_rows=2**40,
                buckets=buckets,
                database=database,
                again=True,
            )
            taken.raise_refused()
            for note in (note for note in notes if note.after == number):
                _again(home, scratch, note)
    except XunfangError as error:
        return f"the deliveries cannot be taken in as they were ({error.message}): put it back from a backup"
    finally:
        database.dispose()
    return None


def _order(home: Home, receipts: tuple[Receipt, ...]) -> list[str]:
    """The ids of all deliveries in the order in which they were taken in; those of lost receipts fill the gaps."""
    known = {receipt.sequence: receipt.delivery_id for receipt in receipts}
    lost = sorted(Path(each.path).stem for each in lost_receipts(home.records) if each.path.startswith(FOLDER))
    return [known[number] if number in known else lost.pop(0) for number in range(1, len(known) + len(lost) + 1)]


def _lay_out(home: Home, scratch: Home) -> None:
    scratch.inbox.mkdir(parents=True)
    for path in home.root.iterdir():
        if path.name not in NOT_GIVEN and not path.name.startswith((".", home.database.name)):
            os.symlink(path, scratch.root / path.name)
    keys = load_keys(home)
    for name in NAMES:
        _give_key(scratch, name, getattr(keys, name))
    _give_key(scratch, "pseudonym", keys.pseudonyms[0])
    with closing(sqlite3.connect(home.database)) as there, closing(sqlite3.connect(scratch.database)) as here:
        there.backup(here)


def _give_key(scratch: Home, name: str, key: bytes) -> None:
    write_text(scratch.keys / f"{name}.key", f"{key.hex()}\n")


def _next_pseudonyms(home: Home, scratch: Home, note: Rewriting) -> None:
    """Change the pseudonyms of the scratch store as those of the home were changed."""
    version = len(load_keys(scratch).pseudonyms)
    keys = load_keys(home).pseudonyms[: version + 1]
    mark = fingerprint(*keys)
    made = renamed_store(RecordStore.open(scratch), keys, mark=mark, now=note.made_at)
    for earlier, key in enumerate(keys[:-1], start=1):
        _give_key(scratch, PSEUDONYM.format(earlier).removesuffix(".key"), key)
    _give_key(scratch, "pseudonym", keys[-1])
    remember_keys(scratch, {"pseudonym": mark})
    write_rewriting(scratch.records, made)
    remove_unnamed(scratch.records)


def _again(home: Home, scratch: Home, note: Rewriting) -> None:
    """Do in the scratch store what a note tells: put files together again, or take over what was taken out of."""
    if note.what == RENAMED:
        _next_pseudonyms(home, scratch, note)
        return
    if note.what == "compaction":
        sizes = Counter(Path(path).parent for path in note.replaced)
        files = min(sizes[Path(file.path).parent] for file in note.stored)
        rewrite(RecordStore.open(scratch), everything, what=note.what, why=note.why, now=note.made_at, merge=files)
        return
    if note.what == "retention":
        store = RecordStore.open(scratch)
        keep = Aged.of(store, note.before).keep
        rewrite(store, keep, what=note.what, why=note.why, now=note.made_at, before=note.before)
        return
    for file in note.stored:  # whose rows were taken out is not known any more: only whole files are taken over
        path = home.records / file.path
        if path.is_file() and sha256_of(path) == file.sha256:
            write_bytes(scratch.records / file.path, path.read_bytes())
    write_rewriting(scratch.records, note)


def _put_back(home: Home, scratch: Home, wanted: _Wanted) -> bool:
    """Put a file back where it came out with the bytes that it had."""
    made = scratch.records / wanted.path
    if wanted.path.startswith(REWRITES) or not made.is_file() or sha256_of(made) != wanted.sha256:
        return False
    write_bytes(home.records / wanted.path, made.read_bytes())
    return True


def _way_out(wanted: _Wanted, trouble: str | None) -> str:
    if trouble is not None:
        return trouble
    names = ", ".join(wanted.deliveries)
    return f"the deliveries ({names}) do not give the same bytes any more: put the file back from a backup"
