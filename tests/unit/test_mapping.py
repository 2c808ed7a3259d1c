"""A department's columns become ours as the description says; what cannot be read sets its row aside by name."""

from datetime import date
from pathlib import Path
from typing import Any

import descriptions
import polars as pl
import pytest
import tomli_w

from engine.errors import SourceError
from engine.intake.description import read_description
from engine.intake.mapping import Mapper, amounts, without

DAY = date(2025, 12, 31)
WHY = descriptions.WHY | {"from": {"files": "*.csv"}}
PENSION: dict[str, Any] = {
    "person_id": "证件号",
    "month": {"from": "所属期", "dates": ["YYYYMM", "YYYY/M/D", "YYYY年M月D日", "excel"]},
    "period_months": {"value": 1},
    "kind": {"value": "transfer_pension"},
    "source_dept": {"value": "RS"},
    "record_no": {"from": ["证件号", "所属期"]},
    "amount": {"from": "金额", "unit": "yuan", "thousands": ","},
    "quality": {"value": "registered"},
}


def described(folder: Path, kind: str = "income", **entries: Any) -> Path:
    path = folder / "pensions.toml"
    path.write_text(tomli_w.dumps(WHY | {"kind": kind, "columns": PENSION} | entries), "utf-8")
    return path


def mapped(folder: Path, frame: dict[str, list[Any]], **entries: Any) -> tuple[pl.DataFrame, dict[int, str]]:
    mapper = Mapper(read_description(described(folder, **entries)), "a.csv", DAY)
    given = pl.DataFrame(frame).with_row_index("row_", offset=2).with_columns(pl.col("row_").cast(pl.Int64))
    ours, broken = mapper.apply(given)
    mapper.check_kinds_of_columns()
    return without(ours, broken), dict(broken.iter_rows())


def pensions(month: str = "202501", amount: str = "1,234.50") -> dict[str, list[Any]]:
    return {"证件号": ["P1"], "所属期": [month], "金额": [amount], "姓名": ["示例"]}


@pytest.mark.parametrize(
    "written",
    ["202501", "2025/1/31", "2025/01/31", "2025年1月31日", "45688", "２０２５年１月３１日", " 2025/1/5 00:00:00"],
)
def test_a_month_is_read_in_every_way_that_the_description_lists(written: str, tmp_path: Path) -> None:
    good, broken = mapped(tmp_path, pensions(month=written))
    assert broken == {}
    assert good["month"].to_list() == [date(2025, 1, 1)]
    assert good["amount"].to_list() == [123_450]
    assert good["kind"].to_list() == ["transfer_pension"]
    assert "姓名" not in good.columns


@pytest.mark.parametrize("written", ["2025-13-01", "2025.01.31", "202513", "2025/2/30", "soon", "9", "20250131"])
def test_a_day_in_no_described_way_sets_its_row_aside(written: str, tmp_path: Path) -> None:
    good, broken = mapped(tmp_path, pensions(month=written))
    assert good.height == 0
    assert broken == {2: "month|not_a_date_as_described"}


@pytest.mark.parametrize(
    ("text", "unit", "decimal", "thousands", "fen"),
    [
        ("12.3", "yuan", ".", None, 1_230),
        ("12.30", "yuan", ".", None, 1_230),
        ("-0.01", "yuan", ".", None, -1),
        ("−5", "yuan", ".", None, -500),
        ("¥1,234", "yuan", ".", ",", 123_400),
        ("1,234,567.8", "yuan", ".", ",", 123_456_780),
        ("1.234,56", "yuan", ",", ".", 123_456),
        ("1.2345", "wan_yuan", ".", None, 1_234_500),
        ("0.000001", "wan_yuan", ".", None, 1),
        ("3", "thousand_yuan", ".", None, 300_000),
        ("12", "fen", ".", None, 12),
        ("12.00", "fen", ".", None, 12),
        ("１２．５", "yuan", ".", None, 1_250),
        ("90071992547409.93", "yuan", ".", None, 9_007_199_254_740_993),
        ("12.345", "yuan", ".", None, None),
        ("12.5", "fen", ".", None, None),
        ("1,23", "yuan", ".", ",", None),
        ("1,234", "yuan", ".", None, None),
        ("1.1E+17", "yuan", ".", None, None),
        ("", "yuan", ".", None, None),
        ("-", "yuan", ".", None, None),
        ("9999999999999999999", "yuan", ".", None, None),
        (None, "yuan", ".", None, None),
    ],
)
def test_money_becomes_fen_digit_by_digit(
    text: str | None, unit: str, decimal: str, thousands: str | None, fen: int | None
) -> None:
    assert amounts(pl.Series([text], dtype=pl.String), unit, decimal, thousands).to_list() == [fen]


def test_an_unreadable_amount_names_its_column_and_spares_its_neighbours(tmp_path: Path) -> None:
    frame = {"证件号": ["P1", "P2"], "所属期": ["202501", "202501"], "金额": ["12.345", "10"]}
    good, broken = mapped(tmp_path, frame)
    assert broken == {2: "amount|not_an_amount_in_yuan"}
    assert good["row_"].to_list() == [3]


def test_a_blank_that_the_description_lists_is_unknown_and_any_other_text_is_not(tmp_path: Path) -> None:
    columns = PENSION | {"known_on": {"from": "登记日", "blanks": ["无"]}}
    frame = {"证件号": ["P1", "P2"], "所属期": ["202501"] * 2, "金额": ["1", "1"], "登记日": ["无", "未知"]}
    good, broken = mapped(tmp_path, frame, columns=columns)
    assert broken == {3: "known_on|not_a_date_as_described"}
    assert good["known_on"].to_list() == [None]


def test_a_code_that_is_not_in_the_list_sets_its_row_aside(tmp_path: Path) -> None:
    columns = PENSION | {"quality": {"from": "来源", "codes": {"登记": "registered", "申报": "declared"}}}
    frame = {
        "证件号": ["P1", "P2", "P3"],
        "所属期": ["202501"] * 3,
        "金额": ["1"] * 3,
        "来源": ["申报", "抽查", ""],
    }
    good, broken = mapped(tmp_path, frame, columns=columns)
    assert broken == {3: "quality|code_not_in_the_list"}
    assert good["quality"].to_list() == ["declared", None]
    columns["quality"]["otherwise"] = "imputed"
    assert mapped(tmp_path, frame, columns=columns)[0]["quality"].to_list() == ["declared", "imputed", None]


def test_characters_cut_a_number_that_holds_several_facts(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        "person_id": {"from": "残疾人证号", "characters": [1, 18]},
        "issued": {"from": "发证日期", "dates": "YYYYMMDD"},
        "type": {"from": "残疾人证号", "characters": [19, 19], "codes": {"4": "limb"}},
        "level": {"from": "残疾人证号", "characters": [20, 20]},
    }
    frame = {"残疾人证号": ["99010119600711224X42", "99010119600711224X"], "发证日期": ["20200131", "20200131"]}
    good, broken = mapped(tmp_path, frame, kind="disability", sensitivity="P", columns=columns)
    assert good.select("person_id", "type", "level").rows() == [("99010119600711224X", "limb", "2")]
    assert broken == {3: "type|code_not_in_the_list"}


MONTHS = {"columns": "YYYY年M月", "month": "month", "value": "amount"}
BESIDE: dict[str, Any] = {name: PENSION[name] for name in PENSION if name not in ("month", "record_no")} | {
    "record_no": "证件号",
    "amount": {"unit": "yuan", "blanks": ["-"]},
}


def test_months_beside_each_other_become_records_of_one_row(tmp_path: Path) -> None:
    frame = {"证件号": ["P1", "P2"], "2025年2月": ["20", ""], "2025年1月": ["10", "5"], "2025年合计": ["30", "5"]}
    good, broken = mapped(tmp_path, frame, columns=BESIDE, months=MONTHS)
    assert broken == {}
    assert good.select("row_", "month", "amount").rows() == [
        (2, date(2025, 1, 1), 1_000),
        (2, date(2025, 2, 1), 2_000),
        (3, date(2025, 1, 1), 500),
    ]


def test_one_broken_month_sets_the_whole_row_aside_once(tmp_path: Path) -> None:
    frame = {"证件号": ["P1", "P2"], "2025年1月": ["x", "5"], "2025年2月": ["y", "6"], "2025年3月": ["7", "7"]}
    good, broken = mapped(tmp_path, frame, columns=BESIDE, months=MONTHS)
    assert broken == {2: "amount|not_an_amount_in_yuan"}
    assert good["row_"].to_list() == [3, 3, 3]


def test_a_row_without_any_month_is_set_aside_and_not_lost(tmp_path: Path) -> None:
    frame = {"证件号": ["P1", "P2"], "2025年1月": ["-", "5"], "2025年2月": ["", "6"]}
    good, broken = mapped(tmp_path, frame, columns=BESIDE, months=MONTHS)
    assert broken == {2: "amount|no_month_is_given"}
    assert good["row_"].to_list() == [3, 3]


def test_the_year_of_months_may_stand_in_a_column(tmp_path: Path) -> None:
    frame = {"证件号": ["P1", "P2"], "年度": ["2024", "本年"], "1月": ["10", "5"], "12月": ["20", "6"]}
    months = {"columns": "M月", "year": "年度"}
    good, broken = mapped(tmp_path, frame, columns=BESIDE, months=months)
    assert good.select("month", "amount").rows() == [(date(2024, 1, 1), 1_000), (date(2024, 12, 1), 2_000)]
    assert broken == {3: "month|not_a_year"}


def test_a_file_without_a_column_that_is_read_is_refused_by_name(tmp_path: Path) -> None:
    frame = pensions()
    del frame["金额"]
    with pytest.raises(SourceError, match=r"a\.csv: has no column '金额', which sources/pensions\.toml reads"):
        mapped(tmp_path, frame)
    with pytest.raises(SourceError, match=r"has no column 'YYYY年M月'"):
        mapped(tmp_path, {"证件号": ["P1"], "一月": ["1"]}, columns=BESIDE, months=MONTHS)


def test_a_column_of_which_nothing_can_be_read_refuses_the_file(tmp_path: Path) -> None:
    frame = {"证件号": [f"P{n}" for n in range(5)], "所属期": ["202501"] * 5, "金额": ["?"] * 5}
    with pytest.raises(SourceError, match=r"none of 5 values for our column 'amount'"):
        mapped(tmp_path, frame)


def test_typed_columns_of_parquet_are_read_like_text(tmp_path: Path) -> None:
    frame: dict[str, list[Any]] = {"证件号": ["P1"], "所属期": [date(2025, 1, 31)], "金额": [1234.5]}
    columns = PENSION | {"month": {"from": "所属期"}}
    good, broken = mapped(tmp_path, frame, columns=columns)
    assert broken == {}
    assert good.select("month", "amount").rows() == [(date(2025, 1, 1), 123_450)]
