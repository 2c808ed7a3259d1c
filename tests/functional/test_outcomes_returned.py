"""A list that comes back sorted, cut, edited or twice: every row is recorded, known, or set aside with why."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from homes import NIGHT, copy_of, demo_home, done, xunfang
from returned_lists import PLACES, fill, rows_of, save, save_csv, top_of

from engine.push.cards import letters

ON = "2026-01-05"


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path / "home")


@pytest.fixture
def sheet(home: Path) -> list[list[str]]:
    return rows_of(home / "lists" / NIGHT / "w0001.xlsx")


def brought(home: Path, path: Path) -> dict[str, Any]:
    told: dict[str, Any] = done(xunfang("outcome", "import", path, "--home", home, "--json")).json
    assert told["rows"] == told["recorded"] + told["already"] + told["set_aside"]
    assert len(told["aside"]) == told["set_aside"]
    return told


def visits(home: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(home / "xunfang.db") as database:
        found = database.execute(
            "SELECT household_id, outcome, visited_on, contact, hindrance, about FROM visit ORDER BY household_id"
        ).fetchall()
    database.close()
    return found


def minutes_of(home: Path) -> list[int]:
    with sqlite3.connect(home / "xunfang.db") as database:
        found = database.execute("SELECT minutes FROM visit WHERE minutes IS NOT NULL").fetchall()
    database.close()
    return [minutes for (minutes,) in found]


def number_of(sheet: list[list[str]], place: int) -> str:
    return sheet[top_of(sheet) + 1 + place][PLACES["household_no"]]


def test_a_list_that_was_sorted_and_cut_is_taken_in_row_by_row(
    home: Path, sheet: list[list[str]], tmp_path: Path
) -> None:
    fill(sheet, 0, outcome="V10 同意申请", visited_on=ON, notes="电话已核对", minutes="25 分钟")
    fill(sheet, 2, outcome="V40 未遇到人", visited_on="2026/1/6", hindrance="家里没有人", contact_made="入户")
    fill(sheet, 3, outcome="V13 已转介", visited_on="2026年1月7日", about="医保", contact_made="By phone")
    fill(sheet, 4, outcome="v31", visited_on="46030")
    fill(sheet, 5, outcome="V32", visited_on="2026-01-09 10:30:00")
    expected = sorted(
        [
            (number_of(sheet, 0), "V10", ON, "home", None, None),
            (number_of(sheet, 2), "V40", "2026-01-06", "home", "away", None),
            (number_of(sheet, 3), "V13", "2026-01-07", "phone", None, "YB"),
            (number_of(sheet, 4), "V31", "2026-01-08", "home", None, None),
            (number_of(sheet, 5), "V32", "2026-01-09", "home", None, None),
        ]
    )
    top = top_of(sheet)
    body = sheet[top + 1 :]
    kept = [*sheet[:top], sheet[top], *reversed(body[:8])]
    told = brought(home, save(tmp_path / "back.xlsx", {"名单": kept}))
    assert (told["rows"], told["recorded"], told["blank"]) == (5, 5, 3)
    assert told["still_open"] == len(body) - 5
    assert visits(home) == expected
    assert minutes_of(home) == [25]
    again = brought(home, save(tmp_path / "again.xlsx", {"sheet": kept}))
    assert (again["recorded"], again["already"]) == (0, 5)
    assert visits(home) == expected


def test_both_languages_of_one_workbook_are_one_list(home: Path, sheet: list[list[str]], tmp_path: Path) -> None:
    english = rows_of(home / "lists" / NIGHT / "w0001.xlsx", "List")
    fill(sheet, 0, outcome="V31 暂不符合，列监测", visited_on=ON)
    fill(english, 0, outcome="V31 暂不符合，列监测", visited_on=ON)
    fill(english, 1, outcome="V10 Will apply", visited_on=ON)
    told = brought(home, save(tmp_path / "back.xlsx", {"名单": sheet, "List": english}))
    assert (told["rows"], told["recorded"], told["set_aside"]) == (2, 2, 0)


def test_a_row_that_cannot_be_believed_is_set_aside_with_its_reason_and_the_others_go_in(
    home: Path, sheet: list[list[str]], tmp_path: Path
) -> None:
    spoilt: list[tuple[str, dict[str, str]]] = [
        ("wrong_check", {"item_no": "1-AAAAA", "outcome": "V10", "visited_on": ON}),
        ("wrong_check", {"item_no": "2", "outcome": "V10", "visited_on": ON}),
        ("unknown_item", {"item_no": "990001-0K3ZP", "outcome": "V10", "visited_on": ON}),
        ("no_item", {"item_no": "", "outcome": "V10", "visited_on": ON}),
        ("wrong_household", {"household_no": "000000000000", "outcome": "V10", "visited_on": ON}),
        ("no_code", {"notes": "nobody there", "visited_on": ON}),
        ("bad_code", {"outcome": "OK", "visited_on": ON}),
        ("no_date", {"outcome": "V10"}),
        ("bad_date", {"outcome": "V10", "visited_on": "1月5日"}),
        ("bad_date", {"outcome": "V10", "visited_on": "2026-02-30"}),
        ("to_come", {"outcome": "V10", "visited_on": "2099-01-01"}),
        ("too_early", {"outcome": "V10", "visited_on": "2025-01-05"}),
        ("bad_contact", {"outcome": "V10", "visited_on": ON, "contact_made": "梦"}),
        ("bad_about", {"outcome": "V10", "visited_on": ON, "about": "医保"}),
        ("bad_minutes", {"outcome": "V10", "visited_on": ON, "minutes": "half an hour"}),
        ("bad_minutes", {"outcome": "V10", "visited_on": ON, "minutes": "1441"}),
        ("long_note", {"outcome": "V10", "visited_on": ON, "notes": "字" * 501}),
    ]
    for place, (_, cells) in enumerate(spoilt):
        fill(sheet, place, **cells)
    fill(sheet, len(spoilt), outcome="V32", visited_on=ON)
    told = brought(home, save(tmp_path / "back.xlsx", {"名单": sheet}))
    assert (told["recorded"], told["set_aside"]) == (1, len(spoilt))
    assert [each["why"] for each in told["aside"]] == [why for why, _ in spoilt]
    first = top_of(sheet) + 2
    assert [each["row"] for each in told["aside"]] == list(range(first, first + len(spoilt)))
    assert all(each["zh"] and each["en"] for each in told["aside"])
    assert len(visits(home)) == 1


def test_one_item_with_two_outcomes_in_a_file_has_none(home: Path, sheet: list[list[str]], tmp_path: Path) -> None:
    top = top_of(sheet)
    fill(sheet, 0, outcome="V10", visited_on=ON)
    copy = list(sheet[top + 1])
    copy[PLACES["outcome"]] = "V32"
    told = brought(home, save(tmp_path / "back.xlsx", {"名单": [*sheet, copy]}))
    assert [each["why"] for each in told["aside"]] == ["twice", "twice"]
    assert visits(home) == []


def test_a_column_whose_heading_was_changed_is_named_and_nothing_in_it_is_lost_silently(
    home: Path, sheet: list[list[str]], tmp_path: Path
) -> None:
    fill(sheet, 0, outcome="V10", visited_on=ON, notes="电话已核对")
    top = top_of(sheet)
    assert brought(home, save(tmp_path / "whole.xlsx", {"名单": sheet}))["unread"] == []
    sheet[top][PLACES["notes"]] = "我的备注"
    sheet[top].append("颜色")
    sheet[top + 2].append("红")
    told = brought(home, save(tmp_path / "back.xlsx", {"名单": sheet}))
    assert told["already"] == 1
    assert [each["column"] for each in told["unread"]] == [letters(PLACES["notes"]), letters(len(PLACES))]
    text = done(xunfang("outcome", "import", tmp_path / "back.xlsx", "--home", home)).out
    assert f"名单, column {letters(PLACES['notes'])}: not read" in text


def test_a_list_saved_as_csv_in_chinese_encoding_is_the_same_list(
    home: Path, sheet: list[list[str]], tmp_path: Path
) -> None:
    fill(sheet, 0, outcome="V10 同意申请", visited_on=ON)
    assert brought(home, save_csv(tmp_path / "back.csv", sheet))["recorded"] == 1
    assert brought(home, save_csv(tmp_path / "utf8.csv", sheet, "utf-8-sig"))["already"] == 1


def test_what_is_no_list_is_refused_and_says_what_is_missing(
    home: Path, sheet: list[list[str]], tmp_path: Path
) -> None:
    top = top_of(sheet)
    cut = [[cell for at, cell in enumerate(row) if at != PLACES["visited_on"]] for row in sheet[top:]]
    for path, code, said in (
        (tmp_path / "nowhere.xlsx", 2, "cannot be read"),
        (save(tmp_path / "cut.xlsx", {"名单": cut}), 3, "走访日期 / Visited on is missing"),
        (save(tmp_path / "other.xlsx", {"x": [["a", "b"], ["1", "2"]]}), 3, "no sheet has the heading of a list"),
        (save_csv(tmp_path / "binary.csv", []), 3, "no sheet has the heading"),
    ):
        run = xunfang("outcome", "import", path, "--home", home)
        assert run.code == code, run.err
        assert said in " ".join(run.err.split())
        assert "Traceback" not in run.err
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    assert xunfang("outcome", "import", tmp_path / "broken.xlsx", "--home", home).code == 3
