"""Parquet: its columns as they are typed there, its rows counted from the footer by another library."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import SourceError
from engine.intake.read_block import BLOCK_ROWS, ROW, Block, check_names, numbered

FIRST_ROW: Final = 2
BOMB_ROWS: Final = 50_000_000
BOMB_ROWS_A_BYTE: Final = 100
"""A file with more rows than ``BOMB_ROWS``, and more of them for each of its bytes, is refused."""


def parquet_blocks(path: Path) -> Iterator[Block]:
    """The rows of a Parquet file, the first as row 2; SourceError where it is cut or lacks rows."""
    rows = _declared(path)
    size = path.stat().st_size
    try:
        lazy = pl.scan_parquet(path, glob=False)
        check_names(lazy.collect_schema().names(), path.name)
        for offset in range(0, max(1, rows), BLOCK_ROWS):
            frame = lazy.slice(offset, BLOCK_ROWS).with_columns(pl.col(pl.String).replace("", None)).collect()
            if frame.height != min(BLOCK_ROWS, rows - offset):
                raise SourceError(f"{path.name}: holds fewer rows than it declares", "Ask for the file again.")
            share = size * frame.height // max(1, rows)
            yield Block(numbered(frame, offset + FIRST_ROW), (), frame.height, 0, share)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):  # a damaged page makes Polars panic
        raise _damaged(path) from None


def parquet_texts(path: Path, rows: Collection[int]) -> Iterator[tuple[int, str]]:
    """Rows as JSON, in order."""
    for block in parquet_blocks(path):
        yield from as_json(block.frame.filter(pl.col(ROW).is_in(list(rows))))


def as_json(frame: pl.DataFrame) -> Iterator[tuple[int, str]]:
    """Row number and JSON of each row."""
    text = frame.select(pl.struct(pl.exclude(ROW)).struct.json_encode()).to_series()
    return zip(frame[ROW].to_list(), text.to_list(), strict=True)


def _declared(path: Path) -> int:
    """The rows that the footer declares, as a whole and in its row groups."""
    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        raise _damaged(path) from None
    groups = sum(footer.row_group(number).num_rows for number in range(footer.num_row_groups))
    if groups != footer.num_rows or footer.num_rows < 0:
        raise _damaged(path)
    if footer.num_rows > max(BOMB_ROWS, BOMB_ROWS_A_BYTE * path.stat().st_size):
        raise SourceError(
            f"{path.name}: declares more than {BOMB_ROWS_A_BYTE} rows for each of its bytes",
            "No list of records is like that. Ask what the file is.",
        )
    return int(footer.num_rows)


def _damaged(path: Path) -> SourceError:
    return SourceError(f"{path.name}: this is not a whole Parquet file", "Ask for the file again.")
