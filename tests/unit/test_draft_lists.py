"""Drafting: who is left out and why, lanes and shares, spill, capacity, teams, the lottery, ties."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from draft_cases import (
    DAY,
    KEY,
    POLICY,
    candidates,
    drafted,
    event,
    findings,
    gap,
    households,
    lanes,
    reason,
    staff,
)

from outreach.drafting import REASONS, draft_lists
from outreach.policy import Policy

SILENT = {"never_applied": True, "digital_trace": "none"}
MANY = [*households(100), *households(40, 100, **SILENT)]
GAPS = [gap(f"H{n:04d}") for n in range(30)]
DUE = [
    {"household_id": f"H{n:04d}", "state": "visited", "since": DAY - timedelta(days=40), "outcome": "V12"}
    for n in range(40, 60)
]


def test_places_are_shared_out_as_the_policy_says() -> None:
    draft = drafted(MANY, GAPS, DUE)
    assert lanes(draft) == {"gap": 8, "random": 2, "recheck": 4, "risk": 4, "silent": 2}


def test_capacity_is_a_fifth_less_than_the_week() -> None:
    assert drafted(MANY, GAPS, DUE, staff({"Ana": 10})).items.height == 8


def test_what_is_planned_this_week_is_not_planned_again() -> None:
    assert drafted(MANY, GAPS, DUE, staff(planned=15)).items.height == 5
    assert drafted(MANY, GAPS, DUE, staff(planned=20)).items.is_empty()


@pytest.mark.parametrize(
    ("found", "work", "people", "expect"),
    [
        (GAPS, [], MANY, {"gap": 12, "random": 2, "risk": 4, "silent": 2}),
        (GAPS[:3], DUE, MANY, {"gap": 3, "random": 2, "recheck": 4, "risk": 9, "silent": 2}),
        ([], [], households(100), {"random": 2, "risk": 18}),
        ([], [], households(100, unsupported=False), {"random": 20}),
        ([], [], [*households(3), *households(90, 3, unsupported=False)], {"random": 17, "risk": 3}),
    ],
    ids=["rechecks to gap", "gap to risk", "all to risk", "all to the lottery", "the rest to the lottery"],
)
def test_places_that_a_lane_cannot_use_spill(
    found: list[Any], work: list[Any], people: list[Any], expect: dict[str, int]
) -> None:
    assert lanes(drafted(people, found, work)) == expect


def test_urgent_and_event_go_first_and_are_not_capped() -> None:
    found = [event(f"H{n:04d}", urgent=True) for n in range(12)] + [event(f"H{n:04d}") for n in range(12, 30)]
    draft = drafted(MANY, [*GAPS, *found])
    assert lanes(draft) == {"event": 18, "random": 1, "urgent": 12}
    assert draft.items.filter("over_capacity").height == 10
    assert draft.items.sort("position")["lane"].cast(pl.String).to_list()[:12] == ["urgent"] * 12


def test_emergencies_at_the_head_of_the_ranking_leave_the_places_of_the_risk_lane_to_the_next() -> None:
    people = [*households(30, poverty_priority=0.9), *households(100, start=100, poverty_priority=0.5)]
    found = [event(f"H{n:04d}", urgent=True) for n in range(30)]
    draft = drafted(people, found, team=staff({"Ana": 50}))
    assert lanes(draft) == {"random": 2, "risk": 9, "urgent": 30}


def test_a_lottery_of_a_twentieth_is_left_when_emergencies_take_all_places() -> None:
    found = [event(f"H{n:04d}", urgent=True) for n in range(50)]
    draft = drafted(MANY, found)
    assert draft.left_out["inclusion_probability"].min() > 0  # type: ignore[operator]
    total = draft.left_out["inclusion_probability"].sum() + draft.items["inclusion_probability"].sum()
    assert total == pytest.approx(0.05 * 20, abs=1e-6)


@pytest.mark.parametrize(
    ("weight", "known", "happened", "expect"),
    [(3.0, 0, 0, "event"), (2.0, 0, 0, None), (3.0, 31, 40, None), (3.0, 5, 91, None), (3.0, 30, 90, "event")],
)
def test_which_events_open_the_event_lane(weight: float, known: int, happened: int, expect: str | None) -> None:
    found = event(
        "H0000", weight=weight, known_on=DAY - timedelta(days=known), happened_on=DAY - timedelta(days=happened)
    )
    rows = drafted(MANY, [found]).items.filter(lane="event")
    assert (rows["lane"].item() if rows.height else None) == expect


def work(state: str, days: int = 1, outcome: str | None = None) -> list[dict[str, Any]]:
    return [{"household_id": "H0000", "state": state, "since": DAY - timedelta(days=days), "outcome": outcome}]


@pytest.mark.parametrize(
    ("open_work", "expect"),
    [
        (work("open_item"), "open_item"),
        (work("opted_out"), "opted_out"),
        (work("deceased"), "deceased"),
        (work("moved"), "moved"),
        (work("visited", 1, "V60"), "deceased"),
        (work("visited", 1, "V41"), "moved"),
        (work("visited", 89, "V31"), "cool_down"),
        ([*work("visited", 1, "V31"), *work("opted_out")], "opted_out"),
        ([*work("open_item"), *work("opted_out"), *work("deceased")], "deceased"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_may_not_be_visited_is_left_out_with_the_reason(open_work: list[Any], expect: str) -> None:
    draft = drafted(MANY, [gap("H0000", score=99.0)], open_work)
    assert reason(draft, "H0000") == expect
    assert draft.left_out.filter(household_id="H0000")["inclusion_probability"].item() is None


def test_a_cool_down_ends_on_its_day_and_says_when() -> None:
    still = drafted(MANY, [gap("H0000", score=99.0)], work("visited", 89, "V31"))
    assert still.left_out.filter(household_id="H0000")["until"].item() == DAY + timedelta(days=1)
    over = drafted(MANY, [gap("H0000", score=99.0)], work("visited", 90, "V31"))
    assert over.items.filter(household_id="H0000")["lane"].item() == "gap"


def test_who_is_left_after_a_death_is_not_shut_out_for_life() -> None:
    dead = drafted(MANY, [gap("H0000", score=99.0)], work("visited", 29, "V60"))
    assert reason(dead, "H0000") == "deceased"
    left = drafted(MANY, [gap("H0000", score=99.0)], work("visited", 30, "V60"))
    assert left.items.filter(household_id="H0000")["lane"].item() == "gap"


def test_of_several_visits_the_newest_counts() -> None:
    both = [*work("visited", 300, "V31"), *work("visited", 5, "V32")]
    assert reason(drafted(MANY, [], both), "H0000") == "cool_down"


@pytest.mark.parametrize(
    ("known", "lane"), [(0, "urgent"), (10, None)], ids=["after the visit", "before the visit"]
)
def test_an_emergency_known_after_the_visit_breaks_the_cool_down(known: int, lane: str | None) -> None:
    found = event("H0000", urgent=True, known_on=DAY - timedelta(days=known))
    rows = drafted(MANY, [found], work("visited", 5, "V31")).items.filter(household_id="H0000")
    assert (rows["lane"].item() if rows.height else None) == lane


def test_nothing_breaks_a_wish_not_to_be_visited() -> None:
    assert reason(drafted(MANY, [event("H0000", urgent=True)], work("opted_out")), "H0000") == "opted_out"


def test_the_risk_lane_leaves_out_those_who_are_supported_already() -> None:
    people = [*households(30, poverty_priority=0.9, unsupported=False), *households(30, 30)]
    draft = drafted(people)
    listed = draft.items.filter(lane="risk")["household_id"].to_list()
    assert all(household >= "H0030" for household in listed)
    left = draft.left_out.filter(pl.col("household_id") < "H0030")
    assert set(left["reason"]) == {"already_supported"}
    assert left["inclusion_probability"].min() > 0  # type: ignore[operator]


def test_supported_households_with_an_open_finding_may_be_in_the_risk_lane() -> None:
    people = [*households(1, poverty_priority=0.9, unsupported=False), *households(30, 1)]
    old = event("H0000", weight=1.0, code="EV-MED3")
    assert drafted(people, [old]).items.filter(household_id="H0000")["lane"].item() == "risk"


def test_one_visit_per_household_however_many_findings() -> None:
    found = [gap("H0000"), gap("H0000", code="GAP-GL"), event("H0000"), event("H0000", urgent=True)]
    draft = drafted(MANY, found)
    assert draft.items.filter(household_id="H0000")["lane"].to_list() == ["urgent"]


def test_without_scores_the_risk_lane_follows_the_income_line_and_says_so() -> None:
    people = [
        {"household_id": f"H{n:04d}", "poverty_priority": None, "emergency_priority": None, "income_ratio": n / 10}
        for n in range(60)
    ]
    draft = drafted(people)
    assert draft.basis == "rules_and_income_line"
    assert sorted(draft.items.filter(lane="risk")["household_id"]) == [f"H{n:04d}" for n in range(18)]
    assert drafted(MANY).basis == "model"


def test_an_unknown_income_stands_where_its_peers_stand() -> None:
    people = [
        {
            "household_id": f"H{n:04d}",
            "poverty_priority": None,
            "emergency_priority": None,
            "income_ratio": ratio,
            "stratum": stratum,
        }
        for n, (ratio, stratum) in enumerate(
            [(None, "poor peers")] + [(0.5, "poor peers")] * 5 + [(None, "rich peers")] + [(9.0, "rich peers")] * 50
        )
    ]
    risk = drafted(people, team=staff({"Ana": 10})).items.filter(lane="risk")["household_id"].to_list()
    assert "H0000" in risk
    assert "H0006" not in risk


def test_areas_are_respected_and_the_longest_prefix_decides() -> None:
    people = [*households(40), *households(40, 40, region="990101002001", area="990101002")]
    team = staff({"Ana": 10, "Ben": 10}, [("Ana", "990101"), ("Ben", "990101002")])
    items = drafted(people, team=team).items
    assert all(h < "H0040" for h in items.filter(caseworker_id="Ana")["household_id"])
    assert all(h >= "H0040" for h in items.filter(caseworker_id="Ben")["household_id"])
    assert items.height == 16


def test_an_area_without_a_caseworker_is_named() -> None:
    people = [*MANY, *households(1, 900, region="770101001001")]
    assert reason(drafted(people), "H0900") == "no_caseworker"


def test_deputies_stand_in_for_a_caseworker_on_leave() -> None:
    away = [("Ana", DAY, DAY + timedelta(days=20))]
    team = staff({"Ana": 25, "Ben": 25}, [("Ana", "990101001"), ("Ben", "990101")], away)
    assert set(drafted(MANY, GAPS, team=team).items["caseworker_id"]) == {"Ben"}
    alone = drafted(MANY, GAPS, team=staff(leave=away))
    assert set(alone.left_out["reason"]) == {"caseworker_on_leave"}


def test_a_part_of_a_week_on_leave_takes_its_part_of_the_places() -> None:
    two_days = [("Ana", DAY, DAY + timedelta(days=1))]
    assert drafted(MANY, GAPS, team=staff(leave=two_days)).items.height == 12


@pytest.mark.parametrize("capacities", [(25, 25), (25, 10), (5, 20)])
def test_caseworkers_of_one_area_share_the_work_by_capacity(capacities: tuple[int, int]) -> None:
    team = staff(dict(zip(("Ana", "Ben"), capacities, strict=True)), [("Ana", "990101"), ("Ben", "990101")])
    counted = dict(drafted(MANY, GAPS, DUE, team).items["caseworker_id"].value_counts().iter_rows())
    assert counted == {"Ana": int(capacities[0] * 0.8), "Ben": int(capacities[1] * 0.8)}


def test_urgent_visits_go_to_whoever_has_most_room() -> None:
    team = staff({"Ana": 25, "Ben": 5}, [("Ana", "990101"), ("Ben", "990101")])
    found = [event(f"H{n:04d}", urgent=True) for n in range(10)]
    counted = drafted(MANY, found, team=team).items.filter(lane="urgent")["caseworker_id"].value_counts()
    assert dict(counted.iter_rows()) == {"Ana": 10}


def test_the_probabilities_of_the_lottery_add_up_to_its_places() -> None:
    draft = drafted(MANY, GAPS, DUE)
    recorded = pl.concat(
        [draft.items.filter(lane="random")["inclusion_probability"], draft.left_out["inclusion_probability"]]
    )
    assert recorded.null_count() == 0
    assert recorded.min() > 0  # type: ignore[operator]
    assert recorded.sum() == pytest.approx(2, abs=1e-6)
    assert draft.items.filter(pl.col("lane") != "random")["inclusion_probability"].null_count() == 18


def test_a_household_of_which_nothing_is_known_is_drawn_twice_as_often() -> None:
    people = [*households(50, unsupported=False), *households(50, 50, unsupported=False, blank_share=1.0)]
    every = pl.concat([drafted(people).items, drafted(people).left_out], how="diagonal").unique("household_id")
    known = every.filter(household_id="H0000")["inclusion_probability"].item()
    unknown = every.filter(household_id="H0050")["inclusion_probability"].item()
    assert unknown == pytest.approx(2 * known, rel=1e-6)


def test_over_many_keys_everybody_is_drawn_as_often_as_recorded() -> None:
    people = households(60, unsupported=False)
    drawn: dict[str, int] = dict.fromkeys((p["household_id"] for p in people), 0)
    rounds = 150
    for number in range(rounds):
        for household in drafted(people, team=staff({"Ana": 15}), key=str(number).encode()).items["household_id"]:
            drawn[household] += 1
    assert sum(drawn.values()) == rounds * 12
    expected = 12 / 60 * rounds
    assert min(drawn.values()) > expected - 4 * (expected * 0.8) ** 0.5
    assert max(drawn.values()) < expected + 4 * (expected * 0.8) ** 0.5


def test_ties_are_broken_by_the_key_and_by_nothing_else() -> None:
    people = households(60)
    first, again = drafted(people), drafted(list(reversed(people)))
    assert first.items.equals(again.items)
    assert first.left_out.equals(again.left_out)
    assert not first.items.equals(drafted(people, key=b"another key").items)


def test_the_place_on_a_list_does_not_tell_the_lane() -> None:
    ordered = drafted(MANY, GAPS, DUE).items.sort("position")["lane"].cast(pl.String).to_list()
    assert ordered != sorted(ordered, key=ordered.index)
    assert ordered[-2:] != ["random", "random"]


@pytest.mark.parametrize(("codes", "lane"), [(["EV-INC1"], None), (["EV-INC1", "EV-MED6"], "event")])
def test_a_fall_of_income_alone_opens_no_lane(codes: list[str], lane: str | None) -> None:
    found = [event("H0000", weight=3.0, code=code) for code in codes]
    rows = drafted(MANY, found).items.filter(household_id="H0000", lane="event")
    assert (rows["lane"].item() if rows.height else None) == lane


def test_due_dates_follow_the_clocks() -> None:
    items = drafted(MANY, [*GAPS, event("H0050"), event("H0051", urgent=True)]).items
    due = dict(items.select(pl.col("lane").cast(pl.String), "due_on").unique().iter_rows())
    assert (due["urgent"], due["event"]) == (date(2025, 6, 10), date(2025, 6, 12))
    assert due["gap"] == due["random"] == date(2025, 6, 23)


def test_positions_of_a_caseworker_run_from_one() -> None:
    items = drafted(MANY, GAPS, DUE).items
    assert items["position"].to_list() == list(range(1, 21))


def test_every_reason_is_one_of_the_list() -> None:
    draft = drafted([*MANY, *households(1, 900, region="770101001001")], GAPS, [*DUE, *work("open_item")])
    assert set(draft.left_out["reason"]) <= set(REASONS)


def test_a_bureau_without_findings_or_staff_loses_nobody() -> None:
    empty = drafted(MANY, team=staff(areas=[]))
    assert empty.items.is_empty()
    assert empty.left_out.height == len(MANY)


MISTAKES = [
    (
        "a missing column",
        lambda: draft_lists(
            candidates(MANY).drop("region"), findings([]), EMPTY, staff(), POLICY, business_date=DAY, key=KEY
        ),
        "candidates: missing region",
    ),
    ("a household twice", lambda: drafted([*households(1), *households(1)]), "a household stands twice"),
    ("an unknown state", lambda: drafted(MANY, [], work("visitted")), "a state is none of"),
    ("a visit without outcome", lambda: drafted(MANY, [], work("visited")), "without an outcome"),
    ("an unknown outcome", lambda: drafted(MANY, [], work("visited", 1, "V99")), "unknown outcome code"),
    ("no capacity", lambda: staff({"Ana": 0}), "a capacity is zero"),
    ("an area of somebody unknown", lambda: staff(areas=[("Zoe", "99")]), "names a caseworker whom"),
]
EMPTY = pl.DataFrame(schema={"household_id": pl.String, "state": pl.String, "since": pl.Date, "outcome": pl.String})


@pytest.mark.parametrize(("mistake", "make", "said"), MISTAKES, ids=[case[0] for case in MISTAKES])
def test_bad_input_is_refused_without_naming_anybody(mistake: str, make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        make()
    assert "H0" not in str(caught.value)


def test_another_policy_moves_the_shares() -> None:
    text = POLICY.text.replace("gap = { value = 0.40", "gap = { value = 0.20").replace(
        "risk = { value = 0.20", "risk = { value = 0.40"
    )
    assert lanes(drafted(MANY, GAPS, DUE, policy=Policy.from_toml(text))) == {
        "gap": 4,
        "random": 2,
        "recheck": 4,
        "risk": 8,
        "silent": 2,
    }


def test_a_gap_that_registers_make_certain_goes_before_a_heavier_one_that_rests_on_income_on_record() -> None:
    sure = [gap(f"H{n:04d}", code="GAP-GL", weight=1.0, score=1.0, near_certain=True) for n in range(50, 60)]
    unsure = [gap(f"H{n:04d}") for n in range(10)]
    draft = drafted(households(100), [*sure, *unsure])
    ranked = draft.items.filter(pl.col("lane").cast(pl.String) == "gap").sort("priority", descending=True)
    listed = ranked["household_id"].to_list()
    assert len(listed) > 2
    assert set(listed[:10]) <= {row["household_id"] for row in sure}
    heavier = [gap(f"H{n:04d}", score=9.0) for n in range(10)]
    turned = drafted(households(100), [*sure, *heavier]).items.filter(pl.col("lane").cast(pl.String) == "gap")
    first = turned.sort("priority", descending=True)["household_id"].to_list()
    assert set(first[:10]) <= {row["household_id"] for row in heavier}
