"""Working days: holidays and make-up days are data, and a year without them is told."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.workplace import read_calendar
from outreach.policy import Policy
from outreach.workdays import WEEKDAYS, CalendarError, WorkCalendar

ROOT = Path(__file__).parents[2] / "outreach"
CN = read_calendar("cn")
POLICY = Policy.from_toml((ROOT / "policy.toml").read_text("utf-8"))
TEXT = (ROOT / "calendars" / "cn-2026.toml").read_text("utf-8")


def test_working_days_pass_over_weekends() -> None:
    friday, saturday = date(2025, 6, 6), date(2025, 6, 7)
    assert WEEKDAYS.after(friday, 1) == WEEKDAYS.after(saturday, 1) == date(2025, 6, 9)
    assert WEEKDAYS.next_days(saturday, 2) == (date(2025, 6, 9), date(2025, 6, 10))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 14), True),  # a Saturday that makes up for the Spring Festival
        (date(2026, 2, 16), False),
        (date(2026, 2, 24), True),
        (date(2026, 1, 4), True),
        (date(2025, 10, 8), False),
        (date(2025, 10, 11), True),
        (date(2025, 1, 26), True),
        (date(2026, 7, 4), False),
    ],
)
def test_the_notices_of_the_state_council_are_followed(day: date, works: bool) -> None:
    assert CN.works(day) is works


@pytest.mark.parametrize(("year", "days"), [(2025, 248), (2026, 248)])
def test_a_year_has_as_many_working_days_as_the_notice_leaves(year: int, days: int) -> None:
    first = date(year, 1, 1)
    assert sum(CN.works(first + timedelta(days=n)) for n in range(365)) == days
    assert CN.marks[year] == "found"


def test_a_clock_of_ten_working_days_runs_round_the_spring_festival() -> None:
    friday = date(2026, 2, 13)
    assert POLICY.due_on("gap", friday, CN) == date(2026, 3, 5)
    assert POLICY.due_on("gap", friday) == date(2026, 2, 27)
    assert POLICY.due_on("urgent", friday, CN) == date(2026, 2, 14)
    assert POLICY.due_on("event", friday, CN) == date(2026, 2, 16)


def test_a_year_without_a_calendar_is_counted_from_monday_to_friday_and_named() -> None:
    assert CN.after(date(2027, 1, 1), 1) == date(2027, 1, 4)
    assert CN.lacks(date(2026, 12, 20), date(2027, 1, 5)) == [2027]
    assert CN.lacks(date(2025, 1, 1), date(2026, 12, 31)) == []
    assert WEEKDAYS.lacks(date(2025, 1, 1), date(2030, 1, 1)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("year = 2026", "year = 2027", "a day is not of 2027"),
        ("2026-01-04,", "2026-01-05,", "is no Saturday or Sunday"),
        ("2026-01-04,", "2026-02-21,", "lies in a holiday"),
        ("to = 2026-02-23", "to = 2026-02-13", "ends before it begins"),
        ('mark = "found"', 'mark = "guessed"', "mark"),
        ("holiday = [", "holidays = [", "holiday"),
    ],
)
def test_a_mistake_in_a_calendar_is_named(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(CalendarError, match=said):
        WorkCalendar.of("cn", [TEXT.replace(old, new)])


def test_one_year_twice_is_refused_and_so_is_a_calendar_that_is_not_shipped() -> None:
    with pytest.raises(CalendarError, match="2026 stands twice"):
        WorkCalendar.of("cn", [TEXT, TEXT])
    with pytest.raises(UsageError, match="there is no xx"):
        read_calendar("xx")
