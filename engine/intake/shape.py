"""The shape of a delivered file: its format, encoding, separator, sheet and the row of its header.

What a department says about a file is believed where it can be (``Shape``), what it does not say is found out: by
the first bytes before the name, and never by a guess that could change a value.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from engine.errors import SourceError
from engine.intake.read_stream import CHUNK, UTF8_MARK, UTF16_MARKS, start_of, unpacked

Format = Literal["csv", "tsv", "parquet", "xlsx"]
Encoding = Literal["auto", "utf-8", "utf-8-sig", "utf-16", "gb18030"]

SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "csv",
    ".csv.gz": "csv",
    ".csv.zst": "csv",
    ".tsv.gz": "tsv",
    ".tsv.zst": "tsv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
SEPARATORS: Final = (",", "\t", ";", "|")
ENOUGH_LINES: Final = 1_000
"""So many lines that are no UTF-8 settle what the encoding is."""

PARQUET, ZIP, OLE = b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Shape:
    """How a file is to be read; what is None or ``auto`` is found out.

    ``header_row`` counts from 1, as a spreadsheet does; rows above it (a title) are passed over. A byte-order mark
    in the file is believed before ``encoding``. ``sheet`` is needed where a workbook has several with rows.
    """

    format: Format | None = None
    encoding: Encoding = "auto"
    separator: str | None = None
    sheet: str | None = None
    header_row: int = 1


@dataclass(frozen=True)
class TextShape:
    """A text file, found out: ``encoding`` is a codec's name, the separator one character."""

    encoding: str
    separator: str
    header_row: int


def known_suffix(name: str) -> str | None:
    """The suffix of a file that can be delivered (``.csv.gz``, in lower case), or None."""
    return next((each for each in sorted(SUFFIXES, key=len, reverse=True) if name.lower().endswith(each)), None)


def format_of(path: Path, shape: Shape) -> Format:
    """The format of a file; raises SourceError where its first bytes belie its name or what was told."""
    suffix = known_suffix(path.name)
    told = shape.format or (SUFFIXES[suffix] if suffix else "csv")
    start = start_of(path, len(OLE))
    if start.startswith(OLE):
        raise SourceError(
            f"{path.name}: is an old Excel workbook (.xls), or one under a password",
            "Save it again as .xlsx without a password, or as CSV.",
        )
    found: Format | None = "parquet" if start.startswith(PARQUET) else "xlsx" if start.startswith(ZIP) else None
    if told in ("csv", "tsv") and found is not None:
        what = "a Parquet file" if found == "parquet" else "an Excel workbook or another zip archive"
        raise SourceError(f"{path.name}: is {what} and not text, as its name says", "Name it as what it is.")
    return told


def text_shape(path: Path, shape: Shape) -> TextShape:
    """Encoding and separator of a text file. Without a word about it, valid UTF-8 is UTF-8, anything else GB18030.

    A file with a few broken bytes stays what most of its lines are: only those rows are set aside.
    """
    start = start_of(path)
    encoding = _marked(start) or (_encoding(path, start) if shape.encoding == "auto" else _told(start, shape))
    return TextShape(encoding, shape.separator or _separator(path, start, encoding, shape), shape.header_row)


def with_told(shape: Shape | None, **told: str | None) -> Shape | None:
    """A shape with what else is known about a file; None where nothing is."""
    known = {name: value for name, value in told.items() if value is not None}
    return replace(shape or Shape(), **known) if known else shape  # type: ignore[arg-type]


def _marked(start: bytes) -> str | None:
    if start.startswith(UTF8_MARK):
        return "utf-8"
    return next((name for mark, name in UTF16_MARKS.items() if start.startswith(mark)), None)


def _told(start: bytes, shape: Shape) -> str:
    if shape.encoding == "utf-16":
        return _utf16(start) or "utf-16-le"
    return "utf-8" if shape.encoding == "utf-8-sig" else shape.encoding


def _utf16(start: bytes) -> str | None:
    """UTF-16 without a mark (64 bytes at least tell): every second byte of plain letters and commas is zero."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if len(start) < 64 or max(even, odd) * 5 < len(start[0::2]) * 2 or min(even, odd) * 5 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _encoding(path: Path, start: bytes) -> str:
    utf16 = _utf16(start)
    if utf16:
        return utf16
    with unpacked(path) as source:
        return _utf8_or_gb18030(_pieces(source))


def _pieces(source: Iterable[bytes]) -> Iterable[bytes]:
    """Chunks of a stream that end where a line ends, long lines cut."""
    while piece := source.read(CHUNK):  # type: ignore[attr-defined]
        yield piece if piece.endswith(b"\n") else piece + source.readline(CHUNK)  # type: ignore[attr-defined]


def _utf8_or_gb18030(pieces: Iterable[bytes]) -> str:
    valid = other = 0
    for piece in pieces:
        if piece.isascii():
            continue
        if _decodes(piece, "utf-8"):
            valid += piece.count(b"\n") + 1
            continue
        for line in piece.split(b"\n"):
            if not line.isascii():
                as_utf8 = _decodes(line, "utf-8")
                valid += as_utf8
                other += not as_utf8 and _decodes(line, "gb18030")
        if other >= ENOUGH_LINES and other > valid:
            return "gb18030"
    return "gb18030" if other > valid else "utf-8"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _separator(path: Path, start: bytes, encoding: str, shape: Shape) -> str:
    """By the format that was told or the name; a .txt file has the one that is most frequent in its header."""
    if shape.format == "tsv" or (shape.format is None and ".tsv" in (known_suffix(path.name) or "")):
        return "\t"
    if known_suffix(path.name) != ".txt":
        return ","
    lines = start.decode(encoding, "replace").splitlines()[shape.header_row - 1 :]
    return max(SEPARATORS, key=lines[0].count) if lines else ","
