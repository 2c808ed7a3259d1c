"""A starting description from a sample file, and what a check tells of each described source."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from deliveries import a_home, deliver, people
from descriptions import describe, pensions, put
from homes import done, xunfang

from engine.errors import SourceError, UsageError
from engine.intake.description import read_descriptions
from engine.intake.inbox import check, take_in
from engine.intake.sample import describe_sample
from engine.settings import Home

HEADER = "序号;姓名;身份证号码;所属期;待遇类别;发放金额(元);登记日期;流水号"
ROWS = [
    f"{n};示例甲;99010119600711224X;2024年{1 + n % 12}月;"
    f"{'养老待遇' if n % 3 else '抚恤金'};1,{n:03}.50;2024/2/{1 + n};L{n}"
    for n in range(20)
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return a_home(tmp_path / "home")


def sample(folder: Path, *lines: str, encoding: str = "gb18030") -> Path:
    path = folder / "养老样本.csv"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    return path


def test_a_sample_becomes_a_description_without_any_value_of_a_person(home: Home, tmp_path: Path) -> None:
    told = describe_sample(home, sample(tmp_path, "养老待遇发放表", HEADER, *ROWS), "income")
    text = (home.sources / "income.toml").read_text("utf-8")
    made = tomllib.loads(text)
    assert made["shape"] == {"encoding": "gb18030", "separator": ";", "header_row": 2}
    assert made["columns"]["person_id"] == "身份证号码"
    assert made["columns"]["month"] == {"from": "所属期", "dates": ["YYYY年M月"]}
    assert made["columns"]["amount"] == {"from": "发放金额(元)", "unit": "yuan", "thousands": ","}
    assert made["columns"]["known_on"] == {"from": "登记日期", "dates": ["YYYY/M/D"]}
    assert made["columns"]["kind"] == {"from": "待遇类别", "codes": {"养老待遇": "transfer_pension"}}
    assert "1 more codes in the file" in text
    assert '#   "姓名"' in text
    assert told["columns_not_used"] == ["序号", "姓名"]
    for value in ("示例甲", "99010119600711224X", "抚恤金", "L7", "003.50"):
        assert value not in text
        assert value not in str(told)


def test_the_description_of_a_sample_reads_the_sample(home: Home, tmp_path: Path) -> None:
    describe_sample(home, sample(tmp_path, "养老待遇发放表", HEADER, *ROWS), "income")
    path = home.sources / "income.toml"
    sound, broken = read_descriptions(home)
    assert sound == {}
    assert "income.toml: columns.quality: is required" in broken["sources/income.toml"].message
    text = path.read_text("utf-8").replace('# quality = ""', 'quality = { value = "registered" }')
    path.write_text(text.replace('"transfer_pension" }', '"transfer_pension", "抚恤金" = "transfer_other" }'))
    assert read_descriptions(home)[0]["income"].kind == "income"
    deliver(home, "roster", "2024-01-31", **people(2))
    folder = put(home, "rs-2024-12-31")
    sample(folder, "养老待遇发放表", HEADER, *(row.replace("99010119600711224X", "P1") for row in ROWS))
    taken = take_in(home)
    taken.raise_refused()
    (file,) = taken.store.receipts[-1].files
    assert (file.rows, file.accepted, dict(file.rules)) == (20, 20, {})


def test_what_is_required_and_not_found_is_left_to_be_filled_in(home: Home, tmp_path: Path) -> None:
    told = describe_sample(home, sample(tmp_path, "甲,乙", "1,2", "3,4"), "disability")
    assert told["still_to_fill_in"] == ["person_id", "issued", "type", "level"]
    assert '# issued = ""    # CHECK: required, and not found' in (home.sources / "disability.toml").read_text(
        "utf-8"
    )
    again = describe_sample(home, sample(tmp_path, "甲,乙", "1,2"), "disability")
    assert Path(again["written"]).name == "disability-2.toml"


def test_months_beside_each_other_are_seen(home: Home, tmp_path: Path) -> None:
    describe_sample(home, sample(tmp_path, "户号,2024年1月,2024年2月,2024年3月", "7,120,99,101"), "utility")
    made = tomllib.loads((home.sources / "utility.toml").read_text("utf-8"))
    assert made["months"] == {"columns": "YYYY年M月", "month": "month", "value": "quantity"}
    assert read_descriptions(home)[0]["utility"].months is not None


@pytest.mark.parametrize(
    "first", ["示例甲,99010119600711224X,1", "示例甲,2024-01-31,1", "示例甲,13800000000,1", "男,汉族,1"]
)
def test_a_sample_without_a_header_is_refused_and_nothing_of_it_is_told(
    first: str, home: Home, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="its first row is no header") as wrong:
        describe_sample(home, sample(tmp_path, first, "男,b,2", "女,d,3"), "member")
    assert "示例" not in str(wrong.value)
    assert not home.sources.exists()


def test_the_command_writes_a_description_and_names_a_wrong_kind(home: Home, tmp_path: Path) -> None:
    path = sample(tmp_path, HEADER, *ROWS)
    told = done(xunfang("init", "--home", home.root, "--sample", path, "--kind", "income", "--json")).json
    assert Path(told["written"]).read_text("utf-8").startswith("# A starting point")
    assert xunfang("init", "--home", home.root, "--sample", path).code == 2
    with pytest.raises(UsageError, match="there is no such kind"):
        describe_sample(home, path, "wages")


def standing(home: Home, today: date) -> dict[str, Any]:
    told, taken = check(home, today=today)
    taken.raise_refused()
    (found,) = told["described"]
    return dict(found)


def test_a_check_tells_of_each_source_what_came_what_changed_and_what_is_overdue(home: Home) -> None:
    deliver(home, "roster", "2024-01-31", **people(4))
    describe(home)
    nothing = standing(home, date(2024, 2, 1))
    assert nothing["warnings"] == ["no file has matched its patterns yet"]
    assert (nothing["rows"], nothing["overdue"], nothing["changes"]) == (0, None, None)
    put(home, "rs-2024-02-20", pension=pensions("甲,P1,202401,1", "乙,P2,202401,x", "丙,P3,202401,3"))
    first = standing(home, date(2024, 3, 1))
    assert (first["rows"], first["accepted"], first["quarantined"]) == (3, 2, 1)
    assert first["rules"] == {"amount|not_an_amount_in_yuan": 1}
    assert (first["match_rate"], first["months"], first["overdue"]) == (1.0, ["2024-01", "2024-01"], 0)
    assert first["not_taken"] == ["姓名"]
    describe(home, columns=with_kinds(), **{"from": {"files": "pension*.csv"}})
    put(home, "rs-2024-03-20", pension="证件号,所属期,金额,种类\nP1,202402,1,遗属\n")
    second = standing(home, date(2024, 6, 1))
    assert second["overdue"] == 42
    assert second["changes"] == {
        "rows_before": 3,
        "rows": 1,
        "columns_new": ["种类"],
        "columns_gone": ["姓名"],
        "codes_new": {"kind": ["transfer_other"]},
    }
    said = done(xunfang("check", "--home", ready(home))).out
    for line in (
        "1 rows where the delivery before had 3 (-67%)",
        "columns that are gone: 姓名",
        "new columns: 种类",
    ):
        assert f"pensions: {line}" in said


def with_kinds() -> dict[str, Any]:
    from descriptions import INCOME

    return INCOME | {"kind": {"from": "种类", "codes": {"遗属": "transfer_other"}}}


def ready(home: Home) -> Path:
    """The home with the policy that the command line wants."""
    done(xunfang("init", "--home", home.root))
    return home.root
