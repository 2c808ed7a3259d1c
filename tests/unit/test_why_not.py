"""Why a household is not in a lane: a sentence for each, in both languages."""

from typing import Any

import pytest

from outreach.planning import ALARMS, SHARED
from outreach.wording_whynot import Place, by_lot, why_not

ROW: dict[str, Any] = {"objected": False}


@pytest.mark.parametrize("lane", [*ALARMS, *SHARED])
def test_every_lane_has_a_sentence_for_who_is_not_in_it(lane: str) -> None:
    said = why_not(lane, ROW, None)
    assert said.zh
    assert said.en


def test_who_is_in_a_lane_is_told_the_place_and_how_far_the_list_went() -> None:
    said = why_not("risk", ROW, Place(rank=37, among=900, listed=4))
    assert said.en == "fits, number 37 of 900 in its order; 4 of them are on lists"
    assert "第 37 位" in said.zh


def test_who_stands_high_and_is_not_listed_learns_that_others_came_first() -> None:
    assert "held places came first" in why_not("risk", ROW, Place(rank=3, among=900, listed=4)).en


@pytest.mark.parametrize(("lane", "told"), [("risk", True), ("silent", True), ("gap", False)])
def test_an_objection_is_the_answer_in_lanes_that_a_model_ranks_only(lane: str, told: bool) -> None:
    assert ("objects" in why_not(lane, {"objected": True}, None).en) is told


def test_the_lottery_is_told_with_its_chance() -> None:
    assert by_lot(0.0125, drawn=False).en == "took part in the lottery with 1.250% and was not drawn"
    assert by_lot(0.0125, drawn=True).en == "drawn by lot"
    assert by_lot(None, drawn=False).en == "took no part in the lottery"
