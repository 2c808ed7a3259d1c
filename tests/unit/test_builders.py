"""The builders of small source records."""

from datetime import date

import pytest
from builders import records, sources

from features.records import KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_row_of_every_kind_can_be_made_from_defaults_alone(kind):
    assert records(kind, [{}]).height == 1


def test_a_text_table_states_only_what_matters():
    frame = records("income", "person_id | month | amount | known_on\nP1 | 2024-01 | 900 | 2024-02-03")
    row = frame.row(0, named=True)
    assert (row["person_id"], row["month"], row["amount"]) == ("P1", date(2024, 1, 1), 900)
    assert row["known_on"] == date(2024, 2, 3)
    assert row["kind"] == "wage"


def test_an_empty_cell_takes_the_default_and_a_dash_is_null():
    frame = records("member", "person_id | birth_date | age_reported\nP1 | - | 40\nP2 | |")
    assert frame["birth_date"].to_list() == [None, date(1980, 1, 1)]


def test_a_month_is_known_on_its_last_day_unless_it_says_otherwise():
    assert records("benefit", "month\n2024-02")["known_on"].to_list() == [date(2024, 2, 29)]


def test_a_column_that_the_kind_does_not_have_is_refused():
    with pytest.raises(KeyError, match="income has no column wages"):
        records("income", [{"wages": 3}])


def test_sources_hold_one_household_of_one_person_by_default():
    known = sources().known_by(date(2024, 1, 1))
    assert known.frame("member").collect().height == 1
    assert not known.has("income")
