"""Each event trigger: what sets it off, what does not, its date, and how it fades."""

from datetime import date, timedelta

import polars as pl
import pytest
from programme_cases import DAY, codes, county, judged, months

from outreach.conditions import FAIL, NEAR, PASS, UNKNOWN
from outreach.eligibility import Verdicts
from outreach.findings import emergency_scores
from outreach.trigger_table import TRIGGERS

EARNS = months("2025-05", 24, person_id="P1", amount=500_000)
CHILD = "person_id | birth_date | valid_from\n P1 | 1985-01-01 | 2000-01-01\n C1 | 2015-01-01 | 2015-01-01"


def events(found: Verdicts) -> list[str]:
    return [code for code in codes(found) if code.startswith("EV-")]


def claim(oop: int, day: str = "2025-05-20", **more: object) -> dict[str, object]:
    return {"event_id": f"M{day}{oop}", "event_date": date.fromisoformat(day), "oop": oop, **more}


def happened(found: Verdicts, code: str) -> date:
    day = found.findings.filter(code=code)["happened_on"].item()
    assert isinstance(day, date)
    return day


def test_every_trigger_of_the_table_is_in_the_pack() -> None:
    assert sorted(t.code for t in county().on(DAY).triggers) == sorted(TRIGGERS)


def test_a_household_without_any_event_has_none() -> None:
    assert events(judged(income=EARNS)) == []


@pytest.mark.parametrize(
    ("paid", "oop", "expect"),
    [
        (False, 1_999_999, []),
        (False, 2_000_000, ["EV-MED2"]),
        (True, 499_999, []),
        (True, 500_000, ["EV-MED1"]),
    ],
    ids=["ordinary under 20000", "ordinary at 20000", "registered under 5000", "registered at 5000"],
)
def test_own_payments_of_a_year_reach_the_line(paid: bool, oop: int, expect: list[str]) -> None:
    benefit = [{"household_id": "H1", "programme": "DB", "month": date(2025, 5, 1)}] if paid else []
    found = judged(
        income=months("2025-05", 24, person_id="P1", amount=5_000_000),
        medical=[claim(oop - 400_000, "2025-02-01", kind="chronic_registration"), claim(400_000, kind="pharmacy")],
        benefit=benefit,
    )
    assert events(found) == expect


def test_spending_of_more_than_a_year_ago_does_not_count() -> None:
    assert events(judged(income=EARNS, medical=[claim(9_000_000, "2024-06-09", kind="pharmacy")])) == []


def test_the_event_is_the_claim_that_crossed_the_line_and_not_the_newest() -> None:
    medical = [
        claim(1_900_000, "2025-01-05", kind="pharmacy"),
        claim(200_000, "2025-03-05", kind="pharmacy"),
        claim(10_000, "2025-06-01", kind="pharmacy"),
    ]
    found = judged(income=months("2025-05", 24, person_id="P1", amount=5_000_000), medical=medical)
    assert happened(found, "EV-MED2") == date(2025, 3, 5)
    assert not found.findings["urgent"].any()


def test_a_crossing_is_known_when_the_claims_known_by_then_reach_the_line() -> None:
    medical = [
        claim(1_900_000, "2025-03-20", kind="pharmacy", known_on=date(2025, 6, 8)),
        claim(1_900_000, "2025-04-01", kind="pharmacy", known_on=date(2025, 4, 20)),
        claim(10_000, "2025-04-10", kind="pharmacy", known_on=date(2025, 4, 11)),
    ]
    found = judged(income=months("2025-05", 24, person_id="P1", amount=400_000), medical=medical)
    crossed = found.findings.filter(code="EV-MED4")
    assert crossed["happened_on"].item() == date(2025, 4, 1)
    assert crossed["known_on"].item() == date(2025, 6, 8)
    assert crossed["urgent"].item()


@pytest.mark.parametrize(("oop", "expect"), [(49_999, []), (50_000, ["EV-MED3"])])
def test_outpatient_payments_of_one_month(oop: int, expect: list[str]) -> None:
    medical = [claim(oop - 1_000, "2025-05-02", kind="outpatient"), claim(1_000, "2025-05-30", kind="chronic")]
    assert events(judged(income=EARNS, medical=medical)) == expect


@pytest.mark.parametrize(
    ("share", "weight"), [(0.24, None), (0.30, 3.0), (0.45, 4.0)], ids=["below", "watch", "urgent"]
)
def test_own_payments_over_income(share: float, weight: float | None) -> None:
    income = months("2025-05", 24, person_id="P1", amount=100_000)
    found = judged(income=income, medical=[claim(int(1_200_000 * share), kind="pharmacy")])
    rows = found.findings.filter(code="EV-MED4")
    assert (rows["weight"].item() if rows.height else None) == weight


def test_own_payments_over_unknown_income_say_nothing() -> None:
    assert "EV-MED4" not in events(judged(medical=[claim(900_000, kind="pharmacy")]))


def test_one_admission_of_three_months_income() -> None:
    income = months("2025-05", 24, person_id="P1", amount=100_000)

    def stay(oop: int) -> bool:
        return "EV-MED5" in events(judged(income=income, medical=[claim(oop, kind="inpatient")]))

    assert (stay(299_999), stay(300_000)) == (False, True)


def test_only_the_first_claim_for_a_serious_disease_is_new() -> None:
    new = [claim(0, "2025-05-01", serious=True)]
    old = [claim(1, "2023-01-01", serious=True), *new]
    assert events(judged(income=EARNS, medical=new)) == ["EV-MED6"]
    assert events(judged(income=EARNS, medical=old)) == []


@pytest.mark.parametrize(
    ("certificates", "expect"),
    [
        ("level | issued\n 2 | 2025-03-01", True),
        ("level | issued\n 3 | 2025-03-01", False),
        ("level | issued\n 3 | 2020-03-01\n 2 | 2025-03-01", True),
        ("level | issued\n 2 | 2020-03-01\n 2 | 2025-03-01", False),
    ],
    ids=["new level 2", "new level 3", "risen to 2", "renewed"],
)
def test_new_or_more_severe_disability(certificates: str, expect: bool) -> None:
    assert ("EV-DIS" in events(judged(income=EARNS, disability=certificates))) is expect


@pytest.mark.parametrize(
    ("spell", "expect"),
    [
        ("start | contributed_until\n 2024-01-01 | 2025-03-01", True),
        ("start | contributed_until\n 2024-01-01 | 2025-04-01", False),
        ("start | contributed_until\n 2024-12-01 | 2025-03-01", False),
        (
            "start | contributed_until | record_no\n 2024-01-01 | 2025-03-01 | 1\n 2025-04-01 | 2025-05-01 | 2",
            False,
        ),
        ("start | end | contributed_until\n 2024-01-01 | 2025-02-15 | 2025-02-01", True),
    ],
    ids=["two months missing", "one month missing", "only four paid", "another job", "ended"],
)
def test_contributions_stop_after_six_months_paid(spell: str, expect: bool) -> None:
    assert ("EV-JOB1" in events(judged(income=EARNS, employment=spell))) is expect


@pytest.mark.parametrize(
    ("last", "expect"), [("2025-03", None), ("2025-02", date(2025, 5, 31)), ("2025-01", date(2025, 4, 30))]
)
def test_three_reported_months_without_any_income(last: str, expect: date | None) -> None:
    found = judged(income=months(last, 6, person_id="P1", amount=300_000))
    rows = found.findings.filter(code="EV-JOB2")
    assert (rows["happened_on"].item() if rows.height else None) == expect


def test_months_without_income_are_urgent_when_the_third_has_just_been_reported() -> None:
    found = judged(income=months("2025-02", 6, person_id="P1", amount=300_000))
    assert found.findings.filter(code="EV-JOB2")["urgent"].item()


def test_a_yearly_income_is_not_missing_between_its_dates() -> None:
    income = [{"household_id": "H1", "month": date(2024, 12, 1), "period_months": 12, "amount": 900_000}]
    assert events(judged(income=income)) == []


def test_unemployment_benefit_has_ended_and_no_job_has_begun() -> None:
    benefit = months("2025-04", 6, person_id="P1", programme="SY")
    job = "start\n 2025-05-15"
    ended = "start | end\n 2020-01-01 | 2024-09-30"
    assert "EV-JOB3" in events(judged(income=EARNS, benefit=benefit, employment=ended))
    assert "EV-JOB3" not in events(judged(income=EARNS, benefit=benefit, employment=job))
    running = months("2025-05", 6, person_id="P1", programme="SY")
    assert "EV-JOB3" not in events(judged(income=EARNS, benefit=running, employment=ended))


@pytest.mark.parametrize(
    ("first", "second", "expect"),
    [(59_000, 60_000, True), (59_000, 61_000, False), (61_000, 59_000, False)],
    ids=["both months low", "only the first", "only the second"],
)
def test_income_drops_by_two_fifths_two_months_running(first: int, second: int, expect: bool) -> None:
    income = [
        *months("2025-03", 16, person_id="P1", amount=100_000),
        *months("2025-04", 1, person_id="P1", amount=first),
        *months("2025-05", 1, person_id="P1", amount=second),
    ]
    assert ("EV-INC1" in events(judged(income=income))) is expect


@pytest.mark.parametrize(
    ("birth", "earns", "expect"),
    [("1980-01-01", False, True), ("1950-01-01", False, False), ("1950-01-01", True, True)],
    ids=["of working age", "an elder", "an elder, the only earner"],
)
def test_death_of_a_worker_or_of_the_only_earner(birth: str, earns: bool, expect: bool) -> None:
    member = f"person_id | birth_date | death_date\n P1 | 1985-01-01 | -\n P2 | {birth} | 2025-05-20"
    income = months("2025-05", 12, person_id="P1", amount=300_000, kind="transfer_support")
    if earns:
        income += months("2025-04", 12, person_id="P2", amount=300_000)
    assert ("EV-DTH" in events(judged(member=member, income=income))) is expect


@pytest.mark.parametrize(
    ("code", "member", "day", "expect"),
    [
        ("JAIL", CHILD, "2025-05-20", "EV-JAIL"),
        ("JAIL", "person_id\n P1", "2025-05-20", None),
        ("LOST", CHILD, "2024-12-01", "EV-LOST"),
        ("LOST", CHILD, "2025-05-20", None),
        ("DIV", CHILD, "2025-05-20", "EV-DIV"),
        ("DIV", "person_id\n P1", "2025-05-20", None),
        ("CHD", CHILD, "2025-05-20", "EV-CHD"),
        ("DSR", "person_id\n P1", "2025-05-20", "EV-DSR"),
        ("ACC", "person_id\n P1", "2025-05-20", "EV-ACC"),
        ("HSE", "person_id\n P1", "2025-05-20", "EV-HSE"),
        ("BIZ", "person_id\n P1", "2025-05-20", "EV-BIZ"),
        ("EDU1", CHILD, "2025-05-20", "EV-EDU1"),
        ("CALL", "person_id\n P1", "2025-05-20", "EV-CALL"),
    ],
)
def test_life_events(code: str, member: str, day: str, expect: str | None) -> None:
    told = [{"person_id": "P1", "event_code": code, "event_date": date.fromisoformat(day)}]
    found = events(judged(member=member, income=EARNS, event=told))
    assert [name for name in found if name != "EV-JOB2"] == ([expect] if expect else [])


@pytest.mark.parametrize(("left", "expect"), [("2024-12-31", False), ("2025-05-31", True)])
@pytest.mark.parametrize("code", ["DTH", "JAIL", "ACC", "CALL", "DIV"])
def test_what_befalls_somebody_who_has_left_is_no_event_of_the_old_household(
    code: str, left: str, expect: bool
) -> None:
    member = (
        "person_id | birth_date | valid_from | valid_to\n"
        "P1 | 1985-01-01 | 2000-01-01 | -\n C1 | 2015-01-01 | 2015-01-01 | -\n"
        f"P2 | 1985-01-01 | 2000-01-01 | {left}"
    )
    told = [{"person_id": "P2", "event_code": code, "event_date": date(2025, 5, 20)}]
    assert (f"EV-{code}" in events(judged(member=member, income=EARNS, event=told))) is expect


def test_a_death_in_the_roster_years_after_the_divorce_is_no_event_of_the_old_household() -> None:
    for left, expect in (("2020-12-31", False), ("2025-05-20", True)):
        member = (
            "person_id | birth_date | valid_to | death_date\n"
            f"P1 | 1985-01-01 | - | -\n P2 | 1985-01-01 | {left} | 2025-05-20"
        )
        assert ("EV-DTH" in events(judged(member=member, income=EARNS))) is expect


def test_an_accident_is_harmless_only_where_that_is_known() -> None:
    def accident(**more: object) -> bool:
        return "EV-ACC" in events(
            judged(
                income=EARNS,
                event=[{"person_id": "P1", "event_code": "ACC", "event_date": date(2025, 5, 1), **more}],
            )
        )

    assert (accident(), accident(severity=0), accident(severity=0, loss=0)) == (True, True, False)


@pytest.mark.parametrize(
    ("fee", "aid", "expect"), [(1_000_000, 0, False), (1_200_000, 0, True), (1_200_000, 300_000, False)]
)
def test_costly_schooling_beyond_the_compulsory(fee: int, aid: int, expect: bool) -> None:
    schooling = [{"school_year": 2024, "stage": "senior", "fee_norm": fee, "aid_amount": aid}]
    assert ("EV-EDU2" in events(judged(income=EARNS, schooling=schooling))) is expect


def test_a_new_student_counts_in_a_household_with_a_status() -> None:
    schooling = [{"school_year": 2024, "stage": "higher"}]
    again = [*schooling, {"school_year": 2023, "stage": "higher"}]
    paid = [{"household_id": "H1", "programme": "BY", "month": date(2025, 5, 1)}]
    assert "EV-EDU3" in events(judged(income=EARNS, schooling=schooling, benefit=paid))
    assert "EV-EDU3" not in events(judged(income=EARNS, schooling=again, benefit=paid))
    assert "EV-EDU3" not in events(judged(income=EARNS, schooling=schooling))


@pytest.mark.parametrize(
    ("enrolment", "expect"),
    [
        ("scheme | end\n medical_resident | 2024-12-31", True),
        ("scheme | end\n medical_resident | -", False),
        ("scheme | end\n medical_resident | 2024-12-31\n medical_employee | -", False),
        ("scheme | end\n medical_resident | 2023-12-31", False),
        ("scheme | end\n medical_resident | 2025-05-20", False),
    ],
    ids=["lapsed", "running", "another scheme", "long ago", "the next one may not be on record yet"],
)
def test_residents_medical_insurance_lapsed(enrolment: str, expect: bool) -> None:
    assert ("EV-INS" in events(judged(income=EARNS, enrolment=enrolment))) is expect


def test_a_dangerous_dwelling_newly_graded() -> None:
    def graded(grade: str, since: str) -> bool:
        household = f"dwelling_safety | valid_from\n {grade} | {since}"
        return "EV-HSE" in events(judged(household=household, income=EARNS))

    assert (graded("D", "2025-01-01"), graded("B", "2025-01-01"), graded("D", "2015-01-01")) == (True, False, False)


def test_utilities_in_arrears_or_near_zero_for_a_lone_elder() -> None:
    elder = "birth_date | valid_from\n 1950-01-01 | 1990-01-01"
    use = months("2025-04", 11, quantity=100.0)
    dark = [*use, *months("2025-05", 1, quantity=5.0)]
    assert "EV-UTIL" in events(judged(income=EARNS, utility=months("2025-05", 1, arrears_months=2)))
    assert "EV-UTIL" not in events(judged(income=EARNS, utility=months("2025-05", 1, arrears_months=1)))
    assert "EV-UTIL" in events(judged(member=elder, income=EARNS, utility=dark))
    assert "EV-UTIL" not in events(judged(income=EARNS, utility=dark))


def test_a_household_that_left_assistance_within_a_year() -> None:
    left = months("2025-01", 6, household_id="H1", programme="DB")
    assert "EV-EXIT" in events(judged(income=EARNS, benefit=left))
    moved_up = [*left, *months("2025-05", 2, household_id="H1", programme="TK")]
    assert "EV-EXIT" not in events(judged(income=EARNS, benefit=moved_up))
    assert "EV-EXIT" not in events(judged(income=EARNS, benefit=months("2024-05", 6, household_id="H1")))


def test_a_refusal_near_the_line() -> None:
    refused = [{"household_id": "H1", "programme": "DB", "month": date(2025, 2, 1), "status": "refused"}]

    def near(amount: int) -> bool:
        return "EV-REJ" in events(
            judged(income=months("2025-05", 12, person_id="P1", amount=amount), benefit=refused)
        )

    assert (near(89_000), near(90_000)) == (True, False)
    assert "EV-REJ" in events(judged(benefit=refused))


def told(day: date, code: str = "DSR", **more: object) -> dict[str, object]:
    return {"event_code": code, "event_date": day, "person_id": "P1", **more}


def of_events(found: Verdicts) -> pl.DataFrame:
    return found.findings.filter(pl.col("code").str.starts_with("EV-"))


def test_an_event_loses_half_its_weight_in_a_half_life() -> None:
    now = of_events(judged(income=EARNS, event=[told(DAY)]))["score"].item()
    later = of_events(judged(income=EARNS, event=[told(DAY - timedelta(days=365))]))["score"].item()
    assert later == pytest.approx(now / 2, abs=1e-6)


def test_the_buffer_is_small_where_a_benefit_is_paid() -> None:
    paid = [{"household_id": "H1", "programme": "DB", "month": date(2025, 5, 1)}]
    alone = of_events(judged(income=EARNS, event=[told(DAY)]))["score"].item()
    carried = of_events(judged(income=EARNS, event=[told(DAY)], benefit=paid))["score"].item()
    assert (alone, carried) == (4.0 * 0.75, 4.0 * 0.5)


def test_the_emergency_score_is_the_sum_of_its_events() -> None:
    found = of_events(judged(income=EARNS, event=[told(DAY), told(DAY, "CALL", event_id="E2")]))
    assert emergency_scores(found)["emergency_score"].item() == pytest.approx(found["score"].sum())


@pytest.mark.parametrize(
    ("code", "known", "relief", "expect"),
    [
        ("DSR", 0, None, True),
        ("DSR", 30, None, True),
        ("DSR", 31, None, False),
        ("CALL", 0, None, False),
        ("DSR", 0, date(2025, 6, 1), False),
        ("DSR", 0, date(2025, 4, 1), True),
    ],
    ids=["today", "30 days", "31 days", "weight 3", "relief paid", "relief before the event"],
)
def test_the_urgent_lane(code: str, known: int, relief: date | None, expect: bool) -> None:
    day = DAY - timedelta(days=known)
    benefit = [{"person_id": "P1", "programme": "LS-E", "month": relief, "known_on": DAY}] if relief else []
    found = judged(income=EARNS, event=[told(day, code)], benefit=benefit)
    assert found.findings.filter(code=f"EV-{code}")["urgent"].item() is expect


def test_an_event_reported_late_is_urgent_when_it_becomes_known() -> None:
    late = told(DAY - timedelta(days=60), known_on=DAY - timedelta(days=5))
    assert of_events(judged(income=EARNS, event=[late]))["urgent"].item()


def test_without_a_benefit_register_an_emergency_stays_urgent() -> None:
    assert (
        judged(income=EARNS, event=[told(DAY)], without=("benefit",))
        .findings.filter(code="EV-DSR")["urgent"]
        .item()
    )


def test_evidence_holds_no_id() -> None:
    found = judged(income=EARNS, event=[told(DAY)], disability="level\n 1")
    said = str(found.findings["evidence"].to_list())
    assert "P1" not in said
    assert "H1" not in said


def test_the_four_outcomes_are_ordered_so_that_and_is_the_least() -> None:
    assert FAIL < UNKNOWN < NEAR < PASS


def test_a_fading_event_is_dropped_in_the_end() -> None:
    old = judged(income=EARNS, event=[told(DAY - timedelta(days=700), "CALL")])
    assert old.findings.filter(pl.col("code") == "EV-CALL").is_empty()
