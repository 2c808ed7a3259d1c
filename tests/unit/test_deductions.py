"""What a county's rules add to minimum living security and take from income, in amounts; without rules, nothing."""

from typing import Any

import polars as pl
import pytest
from programme_stories import judge

STANDARD = 744


def db(story: dict[str, Any], *without: str, extended: bool = True) -> tuple[int | None, dict[str, Any]]:
    """The amount of DB a month that is missing, in fen, and the household's facts."""
    found = judge([story], without=without, extended=extended)
    row = found.verdicts.filter(programme="DB", household_id="H0").row(0, named=True)
    return row["unmet_month"], found.facts.households.row(0, named=True)


def fen(*yuan: float) -> int:
    return round(sum(yuan) * 100)


CLASSES: list[tuple[dict[str, Any], float]] = [
    ({"age": 45}, 0),
    ({"age": 69}, 0),
    ({"age": 70}, 0.1),
    ({"age": 9}, 0.2),
    ({"age": 45, "serious": "2025-05-20"}, 0.25),
    ({"age": 45, "serious": "2023-05-20"}, 0),
    ({"age": 45, "certificate": "limb 2"}, 0.3),
    ({"age": 45, "certificate": "limb 3"}, 0),
    ({"age": 72, "certificate": "limb 1", "serious": "2025-05-20"}, 0.3),
]
"""A member beside an earner of 500 a month, and the top-up as a share of the standard."""


def test_each_class_has_its_top_up_and_whoever_is_in_several_the_highest() -> None:
    stories = [{"people": [{"age": 45, "income": 500}, {**each, "relation": "child"}]} for each, _ in CLASSES]
    found = judge(stories, extended=True)
    wanted = [round(share * fen(STANDARD)) for _, share in CLASSES]
    assert found.facts.households["db_top_up"].to_list() == wanted
    amounts = found.verdicts.filter(programme="DB").sort("household_id")["unmet_month"].to_list()
    assert amounts == [fen(2 * (STANDARD - 200)) + top_up for top_up in wanted]


def test_where_no_county_says_anything_nothing_is_added_or_deducted() -> None:
    amount, facts = db(
        {"people": [{"age": 72, "income": 500, "certificate": "limb 1"}, {"age": 9, "relation": "child"}]},
        extended=False,
    )
    assert (amount, facts["db_top_up"], facts["db_top_up_high"]) == (fen(2 * (STANDARD - 250)), 0, 0)


def test_without_a_register_of_certificates_the_top_up_is_a_range() -> None:
    amount, facts = db({"people": [{"age": 45, "income": 500}]}, "disability")
    assert (facts["db_top_up"], facts["db_top_up_high"]) == (0, round(0.3 * fen(STANDARD)))
    assert amount == fen(STANDARD - 400)


def test_a_member_who_is_not_counted_adds_nothing() -> None:
    story = {
        "people": [{"age": 45, "income": 500}, {"age": 75, "relation": "parent", "events": ["JAIL 2025-01-15"]}]
    }
    assert db(story)[1]["db_top_up"] == 0


def test_costs_are_taken_from_income_and_never_below_nothing() -> None:
    ill = {"age": 45, "income": 500, "serious": "2025-05-20", "claim": {"left": 60_000, "own": 60_000, "aid": 0}}
    _, facts = db({"people": [ill]})
    assert (facts["pc_income"], facts["pc_income_low"], facts["pc_income_high"]) == (0, 0.0, 0.0)
    assert facts["rigid_ratio"] > 1


def test_costs_of_the_whole_household_are_shared_by_its_heads() -> None:
    ill = {"age": 9, "relation": "child", "serious": "2025-05-20", "claim": {"left": 2400, "own": 2400, "aid": 0}}
    _, facts = db({"people": [{"age": 45, "income": 1000}, ill]})
    assert facts["pc_income"] == fen(400 - 100)
    assert facts["pc_income_high"] - facts["pc_income_low"] == pytest.approx(0.05 * fen(400))


def test_persons_are_judged_by_the_same_income_as_their_household() -> None:
    found = judge(
        [{"people": [{"age": 45, "income": 900, "certificate": "limb 2", "claim": {"own": 1200}}]}], extended=True
    )
    household = found.facts.households["pc_income"].item()
    assert found.facts.persons["pc_income"].to_list() == [household]
    assert household == fen(720 - 100)
    assert isinstance(found.facts.persons, pl.DataFrame)
