from datetime import date

import pytest
from builders import sources

from features.emergency_label import emergency_label, emergency_lacks, last_emergency

AS_OF = date(2024, 1, 1)
ENDS = date(2024, 3, 31)
LATER = date(2024, 6, 1)
LINE = {"urban": 70_000, "rural": 50_000}
YEAR = [f"2023-{month:02d}" for month in range(1, 13)]
AFTER = ["2024-01", "2024-02", "2024-03"]


def wages(person: str, months, amount: int = 100_000) -> list[str]:
    return [f"{person} | {month} | {amount}" for month in months]


def world(*, income=(), medical=(), event=(), silent_neighbours: bool = False, **more):
    """P1 of H1 by the given records; H9 reports a wage in every month, so that its months count as reported."""
    rows = [*income, *wages("P9", [*YEAR, *AFTER], 500_000)]
    return sources(
        household=more.pop("household", "household_id\nH1\nH9"),
        member=more.pop("member", "person_id | household_id\nP1 | H1\nP9 | H9"),
        income="\n".join(["person_id | month | amount", *rows]),
        medical="\n".join(["person_id | event_id | event_date | oop", *medical]),
        event="\n".join(["event_id | person_id | household_id | event_code | event_date | loss", *event]),
        **more,
    )


def of_h1(given, known_by=LATER, line=LINE):
    frame = emergency_label(given, AS_OF, known_by, line)
    return frame.filter(frame["household_id"] == "H1").select("label", "component").row(0)


STEADY = wages("P1", [*YEAR, *AFTER])


def test_nothing_happens_and_the_label_is_false():
    assert of_h1(world(income=STEADY)) == (False, None)


def test_a_bill_above_two_fifths_of_the_capacity_to_pay_is_catastrophic():
    # capacity: 12 × (1000 - 700) = 3600 a year; two fifths = 1440
    assert of_h1(world(income=STEADY, medical=["P1 | M1 | 2024-02-10 | 144000"])) == (False, None)
    over = world(income=STEADY, medical=["P1 | M1 | 2024-02-10 | 144001"])
    assert of_h1(over) == (True, "catastrophic_spending")


def test_bills_of_the_year_before_count_towards_the_crossing():
    medical = ["P1 | M1 | 2023-03-10 | 140000", "P1 | M2 | 2024-02-10 | 4001"]
    assert of_h1(world(income=STEADY, medical=medical)) == (True, "catastrophic_spending")
    older = ["P1 | M1 | 2023-02-09 | 140000", "P1 | M2 | 2024-02-10 | 4001"]
    assert of_h1(world(income=STEADY, medical=older)) == (False, None)


def test_spending_that_was_catastrophic_already_is_no_onset():
    medical = ["P1 | M1 | 2023-11-10 | 300000", "P1 | M2 | 2024-02-10 | 300000"]
    assert of_h1(world(income=STEADY, medical=medical)) == (False, None)


def test_a_falling_income_can_make_the_old_bills_catastrophic():
    # two wages lost: income of twelve months 10000, capacity 10000 - 8400 = 1600, two fifths = 640
    medical = ["P1 | M1 | 2023-11-10 | 70000"]
    assert of_h1(world(income=STEADY, medical=medical)) == (False, None)
    fallen = world(income=wages("P1", [*YEAR, "2024-01"]), medical=medical)
    assert of_h1(fallen) == (True, "catastrophic_spending")


def test_a_bill_of_the_as_of_day_or_after_the_horizon_is_outside():
    for day in ("2024-01-01", "2024-04-01"):
        assert of_h1(world(income=STEADY, medical=[f"P1 | M1 | {day} | 400000"])) == (False, None)
    for day in ("2024-01-02", "2024-03-31"):
        assert of_h1(world(income=STEADY, medical=[f"P1 | M1 | {day} | 400000"]))[0] is True


def test_the_third_month_without_income_is_an_emergency_and_the_fourth_is_not():
    assert of_h1(world(income=wages("P1", YEAR[:11]))) == (True, "no_income")
    assert of_h1(world(income=wages("P1", YEAR[:10]))) == (True, "no_income")
    assert of_h1(world(income=wages("P1", YEAR[:9]))) == (False, None)


def test_two_months_without_income_are_not_three():
    assert of_h1(world(income=wages("P1", [*YEAR, AFTER[0]]))) == (False, None)


def test_a_household_of_which_no_income_is_known_has_no_label_even_after_a_disaster():
    event = ["E1 | - | H1 | DSR | 2024-02-01 | 500"]
    assert of_h1(world(event=event)) == (None, None)


COUPLE = "person_id | household_id\nP1 | H1\nP2 | H1\nP9 | H9"


@pytest.mark.parametrize("code", ["DTH", "JAIL"])
def test_the_earner_is_the_member_with_the_largest_labour_income(code):
    income = [*STEADY, *wages("P2", [*YEAR, *AFTER], 90_000)]
    of_first = world(income=income, member=COUPLE, event=[f"E1 | P1 | - | {code} | 2024-02-01 | -"])
    of_second = world(income=income, member=COUPLE, event=[f"E1 | P2 | - | {code} | 2024-02-01 | -"])
    assert of_h1(of_first) == (True, "earner_lost")
    assert of_h1(of_second) == (False, None)


def test_a_death_in_the_roster_alone_and_a_severe_disability_lose_the_earner():
    income = [*STEADY, *wages("P2", [*YEAR, *AFTER], 90_000)]
    died = "person_id | household_id | death_date\nP1 | H1 | 2024-02-01\nP2 | H1 | -\nP9 | H9 | -"
    assert of_h1(world(income=income, member=died)) == (True, "earner_lost")
    for level, expected in ((1, True), (2, True), (3, False)):
        disability = f"person_id | issued | level\nP1 | 2024-02-01 | {level}"
        assert of_h1(world(income=income, member=COUPLE, disability=disability))[0] is expected


def test_a_detention_that_was_running_already_is_no_onset():
    event = ["E1 | P1 | - | JAIL | 2023-12-01 | -", "E2 | P1 | - | JAIL | 2024-02-01 | -"]
    assert of_h1(world(income=STEADY, event=event)) == (False, None)


def test_a_disaster_counts_with_a_loss_only():
    for loss, expected in (("500", True), ("0", False), ("-", False)):
        assert of_h1(world(income=STEADY, event=[f"E1 | - | H1 | DSR | 2024-02-01 | {loss}"]))[0] is expected
    assert of_h1(world(income=STEADY, event=["E1 | P1 | - | ACC | 2024-02-01 | 9"])) == (
        True,
        "disaster_or_accident",
    )


def test_the_component_that_crossed_first_is_named():
    event = ["E1 | - | H1 | DSR | 2024-02-11 | 500"]
    both = world(income=STEADY, medical=["P1 | M1 | 2024-02-10 | 900000"], event=event)
    assert of_h1(both) == (True, "catastrophic_spending")


def test_help_by_the_office_is_neither_an_income_nor_a_label():
    rows = [f"P1 | {month} | 50000 | assistance" for month in [*YEAR, *AFTER]]
    own = [f"{row} | wage" for row in wages("P1", YEAR[:11]) + wages("P9", [*YEAR, *AFTER])]
    given = sources(
        household="household_id\nH1\nH9",
        member="person_id | household_id\nP1 | H1\nP9 | H9",
        income="\n".join(["person_id | month | amount | kind", *own, *rows]),
        medical="person_id",
        event="event_id",
        benefit="person_id | programme | month\nP1 | LS-E | 2024-02",
    )
    assert of_h1(given) == (True, "no_income")


def test_the_label_is_null_before_the_horizon_is_over_and_reported():
    given = world(income=STEADY, event=["E1 | - | H1 | DSR | 2024-01-02 | 500"])
    assert of_h1(given, known_by=date(2024, 3, 30)) == (None, None)
    assert of_h1(given, known_by=ENDS) == (True, "disaster_or_accident")


def test_a_household_gone_by_the_end_has_no_label():
    gone = "household_id | valid_to\nH1 | 2024-02-20\nH9 | -"
    assert of_h1(world(income=STEADY, household=gone)) == (None, None)


def test_the_lag_of_claims_and_of_the_own_records_is_waited_for():
    given = world(income=STEADY, medical=["P1 | M1 | 2024-02-10 | 400000"])
    late = sources(
        household="household_id\nH1\nH9",
        member="person_id | household_id\nP1 | H1\nP9 | H9",
        income=given.frames["income"].collect(),
        medical="event_id | event_date | oop | known_on\nM1 | 2024-02-10 | 400000 | 2024-03-01",
        event="event_id",
    )
    frame = emergency_label(late, AS_OF, LATER, LINE)
    assert frame["label_known_on"].to_list() == [date(2024, 4, 20)] * 2
    assert frame["label_from"].to_list() == [date(2024, 1, 2)] * 2
    assert of_h1(late, known_by=date(2024, 4, 19)) == (None, None)


def test_a_certificate_or_a_death_registered_late_makes_the_label_known_late():
    certificate = "person_id | issued | level | known_on\nP1 | 2024-02-01 | 1 | 2024-05-05"
    died = (
        "person_id | household_id | death_date | known_on\n"
        "P1 | H1 | 2024-02-01 | 2024-05-05\nP2 | H1 | - |\nP9 | H9 | - |"
    )
    for more in ({"disability": certificate}, {"member": died}):
        frame = emergency_label(world(income=STEADY, **more), AS_OF, LATER, LINE)
        assert frame["label"].to_list() == [True, False]
        assert frame["label_known_on"].to_list() == [date(2024, 5, 5), date(2024, 3, 31)]


BEFORE = [f"2022-{month:02d}" for month in range(1, 13)]
LONG = wages("P1", [*BEFORE, *YEAR])


def status_of_h1(*, income=LONG, as_of=AS_OF, line=LINE, **more):
    both = [*income, *wages("P9", BEFORE)]
    frame = last_emergency(world(income=both, **more), as_of, line)
    assert frame["household_id"].to_list() == ["H1", "H9"]
    return frame["status"][0]


def test_the_last_status_of_a_steady_household_is_no_hardship():
    assert status_of_h1() == "not_poor"
    assert status_of_h1(medical=["P1 | M1 | 2023-06-10 | 144000"]) == "not_poor"


@pytest.mark.parametrize(
    "more",
    [
        {"medical": ["P1 | M1 | 2023-06-10 | 144001"]},
        {"medical": ["P1 | M1 | 2022-06-10 | 300000"]},
        {"income": wages("P1", [*BEFORE, *YEAR[:3], *YEAR[6:]])},
        {"income": wages("P1", BEFORE[:6])},
        {"event": ["E1 | - | H1 | DSR | 2023-02-01 | 500"]},
        {"event": ["E1 | P1 | - | JAIL | 2023-12-31 | -"]},
        {"disability": "person_id | issued | level\nP1 | 2023-06-01 | 1"},
    ],
    ids=["spent", "spent before", "three months without", "silent", "disaster", "detained", "disabled"],
)
def test_hardship_running_or_begun_in_the_twelve_months_before_is_the_last_status(more):
    assert status_of_h1(**more) == "poor"


@pytest.mark.parametrize(
    "more",
    [
        {"medical": ["P1 | M1 | 2021-12-10 | 300000"]},
        {"income": wages("P1", [*BEFORE[:3], *BEFORE[6:], *YEAR])},
        {"event": ["E1 | - | H1 | DSR | 2022-12-31 | 500"]},
        {"event": ["E1 | - | H1 | DSR | 2024-01-02 | 500"]},
        {"medical": ["P1 | M1 | 2024-01-02 | 900000"]},
    ],
    ids=["spent long ago", "silent long ago", "disaster long ago", "disaster ahead", "bill ahead"],
)
def test_hardship_of_long_ago_or_ahead_is_not_the_last_status(more):
    assert status_of_h1(**more) == "not_poor"


def test_a_last_status_rests_on_what_was_known_and_reported_by_then():
    late = world(income=[*LONG, *wages("P9", BEFORE)], event=["E1 | - | H1 | DSR | 2023-12-01 | 500"])
    frames = {name: frame.collect() for name, frame in late.frames.items()}
    frames["event"] = frames["event"].with_columns(known_on=date(2024, 1, 2))
    assert last_emergency(sources(**frames), AS_OF, LINE)["status"].to_list() == ["not_poor", "not_poor"]
    # nobody's December is reported yet: it is no third month without income
    unreported = wages("P1", [*BEFORE, *YEAR[:9]])
    given = world(income=[*unreported, *wages("P9", BEFORE)]).frames["income"].collect()
    waiting = given.with_columns(
        known_on=given["known_on"].set(given["month"] == date(2023, 12, 1), date(2024, 2, 1))
    )
    frames["income"], frames["event"] = waiting, frames["event"].clear()
    assert last_emergency(sources(**frames), AS_OF, LINE)["status"].to_list() == ["not_poor", "not_poor"]
    frames["income"] = given
    assert last_emergency(sources(**frames), AS_OF, LINE)["status"].to_list() == ["poor", "not_poor"]


def test_an_unknown_last_status_is_neither_hardship_nor_none():
    assert status_of_h1(income=[]) == "unknown"
    assert status_of_h1(income=[], event=["E1 | - | H1 | DSR | 2023-06-01 | 500"]) == "unknown"
    assert status_of_h1(line=None) == "unknown"
    joined = "person_id | household_id | valid_from\nP1 | H1 | 2023-06-01\nP9 | H9 |"
    assert status_of_h1(member=joined) == "unknown"


@pytest.mark.parametrize("kind", ["income", "medical", "event"])
def test_without_a_source_the_label_is_null_and_the_lack_is_named(kind):
    given = world(income=STEADY, event=["E1 | - | H1 | DSR | 2024-02-01 | 500"])
    rest = {name: frame.collect() for name, frame in given.frames.items() if name != kind}
    assert emergency_lacks(sources(**rest), LINE) == (kind,)
    assert of_h1(sources(**rest)) == (None, None)


def test_without_a_line_the_label_is_null_and_the_lack_is_named():
    given = world(income=STEADY)
    assert emergency_lacks(given, None) == ("db_line",)
    assert of_h1(given, line=None) == (None, None)
    assert emergency_lacks(given, LINE) == ()
