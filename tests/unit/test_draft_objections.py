"""A household that objects to being ranked is in no lane that a model orders, and in every other."""

from typing import Any

from draft_cases import DAY, drafted, gap, households

OBJECTS: list[dict[str, Any]] = [
    {"household_id": "H0000", "state": "objected", "since": DAY, "outcome": None},
]
RANKED_FIRST = [*households(1, poverty_priority=0.9), *households(60, 1)]


def lane_of(household: str, *draft_of: Any) -> str | None:
    items = drafted(*draft_of).items
    found = dict(items.select("household_id", "lane").iter_rows())
    return None if household not in found else str(found[household])


def test_whoever_is_ranked_first_and_objects_is_not_chosen_by_rank() -> None:
    assert lane_of("H0000", RANKED_FIRST, [], []) == "risk"
    assert lane_of("H0000", RANKED_FIRST, [], OBJECTS) in (None, "random")


def test_the_reason_is_recorded_with_the_chance_in_the_lottery() -> None:
    draft = drafted(RANKED_FIRST, [], OBJECTS)
    rows = {row["household_id"]: row for row in draft.left_out.iter_rows(named=True)}
    listed = set(draft.items["household_id"])
    assert "H0000" in listed or (rows["H0000"]["reason"], rows["H0000"]["inclusion_probability"] > 0) == (
        "objected",
        True,
    )


def test_a_gap_found_by_the_rules_is_visited_all_the_same() -> None:
    assert lane_of("H0000", RANKED_FIRST, [gap("H0000")], OBJECTS) == "gap"


def test_the_silent_lane_is_ranked_and_passes_by() -> None:
    silent = {"never_applied": True, "digital_trace": "none"}
    people = [*households(1, poverty_priority=0.9, **silent), *households(60, 1, **silent)]
    assert lane_of("H0000", people, [], OBJECTS) not in ("silent", "risk")
