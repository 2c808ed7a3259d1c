"""Every clause of every programme, given and expected, in tables that whoever knows the law can read and add to.

A table is a file of ``tests/spec/programmes``; ``tests/programme_stories.py`` says what a case may tell.
"""

import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from programme_stories import DAY, judge, pack

from outreach.eligibility import Verdicts
from outreach.vocabulary import VERDICTS

TABLES = {
    path.stem: tomllib.loads(path.read_text("utf-8")) for path in Path(__file__).parent.glob("programmes/*.toml")
}
CASES = [
    (code, number, case) for code, table in sorted(TABLES.items()) for number, case in enumerate(table["case"])
]


def settled(case: dict[str, Any]) -> tuple[Any, ...]:
    """What cases must share to be judged together."""
    return case.get("day", DAY), tuple(case.get("without", ())), case.get("extended", False)


@cache
def together() -> dict[tuple[str, int], tuple[Verdicts, int]]:
    """Every case by its table and number: the verdicts it was judged among, and its number there."""
    groups = defaultdict(list)
    for code, number, case in CASES:
        groups[settled(case)].append((code, number, case))
    found = {}
    for (day, without, extended), cases in groups.items():
        judged = judge([case for _, _, case in cases], day, without, extended=extended)
        found |= {(code, number): (judged, place) for place, (code, number, _) in enumerate(cases)}
    return found


@pytest.mark.parametrize(
    ("code", "number", "case"), CASES, ids=[f"{code}: {case['given']}" for code, _, case in CASES]
)
def test_the_clause(code: str, number: int, case: dict[str, Any]) -> None:
    judged, place = together()[code, number]
    person = f"P{place}-{case.get('who', 1)}" if unit(code) == "P" else None
    rows = judged.verdicts.filter(
        (pl.col("programme") == code)
        & (pl.col("household_id") == f"H{place}")
        & pl.col("person_id").eq_missing(pl.lit(person, dtype=pl.String))
    )
    assert (rows["verdict"].item() if rows.height else "not for them") == case["expect"]


def unit(code: str) -> str:
    return next(each.unit for file in pack().chain for each in file.programme if each.code == code)


def test_every_programme_that_is_judged_has_a_table_and_every_table_a_programme() -> None:
    judged = {each.programme.code for each in pack().on(DAY).rules if not each.programme.interface}
    assert judged - set(TABLES) == {"DB-P", "BY", "CJ-H", "GL"}, "these have tests/unit/test_verdict_clauses.py"
    assert set(TABLES) <= judged | {"SY-BZ"}


def test_every_clause_that_records_can_show_stands_in_a_case() -> None:
    for code, table in TABLES.items():
        rules = pack().on(table["case"][0].get("day", DAY)).rules
        tests = next(rule.tests for rule in rules if rule.programme.code == code)
        assert set(tests) <= {clause for case in table["case"] for clause in case["clause"].split()}, code


def test_every_table_expects_more_than_one_verdict_and_only_such_as_there_are() -> None:
    for code, table in TABLES.items():
        expected = {case["expect"] for case in table["case"]}
        assert len(expected) >= 3, code
        assert expected <= {*VERDICTS, "not for them"}, code
