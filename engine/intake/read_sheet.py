"""The XML of a worksheet, walked by itself: which rows hold something, and what another reader would hide.

This is the independent counter of a workbook. It also finds the cells that a reader of values silently changes or
drops: numbers of more than fifteen digits, errors, formulas without a result, and cells under a merged one.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from xml.parsers import expat

from engine.errors import SourceError
from engine.intake.read_stream import BOMB_BYTES, BOMB_TIMES, CHUNK, refuse_bomb

MOST_BYTES: Final = 2**30
"""A workbook is held in memory as a whole, so one that unpacks to more is refused."""
DIGITS: Final = 15
"""A spreadsheet keeps so many digits of a number (IEEE 754 double precision) and writes zeros for the rest."""
REFERENCE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
WORKBOOK: Final = "xl/workbook.xml"
RELATIONS: Final = "xl/_rels/workbook.xml.rels"
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384


@dataclass
class Walk:
    """What stands in a worksheet. Rows count from 1, columns from 0.

    ``used``: every row with a cell that holds something. ``shown``: the text that a cell shows, where that is not
    its value. ``lost``: rows with a formula whose result was never stored. ``merged``: first and last row, first
    and last column of each merged range.
    """

    used: list[int] = field(default_factory=list)
    first_column: int = MOST_COLUMNS
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)

    def covered(self) -> set[int]:
        """The rows in which a cell lies under a merged one, so that its blank means nothing."""
        rows: set[int] = set()
        for first, last, left, right in self.merged:
            rows.update(range(first if right > left else first + 1, last + 1))
        return rows


@dataclass(frozen=True)
class Sheet:
    """A worksheet of a workbook: its place among the sheets, its name, and its part of the archive."""

    place: int
    name: str
    part: str


def open_archive(path: Path) -> zipfile.ZipFile:
    """The archive of a workbook; raises SourceError where it is cut, damaged, or a decompression bomb."""
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN:
        raise damaged(path) from None
    try:
        _refuse_bombs(path, archive)
    except BaseException:
        archive.close()
        raise
    return archive


def sheets_of(path: Path, archive: zipfile.ZipFile) -> list[Sheet]:
    """The worksheets in order; raises SourceError where the workbook counts days from 1904."""
    parts: dict[str, str] = {}
    sheets: list[Sheet] = []
    listed: list[tuple[str, str]] = []

    def relation(name: str, given: Mapping[str, str]) -> None:
        if name == "Relationship" and given.get("Type", "").endswith("/worksheet"):
            target = given.get("Target", "")
            parts[given.get("Id", "")] = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"

    def element(name: str, given: Mapping[str, str]) -> None:
        if name == "workbookPr" and given.get("date1904", "0") in ("1", "true"):
            raise SourceError(
                f"{path.name}: the workbook counts days from 1904", "Save it again with the 1900 date system."
            )
        if name == "sheet":
            relations = [value for key, value in given.items() if key.endswith(":id") or key == "id"]
            listed.append((given.get("name", ""), relations[0] if relations else ""))

    _parse(path, archive, RELATIONS, relation)
    _parse(path, archive, WORKBOOK, element)
    for place, (name, relation_id) in enumerate(listed):
        if relation_id in parts:
            sheets.append(Sheet(place, name, parts[relation_id]))
    if not sheets:
        raise damaged(path)
    return sheets


def has_rows(path: Path, archive: zipfile.ZipFile, sheet: Sheet) -> bool:
    """Whether a worksheet holds a row at all."""
    try:
        with archive.open(sheet.part) as part:
            tail = b""
            while chunk := part.read(CHUNK):
                if re.search(rb"<(?:\w+:)?row[ >]", tail + chunk):
                    return True
                tail = chunk[-32:]
    except (KeyError, *_BROKEN):
        raise damaged(path) from None
    return False


def walk(path: Path, archive: zipfile.ZipFile, sheet: Sheet) -> Walk:
    """Walk the XML of one worksheet."""
    walker = _Walker(path)
    _parse(path, archive, sheet.part, walker.start, end=walker.end, text=walker.text)
    return walker.found


def damaged(path: Path) -> SourceError:
    """The refusal of a file that is no workbook, or only a part of one."""
    return SourceError(f"{path.name}: this is not a whole Excel workbook (.xlsx)", "Ask for the file again.")


class _Walker:
    """The handlers of the XML parser."""

    def __init__(self, path: Path) -> None:
        self.found = Walk()
        self._path, self._row, self._column = path, 0, -1
        self._kind, self._value = "", ""
        self._inside = self._has_value = self._has_formula = False

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "row":
            self._row = self._number(given.get("r"), self._row + 1)
            self._column = -1
        elif name == "c":
            self._begin_cell(given)
        elif name in ("v", "t"):
            self._inside, self._has_value = True, True
        elif name == "f":
            self._has_formula = True
        elif name == "mergeCell":
            self._merge(given.get("ref", ""))

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._inside = False
        elif name == "c":
            self._end_cell()

    def text(self, text: str) -> None:
        if self._inside:
            self._value += text

    def _begin_cell(self, given: Mapping[str, str]) -> None:
        reference = REFERENCE.fullmatch(given.get("r", ""))
        self._column += 1
        if reference:
            self._column = _column(reference[1])
            if int(reference[2]) != self._row:
                raise damaged(self._path)
        if self._column >= MOST_COLUMNS:
            raise damaged(self._path)
        self._kind, self._value = given.get("t", "n"), ""
        self._has_value = self._has_formula = False

    def _end_cell(self) -> None:
        found = self.found
        if self._has_formula and not self._value and self._kind != "str":
            found.lost.add(self._row)
        if not self._has_value and not self._has_formula:
            return
        if not found.used or found.used[-1] != self._row:
            if found.used and found.used[-1] > self._row:
                raise damaged(self._path)
            found.used.append(self._row)
        found.first_column = min(found.first_column, self._column)
        if self._kind == "e":
            found.shown[self._row, self._column] = self._value
        elif self._kind == "n" and (len(self._value) > DIGITS or "E" in self._value.upper()):
            found.shown[self._row, self._column] = as_shown(self._value)

    def _merge(self, reference: str) -> None:
        ends = [REFERENCE.fullmatch(each) for each in reference.split(":")]
        if len(ends) != 2 or ends[0] is None or ends[1] is None:
            return
        first, last = self._number(ends[0][2], 1), self._number(ends[1][2], 1)
        self.found.merged.append((first, last, _column(ends[0][1]), _column(ends[1][1])))

    def _number(self, text: str | None, default: int) -> int:
        number = default if text is None else int(text) if text.isdecimal() else 0
        if not 1 <= number <= MOST_ROWS:
            raise damaged(self._path)
        return number


def as_shown(number: str) -> str:
    """A number as a spreadsheet shows it: fifteen digits of it, and an exponent where it has more before the point.

    An identity number that was stored as a number is thereby told from one that was stored as text.
    """
    try:
        value = float(number)
    except ValueError:
        return number
    if abs(value) >= 10**DIGITS:
        mantissa, exponent = f"{value:.14E}".split("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"
    return f"{value:.15g}"


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


def _parse(
    path: Path,
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, Mapping[str, str]], None],
    *,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Run a part of the archive through the XML parser; names come without their namespace."""
    parser = expat.ParserCreate(namespace_separator=None)
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, given: start(name.rpartition(":")[2], given)
    if end is not None:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if text is not None:
        parser.CharacterDataHandler = text

    def no_document_type(*_: Any) -> None:
        raise damaged(path)

    parser.StartDoctypeDeclHandler = no_document_type
    try:
        with archive.open(part) as content:
            _feed(parser, content)
    except (KeyError, *_BROKEN):
        raise damaged(path) from None


def _feed(parser: expat.XMLParserType, content: IO[bytes]) -> None:
    while chunk := content.read(CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _refuse_bombs(path: Path, archive: zipfile.ZipFile) -> None:
    size = path.stat().st_size
    parts = archive.infolist()
    if sum(part.compress_size for part in parts) > size or any(part.flag_bits & 1 for part in parts):
        raise damaged(path)
    content = sum(part.file_size for part in parts)
    refuse_bomb(path.name, size, content)
    for part in parts:
        if part.file_size > BOMB_BYTES and part.file_size > BOMB_TIMES * max(1, part.compress_size):
            refuse_bomb(path.name, part.compress_size, part.file_size)
    if content > MOST_BYTES:
        raise SourceError(
            f"{path.name}: unpacks to {content:,} bytes, and a workbook may have {MOST_BYTES:,}",
            "Deliver such a table as CSV or Parquet.",
        )
