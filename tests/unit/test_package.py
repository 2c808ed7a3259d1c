"""A package: what a household may have together, in which order, from whom and by when, given and expected."""

from datetime import date
from typing import Any

import pytest
from programme_cases import county

from engine.casebook import lead_of
from outreach.catalogue import Programmes
from outreach.package import Given, Package, package_of
from outreach.vocabulary import AUTHORITIES
from outreach.wording import YUAN
from outreach.wording_package import AUTHORITIES as NAMES
from outreach.wording_package import told
from outreach.workdays import WEEKDAYS

DAY = date(2025, 6, 10)
"""A Tuesday."""
LIKELY, POSSIBLE, OPEN, PAID = "eligible_likely", "eligible_possible", "insufficient_data", "in_payment"


def row(code: str, verdict: str = LIKELY, month: int | None = None, who: str | None = None, **more: Any) -> Any:
    minor = None if month is None else month * 100
    return {"programme": code, "person_id": who, "verdict": verdict, "unmet_month": minor, **more}


def package(rows: list[Any], people: int = 1, day: date = DAY, pack: Programmes | None = None) -> Package:
    who = [f"P{number}" for number in range(1, people + 1)]
    return package_of(rows, Given(who, (pack or county()).on(day), day, WEEKDAYS, 10))


def codes(found: Package) -> list[str]:
    return [part.programme for part in found.parts]


def due(found: Package, code: str) -> tuple[date, str]:
    part = next(part for part in found.parts if part.programme == code)
    return part.due.on, part.due.article


@pytest.mark.parametrize(
    ("given", "people", "expect", "named"),
    [
        ("DB 300; TK 968 of P1", 1, ["TK"], [("DB", "TK", "worth")]),
        ("DB 900; TK 968 of P1", 3, ["DB", "TK"], []),
        ("DB 900; TK 968 of P1; TK 968 of P2", 2, ["TK", "TK"], [("DB", "TK", "worth")]),
        ("DB 300; BY", 2, ["DB"], [("BY", "DB", "stronger")]),
        ("DB 300; DB-P of P1", 2, ["DB"], [("DB-P", "DB", "stronger")]),
        ("BY; DB-P of P1", 2, ["BY", "DB-P"], []),
        ("BY; GX", 2, ["BY"], [("GX", "BY", "stronger")]),
        ("DB 300; CJ-S 80 of P1; CJ-H 80 of P1", 2, ["DB", "CJ-H", "CJ-S"], []),
        (
            "TK 968 of P1; CJ-S 80 of P1; CJ-H 80 of P1",
            1,
            ["TK"],
            [("CJ-H", "TK", "worth"), ("CJ-S", "TK", "worth")],
        ),
        ("GE 1300 of P1; SW 1300 of P1", 2, ["GE"], [("SW", "GE", "worth")]),
        ("GE 1300 of P1; CJ-S 80 of P1; CJ-H 80 of P1", 2, ["GE", "CJ-H"], [("CJ-S", "GE", "worth")]),
        ("CJ-H 80 of P1; YLF 50 of P1", 2, ["CJ-H"], [("YLF", "CJ-H", "worth")]),
        ("GL 60 of P1; CJ-H 80 of P1", 1, ["CJ-H", "GL"], []),
        ("DB 300; YL-YP of P1", 2, ["DB"], [("YL-YP", "DB", "worth")]),
        ("JM 143 of P1; DB 300; GL 60 of P1", 1, ["JM", "DB", "GL"], []),
    ],
)
def test_what_may_be_had_together(
    given: str, people: int, expect: list[str], named: list[tuple[str, str, str]]
) -> None:
    rows = []
    for each in given.split("; "):
        said, _, who = each.partition(" of ")
        code, _, month = said.partition(" ")
        rows.append(row(code, month=int(month) if month else None, who=who or None))
    found = package(rows, people)
    assert codes(found) == expect
    assert [(each.programme, each.instead, each.why) for each in found.alternatives] == named


def test_what_is_in_payment_and_bars_a_programme_is_named_and_what_may_be_changed_is_left_to_the_household() -> (
    None
):
    barred = package([row("GX", PAID), row("YL-YP", POSSIBLE, who="P1")], 2)
    assert (codes(barred), barred.alternatives[0].instead, barred.alternatives[0].why) == ([], "GX", "kept")
    changed = package([row("DB", PAID), row("TK", POSSIBLE, 968, "P1")])
    assert [(part.programme, part.replaces) for part in changed.parts] == [("TK", ("DB",))]
    assert changed.parts[0].low == 0
    assert changed.paid == ("DB",)


def test_a_programme_about_which_too_little_is_known_stays_and_never_takes_the_place_of_a_known_one() -> None:
    found = package([row("DB", LIKELY, 300), row("TK", OPEN, who="P1"), row("ZF", OPEN)])
    assert [(part.programme, part.month) for part in found.parts] == [("DB", 30_000)]
    assert [(part.programme, part.month) for part in found.open] == [("ZF", None)]
    assert [(each.programme, each.why) for each in found.alternatives] == [("TK", "known")]


def test_between_two_programmes_about_which_too_little_is_known_nothing_is_chosen() -> None:
    found = package([row("GE", OPEN, who="P1"), row("SW", OPEN, who="P1"), row("GL", LIKELY, 60, "P2")], 2)
    assert codes(found) == ["GL"]
    assert [part.programme for part in found.open] == ["GE", "SW"]
    assert found.alternatives == ()


def test_a_case_is_led_by_what_the_records_know_and_else_by_what_is_to_be_found_out_first() -> None:
    assert lead_of(package([row("DB", LIKELY, 300), row("GE", OPEN, who="P1")], 2)) == "DB"
    assert lead_of(package([row("GE", OPEN, who="P1")], 2)) == "GE"
    assert lead_of(package([])) is None


@pytest.mark.parametrize(
    ("code", "days", "by", "article"),
    [
        ("DB", "30 working", date(2025, 7, 22), "《最低生活保障审核确认办法》第二十二条"),
        ("TK", "15 working, 7 natural, 15 working", date(2025, 7, 29), "《特困人员认定办法》第十九至二十条"),
        ("SW", "15 + 15 working, no publicity", date(2025, 7, 22), "民发〔2019〕62号"),
        ("LS-E", "3 natural", date(2025, 6, 13), "临时救助"),
        ("GX", "30 working", date(2025, 7, 22), "《刚性支出困难家庭认定办法》"),
        ("GL", "no limit in the pack: 10 working days of the office", date(2025, 6, 24), ""),
    ],
)
def test_each_part_is_due_by_the_clock_of_its_own_law(code: str, days: str, by: date, article: str) -> None:
    unit = next(rule.programme.unit for rule in county().on(DAY).rules if rule.programme.code == code)
    found = package([row(code, who="P1" if unit == "P" else None)])
    assert due(found, code)[0] == by, days
    assert article in due(found, code)[1]


def test_what_insurance_pays_is_income_and_assistance_fills_what_is_left() -> None:
    after = package([row("DB", LIKELY, 2000), row("SY", LIKELY, 1500, "P1")], 3, date(2026, 2, 3))
    assert [(part.programme, part.month) for part in after.parts] == [("SY", 150_000), ("DB", 50_000)]
    assert (after.cost.month, after.cost.insurance, after.cost.year) == (200_000, 150_000, 2_400_000)
    kept_out = package([row("DB", LIKELY, 2000), row("JM", LIKELY, 143, "P1")], 3)
    assert [(part.programme, part.month) for part in kept_out.parts] == [("JM", 14_300), ("DB", 200_000)]


def test_a_gap_of_the_household_is_counted_for_those_who_stay_in_it() -> None:
    found = package([row("DB", LIKELY, 900), row("TK", LIKELY, 968, "P1")], 3)
    assert [(part.programme, part.month) for part in found.parts] == [("DB", 60_000), ("TK", 96_800)]


def test_the_range_of_an_amount_follows_how_far_the_income_may_lie() -> None:
    step = {"condition": "income_below_standard", "fact": "pc_income", "outcome": "pass", "threshold": 74_400.0}
    trace = [{**step, "value": 44_400.0, "low": 34_400.0, "high": 54_400.0}]
    assert (part := package([row("DB", LIKELY, 600, trace=trace)], 2).parts[0]).low == 40_000
    assert (part.month, part.high) == (60_000, 80_000)
    unbounded = [{**step, "value": 44_400.0, "low": None, "high": None}]
    assert (part := package([row("DB", LIKELY, 600, trace=unbounded)], 2).parts[0]).low == 0
    assert part.high == 148_800


def test_what_is_unknown_is_verified_before_what_needs_consent() -> None:
    trace = [
        {"condition": "assets", "fact": None, "outcome": "verify", "threshold": None},
        {"condition": "income_below_standard", "fact": None, "outcome": "unknown", "threshold": None},
    ]
    assert package([row("DB", OPEN, trace=trace)]).open[0].verify == ("income_below_standard", "assets")


def test_every_authority_has_a_name_and_every_sentence_is_in_both_languages() -> None:
    assert set(NAMES) == set(AUTHORITIES)
    rows = [row("DB", LIKELY, 300), row("BY"), row("CJ-H", POSSIBLE, 80, "P1"), row("ZF", OPEN), row("GX", OPEN)]
    found = package(rows, 2)
    programmes = {rule.programme.code: rule.programme for rule in county().on(DAY).rules}
    said = told(found, programmes, {}, YUAN)
    assert [part["owner"].en for part in said["parts"]] == ["civil affairs", "civil affairs"]
    assert [part["owner"].en for part in said["open"]] == ["housing"]
    assert said["parts"][0]["amount"].en == "300 yuan a month (between 0 yuan and 300 yuan)"
    assert "30 working days, 《最低生活保障审核确认办法》第二十二条" in said["parts"][0]["clock"].en
    assert said["alternatives"][0]["why"].zh.startswith("先申请最低生活保障")
    assert said["cost"]["words"].en.startswith("380 yuan a month")
    assert "其中" not in said["cost"]["words"].zh
