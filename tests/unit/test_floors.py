"""A floor for each group on a list: who comes on it, in which order, and that nothing else moves."""

import polars as pl
import pytest

from outreach.floors import with_floors


def ranked(groups: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "household_id": [f"h{number}" for number in range(len(groups))],
            "group": [g.strip() or None for g in groups],
        }
    )


def order(groups: str, **how: float) -> str:
    return "".join(each or " " for each in with_floors(ranked(groups), **how)["group"])  # type: ignore[arg-type]


def test_the_best_of_a_group_below_its_floor_come_on_the_list_and_the_last_of_the_others_leave_it() -> None:
    changed = with_floors(ranked("aaaaabbbbbaaaaa"), length=4, pool=10, floor=1.0)
    assert changed["household_id"].to_list()[:4] == ["h0", "h1", "h5", "h6"]
    assert changed["household_id"].to_list()[4:] == [
        "h2",
        "h3",
        "h4",
        "h7",
        "h8",
        "h9",
        *(f"h{n}" for n in range(10, 15)),
    ]


def test_a_floor_of_nothing_and_a_floor_that_is_met_change_nothing() -> None:
    given = ranked("abababababab")
    assert with_floors(given, length=4, pool=8, floor=0.0).equals(given)
    assert with_floors(given, length=4, pool=8, floor=1.0).equals(given)


def test_a_floor_is_a_part_of_the_share_of_the_pool_rounded_down() -> None:
    assert order("aaaaaaaabb", length=5, pool=10, floor=1.0)[:5] == "aaaab"
    assert order("aaaaaaaabb", length=5, pool=10, floor=0.9)[:5] == "aaaaa"
    assert order("aaaaaaaabb", length=10, pool=10, floor=1.0) == "aaaaaaaabb"


def test_those_of_whom_the_group_is_not_recorded_have_a_floor_too() -> None:
    assert order("aaaa    aa", length=4, pool=8, floor=1.0)[:4] == "aa  "


@pytest.mark.parametrize("length", [0, 3, 50])
def test_everybody_stays_whatever_the_length(length: int) -> None:
    given = ranked("abcabcaaab")
    changed = with_floors(given, length=length, pool=5, floor=0.8)
    assert changed.sort("household_id").equals(given.sort("household_id"))
