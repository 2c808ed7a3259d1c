"""The one exporter of spreadsheets: text stays text, nothing in a cell can run, equal lists give equal bytes."""

import io
import unicodedata
from datetime import datetime
from string import ascii_uppercase
from typing import Any, Final

import xlsxwriter

from engine.push.cards import VisitList
from engine.push.columns import COLUMNS, TITLE, foot_of, head_of, values
from outreach import wording_casework as casework
from outreach import wording_outcomes as outcomes
from outreach.wording import Text

RUNS: Final = frozenset("=+-@\t\r\n")
LOOKALIKES: Final = frozenset("−‐‑–—")
"""Dashes that some programs read as a minus and that NFKC leaves alone."""

SOON: Final = ("lane", "due")
CHOICES: Final[dict[str, tuple[Text, ...]]] = {
    "outcome": tuple(Text(f"{code} {text.zh}", f"{code} {text.en}") for code, text in casework.OUTCOMES.items()),
    "contact_made": tuple(outcomes.CONTACTS.values()),
    "hindrance": tuple(outcomes.HINDRANCES.values()),
    "about": tuple(outcomes.ABOUT.values()),
}
"""What may be chosen in a column, in the order of the sheet of codes."""
CODES: Final = "代码 Codes"
CELL: Final = 32_767
"""Characters that a cell of a spreadsheet holds."""

OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula, even after it was saved as CSV.

    ``'`` goes before a text that begins with = + - @, a tab or a line break, or with a full-width or small form of
    one; blanks and invisible characters in front do not hide it. Characters that XML cannot hold are replaced.
    """
    clean = "".join(letter if _printable(letter) else "\ufffd" for letter in text)
    first = next((letter for letter in clean if not _invisible(letter)), "")
    folded = unicodedata.normalize("NFKC", first)[:1]
    starts = clean[:1] in RUNS or folded in RUNS or first in LOOKALIKES
    return ("'" + clean if starts else clean)[:CELL]


def _printable(letter: str) -> bool:
    return letter in "\t\n\r" or (
        ord(letter) >= 32 and not 0xD800 <= ord(letter) <= 0xDFFF and letter not in "\ufffe\uffff"
    )


def _invisible(letter: str) -> bool:
    return letter not in "\t\r\n" and (letter.isspace() or unicodedata.category(letter) in ("Cf", "Zs", "Mn"))


def spreadsheet(visits: VisitList, created: datetime) -> bytes:
    """The list as .xlsx: a sheet in Chinese, the same in English, what it is, and the outcome codes to choose from.

    ``created`` is written into the file and is all that would differ between two runs.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        book.set_properties(
            {"title": "走访名单 Visit list", "created": created.replace(tzinfo=None), "author": "Xunfang"}
        )
        formats = _formats(book)
        _list_sheet(book, visits, "zh", "名单", formats)
        _list_sheet(book, visits, "en", "List", formats)
        _about_sheet(book, visits, formats)
        _codes_sheet(book, formats)
    return buffer.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    cell = {"font_name": "Microsoft YaHei", "font_size": 12, "valign": "top", "text_wrap": True, "num_format": "@"}
    boxed = {**cell, "border": 1}
    return {
        "title": book.add_format({**cell, "font_size": 18, "bold": True, "text_wrap": False}),
        "plain": book.add_format({**cell, "text_wrap": False}),
        "heading": book.add_format({**boxed, "bold": True, "bg_color": "#E4E4E4"}),
        "cell": book.add_format(boxed),
        "soon": book.add_format({**boxed, "bold": True}),
        "fill": book.add_format({**boxed, "bg_color": "#FFFBE6"}),
    }


def _list_sheet(book: Any, visits: VisitList, language: str, name: str, formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet(name)
    above = [TITLE, *head_of(visits)[:2], Text("　", "  ").join(visits.notices)]
    for row, text in enumerate(above):
        _write(sheet, row, 0, getattr(text, language), formats["title" if text is TITLE else "plain"])
    top = len(above)
    for index, column in enumerate(COLUMNS):
        sheet.set_column(index, index, column.width)
        _write(sheet, top, index, f"{column.heading.zh}\n{column.heading.en}", formats["heading"])
    for row, card in enumerate(visits.cards, start=top + 1):
        said = values(card)
        for index, column in enumerate(COLUMNS):
            shape = "fill" if column.to_fill else "soon" if card.soon and column.key in SOON else "cell"
            _write(sheet, row, index, getattr(said[column.key], language), formats[shape])
    _make_printable(sheet, top, language)
    for place, (key, choices) in enumerate(CHOICES.items()):
        at = next(index for index, column in enumerate(COLUMNS) if column.key == key)
        letter = ascii_uppercase[2 * place + (language == "en")]
        source = f"='{CODES}'!${letter}$2:${letter}${len(choices) + 1}"
        if visits.cards:
            choice = {"validate": "list", "source": source}
            sheet.data_validation(top + 1, at, top + len(visits.cards), at, choice)


def _about_sheet(book: Any, visits: VisitList, formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet("说明 About")
    sheet.set_column(0, 1, 70)
    for row, text in enumerate([TITLE, *head_of(visits), *visits.notices, *foot_of(visits)]):
        _write(sheet, row, 0, text.zh, formats["cell"])
        _write(sheet, row, 1, text.en, formats["cell"])


def _write(sheet: Any, row: int, column: int, text: str, shape: Any) -> None:
    sheet.write_string(row, column, guarded(text), shape)


def _make_printable(sheet: Any, top: int, language: str) -> None:
    sheet.freeze_panes(top + 1, 2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page = "第 &P 页，共 &N 页" if language == "zh" else "Page &P of &N"
    keep = getattr(casework.KEEP_SAFE, language)
    sheet.set_footer(f"&L{keep}&R{page}")


def _codes_sheet(book: Any, formats: dict[str, Any]) -> None:
    """What may be chosen in the columns to fill in: two columns for each, in Chinese and in English."""
    sheet = book.add_worksheet(CODES)
    sheet.set_column(0, 2 * len(CHOICES) - 1, 30)
    for place, (key, choices) in enumerate(CHOICES.items()):
        heading = next(column.heading for column in COLUMNS if column.key == key)
        _write(sheet, 0, 2 * place, heading.zh, formats["heading"])
        _write(sheet, 0, 2 * place + 1, heading.en, formats["heading"])
        for row, text in enumerate(choices, start=1):
            _write(sheet, row, 2 * place, text.zh, formats["cell"])
            _write(sheet, row, 2 * place + 1, text.en, formats["cell"])
