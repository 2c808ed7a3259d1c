"""The codes of Argentina's household survey in our terms."""

import polars as pl
import pytest

from features import records
from fixtures.surveys import eph_codes as codes


def level(
    ch12: int | None, ch13: int | None = None, ch14: int | None = None, overall: int | None = None
) -> int | None:
    row = {"CH12": ch12, "CH13": ch13, "CH14": ch14, "NIVEL_ED": overall}
    frame = pl.DataFrame(row, schema=dict.fromkeys(row, pl.Int64))
    return frame.select(codes.education()).item()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((0, 0, None, 7), 90),
        ((1, 1, None, 7), 90),
        ((2, 2, 5, 1), 90),
        ((2, 1, None, 2), 80),
        ((3, 1, None, 3), 70),
        ((3, 2, 5, 1), 90),
        ((3, 2, 8, 3), 80),
        ((4, 2, 0, 3), 80),
        ((4, 2, 2, 3), 70),
        ((4, 1, None, 4), 60),
        ((5, 2, 1, 3), 70),
        ((5, 1, None, 4), 60),
        ((6, 2, 1, 5), 60),
        ((6, 1, None, 6), 30),
        ((7, 2, 4, 5), 60),
        ((7, 1, None, 6), 20),
        ((8, 2, 1, 6), 20),
        ((8, 1, None, 6), 10),
    ],
)
def test_education_is_the_highest_level_completed(answer: tuple[int, int, int | None, int], expected: int) -> None:
    assert level(*answer) == expected


def test_special_schools_and_unnamed_levels_go_by_the_overall_level() -> None:
    assert level(9, 2, 98, 1) == 90
    assert level(99, 9, None, 3) == 80
    assert level(4, 2, 99, 3) == 80


def test_education_is_unknown_where_nothing_is_known() -> None:
    assert level(99, 9, None, 9) is None
    assert level(None) is None


@pytest.mark.parametrize(
    ("caes", "section"),
    [(101, "A"), (1, "A"), (1009, "C"), (4000, "E"), (48, "F"), (4803, "F"), (5601, "H"), (8401, "S"), (8501, "P")],
)
def test_an_industry_is_a_section_of_gbt_4754(caes: int, section: str) -> None:
    assert pl.select(codes.industry(pl.lit(caes))).item() == section


def test_an_unknown_industry_is_null_and_not_the_international_organisations() -> None:
    assert pl.select(codes.industry(pl.lit(9999))).item() is None
    assert pl.select(codes.industry(pl.lit(None, pl.Int64))).item() is None


def test_no_division_belongs_to_two_industries() -> None:
    spans = [span for many in codes.INDUSTRIES.values() for span in many]
    divisions = [number for first, last in spans for number in range(first, last + 1)]
    assert len(divisions) == len(set(divisions))


def test_every_code_is_one_of_ours() -> None:
    assert set(codes.RELATIONS.values()) == set(records.RELATIONS) - {"grandparent"}
    assert set(codes.TENURES.values()) <= set(records.TENURES)
    assert set(codes.SCHEMES.values()) <= set(records.SCHEMES)
    assert set(codes.INCOMES.values()) - {None} <= set(records.INCOME_KINDS)


def stage(ch12: int, ch14: int | None) -> str | None:
    frame = pl.DataFrame({"CH12": [ch12], "CH14": [ch14]}, schema={"CH12": pl.Int64, "CH14": pl.Int64})
    return frame.select(codes.stage()).item()


def test_secondary_school_is_junior_until_two_years_are_passed() -> None:
    assert stage(4, 1) == "junior"
    assert stage(4, 2) == "senior"
    assert stage(4, 99) == "junior"


def test_a_special_school_has_no_stage() -> None:
    assert stage(9, 98) is None
