"""Many small files of the record store to one: as many answers as before, fewer files to open."""

from datetime import datetime
from typing import Any, Final

from engine.recordstore import RecordStore
from engine.rewriting import alone, everything, rewrite
from engine.settings import Home

WHY: Final = "many small files were put together; no row was changed"


def compact(home: Home, store: RecordStore, *, files: int, now: datetime) -> dict[str, Any]:
    """Put the files of a kind and bucket together where there are at least so many; tells how many there were.

    Every answer stays as it is, that of a past night as well. Raises LockedError while a night runs, while
    anybody reads the records, or while deliveries are taken in.
    """
    before = len(store.every_part())
    with alone(home):
        note = rewrite(store, everything, what="compaction", why=WHY, now=now, merge=files)
    return {
        "files_before": before,
        "files_after": before if note is None else before - len(note.replaced) + len(note.stored),
        "rows": 0 if note is None else sum(file.rows for file in note.stored if file.role == "records"),
    }
