"""Whose round a visit is on: as few villages for each caseworker as can be, and loads as they were."""

from collections import Counter
from itertools import product
from typing import Any

import polars as pl
from draft_cases import KEY, drafted, event, gap, households, staff
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.rounds import rounds, stops
from outreach.sharing import Given

PAIR = staff({"Ana": 25, "Ben": 25}, [("Ana", "990101001"), ("Ben", "990101001")])
FOUR = [
    person
    for village in range(4)
    for person in households(30, 30 * village, region=f"99010100100{village}", area="990101001")
]


def places(villages: list[int], teams: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "household_id": [f"H{n}" for n in range(len(villages))],
            "region": [f"99010100100{village}" for village in villages],
            "team": [list(team) for team in teams],
        }
    )


def load(visits: list[Given]) -> Counter[Any]:
    alarms = ("urgent", "event")
    return Counter((v.caseworker_id, v.lane if v.lane in alarms else "planned", v.over_capacity) for v in visits)


def test_two_caseworkers_of_one_town_divide_its_villages_and_not_each_village() -> None:
    draft = drafted(FOUR, [gap(person["household_id"]) for person in FOUR], team=PAIR)
    regions = {person["household_id"]: person["region"] for person in FOUR}
    rows = draft.items.select("household_id", "caseworker_id").rows()
    assert Counter(worker for _, worker in rows) == {"Ana": 20, "Ben": 20}
    assert len({(worker, regions[household]) for household, worker in rows}) <= 5


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_the_stops_are_as_few_as_any_way_with_the_same_loads_has(data: st.DataObject) -> None:
    many = data.draw(st.integers(1, 6))
    villages = data.draw(st.lists(st.integers(0, 3), min_size=many, max_size=many))
    teams = data.draw(st.lists(st.sampled_from(["AB", "A", "AC", "ABC", "BC"]), min_size=many, max_size=many))
    lanes = data.draw(st.lists(st.sampled_from(["urgent", "gap", "risk"]), min_size=many, max_size=many))
    before = [
        Given(f"H{n}", data.draw(st.sampled_from(teams[n])), lanes[n], over_capacity=False) for n in range(many)
    ]
    where = places(villages, teams)
    after = rounds(before, where, {}, KEY)
    assert load(after) == load(before)
    assert [(v.household_id, v.lane) for v in after] == [(v.household_id, v.lane) for v in before]
    assert all(v.caseworker_id in teams[n] for n, v in enumerate(after))
    ways = (
        [
            Given(one.household_id, worker, one.lane, over_capacity=False)
            for one, worker in zip(before, way, strict=True)
        ]
        for way in product(*teams)
    )
    assert stops(after, where) == min(stops(way, where) for way in ways if load(way) == load(before))


def test_who_is_pinned_stays() -> None:
    before = [Given(f"H{n}", "AB"[n % 2], "gap", over_capacity=False) for n in range(8)]
    where = places([0, 0, 1, 1, 2, 2, 3, 3], ["AB"] * 8)
    pinned = {"H0": "A", "H1": "B"}
    after = {v.household_id: v.caseworker_id for v in rounds(before, where, pinned, KEY)}
    assert (after["H0"], after["H1"]) == ("A", "B")
    assert stops(rounds(before, where, {}, KEY), where) == 4


def test_who_works_alone_has_nothing_to_share() -> None:
    before = [Given(f"H{n}", "A", "gap", over_capacity=False) for n in range(8)]
    assert rounds(before, places([0, 1] * 4, ["A"] * 8), {}, KEY) == before


def test_the_order_of_rows_does_not_change_the_rounds() -> None:
    found = [gap(person["household_id"]) for person in FOUR] + [event("H0003", urgent=True)]
    first, again = drafted(FOUR, found, team=PAIR), drafted(FOUR[::-1], found[::-1], team=PAIR)
    assert first.items.equals(again.items)


def test_the_lottery_draws_the_same_households_whoever_visits_them() -> None:
    alone = drafted(FOUR, team=staff({"Ana": 50}))
    shared = drafted(FOUR, team=PAIR)
    for draft in (alone, shared):
        recorded = pl.concat(
            [
                draft.items.filter(pl.col("lane").cast(pl.String) == "random")["inclusion_probability"],
                draft.left_out["inclusion_probability"],
            ]
        )
        assert abs(recorded.sum() - 4) < 1e-6
