from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from builders import sources

from features.labels import COUNTY, WAVE_PANEL, LabelSpec
from features.poverty_label import last_status, outcome_incomes, poverty_label, status_incomes

AS_OF = date(2024, 1, 1)
LATER = date(2025, 2, 15)
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
NATIONAL = replace(COUNTY, base="national")


def table(header: str, *rows: str) -> str:
    return "\n".join([header, *rows])


def wages(person: str, amount: int, months=MONTHS, **more: str) -> list[str]:
    return [f"{person} | {month} | {amount} | wage | {more.get('known_on', '')}" for month in months]


def people(*rows: str) -> dict[str, str]:
    """Households and members from 'person household' pairs."""
    pairs = [row.split() for row in rows]
    homes = sorted({home for _, home in pairs})
    return {
        "household": table("household_id | area_kind", *(f"{home} | urban" for home in homes)),
        "member": table("person_id | household_id", *(f"{person} | {home}" for person, home in pairs)),
    }


def of(frame: pl.DataFrame, column: str) -> dict[str, object]:
    return dict(zip(frame["household_id"], frame[column], strict=True))


INCOME = "person_id | month | amount | kind | known_on"


def test_the_mean_per_head_of_the_twelve_months_after_the_date_decides():
    given = sources(
        **people("P1 H1", "P2 H1", "P3 H2", "P4 H3"),
        income=table(INCOME, *wages("P1", 60_000), *wages("P3", 100_000), *wages("P4", 90_000)),
    )
    incomes = outcome_incomes(given, NATIONAL, AS_OF, LATER)
    assert of(incomes, "income") == {"H1": 30_000, "H2": 100_000, "H3": 90_000}
    assert of(incomes, "persons") == {"H1": 2, "H2": 1, "H3": 1}
    # four persons: 30, 30, 90, 100 → the median is 30, nobody is below 0.4 × 30
    assert of(poverty_label(incomes, NATIONAL), "label") == {"H1": False, "H2": False, "H3": False}
    # counted once a household it is 90: 30 < 0.4 × 90
    poor = incomes.with_columns(persons=pl.lit(1))
    assert of(poverty_label(poor, NATIONAL), "label") == {"H1": True, "H2": False, "H3": False}


def test_a_household_without_any_record_is_unknown_and_not_poor():
    given = sources(**people("P1 H1", "P2 H2"), income=table(INCOME, *wages("P1", 60_000)))
    labels = poverty_label(outcome_incomes(given, NATIONAL, AS_OF, LATER), NATIONAL)
    assert of(labels, "label") == {"H1": False, "H2": None}


def test_reported_months_without_a_record_are_zero_for_a_household_that_a_source_knows():
    given = sources(
        **people("P1 H1", "P2 H2"),
        income=table(INCOME, *wages("P1", 60_000), *wages("P2", 60_000, MONTHS[:3])),
    )
    incomes = outcome_incomes(given, NATIONAL, AS_OF, LATER)
    assert of(incomes, "income") == {"H1": 60_000, "H2": 15_000}


def test_who_was_known_before_and_vanished_has_zero_only_under_that_rule():
    given = sources(
        **people("P1 H1", "P2 H2"),
        income=table(INCOME, *wages("P1", 60_000), *wages("P2", 60_000, ["2023-11"])),
    )
    assert of(outcome_incomes(given, NATIONAL, AS_OF, LATER), "income")["H2"] is None
    known_before = replace(NATIONAL, null_rule="known_before")
    assert of(outcome_incomes(given, known_before, AS_OF, LATER), "income")["H2"] == 0


def test_assistance_is_no_income_before_assistance_but_is_disposable():
    rows = [row.replace("| wage |", "| assistance |") for row in wages("P1", 50_000)]
    given = sources(**people("P1 H1"), income=table(INCOME, *wages("P1", 10_000), *rows))
    assert of(outcome_incomes(given, NATIONAL, AS_OF, LATER), "income") == {"H1": 10_000}
    disposable = replace(NATIONAL, concept="disposable")
    assert of(outcome_incomes(given, disposable, AS_OF, LATER), "income") == {"H1": 60_000}


def test_an_amount_over_several_months_counts_only_for_those_inside():
    annual = "person_id | month | amount | period_months\nP1 | 2024-12 | 1200000 | 12\nP2 | 2024-03 | 1200000 | 12"
    given = sources(**people("P1 H1", "P2 H2"), income=annual)
    assert of(outcome_incomes(given, NATIONAL, AS_OF, LATER), "income") == {"H1": 100_000, "H2": 25_000}


def test_an_outcome_not_known_yet_stays_null():
    given = sources(**people("P1 H1"), income=table(INCOME, *wages("P1", 60_000)))
    for known_by in (AS_OF, date(2024, 12, 30)):
        frame = poverty_label(outcome_incomes(given, NATIONAL, AS_OF, known_by), NATIONAL)
        assert frame["label"].to_list() == [None]
        assert frame["label_known_on"].to_list() == [None]
    frame = poverty_label(outcome_incomes(given, NATIONAL, AS_OF, date(2024, 12, 31)), NATIONAL)
    assert frame["label"].to_list() == [False]


def test_the_label_is_known_when_the_last_month_was_reported_and_not_before():
    rows = wages("P1", 60_000, MONTHS[:11]) + wages("P1", 60_000, MONTHS[11:], known_on="2025-02-10")
    given = sources(**people("P1 H1", "P2 H2"), income=table(INCOME, *rows, *wages("P2", 50_000, MONTHS[:6])))
    early = outcome_incomes(given, NATIONAL, AS_OF, date(2025, 2, 9))
    assert early["income"].to_list() == [None, None]
    assert early["complete"].to_list() == [False, False]
    late = outcome_incomes(given, NATIONAL, AS_OF, date(2025, 2, 10))
    assert of(late, "label_known_on") == {"H1": date(2025, 2, 10), "H2": date(2025, 2, 10)}


def test_a_late_correction_of_an_own_record_moves_the_day_on_which_the_label_was_known():
    corrected = f"{INCOME}\n" + "\n".join([*wages("P1", 60_000), "P1 | 2024-05 | 10 | wage | 2025-02-01"])
    given = sources(**people("P1 H1"), income=corrected)
    frame = outcome_incomes(given, NATIONAL, AS_OF, LATER)
    assert frame["label_known_on"].to_list() == [date(2025, 2, 1)]
    assert frame["income"].to_list() == pytest.approx([(60_000 * 11 + 10) / 12])


def test_a_trickle_of_early_rows_is_no_report():
    homes = [f"P{n} H{n}" for n in range(8)]
    rows = [row for n in range(8) for row in wages(f"P{n}", 50_000, MONTHS[:11])]
    given = sources(**people(*homes), income=table(INCOME, *rows, *wages("P0", 50_000, MONTHS[11:])))
    assert outcome_incomes(given, NATIONAL, AS_OF, LATER)["income"].null_count() == 8


@pytest.mark.parametrize(
    "ending",
    [
        {"household": "household_id | valid_to\nH1 | 2024-06-30"},
        {"member": "person_id | household_id | death_date\nP1 | H1 | 2024-06-30"},
        {"member": "person_id | household_id | valid_to\nP1 | H1 | 2024-06-30"},
    ],
    ids=["the household ends", "dies out", "all move away"],
)
def test_a_household_that_is_gone_has_no_outcome(ending):
    given = sources(**{**people("P1 H1"), **ending}, income=table(INCOME, *wages("P1", 100)))
    frame = outcome_incomes(given, NATIONAL, AS_OF, LATER)
    assert frame["dissolved"].to_list() == [True]
    assert poverty_label(frame, NATIONAL)["label"].to_list() == [None]


def test_members_are_followed_and_the_months_after_a_death_are_not_counted():
    given = sources(
        household="household_id\nH1\nH2",
        member="person_id | household_id | death_date | valid_from | valid_to\n"
        "P1 | H1 | - | | \nP2 | H1 | 2024-06-15 | | \nP3 | H1 | - | | 2024-03-31\nP3 | H2 | - | 2024-04-01 | \n"
        "P4 | H1 | - | 2024-08-01 | \n",
        income=table(INCOME, *wages("P1", 30_000), *wages("P3", 30_000), *wages("P4", 99_000)),
    )
    frame = outcome_incomes(given, NATIONAL, AS_OF, LATER).filter(pl.col("household_id") == "H1")
    # 12 months of P1 and of P3 (followed), 6 of P2; P4 came later
    assert frame["income"].to_list() == pytest.approx([720_000 / 30])


def test_the_line_is_that_of_the_area_kind():
    given = sources(
        household="household_id | area_kind\nH1 | urban\nH2 | rural\nH3 | rural",
        member="person_id | household_id\nP1 | H1\nP2 | H2\nP3 | H3",
        income=table(INCOME, *wages("P1", 300_000), *wages("P2", 50_000), *wages("P3", 15_000)),
    )
    separate = poverty_label(outcome_incomes(given, COUNTY, AS_OF, LATER), COUNTY)
    assert of(separate, "label") == {"H1": False, "H2": False, "H3": False}
    two_thirds = replace(COUNTY, theta=1.0)
    assert not any(poverty_label(outcome_incomes(given, two_thirds, AS_OF, LATER), two_thirds)["label"])
    national = replace(NATIONAL, theta=0.40)
    assert of(poverty_label(outcome_incomes(given, national, AS_OF, LATER), national), "label")["H3"] is True


@pytest.mark.parametrize(
    ("scale", "income"),
    [("per_capita", 100 / 4), ("oecd_modified", 100 / 2.1), ("square_root", 50), ("none", 100)],
)
def test_a_couple_with_two_children_under_each_scale(scale, income):
    given = sources(
        member="person_id | birth_date | valid_from\nP1 | 1980-01-01 |\nP2 | 1981-01-01 |\n"
        "P3 | 2010-01-02 | 2020-01-01\nP4 | 2015-01-01 | 2020-01-01",
        income=table(INCOME, *wages("P1", 100)),
    )
    frame = outcome_incomes(given, replace(NATIONAL, scale=scale), AS_OF, LATER)
    assert frame["income"].to_list() == pytest.approx([income])


def test_the_fourteenth_birthday_makes_an_adult_and_a_reported_age_goes_first():
    spec = replace(NATIONAL, scale="oecd_modified")
    head = "person_id | birth_date | valid_from | age_reported"
    for member, expected in (
        (f"{head}\nP1 | 1980-01-01 | |\nP2 | 2010-01-01 | 2020-01-01 |", 100 / 1.5),
        (f"{head}\nP1 | 1980-01-01 | |\nP2 | 2010-01-02 | 2020-01-01 |", 100 / 1.3),
        (f"{head}\nP1 | 1980-01-01 | |\nP2 | 2010-01-02 | 2020-01-01 | 14", 100 / 1.5),
    ):
        given = sources(member=member, income=table(INCOME, *wages("P1", 100)))
        assert outcome_incomes(given, spec, AS_OF, LATER)["income"].to_list() == pytest.approx([expected])


WAVES = dict(
    household="household_id | weight | valid_from | known_on\nH1 | 10 | 2016-07-01 | 2016-09-30\n"
    "H2 | 10 | 2016-07-01 | 2016-09-30\nH3 | 10 | 2016-07-01 | 2016-09-30\n"
    "H1 | 20 | 2017-07-01 | 2017-09-30\nH2 | 20 | 2017-07-01 | 2017-09-30\nH4 | 60 | 2017-07-01 | 2017-09-30",
    member="person_id | household_id | valid_from | known_on\nP1 | H1 | 2016-07-01 | 2016-09-30\n"
    "P2 | H2 | 2016-07-01 | 2016-09-30\nP3 | H3 | 2016-07-01 | 2016-09-30\nP4 | H4 | 2017-07-01 | 2017-09-30",
    income="person_id | month | amount | kind\nP1 | 2016-09 | 100 | wage\nP3 | 2016-09 | 900 | wage\n"
    "P1 | 2017-09 | 100 | wage\nP2 | 2017-09 | 400 | assistance\nP4 | 2017-09 | 400 | wage",
)
FIRST_WAVE = date(2016, 10, 1)
SECOND_WAVE = date(2017, 10, 1)


def test_a_wave_panel_takes_the_month_a_year_later_and_the_median_of_the_whole_wave():
    incomes = outcome_incomes(sources(**WAVES), WAVE_PANEL, FIRST_WAVE, SECOND_WAVE)
    assert of(incomes, "followed") == {"H1": True, "H2": True, "H3": True, "H4": False}
    assert of(incomes, "income") == {"H1": 100, "H2": 400, "H3": None, "H4": 400}
    assert of(incomes, "weight")["H1"] == 20
    labels = poverty_label(incomes, WAVE_PANEL)
    assert of(labels, "label") == {"H1": True, "H2": False, "H3": None}
    assert set(labels["label_known_on"]) == {date(2017, 9, 30)}
    panel = replace(WAVE_PANEL, median_over="panel")
    assert of(poverty_label(incomes, panel), "label") == {"H1": False, "H2": False, "H3": None}


def test_the_status_of_a_wave_panel_has_three_levels():
    incomes = status_incomes(sources(**WAVES), WAVE_PANEL, FIRST_WAVE)
    assert of(last_status(incomes, WAVE_PANEL), "status") == {"H1": "not_poor", "H2": "unknown", "H3": "not_poor"}
    all_equal = replace(WAVE_PANEL, theta=1.0, weight_column=None)
    richer = {**WAVES, "income": WAVES["income"] + "\nP2 | 2016-09 | 950 | wage"}
    incomes = status_incomes(sources(**richer), all_equal, FIRST_WAVE)
    assert of(last_status(incomes, all_equal), "status") == {"H1": "poor", "H2": "not_poor", "H3": "not_poor"}


def test_the_status_ends_with_the_last_reported_month_and_sees_nothing_known_later():
    months = [f"2023-{month:02d}" for month in range(1, 12)]
    rows = wages("P1", 120_000, months) + wages("P1", 999_999, ["2023-12"], known_on="2024-01-20")
    before = wages("P1", 120_000, ["2022-12"])
    given = sources(**people("P1 H1"), income=table(INCOME, *rows, *before))
    assert status_incomes(given, NATIONAL, AS_OF)["income"].to_list() == [120_000]
    later = status_incomes(given, NATIONAL, date(2024, 1, 20))["income"].to_list()
    assert later == pytest.approx([(11 * 120_000 + 999_999) / 12])


def test_a_status_more_than_a_year_old_is_unknown():
    given = sources(**people("P1 H1"), income=table(INCOME, *wages("P1", 120_000, ["2022-11"])))
    assert last_status(status_incomes(given, NATIONAL, AS_OF), NATIONAL)["status"].to_list() == ["unknown"]


def test_the_same_period_label_looks_back_and_has_no_status():
    spec: LabelSpec = replace(NATIONAL, kind="same-period")
    given = sources(**people("P1 H1"), income=table(INCOME, *wages("P1", 50_000)))
    frame = outcome_incomes(given, spec, date(2025, 1, 1), LATER)
    assert frame["income"].to_list() == [50_000]
    assert frame["label_from"].to_list() == [date(2024, 1, 1)]
    status = last_status(status_incomes(given, spec, date(2025, 1, 1)), spec)
    assert status["status"].to_list() == ["unknown"]


def test_nobody_with_a_known_income_means_no_line_and_no_label():
    given = sources(**people("P1 H1"))
    frame = outcome_incomes(given, NATIONAL, AS_OF, LATER)
    assert poverty_label(frame, NATIONAL)["label"].to_list() == [None]


def test_a_reporting_count_of_the_whole_store_is_taken_instead_of_the_buckets_own():
    given = sources(**people("P1 H1"), income=table(INCOME, *wages("P1", 50_000)))
    month = pl.Series([date(2024, 11, 1), date(2024, 12, 1)])
    reporting = pl.DataFrame(
        {
            "kind": ["income"] * 2,
            "area": ["990101001"] * 2,
            "month": month,
            "known_on": [date(2024, 12, 9), date(2025, 1, 9)],
            "rows": [100, 90],
        }
    )
    frame = outcome_incomes(given, NATIONAL, AS_OF, LATER, reporting)
    assert frame["label_known_on"].to_list() == [date(2025, 1, 9)]
    assert outcome_incomes(given, NATIONAL, AS_OF, date(2025, 1, 8), reporting)["income"].to_list() == [None]


def test_households_of_one_dwelling_are_one_fold_group():
    given = sources(
        household="household_id | dwelling_id\nH1 | D1\nH2 | D1\nH3 | -",
        member="person_id | household_id\nP1 | H1\nP2 | H2\nP3 | H3",
    )
    labels = poverty_label(outcome_incomes(given, NATIONAL, AS_OF, LATER), NATIONAL)
    assert of(labels, "fold_group") == {"H1": "D1", "H2": "D1", "H3": "H3"}
