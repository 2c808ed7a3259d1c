"""What evaluation, drafting and fairness know of a household."""

from datetime import date

import pytest
from builders import sources

from features.groups import groups_of

AS_OF = date(2024, 3, 1)


def group(**tables):
    return groups_of(sources(**tables), AS_OF).row(0, named=True)


def test_a_household_without_a_means_tested_benefit_is_unsupported():
    assert group(benefit="programme | month\nGL | 2024-01")["unsupported"] is True


@pytest.mark.parametrize("programme", ["DB", "TK", "BY", "GX"])
def test_each_means_tested_programme_is_support(programme):
    assert group(benefit=f"programme | month\n{programme} | 2024-01")["unsupported"] is False


def test_a_register_two_months_late_still_tells_of_a_payment_and_a_refusal_is_none():
    assert group(benefit="month\n2024-01")["unsupported"] is False
    assert group(benefit="month\n2023-12")["unsupported"] is True
    assert group(benefit="month | status\n2024-01 | refused")["unsupported"] is True


def test_support_is_unknown_without_a_benefit_source_and_where_known_later_is_none():
    assert group()["unsupported"] is None
    assert group(benefit="month | known_on\n2024-02 | 2024-03-02")["unsupported"] is True


@pytest.mark.parametrize(
    ("births", "expected"),
    [
        (["1950-01-01"], "lone_elder"),
        (["1950-01-01", "1951-01-01"], "elders_only"),
        (["1950-01-01", "2015-01-01"], "skip_generation"),
        (["1985-01-01", "2015-01-01"], "single_parent"),
        (["1985-01-01", "1986-01-01", "2015-01-01"], "with_children"),
        (["1985-01-01"], "other"),
    ],
)
def test_a_household_is_of_one_type(births, expected):
    people = [
        {
            "person_id": f"P{n}",
            "relation": "head" if n == 0 else "other_kin",
            "birth_date": date.fromisoformat(born),
            "valid_from": date(2016, 1, 1),
        }
        for n, born in enumerate(births)
    ]
    assert group(member=people)["household_type"] == expected


def test_the_digital_trace_is_the_best_of_the_adults():
    people = (
        "person_id | birth_date | digital_trace | valid_from\nP1 | 1950-01-01 | none |\nP2 | 1960-01-01 | low |\n"
    )
    assert group(member=people + "P3 | 2015-01-01 | normal | 2015-01-01")["digital_trace"] == "low"
    assert group()["digital_trace"] is None


def test_blanks_are_the_delivered_sources_that_hold_no_record():
    known = group(income=[{}], medical=(), benefit=(), event=[{}])
    assert (known["sources_blank"], known["blank_share"]) == (2, 0.5)
    assert group()["blank_share"] is None


def test_sex_ethnicity_and_disability_are_there_for_fairness():
    known = group(member="sex | ethnicity | is_migrant\n2 | 11 | true", disability="expires\n2020-01-01")
    assert (known["head_sex"], known["head_minority"], known["is_migrant"]) == (2, True, True)
    assert known["has_disabled"] is False
    assert group()["has_disabled"] is None


def test_a_household_without_living_members_has_no_row():
    assert groups_of(sources(member="death_date\n2024-01-01"), AS_OF).is_empty()
