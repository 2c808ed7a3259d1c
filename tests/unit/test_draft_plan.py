"""The plan from night to night: what is held, what changed, who is listed in vain, who is on duty, the desk."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import draft_cases
import polars as pl
import pytest
from draft_cases import DAY, POLICY, event, gap, households, reason, staff

from engine.workplace import read_calendar
from outreach.drafting import Draft
from outreach.plan import HISTORY_SCHEMA
from outreach.policy import Policy
from outreach.sharing import Staff

CN = read_calendar("cn")
SATURDAY = date(2025, 6, 14)


def earlier(rows: list[dict[str, Any]]) -> pl.DataFrame:
    blank = dict.fromkeys(HISTORY_SCHEMA)
    return pl.DataFrame([{**blank, "listings": 0, **row} for row in rows], schema=HISTORY_SCHEMA)


def drafted_before(households: range, lane: str = "risk", worker: str = "Ana") -> list[dict[str, Any]]:
    return [
        {"household_id": f"H{n:04d}", "state": "drafted", "caseworker_id": worker, "lane": lane} for n in households
    ]


def drafted(people: list[Any], history: Sequence[Any] = (), **more: Any) -> Draft:
    return draft_cases.drafted(people, history=earlier(list(history)), **more)


def in_lane(draft: Draft, lane: str) -> set[str]:
    return set(draft.items.filter(pl.col("lane").cast(pl.String) == lane)["household_id"])


BETTER = [*households(18, poverty_priority=0.1), *households(60, 18, poverty_priority=0.9)]


def test_until_a_plan_is_released_three_in_ten_of_its_places_may_change_by_rank() -> None:
    first = drafted(households(18))
    assert in_lane(first, "risk") | in_lane(first, "random") == {f"H{n:04d}" for n in range(18)}
    again = drafted(BETTER, drafted_before(range(16)))
    kept = in_lane(again, "risk") & {f"H{n:04d}" for n in range(16)}
    assert len(kept) == 12  # of 16 at most 4.8 may go
    freely = Policy.from_toml(POLICY.text.replace("churn = { value = 0.3", "churn = { value = 1.0"))
    assert not in_lane(drafted(BETTER, drafted_before(range(16)), policy=freely), "risk") & kept


def test_nobody_is_held_who_may_not_be_visited_or_is_in_the_lane_no_more() -> None:
    gone = [{"household_id": "H0000", "state": "opted_out", "since": DAY, "outcome": None}]
    draft = drafted(BETTER, drafted_before(range(16)), open_work=gone)
    assert reason(draft, "H0000") == "opted_out"
    supported = [{**BETTER[0], "unsupported": False}, *BETTER[1:]]
    assert "H0000" not in in_lane(drafted(supported, drafted_before(range(1))), "risk")


def test_urgent_cases_are_added_whatever_is_held() -> None:
    found = [event(f"H{n:04d}", urgent=True) for n in range(40, 60)]
    draft = drafted(BETTER, drafted_before(range(16)), found=found)
    assert len(in_lane(draft, "urgent")) == 20


def test_a_held_household_stays_with_its_caseworker() -> None:
    team = staff({"Ana": 25, "Ben": 25}, [("Ana", "990101"), ("Ben", "990101")])
    history = drafted_before(range(12), worker="Ben")
    items = drafted(BETTER, history, team=team).items
    held = items.filter(pl.col("household_id").is_in([row["household_id"] for row in history]))
    assert held.height >= 8
    assert set(held["caseworker_id"]) == {"Ben"}


def test_what_is_new_what_left_and_why_is_told() -> None:
    history = [
        *drafted_before(range(4)),
        {"household_id": "H0070", "state": "open", "caseworker_id": "Ana", "lane": "gap"},
        {"household_id": "H0071", "state": "done", "caseworker_id": "Ana", "lane": "gap"},
        {"household_id": "H0900", "state": "drafted", "caseworker_id": "Ana", "lane": "gap"},
    ]
    work = [
        {"household_id": "H0070", "state": "open_item", "since": DAY - timedelta(days=1), "outcome": None},
        {"household_id": "H0003", "state": "opted_out", "since": DAY, "outcome": None},
    ]
    churn = drafted(BETTER, history, open_work=work).churn
    assert churn is not None
    assert churn.left["done"] == churn.left["opted_out"] == churn.left["not_known"] == 1
    assert churn.kept == 4  # one that waits, and three of whom none may go
    assert sum(churn.new.values()) == 20 - 3
    assert drafted(BETTER).churn is None


@pytest.mark.parametrize(
    ("row", "vain"),
    [
        ({"listings": 3, "first_listed": 20, "last_listed": 5}, True),
        ({"listings": 2, "first_listed": 20, "last_listed": 5}, False),
        ({"listings": 1, "first_listed": 57, "last_listed": 57}, True),
        ({"listings": 9, "first_listed": 300, "last_listed": 60}, False),
        ({"listings": 0, "first_listed": None, "last_listed": None}, False),
    ],
    ids=["three lists", "two lists", "eight weeks", "the desk has slept", "no list"],
)
def test_a_household_listed_in_vain_goes_to_the_desk_instead_of_on_a_list(row: dict[str, Any], vain: bool) -> None:
    days = {
        name: None if row[name] is None else DAY - timedelta(days=row[name])
        for name in ("first_listed", "last_listed")
    }
    draft = drafted(
        households(60), [{"household_id": "H0000", "listings": row["listings"], **days}], found=[gap("H0000")]
    )
    assert ("H0000" in in_lane(draft, "gap")) is not vain
    queued = draft.desk.filter(kind="repeated")
    assert queued["household_id"].to_list() == (["H0000"] if vain else [])
    if vain:
        assert reason(draft, "H0000") == "escalated"
        assert queued["due_on"].item() > DAY


def test_something_urgent_that_is_new_brings_the_visitor_all_the_same() -> None:
    row = {
        "household_id": "H0000",
        "listings": 5,
        "first_listed": DAY - timedelta(40),
        "last_listed": DAY - timedelta(2),
    }
    assert "H0000" in in_lane(drafted(households(60), [row], found=[event("H0000", urgent=True)]), "urgent")
    old = event("H0000", urgent=True, known_on=DAY - timedelta(days=3))
    assert reason(drafted(households(60), [row], found=[old]), "H0000") == "escalated"


def test_findings_for_the_desk_open_no_lane_and_are_due_in_twenty_working_days() -> None:
    found = [
        {**gap("H0000", code="MIS-01"), "known_on": DAY},
        {**gap("H0001", code="DUP-07"), "known_on": DAY, "urgent": True},
    ]
    people = [{**each, "unsupported": False} for each in households(60)]
    draft = drafted(people, found=found, team=staff({"Ana": 5}))
    assert set(draft.items["lane"].cast(pl.String)) == {"random"}
    assert draft.desk.select("kind", "code", "household_id", "due_on").rows() == [
        ("MIS", "MIS-01", "H0000", date(2025, 7, 7)),
        ("DUP", "DUP-07", "H0001", date(2025, 7, 7)),
    ]


def test_findings_that_come_apart_from_the_others_are_for_the_desk_as_well() -> None:
    found = draft_cases.findings([gap("H0000", code="DUP-01")])
    draft = drafted(households(30, unsupported=False), reviews=found)
    assert draft.desk["code"].to_list() == ["DUP-01"]
    assert set(draft.items["lane"].cast(pl.String)) == {"random"}


def test_what_is_reviewed_keeps_the_due_date_that_it_got_first() -> None:
    people, found = households(30, unsupported=False), [gap("H0000", code="DUP-01"), gap("H0001", code="DUP-01")]
    first = drafted(people, found=found[:1], day=DAY).desk
    later = drafted(people, found=found, day=DAY + timedelta(days=7), queued=first).desk
    assert later["due_on"].to_list() == [date(2025, 7, 7), date(2025, 7, 14)]


def test_urgent_visits_beyond_capacity_are_listed_and_told_to_the_desk() -> None:
    found = [event(f"H{n:04d}", urgent=True) for n in range(30)]
    draft = drafted(households(60), found=found)
    assert len(in_lane(draft, "urgent")) == 30
    assert draft.desk.filter(kind="over_capacity").height == 10
    assert set(draft.desk["caseworker_id"]) == {"Ana"}


def test_a_visit_whose_time_has_run_out_and_one_that_has_become_urgent_are_told_to_the_desk() -> None:
    yesterday = DAY - timedelta(days=1)
    history = [
        {"household_id": name, "state": "open", "caseworker_id": "Ana", "lane": "gap", "due_on": due}
        for name, due in (("H0000", yesterday), ("H0001", DAY), ("H0002", DAY))
    ]
    work = [
        {"household_id": f"H000{n}", "state": "open_item", "since": DAY - timedelta(days=9), "outcome": None}
        for n in range(3)
    ]
    draft = drafted(households(30), history, found=[event("H0002", urgent=True)], open_work=work)
    assert draft.desk.select("kind", "household_id").rows() == [("risen", "H0002"), ("overdue", "H0000")]


def roster(first: date, last: date, region: str = "990101") -> Staff:
    team = staff({"Ana": 25, "Rita": 25}, [("Ana", "990101001"), ("Rita", "880")])
    duty = pl.DataFrame([("Rita", region, first, last)], schema=team.duty.schema, orient="row")
    return Staff(team.caseworkers, team.areas, team.leave, duty)


URGENT = [event("H0000", urgent=True), gap("H0001")]


def visitor(draft: Draft, household: str) -> str:
    return str(draft.items.filter(household_id=household)["caseworker_id"].item())


def test_on_days_when_nobody_works_urgent_visits_go_to_whoever_is_on_duty() -> None:
    team = roster(SATURDAY, SATURDAY)
    draft = drafted(households(30), found=URGENT, team=team, day=SATURDAY, calendar=CN)
    assert visitor(draft, "H0000") == "Rita"
    assert visitor(draft, "H0001") == "Ana"
    assert visitor(drafted(households(30), found=URGENT, team=team, day=DAY, calendar=CN), "H0000") == "Ana"


def test_a_holiday_without_a_roster_leaves_urgent_visits_with_the_team() -> None:
    draft = drafted(households(30), found=URGENT, team=roster(DAY, DAY), day=SATURDAY, calendar=CN)
    assert visitor(draft, "H0000") == "Ana"


def test_event_visits_wait_for_the_working_day_that_lies_in_their_three_days() -> None:
    found = [event("H0000")]
    over_the_weekend = drafted(
        households(9), found=found, team=roster(SATURDAY, SATURDAY), day=SATURDAY, calendar=CN
    )
    assert visitor(over_the_weekend, "H0000") == "Ana"
    festival = date(2026, 2, 16)
    then = event("H0000", happened_on=festival, known_on=festival)
    draft = drafted(households(9), found=[then], team=roster(festival, festival), day=festival, calendar=CN)
    assert visitor(draft, "H0000") == "Rita"


def test_whoever_is_on_duty_stands_in_where_everybody_is_away_or_nobody_serves() -> None:
    team = roster(SATURDAY, SATURDAY, region="99")
    far = {**households(1)[0], "household_id": "H0500", "region": "990909001001", "area": "990909001"}
    found = [event("H0500", urgent=True), gap("H0500")]
    draft = drafted([*households(9), far], found=found, team=team, day=SATURDAY, calendar=CN)
    assert visitor(draft, "H0500") == "Rita"
    assert draft.unserved == {"990909001": 1}
    weekday = drafted([*households(9), far], found=found, team=team, calendar=CN)
    assert reason(weekday, "H0500") == "no_caseworker"


def test_an_urgent_visit_where_nobody_serves_waits_at_the_desk_and_keeps_its_clock() -> None:
    far = {**households(1)[0], "household_id": "H0500", "region": "990909001001", "area": "990909001"}
    calm = {**far, "household_id": "H0501"}
    late = {**far, "household_id": "H0502"}
    found = [event("H0500", urgent=True), event("H0502"), gap("H0501")]
    first = drafted([*households(9), far, calm, late], found=found)
    alone = first.desk.filter(kind="nobody")
    assert alone.select("household_id", "since", "due_on").rows() == [
        ("H0500", DAY, DAY + timedelta(days=1)),
        ("H0502", DAY, DAY + timedelta(days=3)),
    ]
    later = drafted([*households(9), far, calm, late], found=found, day=DAY + timedelta(days=2), queued=first.desk)
    assert later.desk.filter(kind="nobody").equals(alone)
    away = [("Ana", DAY - timedelta(days=9), DAY + timedelta(days=30))]
    everybody = drafted(households(3), found=[event("H0001", urgent=True)], team=staff({"Ana": 9}, leave=away))
    assert everybody.desk["kind"].to_list() == ["nobody"]
    assert everybody.items.is_empty()
