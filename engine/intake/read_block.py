"""What every reader hands over: blocks of numbered records, and the rules that a row breaks before it is parsed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from engine.errors import SourceError

BLOCK_ROWS: Final = 250_000
ROW: Final = "row_"

NUL: Final = "nul_character"
FIELDS: Final = "wrong_number_of_fields"
QUOTE: Final = "quotation_mark_never_closed"
RECORD: Final = "not_a_csv_record"
CUT: Final = "file_ends_inside_the_row"
ENCODING: Final = "not_in_the_encoding"
MERGED: Final = "merged_cells"
FORMULA: Final = "formula_without_a_result"


@dataclass(frozen=True)
class Block:
    """Consecutive records of a file: ``frame`` holds those that could be split into columns, with ``row_``.

    ``broken`` holds row and rule of the others; ``rows`` counts both; ``size`` is the bytes of the file behind it.
    ``serial_dates``: it comes from a spreadsheet, where a day may be the number of days since 1899-12-30.
    """

    frame: pl.DataFrame
    broken: Sequence[tuple[int, str]]
    rows: int
    blank_lines: int
    size: int
    serial_dates: bool = False


def numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    """The frame with ``row_``, counted from ``first``."""
    return frame.with_row_index(ROW, offset=first).with_columns(pl.col(ROW).cast(pl.Int64))


def check_names(names: Sequence[str], name: str) -> None:
    """Raise SourceError where a header cannot name columns; it tells places, because it may be a person's row."""
    repeated = [place for place, each in enumerate(names, start=1) if names.count(each) > 1]
    if repeated:
        raise SourceError(
            f"{name}: the header has a name more than once, in the columns {', '.join(map(str, repeated))}",
            "Give every column its own name.",
        )
    if ROW in names:
        raise SourceError(f"{name}: a column may not be named {ROW!r}", "Rename it.")
