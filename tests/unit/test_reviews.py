"""Duplicates (DUP) and misplacements (MIS): what each code takes, what it lets pass, and how certain it is."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from builders import Table
from programme_cases import judged, months

from outreach import duplicates, misplacements
from outreach.duplicates import PAIRS, settled
from outreach.eligibility import Verdicts
from outreach.reviewed import HARD, SOFT
from outreach.wording_reviews import REVIEWS

COUPLE = (
    "person_id | relation | birth_date | valid_from\n"
    " P1 | head | 1960-01-01 | 2000-01-01\n P2 | spouse | 1962-01-01 | 2000-01-01"
)
ALONE = "person_id | relation | birth_date | valid_from\n P1 | head | 1950-01-01 | 2000-01-01"
MAY = "2025-05"


def told(found: Verdicts) -> dict[str, float]:
    """The codes of the reviews with their weights."""
    return dict(found.reviews.select("code", "weight").iter_rows())


def paid(
    programme: str, owner: str = "H1", count: int = 3, end: str = MAY, amount: int = 10_000
) -> list[dict[str, Any]]:
    """Months of a payment, to a household (H…) or to a person."""
    of = (
        {"household_id": owner, "person_id": None}
        if owner[0] == "H"
        else {"household_id": None, "person_id": owner}
    )
    return months(end, count, programme=programme, amount=amount, **of)


def with_benefits(*rows: list[dict[str, Any]], member: Table = COUPLE, **more: Any) -> dict[str, float]:
    return told(judged(member=member, benefit=[row for part in rows for row in part], **more))


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ([paid("DB", "P1"), paid("TK", "P1")], {"DUP-01": HARD}),
        ([paid("DB"), paid("TK", "P1")], {"DUP-01": SOFT}),
        ([paid("DB", "P2"), paid("TK", "P1")], {}),
        ([paid("DB", "P1", end="2025-02"), paid("TK", "P1")], {}),
        ([paid("GX"), paid("BY")], {"DUP-02": HARD}),
        ([paid("GX"), paid("DB", "P1")], {"DUP-02": HARD}),
        ([paid("BY"), paid("DB")], {"DUP-03": HARD}),
        ([paid("BY"), paid("DB", "P1")], {}),
        ([paid("BY"), paid("TK", "P1")], {"DUP-03": HARD}),
        ([paid("GE", "P1"), paid("TK", "P1")], {"DUP-04": HARD}),
        ([paid("SW", "P1"), paid("CJ-S", "P1")], {"DUP-05": SOFT}),
        ([paid("CJ-H", "P1"), paid("TK", "P1")], {"DUP-06": HARD}),
        ([paid("CJ-H", "P2"), paid("TK", "P1")], {}),
        ([paid("CJ-S", "P1"), paid("GS", "P1")], {"DUP-07": HARD}),
        ([paid("CJ-S", "P1"), paid("GE", "P1")], {"DUP-08": HARD}),
        ([paid("CJ-H", "P1"), paid("GE", "P1")], {}),
        ([paid("CJ-H", "P1"), paid("YLF", "P1")], {"DUP-09": SOFT}),
        ([paid("CJ-H", "P1"), paid("GL", "P1")], {}),
    ],
)
def test_what_may_not_stand_together_is_told_and_what_may_is_not(
    given: list[list[dict[str, Any]]], expect: dict[str, float]
) -> None:
    assert {code: weight for code, weight in with_benefits(*given).items() if code.startswith("DUP")} == expect


def test_of_one_person_alone_a_household_s_payment_is_that_person_s() -> None:
    assert with_benefits(paid("DB"), paid("TK", "P1"), member=ALONE)["DUP-01"] == HARD


def test_an_overlap_tells_its_first_month_and_how_many_there_were() -> None:
    benefit = [*paid("BY", count=5), *paid("DB", count=2)]
    (row,) = judged(member=COUPLE, benefit=benefit).reviews.filter(pl.col("code") == "DUP-03").to_dicts()
    assert (row["happened_on"], row["evidence"]["value"], row["unmet_month"]) == (date(2025, 4, 1), 2.0, None)
    assert (row["urgent"], row["household_id"], row["person_id"]) == (False, "H1", None)


@pytest.mark.parametrize(
    ("start", "end", "form", "expect"),
    [
        ("2025-03-15", "-", "contract", True),
        ("2025-05-02", "-", "contract", False),
        ("2025-03-15", "2025-04-10", "contract", False),
        ("2025-03-15", "-", "unemployed", False),
    ],
    ids=["worked through", "began in the last month", "ended within", "registered as unemployed"],
)
def test_unemployment_benefit_for_a_month_that_was_worked_through(
    start: str, end: str, form: str, expect: bool
) -> None:
    employment = f"person_id | start | end | form\n P1 | {start} | {end} | {form}"
    found = with_benefits(paid("SY", "P1", count=2), employment=employment)
    assert ("DUP-11" in found) is expect


@pytest.mark.parametrize(("until", "expect"), [("2025-04-20", True), ("2025-03-20", False), ("2023-12-31", False)])
def test_two_medical_insurances_for_a_month_and_more_of_the_last_year(until: str, expect: bool) -> None:
    enrolment = (
        "person_id | scheme | start | end\n"
        f" P1 | medical_employee | 2025-03-01 | -\n P1 | medical_resident | 2022-01-01 | {until}"
    )
    assert ("DUP-12" in told(judged(member=COUPLE, enrolment=enrolment))) is expect


def test_temporary_relief_twice_in_a_year_is_looked_at_and_once_is_not() -> None:
    assert with_benefits(paid("LS-E", "H1", 1, "2025-02"), paid("LS-Z", "H1", 1)) == {"DUP-13": SOFT}
    assert with_benefits(paid("LS-E", "H1", 1), paid("LS-Z", "H1", 1, "2024-12")) == {}


DEAD = (
    "person_id | relation | birth_date | valid_from | death_date\n"
    " P1 | head | 1940-01-01 | 2000-01-01 | 2025-02-10\n P2 | spouse | 1942-01-01 | 2000-01-01 | -"
)


def test_a_payment_to_a_person_after_the_month_of_death() -> None:
    found = judged(member=DEAD, benefit=[*paid("GL", "P1"), *paid("GL", "P2")])
    (row,) = found.reviews.filter(pl.col("code") == "DUP-14").to_dicts()
    assert (row["person_id"], row["happened_on"], row["weight"]) == ("P1", date(2025, 3, 1), HARD)
    assert with_benefits(paid("GL", "P1", 3, "2025-02"), member=DEAD) == {}


def test_nobody_is_left_in_the_household_and_the_payment_goes_on() -> None:
    member = "person_id | birth_date | valid_from | death_date\n P1 | 1940-01-01 | 2000-01-01 | 2025-02-10"
    assert with_benefits(paid("GL", "P1"), member=member) == {"DUP-14": HARD}


def test_a_rent_subsidy_in_public_rental_housing() -> None:
    for tenure, expect in (("public_rental", {"DUP-15": HARD}), ("rent", {})):
        home = f"household_id | tenure\n H1 | {tenure}"
        assert with_benefits(paid("ZF"), household=home) == expect


def test_a_person_counts_in_two_households_and_both_draw_db() -> None:
    households = "household_id\n H1\n H2"
    member = (
        "person_id | household_id | valid_from\n P1 | H1 | 2000-01-01\n P1 | H2 | 2010-01-01\n P2 | H2 | 2010-01-01"
    )

    def twice(*benefit: list[dict[str, Any]]) -> pl.DataFrame:
        given = [row for part in benefit for row in part]
        return settled([judged(household=households, member=member, benefit=given).reviews])

    both = twice(paid("DB", "H1"), paid("DB", "H2")).filter(pl.col("code") == "DUP-16")
    assert both.select("household_id", "person_id").rows() == [("H1", "P1"), ("H2", "P1")]
    assert "DUP-16" not in twice(paid("DB", "H1"))["code"].to_list()


def test_the_payment_in_the_name_of_a_dead_head_goes_on_for_more_than_three_months() -> None:
    member = DEAD.replace("2025-02-10", "2024-12-10")
    assert with_benefits(paid("DB"), member=member)["DUP-17"] == SOFT
    assert "DUP-17" not in with_benefits(paid("DB"), member=DEAD)
    headed = member.replace("P2 | spouse", "P2 | head")
    assert "DUP-17" not in with_benefits(paid("DB"), member=headed)


def earns(monthly: int) -> list[dict[str, object]]:
    return months(MAY, 24, person_id="P1", amount=monthly, kind="wage", quality="registered")


@pytest.mark.parametrize(
    ("amount", "expect"),
    [(48_800, {}), (58_000, {}), (15_000, {"MIS-03": SOFT}), (100_000, {"MIS-03": HARD})],
    ids=["the gap itself", "within the uncertainty", "far too little", "more than the whole standard"],
)
def test_the_amount_of_db_against_the_gap_to_the_standard(amount: int, expect: dict[str, float]) -> None:
    given = paid("DB", amount=amount)
    found = judged(
        member=ALONE, benefit=given, income=earns(25_600), household="household_id | area_kind\n H1 | urban"
    )
    assert {code: weight for code, weight in told(found).items() if code in ("MIS-02", "MIS-03")} == expect
    if amount < 48_800:
        assert found.reviews["unmet_month"].item() == 48_800 - amount


def test_the_amount_fits_the_standard_of_the_country_and_the_household_lives_in_town() -> None:
    found = judged(
        member=ALONE,
        benefit=paid("DB", amount=56_000 - 36_000),
        income=earns(36_000),
        household="household_id | area_kind\n H1 | urban",
    )
    assert told(found)["MIS-02"] == SOFT


def test_an_unknown_income_makes_no_wrong_amount() -> None:
    assert with_benefits(paid("DB", amount=1), member=ALONE) == {}


def test_alone_sixty_and_without_a_supporter_on_db_belongs_to_tk() -> None:
    kin = "person_id | kin_id | relation\n P9 | P8 | child"
    assert with_benefits(paid("DB"), member=ALONE, kin=kin)["MIS-01"] == SOFT
    assert "MIS-01" not in with_benefits(paid("DB"), member=ALONE, kin=kin.replace("P9", "P1"))
    assert "MIS-01" not in with_benefits(paid("DB"), member=ALONE)  # no register of kin: unknown is not none
    assert "MIS-01" not in with_benefits(paid("DB"), member=COUPLE, kin=kin)


def claim(assistance: int) -> list[dict[str, Any]]:
    day = date(2025, 4, 20)
    money = {"total": 1_000_000, "in_catalogue": 900_000, "basic_paid": 500_000, "cii_paid": 0, "oop": 100_000}
    return [
        {
            "person_id": "P1",
            "event_id": "M1",
            "event_date": day,
            "kind": "inpatient",
            "assistance_paid": assistance,
            **money,
        }
    ]


def test_a_bill_settled_in_a_lower_class_than_the_one_held() -> None:
    assert with_benefits(paid("DB"), member=ALONE, medical=claim(240_000))["MIS-05"] == SOFT
    assert "MIS-05" not in with_benefits(paid("DB"), member=ALONE, medical=claim(280_000))
    assert "MIS-05" not in with_benefits(paid("BY"), member=ALONE, medical=claim(240_000))


def test_a_recognition_beyond_its_twelve_months() -> None:
    assert with_benefits(paid("GX", count=13)) == {"MIS-06": HARD}
    assert with_benefits(paid("GX", count=12)) == {}
    broken = [*paid("GX", count=6), *paid("GX", count=8, end="2024-10")]
    assert with_benefits(broken) == {}


def test_a_subsidy_on_a_certificate_that_has_run_out() -> None:
    certificate = "person_id | issued | type | level | expires\n P1 | 2015-03-31 | limb | 2 | {}"
    assert with_benefits(paid("CJ-H", "P1"), disability=certificate.format("2025-03-31")) == {"MIS-06": SOFT}
    assert with_benefits(paid("CJ-H", "P1"), disability=certificate.format("2026-03-31")) == {}


def test_a_member_died_and_the_amount_is_what_it_was() -> None:
    member = DEAD.replace("2025-02-10", "2025-01-10")
    same = paid("DB", count=9, amount=80_000)
    assert with_benefits(same, member=member)["MIS-07"] == HARD
    less = [*paid("DB", count=3, amount=40_000), *paid("DB", count=6, end="2025-02", amount=80_000)]
    assert "MIS-07" not in with_benefits(less, member=member)
    at_once = [*paid("DB", count=5, amount=40_000), *paid("DB", count=4, end="2024-12", amount=80_000)]
    assert "MIS-07" not in with_benefits(at_once, member=member)


def test_a_person_s_programme_paid_to_a_household() -> None:
    assert with_benefits(paid("GL")) == {"MIS-08": SOFT}
    assert with_benefits(paid("GL", "P1")) == {}
    assert with_benefits(paid("DB", "P1"), member=ALONE) == {}


@pytest.mark.parametrize(("start", "expect"), [("2025-01-10", True), ("2024-07-10", False)])
def test_db_ended_soon_after_a_member_found_work(start: str, expect: bool) -> None:
    found = with_benefits(
        paid("DB", count=8, end="2025-02"),
        employment=f"person_id | start | end | form\n P2 | {start} | - | contract",
    )
    assert ("MIS-10" in found) is expect


def test_without_a_register_nothing_is_said() -> None:
    assert judged(without=("benefit",)).reviews.is_empty()


def test_every_code_is_told_by_a_rule_or_said_to_be_told_by_none_and_has_its_words() -> None:
    ruled = {pair.code for pair in PAIRS} | set(duplicates.RULES) | set(misplacements.RULES)
    every = {f"DUP-{number:02d}" for number in range(1, 18)} | {f"MIS-{number:02d}" for number in range(1, 11)}
    unseen = {*duplicates.NOT_TOLD, *misplacements.NOT_TOLD}
    assert ruled | unseen == every == set(REVIEWS)
    assert ruled.isdisjoint(unseen)
