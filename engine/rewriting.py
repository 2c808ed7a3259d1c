"""Stored files written anew, crash-safe: one file for many, or files without some of their rows.

Compaction, retention and erasure are three uses of ``rewrite``. New files first, then one note that makes them
count and the old ones not, then the old ones are removed: whoever is stopped in between leaves the store as it was
or as it was to be, and the next command that writes removes what nobody names.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from engine.files import locked, remove_unfinished, sha256_of, shared, write_parquet
from engine.receipts import Rewriting, RewrittenFile, Role, write_rewriting
from engine.recordstore import BROUGHT_BY, LOCK, Part, RecordStore, remove_unnamed
from engine.settings import Home
from features.records import KEYS, KINDS

Keep = Callable[[str, pl.LazyFrame], pl.LazyFrame]
"""A kind and its rows in (with ``copied``, or ``rule`` where they wait for an owner), the rows to be kept out.

It may filter only: columns, values and order stay. ``kind`` is ``reporting`` for the counts of what was reported.
"""
REPORTING: Final = "reporting"
COUNTED: Final[tuple[Role, ...]] = ("records", "waiting")
READERS: Final = ".readers"
"""Lock file: shared by all who read a picture of the store for long, exclusive for whoever removes files of it."""


@contextmanager
def steady(home: Home) -> Iterator[None]:
    """While a picture of the store is read: no file that it names is taken away. Open the picture inside.

    Any number may read at once, and deliveries may be taken in. Raises LockedError while stored files are written
    anew.
    """
    with shared(home.records / READERS, "changing stored records"):
        yield


@contextmanager
def alone(home: Home, what: str = "at a night or changing stored records") -> Iterator[None]:
    """While stored files are taken away: no night runs and nobody reads. Raises LockedError where somebody does."""
    with locked(home.nights / ".lock", what), locked(home.records / READERS, "reading the records"):
        yield


def everything(_kind: str, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Keep all rows."""
    return rows


def rewrite(
    store: RecordStore,
    keep: Keep,
    *,
    what: str,
    why: str,
    now: datetime,
    kinds: Collection[str] | None = None,
    buckets: Collection[int] | None = None,
    merge: int = 0,
    before: Mapping[str, date] | None = None,
) -> Rewriting | None:
    """Keep of some kinds and buckets (None = all) what ``keep`` keeps; None where that changes nothing.

    Files of which every row is kept are left alone; ``merge`` puts those of a kind and bucket together where there
    are at least so many (0 = never). All changes at once, with the note that is returned. ``why`` stays in the
    store and names nobody.
    The caller's picture of the store is old afterwards: ``store.again()``. Raises LockedError while deliveries are
    taken in. Call it under ``alone``: whoever reads has a picture that names files that this removes.
    """
    with locked(store.root / LOCK, "taking in deliveries or changing stored records"):
        return rewrite_locked(
            store, keep, what=what, why=why, now=now, kinds=kinds, buckets=buckets, merge=merge, before=before
        )


def rewrite_locked(
    store: RecordStore,
    keep: Keep,
    *,
    what: str,
    why: str,
    now: datetime,
    kinds: Collection[str] | None = None,
    buckets: Collection[int] | None = None,
    merge: int = 0,
    before: Mapping[str, date] | None = None,
) -> Rewriting | None:
    """``rewrite`` for a caller that holds the lock of the store."""
    remove_unfinished(store.root)
    remove_unnamed(store.root)
    store = store.again()
    work = _Work(store, keep, merge)
    for kind in KINDS if kinds is None else sorted(kinds):
        work.waiting(kind)
        for bucket in store.buckets() if buckets is None else sorted(buckets):
            work.records(kind, bucket)
    if kinds is None and buckets is None:
        work.reporting()
    if not work.replaced:
        return None
    note = Rewriting(
        sequence=work.sequence,
        what=what,
        why=why,
        made_at=now,
        replaced=tuple(sorted(work.replaced)),
        stored=tuple(work.stored),
        removed={name: dict(sorted(counts.items())) for name, counts in sorted(work.removed.items())},
        before=before or {},
        after=max((receipt.sequence for receipt in store.receipts), default=0),
    )
    write_rewriting(store.root, note)
    remove_unnamed(store.root)
    return note


@dataclass
class _Work:
    """One rewriting on its way: what takes the place of what, and which rows are gone."""

    store: RecordStore
    keep: Keep
    merge: int
    stored: list[RewrittenFile] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    removed: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def sequence(self) -> int:
        """The number of the note."""
        return 1 + max((note.sequence for note in self.store.rewritings), default=0)

    def records(self, kind: str, bucket: int) -> None:
        """The rows of a kind in a bucket, and the list of those that have several versions."""
        parts = self.store.parts("records", kind, bucket)
        lost = sum(self._write("records", kind, bucket, group, self.keep) for group in self._groups(parts))
        revised = self._groups(self.store.parts("revised", kind, bucket))
        if lost:
            kept = pl.concat(
                [self.keep(kind, self.store.scan([part])).select(KEYS[kind]) for part in parts]
            ).unique()

            def known(_kind: str, keys: pl.LazyFrame) -> pl.LazyFrame:
                return keys.join(kept, on=KEYS[kind], how="semi", nulls_equal=True, maintain_order="left")

            for group in revised:
                self._write("revised", kind, bucket, group, known)
        else:
            for group in revised:
                self._write("revised", kind, bucket, group, everything)

    def waiting(self, kind: str) -> None:
        """The rows whose owner is unknown: each file holds all that waited then, so they are never put together."""
        for part in self.store.parts("waiting", kind, None):
            self._write("waiting", kind, None, [part], self.keep)

    def reporting(self) -> None:
        """The counts of what each source has reported."""
        for group in self._groups(self.store.parts("reporting", "", None)):
            self._write("reporting", "", None, group, self.keep)

    def _groups(self, parts: list[Part]) -> list[list[Part]]:
        if self.merge and len(parts) >= max(2, self.merge):
            return [parts]
        return [[part] for part in parts]

    def _write(self, role: Role, kind: str, bucket: int | None, parts: list[Part], keep: Keep) -> int:
        """Write the kept rows of some files as one, where that changes anything; returns how many rows are gone."""
        before = sum(part.file.rows for part in parts)
        kept = keep(kind or REPORTING, self.store.scan(parts, brought_by=True)).collect(engine="streaming")
        gone = before - kept.height
        if not gone and len(parts) == 1:
            return 0
        if gone and role in COUNTED:
            self._count(role, kind, parts, kept)
        self.replaced += [part.file.path for part in parts]
        brought = tuple(sorted({each for part in parts for each in part.brought}))
        if kept.height or role == "waiting":
            ordered = kept.sort(KEYS[kind], maintain_order=True) if role == "records" else kept
            self._store(role, kind, bucket, ordered, brought)
        return gone

    def _store(
        self, role: Role, kind: str, bucket: int | None, rows: pl.DataFrame, brought: tuple[int, ...]
    ) -> None:
        name = f"+{self.sequence:06d}-{len(self.stored):05d}.parquet"  # no id of a delivery begins so
        self.stored.append(
            stored(self.store.root, rows, role=role, kind=kind, bucket=bucket, name=name, brought=brought)
        )

    def _count(self, role: Role, kind: str, parts: list[Part], kept: pl.DataFrame) -> None:
        """Add the rows that are gone to their deliveries; copies in other buckets are no rows of their own."""
        names = {receipt.sequence: receipt.delivery_id for receipt in self.store.receipts}
        counts: dict[int, int] = {}
        for sign, rows in ((1, self.store.scan(parts, brought_by=True)), (-1, kept.lazy())):
            own = rows.filter(~pl.col("copied")) if role == "records" else rows
            for sequence, count in own.group_by(BROUGHT_BY).len().collect().iter_rows():
                counts[sequence] = counts.get(sequence, 0) + sign * count
        for sequence, count in counts.items():
            if count:
                by_kind = self.removed.setdefault(names[sequence], {})
                by_kind[kind] = by_kind.get(kind, 0) + count


def stored(
    root: Path,
    rows: pl.DataFrame,
    *,
    role: Role,
    kind: str,
    bucket: int | None,
    name: str,
    brought: tuple[int, ...],
) -> RewrittenFile:
    """Write rows in their place under a new name, and tell what the note has to say of the file."""
    folder = Path(kind) if role == "records" else Path(role, kind)
    path = (folder if bucket is None else folder / f"bucket={bucket:02d}") / name
    write_parquet(root / path, rows)
    return RewrittenFile(
        role=role,
        kind=kind,
        bucket=bucket,
        path=path.as_posix(),
        rows=rows.height,
        copied=int(rows["copied"].sum()) if "copied" in rows.columns else 0,
        sha256=sha256_of(root / path),
        brought=brought,
    )
