"""Floors for groups in the risk lane, their price, and ranking by the low end of the band."""

from typing import Any

import polars as pl
import pytest
from draft_cases import POLICY, drafted, gap, households, lanes, staff

from engine.report import shown
from outreach.drafting import Draft
from outreach.policy import Policy
from outreach.wording_drafting import sections

FLOOR = POLICY.text.replace('by = { value = "none"', 'by = { value = "area_kind"').replace(
    "part = { value = 0.8", "part = { value = 1.0"
)
WITH = Policy.from_toml(FLOOR)
LOW = Policy.from_toml(POLICY.text.replace('rank_by = { value = "estimate"', 'rank_by = { value = "low"'))


def likely(chance: float, low: float | None = None) -> dict[str, Any]:
    return {
        "poverty_priority": chance,
        "emergency_priority": None,
        "poverty_chance": chance,
        "poverty_low": chance / 2 if low is None else low,
        "poverty_high": min(1.0, 2 * chance),
    }


TOWN = households(60, floor_group="urban", **likely(0.4))
FIELD = households(40, 60, floor_group="rural", **likely(0.2))


def in_lane(draft: Draft, lane: str = "risk") -> set[str]:
    return set(draft.items.filter(pl.col("lane").cast(pl.String) == lane)["household_id"])


def rural(draft: Draft) -> int:
    return sum(household >= "H0060" for household in in_lane(draft))


def test_a_group_below_its_floor_gets_places_of_the_risk_lane_and_no_more_are_made() -> None:
    without, with_ = drafted([*TOWN, *FIELD]), drafted([*TOWN, *FIELD], policy=WITH)
    assert (rural(without), rural(with_)) == (0, 7)  # two fifths of 18, rounded down
    assert lanes(with_) == lanes(without) == {"random": 2, "risk": 18}


def test_the_price_is_the_true_finds_expected_without_and_with_the_floors() -> None:
    price = drafted([*TOWN, *FIELD], policy=WITH).floors
    assert price is not None
    assert price.exchanged == 7
    assert price.expected == pytest.approx((18 * 0.4, 11 * 0.4 + 7 * 0.2))
    assert price.groups == {"rural": (0, 7), "urban": (18, 11)}
    assert drafted([*TOWN, *FIELD]).floors is None


def test_the_best_of_the_group_come_and_the_last_of_the_others_go() -> None:
    better = [*TOWN[:-1], {**TOWN[-1], **likely(0.9)}, *FIELD[:-1], {**FIELD[-1], **likely(0.3)}]
    chosen = in_lane(drafted(better, policy=WITH))
    assert {"H0059", "H0099"} <= chosen


def test_other_lanes_and_their_households_stay_as_they_are() -> None:
    found = [gap(f"H{number:04d}") for number in range(20)]
    without, with_ = drafted([*TOWN, *FIELD], found), drafted([*TOWN, *FIELD], found, policy=WITH)
    assert in_lane(with_, "gap") == in_lane(without, "gap")
    assert rural(with_) > rural(without)


def test_a_floor_that_a_team_has_no_place_for_is_told_and_adds_none() -> None:
    far = [{**each, "region": "990101002001", "area": "990101002"} for each in FIELD]
    team = staff({"Ana": 25, "Ben": 2}, [("Ana", "990101001"), ("Ben", "990101002")])
    draft = drafted([*TOWN, *far], policy=WITH, team=team)
    assert draft.items.filter(caseworker_id="Ben").height <= 2
    assert draft.floors is not None
    assert draft.floors.unmet > 0


def test_the_lottery_s_probabilities_add_up_with_floors_too() -> None:
    draft = drafted([*TOWN, *FIELD], policy=WITH)
    recorded = pl.concat(
        [
            draft.items.filter(pl.col("lane").cast(pl.String) == "random")["inclusion_probability"],
            draft.left_out["inclusion_probability"],
        ]
    )
    assert recorded.sum() == pytest.approx(2, abs=1e-6)


def test_items_carry_the_chance_and_its_band() -> None:
    item = drafted([*TOWN, *FIELD]).items.filter(pl.col("lane").cast(pl.String) == "risk").row(0, named=True)
    assert (item["chance"], item["low"], item["high"]) == pytest.approx((0.4, 0.2, 0.8))
    bare = drafted(households(30)).items
    assert bare["chance"].null_count() == bare["low"].null_count() == bare.height


def test_ranked_by_the_low_end_what_is_known_surely_goes_before_what_may_be() -> None:
    sure, maybe = households(30, **likely(0.4, 0.35)), households(30, 30, **likely(0.6, 0.1))
    assert all(household >= "H0030" for household in in_lane(drafted([*sure, *maybe])))
    assert all(household < "H0030" for household in in_lane(drafted([*sure, *maybe], policy=LOW)))


def test_where_the_low_ends_are_equal_the_likelier_goes_first() -> None:
    people = [*households(30, **likely(0.4, 0.1)), *households(18, 30, **likely(0.6, 0.1))]
    assert in_lane(drafted(people, policy=LOW)) == {f"H{number:04d}" for number in range(30, 48)}


def test_without_a_band_the_estimate_ranks() -> None:
    people = [*households(30, poverty_priority=0.2), *households(18, 30, poverty_priority=0.6)]
    assert in_lane(drafted(people, policy=LOW)) == {f"H{number:04d}" for number in range(30, 48)}


def test_the_report_says_the_price_in_both_languages_and_nothing_without_floors() -> None:
    told = {
        "by": "area_kind",
        "part": 0.8,
        "visits": 200,
        "exchanged": 6,
        "expected": (80.0, 70.0),
    }
    ((heading, said),) = sections({"floors": told}, shown)
    assert heading.en == "Floors for groups"
    assert "≤ 7 households" in said[0].en
    assert "of 100 such visits 35.0" in said[1].en
    assert "40.0 户变为 35.0 户" in said[1].zh
    assert sections({}, shown) == sections({"floors": None}, shown) == []
