"""A list that comes back: the spreadsheet that a night wrote, filled in by the caseworker, or the same as CSV.

Rows may have been sorted, cut or copied: each is found by the number of its item, whose check and household must
agree. Every row that says something is recorded, is known already, or is set aside with its reason; none is lost,
and the file itself is left as it is.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col

from engine.db import writing
from engine.errors import SourceError, UsageError
from engine.feedback import Filled, RefusedError, record
from engine.files import sha256_of
from engine.intake.read_sheet import open_archive
from engine.nights import STANDING
from engine.outcomes import find
from engine.push.cards import letters
from engine.push.columns import COLUMNS
from engine.tables import OutreachItem
from engine.workplace import Workplace
from outreach import wording_casework as casework
from outreach import wording_outcomes as words
from outreach.outcomes import item_of
from outreach.wording import Text

FILLED: Final = tuple(column.key for column in COLUMNS if column.to_fill and column.key != "signatures")
NEEDED: Final = ("item_no", "outcome", "visited_on")
MOST_BYTES: Final = 20 * 2**20
"""A list of some hundred households is a hundredth of this."""
DAY: Final = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"
)
COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
SERIAL: Final = re.compile(r"[45]\d{4}")
"""A day as a spreadsheet counts it, where its cell has lost the format of a date: 2009 to 2064."""
SERIAL_ZERO: Final = date(1899, 12, 30)
CHOICES: Final[dict[str, Mapping[str, Text]]] = {
    "contact_made": words.CONTACTS,
    "hindrance": words.HINDRANCES,
    "about": words.ABOUT,
}
MINUTES: Final = re.compile(r"(\d{1,4})(?:\.0+)?\s*(?:分|分钟|min|minutes)?")
MOST_MINUTES: Final = 1_440
WRONG: Final = {"contact_made": "bad_contact", "hindrance": "bad_hindrance", "about": "bad_about"}


@dataclass(frozen=True)
class Line:
    """A row of the file in which something was filled in: where it stands, and its cells by column."""

    sheet: str
    row: int
    cells: Mapping[str, str]

    def said(self) -> tuple[str, ...]:
        """All that was filled in, for comparing two rows of one item."""
        return tuple(self.cells.get(name, "") for name in FILLED)


def take_back(place: Workplace, path: Path, *, areas: Sequence[str]) -> dict[str, Any]:
    """Record all outcomes of a returned list, in one transaction.

    Told: ``rows`` (in which something was filled in) = ``recorded`` + ``already`` + ``set_aside`` (each with sheet,
    row, item and the reason in words), ``blank`` (rows of items without an outcome), ``still_open``: how many items
    of the same lists wait for an outcome after this, and ``unread``: columns (sheet and letter) that hold something
    under a heading that is none of the list's. Raises UsageError where the file cannot be read,
    SourceError where it is not such a list.
    """
    lines, blank, unread = _lines(path)
    recorded: list[str] = []
    already: list[str] = []
    aside: list[dict[str, Any]] = []
    with writing(place.database) as session:
        twice = _at_odds(lines)
        for line in lines:
            try:
                if line.cells.get("item_no", "") in twice:
                    raise RefusedError("twice")
                item = _item(session, place, line)
                done = record(session, place, item, _filled(line), areas=areas, now=place.log.clock())
                (already if done.already else recorded).append(done.item)
            except RefusedError as refused:
                aside.append(_aside(line, refused))
        left = _still_open(session, [*recorded, *already, *(str(each["item"]) for each in aside)])
        counts = {"rows": len(lines), "recorded": len(recorded), "already": len(already), "set_aside": len(aside)}
        place.log.note("list returned", "list", {"file": sha256_of(path), **counts}, session)
    return {"file": path.name, **counts, "blank": blank, "still_open": left, "aside": aside, "unread": unread}


def _lines(path: Path) -> tuple[list[Line], int, list[dict[str, str]]]:
    """The rows that say something, how many of items say nothing, and the columns that no heading of ours names."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "Mend the path.") from None
    if size > MOST_BYTES:
        raise SourceError(f"{path.name}: is far too large for a list", "Name the list that came back.")
    tables = _text_tables(path) if path.suffix.lower() == ".csv" else _sheets(path)
    lines: list[Line] = []
    unread: list[dict[str, str]] = []
    blank, headed = 0, False
    for sheet, rows in tables:
        top, places = _heading(rows)
        if top is None:
            continue
        headed = True
        missing = [name for name in NEEDED if name not in places]
        if missing:
            heading = next(column.heading for column in COLUMNS if column.key == missing[0])
            raise SourceError(
                f"{path.name}, {sheet}: the column {heading.zh} / {heading.en} is missing",
                "Take the list that the night wrote, fill it in, and leave its columns.",
            )
        unread += [{"sheet": sheet, "column": letter} for letter in _filled_beside(rows[top + 1 :], places)]
        for number, row in enumerate(rows[top + 1 :], start=top + 2):
            cells = {name: row[at].strip() for name, at in places.items() if at < len(row)}
            if any(cells.get(name) for name in FILLED):
                lines.append(Line(sheet, number, cells))
            elif any(cells.values()):
                blank += 1
    if not headed:
        raise SourceError(
            f"{path.name}: no sheet has the heading of a list (编号 / Item no.)",
            "Take the list that the night wrote, fill it in, and leave its heading.",
        )
    return _once(lines), blank, unread


def _filled_beside(body: list[list[str]], places: Mapping[str, int]) -> list[str]:
    """The letters of columns in which something stands under a heading that was changed, or is none of ours."""
    beside = {at for row in body for at, cell in enumerate(row) if cell.strip()} - set(places.values())
    return [letters(at) for at in sorted(beside)]


def _once(lines: list[Line]) -> list[Line]:
    """Without the rows of a second sheet that say the same of the same item: both languages are one list."""
    seen: dict[tuple[str, tuple[str, ...]], str] = {}
    kept = []
    for line in lines:
        key = (line.cells.get("item_no", ""), line.said())
        if not key[0] or seen.setdefault(key, line.sheet) == line.sheet:
            kept.append(line)
    return kept


def _at_odds(lines: list[Line]) -> set[str]:
    """The items to which rows of the file give different outcomes."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for line in lines:
        found.setdefault(line.cells.get("item_no", ""), set()).add(line.said())
    return {name for name, said in found.items() if name and len(said) > 1}


def _sheets(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """The sheets of a workbook as text; raises SourceError where it is damaged."""
    import fastexcel

    open_archive(path).close()
    try:
        book = fastexcel.read_excel(path)
        for name in book.sheet_names:
            frame = book.load_sheet(name, header_row=None, dtypes="string", skip_rows=0).to_polars()
            yield name, [["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()]
    except fastexcel.FastExcelError:
        raise SourceError(f"{path.name}: cannot be read as a workbook", "Save it again as .xlsx.") from None


def _text_tables(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """The rows of a CSV file, in UTF-8 or GB 18030, as Chinese spreadsheets save it."""
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise SourceError(f"{path.name}: is neither UTF-8 nor GB 18030", "Save it again as UTF-8.")
    try:
        yield "csv", list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        raise SourceError(f"{path.name}: cannot be read as CSV", "Save it again.") from None


def _heading(rows: list[list[str]]) -> tuple[int | None, dict[str, int]]:
    """The row of the heading, and where each column stands in it."""
    wanted: dict[str, str] = {}
    for column in COLUMNS:
        zh, en = _bare(column.heading.zh), _bare(column.heading.en)
        wanted |= {zh + en: column.key, zh: column.key, en: column.key}
    for number, row in enumerate(rows):
        places = {wanted[_bare(cell)]: at for at, cell in enumerate(row) if _bare(cell) in wanted}
        if "item_no" in places or "outcome" in places:
            return number, places
    return None, {}


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()


def _item(session: Session, place: Workplace, line: Line) -> OutreachItem:
    """The item of a row; its check and the household's number beside it must agree."""
    named = line.cells.get("item_no", "")
    if not named:
        raise RefusedError("no_item")
    parts = item_of(named)
    if parts is not None and not parts[1]:
        raise RefusedError("wrong_check")
    item = find(session, named)
    beside = line.cells.get("household_no", "")
    if beside and item.household_id != beside and item.household_id not in place.names_of(beside):
        raise RefusedError("wrong_household")
    return item


def _filled(line: Line) -> Filled:
    """What a row says; raises RefusedError naming the cell that cannot be read."""
    code = line.cells.get("outcome", "").split(" ")[0].split("\u3000")[0].upper()
    if not code:
        raise RefusedError("no_code")
    if code not in casework.OUTCOMES:
        raise RefusedError("bad_code")
    chosen = {name: _choice(name, line.cells.get(name, "")) for name in CHOICES}
    return Filled(
        outcome=code,
        visited_on=_day(line.cells.get("visited_on", "")),
        contact=chosen["contact_made"] or "home",
        hindrance=chosen["hindrance"],
        about=chosen["about"],
        note=line.cells.get("notes") or None,
        minutes=_minutes(line.cells.get("minutes", "")),
    )


def _choice(name: str, text: str) -> str | None:
    """The code of one of the words of a column; null where nothing is chosen."""
    if not text:
        return None
    for code, word in CHOICES[name].items():
        if text in (code, word.zh, word.en):
            return code
    raise RefusedError(WRONG[name])


def _minutes(text: str) -> int | None:
    """How long a visit took, as a worker writes it; null where nothing is written."""
    if not text:
        return None
    found = MINUTES.fullmatch(text)
    if found is None or int(found[1]) > MOST_MINUTES:
        raise RefusedError("bad_minutes")
    return int(found[1])


def _day(text: str) -> date:
    if not text:
        raise RefusedError("no_date")
    if SERIAL.fullmatch(text):
        return SERIAL_ZERO + timedelta(days=int(text))
    found = DAY.fullmatch(text) or COMPACT.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        year, month, day = (int(part) for part in found.groups())
        return date(year, month, day)
    except ValueError:
        raise RefusedError("bad_date") from None


def _aside(line: Line, refused: RefusedError) -> dict[str, Any]:
    parts = item_of(line.cells.get("item_no", ""))
    return {
        "sheet": line.sheet,
        "row": line.row,
        "item": None if parts is None else parts[0],
        "why": refused.why,
        "zh": refused.text.zh,
        "en": refused.text.en,
    }


def _still_open(session: Session, named: list[str]) -> int:
    """How many items of the lists that hold the named ones still wait for an outcome."""
    numbers = [parts[0] for parts in map(item_of, named) if parts is not None]
    lists = sa.select(col(OutreachItem.list_id)).where(col(OutreachItem.id).in_(numbers))
    waiting = sa.select(sa.func.count()).where(
        col(OutreachItem.list_id).in_(lists), col(OutreachItem.state).in_(STANDING)
    )
    return int(session.execute(waiting).scalar_one())
