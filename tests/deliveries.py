"""Delivery folders for tests: a text table per kind in, CSV or Parquet files and a manifest out."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from builders import Table, records

from engine.keys import NAMES
from engine.settings import Home

OURS = ("known_on_assumed", "delivery_id")


def a_home(folder: Path, person_ids: str = "free") -> Home:
    """An empty home whose persons have numbers of their own (or Chinese ones), always with the same keys."""
    (folder / "inbox").mkdir(parents=True)
    (folder / "keys").mkdir(mode=0o700)
    for name in NAMES:
        key = folder / "keys" / f"{name}.key"
        key.touch(0o600)
        key.write_text(hashlib.sha256(name.encode()).hexdigest() + "\n", "ascii")
    (folder / "home.toml").write_text(f'person_ids = "{person_ids}"\n', "utf-8")
    return Home(folder)


def people(count: int, per_household: int = 2) -> dict[str, pl.DataFrame]:
    """Households H1 … and members P1 …, in order."""
    homes = [f"H{number // per_household + 1}" for number in range(count)]
    return {
        "household": records("household", [{"household_id": home} for home in dict.fromkeys(homes)]),
        "member": records(
            "member", [{"person_id": f"P{n + 1}", "household_id": home} for n, home in enumerate(homes)]
        ),
    }


def wages(persons: range, months: int = 3, known_on: date | None = None) -> pl.DataFrame:
    """A wage per person and month of 2024, known on the last day of the month (or on one day)."""
    rows: list[dict[str, Any]] = [
        {"person_id": f"P{number}", "month": date(2024, month, 1), "amount": 1_000 * number + month}
        for number in persons
        for month in range(1, months + 1)
    ]
    dated = [{**row, "known_on": known_on} for row in rows] if known_on else rows
    return records("income", dated)


def deliver(
    home: Home,
    name: str,
    delivered_on: str = "2024-12-31",
    *,
    parquet: bool = False,
    proof: bool = True,
    **tables: Any,
) -> Path:
    """Write a delivery into the inbox. A table is a text table, dicts, a frame, or the very bytes of a CSV file."""
    folder = home.inbox / name
    folder.mkdir(parents=True)
    files = []
    for kind, table in tables.items():
        path = folder / f"{kind}.{'parquet' if parquet else 'csv'}"
        rows = _write(path, kind, table)
        entry: dict[str, Any] = {"name": path.name, "kind": kind}
        if proof:
            data = path.read_bytes()
            entry |= {"rows": rows, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        files.append(entry)
    manifest = {"delivery_id": name, "delivered_on": delivered_on, "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def csv_of(kind: str, table: Table | pl.DataFrame) -> bytes:
    """A CSV file as a department writes it."""
    return _raw(kind, table).write_csv().encode("utf-8")


def _raw(kind: str, table: Table | pl.DataFrame) -> pl.DataFrame:
    frame = table if isinstance(table, pl.DataFrame) else records(kind, table)
    return frame.drop([name for name in OURS if name in frame.columns])


def _write(path: Path, kind: str, table: Any) -> int | None:
    if isinstance(table, bytes):
        path.write_bytes(table)
        return None
    frame = _raw(kind, table)
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path)
    return frame.height
