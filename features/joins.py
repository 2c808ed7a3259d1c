"""Whether two tables may be joined on a key at all: both have it, it names rows and not groups, and rows meet.

A join on the wrong column never fails by itself: it multiplies or drops people in silence. So every join of files
from outside is checked first, and refused with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

LEAST_SHARE: Final = 0.9
"""Share of the rows of either side that must find the other; single rows that do not are the quarantine's work."""

_KINDS: Final = (
    ("a whole number", lambda dtype: dtype.is_integer()),
    ("a number", lambda dtype: dtype.is_float()),
    ("text", lambda dtype: dtype in (pl.String, pl.Categorical, pl.Enum)),
)


class JoinRefusedError(ValueError):
    """Two tables that must not be joined on this key; names tables, columns and counts, never values."""


@dataclass(frozen=True)
class JoinCheck:
    """Rows of both sides, how many of them find the other side, and the distinct keys of the right one."""

    left_rows: int
    left_matched: int
    right_rows: int
    right_matched: int
    right_keys: int


def check_join(
    left: pl.DataFrame | pl.LazyFrame,
    right: pl.DataFrame | pl.LazyFrame,
    on: Sequence[str],
    *,
    left_name: str = "left",
    right_name: str = "right",
    least: float = LEAST_SHARE,
) -> JoinCheck:
    """Count how ``left`` (many rows a key, such as members) meets ``right`` (one row a key, such as households).

    Raises ``JoinRefusedError`` where a key column is missing or of two kinds, where the key does not tell the rows
    of ``right`` apart, or where less than ``least`` of either side finds the other. Null keys never match.
    """
    where = f"{left_name} and {right_name} cannot be joined"
    schemas = {left_name: left.lazy().collect_schema(), right_name: right.lazy().collect_schema()}
    missing = [f"{name} has no column {key}" for name, schema in schemas.items() for key in on if key not in schema]
    if missing or not on:
        why = "; ".join(missing) or "no key is named"
        raise JoinRefusedError(f"{where}: {why}. Two files without a common key do not describe the same people.")
    pairs = [(key, *(_kind(schema[key]) for schema in schemas.values())) for key in on]
    differ = [
        f"{key} is {one} in {left_name} and {other} in {right_name}" for key, one, other in pairs if one != other
    ]
    if differ:
        raise JoinRefusedError(f"{where}: {'; '.join(differ)}. Give the key one kind in both files.")
    found = _counts(left, right, list(on))
    words = " and ".join(on)
    if found.right_keys < found.right_rows:
        raise JoinRefusedError(
            f"{where} on {words}: it has {found.right_keys:,} values for {found.right_rows:,} rows of "
            f"{right_name}, so it names groups and not rows. Name a key that is unique there."
        )
    sides = (
        (found.left_matched, found.left_rows, left_name, right_name),
        (found.right_matched, found.right_rows, right_name, left_name),
    )
    for matched, rows, name, other in sides:
        if rows == 0:
            raise JoinRefusedError(f"{where} on {words}: {name} has no rows.")
        if matched < least * rows:
            raise JoinRefusedError(
                f"{where} on {words}: {matched:,} of {rows:,} rows of {name} find a row of {other}; at least "
                f"{least:.0%} must. Are both files of the same wave, and is the key written the same way?"
            )
    return found


def _kind(dtype: pl.DataType) -> str:
    return next((name for name, holds in _KINDS if holds(dtype)), str(dtype))


def _counts(left: pl.DataFrame | pl.LazyFrame, right: pl.DataFrame | pl.LazyFrame, on: list[str]) -> JoinCheck:
    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in on)
    text = [pl.col(name).cast(pl.String) for name in on]
    sides = [frame.lazy().select(text).group_by(on).len() for frame in (left, right)]
    met = sides[0].filter(whole).join(sides[1].filter(whole), on=on, suffix="_right")
    rows = [
        side.select(pl.col("len").sum().cast(pl.Int64), pl.len().alias("keys").cast(pl.Int64)) for side in sides
    ]
    matched = met.select(pl.col("len").sum().cast(pl.Int64), pl.col("len_right").sum().cast(pl.Int64))
    ((left_rows, _),), ((right_rows, keys),), ((left_matched, right_matched),) = (
        counted.rows() for counted in pl.collect_all([*rows, matched])
    )
    return JoinCheck(left_rows or 0, left_matched or 0, right_rows or 0, right_matched or 0, keys)
