"""Every finding code measured against what is really so: pure matches of registers are right and find everybody."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from county_findings import BEGIN, DAYS, PURE, county_rows, lines_of, table
from programme_cases import county, judged, months

from engine.measured import EVENTS_OF_HOMES, EVENTS_OF_PERSONS, YARDSTICKS, day_before, every_code
from fixtures.county.world import World
from outreach.wording_measured import HEADS, UNMEASURED, WHY
from outreach.wording_reviews import REVIEWS

PAGE = Path(__file__).parents[2] / "docs" / "county.md"
DAY = date(2025, 6, 10)
EVENTS = {f"EV-{name}" for name in (*EVENTS_OF_HOMES, *EVENTS_OF_PERSONS)}


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, Any]]:
    rare = World(gap_cjs=0.5)  # two dozen people draw the living subsidy: of one in ten nothing could be said
    return {row["code"]: row for row in county_rows(12_000, 5, DAYS, rare)}


@pytest.mark.parametrize("code", PURE)
def test_a_pure_match_of_registers_is_right_and_finds_everybody_where_records_are_complete(
    rows: dict[str, dict[str, Any]], code: str
) -> None:
    whole = rows[code]["complete"]
    assert whole["so"] >= 8
    assert whole["precision"] >= 0.99
    assert whole["recall"] >= 0.99


@pytest.mark.parametrize("code", PURE)
def test_a_pure_match_hardly_errs_where_records_are_late(rows: dict[str, dict[str, Any]], code: str) -> None:
    assert rows[code]["precision"] >= 0.9
    assert rows[code]["recall"] >= 0.95


def test_who_was_never_insured_here_is_told_as_possible_only(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["GAP-YB"]["may_right"] > 0.9 * rows["GAP-YB"]["may"] > 100


@pytest.mark.parametrize("code", ["DUP-06", "DUP-12", "DUP-14", "EV-ACC", "EV-DIS", "EV-EXIT", "EV-MED6", "EV-INS"])
def test_what_a_register_holds_is_told_rightly(rows: dict[str, dict[str, Any]], code: str) -> None:
    assert rows[code]["complete"]["told"] >= 3
    assert rows[code]["complete"]["precision"] >= 0.9


def test_the_rows_hold_counts_and_shares_and_no_id(rows: dict[str, dict[str, Any]]) -> None:
    assert "990101" not in str(list(rows.values()))
    for row in rows.values():
        if "so" in row:
            assert row["found"] <= row["so"]
            assert row["right"] <= row["told"]
            assert row["complete"]["told"] <= row["told"]


def test_every_code_is_measured_or_has_a_reason_why_not() -> None:
    every = set(every_code(county().on(DAY)))
    assert set(REVIEWS) <= every
    assert every <= set(YARDSTICKS) | EVENTS | set(UNMEASURED)
    assert not (set(YARDSTICKS) | EVENTS) & set(UNMEASURED)
    assert set(YARDSTICKS) | EVENTS >= set(WHY)


def test_the_page_prints_every_code_with_figures_or_a_reason() -> None:
    head, *body = lines_of(PAGE.read_text("utf-8"))
    assert head == [cell.strip() for cell in table([]).splitlines()[0].strip("|").split("|")]
    assert [line[0] for line in body] == every_code(county().on(DAYS[-1]))
    for code, so, *_, why in body:
        assert (so == "–") == (code in UNMEASURED)
        assert why or code not in UNMEASURED
    printed = {line[0]: line for line in body}
    at = [HEADS[name].en.lower() for name in ("complete_precision", "complete_recall")]
    for code in PURE:
        assert all(float(printed[code][head.index(name)].rstrip("%")) >= 99 for name in at), (code, BEGIN)


def test_the_day_measured_lies_half_a_year_before_the_newest_record() -> None:
    assert day_before(date(2025, 12, 31)) == date(2025, 6, 30)
    assert date(2025, 12, 15) - day_before(date(2025, 12, 15)) >= timedelta(days=180)


def gap(code: str, **tables: Any) -> list[bool]:
    found = judged(**tables).findings.filter(pl.col("code") == code)
    return found["near_certain"].to_list()


def born(day: str) -> str:
    return f"birth_date | hukou_region | valid_from\n {day} | 990101 | 1990-01-01"


def test_whose_first_payment_no_register_can_have_shown_may_have_it() -> None:
    assert gap("GAP-GL", member=born("1945-05-01")) == [True]
    assert gap("GAP-GL", member=born("1945-05-02")) == [False]
    card = "level | issued\n 1 | {}"
    assert gap("GAP-CJ-H", member=born("1980-01-01"), disability=card.format("2025-03-01")) == [True]
    assert gap("GAP-CJ-H", member=born("1980-01-01"), disability=card.format("2025-03-08")) == [False]


def test_an_insurance_that_ended_lately_may_have_been_followed_by_another() -> None:
    spell = "scheme | start | end\n medical_employee | 2015-01-01 | {}"
    assert gap("GAP-YB", enrolment=spell.format("2025-03-31")) == [True]
    assert gap("GAP-YB", enrolment=spell.format("2025-05-20")) == [False]


def bill(day: str, aid: int = 0, number: str = "M1") -> dict[str, Any]:
    money = {"total": 100_000, "in_catalogue": 80_000, "basic_paid": 50_000, "cii_paid": 0, "oop": 30_000 - aid}
    return {"event_id": number, "event_date": date.fromisoformat(day), "assistance_paid": aid, **money}


def test_a_bill_settled_without_assistance_counts_in_the_months_of_the_status_only() -> None:
    paid = {"household_id": "H1", "person_id": None, "programme": "DB", "amount": 30_000}
    since_march = months("2025-05", 3, **paid)
    assert gap("GAP-YL-ZJ", benefit=since_march, medical=[bill("2025-04-02")]) == [True]
    assert gap("GAP-YL-ZJ", benefit=since_march, medical=[bill("2025-02-02")]) == [False]
    until_march = months("2025-03", 6, **paid)
    assert gap("GAP-YL-ZJ", benefit=until_march, medical=[bill("2025-02-02")]) == [True]
    assert gap("GAP-YL-ZJ", benefit=until_march, medical=[bill("2025-04-02")]) == []
    one_of_two = [bill("2025-04-02", aid=20_000), bill("2025-04-20", number="M2")]
    assert gap("GAP-YL-ZJ", benefit=since_march, medical=one_of_two) == [True]


def test_work_that_ended_with_a_pension_was_not_lost() -> None:
    spell = "person_id | start | end | contributed_until\n P1 | 2015-01-01 | 2025-02-28 | 2025-02-01"
    pension = months("2025-05", 3, person_id="P1", amount=300_000, kind="transfer_pension")
    assert "EV-JOB1" in judged(employment=spell).findings["code"].to_list()
    assert "EV-JOB1" not in judged(employment=spell, income=pension).findings["code"].to_list()
