"""The record store: every version of every accepted record, as Parquet files in buckets by household.

One bucket holds everything about its households, so that a night is one pure function mapped over buckets. An open
store is a picture of the deliveries that had a receipt at that moment: what is taken in later does not change it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow.parquet as pq

from engine.errors import HomeError, IntegrityError
from engine.files import locked, sha256_of, write_text
from engine.homes import Homes, homes_of
from engine.keys import Keys
from engine.receipts import (
    Receipt,
    Rewriting,
    RewrittenFile,
    Role,
    StoredFile,
    list_receipts,
    read_receipts,
)
from engine.settings import Home
from features.records import KEYS, KINDS, REQUIRED_KINDS
from features.sources import Sources, empty

FORMAT: Final = 2
"""1: receipts without a list of them. 2: the list ``receipts.json``, and files that stand for older ones."""
HOUSEHOLDS_A_BUCKET: Final = 20_000
DEFAULT_BUCKETS: Final = 16
LAYOUT: Final = "store.json"
LOCK: Final = ".lock"
BROUGHT_BY: Final = "brought_by"

REPORTING_SCHEMA: Final = {
    "kind": pl.String,
    "area": pl.String,
    "month": pl.Date,
    "known_on": pl.Date,
    "rows": pl.Int64,
}


@dataclass(frozen=True)
class Damage:
    """A file of the store that is not what its receipt says, and the deliveries whose rows it holds."""

    path: str
    kind: str
    bucket: int | None
    deliveries: tuple[str, ...]
    what: str


@dataclass(frozen=True)
class Part:
    """A stored file that counts, and the sequences of the receipts whose rows it holds."""

    file: StoredFile
    brought: tuple[int, ...]


def buckets_for(households: int | None) -> int:
    """How many buckets a home of this size gets, once and for all."""
    if households is None:
        return DEFAULT_BUCKETS
    return max(1, -(-households // HOUSEHOLDS_A_BUCKET))


@dataclass(frozen=True)
class RecordStore:
    """A picture of the store. ``deliveries`` arguments cut it to what a past night had (None = all of it).

    A store that ``cut`` has made holds the receipts of some deliveries only and knows nothing of the others.
    """

    root: Path
    bucket_count: int
    receipts: tuple[Receipt, ...]
    rewritings: tuple[Rewriting, ...] = ()

    @classmethod
    def open(cls, home: Home, keys: Keys | None = None) -> "RecordStore":
        """The store of a home; raises HomeError where nothing has been taken in, IntegrityError for wrong keys."""
        layout = cls.layout(home)
        if keys is not None and layout["keys"] != keys.fingerprints():
            raise IntegrityError(
                f"{home.keys}: these are not the keys that the records were made with",
                "Put the key files back from their backup.",
            )
        receipts, rewritings = read_receipts(home.records)
        return cls(home.records, layout["buckets"], receipts, rewritings)

    @staticmethod
    def layout(home: Home) -> dict[str, Any]:
        """Format, number of buckets and fingerprints of the keys; raises HomeError, IntegrityError as ``open``."""
        layout = _layout(home.records / LAYOUT)
        check_format(home.records / LAYOUT, layout["format"])
        return layout

    @classmethod
    def create(cls, home: Home, keys: Keys, buckets: int) -> "RecordStore":
        """An empty store; the number of buckets stays as long as the home."""
        list_receipts(home.records, anew=True)
        layout = {"format": FORMAT, "buckets": buckets, "keys": keys.fingerprints()}
        write_text(home.records / LAYOUT, json.dumps(layout, indent=1, sort_keys=True) + "\n")
        return cls.open(home, keys)

    def again(self) -> "RecordStore":
        """The store as it is now."""
        return RecordStore(self.root, self.bucket_count, *read_receipts(self.root))

    def cut(self, deliveries: Collection[str]) -> "RecordStore":
        """The store as it was with these deliveries alone; IntegrityError where it does not hold one of them."""
        return replace(self, receipts=self._seen(deliveries))

    def buckets(self) -> list[int]:
        """The numbers of the buckets."""
        return list(range(self.bucket_count))

    def deliveries(self) -> list[str]:
        """The ids of the deliveries, in the order in which they were taken in."""
        return [receipt.delivery_id for receipt in self.receipts]

    @property
    def delivered(self) -> set[str]:
        """The kinds of which any file has been taken in, identities included."""
        return {entry.kind for receipt in self.receipts for entry in receipt.files}

    def kinds(self, deliveries: Collection[str] | None = None) -> tuple[str, ...]:
        """The kinds of record that the bureau has delivered."""
        delivered = {entry.kind for receipt in self._seen(deliveries) for entry in receipt.files}
        return tuple(kind for kind in KINDS if kind in delivered or kind in REQUIRED_KINDS)

    def sources(self, bucket: int, deliveries: Collection[str] | None = None) -> Sources:
        """Everything about the households of one bucket, lazily."""
        if bucket not in range(self.bucket_count):
            raise ValueError(f"there is no bucket {bucket} of {self.bucket_count}")
        store = self if deliveries is None else self.cut(deliveries)
        kinds = store.kinds()
        frames = {kind: store.records(kind, [bucket]).drop("copied") for kind in kinds}
        return Sources(frames, {kind: store._revised(kind, bucket) for kind in kinds})

    def records(self, kind: str, buckets: Collection[int] | None = None) -> pl.LazyFrame:
        """All versions of a kind in some buckets, with ``copied`` (True on copies of another bucket's rows)."""
        numbers = self.buckets() if buckets is None else sorted(buckets)
        parts = [part for bucket in numbers for part in self.parts("records", kind, bucket)]
        if not parts:
            return empty(kind).with_columns(pl.lit(value=False).alias("copied"))
        return self.scan(parts)

    def reporting(self, deliveries: Collection[str] | None = None) -> pl.DataFrame:
        """How many rows each source has reported: ``kind, area, month, known_on, rows``."""
        store = self if deliveries is None else self.cut(deliveries)
        parts = store.parts("reporting", "", None)
        if not parts:
            return pl.DataFrame(schema=REPORTING_SCHEMA)
        keys = ["kind", "area", "month", "known_on"]
        return store.scan(parts).group_by(keys).agg(pl.col("rows").sum()).sort(keys).collect()

    def known_days(self, kind: str, deliveries: Collection[str] | None = None) -> list[date]:
        """The days on which any record of a kind became known."""
        facts = [receipt.facts[kind] for receipt in self._seen(deliveries) if kind in receipt.facts]
        return sorted({day for each in facts for day in each.known_days})

    def known_until(self, deliveries: Collection[str] | None = None) -> date:
        """The last day on which anything became known; raises HomeError where the store is empty."""
        days = [day for kind in self.kinds(deliveries) for day in self.known_days(kind, deliveries)[-1:]]
        if not days:
            raise HomeError(
                f"{self.root}: no records have been taken in", "Put a delivery into inbox/ and run: xunfang check"
            )
        return max(days)

    def fingerprint(self, deliveries: Collection[str] | None = None) -> str:
        """One hash for the content of the deliveries, whatever their order."""
        lines = sorted(f"{receipt.delivery_id} {receipt.content}\n" for receipt in self._seen(deliveries))
        return hashlib.sha256("".join(lines).encode("ascii")).hexdigest()

    @cached_property
    def homes(self) -> Homes:
        """Who has ever lived where."""
        original = pl.col("copied").not_()
        members = self.records("member").filter(original).select("person_id", "household_id", "valid_from")
        households = self.records("household").filter(original).select("household_id", "region", "valid_from")
        lived, stood = pl.collect_all([members, households])
        return homes_of(lived, stood, self.bucket_count)

    def waiting(self, kind: str) -> pl.DataFrame | None:
        """Rows whose owner nobody has delivered yet, with ``rule`` (the one they were set aside by)."""
        parts = self.parts("waiting", kind, None)
        return self.scan(parts[-1:]).collect() if parts and parts[-1].file.rows else None

    def parts(self, role: Role, kind: str, bucket: int | None) -> list[Part]:
        """The files of one role, kind and bucket that count, in the order in which their rows were taken in."""
        return self._index.get((role, kind, bucket), [])

    def every_part(self) -> list[Part]:
        """All files that count, by path."""
        return sorted((part for parts in self._index.values() for part in parts), key=lambda part: part.file.path)

    def scan(self, parts: Sequence[Part], *, brought_by: bool = False) -> pl.LazyFrame:
        """The rows of some files (at least one), without those of deliveries that this store knows nothing of.

        With ``brought_by`` a last column holds the sequence of the receipt that each row came in with.
        """
        plain = [part for part in parts if not isinstance(part.file, RewrittenFile)]
        if len(plain) == len(parts) and not brought_by:
            return pl.scan_parquet([self.root / part.file.path for part in parts], glob=False)
        return pl.concat(self._scan_one(part, brought_by=brought_by) for part in parts)

    def verify(self) -> list[Damage]:
        """Compare every file with its receipt; an empty list means that nothing has changed."""
        names = {receipt.sequence: receipt.delivery_id for receipt in self.receipts}
        damaged = []
        for part in self.every_part():
            what = _damage(self.root / part.file.path, part.file)
            if what is not None:
                brought = tuple(names[each] for each in part.brought if each in names)
                damaged.append(Damage(part.file.path, part.file.kind, part.file.bucket, brought, what))
        return damaged

    def _seen(self, deliveries: Collection[str] | None) -> tuple[Receipt, ...]:
        if deliveries is None:
            return self.receipts
        lost = sorted(set(deliveries) - set(self.deliveries()))
        if lost:
            raise IntegrityError(
                f"{self.root}: the store does not hold the delivery {', '.join(lost)}",
                "Put the delivery back into inbox/ and run: xunfang check",
            )
        return tuple(receipt for receipt in self.receipts if receipt.delivery_id in deliveries)

    @cached_property
    def _index(self) -> Mapping[tuple[str, str, int | None], list[Part]]:
        known = {receipt.sequence for receipt in self.receipts}
        gone = {path for note in self.rewritings for path in note.replaced}
        parts = [Part(file, (receipt.sequence,)) for receipt in self.receipts for file in receipt.stored]
        for note in self.rewritings:
            parts += [Part(file, file.brought) for file in note.stored if not known.isdisjoint(file.brought)]
        index: dict[tuple[str, str, int | None], list[Part]] = {}
        for part in sorted(parts, key=lambda part: part.brought):
            if part.file.path not in gone:
                index.setdefault((part.file.role, part.file.kind, part.file.bucket), []).append(part)
        return index

    def _scan_one(self, part: Part, *, brought_by: bool) -> pl.LazyFrame:
        frame = pl.scan_parquet(self.root / part.file.path, glob=False)
        if not isinstance(part.file, RewrittenFile):
            (sequence,) = part.brought
            return frame.with_columns(pl.lit(sequence, pl.UInt32).alias(BROUGHT_BY)) if brought_by else frame
        known = {receipt.sequence for receipt in self.receipts}
        if not known.issuperset(part.brought):
            frame = frame.filter(pl.col(BROUGHT_BY).is_in(sorted(known.intersection(part.brought))))
        return frame if brought_by else frame.drop(BROUGHT_BY)

    def _revised(self, kind: str, bucket: int) -> pl.DataFrame:
        keys, parts = _no_keys(kind), self.parts("revised", kind, bucket)
        return pl.concat([keys, self.scan(parts).collect()]).unique() if parts else keys


@cache
def _no_keys(kind: str) -> pl.DataFrame:
    return empty(kind).select(KEYS[kind]).collect()


def check_format(path: Path, found: int) -> None:
    """Raise HomeError, with the way out, where a store has another format than this program's."""
    if found > FORMAT:
        raise HomeError(f"{path}: this store was made by a newer version of this program", "Use that version.")
    if found < FORMAT:
        raise HomeError(
            f"{path}: this store was made by an older version of this program",
            "Make a copy of the home, then run: xunfang migrate",
        )


def migrate_store(home: Home) -> int | None:
    """Bring the store of a home to this program's format; tells the format it had, None where there is no store.

    Raises HomeError for a store of a newer program. Stopped anywhere, it can be run again.
    """
    path = home.records / LAYOUT
    if not path.exists():
        return None
    with locked(home.records / LOCK, "taking in deliveries or changing stored records"):
        layout = _layout(path)
        found = int(layout["format"])
        if found < FORMAT:
            list_receipts(home.records, anew=True)
            write_text(path, json.dumps(layout | {"format": FORMAT}, indent=1, sort_keys=True) + "\n")
        check_format(path, _layout(path)["format"])
        return found


def remember_keys(home: Home, fingerprints: Mapping[str, str]) -> None:
    """Note the fingerprints of keys that were changed; the store opens with these from now on."""
    path = home.records / LAYOUT
    if path.exists():
        layout = _layout(path)
        layout["keys"] = {**layout["keys"], **fingerprints}
        write_text(path, json.dumps(layout, indent=1, sort_keys=True) + "\n")


def _layout(path: Path) -> dict[str, Any]:
    try:
        layout: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise HomeError(
            f"{path.parent.parent}: no records have been taken in",
            "Put a delivery into inbox/ and run: xunfang check",
        ) from None
    except ValueError:
        raise IntegrityError(f"{path}: is damaged", "Put it back from a backup of the home.") from None
    return layout


def remove_unnamed(root: Path) -> int:
    """Remove the files that no receipt names, or no longer; returns how many. Call it under the lock only."""
    receipts, rewritings = read_receipts(root)
    list_receipts(root)
    named = {root / part.file.path for part in RecordStore(root, 0, receipts, rewritings).every_part()}
    left = set(root.rglob("*.parquet")) - named
    for path in left:
        path.unlink()
    return len(left)


def summary(store: RecordStore) -> list[Mapping[str, object]]:
    """Per source: rows = accepted + quarantined, the broken rules, how many rows found their owner, freshness.

    ``mended`` rows were delivered twice, first broken and then corrected: they count where they came last.
    """
    kinds = [kind for kind in KINDS if kind in store.delivered]
    return [_source_summary(store, kind) for kind in [*kinds, *sorted(store.delivered - set(KINDS))]]


def _source_summary(store: RecordStore, kind: str) -> Mapping[str, object]:
    files = [entry for receipt in store.receipts for entry in receipt.files if entry.kind == kind]
    released = [each for receipt in store.receipts for each in receipt.released if each.kind == kind]
    facts = [receipt.facts[kind] for receipt in store.receipts if kind in receipt.facts]
    rules: dict[str, int] = {}
    for entry in files:
        for rule, rows in entry.rules.items():
            rules[rule] = rules.get(rule, 0) + rows
    for each in released:
        rules[each.rule] -= each.rows
    late = sum(each.rows for each in released)
    came_back = [each for receipt in store.receipts for each in receipt.mended if each.kind == kind]
    for back in came_back:
        for rule, rows in back.rules.items():
            rules[rule] -= rows
    mended = sum(len(back.rows) for back in came_back)
    owned = sum(each.rows_with_owner for each in facts)
    first = [each.first_month for each in facts if each.first_month]
    last = [each.last_month for each in facts if each.last_month]
    days = store.known_days(kind)
    return {
        "name": kind,
        "rows": sum(entry.rows for entry in files) - mended,
        "accepted": sum(entry.accepted for entry in files) + late,
        "quarantined": sum(entry.quarantined for entry in files) - late - mended,
        "mended": mended,
        "rules": {rule: rows for rule, rows in sorted(rules.items()) if rows},
        "match_rate": (sum(each.rows_matched for each in facts) + late) / owned if owned else None,
        "last_known_on": days[-1].isoformat() if days else None,
        "months": [f"{min(first):%Y-%m}", f"{max(last):%Y-%m}"] if first and last else None,
    }


def _damage(path: Path, file: StoredFile) -> str | None:
    if not path.is_file():
        return "is missing"
    if sha256_of(path) != file.sha256:
        return "has changed (its sha256 differs)"
    rows = pq.read_metadata(path).num_rows
    return None if rows == file.rows else f"holds {rows:,} rows where the receipt says {file.rows:,}"
