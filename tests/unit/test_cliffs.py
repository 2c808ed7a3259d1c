"""Cliff cases: a little above a line of income, with the next lower programme to check, and nothing claimed."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from draft_cases import POLICY
from draft_cases import findings as drafted
from programme_cases import TEXTS, county, judged, local, months

from engine.explain.rules import classes, finding_rows
from outreach.candidates import _findings_by_household
from outreach.cliffs import income_line
from outreach.packs import checked, load
from outreach.wording import YUAN

LINE = 74_400
"""The county's monthly standard for a head in town."""


def cliffs(income: int, **tables: Any) -> list[dict[str, Any]]:
    earned = months("2025-05", 24, person_id="P1", amount=income, kind="wage", quality="registered")
    found = judged(income=earned, **tables)
    return found.findings.filter(pl.col("code").str.starts_with("CLIFF-")).to_dicts()


@pytest.mark.parametrize(
    ("income", "expect"),
    [
        (LINE - 5_000, []),
        (LINE + 5_000, [("CLIFF-DB", "BY")]),
        (round(LINE * 1.19), [("CLIFF-DB", "BY")]),
        (round(LINE * 1.21), []),
    ],
    ids=["below", "a little above", "a fifth less a bit", "more than a fifth"],
)
def test_a_little_above_the_line_the_next_lower_programme_is_to_be_checked(
    income: int, expect: list[tuple[str, str]]
) -> None:
    assert [(row["code"], row["programme"]) for row in cliffs(income)] == expect


def test_a_cliff_claims_nothing_and_shows_income_and_line() -> None:
    (row,) = cliffs(LINE + 5_000)
    assert (row["weight"], row["score"], row["urgent"], row["near_certain"]) == (0.0, 0.0, False, False)
    assert (row["person_id"], row["unmet_month"]) == (None, None)
    assert (row["evidence"]["fact"], row["evidence"]["value"]) == ("pc_income", LINE + 5_000)
    assert row["evidence"]["threshold"] == LINE


def test_who_has_the_next_lower_programme_or_a_higher_one_stands_at_no_cliff() -> None:
    for code in ("BY", "TK", "DB"):
        paid = months("2025-05", 3, household_id="H1", person_id=None, programme=code, amount=10_000)
        assert cliffs(LINE + 5_000, benefit=paid) == []


def test_an_income_that_may_lie_below_the_line_is_a_possible_gap_and_no_cliff() -> None:
    declared = months("2025-05", 24, person_id="P1", amount=LINE + 5_000, kind="farm", quality="declared")
    codes = judged(income=declared).findings["code"].to_list()
    assert "GAP-DB" in codes
    assert "CLIFF-DB" not in codes


def test_how_far_above_is_a_value_of_the_pack() -> None:
    text = '[[parameter]]\nname = "cliff_share"\nvalues = [{ value = 0.05, source = "x", mark = "proposed" }]\n'
    pack = load("here", local(text))
    earned = months("2025-05", 24, person_id="P1", amount=LINE + 5_000, kind="wage", quality="registered")
    codes = judged(programmes=pack, income=earned).findings["code"].to_list()
    assert "CLIFF-DB" not in codes


def test_every_programme_that_has_a_next_lower_one_has_a_line_of_income_and_the_other_is_there() -> None:
    rules = {rule.programme.code: rule for rule in county().on(date(2025, 6, 10)).rules}
    falls = {code: rule.programme.next_lower for code, rule in rules.items() if rule.programme.next_lower}
    assert falls == {"DB": "BY", "BY": "GX"}
    for code, lower in falls.items():
        assert income_line(rules[code]) is not None
        assert lower in rules


def test_a_cliff_makes_nobody_a_candidate() -> None:
    rows = drafted([{"household_id": "H1", "code": "CLIFF-DB", "programme": "BY", "weight": 0.0, "score": 0.0}])
    assert _findings_by_household(rows, POLICY, date(2025, 6, 10)).is_empty()


def test_a_cliff_is_said_in_both_languages_with_income_line_and_what_to_check() -> None:
    row = cliffs(LINE + 5_000)
    ((told,), (kind,)) = finding_rows(row, [], {}, YUAN), classes(row)
    assert told["words"].zh.startswith(
        "人均收入约 790 元，略高于最低生活保障（低保）的线约 740 元：请核对低保边缘家庭"
    )
    assert "just above the line of minimum living security (Dibao)" in told["words"].en
    assert "low-income margin status" in told["words"].en
    assert kind["class"] == "CLIFF"


def test_a_next_lower_programme_that_nobody_knows_is_a_mistake_of_the_pack() -> None:
    text = TEXTS["cn-national+basic"].replace('next_lower = "BY"', 'next_lower = "ZZ"')
    problems = checked("cn-average-2025", {**TEXTS, "cn-national+basic": text}).problems
    assert [each.what for each in problems if "ZZ" in each.what]
