"""One delivery from its folder into the record store: whole, or not at all."""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from engine.audit import AuditLog
from engine.errors import SourceError
from engine.homes import Homes, bucket_of
from engine.identity import EmployerKind, IdKind
from engine.intake.account import Account
from engine.intake.description import Description
from engine.intake.door import Consents, Door, refuse_columns
from engine.intake.manifest import IDENTITY, Delivery
from engine.intake.mapping import Mapper, without
from engine.intake.mending import Mending
from engine.intake.parse import DOMAINS, Parser, Pseudonymiser
from engine.intake.quarantine import seal_rows
from engine.intake.read import ahead, blocks
from engine.intake.roster import HOMELESS, UNKNOWN, refuse_strangers, settle_roster, told, without_duplicates
from engine.intake.shelf import Shelf
from engine.intake.stock import Stock
from engine.intake.working import in_place, nothing, of_earlier, of_file, rows_by_file
from engine.keys import Keys
from engine.receipts import Receipt, write_receipt
from engine.recordstore import RecordStore, remove_unnamed
from engine.settings import Home
from engine.vault import FIELDS, Vault
from features.records import KEYS, KINDS, REQUIRED_KINDS

STAGING: Final = ".staging"
ERASED: Final = "erased"
"""The rule of a row about somebody whom the home has forgotten."""
Progress = Callable[[str, int, int], None]
"""Called with the stage, the steps done and the steps in all."""


@dataclass(frozen=True)
class Rules:
    """How a delivery is read: whose numbers, how much may be broken before it is refused, which descriptions.

    ``erased``: the digests of those whom the home has forgotten. ``consents``: who has agreed to what on the day of
    the delivery.
    """

    person_ids: IdKind
    reject_limit: float
    tolerated_rows: int
    descriptions: Mapping[str, Description] = field(default_factory=dict)
    erased: Collection[str] = ()
    employer_ids: EmployerKind = "free"
    consents: Consents = field(default_factory=Consents)


def take_delivery(
    home: Home,
    store: RecordStore,
    delivery: Delivery,
    *,
    keys: Keys,
    rules: Rules,
    database: sa.Engine,
    log: AuditLog,
    progress: Progress,
) -> Receipt:
    """Read, check, write, and leave the receipt; on any exception nothing of the delivery is in the store.

    It is noted in the audit log just before the receipt makes it count: an interruption between the two leaves an
    entry for a delivery that is taken in again, never a delivery without an entry.
    """
    shutil.rmtree(home.quarantine / delivery.id, ignore_errors=True)
    mending = Mending.of(home, keys.vault, store.receipts, delivery)
    pseudonymiser = Pseudonymiser(keys.pseudonym, rules.person_ids, rules.employer_ids, keys.pseudonym_before)
    taking = _Taking(store, delivery, rules, pseudonymiser, mending, progress=progress)
    try:
        taking.stage_b()
        taking.records()
        identities = taking.identities()
        taking.door.refuse()
        for file, broken in taking.account.broken().sort("row_").partition_by("file_", as_dict=True).items():
            seal_rows(home, keys.vault, delivery, taking.account.entries[file[0]].name, broken)
        taking.account.check_limit(rules.reject_limit, rules.tolerated_rows)
        receipt = taking.receipt()
        if identities.height:
            Vault(database, keys.vault).store(identities)
        log.note("delivery taken in", "delivery", _noted(receipt))
        write_receipt(store.root, receipt)
        return receipt
    except BaseException:
        remove_unreceipted(store)
        raise
    finally:
        shutil.rmtree(store.root / STAGING, ignore_errors=True)


def remove_unreceipted(store: RecordStore) -> int:
    """Remove what interrupted deliveries left in the store; returns how many files. Call it under the lock only."""
    shutil.rmtree(store.root / STAGING, ignore_errors=True)
    return remove_unnamed(store.root)


def _noted(receipt: Receipt) -> dict[str, Any]:
    """What the audit log keeps of a delivery: which, its content, and what became of its rows."""
    return {
        "delivery_id": receipt.delivery_id,
        "delivered_on": receipt.delivered_on.isoformat(),
        "content": receipt.content,
        "files": {each.name: [each.rows, each.accepted, each.quarantined] for each in receipt.files},
    }


class _Taking:
    """The state of one delivery on its way in."""

    def __init__(
        self,
        store: RecordStore,
        delivery: Delivery,
        rules: Rules,
        pseudonymiser: Pseudonymiser,
        mending: Mending,
        *,
        progress: Progress,
    ) -> None:
        self.account = Account(delivery)
        self.door = Door(delivery, pseudonymiser, rules.consents)
        self._store, self._delivery, self._mending, self._progress = store, delivery, mending, progress
        self._stock = Stock(store, delivery.id)
        self._pseudonymiser = pseudonymiser
        self._erased = frozenset(rules.erased)
        named = sorted({entry.source for entry in self.account.entries if entry.source})
        self._described = {name: rules.descriptions[name] for name in named}
        self._owned: dict[str, tuple[int, int]] = {}
        self._read = 0

    def stage_b(self) -> None:
        """The files of stage-B kinds: counted, and read for nothing but whose they are."""
        for file, rows, blank_lines, kept_out in self.door.files():
            self.account.came_in(file, rows, blank_lines)
            self.account.set_aside(kept_out.with_columns(file_=pl.lit(file, pl.UInt32)))
            self._check_rows(file)

    def records(self) -> None:
        """Everything but the identities, the roster first."""
        homes = self._roster()
        movers = Movers(self._store, homes)
        places, households = homes.places(), homes.household_places()
        roster_came = not self._delivery.kinds.isdisjoint(REQUIRED_KINDS)
        for kind in KINDS:
            if kind in REQUIRED_KINDS:
                continue
            shelf = self._shelf(kind)
            if kind in self._delivery.kinds or (roster_came and self._store.waiting(kind) is not None):
                self._settle(kind, shelf, places, households, movers)
            movers.bring(kind, shelf)
            self._write(kind, shelf)
        self._stock.finish()

    def identities(self) -> pl.DataFrame:
        """The versions of identities, as the vault takes them."""
        parts = [nothing(IDENTITY), *(in_place(IDENTITY, rows) for rows in self._parsed(IDENTITY))]
        self._progress("read", self._read, self._read)
        rows = without_duplicates(IDENTITY, pl.concat(parts), self.account)
        self.account.went_in(rows_by_file(rows))
        self._stock.note(IDENTITY, rows)
        kept = [pl.when(~pl.col("void")).then(pl.col(name)).alias(name) for name in FIELDS]
        person = pl.col("person_id").is_not_null()
        return rows.select(
            pl.coalesce("person_id", "household_id").alias("subject"),
            pl.when(person).then(pl.lit("person")).otherwise(pl.lit("household")).alias("kind"),
            "valid_from",
            "known_on",
            "delivery_id",
            *kept,
        )

    def receipt(self) -> Receipt:
        """What became of the delivery; raises RuntimeError where a row is unaccounted for."""
        kinds = {entry.kind for entry in self.account.entries}
        return Receipt(
            sequence=1 + max((receipt.sequence for receipt in self._store.receipts), default=0),
            delivery_id=self._delivery.id,
            delivered_on=self._delivery.manifest.delivered_on,
            content=self._delivery.content,
            files=tuple(self.account.receipts()),
            stored=tuple(self._stock.stored),
            released=tuple(self._stock.releases),
            descriptions={name: each.text for name, each in self._described.items()},
            facts={kind: self._stock.facts(kind, *self._owned.get(kind, (0, 0))) for kind in sorted(kinds)},
            mended=self._mending.mended(),
        )

    def _shelf(self, kind: str) -> Shelf:
        return Shelf(self._store.root / STAGING / kind)

    def _roster(self) -> Homes:
        """Settle and write households and members, where the delivery has any; who lives where afterwards."""
        if self._delivery.kinds.isdisjoint(REQUIRED_KINDS):
            return self._store.homes
        bucket = bucket_of("household_id", self._store.bucket_count).alias("bucket_")
        shelves = {kind: self._shelf(kind) for kind in REQUIRED_KINDS}
        for kind, shelf in shelves.items():
            for rows in chain(self._waiting(kind), self._parsed(kind)):
                shelf.add(in_place(kind, rows.with_columns(bucket)))
        settled = settle_roster(self._store, shelves, self.account)
        movers = Movers(self._store, settled.homes)
        areas = settled.homes.household_places().select("household_id", pl.col("area").alias("area_"))
        for kind, rows in settled.rows.items():
            placed = rows.drop("area_").join(areas, on="household_id", how="left", maintain_order="left")
            shelves[kind].add(in_place(kind, placed))
            if kind == "member":
                movers.spread(kind, placed, shelves[kind])
                movers.bring(kind, shelves[kind])
            self._write(kind, shelves[kind])
            self._stock.write_waiting(kind, settled.waiting[kind])
            lost = settled.waiting[kind]["file_"].count()
            self._owned[kind] = (rows["file_"].count() + lost, rows["file_"].count())
        return settled.homes

    def _settle(
        self, kind: str, shelf: Shelf, places: pl.DataFrame, households: pl.DataFrame, movers: "Movers"
    ) -> None:
        """Put the rows of a kind whose owner is known on the shelf; the others wait."""
        late, met = [nothing(kind)], 0
        key_has_owner = not {"person_id", "household_id"}.isdisjoint(KEYS[kind])
        whole = [nothing(kind)]
        for rows in chain(self._waiting(kind), self._parsed(kind)):
            placed = _placed(kind, rows, places, households)
            known = placed.drop_nulls("bucket_")
            late.append(placed.filter(pl.col("bucket_").is_null()))
            met += known["file_"].count()
            if key_has_owner:
                shelf.add(known)
                movers.spread(kind, known, shelf)
            else:
                whole.append(known)
        if not key_has_owner:
            known = without_duplicates(kind, pl.concat(whole), self.account)
            shelf.add(known)
            movers.spread(kind, known, shelf)
        waiting = _told(pl.concat(late))
        refuse_strangers(kind, met, waiting, self.account, self._store)
        self.account.set_aside(waiting)
        self._stock.write_waiting(kind, waiting)
        self._owned[kind] = (met + waiting["file_"].count(), met)

    def _write(self, kind: str, shelf: Shelf) -> None:
        buckets = shelf.buckets()
        for done, bucket in enumerate(buckets):
            self._progress(f"write {kind}", done, len(buckets))
            rows = without_duplicates(kind, shelf.take(bucket, nothing(kind)), self.account)
            self.account.went_in(self._stock.write(kind, bucket, rows))
        if buckets:
            self._progress(f"write {kind}", len(buckets), len(buckets))

    def _waiting(self, kind: str) -> Iterator[pl.DataFrame]:
        rows = self._store.waiting(kind)
        if rows is not None:
            yield of_earlier(rows, copied=False)

    def _parsed(self, kind: str) -> Iterator[pl.DataFrame]:
        """The rows of a kind that break no rule of their own, block by block; the others are set aside."""
        total = sum((self._delivery.folder / entry.name).stat().st_size for entry in self.account.entries)
        for file, entry in enumerate(self.account.entries):
            if entry.kind != kind:
                continue
            parser = Parser(
                kind, entry.name, self._delivery.id, self._delivery.manifest.delivered_on, self._pseudonymiser
            )
            described = self._described[entry.source] if entry.source else None
            mapper = Mapper(described, entry.name, self._delivery.manifest.delivered_on)
            self.account.came_in(file, 0, 0)
            path = self._delivery.folder / entry.name
            for block in ahead(blocks(path, entry.proves_length, entry.shape), path.stat().st_size):
                self._progress("read", self._read, total)
                frame, idle = self._mending.take(file, block.frame)
                refuse_columns(f"{self._delivery.id}: {entry.name}", frame.columns)
                frame, unmapped = mapper.apply(frame)
                frame, kept_out = self.door.sort_out(kind, entry.name, frame)
                unmapped = without(unmapped, kept_out)
                frame = without(frame, unmapped)
                parser.check_columns(frame)
                parsed = parser.parse(mapper.dated(frame), serial_dates=block.serial_dates)
                good, broken = mapper.whole_rows(*self._without_erased(*parsed))
                torn = pl.DataFrame(list(block.broken), schema=broken.schema, orient="row")
                self.account.came_in(file, block.rows, block.blank_lines)
                lost = pl.concat([kept_out, unmapped, broken, torn, idle])
                self.account.set_aside(lost.with_columns(file_=pl.lit(file, pl.UInt32)))
                self._read += block.size
                yield of_file(good, file)
            mapper.check_kinds_of_columns()
            parser.check_kinds_of_columns()
            self.account.columns[file] = mapper.columns
            self.account.alerts[file] = parser.alerts
            self._check_rows(file)

    def _without_erased(self, good: pl.DataFrame, broken: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Set the rows aside of whom the home has forgotten."""
        names = [name for name in ("person_id", "household_id", "kin_id") if name in good.columns]
        if not self._erased or not names:
            return good, broken
        known = {
            name: self._pseudonymiser.forgotten(DOMAINS[name], good[name].drop_nulls().unique(), self._erased)
            for name in names
        }
        held = pl.any_horizontal(
            pl.col(name).is_in(ids.implode()).fill_null(value=False) for name, ids in known.items()
        )
        told = good.filter(held).select("row_", pl.lit(ERASED).alias("rule"))
        return good.filter(~held), pl.concat([broken, told])

    def _check_rows(self, file: int) -> None:
        entry, found = self.account.entries[file], self.account.rows[file]
        if entry.rows is not None and entry.rows != found:
            raise SourceError(
                f"{self._delivery.id}: {entry.name} holds {found:,} rows where the manifest says {entry.rows:,}",
                "The file was cut or changed, or a quotation mark is not closed. Ask for the delivery again.",
            )


class Movers:
    """Persons whose households lie in several buckets: each of these holds all that is known of them."""

    def __init__(self, store: RecordStore, homes: Homes) -> None:
        self._store = store
        now = homes.person_buckets()
        self._several = now.filter(pl.len().over("person_id") > 1)
        self._arrived: Mapping[int, pl.DataFrame] = {}
        if homes is store.homes or not self._several.height:
            return  # nobody came into another bucket
        before = store.homes.person_buckets()
        source = before.group_by("person_id").agg(pl.col("bucket").min().alias("source"))
        arrived = self._several.join(before, on=["person_id", "bucket"], how="anti")
        arrived = arrived.join(source, on="person_id").sort("source", "person_id", "bucket")
        parts = arrived.partition_by("source", as_dict=True, maintain_order=True)
        self._arrived = {int(bucket): persons for (bucket,), persons in parts.items()}

    def spread(self, kind: str, rows: pl.DataFrame, shelf: Shelf) -> None:
        """Copy new rows of such persons to their other buckets."""
        if self._several.height and "person_id" in rows.columns:
            copies = rows.join(self._several, on="person_id", maintain_order="left")
            elsewhere = copies.filter(pl.col("bucket") != pl.col("bucket_"))
            shelf.add(in_place(kind, elsewhere.with_columns(bucket_=pl.col("bucket"), copied=pl.lit(value=True))))

    def bring(self, kind: str, shelf: Shelf) -> None:
        """Copy the older rows of persons who are new in a bucket there."""
        if "person_id" not in KINDS[kind].column_names():
            return
        for source, persons in self._arrived.items():
            older = self._store.records(kind, [source]).drop("copied")
            met = older.join(persons.lazy().select("person_id", bucket_="bucket"), on="person_id")
            shelf.add(in_place(kind, of_earlier(met.collect(engine="streaming"), copied=True)))


def _placed(kind: str, rows: pl.DataFrame, places: pl.DataFrame, households: pl.DataFrame) -> pl.DataFrame:
    """Rows with bucket and area of their owner, null where nobody knows the owner."""
    found = []
    for name, table in (("person_id", places), ("household_id", households)):
        if name in rows.columns:
            here = table.join(rows.select(name).unique(), on=name, how="semi")
            here = here.rename({"bucket": f"bucket_{name}", "area": f"area_{name}"})
            rows = rows.join(here, on=name, how="left", maintain_order="left")
            found.append(name)
    placed = rows.with_columns(
        pl.coalesce(f"bucket_{name}" for name in found).alias("bucket_"),
        pl.coalesce(f"area_{name}" for name in found).alias("area_"),
    )
    return in_place(kind, placed)


def _told(late: pl.DataFrame) -> pl.DataFrame:
    """Rows without a known owner, with the rule that says so."""
    if "person_id" not in late.columns:
        return told(late, UNKNOWN)
    person = pl.col("person_id").is_not_null()
    return pl.concat([told(late.filter(person), HOMELESS), told(late.filter(~person), UNKNOWN)])
