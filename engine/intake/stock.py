"""Into the store: one file per kind, bucket and delivery, and beside it what readers need not count again."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from engine.files import sha256_of, write_parquet
from engine.intake.parse import ROW_KEYS, SCHEMAS
from engine.intake.working import rows_by_file
from engine.receipts import KindFacts, Release, Role, StoredFile
from engine.recordstore import REPORTING_SCHEMA, RecordStore
from features.calendar import reporting_counts
from features.records import HAPPENED, KEYS

DUPLICATE: Final = "duplicate_key"


def split_duplicates(kind: str, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows sorted by key, and all copies of those that are not unique by key and ``known_on`` in their delivery.

    Which of two such rows is right nobody can tell, so none of them is believed. With one record of a row goes the
    whole row.
    """
    if not rows.height:
        return rows, rows
    unique_by = [*ROW_KEYS[kind], "known_on", "delivery_id"]
    ordered = rows.sort([*unique_by, "seq"], maintain_order=True)
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in unique_by)
    same = same & (pl.int_range(pl.len()) > 0)
    twice = ordered.select((same | same.shift(-1, fill_value=False)).alias("twice"))["twice"]
    if not twice.any():
        return ordered, ordered.clear()
    whole = pl.struct("file_", "row_")
    named = ordered.filter(twice & ordered["file_"].is_not_null()).select(whole.unique()).to_series()
    gone = twice | ordered.select(whole.is_in(named.implode()) & pl.col("file_").is_not_null()).to_series()
    return ordered.filter(~gone), ordered.filter(gone)


@dataclass
class Stock:
    """Writes the accepted rows of one delivery and collects what its receipt will say about them."""

    store: RecordStore
    delivery_id: str
    stored: list[StoredFile] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    _reporting: list[pl.DataFrame] = field(default_factory=list)
    _months: dict[str, set[date]] = field(default_factory=dict)
    _known: dict[str, set[date]] = field(default_factory=dict)
    _blank: dict[str, Counter[str]] = field(default_factory=dict)
    _codes: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def write(self, kind: str, bucket: int, rows: pl.DataFrame) -> Mapping[int, int]:
        """Write the rows of one bucket (sorted by key) and return how many came from each file of the delivery."""
        if not rows.height:
            return {}
        columns = [*SCHEMAS[kind].column_names(), "copied"]
        copied = int(rows["copied"].sum())
        self._write("records", kind, bucket, rows.select(columns), copied)
        revised = self._revised(kind, bucket, rows)
        if revised.height:
            self._write("revised", kind, bucket, revised, 0)
        original = rows.filter(~pl.col("copied"))
        self.note(kind, original)
        if kind in HAPPENED:
            self._reporting.append(reporting_counts(kind, original.rename({"area_": "area"})))
        self._note_releases(kind, original)
        return rows_by_file(original.drop_nulls("file_"))

    def note(self, kind: str, rows: pl.DataFrame) -> None:
        """Remember months, days of knowledge, blanks and codes for the receipt."""
        self._known.setdefault(kind, set()).update(rows["known_on"].unique().to_list())
        if kind in HAPPENED:
            happened = rows[HAPPENED[kind]].drop_nulls()
            months = self._months.setdefault(kind, set())
            months.update(day.replace(day=1) for day in (happened.min(), happened.max()) if isinstance(day, date))
        columns = rows.select(SCHEMAS[kind].column_names())
        self._blank.setdefault(kind, Counter()).update(columns.null_count().row(0, named=True))
        coded = [name for name, dtype in columns.schema.items() if isinstance(dtype, pl.Enum)]
        met = columns.select(pl.col(name).drop_nulls().unique().implode() for name in coded)
        codes = self._codes.setdefault(kind, {})
        for name, found in (met.row(0, named=True) if coded else {}).items():
            codes.setdefault(name, set()).update(found)

    def write_waiting(self, kind: str, rows: pl.DataFrame) -> None:
        """Keep the rows whose owner is still unknown (all of them, of earlier deliveries too), for later ones."""
        if rows.height or self.store.waiting(kind) is not None:
            columns = [*SCHEMAS[kind].column_names(), "rule", "rows_"]
            self._write("waiting", kind, None, rows.select(columns).sort(columns), 0)

    def finish(self) -> None:
        """Write what the delivery reported, over all kinds and buckets."""
        if self._reporting:
            keys = [name for name in REPORTING_SCHEMA if name != "rows"]
            counts = pl.concat(self._reporting).group_by(keys).agg(pl.col("rows").sum()).sort(keys)
            self._write("reporting", "", None, counts, 0)

    def facts(self, kind: str, rows_with_owner: int, rows_matched: int) -> KindFacts:
        """What the receipt says of a kind."""
        months = self._months.get(kind)
        return KindFacts(
            rows_with_owner=rows_with_owner,
            rows_matched=rows_matched,
            first_month=min(months) if months else None,
            last_month=max(months) if months else None,
            known_days=tuple(sorted(self._known.get(kind, ()))),
            blank=dict(sorted(self._blank.get(kind, {}).items())),
            codes={name: tuple(sorted(found)) for name, found in sorted(self._codes.get(kind, {}).items())},
        )

    def _revised(self, kind: str, bucket: int, rows: pl.DataFrame) -> pl.DataFrame:
        """The keys of which this bucket now holds more than one version because of these rows (sorted by key)."""
        keys = list(KEYS[kind])
        same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in keys)
        again = rows.filter(same & (pl.int_range(pl.len()) > 0)).select(keys)
        before = self.store.records(kind, [bucket])
        if kind in HAPPENED and HAPPENED[kind] in keys:
            happened = rows[HAPPENED[kind]]
            before = before.filter(pl.col(HAPPENED[kind]).is_between(happened.min(), happened.max()))
        met = before.select(keys).join(rows.lazy().select(keys), on=keys, how="semi", nulls_equal=True)
        return pl.concat([again, met.collect(engine="streaming")]).unique().sort(keys)

    def _note_releases(self, kind: str, rows: pl.DataFrame) -> None:
        late = rows.filter(pl.col("rule_").is_not_null())
        counts = late.group_by("delivery_id", "rule_").agg(pl.col("rows_").cast(pl.Int64).sum()).sort(pl.all())
        for delivery_id, rule, count in counts.iter_rows():
            self.releases.append(Release(delivery_id=delivery_id, kind=kind, rule=rule, rows=count))

    def _write(self, role: Role, kind: str, bucket: int | None, frame: pl.DataFrame, copied: int) -> None:
        path = _path(role, kind, bucket, self.delivery_id)
        write_parquet(self.store.root / path, frame)
        self.stored.append(
            StoredFile(
                role=role,
                kind=kind,
                bucket=bucket,
                path=path.as_posix(),
                rows=frame.height,
                copied=copied,
                sha256=sha256_of(self.store.root / path),
            )
        )


def _path(role: Role, kind: str, bucket: int | None, delivery_id: str) -> Path:
    folder = Path(kind) if role == "records" else Path(role, kind)
    return (folder if bucket is None else folder / f"bucket={bucket:02d}") / f"{delivery_id}.parquet"
