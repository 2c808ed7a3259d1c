"""The spreadsheet: nothing in a cell can run, text stays text, equal lists give equal bytes."""

import io
import re
import zipfile
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from visit_cards import NAMES, RUN, a_list, contacts, items

from engine.push.columns import COLUMNS, values
from engine.push.spreadsheet import guarded, spreadsheet
from outreach.wording_casework import NO_MODEL, OUTCOMES

MADE = datetime(2026, 11, 21, tzinfo=UTC)
PAYLOADS = (
    *(
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://x","y")',
    ),
    *("＝1+1", "＋1+1", "－1+1", "＠SUM(A1)", "﹢1", "﹣1", "﹦1", "﹫A1", "−1", "–1", "—1", "\u20101"),
    *(" =1", "\u3000=1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\u200e＝1", "\u0301=1", " \t=1", "\u2060@x"),
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_formula_in_any_disguise_is_text(payload: str) -> None:
    assert guarded(payload).startswith("'")


@pytest.mark.parametrize(
    "plain", ["王桂英", "龘㛃", "𠮷田", "138 0000 0000", "", "1/2", "'already", "(a) = b", "Müller"]
)
def test_plain_text_is_left_as_it_is(plain: str) -> None:
    assert guarded(plain) == plain


@given(st.text())
def test_no_text_begins_like_a_formula_once_it_is_guarded(text: str) -> None:
    assert guarded(text)[:1] not in {*"=+-@\t\r\n＝＋－＠"}


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    assert guarded("a\x00b\x1f\ud800\uffff") == "a\ufffdb\ufffd\ufffd\ufffd"


def sheets(data: bytes) -> dict[str, pl.DataFrame]:
    names = ["名单", "List", "说明 About", "代码 Codes"]
    options = {"has_header": False, "read_options": {"header_row": None}}
    return {
        name: pl.read_excel(io.BytesIO(data), sheet_name=name, drop_empty_rows=False, **options) for name in names
    }


def heading_row(sheet: pl.DataFrame) -> int:
    return next(index for index, cell in enumerate(sheet.to_series(0)) if cell == "序号\nNo.")


def test_the_sheet_has_the_columns_in_their_order_in_both_languages() -> None:
    sheet = sheets(spreadsheet(a_list(), MADE))["名单"]
    assert list(sheet.row(heading_row(sheet))) == [f"{c.heading.zh}\n{c.heading.en}" for c in COLUMNS]


def test_every_card_is_a_row_that_says_what_the_card_says() -> None:
    visits = a_list()
    for language, name in (("zh", "名单"), ("en", "List")):
        sheet = sheets(spreadsheet(visits, MADE))[name]
        rows = sheet.rows()[heading_row(sheet) + 1 :]
        assert len(rows) == len(visits.cards) == len(NAMES)
        for row, card in zip(rows, visits.cards, strict=True):
            wanted = [getattr(values(card)[column.key], language) for column in COLUMNS]
            assert [cell or "" for cell in row] == wanted


def test_a_long_number_stays_text_to_its_last_digit() -> None:
    book = spreadsheet(a_list(contacts=contacts(phone="00123456789012345678")), MADE)
    sheet = sheets(book)["名单"]
    column = [c.key for c in COLUMNS].index("phone")
    assert sheet.rows()[heading_row(sheet) + 1][column] == "00123456789012345678"


@pytest.mark.parametrize("payload", ["=1+1", "＝1", "@x", '=HYPERLINK("http://evil","x")'])
def test_no_cell_holds_a_formula_or_a_link_whatever_people_are_called(payload: str) -> None:
    book = spreadsheet(a_list(contacts=contacts(name=payload, address=payload, phone=payload)), MADE)
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        for name in (n for n in parts.namelist() if "worksheets/sheet" in n):
            xml = parts.read(name).decode("utf-8")
            assert "<f>" not in xml
            assert "hyperlink" not in xml.lower().replace("=hyperlink", "")
            assert set(re.findall(r'<c [^>]*t="(\w+)"', xml)) <= {"s"}


def test_the_same_list_gives_the_same_bytes() -> None:
    assert spreadsheet(a_list(), MADE) == spreadsheet(a_list(), MADE)


def test_the_order_of_the_frames_rows_does_not_matter() -> None:
    assert spreadsheet(a_list(items=items().reverse(), contacts=contacts().reverse()), MADE) == spreadsheet(
        a_list(), MADE
    )


def test_a_night_without_a_model_says_so_on_the_sheet() -> None:
    assert NO_MODEL.zh in str(sheets(spreadsheet(a_list(), MADE))["名单"].rows())
    assert RUN.policy_id in str(sheets(spreadsheet(a_list(), MADE))["说明 About"].rows())


def test_the_outcome_is_chosen_from_the_codes() -> None:
    book = spreadsheet(a_list(), MADE)
    codes = sheets(book)["代码 Codes"]
    assert [cell.split()[0] for cell in codes.to_series(0)[1:]] == list(OUTCOMES)
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert "<dataValidation " in parts.read("xl/worksheets/sheet1.xml").decode("utf-8")


def test_lottery_and_priority_are_nowhere_in_the_file() -> None:
    with zipfile.ZipFile(io.BytesIO(spreadsheet(a_list(), MADE))) as parts:
        everything = "".join(parts.read(name).decode("utf-8") for name in parts.namelist())
    assert not re.search(r"0\.0123|0\.876|0\.765|random|silent", everything)
