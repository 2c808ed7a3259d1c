"""Packages of random households: no exclusion is violated, each part has an owner and a date, no blank loses one.

The law of what excludes what is written down here a second time, as casework knows it, and not read from the pack.
"""

from datetime import date, timedelta
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from programme_cases import county

from outreach.package import ORDER, Given, Package, package_of
from outreach.workdays import WEEKDAYS

DAY = date(2025, 6, 10)
OF_ONE_PERSON = {
    frozenset(pair)
    for pair in [
        ("TK", "GE"), ("TK", "SW"), ("GE", "SW"), ("TK", "CJ-S"), ("TK", "CJ-H"), ("CJ-S", "GE"), ("CJ-S", "SW"),
        ("CJ-H", "YLF"), ("TK", "YLF"), ("TK", "DB-P"), ("TK", "YL-YP"),
    ]
}  # fmt: skip
OF_A_HOUSEHOLD = {frozenset(pair) for pair in [("DB", "BY"), ("DB", "GX"), ("BY", "GX")]}
COVERED = {frozenset(pair) for pair in [("DB", "DB-P"), ("DB", "YL-YP"), ("BY", "YL-YP"), ("GX", "YL-YP")]}
LEAVES_NOBODY = ("DB", "BY", "GX")
RULES = county().on(DAY)
UNITS = {rule.programme.code: rule.programme.unit for rule in RULES.rules if rule.programme.gap}
VERDICTS = ("eligible_likely", "eligible_possible", "not_eligible", "in_payment", "insufficient_data")


@st.composite
def households(draw: st.DrawFn) -> tuple[list[str], list[dict[str, Any]]]:
    people = [f"P{number}" for number in range(1, draw(st.integers(1, 4)) + 1)]
    rows = []
    for code in draw(st.lists(st.sampled_from(sorted(UNITS)), max_size=12, unique=True)):
        for who in draw(st.lists(st.sampled_from(people), unique=True)) if UNITS[code] == "P" else [None]:
            verdict = draw(st.sampled_from(VERDICTS[:3] if code in ("DB", "TK") else VERDICTS))
            month = draw(st.none() | st.integers(0, 200_000)) if verdict.startswith("eligible") else None
            rows.append({"programme": code, "person_id": who, "verdict": verdict, "unmet_month": month})
    return people, rows


def made(people: list[str], rows: list[dict[str, Any]]) -> Package:
    return package_of(rows, Given(people, RULES, DAY, WEEKDAYS, 10))


def named(found: Package) -> set[tuple[str, str | None]]:
    return {(each.programme, each.person_id) for each in (*found.parts, *found.open, *found.alternatives)}


@settings(max_examples=300, deadline=None)
@given(households())
def test_no_two_programmes_that_exclude_each_other_are_in_one_package(case: Any) -> None:
    people, rows = case
    found = made(people, rows)
    for one, other in combinations(found.parts, 2):
        pair, same = frozenset((one.programme, other.programme)), one.person_id == other.person_id
        assert not (same and pair in OF_ONE_PERSON)
        assert pair not in OF_A_HOUSEHOLD | COVERED
    destitute = {part.person_id for part in found.parts if part.programme == "TK"}
    assert not (destitute >= set(people) and {part.programme for part in found.parts} & set(LEAVES_NOBODY))


@settings(max_examples=200, deadline=None)
@given(households())
def test_every_part_has_an_owner_a_date_and_a_place_and_what_is_left_out_is_named(case: Any) -> None:
    people, rows = case
    found = made(people, rows)
    assert all(
        part.authority and part.due.on > DAY and part.due.on < DAY + timedelta(days=130) for part in found.parts
    )
    assert [ORDER.index(part.mechanism) for part in found.parts] == sorted(
        ORDER.index(part.mechanism) for part in found.parts
    )
    asked = {
        (row["programme"], row["person_id"])
        for row in rows
        if row["verdict"] in ("eligible_likely", "eligible_possible", "insufficient_data")
    }
    assert named(found) == asked
    assert len(found.parts) + len(found.open) + len(found.alternatives) == len(asked)
    assert {part.verdict for part in found.open} <= {"insufficient_data"}
    assert "insufficient_data" not in {part.verdict for part in found.parts}
    assert found.cost.low <= found.cost.month <= found.cost.high
    assert found == made(people, list(reversed(rows)))


@settings(max_examples=200, deadline=None)
@given(households(), st.randoms(use_true_random=False))
def test_a_blank_never_takes_a_programme_out_of_the_package(case: Any, chance: Any) -> None:
    people, rows = case
    blanked = [
        {**row, "verdict": "insufficient_data", "unmet_month": None}
        if row["verdict"] != "in_payment" and chance.random() < 0.5
        else row
        for row in rows
    ]
    assert named(made(people, blanked)) >= named(made(people, rows))


@settings(max_examples=200, deadline=None)
@given(households())
def test_no_other_choice_would_be_worth_more_to_the_household(case: Any) -> None:
    """What was left out for its worth cannot be put in by taking out what it excludes alone, and gain by it."""
    people, rows = case
    found = made(people, rows)
    worth = {(row["programme"], row["person_id"]): row["unmet_month"] or 0 for row in rows}
    chosen = {(part.programme, part.person_id) for part in found.parts}
    for each in found.alternatives:
        mine = (each.programme, each.person_id)
        against = [
            other for other in chosen if frozenset((mine[0], other[0])) in OF_ONE_PERSON and mine[1] == other[1]
        ]
        if each.why == "worth" and len(against) == 1 and not {mine[0], against[0][0]} & {"TK", "YL-YP"}:
            others = [o for o in found.alternatives if o.instead == against[0][0] and o.person_id == mine[1]]
            if len(others) == 1:
                assert worth[mine] <= worth[against[0]]
