"""Stage-B facts cannot reach a feature: no schema has a place for them, and features import features only."""

import ast
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path

import dataframely as dy
import polars as pl
import pytest
from builders import records

from engine.intake.description import read_description
from features.catalog import FEATURES
from features.records import KINDS, STAGE_B_KINDS, Income, Record
from outreach.stage_b import COLUMNS, FACTS, NAMED, WORDS, fact_of_department, facts_in, facts_of_kind
from outreach.vocabulary import FACTS as VOCABULARY

ROOT = Path(__file__).parents[2]
WITHIN = {"features": {"features"}, "models": {"features", "models"}}
OURS = {"features", "models", "outreach", "engine", "fixtures"}


def places_for_them(schemas: Mapping[str, type[Record]]) -> list[str]:
    """The kinds and columns of a set of schemas that could hold such facts."""
    kinds = [kind for kind in schemas if facts_of_kind(kind)]
    return kinds + [
        f"{kind}.{name}" for kind, schema in schemas.items() for name in facts_in(schema.column_names())
    ]


def imported_from_elsewhere(paths: Iterable[Path], allowed: set[str]) -> list[str]:
    """Our own packages that these files import and may not."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found.add(str(node.module).split(".")[0])
            elif isinstance(node, ast.Import):
                found |= {each.name.split(".")[0] for each in node.names}
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
                found.add("engine")
    return sorted((found & OURS) - allowed)


def test_no_schema_has_a_kind_or_a_column_for_them():
    assert set(KINDS).isdisjoint(STAGE_B_KINDS)
    assert sum(len(schema.column_names()) for schema in KINDS.values()) > 100
    assert places_for_them(KINDS) == []


@pytest.mark.parametrize(
    "column", ["housing_fund_base", "bank_balance", "taxable_income", "vehicles", "real_estate"]
)
def test_a_column_for_them_planted_in_a_schema_would_be_found(column: str):
    planted = type("Planted", (Income,), {column: dy.Int64(nullable=True), "__doc__": "Planted."})
    assert places_for_them({**KINDS, "income": planted}) == [f"income.{column}"]
    assert places_for_them({**KINDS, "tax_detail": Income})[0] == "tax_detail"


@pytest.mark.parametrize("department", ["SW", "GJJ"])
def test_the_schema_itself_refuses_a_record_of_such_a_department(department: str):
    row = {"person_id": "p", "month": date(2024, 1, 1), "kind": "wage", "amount": 1}
    sound = records("income", [row])
    assert Income.filter(sound)[0].height == 1
    good, failed = Income.filter(sound.with_columns(source_dept=pl.lit(department)))
    assert good.height == 0
    assert failed.counts() == {"not_stage_b": 1}


@pytest.mark.parametrize("room", WITHIN)
def test_features_and_models_import_nothing_that_could_hold_them(room: str):
    paths = sorted((ROOT / room).rglob("*.py"))
    assert len(paths) > 10
    assert imported_from_elsewhere(paths, WITHIN[room]) == []


@pytest.mark.parametrize(
    "line",
    [
        "from outreach.stage_b import FACTS",
        "import engine.intake.door",
        "import importlib; importlib.import_module('x')",
    ],
)
def test_an_import_of_them_planted_in_a_feature_would_be_found(line: str, tmp_path: Path):
    planted = tmp_path / "planted.py"
    planted.write_text(f"{line}\n", "utf-8")
    paths = [*sorted((ROOT / "features").rglob("*.py")), planted]
    assert len(imported_from_elsewhere(paths, WITHIN["features"])) == 1


def test_no_feature_and_no_fact_of_a_rule_is_named_for_them():
    names = [feature.name for feature in FEATURES]
    assert len(names) > 80
    assert facts_in([*names, *VOCABULARY]) == {}
    assert list(facts_in([*names, "bank_deposit"])) == ["bank_deposit"]


def test_no_shipped_description_reads_a_column_of_theirs_or_calls_a_department_so():
    paths = sorted(Path(str(files("engine.intake") / "sources")).glob("*.toml"))
    described = [read_description(path) for path in paths]
    read = [name for each in described for name in each.needed]
    assert len(read) > 60
    assert facts_in(read) == {}
    codes = [code for each in described for column in each.columns.values() for code in (column.codes or {})]
    assert [code for code in codes if pl.Series([code]).str.contains(NAMED).any()] == []


@pytest.mark.parametrize(
    ("column", "fact"),
    [
        ("银行账号", "bank"),
        ("存款余额（元）", "bank"),
        ("bank_deposit", "bank"),
        ("持有股票市值", "securities"),
        ("Securities", "securities"),
        ("保单现金价值", "insurance"),
        ("车牌号", "vehicle"),
        ("VIN", "vehicle"),
        ("不动产单元号", "property"),
        ("real estate", "property"),
        ("应纳税所得额", "tax_detail"),
        ("tax_withheld", "tax_detail"),
        ("公积金月缴存额", "housing_fund"),
        ("housing_fund_base", "housing_fund"),
    ],
)
def test_a_column_named_for_such_a_fact_is_known(column: str, fact: str):
    assert facts_in(["户号", column, "金额"]) == {column: fact}


@pytest.mark.parametrize(
    "column",
    [
        *(
            "医保基金支付",
            "个人账户支付",
            "商业保险赔付",
            "参保险种",
            "房屋面积",
            "房屋安全等级",
            "社保卡号",
            "税前工资",
        ),
        *("缴费基数", "sex", "dwelling_area_m2", "household_id", "care_level", "carer", "cardholder"),
    ],
)
def test_a_column_of_stage_a_is_not_taken_for_one(column: str):
    assert facts_in([column]) == {}


def test_departments_are_known_by_code_and_by_name_however_written():
    told = {"SW": "tax_detail", " ｓｗ": "tax_detail", "国家税务总局": "tax_detail", "gjj": "housing_fund"}
    told |= {
        "住房公积金中心": "housing_fund",
        "某银行": "bank",
        "RS": None,
        "SWX": None,
        "YB": None,
        "人社局": None,
    }
    frame = pl.DataFrame({"source_dept": list(told)}).with_columns(fact=fact_of_department(pl.col("source_dept")))
    assert dict(frame.iter_rows()) == told


def test_every_class_has_words_in_both_languages_and_a_pattern():
    assert set(WORDS) == {*FACTS, "asset"}
    assert set(COLUMNS) == set(FACTS)
    assert {fact for kind in STAGE_B_KINDS for fact in facts_of_kind(kind)} == set(FACTS)
    assert all(text.zh and text.en for text in WORDS.values())
