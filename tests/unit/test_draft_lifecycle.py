"""Lists and items walk through one table."""

import pytest

from outreach.lifecycle import FINAL, TRANSITIONS, StepError, states, step


def test_a_list_is_released_by_a_reviewer_or_by_policy_and_not_by_a_caseworker() -> None:
    assert step("list", "drafted", "released", "reviewer").why
    assert step("list", "drafted", "released", "policy").why
    with pytest.raises(StepError, match="for policy, reviewer, not for caseworker"):
        step("list", "drafted", "released", "caseworker")


def test_a_step_that_is_not_in_the_table_names_those_that_are() -> None:
    with pytest.raises(StepError, match="may become closed"):
        step("list", "released", "drafted", "operator")


def test_a_held_list_goes_out_only_with_a_reason() -> None:
    with pytest.raises(StepError, match="needs a reason"):
        step("list", "held", "released", "reviewer", " ")
    assert step("list", "held", "released", "reviewer", "checked by phone").needs_reason


@pytest.mark.parametrize("subject", ["list", "item"])
def test_every_state_is_reached_and_only_final_ones_have_no_way_on(subject: str) -> None:
    mine = [t for t in TRANSITIONS if t.subject == subject]
    reached = {""}
    for _ in mine:
        reached |= {t.to_state for t in mine if t.from_state in reached}
    assert reached - {""} == set(states(subject))  # type: ignore[arg-type]
    stuck = set(states(subject)) - {t.from_state for t in mine}  # type: ignore[arg-type]
    assert stuck <= set(FINAL[subject])


def test_the_urgent_items_of_a_held_night_go_out() -> None:
    assert step("item", "drafted", "open", "night").why
