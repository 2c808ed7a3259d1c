"""Every clause of the programmes, given / expect, in the words of the law. Money in fen: 74400 is 744 yuan."""

from datetime import date

import polars as pl
import pytest
from programme_cases import DAY, TEXTS, codes, county, judged, months, verdict

from outreach.eligibility import traces
from outreach.packs import load

CASES_DB = [
    # given: income per month of the household of one (fen), expect
    ("well below the standard", 60_000, "eligible_likely"),
    ("below it by less than the margin", 74_000, "eligible_possible"),
    ("on the standard", 74_400, "eligible_possible"),
    ("above it by less than the margin", 75_000, "eligible_possible"),
    ("well above the standard", 90_000, "not_eligible"),
]


@pytest.mark.parametrize(("given", "amount", "expect"), CASES_DB, ids=[case[0] for case in CASES_DB])
def test_minimum_living_security_by_income(given: str, amount: int, expect: str) -> None:
    found = judged(income=months("2025-05", 12, person_id="P1", amount=amount))
    assert verdict(found, "DB") == expect


@pytest.mark.parametrize(
    ("area_kind", "expect"), [("urban", "eligible_likely"), ("rural", "not_eligible")], ids=["town", "country"]
)
def test_town_and_country_have_their_own_standard(area_kind: str, expect: str) -> None:
    found = judged(
        household=[{"area_kind": area_kind}], income=months("2025-05", 12, person_id="P1", amount=65_000)
    )
    assert verdict(found, "DB") == expect


def test_income_is_counted_per_counted_member() -> None:
    two = "person_id | counted\n P1 | true\n P2 | true"
    one = "person_id | counted\n P1 | true\n P2 | false"
    income = [
        *months("2025-05", 12, person_id="P1", amount=100_000),
        *months("2025-05", 12, person_id="P2", amount=1),
    ]
    assert verdict(judged(member=two, income=income), "DB") == "eligible_likely"
    assert verdict(judged(member=one, income=income), "DB") == "not_eligible"


def test_somebody_in_prison_is_not_counted_article_7() -> None:
    income = months("2025-05", 12, person_id="P1", amount=100_000)
    seen = [*income, *months("2025-05", 12, person_id="P2", amount=1)]
    jailed = "person_id | event_code | event_date\n P2 | JAIL | 2025-03-01"
    assert verdict(judged(member="person_id\n P1\n P2", income=seen), "DB") == "eligible_likely"
    assert verdict(judged(member="person_id\n P1\n P2", income=seen, event=jailed), "DB") == "not_eligible"


@pytest.mark.parametrize(
    ("kind", "expect"),
    [
        ("assistance", "eligible_likely"),
        ("transfer_unemployment", "not_eligible"),
        ("transfer_support", "not_eligible"),
    ],
    ids=["assistance money is not income", "unemployment benefit is income", "maintenance is income"],
)
def test_what_counts_as_income_article_13(kind: str, expect: str) -> None:
    income = [
        *months("2025-05", 12, person_id="P1", amount=50_000),
        *months("2025-05", 12, person_id="P1", amount=50_000, kind=kind, record_no="2"),
    ]
    assert verdict(judged(income=income), "DB") == expect


def test_maintenance_paid_and_taxes_are_deducted() -> None:
    income = [
        *months("2025-05", 12, person_id="P1", amount=100_000),
        *months("2025-05", 12, person_id="P1", amount=-45_000, kind="transfer_paid", record_no="2"),
    ]
    assert verdict(judged(income=income), "DB") == "eligible_likely"


PENSIONER = {
    "member": "person_id | birth_date | valid_from\n P1 | 1950-01-01 | 1990-01-01",
    "enrolment": "person_id | scheme\n P1 | pension_resident",
}


@pytest.mark.parametrize(
    ("day", "last", "expect"),
    [
        (date(2025, 12, 31), "2025-11", "eligible_likely"),
        (date(2026, 1, 1), "2025-12", "not_eligible"),
    ],
    ids=["last day of the plan", "the day after"],
)
def test_the_basic_pension_is_not_counted_until_the_end_of_2025(day: date, last: str, expect: str) -> None:
    income = [
        *months(last, 12, person_id="P1", amount=68_000, kind="transfer_support"),
        *months(last, 12, person_id="P1", amount=14_300, kind="transfer_pension", record_no="2"),
    ]
    assert verdict(judged(day, income=income, **PENSIONER), "DB") == expect


def test_a_pension_of_unknown_kind_leaves_the_verdict_open_and_not_lost() -> None:
    income = [
        *months("2025-05", 12, person_id="P1", amount=68_000, kind="transfer_support"),
        *months("2025-05", 12, person_id="P1", amount=14_300, kind="transfer_pension", record_no="2"),
    ]
    found = judged(income=income, member=PENSIONER["member"], without=("enrolment",))
    assert verdict(found, "DB") == "eligible_possible"


def test_the_standard_of_2025_says_nothing_about_2024() -> None:
    income = months("2024-11", 12, person_id="P1", amount=10_000)
    national = load("cn-national", TEXTS)
    assert verdict(judged(date(2024, 12, 10), national, income=income), "DB") == "insufficient_data"


def test_an_adult_of_whom_no_record_tells_makes_it_possible_and_not_likely() -> None:
    found = judged(member="person_id\n P1\n P2", income=months("2025-05", 12, person_id="P1", amount=60_000))
    assert verdict(found, "DB") == "eligible_possible"


def test_unregistered_income_has_a_wider_margin() -> None:
    def quality(name: str) -> str | None:
        income = months("2025-05", 12, person_id="P1", amount=70_000, quality=name)
        return verdict(judged(income=income), "DB")

    assert quality("registered") == "eligible_likely"
    assert quality("declared") == "eligible_possible"


def test_without_any_income_record_nothing_can_be_said() -> None:
    assert verdict(judged(), "DB") == "insufficient_data"


def test_reported_months_without_a_record_are_zero_for_somebody_known_before() -> None:
    found = judged(income=months("2024-08", 3, person_id="P1", amount=300_000))
    assert found.facts.households["pc_income"].item() == 300_000 * 3 // 12
    assert found.facts.households["income_months"].item() == 12


def test_a_month_nobody_has_reported_yet_is_no_month_without_income() -> None:
    found = judged(income=months("2025-05", 12, person_id="P1", amount=74_000))
    assert found.facts.households["pc_income"].item() == 74_000


def test_a_yearly_amount_is_spread_over_its_months() -> None:
    income = [
        {"household_id": "H1", "month": date(2024, 12, 1), "period_months": 12, "amount": 1_200_000, "kind": "farm"}
    ]
    found = judged(household=[{"area_kind": "rural"}], income=income)
    assert found.facts.households["pc_income"].item() == round(7 * 100_000 / 12)


@pytest.mark.parametrize(
    ("drawn_by", "expect"),
    [(["P1"], "eligible_possible"), (["P1", "P2"], "not_eligible"), (["H1"], "not_eligible")],
)
def test_a_member_on_destitute_support_does_not_bar_those_who_live_with_them(
    drawn_by: list[str], expect: str
) -> None:
    owners = [{"household_id" if name == "H1" else "person_id": name} for name in drawn_by]
    found = judged(
        member="person_id | birth_date\n P1 | 1950-01-01\n P2 | 1980-01-01",
        income=[*months("2025-05", 12, person_id="P1", amount=30_000), *months("2025-05", 12, person_id="P2")],
        benefit=[row for owner in owners for row in months("2025-05", 6, programme="TK", **owner)],
    )
    assert [verdict(found, "DB"), verdict(found, "BY")] == [expect, expect]
    steps = traces([found], ["H1"]).filter(programme="DB")["trace"].item()
    assert [step["outcome"] for step in steps if step["condition"] == "no_TK"] == [
        "near" if expect == "eligible_possible" else "fail"
    ]


PAYMENTS = [
    # programme in payment, expect DB, expect BY (income well below the standard)
    ("DB", "in_payment", "not_eligible"),
    ("TK", "not_eligible", "not_eligible"),
    ("BY", "eligible_likely", "in_payment"),
    ("GX", "eligible_likely", "eligible_likely"),
]


@pytest.mark.parametrize(("paid", "db", "by"), PAYMENTS, ids=[case[0] for case in PAYMENTS])
def test_exclusive_programmes(paid: str, db: str, by: str) -> None:
    found = judged(
        income=months("2025-05", 12, person_id="P1", amount=30_000),
        benefit=[{"household_id": "H1", "programme": paid, "month": date(2025, 5, 1)}],
    )
    assert (verdict(found, "DB"), verdict(found, "BY")) == (db, by)


@pytest.mark.parametrize(
    ("status", "month", "expect"),
    [
        ("in_payment", date(2025, 5, 1), "in_payment"),
        ("in_payment", date(2025, 4, 1), "in_payment"),
        ("in_payment", date(2025, 3, 1), "eligible_likely"),
        ("suspended", date(2025, 5, 1), "eligible_likely"),
        ("stopped", date(2025, 5, 1), "eligible_likely"),
        ("refused", date(2025, 5, 1), "eligible_likely"),
    ],
)
def test_in_payment_means_paid_in_the_last_reported_months(status: str, month: date, expect: str) -> None:
    found = judged(
        income=months("2025-05", 12, person_id="P1", amount=30_000),
        benefit=[{"household_id": "H1", "programme": "DB", "month": month, "status": status}],
    )
    assert verdict(found, "DB") == expect


CASES_BY = [
    ("below the standard too", 60_000, "eligible_likely"),
    ("between the standard and 1.5 times", 100_000, "eligible_likely"),
    ("on 1.5 times the standard", 111_600, "eligible_possible"),
    ("above 1.5 times the standard", 130_000, "not_eligible"),
]


@pytest.mark.parametrize(("given", "amount", "expect"), CASES_BY, ids=[case[0] for case in CASES_BY])
def test_margin_household_by_income(given: str, amount: int, expect: str) -> None:
    assert verdict(judged(income=months("2025-05", 12, person_id="P1", amount=amount)), "BY") == expect


def test_a_household_just_above_the_standard_keeps_both_gaps() -> None:
    just_above = judged(income=months("2025-05", 12, person_id="P1", amount=75_000))
    layers = {"GAP-BY", "GAP-DB"}
    assert layers & set(codes(just_above)) == layers
    far_below = judged(income=months("2025-05", 12, person_id="P1", amount=30_000))
    assert layers & set(codes(far_below)) == {"GAP-DB"}


CASES_SINGLE = [
    # certificate level, type, seriously ill, expect
    ("level 2 limb", 2, "limb", False, "eligible_likely"),
    ("level 3 mental", 3, "mental", False, "eligible_likely"),
    ("level 3 intellectual", 3, "intellectual", False, "eligible_likely"),
    ("level 3 limb", 3, "limb", False, None),
    ("level 4 mental", 4, "mental", False, None),
    ("a serious illness", None, "", True, "eligible_likely"),
    ("nothing of the kind", None, "", False, None),
]


@pytest.mark.parametrize(
    ("given", "level", "kind", "ill", "expect"), CASES_SINGLE, ids=[case[0] for case in CASES_SINGLE]
)
def test_single_person_entry_article_8(
    given: str, level: int | None, kind: str, ill: bool, expect: str | None
) -> None:
    found = judged(
        income=months("2025-05", 12, person_id="P1", amount=100_000),
        disability=[{"level": level, "type": kind}] if level else [],
        medical=[{"serious": True, "event_date": date(2025, 3, 1)}] if ill else [],
    )
    assert verdict(found, "DB-P", "P1") == expect


def test_single_person_entry_needs_a_margin_household() -> None:
    found = judged(
        income=months("2025-05", 12, person_id="P1", amount=130_000), disability="person_id | level\n P1 | 1"
    )
    assert verdict(found, "DB-P", "P1") == "not_eligible"


CASES_CARE = [
    ("level 1", "level | type\n 1 | limb", "eligible_likely"),
    ("level 2", "level | type\n 2 | limb", "eligible_likely"),
    ("level 3 mental without a local extension", "level | type\n 3 | mental", None),
    ("level 3 limb", "level | type\n 3 | limb", None),
    ("expired", "level | expires\n 1 | 2025-06-09", None),
    ("expires today", "level | expires\n 1 | 2025-06-10", "eligible_likely"),
    ("the newest certificate counts", "level | issued\n 1 | 2015-01-01\n 4 | 2024-01-01", None),
]


@pytest.mark.parametrize(("given", "certificate", "expect"), CASES_CARE, ids=[case[0] for case in CASES_CARE])
def test_care_subsidy_by_certificate(given: str, certificate: str, expect: str | None) -> None:
    assert verdict(judged(disability=certificate), "CJ-H", "P1") == expect


@pytest.mark.parametrize(
    ("paid", "expect"),
    [
        ("CJ-H", "in_payment"),
        ("TK", "not_eligible"),
        ("GS", "not_eligible"),
        ("YLF", "eligible_possible"),
        ("GL", "eligible_likely"),
        ("DB", "eligible_likely"),
    ],
)
def test_care_subsidy_exclusions(paid: str, expect: str) -> None:
    found = judged(
        disability="level\n 1", benefit=[{"person_id": "P1", "programme": paid, "month": date(2025, 5, 1)}]
    )
    assert verdict(found, "CJ-H", "P1") == expect


def born(day: str) -> str:
    return f"birth_date | hukou_region | valid_from\n {day} | 990101 | 1990-01-01"


CASES_AGE = [
    ("eighty today", "1945-06-10", "eligible_likely", 6_000),
    ("eighty tomorrow", "1945-06-11", None, None),
    ("ninety", "1935-01-01", "eligible_likely", 12_000),
    ("a hundred", "1925-01-01", "eligible_likely", 50_000),
]


@pytest.mark.parametrize(("given", "day", "expect", "amount"), CASES_AGE, ids=[case[0] for case in CASES_AGE])
def test_old_age_allowance_by_age(given: str, day: str, expect: str | None, amount: int | None) -> None:
    found = judged(member=born(day))
    assert verdict(found, "GL", "P1") == expect
    rows = found.verdicts.filter(programme="GL")
    assert (rows["unmet_month"].item() if rows.height else None) == amount


@pytest.mark.parametrize(
    ("hukou", "expect"),
    [("990101003002", "eligible_likely"), ("990203", "not_eligible"), ("-", "eligible_possible")],
    ids=["registered here", "registered elsewhere", "registration unknown"],
)
def test_old_age_allowance_by_registration(hukou: str, expect: str) -> None:
    member = f"birth_date | hukou_region | valid_from\n 1940-01-01 | {hukou} | 1990-01-01"
    assert verdict(judged(member=member), "GL", "P1") == expect


def test_somebody_who_died_is_judged_no_more() -> None:
    dead = "birth_date | hukou_region | valid_from | person_id\n 1940-01-01 | 990101 | 1990-01-01 | P1"
    alive = "\n 1990-01-01 | 990101 | 1990-01-01 | P2"
    told = "person_id | event_code | event_date\n P1 | DTH | 2025-05-01"
    assert verdict(judged(member=dead + alive), "GL", "P1") == "eligible_likely"
    assert verdict(judged(member=dead + alive, event=told), "GL", "P1") is None


def test_an_age_that_was_only_reported_is_uncertain_by_a_year() -> None:
    def reported(age: int) -> str | None:
        member = [{"birth_date": None, "age_reported": age, "hukou_region": "990101"}]
        return verdict(judged(member=member), "GL", "P1")

    assert [reported(78), reported(79), reported(80), reported(81)] == [
        None,
        "eligible_possible",
        "eligible_possible",
        "eligible_likely",
    ]


def test_pure_matches_of_registers_are_marked_near_certain() -> None:
    found = judged(member=born("1940-01-01"), disability="level\n 1")
    sure = found.findings.filter(pl.col("code").is_in(["GAP-GL", "GAP-CJ-H"]))
    assert sure["near_certain"].to_list() == [True, True]
    poor = judged(income=months("2025-05", 12, person_id="P1", amount=30_000))
    assert not poor.findings.filter(code="GAP-DB")["near_certain"].item()


def test_the_missing_amount_is_the_gap_to_the_standard_for_each_member() -> None:
    income = [
        *months("2025-05", 12, person_id="P1", amount=60_000),
        *months("2025-05", 12, person_id="P2", amount=60_000),
    ]
    found = judged(member="person_id\n P1\n P2", income=income)
    assert found.verdicts.filter(programme="DB")["unmet_month"].item() == 2 * (74_400 - 60_000)


def test_what_was_known_too_late_changes_nothing() -> None:
    late = [{**row, "known_on": date(2025, 6, 11)} for row in months("2025-05", 12, person_id="P1", amount=30_000)]
    assert verdict(judged(income=late), "DB") == "insufficient_data"


def test_a_trace_shows_value_line_source_date_and_article() -> None:
    found = judged(income=months("2025-05", 12, person_id="P1", amount=60_000))
    steps = traces([found], ["H1"]).filter(programme="DB")["trace"].item().to_list()
    first = steps[0]
    assert (first["value"], first["threshold"], first["outcome"], first["source"]) == (
        60_000,
        74_400,
        "pass",
        "income",
    )
    assert first["source_date"] == date(2025, 5, 31)
    assert "第九条" in first["article"]
    assert [s["outcome"] for s in steps if s["stage"] == "B"] == ["verify", "verify"]
    assert [s["condition"] for s in steps if s["fact"] == "paid:TK"] == ["no_TK"]


def test_the_article_cited_changes_on_the_day_the_law_comes_into_force() -> None:
    def article(day: date, last: str) -> str:
        found = judged(day, income=months(last, 12, person_id="P1", amount=60_000))
        steps = traces([found], ["H1"]).filter(programme="DB")["trace"].item().to_list()
        return str(steps[0]["article"])

    assert "暂行办法" in article(date(2026, 6, 30), "2026-05")
    assert "社会救助法" in article(date(2026, 7, 1), "2026-06")
    assert "暂行办法" not in article(date(2026, 7, 1), "2026-06")


def test_a_trace_is_made_only_for_those_who_are_asked_for() -> None:
    found = judged(household="household_id\n H1\n H2", member="person_id | household_id\n P1 | H1\n P2 | H2")
    assert traces([found], ["H2"])["household_id"].unique().to_list() == ["H2"]
    assert traces([found], []).is_empty()


def test_the_order_of_rows_does_not_matter() -> None:
    income = months("2025-05", 12, person_id="P1", amount=60_000)
    one, other = judged(income=income), judged(income=list(reversed(income)))
    assert one.verdicts.equals(other.verdicts)
    assert one.findings.equals(other.findings)


def test_the_line_for_features_comes_from_the_same_pack() -> None:
    assert county().on(DAY).db_line() == {"urban": 74_400, "rural": 56_000}
    assert county().on(date(2024, 12, 31)).db_line() == {"urban": 69_100, "rural": 53_400}
    assert county().on(date(2019, 12, 31)).db_line() is None
