"""One table, delivered in every format and encoding that a department has, gives the same records."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import xlsxwriter
from deliveries import a_home, csv_of, deliver, people, wages

from engine.errors import SourceError
from engine.intake.inbox import check, take_in
from engine.intake.quarantine import open_rows
from engine.intake.read import blocks, raw_text
from engine.intake.read_block import ENCODING, FORMULA, MERGED
from engine.intake.shape import Shape
from engine.keys import load_keys
from engine.settings import Home

PERSONS = 20
TEXT = csv_of("income", wages(range(1, PERSONS + 1))).decode("utf-8")
TABBED = TEXT.replace(",", "\t")
FORMS: dict[str, tuple[str, bytes]] = {
    "CSV": ("income.csv", TEXT.encode()),
    "CSV in capitals": ("INCOME.CSV", TEXT.encode()),
    "a byte-order mark": ("income.csv", TEXT.encode("utf-8-sig")),
    "UTF-16": ("income.csv", TEXT.encode("utf-16")),
    "UTF-16, big end first": ("income.csv", b"\xfe\xff" + TEXT.encode("utf-16-be")),
    "UTF-16 without a mark": ("income.csv", TEXT.encode("utf-16-le")),
    "TSV": ("income.tsv", TABBED.encode()),
    "text with tabs": ("income.txt", TABBED.encode("utf-16")),
    "text with semicolons": ("income.txt", TEXT.replace(",", ";").encode()),
    "gzip": ("income.csv.gz", gzip.compress(TEXT.encode())),
    "gzip in two members": ("income.csv.gz", gzip.compress(TEXT[:99].encode()) + gzip.compress(TEXT[99:].encode())),
    "gzip under another name": ("income.csv", gzip.compress(TEXT.encode())),
    "no gzip under its name": ("income.csv.gz", TEXT.encode()),
    "zstd": ("income.tsv.zst", pa.compress(TABBED.encode(), "zstd", asbytes=True)),
    "zstd of UTF-16": ("income.csv.zst", pa.compress(TEXT.encode("utf-16"), "zstd", asbytes=True)),
}


def deliver_file(home: Home, name: str, data: bytes, **entry: Any) -> Path:
    folder = deliver(home, "d1", **people(PERSONS))
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"].append({"name": name, "kind": "income"} | entry)
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


@pytest.mark.parametrize("how", FORMS)
def test_the_same_records_come_out_of_every_form(how: str, tmp_path: Path) -> None:
    name, data = FORMS[how]
    home = a_home(tmp_path / "home")
    deliver_file(home, name, data, rows=60)
    result = take_in(home)
    result.raise_refused()
    (entry,) = [each for each in result.taken[0].files if each.kind == "income"]
    assert (entry.rows, entry.accepted, entry.quarantined) == (60, 60, 0)
    found = result.store.records("income").collect().sort("amount")
    expected = wages(range(1, PERSONS + 1)).sort("amount")
    assert found.select("month", "amount", "kind").equals(expected.select("month", "amount", "kind"))


NAMED = "id,name\n1,张三\n2,李四😀\n3,王五\n"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16-le"])
@pytest.mark.parametrize("packed", [False, True])
def test_chinese_text_is_read_in_the_encoding_that_it_is_in(packed: bool, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    data = (NAMED * 9).replace("id,name\n", "", 8).encode(encoding)
    data = "id,name\n".encode(encoding) + data.replace("id,name\n".encode(encoding), b"")
    path.write_bytes(gzip.compress(data) if packed else data)
    (block,) = blocks(path, whole=True)
    assert block.frame["name"].to_list() == ["张三", "李四😀", "王五"] * 9
    assert [text for _, text in raw_text(path, [3])] == ["2,李四😀"]


@pytest.mark.parametrize(
    ("encoding", "broken", "told"),
    [
        ("utf-8", b"2,\xe6\x9d", "2,\\xe6\\x9d\\\\"),
        ("gb18030", b"2,\xc0\xff", "2,\\xc0\\xff\\\\"),
        ("utf-16", b"2\0,\0\x00\xd8", "2,\\xed\\xa0\\x80\\\\"),
    ],
)
def test_a_row_whose_bytes_are_no_characters_is_set_aside_and_its_neighbours_stay(
    encoding: str, broken: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "names.csv"
    end = "\\\n".encode(encoding.replace("utf-16", "utf-16-le"))
    lines = [f"{number},王五\n" for number in (1, 3)]
    codec = encoding.replace("utf-16", "utf-16-le")
    start = "id,name\n".encode(encoding)
    path.write_bytes(start + lines[0].encode(codec) + broken + end + lines[1].encode(codec))
    (block,) = blocks(path, whole=True, shape=Shape(encoding=encoding))  # type: ignore[arg-type]
    assert block.frame["row_"].to_list() == [2, 4]
    assert block.frame["name"].to_list() == ["王五", "王五"]
    assert block.broken == [(3, ENCODING)]
    assert dict(raw_text(path, [3], Shape(encoding=encoding))) == {3: told}  # type: ignore[arg-type]


def test_a_few_broken_bytes_do_not_turn_utf8_into_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_bytes((NAMED + "4,赵六\n").encode().replace("赵六".encode(), "赵六".encode("gb18030")))
    (block,) = blocks(path, whole=True)
    assert block.frame["name"].to_list() == ["张三", "李四😀", "王五"]
    assert block.broken == [(5, ENCODING)]


def workbook(path: Path, rows: list[list[Any]], sheets: tuple[str, ...] = ("one",)) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        for sheet in sheets:
            page = book.add_worksheet(sheet)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    return path


def wage_rows() -> list[list[Any]]:
    frame = wages(range(1, PERSONS + 1)).drop("known_on_assumed", "delivery_id")
    return [frame.columns, *map(list, frame.iter_rows())]


def test_a_workbook_is_taken_in_with_its_dates_and_serial_numbers_of_days(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    rows = wage_rows()
    month = rows[0].index("month")
    rows[1][month] = (rows[1][month] - date(1899, 12, 30)).days
    rows.insert(5, [])
    data = workbook(tmp_path / "w.xlsx", rows).read_bytes()
    deliver_file(home, "income.xlsx", data, rows=60, sheet="one")
    result = take_in(home)
    result.raise_refused()
    (entry,) = [each for each in result.taken[0].files if each.kind == "income"]
    assert (entry.rows, entry.accepted, entry.quarantined, entry.blank_lines) == (60, 60, 0, 1)
    found = result.store.records("income").collect().sort("amount")
    expected = wages(range(1, PERSONS + 1)).sort("amount")
    assert found.select("month", "amount", "kind").equals(expected.select("month", "amount", "kind"))


def test_numbers_that_a_spreadsheet_has_damaged_are_set_aside_in_their_row(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    rows = wage_rows()
    rows[7][rows[0].index("person_id")] = 990101199001010017
    rows[8][rows[0].index("amount")] = 1.1e17
    deliver_file(home, "income.xlsx", workbook(tmp_path / "w.xlsx", rows).read_bytes())
    report, result = check(home)
    result.raise_refused()
    income = next(source for source in report["sources"] if source["name"] == "income")
    assert income["rules"] == {"amount|not_a_whole_number": 1, "person_id|damaged_by_a_spreadsheet": 1}
    kept = open_rows(home, load_keys(home).vault, "d1", "income.xlsx")
    assert kept["row"].to_list() == [8, 9]
    assert '"person_id":"9.9010119900101E+17"' in kept["text"][0]


def test_text_is_what_the_cell_shows(tmp_path: Path) -> None:
    path = tmp_path / "w.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        page.write_row(2, 1, ["a", "b", "c"])
        page.write_row(3, 1, ["001", 13800000000, 0.1])
        page.write_number(4, 2, 45323, day)
        page.write_number(4, 3, 45323)
        page.write_formula(6, 1, "=NA()", None, "#N/A")
        page.write_formula(6, 2, "=1/3", None, 1 / 3)
        page.write_row(7, 2, ["x", True])
        page.merge_range(8, 1, 9, 1, "m")
        page.write_row(8, 2, [1, 2])
        page.write_row(9, 2, [3, 4])
    (block,) = blocks(path, whole=True, shape=Shape(header_row=3))
    assert block.frame.drop("row_").rows() == [
        ("001", "13800000000", "0.1"),
        (None, "2024-02-01", "45323"),
        ("#N/A", "0.333333333333333", None),
        (None, "x", "true"),
        ("m", "1", "2"),
    ]
    assert block.frame["row_"].to_list() == [4, 5, 7, 8, 9]
    assert (block.rows, block.blank_lines, block.broken) == (6, 1, [(10, MERGED)])
    assert dict(raw_text(path, [10], Shape(header_row=3))) == {10: '{"a":null,"b":"3","c":"4"}'}


def test_a_formula_without_a_result_is_not_read_as_a_blank(tmp_path: Path) -> None:
    path = workbook(tmp_path / "w.xlsx", [["a", "b"], ["x", "y"], ["z", "u"]])
    replaced(path, b'<c r="A2" t="s"><v>2</v></c>', b'<c r="A2"><f>B9</f></c>')
    (block,) = blocks(path, whole=True)
    assert block.broken == [(2, FORMULA)]
    assert block.frame["a"].to_list() == ["z"]


def replaced(path: Path, old: bytes, new: bytes, part: str = "xl/worksheets/sheet1.xml") -> None:
    """Change a part of a workbook."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_a_workbook_with_several_sheets_needs_the_name_of_one(tmp_path: Path) -> None:
    path = workbook(tmp_path / "w.xlsx", [["a"], ["x"]], ("one", "two"))
    with pytest.raises(SourceError, match="2 sheets hold rows"):
        list(blocks(path, whole=True))
    with pytest.raises(SourceError, match="no sheet of the name"):
        list(blocks(path, whole=True, shape=Shape(sheet="three")))
    (block,) = blocks(path, whole=True, shape=Shape(sheet="two"))
    assert block.frame["a"].to_list() == ["x"]


BROKEN_BOOKS: dict[str, tuple[bytes, bytes, str, str]] = {
    "days from 1904": (b"<workbookPr ", b'<workbookPr date1904="1" ', "xl/workbook.xml", "days from 1904"),
    "a document type": (b"<worksheet ", b"<!DOCTYPE a []><worksheet ", "xl/worksheets/sheet1.xml", "not a whole"),
    "a row out of order": (b'<row r="3"', b'<row r="1"', "xl/worksheets/sheet1.xml", "not a whole"),
    "no sheet data": (b"<sheetData>", b"<sheetDate>", "xl/worksheets/sheet1.xml", "not a whole"),
    "a bomb": (
        b"<sheetData>",
        b"<sheetData>" + b" " * 70_000_000,
        "xl/worksheets/sheet1.xml",
        "more than 200 times",
    ),
}


@pytest.mark.parametrize("how", BROKEN_BOOKS)
def test_a_workbook_that_cannot_be_trusted_is_refused(how: str, tmp_path: Path) -> None:
    old, new, part, message = BROKEN_BOOKS[how]
    path = workbook(tmp_path / "w.xlsx", [["a", "b"], ["x", 1], ["y", 2]])
    replaced(path, old, new, part)
    with pytest.raises(SourceError, match=message):
        list(blocks(path, whole=True))


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_workbook_that_was_cut_is_refused(kept: float, tmp_path: Path) -> None:
    path = workbook(tmp_path / "w.xlsx", [["a", "b"], *([[f"x{number}", number] for number in range(500)])])
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(SourceError, match="not a whole Excel workbook"):
        list(blocks(path, whole=True))
