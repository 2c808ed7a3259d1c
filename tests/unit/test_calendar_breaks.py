"""A source that comes back after a break has reported what it reports now, and not the months between."""

from datetime import date

import polars as pl
import pytest
from builders import sources

from features.build import build_features
from features.calendar import calendar_of, reporting_counts, with_area
from features.context import Context
from features.sources import Sources

AS_OF = date(2024, 10, 1)


def income(*months: str, person: str = "P1", amount: int = 90_000) -> str:
    return "\n".join(f" {person} | {month} | {amount}" for month in months)


def people_of(*tables: str) -> Sources:
    return sources(
        household="household_id\n H1\n H2",
        member="person_id | household_id\n P1 | H1\n P2 | H2",
        income="person_id | month | amount\n" + "\n".join(tables),
    )


def column(somebody: Sources, name: str) -> dict[str, float | None]:
    frames = somebody.frames
    counts = reporting_counts("income", with_area(frames["income"], frames["member"], frames["household"]))
    found = build_features(somebody, Context(calendar_of(counts, AS_OF)), AS_OF, [name])
    return dict(found.select("household_id", name).rows())


@pytest.mark.parametrize(
    ("months", "first"),
    [
        (("2024-07", "2024-08", "2024-09"), date(2024, 7, 1)),
        (("2024-06", "2024-07", "2024-09"), date(2024, 6, 1)),
        (("2024-05", "2024-06", "2024-09"), date(2024, 9, 1)),
        (("2023-09", "2024-09"), date(2024, 9, 1)),
    ],
)
def test_two_months_in_a_row_without_a_report_are_a_break(months: tuple[str, ...], first: date) -> None:
    frames = people_of(income(*months)).frames
    counts = reporting_counts("income", with_area(frames["income"], frames["member"], frames["household"]))
    assert calendar_of(counts, AS_OF)["first_month"].to_list() == [first]


def test_the_months_of_a_break_are_not_months_without_income() -> None:
    waves = people_of(income("2023-12", "2024-09"), income("2024-09", person="P2", amount=60_000))
    assert column(waves, "income_per_head_12m") == {"H1": 90_000, "H2": 60_000}
    assert column(waves, "income_months_observed") == {"H1": 1, "H2": 1}
    assert column(waves, "months_without_income_share_12m") == {"H1": 0, "H2": 0}


def test_whoever_is_silent_after_a_break_is_unknown_and_not_without_income() -> None:
    waves = people_of(income("2023-12"), income("2023-12", "2024-09", person="P2"))
    assert column(waves, "income_per_head_12m") == {"H1": None, "H2": 90_000}


def test_an_amount_over_many_months_counts_after_the_break_alone() -> None:
    waves = people_of(income("2023-12", "2024-09", person="P2"))
    year = sources(
        household="household_id\n H1\n H2",
        member="person_id | household_id\n P1 | H1\n P2 | H2",
        income="person_id | month | amount | period_months\n"
        " P1 | 2024-09 | 120000 | 12\n P2 | 2023-12 | 1 | 1\n P2 | 2024-09 | 1 | 1",
    )
    assert column(waves, "income_months_observed")["H2"] == 1
    assert column(year, "income_per_head_12m")["H1"] == 10_000


def test_one_month_without_a_report_is_no_break() -> None:
    steady = people_of(income("2024-04", "2024-06"), income("2024-04", "2024-06", person="P2"))
    assert column(steady, "income_months_observed") == {"H1": 3, "H2": 3}
    assert pl.Series(list(column(steady, "income_per_head_12m").values())).to_list() == [60_000, 60_000]


def test_a_year_before_the_break_is_the_mean_of_the_months_that_it_tells() -> None:
    waves = people_of(
        income("2022-08", "2022-09", amount=30_000),
        income("2023-09", person="P2"),
        income("2024-09", "2023-09", person="P1", amount=70_000),
        income("2024-09", person="P2"),
    )
    assert column(waves, "income_per_head_12m") == {"H1": 70_000, "H2": 90_000}
    assert column(waves, "income_equivalised_1y_before") == {"H1": 70_000, "H2": 90_000}
    assert column(waves, "income_equivalised_2y_before") == {"H1": 30_000, "H2": None}


def test_who_is_known_from_before_the_break_alone_has_a_year_before_and_no_income_now() -> None:
    waves = people_of(income("2023-09"), income("2023-09", "2024-09", person="P2"))
    assert column(waves, "income_equivalised_1y_before") == {"H1": 90_000, "H2": 90_000}
    assert column(waves, "income_per_head_12m") == {"H1": None, "H2": 90_000}
    assert column(waves, "adults_known_share") == {"H1": None, "H2": 1}
