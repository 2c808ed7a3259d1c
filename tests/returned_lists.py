"""A list that a night wrote, filled in as a caseworker would, and saved by another program."""

import csv
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import xlsxwriter

from engine.push.columns import COLUMNS

OPTIONS = {"has_header": False, "read_options": {"header_row": None}, "drop_empty_rows": False}
PLACES = {column.key: at for at, column in enumerate(COLUMNS)}


def rows_of(path: Path, sheet: str = "名单") -> list[list[str]]:
    """All rows of a sheet as text."""
    frame = pl.read_excel(path, sheet_name=sheet, **OPTIONS)
    return [["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()]


def top_of(rows: list[list[str]]) -> int:
    """The row of the heading."""
    return next(number for number, row in enumerate(rows) if row[PLACES["item_no"]] == "编号\nItem no.")


def fill(rows: list[list[str]], number: int, **cells: str) -> None:
    """Fill in the cells of a household by its place on the list, from 0."""
    for name, text in cells.items():
        rows[top_of(rows) + 1 + number][PLACES[name]] = text


def save(path: Path, sheets: Mapping[str, list[list[str]]]) -> Path:
    """Write sheets as a workbook, every cell text."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if cell:
                        sheet.write_string(at, place, cell)
    return path


def save_csv(path: Path, rows: list[list[str]], encoding: str = "gb18030") -> Path:
    """Write rows as a spreadsheet in Chinese saves CSV."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path
