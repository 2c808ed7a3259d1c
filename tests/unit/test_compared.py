"""Two drafts beside each other: who enters, who leaves, what is expected to be found, and what it costs."""

from typing import Any

import polars as pl
import pytest
from draft_cases import POLICY, candidates, drafted, findings, gap, households, staff

from outreach.compared import exchanged, totals
from outreach.drafting import Draft
from outreach.policy import Policy, Shares

CHANCES = {"poverty_chance": 0.5, "poverty_low": 0.4, "poverty_high": 0.7}
MORE_GAPS = POLICY.model_copy(update={"shares": Shares(gap=0.7, risk=0.0, silent=0.0, random=0.1, recheck=0.2)})
FEWER = POLICY.model_copy(update={"capacity": POLICY.capacity.model_copy(update={"factor": 0.2})})
PEOPLE: list[dict[str, Any]] = [
    {**each, **CHANCES, "region": f"99010100100{at % 2 + 1}"} for at, each in enumerate(households(40))
]
FOUND = [gap(f"H{at:04d}", unmet_month=10_000) for at in range(20)]


def draft(policy: Policy) -> Draft:
    return drafted(PEOPLE, FOUND, team=staff({"Ana": 20}), policy=policy)


def regions() -> pl.DataFrame:
    return candidates(PEOPLE).select("household_id", "region")


def test_expected_finds_have_the_band_of_their_estimates_and_costs_are_told() -> None:
    made = draft(POLICY)
    told = totals(made, findings(FOUND), regions())
    assert told.visits == 16
    assert told.expected == pytest.approx(8.0)
    assert (told.low, told.high) == (pytest.approx(6.4), pytest.approx(11.2))
    assert told.stops == 2
    assert told.unmet_month == 10_000 * made.items.filter(pl.col("household_id") < "H0020").height
    assert told.unmet_month > 10_000 * told.lanes["gap"] > 0


def test_without_a_model_nothing_is_expected_and_the_cost_is_told_all_the_same() -> None:
    bare = drafted(households(10), FOUND, team=staff({"Ana": 5}))
    told = totals(bare, findings(FOUND), candidates(households(10)).select("household_id", "region"))
    assert (told.expected, told.low, told.high) == (None, None, None)
    assert told.visits == 4


def test_who_enters_and_leaves_is_told_with_finds_and_amounts_by_lane_and_mark() -> None:
    many, few = draft(POLICY), draft(FEWER)
    marks = regions().select("household_id", area=pl.col("region"))
    rows = exchanged(many, few, marks, findings(FOUND))
    everybody = rows.row(0, named=True)
    gone = many.items.join(few.items, on="household_id", how="anti")
    come = few.items.join(many.items, on="household_id", how="anti")
    assert (everybody["enters"], everybody["leaves"]) == (come.height, gone.height)
    assert everybody["finds_out"] == pytest.approx(gone["chance"].sum())
    assert everybody["unmet_out"] == 10_000 * gone.filter(pl.col("household_id") < "H0020").height
    for by in ("lane", "area"):
        part = rows.filter(by=by)
        assert part["leaves"].sum() == gone.height
        assert part["finds_out"].drop_nulls().sum() == pytest.approx(gone["chance"].sum())
        assert part["unmet_out"].sum() == everybody["unmet_out"]


def test_the_same_policy_moves_nobody() -> None:
    marks = regions().select("household_id", area=pl.col("region"))
    assert exchanged(draft(MORE_GAPS), draft(MORE_GAPS), marks, findings(FOUND)).is_empty()
