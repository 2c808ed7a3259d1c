"""Descriptions of sources for tests, and the files that they describe."""

from pathlib import Path
from typing import Any

import polars as pl
import tomli_w

from engine.recordstore import RecordStore, summary
from engine.settings import Home

WHY = {
    "department": "RS",
    "title_zh": "养老待遇发放",
    "title_en": "Pensions paid",
    "purpose_zh": "主动发现困难家庭",
    "purpose_en": "Finding households in need",
    "basis_zh": "社会救助法",
    "basis_en": "Social Assistance Law",
    "refresh_days": 31,
    "sensitivity": "S",
}
INCOME: dict[str, Any] = {
    "person_id": "证件号",
    "month": {"from": "所属期", "dates": "YYYYMM"},
    "period_months": {"value": 1},
    "kind": {"value": "transfer_pension"},
    "source_dept": {"value": "RS"},
    "record_no": "证件号",
    "amount": {"from": "金额", "unit": "yuan"},
    "quality": {"value": "registered"},
}
WIDE: dict[str, Any] = {name: INCOME[name] for name in INCOME if name != "month"} | {"amount": {"unit": "yuan"}}


def describe(home: Home, name: str = "pensions", **entries: Any) -> None:
    home.sources.mkdir(exist_ok=True)
    told = WHY | {"kind": "income", "from": {"files": "pension*.csv"}, "columns": INCOME} | entries
    (home.sources / f"{name}.toml").write_text(tomli_w.dumps(told), "utf-8")


def put(home: Home, folder: str, **files: str) -> Path:
    path = home.inbox / folder
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text, "utf-8")
    return path


def pensions(*rows: str) -> str:
    return "".join(f"{row}\n" for row in ["姓名,证件号,所属期,金额", *rows])


def income_of(store: RecordStore) -> list[tuple[Any, ...]]:
    rows = store.records("income").filter(~pl.col("copied")).sort("amount").collect()
    return rows.select("month", "amount", "known_on", "known_on_assumed").rows()


def told(store: RecordStore, kind: str = "income") -> dict[str, Any]:
    (found,) = [dict(each) for each in summary(store) if each["name"] == kind]
    assert found["rows"] == found["accepted"] + found["quarantined"]
    assert sum(found["rules"].values()) == found["quarantined"]
    return found
