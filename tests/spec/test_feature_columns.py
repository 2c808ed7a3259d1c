"""Every column: records in, values out, for the ordinary case, nothing recorded, and known too late."""

import polars as pl
import pytest
from spec import (
    combined_cases,
    employment_cases,
    household_cases,
    income_cases,
    medical_cases,
    neighbourhood_cases,
    support_cases,
)
from spec.spec_case import columns_of

from features.catalog import CONCEPTS, FEATURES

CASES = (
    *household_cases.CASES,
    *income_cases.CASES,
    *employment_cases.CASES,
    *medical_cases.CASES,
    *support_cases.CASES,
    *combined_cases.CASES,
    *neighbourhood_cases.CASES,
)
KINDS_OF_CASE = ("ordinary", "nothing", "late")
RUNS = [(case, which) for case in CASES for which in KINDS_OF_CASE if getattr(case, which)]


@pytest.mark.parametrize(("case", "which"), RUNS, ids=[f"{case.name}-{which}" for case, which in RUNS])
def test_a_column_has_the_value_that_its_records_say(case, which):
    somebody, expected = case.of(which)
    values = columns_of(somebody).row(by_predicate=pl.col("household_id") == "H1", named=True)
    wrong = {
        name: (values[name], value)
        for name, value in expected.items()
        if (values[name] is None) != (value is None) or (value is not None and values[name] != pytest.approx(value))
    }
    assert not wrong, f"computed and expected: {wrong}"


@pytest.mark.parametrize("which", KINDS_OF_CASE)
def test_every_column_has_a_spec_case(which):
    covered = {name for case in CASES for name in getattr(case, which)}
    assert not {item.name for item in FEATURES} - covered
    assert not covered - {item.name for item in FEATURES}


@pytest.mark.parametrize("item", FEATURES, ids=[item.name for item in FEATURES])
def test_every_column_says_what_it_is(item):
    assert item.name.isidentifier()
    assert item.label_zh.strip()
    assert not item.label_zh.isascii()
    assert item.label_en.strip()
    assert item.label_en.isascii()
    assert item.unit
    assert item.low is not None
    assert item.high is not None
    assert item.low < item.high
    assert item.concept in CONCEPTS
    assert "ull " in item.meaning or "Never null" in item.meaning, "the docstring says when it is null"
    assert {"household", "member"} <= set(item.sources)


def test_names_and_labels_are_unique():
    for attribute in ("name", "label_zh", "label_en"):
        values = [getattr(item, attribute) for item in FEATURES]
        assert sorted(value for value in set(values) if values.count(value) > 1) == []


def test_every_concept_has_a_column():
    assert {item.concept for item in FEATURES} == set(CONCEPTS)


def test_nominal_money_is_never_modelled():
    assert not [item.name for item in FEATURES if item.modelled and "minor units" in item.unit]
