"""Text files, block by block: every record is counted twice, by Polars and without it, or set aside.

A block is a piece of a file that ends where a record ends; memory is bounded by the block and not by the file. The
other count is Python's own CSV reader, or, where no quotation mark stands in a block, one of its bytes.
Where a block is spoilt in any way (blank lines, NULs, stray quotation marks, bytes that are no characters, too few
or too many fields), its lines are taken one by one, so that a broken record never swallows its neighbours.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import polars as pl

from engine.errors import SourceError
from engine.intake.read_block import CUT, ENCODING, FIELDS, NUL, QUOTE, RECORD, Block, check_names, numbered
from engine.intake.read_stream import Unpacked, text_bytes
from engine.intake.shape import TextShape

BLOCK_BYTES: Final = 8 * 2**20
LONGEST_LINE: Final = 2**20
MOST_LINES: Final = 20
"""Lines that one record may span (a line break inside quotation marks)."""
LINE_END: Final = ord("\n")
NO_CHARACTER: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class _Table:
    """What is the same for every piece of a file."""

    name: str
    columns: Sequence[str]
    encoding: str
    separator: str


def csv_blocks(path: Path, whole: bool, shape: TextShape) -> Iterator[Block]:
    """The records of a text file, all columns text; the first is the row after the header.

    Rows are counted as a spreadsheet shows them, but blank lines are not counted. ``whole``: see ``read.blocks``.
    """
    row = shape.header_row + 1
    with _opened(path, shape) as (file, table):
        read = 0
        for piece in _pieces(file, path.name):
            here = file.consumed()
            block = _block(piece, table, row, here - read)
            read = here
            if not whole and not piece.endswith(b"\n"):
                block = _without_cut_row(block, row)
            row += block.rows
            yield block


def csv_texts(path: Path, rows: Collection[int], shape: TextShape) -> Iterator[tuple[int, str]]:
    """The text of some records, in order. Where bytes are no characters they are told as ``\\xNN`` (and, in such a
    record, a backslash as two), so that nothing of the record is lost.
    """
    wanted = set(rows)
    row = shape.header_row + 1
    with _opened(path, shape) as (file, table):
        for piece in _pieces(file, path.name):
            records = _raw_records(piece, table)
            yield from ((row + place, text) for place, text in enumerate(records) if row + place in wanted)
            row += len(records)


@contextmanager
def _opened(path: Path, shape: TextShape) -> Iterator[tuple[Unpacked, _Table]]:
    """The file behind its header, and what the header says."""
    with text_bytes(path, shape.encoding) as file:
        encoding = "utf-8" if shape.encoding.startswith("utf-16") else shape.encoding
        columns = _header(file, path.name, encoding, shape)
        check_names(columns, path.name)
        yield file, _Table(path.name, columns, encoding, shape.separator)


def _header(file: BinaryIO, name: str, encoding: str, shape: TextShape) -> list[str]:
    for _ in range(shape.header_row):
        line = file.readline(LONGEST_LINE)
    if not line.strip(b"\xef\xbb\xbf \t\r\n"):
        raise SourceError(f"{name}: the file is empty; not even a header is there", "Ask for the file again.")
    try:
        text = line.decode(encoding).removeprefix("\ufeff")
        fields = next(csv.reader([text], strict=True, delimiter=shape.separator))
    except UnicodeDecodeError:
        raise SourceError(
            f"{name}: the header is not in {encoding.upper()}", "Say in the manifest which encoding the file has."
        ) from None
    except csv.Error:
        raise SourceError(f"{name}: the first line is no header of a CSV file", "Save it again as CSV.") from None
    return [each.strip() for each in fields]


def _pieces(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The rest of a file in pieces that end where a line ends, if possible outside quotation marks."""
    ahead = b""
    while piece := ahead + file.read(BLOCK_BYTES):
        ahead = b""
        if not piece.endswith(b"\n"):
            end = file.readline(LONGEST_LINE)
            if len(end) == LONGEST_LINE:
                raise SourceError(
                    f"{name}: a line is longer than a million bytes", "Ask for the file again as CSV."
                )
            piece += end
        if piece.count(b'"') % 2:
            ahead = _lines_until_quotes_close(file)
            if ahead.count(b'"') % 2:
                piece, ahead = piece + ahead, b""
        yield piece


def _lines_until_quotes_close(file: BinaryIO) -> bytes:
    """As many lines as a record may span, fewer where an odd number of quotation marks is reached before."""
    lines = b""
    for _ in range(MOST_LINES):
        lines += file.readline(LONGEST_LINE)
        if lines.count(b'"') % 2:
            break
    return lines


def _block(piece: bytes, table: _Table, first: int, size: int) -> Block:
    """Split a piece into columns, on the short way where nothing is unusual in it."""
    data, plain = _plain(piece)
    try:
        text = data.decode(table.encoding)
    except UnicodeDecodeError:
        return _block_line_by_line(_decoded(data, table.encoding), table, first, size)
    if plain:
        data = data if table.encoding == "utf-8" else text.encode("utf-8")
        if b"\r" not in data and (count := plain_records(data, table.separator, len(table.columns))) is not None:
            frame = _by_polars(data, table)
            if frame.height == count:
                return Block(numbered(frame, first), (), count, 0, size)
        return _block_line_by_line(text, table, first, size)
    try:
        records = list(csv.reader(io.StringIO(text, newline="\n"), strict=True, delimiter=table.separator))
    except csv.Error:
        return _block_line_by_line(text, table, first, size)
    long = text.count("\n") - len(records) >= MOST_LINES - 1 and _spans_many_lines(records)
    if long or "\0" in text or "\r" in text or any(len(record) != len(table.columns) for record in records):
        return _block_line_by_line(text, table, first, size)
    return Block(numbered(_as_columns(records, table.columns), first), (), len(records), 0, size)


def plain_records(data: bytes, separator: str, width: int) -> int | None:
    """How many records UTF-8 without a quotation mark holds; None where one is not of ``width`` fields.

    A record is a line there, and a field ends at a separator. None also where a line is blank, holds a NUL, or is
    longer than Python's CSV reader lets a field be: whoever takes lines one by one judges it.
    """
    if not separator.isascii() or separator == "\n" or b"\0" in data:
        return None
    data = data if data.endswith(b"\n") else data + b"\n"
    octets = np.frombuffer(data, dtype=np.uint8)
    marks = np.flatnonzero((octets == LINE_END) | (octets == ord(separator)))
    if len(marks) % width:
        return None
    table = marks.reshape(-1, width)
    ends = table[:, -1]
    lengths = np.diff(ends, prepend=-1) - 1
    if (octets[table[:, :-1]] == LINE_END).any() or (octets[ends] != LINE_END).any():
        return None
    return None if lengths.min() == 0 or lengths.max() > csv.field_size_limit() else len(ends)


def _spans_many_lines(records: Sequence[Sequence[str]]) -> bool:
    """Whether a record takes more lines than one may: its quotation mark was closed by another record's."""
    return any(sum(field.count("\n") for field in record) >= MOST_LINES for record in records)


def _plain(piece: bytes) -> tuple[bytes, bool]:
    """The piece with plain line ends, and whether it holds no quotation mark."""
    if b"\r" in piece and piece.count(b"\r\n") == piece.count(b"\r"):
        piece = piece.replace(b"\r\n", b"\n")
    return piece, b'"' not in piece


def _by_polars(data: bytes, table: _Table) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(data),
        has_header=False,
        new_columns=list(table.columns),
        infer_schema=False,
        quote_char=None,
        separator=table.separator,
    )


def _as_columns(records: Sequence[Sequence[str]], names: Sequence[str]) -> pl.DataFrame:
    columns = list(zip(*records, strict=True)) or [()] * len(names)
    frame = pl.DataFrame(dict(zip(names, columns, strict=True)), schema=dict.fromkeys(names, pl.String))
    return frame.with_columns(pl.all().replace("", None))


@dataclass(frozen=True)
class _Record:
    """One record as it stands in the file: its fields, or the rule that it breaks."""

    text: str
    fields: Sequence[str]
    rule: str | None


def _block_line_by_line(text: str, table: _Table, first: int, size: int) -> Block:
    records, blank = _records(text, table)
    broken = [(first + place, record.rule) for place, record in enumerate(records) if record.rule]
    rows = [first + place for place, record in enumerate(records) if not record.rule]
    frame = _as_columns([record.fields for record in records if not record.rule], table.columns)
    return Block(frame.with_columns(pl.Series("row_", rows, dtype=pl.Int64)), broken, len(records), blank, size)


def _records(text: str, table: _Table) -> tuple[list[_Record], int]:
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
        record, taken = _record_at(lines, place, table)
        records.append(record)
        place += taken
    return records, blank


def _record_at(lines: Sequence[str], place: int, table: _Table) -> tuple[_Record, int]:
    """The record that begins in a line, and how many lines it takes."""
    line = lines[place]
    alone = _record(line, table)
    if alone.rule is None or line.count('"') % 2 == 0:
        return alone, 1
    for end in range(place + 2, min(place + MOST_LINES, len(lines)) + 1):
        together = "\n".join(lines[place:end])
        if together.count('"') % 2 == 0:
            record = _record(together, table)
            if record.rule is None:
                return record, end - place
            break
    return _Record(line, (), QUOTE), 1


def _record(text: str, table: _Table) -> _Record:
    if "\0" in text:
        return _Record(text, (), NUL)
    if not text.isascii() and NO_CHARACTER.search(text):
        return _Record(text, (), ENCODING)
    try:
        reader = csv.reader(
            io.StringIO(text.removesuffix("\r"), newline="\n"), strict=True, delimiter=table.separator
        )
        (fields,) = reader
    except (csv.Error, ValueError):
        return _Record(text, (), RECORD)
    return _Record(text, fields, None if len(fields) == len(table.columns) else FIELDS)


def _raw_records(piece: bytes, table: _Table) -> list[str]:
    """The texts of the records in a piece, as ``_block`` counts them."""
    data, plain = _plain(piece)
    text = _decoded(data, table.encoding)
    if plain and b"\n\n" not in data and not data.startswith(b"\n") and b"\r" not in data:
        lines = text.split("\n")
        records = lines if lines[-1] else lines[:-1]
    else:
        records = [record.text for record in _records(text, table)[0]]
    return [_with_bytes_told(each) for each in records]


def _without_cut_row(block: Block, first: int) -> Block:
    """Set the last record aside: its line has no end, so nobody knows whether it is whole."""
    last = first + block.rows - 1
    if block.rows == 0 or any(row == last for row, _ in block.broken):
        return block
    frame = block.frame.filter(pl.col("row_") != last)
    return Block(frame, [*block.broken, (last, CUT)], block.rows, block.blank_lines, block.size)


def _decoded(data: bytes, encoding: str) -> str:
    """The text, line by line, with surrogates in the place of bytes that are no characters."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return "\n".join(line.decode(encoding, "surrogateescape") for line in data.split(b"\n"))


def _with_bytes_told(text: str) -> str:
    if text.isascii() or not NO_CHARACTER.search(text):
        return text
    return NO_CHARACTER.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text.replace("\\", "\\\\"))
