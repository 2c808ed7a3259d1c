"""The deliveries that carry decisions: accepted rows with their numbers, and rows that are withdrawn again.

They lie in the inbox like a department's and hold identities as these do. The same decision writes the same bytes.
"""

import csv
import io
import json
import shutil
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlmodel import col, select

from engine.db import reading
from engine.errors import IntegrityError, UsageError
from engine.files import named_errors, write_bytes, write_text
from engine.intake.mending import ASIDE, MENDS
from engine.intake.parse import OURS, SCHEMAS
from engine.intake.quarantine import open_rows
from engine.linkage.evidence import PURPOSE, Opener, OpenFile
from engine.receipts import FileReceipt, Receipt
from engine.recordstore import RecordStore
from engine.setaside import cell
from engine.tables import LinkageProposal
from engine.vault import VaultReader
from engine.workplace import Workplace

BOM: Final = b"\xef\xbb\xbf"


def carried_by(chosen: Sequence[LinkageProposal], row: LinkageProposal) -> str:
    """The name of the delivery that carries a row: one per corrected delivery, after its first proposal."""
    return f"linked-{min(each.id or 0 for each in chosen if each.delivery_id == row.delivery_id)}"


def withdrawn_by(row: LinkageProposal) -> str:
    """The name of the delivery that withdraws a row."""
    return f"unlinked-{row.id}"


def finish(place: Workplace, store: RecordStore) -> None:
    """Write the deliveries of decisions that are made and were interrupted before they were written."""
    with reading(place.database) as session:
        made = list(session.exec(select(LinkageProposal).where(col(LinkageProposal.carried_by).is_not(None))))
    taken = set(store.deliveries())
    for name in sorted({str(each.carried_by) for each in made if each.state == "accepted"} - taken):
        if not (place.home.inbox / name).exists():
            carry(
                place, store, name, [each for each in made if (each.carried_by, each.state) == (name, "accepted")]
            )
    for each in made:
        name = withdrawn_by(each)
        if each.state == "undone" and name not in taken and not (place.home.inbox / name).exists():
            withdraw(place, store, each)


def number_of(place: Workplace, person_id: str) -> str:
    """The newest number by which the vault knows a person; UsageError where it has none any more."""
    versions = VaultReader(place.database, place.keys.vault, place.log).versions([person_id], PURPOSE)
    numbers = versions.drop_nulls("id_number")["id_number"]
    if not numbers.len():
        raise UsageError("the vault does not know the number of this person any more", "xunfang linkage propose")
    return str(numbers[-1])


def carry(place: Workplace, store: RecordStore, name: str, rows: Sequence[LinkageProposal]) -> None:
    """Write the delivery that mends some accepted rows of one delivery."""
    opener = Opener.of(place)
    receipt = _receipt(store, rows[0].delivery_id)
    files: dict[str, bytes] = {}
    entries: list[dict[str, Any]] = []
    for file in receipt.files:
        mine = {each.row: each for each in rows if each.file == file.name}
        if not mine:
            continue
        opened = _opened(place, opener, receipt, file, mine)
        own = [column for column in opened.columns if column not in ASIDE]
        table: list[list[str]] = [[MENDS, *own]]
        for row in sorted(mine):
            fields = dict(
                zip(opened.columns, opened.with_number(row, number_of(place, mine[row].person_id)), strict=True)
            )
            table.append([str(row), *(cell(fields[column]) for column in own)])
        target = f"{len(entries) + 1}-{file.kind}.csv"
        files[target] = _csv(table)
        described = {"source": file.source} if file.source else {}
        entries.append({"name": target, "kind": file.kind, "mends": file.name, "rows": len(mine)} | described)
    told = {"delivery_id": name, "delivered_on": day_of(rows[0]), "corrects": receipt.delivery_id, "files": entries}
    _write(place, told, files)


def withdraw(place: Workplace, store: RecordStore, row: LinkageProposal) -> None:
    """Write the delivery that withdraws the records of a row that went in and should not have."""
    receipt, went_in = _receipt(store, row.delivery_id), _receipt(store, str(row.carried_by))
    file = next(each for each in receipt.files if each.name == row.file)
    opened = _opened(place, Opener.of(place), receipt, file, {row.row: row})
    mapped = opened.mapped({row.row: number_of(place, row.person_id)}, went_in.delivered_on)
    ours = mapped.filter(pl.col("row_") == row.row).drop("row_")
    if "seq" not in ours.columns:
        ours = ours.with_columns(seq=pl.lit(None, dtype=pl.String))
    day = day_of(row)
    ours = ours.select(pl.all().cast(pl.String)).with_columns(
        pl.lit("true").alias("void"),
        pl.lit(day.isoformat()).alias("known_on"),
        (pl.col("seq").cast(pl.Int64, strict=False).fill_null(0) + 1).cast(pl.String).alias("seq"),
    )
    wanted = [name for name in SCHEMAS[file.kind].column_names() if name in ours.columns and name not in OURS]
    rows = [[value or "" for value in each] for each in ours.select(wanted).iter_rows()]
    target = f"1-{file.kind}.csv"
    entries = [{"name": target, "kind": file.kind, "rows": len(rows)}]
    told = {"delivery_id": withdrawn_by(row), "delivered_on": day, "files": entries}
    _write(place, told, {target: _csv([wanted, *rows])})


def take_back(place: Workplace, name: str) -> None:
    """Take a delivery of accepted rows out of the inbox that has not been taken in."""
    shutil.rmtree(place.home.inbox / name, ignore_errors=True)


def day_of(row: LinkageProposal) -> date:
    """The day of a decision, here."""
    assert row.decided_at is not None
    return row.decided_at.astimezone().date()


def _receipt(store: RecordStore, delivery_id: str) -> Receipt:
    return next(each for each in store.receipts if each.delivery_id == delivery_id)


def _opened(
    place: Workplace, opener: Opener, receipt: Receipt, file: FileReceipt, wanted: Iterable[int]
) -> OpenFile:
    """The file with the wanted rows, whether or not they have come back since."""
    rows = open_rows(place.home, place.keys.vault, receipt.delivery_id, file.name)
    opened = opener.opened(receipt, file, rows.filter(pl.col("row").is_in(sorted(wanted))))
    if opened is None or not set(wanted) <= opened.cells.keys():
        raise IntegrityError(
            f"{receipt.delivery_id}/{file.name}: a row whose linkage was decided cannot be read any more",
            "It was erased, or its source's description is gone: put the description back.",
        )
    return opened


def _write(place: Workplace, manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    """The delivery under a hidden name first: whoever looks into the inbox sees all of it or nothing."""
    name = str(manifest["delivery_id"])
    folder: Path = place.home.inbox / f".{name}"
    with named_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        for file, data in files.items():
            write_bytes(folder / file, data)
        write_text(folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1, default=str) + "\n")
        folder.rename(place.home.inbox / name)


def _csv(table: Sequence[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(table)
    return BOM + buffer.getvalue().encode("utf-8")
