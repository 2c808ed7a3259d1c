"""XLSX: the values by one reader, the rows by another, and every cell as the text that it shows.

A workbook is held in memory as a whole (its size is bounded). Row numbers are the spreadsheet's.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import fastexcel
import polars as pl

from engine.errors import SourceError
from engine.intake.read_block import BLOCK_ROWS, FORMULA, MERGED, ROW, Block, check_names
from engine.intake.read_parquet import as_json
from engine.intake.read_sheet import Sheet, Walk, damaged, has_rows, open_archive, sheets_of, walk
from engine.intake.shape import Shape

MIDNIGHT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$"


def xlsx_blocks(path: Path, shape: Shape) -> Iterator[Block]:
    """The records of a worksheet, all columns text. Blank rows are counted apart and keep their number.

    A row under a merged cell or with a formula whose result was not stored is set aside: its blanks say nothing.
    Raises SourceError where the file is no whole workbook, several sheets hold rows and none is named, or the two
    readers do not see the same rows.
    """
    frame, found, blank = _table(path, shape)
    broken = {row: MERGED for row in found.covered()} | dict.fromkeys(found.lost, FORMULA)
    size = path.stat().st_size
    for offset in range(0, max(1, frame.height), BLOCK_ROWS):
        part = frame.slice(offset, BLOCK_ROWS)
        torn = [(row, broken[row]) for row in part[ROW].to_list() if row in broken]
        kept = part.filter(~pl.col(ROW).is_in([row for row, _ in torn])) if torn else part
        share = size * part.height // max(1, frame.height)
        yield Block(kept, torn, part.height, blank if offset == 0 else 0, share, serial_dates=True)


def xlsx_texts(path: Path, rows: Collection[int], shape: Shape) -> Iterator[tuple[int, str]]:
    """Rows as JSON, in order."""
    frame, _, _ = _table(path, shape)
    return as_json(frame.filter(pl.col(ROW).is_in(list(rows))))


def _table(path: Path, shape: Shape) -> tuple[pl.DataFrame, Walk, int]:
    """The rows below the header with ``row_``, what the walk has found, and how many blank rows lie between."""
    with open_archive(path) as archive:
        sheet = _sheet(path, sheets_of(path, archive), archive, shape)
        found = walk(path, archive, sheet)
    if not found.used:
        raise SourceError(f"{path.name}: the sheet is empty; not even a header is there", "Ask for it again.")
    cells = _agreed(path, _values(path, sheet), found)
    header = shape.header_row - found.used[0]
    if header < 0 or shape.header_row not in set(found.used):
        raise SourceError(
            f"{path.name}: row {shape.header_row} is blank and can be no header",
            "Put the header into the first row, or say in the description of the source where it is.",
        )
    names = [(name or "").strip() for name in cells.row(header)]
    check_names(names, path.name)
    rows = cells.with_columns(pl.Series(ROW, range(found.used[0], found.used[0] + cells.height), pl.Int64))
    below = rows.filter(pl.col(ROW) > shape.header_row)
    filled = below.filter(pl.col(ROW).is_in([row for row in found.used if row > shape.header_row]))
    return filled.rename(dict(zip(cells.columns, names, strict=True))), found, below.height - filled.height


def _sheet(path: Path, sheets: list[Sheet], archive: object, shape: Shape) -> Sheet:
    if shape.sheet is not None:
        named = [each for each in sheets if each.name == shape.sheet]
        if not named:
            raise SourceError(f"{path.name}: has no sheet of the name that was told", "Mend the name of the sheet.")
        return named[0]
    filled = [each for each in sheets if len(sheets) == 1 or has_rows(path, archive, each)]  # type: ignore[arg-type]
    if len(filled) > 1:
        raise SourceError(
            f"{path.name}: {len(filled)} sheets hold rows, and nobody says which is meant",
            'Name it in the manifest ("sheet": …), or deliver one sheet in a file.',
        )
    return filled[0] if filled else sheets[0]


def _values(path: Path, sheet: Sheet) -> pl.DataFrame:
    """Every cell from the first used row on, as the reader of values has it."""
    try:
        book = fastexcel.read_excel(path)
        table = book.load_sheet(sheet.name, header_row=None, dtypes="string")
        return table.to_polars().select(pl.all().cast(pl.String).replace("", None))
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError, OSError, ValueError):
        raise damaged(path) from None


def _agreed(path: Path, cells: pl.DataFrame, found: Walk) -> pl.DataFrame:
    """The cells as they show, once both readers have seen the same rows."""
    first, last = found.used[0], found.used[-1]
    filled = cells.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true() + first
    if cells.height != last - first + 1 or not set(filled.to_list()) <= set(found.used):
        raise SourceError(
            f"{path.name}: two readers do not find the same rows in it", "Save the workbook again, or as CSV."
        )
    shown = cells.with_columns(pl.all().str.replace(MIDNIGHT, "$1"))
    by_column: dict[int, dict[int, str]] = {}
    for (row, column), text in found.shown.items():
        by_column.setdefault(column - found.first_column, {})[row - first] = text
    return shown.with_columns(_overlaid(shown, place, texts) for place, texts in by_column.items())


def _overlaid(cells: pl.DataFrame, place: int, texts: dict[int, str]) -> pl.Series:
    """A column with the texts that cells show; where the value became a date, the date stays."""
    column = cells.to_series(place)
    rows = pl.Series(list(texts), dtype=pl.UInt32)
    values = column.gather(rows)
    number = values.is_null() | values.cast(pl.Float64, strict=False).is_not_null()
    taken = pl.Series(list(texts.values()), dtype=pl.String).zip_with(number, values)
    return column.scatter(rows, taken)
