"""Everything that is kept under a pseudonym goes over to the next version of it: the record store, then the rows.

A pseudonym of the next version is made from the one before it (``engine.identity``), so that everybody is led over,
whether or not a number of theirs is still known here. Buckets go by pseudonym: every row moves to the bucket of its
owner's new one. Each row keeps the delivery that it came in with, in every bucket, so that the store as it was
known on a past night can still be cut out of it.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session

from engine.errors import IntegrityError
from engine.files import remove_unfinished
from engine.homes import bucket_of
from engine.identity import renewed
from engine.intake.parse import DOMAINS
from engine.intake.shelf import Shelf
from engine.receipts import Rewriting, RewrittenFile, Role
from engine.recordstore import BROUGHT_BY, Part, RecordStore, remove_unnamed
from engine.rewriting import stored
from engine.tables import pseudonym_columns
from features.records import KEYS, KINDS

WHAT: Final = "pseudonyms"
"""What a note of rewriting is called that this module made."""
STAGING: Final = ".renaming"
NOBODY: Final = "erased-"
"""How a number begins that stands for an erased household; it is no pseudonym."""


def why_of(mark: str) -> str:
    """The sentence in the note, which tells the fingerprint of the keys."""
    return f"the key of pseudonyms was changed (now {mark}): everybody has another number"


def renamed_store(store: RecordStore, keys: Sequence[bytes], *, mark: str, now: datetime) -> Rewriting:
    """Write the files of a store under the next version of its pseudonyms; the note that makes them count.

    Until it is written nobody reads them. Call it under the lock only. Raises IntegrityError, before anything is
    written, where a stored file is damaged, and where two pseudonyms would become one.
    """
    remove_unfinished(store.root)
    remove_unnamed(store.root)
    store = store.again()
    for damage in store.verify():
        raise IntegrityError(f"{store.root / damage.path}: {damage.what}", "Run xunfang repair first.")
    work = _Work(store, keys)
    try:
        for kind in KINDS:
            work.waiting(kind)
            work.records(kind)
    finally:
        shutil.rmtree(store.root / STAGING, ignore_errors=True)
    return Rewriting(
        sequence=work.sequence,
        what=WHAT,
        why=why_of(mark),
        made_at=now,
        replaced=tuple(sorted(work.replaced)),
        stored=tuple(work.stored),
        removed={},
        after=max((receipt.sequence for receipt in store.receipts), default=0),
    )


def rename_rows(session: Session, keys: Sequence[bytes]) -> int:
    """Lead every pseudonym in the tables over (the vault sees to its own); returns how many values changed.

    Raises IntegrityError where two would become one.
    """
    changed = 0
    for table, column, domain in pseudonym_columns():
        statement = sa.select(column).where(column.is_not(None)).distinct().order_by(column)
        found = [each for each in session.execute(statement).scalars() if not each.startswith(NOBODY)]
        became = renewed(keys, len(keys) - 1, domain, pl.Series(found, dtype=pl.String))
        if found:
            update = sa.update(table).where(column == sa.bindparam("was")).values({column: sa.bindparam("becomes")})
            pairs = zip(found, became, strict=True)
            session.connection().execute(update, [{"was": was, "becomes": becomes} for was, becomes in pairs])
        changed += len(found)
    return changed


@dataclass
class _Work:
    """The store on its way over; ``keys`` are those of the new version, the last one being the new key."""

    store: RecordStore
    keys: Sequence[bytes]
    stored: list[RewrittenFile] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Who arrived in which bucket with which delivery, under the new pseudonyms."""
        nobody = pl.DataFrame(schema={"person_id": pl.String, "household_id": pl.String, BROUGHT_BY: pl.UInt32})
        members = pl.concat([nobody, *(rows.select(nobody.columns) for _, rows in self._own("member"))])
        _refuse_one_for_two(self.keys, self._names())
        there = members.with_columns(bucket_of("household_id", self.store.bucket_count).alias("there"))
        self.arrivals = there.group_by("person_id", "there").agg(pl.col(BROUGHT_BY).min().alias("since"))
        first = self.arrivals.sort("since", "there").unique("person_id", keep="first", maintain_order=True)
        self.home = first.select("person_id", first="there")

    @property
    def sequence(self) -> int:
        """The number of the note."""
        return 1 + max((note.sequence for note in self.store.rewritings), default=0)

    def records(self, kind: str) -> None:
        """The rows of a kind into their new buckets, and the keys of which there are several versions."""
        shelf = Shelf(self.store.root / STAGING / kind)
        nothing, taken = None, 0
        for bucket, rows in self._own(kind):
            placed = self._placed(rows, bucket)
            nothing = placed.clear() if nothing is None else nothing
            taken += rows.height
            shelf.add(placed)
        written = 0
        for bucket in shelf.buckets():
            assert nothing is not None
            rows = shelf.take(bucket, nothing).drop("bucket_")
            rows = rows.sort(*KEYS[kind], BROUGHT_BY, "known_on", "delivery_id", "seq", maintain_order=True)
            self._write("records", kind, bucket, rows)
            written += rows.height - int(rows["copied"].sum())
            self._write("revised", kind, bucket, _revised(kind, rows))
        if written != taken:
            raise RuntimeError(f"{kind}: {taken} rows were to be led over, and {written} were")
        self.replaced += [part.file.path for role in ("records", "revised") for part in self._parts(role, kind)]

    def waiting(self, kind: str) -> None:
        """The rows whose owner is unknown: each file holds all that waited then, so that they stay apart."""
        for part in self.store.parts("waiting", kind, None):
            rows = self._renewed(self.store.scan([part], brought_by=True).collect())
            self._write("waiting", kind, None, rows, part.brought)
            self.replaced.append(part.file.path)

    def _parts(self, role: Role, kind: str) -> list[Part]:
        return [part for bucket in self.store.buckets() for part in self.store.parts(role, kind, bucket)]

    def _own(self, kind: str) -> Iterator[tuple[int, pl.DataFrame]]:
        """The rows of a kind that are no copies, bucket by bucket, under their new pseudonyms."""
        for bucket in self.store.buckets():
            parts = self.store.parts("records", kind, bucket)
            if parts:
                rows = self.store.scan(parts, brought_by=True).filter(~pl.col("copied"))
                yield bucket, self._renewed(rows.collect(engine="streaming"))

    def _renewed(self, rows: pl.DataFrame) -> pl.DataFrame:
        names = [name for name in DOMAINS if name in rows.columns]
        return rows.with_columns(
            renewed(self.keys, len(self.keys) - 1, DOMAINS[name], rows[name]).alias(name) for name in names
        )

    def _names(self) -> dict[str, pl.Series]:
        """Every pseudonym in the store, by domain, as it is now."""
        found: dict[str, list[pl.Series]] = {}
        for kind in KINDS:
            parts = self._parts("records", kind) + self.store.parts("waiting", kind, None)
            for name in (name for name in DOMAINS if name in KINDS[kind].column_names() and parts):
                ids = pl.concat(self.store.scan([part]).select(name) for part in parts)
                unique = ids.drop_nulls().unique().collect(engine="streaming").to_series()
                found.setdefault(DOMAINS[name], []).append(unique.rename("id"))
        return {domain: pl.concat(each).unique() for domain, each in found.items()}

    def _placed(self, rows: pl.DataFrame, bucket: int) -> pl.DataFrame:
        """Rows with ``bucket_``, and a copy of each for every other bucket of its person.

        Who is a member of nothing any more stays in the bucket of this number.
        """
        places = [pl.lit(bucket, pl.UInt16)]
        if "person_id" in rows.columns:
            rows = rows.join(self.home, on="person_id", how="left", maintain_order="left")
            places.insert(0, pl.col("first"))
        if "household_id" in rows.columns:
            house = bucket_of("household_id", self.store.bucket_count)
            places.insert(0, pl.when(pl.col("household_id").is_not_null()).then(house))
        placed = rows.with_columns(pl.coalesce(places).alias("bucket_"))
        if "person_id" not in rows.columns:
            return placed
        placed = placed.drop("first")
        copies = placed.join(self.arrivals, on="person_id", maintain_order="left")
        copies = copies.filter(pl.col("there") != pl.col("bucket_")).with_columns(
            pl.max_horizontal(BROUGHT_BY, "since").alias(BROUGHT_BY),
            copied=pl.lit(value=True),
            bucket_=pl.col("there"),
        )
        return pl.concat([placed, copies.select(placed.columns)])

    def _write(
        self, role: Role, kind: str, bucket: int | None, rows: pl.DataFrame, brought: tuple[int, ...] | None = None
    ) -> None:
        if not rows.height and role != "waiting":
            return
        name = f"+{self.sequence:06d}-{len(self.stored):05d}.parquet"
        came = brought or tuple(rows[BROUGHT_BY].unique().sort())
        self.stored.append(
            stored(self.store.root, rows, role=role, kind=kind, bucket=bucket, name=name, brought=came)
        )


def _revised(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The keys of sorted rows that have more than one version, with each delivery that brought a later one."""
    keys = list(KEYS[kind])
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in keys)
    again = rows.filter(same & (pl.int_range(pl.len()) > 0)).select(*keys, BROUGHT_BY)
    return again.unique(maintain_order=True)


def _refuse_one_for_two(keys: Sequence[bytes], names: dict[str, pl.Series]) -> None:
    """Raise IntegrityError where two would become one, or a new pseudonym is somebody else's old one."""
    for domain, ids in names.items():
        made = renewed(keys, len(keys) - 1, domain, ids)  # type: ignore[arg-type]
        if made.is_in(ids.implode()).any():
            raise IntegrityError(
                "a new pseudonym is that of somebody else; nothing was changed", "Run the command again."
            )
