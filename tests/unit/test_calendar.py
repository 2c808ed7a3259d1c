"""The reporting calendar: which month a source has reported last, from counts of rows alone."""

from datetime import date

import polars as pl
import pytest
from builders import month, records

from features.calendar import area_of, calendar_of, reporting_counts


def reporting(table):
    """Counts of one source in one area from lines of ``month known_on rows``."""
    rows = [line.split() for line in table.strip().splitlines()]
    return pl.DataFrame(
        {
            "kind": ["income"] * len(rows),
            "area": ["990101001"] * len(rows),
            "month": [month(first) for first, _, _ in rows],
            "known_on": [date.fromisoformat(known_on) for _, known_on, _ in rows],
            "rows": [int(number) for _, _, number in rows],
        }
    )


def last_month(table, as_of):
    return calendar_of(reporting(table), as_of)["last_month"].to_list()


YEAR = "2023-10 2023-11-15 100\n2023-11 2023-12-15 110\n2023-12 2024-01-15 90\n"


def test_the_last_month_with_its_usual_number_of_rows_is_reported():
    assert last_month(YEAR, date(2024, 2, 1)) == [month("2023-12")]


def test_what_was_known_later_is_not_in_the_calendar_of_a_day():
    assert last_month(YEAR, date(2024, 1, 14)) == [month("2023-11")]


@pytest.mark.parametrize(("rows", "expected"), [(49, "2023-12"), (50, "2024-01")])
def test_a_trickle_of_early_rows_is_not_a_report_but_half_of_the_usual_is(rows, expected):
    assert last_month(f"{YEAR}2024-01 2024-01-31 {rows}", date(2024, 2, 1)) == [month(expected)]


def test_rows_of_several_deliveries_add_up_to_a_report():
    assert last_month(f"{YEAR}2024-01 2024-01-20 30\n2024-01 2024-01-31 30", date(2024, 2, 1)) == [month("2024-01")]


def test_the_first_month_of_an_area_counts_and_a_month_to_come_does_not():
    assert last_month("2024-01 2024-01-31 1\n2024-05 2024-01-31 1", date(2024, 2, 1)) == [month("2024-01")]


def test_growth_long_ago_does_not_hide_a_gap_today():
    old = "\n".join(f"{year}-{m:02} 2023-12-31 1" for year in (2020, 2021) for m in range(1, 13))
    new = "\n".join(f"2023-{m:02} 2023-12-31 100" for m in range(1, 12))
    assert last_month(f"{old}\n{new}\n2023-12 2023-12-31 10", date(2024, 1, 1)) == [month("2023-11")]


def test_nothing_known_is_an_empty_calendar():
    assert calendar_of(reporting(YEAR), date(2020, 1, 1)).is_empty()


def test_rows_are_counted_by_area_month_and_day_of_knowledge_without_withdrawals():
    rows = records(
        "income", "month | known_on | void\n2024-01 | 2024-02-03 |\n2024-01 | 2024-02-03 |\n2024-01 | | true"
    )
    counts = reporting_counts("income", rows.with_columns(area=pl.lit("990101001")))
    assert counts.rows() == [("income", "990101001", month("2024-01"), date(2024, 2, 3), 2)]


def test_a_spell_of_employment_counts_for_the_last_month_paid_else_for_its_start():
    rows = records("employment", "start | contributed_until\n2023-05-17 |\n2023-05-17 | 2024-01")
    counts = reporting_counts("employment", rows.with_columns(area=pl.lit("990101001")))
    assert counts["month"].to_list() == [month("2023-05"), month("2024-01")]


def test_rows_without_an_area_are_left_out():
    assert reporting_counts("income", records("income", [{}]).with_columns(area=pl.lit(None, pl.String))).is_empty()


def test_an_area_is_a_town_or_the_whole_of_a_shorter_code():
    areas = pl.DataFrame({"region": ["990101001002", "0132"]}).select(area_of())
    assert areas["region"].to_list() == ["990101001", "0132"]
