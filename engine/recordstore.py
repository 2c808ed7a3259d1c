"""The record store: every version of every accepted record, as Parquet files in buckets by household.

One bucket holds everything about its households, so that a night is one pure function mapped over buckets. An open
store is a picture of the deliveries that had a receipt at that moment: what is taken in later does not change it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

import polars as pl

from engine.errors import HomeError, IntegrityError
from engine.files import sha256_of, write_text
from engine.homes import Homes, homes_of
from engine.keys import Keys
from engine.receipts import Receipt, Role, StoredFile, read_receipts
from engine.settings import Home
from features.records import KEYS, KINDS, REQUIRED_KINDS
from features.sources import Sources, empty

FORMAT: Final = 1
HOUSEHOLDS_A_BUCKET: Final = 20_000
DEFAULT_BUCKETS: Final = 16
LAYOUT: Final = "store.json"

REPORTING_SCHEMA: Final = {
    "kind": pl.String,
    "area": pl.String,
    "month": pl.Date,
    "known_on": pl.Date,
    "rows": pl.Int64,
}


@dataclass(frozen=True)
class Damage:
    """A file of the store that is not what its receipt says."""

    path: str
    kind: str
    bucket: int | None
    what: str


def buckets_for(households: int | None) -> int:
    """How many buckets a home of this size gets, once and for all."""
    if households is None:
        return DEFAULT_BUCKETS
    return max(1, -(-households // HOUSEHOLDS_A_BUCKET))


@dataclass(frozen=True)
class RecordStore:
    """A picture of the store. ``deliveries`` arguments cut it to what a past night had (None = all of it)."""

    root: Path
    bucket_count: int
    receipts: tuple[Receipt, ...]

    @classmethod
    def open(cls, home: Home, keys: Keys | None = None) -> "RecordStore":
        """The store of a home; raises HomeError where nothing has been taken in, IntegrityError for wrong keys."""
        path = home.records / LAYOUT
        try:
            layout = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise HomeError(
                f"{home.root}: no records have been taken in", "Put a delivery into inbox/ and run: xunfang check"
            ) from None
        except ValueError:
            raise IntegrityError(f"{path}: is damaged", "Put it back from a backup of the home.") from None
        if layout["format"] != FORMAT:
            raise HomeError(f"{path}: this store was made by another version", "Use the version that made it.")
        if keys is not None and layout["keys"] != keys.fingerprints():
            raise IntegrityError(
                f"{home.keys}: these are not the keys that the records were made with",
                "Put the key files back from their backup.",
            )
        return cls(home.records, layout["buckets"], read_receipts(home.records))

    @classmethod
    def create(cls, home: Home, keys: Keys, buckets: int) -> "RecordStore":
        """An empty store; the number of buckets stays as long as the home."""
        layout = {"format": FORMAT, "buckets": buckets, "keys": keys.fingerprints()}
        write_text(home.records / LAYOUT, json.dumps(layout, indent=1, sort_keys=True) + "\n")
        return cls.open(home, keys)

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
        kinds = self.kinds(deliveries)
        frames = {
            kind: self._scan(self._files("records", kind, bucket, deliveries), kind).drop("copied")
            for kind in kinds
        }
        revised = {kind: self._revised(self._files("revised", kind, bucket, deliveries), kind) for kind in kinds}
        return Sources(frames, revised)

    def records(self, kind: str, buckets: Collection[int] | None = None) -> pl.LazyFrame:
        """All versions of a kind in some buckets, with ``copied`` (True on copies of another bucket's rows)."""
        files = [
            file
            for bucket in (self.buckets() if buckets is None else sorted(buckets))
            for file in self._files("records", kind, bucket)
        ]
        return self._scan(files, kind)

    def reporting(self, deliveries: Collection[str] | None = None) -> pl.DataFrame:
        """How many rows each source has reported: ``kind, area, month, known_on, rows``."""
        files = self._files("reporting", "", None, deliveries)
        if not files:
            return pl.DataFrame(schema=REPORTING_SCHEMA)
        keys = ["kind", "area", "month", "known_on"]
        counts = pl.concat(pl.read_parquet(self.root / file.path, glob=False) for file in files)
        return counts.group_by(keys).agg(pl.col("rows").sum()).sort(keys)

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
        files = self._files("waiting", kind, None)
        return pl.read_parquet(self.root / files[-1].path, glob=False) if files and files[-1].rows else None

    def verify(self) -> list[Damage]:
        """Compare every file with its receipt; an empty list means that nothing has changed."""
        damaged = []
        for file in (file for receipt in self.receipts for file in receipt.stored):
            what = _damage(self.root / file.path, file)
            if what is not None:
                damaged.append(Damage(file.path, file.kind, file.bucket, what))
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
    def _index(self) -> Mapping[tuple[str, str, int | None], list[tuple[str, StoredFile]]]:
        index: dict[tuple[str, str, int | None], list[tuple[str, StoredFile]]] = {}
        for receipt in self.receipts:
            for file in receipt.stored:
                index.setdefault((file.role, file.kind, file.bucket), []).append((receipt.delivery_id, file))
        return index

    def _files(
        self, role: Role, kind: str, bucket: int | None, deliveries: Collection[str] | None = None
    ) -> list[StoredFile]:
        """The files of one role, kind and bucket, in the order in which they were taken in."""
        found = self._index.get((role, kind, bucket), [])
        if deliveries is None:
            return [file for _, file in found]
        seen = {receipt.delivery_id for receipt in self._seen(deliveries)}
        return [file for delivery_id, file in found if delivery_id in seen]

    def _scan(self, files: list[StoredFile], kind: str) -> pl.LazyFrame:
        if not files:
            return empty(kind).with_columns(pl.lit(value=False).alias("copied"))
        return pl.scan_parquet([self.root / file.path for file in files], glob=False)

    def _revised(self, files: list[StoredFile], kind: str) -> pl.DataFrame:
        keys = empty(kind).select(KEYS[kind]).collect()
        if not files:
            return keys
        return pl.concat([keys, *(pl.read_parquet(self.root / file.path, glob=False) for file in files)]).unique()


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
    rows = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    return None if rows == file.rows else f"holds {rows:,} rows where the receipt says {file.rows:,}"
