"""Spoil files by a seed, take them in, and say what is not as it must be: ``python spoil_run.py SEED FIRST COUNT``.

Prints one line of JSON: files, rows, rows accepted and set aside, refusals, and every broken promise in words. The
process runs by itself so that an abort is seen as its exit code and a warning or traceback on its stderr.
"""

import contextlib
import json
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import spoil_books
import spoil_text
from builders import records
from deliveries import a_home, deliver
from spoil import PERSONS, WAYS, Spoilt, Table, sound_table

from engine.errors import XunfangError
from engine.intake.inbox import TakenIn, take_in
from engine.intake.quarantine import open_rows
from engine.keys import load_keys
from engine.receipts import FileReceipt
from engine.settings import Home

BATCH = 60
"""Files that one home takes in."""
ROWS = (120, 190)
assert spoil_text.WAYS is spoil_books.WAYS


@dataclass
class Told:
    """What came out of many files."""

    files: int = 0
    rows: int = 0
    accepted: int = 0
    quarantined: int = 0
    refused: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def main(seed: int, first: int, count: int) -> int:
    """Take in ``count`` files; the way of file ``n`` is the ``n``-th in turn."""
    told = Told()
    for start in range(first, first + count, BATCH):
        folder = Path(tempfile.mkdtemp(prefix="xunfang-spoil-"))
        try:
            _batch(folder, seed, range(start, min(start + BATCH, first + count)), told)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(json.dumps(told.__dict__, ensure_ascii=False) + "\n")
    return 0


def _batch(folder: Path, seed: int, numbers: range, told: Told) -> None:
    home = a_home(folder / "home", "gb11643")
    households = [{"household_id": f"H{number}"} for number in range(len(PERSONS))]
    members = [{"person_id": number, "household_id": f"H{place}"} for place, number in enumerate(PERSONS)]
    deliver(home, "d0", household=records("household", households), member=records("member", members))
    names, cases = list(WAYS), {}
    for number in numbers:
        way = names[number % len(names)]
        random = Random(f"{seed} {number}")
        table = sound_table(random, random.randint(*ROWS))
        cases[f"d{number + 1}"] = (way, table, WAYS[way](table, random))
        _deliver(home, f"d{number + 1}", cases[f"d{number + 1}"][2])
    try:
        result = take_in(home, buckets=1)
    except XunfangError as error:
        told.wrong.append(f"the whole inbox was refused: {error.message}")
        return
    stored = _stored(result)
    for delivery, (way, table, spoilt) in cases.items():
        told.files += 1
        for fault in _faults(home, result, delivery, spoilt, table, stored, told):
            told.wrong.append(f"seed {seed}, {delivery}, {way}: {fault}")


def _deliver(home: Home, name: str, spoilt: Spoilt) -> None:
    folder = home.inbox / name
    folder.mkdir()
    (folder / spoilt.name).write_bytes(spoilt.data)
    manifest = {
        "delivery_id": name,
        "delivered_on": "2024-12-31",
        "files": [{"name": spoilt.name, "kind": "income"} | dict(spoilt.entry)],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def _stored(result: TakenIn) -> dict[str, list[tuple[str, str, str]]]:
    found = result.store.records("income").select("delivery_id", "record_no", "amount", "month").collect()
    rows: dict[str, list[tuple[str, str, str]]] = {}
    for delivery, number, amount, month in found.iter_rows():
        rows.setdefault(delivery, []).append((number, str(amount), month.isoformat()))
    return rows


def _faults(
    home: Home, result: TakenIn, delivery: str, spoilt: Spoilt, table: Table, stored: dict[str, Any], told: Told
) -> list[str]:
    receipt = next((each for each in result.taken if each.delivery_id == delivery), None)
    if receipt is None:
        told.refused += 1
        if delivery not in result.refused:
            return [] if delivery in result.same_as else ["neither taken in nor refused"]
        error = result.refused[delivery]
        faults = [] if spoilt.refused is not False else [f"was refused: {error.message}"]
        return faults + (["stored rows of a refused file"] if stored.get(delivery) else [])
    (file,) = receipt.files
    told.rows, told.accepted = told.rows + file.rows, told.accepted + file.accepted
    told.quarantined += file.quarantined
    told.rules.update(file.rules)
    faults = ["was not refused"] if spoilt.refused else []
    accepted = stored.get(delivery, [])
    if file.rows != file.accepted + file.quarantined or len(accepted) != file.accepted:
        faults.append(
            f"{file.rows} rows, {file.accepted} accepted ({len(accepted)} stored), {file.quarantined} aside"
        )
    if spoilt.rows is not None and file.rows != spoilt.rows:
        faults.append(f"holds {spoilt.rows} rows, counted {file.rows}")
    if spoilt.aside is not None and file.quarantined != spoilt.aside:
        faults.append(f"{spoilt.aside} rows are spoilt, {file.quarantined} set aside: {dict(file.rules)}")
    if spoilt.sound and not set(accepted) <= {table.key(row) for row in table.rows}:
        faults.append("accepted a record that is not one of the sound ones")
    return faults + _sealed_faults(home, delivery, file)


def _sealed_faults(home: Home, delivery: str, file: FileReceipt) -> list[str]:
    """Every row that was set aside has its rule and its raw text under seal."""
    if not file.quarantined:
        return []
    kept = open_rows(home, load_keys(home).vault, delivery, file.name)
    without = kept.filter(pl.col("text").is_null() | (pl.col("text") == "") | pl.col("rule").is_null()).height
    faults = [f"{without} rows aside without their text or rule"] if without else []
    if kept.height != file.quarantined or dict(file.rules) != dict(kept["rule"].value_counts().iter_rows()):
        faults.append(f"{kept.height} rows under seal, {file.quarantined} in the receipt")
    return faults


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main(*map(int, sys.argv[1:4])))
