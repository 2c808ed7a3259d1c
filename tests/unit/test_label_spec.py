from datetime import date

import numpy as np
import pytest

from features.labels import (
    COUNTY,
    WAVE_PANEL,
    LabelSpec,
    LabelSpecError,
    end_of,
    first_month_from,
    last_month_over,
    weighted_median,
)

GOOD = COUNTY.to_mapping()


def test_a_spec_survives_the_way_to_a_mapping_and_back():
    assert LabelSpec.from_mapping(GOOD) == COUNTY
    assert LabelSpec.from_mapping(WAVE_PANEL.to_mapping()) == WAVE_PANEL


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("theta", 0, "theta must be a number above 0"),
        ("theta", True, "theta must be a number"),
        ("theta", "0.4", "theta must be a number"),
        ("scale", "oxford", "scale must be one of per_capita"),
        ("base", "world", "base must be one of"),
        ("kind", "someday", "kind must be one of mean-over, at-horizon, same-period"),
        ("horizon_months", 0, "horizon_months must be a whole number"),
        ("horizon_months", 12.0, "horizon_months must be a whole number"),
        ("concept", "gross", "concept must be one of before_assistance, disposable"),
        ("weight_column", "PONDIH", "weight_column must be 'weight'"),
        ("median_over", "men", "median_over must be one of"),
        ("null_rule", "zero", "null_rule must be one of"),
        ("barred", "income", "barred must be a list"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_allowed(field, value, complaint):
    with pytest.raises(LabelSpecError, match=complaint):
        LabelSpec.from_mapping({**GOOD, field: value})


def test_all_faults_are_told_at_once():
    with pytest.raises(LabelSpecError) as told:
        LabelSpec.from_mapping({"theta": 2, "colour": "red"})
    for part in ("theta must", "unknown field 'colour'", "horizon_months is missing", "scale is missing"):
        assert part in str(told.value)


def test_the_first_month_of_the_future_begins_on_or_after_the_date():
    october = 2016 * 12 + 9
    assert first_month_from(date(2016, 10, 1)) == october
    assert first_month_from(date(2016, 9, 30)) == october
    assert first_month_from(date(2016, 10, 2)) == october + 1
    assert end_of(october) == date(2016, 10, 31)
    assert end_of(2016 * 12 + 11) == date(2016, 12, 31)


def test_a_month_is_over_on_its_last_day():
    september = 2016 * 12 + 8
    assert last_month_over(date(2016, 9, 29)) == september - 1
    assert last_month_over(date(2016, 9, 30)) == september
    assert last_month_over(date(2016, 10, 1)) == september
    assert last_month_over(date(2016, 10, 30)) == september


def test_the_weighted_median_is_the_lowest_value_at_half_of_the_weight():
    values = np.array([30.0, 10.0, 20.0])
    assert weighted_median(values, np.array([1.0, 1.0, 1.0])) == 20
    assert weighted_median(values, np.array([0.0, 5.0, 1.0])) == 10
    assert weighted_median(values, np.array([1.0, 1.0, 0.0])) == 10
    assert weighted_median(np.array([]), np.array([])) is None
    assert weighted_median(values, np.zeros(3)) is None
