"""When a record is over: its newest version says so, and what is in force never is."""

from datetime import date

import polars as pl
import pytest
from builders import Table, records

from features.lifespan import BY_KEY, BY_VERSION, first_kept, over
from features.records import KEYS, KINDS

FIRST = date(2020, 1, 1)


def ended(kind: str, table: Table) -> list[tuple[object, date]]:
    """The records that are over before 2020: the last part of the key, and the day."""
    rows = over(kind, records(kind, table).lazy(), FIRST).collect()
    assert rows.columns == [*KEYS[kind], "ended"]
    return sorted(rows.select(pl.col(KEYS[kind][-1]), "ended").iter_rows(), key=str)


def test_every_kind_of_record_has_an_end() -> None:
    assert set(BY_KEY) | set(BY_VERSION) == set(KINDS)
    assert set(BY_KEY).isdisjoint(BY_VERSION)


@pytest.mark.parametrize(
    ("as_of", "months", "first"),
    [
        (date(2025, 12, 31), 60, date(2020, 12, 1)),
        (date(2025, 12, 1), 60, date(2020, 12, 1)),
        (date(2025, 1, 31), 1, date(2024, 12, 1)),
        (date(2024, 2, 29), 24, date(2022, 2, 1)),
    ],
)
def test_a_period_counts_back_in_whole_months(as_of: date, months: int, first: date) -> None:
    assert first_kept(as_of, months) == first


def test_a_month_is_over_with_its_last_day_whatever_was_said_of_it_later() -> None:
    table = """
        person_id | month   | record_no | amount | known_on   | void
        P1        | 2019-11 | 1         | 5      | 2019-12-05 | false
        P1        | 2019-11 | 1         | 6      | 2025-12-05 | false
        P1        | 2019-12 | 2         | 5      | 2020-01-05 | false
        P1        | 2020-01 | 3         | 5      | 2020-02-05 | true
    """
    assert ended("income", table) == [("1", date(2019, 11, 30)), ("2", date(2019, 12, 31))]


def test_a_spell_is_over_when_it_ended_and_its_newest_version_decides() -> None:
    table = """
        person_id | start      | record_no | end        | known_on   | seq | void
        P1        | 2001-01-01 | open      | -          | 2001-01-02 | 0   | false
        P1        | 2001-01-01 | ended     | -          | 2001-01-02 | 0   | false
        P1        | 2001-01-01 | ended     | 2019-12-31 | 2020-01-09 | 0   | false
        P1        | 2001-01-01 | later     | 2020-01-01 | 2020-01-09 | 0   | false
        P1        | 2001-01-01 | reopened  | 2005-01-01 | 2005-01-02 | 0   | false
        P1        | 2001-01-01 | reopened  | -          | 2005-02-02 | 0   | false
        P1        | 2001-01-01 | same day  | -          | 2005-01-02 | 1   | false
        P1        | 2001-01-01 | same day  | 2005-01-01 | 2005-01-02 | 2   | false
        P1        | 2001-01-01 | undecided | -          | 2005-01-02 | 1   | false
        P1        | 2001-01-01 | undecided | 2005-01-01 | 2005-01-02 | 1   | false
        P1        | 2001-01-01 | withdrawn | -          | 2006-01-02 | 0   | true
        P1        | 2001-01-01 | lately    | -          | 2020-06-02 | 0   | true
    """
    assert ended("employment", table) == [
        ("ended", date(2019, 12, 31)),
        ("same day", date(2005, 1, 1)),
        ("withdrawn", date(2006, 1, 2)),
    ]


def test_what_is_in_force_is_never_over() -> None:
    assert ended("enrolment", "person_id | start\n P1 | 1999-01-01") == []
    assert ended("kin", "person_id | kin_id | known_on\n P1 | P2 | 1999-01-01") == []
    assert ended("disability", "person_id | issued | expires\n P1 | 1999-01-01 | -") == []
    certificates = "person_id | issued | expires\n P1 | 2009-01-01 | 2019-01-01\n P2 | 2009-01-01 | 2029-01-01"
    assert ended("disability", certificates) == [(date(2009, 1, 1), date(2019, 1, 1))]
    illness = """
        person_id | event_id | event_date | kind
        P1        | claim    | 2010-01-01 | chronic
        P1        | register | 2010-01-01 | chronic_registration
    """
    assert ended("medical", illness) == [("claim", date(2010, 1, 1))]


def test_a_membership_ends_with_a_death_and_a_school_year_in_august() -> None:
    table = """
        person_id | household_id | valid_from | valid_to   | death_date
        P1        | H1           | 2001-01-01 | -          | -
        P2        | H1           | 2002-01-01 | -          | 2015-03-04
        P3        | H1           | 2003-01-01 | 2016-01-31 | 2018-03-04
    """
    assert ended("member", table) == [
        (date(2002, 1, 1), date(2015, 3, 4)),
        (date(2003, 1, 1), date(2016, 1, 31)),
    ]
    years = "person_id | school_year\n P1 | 2018\n P1 | 2019"
    assert ended("schooling", years) == [(2018, date(2019, 8, 31))]
