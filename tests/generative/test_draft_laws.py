"""Laws of drafting over random nights."""

from datetime import date, timedelta
from typing import Any

import polars as pl
from draft_cases import DAY, drafted, event, gap, staff
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.candidates import CANDIDATE_COLUMNS
from outreach.drafting import REASONS

REGIONS = ["990101001001", "990101001002", "990101002001", "990102001001", "880000000000"]
WORKERS = ["Ana", "Ben", "Rita"]
LAWS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def night(draw: st.DrawFn) -> dict[str, Any]:
    number = draw(st.integers(0, 40))
    known = st.none() | st.floats(0, 1, allow_nan=False)
    people = [
        {
            "household_id": f"H{n:04d}",
            "region": (region := draw(st.sampled_from(REGIONS))),
            "area": region[:9],
            "stratum": draw(st.sampled_from("ab")),
            "poverty_priority": draw(known),
            "emergency_priority": draw(known),
            "income_ratio": draw(known),
            "unsupported": draw(st.none() | st.booleans()),
            "never_applied": draw(st.none() | st.booleans()),
            "digital_trace": draw(st.sampled_from([None, "none", "low", "normal"])),
            "blank_share": draw(known),
        }
        for n in range(number)
    ]
    some = st.integers(0, max(number, 1)).map(lambda n: f"H{n:04d}")
    found = draw(
        st.lists(
            st.one_of(
                some.map(gap),
                some.map(event),
                some.map(lambda h: event(h, urgent=True)),
            ),
            max_size=15,
        )
    )
    work = draw(
        st.lists(
            st.tuples(
                some,
                st.sampled_from(["open_item", "opted_out", "deceased", "moved", "V31", "V40", "V12", "V60", "V41"]),
                st.integers(0, 400),
            ).map(_work),
            max_size=15,
        )
    )
    capacities = {w: draw(st.integers(1, 15)) for w in WORKERS}
    areas = draw(
        st.lists(
            st.tuples(st.sampled_from(WORKERS), st.sampled_from(["99", "990101", "990101001", "990102"])),
            max_size=5,
        )
    )
    leave = draw(
        st.lists(st.tuples(st.sampled_from(WORKERS), st.integers(0, 9), st.integers(0, 9)).map(_leave), max_size=2)
    )
    return {"people": people, "found": found, "open_work": work, "team": staff(capacities, areas, leave)}


def _work(row: tuple[str, str, int]) -> dict[str, Any]:
    visited = row[1].startswith("V")
    return {
        "household_id": row[0],
        "state": "visited" if visited else row[1],
        "since": DAY - timedelta(days=row[2]),
        "outcome": row[1] if visited else None,
    }


def _leave(row: tuple[str, int, int]) -> tuple[str, date, date]:
    return row[0], DAY + timedelta(days=min(row[1:])), DAY + timedelta(days=max(row[1:]))


@LAWS
@given(night())
def test_every_household_of_the_night_is_in_exactly_one_of_items_and_left_out(given_night: dict[str, Any]) -> None:
    draft = drafted(**given_night)
    both = [*draft.items["household_id"], *draft.left_out["household_id"]]
    assert sorted(both) == sorted(person["household_id"] for person in given_night["people"])
    assert set(draft.left_out["reason"]) <= set(REASONS)


@LAWS
@given(night())
def test_nobody_plans_beyond_capacity_but_for_emergencies_and_a_part_of_a_lot(given_night: dict[str, Any]) -> None:
    draft = drafted(**given_night)
    team = given_night["team"]
    capacity = dict(team.caseworkers.select("caseworker_id", "capacity_week").iter_rows())
    pools = max(team.areas.height, 1)
    for (worker,), items in draft.items.group_by("caseworker_id"):
        shared = items.filter(~pl.col("lane").cast(pl.String).is_in(["urgent", "event"])).height
        assert shared <= int(capacity[str(worker)] * 0.8) + pools


@LAWS
@given(night())
def test_visits_stay_in_the_areas_of_the_caseworker(given_night: dict[str, Any]) -> None:
    draft = drafted(**given_night)
    regions = {person["household_id"]: person["region"] for person in given_night["people"]}
    served = given_night["team"].areas
    for household, worker in draft.items.select("household_id", "caseworker_id").iter_rows():
        prefixes = served.filter(caseworker_id=worker)["region"].to_list()
        assert any(regions[household].startswith(prefix) for prefix in prefixes)


@LAWS
@given(night())
def test_the_order_of_rows_does_not_matter(given_night: dict[str, Any]) -> None:
    first = drafted(**given_night)
    turned = {**given_night, "people": given_night["people"][::-1], "found": given_night["found"][::-1]}
    again = drafted(**turned)
    assert first.items.equals(again.items)
    assert first.left_out.equals(again.left_out)


NEVER_BLANK = ("household_id", "region", "area", "stratum")
BLANK = [name for name in CANDIDATE_COLUMNS if name not in NEVER_BLANK]


@LAWS
@given(night(), st.sampled_from(BLANK))
def test_a_blank_is_never_a_reason_to_be_left_out(given_night: dict[str, Any], blanked: str) -> None:
    before = drafted(**given_night)
    for number, person in enumerate(given_night["people"][:3]):
        people = [*given_night["people"]]
        people[number] = {**person, blanked: None}
        after = drafted(**{**given_night, "people": people})
        old = before.left_out.filter(household_id=person["household_id"])["reason"].to_list()
        new = after.left_out.filter(household_id=person["household_id"])["reason"].to_list()
        assert new in ([], old, ["below_capacity"])


@LAWS
@given(night())
def test_the_lottery_s_probabilities_are_positive_and_not_above_one(given_night: dict[str, Any]) -> None:
    draft = drafted(**given_night)
    drawn = draft.items.filter(pl.col("lane").cast(pl.String) == "random")["inclusion_probability"]
    assert drawn.null_count() == 0
    recorded = [p for p in [*drawn, *draft.left_out["inclusion_probability"]] if p is not None]
    assert all(0 < p <= 1 for p in recorded)


@LAWS
@given(night())
def test_an_urgent_household_that_may_be_visited_is_always_listed(given_night: dict[str, Any]) -> None:
    draft = drafted(**given_night)
    urgent = {row["household_id"] for row in given_night["found"] if row.get("urgent")}
    left = draft.left_out.filter(pl.col("household_id").is_in(sorted(urgent)))
    assert not set(left["reason"]) & {"below_capacity", "already_supported"}


SOURCES = {
    "incomes": ("income_ratio",),
    "benefits": ("unsupported", "never_applied"),
    "traces": ("digital_trace",),
    "what the models need": ("poverty_priority", "emergency_priority"),
    "everything": tuple(BLANK),
}


@st.composite
def one_town(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A town of peers of whom everything is known; half of the households or more fit on the list."""
    return [
        {
            "household_id": f"H{n:04d}",
            "poverty_priority": draw(st.floats(0.01, 0.9)),
            "emergency_priority": draw(st.floats(0, 0.2)),
            "unsupported": draw(st.booleans()),
            "never_applied": draw(st.booleans()),
            "digital_trace": draw(st.sampled_from(["none", "normal"])),
        }
        for n in range(draw(st.integers(12, 24)))
    ]


def _risk(person: dict[str, Any]) -> float:
    return float(1 - (1 - person["poverty_priority"]) * (1 - person["emergency_priority"]))


@LAWS
@given(one_town(), st.sampled_from(sorted(SOURCES)), st.integers(1, 15))
def test_who_is_no_worse_off_than_its_peers_does_not_leave_a_list_because_a_whole_source_falls_silent(
    people: list[dict[str, Any]], source: str, places: int
) -> None:
    team = staff({"Ana": places})
    before = drafted(people, team=team)
    ranked = before.items.filter(pl.col("lane").cast(pl.String).is_in(["risk", "silent"]))["household_id"].to_list()
    middle = sorted(map(_risk, people))[len(people) // 2]
    for number, person in enumerate(people):
        if person["household_id"] not in ranked or _risk(person) > middle:
            continue
        silent = [*people]
        silent[number] = {**person, **dict.fromkeys(SOURCES[source])}
        assert person["household_id"] in drafted(silent, team=team).items["household_id"].to_list()


@LAWS
@given(one_town(), st.sampled_from(sorted(SOURCES)), st.integers(0, 11))
def test_whoever_s_source_falls_silent_may_be_visited_and_is_drawn_no_less_often(
    people: list[dict[str, Any]], source: str, number: int
) -> None:
    """Of whom only bad news is taken away the ranking knows less, and the lottery makes up for it."""
    team = staff({"Ana": 3})
    silent = [*people]
    silent[number] = {**people[number], **dict.fromkeys(SOURCES[source]), "blank_share": 0.5}
    before, after = (_chance(drafted(each, team=team), people[number]["household_id"]) for each in (people, silent))
    assert after == 1 or before == 1 or after > before * 0.999


def _chance(draft: Any, household: str) -> float:
    """The recorded chance of a visit; 1 of who is on a list by rule or by rank."""
    listed = draft.items.filter(household_id=household)
    if listed.height:
        return float(listed["inclusion_probability"].fill_null(1.0).item())
    row = draft.left_out.filter(household_id=household)
    assert row["reason"].item() in ("below_capacity", "already_supported")
    return float(row["inclusion_probability"].item())
