"""Ways of spoiling workbooks and Parquet files, and of calling a file what it is not."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

import polars as pl
import xlsxwriter
from spoil import AMOUNT, HEADER, KNOWN_ON, MONTH, PERSON, WAYS, Spoilt, Table, cut, some, way

SHEET = "xl/worksheets/sheet1.xml"


def workbook(
    table: Table, sheets: tuple[str, ...] = ("收入",), first: int = 0, blank: int = 0, **cells: Any
) -> bytes:
    """A workbook with amounts as numbers and the rest as text; ``blank`` rows follow the header."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name in sheets:
            page = book.add_worksheet(name)
            page.write_row(first, 0, table.header)
            for place, row in enumerate(table.rows, start=first + blank + 1):
                for column, text in enumerate(row):
                    _write(page, place, column, text, day if cells.get("dates") and column == MONTH else None)
            for change in cells.get("changes", ()):
                change(page, book)
    return buffer.getvalue()


def _write(page: Any, row: int, column: int, text: str, day: Any) -> None:
    if day is not None:
        page.write_datetime(row, column, date.fromisoformat(text), day)
    elif column == AMOUNT and text.isascii() and text.lstrip("-").isdigit() and len(text) < 15:
        page.write_number(row, column, int(text))
    elif text:
        page.write_string(row, column, text)


def book(table: Table, aside: int | None = 0, refused: bool | None = False, **made: Any) -> Spoilt:
    """A workbook in the inbox."""
    return Spoilt(workbook(table, **made), len(table.rows), aside, refused, name="income.xlsx")


def part_changed(data: bytes, change: Callable[[bytes], bytes], part: str = SHEET) -> bytes:
    """A workbook with one of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parquet(table: Table, **columns: Any) -> bytes:
    """The table as typed Parquet."""
    frame = pl.DataFrame(list(table.rows), schema=dict.fromkeys(HEADER, pl.String), orient="row")
    typed = frame.with_columns(
        pl.col("month", "known_on").str.to_date(),
        pl.col("amount", "period_months").cast(pl.Int64),
        pl.col("household_id").replace("", None),
        void=pl.lit(None, dtype=pl.Boolean),
        seq=pl.lit(None, dtype=pl.Int64),
    )
    buffer = io.BytesIO()
    typed.with_columns(**columns).write_parquet(buffer, row_group_size=50)
    return buffer.getvalue()


def as_parquet(table: Table, aside: int | None = 0, refused: bool | None = False, **columns: Any) -> Spoilt:
    """Parquet in the inbox."""
    return Spoilt(parquet(table, **columns), len(table.rows), aside, refused, name="income.parquet")


@way
def a_workbook(table: Table, random: Random) -> Spoilt:
    return book(table)


@way
def a_workbook_with_dates(table: Table, random: Random) -> Spoilt:
    return book(table, dates=True)


@way
def a_workbook_with_serial_days(table: Table, random: Random) -> Spoilt:
    def change(page: Any, made: Any) -> None:
        for row, cells in enumerate(table.rows, start=1):
            for column in (MONTH, KNOWN_ON):
                days = (date.fromisoformat(cells[column]) - date(1899, 12, 30)).days
                page.write_number(row, column, days)

    return book(table, changes=(change,))


@way
def a_workbook_with_blank_rows(table: Table, random: Random) -> Spoilt:
    return book(table, blank=random.randint(1, 5))


@way
def a_workbook_that_kept_fifteen_digits(table: Table, random: Random) -> Spoilt:
    rows = some(table, random)

    def change(page: Any, made: Any) -> None:
        for row in rows:
            page.write_number(row + 1, PERSON, int(table.rows[row][PERSON][:17] + "0"))

    return book(table, len(rows), changes=(change,))


@way
def a_workbook_with_errors_in_cells(table: Table, random: Random) -> Spoilt:
    rows = some(table, random)

    def change(page: Any, made: Any) -> None:
        for row in rows:
            page.write_formula(
                row + 1, AMOUNT, "=1/0", None, random.choice(["#DIV/0!", "#N/A", "#REF!", "#VALUE!"])
            )

    return book(table, len(rows), changes=(change,))


@way
def a_workbook_with_an_error_where_a_blank_may_be(table: Table, random: Random) -> Spoilt:
    rows = some(table, random)

    def change(page: Any, made: Any) -> None:
        for row in rows:
            page.write_formula(row + 1, KNOWN_ON, "=NA()", None, "#N/A")

    return book(table, len(rows), changes=(change,))


@way
def merged_cells(table: Table, random: Random) -> Spoilt:
    row = random.randrange(1, len(table.rows) - 3)
    return book(
        table,
        2,
        changes=(lambda page, made: page.merge_range(row, PERSON, row + 2, PERSON, table.rows[row - 1][PERSON]),),
    )


@way
def formulas_without_results(table: Table, random: Random) -> Spoilt:
    rows = some(table, random)

    def change(page: Any, made: Any) -> None:
        for row in rows:
            page.write_formula(row + 1, AMOUNT, "=A1+424242", None, 424242)

    made = workbook(table, changes=(change,))
    data = part_changed(made, lambda xml: xml.replace(b"<v>424242</v>", b""))
    return Spoilt(data, len(table.rows), len(rows), name="income.xlsx")


@way
def a_long_amount_in_a_workbook(table: Table, random: Random) -> Spoilt:
    rows = some(table, random)

    def change(page: Any, made: Any) -> None:
        for row in rows:
            page.write_number(row + 1, AMOUNT, random.choice([1.1e17, 12345.5, 1e300, 0.1]))

    return book(table, len(rows), changes=(change,))


@way
def formulas_as_text(table: Table, random: Random) -> Spoilt:
    rows = some(table, random)
    for row in rows:
        table = table.with_cell(row, AMOUNT, random.choice(["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3"]))
    return book(table, len(rows))


@way
def several_sheets_and_no_name(table: Table, random: Random) -> Spoilt:
    return book(table, None, True, sheets=("一月", "二月"))


@way
def several_sheets_and_a_name(table: Table, random: Random) -> Spoilt:
    data = workbook(table, sheets=("一月", "二月"))
    return Spoilt(data, len(table.rows), name="income.xlsx", entry={"sheet": "二月"})


@way
def a_workbook_without_cells(table: Table, random: Random) -> Spoilt:
    return Spoilt(workbook(Table([], [])), None, None, True, name="income.xlsx")


@way
def a_workbook_with_a_title(table: Table, random: Random) -> Spoilt:
    return book(table, None, True, first=2)


@way
def a_cut_workbook(table: Table, random: Random) -> Spoilt:
    return Spoilt(cut(workbook(table), random), None, None, True, name="income.xlsx")


@way
def a_workbook_that_unpacks_to_a_bomb(table: Table, random: Random) -> Spoilt:
    data = part_changed(
        workbook(table), lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b" " * 80_000_000)
    )
    return Spoilt(data, None, None, True, name="income.xlsx")


@way
def a_workbook_with_entities(table: Table, random: Random) -> Spoilt:
    kinds = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    data = part_changed(workbook(table), lambda xml: xml.replace(b"<worksheet ", kinds + b"<worksheet ", 1))
    return Spoilt(data, None, None, True, name="income.xlsx")


@way
def flipped_bits_of_a_workbook(table: Table, random: Random) -> Spoilt:
    data = bytearray(workbook(table))
    for _ in range(random.randint(1, 5)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return Spoilt(bytes(data), None, None, None, name="income.xlsx", sound=False)


@way
def flipped_bits_inside_a_workbook(table: Table, random: Random) -> Spoilt:
    def flipped(xml: bytes) -> bytes:
        data = bytearray(xml)
        for _ in range(random.randint(1, 3)):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        return bytes(data)

    part = random.choice([SHEET, SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"])
    return Spoilt(part_changed(workbook(table), flipped, part), None, None, None, name="income.xlsx", sound=False)


@way
def typed_parquet(table: Table, random: Random) -> Spoilt:
    return as_parquet(table)


@way
def parquet_of_text(table: Table, random: Random) -> Spoilt:
    rows = some(table, random)
    spoilt = pl.Series([("soon" if row in rows else cells[MONTH]) for row, cells in enumerate(table.rows)])
    return as_parquet(table, len(rows), month=spoilt)


@way
def parquet_with_a_nested_column(table: Table, random: Random) -> Spoilt:
    return as_parquet(table, None, True, quality=pl.concat_list("quality"))


@way
def parquet_with_a_struct(table: Table, random: Random) -> Spoilt:
    return as_parquet(table, None, True, amount=pl.struct("amount"))


@way
def parquet_of_other_types(table: Table, random: Random) -> Spoilt:
    return as_parquet(table, None, True, amount=pl.col("amount").cast(pl.Float64))


@way
def parquet_of_bytes(table: Table, random: Random) -> Spoilt:
    return as_parquet(table, None, True, record_no=pl.col("record_no").cast(pl.Binary))


@way
def parquet_without_its_footer(table: Table, random: Random) -> Spoilt:
    return Spoilt(parquet(table)[: -random.randint(1, 200)], None, None, True, name="income.parquet")


@way
def cut_parquet(table: Table, random: Random) -> Spoilt:
    return Spoilt(cut(parquet(table), random), None, None, True, name="income.parquet")


@way
def flipped_bits_of_parquet(table: Table, random: Random) -> Spoilt:
    data = bytearray(parquet(table))
    for _ in range(random.randint(1, 5)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return Spoilt(bytes(data), None, None, None, name="income.parquet", sound=False)


CALLED = {
    "text called a workbook": ("income.xlsx", lambda table: table.csv().encode()),
    "text called Parquet": ("income.parquet", lambda table: table.csv().encode()),
    "a workbook called text": ("income.csv", workbook),
    "Parquet called text": ("income.csv", parquet),
    "Parquet called a workbook": ("income.xlsx", parquet),
    "a workbook called Parquet": ("income.parquet", workbook),
    "an old workbook": ("income.xlsx", lambda table: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_000)),
    "a web page called a workbook": (
        "income.xlsx",
        lambda table: b"<html><table><tr><td>1</td></tr></table></html>",
    ),
}
for name, (file, make) in CALLED.items():

    def _called(table: Table, random: Random, file=file, make=make) -> Spoilt:  # type: ignore[no-untyped-def]
        return Spoilt(make(table), None, None, True, name=file)

    WAYS[name] = _called
