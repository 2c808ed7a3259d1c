"""Raw files, block by block: every record is counted by Python's own CSV reader and by Polars, or set aside.

A block is a piece of a file that ends where a record ends; memory is bounded by the block and not by the file.
Where a block is spoilt in any way (blank lines, NULs, stray quotation marks, too few or too many fields), its lines
are taken one by one, so that a broken record never swallows its neighbours.
"""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl

from engine.errors import SourceError

BLOCK_BYTES: Final = 8 * 2**20
LONGEST_LINE: Final = 2**20
MOST_LINES: Final = 20
"""Lines that one record may span (a line break inside quotation marks)."""
PARQUET_ROWS: Final = 250_000
FIRST_ROW: Final = 2
"""Rows are counted as a spreadsheet shows them: the header is row 1. Blank lines are not counted."""

NUL: Final = "nul_character"
FIELDS: Final = "wrong_number_of_fields"
QUOTE: Final = "quotation_mark_never_closed"
RECORD: Final = "not_a_csv_record"
CUT: Final = "file_ends_inside_the_row"


@dataclass(frozen=True)
class Block:
    """Consecutive records of a file: ``frame`` holds those that could be split into columns, with ``row_``.

    ``broken`` holds row and rule of the others; ``rows`` counts both; ``size`` is the bytes (or rows) behind it.
    """

    frame: pl.DataFrame
    broken: Sequence[tuple[int, str]]
    rows: int
    blank_lines: int
    size: int


def blocks(path: Path, whole: bool) -> Iterator[Block]:
    """The records of a CSV file (all columns text) or a Parquet file (columns as they are typed there).

    ``whole`` says that the manifest proves the file's length; else a last line without an end is set aside as cut.
    Raises SourceError where the file is empty, in another encoding, no Parquet, or its header repeats a name.
    """
    if path.suffix == ".parquet":
        yield from _parquet_blocks(path)
        return
    row = FIRST_ROW
    with path.open("rb") as file:
        names = _header(file, path.name)
        for piece in _pieces(file, path.name):
            block = _block(piece, names, row, path.name)
            if not whole and not piece.endswith(b"\n"):
                block = _without_cut_row(block, row)
            row += block.rows
            yield block


def raw_text(path: Path, rows: Collection[int]) -> Iterator[tuple[int, str]]:
    """The text of some records as they stand in the file (a Parquet row as JSON), in order."""
    wanted = set(rows)
    if path.suffix == ".parquet":
        for block in _parquet_blocks(path):
            found = block.frame.filter(pl.col("row_").is_in(wanted))
            text = found.select(pl.struct(pl.exclude("row_")).struct.json_encode()).to_series()
            yield from zip(found["row_"].to_list(), text.to_list(), strict=True)
        return
    row = FIRST_ROW
    with path.open("rb") as file:
        columns = len(_header(file, path.name))
        for piece in _pieces(file, path.name):
            records = _raw_records(piece, columns, path.name)
            yield from ((row + place, text) for place, text in enumerate(records) if row + place in wanted)
            row += len(records)


def _header(file: BinaryIO, name: str) -> list[str]:
    line = file.readline(LONGEST_LINE)
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(f"{name}: the file is UTF-16", "Save it again as CSV in UTF-8.")
    if not line.strip():
        raise SourceError(f"{name}: the file is empty; not even a header is there", "Ask for the file again.")
    try:
        fields = next(csv.reader([_decoded(line, name).removeprefix("\ufeff")], strict=True))
    except csv.Error:
        raise SourceError(f"{name}: the first line is no header of a CSV file", "Save it again as CSV.") from None
    names = [each.strip() for each in fields]
    repeated = [place for place, each in enumerate(names, start=1) if names.count(each) > 1]
    if repeated:  # told by place: where the header is missing, its fields are a person's
        raise SourceError(
            f"{name}: the header has a name more than once, in the columns {', '.join(map(str, repeated))}",
            "Give every column its own name.",
        )
    return names


def _pieces(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The rest of a file in pieces that end where a line ends, if possible outside quotation marks."""
    while piece := file.read(BLOCK_BYTES):
        if not piece.endswith(b"\n"):
            end = file.readline(LONGEST_LINE)
            if len(end) == LONGEST_LINE:
                raise SourceError(
                    f"{name}: a line is longer than a million bytes", "Ask for the file again as CSV."
                )
            piece += end
        if piece.count(b'"') % 2:
            piece += _until_quotes_close(file)
        yield piece


def _until_quotes_close(file: BinaryIO) -> bytes:
    here, more = file.tell(), b""
    for _ in range(MOST_LINES):
        more += file.readline(LONGEST_LINE)
        if more.count(b'"') % 2:
            return more
    file.seek(here)
    return b""


def _block(piece: bytes, names: list[str], first: int, name: str) -> Block:
    """Split a piece into columns, on the short way where nothing is unusual in it."""
    data, plain = _plain(piece)
    text = _decoded(data, name)
    reader = csv.reader(io.StringIO(text, newline="\n"), strict=True)
    try:
        records = None if plain else list(reader)
        lengths = list(map(len, reader if records is None else records))
    except csv.Error:
        return _block_line_by_line(text, names, first, len(piece))
    long = records is not None and text.count("\n") - len(records) >= MOST_LINES - 1 and _spans_many_lines(records)
    if long or "\0" in text or "\r" in text or lengths.count(len(names)) != len(lengths):
        return _block_line_by_line(text, names, first, len(piece))
    frame = _by_polars(data, names) if records is None else _as_columns(records, names)
    if frame.height != len(lengths):
        return _block_line_by_line(text, names, first, len(piece))
    return Block(_numbered(frame, first), (), len(lengths), 0, len(piece))


def _spans_many_lines(records: Sequence[Sequence[str]]) -> bool:
    """Whether a record takes more lines than one may: its quotation mark was closed by another record's."""
    return any(sum(field.count("\n") for field in record) >= MOST_LINES for record in records)


def _plain(piece: bytes) -> tuple[bytes, bool]:
    """The piece with plain line ends, and whether it holds no quotation mark."""
    if b"\r" in piece and piece.count(b"\r\n") == piece.count(b"\r"):
        piece = piece.replace(b"\r\n", b"\n")
    return piece, b'"' not in piece


def _by_polars(data: bytes, names: list[str]) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(data), has_header=False, new_columns=names, infer_schema=False, quote_char=None)


def _as_columns(records: Sequence[Sequence[str]], names: list[str]) -> pl.DataFrame:
    columns = list(zip(*records, strict=True)) or [()] * len(names)
    frame = pl.DataFrame(dict(zip(names, columns, strict=True)), schema=dict.fromkeys(names, pl.String))
    return frame.with_columns(pl.all().replace("", None))


def _numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    return frame.with_row_index("row_", offset=first).with_columns(pl.col("row_").cast(pl.Int64))


@dataclass(frozen=True)
class _Record:
    """One record as it stands in the file: its fields, or the rule that it breaks."""

    text: str
    fields: Sequence[str]
    rule: str | None


def _block_line_by_line(text: str, names: list[str], first: int, size: int) -> Block:
    records, blank = _records(text, len(names))
    broken = [(first + place, record.rule) for place, record in enumerate(records) if record.rule]
    rows = [first + place for place, record in enumerate(records) if not record.rule]
    frame = _as_columns([record.fields for record in records if not record.rule], names)
    return Block(frame.with_columns(pl.Series("row_", rows, dtype=pl.Int64)), broken, len(records), blank, size)


def _records(text: str, columns: int) -> tuple[list[_Record], int]:
    """The records of a text and the number of blank lines between them."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    records: list[_Record] = []
    blank = place = 0
    while place < len(lines):
        if not lines[place].strip("\r"):
            blank += 1
            place += 1
            continue
        record, taken = _record_at(lines, place, columns)
        records.append(record)
        place += taken
    return records, blank


def _record_at(lines: Sequence[str], place: int, columns: int) -> tuple[_Record, int]:
    """The record that begins in a line, and how many lines it takes."""
    line = lines[place]
    alone = _record(line, columns)
    if alone.rule is None or line.count('"') % 2 == 0:
        return alone, 1
    for end in range(place + 2, min(place + MOST_LINES, len(lines)) + 1):
        together = "\n".join(lines[place:end])
        if together.count('"') % 2 == 0:
            record = _record(together, columns)
            if record.rule is None:
                return record, end - place
            break
    return _Record(line, (), QUOTE), 1


def _record(text: str, columns: int) -> _Record:
    if "\0" in text:
        return _Record(text, (), NUL)
    try:
        (fields,) = csv.reader(io.StringIO(text.removesuffix("\r"), newline="\n"), strict=True)
    except (csv.Error, ValueError):
        return _Record(text, (), RECORD)
    return _Record(text, fields, None if len(fields) == columns else FIELDS)


def _raw_records(piece: bytes, columns: int, name: str) -> list[str]:
    """The texts of the records in a piece, as ``_block`` counts them."""
    data, plain = _plain(piece)
    if plain and b"\n\n" not in data and not data.startswith(b"\n") and b"\r" not in data:
        lines = _decoded(data, name).split("\n")
        return lines if lines[-1] else lines[:-1]
    return [record.text for record in _records(_decoded(data, name), columns)[0]]


def _without_cut_row(block: Block, first: int) -> Block:
    """Set the last record aside: its line has no end, so nobody knows whether it is whole."""
    last = first + block.rows - 1
    if block.rows == 0 or any(row == last for row, _ in block.broken):
        return block
    frame = block.frame.filter(pl.col("row_") != last)
    return Block(frame, [*block.broken, (last, CUT)], block.rows, block.blank_lines, block.size)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise SourceError(
            f"{name}: the file is not UTF-8 ({_likely_encoding(data)})", "Save it again as CSV in UTF-8."
        ) from None


def _likely_encoding(data: bytes) -> str:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return "some bytes fit no encoding that is usual here"
    return "it looks like GB18030"


def _parquet_blocks(path: Path) -> Iterator[Block]:
    try:
        lazy = pl.scan_parquet(path, glob=False)
        names, rows = lazy.collect_schema().names(), lazy.select(pl.len()).collect().item()
        if "row_" in names:
            raise SourceError(f"{path.name}: a column may not be named 'row_'", "Rename it.")
        for offset in range(0, rows, PARQUET_ROWS):
            frame = lazy.slice(offset, PARQUET_ROWS).with_columns(pl.col(pl.String).replace("", None)).collect()
            if frame.height != min(PARQUET_ROWS, rows - offset):
                raise SourceError(f"{path.name}: holds fewer rows than it declares", "Ask for the file again.")
            yield Block(
                _numbered(frame, offset + FIRST_ROW), (), frame.height, 0, path.stat().st_size // max(1, rows)
            )
        if not rows:
            yield Block(_numbered(lazy.collect(), FIRST_ROW), (), 0, 0, 0)
    except (pl.exceptions.PolarsError, OSError):
        raise SourceError(f"{path.name}: this is not a whole Parquet file", "Ask for the file again.") from None
