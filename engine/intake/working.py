"""The frames of intake: a kind's columns, and beside them where a row came from and where it goes.

``file_`` (position in the manifest; null for a row of an earlier delivery) and ``row_``; ``rows_`` (1; 0 on all but
the first record of a row); ``rule_`` (why a row of an earlier delivery had to wait; else null); ``area_``;
``copied``; ``bucket_``.
"""

from functools import cache

import polars as pl

from engine.intake.parse import SCHEMAS


def of_file(rows: pl.DataFrame, file: int) -> pl.DataFrame:
    """Parsed rows of a file of this delivery."""
    return rows.with_columns(
        pl.lit(file, dtype=pl.UInt32).alias("file_"),
        pl.lit(None, dtype=pl.String).alias("rule_"),
        pl.lit(value=False).alias("copied"),
    )


def of_earlier(rows: pl.DataFrame, *, copied: bool) -> pl.DataFrame:
    """Rows of earlier deliveries: copies for another bucket, or rows that have waited (with their ``rule``)."""
    counts = [] if "rows_" in rows.columns else [pl.lit(1, dtype=pl.UInt8).alias("rows_")]
    rule = pl.lit(None, dtype=pl.String) if copied else pl.col("rule")
    return rows.with_columns(
        *counts,
        pl.lit(None, dtype=pl.Int64).alias("row_"),
        pl.lit(None, dtype=pl.UInt32).alias("file_"),
        rule.alias("rule_"),
        pl.lit(copied).alias("copied"),
    )


def in_place(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The working columns of a kind in their order; ``area_`` and ``bucket_`` are null where they are not known."""
    missing = {name: dtype for name, dtype in _PLACED.items() if name not in rows.columns}
    return rows.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in missing.items()).select(
        [*SCHEMAS[kind].column_names(), *_ORIGIN, *_PLACED]
    )


@cache
def nothing(kind: str) -> pl.DataFrame:
    """No rows, with all working columns."""
    origin = {"row_": pl.lit(None, pl.Int64), "rows_": pl.lit(None, pl.UInt8)}
    return in_place(kind, of_file(SCHEMAS[kind].create_empty().with_columns(**origin), 0))


def rows_by_file(records: pl.DataFrame) -> dict[int, int]:
    """How many rows of each file these records are."""
    return dict(records.group_by("file_").agg(pl.col("rows_").cast(pl.Int64).sum()).iter_rows())


_ORIGIN = ("row_", "file_", "rows_", "rule_", "copied")
_PLACED = {"area_": pl.String, "bucket_": pl.UInt16}
