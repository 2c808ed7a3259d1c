"""Stage-B facts cannot reach a feature: no schema has a place for them, and features import features only."""

import ast
from pathlib import Path

from features.records import KINDS, STAGE_B_KINDS

FEATURES = Path(__file__).parents[2] / "features"
WORDS = ("bank", "deposit", "securit", "vehicle", "real_estate", "housing_fund", "tax_detail", "balance")


def test_no_schema_has_a_kind_or_a_column_for_them():
    assert set(KINDS).isdisjoint(STAGE_B_KINDS)
    columns = {name for schema in KINDS.values() for name in schema.column_names()}
    assert len(columns) > 50
    assert [name for name in columns if any(word in name for word in WORDS) and name != "dwelling_safety"] == []


def test_features_import_features_and_calculation_only():
    found = set()
    for path in FEATURES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found.add(str(node.module).split(".")[0])
            elif isinstance(node, ast.Import):
                found |= {each.name.split(".")[0] for each in node.names}
    assert "features" in found
    assert found.isdisjoint({"engine", "models", "outreach", "fixtures"})
