"""What the pandas version reads: the same files of the record store, and the same small tables of the night."""

from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl

from bench.pandas_roster import Inputs
from engine.population import Population
from features.records import KEYS


def from_store(population: Population, as_of: date) -> Inputs:
    """All buckets at once, read as pandas reads Parquet."""
    store = population.store

    def files(role: str, kind: str) -> list[Path]:
        return [
            store.root / file.path
            for receipt in store.receipts
            for file in receipt.stored
            if (file.role, file.kind) == (role, kind)
        ]

    def read(kind: str, columns: list[str]) -> pd.DataFrame:
        return _pandas([_read(path, columns) for path in files("records", kind)], columns)

    revised = {
        kind: _pandas([_read(path, list(key)) for path in files("revised", kind)], list(key))
        for kind, key in KEYS.items()
    }
    context = population.context(as_of)
    return Inputs(read, revised, context.calendar.to_pandas(), dict(context.db_line or {}), as_of)


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    return pd.read_parquet(path, columns=columns, to_pandas_kwargs={"date_as_object": False})


def _pandas(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String)).to_pandas()
    return pd.concat(parts, ignore_index=True)
